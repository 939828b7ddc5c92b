// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <vector>

#include "codec/jpegls/decoder.hpp"
#include "codec/jpegls/encoder.hpp"
#include "codec/jpegls/entropy_data.hpp"
#include "codec/jpegls/parameters.hpp"
#include "radpix/error.hpp"

namespace radpix::jpegls {
namespace {

TEST(JpeglsParameters, DefaultsAreThoseOfTheStandard) { // T.87 C.2.4.1.1.1
    const CodingParameters eight = coding_parameters({}, 8, 0, 0);
    EXPECT_EQ(std::vector({eight.t1, eight.t2, eight.t3, eight.limit}), std::vector({3, 7, 21, 32}));
    const CodingParameters twelve = coding_parameters({}, 12, 0, 0);
    EXPECT_EQ(std::vector({twelve.t1, twelve.t2, twelve.t3, twelve.limit}), std::vector({18, 67, 276, 48}));
    const CodingParameters near = coding_parameters({}, 8, 3, 0);
    EXPECT_EQ(std::vector({near.t1, near.t2, near.t3, near.range}), std::vector({12, 22, 42, 38}));
}

TEST(JpeglsParameters, ThresholdsOutOfOrderAreRefused) {
    try {
        (void)coding_parameters({255, 9, 5, 21, 64}, 8, 0, 7);
        FAIL();
    } catch (const Error &error) {
        EXPECT_EQ(error.errc(), Errc::jpegls_parameters);
        EXPECT_EQ(error.offset(), 7);
    }
}

TEST(JpeglsEntropyData, TheBitAfterFfIsLeftOut) {
    const std::vector<std::byte> stream{std::byte{0xFF}, std::byte{0x7F}, std::byte{0x80}, std::byte{0xFF},
                                        std::byte{0xD9}};
    const EntropyData data = remove_bit_stuffing(stream, 0, 1);
    EXPECT_EQ(data.next_marker, 3);
    ASSERT_EQ(data.segments[0].bits, 23); // 11111111 1111111 10000000
    EXPECT_EQ(data.bytes[0], 0xFF);
    EXPECT_EQ(data.bytes[1], 0xFF);
    EXPECT_EQ(data.bytes[2], 0x00);
}

TEST(JpeglsCodec, AFrameComesBack) {
    FrameLayout layout;
    layout.rows = 5;
    layout.columns = 9;
    std::vector<std::uint8_t> pixels(45), decoded(45);
    for (std::size_t i = 0; i < pixels.size(); ++i) {
        pixels[i] = static_cast<std::uint8_t>(i * i * 7);
    }
    ArrayView view;
    view.rank = 2;
    view.shape = {5, 9};
    view.strides = {9, 1};
    view.data = pixels.data();
    const std::vector<std::byte> stream = encode_lossless(view, layout, {});
    view.data = decoded.data();
    std::vector<Deviation> deviations;
    decode_lossless(stream, layout, {}, view, deviations);
    EXPECT_EQ(decoded, pixels);
    EXPECT_TRUE(deviations.empty());
}

} // namespace
} // namespace radpix::jpegls
