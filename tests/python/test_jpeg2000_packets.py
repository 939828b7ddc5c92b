"""Which packets of a JPEG 2000 tile are read: up to the last that is asked for, whatever PLT and TLM say of them."""

from __future__ import annotations

import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.python import openjpeg_encoder
from tests.python.jpeg_cases import picture
from tests.python.openjpeg_encoder import ORDERS
from tests.python.test_jpeg2000_parts import decode

import radpix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

SHAPE = (133, 150)
SOT, SOD, TLM, PLT, PPM, PPT = 0xFF90, 0xFF93, 0xFF55, 0xFF58, 0xFF60, 0xFF61


def stream_of(**options: Any) -> bytes:
    return openjpeg_encoder.encode(
        [picture(SHAPE, 8)], 8, resolutions=4, extra=("PLT=YES", "TLM=YES"), **options
    )


def segments(stream: bytes, at: int = 2) -> Iterator[tuple[int, int, int]]:
    """Go through the marker segments up to the next SOD: marker, and where its content begins and ends."""
    while (marker := struct.unpack_from(">H", stream, at)[0]) != SOD:
        end = at + 2 + struct.unpack_from(">H", stream, at + 2)[0]
        yield marker, at + 4, end
        at = end
    yield SOD, at + 2, at + 2


def packet_ends(stream: bytes, at: int = 2) -> list[int]:
    """Return where the packets of the next tile-part end, as PLT says."""
    lengths, value, start = [], 0, 0
    for marker, begin, end in segments(stream, at):
        for byte in stream[begin + 1 : end] if marker == PLT else b"":
            value = value << 7 | byte & 127
            if byte < 128:
                lengths.append(value)
                value = 0
        start = end
    return [start + int(length) for length in np.cumsum(lengths)]


def damaged_from(stream: bytes, at: int) -> bytes:
    """Put bytes that are no packets from ``at`` on."""
    return stream[:at] + b"\xfe" * (len(stream) - 2 - at) + stream[-2:]


def assert_lost(stream: bytes, expected: NDArray[Any], **options: Any) -> None:
    """Expect an error, a warning or other pixels."""
    with suppress(radpix.DecodeError, radpix.RadpixWarning):
        assert not np.array_equal(decode(stream, SHAPE, **options), expected)


# A packet a resolution, the lowest first, in four of the orders.
@pytest.mark.parametrize("order", ["LRCP", "RLCP", "RPCL", "CPRL"])
@pytest.mark.parametrize("reduce", [1, 2, 3])
def test_packets_of_resolutions_left_out_at_the_end_are_not_read(order: str, reduce: int) -> None:
    stream = stream_of(order=order)
    damaged = damaged_from(stream, packet_ends(stream)[3 - reduce])
    expected = decode(stream, SHAPE, reduce=reduce)
    np.testing.assert_array_equal(decode(damaged, SHAPE, reduce=reduce), expected)
    assert_lost(damaged, decode(stream, SHAPE))
    one_too_few = damaged_from(stream, packet_ends(stream)[3 - reduce] - 1)
    assert_lost(one_too_few, expected, reduce=reduce)


def test_packets_of_layers_left_out_at_the_end_are_not_read() -> None:
    stream = stream_of(rates=(40.0, 20.0, 5.0))
    ends = packet_ends(stream)
    assert len(ends) == 12
    for layers in (1, 2):
        damaged = damaged_from(stream, ends[4 * layers - 1])
        expected = decode(stream, SHAPE, layers=layers)
        np.testing.assert_array_equal(decode(damaged, SHAPE, layers=layers), expected)
        assert_lost(damaged, decode(stream, SHAPE))


def test_packets_behind_a_region_are_not_read() -> None:
    stream = stream_of(order="PCRL", precinct=(32, 32))
    whole = decode(stream, SHAPE)
    ends = packet_ends(stream)
    damaged = damaged_from(stream, ends[len(ends) // 3])
    np.testing.assert_array_equal(decode(damaged, SHAPE, region=(0, 0, 9, 11)), whole[:9, :11])
    assert_lost(damaged, whole)


@pytest.mark.parametrize("precinct", [(16, 16), (64, 32)])
@pytest.mark.parametrize("order", ORDERS)
def test_parts_of_small_precincts_are_the_whole_cropped(order: str, precinct: tuple[int, int]) -> None:
    for options in ({}, {"irreversible": True, "rates": (9.0, 3.0)}, {"origin": (24, 8), "tile": (64, 80)}):
        stream = stream_of(order=order, precinct=precinct, **options)
        for reduce in (0, 1, 3):
            step = 1 << reduce
            whole = decode(stream, SHAPE, reduce=reduce)
            for row, column in ((0, 0), (40, 72), (104, 128), (64, 0)):
                part = decode(stream, SHAPE, reduce=reduce, region=(row, column, 24, 16))
                rows, columns = np.arange(row, row + 24, step), np.arange(column, column + 16, step)
                np.testing.assert_array_equal(part, whole[np.ix_(rows // step, columns // step)])


@pytest.mark.parametrize(("first", "second"), [("LRCP", "PCRL"), ("RPCL", "CPRL")])
def test_parts_of_changed_progressions(first: str, second: str) -> None:
    changes = ((first, 2, 4, 1, 1), (second, 0, 2, 1, 1))  # the higher resolutions first
    stream = stream_of(precinct=(32, 32), changes=changes)
    whole = decode(stream, SHAPE)
    np.testing.assert_array_equal(whole, picture(SHAPE, 8))
    np.testing.assert_array_equal(decode(stream, SHAPE, region=(100, 30, 20, 50)), whole[100:120, 30:80])
    plain = stream_of()
    np.testing.assert_array_equal(decode(stream, SHAPE, reduce=2), decode(plain, SHAPE, reduce=2))


def _edited(wanted: int, edit: Callable[[bytearray], None]) -> Callable[[bytes], bytes]:
    def apply(stream: bytes) -> bytes:
        found = [(begin, end) for marker, begin, end in segments(stream) if marker == wanted]
        assert found
        result = bytearray(stream)
        for begin, end in found:
            content = result[begin:end]
            edit(content)
            assert len(content) == end - begin
            result[begin:end] = content
        return bytes(result)

    return apply


def _fill(value: int, first: int) -> Callable[[bytearray], None]:
    def edit(content: bytearray) -> None:
        content[first:] = bytes([value]) * (len(content) - first)

    return edit


def _reverse(first: int) -> Callable[[bytearray], None]:
    def edit(content: bytearray) -> None:
        content[first:] = content[first:][::-1]

    return edit


#: Their first byte is an index, of TLM the second says how long entries are.
LIES: dict[str, Callable[[bytes], bytes]] = {
    "PLT of zeros": _edited(PLT, _fill(0, 1)),
    "PLT that never ends a number": _edited(PLT, _fill(0xFF, 1)),
    "PLT of ones": _edited(PLT, _fill(1, 1)),
    "PLT backwards": _edited(PLT, _reverse(1)),
    "PLT of another index": _edited(PLT, _fill(7, 0)),
    "TLM of zeros": _edited(TLM, _fill(0, 2)),
    "TLM of huge lengths": _edited(TLM, _fill(0xFF, 2)),
    "TLM without a valid size": _edited(TLM, _fill(0xFF, 1)),
    "TLM backwards": _edited(TLM, _reverse(2)),
}


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("order", ["LRCP", "RPCL", "PCRL"])
def test_lying_plt_and_tlm_change_nothing(order: str, lie: str) -> None:
    options: dict[str, Any] = {"order": order, "precinct": (32, 32), "rates": (20.0, 0.0), "tile": (80, 150)}
    stream = stream_of(**options)
    lying = LIES[lie](stream)
    assert lying != stream
    parts: list[dict[str, Any]] = [{}, {"reduce": 2}, {"region": (90, 100, 20, 30)}, {"layers": 1}]
    for part in parts:
        found: NDArray[Any] = decode(lying, SHAPE, **part)
        np.testing.assert_array_equal(found, decode(stream, SHAPE, **part))
    np.testing.assert_array_equal(decode(lying, SHAPE), picture(SHAPE, 8))


def split_headers(stream: bytes, at: int) -> tuple[bytes, bytes]:
    """Return the headers of the packets of the tile-part at ``at``, and what is left of its packets."""
    headers, rest = b"", b""
    *_, (_, begin, _) = segments(stream, at)
    for end in packet_ends(stream, at):
        header_end = stream.index(b"\xff\x92", begin, end) + 2  # EPH
        headers += stream[begin + 6 : header_end]  # behind SOP
        rest += stream[begin : begin + 6] + stream[header_end:end]
        begin = end
    return headers, rest


def segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">HH", marker, len(content) + 2) + content


def packed(stream: bytes, marker: int) -> bytes:
    """Move packet headers to PPT or PPM segments, each of at most 200 bytes."""
    first = at = next(begin for code, begin, _ in segments(stream) if code == SOT) - 4
    parts, collected = b"", b""
    while stream[at : at + 2] == b"\xff\x90":
        tile, length, index, count = struct.unpack_from(">HIBB", stream, at + 4)
        headers, rest = split_headers(stream, at)
        body = _in_segments(PPT, headers) if marker == PPT else b""
        collected += struct.pack(">I", len(headers)) + headers
        body += struct.pack(">H", SOD) + rest
        parts += segment(SOT, struct.pack(">HIBB", tile, len(body) + 12, index, count)) + body
        at += length
    return stream[:first] + (_in_segments(PPM, collected) if marker == PPM else b"") + parts + stream[at:]


def _in_segments(marker: int, content: bytes) -> bytes:
    pieces = [content[at : at + 200] for at in range(0, len(content), 200)]
    return b"".join(segment(marker, bytes([index]) + piece) for index, piece in enumerate(pieces))


@pytest.mark.parametrize("marker", [PPM, PPT])
@pytest.mark.parametrize("order", ORDERS)
def test_packed_packet_headers_are_read_like_others(order: str, marker: int) -> None:
    options: dict[str, Any] = {"order": order, "precinct": (64, 64), "rates": (20.0, 0.0), "tile": (80, 150)}
    stream = stream_of(marked=True, **options)
    moved = packed(stream, marker)
    assert struct.pack(">H", marker) in moved
    np.testing.assert_array_equal(decode(moved, SHAPE), picture(SHAPE, 8))
    parts: list[dict[str, Any]] = [{"reduce": 2}, {"region": (90, 100, 20, 30)}, {"layers": 1}]
    for part in parts:
        np.testing.assert_array_equal(decode(moved, SHAPE, **part), decode(stream, SHAPE, **part))
