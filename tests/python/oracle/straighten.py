"""Irregular slices on a regular grid, one sample at a time, from the definition; slow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from radpix import Volume

__all__ = ["sample"]


def sample(
    position: NDArray[np.float64], slices: NDArray[Any], firsts: NDArray[np.float64], like: Volume
) -> float | None:
    """Return the value at a patient position, or None where one of the two slices around does not reach.

    ``slices`` (n, rows, columns) have their first pixels at ``firsts`` (n, 3), ascending along the normal, and the
    directions and spacing of ``like``.
    """
    normal, down, along = like.direction.T
    _, row_spacing, column_spacing = like.spacing
    distances = (firsts - firsts[0]) @ normal
    at = float((position - firsts[0]) @ normal)
    upper = int(np.clip(np.searchsorted(distances, at - 1e-9), 1, len(distances) - 1))
    weight = (at - distances[upper - 1]) / (distances[upper] - distances[upper - 1])
    total = 0.0
    for index, share in ((upper - 1, 1 - weight), (upper, weight)):
        row = float((position - firsts[index]) @ down) / row_spacing
        column = float((position - firsts[index]) @ along) / column_spacing
        value = _bilinear(slices[index], row, column)
        if value is None:
            return None
        total += share * value
    return total


def _bilinear(image: NDArray[Any], row: float, column: float) -> float | None:
    if not (0 <= row <= image.shape[0] - 1 and 0 <= column <= image.shape[1] - 1):
        return None
    r, c = min(int(row), image.shape[0] - 2), min(int(column), image.shape[1] - 2)
    y, x = row - r, column - c
    corner = image[r : r + 2, c : c + 2].astype(np.float64)
    return float(np.array([1 - y, y]) @ corner @ np.array([1 - x, x]))
