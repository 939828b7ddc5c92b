"""Separable resampling: row by row of the output plane, through all slices, as in ``src/resample/separable.hpp``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from radpix._numba.absent import absent_of
from radpix._numba.axis_taps import AxisTaps, make_taps
from radpix._numba.jit import jit
from radpix._numba.resample_label import LABEL_WEIGHT_UNIT, vote_rows
from radpix._numba.resample_padded import exclude_absent
from radpix._numba.resample_sums import sum_rows, sum_windows
from radpix._numba.threads import expect_stages, parallel_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from radpix._backend import AxisMap

__all__ = ["resample"]

_MAX_FLOAT_TAPS = 32
_ROWS_PER_PIECE = 16


@jit
def _store(sums, out, limits):  # type: ignore[no-untyped-def]
    """Round and saturate a row."""
    if limits.size:
        low, high = limits
        for x in range(out.size):
            total = sums[x]
            total = total if total > low else low  # noqa: FURB136 - becomes vector code
            total = total if total < high else high  # noqa: FURB136
            out[x] = np.rint(total)
    else:
        nan = sums.dtype.type(np.nan)
        for x in range(out.size):
            out[x] = nan if np.isnan(sums[x]) else sums[x]  # one bit pattern on every path


@jit
def _store_two(first, last, weights, out, limits):  # type: ignore[no-untyped-def]
    """Sum two rows and store, without a pass between: a tenth of a linear resampling."""
    one, other, low, high = weights[0], weights[1], limits[0], limits[1]
    for x in range(out.size):
        total = one * first[x] + other * last[x]
        total = total if total > low else low  # noqa: FURB136
        total = total if total < high else high  # noqa: FURB136
        out[x] = np.rint(total)


@jit
def _resample_rows(  # type: ignore[no-untyped-def]
    voxels, out, z_start, z_weights, y_start, y_weights, x_start, x_weights, limits, first, last
):
    """Resample output rows first..last of every slice; the arithmetic has the weights' type."""
    taps, rows, columns = z_weights.shape[1], last - first, x_start.size
    ring = np.zeros((rows, taps, columns), z_weights.dtype)
    held = np.full(taps, -1, np.int64)
    row = np.zeros(voxels.shape[2], z_weights.dtype)
    sums = np.zeros(columns, z_weights.dtype)
    for z in range(z_start.size):
        for s in range(z_start[z], z_start[z] + taps):
            if held[s % taps] != s:
                for y in range(rows):
                    sum_rows(voxels[s], y_start[first + y], voxels.shape[1], y_weights[first + y], row)
                    sum_windows(row, x_start, x_weights, ring[y, s % taps])
                held[s % taps] = s
        for y in range(rows):
            if taps == 2 and limits.size:
                one, other = ring[y, z_start[z] % 2], ring[y, (z_start[z] + 1) % 2]
                _store_two(one, other, z_weights[z], out[z, first + y], limits)
            else:
                sum_rows(ring[y], z_start[z], taps, z_weights[z], sums)
                _store(sums, out[z, first + y], limits)


@jit
def _pick_rows(  # type: ignore[no-untyped-def]
    voxels, out, z_start, y_start, x_start, first, last
):
    for y in range(first, last):
        for z in range(z_start.size):
            for x in range(x_start.size):
                out[z, y, x] = voxels[z_start[z], y_start[y], x_start[x]]


def _smaller(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    """Return the smaller of equally near voxels; a number rather than NaN, -0 rather than 0."""
    second = b < a
    if a.dtype.kind == "f":
        second |= np.isnan(a) | ((a == b) & np.signbit(b))
    return np.where(second, b, a)


def _settle_ties(voxels: NDArray[Any], target: NDArray[Any], taps: list[AxisTaps]) -> None:
    """Write the planes that lie between two voxels."""
    for axis, plane in enumerate(taps):
        if plane.tie < 0:
            continue
        # Candidates along x are compared first, along z last, as in the core.
        found = []
        for z, y, x in np.ndindex(2, 2, 2):
            at = [
                other.start + (np.arange(other.start.size) == other.tie) * up
                for other, up in zip(taps, (z, y, x), strict=True)
            ]
            at[axis] = at[axis][plane.tie : plane.tie + 1]
            found.append(voxels[np.ix_(*at)])
        while len(found) > 1:
            found = [_smaller(a, b) for a, b in zip(found[::2], found[1::2], strict=True)]
        inside: list[slice] = [slice(None)] * 3
        inside[axis] = slice(plane.tie, plane.tie + 1)
        target[tuple(inside)] = found[0]


def _filled(dtype: np.dtype[Any], fill: float) -> Any:
    if dtype.kind == "f":
        return dtype.type(fill)
    info = np.iinfo(dtype)
    return dtype.type(int(np.rint(min(max(fill, float(info.min)), float(info.max)))))


def _inside(out: NDArray[Any], axes: list[AxisTaps], fill: float) -> NDArray[Any]:
    """Fill what lies outside the volume; return the view of the rest."""
    inside = tuple(slice(axis.first, axis.first + axis.start.size) for axis in axes)
    if out[inside].shape != out.shape:
        kept = np.zeros(out.shape, bool)
        kept[inside] = True
        out[~kept] = _filled(out.dtype, fill)
    return out[inside]


def _weight_unit(dtype: np.dtype[Any], interpolation: str) -> float:
    if interpolation == "label":
        return LABEL_WEIGHT_UNIT
    return 2.0**-24 if _is_narrow(dtype) or dtype == np.float32 else 2.0**-32


def _is_narrow(dtype: np.dtype[Any]) -> bool:
    return dtype.kind != "f" and dtype.itemsize <= 2


def resample(
    voxels: NDArray[Any],
    out: NDArray[Any],
    axes: tuple[AxisMap, AxisMap, AxisMap],
    *,
    interpolation: str,
    antialias: bool,
    fill: float,
    num_threads: int,
    padding: float | None = None,
) -> None:
    unit = _weight_unit(voxels.dtype, interpolation)
    taps = [
        make_taps(n, m, axis, interpolation, antialias, unit)
        for n, m, axis in zip(voxels.shape, out.shape, axes, strict=True)
    ]
    target = _inside(out, taps, fill)
    if target.size == 0:
        return
    run: Callable[[int, int], None]
    if interpolation == "nearest":
        starts = [axis.start for axis in taps]
        run = lambda first, last: _pick_rows(voxels, target, *starts, first, last)  # noqa: E731
    elif interpolation == "label":
        windows = [part for axis in taps for part in (axis.start, axis.weights)]
        run = lambda first, last: vote_rows(voxels, target, *windows, first, last)  # noqa: E731
    else:
        run = _filter_of(voxels, target, taps, _limits_of(voxels.dtype, taps))
    absent = absent_of(voxels, None if interpolation in {"nearest", "label"} else padding)
    expect_stages(2 if absent.any else 1)
    parallel_for(target.shape[1], _ROWS_PER_PIECE, num_threads, run)
    if interpolation == "nearest":
        _settle_ties(voxels, target, taps)
    if absent.any:
        exclude_absent(voxels, target, taps, absent, _limits_of(voxels.dtype, taps), num_threads)


def _limits_of(dtype: np.dtype[Any], taps: list[AxisTaps]) -> NDArray[Any]:
    """Return the least and the greatest integer in the type of the arithmetic; nothing of floats."""
    single = _is_narrow(dtype) and max(axis.taps for axis in taps) <= _MAX_FLOAT_TAPS
    limits = [] if dtype.kind == "f" else [np.iinfo(dtype).min, np.iinfo(dtype).max]
    return np.array(limits, np.float32 if single else np.float64)


def _filter_of(
    voxels: NDArray[Any], target: NDArray[Any], taps: list[AxisTaps], limits: NDArray[Any]
) -> Callable[[int, int], None]:
    """Return what filters a range of rows."""
    tables = [part for axis in taps for part in (axis.start, axis.weights.astype(limits.dtype))]
    tables[-2:] = tables[-2].astype(np.uint32), np.ascontiguousarray(tables[-1].T)
    return lambda first, last: _resample_rows(voxels, target, *tables, limits, first, last)
