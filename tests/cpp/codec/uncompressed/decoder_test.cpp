// SPDX-License-Identifier: Apache-2.0
#include "codec/uncompressed/decoder.hpp"

#include <bit>
#include <numeric>

#include "codec/frame_testing.hpp"

namespace radpix {
namespace {

using testing::bytes_of;
using testing::decode_one;
using testing::explicit_big;
using testing::explicit_little;
using testing::Failure;
using testing::failure_of;
using testing::layout_of;

TEST(uncompressed_decoder, reads_both_byte_orders) {
    const auto bytes = bytes_of({0x01, 0x02, 0x03, 0x84, 0x05, 0x06, 0x07, 0x88});
    EXPECT_EQ(decode_one<std::uint16_t>(explicit_little, bytes, layout_of(2, 2, 1, 16)),
              (std::vector<std::uint16_t>{0x0201, 0x8403, 0x0605, 0x8807}));
    EXPECT_EQ(decode_one<std::int16_t>(explicit_big, bytes, layout_of(2, 2, 1, 16, true)),
              (std::vector<std::int16_t>{0x0102, 0x0384, 0x0506, 0x0788}));
    EXPECT_EQ(decode_one<std::int32_t>(explicit_little, bytes, layout_of(1, 2, 1, 32, true)),
              (std::vector<std::int32_t>{static_cast<std::int32_t>(0x84030201),
                                         static_cast<std::int32_t>(0x88070605)}));
    EXPECT_EQ(decode_one<std::uint32_t>(explicit_big, bytes, layout_of(1, 2, 1, 32)),
              (std::vector<std::uint32_t>{0x01020384, 0x05060788}));
    EXPECT_EQ(decode_one<std::uint64_t>(explicit_big, bytes, layout_of(1, 1, 1, 64)),
              (std::vector<std::uint64_t>{0x0102038405060788}));
    EXPECT_EQ(decode_one<std::int8_t>(explicit_big, bytes, layout_of(2, 4, 1, 8, true)),
              (std::vector<std::int8_t>{1, 2, 3, -124, 5, 6, 7, -120}));
}

TEST(uncompressed_decoder, reads_floating_point_pixels) {
    FrameLayout layout = layout_of(1, 2, 1, 32);
    layout.is_float = true;
    EXPECT_EQ(decode_one<float>(explicit_little, bytes_of({0, 0, 0xC0, 0x3F, 0, 0, 0, 0xC0}), layout),
              (std::vector<float>{1.5F, -2.0F}));
    EXPECT_EQ(decode_one<float>(explicit_big, bytes_of({0x3F, 0xC0, 0, 0, 0xC0, 0, 0, 0}), layout),
              (std::vector<float>{1.5F, -2.0F}));
    layout.bits_allocated = 64;
    layout.columns = 1;
    EXPECT_EQ(decode_one<double>(explicit_big, bytes_of({0xBF, 0xF8, 0, 0, 0, 0, 0, 0}), layout),
              (std::vector<double>{-1.5}));
}

TEST(uncompressed_decoder, bits_outside_the_stored_ones_are_not_part_of_the_value) {
    FrameLayout layout = layout_of(1, 2, 1, 16);
    layout.bits_stored = 12;
    layout.high_bit = 11;
    const auto bytes = bytes_of({0x34, 0xF2, 0xFF, 0x0F});
    EXPECT_EQ(decode_one<std::uint16_t>(explicit_little, bytes, layout),
              (std::vector<std::uint16_t>{0x234, 0xFFF}));
    layout.high_bit = 15; // the retired placement: the low bits are the foreign ones
    EXPECT_EQ(decode_one<std::uint16_t>(explicit_little, bytes, layout),
              (std::vector<std::uint16_t>{0xF23, 0x0FF}));
    layout.is_signed = true;
    EXPECT_EQ(decode_one<std::int16_t>(explicit_little, bytes, layout),
              (std::vector<std::int16_t>{-221, 0x0FF}));
    layout.high_bit = 11;
    EXPECT_EQ(decode_one<std::int16_t>(explicit_little, bytes, layout),
              (std::vector<std::int16_t>{0x234, -1}));
}

TEST(uncompressed_decoder, unpacks_bits_from_the_first_byte_on_least_significant_first) {
    const auto bytes = bytes_of({0b10110010, 0b11111101});
    EXPECT_EQ(decode_one<std::uint8_t>(explicit_little, bytes, layout_of(2, 5, 1, 1)),
              (std::vector<std::uint8_t>{0, 1, 0, 0, 1, 1, 0, 1, 1, 0}));
    EXPECT_EQ(decode_one<std::uint8_t>(explicit_big, bytes, layout_of(2, 5, 1, 1)),
              (std::vector<std::uint8_t>{0, 1, 0, 0, 1, 1, 0, 1, 1, 0}));
}

TEST(uncompressed_decoder, interleaves_planes) {
    FrameLayout layout = layout_of(1, 2, 3, 8);
    EXPECT_EQ(decode_one<std::uint8_t>(explicit_little, bytes_of({1, 2, 3, 4, 5, 6}), layout),
              (std::vector<std::uint8_t>{1, 2, 3, 4, 5, 6}));
    layout.planar_configuration = 1;
    EXPECT_EQ(decode_one<std::uint8_t>(explicit_little, bytes_of({1, 2, 3, 4, 5, 6}), layout),
              (std::vector<std::uint8_t>{1, 3, 5, 2, 4, 6}));
    layout.samples_per_pixel = 2;
    EXPECT_EQ(decode_one<std::uint8_t>(explicit_little, bytes_of({1, 2, 3, 4}), layout),
              (std::vector<std::uint8_t>{1, 3, 2, 4}));
}

TEST(uncompressed_decoder, frames_larger_than_a_block_are_whole_at_every_planar_configuration) {
    constexpr Index rows = 101;
    constexpr Index columns = 502;
    for (const int samples : {1, 3, 4, 64}) {
        std::vector<std::byte> bytes(static_cast<std::size_t>(rows * columns * samples * 2));
        for (std::size_t i = 0; i < bytes.size(); ++i) {
            bytes[i] = static_cast<std::byte>(i * 7 + i / 251);
        }
        FrameLayout layout = layout_of(rows, columns, samples, 16);
        const auto interleaved = decode_one<std::uint16_t>(explicit_little, bytes, layout);
        layout.planar_configuration = 1;
        const auto from_planes = decode_one<std::uint16_t>(explicit_little, bytes, layout);
        for (Index pixel = 0; pixel < rows * columns; ++pixel) {
            for (Index sample = 0; sample < samples; ++sample) {
                ASSERT_EQ(from_planes[static_cast<std::size_t>(pixel * samples + sample)],
                          interleaved[static_cast<std::size_t>(sample * rows * columns + pixel)]);
            }
        }
    }
}

TEST(uncompressed_decoder, expands_halved_chroma) {
    FrameLayout layout = layout_of(1, 4, 3, 8);
    layout.photometric = Photometric::ybr_full_422;
    const auto bytes = bytes_of({10, 11, 128, 129, 12, 13, 130, 131});
    EXPECT_EQ(decode_one<std::uint8_t>(explicit_little, bytes, layout, nullptr, true),
              (std::vector<std::uint8_t>{10, 128, 129, 11, 128, 129, 12, 130, 131, 13, 130, 131}));
    EXPECT_EQ(decode_one<std::uint8_t>(explicit_little, bytes, layout),
              (std::vector<std::uint8_t>{11, 9, 10, 12, 10, 11, 16, 9, 16, 17, 10, 17}));
    layout.columns = 3;
    EXPECT_EQ(failure_of(explicit_little, {bytes_of({1, 2, 3, 4, 5, 6})}, layout).code,
              Errc::unsupported_layout);
}

TEST(uncompressed_decoder, full_chroma_called_422_is_read_as_full_and_reported) {
    FrameLayout layout = layout_of(1, 2, 3, 8);
    layout.photometric = Photometric::ybr_full_422;
    std::vector<Deviation> deviations;
    EXPECT_EQ(decode_one<std::uint8_t>(explicit_little, bytes_of({10, 128, 128, 20, 128, 128}), layout,
                                       &deviations),
              (std::vector<std::uint8_t>{10, 10, 10, 20, 20, 20}));
    ASSERT_EQ(deviations.size(), 1U);
    EXPECT_EQ(deviations[0].code, "ybr-422-not-subsampled");
}

TEST(uncompressed_decoder, has_no_rgb_for_ybr_of_more_than_eight_bits) {
    FrameLayout layout = layout_of(1, 1, 3, 16);
    layout.photometric = Photometric::ybr_full;
    const auto bytes = bytes_of({1, 2, 3, 4, 5, 6});
    EXPECT_EQ(failure_of(explicit_little, {bytes}, layout).code, Errc::unsupported_layout);
    EXPECT_EQ(decode_one<std::uint16_t>(explicit_little, bytes, layout, nullptr, true),
              (std::vector<std::uint16_t>{0x201, 0x403, 0x605}));
}

TEST(uncompressed_decoder, refuses_short_frames_and_reports_long_ones) {
    const FrameLayout layout = layout_of(1, 3, 1, 8);
    EXPECT_EQ(failure_of(explicit_little, {bytes_of({1, 2})}, layout), (Failure{Errc::truncated, 2, 0}));
    EXPECT_EQ(failure_of(explicit_little, {bytes_of({1})}, layout_of(3, 3, 1, 1)),
              (Failure{Errc::truncated, 1, 0}));
    std::vector<Deviation> deviations;
    (void)decode_one<std::uint8_t>(explicit_little, bytes_of({1, 2, 3, 0}), layout, &deviations);
    EXPECT_TRUE(deviations.empty());
    (void)decode_one<std::uint8_t>(explicit_little, bytes_of({1, 2, 3, 0, 0}), layout, &deviations);
    ASSERT_EQ(deviations.size(), 1U);
    EXPECT_EQ(deviations[0].code, "pixel-data-long");
    EXPECT_EQ(deviations[0].offset, 3);
}

} // namespace
} // namespace radpix
