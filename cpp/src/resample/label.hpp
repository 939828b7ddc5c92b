// SPDX-License-Identifier: Apache-2.0
/// Interpolation of label maps: a vote of the neighbours, never a mixture of their numbers.
#pragma once

#include <array>
#include <cstddef>

#include "resample/axis_taps.hpp"

namespace radpix::resample {

/// The unit of label weights: products of three axes' weights, and any sums of these, are exact in float64,
/// so that ties are ties whatever the order of summation.
inline constexpr double label_weight_unit = 0x1p-16;

/// The labels around one sample and the weight of each.
template <class T>
class Vote {
public:
    void add(T label, double weight) noexcept {
        std::size_t i = 0;
        while (i < count_ && labels_[i] != label) {
            ++i;
        }
        if (i == count_) {
            labels_[i] = label;
            weights_[i] = 0.0;
            ++count_;
        }
        weights_[i] += weight;
    }

    [[nodiscard]] T winner() const noexcept {
        std::size_t best = 0;
        for (std::size_t i = 1; i < count_; ++i) {
            const bool tie = weights_[i] == weights_[best];
            if (weights_[i] > weights_[best] || (tie && labels_[i] < labels_[best])) {
                best = i;
            }
        }
        return labels_[best];
    }

private:
    std::array<T, 8> labels_;
    std::array<double, 8> weights_;
    std::size_t count_ = 0;
};

/// Writes for every output sample inside the volume the label with the largest sum of linear weights, the
/// smallest of several. Integers of up to 32 bits; the arguments have been checked.
void run_label(const ArrayView &voxels, const ArrayView &out, const std::array<AxisTaps, 3> &axes,
               int threads);

} // namespace radpix::resample
