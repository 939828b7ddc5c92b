"""Rows of an oblique sampling where all samples lie between voxels, as in ``src/reslice/span.cpp`` and ``avx2.cpp``."""

from __future__ import annotations

from typing import Any

import numpy as np

from radpix._numba.cells import lerp
from radpix._numba.jit import jit

__all__ = [
    "MAX",
    "MEAN",
    "MIN",
    "SUM",
    "combine_interior",
    "interior_columns",
    "scratch_for",
    "touched_columns",
]

MEAN, MAX, MIN, SUM = range(4)
_INT32_MAX = 2**31 - 1  # the conversion of a position that is vector code gives 32 bits
_BLOCK = 128  # columns: what is kept of them stays in the first-level cache


@jit
def _ends(line: Any, slab: Any, axis: int, column: int) -> tuple[float, float]:
    """Return the lowest and the highest position of a column's samples on an axis."""
    centre = line[0, axis] + column * line[1, axis]
    one, other = centre + slab[0] * line[2, axis], centre + slab[-1] * line[2, axis]
    return min(one, other), max(one, other)


@jit
def _is_interior(line: Any, slab: Any, shape: Any, column: int) -> bool:
    """Whether all samples of a column lie in [0, n - 1) on every axis."""
    for axis in range(3):
        low, high = _ends(line, slab, axis, column)
        if not (low >= 0.0 and high < shape[axis] - 1):
            return False
    return True


@jit
def _column(value: float, columns: int) -> int:
    """Return a column within [0, columns]; 0 for what is no number."""
    if not value > 0.0:
        return 0
    return int(value) if value < columns else columns


@jit
def interior_columns(line: Any, slab: Any, shape: Any, columns: int) -> tuple[int, int]:
    """Return columns [first, last) all of whose samples are interior: safe, not tight.

    Every operation that makes a position from a column is monotone after rounding too: what holds at both ends holds
    in between. The ends are estimated by division, then proved.
    """
    if max(shape) > _INT32_MAX:
        return 0, 0
    first, last = 0, columns
    for axis in range(3):
        start, step = line[0, axis], line[1, axis]
        one, other = slab[0] * line[2, axis], slab[-1] * line[2, axis]
        if step == 0.0:
            continue
        at_low = (-min(one, other) - start) / step
        at_high = (shape[axis] - 1 - max(one, other) - start) / step
        first = max(first, _column(np.ceil(min(at_low, at_high)), columns))
        last = min(last, _column(np.floor(max(at_low, at_high)) + 1.0, columns))
    for _ in range(3):  # rounding moves the estimate by a column at most; more is left to the border
        if first < last and not _is_interior(line, slab, shape, first):
            first += 1
        if first < last and not _is_interior(line, slab, shape, last - 1):
            last -= 1
    if first < last and _is_interior(line, slab, shape, first) and _is_interior(line, slab, shape, last - 1):
        return first, last
    return 0, 0


@jit
def touched_columns(line: Any, slab: Any, shape: Any, columns: int) -> tuple[int, int]:
    """Return columns [first, last) beyond which no sample is inside: safe, not tight."""
    first, last = 0, columns
    for axis in range(3):
        start, step, limit = line[0, axis], line[1, axis], shape[axis] - 0.5
        one, other = slab[0] * line[2, axis], slab[-1] * line[2, axis]
        if step == 0.0:
            low, high = _ends(line, slab, axis, 0)
            if high < -0.5 or low > limit:
                return 0, 0
            continue
        at_low = (-0.5 - max(one, other) - start) / step
        at_high = (limit - min(one, other) - start) / step
        begin = _column(np.floor(min(at_low, at_high)) - 1.0, columns)
        end = _column(np.ceil(max(at_low, at_high)) + 2.0, columns)
        if begin > 0:
            low, high = _ends(line, slab, axis, begin - 1)
            if (high < -0.5) if step > 0.0 else (low > limit):
                first = max(first, begin)
        if end < columns:
            low, high = _ends(line, slab, axis, end)
            if (low > limit) if step > 0.0 else (high < -0.5):
                last = min(last, end)
    return first, max(first, last)


@jit
def scratch_for(voxels: Any, values: Any) -> Any:
    """Return what a block of a row's cells takes: lower corners, weights, and voxels of the eight corners."""
    return (
        np.empty((3, _BLOCK), np.int32),
        np.empty((3, _BLOCK), values.dtype),
        np.empty((8, _BLOCK), voxels.dtype),
    )


@jit
def _place(line: Any, offset: Any, first: int, count: int, corners: Any, weights: Any) -> None:
    """Find the cells of columns [first, first + count)."""
    work = weights.dtype.type
    z_0, y_0, x_0 = line[0]
    z_step, y_step, x_step = line[1]
    for t in range(count):
        c = first + t
        z = (z_0 + c * z_step) + offset[0]
        y = (y_0 + c * y_step) + offset[1]
        x = (x_0 + c * x_step) + offset[2]
        k, j, i = np.int32(z), np.int32(y), np.int32(x)
        corners[0, t], corners[1, t], corners[2, t] = k, j, i
        weights[0, t], weights[1, t], weights[2, t] = work(z - k), work(y - j), work(x - i)


@jit
def _gather(voxels: Any, corners: Any, count: int, gathered: Any) -> None:
    one = np.uintp(1)  # an unsigned index is not looked at for being negative
    for t in range(count):
        k, j, i = np.uintp(corners[0, t]), np.uintp(corners[1, t]), np.uintp(corners[2, t])
        gathered[0, t], gathered[1, t] = voxels[k, j, i], voxels[k, j, i + one]
        gathered[2, t], gathered[3, t] = voxels[k, j + one, i], voxels[k, j + one, i + one]
        k += one
        gathered[4, t], gathered[5, t] = voxels[k, j, i], voxels[k, j, i + one]
        gathered[6, t], gathered[7, t] = voxels[k, j + one, i], voxels[k, j + one, i + one]


@jit
def _weigh(gathered: Any, weights: Any, exact: bool, count: int, values: Any) -> None:
    work = weights.dtype.type
    for t in range(count):
        wz, wy, wx = weights[0, t], weights[1, t], weights[2, t]
        low = lerp(
            lerp(work(gathered[0, t]), work(gathered[1, t]), wx, exact),
            lerp(work(gathered[2, t]), work(gathered[3, t]), wx, exact),
            wy,
            exact,
        )
        high = lerp(
            lerp(work(gathered[4, t]), work(gathered[5, t]), wx, exact),
            lerp(work(gathered[6, t]), work(gathered[7, t]), wx, exact),
            wy,
            exact,
        )
        values[t] = lerp(low, high, wz, exact)


@jit
def _linear(
    voxels: Any, line: Any, offset: Any, exact: bool, first: int, last: int, scratch: Any, values: Any
) -> None:
    """Interpolate block by block, in three loops of which the first and the last become vector code."""
    corners, weights, gathered = scratch
    for start in range(first, last, _BLOCK):
        count = min(last - start, _BLOCK)
        _place(line, offset, start, count, corners, weights)
        _gather(voxels, corners, count, gathered)
        if exact:
            _weigh(gathered, weights, True, count, values[start:])
        else:
            _weigh(gathered, weights, False, count, values[start:])


@jit
def _nearest(voxels: Any, line: Any, offset: Any, first: int, last: int, values: Any) -> None:
    for c in range(first, last):
        z = (line[0, 0] + c * line[1, 0]) + offset[0]
        y = (line[0, 1] + c * line[1, 1]) + offset[1]
        x = (line[0, 2] + c * line[1, 2]) + offset[2]
        values[c] = voxels[int(z + 0.5), int(y + 0.5), int(x + 0.5)]


@jit
def _add(samples: Any, combine: int, first: int, last: int, values: Any) -> None:
    """Take a plane of the slab in; a NaN stays."""
    if combine == MAX:
        for c in range(first, last):
            value, sample = values[c], samples[c]
            values[c] = sample if sample > value or np.isnan(sample) else value
    elif combine == MIN:
        for c in range(first, last):
            value, sample = values[c], samples[c]
            values[c] = sample if sample < value or np.isnan(sample) else value
    else:
        for c in range(first, last):
            values[c] += samples[c]


@jit
def combine_interior(
    voxels: Any,
    line: Any,
    slab: Any,
    combine: int,
    is_nearest: bool,
    exact: bool,
    first: int,
    last: int,
    scratch: Any,
    values: Any,
) -> None:
    """Combine the samples of interior columns, plane of the slab by plane."""
    samples = values if len(slab) == 1 else np.empty_like(values)
    for k in range(len(slab)):
        offset = (slab[k] * line[2, 0], slab[k] * line[2, 1], slab[k] * line[2, 2])
        target = values if k == 0 else samples
        if is_nearest:
            _nearest(voxels, line, offset, first, last, target)
        else:
            _linear(voxels, line, offset, exact, first, last, scratch, target)
        if k > 0:
            _add(samples, combine, first, last, values)
    if combine == MEAN and len(slab) > 1:
        count = values.dtype.type(len(slab))
        for c in range(first, last):
            values[c] = values[c] / count
