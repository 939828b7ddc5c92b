// SPDX-License-Identifier: Apache-2.0
/// Nearest neighbour without a slab: voxels are copied, never converted, so that labels of any type stay
/// exact.
#pragma once

#include <algorithm>
#include <cstdint>
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

/// At most `pick_columns` columns from `first` on, of which any may be outside.
template <class T>
void pick_border(const Source<T> &source, const Line &line, Index first, Index last, T fill, T *out,
                 Index stride) noexcept {
    for (Index column = first; column < last; ++column) {
        const T *voxel = source.data;
        bool inside = true;
        for (std::size_t axis = 0; inside && axis < 3; ++axis) {
            const Index n = source.shape[axis];
            const double position =
                (line.start[axis] + static_cast<double>(column) * line.step[axis]) + line.slab[axis][0];
            inside = position >= -0.5 && position <= static_cast<double>(n) - 0.5;
            if (inside) {
                voxel += std::min(static_cast<Index>(position + 0.5), n - 1) * source.strides[axis];
            }
        }
        out[column * stride] = inside ? *voxel : fill;
    }
}

/// At most `pick_columns` columns from `first` on, all of them in [0, n - 1) on every axis; without a kernel,
/// in portable code.
template <class T>
void pick_interior(const Source<T> &source, const Line &line, PickKernel kernel, Index first, Index last,
                   T *out, Index stride) noexcept {
    if (kernel != nullptr) {
        Index offsets[pick_columns];
        kernel(source.strides, line, first, last - first, offsets);
        for (Index column = first; column < last; ++column) {
            out[column * stride] = source.data[offsets[column - first]];
        }
        return;
    }
    for (Index column = first; column < last; ++column) {
        const T *voxel = source.data;
        for (std::size_t axis = 0; axis < 3; ++axis) {
            const double position =
                (line.start[axis] + static_cast<double>(column) * line.step[axis]) + line.slab[axis][0];
            voxel += static_cast<Index>(position + 0.5) * source.strides[axis];
        }
        out[column * stride] = *voxel;
    }
}

/// At most `pick_columns` columns of a row from `column` on; `span` is that of the row.
template <class T>
void pick(const Source<T> &source, const Line &line, const Span &span, PickKernel kernel, Index column,
          Index end, T *out, Index stride) noexcept {
    const auto within = [&](Index c) { return std::clamp(c, column, end); };
    const T fill = fill_of<T>(line.fill);
    // The outer range holds the inner one, unless there is no inner one.
    const Index outer = within(span.outer_first), outer_end = std::max(outer, within(span.outer_last));
    const bool none = span.inner_first >= span.inner_last;
    const Index inner = none ? outer_end : std::clamp(span.inner_first, outer, outer_end);
    const Index inner_end = none ? outer_end : std::clamp(span.inner_last, inner, outer_end);
    for (Index c = column; c < outer; ++c) {
        out[c * stride] = fill;
    }
    pick_border(source, line, outer, inner, fill, out, stride);
    pick_interior(source, line, kernel, inner, inner_end, out, stride);
    pick_border(source, line, inner_end, outer_end, fill, out, stride);
    for (Index c = outer_end; c < end; ++c) {
        out[c * stride] = fill;
    }
}

} // namespace radpix::reslice
