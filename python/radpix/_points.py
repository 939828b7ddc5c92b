"""A volume's values at any patient positions, alone or as slabs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from radpix._backend import Grid, kernels
from radpix._sampling import Field, Settings, run_points
from radpix.reslice import ORIGIN_TOLERANCE, STEP_TOLERANCE, snapped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from radpix._backend import Combine
    from radpix.volume import Volume

__all__ = ["Lines", "sample_lines", "sample_points", "sample_slab"]

#: Voxels around the positions that a sample may need: a cubic one has two on either side.
_MARGIN = 3


class Lines(NamedTuple):
    """Pixels at equal steps: from ``origins`` (steps, 3) by ``across`` along a row, by ``down`` from row to row.

    All are patient positions or vectors (steps, 3) in mm; ``slab`` is the step from one of ``samples`` to the next.
    """

    origins: NDArray[np.float64]
    across: NDArray[np.float64]
    down: NDArray[np.float64]
    slab: NDArray[np.float64]
    samples: int


def sample_lines(
    volume: Volume,
    out: NDArray[Any],
    lines: Lines,
    combine: Combine,
    interpolation: str,
    fill: float,
    num_threads: int,
    padding: float | None,
) -> None:
    """Sample every step of ``lines`` into ``out`` (steps, rows, columns[, channel]) as a plane of its own."""
    inverse = np.linalg.inv(volume.affine)
    turn = inverse[:3, :3].T
    origins = snapped(lines.origins @ turn + inverse[:3, 3], ORIGIN_TOLERANCE)
    steps = [snapped(vectors @ turn, STEP_TOLERANCE) for vectors in (lines.down, lines.across, lines.slab)]
    still = (0.0, 0.0, 0.0)
    grids = [
        Grid((z, y, x), still, tuple(down), tuple(across), tuple(slab), lines.samples)
        for (z, y, x), down, across, slab in zip(
            origins.tolist(), *[vectors.tolist() for vectors in steps], strict=True
        )
    ]
    sample = kernels().reslice
    voxels = volume.voxels if volume.voxels.ndim == 4 else volume.voxels[..., None]
    for channel in range(voxels.shape[3]):
        source = voxels[..., channel]
        target = out if out.ndim == 3 else out[..., channel]
        for i, grid in enumerate(grids):
            sample(
                source,
                target[i : i + 1],
                grid,
                combine=combine,
                interpolation=interpolation,
                fill=fill,
                num_threads=num_threads,
                padding=padding,
            )


def sample_points(
    volume: Volume,
    positions: NDArray[np.float64],
    interpolation: str,
    fill: float,
    num_threads: int,
    padding: float | None,
) -> NDArray[Any]:
    """Return the values at ``positions`` (..., 3), of the volume's type."""
    settings = Settings(interpolation, False, fill, num_threads, padding)
    return _sampled(volume.voxels, volume.affine, positions, settings)


def sample_slab(
    volume: Volume,
    positions: NDArray[np.float64],
    normals: NDArray[np.float64],
    offsets: NDArray[np.float64],
    combine: Combine,
    interpolation: str,
    fill: float,
    num_threads: int,
    padding: float | None,
) -> NDArray[Any]:
    """Combine the values at ``positions`` (steps, ..., 3) moved by each of ``offsets`` mm along ``normals`` (steps, 3).

    Samples are floats and rounded once; those outside the volume, and padding, take no part.
    """
    dtype = volume.voxels.dtype
    wide = np.dtype(np.float64 if dtype.itemsize > 2 and dtype != np.float32 else np.float32)
    lift = normals.reshape(len(normals), *[1] * (positions.ndim - 2), 3)
    reach = np.concatenate([positions + offsets[0] * lift, positions + offsets[-1] * lift])
    voxels, affine = _around(volume.voxels, volume.affine, reach)
    voxels = voxels.astype(wide)
    settings = Settings(interpolation, False, np.nan, num_threads, padding)
    samples = np.stack([_sampled(voxels, affine, positions + mm * lift, settings) for mm in offsets])
    inside = ~np.isnan(samples)
    if padding is not None and not np.isnan(padding):
        inside &= samples != wide.type(padding)
    combined = _combined(samples.astype(np.float64), inside, combine)
    nothing = ~inside.any(axis=0)
    if dtype.kind != "f" and combine != "sum":
        limits = np.iinfo(dtype)
        combined = np.clip(np.rint(np.where(nothing, 0, combined)), limits.min, limits.max)
    result = combined.astype(wide if combine == "sum" else dtype)
    if nothing.any():
        # Of what has no sample, padding is told from the outside where the surface itself lies.
        surface = _sampled(voxels, affine, positions, settings)
        lacking = np.isnan(surface) if padding is None or np.isnan(padding) else surface != wide.type(padding)
        empty = np.where(lacking, fill, fill if padding is None else padding)
        result[nothing] = empty[nothing].astype(result.dtype)
    return result


def _combined(samples: NDArray[np.float64], inside: NDArray[np.bool_], combine: Combine) -> NDArray[Any]:
    with np.errstate(invalid="ignore", divide="ignore"):
        if combine == "max":
            return np.asarray(np.where(inside, samples, -np.inf).max(axis=0))
        if combine == "min":
            return np.asarray(np.where(inside, samples, np.inf).min(axis=0))
        if combine == "median":
            ordered = np.sort(np.where(inside, samples, np.inf), axis=0)
            count = inside.sum(axis=0)
            low, high = np.maximum(count - 1, 0) // 2, np.minimum(count // 2, len(samples) - 1)
            pick = [np.take_along_axis(ordered, k[None], 0)[0] for k in (low, high)]
            return np.asarray((pick[0] + pick[1]) / 2)
        total = np.where(inside, samples, 0.0).sum(axis=0)
        return np.asarray(total if combine == "sum" else total / inside.sum(axis=0))


def _around(
    voxels: NDArray[Any], affine: NDArray[np.float64], positions: NDArray[np.float64]
) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Return the part of the volume that samples at ``positions`` need, at least one voxel, and its affine."""
    inverse = np.linalg.inv(affine)
    index = positions.reshape(-1, 3) @ inverse[:3, :3].T + inverse[:3, 3]
    shape = np.array(voxels.shape[:3])
    low = np.clip(np.floor(index.min(axis=0)) - _MARGIN, 0, shape - 1).astype(int)
    high = np.clip(np.ceil(index.max(axis=0)) + _MARGIN + 1, low + 1, shape).astype(int)
    moved = affine.copy()
    moved[:3, 3] += affine[:3, :3] @ low
    return voxels[low[0] : high[0], low[1] : high[1], low[2] : high[2]], moved


def _sampled(
    voxels: NDArray[Any], affine: NDArray[np.float64], positions: NDArray[np.float64], settings: Settings
) -> NDArray[Any]:
    """Sample through the kernel of displacement fields: a grid of one point, moved to each position."""
    inverse = np.linalg.inv(affine)
    zyx = [(float(a), float(b), float(c)) for a, b, c in inverse[:3, :3]]
    origin = (float(inverse[0, 3]), float(inverse[1, 3]), float(inverse[2, 3]))
    still = (0.0, 0.0, 0.0)
    grid = Grid(origin=origin, plane_step=still, row_step=still, column_step=still)
    planes = np.ascontiguousarray(positions if positions.ndim == 4 else positions[None])
    out = np.empty(planes.shape[:-1] + voxels.shape[3:], voxels.dtype)
    run_points(voxels, out, grid, settings, Field(planes, (zyx[0], zyx[1], zyx[2])))
    return out.reshape(positions.shape[:-1] + voxels.shape[3:])
