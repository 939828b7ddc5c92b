"""Oblique sampling: the rules and the order of operations of ``radpix/reslice.hpp``, so that the bits agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from radpix._numba.absent import absent_of
from radpix._numba.cells import is_inside, linear, nearest, present_linear, present_nearest
from radpix._numba.jit import jit
from radpix._numba.reslice_interior import (
    MAX,
    MEAN,
    MIN,
    SUM,
    combine_interior,
    interior_columns,
    scratch_for,
    touched_columns,
)
from radpix._numba.threads import parallel_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from radpix._backend import Combine, Grid

__all__ = ["reslice", "reslice_lines"]


class _Missing(NamedTuple):
    """What pixels hold that no sample gives a value, as in the core."""

    fill: float
    padding: float | None
    absent_fill: float | None = None


_BAND_ROWS = 32
_MEDIAN = 4
_COMBINE = {"mean": MEAN, "max": MAX, "min": MIN, "sum": SUM, "median": _MEDIAN}


@jit
def _median(samples: Any) -> Any:
    work = samples.dtype.type
    count = len(samples)
    if np.isnan(samples).any():
        return work(np.nan)
    ordered = np.sort(samples)
    if count % 2 == 1:
        return ordered[count // 2] + work(0)  # the order of -0 and 0 is nobody's
    return (ordered[count // 2 - 1] + ordered[count // 2]) * work(0.5) + work(0)


@jit
def _extreme(samples: Any, largest: bool) -> Any:
    work = samples.dtype.type
    value = work(-np.inf) if largest else work(np.inf)
    for sample in samples:
        if np.isnan(sample):
            return work(np.nan)
        wins = sample > value if largest else sample < value
        value = sample if wins else value
    return value


@jit
def _combined(samples: Any, combine: int) -> Any:
    """Combine the samples of a pixel, at least one."""
    work = samples.dtype.type
    if combine == _MEDIAN:
        return _median(samples)
    if combine in {MAX, MIN}:
        return _extreme(samples, combine == MAX)
    value = work(-0.0)
    for sample in samples:
        value = value + sample
    return value / work(len(samples)) if combine == MEAN else value


@jit
def _samples_at(
    voxels: Any, centre: Any, step: Any, slab: Any, is_nearest: bool, exact: bool, absent: Any, samples: Any
) -> tuple[int, bool]:  # fmt: skip
    """Write the samples of a pixel that have a value; return their number and whether any is inside."""
    count, inside = 0, False
    for k in slab:
        z, y, x = centre[0] + k * step[0], centre[1] + k * step[1], centre[2] + k * step[2]
        if is_inside(voxels.shape, z, y, x):
            inside = True
            present = True
            if absent.any and is_nearest:
                present, samples[count] = present_nearest(voxels, z, y, x, samples.dtype, absent)
            elif absent.any:
                present, samples[count] = present_linear(voxels, z, y, x, exact, samples.dtype, absent)
            elif is_nearest:
                samples[count] = nearest(voxels, z, y, x)
            else:
                samples[count] = linear(voxels, z, y, x, exact, samples.dtype)
            count += present
    return count, inside


@jit
def _border(
    voxels: Any, line: Any, slab: Any, combine: int, is_nearest: bool, exact: bool, absent: Any, gone: Any,
    fill: Any, first: int, last: int, samples: Any, values: Any,
) -> None:  # fmt: skip
    """Compute columns sample by sample: any of them may be outside or absent."""
    centre = np.empty(3)
    for c in range(first, last):
        for axis in range(3):
            centre[axis] = line[0, axis] + c * line[1, axis]
        count, inside = _samples_at(voxels, centre, line[2], slab, is_nearest, exact, absent, samples)
        values[c] = gone if inside else fill
        if count == 1 and combine != _MEDIAN:  # the value itself; a slice of an array takes 100 ns
            values[c] = samples[0]
        elif count > 0:
            values[c] = _combined(samples[:count], combine)


@jit
def _store(values: Any, out: Any, exact: bool, limits: Any, edges: Any) -> None:
    """Round and saturate a row; ``limits`` is (min, max) of integers, ``edges`` the same as floats."""
    work = edges.dtype.type
    for c in range(len(values)):
        value = values[c]
        if len(limits) == 0:
            out[c] = work(np.nan) if np.isnan(value) else value
        elif not exact:
            value = value if value < edges[1] else edges[1]  # noqa: FURB136 - becomes vector code
            value = value if value > edges[0] else edges[0]  # noqa: FURB136
            out[c] = np.rint(value)
        elif value >= edges[1]:  # the edges may be beyond the limits: float64 does not hold 2^63 - 1
            out[c] = limits[1]
        elif value <= edges[0]:
            out[c] = limits[0]
        else:
            out[c] = np.rint(value)


@jit
def _run(
    voxels: Any, out: Any, lines: Any, slab: Any, combine: int, is_nearest: bool, exact: bool,
    absent: Any, gone: Any, fill: Any, limits: Any, edges: Any, first: int, last: int,
) -> None:  # fmt: skip
    """Compute the rows [first, last)."""
    rows, columns = out.shape[1:]
    samples = np.empty(len(slab), edges.dtype)
    values = np.empty(columns, edges.dtype)
    scratch = scratch_for(voxels, values)
    for row in range(first, last):
        line = lines[row]
        outer_begin, outer_end = touched_columns(line, slab, voxels.shape, columns)
        values[:outer_begin], values[outer_end:] = fill, fill
        begin, end = outer_begin, outer_begin
        if not absent.any and combine != _MEDIAN:
            inner_begin, inner_end = interior_columns(line, slab, voxels.shape, columns)
            if inner_begin < inner_end:
                begin, end = inner_begin, inner_end
                combine_interior(voxels, line, slab, combine, is_nearest, exact, begin, end, scratch, values)
        for left, right in ((outer_begin, begin), (end, outer_end)):
            _border(
                voxels,
                line,
                slab,
                combine,
                is_nearest,
                exact,
                absent,
                gone,
                fill,
                left,
                right,
                samples,
                values,
            )
        _store(values, out[row // rows, row % rows], exact, limits, edges)


@jit
def _pick(voxels: Any, out: Any, lines: Any, fill: Any, first: int, last: int) -> None:
    """Nearest neighbour without a slab: voxels are copied, never converted."""
    rows, columns = out.shape[1:]
    for row in range(first, last):
        p, r = row // rows, row % rows
        line = lines[row]
        for c in range(columns):
            z, y, x = line[0, 0] + c * line[1, 0], line[0, 1] + c * line[1, 1], line[0, 2] + c * line[1, 2]
            inside = is_inside(voxels.shape, z, y, x)
            out[p, r, c] = nearest(voxels, z, y, x) if inside else fill


def _fill_for(dtype: np.dtype[Any], fill: float) -> Any:
    """Return ``fill`` as a value of ``dtype``: rounded and saturated for integers."""
    if dtype.kind == "f":
        with np.errstate(over="ignore"):
            return dtype.type(fill)
    limits = np.iinfo(dtype)
    return dtype.type(min(max(round(min(max(fill, -1e30), 1e30)), limits.min), limits.max))


def _lines_of(grid: Grid, planes: int, rows: int) -> NDArray[np.float64]:
    """Return the grid's rows as lines, in the core's order of operations."""
    origin, plane_step, row_step, column_step, slab_step = np.array(grid[:5], np.float64)
    lines = np.empty((planes, rows, 3, 3))
    p, r = np.arange(planes, dtype=np.float64)[:, None, None], np.arange(rows, dtype=np.float64)[:, None]
    with np.errstate(over="ignore", invalid="ignore"):  # an infinity is outside, as in the core
        lines[..., 0, :] = (origin + p * plane_step) + r * row_step
    lines[..., 1, :], lines[..., 2, :] = column_step, slab_step
    return lines.reshape(-1, 3, 3)


def _check(
    voxels: NDArray[Any],
    out: NDArray[Any],
    numbers: NDArray[np.float64],
    slab_samples: int,
    fills: tuple[float, ...],
) -> None:
    """Refuse what the core refuses."""
    if voxels.ndim != 3 or out.ndim != 3:
        raise ValueError(f"voxels and output have 3 dimensions, not {voxels.ndim} and {out.ndim}")
    if out.dtype != voxels.dtype and (out.dtype.kind != "f" or out.dtype.itemsize < min(voxels.itemsize, 4)):
        raise TypeError("the output has the type of the voxels, float32 or float64")
    if voxels.dtype == np.float64 and out.dtype != np.float64:
        raise TypeError("the output of float64 voxels is float64")
    if not np.isfinite(numbers).all():
        raise ValueError("the grid's positions and steps are finite numbers")
    if not 1 <= slab_samples <= 1 << 16:
        raise ValueError(f"a slab has 1 to {1 << 16} samples, not {slab_samples}")
    if out.dtype.kind != "f" and np.isnan(fills).any():
        raise ValueError("integer pixels cannot be filled with NaN")


def reslice(
    voxels: NDArray[Any],
    out: NDArray[Any],
    grid: Grid,
    *,
    combine: Combine,
    interpolation: str,
    fill: float,
    num_threads: int,
    padding: float | None = None,
    absent_fill: float | None = None,
) -> None:
    fills = (fill, 0.0 if absent_fill is None else absent_fill)
    _check(voxels, out, np.array(grid[:5], np.float64), grid.slab_samples, fills)
    lines = _lines_of(grid, out.shape[0], out.shape[1])
    missing = _Missing(fill, padding, absent_fill)
    _apply(voxels, out, lines, grid.slab_samples, combine, interpolation, missing, num_threads)


def reslice_lines(
    voxels: NDArray[Any],
    out: NDArray[Any],
    lines: NDArray[np.float64],
    *,
    slab_samples: int,
    combine: Combine,
    interpolation: str,
    fill: float,
    num_threads: int,
    padding: float | None = None,
) -> None:
    if lines.dtype != np.float64:
        raise TypeError("lines are float64")
    _check(voxels, out, lines, slab_samples, (fill,))
    if lines.shape != (out.shape[0] * out.shape[1], 3, 3):
        raise ValueError("lines have the shape (planes * rows, 3, 3)")
    lines = np.ascontiguousarray(lines)
    _apply(voxels, out, lines, slab_samples, combine, interpolation, _Missing(fill, padding), num_threads)


def _apply(
    voxels: NDArray[Any],
    out: NDArray[Any],
    lines: NDArray[np.float64],
    slab_samples: int,
    combine: Combine,
    interpolation: str,
    missing: _Missing,
    num_threads: int,
) -> None:
    if interpolation not in {"nearest", "linear"}:
        raise ValueError(f'interpolation is nearest or linear, not "{interpolation}"')
    if combine not in _COMBINE:
        raise ValueError(f'combine is one of {", ".join(_COMBINE)}, not "{combine}"')
    if out.size == 0:
        return
    slab = np.arange(slab_samples, dtype=np.float64) - (slab_samples - 1) / 2
    is_nearest = interpolation == "nearest"
    rows = out.shape[0] * out.shape[1]
    absent = absent_of(voxels, missing.padding)
    copies = not absent.any or missing.absent_fill is None
    if is_nearest and slab_samples == 1 and out.dtype == voxels.dtype and copies:
        value = _fill_for(out.dtype, missing.fill)

        def pick(first: int, last: int) -> None:
            _pick(voxels, out, lines, value, first, last)

        parallel_for(rows, _BAND_ROWS, num_threads, pick)
        return
    wide = voxels.itemsize > 2 and voxels.dtype != np.float32
    limits = np.array([], out.dtype)
    if out.dtype.kind != "f":
        limits = np.array([np.iinfo(out.dtype).min, np.iinfo(out.dtype).max], out.dtype)
    edges = limits.astype(np.float64 if wide else np.float32)
    kind = out.dtype if out.dtype.kind != "f" else edges.dtype
    fill = edges.dtype.type(_fill_for(kind, missing.fill))
    with np.errstate(over="ignore"):
        gone = edges.dtype.type(
            absent.value if missing.absent_fill is None else _fill_for(kind, missing.absent_fill)
        )
    exact = voxels.dtype.kind == "f" or voxels.itemsize == 8
    how = _COMBINE[combine]

    def run(first: int, last: int) -> None:
        _run(voxels, out, lines, slab, how, is_nearest, exact, absent, gone, fill, limits, edges, first, last)

    parallel_for(rows, _BAND_ROWS, num_threads, run)
