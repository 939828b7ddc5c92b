// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg2000/mq_decoder.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <random>
#include <vector>

namespace radpix::jpeg2000 {
namespace {

// The test sequence of ITU-T T.88 H.2: one context, the same arithmetic coder.
TEST(MqDecoder, decodes_the_test_sequence_of_the_standard) {
    const std::vector<std::uint8_t> coded{0x84, 0xC7, 0x3B, 0xFC, 0xE1, 0xA1, 0x43, 0x04, 0x02, 0x20,
                                          0x00, 0x00, 0x41, 0x0D, 0xBB, 0x86, 0xF4, 0x31, 0x7F, 0xFF,
                                          0x88, 0xFF, 0x37, 0x47, 0x1A, 0xDB, 0x6A, 0xDF, 0xFF, 0xAC,
                                          0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    const std::vector<std::uint8_t> expected{0x00, 0x02, 0x00, 0x51, 0x00, 0x00, 0x00, 0xC0, 0x03, 0x52, 0x87,
                                             0x2A, 0xAA, 0xAA, 0xAA, 0xAA, 0x82, 0xC0, 0x20, 0x00, 0xFC, 0xD7,
                                             0x9E, 0xF6, 0xBF, 0x7F, 0xED, 0x90, 0x4F, 0x46, 0xA3, 0xBF};
    MqDecoder decoder(coded.data());
    MqCursor cursor(decoder);
    MqContext context = mq_context(0, 0);
    for (const std::uint8_t byte : expected) {
        unsigned value = 0;
        for (int i = 0; i < 8; ++i) {
            value = value << 1U | cursor.decode(context);
        }
        EXPECT_EQ(value, byte);
    }
}

TEST(MqDecoder, reads_no_byte_behind_those_that_follow_a_segment) {
    const std::vector<std::uint8_t> coded(mq_padding, 0xFF);
    MqDecoder decoder(coded.data());
    MqCursor cursor(decoder);
    MqContext context = mq_context(46, 0);
    for (int i = 0; i < 10000; ++i) {
        EXPECT_LE(cursor.decode(context), 1U);
    }
}

// Found by fuzzing: the code register of such streams outgrows its interval and overflowed a signed word.
TEST(MqDecoder, decodes_bytes_that_no_encoder_wrote) {
    std::mt19937 random(1);
    for (int i = 0; i < 300; ++i) {
        std::vector<std::uint8_t> coded(200);
        for (std::uint8_t &byte : coded) {
            byte = random() % 3 == 0 ? 0xFF : static_cast<std::uint8_t>(random() & 0x8FU);
        }
        coded.insert(coded.end(), mq_padding, 0xFF);
        MqDecoder decoder(coded.data());
        MqCursor cursor(decoder);
        std::array<MqContext, 5> contexts{};
        for (MqContext &context : contexts) {
            context = mq_context(random() % mq_rows.size(), random() % 2);
        }
        for (int k = 0; k < 20000; ++k) {
            ASSERT_LE(cursor.decode(contexts[random() % contexts.size()]), 1U);
        }
    }
}

} // namespace
} // namespace radpix::jpeg2000
