// SPDX-License-Identifier: Apache-2.0
#include "radpix/fuse.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "array_testing.hpp"
#include "errors_testing.hpp"
#include "radpix/cpu.hpp"
#include "radpix/error.hpp"

namespace radpix::fuse {
namespace {

/// Two colours from 0 to 1, the second one half transparent.
std::vector<std::uint16_t> two_colors() {
    return {200, 0, 7, opaque, 0, 255, 8, opaque / 2};
}

/// `n` pixels of 100 below values from -1 on, in steps of 1 / 8.
std::vector<std::uint8_t> blended(Index n, double threshold) {
    std::vector<std::uint8_t> base(static_cast<std::size_t>(n), 100);
    std::vector<float> overlay(base.size());
    for (std::size_t i = 0; i < overlay.size(); ++i) {
        overlay[i] = -1.0F + static_cast<float>(i % 24) / 8.0F;
    }
    std::vector<std::uint8_t> out(3 * base.size() + 8, 99);
    std::vector<std::uint16_t> table = two_colors();
    blend(view(base, {1, n}, DataType::uint8), view(overlay, {1, n}, DataType::float32),
          view(out, {1, n, 3}, DataType::uint8),
          {view(table, {2, 4}, DataType::uint16), 0.0, 1.0, threshold});
    for (std::size_t i = 3 * base.size(); i < out.size(); ++i) {
        EXPECT_EQ(out[i], 99) << "written behind the row";
    }
    return out;
}

TEST(fuse, blends_by_the_nearest_entry_and_rounds_halves_up) {
    const std::vector<std::uint8_t> out = blended(24, -0.5);
    const std::vector<std::uint8_t> alone(out.begin(), out.begin() + 3);
    EXPECT_EQ(alone, (std::vector<std::uint8_t>{100, 100, 100}));
    const std::vector<std::uint8_t> first(out.begin() + 3 * 11, out.begin() + 3 * 12);
    EXPECT_EQ(first, (std::vector<std::uint8_t>{200, 0, 7}));
    const std::vector<std::uint8_t> second(out.begin() + 3 * 12, out.begin() + 3 * 13);
    EXPECT_EQ(second, (std::vector<std::uint8_t>{50, 178, 54}));
}

TEST(fuse, every_level_gives_the_same_bits_at_every_width) {
    for (const double threshold : {-2.0, 0.3, 5.0, std::numeric_limits<double>::quiet_NaN()}) {
        for (Index n = 0; n <= 70; ++n) {
            set_cpu_level("scalar");
            const std::vector<std::uint8_t> scalar = blended(n, threshold);
            set_cpu_level("auto");
            EXPECT_EQ(blended(n, threshold), scalar) << n;
        }
    }
}

TEST(fuse, what_does_not_fit_is_refused) {
    std::vector<std::uint8_t> base(6), out(18);
    std::vector<float> overlay(6);
    std::vector<std::uint16_t> table = two_colors();
    const auto grey = view(base, {2, 3}, DataType::uint8);
    const auto values = view(overlay, {2, 3}, DataType::float32);
    const auto image = view(out, {2, 3, 3}, DataType::uint8);
    const auto colors = view(table, {2, 4}, DataType::uint16);
    const auto refusal = [&](const ArrayView &a, const ArrayView &b, const ArrayView &c, const Colors &d) {
        return code_thrown_by([&] { blend(a, b, c, d); });
    };
    EXPECT_EQ(refusal(grey, grey, image, {colors, 0, 1, 0}), Errc::unsupported_type);
    EXPECT_EQ(refusal(view(base, {3, 2}, DataType::uint8), values, image, {colors, 0, 1, 0}),
              Errc::shape_mismatch);
    EXPECT_EQ(refusal(grey, values, view(out, {2, 9}, DataType::uint8), {colors, 0, 1, 0}),
              Errc::shape_mismatch);
    EXPECT_EQ(refusal(grey, values, image, {colors, std::nan(""), 1, 0}), Errc::invalid_argument);
    EXPECT_EQ(refusal(grey, values, image, {colors, 0, -1, 0}), Errc::invalid_argument);
    EXPECT_EQ(refusal(grey, values, image, {view(table, {1, 4}, DataType::int16), 0, 1, 0}),
              Errc::invalid_argument);
    table[7] = opaque + 1;
    EXPECT_EQ(refusal(grey, values, image, {colors, 0, 1, 0}), Errc::invalid_argument);
    EXPECT_EQ(code_thrown_by([&] { blend(grey, values, image, {colors, 0, 1, 0}); }), Errc::invalid_argument);
}

} // namespace
} // namespace radpix::fuse
