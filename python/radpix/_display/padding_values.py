"""Stored values that stand for the absence of an image (PS3.3 C.7.5.1.1.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from radpix._display.attributes import integer, number, value
from radpix._warn import warn

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom import Dataset

__all__ = ["holds_padding", "is_padding", "padding_range"]


def padding_range(dataset: Dataset, dtype: np.dtype[Any]) -> tuple[float, float] | None:
    """Return the least and the greatest stored value that is padding, None where there is none."""
    if dtype.kind == "f":
        kind = "DoubleFloat" if dtype.itemsize == 8 else "Float"
        first = number(dataset, f"{kind}PixelPaddingValue")
        last = number(dataset, f"{kind}PixelPaddingRangeLimit")
    else:
        first = _stored(dataset, "PixelPaddingValue", dtype)
        last = _stored(dataset, "PixelPaddingRangeLimit", dtype)
    if first is None:
        return None
    return (first, first) if last is None else (min(first, last), max(first, last))


def _stored(dataset: Dataset, keyword: str, dtype: np.dtype[Any]) -> float | None:
    """Return a value in the sign of the pixels, whatever the VR it was written with."""
    found = integer(dataset, keyword)
    if found is None:
        return None
    bits = min(integer(dataset, "BitsStored") or 8 * dtype.itemsize, 8 * dtype.itemsize)
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if dtype.kind == "i" else (0, (1 << bits) - 1)
    if dtype.kind == "i" and found > high:
        found -= 1 << max(16, bits)
    elif dtype.kind == "u" and found < 0:
        found += 1 << max(16, bits)
    if not low <= found <= high:
        warn(
            f"{keyword} is {value(dataset, keyword)}, which {bits} stored bits cannot hold; it is ignored",
            "padding-value-invalid",
        )
        return None
    return found


def holds_padding(pixels: NDArray[Any], padding: tuple[float, float] | None) -> bool:
    """Return whether any pixel may be padding: quick, and right where it says no."""
    if padding is None or pixels.size == 0:
        return False
    if pixels.dtype.kind == "f":  # the least of them may be NaN
        return bool(is_padding(pixels, padding).any())
    return bool(pixels.min() <= padding[1] and pixels.max() >= padding[0])


def is_padding(pixels: NDArray[Any], padding: tuple[float, float]) -> NDArray[np.bool_]:
    """Return which pixels are padding."""
    low, high = padding
    if low == high:
        return np.asarray(pixels == low)
    return np.asarray((pixels >= low) & (pixels <= high))
