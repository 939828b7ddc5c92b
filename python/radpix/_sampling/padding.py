"""What a volume says about the outside: its padding value, and what stands in for voxels beyond its edges."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from radpix._arguments import check_choice, volume_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from radpix.volume import Volume

__all__ = ["Padding", "absent_value", "default_fill"]

#: Whether voxels that hold the padding value stay out of the calculation.
Padding = Literal["exclude", "include"]

# Both take a pass over the voxels (up to 20 ms for a CT), so they are kept as long as the volume.
_minimum: weakref.WeakKeyDictionary[Volume, float] = weakref.WeakKeyDictionary()
_is_padded: weakref.WeakKeyDictionary[Volume, bool] = weakref.WeakKeyDictionary()


def default_fill(volume: Volume, all_inside: Callable[[], bool]) -> float:
    """Return the padding value, else the smallest voxel that is a number; any number where nothing is filled."""
    if volume.padding_value is not None:
        return float(volume.padding_value)
    if volume.voxels.size == 0:
        raise ValueError("an empty volume has no minimum to fill with; give fill=")
    if all_inside():
        return 0.0
    if volume not in _minimum:
        voxels = volume.voxels
        smallest = np.fmin.reduce(voxels, axis=None) if voxels.dtype.kind == "f" else voxels.min()
        _minimum[volume] = float(smallest)
    return _minimum[volume]


def absent_value(volume: Volume, padding: Padding) -> float | None:
    """Return the value of the voxels that take no part, or None where there are none.

    Padding is defined for one sample per pixel only (PS3.3 C.7.5.1.1.2): black in a colour is not absent.
    """
    check_choice("padding", padding, get_args(Padding))
    value = volume_of(volume).padding_value
    if value is None or padding == "include" or volume.voxels.ndim != 3:
        return None
    if volume not in _is_padded:
        _is_padded[volume] = _holds(volume.voxels, float(value))
    return float(value) if _is_padded[volume] else None


def _holds(voxels: NDArray[Any], value: float) -> bool:
    """Return whether any voxel equals ``value``; slice by slice, since the first one tells in most CT series."""
    if np.isnan(value):
        return voxels.dtype.kind == "f" and any(bool(np.isnan(plane).any()) for plane in voxels)
    if voxels.dtype.kind == "f":
        with np.errstate(over="ignore"):
            wanted = voxels.dtype.type(value)
    else:
        limits = np.iinfo(np.uint8 if voxels.dtype == np.bool_ else voxels.dtype)
        if not (np.isfinite(value) and value == np.floor(value) and limits.min <= int(value) <= limits.max):
            return False
        wanted = limits.dtype.type(int(value))
    return any(bool((plane == wanted).any()) for plane in voxels)
