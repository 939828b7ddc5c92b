"""Reading of voxels behind a header that may lie: nothing is allocated that the file cannot fill."""

from __future__ import annotations

import gzip
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from radpix import limits
from radpix.errors import DecodeError, TruncatedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["inflated", "native_order", "read_array", "read_exactly", "skip", "write_gzip"]

#: What deflate can grow by at most (zlib's technical notes: 1032), in round numbers.
_DEFLATE_RATIO = 1040
_CHUNK = 1 << 20


@contextmanager
def inflated(stream: BinaryIO, where: object) -> Iterator[BinaryIO]:
    """Read through gzip; its errors become radpix errors."""
    try:
        with gzip.GzipFile(fileobj=stream, mode="rb") as unpacked:
            yield unpacked  # type: ignore[misc]
    except EOFError as error:
        raise TruncatedError(f"{where}: the gzip stream ends early", code="truncated") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DecodeError(f"{where}: {error}; obtain the file again", code="gzip-invalid") from error


def read_exactly(stream: BinaryIO, count: int, where: object) -> bytes:
    """Return so many bytes, or raise `TruncatedError`; for headers."""
    data = stream.read(count)
    if len(data) < count:
        raise TruncatedError(
            f"{where}: {len(data)} bytes where the header takes {count}; obtain the file again",
            code="truncated",
        )
    return data


def skip(stream: BinaryIO, count: int, where: object) -> None:
    """Read past so many bytes."""
    while count > 0:
        read = len(stream.read(min(count, _CHUNK)))
        if read == 0:
            raise TruncatedError(f"{where}: the file ends in front of the voxels", code="truncated")
        count -= read


def read_array(
    stream: BinaryIO, shape: tuple[int, ...], dtype: np.dtype[Any], path: Path, *, packed: bool
) -> NDArray[Any]:
    """Return a C-contiguous array of the next bytes, whose file could hold them."""
    size = dtype.itemsize
    for extent in shape:
        size *= extent
    held = path.stat().st_size * (_DEFLATE_RATIO if packed else 1)
    if size > held:
        raise TruncatedError(
            f"{path}: voxels of shape {shape} and {dtype} are {size} bytes, more than the file can hold;"
            " obtain it again",
            code="truncated",
        )
    limits.check_bytes(size, f"{path}: ")
    array = np.empty(shape, dtype)
    view = array.reshape(-1).view(np.uint8).data
    done = 0
    while done < size:
        read = stream.readinto(view[done : done + 16 * _CHUNK])  # type: ignore[attr-defined]
        if not read:
            raise TruncatedError(
                f"{path}: {done} bytes of voxels where {size} are expected; obtain the file again",
                code="truncated",
            )
        done += read
    if packed:
        stream.read(1)  # at its end the stream is compared with its CRC-32
    return array


def native_order(array: NDArray[Any]) -> NDArray[Any]:
    """Return the array in the machine's byte order, swapped in place."""
    if array.dtype.isnative:
        return array
    return array.byteswap(inplace=True).view(array.dtype.newbyteorder("="))


def write_gzip(stream: BinaryIO, parts: list[Any], level: int) -> None:
    """Write buffers as one gzip stream; the same ones give the same bytes at any time."""
    with gzip.GzipFile(filename="", fileobj=stream, mode="wb", compresslevel=level, mtime=0) as packed:
        for part in parts:
            packed.write(part)
