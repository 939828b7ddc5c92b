// SPDX-License-Identifier: Apache-2.0
/// Every operation that makes an index position from a column (multiply by a constant, add a constant) is
/// monotone after rounding too. So what holds at both ends of a range holds in between, and what lies outside
/// at one end of the row's part beyond a boundary lies outside up to the row's end. The boundaries are
/// estimated by division and then proved with the very arithmetic of the kernels.
#include "reslice/span.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace radpix::reslice {
namespace {

/// One axis of a line with the extreme offsets of its slab.
struct AxisLine {
    double start, step, slab_low, slab_high;

    [[nodiscard]] double centre(Index column) const noexcept {
        return start + static_cast<double>(column) * step;
    }
    [[nodiscard]] double low(Index column) const noexcept { return centre(column) + slab_low; }
    [[nodiscard]] double high(Index column) const noexcept { return centre(column) + slab_high; }
};

AxisLine axis_of(const Line &line, std::size_t axis) noexcept {
    const double first = line.slab[axis][0];
    const double last = line.slab[axis][line.samples - 1];
    return {line.start[axis], line.step[axis], std::min(first, last), std::max(first, last)};
}

/// `value` as a column within [0, columns]; what is no number becomes 0.
Index to_column(double value, Index columns) noexcept {
    if (!(value > 0)) {
        return 0;
    }
    return value < static_cast<double>(columns) ? static_cast<Index>(value) : columns;
}

bool all_interior(const std::array<AxisLine, 3> &axes, const Index (&shape)[3], Index column) noexcept {
    for (std::size_t axis = 0; axis < 3; ++axis) {
        const bool inside =
            axes[axis].low(column) >= 0 && axes[axis].high(column) < static_cast<double>(shape[axis] - 1);
        if (!inside) {
            return false;
        }
    }
    return true;
}

void find_inner(const std::array<AxisLine, 3> &axes, const Index (&shape)[3], Index columns,
                Span &span) noexcept {
    Index first = 0;
    Index last = columns;
    for (std::size_t axis = 0; axis < 3; ++axis) {
        const AxisLine &a = axes[axis];
        if (a.step == 0) {
            continue;
        }
        const double at_low = (-a.slab_low - a.start) / a.step;
        const double at_high = (static_cast<double>(shape[axis] - 1) - a.slab_high - a.start) / a.step;
        first = std::max(first, to_column(std::ceil(std::min(at_low, at_high)), columns));
        last = std::min(last, to_column(std::floor(std::max(at_low, at_high)) + 1, columns));
    }
    // Rounding moves the estimate by a column at most; more is left to the border kernel.
    for (int attempt = 0; attempt < 3 && first < last; ++attempt) {
        first += all_interior(axes, shape, first) ? 0 : 1;
        last -= first < last && !all_interior(axes, shape, last - 1) ? 1 : 0;
    }
    if (first < last && all_interior(axes, shape, first) && all_interior(axes, shape, last - 1)) {
        span.inner_first = first;
        span.inner_last = last;
    }
}

/// Narrows `span` by the columns that lie below or above the volume on one axis.
void narrow_outer(const AxisLine &a, Index extent, Index columns, Span &span) noexcept {
    const double limit = static_cast<double>(extent) - 0.5;
    const auto below = [&a](Index column) { return a.high(column) < -0.5; };
    const auto above = [&a, limit](Index column) { return a.low(column) > limit; };
    if (a.step == 0) {
        if (below(0) || above(0)) {
            span.outer_last = span.outer_first;
        }
        return;
    }
    const double at_low = (-0.5 - a.slab_high - a.start) / a.step;
    const double at_high = (limit - a.slab_low - a.start) / a.step;
    const Index first = to_column(std::floor(std::min(at_low, at_high)) - 1, columns);
    const Index last = to_column(std::ceil(std::max(at_low, at_high)) + 2, columns);
    const bool rising = a.step > 0;
    if (first > 0 && (rising ? below(first - 1) : above(first - 1))) {
        span.outer_first = std::max(span.outer_first, first);
    }
    if (last < columns && (rising ? above(last) : below(last))) {
        span.outer_last = std::min(span.outer_last, last);
    }
}

} // namespace

Span span_of(const Line &line, const Index (&shape)[3], Index columns) noexcept {
    if (shape[0] == 0 || shape[1] == 0 || shape[2] == 0) {
        return {};
    }
    const std::array<AxisLine, 3> axes{axis_of(line, 0), axis_of(line, 1), axis_of(line, 2)};
    Span span{0, columns, 0, 0};
    for (std::size_t axis = 0; axis < 3; ++axis) {
        narrow_outer(axes[axis], shape[axis], columns, span);
    }
    span.outer_last = std::max(span.outer_first, span.outer_last);
    find_inner(axes, shape, columns, span);
    return span;
}

} // namespace radpix::reslice
