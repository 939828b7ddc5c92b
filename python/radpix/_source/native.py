"""Native pixel data (PS3.5 8.1.1, A.1 to A.3): frame after frame without anything between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from radpix._source.image_pixel import ImagePixel, native_bits
from radpix._source.stream import MemoryStream
from radpix.errors import TruncatedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from radpix._backend import Buffer
    from radpix._source.header import Header
    from radpix._source.report import Reporter

__all__ = ["NativeFrames", "last_of"]


def last_of(indices: Sequence[int]) -> int:
    """Return the largest index, -1 of none; at once for a range, which may count 2^31 absent frames."""
    return indices[-1] if isinstance(indices, range) and indices else max(indices, default=-1)


class NativeFrames:
    """The frames of a native pixel data element, read by position.

    Rules: only the frames that Number of Frames counts exist, however much data there is
    (``pixel-data-long``). Of short data, the frames that are complete can be decoded
    (``pixel-data-short``); a missing one raises TruncatedError.
    """

    def __init__(self, header: Header, image: ImagePixel, report: Reporter) -> None:
        self._header = header
        self._image = image
        self._report = report
        self._bits = native_bits(image.layout)
        self._expected = (self._bits * image.frames + 7) // 8
        # PS3.5 A.3: in big endian, OW is a sequence of 16-bit words also where samples have 8 bits or one.
        self._swapped = (
            header.transfer_syntax.endswith(".1.2.2")
            and header.pixel_vr == "OW"
            and image.layout.bits_allocated <= 8
        )
        self._scratch = bytearray()

    def check(self, indices: Sequence[int]) -> None:
        """Check that the frames are there, and report a length that does not fit the attributes.

        Raises
        ------
        TruncatedError
            One of them is not.
        """
        header = self._header
        padded = self._expected + (self._expected & 1)
        wanted = min(header.length, padded)
        last = last_of(indices)
        needed = (self._bits * (last + 1) + 7) // 8
        found = header.stream.available(header.offset, min(wanted, needed))
        if found < needed:
            raise TruncatedError(
                f"{self._report.where}: frame {last}: the pixel data has {found} bytes where"
                f" {self._shape()} need {self._expected}; the file is cut off, or the header wrong",
                code="pixel-data-short",
                frame=last,
                transfer_syntax=header.transfer_syntax,
            )
        if header.length > padded:
            self._report(
                "pixel-data-long",
                f"the pixel data has {header.length} bytes where {self._shape()} need {self._expected}; the"
                " rest is left out",
                transfer_syntax=header.transfer_syntax,
            )
        elif header.length < self._expected or self._is_cut(wanted):
            self._report(
                "pixel-data-short",
                f"the pixel data is shorter than the {self._expected} bytes that {self._shape()} need; the"
                " frames that are complete are decoded",
                transfer_syntax=header.transfer_syntax,
            )

    def _is_cut(self, wanted: int) -> bool:
        # One byte, so that a deflated data set is not inflated beyond what is asked for.
        return wanted > 0 and self._header.stream.available(self._header.offset, wanted) < self._expected

    def _shape(self) -> str:
        layout = self._image.layout
        return (
            f"{self._image.frames} frames of {layout.rows} x {layout.columns} x {layout.samples_per_pixel}"
            f" samples of {layout.bits_allocated} bits"
        )

    def compressed_bytes(self, index: int) -> int:
        """Return the bytes that the frame takes."""
        del index
        return (self._bits + 7) // 8

    def codestreams(self, indices: Sequence[int]) -> list[Buffer]:
        """Return the bytes of frames, each from its first sample on; valid until the next call."""
        if not indices:
            return []
        if isinstance(self._header.stream, MemoryStream) or self._bits % 8 or self._swapped:
            return [self._one(index) for index in indices]
        return self._into_scratch(indices)

    def _into_scratch(self, indices: Sequence[int]) -> list[Buffer]:
        """Read whole frames into one buffer that stays: touching fresh memory is slower than reading."""
        size = self._bits // 8
        if len(self._scratch) != size * len(indices):
            self._scratch = bytearray(size * len(indices))
        view = memoryview(self._scratch)
        views = [view[k * size : (k + 1) * size] for k in range(len(indices))]
        if all(index == indices[0] + k for k, index in enumerate(indices)):
            self._read_into(indices[0] * size, view, indices[0])
        else:
            for index, target in zip(indices, views, strict=True):
                self._read_into(index * size, target, index)
        return list(views)

    def _read_into(self, offset: int, target: memoryview, index: int) -> None:
        count = self._header.stream.read_into(self._header.offset + offset, target)
        self._require(count, len(target), index)

    def _require(self, count: int, expected: int, index: int) -> None:
        if count < expected:
            raise TruncatedError(
                f"{self._report.where}: frame {index}: {count} of {expected} bytes could be read; the file"
                " changed meanwhile, or is damaged",
                code="pixel-data-short",
                frame=index,
                transfer_syntax=self._header.transfer_syntax,
            )

    def _one(self, index: int) -> Buffer:
        first_bit = index * self._bits
        first, end = first_bit // 8, (first_bit + self._bits + 7) // 8
        even = first - (first & 1) if self._swapped else first
        length = end - even + ((end - even) & 1 if self._swapped else 0)
        data = self._header.stream.read(self._header.offset + even, length)
        # The pad byte of an odd length may be absent; it is not part of the frame unless words are swapped.
        self._require(len(data), length if self._swapped else end - even, index)
        if self._swapped:
            data = _swap_words(data)[first - even : end - even]
        return _shift_bits(data, first_bit % 8, self._bits) if first_bit % 8 else data


def _swap_words(data: memoryview) -> memoryview:
    import numpy as np

    return memoryview(np.frombuffer(data, np.uint16).byteswap().tobytes())


def _shift_bits(data: memoryview, shift: int, bits: int) -> memoryview:
    """Move one-bit samples (PS3.5 8.1.1: first pixel in the least significant bit) to a byte's beginning."""
    import numpy as np

    source = np.frombuffer(data, np.uint8)
    low = source >> shift
    low[:-1] |= source[1:] << (8 - shift)
    return memoryview(low[: (bits + 7) // 8].tobytes())
