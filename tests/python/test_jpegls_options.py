"""JPEG-LS: every option of a codestream, written by a plain encoder from the text of T.87."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.python.jpeg_cases import Decoded, decode, layout_of, picture
from tests.python.oracle import jpegls as oracle
from tests.python.oracle.jpegls import BY_LINE, BY_SAMPLE, NONE, Options
from tests.python.test_jpegls import LEVELS, LOSSLESS, NEAR_LOSSLESS, decode_stream, image
from tests.python.testdata import DATA, manifest

import radpix
from radpix.errors import DecodeError, TruncatedError

MONOCHROME = picture((23, 19), 8)
COLOUR = picture((17, 21, 3), 8)


def check(pixels: Any, options: Options, stored: int = 0, codes: tuple[str, ...] = ()) -> bytes:
    """Assert that a stream decodes to what its encoder says, at every level and with threads; return it."""
    stream, expected = oracle.encode(pixels, options)
    layout = layout_of(pixels.shape, stored or options.precision)
    for level in LEVELS:
        for threads in (1, 3):
            decoded = decode(
                NEAR_LOSSLESS, stream, layout, keep_components=True, level=level, num_threads=threads
            )
            np.testing.assert_array_equal(decoded.pixels, expected)
            assert tuple(decoded.codes) == codes
    return stream


def check_with_charls(pixels: Any, options: Options) -> None:
    """The same, and CharLS decodes it so as well: which vouches for the encoder."""
    imagecodecs = pytest.importorskip("imagecodecs")
    stream = check(pixels, options)
    expected = oracle.encode(pixels, options)[1]
    np.testing.assert_array_equal(imagecodecs.jpegls_decode(stream).reshape(pixels.shape), expected)


@given(
    shape=st.tuples(st.integers(1, 14), st.integers(1, 18)),
    samples=st.sampled_from([1, 3, 4]),  # CharLS has no two
    bits=st.integers(2, 16),
    near=st.sampled_from([0, 0, 1, 3, 9]),
    interleave=st.sampled_from([NONE, BY_LINE, BY_SAMPLE]),
    content=st.sampled_from(["noise", "flat", "sparse", "smooth"]),
    seed=st.integers(0, 99),
)
@settings(max_examples=150, deadline=None)
def test_streams_of_the_plain_encoder_are_decoded_by_radpix_and_charls(
    shape: tuple[int, int],
    samples: int,
    bits: int,
    near: int,
    interleave: int,
    content: str,
    seed: int,
) -> None:
    full = shape if samples == 1 else (*shape, samples)
    near = min(near, ((1 << bits) - 1) // 2)
    check_with_charls(image(full, bits, content, seed), Options(bits, near, interleave))


@pytest.mark.parametrize("near", [0, 1, 3])
@pytest.mark.parametrize("bits", [2, 5, 8, 12, 16])
@pytest.mark.parametrize("shape", [(23, 19), (9, 12, 3)])
@pytest.mark.parametrize("content", ["smooth", "sparse"])
def test_maxval_other_than_all_ones(bits: int, near: int, shape: tuple[int, ...], content: str) -> None:
    """CharLS does not read such streams right: it reduces errors modulo 2^P and not RANGE (A.4.5)."""
    most = max(2, round(0.7 * (1 << bits)))
    near = min(near, most // 2)
    pixels = np.minimum(image(shape, bits, "flat" if bits == 2 else content, 3), most)
    check(pixels, Options(bits, near, BY_SAMPLE, preset=(most, 0, 0, 0, 0)))


@pytest.mark.parametrize("preset", [(0, 5, 9, 30, 0), (255, 4, 4, 4, 3), (0, 0, 0, 0, 255), (0, 0, 12, 0, 0)])
@pytest.mark.parametrize("near", [0, 2])
def test_preset_thresholds_and_reset(preset: tuple[int, int, int, int, int], near: int) -> None:
    check_with_charls(picture((40, 60), 8), Options(near=near, preset=preset))


@pytest.mark.parametrize("reset", [254, 255, 256, 60000])
@pytest.mark.parametrize("near", [0, 2])
def test_a_reset_that_lets_a_grow_large(reset: int, near: int) -> None:
    """From 256 on, A is no longer exact as float32, which the vector update needs."""
    pixels = image((70, 70), 16, "noise", 5)
    check(pixels, Options(16, near, preset=(0, 0, 0, 0, reset)))


@pytest.mark.parametrize("interleave", [NONE, BY_LINE, BY_SAMPLE])
@pytest.mark.parametrize("lines", [1, 3, 16])
@pytest.mark.parametrize("size", [2, 3, 4])
def test_restart_intervals_of_any_interleaving(interleave: int, lines: int, size: int) -> None:
    check_with_charls(COLOUR, Options(interleave=interleave, restart_lines=lines, restart_bytes=size))


def test_components_interleaved_by_line_have_run_indices_of_their_own() -> None:
    pixels = np.zeros((6, 400, 3), np.uint8)
    pixels[:, ::7, 1] = 200
    pixels[::2, ::50, 2] = 9
    check_with_charls(pixels, Options(interleave=BY_LINE))


@pytest.mark.parametrize("pixels", [MONOCHROME, COLOUR], ids=["monochrome", "colour"])
@pytest.mark.parametrize("interleave", [NONE, BY_LINE, BY_SAMPLE])
@pytest.mark.parametrize("shift", [1, 4])
def test_point_transform(pixels: Any, interleave: int, shift: int) -> None:
    check(pixels, Options(interleave=interleave, point_transform=shift))


def test_point_transform_with_near() -> None:
    pixels = np.minimum(MONOCHROME, 220)
    stream = check(pixels, Options(near=2, point_transform=2))
    error = decode_stream(stream).pixels.astype(int) - (pixels >> 2 << 2)
    assert np.abs(error).max() <= 2 << 2


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("shape", [(30, 40), (12, 12, 3)])
def test_white_stays_white_where_near_and_the_point_transform_lift_it(
    shape: tuple[int, ...], level: str
) -> None:
    """A shifted sample that NEAR has lifted beyond 8 bits would turn black."""
    pixels = np.random.default_rng(4).integers(190, 256, shape).astype(np.uint8)
    stream, expected = oracle.encode(pixels, Options(near=3, point_transform=2, interleave=BY_SAMPLE))
    assert expected.max() > 255
    np.testing.assert_array_equal(decode_stream(stream, level=level).pixels, np.minimum(expected, 255))


@pytest.mark.parametrize("size", [2, 3, 4])
@pytest.mark.parametrize("pixels", [MONOCHROME, COLOUR], ids=["monochrome", "colour"])
def test_an_oversize_image_dimension(size: int, pixels: Any) -> None:
    check_with_charls(pixels, Options(oversize_bytes=size, interleave=BY_SAMPLE))


TABLES = tuple(tuple(int(v) for v in np.random.default_rng(seed).integers(0, 256, 256)) for seed in range(3))


@pytest.mark.parametrize("interleave", [NONE, BY_LINE, BY_SAMPLE])
def test_mapping_tables_of_each_component(interleave: int) -> None:
    check(COLOUR, Options(interleave=interleave, tables=TABLES))


def test_a_mapping_table_of_words_and_its_continuation() -> None:
    table = tuple(int(v) for v in np.random.default_rng(2).integers(0, 65536, 40000))
    pixels = np.minimum(picture((20, 30), 16), 39999)
    check(pixels, Options(16, tables=(table,), table_bytes=2))


def test_the_entries_of_a_mapping_table_and_not_its_indices_fill_the_words() -> None:
    check(MONOCHROME, Options(8, tables=(tuple(range(0, 65536, 256)),), table_bytes=2), stored=16)


def test_entries_of_a_mapping_table_beyond_bits_allocated_are_refused() -> None:
    stream, _ = oracle.encode(MONOCHROME, Options(tables=(tuple(range(1, 257)),), table_bytes=2))
    with pytest.raises(DecodeError) as caught:
        decode_stream(stream)
    assert caught.value.code == "jpegls-precision"


@pytest.mark.parametrize("transform", [1, 2, 3])
@pytest.mark.parametrize("interleave", [BY_LINE, BY_SAMPLE])
def test_hp_colour_transforms_are_undone_as_charls_does(transform: int, interleave: int) -> None:
    imagecodecs = pytest.importorskip("imagecodecs")
    stream, _ = oracle.encode(COLOUR, Options(interleave=interleave, hp_transform=transform))
    np.testing.assert_array_equal(decode_stream(stream).pixels, imagecodecs.jpegls_decode(stream))


def test_signed_samples_below_their_word() -> None:
    stored = image((30, 40), 12, "smooth", 1).astype(np.int16) - 2048
    stream, _ = oracle.encode(stored & 0xFFF, Options(12))
    decoded = decode(LOSSLESS, stream, layout_of(stored.shape, 12, signed=True))
    np.testing.assert_array_equal(decoded.pixels, stored)


@pytest.mark.parametrize(
    ("trailing", "codes"), [(b"\0", ()), (b"\0\0\0", ("jpegls-padding",)), (b"\xff", ("jpegls-padding",))]
)
def test_padding_behind_the_end(trailing: bytes, codes: tuple[str, ...]) -> None:
    check(MONOCHROME, Options(trailing=trailing), codes=codes)


def _of_jai(bits: int, near: int = 0) -> Options:
    """Return JAI-ImageIO's way: thresholds of more than 12 bits from MAXVAL, where the standard takes 4095."""
    thresholds = oracle.default_thresholds((1 << bits) - 1, near, clamp=1 << 16)
    return Options(bits, near, silent_preset=(0, *thresholds, 0))


def _decoded(stream: bytes, pixels: Any, bits: int, level: str) -> Decoded:
    return decode(NEAR_LOSSLESS, stream, layout_of(pixels.shape, bits), level=level)


@pytest.mark.parametrize("bits", [13, 14, 16])
@pytest.mark.parametrize("near", [0, 2])
@pytest.mark.parametrize("content", ["noise", "smooth"])
@pytest.mark.parametrize("level", LEVELS)
def test_streams_with_the_thresholds_of_jai_imageio(bits: int, near: int, content: str, level: str) -> None:
    pixels = image((40, 50), bits, content, 2)
    stream, expected = oracle.encode(pixels, _of_jai(bits, near))
    decoded = _decoded(stream, pixels, bits, level)
    np.testing.assert_array_equal(decoded.pixels, expected)
    assert decoded.codes == ["jpegls-jai-thresholds"]


@pytest.mark.parametrize("level", LEVELS)
def test_what_is_wrong_otherwise_is_told_as_with_the_thresholds_of_the_standard(level: str) -> None:
    pixels = image((40, 50), 16, "noise", 2)
    right, expected = oracle.encode(pixels, Options(16))
    surplus = _decoded(right[:-2] + b"\0\0\0\xff\xd9", pixels, 16, level)
    np.testing.assert_array_equal(surplus.pixels, expected)
    assert surplus.codes == ["jpegls-surplus-data"]
    with pytest.raises(TruncatedError):
        _decoded(right[:-60], pixels, 16, level)
    wrong, _ = oracle.encode(pixels, _of_jai(16))
    with pytest.raises(DecodeError):
        _decoded(wrong[:-60], pixels, 16, level)


@pytest.mark.real_data
@pytest.mark.filterwarnings("ignore::radpix.errors.RadpixWarning")
@pytest.mark.parametrize("near", [0, 2])
def test_real_images_take_no_more_bytes_than_with_charls(near: int) -> None:
    imagecodecs = pytest.importorskip("imagecodecs")
    checked = 0
    for row in manifest("oracle_decode.csv"):
        if row["consensus"] != "agree" or row["kind"] != "dicom" or row["frames"] not in ("", "1"):
            continue
        pixels = radpix.decode(DATA / row["path"])
        if pixels.dtype not in (np.uint8, np.uint16) or not 10_000 < pixels.size < 1_000_000:
            continue
        stream = radpix.encode_frame(pixels, transfer_syntax=NEAR_LOSSLESS, near=near)
        peer = imagecodecs.jpegls_encode(pixels, level=near)
        assert len(stream) <= 1.001 * len(peer), row["path"]
        np.testing.assert_array_equal(imagecodecs.jpegls_decode(stream), imagecodecs.jpegls_decode(peer))
        checked += 1
    assert checked >= 20
