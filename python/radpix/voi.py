"""VOI: the windows and tables that a data set offers for showing its modality values (PS3.3 C.11.2)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np

from radpix._arguments import dataset_of, described, integer, number
from radpix._display.attributes import functional_group, numbers, text, value
from radpix._display.grey import Grey, grey_levels, window_over
from radpix._display.lut import LookupTable, lookup_table, present_luts
from radpix._display.padding_values import padding_range
from radpix._warn import warn
from radpix.modality import Rescale, modality_transform
from radpix.threads import thread_count
from radpix.window import WINDOW_PRESETS, VoiFunction, Window, check_window, checked_pixels, display_maximum

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike, NDArray
    from pydicom import Dataset

__all__ = ["VoiChoice", "VoiTable", "apply_voi", "choose_voi", "voi_views"]

#: How a caller names a view: by number, explanation or preset, or the window itself.
VoiChoice: TypeAlias = "int | str | Window | tuple[float, float]"


@dataclass(frozen=True, eq=False)
class VoiTable:
    """An item of a VOI LUT Sequence: its table and LUT Explanation (0028,3003)."""

    table: LookupTable
    explanation: str = ""


def apply_voi(
    pixels: ArrayLike,
    dataset: Dataset,
    *,
    frame: int = 0,
    window: VoiChoice = 0,
    dtype: DTypeLike = np.uint8,
    num_threads: int | None = None,
) -> NDArray[Any]:
    """Turn modality values into display values, by the data set's VOI LUT or window.

    The views of a data set are the items of its VOI LUT Sequence and then its windows, from the frame's functional
    group (Frame VOI LUT, PS3.3 C.7.6.16.2.10), else the shared one, else the data set (C.11.2). Where there is
    none, the window reaches from the least to the greatest pixel that is no padding.

    Parameters
    ----------
    pixels
        Modality values of any shape, as `radpix.apply_modality` returns them. A table takes the nearest integer.
    dataset
        Only its attributes are read.
    frame
        Index from 0 of the frame that ``pixels`` are of.
    window
        Which view: its number, its explanation (regardless of case), a key of `radpix.WINDOW_PRESETS`, a
        `radpix.Window`, or (center, width) of a LINEAR one. 0 is the first view, or the automatic window.
    dtype
        uint8, uint16: display values from 0 to the type's highest; float32, float64: from 0.0 to 1.0. Entries
        of a table are scaled so that their highest possible value, ``2**bits - 1``, is the highest.
    num_threads
        Threads to use, None for the default.

    Returns
    -------
    ndarray
        Display values: a new array of the shape of ``pixels`` and of ``dtype``; nothing is inverted for MONOCHROME1.

    Raises
    ------
    PixelDataError
        A table or window that is not what the standard says.
    ValueError
        There is no such view, or a window given is not valid; the message lists the views.
    IndexError
        ``frame`` has no functional group.
    TypeError
        Pixels or ``dtype`` of an unsupported type, or a ``dataset`` that is no pydicom data set.

    Warns
    -----
    RadpixWarning
        A window without meaning is left out (``"window-invalid"``); a VOI LUT Function is unknown and LINEAR is
        taken (``"voi-function-unknown"``).

    Examples
    --------
    >>> import numpy as np, pydicom, radpix
    >>> dataset = pydicom.Dataset()
    >>> dataset.WindowCenter, dataset.WindowWidth = [40, 400], [400, 1800]
    >>> radpix.apply_voi(np.array([-160, 40, 240], np.int16), dataset)
    array([  0, 128, 255], dtype=uint8)
    >>> radpix.apply_voi(np.array([-160, 40, 240], np.int16), dataset, window=1)
    array([ 48,  77, 105], dtype=uint8)
    """
    array = checked_pixels(pixels)
    display_maximum(dtype)
    threads = thread_count(num_threads)
    is_signed = value(dataset_of(dataset), "PixelRepresentation") == 1
    modality = modality_transform(dataset, integer(frame, "frame"), is_signed=is_signed)
    views = voi_views(dataset, frame, is_signed=array.dtype.kind != "u")
    voi = choose_voi(views, window)
    if voi is None:
        voi = window_over(array, _modality_padding(dataset, array.dtype, modality), Rescale(1.0, 0.0))
    grey = Grey(None, voi.table if isinstance(voi, VoiTable) else voi)
    return grey_levels(array, grey, np.dtype(dtype), threads)


def _modality_padding(
    dataset: Dataset, dtype: np.dtype[Any], modality: Rescale | LookupTable | None
) -> tuple[float, float] | None:
    """Return the padding range in modality values."""
    signed = "i" if value(dataset, "PixelRepresentation") == 1 else "u"
    stored = padding_range(dataset, dtype if dtype.kind == "f" else np.dtype(f"{signed}4"))
    if stored is None or isinstance(modality, LookupTable):
        return None
    slope, intercept = modality or (1.0, 0.0)
    ends = [slope * end + intercept for end in stored]
    return min(ends), max(ends)


def voi_views(dataset: Dataset, frame: int, *, is_signed: bool) -> list[VoiTable | Window]:
    """Return the VOI LUTs and then the windows of a frame.

    Parameters
    ----------
    is_signed
        Whether modality values can be negative: the first value that a VOI LUT maps is signed then.
    """
    group = functional_group(dataset, frame, "FrameVOILUTSequence")
    return views_of(group[0] if group else dataset, is_signed=is_signed)


def views_of(item: Dataset, *, is_signed: bool) -> list[VoiTable | Window]:
    """Return the VOI LUTs and then the windows of a data set, functional group or presentation state item."""
    views: list[VoiTable | Window] = [
        VoiTable(lookup_table(lut, is_signed=is_signed, name="VOI LUT"), text(lut, "LUTExplanation"))
        for lut in present_luts(item, "VOILUTSequence")
    ]
    centers, widths = numbers(item, "WindowCenter"), numbers(item, "WindowWidth")
    if not centers and not widths:
        return views
    function = _function(item)
    if len(centers) != len(widths):
        warn(f"there are {len(centers)} Window Centers for {len(widths)} Window Widths", "window-invalid")
    found = value(item, "WindowCenterWidthExplanation")
    explanations = [found] if isinstance(found, str) else list(found or [])
    explanations += [""] * len(centers)
    for center, width, explanation in zip(centers, widths, explanations, strict=False):
        window = _window(center, width, function, str(explanation))
        if window is not None:
            views.append(window)
    return views


def _function(item: Dataset) -> VoiFunction:
    function = text(item, "VOILUTFunction") or "LINEAR"
    if function not in {"LINEAR", "LINEAR_EXACT", "SIGMOID"}:
        warn(f"the VOI LUT Function is {function!r}; LINEAR is taken", "voi-function-unknown")
        return "LINEAR"
    return cast("VoiFunction", function)


def _window(center: float, width: float, function: VoiFunction, explanation: str) -> Window | None:
    """Return a window that has a meaning: LINEAR asks for a width of 1 at least (C.11.2.1.2.1)."""
    if width <= 0:
        warn(f"a Window Width of {width:g} has no meaning; the window is left out", "window-invalid")
        return None
    if width < 1 and function == "LINEAR":
        warn(f"a Window Width of {width:g} is too small for LINEAR; LINEAR_EXACT is taken", "window-invalid")
        function = "LINEAR_EXACT"
    return Window(center, width, function, explanation)


def choose_voi(views: list[VoiTable | Window], choice: VoiChoice) -> VoiTable | Window | None:
    """Return the view that a caller names, None for the automatic window."""
    if isinstance(choice, Window):
        return check_window(choice)
    if isinstance(choice, tuple | list):
        if len(choice) != 2:
            raise ValueError(f"a window is (center, width), not {described(choice)}")
        return check_window(Window(number(choice[0], "center"), number(choice[1], "width")))
    if isinstance(choice, str):
        return _named(views, choice)
    if isinstance(choice, bool) or not isinstance(choice, int | np.integer):
        raise TypeError(f"window is a number, a name, a Window or (center, width), not {described(choice)}")
    if not views and choice == 0:
        return None
    if not 0 <= choice < len(views):
        raise ValueError(f"there is no view {choice}; {_listed(views)}")
    return views[choice]


def _named(views: list[VoiTable | Window], name: str) -> VoiTable | Window:
    for view in views:
        if view.explanation and view.explanation.casefold() == name.casefold():
            return view
    preset = WINDOW_PRESETS.get(name.casefold())
    if preset is None:
        raise ValueError(f"there is no view or preset {name!r}; {_listed(views)}")
    return replace(preset)


def _listed(views: list[VoiTable | Window]) -> str:
    if not views:
        return "the data set has neither VOI LUT nor window"
    return "it has " + ", ".join(f"{k}: {view.explanation!r}" for k, view in enumerate(views))
