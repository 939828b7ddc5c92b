"""JPEG XL through imagecodecs: exact where lossless, headers read before decoding, damage as errors of any codec."""

from __future__ import annotations

import contextlib
import io
import struct
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.python import objects

import radpix
from radpix._frames import jpeg_xl as _jpeg_xl

imagecodecs = pytest.importorskip("imagecodecs")
if not _jpeg_xl.available():
    pytest.skip("imagecodecs is built without libjxl", allow_module_level=True)

LOSSLESS, RECOMPRESSED, ANY = (f"1.2.840.10008.1.2.4.{number}" for number in (110, 111, 112))


def encoded(pixels: Any, bits: int = 8, **options: Any) -> bytes:
    options = {"lossless": True, "bitspersample": bits, **options}
    return bytes(imagecodecs.jpegxl_encode(pixels, **options))


def object_of(
    streams: list[bytes], shape: tuple[int, ...], *, syntax: str = LOSSLESS, **described: Any
) -> bytes:
    samples = shape[2] if len(shape) == 3 else 1
    dataset = objects.header(
        rows=shape[0], columns=shape[1], samples=samples, frames=len(streams), syntax=syntax, **described
    )
    return objects.part10(dataset, objects.encapsulate([s + bytes(len(s) & 1) for s in streams]))


@pytest.mark.parametrize("container", [False, True])
@pytest.mark.parametrize(
    ("shape", "bits"),
    [((33, 47), 8), ((33, 47), 12), ((20, 64), 16), ((33, 47, 3), 8), ((5, 6, 3), 16), ((1, 1), 8)],
)
def test_lossless_frames_are_exact(shape: tuple[int, ...], bits: int, container: bool) -> None:
    allocated = 8 if bits <= 8 else 16
    frames = objects.noise((3, *shape), f"uint{allocated}", stored=bits)
    streams = [encoded(frame, bits, usecontainer=container) for frame in frames]
    source = object_of(streams, shape, bits=allocated, stored=bits)
    decoded = radpix.decode(source, num_threads=2)
    assert decoded.dtype == frames.dtype
    np.testing.assert_array_equal(decoded, frames)
    np.testing.assert_array_equal(np.stack(list(radpix.iter_frames(source))), frames)
    np.testing.assert_array_equal(radpix.decode(source, index=-1), frames[-1])


def test_lossy_colour_is_rgb_and_displayed() -> None:
    frame = np.repeat(np.arange(240, dtype=np.uint8).reshape(12, 20, 1), 3, axis=2)
    stream = encoded(frame, lossless=False, distance=1.0)
    source = object_of([stream], frame.shape, bits=8, syntax=ANY, photometric="XYB")
    decoded = radpix.decode(source)
    np.testing.assert_array_equal(decoded, imagecodecs.jpegxl_decode(stream))
    assert np.abs(decoded.astype(int) - frame).max() < 24
    np.testing.assert_array_equal(radpix.display(source), decoded)


def test_a_recompressed_jpeg_is_what_libjxl_makes_of_it() -> None:
    image = pytest.importorskip("PIL.Image")
    frame = objects.noise((16, 24, 3), "uint8")
    buffer = io.BytesIO()
    image.fromarray(frame).save(buffer, "jpeg", quality=95)
    stream = bytes(imagecodecs.jpegxl_encode_jpeg(buffer.getvalue()))
    source = object_of([stream], frame.shape, bits=8, syntax=RECOMPRESSED, photometric="YBR_FULL_422")
    decoded = radpix.decode(source)
    np.testing.assert_array_equal(decoded, imagecodecs.jpegxl_decode(stream))


@given(st.integers(1, 200), st.integers(1, 200), st.sampled_from([8, 9, 10, 12, 16]), st.booleans())
@settings(max_examples=60, deadline=None)
def test_the_header_is_that_of_the_image(rows: int, columns: int, bits: int, square: bool) -> None:
    columns = rows if square else columns
    pixels = np.zeros((rows, columns), np.uint8 if bits == 8 else np.uint16)
    assert _jpeg_xl._header_of(encoded(pixels, bits, effort=1)) == (rows, columns, bits, 0)


@pytest.mark.parametrize(
    "shape", [(8, 8), (256, 256), (40, 30), (300, 400), (900, 1600), (1, 3000), (8200, 2)]
)
def test_headers_of_every_kind_of_size(shape: tuple[int, int]) -> None:
    assert _jpeg_xl._header_of(encoded(np.zeros(shape, np.uint8), effort=1))[:2] == shape


FRAME = objects.noise((24, 31), "uint8")
STREAM = encoded(FRAME)


def failure(stream: bytes, **changes: Any) -> radpix.DecodeError:
    described = {"bits": 8, **changes}
    source = object_of([STREAM, stream], described.pop("shape", FRAME.shape), **described)
    with pytest.raises(radpix.DecodeError) as caught:
        radpix.decode(source, index=1)
    assert caught.value.frame == 1
    assert caught.value.transfer_syntax == LOSSLESS
    return caught.value


@pytest.mark.parametrize(
    ("stream", "changes", "code"),
    [
        (b"\xff\xd8\xff\xe0", {}, "jpegxl-header"),
        (encoded(FRAME[:20]), {}, "jpegxl-size-mismatch"),
        (STREAM, {"shape": (31, 24)}, "jpegxl-size-mismatch"),
        (STREAM, {"shape": (24, 31, 3)}, "jpegxl-size-mismatch"),
        (encoded(np.stack([FRAME] * 3, axis=-1)), {}, "jpegxl-size-mismatch"),
        (encoded(np.stack([FRAME] * 2, axis=-1)), {}, "jpegxl-size-mismatch"),
        (encoded(FRAME.astype(np.uint16), 12), {}, "jpegxl-precision"),
        (encoded(FRAME.astype(np.uint16), 16), {"bits": 16, "stored": 12}, "jpegxl-precision"),
        (STREAM, {"signed": True}, "jpegxl-precision"),
        (STREAM, {"bits": 32}, "jpegxl-precision"),
        (encoded(FRAME.astype(np.float32) / 255, 32), {"bits": 16}, "jpegxl-header"),
        (encoded(np.stack([FRAME] * 2), photometric="gray"), {}, "jpegxl-header"),
    ],
)
def test_streams_that_contradict_the_data_set_are_refused(
    stream: bytes, changes: dict[str, Any], code: str
) -> None:
    assert failure(stream, **changes).code == code


@pytest.mark.parametrize("container", [False, True])
def test_streams_that_are_cut_off_are_truncated(container: bool) -> None:
    stream = encoded(FRAME, usecontainer=container)
    for cut in {*range(14, 90, 4), len(stream) // 2, len(stream) - 16}:
        error = failure(stream[:cut])
        assert isinstance(error, radpix.TruncatedError) or error.code == "jpegxl-decoder", cut
    assert isinstance(failure(stream[: len(stream) // 2]), radpix.TruncatedError)


@given(st.lists(st.tuples(st.integers(0, len(STREAM) - 1), st.integers(0, 255)), min_size=1, max_size=8))
@settings(max_examples=100, deadline=None)
def test_damage_gives_pixels_or_an_error(changes: list[tuple[int, int]]) -> None:
    data = bytearray(STREAM)
    for place, value in changes:
        data[place] = value
    with contextlib.suppress(radpix.DecodeError):
        assert radpix.decode(object_of([bytes(data)], FRAME.shape, bits=8)).shape == FRAME.shape


def test_a_size_that_is_claimed_allocates_nothing() -> None:
    # div8 0, height 1 + (2^30 - 1) by the fourth way, and so the width
    huge = b"\xff\x0a" + (0b110 | ((1 << 30) - 1) << 3 | 0b11 << 36 | ((1 << 30) - 1) << 38).to_bytes(
        10, "little"
    )
    assert failure(huge).code == "jpegxl-size-mismatch"


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def in_parts(stream: bytes, cuts: tuple[int, ...]) -> bytes:
    """Return a container with a codestream that is cut at these places (ISO/IEC 18181-2, box jxlp)."""
    bounds = [0, *cuts, len(stream)]
    boxes = [box(b"JXL ", b"\r\n\x87\n"), box(b"ftyp", b"jxl \0\0\0\0jxl ")]
    for number, (first, last) in enumerate(pairwise(bounds)):
        index = number | (last == len(stream)) << 31
        boxes.append(box(b"jxlp", struct.pack(">I", index) + stream[first:last]))
    return b"".join(boxes)


@pytest.mark.parametrize("cuts", [(), (2,), (1,), (3, 4, 5, 9), (70,), (0, 2, 2)])
def test_a_codestream_in_parts_is_one(cuts: tuple[int, ...]) -> None:
    stream = in_parts(STREAM, cuts)
    np.testing.assert_array_equal(radpix.decode(object_of([stream], FRAME.shape, bits=8)), FRAME)


def test_the_head_of_a_box_is_no_header_of_an_image(monkeypatch: pytest.MonkeyPatch) -> None:
    """A part of two bytes, and a box behind it whose size reads like a header of 1 x 3 pixels."""
    huge = encoded(np.zeros((2000, 3000), np.uint8), effort=1)
    huge += bytes(0x404 - 12 - len(huge[2:]))  # the next box is 00 00 04 04 in size
    stream = in_parts(huge, (2,))
    assert stream.count(struct.pack(">I4s", 0x404, b"jxlp")) == 1
    monkeypatch.setattr(imagecodecs, "jpegxl_decode", lambda *_, **__: pytest.fail("libjxl was called"))
    with pytest.raises(radpix.DecodeError, match="2000 x 3000"):
        radpix.decode(object_of([stream], (1, 3), bits=8))


def test_without_imagecodecs_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    table = {syntax.uid: syntax for syntax in radpix.transfer_syntaxes()}
    for uid in (LOSSLESS, RECOMPRESSED, ANY):
        assert (table[uid].can_decode, table[uid].can_encode, table[uid].backend) == (
            True,
            False,
            "imagecodecs",
        )
    monkeypatch.setattr("radpix._frames.jpeg_xl.available", lambda: False)
    with pytest.raises(radpix.UnsupportedTransferSyntaxError, match=r'pip install "radpix\[jpegxl\]"'):
        radpix.decode(object_of([STREAM], FRAME.shape, bits=8))
