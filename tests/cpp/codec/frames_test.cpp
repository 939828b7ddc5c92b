// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "codec/frame_testing.hpp"
#include "codec/rle/rle_writer.hpp"

namespace radpix {
namespace {

using testing::bytes_of;
using testing::explicit_little;
using testing::Failure;
using testing::failure_of;
using testing::layout_of;
using testing::Output;
using testing::rle_lossless;

TEST(transfer_syntaxes, have_distinct_uids_and_are_found_by_them) {
    std::set<std::string_view> uids;
    for (const TransferSyntax &syntax : transfer_syntaxes()) {
        EXPECT_TRUE(uids.insert(syntax.uid).second) << syntax.uid;
        EXPECT_EQ(find_transfer_syntax(syntax.uid), &syntax);
        EXPECT_NE(syntax.decode, nullptr);
        EXPECT_FALSE(syntax.name.empty());
    }
    for (const char *uid : {"", ".1.98", ".1.99", ".1", ".2", ".5", ".8.1"}) {
        EXPECT_TRUE(uids.contains(std::string("1.2.840.10008.1.2") + uid)) << uid;
    }
    EXPECT_EQ(find_transfer_syntax("1.2.3"), nullptr);
    EXPECT_EQ(find_transfer_syntax(""), nullptr);
}

TEST(photometric_named, knows_the_defined_terms_exactly) {
    EXPECT_EQ(photometric_named("YBR_FULL_422"), Photometric::ybr_full_422);
    EXPECT_EQ(photometric_named("PALETTE COLOR"), Photometric::palette_color);
    EXPECT_EQ(photometric_named("rgb"), Photometric::unknown);
    EXPECT_EQ(photometric_named(""), Photometric::unknown);
}

TEST(element_type, follows_bits_allocated_and_sign) {
    EXPECT_EQ(element_type(layout_of(1, 1, 1, 1, true)), DataType::uint8);
    EXPECT_EQ(element_type(layout_of(1, 1, 1, 8, true)), DataType::int8);
    EXPECT_EQ(element_type(layout_of(1, 1, 1, 64)), DataType::uint64);
    FrameLayout real = layout_of(1, 1, 1, 32);
    real.is_float = true;
    EXPECT_EQ(element_type(real), DataType::float32);
    real.bits_allocated = 16;
    EXPECT_THROW((void)element_type(real), Error);
    for (const int bits : {0, -1, 12, 17, 24, 128}) {
        EXPECT_EQ(failure_of(explicit_little, {{}}, layout_of(1, 1, 1, 8)).code, Errc::truncated);
        EXPECT_THROW((void)element_type(layout_of(1, 1, 1, bits)), Error) << bits;
    }
}

TEST(decode_frames, refuses_layouts_that_no_frame_can_have) {
    const auto with = [](auto &&change) {
        FrameLayout layout = layout_of(1, 1, 1, 16);
        const Output out(layout);
        change(layout);
        const auto bytes = bytes_of({0, 0});
        const Bytes frame(bytes);
        try {
            (void)decode_frames(explicit_little, {&frame, 1}, layout, {}, out.view());
        } catch (const Error &error) {
            return error.errc();
        }
        return Errc{};
    };
    EXPECT_EQ(with([](FrameLayout &layout) { layout.rows = 0; }), Errc::invalid_argument);
    EXPECT_EQ(with([](FrameLayout &layout) { layout.columns = Index{1} << 40; }), Errc::invalid_argument);
    EXPECT_EQ(with([](FrameLayout &layout) { layout.samples_per_pixel = 0; }), Errc::invalid_argument);
    EXPECT_EQ(with([](FrameLayout &layout) { layout.samples_per_pixel = 65; }), Errc::invalid_argument);
    EXPECT_EQ(with([](FrameLayout &layout) { layout.bits_allocated = 12; }), Errc::unsupported_layout);
    EXPECT_EQ(with([](FrameLayout &layout) { layout.bits_stored = 0; }), Errc::invalid_argument);
    EXPECT_EQ(with([](FrameLayout &layout) { layout.bits_stored = 17; }), Errc::invalid_argument);
    EXPECT_EQ(with([](FrameLayout &layout) { layout.high_bit = 255; }), Errc::invalid_argument);
    EXPECT_EQ(with([](FrameLayout &layout) { layout.high_bit = 14; }), Errc::invalid_argument);
    EXPECT_EQ(with([](FrameLayout &layout) { layout.planar_configuration = 2; }), Errc::invalid_argument);
    EXPECT_EQ(with([](FrameLayout &layout) { layout.rows = 2; }), Errc::shape_mismatch);
    EXPECT_EQ(with([](FrameLayout &layout) { layout.samples_per_pixel = 3; }), Errc::shape_mismatch);
    EXPECT_EQ(with([](FrameLayout &layout) { layout.is_signed = true; }), Errc::unsupported_type);
}

TEST(decode_frames, refuses_an_output_for_another_number_of_frames_and_unknown_syntaxes) {
    const FrameLayout layout = layout_of(1, 1, 1, 8);
    const Output out(layout, 2);
    const auto bytes = bytes_of({0});
    const Bytes frame(bytes);
    EXPECT_THROW((void)decode_frames(explicit_little, {&frame, 1}, layout, {}, out.view()), Error);
    EXPECT_EQ(failure_of("1.2.3", {bytes}, layout), (Failure{Errc::unsupported_transfer_syntax}));
    EXPECT_EQ(failure_of(explicit_little, {bytes}, layout, -1).code, Errc::invalid_argument);
    EXPECT_EQ(failure_of(explicit_little, {bytes}, layout, 1025).code, Errc::invalid_argument);
}

TEST(decode_frames, no_frames_are_no_work) {
    const FrameLayout layout = layout_of(4, 4, 1, 8);
    EXPECT_EQ(failure_of(explicit_little, {}, layout), Failure{});
}

TEST(decode_frames, every_frame_lands_in_its_place_at_every_number_of_threads) {
    const FrameLayout layout = layout_of(40, 50, 1, 16);
    std::vector<testing::ByteVector> codestreams;
    std::vector<std::uint16_t> expected;
    for (std::uint16_t frame = 0; frame < 131; ++frame) {
        std::vector<std::uint16_t> pixels(40 * 50, frame);
        pixels[frame] = 7777;
        codestreams.push_back(testing::encoded(pixels));
        expected.insert(expected.end(), pixels.begin(), pixels.end());
    }
    const std::vector<Bytes> frames(codestreams.begin(), codestreams.end());
    for (const int threads : {0, 1, 2, 3, 300}) {
        const Output out(layout, 131);
        EXPECT_TRUE(decode_frames(rle_lossless, frames, layout, {false, threads}, out.view()).empty());
        EXPECT_EQ(out.values<std::uint16_t>(), expected) << threads;
        EXPECT_TRUE(out.guards_are_intact());
    }
}

TEST(decode_frames, the_error_is_that_of_the_first_frame_at_fault) {
    const FrameLayout layout = layout_of(300, 300, 1, 8);
    std::vector<std::vector<std::byte>> codestreams(9, std::vector<std::byte>(300 * 300));
    codestreams[4].resize(17);
    codestreams[7].resize(3);
    for (const int threads : {1, 2, 3, 64}) {
        EXPECT_EQ(failure_of(explicit_little, codestreams, layout, threads),
                  (Failure{Errc::truncated, 17, 4}));
    }
}

TEST(decode_frames, deviations_come_in_frame_order) {
    const FrameLayout layout = layout_of(300, 300, 1, 8);
    std::vector<std::vector<std::byte>> codestreams(5, std::vector<std::byte>(300 * 300));
    codestreams[3].resize(300 * 300 + 5);
    codestreams[1].resize(300 * 300 + 6);
    const std::vector<Bytes> frames(codestreams.begin(), codestreams.end());
    for (const int threads : {1, 3, 64}) {
        const Output out(layout, 5);
        const auto deviations = decode_frames(explicit_little, frames, layout, {false, threads}, out.view());
        ASSERT_EQ(deviations.size(), 2U);
        EXPECT_EQ(deviations[0].frame, 1);
        EXPECT_EQ(deviations[1].frame, 3);
    }
}

} // namespace
} // namespace radpix
