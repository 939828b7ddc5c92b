"""The attributes of the Image Pixel module (PS3.3 C.7.6.3) as plain integers, texts and bytes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from radpix.errors import PixelDataError

if TYPE_CHECKING:
    from pydicom.dataelem import DataElement, RawDataElement

__all__ = ["NAMES", "Value", "longest", "of_element", "parse"]

Value = int | str | bytes

SAMPLES_PER_PIXEL: Final = 0x00280002
PHOTOMETRIC_INTERPRETATION: Final = 0x00280004
PLANAR_CONFIGURATION: Final = 0x00280006
NUMBER_OF_FRAMES: Final = 0x00280008
ROWS: Final = 0x00280010
COLUMNS: Final = 0x00280011
BITS_ALLOCATED: Final = 0x00280100
BITS_STORED: Final = 0x00280101
HIGH_BIT: Final = 0x00280102
PIXEL_REPRESENTATION: Final = 0x00280103
EXTENDED_OFFSET_TABLE: Final = 0x7FE00001
EXTENDED_OFFSET_TABLE_LENGTHS: Final = 0x7FE00002

NAMES: Final = {
    SAMPLES_PER_PIXEL: "Samples per Pixel (0028,0002)",
    PHOTOMETRIC_INTERPRETATION: "Photometric Interpretation (0028,0004)",
    PLANAR_CONFIGURATION: "Planar Configuration (0028,0006)",
    NUMBER_OF_FRAMES: "Number of Frames (0028,0008)",
    ROWS: "Rows (0028,0010)",
    COLUMNS: "Columns (0028,0011)",
    BITS_ALLOCATED: "Bits Allocated (0028,0100)",
    BITS_STORED: "Bits Stored (0028,0101)",
    HIGH_BIT: "High Bit (0028,0102)",
    PIXEL_REPRESENTATION: "Pixel Representation (0028,0103)",
    EXTENDED_OFFSET_TABLE: "Extended Offset Table (7FE0,0001)",
    EXTENDED_OFFSET_TABLE_LENGTHS: "Extended Offset Table Lengths (7FE0,0002)",
}

_TABLES = frozenset({EXTENDED_OFFSET_TABLE, EXTENDED_OFFSET_TABLE_LENGTHS})

#: An integer string (PS3.5 6.2), or a decimal without fraction as some writers put there.
_INTEGER_STRING = re.compile(r"([+-]?\d{1,12})(\.0*)?")


def longest(tag: int, length: int) -> int:
    """Return how many of the ``length`` bytes of an attribute's value are worth reading."""
    return length if tag in _TABLES else min(length, 64)


def parse(tag: int, raw: bytes, little_endian: bool, where: str) -> Value:
    """Return the value of an attribute from its bytes; an empty one is an empty string.

    Raises
    ------
    PixelDataError
        The bytes are none that the attribute can have.
    """
    if tag in _TABLES:
        return raw
    if tag in {PHOTOMETRIC_INTERPRETATION, NUMBER_OF_FRAMES}:
        text = raw.decode("ascii", "replace").strip("\0 ")
        return _integer(text, tag, where) if tag == NUMBER_OF_FRAMES and text else text
    if len(raw) not in {0, 2}:
        raise PixelDataError(f"{where}: {NAMES[tag]} holds {len(raw)} bytes instead of 2; correct the header")
    return int.from_bytes(raw, "little" if little_endian else "big") if raw else ""


def _integer(text: str, tag: int, where: str) -> int:
    match = _INTEGER_STRING.fullmatch(text)
    if match is None:
        raise PixelDataError(f"{where}: {NAMES[tag]} is {text!r}, which is no integer; correct the header")
    return int(match[1])


def of_element(element: DataElement | RawDataElement, tag: int, where: str) -> Value:
    """Return the same from an element of pydicom's, without its conversion where that has not happened yet."""
    value = element.value
    if value is None:
        return ""
    if isinstance(value, bytes):
        little = getattr(element, "is_little_endian", True)
        return parse(tag, value, little, where)
    if tag == PHOTOMETRIC_INTERPRETATION:
        return str(value)
    return _integer(str(value).strip(), tag, where) if str(value).strip() else ""
