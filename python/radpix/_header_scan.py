"""What a header holds, by the compiled core, or by the element walk in Python where there is none.

Both return the same `Scan`; the tests compare them. What is in memory or on disk goes to the core; file objects and
deflated data sets, whose bytes Python makes, go through the walk.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple, cast

from radpix._source import Reporter
from radpix._source.elements import END, UNDEFINED_LENGTH, Element, Encoding, Window, walk
from radpix._source.header import PIXEL_TAGS, open_data_set
from radpix._source.stream import FileStream, MemoryStream, Stream
from radpix.errors import DecodeError, LimitError, PixelDataError, RadpixError

if TYPE_CHECKING:
    from collections.abc import Sequence

    Step = tuple[int, int]
    #: (index in the query, item, VR, bytes | number of items | None for a bare item)
    Entry = tuple[int, int, str, bytes | int | None]

__all__ = [
    "EVERY_ITEM",
    "Change",
    "Fragments",
    "Pixels",
    "Query",
    "Scan",
    "Wanted",
    "scan_buffer",
    "scan_files",
    "scan_path",
    "scan_rows",
    "scan_stream",
    "scans_of_series",
]

#: The item number that stands for all of them.
EVERY_ITEM: Final = -1

_LONGEST_VALUE = 16 << 20
_MOST_BYTES = 64 << 20
_MOST_ITEMS = 1 << 22
_MOST_VALUES = 1 << 22
_FAR = 1 << 62
_ITEM = 0xFFFEE000
_DELIMITERS = frozenset({0xFFFEE00D, 0xFFFEE0DD})


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


_NO_PIXELS: Final = Pixels()
_NO_FRAGMENTS: Final = Fragments()


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


def _has_core() -> bool:
    from radpix._backend import kernels

    return kernels().name == "native"


def _scan_of(fields: tuple[Any, ...]) -> Scan:
    uid, size, start, is_little_endian, is_deflated, is_truncated, found, pixels, fragments = fields
    return Scan(
        uid.decode("ascii", "replace").strip("\0 "),
        size,
        start,
        is_little_endian,
        is_deflated,
        is_truncated,
        found,
        Pixels(*pixels) if pixels else _NO_PIXELS,
        Fragments(*fragments) if fragments else _NO_FRAGMENTS,
    )


def scan_buffer(data: memoryview, query: Query, where: str) -> Scan:
    """Scan a file in memory; errors as `scan_stream`'s."""
    if _has_core() and data.contiguous:
        from radpix import _core

        try:
            scan = _scan_of(_core.scan_header_buffer(data, query.wanted, query.pixel_data, query.fragments))
        except DecodeError as error:
            raise DecodeError(f"{where}: {error}", code=error.code, offset=error.offset) from None
        except LimitError as error:
            raise LimitError(f"{where}: {error}") from None
        if not scan.is_deflated:
            return scan
    return scan_stream(MemoryStream(data), query, where)


def scans_of_series(paths: Sequence[str], query: Query, num_threads: int) -> list[Scan | Change | None]:
    """Scan files by the core; None where there is none, or the walk has to inflate one or say what is wrong.

    The files of a series are alike: what follows on a `Scan` with the same attributes is the `Change` from it, or from
    the change before.
    """
    if not _has_core():
        return [None] * len(paths)
    from radpix import _core

    results = _core.scan_series_files(paths, query.wanted, num_threads)
    return [_scan_or_change(fields) if isinstance(fields, tuple) else None for fields in results]


def _scan_or_change(fields: tuple[Any, ...]) -> Scan | Change | None:
    if len(fields) == len(Change._fields):
        return Change._make(fields)
    scan = _scan_of(fields)
    return None if scan.is_deflated else scan


def scan_path(path: str, query: Query) -> Scan:
    """Scan a file by the walk in Python."""
    if not Path(path).is_file() and Path(path).exists():
        kind = IsADirectoryError(21, "Is a directory", path) if Path(path).is_dir() else OSError(22, "", path)
        raise kind
    with Path(path).open("rb", buffering=0) as file:
        return scan_stream(FileStream(cast("BinaryIO", file), owned=False), query, path)


def _scan_or_error(path: str, query: Query) -> Scan | Exception:
    try:
        return scan_path(path, query)
    except (OSError, RadpixError) as error:
        return error


def scan_files(paths: Sequence[str], query: Query, num_threads: int) -> list[Scan | Exception]:
    """Scan regular files, each giving a `Scan` or the exception that reading it raised; see `scan_rows`."""
    return cast("list[Scan | Exception]", scan_rows(paths, query, (), num_threads))


def scan_rows(
    paths: Sequence[str], query: Query, vrs: Sequence[str], num_threads: int
) -> list[list[Any] | Scan | Exception]:
    """Scan files, each giving a `Scan`, the list of values where the core can tell them, or the exception raised.

    Parameters
    ----------
    paths, query
        Regular files, and what to look for.
    num_threads
        0 stands for the default. The walk in Python uses one.
    vrs
        The VR that PS3.6 gives the first attributes of the query, whose values the list holds. Nothing is given
        for those behind. None of them may be in every item of a sequence.
    """
    if not _has_core():
        return [_scan_or_error(path, query) for path in paths]
    from radpix import _core

    results = _core.scan_header_files(
        paths, query.wanted, query.pixel_data, query.fragments, num_threads, vrs
    )
    scans: list[list[Any] | Scan | Exception] = []
    for path, fields in zip(paths, results, strict=True):
        if not isinstance(fields, tuple):
            scans.append(fields)
        else:
            scan = _scan_of(fields)
            scans.append(_scan_or_error(path, query) if scan.is_deflated else scan)
    return scans
