"""What a header holds, by the compiled core, or by `radpix._header.walk` where there is none.

Both return the same `Scan`; the tests compare them. What is in memory or on disk goes to the core; file objects and
deflated data sets, whose bytes Python makes, go through the walk.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

from radpix._header.query import EVERY_ITEM, Change, Fragments, Pixels, Query, Scan, Wanted
from radpix._header.walk import scan_stream
from radpix._source.stream import FileStream, MemoryStream
from radpix.errors import DecodeError, LimitError, RadpixError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "EVERY_ITEM",
    "Change",
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

_NO_PIXELS: Final = Pixels()
_NO_FRAGMENTS: Final = Fragments()


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
