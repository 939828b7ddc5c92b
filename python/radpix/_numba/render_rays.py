"""Rays and samples, as ``cpp/src/render/rays.cpp`` and ``sample.hpp``."""

from __future__ import annotations

import numpy as np

from radpix._numba.absent import is_absent
from radpix._numba.jit import jit

__all__ = [
    "SHORTEST_REST",
    "cell_at",
    "entry_of",
    "interpolate",
    "line_of",
    "opacity_of",
    "place",
    "place_between",
    "sample",
    "sample_at",
    "samples_to_skip",
]

_F = np.float32
SHORTEST_REST = 1e-9  # mm


@jit
def opacity_of(depth):  # type: ignore[no-untyped-def]
    """Return 1 - exp(-depth), by multiplications only."""
    if not depth < 64:
        return 1.0
    x = depth / 1024
    y = -x * (1 - x / 2 * (1 - x / 3 * (1 - x / 4 * (1 - x / 5 * (1 - x / 6)))))
    for _ in range(10):
        y = y * (2 + y)
    return -y


@jit
def _clip(low, high, origin, direction, near, far):  # type: ignore[no-untyped-def]
    low, high = low - origin, high - origin
    if abs(direction) < 1e-12:
        return (near, far) if low <= 0 <= high else (near, near)
    a, b = low / direction, high / direction
    return max(near, min(a, b)), min(far, max(a, b))


@jit
def line_of(rays, to_index, shape, row, column, origin, way):  # type: ignore[no-untyped-def]
    """Fill a ray's position at t = 0 and its way per mm in indices; return t where it enters and leaves the volume."""
    origin_of, way_of = np.empty(3), np.empty(3)
    for j in range(3):
        origin_of[j] = rays.origin[j] + row * rays.origin_row[j] + column * rays.origin_column[j]
        way_of[j] = rays.direction[j] + row * rays.direction_row[j] + column * rays.direction_column[j]
    length = np.sqrt(way_of[0] * way_of[0] + way_of[1] * way_of[1] + way_of[2] * way_of[2])
    near = rays.near
    far = rays.far if length > 0 else rays.near
    m = to_index
    for axis in range(3):
        a, b, c, d = m[4 * axis], m[4 * axis + 1], m[4 * axis + 2], m[4 * axis + 3]
        origin[axis] = a * origin_of[0] + b * origin_of[1] + c * origin_of[2] + d
        way[axis] = (a * way_of[0] + b * way_of[1] + c * way_of[2]) / (length if length > 0 else 1.0)
    for axis in range(3):
        near, far = _clip(-0.5, shape[axis] - 0.5, origin[axis], way[axis], near, far)
    return near, far


@jit
def place_between(rays, near, far, origin, way, equal_parts, start, step, direction, last):  # type: ignore[no-untyped-def]
    """Fill the samples of a ray and return their number, the rest in mm, the place of the first, and the spacing."""
    length = far - near
    if not length > SHORTEST_REST:
        return 0, 0.0, 0.0, 0.0
    apart, rest = rays.step, 0.0
    count = np.floor(length / rays.step)
    if equal_parts:
        count = max(1.0, np.ceil(length / rays.step - 1e-6))
        apart = length / count
    elif length - count * rays.step > SHORTEST_REST:
        rest = length - count * rays.step
    first_at = near + apart / 2
    last_at = far - rest / 2
    for axis in range(3):
        start[axis] = _F(origin[axis] + first_at * way[axis])
        step[axis] = _F(apart * way[axis])
        direction[axis] = _F(way[axis])
        last[axis] = _F(origin[axis] + last_at * way[axis])
    return np.int64(count), rest, first_at, apart


@jit
def place(rays, shape, row, column, equal_parts, start, step, direction, last):  # type: ignore[no-untyped-def]
    """Fill the samples within a volume, as `place_between`."""
    way, origin = np.empty(3), np.empty(3)
    near, far = line_of(rays, rays.to_index, shape, row, column, origin, way)
    return place_between(rays, near, far, origin, way, equal_parts, start, step, direction, last)


@jit
def cell_at(shape, position, base, weight):  # type: ignore[no-untyped-def]
    for axis in range(3):
        end = _F(shape[axis] - 1)
        p = max(_F(0), position[axis])
        p = min(end, p)
        base[axis] = min(np.int64(p), max(shape[axis] - 2, 0))
        weight[axis] = p - _F(base[axis])


@jit
def _between(a, b, weight):  # type: ignore[no-untyped-def]
    return a + weight * (b - a)


@jit
def interpolate(voxels, base, weight):  # type: ignore[no-untyped-def]
    z, y, x = base[0], base[1], base[2]
    z1 = z + 1 if voxels.shape[0] > 1 else z
    y1 = y + 1 if voxels.shape[1] > 1 else y
    x1 = x + 1 if voxels.shape[2] > 1 else x
    a = _between(_F(voxels[z, y, x]), _F(voxels[z, y, x1]), weight[2])
    b = _between(_F(voxels[z, y1, x]), _F(voxels[z, y1, x1]), weight[2])
    c = _between(_F(voxels[z1, y, x]), _F(voxels[z1, y, x1]), weight[2])
    d = _between(_F(voxels[z1, y1, x]), _F(voxels[z1, y1, x1]), weight[2])
    return _between(_between(a, b, weight[1]), _between(c, d, weight[1]), weight[0])


@jit
def _blended(c, weight):  # type: ignore[no-untyped-def]
    """Interpolate 8 corners, x fastest."""
    low = _between(_between(c[0], c[1], weight[2]), _between(c[2], c[3], weight[2]), weight[1])
    high = _between(_between(c[4], c[5], weight[2]), _between(c[6], c[7], weight[2]), weight[1])
    return _between(low, high, weight[0])


@jit
def _fill_corners(voxels, absent, base, values, gone):  # type: ignore[no-untyped-def]
    """Fill 8 corners, and 1 for the absent ones; return whether there are none, and the smallest of the others."""
    least, is_whole = _F(np.inf), True
    for i in range(8):
        z = base[0] + (1 if i & 4 and voxels.shape[0] > 1 else 0)
        y = base[1] + (1 if i & 2 and voxels.shape[1] > 1 else 0)
        x = base[2] + (1 if i & 1 and voxels.shape[2] > 1 else 0)
        is_gone = is_absent(voxels[z, y, x], absent)
        values[i] = _F(voxels[z, y, x])
        gone[i] = _F(1) if is_gone else _F(0)
        if is_gone:
            is_whole = False
        elif values[i] < least:
            least = values[i]
    return is_whole, least


@jit
def sample(voxels, absent, base, weight):  # type: ignore[no-untyped-def]
    """Return whether at least half of a sample is present, and the mean of that."""
    if not absent.any:
        return True, interpolate(voxels, base, weight)
    values, gone = np.empty(8, np.float32), np.empty(8, np.float32)
    is_whole, least = _fill_corners(voxels, absent, base, values, gone)
    if is_whole:
        return True, _blended(values, weight)
    missing = _blended(gone, weight)
    if missing > _F(0.5):
        return False, _F(0)
    for i in range(8):
        values[i] = _F(0) if gone[i] > _F(0) else values[i] - least
    return True, _blended(values, weight) / (_F(1) - missing) + least


@jit
def sample_at(voxels, absent, position):  # type: ignore[no-untyped-def]
    base, weight = np.empty(3, np.int64), np.empty(3, np.float32)
    cell_at(voxels.shape, position, base, weight)
    return sample(voxels, absent, base, weight)


@jit
def entry_of(value, first, scale, entries):  # type: ignore[no-untyped-def]
    at = (value - first) * scale + _F(0.5)
    at = max(_F(0), at)
    last = _F(entries - 1)
    return np.int64(min(last, at))


@jit
def samples_to_skip(base, position, step, reach):  # type: ignore[no-untyped-def]
    nearest = 1e6
    for axis in range(3):
        lower = base[axis] // 8 * 8
        further = (reach - 1) * 8
        way = lower + 8 + further - position[axis] if step[axis] > 0 else position[axis] - lower + further
        size = abs(step[axis])
        if size > _F(1e-6):
            nearest = min(nearest, (way - 0.01) / size)
    return np.int64(nearest) if nearest > 1 else 1
