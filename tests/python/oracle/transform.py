"""Sampling at points in float64, by the rules of the documentation alone."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.ndimage
from tests.python.oracle.resample import catmull_rom
from tests.python.oracle.reslice import linear, nearest

if TYPE_CHECKING:
    from numpy.typing import NDArray


def cubic(
    voxels: NDArray[Any], index: NDArray[np.float64], gone: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean of the present ones of 64 neighbours, by Catmull-Rom weights, and the weight of these."""
    top = np.array(voxels.shape) - 1
    index = np.clip(index, 0, top)
    base = np.floor(index).astype(np.intp)
    present = np.ones(voxels.shape) if gone is None else (~gone).astype(np.float64)
    values = np.where(present > 0, voxels.astype(np.float64), 0.0)
    total, weight = np.zeros(index.shape[:-1]), np.zeros(index.shape[:-1])
    for tap in product((-1, 0, 1, 2), repeat=3):
        z, y, x = np.moveaxis(np.clip(base + tap, 0, top), -1, 0)
        share = catmull_rom(index - (base + tap)).prod(axis=-1)
        total += share * values[z, y, x]
        weight += share * present[z, y, x]
    return total / np.where(weight < 0.5, 1.0, weight), weight


def spline(voxels: NDArray[Any], index: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return SciPy's cubic spline, mirrored at the outermost centres."""
    at = np.moveaxis(np.clip(index, 0, np.array(voxels.shape) - 1), -1, 0)
    values: NDArray[np.float64] = scipy.ndimage.map_coordinates(
        voxels.astype(np.float64), at, order=3, mode="mirror"
    )
    return values


def lanczos(voxels: NDArray[Any], index: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return sums of 216 neighbours by sinc(d) sinc(d / 3), whose weights along an axis sum to 1; the edge repeated."""
    top = np.array(voxels.shape) - 1
    index = np.clip(index, 0, top)
    base = np.minimum(np.floor(index).astype(np.intp), np.maximum(top - 1, 0))
    taps = np.arange(-2, 4)
    d = np.abs((index - base)[..., None] - taps)
    weights = np.where(d < 3, np.sinc(d) * np.sinc(d / 3), 0)
    weights /= weights.sum(axis=-1, keepdims=True)
    total = np.zeros(index.shape[:-1])
    for tap in product(range(6), repeat=3):
        z, y, x = np.moveaxis(np.clip(base + taps[list(tap)], 0, top), -1, 0)
        share = np.prod([weights[..., axis, k] for axis, k in enumerate(tap)], axis=0)
        total += share * voxels[z, y, x].astype(np.float64)
    return total


def sample(
    voxels: NDArray[Any], index: NDArray[np.float64], interpolation: str, fill: float
) -> NDArray[np.float64]:
    """Return the values at indices (..., 3), neither rounded nor saturated."""
    inside = np.all((index >= -0.5) & (index <= np.array(voxels.shape) - 0.5), axis=-1)
    safe = np.where(inside[..., None], index, 0.0)
    values = cubic(voxels, safe)[0] if interpolation == "cubic" else _SAMPLES[interpolation](voxels, safe)
    return np.where(inside, values, fill)


_SAMPLES = {"nearest": nearest, "linear": linear, "spline": spline, "lanczos": lanczos}
