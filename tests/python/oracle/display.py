"""The grayscale pipeline of PS3.4 N.2 in plain float64, pixel by pixel from the standard's text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from tests.python.oracle import voi as formulas

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["grey", "looked_up"]


def looked_up(values: NDArray[Any], entries: Sequence[int], first: int) -> NDArray[np.float64]:
    """C.11.1.1: values below the first mapped one get the first entry, those after the last one the last."""
    flat = [entries[min(max(int(x) - first, 0), len(entries) - 1)] for x in values.ravel()]
    return np.array(flat, dtype=np.float64).reshape(values.shape)


def grey(
    stored: NDArray[Any],
    *,
    rescale: tuple[float, float] = (1.0, 0.0),
    modality_lut: tuple[Sequence[int], int] | None = None,
    window: tuple[str, float, float] | None = None,
    voi_lut: tuple[Sequence[int], int, int] | None = None,
    presentation_lut: tuple[Sequence[int], int] | None = None,
    invert: bool = False,
    padding: tuple[float, float] | None = None,
    maximum: int = 255,
) -> NDArray[Any]:
    """Return levels from 0 to ``maximum``, rounded half to even at the very end."""
    absent = np.zeros(stored.shape, bool)
    if padding is not None:
        absent = (stored >= padding[0]) & (stored <= padding[1])
    values = rescale[0] * stored.astype(np.float64) + rescale[1]
    if modality_lut is not None:
        values = looked_up(stored, *modality_lut)
    if voi_lut is not None:
        entries, first, bits = voi_lut
        parts = looked_up(np.rint(values), entries, first) / (2**bits - 1)
        levels = parts * maximum
    elif window is not None:
        levels = formulas.voi(values, *window, 0.0, float(maximum))
        parts = formulas.voi(values, *window, 0.0, 1.0)
    else:
        low, high = values[~absent].min(), values[~absent].max()
        levels = formulas.voi(values, "LINEAR_EXACT", low / 2 + high / 2, high - low, 0.0, float(maximum))
        parts = levels / maximum
    if presentation_lut is not None:
        entries, bits = presentation_lut
        levels = looked_up(np.rint(parts * (len(entries) - 1)), entries, 0) / (2**bits - 1) * maximum
    levels = np.rint(levels)
    return np.where(absent, 0, maximum - levels if invert else levels).astype(np.int64)
