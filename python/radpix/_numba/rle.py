"""RLE Lossless (PS3.5 Annex G): the twin of ``codec/rle``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from radpix._numba.jit import jit
from radpix._numba.layout import converts_to_rgb, element_type, keep_stored_bits
from radpix._numba.uncompressed import Found, unpack_bits, ybr_full_to_rgb
from radpix.errors import DecodeError, TruncatedError, UnsupportedTransferSyntaxError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from radpix._backend import FrameLayout

__all__ = ["decode"]

_HEADER_SIZE: Final = 64
_MAX_SEGMENTS: Final = 15


def decode(
    codestream: NDArray[np.uint8], layout: FrameLayout, keep_components: bool, out: NDArray[Any]
) -> list[Found]:
    """Decode one frame into ``out``; see ``codec/rle/decoder.hpp``."""
    found: list[Found] = []
    samples, size = layout.samples_per_pixel, max(1, layout.bits_allocated // 8)
    if samples * size > _MAX_SEGMENTS or (layout.bits_allocated == 1 and samples > 1):
        raise UnsupportedTransferSyntaxError(
            f"RLE has at most 15 segments (PS3.5 G.5); {samples} samples of {layout.bits_allocated} bits "
            "cannot be stored"
        )
    pixels = layout.rows * layout.columns
    if layout.bits_allocated == 1:
        packed = np.empty((pixels + 7) // 8, np.uint8)
        _unpack(codestream, _offsets(codestream, 1, found), [packed], found)
        unpack_bits(packed, out)
        return found
    to_rgb = converts_to_rgb(layout, keep_components)
    offsets = _offsets(codestream, samples * size, found)
    # Segments are the bytes of samples, most significant first.
    little = element_type(layout).newbyteorder("<")
    frame = np.empty((layout.rows, layout.columns, samples), little)
    lanes = frame.view(np.uint8).reshape(pixels, samples, size)
    order = [lanes[:, sample, byte] for sample in range(samples) for byte in reversed(range(size))]
    _unpack(codestream, offsets, order, found)
    decoded = frame.astype(element_type(layout), copy=False)
    keep_stored_bits(decoded, layout)
    out[...] = ybr_full_to_rgb(decoded) if to_rgb else decoded.reshape(out.shape)
    return found


def _offsets(codestream: NDArray[np.uint8], expected: int, found: list[Found]) -> list[int]:
    """Return where each segment begins and the last one ends (PS3.5 G.5)."""
    size = codestream.size
    if size < _HEADER_SIZE:
        raise TruncatedError(
            f"the RLE frame has {size} bytes, its header alone takes 64", code="truncated", offset=size
        )
    count, *words = (int(word) for word in codestream[:_HEADER_SIZE].view("<u4"))
    if not 1 <= count <= _MAX_SEGMENTS:
        raise DecodeError(
            f"the RLE header claims {count} segments, a frame has 1 to 15", code="rle-header", offset=0
        )
    if count != expected:
        raise DecodeError(
            f"the RLE header claims {count} segments, Samples per Pixel and Bits Allocated ask for "
            f"{expected}",
            code="rle-header",
            offset=0,
        )
    lowest = _HEADER_SIZE
    for segment, offset in enumerate(words[:count]):
        if not lowest <= offset < size:
            raise DecodeError(
                f"RLE segment {segment} begins at byte {offset}, expected one of bytes {lowest} to "
                f"{size - 1}",
                code="rle-segment-bounds",
                offset=4 * (segment + 1),
            )
        lowest = offset + 1
    for unused in range(count, _MAX_SEGMENTS):
        if words[unused]:
            message = f"the RLE header has an offset for segment {unused} of {count}; it is ignored"
            found.append(("rle-header-unused", message, 4 * (unused + 1)))
            break
    return [*words[:count], size]


def _unpack(
    codestream: NDArray[np.uint8], offsets: list[int], lanes: list[NDArray[np.uint8]], found: list[Found]
) -> None:
    """Decode the segments, each into its lane."""
    for index, lane in enumerate(lanes):
        pixels = lane.size
        decoded, read = _unpack_segment(codestream[offsets[index] : offsets[index + 1]], lane)
        if decoded < pixels:
            raise TruncatedError(
                f"RLE segment {index} ends after {decoded} of {pixels} bytes",
                code="truncated",
                offset=offsets[index + 1],
            )
        if decoded > pixels:
            message = (
                f"RLE segment {index} holds {decoded - pixels} bytes more than the frame has pixels; "
                "they are ignored"
            )
            found.append(("rle-segment-long", message, offsets[index] + read))


@jit
def _unpack_segment(segment: NDArray[np.uint8], lane: NDArray[np.uint8]) -> tuple[int, int]:
    """Return how many bytes the segment stands for, and after how many of its own the lane was full."""
    decoded = at = read = 0
    pixels, size = lane.size, segment.size
    while at < size:
        control = int(segment[at])
        at += 1
        count = 0
        if control < 128:  # literal; the end of the segment may cut it
            count = int(min(control + 1, size - at))
            for i in range(int(min(count, pixels - decoded))):
                lane[decoded + i] = segment[at + i]
            at += count
        elif control > 128 and at < size:  # 128 stands for nothing (PS3.5 G.3.2)
            count = 257 - control
            lane[decoded : decoded + count] = segment[at]
            at += 1
        if decoded < pixels:
            read = at
        decoded += count
    return decoded, read
