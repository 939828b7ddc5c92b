"""Filters over the present voxels only, as in ``src/resample/padded.cpp``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from radpix._numba.absent import Absent, is_absent
from radpix._numba.jit import jit
from radpix._numba.resample_sums import sum_of_window
from radpix._numba.threads import parallel_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from radpix._numba.axis_taps import AxisTaps

__all__ = ["exclude_absent"]

_ROWS_PER_PIECE = 8


@jit
def _filter_slice(  # type: ignore[no-untyped-def]
    voxels, slice_, y_start, y_weights, x_start, x_weights, absent, values, missing, touched
):
    """Y and x passes of one row of one input slice, over the values and over what is missing."""
    taps, width, work = y_weights.size, voxels.shape[2], y_weights.dtype
    window, gone = np.zeros(taps, work), np.zeros(taps, work)
    row, gone_row, touched_row = np.zeros(width, work), np.zeros(width, work), np.zeros(width, work)
    for x in range(width):
        for j in range(taps):
            voxel = voxels[slice_, y_start + j, x]
            is_gone = is_absent(voxel, absent)
            window[j] = 0 if is_gone else voxel
            gone[j] = 1 if is_gone else 0
        row[x] = sum_of_window(window, 0, y_weights)
        gone_row[x] = sum_of_window(gone, 0, y_weights)
        touched_row[x] = sum_of_window(gone, 0, np.abs(y_weights))
    for x in range(x_start.size):
        values[x] = sum_of_window(row, x_start[x], x_weights[x])
        missing[x] = sum_of_window(gone_row, x_start[x], x_weights[x])
        touched[x] = sum_of_window(touched_row, x_start[x], np.abs(x_weights[x]))


@jit
def _correct(out, z, y, x, value, missing, touched, absent, limits):  # type: ignore[no-untyped-def]
    work = limits.dtype.type
    if touched == 0 and not np.isnan(out[z, y, x]):
        return
    if missing > 0.5:
        out[z, y, x] = absent.value
        return
    value = value / (work(1) - missing)
    if limits.size:
        value = np.rint(min(max(value, limits[0]), limits[1]))
    elif np.isnan(value):
        value = work(np.nan)  # one bit pattern on every path
    out[z, y, x] = value


@jit
def _correct_rows(  # type: ignore[no-untyped-def]
    voxels,
    out,
    z_start,
    z_weights,
    y_start,
    y_weights,
    x_start,
    x_weights,
    absent,
    limits,
    first,
    last,
):
    """Correct output rows; the arithmetic has the weights' type."""
    taps, work = z_weights.shape[1], z_weights.dtype
    values, missing = np.zeros((taps, x_start.size), work), np.zeros((taps, x_start.size), work)
    touched = np.zeros((taps, x_start.size), work)
    held = np.empty(taps, np.int64)
    window, gone, touch = np.zeros(taps, work), np.zeros(taps, work), np.zeros(taps, work)
    for y in range(first, last):
        held[:] = -1
        for z in range(z_start.size):
            for s in range(z_start[z], z_start[z] + taps):
                if held[s % taps] != s:
                    _filter_slice(
                        voxels,
                        s,
                        y_start[y],
                        y_weights[y],
                        x_start,
                        x_weights,
                        absent,
                        values[s % taps],
                        missing[s % taps],
                        touched[s % taps],
                    )
                    held[s % taps] = s
            for x in range(x_start.size):
                for j in range(taps):
                    window[j] = values[(z_start[z] + j) % taps, x]
                    gone[j] = missing[(z_start[z] + j) % taps, x]
                    touch[j] = touched[(z_start[z] + j) % taps, x]
                value = sum_of_window(window, 0, z_weights[z])
                share = sum_of_window(gone, 0, z_weights[z])
                magnitude = sum_of_window(touch, 0, np.abs(z_weights[z]))
                _correct(out, z, y, x, value, share, magnitude, absent, limits)


def exclude_absent(
    voxels: NDArray[Any],
    target: NDArray[Any],
    taps: list[AxisTaps],
    absent: Absent,
    limits: NDArray[Any],
    num_threads: int,
) -> None:
    """Correct ``target``, the filtered result, wherever absent voxels have a weight.

    ``limits`` are of the arithmetic that it was computed in: the least and the greatest integer, for floats none.
    """
    tables = [part for axis in taps for part in (axis.start, axis.weights.astype(limits.dtype))]
    parallel_for(
        target.shape[1],
        _ROWS_PER_PIECE,
        num_threads,
        lambda first, last: _correct_rows(voxels, target, *tables, absent, limits, first, last),
    )
