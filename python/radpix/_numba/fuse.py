"""Blending of a coloured overlay onto grey levels, as ``cpp/src/fuse``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from radpix._numba.jit import jit
from radpix._numba.threads import parallel_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["blend"]

_BAND = 32


@jit
def _blend(
    base: Any,
    overlay: Any,
    out: Any,
    table: Any,
    first: Any,
    scale: Any,
    threshold: Any,
    begin: int,
    end: int,
) -> None:
    work = overlay.dtype.type
    last = work(len(table) - 1)
    for r in range(begin, end):
        for c in range(out.shape[1]):
            value, grey = overlay[r, c], np.int32(base[r, c])
            if not value >= threshold:
                out[r, c] = base[r, c]
                continue
            at = (value - first) * scale + work(0.5)
            at = max(work(0), at)
            at = min(last, at)
            entry = table[np.int64(at)]
            opacity = np.int32(entry[3])
            for channel in range(3):
                total = grey * (16384 - opacity) + np.int32(entry[channel]) * opacity + 8192
                out[r, c, channel] = total >> 14


def _check(base: NDArray[Any], overlay: NDArray[Any], out: NDArray[Any], table: NDArray[Any]) -> None:
    """Refuse what the core refuses."""
    if base.dtype != np.uint8 or out.dtype != np.uint8 or overlay.dtype not in (np.float32, np.float64):
        raise TypeError("grey levels and the result are uint8, the overlay float32 or float64")
    if base.ndim != 2 or base.shape != overlay.shape or out.shape != (*base.shape, 3):
        raise ValueError("grey levels and overlay are (rows, columns), the result (rows, columns, 3)")
    if table.ndim != 2 or table.shape[1] != 4 or not 1 <= len(table) <= 1 << 20 or table.dtype != np.uint16:
        raise ValueError("colours are uint16 (entries, 4), 1 to 2^20 of them")
    if table[:, :3].max() > 255 or table[:, 3].max() > 16384:
        raise ValueError("colours are from 0 to 255, opacities from 0 to 2^14")


def blend(
    base: NDArray[Any],
    overlay: NDArray[Any],
    out: NDArray[Any],
    table: NDArray[Any],
    first: float,
    scale: float,
    threshold: float,
    *,
    num_threads: int,
) -> None:
    _check(base, overlay, out, table)
    if not (math.isfinite(first) and math.isfinite(scale) and scale >= 0):
        raise ValueError("colours are evenly spaced from a finite first value")
    numbers = [overlay.dtype.type(number) for number in (first, scale, threshold)]
    parallel_for(
        out.shape[0],
        _BAND,
        num_threads,
        lambda begin, end: _blend(base, overlay, out, table, *numbers, begin, end),
    )
