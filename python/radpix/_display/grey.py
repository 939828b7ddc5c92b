"""From stored values to grey levels: modality, VOI and presentation in one pass over the pixels.

Integers of 8 and 16 bits never become a frame of floats: what is not a window alone is worked out for every value
that can occur, and looked up.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from radpix._backend import Voi, kernels
from radpix._display.lut import LookupTable
from radpix._display.over_values import over_values
from radpix._display.padding_values import holds_padding, is_padding
from radpix.modality import Rescale
from radpix.window import Window, display_maximum

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Grey", "full_window", "grey_levels", "voi_of", "window_over", "windowed"]

_IDENTITY = Rescale(1.0, 0.0)


@dataclass(frozen=True, eq=False)
class Grey:
    """The grayscale transformations of PS3.4 N.2, from stored values to P-Values.

    Attributes
    ----------
    modality, voi, presentation
        Each a table, or what its name says; None where nothing is to be done. ``voi`` has been chosen.
    invert
        Whether the lowest level becomes the highest, as the last step.
    padding
        Stored values shown as background.
    background
        The level of padding, as a part of the range.
    is_automatic
        Whether ``voi`` has been made from the pixels.
    """

    modality: Rescale | LookupTable | None
    voi: Window | LookupTable
    presentation: LookupTable | None = None
    invert: bool = False
    padding: tuple[float, float] | None = None
    background: float = 0.0
    is_automatic: bool = False

    @property
    def is_window(self) -> bool:
        """Whether there is no table in any step."""
        is_table = any(isinstance(step, LookupTable) for step in (self.modality, self.voi))
        return not is_table and self.presentation is None


def grey_levels(pixels: NDArray[Any], grey: Grey, dtype: np.dtype[Any], threads: int) -> NDArray[Any]:
    """Return the levels of ``pixels``, from 0 to the highest value of ``dtype`` (1.0 for floats)."""
    is_one_pass = grey.is_window and not holds_padding(pixels, grey.padding)

    def levels_of(values: NDArray[Any]) -> NDArray[Any]:
        levels = np.empty_like(values, dtype=dtype, subok=False)
        _evaluate(values, levels, grey, threads)
        if not is_one_pass:
            _paint_padding(values, levels, grey)
        return levels

    return levels_of(pixels) if is_one_pass else over_values(pixels, levels_of, threads)


def _paint_padding(values: NDArray[Any], levels: NDArray[Any], grey: Grey) -> None:
    if grey.padding is not None:
        level = grey.background * display_maximum(levels.dtype)
        levels[is_padding(values, grey.padding)] = np.rint(level) if levels.dtype.kind == "u" else level


def _evaluate(values: NDArray[Any], out: NDArray[Any], grey: Grey, threads: int) -> None:
    """Write the level of each value, without regard to padding."""
    if grey.presentation is not None:
        parts = np.empty(values.shape, np.float64)
        _evaluate(values, parts, replace(grey, presentation=None, invert=False), threads)
        # "The full output range of the preceding transformation is scaled to the input range" (PS3.4 N.2.1.4).
        last = len(grey.presentation.entries) - 1
        index = np.rint(np.nan_to_num(parts) * last).astype(np.int64)
        _store(grey.presentation.fractions()[index], out, invert=grey.invert)
        return
    modality = grey.modality or _IDENTITY
    if isinstance(modality, LookupTable):
        values, modality = modality.at(values), _IDENTITY
    if isinstance(grey.voi, LookupTable):
        with np.errstate(over="ignore", invalid="ignore"):
            inputs = values.astype(np.float64) * modality.slope + modality.intercept
        if values.dtype.kind == "f":  # integers give no NaN: slope and intercept are finite
            inputs = np.nan_to_num(inputs)
        index = np.clip(np.rint(inputs) - grey.voi.first, 0, len(grey.voi.entries) - 1).astype(np.intp)
        _store(grey.voi.fractions()[index], out, invert=grey.invert)
        return
    voi = voi_of(replace(grey, modality=modality), out.dtype)
    kernels().window(values, out, voi, num_threads=threads)


def voi_of(grey: Grey, dtype: np.dtype[Any]) -> Voi:
    """Return rescale, window and polarity, between which there is no table."""
    window, modality = grey.voi, grey.modality or _IDENTITY
    assert isinstance(window, Window), "a table is no window"
    assert isinstance(modality, Rescale), "a table is no rescale"
    highest = display_maximum(dtype)
    return Voi(window.function, window.center, window.width, *modality, 0.0, highest, grey.invert)


def windowed(values: NDArray[Any], dtype: np.dtype[Any], voi: Voi, threads: int) -> NDArray[Any]:
    """Return the levels of values without padding."""
    levels = np.empty(values.shape, dtype)
    kernels().window(values, levels, voi, num_threads=threads)
    return levels


def _store(parts: NDArray[np.float64], out: NDArray[Any], *, invert: bool) -> None:
    highest = display_maximum(out.dtype)
    levels = parts * highest
    if out.dtype.kind == "u":
        levels = np.rint(levels)
    out[...] = highest - levels if invert else levels


def window_over(
    pixels: NDArray[Any],
    padding: tuple[float, float] | None,
    modality: Rescale | LookupTable | None,
    bits_stored: int | None = None,
) -> Window:
    """Return the automatic window: from the least to the greatest modality value of pixels that are no padding.

    The least becomes the lowest level and the greatest the highest. Where all pixels are alike, the window
    reaches over all values that Bits Stored can hold. NaN and infinities do not count.
    """
    counted = pixels
    if padding is not None and holds_padding(pixels, padding):
        counted = pixels[~is_padding(pixels, padding)]
    if counted.dtype.kind == "f" and not np.isfinite(counted).all():
        counted = counted[np.isfinite(counted)]
    if isinstance(modality, LookupTable):
        counted = modality.at(counted)
    slope, intercept = modality if isinstance(modality, Rescale) else _IDENTITY
    if counted.size > 0 and counted.min() < counted.max():
        window = _between(*(slope * float(end) + intercept for end in (counted.min(), counted.max())))
        if window is not None:
            return window
    return full_window(counted.dtype, modality, bits_stored)


def full_window(
    dtype: np.dtype[Any], modality: Rescale | LookupTable | None, bits_stored: int | None
) -> Window:
    """Return the window over every modality value that an image can have; 0.0 to 1.0 for floats."""
    if isinstance(modality, LookupTable):
        return _between(0.0, float((1 << modality.bits) - 1)) or Window(0.5, 1.0, "LINEAR_EXACT")
    slope, intercept = modality or _IDENTITY
    bits = bits_stored or 8 * dtype.itemsize
    low, high = 0.0, 1.0 if dtype.kind == "f" else float((1 << bits) - 1)
    if dtype.kind == "i":
        low, high = -float(1 << (bits - 1)), float((1 << (bits - 1)) - 1)
    window = _between(slope * low + intercept, slope * high + intercept)
    return window or Window(intercept, 1.0, "LINEAR_EXACT")


def _between(first: float, last: float) -> Window | None:
    """Return the window from the lesser to the greater end, None where there is nothing between them."""
    width = abs(last - first)
    # Half the sum of each: their sum may be beyond float64.
    return Window(first / 2 + last / 2, width, "LINEAR_EXACT") if 0 < width < np.inf else None
