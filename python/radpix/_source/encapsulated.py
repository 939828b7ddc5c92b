"""Encapsulated pixel data (PS3.5 A.4): which fragments make up a frame, and its bytes."""

from __future__ import annotations

import zlib
from operator import lt
from typing import TYPE_CHECKING, NamedTuple

from radpix import limits
from radpix._frames import transfer_syntaxes as syntaxes
from radpix._source import attributes as names
from radpix._source import codestreams as markers
from radpix._source.fragments import ITEM_HEADER, Fragments, Items, integers
from radpix._source.image_pixel import ImagePixel, native_bits
from radpix.errors import DecodeError, PixelDataError, TruncatedError

if TYPE_CHECKING:
    from array import array
    from collections.abc import Sequence

    from radpix._backend import Buffer, FrameLayout
    from radpix._source.header import Header
    from radpix._source.report import Reporter

__all__ = ["EncapsulatedFrames", "unwrap"]

#: An end marker lies within the last bytes of a fragment; some writers pad with more than one.
_TAIL = 10

#: Frames whose place is remembered while they are looked up one by one.
_MOST_RECENT = 1 << 10


class _Table(NamedTuple):
    """An offset table: its entries count from ``first``, the tag of the first fragment's item."""

    first: int
    entries: array[int]


class _Grouped(NamedTuple):
    """All fragments, where frames begin in their list, and the end of the last frame."""

    fragments: Fragments
    starts: Sequence[int]


class EncapsulatedFrames:
    """The frames of an encapsulated pixel data element.

    Which fragments make up frame k, by the first rule that fits:

    1. one frame, and no offset table that counts several: all fragments, up to the first end of a codestream
       behind which the next fragment begins another one (``number-of-frames-short``);
    2. the Extended Offset Table, then the Basic Offset Table, where each entry meets a fragment; in a file
       that is cut off, also one whose last entries lie behind the end (else ``offset-table-invalid``);
    3. as many fragments as frames: one each;
    4. more: a frame ends before a fragment that begins with SOI or SOC, or with one that ends with EOI or EOC,
       or both; of these rules the one that finds as many frames as there should be
       (``frames-split-at-end-markers``);
    5. fewer: a fragment that holds several codestreams holds several frames (the same warning); else one
       each, the other frames are missing.

    Frames looked up one by one do not need the others: a table with an ascending entry for each frame is
    believed where a chain of items leads from entry k to entry k + 1, and only their headers are read.
    Anything else, and whoever wants all frames, has every item's header read once.
    """

    def __init__(self, header: Header, image: ImagePixel, report: Reporter) -> None:
        self._header = header
        self._image = image
        self._report = report
        self._items = Items(header, report)
        self._tables = self._tables_there()
        self._direct = self._table_for_direct_access()
        self._recent: dict[int, Fragments] = {}
        self._grouped: _Grouped | None = None

    def _note(self, code: str, message: str) -> None:
        self._report(code, message, transfer_syntax=self._header.transfer_syntax)

    def _tables_there(self) -> list[_Table]:
        """Return the offset tables that are not empty, the one to be tried first first."""
        first = self._items.first
        extended = self._header.values.get(names.EXTENDED_OFFSET_TABLE, b"")
        tables = [_Table(first, self._items.table)]
        if isinstance(extended, bytes):
            tables.insert(0, _Table(first, integers(extended, "Q")))
        return [table for table in tables if table.entries]

    # -- one frame after the other -------------------------------------------------------------------------

    def _table_for_direct_access(self) -> _Table | None:
        """Return the first table if it could be right; its entries are verified when they are used."""
        frames = self._image.frames
        if frames == 1 or not self._tables:
            return None
        table = self._tables[0]
        entries = table.entries
        complete = len(entries) == frames and entries[0] == 0
        ascending = complete and all(map(lt, entries[:-1], entries[1:]))
        return table if ascending and table.first + entries[-1] + ITEM_HEADER < self._items.end else None

    def _looked_up(self, index: int) -> Fragments | None:
        """Return the fragments of a frame by the table alone, None where it contradicts the items."""
        if self._direct is None or not index < self._image.frames:
            return None
        fragments = self._recent.get(index)
        if fragments is None:
            first, entries = self._direct
            stop = first + entries[index + 1] if index + 1 < len(entries) else None
            start = first + entries[index]
            fragments = self._items.between(start, stop)
            # An entry that meets no item leads to no fragment, or to none that begins there.
            if fragments is None or fragments.starting_at(start) != 0:
                return None
            if len(self._recent) >= _MOST_RECENT:
                self._recent.clear()
            self._recent[index] = fragments
        return fragments

    def _of_frame(self, index: int) -> list[tuple[int, int]]:
        """Return offset and length of the fragments of a frame."""
        if self._grouped is None:
            found = self._looked_up(index)
            if found is not None:
                return list(zip(found.offsets, found.lengths, strict=True))
        fragments, starts = self._all()
        some = slice(starts[index], starts[index + 1])
        return list(zip(fragments.offsets[some], fragments.lengths[some], strict=True))

    # -- all frames ----------------------------------------------------------------------------------------

    def _all(self) -> _Grouped:
        if self._grouped is None:
            self._grouped = self._group(self._items.all())
            self._recent.clear()
        return self._grouped

    def _group(self, fragments: Fragments) -> _Grouped:
        """Return which fragments are whose."""
        frames, count = self._image.frames, len(fragments)
        has_several = any(len(table.entries) > 1 for table in self._tables)
        if frames == 1 and not has_several:
            return _Grouped(fragments, self._only(fragments))
        for table in self._tables:
            starts = self._by_table(fragments, table)
            if starts is not None:
                return _Grouped(fragments, starts)
        if self._tables:
            self._note("offset-table-invalid", "the offset table does not meet the fragments; it is not used")
        if frames == 1:
            return _Grouped(fragments, self._only(fragments))
        if count > frames:
            return _Grouped(fragments, self._by_markers(fragments))
        if count < frames and self._header.transfer_syntax in syntaxes.END_MARKED:
            fragments = self._split(fragments)
        return _Grouped(fragments, range(min(len(fragments), frames) + 1))

    def _only(self, fragments: Fragments) -> Sequence[int]:
        """Return what belongs to the only frame."""
        count = len(fragments)
        if self._header.transfer_syntax in syntaxes.END_MARKED:
            for k in range(count - 1):
                if self._begins_frame(fragments, k + 1) and self._ends_frame(fragments, k):
                    self._note(
                        "number-of-frames-short",
                        "several frames are there, Number of Frames says 1; one is read",
                    )
                    return (0, k + 1)
        return (0, count) if count else (0,)

    def _by_table(self, fragments: Fragments, table: _Table) -> Sequence[int] | None:
        """Return the frames between a table's entries, None where it contradicts the fragments."""
        frames, cut = self._image.frames, self._items.cut
        first, entries = table
        if len(entries) < frames or not fragments.offsets or fragments.starting_at(first + entries[0]) != 0:
            return None
        starts: list[int] = []
        for entry in entries[: frames + 1]:
            if cut is not None and first + entry >= cut:
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

    def _by_markers(self, fragments: Fragments) -> Sequence[int]:
        """Split where codestreams end or begin."""
        frames, count = self._image.frames, len(fragments)
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
        begun = {k for k in range(1, count) if self._begins_frame(fragments, k)}
        ended = {k + 1 for k in range(count - 1) if self._ends_frame(fragments, k)}
        # A thumbnail has markers as well: the rule that finds the number of frames expected is right.
        rules = (begun, begun & ended, ended, begun | ended)
        inner = next((rule for rule in rules if len(rule) == frames - 1), begun | ended)
        starts = [0, *sorted(inner), count]
        if len(starts) > frames + 1:
            self._note("number-of-frames-short", f"{len(starts) - 1} frames are there, {frames} are decoded")
        return starts[: frames + 1]

    def _split(self, fragments: Fragments) -> Fragments:
        """Return fragments of one codestream each where some hold several, one behind the other."""
        parts = Fragments()
        for offset, length in zip(fragments.offsets, fragments.lengths, strict=True):
            limits.check_bytes(length, f"{self._report.where}: ")
            start = offset
            for part in markers.lengths_of(self._header.stream.read(offset, length)):
                parts.append(start, part)
                start += part
        if len(parts) > len(fragments):
            self._note(
                "frames-split-at-end-markers",
                f"{len(fragments)} fragments hold {self._image.frames} frames; they are split at the end"
                " markers of the codestreams",
            )
        if len(parts) > self._image.frames:
            self._note(
                "number-of-frames-short", f"{len(parts)} frames are there, {self._image.frames} are decoded"
            )
        return parts

    def _ends_frame(self, fragments: Fragments, k: int) -> bool:
        """Return whether EOI of JPEG or EOC of JPEG 2000, both FF D9, is at the end of a fragment."""
        offset, length = fragments.offsets[k], fragments.lengths[k]
        tail = min(_TAIL, length)
        return b"\xff\xd9" in bytes(self._header.stream.read(offset + length - tail, tail))

    def _begins_frame(self, fragments: Fragments, k: int) -> bool:
        head = min(4, fragments.lengths[k])
        return markers.begins(self._header.stream.read(fragments.offsets[k], head))

    # -- frames --------------------------------------------------------------------------------------------

    def check(self, indices: Sequence[int]) -> None:
        """Check that the frames are there.

        Raises
        ------
        TruncatedError
            One of them has no fragments.
        """
        frames = self._image.frames
        direct = self._grouped is None and len(indices) < frames and len(indices) <= _MOST_RECENT
        if direct and all(self._looked_up(index) is not None for index in indices):
            return
        found = len(self._all().starts) - 1
        missing = next((index for index in indices if index >= found), None)
        if missing is not None:
            raise TruncatedError(
                f"{self._report.where}: frame {missing}: the pixel data holds {found} of"
                f" {frames} frames; the file is cut off, or Number of Frames wrong",
                code="frames-missing",
                frame=missing,
                transfer_syntax=self._header.transfer_syntax,
            )
        if found < frames:
            self._note(
                "frames-missing", f"the pixel data holds {found} of {frames} frames; those can be decoded"
            )

    def compressed_bytes(self, index: int) -> int:
        """Return the bytes that the frame takes."""
        return sum(length for _, length in self._of_frame(index))

    def codestreams(self, indices: Sequence[int]) -> list[Buffer]:
        """Return the bytes of frames, their fragments joined."""
        return [self._one(index) for index in indices]

    def _one(self, index: int) -> Buffer:
        parts = [self._header.stream.read(offset, length) for offset, length in self._of_frame(index)]
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
