"""Palettes: from indices to colours (PS3.3 C.7.6.3.1.5, C.7.9 and, for the supplemental palette, C.7.6.19)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from radpix._arguments import dataset_of
from radpix._display.attributes import text, value
from radpix._display.lut import LookupTable, descriptor_of, entries_of, is_little_endian, words_of
from radpix._display.over_values import over_values
from radpix._display.palette_segments import expand_segments
from radpix._warn import warn
from radpix.errors import PixelDataError
from radpix.threads import thread_count
from radpix.window import checked_pixels, display_maximum

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike, NDArray
    from pydicom import Dataset

__all__ = ["Palette", "apply_palette", "has_supplemental_palette", "palette_of"]

_COLOURS = ("Red", "Green", "Blue")


@dataclass(frozen=True, eq=False)
class Palette:
    """Three tables that begin at the same value."""

    red: LookupTable
    green: LookupTable
    blue: LookupTable

    @property
    def first(self) -> int:
        """The least value that stands for itself; in a supplemental palette lesser ones are grey."""
        return self.red.first

    def colours(self, values: NDArray[Any], dtype: np.dtype[Any]) -> list[NDArray[Any]]:
        """Return red, green and blue of integers, from 0 to the highest display value of ``dtype``."""
        highest = display_maximum(dtype)
        result = []
        for table in (self.red, self.green, self.blue):
            levels = table.fractions() * highest
            levels = (np.rint(levels) if dtype.kind == "u" else levels).astype(dtype)
            index = np.clip(values.astype(np.int64) - table.first, 0, len(levels) - 1)
            result.append(levels[index])
        return result


def apply_palette(
    pixels: ArrayLike, dataset: Dataset, *, dtype: DTypeLike | None = None, num_threads: int | None = None
) -> NDArray[Any]:
    r"""Turn the indices of a PALETTE COLOR image, or of any with a palette, into RGB.

    Parameters
    ----------
    pixels
        Stored values of any shape, as `radpix.decode` returns them. Values below the first one mapped get the
        first colour, those beyond the end the last one.
    dataset
        With Red, Green and Blue Palette Color Lookup Table Descriptor and Data, or Segmented Data.
    dtype
        uint8 or uint16: colours from 0 to the type's highest; float32 or float64: from 0.0 to 1.0. None stands
        for uint8 where the palette has 8 bits, else uint16.
    num_threads
        Threads to use, None for the default.

    Returns
    -------
    ndarray
        (..., 3) of the type that ``dtype`` says: red, green and blue of each pixel.

    Raises
    ------
    PixelDataError
        There is no palette, or its parts contradict each other.
    TypeError
        Pixels that are not integers, an unsupported ``dtype``, or a ``dataset`` that is no pydicom data set.

    Examples
    --------
    >>> import numpy as np, pydicom, radpix
    >>> dataset = pydicom.Dataset()
    >>> for colour, entries in {"Red": b"\x00\xff", "Green": b"\x00\x80", "Blue": b"\x00\x00"}.items():
    ...     setattr(dataset, f"{colour}PaletteColorLookupTableDescriptor", [2, 0, 8])
    ...     setattr(dataset, f"{colour}PaletteColorLookupTableData", entries)
    >>> radpix.apply_palette(np.array([0, 1], np.uint8), dataset)
    array([[  0,   0,   0],
           [255, 128,   0]], dtype=uint8)
    """
    array = checked_pixels(pixels)
    if array.dtype.kind == "f":
        raise TypeError(f"a palette maps integers, not {array.dtype}")
    if dtype is not None:
        display_maximum(dtype)
    palette = palette_of(dataset_of(dataset), is_signed=array.dtype.kind == "i")
    if palette is None:
        raise PixelDataError("the data set has no palette: no Red Palette Color Lookup Table Descriptor")
    if dtype is None:
        dtype = np.uint8 if palette.red.bits == 8 else np.uint16
    return coloured(array, palette, np.dtype(dtype), thread_count(num_threads))


def coloured(pixels: NDArray[Any], palette: Palette, dtype: np.dtype[Any], threads: int) -> NDArray[Any]:
    """Return (..., 3)."""

    def colours(values: NDArray[Any]) -> NDArray[Any]:
        out = np.empty((*values.shape, 3), dtype)
        for k, levels in enumerate(palette.colours(values, dtype)):
            out[..., k] = levels
        return out

    return over_values(pixels, colours, threads)


def has_supplemental_palette(dataset: Dataset) -> bool:
    """Return whether part of a grayscale image is to be shown in colour (Pixel Presentation, C.7.6.19)."""
    if value(dataset, "RedPaletteColorLookupTableDescriptor") is None:
        return False
    return text(dataset, "PixelPresentation") in {"COLOR", "MIXED"}


def palette_of(dataset: Dataset, *, is_signed: bool) -> Palette | None:
    """Return the palette of a data set, None where it has no descriptor.

    Raises
    ------
    PixelDataError
        One of the tables is missing, short or damaged.
    """
    if value(dataset, "RedPaletteColorLookupTableDescriptor") is None:
        return None
    return Palette(*(_table(dataset, colour, is_signed=is_signed) for colour in _COLOURS))


def _table(dataset: Dataset, colour: str, *, is_signed: bool) -> LookupTable:
    name = f"{colour.lower()} palette"
    keyword = f"{colour}PaletteColorLookupTable"
    count, first, bits = descriptor_of(dataset, f"{keyword}Descriptor", is_signed=is_signed, name=name)
    if bits not in {8, 16}:
        raise PixelDataError(f"the LUT Descriptor of the {name} says {bits} bits per entry, not 8 or 16")
    little = is_little_endian(dataset)
    data = value(dataset, f"{keyword}Data")
    if data is None:
        segments = value(dataset, f"Segmented{keyword}Data")
        if segments is None:
            raise PixelDataError(f"the {name} has neither data nor segmented data")
        raw = words_of(segments, little_endian=little)
        return LookupTable(expand_segments(raw, count, bits, little_endian=little), first, bits)
    if bits == 16 and count <= len(words_of(data, little_endian=little)) < 2 * count:
        warn(f"the {name} has entries of 8 bits, though its descriptor says 16", "palette-bits")
        bits = 8
    entries = entries_of(data, count, bits, little_endian=little)
    if len(entries) < count:
        raise PixelDataError(
            f"the descriptor of the {name} says {count} entries of {bits} bits, but its data holds {len(entries)}"
        )
    entries = entries[:count]
    # Entries of 8 bits in words of 16: the descriptor's 16 is then that of the allocation.
    if bits == 8 and entries.max() > 255:
        entries = (entries >> 8).astype(np.uint16)
    return LookupTable(entries, first, bits)
