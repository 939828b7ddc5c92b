// SPDX-License-Identifier: Apache-2.0
/// Windows of voxels around one point.
#pragma once

#include <algorithm>
#include <array>

#include "base/absent.hpp"
#include "transform/kernels.hpp"

namespace radpix::transform {

/// Offsets in elements, by axis.
template <std::size_t taps>
using Places = std::array<std::array<Index, taps>, 3>;

/// The voxel below a position, which is clamped to the voxel centres, and the way from it to the next one.
struct Lower {
    Index floor;
    double t;
};

[[nodiscard]] inline Lower lower_of(double position, Index n) noexcept {
    const double index = std::clamp(position, 0.0, static_cast<double>(n - 1));
    const Index floor = std::min(static_cast<Index>(index), std::max(n - 2, Index{0}));
    return {floor, index - static_cast<double>(floor)};
}

/// `value`, the sample with all voxels, or in float64 that of those present if an absent one has a weight;
/// `gone` where more than half of the weight is absent.
template <class T, std::size_t taps>
[[nodiscard]] Work<T> present_sum(const Source<T> &source, const double (&weights)[3][taps],
                                  const Places<taps> &at, Absent<T> absent, Work<T> gone,
                                  Work<T> value) noexcept {
    double sum = 0.0;
    double missing = 0.0;
    bool touched = false;
    for (std::size_t z = 0; z < taps; ++z) {
        for (std::size_t y = 0; y < taps; ++y) {
            for (std::size_t x = 0; x < taps; ++x) {
                const T voxel = source.data[at[0][z] + at[1][y] + at[2][x]];
                const double weight = weights[0][z] * weights[1][y] * weights[2][x];
                const bool is_gone = absent(voxel);
                touched = touched || (is_gone && (weight != 0.0 || voxel != voxel));
                missing += is_gone ? weight : 0.0;
                sum += is_gone ? 0.0 : weight * static_cast<double>(voxel);
            }
        }
    }
    if (!touched) {
        return value;
    }
    return missing > 0.5 ? gone : static_cast<Work<T>>(sum / (1.0 - missing));
}

} // namespace radpix::transform
