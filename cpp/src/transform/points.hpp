// SPDX-License-Identifier: Apache-2.0
/// One point after the other: what needs no kernel per CPU level.
#pragma once

#include <algorithm>
#include <array>

#include "base/absent.hpp"
#include "resample/label.hpp"
#include "reslice/present.hpp"
#include "transform/kernels.hpp"
#include "transform/taps.hpp"

namespace radpix::transform {

[[nodiscard]] inline reslice::Vector position_of(const Block &block, Index i) noexcept {
    return {block.position[0][i], block.position[1][i], block.position[2][i]};
}

/// Calls `sample(position)` for the points inside.
template <class T, class Sample>
void for_each_inside(const Source<T> &source, const Block &block, Work<T> fill, Work<T> *values,
                     Sample sample) noexcept {
    for (Index i = 0; i < block.count; ++i) {
        const reslice::Vector position = position_of(block, i);
        values[i] = reslice::is_inside(source, position) ? sample(position) : fill;
    }
}

template <class T>
T voted(const Source<T> &source, const reslice::Vector &position) noexcept {
    const reslice::Cell<T> cell = reslice::cell_around(source, position);
    const auto corner_at = [&cell](int corner) {
        return cell.base[((corner & 1) != 0 ? cell.up[0] : 0) + ((corner & 2) != 0 ? cell.up[1] : 0) +
                         ((corner & 4) != 0 ? cell.up[2] : 0)];
    };
    bool alike = true; // most of a label map
    for (int corner = 1; corner < 8; ++corner) {
        alike = alike & (corner_at(corner) == *cell.base);
    }
    if (alike) {
        return *cell.base;
    }
    std::array<double, 3> upper;
    for (std::size_t axis = 0; axis < 3; ++axis) {
        constexpr double unit = resample::label_weight_unit;
        upper[axis] = std::nearbyint(static_cast<double>(cell.t[axis]) / unit) * unit;
    }
    resample::Vote<T> vote;
    for (int corner = 0; corner < 8; ++corner) {
        double weight = 1.0;
        for (std::size_t axis = 0; axis < 3; ++axis) {
            weight *= (corner >> axis & 1) != 0 ? upper[axis] : 1.0 - upper[axis];
        }
        vote.add(corner_at(corner), weight);
    }
    return vote.winner();
}

/// A cubic sample of which absent voxels may be part, in float64.
template <class T>
class PresentCubic {
public:
    /// `gone`: of samples of which more than half is absent.
    PresentCubic(const Source<T> &source, Absent<T> absent, Work<T> gone) noexcept
        : source_(source), absent_(absent), gone_(gone) {}

    /// Corrects `value`, the sample with all voxels, if an absent one has a weight.
    void correct(const reslice::Vector &position, Work<T> &value) const noexcept {
        double weights[3][4];
        Places<4> at;
        for (std::size_t axis = 0; axis < 3; ++axis) {
            find_taps(position[axis], axis, weights[axis], at[axis]);
        }
        value = present_sum(source_, weights, at, absent_, gone_, value);
    }

private:
    void find_taps(double position, std::size_t axis, double *weights,
                   std::array<Index, 4> &at) const noexcept {
        const Index n = source_.shape[axis];
        const auto [floor, t] = lower_of(position, n);
        weights[0] = ((-0.5 * t + 1.0) * t - 0.5) * t;
        weights[2] = ((-1.5 * t + 2.0) * t + 0.5) * t;
        weights[3] = (0.5 * t - 0.5) * t * t;
        weights[1] = ((1.0 - weights[2]) - weights[0]) - weights[3];
        for (std::size_t k = 0; k < 4; ++k) {
            at[k] = std::clamp(floor + static_cast<Index>(k) - 1, Index{0}, n - 1) * source_.strides[axis];
        }
    }

    const Source<T> &source_;
    Absent<T> absent_;
    Work<T> gone_;
};

} // namespace radpix::transform
