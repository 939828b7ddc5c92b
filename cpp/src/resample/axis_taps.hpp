// SPDX-License-Identifier: Apache-2.0
/// Windows of one axis: which input samples an output sample takes, and with which weights.
#pragma once

#include <cstdint>
#include <vector>

#include "radpix/resample.hpp"

namespace radpix::resample {

/// Outputs in [first, last) lie inside the volume. Output first + i is the sum over j < taps of
/// weights[i * taps + j] * input[start[i] + j]; every window lies inside the axis. With one tap the weight
/// is 1.
struct AxisTaps {
    Index first = 0;
    Index last = 0;
    Index taps = 1;
    /// Nearest only: the output, counted from `first`, that lies on the axis's centre between two voxels, so
    /// that start and start + 1 are equally near and neither is the mirror image of itself. -1: none.
    Index tie = -1;
    std::vector<std::int32_t> start;
    std::vector<double> weights;

    [[nodiscard]] Index count() const noexcept { return last - first; }
    /// Whether consecutive outputs are consecutive inputs, unchanged.
    [[nodiscard]] bool is_shift() const noexcept;
};

/// Windows for `output_size` samples on an axis of `input_size` voxels. Weights are multiples of
/// `weight_unit`, a power of two, and sum to 1 exactly: a constant volume stays constant.
///
/// Windows mirror each other: positions u and -u from the axis's centre have reversed windows to the last
/// bit. Ties of nearest go towards the centre; one at the centre itself is named by `tie`.
[[nodiscard]] AxisTaps make_taps(Index input_size, Index output_size, const AxisMap &map, Filter filter,
                                 bool antialias, double weight_unit);

} // namespace radpix::resample
