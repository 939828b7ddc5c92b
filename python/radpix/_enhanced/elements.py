"""Elements of one object, nested ones included, for what the headers of all files are not searched for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from radpix._header.scan import Query, Wanted, scan_files
from radpix.errors import TruncatedError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Elements", "read_elements"]


class Elements(NamedTuple):
    """Values by (index in what was asked for, item), and their byte order."""

    values: dict[tuple[int, int], bytes]
    counts: dict[int, int]
    order: str

    def get(self, index: int, item: int = 0) -> bytes:
        """Return the value's bytes, empty where absent."""
        return self.values.get((index, item), b"")


def read_elements(path: str, wanted: Sequence[Wanted]) -> Elements:
    """Read elements of one file.

    Raises
    ------
    OSError, RadpixError
        The file cannot be read, or is cut off in its header.
    """
    scan = scan_files([path], Query(wanted), 1)[0]
    if isinstance(scan, Exception):
        raise scan
    if scan.is_truncated:
        raise TruncatedError(
            f"{path}: the file ends inside its header; obtain it again", code="header-truncated"
        )
    values = {(index, item): raw for index, item, _, raw in scan.found if isinstance(raw, bytes)}
    counts = {index: raw for index, _, _, raw in scan.found if isinstance(raw, int)}
    return Elements(values, counts, "<" if scan.is_little_endian else ">")
