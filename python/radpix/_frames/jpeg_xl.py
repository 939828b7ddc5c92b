"""JPEG XL (ISO/IEC 18181-1) by libjxl, behind imagecodecs; its header is read here, before anything is allocated."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from radpix.errors import DecodeError, TruncatedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from radpix._backend import Buffer, FrameLayout

__all__ = ["available", "decode_frame"]

_SIGNATURE = b"\xff\x0a"
_CONTAINER = b"\0\0\0\x0cJXL \r\n\x87\n"
#: SizeHeader, and ImageMetadata up to the number of extra channels: 144 bits at most.
_HEADER = 64
#: Boxes up to the end of the codestream's header; files have two or three.
_MOST_BOXES = 64
#: Widths by the field `ratio`, as parts of the height.
_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))


@cache
def available() -> bool:
    """Return whether imagecodecs is installed, and built with libjxl."""
    try:
        import imagecodecs
    except ImportError:
        return False
    return bool(imagecodecs.JPEGXL.available)


class _Header(NamedTuple):
    rows: int
    columns: int
    bits: int
    extra_channels: int


class _Bits:
    """Bits from the least significant one of the first byte on."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "little")
        self._left = 8 * len(data)

    def take(self, count: int) -> int:
        if count > self._left:
            raise TruncatedError("the JPEG XL codestream ends in its header", code="truncated")
        bits = self._value & ((1 << count) - 1)
        self._value >>= count
        self._left -= count
        return bits

    def choice(self, *ways: tuple[int, int]) -> int:
        """Read a U32: two bits choose an offset and how many bits are added to it."""
        offset, count = ways[self.take(2)]
        return offset + self.take(count)


def _codestream_start(data: Buffer) -> bytes:
    """Return the first bytes of the codestream behind its signature; it may lie in boxes (ISO/IEC 18181-2)."""
    head = bytes(data[:12])
    if head == _CONTAINER:
        start = _start_in_boxes(data)
    elif head[:2] == _SIGNATURE:
        start = bytes(data[: 2 + _HEADER])
    else:
        raise DecodeError("neither the codestream FF 0A nor the container of JPEG XL", code="jpegxl-header")
    if start[:2] != _SIGNATURE:
        raise DecodeError("the codestream in the container of JPEG XL lacks its FF 0A", code="jpegxl-header")
    return start[2 : 2 + _HEADER]


def _start_in_boxes(data: Buffer) -> bytes:
    """Return the codestream's first bytes: one box has all of it, or several its parts, as small as they like."""
    start = b""
    place = len(_CONTAINER)
    for _ in range(_MOST_BOXES):
        size, kind = int.from_bytes(data[place : place + 4], "big"), bytes(data[place + 4 : place + 8])
        first = place + 8
        if size == 1:
            size, first = int.from_bytes(data[place + 8 : place + 16], "big"), place + 16
        # A box of no size goes on to the end.
        end = place + size if size else len(data)
        if kind in {b"jxlc", b"jxlp"}:
            first += 4 if kind == b"jxlp" else 0  # the part's number
            start += bytes(data[first : min(end, first + 2 + _HEADER)])
            if kind == b"jxlc" or len(start) >= 2 + _HEADER:
                return start
        if end < first or end >= len(data):
            break
        place = end
    if len(start) < 2:
        raise TruncatedError("the JPEG XL container ends in front of its codestream", code="truncated")
    return start


def _dimension(bits: _Bits, *, by_eight: int) -> int:
    if by_eight:
        return 8 * (1 + bits.take(5))
    return bits.choice((1, 9), (1, 13), (1, 18), (1, 30))


def _header_of(data: Buffer) -> _Header:
    bits = _Bits(_codestream_start(data))
    by_eight = bits.take(1)
    rows = _dimension(bits, by_eight=by_eight)
    ratio = bits.take(3)
    if ratio == 0:
        columns = _dimension(bits, by_eight=by_eight)
    else:
        wide, high = _RATIOS[ratio - 1]
        columns = rows * wide // high
    if bits.take(1):  # all_default
        return _Header(rows, columns, 8, 0)
    if bits.take(1):  # extra_fields
        bits.take(3)  # Orientation is for viewers: pixels stay where the frame has them.
        if bits.take(1):  # intrinsic size, another hint for viewers
            by_eight = bits.take(1)
            _dimension(bits, by_eight=by_eight)
            if bits.take(3) == 0:
                _dimension(bits, by_eight=by_eight)
        if bits.take(2):
            raise DecodeError("a frame with a preview or an animation in it", code="jpegxl-header")
    if bits.take(1):
        raise DecodeError("floating-point samples, which DICOM does not have", code="jpegxl-header")
    depth = bits.choice((8, 0), (10, 0), (12, 0), (1, 6))
    bits.take(1)  # modular_16bit_buffers
    return _Header(rows, columns, depth, bits.choice((0, 0), (1, 0), (2, 4), (1, 12)))


def decode_frame(codestream: Buffer, layout: FrameLayout) -> NDArray[Any]:
    """Decode one frame; colour is RGB, whatever the codestream has inside.

    Raises
    ------
    DecodeError
        The header contradicts the data set, or libjxl refuses the codestream.
    TruncatedError
        It ends too early.
    """
    import imagecodecs
    import numpy as np

    _check(_header_of(codestream), layout)
    samples = () if layout.samples_per_pixel == 1 else (layout.samples_per_pixel,)
    shape = (layout.rows, layout.columns, *samples)
    wanted = np.dtype(f"u{layout.bits_allocated // 8}")
    try:
        frame = imagecodecs.jpegxl_decode(bytes(codestream), keeporientation=True, numthreads=1)
    except (RuntimeError, ValueError) as error:
        if "NEED_MORE_INPUT" in str(error) or "frame count" in str(error):
            raise TruncatedError(f"the JPEG XL codestream is cut off ({error})", code="truncated") from error
        raise DecodeError(f"libjxl refuses the codestream: {error}", code="jpegxl-decoder") from error
    if frame.shape != shape or frame.dtype.kind != "u" or frame.dtype.itemsize > wanted.itemsize:
        raise DecodeError(
            f"the codestream gave {frame.shape} samples of {frame.dtype}, expected {shape} of {wanted}",
            code="jpegxl-size-mismatch",
        )
    return np.asarray(frame, dtype=wanted)


def _check(header: _Header, layout: FrameLayout) -> None:
    """Raise DecodeError unless the codestream's header agrees with the data set."""
    if (header.rows, header.columns) != (layout.rows, layout.columns) or header.extra_channels:
        raise DecodeError(
            f"the codestream has rows x columns {header.rows} x {header.columns} and {header.extra_channels}"
            f" extra channels, the data set says {layout.rows} x {layout.columns} and none",
            code="jpegxl-size-mismatch",
        )
    fits = layout.bits_allocated in {8, 16} and not layout.is_signed and layout.samples_per_pixel in {1, 3}
    if not fits or header.bits > layout.bits_stored:
        raise DecodeError(
            f"samples of {header.bits} unsigned bits, the data set says {layout.samples_per_pixel} of"
            f" {layout.bits_stored} in {layout.bits_allocated} bits{', signed' if layout.is_signed else ''}",
            code="jpegxl-precision",
        )
