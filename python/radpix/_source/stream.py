"""Random access to the bytes of a source: memory, a file, or a deflated data set."""

from __future__ import annotations

import io
import zlib
from typing import BinaryIO, Protocol

from radpix.errors import DecodeError, LimitError

__all__ = ["FileStream", "InflatedStream", "MemoryStream", "Stream"]

#: One `read` call of Linux returns at most 2^31 - 4096 bytes, one of Windows 2^31 - 1.
_LARGEST_READ = 1 << 30

_INFLATE_STEP = 1 << 20


class Stream(Protocol):
    """Bytes with random access; every method bears any non-negative numbers."""

    def available(self, offset: int, length: int) -> int:
        """Return how many of the ``length`` bytes at ``offset`` exist."""

    def read(self, offset: int, length: int) -> memoryview:
        """Return the bytes at ``offset``, fewer than ``length`` only where the source ends."""

    def read_into(self, offset: int, target: memoryview) -> int:
        """Fill ``target`` from ``offset`` and return the number of bytes read."""

    def close(self) -> None:
        """Release what the stream holds."""


class MemoryStream:
    """A buffer; `read` copies nothing."""

    def __init__(self, data: memoryview) -> None:
        self._data = data

    def available(self, offset: int, length: int) -> int:
        return max(0, min(length, len(self._data) - offset))

    def read(self, offset: int, length: int) -> memoryview:
        return self._data[offset : offset + length]

    def read_into(self, offset: int, target: memoryview) -> int:
        data = self.read(offset, len(target))
        target[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Do nothing: the buffer is the caller's."""


class FileStream:
    """A seekable binary file, from its present position on.

    Parameters
    ----------
    file
        The file. Its position is restored by `close`.
    owned
        Whether `close` closes it.
    """

    def __init__(self, file: BinaryIO, *, owned: bool) -> None:
        self._file = file
        self._owned = owned
        self._base = file.tell()
        self._size = max(0, file.seek(0, io.SEEK_END) - self._base)

    def available(self, offset: int, length: int) -> int:
        return max(0, min(length, self._size - offset))

    def read(self, offset: int, length: int) -> memoryview:
        length = self.available(offset, length)
        self._file.seek(self._base + offset)
        data = self._file.read(min(length, _LARGEST_READ))
        while len(data) < length:
            more = self._file.read(min(length - len(data), _LARGEST_READ))
            if not more:
                break
            data += more
        return memoryview(data)

    def read_into(self, offset: int, target: memoryview) -> int:
        readinto = getattr(self._file, "readinto", None)
        if readinto is None:
            data = self.read(offset, len(target))
            target[: len(data)] = data
            return len(data)
        self._file.seek(self._base + offset)
        done = 0
        while done < len(target):
            count = readinto(target[done : done + _LARGEST_READ])
            if not count:
                break
            done += count
        return done

    def close(self) -> None:
        if self._owned:
            self._file.close()
        else:
            self._file.seek(self._base)


class InflatedStream:
    """A deflated data set (PS3.5 A.5), inflated only as far as it is read.

    Parameters
    ----------
    source, offset
        Where the deflated bytes begin; they end with the source.
    limit
        The most bytes to inflate, raised by `allow` once the header has been checked: a deflate stream grows
        by up to 1032 times, and nothing but the header says how much is meant.
    """

    def __init__(self, source: Stream, offset: int, *, limit: int, where: str) -> None:
        self._source = source
        self._offset = offset
        self._limit = limit
        self._where = where
        self._inflated = bytearray()
        self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        self._pending: bytes | memoryview = b""

    def allow(self, limit: int) -> None:
        """Raise the limit to ``limit`` bytes."""
        self._limit = max(self._limit, limit)

    def available(self, offset: int, length: int) -> int:
        self._inflate_to(offset + length)
        return max(0, min(length, len(self._inflated) - offset))

    def read(self, offset: int, length: int) -> memoryview:
        self._inflate_to(offset + length)
        # A copy: a view would forbid the buffer to grow.
        return memoryview(bytes(self._inflated[offset : offset + length]))

    def read_into(self, offset: int, target: memoryview) -> int:
        self._inflate_to(offset + len(target))
        data = self._inflated[offset : offset + len(target)]
        target[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._source.close()

    def _inflate_to(self, size: int) -> None:
        while len(self._inflated) < size and not self._inflater.eof:
            if not self._pending:
                self._pending = self._source.read(self._offset, _INFLATE_STEP)
                self._offset += len(self._pending)
                if not self._pending:
                    return
            if len(self._inflated) >= self._limit:
                raise LimitError(
                    f"{self._where}: the deflated data set grows beyond {self._limit} bytes before its pixel"
                    " data; inflate it with a tool you trust if the file is to be trusted"
                )
            try:
                self._inflated += self._inflater.decompress(self._pending, _INFLATE_STEP)
            except zlib.error as error:
                raise DecodeError(
                    f"{self._where}: the deflated data set cannot be inflated after {len(self._inflated)}"
                    f" bytes ({error}); the file is damaged",
                    code="deflate-invalid",
                ) from error
            self._pending = self._inflater.unconsumed_tail
