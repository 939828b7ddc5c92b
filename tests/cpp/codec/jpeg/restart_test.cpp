// SPDX-License-Identifier: Apache-2.0
/// Restart intervals on several threads; ThreadSanitizer watches.
#include <gtest/gtest.h>

#include "codec/frame_testing.hpp"

namespace radpix::testing {
namespace {

constexpr int rows = 64;

/// `begin`, then `interval` octets and a restart marker for each of `count` intervals but the last, EOI.
std::vector<std::byte> intervals(std::vector<std::byte> begin, int count, int octet) {
    for (int i = 0; i < count; ++i) {
        begin.push_back(static_cast<std::byte>(octet));
        if (i + 1 < count) {
            begin.insert(begin.end(), {std::byte{0xFF}, static_cast<std::byte>(0xD0 + i % 8)});
        }
    }
    begin.insert(begin.end(), {std::byte{0xFF}, std::byte{0xD9}});
    return begin;
}

TEST(jpeg_restart, lossless_intervals_of_a_row_give_the_same_pixels_on_any_number_of_threads) {
    // One code, the bit 0, for category 0: eight samples a row, an octet each.
    const std::vector<std::byte> begin =
        bytes_of({0xFF, 0xD8, 0xFF, 0xC4, 0, 20, 0,    1,    0,    0,  0, 0, 0,    0, 0, 0, 0, 0,
                  0,    0,    0,    0,    0, 0,  0xFF, 0xC3, 0,    11, 8, 0, rows, 0, 8, 1, 1, 0x11,
                  0,    0xFF, 0xDD, 0,    4, 0,  8,    0xFF, 0xDA, 0,  8, 1, 1,    0, 1, 0, 0});
    const std::vector<std::byte> stream = intervals(begin, rows, 0);
    const auto pixels = decode_one<std::uint8_t>("1.2.840.10008.1.2.4.70", stream, layout_of(rows, 8, 1, 8));
    EXPECT_EQ(pixels, std::vector<std::uint8_t>(rows * 8, 128));
}

TEST(jpeg_restart, sequential_intervals_give_the_same_pixels_on_any_number_of_threads) {
    // One code, the bit 0, for DC category 0 and for EOB: two bits a block, then ones.
    std::vector<std::byte> begin = bytes_of({0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0});
    begin.insert(begin.end(), 64, std::byte{1});
    const std::vector<std::byte> rest =
        bytes_of({0xFF, 0xC4, 0, 20,   0,    1, 0,    0,    0, 0,  0, 0, 0, 0, 0,  0, 0, 0,    0,
                  0,    0,    0, 0xFF, 0xC4, 0, 20,   0x10, 1, 0,  0, 0, 0, 0, 0,  0, 0, 0,    0,
                  0,    0,    0, 0,    0,    0, 0xFF, 0xC0, 0, 11, 8, 1, 0, 0, 8,  1, 1, 0x11, 0,
                  0xFF, 0xDD, 0, 4,    0,    1, 0xFF, 0xDA, 0, 8,  1, 1, 0, 0, 63, 0});
    begin.insert(begin.end(), rest.begin(), rest.end());
    const std::vector<std::byte> stream = intervals(begin, 32, 0x3F);
    const auto pixels = decode_one<std::uint8_t>("1.2.840.10008.1.2.4.50", stream, layout_of(256, 8, 1, 8));
    EXPECT_EQ(pixels, std::vector<std::uint8_t>(256 * 8, 128));
}

} // namespace
} // namespace radpix::testing
