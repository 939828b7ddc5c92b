"""Irregular slices onto a regular orthogonal grid, linearly, without taking padding for values."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from radpix import limits
from radpix._series.findings import name_slices
from radpix.errors import GeometryError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from radpix._series.instance import Instance
    from radpix._series.stacking import Stack

__all__ = ["straighten"]

_Weighted = tuple["NDArray[np.float64]", "NDArray[np.float64]"]  # value x weight, weight
_Range = tuple[float, float] | None  # of the values that are padding
#: Offsets in pixels closer to a whole number are whole: no blur by the rounding of positions.
_WHOLE_PIXEL = 1e-4


def straighten(
    voxels: NDArray[Any],
    stack: Stack,
    padding: float | None,
    ranges: Sequence[_Range],
    instances: Sequence[Instance],
) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Return voxels and affine of a grid along row, column and normal that holds all slices.

    Each slice is sampled where it lies, shifted within its plane by its own position, and planes between slices are
    interpolated along the normal, perpendicular to the slices. Labels and palette indices are those of the nearest
    pixel: between two of them there is none.
    """
    labels = instances[0].modality == "SEG" or instances[0].photometric_interpretation == "PALETTE COLOR"
    kept = _distinct(voxels, stack, instances)
    distances = stack.distances[kept]
    offsets = stack.lateral[kept][:, ::-1] / stack.pixel_spacing  # (rows, columns) from the first slice
    if labels:
        offsets = np.rint(offsets)
    offsets = np.where(np.abs(offsets - np.rint(offsets)) < _WHOLE_PIXEL, np.rint(offsets), offsets)
    low, high = np.floor(offsets.min(axis=0)), np.ceil(offsets.max(axis=0))
    rows, columns = (int(n + extra) for n, extra in zip(voxels.shape[1:3], high - low, strict=True))
    planes = round(float(distances[-1] / np.median(np.diff(distances)))) + 1
    shape = (planes, rows, columns, *voxels.shape[3:])
    limits.check_bytes(int(np.prod(shape, dtype=object)) * voxels.dtype.itemsize, "straightened slices: ")

    @lru_cache(maxsize=2)
    def placed(index: int) -> _Weighted:
        return _place(voxels[kept[index]], offsets[index] - low, (rows, columns), ranges[kept[index]])

    out = np.empty(shape, dtype=voxels.dtype)
    fill = float(voxels.min()) if padding is None else padding
    at = np.linspace(0, distances[-1], planes)
    for plane in range(planes):
        upper = int(np.clip(np.searchsorted(distances, at[plane]), 1, len(distances) - 1))
        fraction = (at[plane] - distances[upper - 1]) / (distances[upper] - distances[upper - 1])
        fraction = np.rint(fraction) if labels else fraction
        out[plane] = _blend(placed(upper - 1), placed(upper), fraction, fill, voxels.dtype)
    return out, _grid_affine(stack, at, low)


def _grid_affine(stack: Stack, at: NDArray[np.float64], low: NDArray[np.float64]) -> NDArray[np.float64]:
    affine = stack.affine
    affine[:3, 0] = stack.axes[2] * (at[-1] / (len(at) - 1))
    affine[:3, 3] += affine[:3, 1:3] @ low
    return affine


def _distinct(voxels: NDArray[Any], stack: Stack, instances: Sequence[Instance]) -> NDArray[np.intp]:
    """Return one slice for each position; repeated ones must be equal, or which is right would be a guess."""
    kept = stack.distinct
    for start, stop in zip(kept, [*kept[1:], len(instances)], strict=True):
        for other in range(start + 1, stop):
            if not np.array_equal(voxels[start], voxels[other], equal_nan=voxels.dtype.kind == "f"):
                pair = [instances[start], instances[other]]
                raise GeometryError(
                    f"two different slices at one position, none of which is to be preferred: {name_slices(pair)};"
                    " leave one out, or load volumes of the series one by one"
                )
    return kept


def _place(
    pixels: NDArray[Any], offset: NDArray[np.float64], shape: tuple[int, int], padding: _Range
) -> _Weighted:
    """Put a slice at an offset (rows, columns) into a larger plane: values times weight, and weight."""
    known = np.isfinite(pixels) if pixels.dtype.kind == "f" else np.ones(pixels.shape, dtype=bool)
    if padding is not None:
        known &= ~((pixels >= padding[0]) & (pixels <= padding[1]))
    weight = known.astype(np.float64)
    value = np.where(known, pixels, 0).astype(np.float64)
    for axis in (0, 1):
        value = _shift(value, float(offset[axis]), shape[axis], axis)
        weight = _shift(weight, float(offset[axis]), shape[axis], axis)
    return value, weight


def _shift(plane: NDArray[np.float64], offset: float, size: int, axis: int) -> NDArray[np.float64]:
    """Shift along an axis into ``size`` samples, linearly; half a sample beyond the ends repeats the end."""
    count = plane.shape[axis]
    at = np.arange(size) - offset
    inside = (at >= -0.5) & (at <= count - 0.5)
    at = np.clip(at, 0, count - 1)
    lower = np.minimum(np.floor(at).astype(np.intp), count - 1)
    upper = np.minimum(lower + 1, count - 1)
    along = [1] * plane.ndim
    along[axis] = size
    fraction = (at - lower).reshape(along)
    shifted = plane.take(lower, axis) * (1 - fraction) + plane.take(upper, axis) * fraction
    return np.asarray(shifted * inside.reshape(along))


def _blend(
    below: _Weighted, above: _Weighted, fraction: float, fill: float, dtype: np.dtype[Any]
) -> NDArray[np.float64]:
    """Interpolate between two placed slices over what is known; less than half known is ``fill``."""
    value = below[0] * (1 - fraction) + above[0] * fraction
    weight = below[1] * (1 - fraction) + above[1] * fraction
    known = weight >= 0.5
    np.divide(value, weight, out=value, where=known)
    value[~known] = fill
    if dtype.kind in "iu":
        limit = np.iinfo(dtype)
        np.clip(np.rint(value, out=value), limit.min, limit.max, out=value)
    return value
