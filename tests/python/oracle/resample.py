"""Resampling by the rules alone: full weight matrices in float64, one einsum per axis, no optimisation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def positions(output_size: int, scale: float, offset: float) -> NDArray[np.float64]:
    """Return the input index of every output sample, kept to 2^-32 voxel so that ties are ties."""
    return np.round((offset + scale * np.arange(output_size)) * 2.0**32) / 2.0**32


def is_inside(at: NDArray[np.float64], size: int) -> NDArray[np.bool_]:
    return (at >= -0.5) & (at <= size - 0.5)


def nearest_index(at: NDArray[np.float64], size: int) -> NDArray[np.int64]:
    """Return the nearest voxel; ties towards the centre of the axis, at the centre itself the lower index."""
    centre = (size - 1) / 2
    index = np.where(at >= centre, np.ceil(at - 0.5), np.floor(at + 0.5))
    return np.clip(index, 0, size - 1).astype(np.int64)


def weight_matrix(
    input_size: int, output_size: int, scale: float, offset: float, antialias: bool
) -> NDArray[np.float64]:
    """Return (outputs, inputs): triangle weights, as wide as the scale when widened, edges repeated."""
    at = positions(output_size, scale, offset)
    matrix = np.zeros((output_size, input_size))
    support = min(scale, float(input_size)) if antialias and scale > 1 else 1.0
    for o in np.flatnonzero(is_inside(at, input_size)):
        samples = np.arange(int(np.floor(at[o] - support)), int(np.ceil(at[o] + support)) + 1)
        weights = np.maximum(0.0, 1.0 - np.abs(samples - at[o]) / support)
        np.add.at(matrix[o], np.clip(samples, 0, input_size - 1), weights / weights.sum())
    return matrix


def nearest(
    voxels: NDArray[Any], shape: Sequence[int], maps: Sequence[tuple[float, float]]
) -> NDArray[np.float64]:
    """Return the nearest voxels; where an axis's centre lies between two, the smaller one."""
    result = voxels.astype(np.float64)
    for axis, (scale, offset) in enumerate(maps):
        size = voxels.shape[axis]
        at = positions(shape[axis], scale, offset)
        lower = nearest_index(at, size)
        upper = lower + (at == (size - 1) / 2) * (1 - size % 2)
        result = np.minimum(np.take(result, lower, axis), np.take(result, upper, axis))
    return result


def resample(
    voxels: NDArray[Any],
    shape: Sequence[int],
    maps: Sequence[tuple[float, float]],
    interpolation: str,
    antialias: bool,
    fill: float,
) -> NDArray[np.float64]:
    """Return float64, not rounded."""
    result = nearest(voxels, shape, maps) if interpolation == "nearest" else voxels.astype(np.float64)
    inside = np.ones((), bool)
    for axis, (scale, offset) in enumerate(maps):
        n, m = voxels.shape[axis], shape[axis]
        if interpolation == "linear":
            matrix = weight_matrix(n, m, scale, offset, antialias)
            result = np.moveaxis(np.tensordot(matrix, result, axes=(1, axis)), 0, axis)
        within = is_inside(positions(m, scale, offset), n)
        inside = inside & within.reshape([-1 if k == axis else 1 for k in range(3)])
    return np.where(inside, result, fill)
