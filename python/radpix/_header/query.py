"""What to look for in headers, and what is found: the same from the compiled core and from the walk in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    Step = tuple[int, int]
    #: (index in the query, item, VR, bytes | number of items | None for a bare item)
    Entry = tuple[int, int, str, bytes | int | None]

__all__ = ["EVERY_ITEM", "Change", "Fragments", "Pixels", "Query", "Scan", "Wanted"]

#: The item number that stands for all of them.
EVERY_ITEM: Final = -1


class Wanted(NamedTuple):
    """An attribute to find: (sequence, item) steps to it, its tag, and whether it is a sequence itself."""

    steps: tuple[Step, ...]
    tag: int
    is_sequence: bool = False


class Query(NamedTuple):
    """What to look for, as ``radpix/dicom.hpp``."""

    wanted: Sequence[Wanted]
    pixel_data: bool = False
    fragments: bool = False


class Pixels(NamedTuple):
    """The pixel data element; the tag is 0 where it was not reached, the VR empty in implicit VR."""

    tag: int = 0
    vr: str = ""
    offset: int = 0
    length: int = 0


class Fragments(NamedTuple):
    """Encapsulated pixel data (PS3.5 A.4): the Basic Offset Table, and where the values of fragments lie."""

    table: bytes = b""
    offsets: Sequence[int] = ()
    lengths: Sequence[int] = ()
    is_delimited: bool = False


class Scan(NamedTuple):
    """One header; ``size`` are the bytes of the file, ``start`` is where its data set begins."""

    transfer_syntax: str
    size: int
    start: int
    is_little_endian: bool
    is_deflated: bool
    is_truncated: bool
    found: list[Entry]
    pixels: Pixels
    fragments: Fragments


class Change(NamedTuple):
    """What a header has other than the one before it.

    Size of the file, offset and length of the pixel data, and entries that replace those at places in ``found``.
    """

    size: int
    offset: int
    length: int
    found: Sequence[tuple[int, Entry]]
