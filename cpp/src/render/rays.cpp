// SPDX-License-Identifier: Apache-2.0
#include "render/rays.hpp"

#include <algorithm>
#include <cmath>

#include "radpix/error.hpp"

namespace radpix::render {
namespace {

constexpr double most_samples = 1 << 20;

void clip(Line &line, const Index *shape) noexcept {
    for (int axis = 0; axis < 3; ++axis) {
        const double low = -0.5 - line.origin[axis];
        const double high = static_cast<double>(shape[axis]) - 0.5 - line.origin[axis];
        if (std::abs(line.direction[axis]) < 1e-12) {
            if (!(low <= 0 && high >= 0)) {
                line.to = line.from;
            }
            continue;
        }
        const double a = low / line.direction[axis];
        const double b = high / line.direction[axis];
        line.from = std::max(line.from, std::min(a, b));
        line.to = std::min(line.to, std::max(a, b));
    }
}

} // namespace

Line line_of(const Rays &rays, const Index *shape, double row, double column) noexcept {
    double origin[3];
    double direction[3];
    for (std::size_t j = 0; j < 3; ++j) {
        origin[j] = rays.origin[j] + row * rays.origin_row[j] + column * rays.origin_column[j];
        direction[j] = rays.direction[j] + row * rays.direction_row[j] + column * rays.direction_column[j];
    }
    const double length =
        std::sqrt(direction[0] * direction[0] + direction[1] * direction[1] + direction[2] * direction[2]);
    Line line{};
    line.from = rays.near;
    line.to = length > 0 ? rays.far : rays.near;
    for (std::size_t axis = 0; axis < 3; ++axis) {
        const double *m = rays.to_index.data() + 4 * axis;
        line.origin[axis] = m[0] * origin[0] + m[1] * origin[1] + m[2] * origin[2] + m[3];
        line.direction[axis] =
            (m[0] * direction[0] + m[1] * direction[1] + m[2] * direction[2]) / (length > 0 ? length : 1);
    }
    clip(line, shape);
    return line;
}

void place(Packet &packet, int i, const Line &line, double step, Spacing spacing) noexcept {
    const double length = line.to - line.from;
    if (!line.hits()) {
        return;
    }
    double apart = step;
    double count = std::floor(length / step);
    if (spacing == Spacing::equal_parts) {
        count = std::max(1.0, std::ceil(length / step - 1e-6));
        apart = length / count;
    } else if (length - count * step > shortest_rest) {
        packet.rest[i] = length - count * step;
    }
    packet.count[i] = static_cast<std::int32_t>(count);
    packet.spacing[i] = apart;
    packet.first_at[i] = line.from + apart / 2;
    const double last_at = line.to - packet.rest[i] / 2;
    for (int axis = 0; axis < 3; ++axis) {
        packet.start[axis][i] =
            static_cast<float>(line.origin[axis] + packet.first_at[i] * line.direction[axis]);
        packet.step[axis][i] = static_cast<float>(apart * line.direction[axis]);
        packet.direction[axis][i] = static_cast<float>(line.direction[axis]);
        packet.last[axis][i] = static_cast<float>(line.origin[axis] + last_at * line.direction[axis]);
    }
}

void check_rays(const Rays &rays, const Index *shape) {
    bool finite = std::isfinite(rays.near) && std::isfinite(rays.far) && std::isfinite(rays.step);
    for (const Vector *vector : {&rays.origin, &rays.origin_row, &rays.origin_column, &rays.direction,
                                 &rays.direction_row, &rays.direction_column}) {
        for (const double x : *vector) {
            finite = finite && std::abs(x) <= 1e12;
        }
    }
    double smallest = 0; // index steps per mm, at most
    for (const double x : rays.to_index) {
        finite = finite && std::abs(x) <= 1e15;
    }
    for (std::size_t axis = 0; axis < 3; ++axis) {
        const double *m = rays.to_index.data() + 4 * axis;
        smallest = std::max(smallest, std::sqrt(m[0] * m[0] + m[1] * m[1] + m[2] * m[2]));
    }
    if (!finite || !(rays.step > 0) || !(smallest > 0)) {
        throw_error(Errc::invalid_argument, "rays need finite positions and directions and a positive step");
    }
    const double diagonal = std::abs(rays.far - rays.near);
    if (!(diagonal / rays.step <= most_samples)) {
        throw_error(Errc::invalid_argument,
                    "a ray has at most 2^20 samples: take a longer step or a nearer end");
    }
    if (std::max({shape[0], shape[1], shape[2]}) > (Index{1} << 20)) {
        throw_error(Errc::invalid_argument, "rays go through at most 2^20 voxels along an axis");
    }
}

Packet packet_of(const Rays &rays, const Index *shape, Index row, Index column, Index count,
                 Spacing spacing) noexcept {
    Packet packet{};
    for (int i = 0; i < lanes && i < count; ++i) {
        place(packet, i, line_of(rays, shape, static_cast<double>(row), static_cast<double>(column + i)),
              rays.step, spacing);
    }
    return packet;
}

double opacity_of(double depth) noexcept {
    if (!(depth < 64)) {
        return 1;
    }
    // exp(-x) - 1 of x = depth / 1024 by its series, then ten times (1 + y)^2 - 1 = y (2 + y).
    const double x = depth / 1024;
    double y = -x * (1 - x / 2 * (1 - x / 3 * (1 - x / 4 * (1 - x / 5 * (1 - x / 6)))));
    for (int k = 0; k < 10; ++k) {
        y = y * (2 + y);
    }
    return -y;
}

} // namespace radpix::render
