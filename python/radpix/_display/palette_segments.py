"""Segmented Palette Color Lookup Table Data (PS3.3 C.7.9.2): discrete, linear and indirect segments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from radpix.errors import PixelDataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["expand_segments"]

_DISCRETE, _LINEAR, _INDIRECT = range(3)


class _Expansion:
    """The entries so far. Every segment adds at least one, so nothing loops for longer than ``count`` entries."""

    def __init__(self, words: Sequence[int], count: int, bits: int) -> None:
        self.words = words
        self.count = count
        self.entry_bytes = 1 if bits == 8 else 2
        self.entries: list[int] = []

    def expand(self, position: int, segments: int | None = None) -> int:
        """Add segments from ``position`` on and return where they end; None: all, and indirect ones too."""
        done = 0
        while position < len(self.words) if segments is None else done < segments:
            if len(self.entries) >= self.count and segments is None:
                break  # a pad byte or word
            opcode, length = self._take(position, 2)
            if length == 0:
                raise PixelDataError(f"a palette segment at entry {position} has no length")
            position = self._one(opcode, length, position + 2, nested=segments is not None)
            done += 1
            if len(self.entries) > self.count:
                raise PixelDataError(
                    f"the palette segments hold more than the {self.count} entries described"
                )
        return position

    def _one(self, opcode: int, length: int, position: int, *, nested: bool) -> int:
        if opcode == _DISCRETE:
            self.entries.extend(self._take(position, length))
            return position + length
        if opcode == _LINEAR:
            self._line(length, self._take(position, 1)[0])
            return position + 1
        if opcode == _INDIRECT and not nested:
            self._copy(length, position)
            return position + 4 // self.entry_bytes
        kind = "an indirect segment within another one" if opcode == _INDIRECT else f"opcode {opcode}"
        raise PixelDataError(f"the palette segments have {kind} at entry {position - 2}")

    def _line(self, length: int, last: int) -> None:
        if not self.entries:
            raise PixelDataError("the palette segments begin with a linear one, which has no start")
        if length > self.count:
            raise PixelDataError(
                f"a palette segment of {length} entries is longer than the table of {self.count}"
            )
        first = self.entries[-1]
        steps = np.arange(1, length + 1)
        self.entries.extend(np.rint(first + (last - first) * steps / length).astype(np.int64).tolist())

    def _copy(self, segments: int, position: int) -> None:
        # The offset counts bytes and is 32 bits long, the least significant part first.
        parts = self._take(position, 4 // self.entry_bytes)
        offset = sum(part << (8 * self.entry_bytes * k) for k, part in enumerate(parts))
        if offset % self.entry_bytes:
            raise PixelDataError(f"an indirect palette segment points between entries, to byte {offset}")
        self.expand(offset // self.entry_bytes, segments)

    def _take(self, position: int, length: int) -> list[int]:
        taken = list(self.words[position : position + length])
        if len(taken) < length:
            raise PixelDataError(
                f"a palette segment needs {length} entries at {position}, but the data ends after"
                f" {len(self.words)}"
            )
        return taken


def expand_segments(raw: bytes, count: int, bits: int, *, little_endian: bool) -> NDArray[np.uint16]:
    """Return the ``count`` entries that segments stand for.

    Parameters
    ----------
    raw
        The attribute's value.
    bits
        Of an entry: 8 has everything in bytes, 16 in words.

    Raises
    ------
    PixelDataError
        Segments that end early, go on for too long, or point to where they must not.
    """
    kind = "u1" if bits == 8 else "<u2" if little_endian else ">u2"
    if bits == 8 and not little_endian:  # OW words hold the low byte second
        raw = np.frombuffer(raw[: len(raw) & ~1], dtype="<u2").byteswap().tobytes()
    words = np.frombuffer(raw[: len(raw) - len(raw) % np.dtype(kind).itemsize], dtype=kind)
    expansion = _Expansion(words.tolist(), count, bits)
    expansion.expand(0)
    if len(expansion.entries) < count:
        raise PixelDataError(
            f"the palette segments hold {len(expansion.entries)} entries, not the {count} described"
        )
    return np.array(expansion.entries, dtype=np.uint16)
