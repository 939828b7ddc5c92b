// SPDX-License-Identifier: Apache-2.0
#include "radpix/slices.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

#include "errors_testing.hpp"

namespace {

using namespace radpix;

/// A file of `count` pixels 0, 1, 2, ... behind `offset` bytes, removed at the end.
class PixelFile {
public:
    PixelFile(Index count, Index offset)
        : path_(std::filesystem::temp_directory_path() /
                ("radpix_slices_" + std::to_string(reinterpret_cast<std::uintptr_t>(this)))) {
        std::ofstream file(path_, std::ios::binary);
        file << std::string(static_cast<std::size_t>(offset), 'x');
        for (Index k = 0; k < count; ++k) {
            file.put(static_cast<char>(k & 0xFF)).put(static_cast<char>(k >> 8 & 0xFF));
        }
    }
    ~PixelFile() { std::filesystem::remove(path_); }
    PixelFile(const PixelFile &) = delete;
    PixelFile &operator=(const PixelFile &) = delete;

    [[nodiscard]] const std::filesystem::path &path() const { return path_; }

private:
    std::filesystem::path path_;
};

template <class T>
ArrayView volume_of(std::vector<T> &voxels, DataType type, Index slices) {
    ArrayView view{voxels.data(), type, 2};
    const Index count = static_cast<Index>(voxels.size()) / slices;
    view.shape = {slices, count};
    view.strides = {count, 1};
    return view;
}

TEST(ReadSlices, AreRescaledPieceByPieceFromAnyOffset) {
    constexpr Index count = 70001; // more than is read at once, no multiple of anything
    const PixelFile file(count, 7);
    std::vector<std::int32_t> voxels(count);
    const std::vector<StoredSlice> slices{{file.path(), 7, 2.0, -5.0}};
    const auto outcomes =
        read_slices(slices, {DataType::uint16, 16}, volume_of(voxels, DataType::int32, 1), true, 1);
    ASSERT_TRUE(outcomes[0].is_complete);
    EXPECT_EQ(outcomes[0].minimum, 0.0);
    EXPECT_EQ(outcomes[0].maximum, 65535.0);
    for (Index k = 0; k < count; ++k) {
        ASSERT_EQ(voxels[static_cast<std::size_t>(k)], 2 * (k & 0xFFFF) - 5);
    }
}

TEST(ReadSlices, HaveTheirHighBitsReplacedByTheSign) {
    const PixelFile file(8192, 0);
    std::vector<std::int16_t> voxels(8192);
    const std::vector<StoredSlice> slices{{file.path()}};
    const auto outcomes =
        read_slices(slices, {DataType::int16, 12}, volume_of(voxels, DataType::int16, 1), true, 1);
    EXPECT_EQ(outcomes[0].minimum, -2048.0);
    EXPECT_EQ(outcomes[0].maximum, 2047.0);
    EXPECT_EQ(voxels[2047], 2047);
    EXPECT_EQ(voxels[2048], -2048);
    EXPECT_EQ(voxels[4096], 0);
}

TEST(ReadSlices, OfWholeIntercept16BitsSaturateAndLoseTheirHighBits) {
    constexpr Index count = 65536;
    const PixelFile file(count, 0); // every value there is
    std::vector<std::int16_t> voxels(count);
    for (const DataType type : {DataType::uint16, DataType::int16}) {
        for (const int bits : {16, 15, 9, 1}) {
            for (const int term : {-65536, -1024, -1, 0, 1, 32767, 65536}) {
                const std::vector<StoredSlice> slices{{file.path(), 0, 1.0, static_cast<double>(term)}};
                (void)read_slices(slices, {type, bits}, volume_of(voxels, DataType::int16, 1), true, 1);
                for (int k = 0; k < count; ++k) {
                    const int range = 1 << bits, low = k & (range - 1);
                    const int stored = type == DataType::int16 && low >= range / 2 ? low - range : low;
                    ASSERT_EQ(voxels[static_cast<std::size_t>(k)], std::clamp(stored + term, -32768, 32767))
                        << k << " of " << bits << " bits + " << term;
                }
            }
        }
    }
}

TEST(ReadSlices, AreIncompleteWhereTheFileIsShortOrAbsent) {
    const PixelFile file(100, 0);
    std::vector<std::uint16_t> voxels(4 * 100);
    const std::vector<StoredSlice> slices{{file.path(), 0},
                                          {file.path(), 2},
                                          {file.path(), std::numeric_limits<Index>::max()},
                                          {file.path().string() + ".absent", 0}};
    const auto outcomes =
        read_slices(slices, {DataType::uint16, 16}, volume_of(voxels, DataType::uint16, 4), false, 3);
    EXPECT_TRUE(outcomes[0].is_complete);
    EXPECT_FALSE(outcomes[1].is_complete || outcomes[2].is_complete || outcomes[3].is_complete);
}

TEST(ReadSlices, RefuseArgumentsThatDoNotFitTogether) {
    std::vector<std::uint16_t> voxels(8);
    const ArrayView out = volume_of(voxels, DataType::uint16, 2);
    const std::vector<StoredSlice> two(2), one(1);
    const auto code = [](const auto &slices, StoredPixels stored, const ArrayView &to) {
        return code_thrown_by([&] { (void)read_slices(slices, stored, to, false, 1); });
    };
    EXPECT_EQ(code(one, {DataType::uint16, 16}, out), Errc::shape_mismatch);
    EXPECT_EQ(code(two, {DataType::uint16, 17}, out), Errc::invalid_argument);
    EXPECT_EQ(code(two, {DataType::uint16, 0}, out), Errc::invalid_argument);
    EXPECT_EQ(code(two, {DataType::float32, 16}, out), Errc::unsupported_type);
    EXPECT_EQ(code(std::vector<StoredSlice>{{}, {"", -1}}, {DataType::uint16, 16}, out),
              Errc::invalid_argument);
    ArrayView strided = out;
    strided.strides[1] = 2;
    EXPECT_EQ(code(two, {DataType::uint16, 16}, strided), Errc::shape_mismatch);
}

} // namespace
