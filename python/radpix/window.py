"""Values: the rescale from stored to modality values, and windows from modality to display values."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from radpix._arguments import array_of, check_choice, described, number, output
from radpix._backend import Voi, kernels
from radpix.threads import thread_count

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, DTypeLike, NDArray

__all__ = ["WINDOW_PRESETS", "VoiFunction", "Window", "window"]

VoiFunction = Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]

#: The highest display value by output dtype; the lowest is 0.
_MAXIMUM = {np.dtype(np.uint8): 255.0, np.dtype(np.uint16): 65535.0}
_MAXIMUM |= {np.dtype(np.float32): 1.0, np.dtype(np.float64): 1.0}
_UINT8 = np.dtype(np.uint8)
_PIXELS = frozenset(np.dtype(kind) for kind in ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"))


@dataclass(frozen=True)
class Window:
    """A window as a data set or a preset names it; `window` checks it when it is used.

    Attributes
    ----------
    center, width
        Window Center and Width (0028,1050/1051), in modality values.
    function
        VOI LUT Function (0028,1056).
    explanation
        Window Center & Width Explanation (0028,1055).
    """

    center: float
    width: float
    function: VoiFunction = "LINEAR"
    explanation: str = ""


#: Usual CT windows in HU, as in radiology textbooks and radiopaedia.org ("Windowing (CT)").
WINDOW_PRESETS: Mapping[str, Window] = {
    "abdomen": Window(50.0, 400.0, explanation="Abdomen, soft tissue"),
    "angio": Window(300.0, 600.0, explanation="CT angiography"),
    "bone": Window(400.0, 1800.0, explanation="Bone"),
    "brain": Window(40.0, 80.0, explanation="Brain"),
    "liver": Window(30.0, 150.0, explanation="Liver"),
    "lung": Window(-600.0, 1500.0, explanation="Lung"),
    "mediastinum": Window(50.0, 350.0, explanation="Mediastinum"),
    "soft-tissue": Window(40.0, 375.0, explanation="Head and neck, soft tissue"),
    "spine": Window(50.0, 250.0, explanation="Spine, soft tissue"),
    "stroke": Window(40.0, 40.0, explanation="Brain, acute stroke"),
    "subdural": Window(75.0, 215.0, explanation="Brain, subdural"),
    "temporal-bone": Window(600.0, 2800.0, explanation="Temporal bone"),
}


def window(
    pixels: ArrayLike,
    center: float,
    width: float,
    *,
    function: VoiFunction = "LINEAR",
    slope: float = 1.0,
    intercept: float = 0.0,
    invert: bool = False,
    dtype: DTypeLike | None = None,
    out: NDArray[Any] | None = None,
    num_threads: int | None = None,
) -> NDArray[Any]:
    """Turn stored or modality values into display values, exactly as the standard's formula does.

    The result is that of PS3.3 C.11.2.1.2.1 (LINEAR), C.11.2.1.3.1 (SIGMOID) or C.11.2.1.3.2 (LINEAR_EXACT),
    evaluated in float64 in the order in which the standard writes it, and for integer outputs rounded half to
    even: the same on every processor, backend and number of threads.

    Parameters
    ----------
    pixels
        Integers, bool, float32 or float64 of any shape, strides and byte order. NaN becomes the lowest
        display value (before inversion) in integer outputs and stays NaN in float outputs. 64-bit integers
        count as their nearest float64. A Pixel Padding Value is a value like any other here, since the data set
        that names it is not known; painting it as background (PS3.3 C.7.5.1.1.2) is up to `display`.
    center, width
        Window Center and Width, in modality values. A width is at least 1 for LINEAR (1 is a step), else
        above 0.
    function
        VOI LUT Function.
    slope, intercept
        Applied first: modality value = slope * pixel + intercept (PS3.3 C.11.1.1.2).
    invert
        Return the complement, highest + lowest - y, as for MONOCHROME1 or Presentation LUT Shape INVERSE.
    dtype
        uint8: display values from 0 to 255; uint16: to 65535; float32 and float64: from 0.0 to 1.0. None
        stands for that of ``out``, else uint8.
    out
        Where to write, of the shape of ``pixels``, with any strides.
    num_threads
        Threads to use, None for the default.

    Returns
    -------
    ndarray
        Display values of the shape of ``pixels``, of the type that ``dtype`` says: ``out``, or a new array in the
        memory order of ``pixels``.

    Raises
    ------
    ValueError
        A width that the function does not allow, numbers that are not finite, or an ``out`` of another shape
        or dtype, or read-only.
    TypeError
        A dtype that has no display range, or pixels that are masked or no real numbers, or a center, width, slope or
        intercept that is no number.

    Examples
    --------
    >>> import numpy as np, radpix
    >>> hu = np.array([-1000, -160, 39, 40, 240], dtype=np.int16)
    >>> radpix.window(hu, 40, 400)
    array([  0,   0, 127, 128, 255], dtype=uint8)
    >>> radpix.window(hu, 40, 400, invert=True)
    array([255, 255, 128, 127,   0], dtype=uint8)
    """
    array = checked_pixels(pixels)
    result, buffer = _output(array, dtype, out)
    highest = _MAXIMUM[result.dtype]
    numbers = number(center, "center"), number(width, "width"), number(slope, "slope")
    voi = Voi(function, *numbers, number(intercept, "intercept"), 0.0, highest, bool(invert))
    _check(voi)
    kernels().window(array, buffer, voi, num_threads=thread_count(num_threads))
    if buffer is not result:
        result[...] = buffer
    return result


def checked_pixels(pixels: ArrayLike) -> NDArray[Any]:
    """Return ``pixels`` as an array of real numbers in the machine's byte order, bool as uint8, or raise TypeError."""
    array = pixels if type(pixels) is np.ndarray else _array_of(pixels)
    if array.dtype == np.bool_:
        array = array.view(np.uint8)
    dtype = array.dtype
    if dtype not in _PIXELS:
        if dtype.newbyteorder("=") not in _PIXELS:
            raise TypeError(f"pixels are integers, float32 or float64, not {described(pixels)}")
        array = array.astype(dtype.newbyteorder("="))
    if array.ndim > 8:
        raise ValueError(f"pixels have at most 8 dimensions, not {array.ndim}")
    if not _has_whole_strides(array):
        return cast("NDArray[Any]", array.copy())
    return array


def _array_of(pixels: ArrayLike) -> NDArray[Any]:
    if isinstance(pixels, np.ma.MaskedArray):
        raise TypeError(
            "pixels are an array without a mask, whose values would come back: pixels.filled(value)"
        )
    return array_of(pixels, "pixels")


def display_maximum(dtype: DTypeLike) -> float:
    """Return the highest display value of a type, or raise TypeError."""
    wanted = np.dtype(dtype)
    if wanted not in _MAXIMUM:
        raise TypeError(f"display values are uint8, uint16, float32 or float64, not {wanted}")
    return _MAXIMUM[wanted]


def check_window(window: Window) -> Window:
    """Return ``window``, or raise ValueError where its formula has no meaning."""
    _check(Voi(window.function, window.center, window.width, 1.0, 0.0, 0.0, 1.0, invert=False))
    return window


def _has_whole_strides(array: NDArray[Any]) -> bool:
    """Return whether elements lie at multiples of their size; those of structured arrays may not."""
    flags = array.flags
    if not flags.aligned:
        return False
    item = array.itemsize
    return flags.c_contiguous or not any(stride % item for stride in array.strides)


def _output(
    pixels: NDArray[Any], dtype: DTypeLike | None, out: NDArray[Any] | None
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the result and where to compute it: elsewhere if ``out`` shares memory with ``pixels``."""
    wanted = _UINT8 if dtype is None else np.dtype(dtype)
    if out is None:
        if wanted not in _MAXIMUM:
            raise TypeError(f"display values are uint8, uint16, float32 or float64, not {wanted}")
        result = np.empty_like(pixels, dtype=wanted, subok=False)
        return result, result
    if output(out).dtype not in _MAXIMUM:
        raise TypeError(f"display values are uint8, uint16, float32 or float64, not {out.dtype}")
    if dtype is not None and out.dtype != wanted:
        raise ValueError(f"out is of dtype {out.dtype}, but dtype={wanted} was asked for")
    if out.shape != pixels.shape:
        raise ValueError(f"out has the shape {out.shape}, the pixels {pixels.shape}")
    if not out.flags.writeable:
        raise ValueError("out is read-only")
    if not _has_whole_strides(out) or np.may_share_memory(out, pixels):
        return out, np.empty(out.shape, out.dtype)
    return out, out


def _check(voi: Voi) -> None:
    check_choice("the VOI LUT function", voi.function, ("LINEAR", "LINEAR_EXACT", "SIGMOID"))
    numbers = voi.center, voi.width, voi.slope, voi.intercept
    if not isfinite(sum(numbers)) and not all(map(isfinite, numbers)):
        raise ValueError(
            "center, width, slope and intercept are finite numbers, not "
            f"{voi.center}, {voi.width}, {voi.slope} and {voi.intercept}"
        )
    # PS3.3 C.11.2.1.2.1: "Window Width (0028,1051) shall always be greater than or equal to 1"; C.11.2.1.3.1
    # and C.11.2.1.3.2 ask for more than 0.
    if voi.width < 1.0 and voi.function == "LINEAR":
        raise ValueError(f"a LINEAR window has a width of at least 1, not {voi.width}")
    if voi.width <= 0.0:
        raise ValueError(f"a {voi.function} window has a width above 0, not {voi.width}")
