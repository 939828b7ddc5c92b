"""Fusion in float64, from the formula of the standard (PS3.4 N.2.6, foreground blending), nothing looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from tests.python.oracle.reslice import linear

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from radpix import Plane, Volume

    Array = NDArray[np.float64]


def sampled(volume: Volume, affine: Array, plane: Plane, outside: float) -> Array:
    """Linear samples (rows, columns) of a volume that lies by ``affine``."""
    pixels = np.stack(np.meshgrid(*map(np.arange, plane.shape), indexing="ij"), axis=-1)
    matrix = np.linalg.inv(affine)
    index = plane.pixel_to_patient(pixels) @ matrix[:3, :3].T + matrix[:3, 3]
    inside = np.all((index >= -0.5) & (index <= np.array(volume.shape) - 0.5), axis=-1)
    values = linear(volume.voxels, np.where(inside[..., None], index, 0))
    return np.where(inside, values, outside)


def blend(
    grey: Array, values: Array, color: Callable[[Array], Array], opacity: Callable[[Array], Array]
) -> Array:
    """Levels (rows, columns, 3), not rounded; NaN is transparent."""
    drawn = np.isfinite(values)
    known = np.where(drawn, values, 0)
    share = np.where(drawn, opacity(known), 0)[..., None]
    return np.asarray(share * color(known) + (1 - share) * grey[..., None], np.float64)


def blended(
    base: NDArray[Any], overlay: NDArray[Any], table: NDArray[Any], numbers: tuple[float, float, float]
) -> NDArray[np.uint8]:
    """The kernel's rule in exact integers; the entry is found in the overlay's type."""
    kind = overlay.dtype.type
    first, scale, threshold = map(kind, numbers)
    drawn = overlay >= threshold
    with np.errstate(invalid="ignore", over="ignore"):
        place = np.nan_to_num((overlay - first) * scale + kind(0.5), nan=0.0)
    entry = table[np.clip(place, 0, len(table) - 1).astype(np.int64)].astype(np.int64)
    share = np.where(drawn, entry[..., 3], 0)[..., None]
    total = base[..., None].astype(np.int64) * (2**14 - share) + entry[..., :3] * share + 2**13
    return np.asarray(total // 2**14, np.uint8)
