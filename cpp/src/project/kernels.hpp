// SPDX-License-Identifier: Apache-2.0
/// What a CPU level provides for projections. T is the voxels' type, Sum that of the accumulators.
#pragma once

#include <cstdint>

#include "base/voxel_types.hpp"
#include "radpix/view.hpp"

namespace radpix::project {

/// Lines that `fold` takes at a time: accumulators are loaded and stored once for all of them.
inline constexpr Index fold_lines = 8;

template <class T, class Sum>
struct Kernels {
    /// sums[i] = the combination of sums[i] with lines[0][i], lines[1][i], ... in this order, for i < n and
    /// `count` <= fold_lines lines.
    void (*fold)(const T *const *lines, Index count, Index n, Sum *sums) noexcept;
    /// sums[r] = the combination of row r, n neighbouring voxels, for `rows` rows `row_stride` apart.
    void (*reduce)(const T *row, Index row_stride, Index rows, Index n, Sum *sums) noexcept;
    /// What an accumulator of `fold` starts with.
    Sum start;
};

/// The same without the absent voxels, those equal to `value`, with `is_nan` every NaN; sums of integers
/// still hold them, which the caller takes off: value times the number that is not present. Seen: T where it
/// is enough to know whether any voxel is present (0: none), int32 for their number.
template <class T, class Sum, class Seen>
struct PresentKernels {
    void (*fold)(const T *const *lines, Index count, Index n, T value, bool is_nan, Sum *sums,
                 Seen *seen) noexcept;
    void (*reduce)(const T *row, Index row_stride, Index rows, Index n, T value, bool is_nan, Sum *sums,
                   Seen *seen) noexcept;
    Sum start;
};

/// The number of present voxels.
using Counts = std::int32_t;

namespace scalar {
template <class T>
[[nodiscard]] Kernels<T, T> max_kernels() noexcept;
template <class T>
[[nodiscard]] Kernels<T, T> min_kernels() noexcept;
template <class T, class Sum>
[[nodiscard]] Kernels<T, Sum> sum_kernels() noexcept;
template <class T>
[[nodiscard]] PresentKernels<T, T, T> present_max_kernels() noexcept;
template <class T>
[[nodiscard]] PresentKernels<T, T, T> present_min_kernels() noexcept;
template <class T, class Sum>
[[nodiscard]] PresentKernels<T, Sum, Counts> present_sum_kernels() noexcept;
} // namespace scalar

namespace avx2 {
template <class T>
[[nodiscard]] Kernels<T, T> max_kernels() noexcept;
template <class T>
[[nodiscard]] Kernels<T, T> min_kernels() noexcept;
template <class T, class Sum>
[[nodiscard]] Kernels<T, Sum> sum_kernels() noexcept;
template <class T>
[[nodiscard]] PresentKernels<T, T, T> present_max_kernels() noexcept;
template <class T>
[[nodiscard]] PresentKernels<T, T, T> present_min_kernels() noexcept;
template <class T, class Sum>
[[nodiscard]] PresentKernels<T, Sum, Counts> present_sum_kernels() noexcept;
} // namespace avx2

/// f(T, Sum) for every pair of voxel type and accumulator of sums.
#define RADPIX_PROJECT_SUMS(f)                                                                               \
    f(std::int8_t, std::int32_t) f(std::uint8_t, std::int32_t) f(std::int16_t, std::int32_t)                 \
        f(std::uint16_t, std::int32_t) f(std::int8_t, std::int64_t) f(std::uint8_t, std::int64_t)            \
            f(std::int16_t, std::int64_t) f(std::uint16_t, std::int64_t) f(std::int32_t, std::int64_t)       \
                f(std::uint32_t, std::int64_t) f(float, double) f(double, double)

} // namespace radpix::project
