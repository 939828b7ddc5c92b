// SPDX-License-Identifier: Apache-2.0
/// What a CPU level provides for resampling: the three passes over one row. T is the voxels' type, A the type
/// of the arithmetic.
#pragma once

#include <cstdint>

#include "radpix/view.hpp"

namespace radpix::resample {

/// Outputs of a row come in groups of this many; rows of scratch are padded to whole groups.
inline constexpr Index group_size = 8;

/// Rows that the x pass of wide windows takes together.
inline constexpr Index row_group = 8;

/// Elements that may be read behind the last sample of a row that the column pass reads.
inline constexpr Index row_padding = 2 * group_size;

/// The x pass, as the kernels want it: by groups of outputs, weights by tap.
template <class A>
struct ColumnPlan {
    Index groups = 0;
    Index taps = 1;
    const std::int32_t *start = nullptr; ///< first input column of each output, group_size * groups of them
    const A *weights = nullptr;          ///< [tap][output]
};

template <class T, class A>
struct RowKernels {
    /// y pass: out[i] = sum over j of weights[j] * rows[j][i], for n columns.
    void (*blend_in)(const T *const *rows, const A *weights, Index taps, Index n, A *out) noexcept;
    /// x pass for whole groups; `row` begins at input column `column`, `out` at output group_size * group.
    void (*columns)(const A *row, std::int32_t column, const ColumnPlan<A> &plan, Index group, Index groups,
                    A *out) noexcept;
    /// The same of up to row_group rows, `row_stride` and `out_stride` apart, with a rest of any value behind
    /// the last; for wide windows. `turned` has room for row_group rows. Null where row by row is as fast.
    void (*columns_of_rows)(const A *rows, Index row_stride, Index count, std::int32_t column,
                            const ColumnPlan<A> &plan, Index group, Index groups, A *out, Index out_stride,
                            A *turned) noexcept;
    /// z pass, rounded and saturated to T.
    void (*blend_out)(const A *const *rows, const A *weights, Index taps, Index n, T *out) noexcept;
};

/// Nearest neighbour: out[i] = row[index[i]], for elements of one size, U of 1, 2, 4 or 8 bytes.
template <class U>
using PickColumns = void (*)(const U *row, const std::int32_t *index, Index n, U *out) noexcept;

/// Neighbours along x that are marked together.
inline constexpr Index absent_block = 8;

/// `AbsentKernels::mark`, whatever the arithmetic.
template <class T>
using MarkAbsent = void (*)(const T *row, Index n, T value, bool is_nan, std::uint64_t *any,
                            std::uint64_t *all) noexcept;

/// Absent is what equals `value`; with `is_nan` every NaN.
template <class T, class A>
struct AbsentKernels {
    /// Sets bit b of `any` if the row has absent voxels, and of `all` if it has no others, among the columns
    /// from absent_block * b on; n columns.
    MarkAbsent<T> mark;
    /// values[x] = the voxel, or 0 where it is absent, and missing[x] = 0, or 1 there, for n columns.
    void (*split)(const T *row, Index n, T value, bool is_nan, A *values, A *missing) noexcept;
    /// Where absent voxels have a weight, or out[x] is NaN: out[x] = `value` if `missing` of the weights is
    /// more than 1/2, else the mean of the others. `touched` tells where weights are that sum to 0, null:
    /// nowhere.
    void (*merge)(const A *values, const A *missing, const std::uint8_t *touched, Index n, T value,
                  T *out) noexcept;
};

namespace scalar {
template <class T, class A>
[[nodiscard]] const RowKernels<T, A> &row_kernels() noexcept;
template <class U>
[[nodiscard]] PickColumns<U> pick_columns() noexcept;
template <class T, class A>
[[nodiscard]] AbsentKernels<T, A> absent_kernels() noexcept;
} // namespace scalar

namespace avx2 {
template <class T, class A>
[[nodiscard]] const RowKernels<T, A> &row_kernels() noexcept;
template <class U>
[[nodiscard]] PickColumns<U> pick_columns() noexcept;
template <class T, class A>
[[nodiscard]] AbsentKernels<T, A> absent_kernels() noexcept;
} // namespace avx2

/// Every pair of voxel and arithmetic type: RADPIX_RESAMPLE_TYPES(f) expands f(T, A) for each; the last one
/// is for sums of the present voxels and their weights.
#define RADPIX_RESAMPLE_TYPES(f)                                                                             \
    f(std::int8_t, float) f(std::uint8_t, float) f(std::int16_t, float) f(std::uint16_t, float)              \
        f(std::int8_t, double) f(std::uint8_t, double) f(std::int16_t, double) f(std::uint16_t, double)      \
            f(std::int32_t, double) f(std::uint32_t, double) f(float, double) f(double, double)              \
                f(float, float)

} // namespace radpix::resample
