"""Lookup tables of Modality, VOI and Presentation LUT items (PS3.3 C.11.1.1.1, C.11.2.1.1, C.11.4.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from radpix._display.attributes import items, value
from radpix._warn import warn
from radpix.errors import PixelDataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from pydicom import Dataset

__all__ = [
    "LookupTable",
    "descriptor_of",
    "entries_of",
    "is_little_endian",
    "lookup_table",
    "present_luts",
    "words_of",
]


@dataclass(frozen=True, eq=False)
class LookupTable:
    """A table of integers.

    Attributes
    ----------
    entries
        At most 65536 words, at least one.
    first
        The value that the first entry stands for.
    bits
        Significant bits of an entry: the highest output is ``2**bits - 1``.
    """

    entries: NDArray[np.uint16]
    first: int
    bits: int

    def at(self, values: NDArray[Any]) -> NDArray[np.uint16]:
        """Return the entries of integers; values beyond either end get that end's entry."""
        limits = np.iinfo(values.dtype)
        low = min(max(self.first, limits.min), limits.max)
        high = min(max(self.first + len(self.entries) - 1, limits.min), limits.max)
        index = np.clip(values, low, high).astype(np.int64) - self.first
        found: NDArray[np.uint16] = self.entries[np.clip(index, 0, len(self.entries) - 1)]
        return found

    def fractions(self) -> NDArray[np.float64]:
        """Return the entries as parts of the full output range, 0.0 to 1.0."""
        return np.minimum(self.entries / float((1 << self.bits) - 1), 1.0)


def lookup_table(item: Dataset, *, is_signed: bool, name: str) -> LookupTable:
    """Return the table of a LUT item.

    Parameters
    ----------
    item
        With LUT Descriptor (0028,3002) and LUT Data (0028,3006).
    is_signed
        Whether the first value mapped is a signed 16-bit integer, whatever the VR.
    name
        For messages.

    Raises
    ------
    PixelDataError
        Descriptor and data contradict each other or the standard.

    Warns
    -----
    RadpixWarning
        Entries have more bits than the descriptor says (``"lut-bits"``).
    """
    count, first, bits = descriptor_of(item, "LUTDescriptor", is_signed=is_signed, name=name)
    data = value(item, "LUTData")
    raw = b"" if data is None else data
    little = is_little_endian(item)
    entries = entries_of(raw, count, bits, little_endian=little)
    if len(entries) < count:
        raise PixelDataError(
            f"the LUT Descriptor of the {name} says {count} entries of {bits} bits, but LUT Data holds"
            f" {len(entries)}"
        )
    entries = entries[:count]
    highest = int(entries.max())
    # One beyond the range is rounding, and white all the same; more would be cut off to white.
    if highest > 1 << bits:
        warn(
            f"the LUT Descriptor of the {name} says {bits} bits per entry, but they go up to {highest};"
            f" {highest.bit_length()} bits are taken",
            "lut-bits",
        )
        bits = highest.bit_length()
    return LookupTable(entries, first, bits)


def present_luts(item: Dataset, keyword: str) -> list[Dataset]:
    """Return the items of a sequence of LUTs; those that are empty shells are left out with a warning."""
    found = items(item, keyword)
    present = [
        lut for lut in found if value(lut, "LUTDescriptor") is not None or value(lut, "LUTData") is not None
    ]
    if len(present) < len(found):
        warn(f"an item of {keyword} has neither LUT Descriptor nor LUT Data; it is left out", "lut-empty")
    return present


def descriptor_of(item: Dataset, keyword: str, *, is_signed: bool, name: str) -> tuple[int, int, int]:
    """Return number of entries, first value mapped and bits of an entry."""
    descriptor = value(item, keyword)
    try:
        count, first, bits = (int(one) for one in descriptor)
    except (TypeError, ValueError):
        raise PixelDataError(
            f"the {name} has no LUT Descriptor of three values with its LUT Data, but {descriptor!r}"
        ) from None
    # Number of entries and bits are unsigned, the first value is signed as its input is, whatever the VR; 0
    # stands for the 65536 that 16 bits cannot say.
    count, first = (count & 0xFFFF) or 65536, first & 0xFFFF
    if is_signed and first >= 0x8000:
        first -= 0x10000
    if not 8 <= bits <= 16:
        raise PixelDataError(f"the LUT Descriptor of the {name} says {bits} bits per entry, not 8 to 16")
    return count, first, bits


def entries_of(
    data: bytes | int | Sequence[int], count: int, bits: int, *, little_endian: bool
) -> NDArray[np.uint16]:
    """Return LUT Data as words; 8-bit entries may come two to a word, low byte first (PS3.3 C.11.1.1.1)."""
    raw = words_of(data, little_endian=little_endian)
    if bits == 8 and len(raw) < 2 * count:
        if not little_endian:  # OW words in big endian hold the low byte second
            raw = np.frombuffer(raw[: len(raw) & ~1], dtype="<u2").byteswap().tobytes()
        return np.frombuffer(raw, dtype=np.uint8).astype(np.uint16)
    words = np.frombuffer(raw[: len(raw) & ~1], dtype="<u2" if little_endian else ">u2")
    return words.astype(np.uint16)


def words_of(data: bytes | int | Sequence[int], *, little_endian: bool) -> bytes:
    """Return the bytes of OW, or of words that pydicom has already read as US or SS."""
    if isinstance(data, bytes | bytearray):
        return bytes(data)
    try:
        values = np.atleast_1d(np.asarray(data, dtype=np.int64)) & 0xFFFF
    except (TypeError, ValueError, OverflowError) as error:
        raise PixelDataError(f"LUT Data is neither bytes nor words: {error}") from error
    return values.astype("<u2" if little_endian else ">u2").tobytes()


def is_little_endian(item: Dataset) -> bool:
    """Return how the bytes of OW values are ordered; data sets made in memory count as little endian."""
    return getattr(item, "original_encoding", (None, None))[1] is not False
