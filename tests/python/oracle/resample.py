"""Resampling by the rules alone: full weight matrices in float64, one einsum per axis, no optimisation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.ndimage

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


def catmull_rom(x: NDArray[np.float64]) -> NDArray[np.float64]:
    x = np.abs(x)
    inner, outer = 1.5 * x**3 - 2.5 * x**2 + 1, -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x < 1, inner, np.where(x < 2, outer, 0.0))


def lanczos(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0.0)


def triangle(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.maximum(0.0, 1.0 - np.abs(x))


def cardinal_spline(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return SciPy's spline through a unit impulse, cut at 8."""
    impulse = np.zeros(81)
    impulse[40] = 1.0
    at = np.clip(np.atleast_1d(x) + 40.0, 0, 80)
    spline = scipy.ndimage.map_coordinates(impulse, at[None], order=3, mode="mirror")
    return np.where(np.abs(x) < 8, spline, 0.0)


FILTERS = {
    "linear": (triangle, 1),
    "cubic": (catmull_rom, 2),
    "lanczos": (lanczos, 3),
    "bspline": (cardinal_spline, 8),
}


def spline_matrix(size: int, at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return SciPy's interpolating cubic splines through the unit vectors, at positions clamped to the axis."""
    columns = np.zeros((len(at), size))
    for i, unit in enumerate(np.eye(size)):
        columns[:, i] = scipy.ndimage.map_coordinates(
            unit, np.clip(at, 0, size - 1)[None], order=3, mode="mirror"
        )
    return columns


def folded(index: NDArray[np.int64], size: int, interpolation: str) -> NDArray[np.int64]:
    """Return the voxel that stands for one beyond an edge."""
    if interpolation != "bspline" or size == 1:
        return np.clip(index, 0, size - 1)
    index = index % (2 * size - 2)
    return np.minimum(index, 2 * size - 2 - index)


def weight_matrix(
    input_size: int,
    output_size: int,
    scale: float,
    offset: float,
    antialias: bool,
    interpolation: str = "linear",
) -> NDArray[np.float64]:
    """Return (outputs, inputs): the filter's weights, as wide as the scale when widened."""
    at = positions(output_size, scale, offset)
    matrix = np.zeros((output_size, input_size))
    widened = antialias and scale > 1
    stretch = min(scale, float(input_size)) if widened else 1.0
    inside = is_inside(at, input_size)
    if interpolation == "bspline" and not widened:
        matrix[inside] = spline_matrix(input_size, at[inside])
        return matrix
    shape, radius = FILTERS[interpolation]
    for o in np.flatnonzero(inside):
        centre = at[o] if interpolation == "linear" else np.clip(at[o], 0, input_size - 1)
        support = radius * stretch
        samples = np.arange(int(np.floor(centre - support)), int(np.ceil(centre + support)) + 1)
        weights = shape((samples - centre) / stretch)
        np.add.at(matrix[o], folded(samples, input_size, interpolation), weights / weights.sum())
    return matrix


def label_shares(
    voxels: NDArray[Any], shape: Sequence[int], maps: Sequence[tuple[float, float]]
) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Return the labels, and (label, z, y, x) the linear weight of each, 0 outside the volume."""
    labels = np.unique(voxels)
    shares = [
        resample((voxels == label).astype(np.float64), shape, maps, "linear", False, 0.0) for label in labels
    ]
    return labels, np.stack(shares)


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
        if interpolation != "nearest":
            matrix = weight_matrix(n, m, scale, offset, antialias, interpolation)
            result = np.moveaxis(np.tensordot(matrix, result, axes=(1, axis)), 0, axis)
        within = is_inside(positions(m, scale, offset), n)
        inside = inside & within.reshape([-1 if k == axis else 1 for k in range(3)])
    return np.where(inside, result, fill)
