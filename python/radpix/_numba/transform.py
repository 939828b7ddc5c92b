"""Sampling at points, by the rules and in the order of operations of ``radpix/transform.hpp``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from radpix._backend import _ZERO
from radpix._numba.absent import absent_of
from radpix._numba.cells import is_inside, linear, nearest, present_linear, present_sum
from radpix._numba.jit import jit
from radpix._numba.lanczos import lanczos, lanczos_table
from radpix._numba.resample_label import LABEL_WEIGHT_UNIT, winner
from radpix._numba.threads import parallel_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from radpix._backend import Grid, Rows

__all__ = ["transform"]

_BAND_ROWS = 16
_NEAREST, _LINEAR, _CUBIC, _SPLINE, _LANCZOS, _LABEL = range(6)
_METHODS = {
    "nearest": _NEAREST,
    "linear": _LINEAR,
    "cubic": _CUBIC,
    "spline": _SPLINE,
    "lanczos": _LANCZOS,
    "label": _LABEL,
}


@jit
def _weights(t: Any, spline: bool, weights: Any) -> None:
    work = weights.dtype.type
    if spline:
        sixth = work(1) / work(6)
        rest = work(1) - t
        weights[0] = rest * rest * rest * sixth
        weights[1] = (work(0.5) * t - work(1)) * t * t + work(2) / work(3)
        weights[3] = t * t * t * sixth
        weights[2] = ((work(1) - weights[1]) - weights[0]) - weights[3]
        return
    weights[0] = ((work(-0.5) * t + work(1)) * t - work(0.5)) * t
    weights[2] = ((work(-1.5) * t + work(2)) * t + work(0.5)) * t
    weights[3] = (work(0.5) * t - work(0.5)) * t * t
    weights[1] = ((work(1) - weights[2]) - weights[0]) - weights[3]


@jit
def _tap_index(index: int, extent: int, spline: bool) -> int:
    last = extent - 1
    if spline and last > 0:
        return -index if index < 0 else (2 * last - index if index > last else index)
    return min(max(index, 0), last)


@jit
def _find_taps(shape: Any, position: Any, spline: bool, at: Any, weights: Any) -> None:
    work = weights.dtype.type
    for axis in range(3):
        n = shape[axis]
        index = min(max(position[axis], 0.0), n - 1.0)
        floor = min(int(index), max(n - 2, 0))
        _weights(work(index - floor), spline, weights[axis])
        for k in range(4):
            at[axis, k] = _tap_index(floor + k - 1, n, spline)


@jit
def _sum_of_four(w: Any, v0: Any, v1: Any, v2: Any, v3: Any) -> Any:
    return (w[0] * v0 + w[3] * v3) + (w[1] * v1 + w[2] * v2)


@jit
def _sum_of_taps(voxels: Any, at: Any, weights: Any, rows: Any, columns: Any) -> Any:
    work = weights.dtype.type
    for x in range(4):
        xi = at[2, x]
        for z in range(4):
            zi = at[0, z]
            rows[z] = _sum_of_four(
                weights[1],
                work(voxels[zi, at[1, 0], xi]),
                work(voxels[zi, at[1, 1], xi]),
                work(voxels[zi, at[1, 2], xi]),
                work(voxels[zi, at[1, 3], xi]),
            )
        columns[x] = _sum_of_four(weights[0], rows[0], rows[1], rows[2], rows[3])
    return _sum_of_four(weights[2], columns[0], columns[1], columns[2], columns[3])


@jit
def _vote(voxels: Any, position: Any, work: Any, labels: Any, weights: Any) -> Any:
    floor, upper = np.zeros(3, np.int64), np.zeros(3)
    for axis in range(3):
        n = voxels.shape[axis]
        index = min(max(position[axis], 0.0), n - 1.0)
        floor[axis] = min(int(index), max(n - 2, 0))
        upper[axis] = np.rint(np.float64(work(index - floor[axis])) / LABEL_WEIGHT_UNIT) * LABEL_WEIGHT_UNIT
    for corner in range(8):
        up = (corner & 1, corner >> 1 & 1, corner >> 2 & 1)
        weight = 1.0
        for axis in range(3):
            weight *= upper[axis] if up[axis] else 1.0 - upper[axis]
        weights[corner] = weight
        labels[corner] = voxels[
            min(floor[0] + up[0], voxels.shape[0] - 1),
            min(floor[1] + up[1], voxels.shape[1] - 1),
            min(floor[2] + up[2], voxels.shape[2] - 1),
        ]
    return winner(labels, weights)


@jit
def _sample(
    voxels: Any, position: Any, method: int, exact: bool, absent: Any, gone: Any, scratch: Any
) -> Any:
    labels, shares, at, weights, wide, rows, columns, table = scratch
    z, y, x = position[0], position[1], position[2]
    work = weights.dtype.type
    if method == _NEAREST:
        return work(nearest(voxels, z, y, x))
    if method == _LABEL:
        return work(_vote(voxels, position, work, labels, shares))
    if method == _LINEAR:
        if not absent.any:
            return work(linear(voxels, z, y, x, exact, weights.dtype))
        present, value = present_linear(voxels, z, y, x, exact, weights.dtype, absent)
        return work(value) if present else gone
    if method == _LANCZOS:
        return lanczos(voxels, position, table, absent, gone, work)
    _find_taps(voxels.shape, position, method == _SPLINE, at, weights)
    value = _sum_of_taps(voxels, at, weights, rows, columns)
    if absent.any and method == _CUBIC:
        _find_taps(voxels.shape, position, False, at, wide)
        value = work(present_sum(voxels, at, wide, absent, gone, value))
    return value


@jit
def _run(
    voxels: Any, out: Any, vectors: Any, field: Any, to_index: Any, method: int, exact: bool, absent: Any,
    gone: Any, fill: Any, limits: Any, weights_type: Any, table: Any, first: int, last: int,
) -> None:  # fmt: skip
    height = out.shape[1]
    scratch = (
        np.zeros(8, voxels.dtype), np.zeros(8), np.zeros((3, 4), np.int64), np.zeros((3, 4), weights_type.dtype),
        np.zeros((3, 4)), np.zeros(4, weights_type.dtype), np.zeros(4, weights_type.dtype), table,
    )  # fmt: skip
    position = np.zeros(3)
    for row in range(first, last):
        p, r = row // height, row % height
        for c in range(out.shape[2]):
            for axis in range(3):
                start = (vectors[0, axis] + p * vectors[1, axis]) + r * vectors[2, axis]
                position[axis] = start + c * vectors[3, axis]
                if field.size:
                    d = field[p, r, c]
                    m = to_index[axis]
                    position[axis] += (m[0] * np.float64(d[0]) + m[1] * np.float64(d[1])) + m[2] * np.float64(
                        d[2]
                    )
            value = fill
            if is_inside(voxels.shape, position[0], position[1], position[2]):
                value = _sample(voxels, position, method, exact, absent, gone, scratch)
            if limits.size:
                value = np.rint(min(max(value, limits[0]), limits[1]))
            elif np.isnan(value):
                value = weights_type.dtype.type(np.nan)  # one bit pattern on every path
            out[p, r, c] = value


def transform(
    voxels: NDArray[Any],
    out: NDArray[Any],
    grid: Grid,
    *,
    interpolation: str,
    fill: float,
    num_threads: int,
    padding: float | None = None,
    displacement: NDArray[Any] | None = None,
    to_index: Rows = _ZERO,
    absent_fill: float | None = None,
) -> None:
    if interpolation not in _METHODS:
        raise ValueError(f"interpolation is one of {', '.join(_METHODS)}, not {interpolation}")
    method = _METHODS[interpolation]
    single = voxels.dtype == np.float32 or (voxels.dtype.kind != "f" and voxels.dtype.itemsize <= 2)
    work = np.dtype(np.float32 if single else np.float64)
    limits = np.zeros(0, work)
    if out.dtype.kind != "f":
        limits = np.array([np.iinfo(out.dtype).min, np.iinfo(out.dtype).max], work)
    vectors, matrix = np.array(grid[:4], np.float64), np.array(to_index, np.float64)
    field = np.zeros((0, 0, 0, 3)) if displacement is None else displacement
    exact = voxels.dtype.kind == "f"
    absent = absent_of(voxels, padding)

    def stored(fill: float) -> Any:
        return work.type(np.rint(min(max(fill, float(limits[0])), float(limits[1]))) if limits.size else fill)

    value, gone = stored(fill), work.type(absent.value) if absent_fill is None else stored(absent_fill)
    table = lanczos_table() if method == _LANCZOS else np.zeros((1, 6))

    def run(first: int, last: int) -> None:
        _run(
            voxels, out, vectors, field, matrix, method, exact, absent, gone, value, limits, np.zeros(0, work),
            table, first, last,
        )  # fmt: skip

    parallel_for(out.shape[0] * out.shape[1], _BAND_ROWS, num_threads, run)
