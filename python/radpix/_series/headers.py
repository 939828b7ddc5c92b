"""Headers of files, as the instances of a series."""

from __future__ import annotations

from typing import TYPE_CHECKING

from radpix._header.scan import Change, Scan, scan_path, scans_of_series
from radpix._series.instance import Instance
from radpix._series.instance_parser import QUERY, InstanceParser, NotAnImageError
from radpix.errors import DecodeError, PixelDataError, RadpixError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ["Instance", "NotAnImageError", "NotDicomError", "read_header", "read_headers"]

#: Files whose headers are held at once.
_BATCH = 512


class NotDicomError(Exception):
    """The file is not DICOM."""


def _scan_by_walk(path: str) -> Scan:
    """Scan by the walk in Python: it raises what is to be told of a file that is not in order."""
    try:
        scan = scan_path(path, QUERY)
    except DecodeError as error:
        if error.code == "dicom-prefix":
            raise NotDicomError(str(error)) from error
        raise
    if scan.is_truncated:
        raise PixelDataError("the file is cut off in front of its pixel data")
    return scan


def read_headers(paths: Sequence[str], num_threads: int = 1) -> Iterator[Instance | Exception]:
    """Read the headers of files, in their order: each an instance, or what reading it raised.

    The exceptions are those of `read_header`.
    """
    parser = InstanceParser()
    for first in range(0, len(paths), _BATCH):
        batch = paths[first : first + _BATCH]
        for path, scan in zip(batch, scans_of_series(batch, QUERY, num_threads), strict=True):
            yield _instance_or_error(parser, path, scan)


def _instance_or_error(parser: InstanceParser, path: str, scan: Scan | Change | None) -> Instance | Exception:
    try:
        if isinstance(scan, Change):
            return parser.changed(path, scan)
        return parser.scanned(path, _scan_by_walk(path) if scan is None or scan.is_truncated else scan)
    except (NotDicomError, NotAnImageError, OSError, RadpixError) as error:
        return error


def read_header(path: str | Path) -> Instance:
    """Read one file's header.

    Raises
    ------
    NotDicomError
        The file is something else.
    NotAnImageError
        It is a DICOM object that is not an image.
    OSError, RadpixError
        It cannot be read, or is damaged.
    """
    (result,) = read_headers([str(path)])
    if isinstance(result, Exception):
        raise result
    return result
