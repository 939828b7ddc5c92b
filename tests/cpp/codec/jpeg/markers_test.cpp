// SPDX-License-Identifier: Apache-2.0
#include "codec/jpeg/markers.hpp"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "errors_testing.hpp"

namespace radpix::jpeg {
namespace {

using Octets = std::vector<std::uint8_t>;

Bytes bytes_of(const Octets &octets) {
    return std::as_bytes(std::span(octets));
}

TEST(jpeg_markers, fill_bytes_and_stray_bytes_are_counted_and_skipped) {
    const Octets data{0x12, 0x34, 0xFF, 0xFF, 0xFF, 0xC4, 0x00, 0x02, 0xFF, 0xD9};
    MarkerReader reader(bytes_of(data));
    EXPECT_EQ(reader.next(), Marker::dht);
    EXPECT_EQ(reader.stray_bytes(), 2);
    EXPECT_EQ(reader.fill_bytes(), 2);
    EXPECT_EQ(reader.marker_offset(), 4);
    EXPECT_EQ(reader.segment().size(), 0);
    EXPECT_EQ(reader.next(), Marker::eoi);
    EXPECT_EQ(reader.stray_bytes(), 0);
    EXPECT_EQ(reader.next(), Marker::end_of_data);
}

TEST(jpeg_markers, stuffed_bytes_are_no_markers) {
    const Octets data{0xFF, 0x00, 0xFF, 0xD9};
    MarkerReader reader(bytes_of(data));
    EXPECT_EQ(reader.next(), Marker::eoi);
    EXPECT_EQ(reader.stray_bytes(), 2);
}

TEST(jpeg_markers, data_that_end_in_fill_bytes_end) {
    const Octets data{0xFF, 0xFF};
    MarkerReader reader(bytes_of(data));
    EXPECT_EQ(reader.next(), Marker::end_of_data);
}

TEST(jpeg_markers, segments_must_fit) {
    const Octets short_length{0xFF, 0xDB, 0x00, 0x01}, long_length{0xFF, 0xDB, 0x00, 0x03},
        no_length{0xFF, 0xDB, 0x00};
    const auto segment_of = [](const Octets &data) {
        MarkerReader reader(bytes_of(data));
        (void)reader.next();
        (void)reader.segment();
    };
    EXPECT_EQ(code_thrown_by([&] { segment_of(short_length); }), Errc::jpeg_marker);
    EXPECT_EQ(code_thrown_by([&] { segment_of(long_length); }), Errc::truncated);
    EXPECT_EQ(code_thrown_by([&] { segment_of(no_length); }), Errc::truncated);
}

TEST(jpeg_markers, frame_markers_are_sof_without_the_tables_between) {
    std::set<int> found;
    for (int code = 0; code < 256; ++code) {
        if (is_frame_marker(static_cast<Marker>(code))) {
            found.insert(code);
        }
    }
    EXPECT_EQ(found,
              (std::set<int>{0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}));
}

TEST(jpeg_markers, frame_header_fields) {
    const Octets data{8, 0x01, 0x02, 0x03, 0x04, 2, 1, 0x21, 0, 7, 0x12, 3};
    const FrameHeader frame = parse_frame_header(Marker::sof1, {bytes_of(data), 4});
    EXPECT_EQ(frame.process, Process::extended);
    EXPECT_EQ(frame.lines, 0x102);
    EXPECT_EQ(frame.samples_per_line, 0x304);
    EXPECT_EQ(frame.component_count, 2);
    EXPECT_EQ(frame.component(1).id, 7);
    EXPECT_EQ(frame.component(1).vertical, 2);
    EXPECT_EQ(frame.max_horizontal, 2);
    EXPECT_EQ(frame.max_vertical, 2);
}

TEST(jpeg_markers, quantization_tables_are_put_in_natural_order) {
    Octets data{0x01};
    for (int k = 0; k < 64; ++k) {
        data.push_back(static_cast<std::uint8_t>(k));
    }
    Tables tables;
    parse_quantization_tables({bytes_of(data), 0}, tables);
    EXPECT_FALSE(tables.quantization[0].defined);
    ASSERT_TRUE(tables.quantization[1].defined);
    EXPECT_EQ(tables.quantization[1].values[8], 2); // figure A.6: second row, first column
    EXPECT_EQ(tables.quantization[1].values[63], 63);
}

TEST(jpeg_markers, natural_order_is_a_permutation_with_a_dummy_tail) {
    const std::set<int> first(natural_order.begin(), natural_order.begin() + 64);
    EXPECT_EQ(first.size(), 64U);
    EXPECT_EQ(*first.rbegin(), 63);
    for (std::size_t k = 64; k < natural_order.size(); ++k) {
        EXPECT_EQ(natural_order[k], 64);
    }
}

} // namespace
} // namespace radpix::jpeg
