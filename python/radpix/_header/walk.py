"""What a header holds, by the element walk in Python: what the core does, for bytes that Python makes.

These are file objects and deflated data sets, and everything where there is no core.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from radpix._header.query import EVERY_ITEM, Fragments, Pixels, Query, Scan, Wanted
from radpix._source import Reporter
from radpix._source.elements import END, UNDEFINED_LENGTH, Element, Encoding, Window, walk
from radpix._source.header import PIXEL_TAGS, file_meta, open_data_set
from radpix.errors import DecodeError, LimitError, PixelDataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from radpix._header.query import Entry
    from radpix._source.stream import Stream

__all__ = ["scan_stream"]

_LONGEST_VALUE = 16 << 20
_MOST_BYTES = 64 << 20
_MOST_ITEMS = 1 << 22
_MOST_VALUES = 1 << 22
_FAR = 1 << 62
_ITEM = 0xFFFEE000
_DELIMITERS = frozenset({0xFFFEE00D, 0xFFFEE0DD})


class _Quiet(Reporter):
    """Deviations are for `radpix.decode` to tell, once."""

    def __call__(self, *_: object, **__: object) -> None:
        pass


class _Node:
    """The part of a query below one item."""

    def __init__(self) -> None:
        self.children: dict[int, _Child] = {}
        self.leaves: list[int] = []

    @classmethod
    def tree(cls, wanted: Sequence[Wanted]) -> _Node:
        root = cls()
        for index, (steps, tag, is_sequence) in enumerate(wanted):
            node = root
            for sequence, item in steps:
                node.leaves.append(index)
                child = node.children.setdefault(sequence, _Child())
                child.is_sequence = True
                node = child.below.setdefault(item, _Node())
            node.leaves.append(index)
            leaf = node.children.setdefault(tag, _Child())
            leaf.leaves.append(index)
            leaf.is_sequence |= is_sequence
        return root


class _Child:
    def __init__(self) -> None:
        self.leaves: list[int] = []
        self.is_sequence = False
        self.below: dict[int, _Node] = {}


class _Scanner:
    """The core's ``Scanner`` in Python, step by step."""

    def __init__(self, stream: Stream, window: Window, little_endian: bool, where: str) -> None:
        self._stream = stream
        self._window = window
        self._little = little_endian
        self._where = where
        self._bytes = 0
        self.found: list[Entry] = []

    def meta(self, stream: Stream, query: Query) -> None:
        """Look into the file meta information of the file (PS3.10 7.1), if it is asked for."""
        root = _Node.tree(query.wanted)
        if all(tag >> 16 != 2 for tag in root.children):
            return
        window = Window(stream)
        _, start, end, encoding = file_meta(stream, window, self._where)
        scanner = _Scanner(stream, window, True, self._where)
        for element in walk(window, start, encoding, self._where, root.children, end):
            if element.tag != END:
                scanner._visit(root.children[element.tag], element, end, 0, encoding.explicit_vr)
        self.found, self._bytes = scanner.found, scanner._bytes

    def top_level(self, start: int, explicit_vr: bool, query: Query) -> tuple[bool, Pixels]:
        """Return whether the file is cut off, and the pixel data element where it was reached."""
        root = _Node.tree(query.wanted)
        last = 1 << 32 if query.pixel_data else max(root.children, default=0)
        for element in walk(self._window, start, Encoding(explicit_vr, self._little), self._where):
            if element.tag == END:
                end = element.start
                return self._stream.available(max(0, end - 1), 2) != min(end, 1), Pixels()
            if element.tag in PIXEL_TAGS:
                return False, Pixels(element.tag, element.vr, element.value, element.length)
            if element.tag > last and element.tag >> 16 != _ITEM >> 16:
                break
            child = root.children.get(element.tag)
            if child is not None:
                self._visit(child, element, _FAR, 0, explicit_vr)
        return False, Pixels()

    def _visit(self, child: _Child, element: Element, end: int, item: int, explicit_vr: bool) -> None:
        if not child.is_sequence and element.vr != "SQ" and element.length != UNDEFINED_LENGTH:
            self._keep(child, element, end, item)
            return
        count = self._sequence(child, element, end, item, explicit_vr)
        for leaf in child.leaves:
            self._add(leaf, item, "SQ", count)

    def _keep(self, child: _Child, element: Element, end: int, item: int) -> None:
        length = element.length
        if not child.leaves or element.value + length > end:
            return
        if self._stream.available(element.value, length) < length:
            return  # a number cut off would be another number
        if length > _LONGEST_VALUE or self._bytes + length > _MOST_BYTES:
            raise LimitError(
                f"{self._where}: a value of {length} bytes was asked for; headers keep 16 MiB of one value and"
                " 64 MiB in all"
            )
        self._bytes += length
        value = self._window.read(element.value, length)
        for leaf in child.leaves:
            self._add(leaf, item, element.vr, value)

    def _sequence(self, child: _Child, element: Element, end: int, item: int, explicit_vr: bool) -> int:
        """Walk a sequence and return its number of items."""
        order = "little" if self._little else "big"
        endless = element.length == UNDEFINED_LENGTH
        encoding = Encoding(explicit_vr and not (endless and element.vr == "UN"), self._little)
        if not endless:
            end = min(end, element.value + element.length)
        offset, count = element.value, 0
        while offset + 8 <= end:
            header = self._window.read(offset, 8)
            group, number = (int.from_bytes(header[k : k + 2], order) for k in (0, 2))  # type: ignore[arg-type]
            if len(header) < 8 or group << 16 | number != _ITEM:
                break
            length = int.from_bytes(header[4:], order)  # type: ignore[arg-type]
            offset += 8
            item_end = end if length == UNDEFINED_LENGTH else min(end, offset + length)
            self._enter(child, count, offset, item_end, item, encoding)
            offset = self._end(offset, end, encoding) if length == UNDEFINED_LENGTH else offset + length
            count += 1
        return count

    def _enter(
        self, child: _Child, number: int, offset: int, end: int, item: int, encoding: Encoding
    ) -> None:
        for wanted, node in child.below.items():
            if wanted == EVERY_ITEM:
                for leaf in node.leaves:
                    self._add(leaf, number, "", None)
                self._item(node, offset, end, number, encoding)
            elif wanted == number:
                self._item(node, offset, end, item, encoding)

    def _item(self, node: _Node, offset: int, end: int, item: int, encoding: Encoding) -> None:
        for element in walk(self._window, offset, encoding, self._where, end=end):
            if element.tag == END or element.tag in _DELIMITERS:
                return
            child = node.children.get(element.tag)
            if child is not None:
                self._visit(child, element, end, item, encoding.explicit_vr)

    def _end(self, offset: int, end: int, encoding: Encoding) -> int:
        for element in walk(self._window, offset, encoding, self._where, _DELIMITERS, end):
            if element.tag in _DELIMITERS:
                return element.value
        return end

    def _add(self, leaf: int, item: int, vr: str, value: bytes | int | None) -> None:
        if len(self.found) >= _MOST_VALUES:
            raise LimitError(
                f"{self._where}: more than {_MOST_VALUES} values were asked for; name fewer tags"
            )
        self.found.append((leaf, item, vr, value))


def _list_fragments(stream: Stream, offset: int, where: str) -> Fragments:
    table = b""
    offsets: list[int] = []
    lengths: list[int] = []
    for count in range(_MOST_ITEMS):
        header = bytes(stream.read(offset, 8))
        length = int.from_bytes(header[4:], "little")
        offset += 8
        is_item = len(header) == 8 and header[:4] == b"\xfe\xff\x00\xe0"
        if not is_item or stream.available(offset, length) < length:
            is_delimited = len(header) == 8 and header[:4] == b"\xfe\xff\xdd\xe0"
            return Fragments(table, offsets, lengths, is_delimited)
        if count == 0:
            if length > _LONGEST_VALUE:
                raise LimitError(f"{where}: the Basic Offset Table has {length} bytes, over 16 MiB")
            table = bytes(stream.read(offset, length))
        else:
            offsets.append(offset)
            lengths.append(length)
        offset += length
    raise LimitError(f"{where}: the pixel data has more than {_MOST_ITEMS} fragments")


def scan_stream(stream: Stream, query: Query, where: str) -> Scan:
    """Scan a header by the walk in Python.

    Raises
    ------
    DecodeError
        The bytes are no DICOM object; the codes are the core's.
    LimitError
        More was asked for than headers keep.
    """
    try:
        data_set = open_data_set(stream, _Quiet(where))
    except PixelDataError as error:
        raise DecodeError(str(error), code="dicom-prefix") from error
    uid, data, window, start, encoding = data_set
    scanner = _Scanner(data, window, encoding.little_endian, where)
    scanner.meta(stream, query)
    try:
        is_truncated, pixels = scanner.top_level(start, encoding.explicit_vr, query)
    except PixelDataError as error:
        raise DecodeError(str(error), code="dicom-element-count") from error
    fragments = Fragments()
    if query.fragments and pixels.length == UNDEFINED_LENGTH:
        fragments = _list_fragments(data, pixels.offset, where)
    return Scan(
        uid,
        stream.available(0, _FAR),
        start,
        encoding.little_endian,
        data is not stream,
        is_truncated,
        scanner.found,
        pixels,
        fragments,
    )
