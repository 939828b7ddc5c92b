"""What scanners wrote over thirty years and the standard does not have: decoded all the same, and reported."""

from __future__ import annotations

import re
import struct

import numpy as np
import pytest
from tests.python.jpeg_cases import (
    BASELINE,
    EXTENDED,
    LOSSLESS,
    LOSSLESS_SV1,
    PROGRESSIVE,
    decode,
    layout_of,
    picture,
)
from tests.python.oracle import jpeg

QUANTIZATION = [3] * 64
PIXELS = picture((12, 10), 12)
GOOD = jpeg.encode_lossless(PIXELS, 12)
FRAME = jpeg.random_coefficients(np.random.default_rng(4), (19, 21), [(1, 1)], 60)
GREY = jpeg.encode_sequential(FRAME, QUANTIZATION)
GREY_PIXELS = decode(BASELINE, GREY, layout_of((19, 21), 8)).pixels


def assert_lossless(stream: bytes, *codes: str, syntax: str = LOSSLESS_SV1, stored: int = 12) -> None:
    decoded = decode(syntax, stream, layout_of(PIXELS.shape, stored))
    np.testing.assert_array_equal(decoded.pixels, PIXELS)
    assert decoded.codes == list(codes)


def assert_grey(stream: bytes, *codes: str, syntax: str = BASELINE) -> None:
    decoded = decode(syntax, stream, layout_of((19, 21), 8))
    np.testing.assert_array_equal(decoded.pixels, GREY_PIXELS)
    assert decoded.codes == list(codes)


def test_a_good_stream_has_no_deviation() -> None:
    assert_lossless(GOOD)
    assert_lossless(GOOD + b"\0")
    assert_grey(GREY)


def test_precision_below_bits_stored_and_above() -> None:
    assert_lossless(GOOD, "jpeg-precision", stored=10)
    assert_lossless(GOOD, "jpeg-precision", stored=14)


def test_whole_words_of_fewer_stored_bits_are_no_deviation() -> None:
    assert_lossless(jpeg.encode_lossless(PIXELS, 16), stored=12)


def test_wrong_precision_in_the_frame_header_that_the_samples_exceed() -> None:
    # Samples of 14 bits under a header of 12: differences are modulo 2^16 and nothing is cut off.
    pixels = picture((5, 6), 14)
    bits = jpeg.LosslessScan([pixels], 12, 1, 0).encode(0, jpeg.CATEGORIES)
    stream = jpeg.SOI + jpeg.CATEGORIES.segment(0, 0)
    stream += (
        jpeg.frame_header(jpeg.SOF3, 12, (5, 6), [(1, 1)]) + jpeg.scan_header([1], 1, 0) + bits + jpeg.EOI
    )
    decoded = decode(LOSSLESS_SV1, stream, layout_of((5, 6), 14))
    np.testing.assert_array_equal(decoded.pixels, pixels)
    assert decoded.codes == ["jpeg-precision"]


def test_extended_declared_as_baseline_and_the_reverse() -> None:
    assert_grey(jpeg.encode_sequential(FRAME, QUANTIZATION, marker=jpeg.SOF1), "jpeg-process")
    assert_grey(GREY, "jpeg-process", syntax=EXTENDED)


def test_lossless_declared_as_progressive() -> None:
    assert_lossless(GOOD, "jpeg-process", syntax=PROGRESSIVE)


def test_another_predictor_than_the_transfer_syntax_stands_for() -> None:
    assert_lossless(jpeg.encode_lossless(PIXELS, 12, 5), "jpeg-predictor")
    assert_lossless(jpeg.encode_lossless(PIXELS, 12, 5), syntax=LOSSLESS)


def test_missing_eoi() -> None:
    assert_lossless(GOOD[:-2], "jpeg-missing-eoi")
    assert_grey(GREY[:-2], "jpeg-missing-eoi")
    assert_grey(GREY[:-1], "jpeg-missing-eoi")


@pytest.mark.parametrize("padding", [b"\0\0", b"\xff", b"\xff\xff\xff\0", b"\0" * 50])
def test_padding_after_eoi(padding: bytes) -> None:
    assert_lossless(GOOD + padding, "jpeg-padding")


def test_trailing_data() -> None:
    assert_lossless(GOOD + b"another fragment", "jpeg-trailing-data")
    assert_lossless(GOOD + GOOD, "jpeg-trailing-data")


def test_fill_bytes_before_markers_and_before_eoi() -> None:
    assert_lossless(GOOD.replace(b"\xff\xc3", b"\xff\xff\xff\xc3"), "jpeg-fill-bytes")
    assert_lossless(GOOD[:-2] + b"\xff\xff\xff\xd9", "jpeg-fill-bytes")


def test_fill_bytes_before_restart_markers() -> None:
    stream = jpeg.encode_lossless(PIXELS, 12, interval=10)
    assert_lossless(re.sub(rb"\xff([\xd0-\xd7])", lambda match: b"\xff\xff" + match[0], stream))


def test_bytes_between_segments() -> None:
    assert_lossless(GOOD.replace(b"\xff\xc3", b"\0\0\xff\xc3"), "jpeg-stray-bytes")


def test_garbage_in_the_spectral_fields_of_a_sequential_scan() -> None:
    for fields in ((0, 0, 0, 0), (63, 1, 4, 9)):
        assert_grey(jpeg.encode_sequential(FRAME, QUANTIZATION, spectral=fields), "jpeg-scan-parameters")


def test_spectral_end_in_a_lossless_scan() -> None:
    header = jpeg.scan_header([1], 1, 0)
    assert_lossless(GOOD.replace(header, jpeg.scan_header([1], 1, 63, 2)), "jpeg-scan-parameters")


def test_missing_huffman_tables_are_those_of_motion_jpeg() -> None:
    imagecodecs = pytest.importorskip("imagecodecs")
    pixels = picture((40, 32, 3), 8)
    stream: bytes = imagecodecs.jpeg8_encode(pixels, level=80)
    bare = stream
    while (at := bare.find(b"\xff\xc4")) >= 0:
        length = struct.unpack(">H", bare[at + 2 : at + 4])[0]
        bare = bare[:at] + bare[at + 2 + length :]
    layout = layout_of(pixels.shape, 8, photometric="YBR_FULL_422")
    decoded = decode(BASELINE, bare, layout)
    np.testing.assert_array_equal(decoded.pixels, imagecodecs.jpeg8_decode(stream))
    assert decoded.codes == ["jpeg-missing-huffman-table"]


def without_lines(stream: bytes, lines: int | None) -> bytes:
    """Return the stream with 0 lines in the frame header and, unless None, a DNL segment."""
    at = next(i for i in range(len(stream)) if stream[i] == 0xFF and stream[i + 1] in (0xC0, 0xC3))
    stream = stream[: at + 5] + b"\0\0" + stream[at + 7 :]
    dnl = b"" if lines is None else jpeg.segment(0xDC, lines.to_bytes(2, "big"))
    return stream[:-2] + dnl + jpeg.EOI


def test_number_of_lines_in_a_dnl_segment() -> None:
    assert_lossless(without_lines(GOOD, 12), "jpeg-dnl")
    assert_grey(without_lines(GREY, 19), "jpeg-dnl")


def test_no_number_of_lines_at_all() -> None:
    assert_lossless(without_lines(GOOD, None), "jpeg-missing-dnl")


def test_restart_intervals_that_begin_inside_rows() -> None:
    for interval in (3, 7, 14):
        stream = jpeg.encode_lossless(PIXELS, 12, 4, interval=interval)
        assert_lossless(stream, "jpeg-restart-inside-row", syntax=LOSSLESS)


def test_restart_markers_out_of_sequence_and_too_many() -> None:
    stream = jpeg.encode_lossless(PIXELS, 12, interval=40)
    assert_lossless(stream.replace(b"\xff\xd1", b"\xff\xd5"), "jpeg-restart-number")
    assert_lossless(stream[:-2] + b"\xff\xd2" + jpeg.EOI, "jpeg-extra-restart")


def test_sixteen_extra_bits_after_category_16() -> None:
    pixels = np.array([[0, 0x8000, 0, 5], [9, 0x8009, 1, 2]], np.uint16)
    for predictor in (1, 7):
        stream = jpeg.encode_lossless(pixels, 16, predictor, extra_bits_of_16=True)
        decoded = decode(LOSSLESS, stream, layout_of(pixels.shape, 16))
        np.testing.assert_array_equal(decoded.pixels, pixels)
        assert decoded.codes == ["jpeg-category-16-bits"]
        pair = decode(LOSSLESS, [stream, stream], layout_of(pixels.shape, 16))
        np.testing.assert_array_equal(pair.frames, [pixels, pixels])
        assert pair.codes == ["jpeg-category-16-bits"] * 2


def test_category_16_as_seventeen_ones() -> None:
    table = jpeg.Huffman(list(range(16)), jpeg.CATEGORIES.lengths[:16])
    table.codes[16] = (0x1FFFF, 17)
    pixels = np.array([[0, 0x8000, 0, 5]], np.uint16)
    decoded = decode(LOSSLESS, jpeg.encode_lossless(pixels, 16, table=table), layout_of(pixels.shape, 16))
    np.testing.assert_array_equal(decoded.pixels, pixels)
    assert decoded.codes == ["jpeg-category-16-bits"]


def test_three_component_lossless() -> None:
    pixels = picture((6, 7, 3), 8)
    decoded = decode(LOSSLESS_SV1, jpeg.encode_lossless(pixels, 8), layout_of(pixels.shape, 8))
    np.testing.assert_array_equal(decoded.pixels, pixels)


def test_components_without_distinct_identifiers() -> None:
    pixels = picture((6, 7, 3), 8)
    decoded = decode(LOSSLESS_SV1, jpeg.encode_lossless(pixels, 8, ids=[1, 1, 1]), layout_of(pixels.shape, 8))
    np.testing.assert_array_equal(decoded.pixels, pixels)


def test_sampling_factors_of_a_single_component_mean_nothing() -> None:
    one = jpeg.frame_header(jpeg.SOF0, 8, (19, 21), [(1, 1)])
    assert_grey(GREY.replace(one, jpeg.frame_header(jpeg.SOF0, 8, (19, 21), [(2, 2)])))


def test_an_image_in_an_application_segment_is_not_the_frame() -> None:
    thumbnail = jpeg.segment(0xE1, b"Exif\0\0" + GREY)
    assert_lossless(jpeg.SOI + thumbnail + GOOD[2:])


def test_tables_and_comments_anywhere() -> None:
    header = jpeg.scan_header([1], 1, 0)
    noise = jpeg.segment(0xFE, b"comment") + jpeg.segment(0xE5, b"private") + jpeg.segment(0xF0, b"reserved")
    assert_lossless(GOOD.replace(header, noise + header))


def test_markers_without_meaning_between_segments() -> None:
    assert_lossless(GOOD.replace(b"\xff\xc3", b"\xff\xd3\xff\x01\xff\xc3"), "jpeg-stray-marker")


def test_an_mcu_of_more_than_ten_blocks() -> None:
    sampling = [(4, 2), (2, 1), (4, 2)]
    frame = jpeg.random_coefficients(np.random.default_rng(6), (35, 40), sampling, 60)
    together, apart = (
        jpeg.encode_sequential(frame, QUANTIZATION, interleaved=mixed) for mixed in (True, False)
    )
    layout = layout_of((35, 40, 3), 8)
    decoded = decode(BASELINE, together, layout, keep_components=True)
    assert decoded.codes == ["jpeg-mcu-size"]
    np.testing.assert_array_equal(
        decoded.pixels, decode(BASELINE, apart, layout, keep_components=True).pixels
    )
