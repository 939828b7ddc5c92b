"""Blocks of voxels that rays skip, as ``cpp/src/render/blocks.cpp``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from radpix._numba.absent import absent_of, is_absent
from radpix._numba.jit import jit
from radpix._numba.render_rays import entry_of
from radpix._numba.threads import parallel_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["block_ranges", "bounds_of", "distances"]

_FARTHEST = 16


@jit
def _ranges_of_planes(voxels, absent, out, begin, end):  # type: ignore[no-untyped-def]
    depth, height, width = voxels.shape
    for bz in range(begin, end):
        for by in range(out.shape[1]):
            for bx in range(out.shape[2]):
                low = high = voxels[8 * bz, 8 * by, 8 * bx]
                has_nan, is_empty = False, True
                for z in range(8 * bz, min(8 * bz + 9, depth)):
                    for y in range(8 * by, min(8 * by + 9, height)):
                        for x in range(8 * bx, min(8 * bx + 9, width)):
                            value = voxels[z, y, x]
                            if is_absent(value, absent):
                                continue
                            low = value if is_empty else min(low, value)
                            high = value if is_empty else max(high, value)
                            is_empty = False
                            has_nan |= np.isnan(value)
                if is_empty:
                    out[bz, by, bx, 0], out[bz, by, bx, 1] = np.inf, -np.inf
                    continue
                out[bz, by, bx, 0] = -np.inf if has_nan else np.float32(low)
                out[bz, by, bx, 1] = np.inf if has_nan else np.float32(high)


def block_ranges(
    voxels: NDArray[Any], out: NDArray[Any], *, num_threads: int, padding: float | None = None
) -> None:
    absent = absent_of(voxels, padding)
    parallel_for(
        out.shape[0], 1, num_threads, lambda begin, end: _ranges_of_planes(voxels, absent, out, begin, end)
    )


@jit
def _shows(ranges, shown_before, first, scale, shows):  # type: ignore[no-untyped-def]
    entries = len(shown_before) - 1
    for b in np.ndindex(shows.shape):
        low, high = ranges[b][0], ranges[b][1]
        if low > high:  # nothing but absent voxels
            shows[b] = False
            continue
        margin = max(abs(low), abs(high)) * np.float32(2.0**-18)
        from_entry = entry_of(low - margin, first, scale, entries)
        to_entry = entry_of(high + margin, first, scale, entries)
        shows[b] = shown_before[to_entry + 1] > shown_before[from_entry]


def distances(
    ranges: NDArray[Any], steps: NDArray[Any], first: np.float32, scale: np.float32
) -> NDArray[np.int32]:
    """Return for every block the distance to the nearest one in which something shows, up to 16."""
    shows = np.empty(ranges.shape[:3], np.bool_)
    _shows(ranges, np.concatenate([[0], np.cumsum(steps > 0)]), first, scale, shows)
    distance = np.where(shows, 0, _FARTHEST).astype(np.int32)
    for reach in range(1, _FARTHEST):
        for axis in range(3):
            lines = np.moveaxis(shows, axis, 0)
            wider = lines.copy()
            wider[1:] |= lines[:-1]
            wider[:-1] |= lines[1:]
            shows = np.moveaxis(wider, 0, axis)
        distance[shows & (distance == _FARTHEST)] = reach
    return distance


def bounds_of(ranges: NDArray[Any], sign: int) -> NDArray[np.float32]:
    """Return upper bounds of sign * sample for every block, above what interpolation rounds to."""
    largest = np.abs(ranges).max(axis=-1)
    highest = ranges[..., 1] if sign > 0 else -ranges[..., 0]
    with np.errstate(over="ignore", invalid="ignore"):
        bounds = np.asarray(highest + largest * np.float32(2.0**-18), dtype=np.float32)
    bounds[ranges[..., 0] > ranges[..., 1]] = -np.inf  # of nothing but absent voxels
    return bounds
