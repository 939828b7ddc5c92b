// SPDX-License-Identifier: Apache-2.0
/// Whether a window gives a weight, of either sign, to a flagged voxel.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "resample/absent_map.hpp"
#include "resample/kernels.hpp"

namespace radpix::resample {

/// The weights of one window.
struct Window {
    const double *weights;
    Index taps;
};

/// y pass: out[x] = 1 where any of the rows that have a weight is flagged, for n columns.
inline void touch_rows(const std::uint8_t *rows, Index stride, const Window &window, Index n,
                       std::uint8_t *out) noexcept {
    std::fill(out, out + n, std::uint8_t{0});
    for (Index j = 0; j < window.taps; ++j) {
        if (window.weights[j] != 0.0) {
            const std::uint8_t *row = rows + j * stride;
            for (Index x = 0; x < n; ++x) {
                out[x] = out[x] | row[x];
            }
        }
    }
}

/// x pass.
class TouchedColumns {
public:
    explicit TouchedColumns(const ColumnPlan<double> &plan) : plan_(plan) {
        const Index stride = plan.groups * group_size;
        for (Index i = 0; i < stride; ++i) {
            Index first = plan.taps, last = 0, count = 0;
            for (Index j = 0; j < plan.taps; ++j) {
                if (plan.weights[j * stride + i] != 0.0) {
                    first = std::min(first, j);
                    last = j + 1;
                    ++count;
                }
            }
            // Zeros within, as of a stretched sinc, are rare: tap by tap.
            taps_.push_back({first, last, count == last - first});
        }
    }

    /// `row` begins at input column `columns.begin`, `out` at the first output of `run`.
    void blend(const std::uint8_t *row, Range columns, Range run, std::vector<std::int32_t> &counts,
               std::uint8_t *out) const {
        counts.resize(static_cast<std::size_t>(columns.count() + 1));
        std::int32_t total = 0;
        for (std::size_t x = 0; x + 1 < counts.size(); ++x) {
            counts[x] = total;
            total += row[x];
        }
        counts.back() = total;
        for (Index i = run.begin * group_size; i < run.end * group_size; ++i, ++out) {
            const Taps &taps = taps_[static_cast<std::size_t>(i)];
            const Index start = plan_.start[i] - columns.begin;
            const bool any = counts[static_cast<std::size_t>(start + taps.last)] >
                             counts[static_cast<std::size_t>(start + taps.first)];
            *out = any && (taps.is_solid || some_tap(row + start, i)) ? 1 : 0;
        }
    }

private:
    /// The first and last taps with a weight, and whether all between have one.
    struct Taps {
        Index first, last;
        bool is_solid;
    };

    [[nodiscard]] bool some_tap(const std::uint8_t *window, Index output) const noexcept {
        bool found = false;
        for (Index j = 0; j < plan_.taps; ++j) {
            found |= window[j] != 0 && plan_.weights[j * plan_.groups * group_size + output] != 0.0;
        }
        return found;
    }

    const ColumnPlan<double> &plan_;
    std::vector<Taps> taps_;
};

} // namespace radpix::resample
