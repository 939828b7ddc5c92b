"""Samples of a volume at index positions, as in ``src/reslice/samples.hpp`` and ``padded.cpp``."""

from __future__ import annotations

from typing import Any

import numpy as np

from radpix._numba.absent import is_absent
from radpix._numba.jit import jit

__all__ = ["is_inside", "lerp", "linear", "nearest", "present_linear", "present_nearest", "present_sum"]


@jit
def is_inside(shape: Any, z: float, y: float, x: float) -> bool:
    """Whether an index position is in the volume; a NaN is not."""
    return (
        z >= -0.5
        and z <= shape[0] - 0.5
        and y >= -0.5
        and y <= shape[1] - 0.5
        and x >= -0.5
        and x <= shape[2] - 0.5
    )


@jit
def _split(position: float, extent: int) -> tuple[int, float]:
    """Return the lower neighbour of a position clamped to [0, n - 1], and the way to the upper one."""
    index = min(max(position, 0.0), extent - 1.0)
    floor = min(int(index), max(extent - 2, 0))
    return floor, index - floor


@jit
def _nearest_index(position: float, extent: int) -> int:
    return min(int(position + 0.5), extent - 1)


@jit
def lerp(a: Any, b: Any, t: Any, exact_ends: bool) -> Any:
    if exact_ends:  # see lerp in scalar.cpp
        if t == 0:
            return a
        if t == 1:
            return b
    return a + t * (b - a)


@jit
def linear(voxels: Any, z: float, y: float, x: float, exact: bool, dtype: Any) -> Any:
    work = dtype.type
    depth, height, width = voxels.shape
    z0, tz = _split(z, depth)
    y0, ty = _split(y, height)
    x0, tx = _split(x, width)
    z1, y1, x1 = min(z0 + 1, depth - 1), min(y0 + 1, height - 1), min(x0 + 1, width - 1)
    wz, wy, wx = work(tz), work(ty), work(tx)
    low = lerp(
        lerp(work(voxels[z0, y0, x0]), work(voxels[z0, y0, x1]), wx, exact),
        lerp(work(voxels[z0, y1, x0]), work(voxels[z0, y1, x1]), wx, exact),
        wy,
        exact,
    )
    high = lerp(
        lerp(work(voxels[z1, y0, x0]), work(voxels[z1, y0, x1]), wx, exact),
        lerp(work(voxels[z1, y1, x0]), work(voxels[z1, y1, x1]), wx, exact),
        wy,
        exact,
    )
    return lerp(low, high, wz, exact)


@jit
def nearest(voxels: Any, z: float, y: float, x: float) -> Any:
    depth, height, width = voxels.shape
    return voxels[_nearest_index(z, depth), _nearest_index(y, height), _nearest_index(x, width)]


@jit
def _weighted(a: float, b: float, t: float) -> float:
    """Return (1 - t) * a + t * b, in which a neighbour of weight 0 does not matter, even if it is NaN."""
    if t == 0.0:
        return a
    if t == 1.0:
        return b
    return (1.0 - t) * a + t * b


@jit
def _weighted_corners(corners: Any, tz: float, ty: float, tx: float) -> Any:
    low = _weighted(_weighted(corners[0], corners[1], tx), _weighted(corners[2], corners[3], tx), ty)
    high = _weighted(_weighted(corners[4], corners[5], tx), _weighted(corners[6], corners[7], tx), ty)
    return _weighted(low, high, tz)


@jit
def present_linear(voxels: Any, z: float, y: float, x: float, exact: bool, dtype: Any, absent: Any) -> Any:
    """Return whether at least half of the sample is present, and its value."""
    work = dtype.type
    z0, tz = _split(z, voxels.shape[0])
    y0, ty = _split(y, voxels.shape[1])
    x0, tx = _split(x, voxels.shape[2])
    values, gone = np.zeros(8), np.zeros(8)
    for i in range(8):
        zi = min(z0 + (i >> 2), voxels.shape[0] - 1)
        yi = min(y0 + ((i >> 1) & 1), voxels.shape[1] - 1)
        xi = min(x0 + (i & 1), voxels.shape[2] - 1)
        voxel = voxels[zi, yi, xi]
        if is_absent(voxel, absent):
            gone[i] = 1.0
        else:
            values[i] = voxel
    wz, wy, wx = np.float64(work(tz)), np.float64(work(ty)), np.float64(work(tx))
    missing = _weighted_corners(gone, wz, wy, wx)
    if missing == 0.0:
        return True, linear(voxels, z, y, x, exact, dtype)
    if missing > 0.5:
        return False, work(0)
    return True, work(_weighted_corners(values, wz, wy, wx) / (1.0 - missing))


@jit
def present_nearest(voxels: Any, z: float, y: float, x: float, dtype: Any, absent: Any) -> Any:
    voxel = nearest(voxels, z, y, x)
    return not is_absent(voxel, absent), dtype.type(voxel)


@jit
def present_sum(voxels: Any, at: Any, weights: Any, absent: Any, gone: Any, value: Any) -> Any:
    """Return a filter's ``value``, corrected if an absent voxel has a weight; in float64.

    ``at`` and ``weights`` have the shape (3, taps); ``gone`` is returned where more than half is absent.
    """
    taps = at.shape[1]
    total, missing, touched = 0.0, 0.0, False
    for z in range(taps):
        for y in range(taps):
            for x in range(taps):
                voxel = voxels[at[0, z], at[1, y], at[2, x]]
                weight = weights[0, z] * weights[1, y] * weights[2, x]
                if is_absent(voxel, absent):
                    touched = touched or weight != 0.0 or voxel != voxel  # noqa: PLR0124
                    missing += weight
                else:
                    total += weight * np.float64(voxel)
    if not touched:
        return np.float64(value)
    return np.float64(gone) if missing > 0.5 else total / (1.0 - missing)
