// SPDX-License-Identifier: Apache-2.0
/// Projections of a volume along one of its axes.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "radpix/view.hpp"

namespace radpix::project {

/// How the voxels along the axis become one value.
enum class Combine : std::uint8_t { mean, max, min, sum, median };

/// "mean", "max", "min", "sum", "median"; throws Error(invalid_argument) for any other name.
[[nodiscard]] Combine combine_named(std::string_view name);

/// Combines `voxels` (z, y, x) along `axis` (0, 1, 2 for z, y, x) into `out`, the two remaining axes in their
/// order. Voxels are 8, 16 and 32-bit integers, float32 and float64; `out` has their type, float32 or
/// float64; any strides; the two must not share memory.
///
/// Sums of integers are exact; a mean is rounded once, half to even where `out` holds integers; a sum
/// saturates there. Sums of floating point voxels are float64, added in the order of the axis. The median of
/// an even number of voxels is the mean of the middle two. A NaN along the line gives NaN, as in NumPy; a
/// result of zero is +0. Every CPU level and thread count gives the same bits. `threads` 0 stands for
/// num_threads().
///
/// Voxels equal to `padding` are absent and take no part; a line of nothing else gives the padding value.
///
/// Throws Error(shape_mismatch, unsupported_type, invalid_argument) before `out` is written.
void apply(const ArrayView &voxels, const ArrayView &out, int axis, Combine combine, int threads,
           std::optional<double> padding = std::nullopt);

} // namespace radpix::project
