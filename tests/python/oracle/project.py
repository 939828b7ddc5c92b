"""Projections by the rules alone: Python integers and NumPy, line by line."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray


def _exact(line: list[int], combine: str) -> Fraction:
    if combine == "max":
        return Fraction(max(line))
    if combine == "min":
        return Fraction(min(line))
    if combine == "sum":
        return Fraction(sum(line))
    if combine == "mean":
        return Fraction(sum(line), len(line))
    ordered = sorted(line)
    return Fraction(ordered[len(line) // 2] + ordered[(len(line) - 1) // 2], 2)


def project_integers(voxels: NDArray[Any], axis: int, combine: str, dtype: DTypeLike) -> NDArray[Any]:
    """Return the exact results, rounded half to even and saturated, or as the nearest float64."""
    lines = np.moveaxis(voxels, axis, 2)
    result = np.empty(lines.shape[:2], dtype)
    for at in np.ndindex(result.shape):
        value = _exact([int(v) for v in lines[at]], combine)
        if result.dtype.kind == "f":
            result[at] = float(value)
        else:
            info = np.iinfo(result.dtype)
            result[at] = min(max(round(value), int(info.min)), int(info.max))  # Fraction rounds half to even
    return result


def project_floats(voxels: NDArray[Any], axis: int, combine: str) -> NDArray[np.float64]:
    """Return float64; sums run in the order of the axis."""
    lines = np.moveaxis(voxels, axis, 0).astype(np.float64)
    if combine in {"sum", "mean"}:
        total = np.zeros(lines.shape[1:])
        for line in lines:
            total = total + line
        return total / len(lines) if combine == "mean" else total
    result: NDArray[np.float64] = getattr(np, combine)(lines, axis=0)
    return result
