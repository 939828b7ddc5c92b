// SPDX-License-Identifier: Apache-2.0
#include "radpix/error.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <string>

#include "base/checked_math.hpp"
#include "errors_testing.hpp"
#include "radpix/cpu.hpp"

namespace radpix {
namespace {

TEST(error, carries_code_text_and_offset) {
    const Error error(Errc::truncated, "what was found", 17);
    EXPECT_EQ(error.errc(), Errc::truncated);
    EXPECT_EQ(error.code(), std::error_code(Errc::truncated));
    EXPECT_STREQ(error.what(), "what was found");
    EXPECT_EQ(error.offset(), 17);
}

TEST(error, kinds_follow_the_hundreds) {
    EXPECT_EQ(kind_of(Errc::rle_header), ErrorKind::data);
    EXPECT_EQ(kind_of(Errc::unsupported_layout), ErrorKind::unsupported);
    EXPECT_EQ(kind_of(Errc::shape_mismatch), ErrorKind::usage);
    EXPECT_EQ(kind_of(Errc::size_overflow), ErrorKind::limit);
    EXPECT_EQ(kind_of(Errc::cancelled), ErrorKind::cancelled);
}

TEST(checked_mul, multiplies_what_fits_and_refuses_the_rest) {
    constexpr Index most = std::numeric_limits<Index>::max();
    EXPECT_EQ(checked_mul(0, most), 0);
    EXPECT_EQ(checked_mul(most, 1), most);
    EXPECT_EQ(code_thrown_by([] { (void)checked_mul(most / 2 + 1, 2); }), Errc::size_overflow);
    EXPECT_EQ(code_thrown_by([] { (void)checked_mul(-1, 2); }), Errc::size_overflow);
    EXPECT_EQ(code_thrown_by([] { (void)checked_product({1 << 30, 1 << 30, 16}); }), Errc::size_overflow);
    EXPECT_EQ(checked_product({512, 512, 3, 2}), 512 * 512 * 6);
}

TEST(set_cpu_level, an_unknown_name_is_refused_and_changes_nothing) {
    const CpuLevel before = cpu_level();
    EXPECT_EQ(code_thrown_by([] { set_cpu_level("sse9"); }), Errc::invalid_argument);
    EXPECT_EQ(cpu_level(), before);
    set_cpu_level("scalar");
    EXPECT_EQ(cpu_level(), CpuLevel::scalar);
    set_cpu_level("auto");
    EXPECT_EQ(cpu_level(), detected_cpu_level());
}

} // namespace
} // namespace radpix
