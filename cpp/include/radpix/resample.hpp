// SPDX-License-Identifier: Apache-2.0
/// Axis-aligned resampling of volumes: one pass per axis, no volume in between.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "radpix/view.hpp"

namespace radpix {

/// Where the output samples of one axis lie on the input's axis: input index = offset + scale * output index,
/// in voxels, 0 the centre of the first one. The scale is positive; a flipped axis is a view with a negative
/// stride.
struct AxisMap {
    double scale = 1.0;
    double offset = 0.0;
};

namespace resample {

enum class Filter : std::uint8_t { nearest, linear, cubic, lanczos, bspline, label };

/// "nearest", "linear", "cubic", "lanczos", "bspline", "label"; throws Error(invalid_argument) for any other
/// name.
[[nodiscard]] Filter filter_named(std::string_view name);

struct Options {
    Filter filter = Filter::linear;
    /// Widen the filter by the scale on axes that are sampled more coarsely. Never applies to nearest and
    /// label.
    bool antialias = false;
    /// Value outside the volume, rounded half to even and saturated for integers.
    double fill = 0.0;
    /// Threads to use, 0: num_threads().
    int threads = 0;
    /// The value of voxels that are absent: outside of what was scanned.
    std::optional<double> padding = std::nullopt;
};

/// Resamples `voxels` (z, y, x) into `out` (z, y, x) of the same type: 8, 16 and 32-bit integers, float32 and
/// float64, any strides; the two must not share memory.
///
/// An output sample at input index p takes part of the volume where -0.5 <= p <= n - 0.5 on all axes, clamped
/// to the outermost voxel centres, and is `fill` elsewhere. Positions are kept to 2^-32 voxel and are
/// symmetric about the volume's centre to the last bit, so that flipping commutes with resampling exactly.
/// Nearest: ties go towards the centre of the axis; at the centre itself to the smaller voxel value, NaN
/// last. The passes run y, x, z; a pass computes w0 * x0 + w1 * x1, for wider filters the outermost pair
/// first and the middle last, with weights that are multiples of 2^-24 (float32 and integers of up to 16
/// bits) or 2^-32 and sum to 1. Arithmetic is float32 for 8 and 16-bit integers (filters of up to 32 taps),
/// else float64. Integers are rounded half to even and saturated. NaN and infinity reach every sample whose
/// window covers them.
///
/// Filters: linear, cubic (Catmull-Rom, 4 taps), lanczos (a = 3, 6 taps), bspline (the cardinal cubic spline,
/// which is prefilter and B-spline in one, 24 or 34 taps). Voxels beyond the edge repeat it; for bspline the
/// volume is mirrored at its outermost centres. Label: the label (8 to 32-bit integers) with the largest sum
/// of linear weights, themselves multiples of 2^-16; of equal sums the smallest label.
///
/// Absent voxels take no part in filtered samples. Where their weights in a window sum to more than 1/2 the
/// sample is the padding value, else the others' sum divided by the others' weight, in float64; where none
/// has a weight the sample is what it is without padding. Nearest and label take absent voxels like any
/// other.
///
/// Throws Error(shape_mismatch, unsupported_type, invalid_argument, size_overflow) before `out` is written.
void apply(const ArrayView &voxels, const ArrayView &out, const std::array<AxisMap, 3> &axes,
           const Options &options);

} // namespace resample
} // namespace radpix
