"""The items of encapsulated pixel data (PS3.5 A.4): the Basic Offset Table, and where fragments lie."""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from typing import TYPE_CHECKING, Literal

from radpix._frames import transfer_syntaxes as syntaxes
from radpix._source.elements import UNDEFINED_LENGTH, Window
from radpix.errors import DecodeError, LimitError, PixelDataError

if TYPE_CHECKING:
    from radpix._backend import Buffer
    from radpix._source.header import Header
    from radpix._source.report import Reporter

__all__ = ["ITEM_HEADER", "Fragments", "Items", "integers"]

_ITEM = b"\xfe\xff\x00\xe0"
_SEQUENCE_DELIMITER = b"\xfe\xff\xdd\xe0"
ITEM_HEADER = 8

#: Four million, at 1 us each: more tiles than any slide has, and no hang over a file full of empty items.
_MOST_ITEMS = 1 << 22

#: Headers closer together than this are read 64 KiB at a time, others one by one.
_NEAR = 1 << 12


class Fragments:
    """Where the values of items lie in the stream, and their lengths."""

    def __init__(self) -> None:
        self.offsets = array("q")
        self.lengths = array("q")

    def __len__(self) -> int:
        return len(self.offsets)

    def append(self, offset: int, length: int) -> None:
        self.offsets.append(offset)
        self.lengths.append(length)

    def starting_at(self, item: int) -> int | None:
        """Return which fragment's item tag lies at ``item``, None where there is none."""
        place = bisect_left(self.offsets, item + ITEM_HEADER)
        return place if place < len(self) and self.offsets[place] == item + ITEM_HEADER else None


class Items:
    """The items of one pixel data element.

    Attributes
    ----------
    table
        The entries of the Basic Offset Table.
    first
        Where the item behind it begins; entries count from there.
    end
        Where the element, or what is there of it, ends.
    cut
        Where items were found to end without a Sequence Delimitation Item, None where there is one or nobody
        has looked.
    """

    def __init__(self, header: Header, report: Reporter) -> None:
        self._header = header
        self._report = report
        self.cut: int | None = None
        declared = header.length if header.length != UNDEFINED_LENGTH else 1 << 62
        self.end = header.offset + header.stream.available(header.offset, declared)
        self.table, self.first = self._offset_table()

    def _offset_table(self) -> tuple[array[int], int]:
        position = self._header.offset
        header = bytes(self._header.stream.read(position, ITEM_HEADER))
        if header[:4] != _ITEM or len(header) < ITEM_HEADER or position >= self.end:
            raise PixelDataError(
                f"{self._report.where}: the pixel data does not begin with an item as"
                f" {syntaxes.name_of(self._header.transfer_syntax)} asks for; the Transfer Syntax UID is"
                " wrong, or the pixel data damaged"
            )
        length = int.from_bytes(header[4:], "little")
        position += ITEM_HEADER
        if length > self.end - position:
            length = self._length_there(position, length)
        return integers(self._header.stream.read(position, length), "I"), position + length

    def between(self, start: int, stop: int | None) -> Fragments | None:
        """Return the fragments from the item at ``start`` up to the one at ``stop``, None up to the end.

        Only the headers of these items are read. The result is None where no chain of items leads from one
        to the other.
        """
        return self.all(start) if stop is None else self._chain(start, stop)

    def _chain(self, position: int, stop: int) -> Fragments | None:
        fragments, stream = Fragments(), self._header.stream
        for _ in range(_MOST_ITEMS):
            header = bytes(stream.read(position, ITEM_HEADER))
            if header[:4] != _ITEM or len(header) < ITEM_HEADER or position >= stop:
                break
            length = int.from_bytes(header[4:], "little")
            position += ITEM_HEADER
            if length:
                fragments.append(position, length)
            position += length
        return fragments if position == stop and header[:4] == _ITEM else None

    def all(self, start: int | None = None) -> Fragments:
        """Return every fragment that is not empty, from the item at ``start`` on."""
        fragments, has_empty = Fragments(), False
        window, stream = Window(self._header.stream), self._header.stream
        position = self.first if start is None else start
        length = 0 if start is None else _NEAR
        for _ in range(_MOST_ITEMS):
            header = bytes((window if length < _NEAR else stream).read(position, ITEM_HEADER))
            if header[:4] != _ITEM:
                position, header = self._resynchronised(position, header, fragments)
            if header[:4] != _ITEM or len(header) < ITEM_HEADER or position >= self.end:
                self._check_end(position, header)
                break
            length = int.from_bytes(header[4:], "little")
            position += ITEM_HEADER
            if length > self.end - position:
                length = self._length_there(position, length)
            if length:
                fragments.append(position, length)
            else:
                has_empty = True
            position += length
        else:
            raise LimitError(f"{self._report.where}: the pixel data has more than {_MOST_ITEMS} fragments")
        if has_empty:
            self._note("fragment-empty", "there are empty fragments; they are left out")
        return fragments

    def _check_end(self, position: int, header: bytes) -> None:
        """Note where items end without a delimiter: not needed where the element's length is defined."""
        if header[:4] == _SEQUENCE_DELIMITER and position < self.end:
            return
        self.cut = position
        if self._header.length == UNDEFINED_LENGTH or position < self.end:
            self._note(
                "sequence-delimiter-absent",
                "the fragments do not end with a Sequence Delimitation Item; they end where items end",
                position,
            )

    def _length_there(self, position: int, length: int) -> int:
        """Return how much is there of a fragment that claims to reach beyond the end."""
        if length == UNDEFINED_LENGTH:
            raise DecodeError(
                f"{self._report.where}: a fragment at byte {position} of the source has an undefined"
                " length, which PS3.5 A.4 does not allow; the file is damaged",
                code="fragment-length-undefined",
                offset=position,
                transfer_syntax=self._header.transfer_syntax,
            )
        found = max(0, self.end - position)
        self._note(
            "fragment-truncated",
            f"a fragment claims {length} bytes where {found} are left; what is there is decoded",
            position,
        )
        return found

    def _resynchronised(self, position: int, header: bytes, fragments: Fragments) -> tuple[int, bytes]:
        """Look for the next item one byte before or behind: an odd length is one that was miscounted."""
        if header[:4] == _SEQUENCE_DELIMITER or len(header) < 4 or not fragments.offsets:
            return position, header
        for shift in (-1, 1):
            shifted = bytes(self._header.stream.read(position + shift, ITEM_HEADER))
            if shifted[:4] in {_ITEM, _SEQUENCE_DELIMITER}:
                fragments.lengths[-1] += min(shift, 0)
                self._note("fragment-length-off-by-one", "a fragment's length is wrong by one byte", position)
                return position + shift, shifted
        return position, header

    def _note(self, code: str, message: str, offset: int | None = None) -> None:
        self._report(code, message, offset=offset, transfer_syntax=self._header.transfer_syntax)


def integers(raw: Buffer, kind: Literal["I", "Q"]) -> array[int]:
    """Return the unsigned little-endian integers of an offset table; a remainder is left out."""
    values = array(kind)
    values.frombytes(raw[: len(raw) - len(raw) % values.itemsize])
    if sys.byteorder == "big":
        values.byteswap()
    return values
