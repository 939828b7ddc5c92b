"""Windows of small integers as one multiplication and one addition, where that is proven for every pixel value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from radpix._numba.jit import jit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from radpix._backend import Voi

__all__ = ["Ramp", "apply_ramp", "gather", "proven_ramp"]

_ROUNDING = np.float32(12582912.0)  # 1.5 * 2^23: adding and subtracting it rounds half to even


class Ramp(NamedTuple):
    """``y = round(min(max(scale * x + bias, low), high))`` in float32."""

    scale: np.float32
    bias: np.float32
    low: np.float32
    high: np.float32


@jit
def apply_ramp(pixels: NDArray[Any], out: NDArray[Any], ramp: Ramp) -> None:
    """Both are of one dimension."""
    scale, bias, low, high = ramp.scale, ramp.bias, ramp.low, ramp.high
    for i in range(pixels.size):
        y = np.float32(pixels[i]) * scale + bias
        y = y if y > low else low  # noqa: FURB136 - becomes vector code, the function does not
        y = y if y < high else high  # noqa: FURB136
        out[i] = np.int32((y + _ROUNDING) - _ROUNDING)


@jit
def gather(bits: NDArray[Any], out: NDArray[Any], table: NDArray[Any]) -> None:
    """Look up unsigned pixels, which need no test for negative indices."""
    for i in range(bits.size):
        out[i] = table[bits[i]]


def proven_ramp(voi: Voi, values: NDArray[Any], expected: NDArray[Any]) -> Ramp | None:
    """Return a ramp that gives ``expected`` for all ``values``, where one is found.

    The formula is monotone in float64; float32 differs from it where a value falls next to a boundary between two
    levels. For whole numbers as centre and width no value comes closer than 1 / (2 * width).
    """
    if voi.function == "SIGMOID" or expected.dtype.kind not in "iu" or expected.itemsize > 2:
        return None
    center, width = (
        (voi.center - 0.5, voi.width - 1.0) if voi.function == "LINEAR" else (voi.center, voi.width)
    )
    height = voi.maximum - voi.minimum
    with np.errstate(all="ignore"):
        scale = voi.slope / np.float64(width) * height
        bias = ((voi.intercept - center) / np.float64(width) + 0.5) * height + voi.minimum
        if voi.invert:
            scale, bias = -scale, voi.maximum + voi.minimum - bias
        ramp = Ramp(*(np.float32(value) for value in (scale, bias, voi.minimum, voi.maximum)))
    if not np.isfinite(ramp).all():
        return None
    found = np.empty_like(expected)
    apply_ramp(values, found, ramp)
    return ramp if np.array_equal(found, expected) else None
