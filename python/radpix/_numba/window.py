"""Windows and rescaling: the same float64 operations in the same order as the core's ``values-inl.hpp``."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from radpix._numba.jit import jit
from radpix._numba.threads import parallel_for
from radpix._numba.window_ramp import Ramp, apply_ramp, gather, proven_ramp

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from radpix._backend import Voi

_GRAIN = 1 << 16
_FLAT_GRAIN = 1 << 20  # a piece costs as much Python as 10 000 pixels of a ramp
_LEAST_OF_TABLES = 1 << 14  # pixels: fewer are not worth the formula for every value
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
    """Set ``out`` to the flat ``convert(pixels)``."""

    def body(pixels: NDArray[Any], out: NDArray[Any]) -> None:
        with np.errstate(over="ignore", invalid="ignore"):
            out[...] = convert(pixels).reshape(out.shape)

    _in_pieces(pixels, out, _GRAIN, num_threads, body)


def _flat(
    pixels: NDArray[Any],
    out: NDArray[Any],
    num_threads: int,
    kernel: Callable[[NDArray[Any], NDArray[Any]], None],
) -> None:
    """Call ``kernel(pixels, out)`` with flat, contiguous pieces."""

    def body(pixels: NDArray[Any], out: NDArray[Any]) -> None:
        target = out if out.flags.c_contiguous else np.empty(out.shape, out.dtype)
        kernel(np.ascontiguousarray(pixels).reshape(-1), target.reshape(-1))
        if target is not out:
            out[...] = target

    _in_pieces(pixels, out, _FLAT_GRAIN, num_threads, body)


def _in_pieces(
    pixels: NDArray[Any],
    out: NDArray[Any],
    grain: int,
    num_threads: int,
    body: Callable[[NDArray[Any], NDArray[Any]], None],
) -> None:
    """Call ``body`` with pieces of about ``grain`` pixels along the first axis that is longer than 1."""
    while out.ndim > 1 and out.shape[0] == 1:
        pixels, out = pixels[0], out[0]
    if out.ndim == 0:
        pixels, out = pixels[np.newaxis], out[np.newaxis]
    if out.size == 0:
        return
    rows = max(1, grain * out.shape[0] // out.size)
    parallel_for(
        out.shape[0], rows, num_threads, lambda first, last: body(pixels[first:last], out[first:last])
    )


def _literal(pixels: NDArray[Any], voi: Voi, dtype: np.dtype[Any]) -> NDArray[Any]:
    values = _rescaled(pixels, voi.slope, voi.intercept)
    _evaluation(voi, dtype)(values)
    with np.errstate(over="ignore", invalid="ignore"):
        return values.astype(dtype)


@lru_cache(maxsize=16)
def _small_integers(voi: Voi, pixels: np.dtype[Any], out: np.dtype[Any]) -> tuple[Ramp | None, NDArray[Any]]:
    """Return a ramp for all pixel values, where there is one, and their display values in the order of their bits."""
    values = np.arange(1 << (8 * pixels.itemsize), dtype=_unsigned(pixels)).view(pixels)
    table = _literal(values, voi, out)
    return proven_ramp(voi, values, table), table


def _unsigned(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return np.dtype(f"u{dtype.itemsize}")


def window(pixels: NDArray[Any], out: NDArray[Any], voi: Voi, *, num_threads: int) -> None:
    if pixels.dtype.kind == "f" or pixels.dtype.itemsize > 2 or pixels.size < _LEAST_OF_TABLES:
        _over_blocks(pixels, out, num_threads, lambda piece: _literal(piece, voi, out.dtype))
        return
    ramp, table = _small_integers(voi, pixels.dtype, out.dtype)
    if ramp is None:
        look_up(pixels, out, table, num_threads=num_threads)
    else:
        _flat(pixels, out, num_threads, lambda pixels, out: apply_ramp(pixels, out, ramp))


def look_up(pixels: NDArray[Any], out: NDArray[Any], table: NDArray[Any], *, num_threads: int) -> None:
    if table.ndim == 2:
        for sample in range(3):
            look_up(pixels, out[..., sample], table[:, sample].copy(), num_threads=num_threads)
        return
    bits = _unsigned(pixels.dtype)
    if table.shape != (1 << 8 * bits.itemsize,):
        raise ValueError(
            f"the table has {1 << 8 * bits.itemsize} entries, one for each value, not {table.shape}"
        )
    _flat(pixels, out, num_threads, lambda pixels, out: gather(pixels.view(bits), out, table))


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
