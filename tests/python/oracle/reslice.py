"""Oblique sampling in float64, written from the rules of the documentation, one NumPy line for each."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from radpix._backend import Grid


def positions(grid: Grid, shape: tuple[int, int, int]) -> NDArray[np.float64]:
    """Return the index positions (slab samples, planes, rows, columns, 3)."""
    p, r, c = np.meshgrid(*(np.arange(n, dtype=np.float64) for n in shape), indexing="ij")
    origin, plane, row, column, slab = (np.array(v, np.float64) for v in grid[:5])
    centre = ((origin + p[..., None] * plane) + r[..., None] * row) + c[..., None] * column
    k = np.arange(grid.slab_samples) - (grid.slab_samples - 1) / 2
    index: NDArray[np.float64] = centre + k[:, None, None, None, None] * slab
    return index


def nearest(voxels: NDArray[Any], index: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the voxels at floor(index + 0.5)."""
    top = np.array(voxels.shape) - 1
    z, y, x = np.moveaxis(np.clip(np.floor(index + 0.5).astype(np.intp), 0, top), -1, 0)
    values: NDArray[np.float64] = voxels[z, y, x].astype(np.float64)
    return values


def linear(voxels: NDArray[Any], index: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sum of the 8 neighbours by their weights; a neighbour of weight 0 does not count."""
    top = np.array(voxels.shape) - 1
    index = np.clip(index, 0, top)
    base = np.floor(index).astype(np.intp)
    t = index - base
    total = np.zeros(index.shape[:-1])
    for corner in product((0, 1), repeat=3):
        z, y, x = np.moveaxis(np.minimum(base + corner, top), -1, 0)
        weight = np.where(corner, t, 1 - t).prod(axis=-1)
        total += np.where(weight == 0, 0, weight * voxels[z, y, x].astype(np.float64))
    return total


def reslice(
    voxels: NDArray[Any],
    shape: tuple[int, int, int],
    grid: Grid,
    combine: str,
    interpolation: str,
    fill: float,
) -> NDArray[np.float64]:
    """Return the values (planes, rows, columns), neither rounded nor saturated."""
    index = positions(grid, shape)
    inside = np.all((index >= -0.5) & (index <= np.array(voxels.shape) - 0.5), axis=-1)
    safe = np.where(inside[..., None], index, 0)
    values = linear(voxels, safe) if interpolation == "linear" else nearest(voxels, safe)
    samples = np.ma.array(values, mask=~inside)
    method: Any = getattr(np.ma, combine)
    combined: Any = np.ma.asarray(method(samples, axis=0))
    result: NDArray[np.float64] = combined.astype(np.float64).filled(fill)
    return result
