"""Codestreams that cannot be decoded: the exact error, where it is, and nothing worse."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.python.jpeg_cases import BASELINE, EXTENDED, LOSSLESS, PROGRESSIVE, decode, layout_of, picture
from tests.python.oracle import jpeg

from radpix.errors import DecodeError, LimitError, RadpixError, TruncatedError, UnsupportedTransferSyntaxError

if TYPE_CHECKING:
    from radpix._backend import FrameLayout

QUANTIZATION = [3] * 64
PIXELS = picture((12, 10), 12)
LAYOUT = layout_of(PIXELS.shape, 12)
GOOD = jpeg.encode_lossless(PIXELS, 12)
FRAME = jpeg.random_coefficients(np.random.default_rng(4), (19, 21), [(1, 1)], 60)
GREY = jpeg.encode_sequential(FRAME, QUANTIZATION)
GREY_LAYOUT = layout_of((19, 21), 8)
SOF3 = GOOD.index(b"\xff\xc3")
SOS = GOOD.index(b"\xff\xda")


def changed(stream: bytes, at: int, *values: int) -> bytes:
    return stream[:at] + bytes(values) + stream[at + len(values) :]


def refused(stream: bytes, code: str, *, layout: FrameLayout = LAYOUT, syntax: str = LOSSLESS) -> DecodeError:
    with pytest.raises(DecodeError) as caught:
        decode(syntax, stream, layout)
    assert caught.value.code == code
    assert isinstance(caught.value, TruncatedError) == (code == "truncated")
    assert caught.value.offset is not None
    assert 0 <= caught.value.offset <= len(stream)
    return caught.value


def test_no_soi() -> None:
    assert refused(b"\0\0" + GOOD, "jpeg-marker").offset == 0
    refused(b"", "truncated")
    refused(b"\xff", "truncated")


def test_a_segment_shorter_than_its_length_field() -> None:
    assert refused(changed(GOOD, SOF3 + 2, 0, 1), "jpeg-marker").offset == SOF3 + 2


def test_a_segment_longer_than_the_codestream() -> None:
    refused(changed(GOOD, SOF3 + 2, 255, 255), "truncated")


@pytest.mark.parametrize(
    ("at", "values", "code"),
    [
        (4, (1,), "jpeg-frame-header"),  # precision
        (4, (17,), "jpeg-frame-header"),
        (7, (0, 0), "jpeg-frame-header"),  # samples per line
        (9, (0,), "jpeg-frame-header"),  # components
        (9, (5,), "jpeg-frame-header"),
        (9, (2,), "jpeg-frame-header"),
        (11, (0x10,), "jpeg-frame-header"),  # sampling
        (11, (0x51,), "jpeg-frame-header"),
        (5, (0, 13), "jpeg-size-mismatch"),
        (7, (0, 11), "jpeg-size-mismatch"),
    ],
)
def test_frame_headers(at: int, values: tuple[int, ...], code: str) -> None:
    refused(changed(GOOD, SOF3 + at, *values), code)


def test_a_data_set_of_another_size_or_sample_count() -> None:
    for shape in ((11, 10), (12, 9), (12, 10, 3)):
        refused(GOOD, "jpeg-size-mismatch", layout=layout_of(shape, 12))


def test_samples_wider_than_bits_allocated() -> None:
    refused(GOOD, "jpeg-precision", layout=layout_of(PIXELS.shape, 8))


def test_dct_samples_of_10_bits() -> None:
    at = GREY.index(b"\xff\xc0")
    refused(changed(GREY, at + 4, 10), "jpeg-frame-header", layout=GREY_LAYOUT, syntax=BASELINE)


def test_two_frame_headers() -> None:
    header = GOOD[SOF3:SOS]
    refused(GOOD.replace(header, header + header), "jpeg-frame-header")


@pytest.mark.parametrize(
    ("at", "values"),
    [(4, (0,)), (4, (2,)), (5, (9,)), (6, (0x40,)), (7, (0,)), (7, (8,)), (9, (12,))],
)
def test_scan_headers(at: int, values: tuple[int, ...]) -> None:
    refused(changed(GOOD, SOS + at, *values), "jpeg-scan-header")


def test_a_scan_before_the_frame_header() -> None:
    refused(jpeg.SOI + GOOD[SOS:], "jpeg-marker")


def test_a_component_in_two_scans() -> None:
    pixels = picture((6, 7, 2), 8)
    stream = jpeg.encode_lossless(pixels, 8, interleaved=False)
    second = stream.index(jpeg.scan_header([2], 1, 0))
    again = stream[:second] + jpeg.scan_header([1], 1, 0) + stream[second + 10 :]
    refused(again, "jpeg-scan-header", layout=layout_of(pixels.shape, 8))


def test_a_component_without_a_scan() -> None:
    pixels = picture((6, 7, 2), 8)
    stream = jpeg.encode_lossless(pixels, 8, interleaved=False)
    second = stream.index(jpeg.scan_header([2], 1, 0))
    refused(stream[:second] + jpeg.EOI, "jpeg-marker", layout=layout_of(pixels.shape, 8))
    refused(stream[:second], "truncated", layout=layout_of(pixels.shape, 8))


def test_huffman_tables() -> None:
    at = GOOD.index(b"\xff\xc4")
    refused(changed(GOOD, at + 4, 0x20), "jpeg-huffman-table")
    refused(changed(GOOD, at + 5, 3), "jpeg-huffman-table")  # three codes of one bit
    refused(changed(GOOD, at + 5, *[255] * 16), "jpeg-huffman-table")
    refused(GOOD.replace(b"\xff\xc4", b"\xff\xfe"), "jpeg-huffman-table")


def test_quantization_tables() -> None:
    at = GREY.index(b"\xff\xdb")
    for stream in (
        changed(GREY, at + 4, 0x20),
        changed(GREY, at + 4, 0x10),
        GREY.replace(b"\xff\xdb", b"\xff\xfe"),
    ):
        refused(stream, "jpeg-quantization-table", layout=GREY_LAYOUT, syntax=BASELINE)


def test_bits_that_are_no_code() -> None:
    table = jpeg.fixed_length(range(13), 4)
    stream = jpeg.encode_lossless(PIXELS, 12, table=table)
    begin = stream.index(b"\xff\xda") + 10
    error = refused(stream[:begin] + b"\xee" * (len(stream) - begin - 2) + jpeg.EOI, "jpeg-entropy-coding")
    assert error.offset is not None
    assert error.offset >= begin


def test_every_truncation_of_the_data_is_refused() -> None:
    for end in range(2, len(GOOD) - 3):
        refused(GOOD[:end], "truncated")
    for end in range(2, len(GREY) - 3):
        refused(GREY[:end], "truncated", layout=GREY_LAYOUT, syntax=BASELINE)


def test_data_that_ends_at_a_marker_before_the_image_does() -> None:
    begin = SOS + 10
    refused(GOOD[: begin + 60] + jpeg.EOI, "truncated")


def test_a_restart_interval_that_ends_early() -> None:
    stream = jpeg.encode_lossless(PIXELS, 12, interval=40)
    at = stream.index(b"\xff\xd0")
    assert refused(stream[: at - 20] + stream[at:], "jpeg-entropy-coding").offset == at - 20


def test_missing_restart_intervals() -> None:
    stream = jpeg.encode_lossless(PIXELS, 12, interval=40)
    at = stream.index(b"\xff\xd1")
    refused(stream[:at] + jpeg.EOI, "truncated")


@pytest.mark.parametrize("marker", [0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF])
def test_arithmetic_and_hierarchical_processes(marker: int) -> None:
    with pytest.raises(UnsupportedTransferSyntaxError, match="SOF"):
        decode(LOSSLESS, changed(GOOD, SOF3 + 1, marker), LAYOUT)


def test_sixty_bytes_that_claim_a_huge_image_cost_nothing() -> None:
    stream = (
        jpeg.SOI + jpeg.CATEGORIES.segment(0, 0) + jpeg.frame_header(jpeg.SOF3, 8, (8192, 8192), [(1, 1)])
    )
    refused(stream + jpeg.scan_header([1], 1, 0) + b"\0\0", "truncated", layout=layout_of((8192, 8192), 8))


def test_a_stream_of_scans_without_end() -> None:
    # A progressive frame may refine for ever: the number of scans is limited.
    stream = jpeg.SOI + jpeg.segment(0xDB, bytes([0]) + bytes([1] * 64))
    stream += jpeg.DC_CATEGORIES.segment(0, 0) + jpeg.frame_header(jpeg.SOF2, 8, (8, 8), [(1, 1)])
    stream += (jpeg.scan_header([1], 0, 0, 1, 0) + b"\x00") * 2000
    with pytest.raises(LimitError, match="scans"):
        decode(PROGRESSIVE, stream, layout_of((8, 8), 8))


@pytest.mark.parametrize(("start", "end", "low"), [(0, 5, 0), (6, 5, 0), (1, 64, 0), (1, 5, 14)])
def test_progressive_scans_out_of_range(start: int, end: int, low: int) -> None:
    stream = jpeg.SOI + jpeg.segment(0xDB, bytes([0]) + bytes([1] * 64))
    stream += jpeg.DC_CATEGORIES.segment(0, 0) + jpeg.RUNS.segment(1, 0)
    stream += jpeg.frame_header(jpeg.SOF2, 8, (8, 8), [(1, 1)])
    stream += jpeg.scan_header([1], start, end, 0, low) + b"\0\0" + jpeg.EOI
    refused(stream, "jpeg-scan-header", layout=layout_of((8, 8), 8), syntax=PROGRESSIVE)


def test_a_dnl_segment_that_contradicts_the_data_set() -> None:
    stream = changed(GOOD, SOF3 + 5, 0, 0)[:-2] + jpeg.segment(0xDC, b"\0\x0b") + jpeg.EOI
    refused(stream, "jpeg-size-mismatch")


def test_the_frame_at_fault_is_named() -> None:
    with pytest.raises(DecodeError) as caught:
        decode(LOSSLESS, [GOOD, GOOD, GOOD, GOOD[:40]], LAYOUT)
    assert caught.value.frame == 3


@pytest.mark.parametrize("syntax", [LOSSLESS, BASELINE, EXTENDED])
def test_any_changed_byte_gives_pixels_or_an_error(syntax: str) -> None:
    rng = np.random.default_rng(8)
    stream, layout = (GOOD, LAYOUT) if syntax == LOSSLESS else (GREY, GREY_LAYOUT)
    for _ in range(1500):
        damaged = bytearray(stream)
        for at in rng.integers(0, len(stream), rng.integers(1, 4)):
            damaged[at] = rng.integers(0, 256)
        with contextlib.suppress(RadpixError, UnsupportedTransferSyntaxError):
            decode(syntax, bytes(damaged), layout)
