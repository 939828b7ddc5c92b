// SPDX-License-Identifier: Apache-2.0
#include "resample/axis_taps.hpp"

#include <algorithm>
#include <cmath>

#include "resample/filters.hpp"

namespace radpix::resample {
namespace {

constexpr double position_unit = 0x1p-32;

double rounded_to(double value, double unit) noexcept {
    return std::nearbyint(value / unit) * unit;
}

struct Axis {
    double size;
    Index input_size;
    Filter filter;
    bool widened;   ///< by anti-aliasing
    double stretch; ///< voxels per unit of the filter
    double support; ///< half the filter's width in voxels
    Index taps;     ///< of the window before it is cut to the axis
    double weight_unit;
};

Axis make_axis(Index input_size, double scale, Filter filter, bool antialias, double weight_unit) {
    const auto size = static_cast<double>(input_size);
    Axis axis{size, input_size, filter, false, 1.0, 0.5, 1, weight_unit};
    if (filter == Filter::nearest) {
        return axis;
    }
    axis.widened = antialias && scale > 1.0 && filter != Filter::label;
    axis.stretch = axis.widened ? std::min(scale, size) : 1.0;
    axis.support = radius_of(filter, axis.widened, weight_unit) * axis.stretch;
    axis.taps = static_cast<Index>(std::ceil(2.0 * axis.support));
    if (axis.widened) {
        // A window around the axis's centre has to be its own mirror image, so that pairs of taps stay pairs.
        axis.taps += (axis.taps - input_size) & 1;
    }
    return axis;
}

/// Weights of the filter at `position`, for input samples start + j that may lie outside.
void filter_weights(const Axis &axis, double position, Index start, bool centred,
                    std::vector<double> &weights) {
    double sum = 0.0;
    for (Index j = 0; j < axis.taps; ++j) {
        const double distance = std::abs(static_cast<double>(start + j) - position);
        weights[static_cast<std::size_t>(j)] =
            distance < axis.support ? filter_at(axis.filter, distance / axis.stretch) : 0.0;
        sum += weights[static_cast<std::size_t>(j)];
    }
    double total = 0.0;
    for (double &weight : weights) {
        weight = rounded_to(weight / sum, axis.weight_unit);
        total += weight;
    }
    // What rounding left over goes to the nearest sample; to both where the axis's centre lies between two.
    const double nearest = std::ceil(position - 0.5);
    const auto at = static_cast<std::size_t>(static_cast<Index>(nearest) - start);
    if (centred && nearest != position) {
        weights[at] += 0.5 * (1.0 - total);
        weights[at + 1] += 0.5 * (1.0 - total);
    } else {
        weights[at] += 1.0 - total;
    }
}

/// The sample that stands for `index` beyond an edge: the edge repeats; splines are mirrored at its centre.
Index inside_of(const Axis &axis, Index index) {
    const Index last = axis.input_size - 1;
    if (axis.filter != Filter::bspline) {
        return std::clamp(index, Index{0}, last);
    }
    const Index period = 2 * last; // not 0: an axis of one voxel has one tap
    const Index folded = (index % period + period) % period;
    return folded <= last ? folded : period - folded;
}

/// The window of a position in the upper half of the axis, u >= 0 voxels from its centre.
Index upper_window(const Axis &axis, double u, std::vector<double> &scratch, double *weights) {
    const Index n = axis.input_size;
    const Index taps = std::min(axis.taps, n);
    const double unclamped = u + (axis.size - 1.0) * 0.5;
    if (taps == 1) {
        weights[0] = 1.0;
        return std::min(static_cast<Index>(std::ceil(unclamped - 0.5)), n - 1);
    }
    // A triangle's window may lie about a point beyond the outermost centre: widened by next to nothing it
    // gives the edge as well. Others would overshoot.
    const bool clamps = !axis.widened || axis.filter != Filter::linear;
    const double position = clamps ? std::min(unclamped, axis.size - 1.0) : unclamped;
    if (!axis.widened && is_two_taps(axis.filter)) {
        const Index start = std::min(static_cast<Index>(std::floor(position)), n - 2);
        weights[1] = rounded_to(position - static_cast<double>(start), axis.weight_unit);
        weights[0] = 1.0 - weights[1];
        return start;
    }
    const bool centred = u == 0.0;
    const Index wide_start = centred && axis.widened
                                 ? (n - axis.taps) / 2
                                 : static_cast<Index>(std::floor(position - axis.support)) + 1;
    filter_weights(axis, position, wide_start, centred, scratch);
    const Index start = std::clamp(wide_start, Index{0}, n - taps);
    std::fill(weights, weights + taps, 0.0);
    for (Index j = 0; j < axis.taps; ++j) {
        weights[inside_of(axis, wide_start + j) - start] += scratch[static_cast<std::size_t>(j)];
    }
    return start;
}

/// One tap instead of several where every window holds a single sample: a copy, also of NaN and infinity.
void collapse_copies(AxisTaps &axis) {
    std::vector<std::int32_t> only(axis.start.size());
    for (std::size_t i = 0; i < only.size(); ++i) {
        const auto window = axis.weights.begin() + static_cast<std::ptrdiff_t>(i) * axis.taps;
        const auto one = std::find(window, window + axis.taps, 1.0);
        const bool others = std::count(window, window + axis.taps, 0.0) != axis.taps - 1;
        if (one == window + axis.taps || others) {
            return;
        }
        only[i] = axis.start[i] + static_cast<std::int32_t>(one - window);
    }
    axis.taps = 1;
    axis.start = std::move(only);
    axis.weights.assign(axis.start.size(), 1.0);
}

} // namespace

bool AxisTaps::is_shift() const noexcept {
    const auto step = std::adjacent_find(start.begin(), start.end(),
                                         [](std::int32_t a, std::int32_t b) { return b != a + 1; });
    return taps == 1 && step == start.end();
}

AxisTaps make_taps(Index input_size, Index output_size, const AxisMap &map, Filter filter, bool antialias,
                   double weight_unit) {
    const Axis axis = make_axis(input_size, map.scale, filter, antialias, weight_unit);
    AxisTaps result;
    result.taps = std::min(axis.taps, input_size);
    // Positions count from the centres of both axes and are rounded there, so that a grid that is centred but
    // for rounding errors is centred exactly.
    const double out_center = static_cast<double>(output_size - 1) * 0.5;
    const double in_center = (axis.size - 1.0) * 0.5;
    const double shift = rounded_to(map.offset + map.scale * out_center - in_center, position_unit);
    const auto distance = [&](Index o) {
        return rounded_to(map.scale * (static_cast<double>(o) - out_center), position_unit) + shift;
    };
    const auto is_inside = [&](double u) { return std::abs(u) <= axis.size * 0.5; }; // false for NaN
    while (result.first < output_size && !is_inside(distance(result.first))) {
        ++result.first;
    }
    result.last = result.first;
    std::vector<double> window(static_cast<std::size_t>(result.taps));
    std::vector<double> scratch(static_cast<std::size_t>(axis.taps));
    for (; result.last < output_size && is_inside(distance(result.last)); ++result.last) {
        const double u = distance(result.last);
        Index start = upper_window(axis, std::abs(u), scratch, window.data());
        if (u < 0.0) {
            start = input_size - result.taps - start;
            std::reverse(window.begin(), window.end());
        } else if (filter == Filter::nearest && u == 0.0 && input_size % 2 == 0) {
            result.tie = result.last - result.first;
        }
        result.start.push_back(static_cast<std::int32_t>(start));
        result.weights.insert(result.weights.end(), window.begin(), window.end());
    }
    if (filter != Filter::nearest && result.taps > 1) {
        collapse_copies(result);
    }
    return result;
}

} // namespace radpix::resample
