// SPDX-License-Identifier: Apache-2.0
/// Nearest neighbour: voxels are copied, whatever their type.
#pragma once

#include <array>

#include "resample/axis_taps.hpp"

namespace radpix::resample {

/// Copies for every output sample inside the volume the voxel that its windows of one tap name; of equally
/// near ones the smallest, so that flipping commutes with resampling. The arguments have been checked.
void run_nearest(const ArrayView &voxels, const ArrayView &out, const std::array<AxisTaps, 3> &axes,
                 int threads);

} // namespace radpix::resample
