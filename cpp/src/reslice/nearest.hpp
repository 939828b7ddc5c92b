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

template <class T>
void pick_row(const Source<T> &source, const Line &line, Index columns, T *out, Index stride) noexcept {
    const Span span = span_of(line, source.shape, columns);
    const T fill = fill_of<T>(line.fill);
    for (Index column = 0; column < columns; ++column) {
        const T *voxel = source.data;
        bool inside = column >= span.outer_first && column < span.outer_last;
        for (std::size_t axis = 0; inside && axis < 3; ++axis) {
            const double position =
                (line.start[axis] + static_cast<double>(column) * line.step[axis]) + line.slab[axis][0];
            const Index n = source.shape[axis];
            inside = position >= -0.5 && position <= static_cast<double>(n) - 0.5;
            if (inside) {
                voxel += std::min(static_cast<Index>(position + 0.5), n - 1) * source.strides[axis];
            }
        }
        out[column * stride] = inside ? *voxel : fill;
    }
}

} // namespace radpix::reslice
