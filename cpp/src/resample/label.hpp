// SPDX-License-Identifier: Apache-2.0
/// Interpolation of label maps: a vote of the neighbours, never a mixture of their numbers.
#pragma once

#include <array>

#include "resample/axis_taps.hpp"

namespace radpix::resample {

/// The unit of label weights: products of three axes' weights, and any sums of these, are exact in float64,
/// so that ties are ties whatever the order of summation.
inline constexpr double label_weight_unit = 0x1p-16;

/// Writes for every output sample inside the volume the label with the largest sum of linear weights, the
/// smallest of several. Integers of up to 32 bits; the arguments have been checked.
void run_label(const ArrayView &voxels, const ArrayView &out, const std::array<AxisTaps, 3> &axes,
               int threads);

} // namespace radpix::resample
