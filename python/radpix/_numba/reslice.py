"""Oblique sampling: the rules and the order of operations of ``radpix/reslice.hpp``, so that the bits agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from radpix._numba.jit import jit
from radpix._numba.threads import parallel_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from radpix._backend import Combine, Grid

__all__ = ["reslice"]

_BAND_ROWS = 16
_MEAN, _MAX, _MIN, _SUM, _MEDIAN = range(5)
_COMBINE = {"mean": _MEAN, "max": _MAX, "min": _MIN, "sum": _SUM, "median": _MEDIAN}


@jit
def _is_inside(shape: Any, z: float, y: float, x: float) -> bool:
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
def _lerp(a: Any, b: Any, t: Any, exact_ends: bool) -> Any:
    if exact_ends:  # see lerp in scalar.cpp
        if t == 0:
            return a
        if t == 1:
            return b
    return a + t * (b - a)


@jit
def _linear(voxels: Any, z: float, y: float, x: float, exact: bool, dtype: Any) -> Any:
    work = dtype.type
    depth, height, width = voxels.shape
    z0, tz = _split(z, depth)
    y0, ty = _split(y, height)
    x0, tx = _split(x, width)
    z1, y1, x1 = min(z0 + 1, depth - 1), min(y0 + 1, height - 1), min(x0 + 1, width - 1)
    wz, wy, wx = work(tz), work(ty), work(tx)
    low = _lerp(
        _lerp(work(voxels[z0, y0, x0]), work(voxels[z0, y0, x1]), wx, exact),
        _lerp(work(voxels[z0, y1, x0]), work(voxels[z0, y1, x1]), wx, exact),
        wy,
        exact,
    )
    high = _lerp(
        _lerp(work(voxels[z1, y0, x0]), work(voxels[z1, y0, x1]), wx, exact),
        _lerp(work(voxels[z1, y1, x0]), work(voxels[z1, y1, x1]), wx, exact),
        wy,
        exact,
    )
    return _lerp(low, high, wz, exact)


@jit
def _nearest(voxels: Any, z: float, y: float, x: float) -> Any:
    depth, height, width = voxels.shape
    return voxels[_nearest_index(z, depth), _nearest_index(y, height), _nearest_index(x, width)]


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
    if combine in {_MAX, _MIN}:
        return _extreme(samples, combine == _MAX)
    value = work(-0.0)
    for sample in samples:
        value = value + sample
    return value / work(len(samples)) if combine == _MEAN else value


@jit
def _samples_at(
    voxels: Any, centre: Any, slab: Any, nearest: bool, exact: bool, samples: Any
) -> int:  # fmt: skip
    """Write the samples of a pixel that are inside; return their number."""
    count = 0
    for k in range(slab.shape[1]):
        z, y, x = centre[0] + slab[0, k], centre[1] + slab[1, k], centre[2] + slab[2, k]
        if _is_inside(voxels.shape, z, y, x):
            if nearest:
                samples[count] = _nearest(voxels, z, y, x)
            else:
                samples[count] = _linear(voxels, z, y, x, exact, samples.dtype)
            count += 1
    return count


@jit
def _line_start(vectors: Any, p: int, r: int, start: Any) -> None:
    for axis in range(3):
        start[axis] = (vectors[0, axis] + p * vectors[1, axis]) + r * vectors[2, axis]


@jit
def _run(
    voxels: Any, out: Any, vectors: Any, slab: Any, combine: int, nearest: bool, exact: bool,
    fill: Any, limits: Any, edges: Any, first: int, last: int,
) -> None:  # fmt: skip
    """Compute the rows [first, last); ``limits`` is (min, max) of integers, ``edges`` the same as floats."""
    rows, columns = out.shape[1:]
    work = edges.dtype.type
    samples = np.empty(slab.shape[1], edges.dtype)
    start, centre = np.empty(3), np.empty(3)
    for row in range(first, last):
        p, r = row // rows, row % rows
        _line_start(vectors, p, r, start)
        for c in range(columns):
            for axis in range(3):
                centre[axis] = start[axis] + c * vectors[3, axis]
            count = _samples_at(voxels, centre, slab, nearest, exact, samples)
            value = fill
            if count == 1 and combine != _MEDIAN:  # the value itself; a slice of an array takes 100 ns
                value = samples[0]
            elif count > 0:
                value = _combined(samples[:count], combine)
            if len(limits) == 0:
                out[p, r, c] = work(np.nan) if np.isnan(value) else value
            elif value >= edges[1]:  # the edges may be beyond the limits: float64 does not hold 2^63 - 1
                out[p, r, c] = limits[1]
            elif value <= edges[0]:
                out[p, r, c] = limits[0]
            else:
                out[p, r, c] = np.rint(value)


@jit
def _pick(voxels: Any, out: Any, vectors: Any, slab: Any, fill: Any, first: int, last: int) -> None:
    """Nearest neighbour without a slab: voxels are copied, never converted."""
    rows, columns = out.shape[1:]
    start = np.empty(3)
    for row in range(first, last):
        p, r = row // rows, row % rows
        _line_start(vectors, p, r, start)
        for c in range(columns):
            z = (start[0] + c * vectors[3, 0]) + slab[0, 0]
            y = (start[1] + c * vectors[3, 1]) + slab[1, 0]
            x = (start[2] + c * vectors[3, 2]) + slab[2, 0]
            inside = _is_inside(voxels.shape, z, y, x)
            out[p, r, c] = _nearest(voxels, z, y, x) if inside else fill


def _fill_for(dtype: np.dtype[Any], fill: float) -> Any:
    """Return ``fill`` as a value of ``dtype``: rounded and saturated for integers."""
    if dtype.kind == "f":
        with np.errstate(over="ignore"):
            return dtype.type(fill)
    limits = np.iinfo(dtype)
    return dtype.type(min(max(round(min(max(fill, -1e30), 1e30)), limits.min), limits.max))


def _check(voxels: NDArray[Any], out: NDArray[Any], grid: Grid, fill: float) -> None:
    """Refuse what the core refuses."""
    if voxels.ndim != 3 or out.ndim != 3:
        raise ValueError(f"voxels and output have 3 dimensions, not {voxels.ndim} and {out.ndim}")
    if out.dtype != voxels.dtype and (out.dtype.kind != "f" or out.dtype.itemsize < min(voxels.itemsize, 4)):
        raise TypeError("the output has the type of the voxels, float32 or float64")
    if voxels.dtype == np.float64 and out.dtype != np.float64:
        raise TypeError("the output of float64 voxels is float64")
    if not np.isfinite(np.array(grid[:5], np.float64)).all():
        raise ValueError("the grid's positions and steps are finite numbers")
    if not 1 <= grid.slab_samples <= 1 << 16:
        raise ValueError(f"a slab has 1 to {1 << 16} samples, not {grid.slab_samples}")
    if out.dtype.kind != "f" and np.isnan(fill):
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
) -> None:
    _check(voxels, out, grid, fill)
    if interpolation not in {"nearest", "linear"}:
        raise ValueError(f'interpolation is nearest or linear, not "{interpolation}"')
    if combine not in _COMBINE:
        raise ValueError(f'combine is one of {", ".join(_COMBINE)}, not "{combine}"')
    if out.size == 0:
        return
    vectors = np.array(grid[:4], np.float64)
    k = np.arange(grid.slab_samples, dtype=np.float64) - (grid.slab_samples - 1) / 2
    with np.errstate(over="ignore"):  # an infinite offset is outside, as in the core
        slab = np.array(grid.slab_step, np.float64)[:, None] * k
    nearest = interpolation == "nearest"
    rows = out.shape[0] * out.shape[1]
    if nearest and grid.slab_samples == 1 and out.dtype == voxels.dtype:
        value = _fill_for(out.dtype, fill)

        def pick(first: int, last: int) -> None:
            _pick(voxels, out, vectors, slab, value, first, last)

        parallel_for(rows, _BAND_ROWS, num_threads, pick)
        return
    wide = voxels.itemsize > 2 and voxels.dtype != np.float32
    limits = np.array([], out.dtype)
    if out.dtype.kind != "f":
        limits = np.array([np.iinfo(out.dtype).min, np.iinfo(out.dtype).max], out.dtype)
    edges = limits.astype(np.float64 if wide else np.float32)
    fill_value = edges.dtype.type(_fill_for(out.dtype if out.dtype.kind != "f" else edges.dtype, fill))
    exact = voxels.dtype.kind == "f" or voxels.itemsize == 8
    how = _COMBINE[combine]

    def run(first: int, last: int) -> None:
        _run(voxels, out, vectors, slab, how, nearest, exact, fill_value, limits, edges, first, last)

    parallel_for(rows, _BAND_ROWS, num_threads, run)
