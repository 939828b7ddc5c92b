// SPDX-License-Identifier: Apache-2.0
#include "codec/rle/decoder.hpp"

#include <random>

#include "codec/frame_testing.hpp"
#include "codec/rle/rle_writer.hpp"

namespace radpix {
namespace {

using testing::bytes_of;
using testing::decode_one;
using testing::encoded;
using testing::Failure;
using testing::failure_of;
using testing::frame_of_segments;
using testing::layout_of;
using testing::rle_lossless;
using testing::with_header;

/// Flat areas and noise, in stretches of every length.
template <class T>
std::vector<T> picture(std::size_t count) {
    std::mt19937_64 random(count + sizeof(T));
    std::vector<T> values;
    while (values.size() < count) {
        const std::size_t stretch = std::min<std::size_t>(random() % 300 + 1, count - values.size());
        const bool flat = random() % 2 == 0;
        const auto level = static_cast<T>(random());
        for (std::size_t i = 0; i < stretch; ++i) {
            values.push_back(flat ? level : static_cast<T>(random()));
        }
    }
    return values;
}

template <class T>
class RleDecoder : public ::testing::Test {};
using SampleTypes = ::testing::Types<std::uint8_t, std::int8_t, std::uint16_t, std::int16_t, std::uint32_t,
                                     std::int32_t, std::uint64_t, std::int64_t>;
TYPED_TEST_SUITE(RleDecoder, SampleTypes);

TYPED_TEST(RleDecoder, restores_one_sample_of_every_type_and_size) {
    constexpr int bits = 8 * sizeof(TypeParam);
    for (const auto &[rows, columns] :
         {std::pair{1, 1}, {1, 7}, {3, 129}, {64, 64}, {97, 1001}, {400, 700}}) {
        const auto pixels = picture<TypeParam>(static_cast<std::size_t>(rows * columns));
        const FrameLayout layout = layout_of(rows, columns, 1, bits, std::is_signed_v<TypeParam>);
        EXPECT_EQ(decode_one<TypeParam>(rle_lossless, encoded(pixels), layout), pixels);
    }
}

TYPED_TEST(RleDecoder, restores_several_samples_interleaved) {
    constexpr int bits = 8 * sizeof(TypeParam);
    for (const int samples : {2, 3, 4}) {
        if (samples * bits / 8 > 15) {
            continue;
        }
        const auto pixels = picture<TypeParam>(static_cast<std::size_t>(samples * 37 * 211));
        const FrameLayout layout = layout_of(37, 211, samples, bits, std::is_signed_v<TypeParam>);
        EXPECT_EQ(
            decode_one<TypeParam>(rle_lossless, encoded(pixels, static_cast<std::size_t>(samples)), layout),
            pixels);
    }
}

TEST(rle_decoder, masks_bits_above_the_high_bit) {
    FrameLayout layout = layout_of(1, 3, 1, 16);
    layout.bits_stored = 12;
    layout.high_bit = 11;
    const auto frame = encoded(std::vector<std::uint16_t>{0xF123, 0x0FFF, 0x8000});
    EXPECT_EQ(decode_one<std::uint16_t>(rle_lossless, frame, layout),
              (std::vector<std::uint16_t>{0x123, 0xFFF, 0}));
    layout.is_signed = true;
    EXPECT_EQ(decode_one<std::int16_t>(rle_lossless, frame, layout),
              (std::vector<std::int16_t>{0x123, -1, 0}));
}

TEST(rle_decoder, reads_packed_bits_when_one_is_allocated) {
    const FrameLayout layout = layout_of(3, 3, 1, 1);
    const auto frame = frame_of_segments({bytes_of({1, 0b10110010, 0b1})});
    EXPECT_EQ(decode_one<std::uint8_t>(rle_lossless, frame, layout),
              (std::vector<std::uint8_t>{0, 1, 0, 0, 1, 1, 0, 1, 1}));
}

TEST(rle_decoder, converts_ybr_full_unless_components_are_kept) {
    FrameLayout layout = layout_of(1, 2, 3, 8);
    layout.photometric = Photometric::ybr_full;
    const std::vector<std::uint8_t> ybr{76, 85, 255, 128, 128, 128};
    EXPECT_EQ(decode_one<std::uint8_t>(rle_lossless, encoded(ybr, 3), layout),
              (std::vector<std::uint8_t>{254, 0, 0, 128, 128, 128}));
    EXPECT_EQ(decode_one<std::uint8_t>(rle_lossless, encoded(ybr, 3), layout, nullptr, true), ybr);
}

TEST(rle_decoder, passes_over_minus_128_and_gaps_between_segments) {
    const FrameLayout layout = layout_of(1, 3, 1, 16);
    const auto frame =
        with_header({2, 66, 76}, bytes_of({9, 9, 0x80, 0x80, 0xFE, 1, 0, 0, 0, 0, 0, 0, 2, 4, 5, 6}));
    std::vector<Deviation> deviations;
    EXPECT_EQ(decode_one<std::uint16_t>(rle_lossless, frame, layout, &deviations),
              (std::vector<std::uint16_t>{0x104, 0x105, 0x106}));
    ASSERT_EQ(deviations.size(), 1U);
    EXPECT_EQ(deviations[0].code, "rle-segment-long");
    EXPECT_EQ(deviations[0].offset, 70);
}

TEST(rle_decoder, one_byte_of_padding_is_no_deviation_but_a_longer_segment_is) {
    const FrameLayout layout = layout_of(1, 2, 1, 8);
    std::vector<Deviation> deviations;
    EXPECT_EQ(decode_one<std::uint8_t>(rle_lossless, with_header({1, 64}, bytes_of({1, 7, 8, 0})), layout,
                                       &deviations),
              (std::vector<std::uint8_t>{7, 8}));
    EXPECT_TRUE(deviations.empty());
    (void)decode_one<std::uint8_t>(rle_lossless, with_header({1, 64}, bytes_of({0xF0, 7})), layout,
                                   &deviations);
    ASSERT_EQ(deviations.size(), 1U);
    EXPECT_EQ(deviations[0].code, "rle-segment-long");
    EXPECT_NE(deviations[0].message.find("15 bytes more"), std::string::npos);
}

TEST(rle_decoder, an_offset_for_a_segment_that_is_not_there_is_a_deviation) {
    std::vector<Deviation> deviations;
    (void)decode_one<std::uint8_t>(rle_lossless, with_header({1, 64, 66}, bytes_of({0, 7})),
                                   layout_of(1, 1, 1, 8), &deviations);
    ASSERT_EQ(deviations.size(), 1U);
    EXPECT_EQ(deviations[0].code, "rle-header-unused");
    EXPECT_EQ(deviations[0].offset, 8);
}

TEST(rle_decoder, refuses_a_header_that_cannot_be) {
    const FrameLayout layout = layout_of(2, 2, 1, 16);
    const auto body = bytes_of({0xFD, 1, 0xFD, 2});
    const auto refused = [&](const std::vector<std::uint32_t> &words) {
        return failure_of(rle_lossless, {with_header(words, body)}, layout);
    };
    EXPECT_EQ(failure_of(rle_lossless, {bytes_of({2, 0, 0, 0})}, layout), (Failure{Errc::truncated, 4, 0}));
    EXPECT_EQ(failure_of(rle_lossless, {{}}, layout), (Failure{Errc::truncated, 0, 0}));
    EXPECT_EQ(refused({0, 64, 66}), (Failure{Errc::rle_header, 0, 0}));
    EXPECT_EQ(refused({16, 64, 66}), (Failure{Errc::rle_header, 0, 0}));
    EXPECT_EQ(refused({0xFFFFFFFF, 64, 66}), (Failure{Errc::rle_header, 0, 0}));
    EXPECT_EQ(refused({1, 64}), (Failure{Errc::rle_header, 0, 0}));
    EXPECT_EQ(refused({2, 63, 66}), (Failure{Errc::rle_segment_bounds, 4, 0}));
    EXPECT_EQ(refused({2, 66, 64}), (Failure{Errc::rle_segment_bounds, 8, 0}));
    EXPECT_EQ(refused({2, 64, 64}), (Failure{Errc::rle_segment_bounds, 8, 0}));
    EXPECT_EQ(refused({2, 64, 68}), (Failure{Errc::rle_segment_bounds, 8, 0}));
    EXPECT_EQ(refused({2, 64, 0xFFFFFFFF}), (Failure{Errc::rle_segment_bounds, 8, 0}));
}

TEST(rle_decoder, a_short_segment_is_named_with_its_end) {
    const FrameLayout layout = layout_of(2, 2, 1, 16);
    const auto refused = [&](const std::vector<testing::ByteVector> &segments) {
        return failure_of(rle_lossless, {frame_of_segments(segments)}, layout);
    };
    const auto whole = bytes_of({0xFD, 1});
    EXPECT_EQ(refused({bytes_of({0xFE, 1}), whole}), (Failure{Errc::truncated, 66, 0}));
    EXPECT_EQ(refused({whole, bytes_of({0xFE, 1})}), (Failure{Errc::truncated, 68, 0}));
    EXPECT_EQ(refused({whole, bytes_of({3, 1, 2, 3})}), (Failure{Errc::truncated, 70, 0})); // literal cut
    EXPECT_EQ(refused({whole, bytes_of({0, 9, 0xFE})}),
              (Failure{Errc::truncated, 69, 0})); // run without value
    EXPECT_EQ(refused({whole, bytes_of({0x80, 0x80})}), (Failure{Errc::truncated, 68, 0}));
}

TEST(rle_decoder, a_short_segment_is_the_same_error_with_every_number_of_threads) {
    const auto pixels = picture<std::uint16_t>(400 * 700);
    auto frame = encoded(pixels);
    frame.resize(frame.size() - 300);
    const FrameLayout layout = layout_of(400, 700, 1, 16);
    const Failure failure = failure_of(rle_lossless, {frame}, layout, 1);
    EXPECT_EQ(failure, (Failure{Errc::truncated, static_cast<std::int64_t>(frame.size()), 0}));
    EXPECT_EQ(failure_of(rle_lossless, {frame}, layout, 2), failure);
    EXPECT_EQ(failure_of(rle_lossless, {frame}, layout, 3), failure);
}

TEST(rle_decoder, refuses_more_bytes_a_pixel_than_there_are_segments) {
    EXPECT_EQ(failure_of(rle_lossless, {with_header({1, 64})}, layout_of(1, 1, 2, 64)).code,
              Errc::unsupported_layout);
    EXPECT_EQ(failure_of(rle_lossless, {with_header({1, 64})}, layout_of(1, 1, 3, 1)).code,
              Errc::unsupported_layout);
}

} // namespace
} // namespace radpix
