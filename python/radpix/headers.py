"""Attributes of DICOM headers, of one file or of many: only those asked for, read up to the last of them.

A tag is named by its keyword (``"Rows"``), its digits (``"0028,0010"``) or its number (``0x00280010``). A path leads
into sequences: ``"SharedFunctionalGroupsSequence.PixelMeasuresSequence.PixelSpacing"`` takes the first item of
each, ``[3]`` behind a sequence another one, counted from 0, and ``[*]``, once in a path, every item: the value is then
a list with one entry an item, None where the item has no such value.

Values by VR (PS3.5 6.2): text is `str` without padding, in the object's Specific Character Set; DS is `float`, IS, US,
SS, UL, SL, UV and SV are `int`, FL and FD `float`, AT is the tag's number; everything else is `bytes`; SQ is the number
of items. Several values are a tuple. Absent is None, as is a number without a value; a text without is ``""``.
A number that is none, like a DS of ``"1,5"``, remains what is there. The VR is the file's, or that of PS3.6 in implicit
VR and for UN.

Elements are in ascending order (PS3.5 7.1): one that stands behind a later tag is not found. Those of the file meta
information (0002,xxxx) are found as well, pixel data and what is behind it are not: they are no header.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal, cast

from radpix._header.query import Query, Scan
from radpix._header.scan import scan_buffer, scan_files, scan_rows, scan_stream
from radpix._header.tags import Column, columns_of, number_vr, wanted_of
from radpix._header.values import Value, decode_value
from radpix._source.source import stream_of_file
from radpix.errors import RadpixError, TruncatedError
from radpix.threads import thread_count

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import BinaryIO

    from numpy.typing import NDArray

    Source = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO

__all__ = ["PixelDataElement", "find_pixel_data", "read_header", "scan_headers"]

#: Files whose headers are held at once: memory stays constant however many there are.
_BATCH = 1024

#: Values kept for files to come, for each column, and how many kinds of files they are kept for.
_KNOWN = 1 << 12
_CONTEXTS = 16

#: File Meta Information Group Length, the one number there.
_META_LENGTH = 0x00020000
_EXTENDED_TABLES = (0x7FE00001, 0x7FE00002)

Entry = Value | list[Value]


@dataclass(frozen=True)
class PixelDataElement:
    """Where the pixel data of an object lies.

    Attributes
    ----------
    tag, vr
        Of the element; the VR is empty in implicit VR.
    offset, length
        Of its value, in bytes from the beginning of the file (of the inflated data set in a deflated one). The
        length is None where it is undefined, and otherwise what the file claims.
    transfer_syntax
        The Transfer Syntax UID, empty where there is none.
    fragment_offsets, fragment_lengths
        Of the values of encapsulated fragments (PS3.5 A.4), as far as they are complete.
    basic_offset_table, extended_offset_table, extended_offset_table_lengths
        What the tables hold; empty where there is none. The first two count from the first fragment's item tag.
    is_delimited
        Whether the fragments end with a Sequence Delimitation Item.
    """

    tag: int
    vr: str
    offset: int
    length: int | None
    transfer_syntax: str
    fragment_offsets: tuple[int, ...] = ()
    fragment_lengths: tuple[int, ...] = ()
    basic_offset_table: tuple[int, ...] = ()
    extended_offset_table: tuple[int, ...] = ()
    extended_offset_table_lengths: tuple[int, ...] = ()
    is_delimited: bool = False


class _Typer:
    """Turns scans into values; the same bytes, frequent in a series, are converted once."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._count = len(columns)
        self._lists = [index for index, column in enumerate(columns) if column.is_list]
        #: For all that the meaning of bytes depends on, for each column: the VR and value of bytes seen.
        self._known: dict[tuple[bool, bytes, bytes], list[dict[bytes, tuple[str, Value]]]] = {}

    def row(self, scan: Scan) -> list[Entry]:
        """Return the values of one file in the order of the columns."""
        count = self._count
        row: list[Entry] = [None] * count
        for index in self._lists:
            row[index] = []
        extras = [b"", b""]
        for index, _, _, raw in scan.found:
            if index >= count and isinstance(raw, bytes):
                extras[index - count] = raw
        context = (scan.is_little_endian, extras[0], extras[1])
        known = self._known.get(context)
        if known is None:
            known = [{} for _ in self._columns]
            if len(self._known) < _CONTEXTS:
                self._known[context] = known
        for index, item, vr, raw in scan.found:
            if index >= count:
                continue
            entry: Value = raw
            if isinstance(raw, bytes):
                seen = known[index].get(raw)
                entry = (
                    seen[1] if seen and seen[0] == vr else self._value(index, vr, raw, context, known[index])
                )
            into = row[index]
            if isinstance(into, list):
                into.extend([None] * (item + 1 - len(into)))
                into[item] = entry
            else:
                row[index] = entry
        return row

    def _value(
        self,
        index: int,
        vr: str,
        raw: bytes,
        context: tuple[bool, bytes, bytes],
        known: dict[bytes, tuple[str, Value]],
    ) -> Value:
        little_endian, character_set, pixel_representation = context
        little_endian |= self._columns[index].wanted.tag >> 16 == 2  # PS3.10 7.1, whatever the data set is in
        stated = vr
        if vr in {"", "UN"}:
            vr = number_vr(self._columns[index].vr, pixel_representation, little_endian=little_endian)
        value = decode_value(raw, vr, little_endian=little_endian, character_set=character_set)
        if len(known) < _KNOWN and len(raw) <= 256:
            known[raw] = (stated, value)
        return value


def _checked(scan: Scan | Exception, where: str) -> Scan:
    if isinstance(scan, Exception):
        raise scan
    if scan.is_truncated:
        raise TruncatedError(
            f"{where}: the file ends inside a data element of its header; obtain it again",
            code="header-truncated",
        )
    return scan


def _scan_source(source: Source, query: Query) -> tuple[Scan, str]:
    if isinstance(source, str | os.PathLike):
        path = os.fsdecode(source)
        return _checked(scan_files([path], query, 1)[0], path), path
    if isinstance(source, bytes | bytearray | memoryview):
        return _checked(scan_buffer(memoryview(source).cast("B"), query, "bytes"), "bytes"), "bytes"
    if not callable(getattr(source, "read", None)):
        raise TypeError(f"a source is a path, a bytes-like object or a binary file, not {type(source)}")
    stream, name = stream_of_file(source)
    try:
        return _checked(scan_stream(stream, query, name), name), name
    finally:
        stream.close()


def read_header(source: Source, tags: Iterable[str | int] | str | int) -> dict[str | int, Entry]:
    r"""Read attributes of one DICOM object.

    Parameters
    ----------
    source
        A path, the bytes of a file, or a binary file.
    tags
        Tags and paths, as the module's documentation describes them.

    Returns
    -------
    dict
        The values by the names that ``tags`` has; None where an attribute is absent.

    Raises
    ------
    DecodeError
        The source is no DICOM object (code ``"dicom-prefix"``) or has too many elements
        (``"dicom-element-count"``).
    TruncatedError
        It ends in front of the last tag, inside an element (``"header-truncated"``).
    LimitError
        Values longer than 16 MiB, or 64 MiB in all, were asked for.
    ValueError
        A tag is unknown.
    OSError
        The file cannot be read.

    Examples
    --------
    >>> from radpix.headers import read_header
    >>> element = b"\x28\x00\x10\x00US\x02\x00\x00\x02"  # Rows in explicit VR little endian
    >>> read_header(element, ["Rows", "Columns"])
    {'Rows': 512, 'Columns': None}
    """
    columns = columns_of(tags)
    scan, _ = _scan_source(source, Query(wanted_of(columns)))
    return dict(zip((column.name for column in columns), _Typer(columns).row(scan), strict=True))


def scan_headers(
    paths: Iterable[str | os.PathLike[str]],
    tags: Iterable[str | int] | str | int,
    *,
    on_error: Literal["raise", "keep"] = "raise",
    num_threads: int | None = None,
) -> dict[str | int, NDArray[Any]]:
    r"""Read attributes of many DICOM files into columns.

    Parameters
    ----------
    paths
        Files, in the order of the rows.
    tags
        Tags and paths, as the module's documentation describes them.
    on_error
        ``"raise"`` the first error, or ``"keep"`` it: the row's values are None, and a column ``"error"`` holds
        the exception, None where there was none.
    num_threads
        Files read at once. Default: `radpix.get_num_threads`.

    Returns
    -------
    dict
        One column for each tag, by its name. A column of whole numbers that every file has is int64, of numbers
        otherwise float64; n rows with k numbers each have the shape (n, k). Every other column, also one with a
        value absent or a number of values that differs, is of objects, shape (n,).

    Raises
    ------
    DecodeError, TruncatedError, LimitError, OSError
        A file cannot be read; see `read_header`.
    TypeError, ValueError
        ``paths`` is a single one; a tag is unknown or comes twice.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from radpix.headers import scan_headers
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "bare.dcm")
    ...     _ = path.write_bytes(b"\x28\x00\x10\x00US\x02\x00\x00\x02")
    ...     scan_headers([path, path], ["Rows", "Columns"])
    {'Rows': array([512, 512]), 'Columns': array([None, None], dtype=object)}
    """
    if on_error not in {"raise", "keep"}:
        raise ValueError(f"on_error is 'raise' or 'keep', not {on_error!r}")
    columns = columns_of(tags)
    threads = thread_count(num_threads)
    if isinstance(paths, str | bytes | os.PathLike):
        raise TypeError(f"paths is several files, not one: write [{paths!r}], or call radpix.read_header")
    files = [os.fsdecode(path) for path in paths]
    rows, errors = _rows_of(files, columns, threads, keep=on_error == "keep")
    table: dict[str | int, NDArray[Any]] = {
        column.name: _column([row[k] for row in rows]) for k, column in enumerate(columns)
    }
    if on_error == "keep":
        table["error"] = _objects(errors)
    return table


def _rows_of(
    files: Sequence[str], columns: Sequence[Column], threads: int, *, keep: bool
) -> tuple[list[list[Entry]], list[Exception | None]]:
    """Return the values of each file, and what kept them from being read, which is raised unless ``keep``."""
    query, typer = Query(wanted_of(columns)), _Typer(columns)
    # The core leaves lists to Python, and numbers in another byte order than the data set's.
    is_left = any(column.is_list or column.wanted.tag == _META_LENGTH for column in columns)
    vrs = () if is_left else [column.vr for column in columns]
    rows: list[list[Entry]] = []
    errors: list[Exception | None] = []
    for first in range(0, len(files), _BATCH):
        batch = files[first : first + _BATCH]
        for path, scan in zip(batch, scan_rows(batch, query, vrs, threads), strict=True):
            if isinstance(scan, list):
                rows.append(scan)
                errors.append(None)
                continue
            try:
                rows.append(typer.row(_checked(scan, path)))
                errors.append(None)
            except (OSError, RadpixError) as error:
                if not keep:
                    raise
                rows.append([None] * len(columns))
                errors.append(error)
    return rows, errors


def _objects(values: Sequence[object]) -> NDArray[Any]:
    import numpy as np

    column = np.empty(len(values), object)
    for index, value in enumerate(values):  # assigned at once, tuples would become rows
        column[index] = value
    return column


def _column(values: Sequence[Entry]) -> NDArray[Any]:
    """Return the narrowest array that holds all values exactly."""
    import numpy as np

    kinds = set(map(type, values))
    if kinds == {str}:
        return np.array(values, object)
    width = 0
    numbers: list[Any] = list(values)
    if kinds == {tuple}:
        tuples = cast("Sequence[tuple[Any, ...]]", values)
        width = len(tuples[0])
        if set(map(len, tuples)) != {width}:
            return _objects(values)
        numbers = list(chain.from_iterable(tuples))
        kinds = set(map(type, numbers))
    if kinds == {int} and max(numbers) < 1 << 63 and min(numbers) >= -1 << 63:
        column = np.array(numbers, np.int64)
    elif kinds == {float} or (kinds == {int, float} and max(map(abs, numbers)) <= 1 << 53):
        column = np.array(numbers, np.float64)
    else:
        return _objects(values)
    return column.reshape(-1, width) if width else column


def find_pixel_data(source: Source) -> PixelDataElement | None:
    r"""Find the pixel data of one DICOM object, its fragments and its offset tables, without reading it.

    Parameters
    ----------
    source
        A path, the bytes of a file, or a binary file.

    Returns
    -------
    PixelDataElement or None
        None where the object has no pixel data.

    Raises
    ------
    DecodeError, TruncatedError, LimitError, OSError
        See `read_header`.

    Examples
    --------
    >>> from radpix.headers import find_pixel_data
    >>> bare = b"\x28\x00\x10\x00US\x02\x00\x02\x00" b"\xe0\x7f\x10\x00OW\x00\x00\x04\x00\x00\x00abcd"
    >>> find_pixel_data(bare).offset
    22
    """
    columns = columns_of(_EXTENDED_TABLES)
    scan, _ = _scan_source(source, Query(wanted_of(columns), pixel_data=True, fragments=True))
    pixels, fragments = scan.pixels, scan.fragments
    if not pixels.tag:
        return None
    tables = {index: raw for index, _, _, raw in scan.found if isinstance(raw, bytes)}
    return PixelDataElement(
        tag=pixels.tag,
        vr=pixels.vr,
        offset=pixels.offset,
        length=None if pixels.length == 0xFFFFFFFF else pixels.length,
        transfer_syntax=scan.transfer_syntax,
        fragment_offsets=tuple(fragments.offsets),
        fragment_lengths=tuple(fragments.lengths),
        basic_offset_table=_integers(fragments.table, 4),
        extended_offset_table=_integers(tables.get(0, b""), 8),
        extended_offset_table_lengths=_integers(tables.get(1, b""), 8),
        is_delimited=fragments.is_delimited,
    )


def _integers(raw: bytes, size: int) -> tuple[int, ...]:
    return tuple(int.from_bytes(raw[k : k + size], "little") for k in range(0, len(raw) - size + 1, size))
