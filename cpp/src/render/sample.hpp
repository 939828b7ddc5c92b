// SPDX-License-Identifier: Apache-2.0
/// One ray at a time: the arithmetic that every CPU level repeats, operation by operation.
#pragma once

#include <cstdint>

#include "render/kernels.hpp"

namespace radpix::render {

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
