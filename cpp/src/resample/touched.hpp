// SPDX-License-Identifier: Apache-2.0
/// Whether a window gives a weight, of either sign, to a flagged voxel.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "resample/absent_map.hpp"
#include "resample/kernels.hpp"

namespace radpix::resample {

/// y and z passes: out[x] = 1 where any of the rows that have a weight is flagged, for n columns.
inline void touch_rows(const std::vector<const std::uint8_t *> &rows, const double *weights, Index n,
                       std::uint8_t *__restrict out) noexcept {
    std::fill(out, out + n, std::uint8_t{0});
    for (std::size_t j = 0; j < rows.size(); ++j) {
        if (weights[j] != 0.0) {
            const std::uint8_t *__restrict row = rows[j];
            for (Index x = 0; x < n; ++x) {
                out[x] = out[x] | row[x];
            }
        }
    }
}

/// x pass.
template <class A>
class TouchedColumns {
public:
    explicit TouchedColumns(const ColumnPlan<A> &plan) : plan_(plan) {
        const Index stride = plan.groups * group_size;
        for (Index i = 0; i < stride; ++i) {
            Index first = plan.taps, last = 0, count = 0;
            for (Index j = 0; j < plan.taps; ++j) {
                if (plan.weights[j * stride + i] != A(0)) {
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
        std::int32_t *const before = counts.data();
        std::int32_t total = 0;
        for (Index x = 0; x < columns.count(); ++x) {
            before[x] = total;
            total += row[x];
        }
        before[columns.count()] = total;
        const Index first = run.begin * group_size;
        const Index last = run.end * group_size;
        const Taps *const taps = taps_.data();
        const std::int32_t *const starts = plan_.start;
        for (Index i = first; i < last; ++i) {
            const std::int32_t *const window = before + (starts[i] - columns.begin);
            const bool any = window[taps[i].last] > window[taps[i].first];
            out[i - first] =
                any && (taps[i].is_solid || some_tap(row + (starts[i] - columns.begin), i)) ? 1 : 0;
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
            found |= window[j] != 0 && plan_.weights[j * plan_.groups * group_size + output] != A(0);
        }
        return found;
    }

    const ColumnPlan<A> &plan_;
    std::vector<Taps> taps_;
};

} // namespace radpix::resample
