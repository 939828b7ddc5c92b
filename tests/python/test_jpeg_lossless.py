"""Lossless JPEG (process 14): every sample back, whatever the predictor, precision, restarts and components."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.python.jpeg_cases import LOSSLESS, LOSSLESS_SV1, decode, layout_of, picture
from tests.python.oracle import jpeg


def in_process_14(pixels: Any, precision: int, predictor: int, **how: Any) -> None:
    """Assert that a frame comes back, alone and beside another one, in 1 and 2 threads."""
    stream = jpeg.encode_lossless(pixels, precision, predictor, **how)
    transform = how.get("transform", 0)
    expected = pixels >> transform << transform
    layout = layout_of(pixels.shape, precision)
    for frames, threads in ((1, 1), (1, 2), (2, 1), (3, 2)):
        decoded = decode(LOSSLESS, [stream] * frames, layout, num_threads=threads)
        np.testing.assert_array_equal(decoded.frames, np.broadcast_to(expected, decoded.frames.shape))


@pytest.mark.parametrize("precision", range(2, 17))
@pytest.mark.parametrize("predictor", range(1, 8))
def test_every_predictor_and_precision(predictor: int, precision: int) -> None:
    for components, transform in itertools.product((1, 3), (0, 1)):
        shape = (5, 13) if components == 1 else (4, 7, components)
        pixels = picture(shape, precision, seed=predictor)
        in_process_14(pixels, precision, predictor, transform=transform)


@pytest.mark.parametrize("components", [1, 3])
@pytest.mark.parametrize("predictor", range(1, 8))
def test_predictors_precisions_restarts_and_point_transforms_crossed(predictor: int, components: int) -> None:
    """The writer of these streams is ours; libjpeg-turbo confirms what they say."""
    imagecodecs = pytest.importorskip("imagecodecs")
    colour = {} if components == 1 else {"colorspace": "RGB", "outcolorspace": "RGB"}
    shape = (4, 7) if components == 1 else (4, 7, components)
    for precision in range(2, 17):
        pixels = picture(shape, precision, seed=predictor)
        transforms = {0, 1, precision // 2, precision - 1}
        for transform, rows in itertools.product(sorted(transforms), (0, 1, 2)):
            how: dict[str, Any] = {"interval": 7 * rows, "transform": transform}
            stream = jpeg.encode_lossless(pixels, precision, predictor, **how)
            expected = pixels >> transform << transform
            np.testing.assert_array_equal(imagecodecs.jpeg8_decode(stream, **colour), expected)
            in_process_14(pixels, precision, predictor, **how)


@pytest.mark.parametrize("interval", [1, 4, 9, 18, 27, 60])
@pytest.mark.parametrize("components", [1, 2, 3, 4])
def test_restart_intervals_of_rows_and_of_parts_of_rows(components: int, interval: int) -> None:
    pixels = picture((6, 9) if components == 1 else (6, 9, components), 12, seed=interval)
    for predictor, interleaved in itertools.product((1, 4, 7), (True, False)):
        in_process_14(pixels, 12, predictor, interval=interval, interleaved=interleaved)


def test_noise_of_16_bits_uses_every_category() -> None:
    pixels = np.random.default_rng(1).integers(0, 1 << 16, (40, 50)).astype(np.uint16)
    pixels[3, 4:6] = 0, 0x8000  # category 16
    for predictor in range(1, 8):
        in_process_14(pixels, 16, predictor)


@pytest.mark.parametrize("lengths", [[5] * 17, [9] * 17, [13] * 17, [16] * 17])
def test_codes_of_any_length(lengths: list[int]) -> None:
    table = jpeg.Huffman(list(range(17)), lengths)
    in_process_14(picture((9, 70), 14), 14, 7, table=table)
    in_process_14(picture((9, 30, 3), 14), 14, 7, table=table)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (3, 129), (2, 257)])
def test_odd_sizes(shape: tuple[int, int]) -> None:
    for predictor in range(1, 8):
        in_process_14(picture(shape, 10), 10, predictor)


def test_signed_samples_are_words_whose_sign_is_extended() -> None:
    stored = np.arange(-2048, 2048, 37, dtype=np.int16).reshape(3, 37)
    coded = (stored & 0xFFF).astype(np.uint16)
    stream = jpeg.encode_lossless(coded, 12, 1)
    decoded = decode(LOSSLESS_SV1, stream, layout_of(stored.shape, 12, signed=True))
    np.testing.assert_array_equal(decoded.pixels, stored)
    assert decoded.codes == []


def test_8_bit_data_in_16_bit_allocation() -> None:
    pixels = picture((7, 8), 8).astype(np.uint16)
    decoded = decode(LOSSLESS_SV1, jpeg.encode_lossless(pixels, 8), layout_of((7, 8), 8, allocated=16))
    np.testing.assert_array_equal(decoded.pixels, pixels)


def test_subsampled_components_are_repeated_to_full_resolution() -> None:
    # T.81 A.2.3: an MCU holds the samples of component 0 first, then one of the others
    y, cb, cr = (np.array(rows) for rows in ([[10, 20, 30, 40]], [[50, 60]], [[70, 80]]))
    bits = jpeg.Bits()
    previous = {0: 128, 1: 128, 2: 128}
    for mcu in range(2):
        for c, value in ((0, y[0, 2 * mcu]), (0, y[0, 2 * mcu + 1]), (1, cb[0, mcu]), (2, cr[0, mcu])):
            difference = int(value) - previous[c]
            category = jpeg.category_of(difference)
            jpeg.CATEGORIES.put(bits, category)
            jpeg.put_value(bits, difference, category)
            previous[c] = int(value)
    stream = jpeg.SOI + jpeg.CATEGORIES.segment(0, 0)
    stream += jpeg.frame_header(jpeg.SOF3, 8, (1, 4), [(2, 1), (1, 1), (1, 1)])
    stream += jpeg.scan_header([1, 2, 3], 1, 0) + bits.finish() + jpeg.EOI
    decoded = decode(
        LOSSLESS, stream, layout_of((1, 4, 3), 8, photometric="YBR_FULL_422"), keep_components=True
    )
    np.testing.assert_array_equal(decoded.pixels[0].T, [y[0], np.repeat(cb[0], 2), np.repeat(cr[0], 2)])


@given(
    steps=st.tuples(*[st.sampled_from([1, 2, -1, -2])] * 3),
    order=st.permutations(range(3)),
    precision=st.sampled_from([8, 12]),
)
@settings(max_examples=25, deadline=None)
def test_outputs_of_any_strides(steps: tuple[int, ...], order: list[int], precision: int) -> None:
    pixels = picture((6, 5, 3), precision)
    shape = [pixels.shape[axis] * abs(steps[axis]) + 2 for axis in order]
    memory = np.full(shape, 0x5A, pixels.dtype)
    cuts = [
        slice(1, 1 + n * step, step) if step > 0 else slice(-step * n, 0, step)
        for n, step in zip(pixels.shape, steps, strict=True)
    ]
    out = memory.transpose(np.argsort(order))[tuple(cuts)]
    stream = jpeg.encode_lossless(pixels, precision, 4)
    decode(LOSSLESS, stream, layout_of(pixels.shape, precision), out=out[None])
    np.testing.assert_array_equal(out, pixels)
    out[:] = 0x5A
    assert (memory == 0x5A).all()


@pytest.mark.parametrize("precision", [8, 12, 16])
def test_frames_of_the_peers_encoder(precision: int) -> None:
    imagecodecs = pytest.importorskip("imagecodecs")
    pixels = picture((61, 83), precision)
    for predictor in range(1, 8):
        stream = imagecodecs.jpeg8_encode(pixels, lossless=True, predictor=predictor, bitspersample=precision)
        other = imagecodecs.jpeg8_encode(
            pixels[::-1].copy(), lossless=True, predictor=predictor, bitspersample=precision
        )
        layout = layout_of(pixels.shape, precision)
        decoded = decode(LOSSLESS, [stream, other, stream], layout)
        np.testing.assert_array_equal(decoded.frames, [pixels, pixels[::-1], pixels])
