// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg/entropy_data.hpp"

#include <gtest/gtest.h>

#include "codec/jpeg/bit_reader.hpp"

namespace radpix::jpeg {
namespace {

using Octets = std::vector<std::uint8_t>;

Octets copied(const EntropyData &data) {
    return {data.bytes.get(), data.bytes.get() + data.size()};
}

EntropyData from(const Octets &octets, Index segments = 100) {
    return remove_byte_stuffing(std::as_bytes(std::span(octets)), 0, segments);
}

TEST(entropy_data, stuffing_is_removed_up_to_the_next_marker) {
    const EntropyData data = from({1, 0xFF, 0x00, 2, 0xFF, 0x00, 0xFF, 0xD9, 3});
    EXPECT_EQ(copied(data), (Octets{1, 0xFF, 2, 0xFF}));
    EXPECT_EQ(data.next_marker, 6);
}

TEST(entropy_data, restart_markers_cut_and_fill_bytes_before_them_vanish) {
    const EntropyData data = from({1, 2, 0xFF, 0xD0, 3, 0xFF, 0xFF, 0xD1, 4, 5});
    EXPECT_EQ(copied(data), (Octets{1, 2, 3, 4, 5}));
    ASSERT_EQ(data.segments.size(), 3U);
    EXPECT_EQ(data.segments[1].begin, 2);
    EXPECT_EQ(data.segments[1].end, 3);
    EXPECT_EQ(data.segments[2].source, 8);
    EXPECT_EQ(data.misnumbered_restart, -1);
    EXPECT_EQ(data.next_marker, 10);
}

TEST(entropy_data, misnumbered_restarts_are_noted) {
    EXPECT_EQ(from({1, 0xFF, 0xD3, 2}).misnumbered_restart, 1);
}

TEST(entropy_data, more_restarts_than_the_image_has_take_no_memory) {
    Octets octets;
    for (int i = 0; i < 1000; ++i) {
        octets.insert(octets.end(), {0xFF, static_cast<std::uint8_t>(0xD0 + i % 8)});
    }
    EXPECT_EQ(from(octets, 3).segments.size(), 3U);
}

TEST(entropy_data, a_lone_ff_at_the_end_is_no_data) {
    const EntropyData data = from({1, 0xFF});
    EXPECT_EQ(copied(data), Octets{1});
    EXPECT_EQ(data.next_marker, 1);
}

TEST(entropy_data, zeros_follow) {
    const EntropyData data = from({0xAB});
    for (Index i = 0; i < overread_bytes; ++i) {
        ASSERT_EQ(data.bytes[static_cast<std::size_t>(1 + i)], 0);
    }
}

TEST(entropy_data, positions_lead_back_to_the_codestream) {
    const Octets octets{1, 0xFF, 0x00, 2, 0xFF, 0xD0, 3, 4};
    const EntropyData data = from(octets);
    const Bytes source = std::as_bytes(std::span(octets));
    EXPECT_EQ(source_offset(data, source, 0), 0);
    EXPECT_EQ(source_offset(data, source, 2), 3);
    EXPECT_EQ(source_offset(data, source, 4), 7);
    EXPECT_EQ(source_offset(data, source, 1000), 8);
}

TEST(bit_reader, reads_bits_in_order_and_knows_its_position) {
    Octets octets(64 + 16);
    for (std::size_t i = 0; i < 64; ++i) {
        octets[i] = static_cast<std::uint8_t>(37 * i + 11);
    }
    const auto bit = [&octets](Index at) {
        return octets[static_cast<std::size_t>(at / 8)] >> (7 - at % 8) & 1;
    };
    BitReader reader(octets.data());
    Index at = 0;
    for (unsigned width = 0; at + 16 < 512; width = (width + 5) % 17) {
        reader.refill();
        unsigned expected = 0;
        for (unsigned i = 0; i < width; ++i) {
            expected = expected << 1 | static_cast<unsigned>(bit(at + i));
        }
        EXPECT_EQ(reader.take(width), expected);
        at += width;
        EXPECT_EQ(reader.position(octets.data()), at);
    }
}

TEST(bit_reader, extend_is_that_of_the_standard) {
    EXPECT_EQ(extend(0, 0), 0);
    EXPECT_EQ(extend(0, 1), -1);
    EXPECT_EQ(extend(1, 1), 1);
    EXPECT_EQ(extend(0, 3), -7);
    EXPECT_EQ(extend(3, 3), -4);
    EXPECT_EQ(extend(4, 3), 4);
    EXPECT_EQ(extend(0, 15), -32767);
}

} // namespace
} // namespace radpix::jpeg
