// SPDX-License-Identifier: Apache-2.0
/// Projections of the voxels that are present.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "base/absent.hpp"
#include "base/target_region.hpp"
#include "project/lines.hpp"
#include "project/median.hpp"
#include "project/values.hpp"
#include "radpix/cpu.hpp"
#include "radpix/parallel.hpp"
#include "radpix/project.hpp"

namespace radpix::project {

/// Up to this many 16-bit voxels have a 32-bit sum.
inline constexpr Index max_short_length = Index{1} << 15;

/// Calls finish(row, column, sums, seen, n) for runs of n outputs of one row.
template <class T, class Sum, class Seen, class Finish>
void combine_present(const LinesView<T> &lines, const PresentKernels<T, Sum, Seen> &kernels, Absent<T> absent,
                     int threads, const Finish &finish) {
    const bool along = runs_along(lines);
    const Index width = along ? lines.columns : fold_width<T, Sum>(lines);
    for_each_run(lines, width, threads, [&](Index row, Index column, Index n) {
        std::vector<Sum> sums(static_cast<std::size_t>(n), kernels.start);
        std::vector<Seen> seen(static_cast<std::size_t>(n), Seen(0));
        if (along) {
            kernels.reduce(lines.at(row, column, 0), lines.column_stride, n, lines.length, absent.value,
                           absent.is_nan, sums.data(), seen.data());
        } else {
            for_each_fold(lines, row, column, n, [&](const T *const *sources, Index count) {
                kernels.fold(sources, count, n, absent.value, absent.is_nan, sums.data(), seen.data());
            });
        }
        finish(row, column, sums.data(), seen.data(), n);
    });
}

/// From what the kernels add up. Integers: no more of `length` voxels are taken off than were added.
template <class Sum, class T>
[[nodiscard]] Sum sum_without(Sum sum, Counts seen, Index length, Absent<T> absent) noexcept {
    if constexpr (std::is_floating_point_v<T>) {
        return sum;
    } else {
        return sum - static_cast<Sum>(absent.value) * static_cast<Sum>(length - seen);
    }
}

template <class Sum, class T, class U>
void sum_present(const LinesView<T> &lines, const PlaneView<U> &out, bool is_mean, Absent<T> absent,
                 int threads) {
    PresentKernels<T, Sum, Counts> kernels = scalar::present_sum_kernels<T, Sum>();
#if RADPIX_HAS_AVX2_TARGET
    if (cpu_level() == CpuLevel::avx2) {
        kernels = avx2::present_sum_kernels<T, Sum>();
    }
#endif
    const U none = canonical<U>(absent.value);
    combine_present(lines, kernels, absent, threads,
                    [&](Index row, Index column, const Sum *sums, const Counts *seen, Index n) {
                        for (Index i = 0; i < n; ++i) {
                            const Sum sum = sum_without(sums[i], seen[i], lines.length, absent);
                            out(row, column + i) = seen[i] == 0 ? none
                                                   : is_mean    ? mean_of<U>(sum, Index{seen[i]})
                                                                : sum_of<U>(sum);
                        }
                    });
}

template <class T, class U>
void extreme_present(const LinesView<T> &lines, const PlaneView<U> &out, bool is_max, Absent<T> absent,
                     int threads) {
    PresentKernels<T, T, T> kernels =
        is_max ? scalar::present_max_kernels<T>() : scalar::present_min_kernels<T>();
#if RADPIX_HAS_AVX2_TARGET
    if (cpu_level() == CpuLevel::avx2) {
        kernels = is_max ? avx2::present_max_kernels<T>() : avx2::present_min_kernels<T>();
    }
#endif
    combine_present(lines, kernels, absent, threads,
                    [&](Index row, Index column, const T *found, const T *seen, Index n) {
                        for (Index i = 0; i < n; ++i) {
                            out(row, column + i) = canonical<U>(seen[i] == T(0) ? absent.value : found[i]);
                        }
                    });
}

template <class T, class U>
void median_present(const LinesView<T> &lines, const PlaneView<U> &out, Absent<T> absent, int threads) {
    // As many as have a cache line each in the first-level cache.
    for_each_run(lines, std::min(lines.columns, Index{128}), threads, [&](Index row, Index column, Index n) {
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
    const bool is_mean = combine == Combine::mean;
    if (combine == Combine::median) {
        median_present(lines, out, absent, threads);
    } else if (combine == Combine::max || combine == Combine::min) {
        extreme_present(lines, out, combine == Combine::max, absent, threads);
    } else if constexpr (std::is_floating_point_v<T>) {
        sum_present<double>(lines, out, is_mean, absent, threads);
    } else if constexpr (sizeof(T) == 4) {
        sum_present<std::int64_t>(lines, out, is_mean, absent, threads);
    } else if (lines.length <= max_short_length) {
        sum_present<std::int32_t>(lines, out, is_mean, absent, threads);
    } else {
        sum_present<std::int64_t>(lines, out, is_mean, absent, threads);
    }
}

} // namespace radpix::project
