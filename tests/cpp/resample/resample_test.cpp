// SPDX-License-Identifier: Apache-2.0
#include "radpix/resample.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "array_testing.hpp"
#include "radpix/cpu.hpp"
#include "radpix/error.hpp"

namespace radpix::resample {
namespace {

AxisMap centred(Index n, Index m) {
    const double scale = static_cast<double>(n) / static_cast<double>(m);
    return {scale, static_cast<double>(n - 1) / 2 - scale * static_cast<double>(m - 1) / 2};
}

class LevelGuard {
public:
    ~LevelGuard() { set_cpu_level("auto"); }
};

template <class T>
void expect_equal_levels(DataType type, const std::vector<Index> &in_shape,
                         const std::vector<Index> &out_shape) {
    const LevelGuard guard;
    std::vector<T> voxels(static_cast<std::size_t>(in_shape[0] * in_shape[1] * in_shape[2]));
    std::uint32_t state = 1;
    for (T &voxel : voxels) {
        state = state * 1664525 + 1013904223;
        voxel = static_cast<T>(state >> 8);
    }
    const auto count = static_cast<std::size_t>(out_shape[0] * out_shape[1] * out_shape[2]);
    std::array<AxisMap, 3> maps;
    for (std::size_t k = 0; k < 3; ++k) {
        maps[k] = centred(in_shape[k], out_shape[k]);
    }
    for (const bool antialias : {false, true}) {
        std::vector<std::vector<T>> results;
        for (const char *level : {"scalar", "auto"}) {
            for (const int threads : {1, 3}) {
                set_cpu_level(level);
                auto &out = results.emplace_back(count + 8, T{42});
                apply(view(voxels, in_shape, type), view(out, out_shape, type), maps,
                      {Filter::linear, antialias, 0.0, threads});
                EXPECT_EQ(out, results.front());
                EXPECT_EQ(out.back(), T{42});
            }
        }
    }
}

TEST(resample, every_level_and_thread_count_gives_the_same_bits) {
    for (const Index width : {1, 2, 7, 8, 9, 17, 64, 70}) {
        for (const Index out_width : {1, 3, 8, 15, 16, 17, 70}) {
            expect_equal_levels<std::int16_t>(DataType::int16, {3, 4, width}, {5, 3, out_width});
            expect_equal_levels<std::uint8_t>(DataType::uint8, {3, 4, width}, {2, 6, out_width});
            expect_equal_levels<float>(DataType::float32, {3, 4, width}, {5, 3, out_width});
        }
    }
}

Errc code_of(const ArrayView &voxels, const ArrayView &out, const std::array<AxisMap, 3> &maps,
             const Options &options) {
    try {
        apply(voxels, out, maps, options);
    } catch (const Error &error) {
        return error.errc();
    }
    return Errc{};
}

TEST(resample, what_does_not_fit_is_refused) {
    std::vector<std::int16_t> data(8);
    const ArrayView good = view(data, {2, 2, 2}, DataType::int16);
    const std::array<AxisMap, 3> same{};
    EXPECT_EQ(code_of(good, view(data, {2, 2, 0}, DataType::int16), same, {}), Errc::shape_mismatch);
    EXPECT_EQ(code_of(view(data, {0, 2, 2}, DataType::int16), good, same, {}), Errc::shape_mismatch);
    EXPECT_EQ(code_of(good, view(data, {2, 2, 2}, DataType::uint16), same, {}), Errc::unsupported_type);
    EXPECT_EQ(code_of(good, good, {AxisMap{-1.0, 0.0}}, {}), Errc::invalid_argument);
    EXPECT_EQ(code_of(good, good, same, {Filter::linear, false, std::nan(""), 1}), Errc::invalid_argument);
    EXPECT_EQ(code_of(view(data, {2, 2, Index{1} << 31}, DataType::int16), good, same, {}),
              Errc::size_overflow);
    ArrayView flat = good;
    flat.rank = 2;
    EXPECT_EQ(code_of(flat, good, same, {}), Errc::shape_mismatch);
}

TEST(filter_named, knows_its_names_only) {
    EXPECT_EQ(filter_named("nearest"), Filter::nearest);
    EXPECT_EQ(filter_named("linear"), Filter::linear);
    EXPECT_THROW(static_cast<void>(filter_named("Linear")), Error);
}

} // namespace
} // namespace radpix::resample
