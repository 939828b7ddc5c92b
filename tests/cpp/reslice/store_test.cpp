// SPDX-License-Identifier: Apache-2.0
#include "reslice/store.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>

namespace radpix::reslice {
namespace {

template <class Out, class W>
void expect_half_to_even() {
    for (int i = -70000; i < 70000; ++i) {
        const W value = static_cast<W>(i) / 4;
        const double low = static_cast<double>(std::numeric_limits<Out>::min());
        const double high = static_cast<double>(std::numeric_limits<Out>::max());
        const double want = std::fmin(std::fmax(std::nearbyint(static_cast<double>(value)), low), high);
        ASSERT_EQ(static_cast<double>(rounded<Out>(value)), want) << value;
    }
}

TEST(rounded, is_half_to_even_and_saturated) {
    expect_half_to_even<std::uint8_t, float>();
    expect_half_to_even<std::int8_t, float>();
    expect_half_to_even<std::uint16_t, float>();
    expect_half_to_even<std::int16_t, float>();
    expect_half_to_even<std::uint32_t, double>();
    expect_half_to_even<std::int32_t, double>();
    expect_half_to_even<std::uint64_t, double>();
    expect_half_to_even<std::int64_t, double>();
}

TEST(rounded, reaches_the_ends_of_every_integer) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    EXPECT_EQ(rounded<std::int16_t>(1e30F), 32767);
    EXPECT_EQ(rounded<std::int16_t>(-std::numeric_limits<float>::infinity()), -32768);
    EXPECT_EQ(rounded<std::uint32_t>(infinity), 0xffffffffU);
    EXPECT_EQ(rounded<std::uint32_t>(4294967294.5), 0xfffffffeU);
    EXPECT_EQ(rounded<std::int64_t>(infinity), std::numeric_limits<std::int64_t>::max());
    EXPECT_EQ(rounded<std::int64_t>(-infinity), std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(rounded<std::int64_t>(-9007199254740993.0), -9007199254740992);
    EXPECT_EQ(rounded<std::int64_t>(4503599627370495.5), 4503599627370496);
    EXPECT_EQ(rounded<std::uint64_t>(infinity), std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(rounded<std::uint64_t>(-1.0), 0U);
}

} // namespace
} // namespace radpix::reslice
