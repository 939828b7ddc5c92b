// SPDX-License-Identifier: Apache-2.0
#include "radpix/transform.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "radpix/cpu.hpp"
#include "radpix/error.hpp"

namespace radpix::transform {
namespace {

constexpr std::array<Index, 3> shape{7, 9, 70};
const reslice::Grid tilted{{0.4, 0.6, -0.9}, {0.8, 0.1, 0.0}, {0.0, 0.9, 0.2}, {0.01, 0.03, 0.97}, {}, 1};

template <class T>
ArrayView view(std::vector<T> &voxels, DataType type) {
    ArrayView result;
    result.data = voxels.data();
    result.type = type;
    result.rank = 3;
    std::copy(shape.begin(), shape.end(), result.shape.begin());
    result.strides[0] = shape[1] * shape[2];
    result.strides[1] = shape[2];
    result.strides[2] = 1;
    return result;
}

std::vector<std::int16_t> noise() {
    std::vector<std::int16_t> voxels(static_cast<std::size_t>(shape[0] * shape[1] * shape[2]));
    std::uint32_t state = 1;
    for (std::int16_t &voxel : voxels) {
        state = state * 1664525U + 1013904223U;
        voxel = static_cast<std::int16_t>(state >> 16);
    }
    return voxels;
}

Errc refusal(const ArrayView &voxels, const ArrayView &out, const reslice::Grid &grid,
             const Options &options) {
    try {
        apply(voxels, out, grid, options);
    } catch (const Error &error) {
        return error.errc();
    }
    return Errc{};
}

TEST(transform, every_level_gives_the_same_bits) {
    std::vector<std::int16_t> voxels = noise();
    std::vector<float> coefficients(voxels.size());
    spline_coefficients(view(voxels, DataType::int16), view(coefficients, DataType::float32), 1);
    for (const Interpolation interpolation : {Interpolation::cubic, Interpolation::spline}) {
        const ArrayView source = interpolation == Interpolation::cubic
                                     ? view(voxels, DataType::int16)
                                     : view(coefficients, DataType::float32);
        std::vector<std::int16_t> expected(voxels.size()), out(voxels.size());
        Options options;
        options.interpolation = interpolation;
        set_cpu_level("scalar");
        apply(source, view(expected, DataType::int16), tilted, options);
        set_cpu_level("auto");
        options.threads = 3;
        apply(source, view(out, DataType::int16), tilted, options);
        EXPECT_EQ(out, expected);
        EXPECT_NE(out, voxels);
    }
}

TEST(transform, a_spline_passes_through_the_voxels) {
    std::vector<std::int16_t> voxels = noise();
    std::vector<float> coefficients(voxels.size());
    std::vector<std::int16_t> out(voxels.size());
    spline_coefficients(view(voxels, DataType::int16), view(coefficients, DataType::float32), 2);
    Options options;
    options.interpolation = Interpolation::spline;
    const reslice::Grid same{{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {}, 1};
    apply(view(coefficients, DataType::float32), view(out, DataType::int16), same, options);
    EXPECT_EQ(out, voxels);
}

TEST(transform, lanczos_passes_through_the_voxels_and_keeps_a_constant) {
    std::vector<std::int16_t> voxels = noise();
    std::vector<std::int16_t> out(voxels.size());
    Options options;
    options.interpolation = Interpolation::lanczos;
    const reslice::Grid same{{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {}, 1};
    apply(view(voxels, DataType::int16), view(out, DataType::int16), same, options);
    EXPECT_EQ(out, voxels);
    std::fill(voxels.begin(), voxels.end(), std::int16_t{-1000});
    options.fill = -1000;
    apply(view(voxels, DataType::int16), view(out, DataType::int16), tilted, options);
    EXPECT_EQ(out, voxels);
}

TEST(transform, floating_point_output_of_integers_is_the_same_unrounded) {
    std::vector<std::int16_t> voxels = noise();
    std::vector<std::int16_t> rounded(voxels.size());
    std::vector<float> out(voxels.size());
    Options options;
    options.interpolation = Interpolation::cubic;
    apply(view(voxels, DataType::int16), view(rounded, DataType::int16), tilted, options);
    options.fill = std::nan("");
    apply(view(voxels, DataType::int16), view(out, DataType::float32), tilted, options);
    for (std::size_t i = 0; i < out.size(); ++i) {
        const float value = std::isnan(out[i]) ? 0.0F : std::nearbyint(out[i]);
        EXPECT_EQ(rounded[i], static_cast<std::int16_t>(std::clamp(value, -32768.0F, 32767.0F)));
    }
}

TEST(transform, what_does_not_fit_is_refused) {
    std::vector<std::int16_t> voxels = noise();
    std::vector<std::int16_t> out(voxels.size());
    const ArrayView source = view(voxels, DataType::int16);
    const ArrayView target = view(out, DataType::int16);
    Options options;
    ArrayView flat = target;
    flat.rank = 2;
    EXPECT_EQ(refusal(source, flat, tilted, options), Errc::shape_mismatch);
    ArrayView other = target;
    other.type = DataType::uint16;
    EXPECT_EQ(refusal(source, other, tilted, options), Errc::unsupported_type);
    reslice::Grid broken = tilted;
    broken.row_step[1] = std::nan("");
    EXPECT_EQ(refusal(source, target, broken, options), Errc::invalid_argument);
    options.displacement = target;
    EXPECT_EQ(refusal(source, target, tilted, options), Errc::shape_mismatch);
    EXPECT_TRUE(std::all_of(out.begin(), out.end(), [](std::int16_t voxel) { return voxel == 0; }));
}

} // namespace
} // namespace radpix::transform
