"""The window of PS3.3 C.11.2.1.2 and C.11.2.1.3 in plain NumPy, written from the standard's pseudo-code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["modality", "rescaled", "voi", "window"]


def modality(stored: NDArray[Any], slope: float, intercept: float) -> NDArray[np.float64]:
    """C.11.1.1.2: Output units = m * SV + b."""
    return slope * stored.astype(np.float64) + intercept


def voi(
    x: NDArray[np.float64], function: str, c: float, w: float, y_min: float, y_max: float
) -> NDArray[np.float64]:
    """Return y for x, with every case of the standard in turn."""
    with np.errstate(all="ignore"):
        if function == "LINEAR":  # C.11.2.1.2.1
            y = ((x - (c - 0.5)) / (w - 1) + 0.5) * (y_max - y_min) + y_min
            below, above = x <= c - 0.5 - (w - 1) / 2, x > c - 0.5 + (w - 1) / 2
        elif function == "LINEAR_EXACT":  # C.11.2.1.3.2
            y = ((x - c) / w + 0.5) * (y_max - y_min) + y_min
            below, above = x <= c - w / 2, x > c + w / 2
        elif function == "SIGMOID":  # C.11.2.1.3.1
            return (y_max - y_min) / (1 + np.exp(-4 * (x - c) / w)) + y_min
        else:
            raise ValueError(function)
    # Far from zero the borders themselves are rounded: the range is still y_min to y_max.
    return np.where(below, y_min, np.where(above, y_max, np.clip(y, y_min, y_max)))


def window(
    stored: NDArray[Any],
    center: float,
    width: float,
    *,
    function: str = "LINEAR",
    slope: float = 1.0,
    intercept: float = 0.0,
    invert: bool = False,
    dtype: Any = np.uint8,
) -> NDArray[Any]:
    """Return display values in the whole range of ``dtype`` (0 to 1 for floats)."""
    integer = issubclass(dtype, np.integer)
    y_max = float(np.iinfo(dtype).max) if integer else 1.0
    y = voi(modality(stored, slope, intercept), function, center, width, 0.0, y_max)
    if integer:
        y = np.where(np.isnan(y), 0.0, np.rint(y))
    return (y_max - y if invert else y).astype(dtype)


def rescaled(stored: NDArray[Any], slope: float, intercept: float, dtype: Any) -> NDArray[Any]:
    """Return slope * stored + intercept, rounded half to even and saturated for integer types."""
    x = modality(stored, slope, intercept)
    if not issubclass(dtype, np.integer):
        return x.astype(dtype)
    limits = np.iinfo(dtype)
    return np.where(np.isnan(x), limits.min, np.clip(np.rint(x), limits.min, limits.max)).astype(dtype)
