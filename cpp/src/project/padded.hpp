// SPDX-License-Identifier: Apache-2.0
/// Projections of the voxels that are present.
#pragma once

#include <algorithm>
#include <array>
#include <limits>
#include <type_traits>
#include <vector>

#include "base/absent.hpp"
#include "project/lines.hpp"
#include "project/median.hpp"
#include "project/values.hpp"
#include "radpix/parallel.hpp"
#include "radpix/project.hpp"

namespace radpix::project {

/// Lines that are combined side by side: their accumulators and a cache line of each stay in the first-level
/// cache.
inline constexpr Index lines_together = 128;

/// Calls body(row, column, n) for every run of n <= lines_together neighbouring lines.
template <class T, class Body>
void for_each_run(const LinesView<T> &lines, int threads, const Body &body) {
    const Index runs = (lines.columns + lines_together - 1) / lines_together;
    parallel_for(0, lines.rows * runs, 8, threads, [&](Index first, Index last) {
        for (Index i = first; i < last; ++i) {
            const Index column = i % runs * lines_together;
            body(i / runs, column, std::min(lines_together, lines.columns - column));
        }
    });
}

template <class T, class U>
void sum_present(const LinesView<T> &lines, const PlaneView<U> &out, bool is_mean, Absent<T> absent,
                 int threads) {
    using Sum = std::conditional_t<std::is_floating_point_v<T>, double, std::int64_t>;
    for_each_run(lines, threads, [&](Index row, Index column, Index n) {
        std::array<Sum, lines_together> sums{};
        std::array<Index, lines_together> counts{};
        for (Index k = 0; k < lines.length; ++k) {
            const T *voxels = lines.at(row, column, k);
            for (Index i = 0; i < n; ++i) {
                const T voxel = voxels[i * lines.column_stride];
                const bool gone = absent(voxel);
                sums[static_cast<std::size_t>(i)] += gone ? Sum(0) : static_cast<Sum>(voxel);
                counts[static_cast<std::size_t>(i)] += gone ? 0 : 1;
            }
        }
        for (Index i = 0; i < n; ++i) {
            const Sum sum = sums[static_cast<std::size_t>(i)];
            const Index count = counts[static_cast<std::size_t>(i)];
            out(row, column + i) = count == 0 ? canonical<U>(absent.value)
                                   : is_mean  ? mean_of<U>(sum, count)
                                              : sum_of<U>(sum);
        }
    });
}

template <class T, class U>
void extreme_present(const LinesView<T> &lines, const PlaneView<U> &out, bool is_max, Absent<T> absent,
                     int threads) {
    for_each_run(lines, threads, [&](Index row, Index column, Index n) {
        std::array<T, lines_together> found{};
        std::array<bool, lines_together> any{};
        for (Index k = 0; k < lines.length; ++k) {
            const T *voxels = lines.at(row, column, k);
            for (Index i = 0; i < n; ++i) {
                const auto at = static_cast<std::size_t>(i);
                const T voxel = voxels[i * lines.column_stride];
                const bool wins = (is_max ? voxel > found[at] : voxel < found[at]) || voxel != voxel;
                if (!absent(voxel)) {
                    found[at] = wins || !any[at] ? voxel : found[at]; // a NaN stays
                    any[at] = true;
                }
            }
        }
        for (Index i = 0; i < n; ++i) {
            const auto at = static_cast<std::size_t>(i);
            out(row, column + i) = canonical<U>(any[at] ? found[at] : absent.value);
        }
    });
}

template <class T, class U>
void median_present(const LinesView<T> &lines, const PlaneView<U> &out, Absent<T> absent, int threads) {
    for_each_run(lines, threads, [&](Index row, Index column, Index n) {
        std::vector<T> present(static_cast<std::size_t>(lines.length));
        for (Index i = 0; i < n; ++i) {
            Index count = 0;
            for (Index k = 0; k < lines.length; ++k) {
                const T voxel = *lines.at(row, column + i, k);
                present[static_cast<std::size_t>(count)] = voxel;
                count += absent(voxel) ? 0 : 1;
            }
            out(row, column + i) =
                count == 0 ? canonical<U>(absent.value) : median_of<U>(present.data(), count);
        }
    });
}

template <class T, class U>
void project_present(const LinesView<T> &lines, const PlaneView<U> &out, Combine combine, Absent<T> absent,
                     int threads) {
    switch (combine) {
    case Combine::mean:
    case Combine::sum:
        return sum_present(lines, out, combine == Combine::mean, absent, threads);
    case Combine::max:
    case Combine::min:
        return extreme_present(lines, out, combine == Combine::max, absent, threads);
    case Combine::median:
        return median_present(lines, out, absent, threads);
    }
}

} // namespace radpix::project
