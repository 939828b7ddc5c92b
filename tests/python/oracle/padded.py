"""Linear sampling without the absent voxels, in float64 by the rules alone: weights, NumPy sums, one division."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from tests.python.oracle import resample as axis_aligned
from tests.python.oracle import reslice as oblique

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from radpix._backend import Grid


def absent(voxels: NDArray[Any], padding: float) -> NDArray[np.bool_]:
    """Return which voxels hold the padding value."""
    if np.isnan(padding):
        return np.asarray(np.isnan(voxels))
    return np.asarray(voxels == np.array(padding).astype(voxels.dtype))


def resample(
    voxels: NDArray[Any],
    shape: Sequence[int],
    maps: Sequence[tuple[float, float]],
    antialias: bool,
    fill: float,
    padding: float,
    interpolation: str = "linear",
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the filtered samples, not rounded, and the weight that is present in each (1 outside the volume)."""
    gone = absent(voxels, padding)
    values, weight = np.where(gone, 0.0, voxels.astype(np.float64)), (~gone).astype(np.float64)
    inside = np.ones((), bool)
    for axis, (scale, offset) in enumerate(maps):
        n, m = voxels.shape[axis], shape[axis]
        matrix = axis_aligned.weight_matrix(n, m, scale, offset, antialias, interpolation)
        values = np.moveaxis(np.tensordot(matrix, values, axes=(1, axis)), 0, axis)
        weight = np.moveaxis(np.tensordot(matrix, weight, axes=(1, axis)), 0, axis)
        within = axis_aligned.is_inside(axis_aligned.positions(m, scale, offset), n)
        inside = inside & within.reshape([-1 if k == axis else 1 for k in range(3)])
    known = weight >= 0.5
    samples = np.where(known, values / np.where(known, weight, 1.0), padding)
    return np.where(inside, samples, fill), np.where(inside, weight, 1.0)


def linear(
    voxels: NDArray[Any], index: NDArray[np.float64], padding: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the means of the present ones of 8 neighbours, and the weight of these."""
    top = np.array(voxels.shape) - 1
    index = np.clip(index, 0, top)
    base = np.floor(index).astype(np.intp)
    t = index - base
    gone = absent(voxels, padding)
    total, weight = np.zeros(index.shape[:-1]), np.zeros(index.shape[:-1])
    for corner in product((0, 1), repeat=3):
        z, y, x = np.moveaxis(np.minimum(base + corner, top), -1, 0)
        share = np.where(corner, t, 1 - t).prod(axis=-1)
        share = np.where(gone[z, y, x], 0, share)
        with np.errstate(invalid="ignore"):  # 0 times infinity, which is not taken
            total += np.where(share == 0, 0, share * voxels[z, y, x].astype(np.float64))
        weight += share
    return total / np.where(weight > 0, weight, 1), weight


def reslice(
    voxels: NDArray[Any],
    shape: tuple[int, int, int],
    grid: Grid,
    combine: str,
    interpolation: str,
    fill: float,
    padding: float,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the values, neither rounded nor saturated, and whether a sample is too near the limit of 1/2 to tell."""
    index = oblique.positions(grid, shape)
    inside = np.all((index >= -0.5) & (index <= np.array(voxels.shape) - 0.5), axis=-1)
    safe = np.where(inside[..., None], index, 0)
    if interpolation == "linear":
        values, weight = linear(voxels, safe, padding)
    else:
        values = oblique.nearest(voxels, safe)
        weight = 1.0 - oblique.nearest(absent(voxels, padding), safe)
    samples = np.ma.array(values, mask=~inside | (weight < 0.5))
    method: Any = getattr(np.ma, combine)
    combined: Any = np.ma.asarray(method(samples, axis=0)).astype(np.float64)
    result = np.where(inside.any(axis=0), combined.filled(padding), fill)
    return result, (inside & (np.abs(weight - 0.5) < 1e-5)).any(axis=0)


def project(voxels: NDArray[Any], axis: int, combine: str, padding: float) -> NDArray[np.float64]:
    """Return the combinations of the present voxels, neither rounded nor saturated."""
    samples = np.ma.array(voxels.astype(np.float64), mask=absent(voxels, padding))
    method: Any = getattr(np.ma, combine)
    combined: Any = np.ma.asarray(method(samples, axis=axis)).astype(np.float64)
    return np.asarray(combined.filled(padding))
