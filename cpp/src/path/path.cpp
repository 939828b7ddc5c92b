// SPDX-License-Identifier: Apache-2.0
/// Checks, and the loops: one pass over rows, each of which may need the one before.
#include "radpix/path.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <string>

#include "path/vector.hpp"
#include "radpix/error.hpp"

namespace radpix::path {
namespace {

// Below it, what is left of a direction beside the tangent is rounding only.
constexpr double least_length = 1e-6;

void check(const ArrayView &view, std::initializer_list<Index> shape, const char *name,
           DataType type = DataType::float64) {
    if (view.type != type) {
        throw_error(Errc::unsupported_type,
                    std::string(name) + (type == DataType::float64 ? " are float64" : " are int64"));
    }
    bool fits = view.rank == static_cast<int>(shape.size());
    Index stride = 1;
    for (std::size_t axis = shape.size(); fits && axis-- > 0; stride *= view.shape[axis]) {
        fits = view.shape[axis] == shape.begin()[axis] &&
               (view.shape[axis] <= 1 || view.strides[axis] == stride);
    }
    if (!fits) {
        throw_error(Errc::shape_mismatch, std::string(name) + " have another shape, or are not C-contiguous");
    }
}

Index check_segments(const ArrayView &segments) {
    const Index n = segments.rank == 3 ? segments.shape[0] : 0;
    if (n < 1) {
        throw_error(Errc::shape_mismatch, "segments have the shape (n, 4, 3), with n at least 1");
    }
    check(segments, {n, 4, 3}, "segments");
    return n;
}

template <class T>
T *elements(const ArrayView &view) noexcept {
    return static_cast<T *>(view.data);
}

struct Segment {
    Vector start, way, leaving, arriving;

    explicit Segment(const double *numbers) noexcept
        : start(loaded(numbers)), way(loaded(numbers + 3)), leaving(loaded(numbers + 6)),
          arriving(loaded(numbers + 9)) {}

    [[nodiscard]] Vector at(double t) const noexcept {
        const double u = 1.0 - t;
        return (start + t * way) + (t * u) * (u * leaving - t * arriving);
    }
    [[nodiscard]] Vector derivative(double t) const noexcept {
        const double from_start = (1.0 - t) * (1.0 - 3.0 * t);
        return (way + from_start * leaving) + (t * (3.0 * t - 2.0)) * arriving;
    }
};

/// The number of parameters.
Index checked_sum(const ArrayView &counts, Index n) {
    check(counts, {n}, "counts", DataType::int64);
    Index sum = 1;
    for (Index k = 0; k < n; ++k) {
        const Index count = elements<const Index>(counts)[k];
        if (count < 1 || count > std::numeric_limits<Index>::max() - sum) {
            throw_error(Errc::invalid_argument, "a segment has 1 chord or more");
        }
        sum += count;
    }
    return sum;
}

/// `across` made perpendicular to `tangent` and of length 1; false where nothing is left of it.
bool straighten(Vector &across, const Vector &tangent) noexcept {
    across = across - dot(across, tangent) * tangent;
    const double length = std::sqrt(dot(across, across));
    if (!(length > least_length)) {
        return false;
    }
    across = {across.x / length, across.y / length, across.z / length};
    return true;
}

} // namespace

void measure(const ArrayView &segments, const ArrayView &counts, const ArrayView &parameters,
             const ArrayView &positions, const ArrayView &lengths) {
    const Index n = check_segments(segments);
    const Index m = checked_sum(counts, n);
    check(parameters, {m}, "parameters");
    check(positions, {m, 3}, "positions");
    check(lengths, {m}, "lengths");
    double *parameter = elements<double>(parameters);
    double *position = elements<double>(positions);
    double *length = elements<double>(lengths);
    Vector before = loaded(elements<const double>(segments));
    double sum = 0.0;
    for (Index k = 0; k < n; ++k) {
        const Segment segment(elements<const double>(segments) + k * 12);
        const Index count = elements<const Index>(counts)[k];
        // The last segment has its end too.
        const Index last = count + (k == n - 1 ? 1 : 0);
        const auto start = static_cast<double>(k);
        for (Index j = 0; j < last; ++j) {
            *parameter = start + static_cast<double>(j) / static_cast<double>(count);
            const Vector here = segment.at(*parameter++ - start);
            const Vector chord = here - before;
            sum += std::sqrt(dot(chord, chord));
            *length++ = sum;
            position = store(here, position);
            before = here;
        }
    }
}

void sample(const ArrayView &segments, const ArrayView &parameters, const ArrayView &positions,
            const ArrayView &tangents) {
    const Index n = check_segments(segments);
    const Index m = parameters.rank == 1 ? parameters.shape[0] : 0;
    check(parameters, {m}, "parameters");
    check(positions, {m, 3}, "positions");
    check(tangents, {m, 3}, "tangents");
    double *position = elements<double>(positions);
    double *tangent = elements<double>(tangents);
    const auto end = static_cast<double>(n);
    for (Index row = 0; row < m; ++row) {
        const double given = elements<const double>(parameters)[row];
        const double parameter = given > 0.0 ? (given < end ? given : end) : 0.0; // NaN is 0
        const Index k = std::min(static_cast<Index>(parameter), n - 1);
        const Segment segment(elements<const double>(segments) + k * 12);
        const double t = parameter - static_cast<double>(k);
        const Vector derivative = segment.derivative(t);
        const double length = std::sqrt(dot(derivative, derivative));
        const double by = length > 0.0 ? length : 1.0;
        position = store(segment.at(t), position);
        tangent = store({derivative.x / by, derivative.y / by, derivative.z / by}, tangent);
    }
}

bool carry(const ArrayView &positions, const ArrayView &tangents, const ArrayView &first, Turn turn,
           const ArrayView &across, const ArrayView &normals) {
    const Index m = positions.rank == 2 ? positions.shape[0] : 0;
    check(positions, {m, 3}, "positions");
    check(tangents, {m, 3}, "tangents");
    check(first, {3}, "first directions");
    check(across, {m, 3}, "directions across");
    check(normals, {m, 3}, "normals");
    const auto *position = elements<const double>(positions);
    const auto *tangent = elements<const double>(tangents);
    double *direction = elements<double>(across);
    double *normal = elements<double>(normals);
    Vector carried = loaded(elements<const double>(first));
    bool all = true;
    for (Index row = 0; row < m; ++row) {
        const Vector along = loaded(tangent + row * 3);
        if (row > 0) {
            const Vector step = loaded(position + row * 3) - loaded(position + row * 3 - 3);
            const Vector bend = along - reflected(loaded(tangent + row * 3 - 3), step);
            carried = reflected(reflected(carried, step), bend);
        }
        all = straighten(carried, along) && dot(along, along) > 0.0 && all;
        const Vector turned = turn.cosine * carried + turn.sine * cross(along, carried);
        direction = store(turned, direction);
        normal = store(cross(turned, along), normal);
    }
    return all;
}

} // namespace radpix::path
