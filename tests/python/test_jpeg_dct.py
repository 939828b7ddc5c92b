"""DCT-based JPEG: bit for bit what libjpeg-turbo gives ("islow", smooth upsampling), 8 and 12 bits."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from tests.python.jpeg_cases import BASELINE, EXTENDED, LEVELS, PROGRESSIVE, decode, layout_of, picture
from tests.python.oracle import jpeg

SIZES = [(1, 1), (2, 3), (3, 2), (8, 8), (17, 23), (33, 16), (16, 33), (3, 100), (70, 51)]
QUALITIES = (1, 50, 90, 100)
SAMPLINGS = ("444", "422", "420", "411", "440")
QUANTIZATION = [int(v) for v in (3 + np.add.outer(np.arange(8), np.arange(8))).reshape(64)]


def assert_like_turbo(syntax: str, stream: bytes, precision: int, *, colour: bool) -> None:
    """Compare RGB and components, at each CPU level, in 1 and 2 threads."""
    imagecodecs = pytest.importorskip("imagecodecs")
    expected = imagecodecs.jpeg8_decode(stream)
    layout = layout_of(expected.shape, precision, photometric="YBR_FULL_422" if colour else None)
    for level in LEVELS:
        for threads in (1, 2):
            decoded = decode(syntax, stream, layout, level=level, num_threads=threads)
            np.testing.assert_array_equal(decoded.pixels, expected)
            assert decoded.codes == []
        if colour and precision == 8:
            components = imagecodecs.jpeg8_decode(stream, outcolorspace="YCBCR")
            kept = decode(syntax, stream, layout, level=level, keep_components=True)
            np.testing.assert_array_equal(kept.pixels, components)


@pytest.mark.parametrize("precision", [8, 12])
@pytest.mark.parametrize("size", SIZES)
def test_grey_like_turbo(size: tuple[int, int], precision: int) -> None:
    imagecodecs = pytest.importorskip("imagecodecs")
    for quality in QUALITIES:
        stream = imagecodecs.jpeg8_encode(picture(size, precision), level=quality, bitspersample=precision)
        assert_like_turbo(BASELINE if precision == 8 else EXTENDED, stream, precision, colour=False)


@pytest.mark.parametrize("precision", [8, 12])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_colour_like_turbo(sampling: str, size: tuple[int, int], precision: int) -> None:
    imagecodecs = pytest.importorskip("imagecodecs")
    for quality in QUALITIES:
        stream = imagecodecs.jpeg8_encode(
            picture((*size, 3), precision), level=quality, bitspersample=precision, subsampling=sampling
        )
        assert_like_turbo(BASELINE if precision == 8 else EXTENDED, stream, precision, colour=True)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_progressive_and_restarted_like_turbo(size: tuple[int, int], subsampling: int) -> None:
    image = pytest.importorskip("PIL.Image")
    for quality in QUALITIES:
        for how in ({"progressive": True}, {"restart_marker_blocks": 3}, {"restart_marker_rows": 1}):
            file = io.BytesIO()
            options = {"quality": quality, "subsampling": subsampling, **how}
            image.fromarray(picture((*size, 3), 8)).save(file, "JPEG", **options)
            syntax = PROGRESSIVE if "progressive" in how else BASELINE
            assert_like_turbo(syntax, file.getvalue(), 8, colour=True)
    file = io.BytesIO()
    image.fromarray(picture(size, 8)).save(file, "JPEG", quality=80, progressive=True)
    assert_like_turbo(PROGRESSIVE, file.getvalue(), 8, colour=False)


def stream_of(
    sampling: list[tuple[int, int]], size: tuple[int, int], **how: Any
) -> tuple[bytes, jpeg.Coefficients]:
    rng = np.random.default_rng(5)
    precision = how.get("precision", 8)
    frame = jpeg.random_coefficients(rng, size, sampling, 40 if precision == 8 else 600)
    return jpeg.encode_sequential(frame, QUANTIZATION, **how), frame


ANY_SAMPLING = [
    [(1, 1), (1, 2), (3, 1), (1, 4)],  # T.83's
    [(2, 1), (1, 1), (2, 1)],
    [(2, 2), (2, 1), (1, 2)],
    [(4, 2), (1, 1), (1, 1)],
    [(1, 4), (1, 2), (1, 1)],
    [(4, 1), (2, 1), (2, 1)],
    [(1, 1), (2, 2), (2, 2)],
]


@pytest.mark.parametrize("sampling", ANY_SAMPLING)
@pytest.mark.parametrize("size", [(1, 1), (13, 29), (40, 35)])
def test_any_whole_sampling_ratio_like_turbo(sampling: list[tuple[int, int]], size: tuple[int, int]) -> None:
    imagecodecs = pytest.importorskip("imagecodecs")
    for interleaved in (True, False):
        for interval in (0, 2):
            how = {"interval": interval, "interleaved": interleaved, "extra": jpeg.app14(0)}
            stream, _ = stream_of(sampling, size, **how)
            expected = imagecodecs.jpeg8_decode(stream)
            if expected.shape[2] == 4:  # libjpeg takes Adobe's four components as inverted CMYK, unchanged
                assert expected.shape == (*size, 4)
            for level in LEVELS:
                layout = layout_of(expected.shape, 8)
                decoded = decode(BASELINE, stream, layout, level=level, num_threads=2)
                np.testing.assert_array_equal(decoded.pixels, expected)


@pytest.mark.parametrize(
    "sampling", [[(3, 1), (2, 1), (1, 1)], [(3, 3), (2, 2), (1, 3)], [(4, 4), (3, 1), (2, 3)]]
)
@pytest.mark.parametrize("precision", [8, 12])
def test_fractional_sampling_ratios_take_the_sample_below(
    sampling: list[tuple[int, int]], precision: int
) -> None:
    size = (29, 31)
    marker = jpeg.SOF0 if precision == 8 else jpeg.SOF1
    stream, frame = stream_of(sampling, size, precision=precision, marker=marker)
    layout = layout_of((*size, 3), precision, photometric="YBR_FULL")
    decoded = decode(BASELINE if precision == 8 else EXTENDED, stream, layout, keep_components=True)
    most_h, most_v = frame.most
    for c, plane in enumerate(jpeg.inverse_dct(frame, QUANTIZATION, precision)):
        h, v = sampling[c]
        if 2 * h == most_h and v in (most_v, most_v // 2):
            continue
        rows = np.arange(size[0]) * v // most_v
        columns = np.arange(size[1]) * h // most_h
        assert np.abs(decoded.pixels[..., c] - plane[np.ix_(rows, columns)]).max() <= 1


@pytest.mark.parametrize("precision", [8, 12])
@pytest.mark.parametrize("length", [8, 12, 16])
def test_within_one_of_the_double_precision_transform(precision: int, length: int) -> None:
    symbols = list(jpeg.RUNS.symbols)
    tables = (jpeg.DC_CATEGORIES, jpeg.fixed_length(symbols, length))
    marker = jpeg.SOF0 if precision == 8 else jpeg.SOF1
    stream, frame = stream_of([(1, 1)], (37, 43), precision=precision, marker=marker, tables=tables)
    expected = jpeg.inverse_dct(frame, QUANTIZATION, precision)[0]
    for level in LEVELS:
        syntax = BASELINE if precision == 8 else EXTENDED
        decoded = decode(syntax, stream, layout_of((37, 43), precision), level=level)
        assert np.abs(decoded.pixels - expected).max() <= 1


def test_coefficients_of_no_image_give_the_same_bits_at_every_level() -> None:
    rng = np.random.default_rng(9)
    for precision in (8, 12):
        frame = jpeg.Coefficients((64, 64), [(1, 1)], [rng.integers(-16000, 16000, (8, 8, 8, 8))])
        table = [int(v) for v in rng.integers(1, 65536, 64)]
        stream = jpeg.encode_sequential(frame, table, precision=precision, marker=jpeg.SOF1)
        layout = layout_of((64, 64), precision)
        first, second = (decode(EXTENDED, stream, layout, level=level).pixels for level in LEVELS)
        np.testing.assert_array_equal(first, second)


def test_blocks_of_a_dc_coefficient_alone_are_flat_as_the_transform_makes_them() -> None:
    imagecodecs = pytest.importorskip("imagecodecs")
    for precision, most in ((8, 1 << 10), (12, 1 << 14)):
        values = np.zeros((16, 16, 8, 8), np.int64)
        values[..., 0, 0] = np.linspace(-most, most, 256).reshape(16, 16)
        frame = jpeg.Coefficients((128, 128), [(1, 1)], [values])
        stream = jpeg.encode_sequential(frame, [1] * 64, precision=precision, marker=jpeg.SOF1)
        decoded = decode(EXTENDED, stream, layout_of((128, 128), precision))
        np.testing.assert_array_equal(decoded.pixels, imagecodecs.jpeg8_decode(stream))


def test_two_threads_and_a_frame_of_one_interval_a_row() -> None:
    stream, _ = stream_of([(2, 2), (1, 1), (1, 1)], (90, 70), interval=5)
    layout = layout_of((90, 70, 3), 8, photometric="YBR_FULL_422")
    one, two, three = (decode(BASELINE, stream, layout, num_threads=n).pixels for n in (1, 2, 3))
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(one, three)
