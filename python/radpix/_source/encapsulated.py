"""Encapsulated pixel data (PS3.5 A.4): fragments, and which of them make up a frame."""

from __future__ import annotations

import sys
import zlib
from array import array
from bisect import bisect_left
from typing import TYPE_CHECKING, Literal, NamedTuple

from radpix import _transfer_syntaxes as syntaxes
from radpix._source import attributes as names
from radpix._source.elements import UNDEFINED_LENGTH, Window
from radpix._source.image_pixel import ImagePixel, native_bits
from radpix.errors import DecodeError, LimitError, PixelDataError, TruncatedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from radpix._backend import Buffer, FrameLayout
    from radpix._source.header import Header
    from radpix._source.report import Reporter

__all__ = ["EncapsulatedFrames", "unwrap"]

_ITEM = b"\xfe\xff\x00\xe0"
_SEQUENCE_DELIMITER = b"\xfe\xff\xdd\xe0"
_ITEM_HEADER = 8

#: Four million, at 1 us each: more tiles than any slide has, and no hang over a file full of empty items.
_MOST_ITEMS = 1 << 22

#: Headers closer together than this are read 64 KiB at a time, others one by one.
_NEAR = 1 << 12

#: An end marker lies within the last bytes of a fragment; some writers pad with more than one.
_TAIL = 10


class _Fragments:
    """The values of the items after the offset table: where each lies in the stream, and its length."""

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
        place = bisect_left(self.offsets, item + _ITEM_HEADER)
        return place if place < len(self) and self.offsets[place] == item + _ITEM_HEADER else None


class _Table(NamedTuple):
    """An offset table: its entries count from ``first``, the tag of the first fragment's item."""

    first: int
    entries: array[int]


class EncapsulatedFrames:
    """The frames of an encapsulated pixel data element.

    Which fragments make up frame k, by the first rule that fits:

    1. one frame, and no offset table that counts several: all fragments;
    2. the Extended Offset Table, then the Basic Offset Table, where each entry meets a fragment; in a file
       that is cut off, also one whose last entries lie behind the end (else ``offset-table-invalid``);
    3. as many fragments as frames: one each;
    4. more: a frame ends with a fragment that ends with EOI or EOC (``frames-split-at-end-markers``);
    5. fewer: one each, the other frames are missing.
    """

    def __init__(self, header: Header, image: ImagePixel, report: Reporter) -> None:
        self._header = header
        self._image = image
        self._report = report
        #: Where items end without a Sequence Delimitation Item, None where there is one.
        self._cut: int | None = None
        declared = header.length if header.length != UNDEFINED_LENGTH else 1 << 62
        self._end = header.offset + header.stream.available(header.offset, declared)
        self._fragments = _Fragments()
        self._table = self._walk()
        self._starts = self._group()

    # -- fragments -----------------------------------------------------------------------------------------

    def _walk(self) -> _Table:
        """Collect the fragments that are not empty, and return the Basic Offset Table."""
        table: _Table | None = None
        has_empty = False
        window, stream = Window(self._header.stream), self._header.stream
        position, length = self._header.offset, _NEAR
        for _ in range(_MOST_ITEMS):
            header = bytes((window if length < _NEAR else stream).read(position, _ITEM_HEADER))
            if header[:4] != _ITEM:
                position, header = self._resynchronised(position, header)
            if header[:4] != _ITEM or len(header) < _ITEM_HEADER or position >= self._end:
                self._check_end(position, header)
                break
            length = int.from_bytes(header[4:], "little")
            position += _ITEM_HEADER
            if length > self._end - position:
                length = self._length_there(position, length)
            if table is None:
                table = _Table(position + length, _integers(stream.read(position, length), "I"))
            elif length:
                self._fragments.append(position, length)
            else:
                has_empty = True
            position += length
        else:
            raise LimitError(f"{self._report.where}: the pixel data has more than {_MOST_ITEMS} fragments")
        if table is None:
            raise PixelDataError(
                f"{self._report.where}: the pixel data does not begin with an item as"
                f" {syntaxes.name_of(self._header.transfer_syntax)} asks for; the Transfer Syntax UID is"
                " wrong, or the pixel data damaged"
            )
        if has_empty:
            self._note("fragment-empty", "there are empty fragments; they are left out")
        return table

    def _check_end(self, position: int, header: bytes) -> None:
        """Note where items end without a delimiter: not needed where the element's length is defined."""
        if header[:4] == _SEQUENCE_DELIMITER and position < self._end:
            return
        self._cut = position
        if self._header.length == UNDEFINED_LENGTH or position < self._end:
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
        found = max(0, self._end - position)
        self._note(
            "fragment-truncated",
            f"a fragment claims {length} bytes where {found} are left; what is there is decoded",
            position,
        )
        return found

    def _resynchronised(self, position: int, header: bytes) -> tuple[int, bytes]:
        """Look for the next item one byte before or behind: an odd length is one that was miscounted."""
        if header[:4] == _SEQUENCE_DELIMITER or len(header) < 4 or not self._fragments.offsets:
            return position, header
        for shift in (-1, 1):
            shifted = bytes(self._header.stream.read(position + shift, _ITEM_HEADER))
            if shifted[:4] in {_ITEM, _SEQUENCE_DELIMITER}:
                self._fragments.lengths[-1] += min(shift, 0)
                self._note("fragment-length-off-by-one", "a fragment's length is wrong by one byte", position)
                return position + shift, shifted
        return position, header

    def _note(self, code: str, message: str, offset: int | None = None) -> None:
        self._report(code, message, offset=offset, transfer_syntax=self._header.transfer_syntax)

    # -- frames --------------------------------------------------------------------------------------------

    def _tables(self) -> list[_Table]:
        """Return the offset tables that are not empty, the one to be tried first first."""
        extended = self._header.values.get(names.EXTENDED_OFFSET_TABLE, b"")
        tables = [self._table]
        if isinstance(extended, bytes):
            tables.insert(0, _Table(self._table.first, _integers(extended, "Q")))
        return [table for table in tables if table.entries]

    def _group(self) -> Sequence[int]:
        """Return where frames begin in the list of fragments, and the end of the last."""
        frames, count = self._image.frames, len(self._fragments)
        tables = self._tables()
        joined = (0, count) if count else (0,)
        if frames == 1 and not any(len(table.entries) > 1 for table in tables):
            return joined
        for table in tables:
            starts = self._by_table(table)
            if starts is not None:
                return starts
        if tables:
            self._note("offset-table-invalid", "the offset table does not meet the fragments; it is not used")
        if frames == 1:
            return joined
        return self._by_end_marker() if count > frames else range(count + 1)

    def _by_table(self, table: _Table) -> Sequence[int] | None:
        """Return the frames between a table's entries, None where it contradicts the fragments."""
        frames, fragments = self._image.frames, self._fragments
        first, entries = table
        if len(entries) < frames or not fragments.offsets or fragments.starting_at(first + entries[0]) != 0:
            return None
        starts: list[int] = []
        for entry in entries[: frames + 1]:
            if self._cut is not None and first + entry >= self._cut:
                break  # the frames before are good
            place = fragments.starting_at(first + entry)
            if place is None or (starts and place <= starts[-1]):
                return None
            starts.append(place)
        if len(entries) > frames:
            self._note(
                "number-of-frames-short",
                f"the offset table counts {len(entries)} frames, Number of Frames says {frames}; only those are"
                " decoded",
            )
        return [*starts, len(fragments)][: frames + 1]

    def _by_end_marker(self) -> Sequence[int]:
        """Split behind the fragments that end with EOI or EOC; both are FF D9."""
        frames, count = self._image.frames, len(self._fragments)
        if self._header.transfer_syntax not in syntaxes.END_MARKED:
            raise PixelDataError(
                f"{self._report.where}: {count} fragments make up {frames} frames and no valid offset table"
                " says which; the Number of Frames or the offset table is wrong"
            )
        self._note(
            "frames-split-at-end-markers",
            f"{count} fragments hold {frames} frames and no valid offset table says which; they are split at"
            " the end markers of the codestreams",
        )
        starts = [0, *(k + 1 for k in range(count - 1) if self._ends_frame(k)), count]
        if len(starts) > frames + 1:
            self._note("number-of-frames-short", f"{len(starts) - 1} frames are there, {frames} are decoded")
        return starts[: frames + 1]

    def _ends_frame(self, fragment: int) -> bool:
        offset, length = self._fragments.offsets[fragment], self._fragments.lengths[fragment]
        tail = min(_TAIL, length)
        return b"\xff\xd9" in bytes(self._header.stream.read(offset + length - tail, tail))

    def _of_frame(self, index: int) -> range:
        return range(self._starts[index], self._starts[index + 1])

    def check(self, indices: Sequence[int]) -> None:
        """Check that the frames are there.

        Raises
        ------
        TruncatedError
            One of them has no fragments.
        """
        found = len(self._starts) - 1
        missing = next((index for index in indices if index >= found), None)
        if missing is not None:
            raise TruncatedError(
                f"{self._report.where}: frame {missing}: the pixel data holds {found} of"
                f" {self._image.frames} frames; the file is cut off, or Number of Frames wrong",
                code="frames-missing",
                frame=missing,
                transfer_syntax=self._header.transfer_syntax,
            )
        if found < self._image.frames:
            self._note(
                "frames-missing",
                f"the pixel data holds {found} of {self._image.frames} frames; those can be decoded",
            )

    def compressed_bytes(self, index: int) -> int:
        """Return the bytes that the frame takes."""
        return sum(self._fragments.lengths[k] for k in self._of_frame(index))

    def codestreams(self, indices: Sequence[int]) -> list[Buffer]:
        """Return the bytes of frames, their fragments joined."""
        return [self._one(index) for index in indices]

    def _one(self, index: int) -> Buffer:
        offsets, lengths = self._fragments.offsets, self._fragments.lengths
        parts = [self._header.stream.read(offsets[k], lengths[k]) for k in self._of_frame(index)]
        data: Buffer = parts[0] if len(parts) == 1 else b"".join(parts)
        return unwrap(self._header.transfer_syntax, data, self._image.layout, self._report, index)


def unwrap(uid: str, data: Buffer, layout: FrameLayout, report: Reporter, frame: int) -> Buffer:
    """Return the native bytes of a deflated (PS3.5 A.4.13) or merely encapsulated frame, others as they are.

    Raises
    ------
    DecodeError
        The frame cannot be inflated.
    TruncatedError
        It holds too little.
    """
    if uid not in {syntaxes.DEFLATED_IMAGE_FRAME, syntaxes.ENCAPSULATED_UNCOMPRESSED}:
        return data
    where = f"{report.where}: frame {frame}"
    expected = (native_bits(layout) + 7) // 8
    padded = expected + (expected & 1)
    if uid == syntaxes.DEFLATED_IMAGE_FRAME:
        try:
            # One byte more than the frame can hold shows that there is more, and is all a bomb gets.
            data = zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, padded + 1)
        except zlib.error as error:
            raise DecodeError(
                f"{where}: the frame cannot be inflated ({error}); it is damaged",
                code="deflate-invalid",
                frame=frame,
                transfer_syntax=uid,
            ) from error
    if len(data) < expected:
        raise TruncatedError(
            f"{where}: the frame holds {len(data)} bytes, its attributes ask for {expected}",
            code="pixel-data-short",
            frame=frame,
            transfer_syntax=uid,
        )
    if len(data) > padded:
        report(
            "pixel-data-long",
            f"the frame holds more than the {expected} bytes it needs; the rest is left out",
            frame=frame,
            transfer_syntax=uid,
        )
    return memoryview(data)[:expected]


def _integers(raw: Buffer, kind: Literal["I", "Q"]) -> array[int]:
    """Return the unsigned little-endian integers of an offset table; a remainder is left out."""
    integers = array(kind)
    integers.frombytes(raw[: len(raw) - len(raw) % integers.itemsize])
    if sys.byteorder == "big":
        integers.byteswap()
    return integers
