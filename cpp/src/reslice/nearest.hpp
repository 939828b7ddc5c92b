// SPDX-License-Identifier: Apache-2.0
/// Nearest neighbour without a slab: voxels are copied, never converted, so that labels of any type stay
/// exact.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "reslice/kernels.hpp"
#include "reslice/span.hpp"
#include "reslice/store.hpp"

namespace radpix::reslice {

template <class T>
[[nodiscard]] T fill_of(double fill) noexcept {
    if constexpr (std::is_floating_point_v<T>) {
        return fill == fill ? static_cast<T>(fill) : std::numeric_limits<T>::quiet_NaN();
    } else {
        return rounded<T>(fill);
    }
}

/// The columns [first, last); `interior`: all of them lie in [0, n - 1) on every axis.
template <bool interior, class T>
void pick_range(const Source<T> &source, const Line &line, Index first, Index last, T fill, T *out,
                Index stride) noexcept {
    for (Index column = first; column < last; ++column) {
        const T *voxel = source.data;
        bool inside = true;
        for (std::size_t axis = 0; inside && axis < 3; ++axis) {
            const double position =
                (line.start[axis] + static_cast<double>(column) * line.step[axis]) + line.slab[axis][0];
            if constexpr (interior) {
                voxel += static_cast<Index>(position + 0.5) * source.strides[axis];
            } else {
                const Index n = source.shape[axis];
                inside = position >= -0.5 && position <= static_cast<double>(n) - 0.5;
                if (inside) {
                    voxel += std::min(static_cast<Index>(position + 0.5), n - 1) * source.strides[axis];
                }
            }
        }
        out[column * stride] = inside ? *voxel : fill;
    }
}

template <class T>
void pick_row(const Source<T> &source, const Line &line, Index columns, T *out, Index stride) noexcept {
    const Span span = span_of(line, source.shape, columns);
    const T fill = fill_of<T>(line.fill);
    // Without an interior all is border. The outer range holds the inner one.
    const Index first = span.inner_first < span.inner_last ? span.inner_first : span.outer_last;
    const Index last = span.inner_first < span.inner_last ? span.inner_last : span.outer_last;
    for (Index column = 0; column < span.outer_first; ++column) {
        out[column * stride] = fill;
    }
    for (Index column = span.outer_last; column < columns; ++column) {
        out[column * stride] = fill;
    }
    pick_range<false>(source, line, span.outer_first, first, fill, out, stride);
    pick_range<true>(source, line, first, last, fill, out, stride);
    pick_range<false>(source, line, last, span.outer_last, fill, out, stride);
}

} // namespace radpix::reslice
