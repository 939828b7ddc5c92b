"""Display shutters (PS3.3 C.7.6.11, C.7.6.15): what lies outside of them is not shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from radpix._display.attributes import functional_group, integer, integers, number, numbers, value
from radpix._warn import warn
from radpix.color import cielab_to_srgb
from radpix.errors import PixelDataError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom import Dataset

__all__ = ["closed_by_shutters", "frame_shutter", "has_shutters", "shutter_level"]

#: A side takes 30 us, so this is half a second.
_MOST_VERTICES = 16384


def frame_shutter(dataset: Dataset, frame: int) -> Dataset:
    """Return what describes the shutters of a frame: its functional group, else the data set itself."""
    found = functional_group(dataset, frame, "FrameDisplayShutterSequence")
    return found[0] if found else dataset


def has_shutters(item: Dataset) -> bool:
    """Return whether a data set, functional group or presentation state has shutters."""
    return value(item, "ShutterShape") is not None


def closed_by_shutters(
    item: Dataset, shape: tuple[int, int], bitmap: NDArray[np.bool_] | None = None
) -> NDArray[np.bool_]:
    """Return what is not to be shown: the pixel is outside of any shutter.

    Parameters
    ----------
    item
        With Shutter Shape, one or several of RECTANGULAR, CIRCULAR, POLYGONAL, BITMAP.
    shape
        Rows and columns of the image.
    bitmap
        The overlay that Shutter Overlay Group names: its bits are closed.

    Raises
    ------
    PixelDataError
        A shutter without the attributes that its shape needs.

    Warns
    -----
    RadpixWarning
        A shape is not one of the four, and is left out (``"shutter-shape-unknown"``).
    """
    closed = np.zeros(shape, np.bool_)
    shapes = value(item, "ShutterShape")
    for name in [shapes] if isinstance(shapes, str) else list(shapes or []):
        if name == "RECTANGULAR":
            closed |= ~_rectangle(item, shape)
        elif name == "CIRCULAR":
            closed |= ~_circle(item, shape)
        elif name == "POLYGONAL":
            closed |= ~_polygon(item, shape)
        elif name == "BITMAP" and bitmap is not None:
            closed |= bitmap
        else:
            warn(f"a Shutter Shape is {name!r} or lacks its overlay; it is left out", "shutter-shape-unknown")
    return closed


def shutter_level(item: Dataset, *, is_colour: bool) -> float | NDArray[np.float64]:
    """Return a closed shutter's colour as a part of the range: of a picture in colours its CIELab value as sRGB.

    Otherwise, or without one, its 16-bit P-Value; black if there is none.
    """
    colour = integers(item, "ShutterPresentationColorCIELabValue") if is_colour else []
    if len(colour) == 3:
        return cielab_to_srgb(colour)
    if colour:
        raise PixelDataError(f"Shutter Presentation Color CIELab Value is {colour}, not three numbers")
    level = integer(item, "ShutterPresentationValue") or 0
    return min(max(level, 0), 0xFFFF) / 0xFFFF


def _edge(item: Dataset, keyword: str) -> float:
    found = number(item, keyword)
    if found is None:
        raise PixelDataError(f"a rectangular shutter has no {keyword}")
    return found


def _rectangle(item: Dataset, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Edges are rows and columns from 1, and the first ones outside are the edges themselves (C.7.6.11)."""
    row, column = np.ogrid[1 : shape[0] + 1, 1 : shape[1] + 1]
    left, right = _edge(item, "ShutterLeftVerticalEdge"), _edge(item, "ShutterRightVerticalEdge")
    upper, lower = _edge(item, "ShutterUpperHorizontalEdge"), _edge(item, "ShutterLowerHorizontalEdge")
    return np.asarray((row > upper) & (row < lower) & (column > left) & (column < right))


def _circle(item: Dataset, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return what is not outside of a circle; it is round in pixels, as the standard says nothing of spacing."""
    center, radius = numbers(item, "CenterOfCircularShutter"), number(item, "RadiusOfCircularShutter")
    if len(center) != 2 or radius is None:
        raise PixelDataError("a circular shutter needs a center of two values and a radius")
    # Larger than any image, and their squares are still numbers.
    center, radius = [min(max(one, -1e8), 1e8) for one in center], min(abs(radius), 1e9)
    row, column = np.ogrid[1 : shape[0] + 1, 1 : shape[1] + 1]
    return np.asarray((row - center[0]) ** 2 + (column - center[1]) ** 2 <= radius**2)


def _polygon(item: Dataset, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return what is inside by the even-odd rule, pixels by their centres; vertices are (row, column) from 1."""
    flat = integers(item, "VerticesOfThePolygonalShutter")
    if len(flat) < 6 or len(flat) % 2:
        raise PixelDataError(
            f"a polygonal shutter has {len(flat)} coordinates, not pairs of three or more vertices"
        )
    if len(flat) > 2 * _MOST_VERTICES:
        raise PixelDataError(
            f"a polygonal shutter has {len(flat) // 2} vertices, over the limit of {_MOST_VERTICES}"
        )
    # What each row flips at: inside begins or ends right of every crossing.
    flips = np.zeros((shape[0], shape[1] + 1), np.bool_)
    edge = np.zeros(shape, np.bool_)
    vertices = list(zip(flat[::2], flat[1::2], strict=True))
    for start, end in zip(vertices, vertices[1:] + vertices[:1], strict=True):
        _add_side(flips, edge, start, end)
    return np.asarray(np.logical_xor.accumulate(flips[:, :-1], axis=1) | edge)


def _add_side(
    flips: NDArray[np.bool_], edge: NDArray[np.bool_], start: tuple[int, int], end: tuple[int, int]
) -> None:
    """Enter one side of a polygon; a pixel whose centre is on it is inside."""
    rows, columns = edge.shape
    (top, left), (bottom, right) = sorted((start, end))
    if top == bottom:
        if 1 <= top <= rows:
            edge[top - 1, max(min(left, columns + 1), 1) - 1 : max(min(right, columns), 0)] = True
        return
    if max(top, 1) > min(bottom, rows):
        return
    row = np.arange(max(top, 1), min(bottom, rows) + 1)
    # In floats, which do not wrap; exact for all coordinates that an image can have.
    rise = float(right - left) * (row.astype(np.float64) - float(top))
    crossing = np.clip(float(left) + rise / float(bottom - top), 0, columns + 1)
    whole = np.floor(crossing).astype(np.int64)
    on = (crossing == whole) & (whole >= 1) & (whole <= columns)
    edge[row[on] - 1, whole[on] - 1] = True
    # A vertex belongs to the side that begins there, or it would count twice.
    begun = row < bottom
    flips[row[begun] - 1, np.minimum(whole[begun], columns)] ^= True
