// SPDX-License-Identifier: Apache-2.0
/// Lanczos samples of six taps along each axis, point by point.
#pragma once

#include <algorithm>
#include <array>
#include <optional>

#include "base/absent.hpp"
#include "transform/kernels.hpp"
#include "transform/taps.hpp"

namespace radpix::transform {

inline constexpr std::size_t lanczos_steps = 1024;

using LanczosWeights = std::array<double, lanczos_taps>;

/// Weights that sum to 1, of the voxels at -2 to 3 from the lower neighbour, for fractions of k / 1024.
/// Between two of them weights are linear: off by less than 2e-6.
[[nodiscard]] const std::array<LanczosWeights, lanczos_steps + 1> &lanczos_table() noexcept;

template <class T>
class Lanczos {
public:
    /// `gone`: of absent samples; `sum`: of a CPU level, or null.
    Lanczos(const Source<T> &source, std::optional<Absent<T>> absent, Work<T> gone,
            LanczosSum<T> sum) noexcept
        : source_(source), absent_(absent), gone_(gone), sum_(sum), table_(lanczos_table()) {}

    [[nodiscard]] Work<T> sample(const std::array<double, 3> &position) const noexcept {
        Weights weights;
        Places<lanczos_taps> at;
        bool interior = sum_ != nullptr && source_.strides[2] == 1;
        for (std::size_t axis = 0; axis < 3; ++axis) {
            interior &= find_taps(position[axis], axis, weights[axis], at[axis]);
        }
        const Work<T> value = interior ? sum_(source_.data + at[0][0] + at[1][0] + at[2][0],
                                              source_.strides[0], source_.strides[1], weights)
                                       : sum_of(weights, at);
        return absent_ ? present_sum(source_, weights, at, *absent_, gone_, value) : value;
    }

private:
    using Weights = double[3][lanczos_taps];

    /// Returns whether all taps, and along x two voxels more, lie within the axis.
    bool find_taps(double position, std::size_t axis, double *weights,
                   std::array<Index, lanczos_taps> &at) const noexcept {
        const Index n = source_.shape[axis];
        const auto [floor, t] = lower_of(position, n);
        const double place = t * static_cast<double>(lanczos_steps);
        const std::size_t row = std::min(static_cast<std::size_t>(place), lanczos_steps - 1);
        const double share = place - static_cast<double>(row);
        for (std::size_t k = 0; k < lanczos_taps; ++k) {
            weights[k] = table_[row][k] + share * (table_[row + 1][k] - table_[row][k]);
            at[k] = std::clamp(floor + static_cast<Index>(k) - 2, Index{0}, n - 1) * source_.strides[axis];
        }
        return floor >= 2 && floor + (axis == 2 ? 5 : 3) < n;
    }

    [[nodiscard]] Work<T> sum_of(const Weights &weights, const Places<lanczos_taps> &at) const noexcept {
        using W = Work<T>;
        W columns[lanczos_taps]{};
        for (std::size_t z = 0; z < lanczos_taps; ++z) {
            W rows[lanczos_taps]{};
            for (std::size_t y = 0; y < lanczos_taps; ++y) {
                const T *row = source_.data + at[0][z] + at[1][y];
                const W weight = static_cast<W>(weights[1][y]);
                for (std::size_t x = 0; x < lanczos_taps; ++x) {
                    rows[x] += weight * static_cast<W>(row[at[2][x]]);
                }
            }
            const W weight = static_cast<W>(weights[0][z]);
            for (std::size_t x = 0; x < lanczos_taps; ++x) {
                columns[x] += weight * rows[x];
            }
        }
        W sum{};
        for (std::size_t x = 0; x < lanczos_taps; ++x) {
            sum += static_cast<W>(weights[2][x]) * columns[x];
        }
        return sum;
    }

    const Source<T> &source_;
    std::optional<Absent<T>> absent_;
    Work<T> gone_;
    LanczosSum<T> sum_;
    const std::array<LanczosWeights, lanczos_steps + 1> &table_;
};

} // namespace radpix::transform
