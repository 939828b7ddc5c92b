"""Projections along rays, as ``cpp/src/render/cast.cpp``: the same arithmetic in float32, one ray at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from radpix._numba.absent import absent_of
from radpix._numba.jit import jit
from radpix._numba.render_blocks import bounds_of
from radpix._numba.render_rays import cell_at, place, sample, samples_to_skip
from radpix._numba.threads import parallel_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from radpix._backend import Rays

__all__ = ["cast_rays"]

_F = np.float32
_COMBINES = ("max", "min", "mean", "integral", "local-max")


@jit
def _extremum(voxels, absent, bounds, sign, count, start, step):  # type: ignore[no-untyped-def]
    position, weight = np.empty((2, 3), np.float32)
    base = np.empty(3, np.int64)
    largest, at, k = _F(-np.inf), -1, 0
    while k < count:
        for axis in range(3):
            position[axis] = start[axis] + _F(k) * step[axis]
        cell_at(voxels.shape, position, base, weight)
        if bounds[base[0] // 8, base[1] // 8, base[2] // 8] <= largest:
            k += samples_to_skip(base, position, step, 1)
            continue
        is_present, value = sample(voxels, absent, base, weight)
        value = sign * value
        if is_present and value > largest:
            largest, at = value, k
        k += 1
    return sign * largest, at


@jit
def _local_maximum(voxels, absent, threshold, count, start, step):  # type: ignore[no-untyped-def]
    position, weight = np.empty((2, 3), np.float32)
    base = np.empty(3, np.int64)
    largest, before, at = _F(-np.inf), _F(-np.inf), -1
    for k in range(count):
        for axis in range(3):
            position[axis] = start[axis] + _F(k) * step[axis]
        cell_at(voxels.shape, position, base, weight)
        is_present, value = sample(voxels, absent, base, weight)
        if not is_present:
            continue
        if before >= threshold and value < before:
            return before, at
        if value > largest:
            largest, at = value, k
        before = value
    return largest, at


@jit
def _sum(voxels, absent, count, start, step, floor, scale, offset):  # type: ignore[no-untyped-def]
    """Return the sum, and of how many samples."""
    position, weight = np.empty((2, 3), np.float32)
    base = np.empty(3, np.int64)
    total, number = 0.0, 0
    for k in range(count):
        for axis in range(3):
            position[axis] = start[axis] + _F(k) * step[axis]
        cell_at(voxels.shape, position, base, weight)
        is_present, value = sample(voxels, absent, base, weight)
        if is_present:
            total += np.float64(max(value * scale + offset, floor))
            number += 1
    return total, number


@jit
def _cast(voxels, absent, bounds, out, depth, rays, how, threshold, scale, offset, fill, gone, begin, end):  # type: ignore[no-untyped-def]
    start, step, direction, last = np.empty((4, 3), np.float32)
    for r in range(begin, end):
        for c in range(out.shape[1]):
            count, _, first_at, apart = place(rays, voxels.shape, r, c, True, start, step, direction, last)
            value, at, found = _F(0), -1, count
            if how <= 1:
                value, at = _extremum(voxels, absent, bounds, _F(1 if how == 0 else -1), count, start, step)
            elif how == 4:
                value, at = _local_maximum(voxels, absent, threshold, count, start, step)
            elif how == 2:
                total, found = _sum(voxels, absent, count, start, step, _F(-np.inf), _F(1), _F(0))
                value = _F(total * (1.0 / max(found, 1)))
            else:
                total, _ = _sum(voxels, absent, count, start, step, _F(0), scale, offset)
                value = _F(total * apart)
            none = found == 0 or (at < 0 and how not in (2, 3))
            out[r, c] = (fill if count == 0 else gone) if none else value + _F(0)
            depth[r, c] = _F(np.nan) if at < 0 else _F(first_at + at * apart)


def cast_rays(
    voxels: NDArray[Any],
    ranges: NDArray[Any],
    out: NDArray[Any],
    depth: NDArray[Any],
    rays: Rays,
    *,
    combine: str,
    threshold: float,
    scale: float,
    offset: float,
    fill: float,
    num_threads: int,
    padding: float | None = None,
) -> None:
    absent = absent_of(voxels, padding)
    how = _COMBINES.index(combine)
    bounds = bounds_of(ranges, -1 if combine == "min" else 1)
    gone = out.dtype.type(absent.value if absent.any else fill)
    numbers = (_F(threshold), _F(scale), _F(offset), out.dtype.type(fill), gone)
    parallel_for(
        out.shape[0],
        8,
        num_threads,
        lambda begin, end: _cast(voxels, absent, bounds, out, depth, rays, how, *numbers, begin, end),
    )
