// SPDX-License-Identifier: Apache-2.0
/// Sampling a volume on an oblique grid: multi-planar reformatting, with or without a slab.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "radpix/view.hpp"

namespace radpix::reslice {

/// Slab samples that a call may ask for; a 10 m slab at 0.2 mm stays below it.
inline constexpr Index max_slab_samples = Index{1} << 16;

enum class Interpolation : std::uint8_t { nearest, linear };

/// How the samples of a slab become one value.
enum class Combine : std::uint8_t { mean, max, min, sum, median };

/// An index position, or a step between two, in the order (z, y, x).
using Vector = std::array<double, 3>;

/// Sample (p, r, c) of the output lies at `((origin + p * plane_step) + r * row_step) + c * column_step`, and
/// the samples k of its slab at `+ (k - (slab_samples - 1) / 2) * slab_step`, in float64, in this order.
struct Grid {
    Vector origin{};
    Vector plane_step{};
    Vector row_step{};
    Vector column_step{};
    Vector slab_step{};
    Index slab_samples = 1;
};

/// Samples `voxels` (z, y, x) on `grid` into `out` (planes, rows, columns); any strides.
///
/// A sample takes part if -0.5 <= index <= n - 0.5 on every axis; where no sample of a pixel does, the pixel
/// is `fill`. Linear: the index is clamped to [0, n - 1] and interpolated along x, then y, then z, as
/// a + t * (b - a) (for floating point voxels exactly a at t = 0 and b at t = 1, so that a NaN of weight 0 is
/// not seen), in float32 for float32 and integers up to 16 bits, else in float64. Nearest: floor(index +
/// 0.5), so that a tie goes to the higher index. Mean and sum add in the order of the samples; a NaN among
/// the samples gives NaN; the median of an even number of samples is the mean of the middle two. Integer
/// results are rounded half to even and saturated.
///
/// Voxels equal to `padding` are absent. A linear sample of which more than 1/2, by the weights (1 - t) and
/// t, is absent takes no part, nor does a nearest one that is; else absent neighbours are left out and the
/// sum is divided by the others' weight, in float64. A pixel with samples inside of which none takes part is
/// `absent_fill`, rounded and saturated as `fill`; the padding value where that is not given, and then
/// nearest without a slab copies absent voxels like any other.
///
/// `out` has the type of `voxels`, float32 or float64. Every CPU level and thread count gives the same bits.
/// Throws Error: shape_mismatch for ranks other than 3, unsupported_type for another type of `out`,
/// invalid_argument for a grid that is not finite, slab_samples outside [1, max_slab_samples], and a `fill`
/// or `absent_fill` that is no number where `out` holds integers.
void apply(const ArrayView &voxels, const ArrayView &out, const Grid &grid, Combine combine,
           Interpolation interpolation, double fill, int num_threads,
           std::optional<double> padding = std::nullopt, std::optional<double> absent_fill = std::nullopt);

/// `apply` with a line for every row of `out`, counted through its planes: `lines` (planes * rows, 3, 3) of
/// float64 holds, as (z, y, x), the position of column 0, the step by one column, and the step by one sample
/// of the slab; any strides. Sample (c, k) lies at `(start + c * step) + (k - (slab_samples - 1) / 2) *
/// slab_step`. Curved reformats are made of such lines.
///
/// Throws Error as `apply`; shape_mismatch and unsupported_type for other `lines` too.
void apply_lines(const ArrayView &voxels, const ArrayView &out, const ArrayView &lines, Index slab_samples,
                 Combine combine, Interpolation interpolation, double fill, int num_threads,
                 std::optional<double> padding = std::nullopt);

} // namespace radpix::reslice
