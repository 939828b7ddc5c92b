"""JPEG-LS: the vectors of T.87, real objects, streams of CharLS, and what is wrong with others."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.python import dcmtk
from tests.python.jpeg_cases import Decoded, decode, layout_of, picture
from tests.python.testdata import DATA, manifest, real_data

import radpix
from radpix.errors import DecodeError, TruncatedError, UnsupportedTransferSyntaxError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

LOSSLESS = "1.2.840.10008.1.2.4.80"
NEAR_LOSSLESS = "1.2.840.10008.1.2.4.81"
LEVELS = ("scalar", "auto")


def segment(marker: int, data: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(data) + 2).to_bytes(2, "big") + data


def decode_stream(
    stream: bytes, syntax: str = NEAR_LOSSLESS, level: str = "auto", threads: int = 1
) -> Decoded:
    """Decode a codestream whose layout is taken from its frame header."""
    at = stream.index(b"\xff\xf7") + 4
    precision, samples = stream[at], stream[at + 5]
    rows, columns = (int.from_bytes(stream[at + k : at + k + 2], "big") for k in (1, 3))
    shape = (rows, columns) if samples == 1 else (rows, columns, samples)
    layout = layout_of(shape, precision)
    return decode(syntax, stream, layout, keep_components=True, level=level, num_threads=threads)


def encoded(pixels: NDArray[Any], near: int = 0) -> bytes:
    imagecodecs = pytest.importorskip("imagecodecs")
    stream: bytes = imagecodecs.jpegls_encode(np.ascontiguousarray(pixels), level=near)
    return stream


def netpbm(path: Path) -> NDArray[Any]:
    data = path.read_bytes()
    header = re.match(rb"P([56])\s+(?:#.*\n)*\s*(\d+)\s+(\d+)\s+(\d+)\s", data)
    assert header is not None
    kind, width, height, most = (int(group) for group in header.groups())
    samples = np.frombuffer(data[header.end() :], ">u2" if most > 255 else "u1").astype(int)
    return samples.reshape((height, width, 3) if kind == 6 else (height, width))


def reference(text: str) -> NDArray[Any]:
    """Return the image a vector stands for; components of lower resolution are repeated."""
    folder, _, names = text.rstrip(")").partition("(")
    if not names:
        return netpbm(DATA / text)
    planes = [netpbm(DATA / f"{folder}{name}") for name in names.split(",")]
    rows, columns = planes[0].shape
    return np.stack(
        [np.repeat(np.repeat(p, rows // p.shape[0], 0), columns // p.shape[1], 1) for p in planes], axis=-1
    )


@pytest.mark.real_data
@pytest.mark.parametrize("level", LEVELS)
def test_the_vectors_of_the_standard(level: str) -> None:
    vectors = manifest("jpegls.csv")
    assert len(vectors) == 10
    for vector in vectors:
        decoded = decode_stream((DATA / vector["codestream"]).read_bytes(), level=level)
        error = np.abs(decoded.pixels.astype(int) - reference(vector["reference"]))
        assert error.max() <= int(vector["max_abs"]), vector["codestream"]
        assert decoded.codes == []


@pytest.mark.real_data
@pytest.mark.filterwarnings("ignore::UserWarning")
@dcmtk.needs("dcmdjpls")
def test_every_real_object_is_what_dcmtk_gives(tmp_path: Path) -> None:
    """Also those that other decoders disagree on."""
    from pydicom import dcmread

    rows = [row for row in manifest("oracle_decode.csv") if row["codec"] == "JPEG-LS"]
    named = {DATA / row["path"] for row in rows if row["kind"] == "dicom"}
    compared = 0
    for path in sorted(named):
        if path.name == "JLSL_08_07_0_1F.dcm":  # refused: 8 bits in the codestream, 7 in the data set
            continue
        header = dcmread(path, stop_before_pixels=True, force=True)
        frames = np.stack(list(radpix.iter_frames(path)))
        expected = dcmtk.frames_by("dcmdjpls", path, tmp_path, frames.shape)
        dcmtk.assert_same_bits(frames, expected, header.BitsStored, path)
        compared += 1
    assert compared >= 21


@pytest.mark.real_data
@pytest.mark.filterwarnings("ignore::radpix.errors.RadpixWarning")
def test_real_objects_have_the_samples_that_independent_decoders_agree_on() -> None:
    checked = 0
    for row in manifest("oracle_decode.csv"):
        if row["codec"] != "JPEG-LS" or row["consensus"] != "agree":
            continue
        path = DATA / row["path"]
        pixels = radpix.decode(path) if row["kind"] == "dicom" else decode_stream(path.read_bytes()).pixels
        raw = pixels.astype("<i8").tobytes()
        assert hashlib.sha1(raw, usedforsecurity=False).hexdigest().startswith(row["hash"]), path
        checked += 1
    assert checked >= 20


@pytest.mark.real_data
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("fuzzy_input_golomb_16.jls", "jpegls-scan-header"),
        ("fuzzy-input-bad-run-mode-golomb-code.jls", "jpegls-scan-header"),
        ("no_start_byte_after_encoded_scan.jls", "jpegls-scan-header"),
    ],
)
def test_streams_that_broke_peers_are_refused(name: str, code: str, level: str) -> None:
    stream = real_data("team-charls+charls", "test", "data", name).read_bytes()
    with pytest.raises(DecodeError) as caught:
        decode_stream(stream, level=level)
    assert caught.value.code == code


@given(
    shape=st.tuples(st.integers(1, 24), st.integers(1, 40)),
    samples=st.sampled_from([1, 3, 4]),
    bits=st.sampled_from([8, 16]),
    near=st.sampled_from([0, 1, 3, 10]),
    content=st.sampled_from(["noise", "flat", "steps", "sparse", "smooth"]),
    seed=st.integers(0, 1000),
)
@settings(max_examples=150, deadline=None)
def test_streams_of_charls_decode_as_charls_decodes_them(
    shape: tuple[int, int], samples: int, bits: int, near: int, content: str, seed: int
) -> None:
    imagecodecs = pytest.importorskip("imagecodecs")
    full = shape if samples == 1 else (*shape, samples)
    stream = encoded(image(full, bits, content, seed), near)
    expected = imagecodecs.jpegls_decode(stream)
    for level in LEVELS:
        decoded = decode_stream(stream, level=level)
        np.testing.assert_array_equal(decoded.pixels, expected.reshape(full))
        assert decoded.codes == []


def image(shape: tuple[int, ...], bits: int, content: str, seed: int) -> NDArray[Any]:
    rng = np.random.default_rng(seed)
    most = (1 << bits) - 1
    values: dict[str, Callable[[], NDArray[Any]]] = {
        "noise": lambda: rng.integers(0, most + 1, shape),
        "flat": lambda: np.full(shape, rng.integers(0, most + 1)),
        "steps": lambda: rng.integers(0, 3, shape) * rng.integers(1, most // 3),
        "sparse": lambda: (rng.random(shape) < 0.03) * most,
        "smooth": lambda: picture(shape, bits, seed),
    }
    return values[content]().astype(np.uint8 if bits <= 8 else np.uint16)


def test_a_large_picture_is_the_same_at_every_level_and_in_any_strides() -> None:
    pixels = picture((300, 517, 3), 8)
    stream = encoded(pixels)
    for level in LEVELS:
        memory = np.full((3, 601, 517), 0x5A, np.uint8)
        out = memory[:, 600:0:-2].transpose(1, 2, 0)
        decode(LOSSLESS, stream, layout_of(pixels.shape, 8), out=out[None], level=level)
        np.testing.assert_array_equal(out, pixels)
        assert (memory[:, 1::2] == 0x5A).all()


def test_signed_samples_are_words_whose_sign_is_extended_from_bits_stored() -> None:
    stored = np.arange(-2048, 2048, 37, dtype=np.int16).reshape(3, 37)
    stream = encoded((stored & 0xFFF).astype(np.uint16))
    decoded = decode(LOSSLESS, stream, layout_of(stored.shape, 12, signed=True))
    np.testing.assert_array_equal(decoded.pixels, stored)


def test_frames_are_the_same_with_any_number_of_threads() -> None:
    pixels = picture((64, 80), 12)
    stream = encoded(pixels)
    for threads in (1, 2, 3):
        decoded = decode(LOSSLESS, [stream] * 5, layout_of(pixels.shape, 16), num_threads=threads)
        np.testing.assert_array_equal(decoded.frames, np.broadcast_to(pixels, (5, 64, 80)))


@pytest.mark.parametrize("bytes_per_entry", [1, 2])
def test_mapping_tables_and_their_continuations(bytes_per_entry: int) -> None:
    pixels = picture((9, 11), 8)
    table = np.random.default_rng(1).integers(0, 256, 256)
    entries = b"".join(int(v).to_bytes(bytes_per_entry, "big") for v in table)
    half = len(entries) // 2
    stream = encoded(pixels)
    sos = stream.index(b"\xff\xda")
    header = bytearray(stream[sos : sos + 10])
    header[6] = 7  # the table's identifier
    head = bytes([7, bytes_per_entry])
    tables = segment(0xF8, b"\x02" + head + entries[:half]) + segment(0xF8, b"\x03" + head + entries[half:])
    decoded = decode_stream(stream[:sos] + tables + bytes(header) + stream[sos + 10 :])
    np.testing.assert_array_equal(decoded.pixels, table[pixels])


@pytest.mark.parametrize("transform", [1, 2, 3])
@pytest.mark.parametrize("bits", [8, 16])
def test_hp_colour_transforms(transform: int, bits: int) -> None:
    rgb = picture((7, 12, 3), bits).astype(int)
    half, mask = 1 << (bits - 1), (1 << bits) - 1
    r, g, b = (rgb[..., c] for c in range(3))
    if transform == 1:
        planes = (r - g + half, g, b - g + half)
    elif transform == 2:
        planes = (r - g + half, g, b - ((r + g) >> 1) - half)
    else:
        v2, v3 = (b - g + half) & mask, (r - g + half) & mask
        planes = (g + ((v2 + v3) >> 2) - half // 2, v2, v3)
    coded = (np.stack(planes, -1) & mask).astype(np.uint8 if bits == 8 else np.uint16)
    stream = encoded(coded)
    stream = stream[:2] + segment(0xE8, b"mrfx" + bytes([transform])) + stream[2:]
    np.testing.assert_array_equal(decode_stream(stream).pixels, rgb)


def _with_restarts(pixels: NDArray[Any], lines: int, near: int) -> bytes:
    """Return a codestream of restart intervals (T.87 C.2.5): each is coded as an image of its own would be."""
    strips = [encoded(pixels[y : y + lines], near) for y in range(0, len(pixels), lines)]
    head = strips[0].index(b"\xff\xda")
    scan = head + 2 + int.from_bytes(strips[0][head + 2 : head + 4], "big")
    sof = strips[0].index(b"\xff\xf7")
    header = bytearray(strips[0][:scan])
    header[sof + 5 : sof + 7] = len(pixels).to_bytes(2, "big")
    header[head:head] = segment(0xDD, lines.to_bytes(2, "big"))
    data = [strip[scan:-2] for strip in strips]
    marked = [d + bytes([0xFF, 0xD0 + k % 8]) for k, d in enumerate(data[:-1])]
    return bytes(header) + b"".join(marked) + data[-1] + b"\xff\xd9"


@pytest.mark.parametrize("shape", [(50, 31), (50, 31, 3)])
@pytest.mark.parametrize("lines", [1, 7, 25, 49])
@pytest.mark.parametrize("near", [0, 2])
@pytest.mark.parametrize("threads", [1, 3])
def test_restart_intervals(shape: tuple[int, ...], lines: int, near: int, threads: int) -> None:
    imagecodecs = pytest.importorskip("imagecodecs")
    pixels = picture(shape, 8)
    stream = _with_restarts(pixels, lines, near)
    decoded = decode_stream(stream, threads=threads)
    np.testing.assert_array_equal(decoded.pixels, imagecodecs.jpegls_decode(stream))
    assert np.abs(decoded.pixels.astype(int) - pixels).max() <= near
    assert decoded.codes == []


def test_thresholds_follow_the_stream_and_not_the_data_set() -> None:
    pixels = picture((30, 40), 12)
    stream = radpix.encode_frame(pixels, transfer_syntax=LOSSLESS, bits_stored=12)
    decoded = decode(LOSSLESS, stream, layout_of(pixels.shape, 10, allocated=16))
    np.testing.assert_array_equal(decoded.pixels, pixels)
    assert decoded.codes == ["jpegls-precision"]


def test_a_precision_of_whole_words_is_not_reported() -> None:
    pixels = picture((30, 40), 12)
    decoded = decode(LOSSLESS, encoded(pixels), layout_of(pixels.shape, 12, allocated=16))
    np.testing.assert_array_equal(decoded.pixels, pixels)
    assert decoded.codes == []


PICTURE = picture((20, 30), 8)


def _change(name: str, stream: bytes) -> bytes:
    sof, sos = stream.index(b"\xff\xf7"), stream.index(b"\xff\xda")
    return {
        "jpegls-stray-bytes": stream[:sos] + b"\x01\x02" + stream[sos:],
        "jpegls-stray-marker": stream[:sos] + b"\xff\xd0" + stream[sos:],
        "jpegls-missing-eoi": stream[:-2],
        "jpegls-trailing-data": stream + b"\x01\x02",
        "jpegls-padding": stream + b"\x00\x00\x00",
        "jpegls-missing-dnl": stream[: sof + 5] + b"\x00\x00" + stream[sof + 7 :],
        "jpegls-dnl": stream[: sof + 5]
        + b"\x00\x00"
        + stream[sof + 7 : -2]
        + segment(0xDC, b"\x00\x14")
        + stream[-2:],
        "jpegls-surplus-data": stream[:-2] + b"\x00\x00\x00" + stream[-2:],
    }[name]


@pytest.mark.parametrize(
    "code",
    [
        "jpegls-stray-bytes",
        "jpegls-stray-marker",
        "jpegls-missing-eoi",
        "jpegls-trailing-data",
        "jpegls-padding",
        "jpegls-missing-dnl",
        "jpegls-dnl",
        "jpegls-surplus-data",
    ],
)
def test_a_deviation_is_reported_and_the_samples_are_right(code: str) -> None:
    layout = layout_of(PICTURE.shape, 8)
    decoded = decode(LOSSLESS, _change(code, encoded(PICTURE)), layout)
    np.testing.assert_array_equal(decoded.pixels, PICTURE)
    assert decoded.codes == [code]


def test_near_in_a_lossless_syntax_is_a_deviation() -> None:
    decoded = decode_stream(encoded(PICTURE, near=2), LOSSLESS)
    assert decoded.codes == ["jpegls-near"]
    assert np.abs(decoded.pixels.astype(int) - PICTURE).max() <= 2


@pytest.mark.parametrize(
    ("error", "code", "at", "change"),
    [
        (DecodeError, "jpegls-frame-header", "sof", (4, 17)),
        (DecodeError, "jpegls-size-mismatch", "sof", (6, 21)),
        (DecodeError, "jpegls-scan-header", "sos", (5, 9)),
        (DecodeError, "jpegls-scan-header", "sos", (8, 3)),
        (DecodeError, "jpegls-parameters", "sos", (7, 128)),
        (UnsupportedTransferSyntaxError, None, "sof", (1, 0xC3)),
    ],
)
def test_wrong_headers(error: type[Exception], code: str | None, at: str, change: tuple[int, int]) -> None:
    stream = bytearray(encoded(PICTURE))
    begin = stream.index(b"\xff\xf7" if at == "sof" else b"\xff\xda")
    stream[begin + change[0]] = change[1]
    with pytest.raises(error) as caught:
        decode(LOSSLESS, bytes(stream), layout_of(PICTURE.shape, 8))
    if code is not None:
        assert getattr(caught.value, "code", None) == code


@pytest.mark.parametrize("level", LEVELS)
def test_components_of_different_resolution_are_not_interleaved_by_sample(level: str) -> None:
    stream = bytearray(encoded(picture((20, 3000, 3), 8)))
    stream[stream.index(b"\xff\xf7") + 11] = 0x41
    with pytest.raises(DecodeError) as caught:
        decode_stream(bytes(stream), level=level)
    assert caught.value.code == "jpegls-scan-header"


@pytest.mark.parametrize("level", LEVELS)
def test_every_truncation_is_found(level: str) -> None:
    stream = encoded(PICTURE)
    for length in range(0, len(stream) - 6, 7):
        with pytest.raises(DecodeError) as caught:
            decode(LOSSLESS, stream[:length], layout_of(PICTURE.shape, 8), level=level)
        assert isinstance(caught.value, TruncatedError)


def outcome(stream: bytes, level: str) -> bytes:
    """Return the samples or the error's text."""
    try:
        return decode(LOSSLESS, stream, layout_of(PICTURE.shape, 8), level=level).pixels.tobytes()
    except (DecodeError, UnsupportedTransferSyntaxError) as error:
        return str(error).encode()


@given(place=st.floats(0, 1), value=st.integers(0, 255))
@settings(max_examples=200, deadline=None)
def test_damage_gives_an_error_or_samples_the_same_at_every_level(place: float, value: int) -> None:
    stream = bytearray(encoded(PICTURE))
    stream[int(place * (len(stream) - 1))] = value
    results = [outcome(bytes(stream), level) for level in LEVELS]
    assert results[0] == results[1]
