// SPDX-License-Identifier: Apache-2.0
#include "radpix/reslice.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <type_traits>
#include <vector>

#if defined(__unix__)
#include <sys/mman.h>
#include <unistd.h>
#endif

#include "radpix/cpu.hpp"
#include "radpix/error.hpp"

namespace radpix::reslice {
namespace {

template <class T>
constexpr DataType type_of() {
    if constexpr (std::is_same_v<T, std::uint8_t>) {
        return DataType::uint8;
    } else if constexpr (std::is_same_v<T, std::uint16_t>) {
        return DataType::uint16;
    } else if constexpr (std::is_same_v<T, std::int16_t>) {
        return DataType::int16;
    } else if constexpr (std::is_same_v<T, float>) {
        return DataType::float32;
    } else {
        return DataType::float64;
    }
}

template <class T>
ArrayView view(T *data, Index depth, Index height, Index width) {
    ArrayView array;
    array.data = data;
    array.type = type_of<T>();
    array.rank = 3;
    array.shape = {depth, height, width};
    array.strides = {height * width, width, 1};
    return array;
}

Grid along_x() {
    Grid grid;
    grid.row_step = {0, 1, 0};
    grid.column_step = {0, 0, 1};
    return grid;
}

Grid random_grid(std::mt19937 &random) {
    std::uniform_real_distribution<double> unit(-1, 1);
    Grid grid;
    for (std::size_t axis = 0; axis < 3; ++axis) {
        grid.origin[axis] = 3 + unit(random) * 4;
        grid.row_step[axis] = unit(random) * 0.5;
        grid.column_step[axis] = unit(random) * 0.3;
        grid.slab_step[axis] = unit(random);
    }
    return grid;
}

Errc error_of(const ArrayView &voxels, const ArrayView &out, const Grid &grid, double fill = 0) {
    try {
        apply(voxels, out, grid, Combine::mean, Interpolation::linear, fill, 1);
    } catch (const Error &error) {
        return error.errc();
    }
    ADD_FAILURE() << "nothing was thrown";
    return Errc::truncated;
}

template <class T>
class ResliceTyped : public testing::Test {};
using AvxTypes = testing::Types<std::uint8_t, std::uint16_t, std::int16_t, float>;
TYPED_TEST_SUITE(ResliceTyped, AvxTypes);

TYPED_TEST(ResliceTyped, every_cpu_level_gives_the_same_bits) {
    using T = TypeParam;
    if (detected_cpu_level() == CpuLevel::scalar) {
        GTEST_SKIP() << "this machine has one level";
    }
    std::mt19937 random(5);
    std::uniform_int_distribution<int> extent(1, 9);
    for (int round = 0; round < 300; ++round) {
        const Index depth = extent(random), height = extent(random), width = extent(random);
        std::vector<T> voxels(static_cast<std::size_t>(depth * height * width));
        for (T &voxel : voxels) {
            voxel = static_cast<T>(std::uniform_int_distribution<int>(0, 255)(random));
        }
        if constexpr (std::is_floating_point_v<T>) {
            voxels[voxels.size() / 2] = std::numeric_limits<T>::quiet_NaN();
        }
        Grid grid = random_grid(random);
        grid.slab_samples = 1 + round % 4;
        for (const Combine combine : {Combine::mean, Combine::max, Combine::min, Combine::sum}) {
            std::vector<T> results[2];
            for (const int level : {0, 1}) {
                set_cpu_level(level == 0 ? "scalar" : "avx2");
                results[level].assign(3 * 77, T{1});
                apply(view(voxels.data(), depth, height, width), view(results[level].data(), 1, 3, 77), grid,
                      combine, Interpolation::linear, 3, 1);
            }
            ASSERT_EQ(std::memcmp(results[0].data(), results[1].data(), results[0].size() * sizeof(T)), 0);
        }
    }
    set_cpu_level("auto");
}

#if defined(__unix__)
/// Voxels between two pages that cannot be read: a step outside ends the test.
template <class T>
class GuardedVoxels {
public:
    GuardedVoxels(std::size_t count, bool at_the_end) {
        page_ = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
        base_ = static_cast<char *>(
            mmap(nullptr, 3 * page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        mprotect(base_, page_, PROT_NONE);
        mprotect(base_ + 2 * page_, page_, PROT_NONE);
        char *const first = base_ + (at_the_end ? 2 * page_ - count * sizeof(T) : page_);
        data = reinterpret_cast<T *>(first);
    }
    ~GuardedVoxels() { munmap(base_, 3 * page_); }
    GuardedVoxels(const GuardedVoxels &) = delete;
    GuardedVoxels &operator=(const GuardedVoxels &) = delete;

    T *data;

private:
    std::size_t page_ = 0;
    char *base_ = nullptr;
};

TYPED_TEST(ResliceTyped, nothing_beside_the_voxels_is_read) {
    using T = TypeParam;
    std::mt19937 random(6);
    for (const bool at_the_end : {false, true}) {
        for (const bool flipped : {false, true}) {
            for (const Index width : {1, 2, 3, 5}) {
                GuardedVoxels<T> voxels(static_cast<std::size_t>(4 * 3 * width), at_the_end);
                ArrayView source = view(voxels.data, 4, 3, width);
                if (flipped) {
                    source.data = voxels.data + 3 * 3 * width;
                    source.strides[0] = -3 * width;
                }
                std::vector<T> out(20 * 40);
                for (int round = 0; round < 20; ++round) {
                    Grid grid = random_grid(random);
                    grid.origin = {round % 5 - 0.5, round % 4 - 0.5, 0.0};
                    grid.slab_samples = 2;
                    apply(source, view(out.data(), 1, 20, 40), grid, Combine::max, Interpolation::linear, 0,
                          1);
                    apply(source, view(out.data(), 1, 20, 40), grid, Combine::max, Interpolation::nearest, 0,
                          1);
                }
            }
        }
    }
}
#endif

TEST(reslice, a_grid_on_the_voxels_copies_them) {
    std::vector<std::int16_t> voxels(2 * 3 * 10);
    for (std::size_t i = 0; i < voxels.size(); ++i) {
        voxels[i] = static_cast<std::int16_t>(i * 37);
    }
    std::vector<std::int16_t> out(3 * 10);
    Grid grid = along_x();
    grid.origin = {1, 0, 0};
    for (const auto interpolation : {Interpolation::linear, Interpolation::nearest}) {
        apply(view(voxels.data(), 2, 3, 10), view(out.data(), 1, 3, 10), grid, Combine::mean, interpolation,
              0, 0);
        EXPECT_TRUE(std::equal(out.begin(), out.end(), voxels.begin() + 30));
    }
}

TEST(reslice, lines_of_a_grid_give_its_bits) {
    std::mt19937 random(7);
    std::vector<float> voxels(5 * 6 * 7);
    for (float &voxel : voxels) {
        voxel = std::uniform_real_distribution<float>(-9, 9)(random);
    }
    const Index rows = 4, columns = 33;
    for (int round = 0; round < 40; ++round) {
        Grid grid = random_grid(random);
        grid.slab_samples = 1 + round % 3;
        std::vector<double> lines;
        for (Index row = 0; row < rows; ++row) {
            for (std::size_t axis = 0; axis < 3; ++axis) {
                lines.push_back((grid.origin[axis] + 0 * grid.plane_step[axis]) +
                                static_cast<double>(row) * grid.row_step[axis]);
            }
            lines.insert(lines.end(), grid.column_step.begin(), grid.column_step.end());
            lines.insert(lines.end(), grid.slab_step.begin(), grid.slab_step.end());
        }
        for (const Interpolation between : {Interpolation::linear, Interpolation::nearest}) {
            std::vector<float> want(static_cast<std::size_t>(rows * columns)), got(want.size(), 1.0F);
            const ArrayView source = view(voxels.data(), 5, 6, 7);
            apply(source, view(want.data(), 1, rows, columns), grid, Combine::mean, between, 3, 1);
            apply_lines(source, view(got.data(), 1, rows, columns), view(lines.data(), rows, 3, 3),
                        grid.slab_samples, Combine::mean, between, 3, 2);
            EXPECT_EQ(std::memcmp(want.data(), got.data(), want.size() * sizeof(float)), 0);
        }
    }
}

TEST(reslice, the_median_leaves_samples_outside_out) {
    std::vector<float> voxels{5, 1, 9, 2};
    std::vector<float> out(1);
    Grid grid;
    grid.origin = {1.5, 0, 0};
    grid.slab_step = {1, 0, 0};
    grid.slab_samples = 8;
    apply(view(voxels.data(), 4, 1, 1), view(out.data(), 1, 1, 1), grid, Combine::median,
          Interpolation::linear, 0, 1);
    EXPECT_EQ(out[0], 3.5F);
    voxels[1] = std::numeric_limits<float>::quiet_NaN();
    apply(view(voxels.data(), 4, 1, 1), view(out.data(), 1, 1, 1), grid, Combine::median,
          Interpolation::linear, 0, 1);
    EXPECT_NE(out[0], out[0]);
}

TEST(reslice, arguments_that_do_not_fit_are_refused_by_name) {
    std::vector<std::int16_t> voxels(8);
    std::vector<std::int16_t> out(4, 9);
    std::vector<float> floats(4);
    std::vector<double> doubles(8);
    const ArrayView source = view(voxels.data(), 2, 2, 2);
    const ArrayView target = view(out.data(), 1, 2, 2);
    ArrayView flat = target;
    flat.rank = 2;
    EXPECT_EQ(error_of(source, flat, along_x()), Errc::shape_mismatch);
    EXPECT_EQ(error_of(view(floats.data(), 1, 2, 2), target, along_x()), Errc::unsupported_type);
    EXPECT_EQ(error_of(view(doubles.data(), 2, 2, 2), view(floats.data(), 1, 2, 2), along_x()),
              Errc::unsupported_type);
    EXPECT_EQ(error_of(source, target, along_x(), std::nan("")), Errc::invalid_argument);
    for (const double number : {std::numeric_limits<double>::infinity(), std::nan("")}) {
        Grid grid = along_x();
        grid.plane_step[1] = number;
        EXPECT_EQ(error_of(source, target, grid), Errc::invalid_argument);
    }
    for (const Index samples : {Index{0}, Index{-1}, max_slab_samples + 1}) {
        Grid grid = along_x();
        grid.slab_samples = samples;
        EXPECT_EQ(error_of(source, target, grid), Errc::invalid_argument);
    }
    EXPECT_EQ(out, std::vector<std::int16_t>(4, 9));
}

} // namespace
} // namespace radpix::reslice
