// SPDX-License-Identifier: Apache-2.0
/// One sample after the other, for every type and any strides: what the portable kernels share.
#pragma once

#include <algorithm>
#include <array>
#include <limits>

#include "reslice/kernels.hpp"

namespace radpix::reslice {

template <class T>
bool is_inside(const Source<T> &source, const Vector &position) noexcept {
    bool inside = true;
    for (std::size_t axis = 0; axis < 3; ++axis) { // a NaN is not inside
        inside = inside && position[axis] >= -0.5 &&
                 position[axis] <= static_cast<double>(source.shape[axis]) - 0.5;
    }
    return inside;
}

template <class T>
Work<T> lerp(Work<T> a, Work<T> b, Work<T> t) noexcept {
    // a + (b - a) is b for the integers of up to 32 bits, but not for these.
    if constexpr (std::is_floating_point_v<T> || sizeof(T) == 8) {
        if (t == 0) {
            return a;
        }
        if (t == 1) {
            return b;
        }
    }
    return a + t * (b - a);
}

/// The eight voxels around a position clamped to the outermost centres.
template <class T>
struct Cell {
    const T *base;            ///< the lower one on every axis
    std::array<Index, 3> up;  ///< from there to the upper one; 0 on an axis of one voxel
    std::array<Work<T>, 3> t; ///< the way to the upper one, 0 to 1
};

template <class T>
Cell<T> cell_around(const Source<T> &source, const Vector &position) noexcept {
    Cell<T> cell;
    cell.base = source.data;
    for (std::size_t axis = 0; axis < 3; ++axis) {
        const Index n = source.shape[axis];
        const double index = std::clamp(position[axis], 0.0, static_cast<double>(n - 1));
        const Index floor = std::min(static_cast<Index>(index), std::max(n - 2, Index{0}));
        cell.t[axis] = static_cast<Work<T>>(index - static_cast<double>(floor));
        cell.up[axis] = n > 1 ? source.strides[axis] : 0;
        cell.base += floor * source.strides[axis];
    }
    return cell;
}

template <class T>
Work<T> interpolated(const Cell<T> &cell) noexcept {
    using W = Work<T>;
    const auto along_x = [&cell](const T *row) {
        return lerp<T>(static_cast<W>(row[0]), static_cast<W>(row[cell.up[2]]), cell.t[2]);
    };
    const auto along_y = [&](const T *slice) {
        return lerp<T>(along_x(slice), along_x(slice + cell.up[1]), cell.t[1]);
    };
    return lerp<T>(along_y(cell.base), along_y(cell.base + cell.up[0]), cell.t[0]);
}

template <class T>
const T *nearest_voxel(const Source<T> &source, const Vector &position) noexcept {
    const T *voxel = source.data;
    for (std::size_t axis = 0; axis < 3; ++axis) {
        const auto index = static_cast<Index>(position[axis] + 0.5); // not negative: the cast is a floor
        voxel += std::min(index, source.shape[axis] - 1) * source.strides[axis];
    }
    return voxel;
}

/// Adds in the order of the samples. Starting from -0 keeps the sign of a zero.
template <class W>
struct Sum {
    W value = W(-0.0);
    void add(W sample) noexcept { value += sample; }
    [[nodiscard]] W result() const noexcept { return value; }
};

/// The extreme of the samples by `wins(sample, value)`; a NaN stays.
template <class W, bool largest>
struct Extreme {
    W value = largest ? -std::numeric_limits<W>::infinity() : std::numeric_limits<W>::infinity();
    bool nan = false;
    void add(W sample) noexcept {
        nan = nan || sample != sample;
        value = (largest ? sample > value : sample < value) ? sample : value;
    }
    [[nodiscard]] W result() const noexcept { return nan ? std::numeric_limits<W>::quiet_NaN() : value; }
};

template <class W>
W with_one_nan(W value) noexcept {
    return value == value ? value
                          : std::numeric_limits<W>::quiet_NaN(); // the bits of a NaN are the CPU's choice
}

/// What a pixel's samples were.
struct Found {
    Index count = 0;     ///< that have a value
    bool inside = false; ///< whether any lies in the volume
};

/// Calls `add` with every sample of a pixel that is inside and has a value. A Method is made from the line;
/// `sample(source, position, value)` writes the value and returns whether there is one.
template <class Method, class T, class Add>
Found for_each_sample(const Source<T> &source, const Line &line, Index column, Add add) noexcept {
    const Method method(line);
    Vector centre;
    for (std::size_t axis = 0; axis < 3; ++axis) {
        centre[axis] = line.start[axis] + static_cast<double>(column) * line.step[axis];
    }
    Found found;
    for (Index k = 0; k < line.samples; ++k) {
        const Vector position{centre[0] + line.slab[0][k], centre[1] + line.slab[1][k],
                              centre[2] + line.slab[2][k]};
        if (is_inside(source, position)) {
            found.inside = true;
            Work<T> value;
            if (method.sample(source, position, value)) {
                add(value);
                ++found.count;
            }
        }
    }
    return found;
}

/// The value of a pixel without one.
inline double value_of_none(const Line &line, const Found &found) noexcept {
    return found.inside ? line.absent_fill : line.fill;
}

template <class Method, class Accumulator, class T>
void combine_row(const Source<T> &source, const Line &line, Index column, Index groups,
                 Work<T> *values) noexcept {
    using W = Work<T>;
    const bool is_mean = line.combine == Combine::mean;
    for (Index i = 0; i < groups * group; ++i) {
        Accumulator total;
        const Found found =
            for_each_sample<Method>(source, line, column + i, [&total](W sample) { total.add(sample); });
        const W divisor = is_mean ? static_cast<W>(found.count) : W{1};
        values[i] = with_one_nan(found.count == 0 ? static_cast<W>(value_of_none(line, found))
                                                  : total.result() / divisor);
    }
}

/// The median of [first, last): NaN if there is one. `+ 0` because the order of -0 and 0 is nobody's.
template <class W>
W median_of(W *first, W *last) noexcept {
    if (std::any_of(first, last, [](W value) { return value != value; })) {
        return std::numeric_limits<W>::quiet_NaN();
    }
    const Index count = last - first;
    W *const middle = first + count / 2;
    std::nth_element(first, middle, last);
    if (count % 2 != 0) {
        return *middle + W{0};
    }
    const W below = *std::max_element(first, middle);
    return (below + *middle) * W(0.5) + W{0};
}

template <class Method, class T>
void median_row(const Source<T> &source, const Line &line, Index column, Index groups,
                Work<T> *values) noexcept {
    using W = Work<T>;
    W *const samples = static_cast<W *>(line.scratch);
    for (Index i = 0; i < groups * group; ++i) {
        W *last = samples;
        const Found found =
            for_each_sample<Method>(source, line, column + i, [&last](W sample) { *last++ = sample; });
        values[i] = with_one_nan(found.count == 0 ? static_cast<W>(value_of_none(line, found))
                                                  : median_of(samples, last));
    }
}

template <class Method, class T>
void sample_row(const Source<T> &source, const Line &line, Index column, Index groups,
                Work<T> *values) noexcept {
    using W = Work<T>;
    switch (line.combine) {
    case Combine::mean:
    case Combine::sum:
        return combine_row<Method, Sum<W>>(source, line, column, groups, values);
    case Combine::max:
        return combine_row<Method, Extreme<W, true>>(source, line, column, groups, values);
    case Combine::min:
        return combine_row<Method, Extreme<W, false>>(source, line, column, groups, values);
    case Combine::median:
        return median_row<Method>(source, line, column, groups, values);
    }
}

} // namespace radpix::reslice
