// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg2000/ht_streams.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace radpix::jpeg2000 {
namespace {

TEST(FlatBits, drops_the_bit_after_ff_read_upwards) {
    const std::vector<std::uint8_t> bytes{0x01, 0xFF, 0x7F, 0x02};
    FlatBits bits;
    bits.assign_forward(bytes.data(), bytes.size(), 0xFF);
    EXPECT_EQ(bits.peek(0) & 0x7FFFFFFFU, 0x01U | 0xFFU << 8U | 0x7FU << 16U | 0x02U << 23U);
    EXPECT_EQ(bits.bit(31), 1U); // the fill
    EXPECT_EQ(bits.peek(1000) & 0xFFFFU, 0xFFFFU);
}

TEST(FlatBits, takes_eight_bytes_at_once_as_it_takes_one) {
    std::vector<std::uint8_t> bytes(64);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::uint8_t>(i % 11 == 3 ? 0xFF : (i * 37) & 0x7FU);
    }
    FlatBits bits;
    bits.assign_forward(bytes.data(), bytes.size(), 0);
    std::size_t at = 0;
    bool after_ff = false;
    for (const std::uint8_t byte : bytes) {
        const unsigned count = after_ff ? 7 : 8;
        EXPECT_EQ(bits.peek(at) & ((1U << count) - 1U), byte & ((1U << count) - 1U));
        at += count;
        after_ff = byte == 0xFF;
    }
    EXPECT_EQ(bits.peek(at) & 0xFFFFU, 0U);
}

TEST(FlatBits, finds_ff_at_every_place_of_eight_bytes) {
    for (std::size_t first = 0; first < 10; ++first) {
        for (std::size_t second = first + 1; second < 20; ++second) {
            std::vector<std::uint8_t> bytes(30, 0x55);
            bytes[first] = bytes[second] = 0xFF;
            FlatBits bits;
            bits.assign_forward(bytes.data(), bytes.size(), 0);
            std::size_t at = 0;
            for (std::size_t i = 0; i < bytes.size(); ++i) {
                const unsigned count = i > 0 && bytes[i - 1] == 0xFF ? 7 : 8, mask = (1U << count) - 1U;
                ASSERT_EQ(bits.peek(at) & mask, bytes[i] & mask) << first << ' ' << second << ' ' << i;
                at += count;
            }
        }
    }
}

TEST(FlatBits, drops_the_bit_of_7f_after_a_high_byte_read_downwards) {
    const std::vector<std::uint8_t> bytes{0x12, 0x7F, 0x90};
    FlatBits bits;
    bits.assign_backward(bytes.data() + 2, 3, false, 0, 0);
    EXPECT_EQ(bits.peek(0) & 0x7FFFFFU, 0x90U | 0x7FU << 8U | 0x12U << 15U);
}

TEST(MelDecoder, ends_in_runs_of_zeros_without_bytes) {
    MelDecoder mel(nullptr, 0);
    for (int i = 0; i < 100; ++i) {
        EXPECT_FALSE(mel.next());
    }
}

} // namespace
} // namespace radpix::jpeg2000
