// SPDX-License-Identifier: Apache-2.0
/// Codestreams made to hurt. The sanitizers see what goes wrong; the errors are checked here.
#include <gtest/gtest.h>

#include <initializer_list>
#include <string_view>

#include "codec/frame_testing.hpp"

namespace radpix::testing {
namespace {

constexpr std::string_view baseline = "1.2.840.10008.1.2.4.50";
constexpr std::string_view progressive = "1.2.840.10008.1.2.4.55";
constexpr std::string_view lossless = "1.2.840.10008.1.2.4.57";

/// A codestream, segment by segment.
class Stream {
public:
    Stream() { add({0xFF, 0xD8}); }
    Stream &add(std::initializer_list<int> octets) {
        const std::vector<std::byte> more = bytes_of(octets);
        bytes_.insert(bytes_.end(), more.begin(), more.end());
        return *this;
    }
    Stream &fill(std::size_t count, int octet) {
        bytes_.insert(bytes_.end(), count, static_cast<std::byte>(octet));
        return *this;
    }
    Stream &quantization() { return add({0xFF, 0xDB, 0, 67, 0}).fill(64, 1); }
    /// One code, sixteen zero bits, for `symbol`.
    Stream &longest_code(int table_class, int symbol) {
        return add(
            {0xFF, 0xC4, 0, 20, table_class << 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, symbol});
    }
    [[nodiscard]] const std::vector<std::byte> &bytes() const noexcept { return bytes_; }

private:
    std::vector<std::byte> bytes_;
};

TEST(jpeg_hostile, the_largest_mcu_of_the_longest_codes_ends_within_the_padding) {
    Stream stream;
    stream.quantization().longest_code(0, 15).longest_code(1, 15);
    stream.add({0xFF, 0xC0, 0, 20, 8, 0, 64, 0, 64, 4, 1, 0x44, 0, 2, 0x44, 0, 3, 0x44, 0, 4, 0x44, 0});
    stream.add({0xFF, 0xDA, 0, 14, 4, 1, 0, 2, 0, 3, 0, 4, 0, 0, 63, 0}).fill(70, 0);
    const Failure failure = failure_of(baseline, {stream.bytes()}, layout_of(64, 64, 4, 8));
    EXPECT_EQ(failure.code, Errc::truncated);
}

TEST(jpeg_hostile, lossless_samples_of_the_longest_codes_end_within_the_padding) {
    Stream stream;
    stream.longest_code(0, 15).add(
        {0xFF, 0xC3, 0, 17, 16, 0, 4, 2, 0, 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0});
    stream.add({0xFF, 0xDA, 0, 12, 3, 1, 0, 2, 0, 3, 0, 1, 0, 0}).fill(900, 0);
    const Failure failure = failure_of(lossless, {stream.bytes()}, layout_of(4, 512, 3, 16));
    EXPECT_EQ(failure.code, Errc::truncated);
}

TEST(jpeg_hostile, a_band_of_the_longest_codes_ends_within_the_padding) {
    Stream stream;
    stream.quantization().longest_code(0, 15).longest_code(1, 14);
    stream.add({0xFF, 0xC2, 0, 11, 8, 0, 64, 0, 64, 1, 1, 0x11, 0});
    stream.add({0xFF, 0xDA, 0, 8, 1, 1, 0, 1, 63, 0}).fill(60, 0);
    EXPECT_EQ(failure_of(progressive, {stream.bytes()}, layout_of(64, 64, 1, 8)).code, Errc::truncated);
}

TEST(jpeg_hostile, an_end_of_band_run_beyond_the_image_is_harmless) {
    Stream stream;
    stream.quantization().longest_code(0, 0).longest_code(1, 0xE0);
    stream.add({0xFF, 0xC2, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0});
    stream.add({0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 0, 0, 0, 0});
    stream.add({0xFF, 0xDA, 0, 8, 1, 1, 0, 1, 63, 0, 0, 0, 0x7F, 0x7F, 0x7F});
    stream.add({0xFF, 0xD9});
    const std::vector<std::uint8_t> pixels =
        decode_one<std::uint8_t>(progressive, stream.bytes(), layout_of(8, 8, 1, 8));
    EXPECT_EQ(pixels, std::vector<std::uint8_t>(64, 128));
}

TEST(jpeg_hostile, dc_differences_that_overflow_wrap) {
    Stream stream;
    stream.quantization();
    // DC: code 0 is category 15; AC: code 0 is EOB.
    stream.add({0xFF, 0xC4, 0, 20, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 15});
    stream.add({0xFF, 0xC4, 0, 20, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
    stream.add({0xFF, 0xC0, 0, 11, 8, 0, 8, 2, 0, 1, 1, 0x11, 0, 0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0});
    stream.fill(200, 0).add({0xFF, 0xD9});
    (void)decode_one<std::uint8_t>(baseline, stream.bytes(), layout_of(8, 512, 1, 8));
}

TEST(jpeg_hostile, a_progressive_frame_of_no_data_takes_no_memory) {
    Stream stream;
    stream.quantization().add({0xFF, 0xC2, 0, 11, 8, 0x40, 0, 0x40, 0, 1, 1, 0x11, 0});
    stream.add({0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 0, 0, 0});
    EXPECT_EQ(failure_of(progressive, {stream.bytes()}, layout_of(0x4000, 0x4000, 1, 8)).code,
              Errc::truncated);
}

} // namespace
} // namespace radpix::testing
