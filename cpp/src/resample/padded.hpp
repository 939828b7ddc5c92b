// SPDX-License-Identifier: Apache-2.0
/// Linear filters over the present voxels only.
#pragma once

#include <array>

#include "base/absent.hpp"
#include "resample/axis_taps.hpp"
#include "resample/kernels.hpp"

namespace radpix::resample {

/// What a CPU level provides for it.
template <class T, class A>
struct PaddedKernels {
    const RowKernels<A, A> &rows;
    AbsentKernels<T, A> absent;
};

/// Loops over all pieces of work that `exclude_absent` goes through.
inline constexpr int padded_stages = 2;

/// Corrects `out`, the linear result, wherever absent voxels have a weight: to the padding value where their
/// weights sum to more than 1/2, else to the mean of the present ones. Other samples keep their bits. A: the
/// type of the arithmetic that the result was computed in.
template <class T, class A>
void exclude_absent(const VolumeView<const T> &voxels, const VolumeView<T> &out,
                    const std::array<AxisTaps, 3> &axes, Absent<T> absent, const PaddedKernels<T, A> &kernels,
                    int threads);

} // namespace radpix::resample
