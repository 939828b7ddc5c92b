"""Cubic, spline, Lanczos and label samples of planes and lines, thin or as slabs, by the rules of `radpix.reslice`.

The samples of a slab are kept unrounded in float32 or float64 and combined by the kernel that projects volumes, a band
of rows at a time.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from radpix._backend import Combine, Grid, kernels
from radpix._progress import shared, silent
from radpix._sampling import (
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


def sample_plane(
    voxels: NDArray[Any], pixels: NDArray[Any], grid: Grid, slab: Slab, settings: Settings
) -> None:
    """Fill ``pixels`` (rows, columns[, channel]) with samples of ``voxels`` (z, y, x[, channel])."""
    if slab.samples == 1 and pixels.dtype == voxels.dtype:
        run_points(voxels, pixels[None], grid, settings)
        return

    def band_of(first: int, _: int) -> tuple[Grid, Field | None]:
        origin, row_step, step = (np.array(v) for v in (grid.origin, grid.row_step, grid.slab_step))
        start = (origin + first * row_step) - step * ((slab.samples - 1) / 2)
        z, y, x = start.tolist()
        return grid._replace(origin=(z, y, x), plane_step=grid.slab_step), None

    _sample_bands(voxels, pixels, band_of, slab, settings)


def sample_lines(
    voxels: NDArray[Any], pixels: NDArray[Any], lines: NDArray[np.float64], slab: Slab, settings: Settings
) -> None:
    """Fill ``pixels`` (rows, columns[, channel]), row by row on ``lines`` (rows, 3, 3), as `reslice_lines`."""
    column = np.arange(pixels.shape[1], dtype=np.float64)[:, None]
    away = np.arange(slab.samples, dtype=np.float64)[:, None, None, None] - (slab.samples - 1) / 2

    def band_of(first: int, last: int) -> tuple[Grid, Field | None]:
        start, step, thick = (lines[first:last, None, k] for k in range(3))
        positions = (start + column * step) + away * thick
        return Grid(_NOWHERE, _NOWHERE, _NOWHERE, _NOWHERE), Field(positions, _UNIT)

    _sample_bands(voxels, pixels, band_of, slab, settings, item=24)


def _sample_bands(
    voxels: NDArray[Any],
    pixels: NDArray[Any],
    band_of: Callable[[int, int], tuple[Grid, Field | None]],
    slab: Slab,
    settings: Settings,
    item: int = 0,
) -> None:
    work = work_type(voxels.dtype)
    row_bytes = slab.samples * math.prod(pixels.shape[1:]) * (work.itemsize + item)
    rows = max(1, _BAND_BYTES // max(row_bytes, 1))
    bands = -(-pixels.shape[0] // rows)
    sampling = settings._replace(fill=_outside(work), absent_fill=-_outside(work))
    sources = spline_sources(voxels, sampling) if settings.interpolation == "bspline" and bands > 1 else None
    with shared(bands):
        for first in range(0, pixels.shape[0], rows):
            last = min(first + rows, pixels.shape[0])
            samples = np.empty((slab.samples, last - first, *pixels.shape[1:]), work)
            grid, field = band_of(first, last)
            run_points(voxels, samples, grid, sampling, field, sources)
            target = pixels[first:last]
            for channel in range(math.prod(pixels.shape[2:])):
                some, into = (
                    (samples, target) if pixels.ndim == 2 else (samples[..., channel], target[..., channel])
                )
                _combine(some, into, slab.combine, settings)


def _outside(work: np.dtype[Any]) -> float:
    """Return what stands for samples outside the volume, and negative for absent ones.

    No sample is it; a NaN might be, and so might the padding value, between voxels below and above it.
    """
    return float(np.finfo(work).max)


def _combine(samples: NDArray[Any], pixels: NDArray[Any], combine: Combine, settings: Settings) -> None:
    """Combine samples (n, rows, columns) of a channel that are neither outside nor absent."""
    outside = _outside(samples.dtype)
    stand_in = np.full(pixels.shape, settings.fill, np.float64)
    if settings.padding is not None:
        is_absent = samples == -outside
        stand_in[is_absent.any(axis=0)] = settings.padding
        samples[is_absent] = outside
    values = np.empty(pixels.shape, samples.dtype)
    with silent():
        kernels().project(
            samples, values, axis=0, combine=combine, num_threads=settings.num_threads, padding=outside
        )
    result = np.where(values == outside, stand_in, values)
    if pixels.dtype.kind != "f":
        ends = np.iinfo(pixels.dtype)
        result = np.clip(np.rint(result), ends.min, ends.max)
        result[np.isnan(result)] = 0  # no integer stands for NaN
    pixels[...] = result
