// SPDX-License-Identifier: Apache-2.0
/// Walks a volume along one axis, in the order of the memory.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "project/kernels.hpp"
#include "radpix/parallel.hpp"

namespace radpix::project {

/// A volume as lines along the projected axis: voxel k of the line of output (row, column).
template <class T>
struct LinesView {
    const T *data;
    Index rows, columns, length;
    Index row_stride, column_stride, step;

    [[nodiscard]] const T *at(Index row, Index column, Index k) const noexcept {
        return data + row * row_stride + column * column_stride + k * step;
    }
};

/// Accumulators of one piece: they and the lines that feed them stay in the second-level cache.
inline constexpr Index fold_bytes = Index{32} << 10;

/// Calls finish(row, column, sums, n) for runs of n outputs of one row.
template <class T, class Sum, class Finish>
void reduce_rows(const LinesView<T> &lines, const Kernels<T, Sum> &kernels, int threads,
                 const Finish &finish) {
    parallel_for(0, lines.rows, 1, threads, [&](Index row, Index) {
        std::vector<Sum> sums(static_cast<std::size_t>(lines.columns));
        kernels.reduce(lines.at(row, 0, 0), lines.column_stride, lines.columns, lines.length, sums.data());
        finish(row, Index{0}, sums.data(), lines.columns);
    });
}

/// Calls body(row, column, n) for runs of n <= width neighbouring lines.
template <class T, class Body>
void for_each_run(const LinesView<T> &lines, Index width, int threads, const Body &body) {
    const Index pieces = (lines.columns + width - 1) / width;
    parallel_for(0, lines.rows * pieces, 1, threads, [&](Index piece, Index) {
        const Index column = piece % pieces * width;
        body(piece / pieces, column, std::min(width, lines.columns - column));
    });
}

/// Calls fold(sources, count) with the voxels of n lines side by side, fold_lines steps of the axis at a
/// time; those that do not lie so are copied.
template <class T, class Fold>
void for_each_fold(const LinesView<T> &lines, Index row, Index column, Index n, const Fold &fold) {
    std::vector<T> packed(lines.column_stride == 1 ? 0 : static_cast<std::size_t>(n * fold_lines));
    for (Index k = 0; k < lines.length; k += fold_lines) {
        const Index count = std::min(fold_lines, lines.length - k);
        const T *sources[fold_lines] = {};
        for (Index j = 0; j < count; ++j) {
            sources[j] = lines.at(row, column, k + j);
            if (lines.column_stride != 1) {
                T *copy = packed.data() + j * n;
                for (Index i = 0; i < n; ++i) {
                    copy[i] = sources[j][i * lines.column_stride];
                }
                sources[j] = copy;
            }
        }
        fold(sources, count);
    }
}

/// Lines whose accumulators make a piece.
template <class T, class Sum>
[[nodiscard]] Index fold_width(const LinesView<T> &lines) noexcept {
    return std::min(fold_bytes / static_cast<Index>(sizeof(Sum)), lines.columns);
}

/// As reduce_rows, for lines whose neighbours lie side by side.
template <class T, class Sum, class Finish>
void fold_rows(const LinesView<T> &lines, const Kernels<T, Sum> &kernels, int threads, const Finish &finish) {
    for_each_run(lines, fold_width<T, Sum>(lines), threads, [&](Index row, Index column, Index n) {
        std::vector<Sum> sums(static_cast<std::size_t>(n), kernels.start);
        for_each_fold(lines, row, column, n, [&](const T *const *sources, Index count) {
            kernels.fold(sources, count, n, sums.data());
        });
        finish(row, column, sums.data(), n);
    });
}

/// Whether the voxels of a line lie side by side, those of neighbouring lines do not.
template <class T>
[[nodiscard]] bool runs_along(const LinesView<T> &lines) noexcept {
    return lines.step == 1 && lines.column_stride != 1;
}

template <class T, class Sum, class Finish>
void combine_lines(const LinesView<T> &lines, const Kernels<T, Sum> &kernels, int threads,
                   const Finish &finish) {
    if (runs_along(lines)) {
        reduce_rows(lines, kernels, threads, finish);
    } else {
        fold_rows(lines, kernels, threads, finish);
    }
}

} // namespace radpix::project
