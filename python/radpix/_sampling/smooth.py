"""Cubic, spline, Lanczos and label samples of planes and lines, thin or as slabs, by the rules of `radpix.reslice`.

The samples of a slab are kept unrounded in float32 or float64 and combined by the kernel that projects volumes, a band
of rows at a time.
"""

from __future__ import annotations

import math
import weakref
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from radpix._backend import Combine, Grid, kernels
from radpix._progress import shared, silent
from radpix._sampling.grids import (
    Field,
    Settings,
    check_interpolation,
    check_volume,
    run_points,
    spline_sources,
    work_type,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from radpix.volume import Volume

__all__ = ["SMOOTH", "Slab", "check_smooth", "sample_lines", "sample_plane"]

#: Interpolations of points that are not for the kernels of planes and lines.
SMOOTH = frozenset({"cubic", "bspline", "lanczos", "label"})

#: Bytes of the samples that are kept at a time.
_BAND_BYTES = 1 << 28

#: A sample is less than this times the largest voxel: the filters' weights sum to less, without their signs.
_MOST_GAIN = 64

# A pass over voxels of floating point (20 ms for a CT), kept as long as the volume.
_reaching: weakref.WeakKeyDictionary[Volume, bool] = weakref.WeakKeyDictionary()

_UNIT = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
_NOWHERE = (0.0, 0.0, 0.0)


class Slab(NamedTuple):
    """How many samples a pixel has, and how they are combined."""

    samples: int
    combine: Combine


def check_smooth(volume: Volume, interpolation: str, samples: int, name: str) -> None:
    """Refuse voxels that are not sampled so, and slabs of labels."""
    check_volume(volume, f"{interpolation} {name}")
    check_interpolation(volume, interpolation, (interpolation,))
    if interpolation == "label" and samples > 1:
        raise ValueError(
            f"labels are chosen for a point, and this slab has {samples}; take nearest for slabs"
        )


def sample_plane(volume: Volume, pixels: NDArray[Any], grid: Grid, slab: Slab, settings: Settings) -> None:
    """Fill ``pixels`` (rows, columns[, channel]) with samples of the volume."""
    if slab.samples == 1 and pixels.dtype == volume.voxels.dtype:
        run_points(volume.voxels, pixels[None], grid, settings)
        return

    def band_of(first: int, _: int) -> tuple[Grid, Field | None]:
        origin, row_step, step = (np.array(v) for v in (grid.origin, grid.row_step, grid.slab_step))
        start = (origin + first * row_step) - step * ((slab.samples - 1) / 2)
        z, y, x = start.tolist()
        return grid._replace(origin=(z, y, x), plane_step=grid.slab_step), None

    _sample_bands(volume, pixels, band_of, slab, settings)


def sample_lines(
    volume: Volume, pixels: NDArray[Any], lines: NDArray[np.float64], slab: Slab, settings: Settings
) -> None:
    """Fill ``pixels`` (rows, columns[, channel]), row by row on ``lines`` (rows, 3, 3), as `reslice_lines`."""
    column = np.arange(pixels.shape[1], dtype=np.float64)[:, None]
    away = np.arange(slab.samples, dtype=np.float64)[:, None, None, None] - (slab.samples - 1) / 2

    def band_of(first: int, last: int) -> tuple[Grid, Field | None]:
        start, step, thick = (lines[first:last, None, k] for k in range(3))
        positions = (start + column * step) + away * thick
        return Grid(_NOWHERE, _NOWHERE, _NOWHERE, _NOWHERE), Field(positions, _UNIT)

    _sample_bands(volume, pixels, band_of, slab, settings, item=24)


def _sample_bands(
    volume: Volume,
    pixels: NDArray[Any],
    band_of: Callable[[int, int], tuple[Grid, Field | None]],
    slab: Slab,
    settings: Settings,
    item: int = 0,
) -> None:
    voxels = volume.voxels
    work = work_type(voxels.dtype)
    row_bytes = slab.samples * math.prod(pixels.shape[1:]) * (work.itemsize + item)
    rows = max(1, _BAND_BYTES // max(row_bytes, 1))
    bands = -(-pixels.shape[0] // rows)
    twice = _reaches(volume, float(np.finfo(work).max) / _MOST_GAIN)
    sources = None
    if settings.interpolation == "bspline" and (bands > 1 or twice):
        sources = spline_sources(voxels, settings)
    with shared(bands):
        for first in range(0, pixels.shape[0], rows):
            last = min(first + rows, pixels.shape[0])
            shape = (slab.samples, last - first, *pixels.shape[1:])
            band = band_of(first, last)
            sampled = _sampled(voxels, np.empty(shape, work), band, settings, sources)
            if twice:
                with silent():
                    sampled = _told_apart(voxels, sampled, band, settings, sources)
            for channel in range(math.prod(pixels.shape[2:])):
                one = (..., channel) if pixels.ndim == 3 else ...
                _combine(_Samples(*(part[one] for part in sampled)), pixels[first:last][one], slab, settings)


class _Samples(NamedTuple):
    """Samples (n, rows, columns[, channel]), and which are outside and which absent: their values are not."""

    values: NDArray[Any]
    outside: NDArray[np.bool_]
    absent: NDArray[np.bool_]


def _sampled(
    voxels: NDArray[Any],
    values: NDArray[Any],
    band: tuple[Grid, Field | None],
    settings: Settings,
    sources: Any,
    mark: float | None = None,
) -> _Samples:
    """Fill ``values``; ``mark`` stands for what is outside, its opposite for what is absent.

    By default it is the largest number: no sample is it, unless voxels come near it. A NaN might be one, and so might
    the padding value, between voxels below and above it.
    """
    mark = float(np.finfo(values.dtype).max) if mark is None else mark
    grid, field = band
    run_points(voxels, values, grid, settings._replace(fill=mark, absent_fill=-mark), field, sources)
    return _Samples(values, values == mark, values == -mark)


def _told_apart(
    voxels: NDArray[Any],
    sampled: _Samples,
    band: tuple[Grid, Field | None],
    settings: Settings,
    sources: Any,
) -> _Samples:
    """Return samples that may be the mark themselves: with another mark they stay what they are."""
    again = _sampled(voxels, np.empty_like(sampled.values), band, settings, sources, 1.0)
    return _Samples(sampled.values, sampled.outside & again.outside, sampled.absent & again.absent)


def _reaches(volume: Volume, size: float) -> bool:
    """Return whether a voxel is at least so large, either way; the kernels' integers are not."""
    if volume.voxels.dtype.kind != "f":
        return False
    if volume not in _reaching:
        # Slice by slice: a temporary of all voxels would be as large as they are.
        _reaching[volume] = any(bool((np.abs(plane) >= size).any()) for plane in volume.voxels)
    return _reaching[volume]


def _combine(sampled: _Samples, pixels: NDArray[Any], slab: Slab, settings: Settings) -> None:
    """Combine the samples (n, rows, columns) of a channel that are neither outside nor absent."""
    samples, missing = sampled.values, sampled.outside | sampled.absent
    stand_in = np.full(pixels.shape, settings.fill, np.float64)
    if settings.padding is not None:
        gone = settings.padding if settings.absent_fill is None else settings.absent_fill
        stand_in[sampled.absent.any(axis=0)] = gone
    is_nan = np.isnan(samples).any(axis=0)
    samples[missing] = np.nan
    values = np.empty(pixels.shape, samples.dtype)
    with silent():
        kernels().project(
            samples, values, axis=0, combine=slab.combine, num_threads=settings.num_threads, padding=np.nan
        )
    values[is_nan] = np.nan
    result = np.where(missing.all(axis=0), stand_in, values)
    if pixels.dtype.kind != "f":
        ends = np.iinfo(pixels.dtype)
        result = np.clip(np.rint(result), ends.min, ends.max)
        result[np.isnan(result)] = 0  # no integer stands for NaN
    pixels[...] = result
