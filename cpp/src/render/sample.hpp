// SPDX-License-Identifier: Apache-2.0
/// One ray at a time: the arithmetic that every CPU level repeats, operation by operation.
#pragma once

#include <cstdint>
#include <limits>

#include "render/kernels.hpp"

namespace radpix::render {

/// A sample's position, and the way to the next one.
struct Point {
    float position[3];
    float step[3];
};

[[nodiscard]] inline Point point_of(const Packet &packet, int i, std::int32_t k) noexcept {
    Point point{};
    for (int axis = 0; axis < 3; ++axis) {
        point.step[axis] = packet.step[axis][i];
        point.position[axis] = packet.start[axis][i] + static_cast<float>(k) * point.step[axis];
    }
    return point;
}

/// A position's lower corner and its weights.
struct Cell {
    Index base[3];
    float weight[3];
};

template <class T>
[[nodiscard]] Cell cell_at(const Source<T> &source, const float *position) noexcept {
    Cell cell;
    for (int axis = 0; axis < 3; ++axis) {
        const float end = static_cast<float>(source.shape[axis] - 1);
        float p = position[axis] > 0.0F ? position[axis] : 0.0F;
        p = p < end ? p : end;
        const Index highest = source.shape[axis] > 1 ? source.shape[axis] - 2 : 0;
        const auto whole = static_cast<Index>(p);
        cell.base[axis] = whole < highest ? whole : highest;
        cell.weight[axis] = p - static_cast<float>(cell.base[axis]);
    }
    return cell;
}

[[nodiscard]] inline float between(float a, float b, float weight) noexcept {
    return a + weight * (b - a);
}

template <class T>
[[nodiscard]] float interpolate(const Source<T> &source, const Cell &cell) noexcept {
    Index up[3];
    const T *corner = source.data;
    for (int axis = 0; axis < 3; ++axis) {
        up[axis] = source.shape[axis] > 1 ? source.strides[axis] : 0;
        corner += cell.base[axis] * source.strides[axis];
    }
    float planes[2];
    for (int z = 0; z < 2; ++z) {
        float rows[2];
        for (int y = 0; y < 2; ++y) {
            const T *pair = corner + z * up[0] + y * up[1];
            rows[y] = between(static_cast<float>(pair[0]), static_cast<float>(pair[up[2]]), cell.weight[2]);
        }
        planes[z] = between(rows[0], rows[1], cell.weight[1]);
    }
    return between(planes[0], planes[1], cell.weight[0]);
}

template <class T>
[[nodiscard]] float value_at(const Source<T> &source, const float *position) noexcept {
    return interpolate(source, cell_at(source, position));
}

/// Eight corners, x fastest.
[[nodiscard]] inline float blended(const float *corners, const float *weight) noexcept {
    float planes[2];
    for (int z = 0; z < 2; ++z) {
        const float *plane = corners + 4 * z;
        planes[z] = between(between(plane[0], plane[1], weight[2]), between(plane[2], plane[3], weight[2]),
                            weight[1]);
    }
    return between(planes[0], planes[1], weight[0]);
}

/// The mean of the present corners by their weights; false, and `value` left as it was, where these sum to
/// less than 1/2. Without absent corners the bits are those of `interpolate`. Beside absent ones what is
/// averaged is how far the others are above the smallest of them, so that equal ones give exactly their
/// value: the gradient of homogeneous tissue is 0 there too, not the direction of a rounding.
template <class T>
[[nodiscard]] bool interpolate_present(const Source<T> &source, const Absent<T> &absent, const Cell &cell,
                                       float &value) noexcept {
    const T *corner = source.data;
    Index up[3];
    for (int axis = 0; axis < 3; ++axis) {
        up[axis] = source.shape[axis] > 1 ? source.strides[axis] : 0;
        corner += cell.base[axis] * source.strides[axis];
    }
    float values[8], gone[8];
    float least = std::numeric_limits<float>::infinity();
    bool any = false;
    for (int i = 0; i < 8; ++i) {
        const T voxel = corner[(i & 4 ? up[0] : 0) + (i & 2 ? up[1] : 0) + (i & 1 ? up[2] : 0)];
        const bool is_absent = absent(voxel);
        values[i] = static_cast<float>(voxel);
        gone[i] = is_absent ? 1.0F : 0.0F;
        least = !is_absent && values[i] < least ? values[i] : least;
        any = any || is_absent;
    }
    if (!any) {
        value = blended(values, cell.weight);
        return true;
    }
    const float missing = blended(gone, cell.weight);
    if (missing > 0.5F) {
        return false;
    }
    for (int i = 0; i < 8; ++i) {
        values[i] = gone[i] > 0.0F ? 0.0F : values[i] - least;
    }
    value = blended(values, cell.weight) / (1.0F - missing) + least;
    return true;
}

/// Samples in which every voxel takes part.
struct WholeSampler {
    template <class T>
    bool operator()(const Source<T> &source, const Cell &cell, float &value) const noexcept {
        value = interpolate(source, cell);
        return true;
    }
};

template <class T>
struct PresentSampler {
    const Absent<T> &absent;

    bool operator()(const Source<T> &source, const Cell &cell, float &value) const noexcept {
        return interpolate_present(source, absent, cell, value);
    }
};

/// f(the sampler for what is absent).
template <class T, class F>
decltype(auto) with_sampler(const Absent<T> *absent, F &&f) {
    return absent == nullptr ? f(WholeSampler{}) : f(PresentSampler<T>{*absent});
}

/// The entry of a value; NaN and values below the first give 0.
[[nodiscard]] inline Index entry_of(float value, float first, float scale, Index entries) noexcept {
    const float last = static_cast<float>(entries - 1);
    float at = (value - first) * scale + 0.5F;
    at = at > 0.0F ? at : 0.0F;
    at = at < last ? at : last;
    return static_cast<Index>(at);
}

[[nodiscard]] inline Index block_of(const Cell &cell, const Index *blocks) noexcept {
    return (cell.base[0] / block * blocks[1] + cell.base[1] / block) * blocks[2] + cell.base[2] / block;
}

/// How many samples further a ray may go, at least 1, without leaving the `reach` blocks around the one that
/// it is in. The margin of 0.01 voxels is far above what positions are rounded by.
[[nodiscard]] inline std::int32_t samples_to_skip(const Cell &cell, const float *position, const float *step,
                                                  std::int32_t reach) noexcept {
    float nearest = 1e6F;
    for (int axis = 0; axis < 3; ++axis) {
        const float lower = static_cast<float>(cell.base[axis] / block * block);
        const float further = static_cast<float>((reach - 1) * block);
        const float way =
            step[axis] > 0.0F ? lower + 8.0F + further - position[axis] : position[axis] - lower + further;
        const float size = step[axis] > 0.0F ? step[axis] : -step[axis];
        if (size > 1e-6F) {
            const float samples = (way - 0.01F) / size;
            nearest = samples < nearest ? samples : nearest;
        }
    }
    return nearest > 1.0F ? static_cast<std::int32_t>(nearest) : 1;
}

} // namespace radpix::render
