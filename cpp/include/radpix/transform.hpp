// SPDX-License-Identifier: Apache-2.0
/// Sampling a volume at points that need not lie along its axes: rotated grids and displacement fields.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "radpix/reslice.hpp"
#include "radpix/view.hpp"

namespace radpix::transform {

enum class Interpolation : std::uint8_t { nearest, linear, cubic, spline, lanczos, label };

/// "nearest", "linear", "cubic", "spline", "lanczos", "label"; throws Error(invalid_argument) for any other
/// name.
[[nodiscard]] Interpolation interpolation_named(std::string_view name);

struct Options {
    Interpolation interpolation = Interpolation::linear;
    /// Value outside the volume, rounded half to even and saturated for integers.
    double fill = 0.0;
    /// Threads to use, 0: num_threads().
    int threads = 0;
    /// The value of absent voxels. Not for spline.
    std::optional<double> padding = std::nullopt;
    /// Displacements (planes, rows, columns, 3) of float32 or float64, added to the points of the grid.
    std::optional<ArrayView> displacement = std::nullopt;
    /// Row k: what a displacement's three components each add to the index of axis k of (z, y, x).
    std::array<reslice::Vector, 3> to_index{};
    /// What stands for absent samples, as `fill` for those outside; the padding value where it is not given.
    std::optional<double> absent_fill = std::nullopt;
};

/// Samples `voxels` (z, y, x) at the points of `grid`, without its slab, moved by the displacements, into
/// `out` (planes, rows, columns); any strides.
///
/// A point is ((origin + p * plane_step) + r * row_step) + c * column_step, plus ((m0 * d0 + m1 * d1) + m2 *
/// d2) with row m of `to_index` and displacement d, in float64. Where it is not inside, -0.5 <= index <= n -
/// 0.5 on every axis, the sample is `fill`. Else it is clamped to [0, n - 1]. Nearest and linear are those of
/// reslice. Cubic takes 4 voxels along each axis with Catmull-Rom weights, repeated beyond the edge; spline
/// the same with those of the cubic B-spline from `voxels` that are `spline_coefficients`, mirrored at the
/// outermost centres. Lanczos takes 6 voxels along each axis, repeated beyond the edge, with weights of
/// sinc(d) sinc(d / 3) that sum to 1, summed along y, z, then x. The outer two of four are summed first,
/// along y, z, then x. Work is float32 for integers of up to 16 bits and float32, else float64. Label: of
/// integers of up to 32 bits the one with the largest sum of linear weights, multiples of 2^-16, and of equal
/// ones the smallest.
///
/// Absent voxels take no part in linear, cubic and Lanczos samples: where their weights sum to more than 1/2
/// the sample is `absent_fill`, else the others' sum divided by the others' weight, in float64.
///
/// Types are those of resample. `out` has the type of `voxels`, or of integers that of the work, unrounded;
/// for spline, whose voxels are float32 or float64, any of them. Every CPU level and thread count gives the
/// same bits. Throws Error(shape_mismatch, unsupported_type, invalid_argument, size_overflow) before `out` is
/// written.
void apply(const ArrayView &voxels, const ArrayView &out, const reslice::Grid &grid, const Options &options);

/// Writes the coefficients of the cubic spline through `voxels` (z, y, x), mirrored at the outermost centres,
/// to `out` of the same shape: float32 for float32 and integers of up to 16 bits, else float64. The recursive
/// filter of B-spline signal processing (IEEE TSP 41, 1993, p. 821) along x, y and z; a NaN spreads along all
/// of them.
void spline_coefficients(const ArrayView &voxels, const ArrayView &out, int threads);

} // namespace radpix::transform
