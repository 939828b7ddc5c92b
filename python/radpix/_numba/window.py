"""Windows and rescaling: the same float64 operations in the same order as the core's ``values-inl.hpp``."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from radpix._numba.jit import jit
from radpix._numba.threads import parallel_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from radpix._backend import Voi

_GRAIN = 1 << 16
_ROUNDING = 6755399441055744.0  # 1.5 * 2^52: adding and subtracting it rounds half to even


Evaluate = Callable[["NDArray[np.float64]"], None]


@jit
def _linear(
    values: NDArray[np.float64],
    base: float,
    span: float,
    low: float,
    high: float,
    minimum: float,
    maximum: float,
) -> None:
    """PS3.3 C.11.2.1.2.1 and C.11.2.1.3.2, in place."""
    for i in range(values.size):
        x = values[i]
        if x <= low:
            y = minimum
        elif x > high:
            y = maximum
        else:
            y = ((x - base) / span + 0.5) * (maximum - minimum) + minimum
            if y > maximum:  # noqa: PLR1730 - NaN stays
                y = maximum
            if y < minimum:  # noqa: PLR1730
                y = minimum
        values[i] = y


@jit
def _exponential(t: float) -> float:
    """e^t as in ``values-inl.hpp``, operation by operation."""
    if t > 700.0:  # noqa: PLR1730 - NaN stays
        t = 700.0
    if t < -700.0:  # noqa: PLR1730
        t = -700.0
    k = (t * 1.4426950408889634 + _ROUNDING) - _ROUNDING
    r = (t - k * 0.6931471803691238) - k * 1.9082149292705877e-10
    p = 1.0 / 6227020800.0
    p = p * r + 1.0 / 479001600.0
    p = p * r + 1.0 / 39916800.0
    p = p * r + 1.0 / 3628800.0
    p = p * r + 1.0 / 362880.0
    p = p * r + 1.0 / 40320.0
    p = p * r + 1.0 / 5040.0
    p = p * r + 1.0 / 720.0
    p = p * r + 1.0 / 120.0
    p = p * r + 1.0 / 24.0
    p = p * r + 1.0 / 6.0
    p = p * r + 0.5
    p = p * r + 1.0
    p = p * r + 1.0
    return math.ldexp(p, int(k))


@jit
def _sigmoid(
    values: NDArray[np.float64], center: float, width: float, minimum: float, maximum: float
) -> None:
    """PS3.3 C.11.2.1.3.1, in place."""
    for i in range(values.size):
        e = _exponential(-4.0 * (values[i] - center) / width)
        values[i] = (maximum - minimum) / (1.0 + e) + minimum


@jit
def _round(values: NDArray[np.float64], low: float, high: float) -> None:
    """Clamp to [low, high], NaN to low, and round half to even, in place."""
    for i in range(values.size):
        y = values[i]
        y = y if y > low else low  # noqa: FURB136 - NaN compares false
        y = y if y < high else high  # noqa: FURB136
        values[i] = (y + _ROUNDING) - _ROUNDING


def _evaluation(voi: Voi, dtype: np.dtype[Any]) -> Evaluate:
    """Return what turns modality values into display values, in place."""
    center, width, minimum, maximum = voi.center, voi.width, voi.minimum, voi.maximum
    base, span = (center - 0.5, width - 1.0) if voi.function == "LINEAR" else (center, width)
    low, high = base - span / 2.0, base + span / 2.0
    integer = dtype.kind in "iu"

    def evaluate(values: NDArray[np.float64]) -> None:
        if voi.function == "SIGMOID":
            _sigmoid(values, center, width, minimum, maximum)
        else:
            _linear(values, base, span, low, high, minimum, maximum)
        if integer:
            _round(values, minimum, maximum)
        if voi.invert:
            np.subtract(maximum + minimum, values, out=values)

    return evaluate


def _rescaled(pixels: NDArray[Any], slope: float, intercept: float) -> NDArray[np.float64]:
    with np.errstate(over="ignore", invalid="ignore"):
        values = pixels.astype(np.float64, order="C").reshape(-1)
        values *= slope
        values += intercept
    return values


def _over_blocks(
    pixels: NDArray[Any],
    out: NDArray[Any],
    num_threads: int,
    convert: Callable[[NDArray[Any]], NDArray[Any]],
) -> None:
    """Set ``out`` to the flat ``convert(pixels)``, in pieces along the first axis that is longer than 1."""
    while out.ndim > 1 and out.shape[0] == 1:
        pixels, out = pixels[0], out[0]
    if out.ndim == 0:
        pixels, out = pixels[np.newaxis], out[np.newaxis]
    if out.size == 0:
        return
    grain = max(1, _GRAIN * out.shape[0] // out.size)

    def body(first: int, last: int) -> None:
        piece = pixels[first:last]
        with np.errstate(over="ignore", invalid="ignore"):
            out[first:last] = convert(piece).reshape(piece.shape)

    parallel_for(out.shape[0], grain, num_threads, body)


def window(pixels: NDArray[Any], out: NDArray[Any], voi: Voi, *, num_threads: int) -> None:
    evaluate = _evaluation(voi, out.dtype)

    def literal(piece: NDArray[Any]) -> NDArray[Any]:
        values = _rescaled(piece, voi.slope, voi.intercept)
        evaluate(values)
        return values.astype(out.dtype)

    if pixels.dtype.kind == "f" or pixels.dtype.itemsize > 2 or pixels.size < 1 << 17:
        _over_blocks(pixels, out, num_threads, literal)
        return
    # Small integers: the formula for every value once, then a table indexed by the value's bits.
    bits = np.dtype(f"u{pixels.dtype.itemsize}")
    values = np.arange(1 << (8 * bits.itemsize), dtype=bits).view(pixels.dtype)
    look_up(pixels, out, literal(values), num_threads=num_threads)


def look_up(pixels: NDArray[Any], out: NDArray[Any], table: NDArray[Any], *, num_threads: int) -> None:
    if table.ndim == 2:
        for sample in range(3):
            look_up(pixels, out[..., sample], table[:, sample].copy(), num_threads=num_threads)
        return
    bits = np.dtype(f"u{pixels.dtype.itemsize}")
    _over_blocks(pixels, out, num_threads, lambda piece: table.take(piece.view(bits), mode="wrap"))


def rescale(
    pixels: NDArray[Any], out: NDArray[Any], slope: float, intercept: float, *, num_threads: int
) -> None:
    limits = np.iinfo(out.dtype) if out.dtype.kind in "iu" else None

    def convert(piece: NDArray[Any]) -> NDArray[Any]:
        values = _rescaled(piece, slope, intercept)
        if limits is not None:
            _round(values, float(limits.min), float(limits.max))
        return values.astype(out.dtype)

    _over_blocks(pixels, out, num_threads, convert)
