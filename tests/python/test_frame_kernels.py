"""Decoding of frames by both backends, at every CPU level: values, strides, errors by exact code."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.python.backends import BACKENDS, Backend
from tests.python.oracle import rle

from radpix import _native, _numba
from radpix._backend import FrameLayout
from radpix.errors import DecodeError, TruncatedError, UnsupportedTransferSyntaxError

if TYPE_CHECKING:
    from numpy.typing import NDArray

RLE = "1.2.840.10008.1.2.5"
LITTLE = "1.2.840.10008.1.2.1"
BIG = "1.2.840.10008.1.2.2"
DTYPES = [np.dtype(f"{sign}{size}") for sign in "ui" for size in (1, 2, 4, 8)]


@pytest.fixture(params=BACKENDS, ids=repr)
def backend(request: pytest.FixtureRequest) -> Backend:
    chosen: Backend = request.param
    return chosen


def layout_for(pixels: NDArray[Any], **changes: Any) -> FrameLayout:
    """Return the layout of one frame ``pixels`` (rows, columns[, samples])."""
    bits = 8 * pixels.dtype.itemsize
    samples = pixels.shape[2] if pixels.ndim == 3 else 1
    layout = FrameLayout(
        pixels.shape[0],
        pixels.shape[1],
        samples,
        bits,
        bits,
        bits - 1,
        pixels.dtype.kind == "i",
        pixels.dtype.kind == "f",
    )
    return layout._replace(**changes)


def decoded(backend: Backend, syntax: str, frame: bytes, like: NDArray[Any], **changes: Any) -> NDArray[Any]:
    out = np.full((1, *like.shape), 0x5A, like.dtype)
    assert backend.decode(syntax, [frame], layout_for(like, **changes), out) == []
    first: NDArray[Any] = out[0]
    return first


@st.composite
def pictures(draw: st.DrawFn) -> NDArray[Any]:
    """Return frames with flat stretches and noise, of every sample type."""
    rows, columns = draw(st.integers(1, 40)), draw(st.integers(1, 300))
    samples = draw(st.sampled_from([1, 1, 2, 3, 4]))
    dtype = draw(st.sampled_from([d for d in DTYPES if samples * d.itemsize <= 15]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    info = np.iinfo(dtype)
    shape = (rows, columns) if samples == 1 else (rows, columns, samples)
    noise = rng.integers(info.min, info.max, shape, dtype, endpoint=True)
    stretch = int(rng.integers(1, 200))
    flat = np.repeat(rng.integers(0, 2, noise.size // stretch + 1), stretch)[: noise.size].reshape(shape)
    return np.where(flat == 1, dtype.type(rng.integers(0, 100)), noise)


@st.composite
def outputs(draw: st.DrawFn, shape: tuple[int, ...], dtype: np.dtype[Any]) -> tuple[Any, Any]:
    """Return (memory, a view of it with that shape): strided, reversed or transposed, between guard elements."""
    order = draw(st.permutations(range(len(shape))))
    steps = [draw(st.sampled_from([1, 1, 2, -1, -3])) for _ in shape]
    padded = [abs(step) * n + 2 for n, step in zip(shape, steps, strict=True)]
    memory = np.full([padded[axis] for axis in order], 0x5A, dtype)
    view = memory.transpose(np.argsort(order))
    cuts = [
        slice(1, 1 + n * step, step) if step > 0 else slice(-step * n, 0, step)
        for n, step in zip(shape, steps, strict=True)
    ]
    return memory, view[tuple(cuts)]


def check_written(memory: NDArray[Any], view: NDArray[Any], expected: NDArray[Any]) -> None:
    np.testing.assert_array_equal(view, expected)
    view[...] = 0x5A
    assert (memory == 0x5A).all(), "written outside the output"


@pytest.mark.parametrize("backend", BACKENDS, ids=repr)
@settings(max_examples=60, deadline=None)
@given(data=st.data(), pixels=pictures(), threads=st.integers(1, 3), least_run=st.integers(1, 4))
def test_rle_frames_of_every_type_land_in_outputs_of_any_strides(
    backend: Backend, data: st.DataObject, pixels: NDArray[Any], threads: int, least_run: int
) -> None:
    count = data.draw(st.integers(1, 3))
    memory, view = data.draw(outputs((count, *pixels.shape), pixels.dtype))
    frames = [rle.encoded(np.roll(pixels, k, axis=1), least_run=least_run) for k in range(count)]
    assert backend.decode(RLE, frames, layout_for(pixels), view, num_threads=threads) == []
    check_written(memory, view, np.stack([np.roll(pixels, k, axis=1) for k in range(count)]))


@pytest.mark.parametrize("backend", BACKENDS, ids=repr)
@settings(max_examples=60, deadline=None)
@given(data=st.data(), pixels=pictures(), threads=st.integers(1, 3), big=st.booleans(), planar=st.booleans())
def test_native_frames_of_every_type_land_in_outputs_of_any_strides(
    backend: Backend, data: st.DataObject, pixels: NDArray[Any], threads: int, big: bool, planar: bool
) -> None:
    memory, view = data.draw(outputs((1, *pixels.shape), pixels.dtype))
    stored = np.moveaxis(pixels, -1, 0) if planar and pixels.ndim == 3 else pixels
    frame = stored.astype(pixels.dtype.newbyteorder(">" if big else "<")).tobytes()
    layout = layout_for(pixels, planar_configuration=int(planar))
    assert backend.decode(BIG if big else LITTLE, [frame], layout, view, num_threads=threads) == []
    check_written(memory, view, pixels[None])


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("syntax", [LITTLE, BIG])
def test_float_frames_keep_their_bits(backend: Backend, dtype: str, syntax: str) -> None:
    rng = np.random.default_rng(3)
    bits = rng.integers(0, 2**63, (13, 17)).astype(f"u{dtype[1]}")  # not a number, infinities, denormals
    out = np.zeros((1, 13, 17), dtype)
    frame = bits.astype(bits.dtype.newbyteorder(">" if syntax == BIG else "<")).tobytes()
    backend.decode(syntax, [frame], layout_for(out[0], bits_stored=0, high_bit=0), out)
    np.testing.assert_array_equal(out[0].view(bits.dtype), bits)


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (3, 5), (8, 8), (510, 37), (200, 333)])
def test_bits_are_unpacked_from_the_first_byte_on(backend: Backend, rows: int, columns: int) -> None:
    pixels = np.random.default_rng(rows).integers(0, 2, (rows, columns), np.uint8)
    frame = np.packbits(pixels.reshape(-1), bitorder="little").tobytes()
    one_bit = {"bits_allocated": 1, "bits_stored": 1, "high_bit": 0}
    for syntax, codestream in ((LITTLE, frame), (BIG, frame), (RLE, rle.encoded_bits(pixels))):
        np.testing.assert_array_equal(decoded(backend, syntax, codestream, pixels, **one_bit), pixels)
        memory = np.zeros((1, columns, 2 * rows), np.uint8)
        view = memory.transpose(0, 2, 1)[:, ::-2]
        backend.decode(syntax, [codestream], layout_for(pixels, **one_bit), view)
        np.testing.assert_array_equal(view[0], pixels)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_foreign_bits_are_removed_and_the_sign_is_extended(backend: Backend, dtype: np.dtype[Any]) -> None:
    rng = np.random.default_rng(5)
    bits = 8 * dtype.itemsize
    raw = rng.integers(0, 2**63, (3, 1001)).astype(f"u{dtype.itemsize}")
    for stored, high in ((bits, bits - 1), (bits - 3, bits - 4), (bits - 3, bits - 1), (1, 0), (5, 5)):
        expected = np.vectorize(
            lambda value, stored=stored, high=high: _stored(int(value), stored, high, dtype.kind == "i"),
            otypes=[dtype],
        )(raw)
        changes = {"bits_stored": stored, "high_bit": high}
        for syntax, frame in (
            (LITTLE, raw.astype(raw.dtype.newbyteorder("<")).tobytes()),
            (BIG, raw.astype(raw.dtype.newbyteorder(">")).tobytes()),
            (RLE, rle.encoded(raw)),
        ):
            np.testing.assert_array_equal(decoded(backend, syntax, frame, expected, **changes), expected)


def _stored(value: int, stored: int, high: int, signed: bool) -> int:
    """Return the value of the bits high - stored + 1 to high (PS3.5 8.1.1)."""
    value = value >> (high - stored + 1) & ((1 << stored) - 1)
    return value - (1 << stored) if signed and value >> (stored - 1) else value


def test_ybr_full_becomes_the_rgb_of_pydicom_for_every_triple(backend: Backend) -> None:
    from pydicom.pixels.processing import convert_color_space

    cb, cr = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8), indexing="ij")
    for y in (0, 1, 18, 19, 46, 47, 127, 128, 221, 222, 254, 255):
        ybr = np.stack([np.full_like(cb, y), cb, cr], axis=-1)
        rgb = decoded(backend, LITTLE, ybr.tobytes(), ybr, photometric_interpretation="YBR_FULL")
        exact = _exact_rgb(y, cb, cr)
        # Where the standard's matrix gives an exact half, pydicom's float32 product rounds some of them down.
        differs = (rgb != exact).any(axis=-1)
        assert not differs.any() or (19 <= y <= 46 and np.argwhere(differs).tolist() == [[78, 178]])
        reference = convert_color_space(ybr, "YBR_FULL", "RGB")
        # Its matrix product is a BLAS library's: its order, and with it the halves, may differ elsewhere.
        assert np.count_nonzero((rgb != reference).any(axis=-1)) <= 1


def _exact_rgb(y: int, cb: NDArray[np.uint8], cr: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return R, G, B in whole units of 1/587000, halves rounded up."""
    blue, red = cb.astype(np.int64) - 128, cr.astype(np.int64) - 128
    unit = 587_000
    channels = [
        y * unit + 1402 * 587 * red,
        y * unit - 114 * 1772 * blue - 299 * 1402 * red,
        y * unit + 1772 * 587 * blue,
    ]
    rounded = [np.floor_divide(2 * channel + unit, 2 * unit) for channel in channels]
    rgb: NDArray[np.uint8] = np.clip(np.stack(rounded, axis=-1), 0, 255).astype(np.uint8)
    return rgb


@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_halved_chroma_is_expanded(backend: Backend, dtype: str) -> None:
    rng = np.random.default_rng(8)
    y = rng.integers(0, 256, (30, 600), np.uint8).astype(dtype)
    cb, cr = (rng.integers(0, 256, (30, 300), np.uint8).astype(dtype) for _ in range(2))
    frame = np.stack([y[:, ::2], y[:, 1::2], cb, cr], axis=-1).tobytes()
    ybr = np.stack([y, np.repeat(cb, 2, axis=1), np.repeat(cr, 2, axis=1)], axis=-1)
    layout = layout_for(ybr, photometric_interpretation="YBR_FULL_422")
    out = np.zeros((1, *ybr.shape), dtype)
    assert backend.decode(LITTLE, [frame], layout, out, keep_components=True) == []
    np.testing.assert_array_equal(out[0], ybr)
    if dtype == "u1":
        full = decoded(backend, LITTLE, ybr.tobytes(), ybr, photometric_interpretation="YBR_FULL")
        flipped = np.zeros((1, *ybr.shape), dtype)[:, ::-1, ::-1]
        backend.decode(LITTLE, [frame], layout, flipped)
        np.testing.assert_array_equal(flipped[0], full)


def header(*words: int) -> bytes:
    return struct.pack("<16I", *words, *[0] * (16 - len(words)))


TWO_BY_TWO = np.zeros((2, 2), np.uint16)
BODY = b"\xfd\x01\xfd\x02"


@pytest.mark.parametrize(
    ("frame", "kind", "code", "offset"),
    [
        (b"", TruncatedError, "truncated", 0),
        (header(2, 64, 66)[:63], TruncatedError, "truncated", 63),
        (header(0, 64, 66) + BODY, DecodeError, "rle-header", 0),
        (header(16, 64, 66) + BODY, DecodeError, "rle-header", 0),
        (header(2**32 - 1, 64, 66) + BODY, DecodeError, "rle-header", 0),
        (header(1, 64) + BODY, DecodeError, "rle-header", 0),
        (header(3, 64, 65, 66) + BODY, DecodeError, "rle-header", 0),
        (header(2, 0, 66) + BODY, DecodeError, "rle-segment-bounds", 4),
        (header(2, 63, 66) + BODY, DecodeError, "rle-segment-bounds", 4),
        (header(2, 66, 64) + BODY, DecodeError, "rle-segment-bounds", 8),
        (header(2, 64, 64) + BODY, DecodeError, "rle-segment-bounds", 8),
        (header(2, 64, 68) + BODY, DecodeError, "rle-segment-bounds", 8),
        (header(2, 64, 2**32 - 1) + BODY, DecodeError, "rle-segment-bounds", 8),
        (header(2, 64, 66), DecodeError, "rle-segment-bounds", 4),
        (header(2, 64, 66) + b"\xfe\x01\xfd\x02", TruncatedError, "truncated", 66),
        (header(2, 64, 66) + b"\xfd\x01\xfe\x02", TruncatedError, "truncated", 68),
        (header(2, 64, 66) + b"\xfd\x01\x03\x01\x02\x03", TruncatedError, "truncated", 70),
        (header(2, 64, 66) + b"\xfd\x01\x00\x01\xfe", TruncatedError, "truncated", 69),
        (header(2, 64, 66) + b"\xfd\x01\x80\x80", TruncatedError, "truncated", 68),
    ],
)
def test_hostile_rle_frames_are_refused_by_exact_code(
    backend: Backend, frame: bytes, kind: type[DecodeError], code: str, offset: int
) -> None:
    whole = rle.encoded(TWO_BY_TWO)
    out = np.zeros((3, 2, 2), np.uint16)
    for threads in (1, 3):
        with pytest.raises(DecodeError) as caught:
            backend.decode(RLE, [whole, frame, frame], layout_for(TWO_BY_TWO), out, num_threads=threads)
        assert type(caught.value) is kind
        assert (caught.value.code, caught.value.offset) == (code, offset)
        assert (caught.value.frame, caught.value.transfer_syntax) == (1, RLE)


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (header(2, 64, 66) + b"\xfd\x01\xfd\x02", []),
        (header(2, 64, 68) + b"\x80\xfd\x01\x00\xfd\x02", []),
        (header(2, 70, 76) + b"______\xfd\x01\x80\x80\x80\x80\xfd\x02\0", []),
        (header(2, 64, 66) + b"\xfc\x01\xfd\x02", [("rle-segment-long", 66)]),
        (header(2, 64, 66) + b"\xfd\x01\xfd\x02\0\0", [("rle-segment-long", 68)]),
        (header(2, 64, 66, 77) + b"\xfd\x01\xfd\x02", [("rle-header-unused", 12)]),
    ],
)
def test_deviations_of_rle_frames_are_reported(
    backend: Backend, frame: bytes, expected: list[tuple[str, int]]
) -> None:
    out = np.zeros((1, 2, 2), np.uint16)
    found = backend.decode(RLE, [frame], layout_for(TWO_BY_TWO), out)
    assert [(deviation.code, deviation.offset) for deviation in found] == expected
    assert (out == 0x0102).all()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"rows": 0}, ValueError),
        ({"rows": 2**40}, ValueError),
        ({"columns": -1}, ValueError),
        ({"columns": 3}, ValueError),
        ({"samples_per_pixel": 0}, ValueError),
        ({"samples_per_pixel": 3}, ValueError),
        ({"samples_per_pixel": 65}, ValueError),
        ({"bits_allocated": 0}, UnsupportedTransferSyntaxError),
        ({"bits_allocated": 12}, UnsupportedTransferSyntaxError),
        ({"bits_allocated": 24}, UnsupportedTransferSyntaxError),
        ({"is_float": True}, UnsupportedTransferSyntaxError),
        ({"bits_stored": 0}, ValueError),
        ({"bits_stored": 17}, ValueError),
        ({"high_bit": 255}, ValueError),
        ({"high_bit": 14}, ValueError),
        ({"planar_configuration": 2}, ValueError),
        ({"is_signed": True}, TypeError),
    ],
)
def test_layouts_that_no_frame_can_have_are_refused_alike(
    changes: dict[str, Any], error: type[Exception]
) -> None:
    messages = set()
    for backend in BACKENDS:
        with pytest.raises(error) as caught:
            backend.decode(LITTLE, [bytes(8)], layout_for(TWO_BY_TWO, **changes), np.zeros((1, 2, 2), "u2"))
        assert type(caught.value) is error
        messages.add(str(caught.value))
    assert len(messages) == 1


def test_errors_and_deviations_have_one_text(damaged_frames: list[tuple[bytes, FrameLayout]]) -> None:
    for frame, layout in damaged_frames:
        outcomes: set[tuple[object, ...]] = set()
        for backend in BACKENDS:
            out = np.zeros((1, layout.rows, layout.columns), f"u{layout.bits_allocated // 8}")
            try:
                outcomes.add(tuple(backend.decode(RLE, [frame], layout, out)))
            except DecodeError as error:
                outcomes.add((type(error), str(error), error.code, error.offset))
        assert len(outcomes) == 1


@pytest.fixture
def damaged_frames() -> list[tuple[bytes, FrameLayout]]:
    """Return frames with a few bytes changed, cut or added."""
    rng = np.random.default_rng(11)
    pixels = np.repeat(rng.integers(0, 4000, 700), 3)[:2000].astype(np.uint16).reshape(40, 50)
    whole = rle.encoded(pixels)
    frames = []
    for _ in range(300):
        frame = bytearray(whole)
        for at in rng.integers(0, len(frame), rng.integers(0, 3)):
            frame[at] = rng.integers(0, 256)
        frame = frame[: rng.integers(len(frame) - 50, len(frame) + 1)] + bytes(rng.integers(0, 3))
        frames.append((bytes(frame), layout_for(pixels)))
    return frames


def test_long_and_short_native_frames(backend: Backend) -> None:
    pixels = np.arange(9, dtype=np.uint8).reshape(3, 3)
    np.testing.assert_array_equal(decoded(backend, LITTLE, pixels.tobytes() + b"\0", pixels), pixels)
    out = np.zeros((2, 3, 3), np.uint8)
    found = backend.decode(LITTLE, [pixels.tobytes(), pixels.tobytes() + b"\0\0"], layout_for(pixels), out)
    assert [(d.code, d.frame, d.offset) for d in found] == [("pixel-data-long", 1, 9)]
    with pytest.raises(TruncatedError) as caught:
        backend.decode(LITTLE, [pixels.tobytes(), bytes(8)], layout_for(pixels), out)
    assert (caught.value.code, caught.value.frame, caught.value.offset) == ("truncated", 1, 8)


def test_unknown_syntaxes_and_outputs_that_do_not_fit(backend: Backend) -> None:
    layout, frames = layout_for(TWO_BY_TWO), [bytes(8)]
    out = np.zeros((1, 2, 2), np.uint16)
    with pytest.raises(UnsupportedTransferSyntaxError, match=r"1\.2\.3"):
        backend.decode("1.2.3", frames, layout, out)
    with pytest.raises(ValueError, match="room for 2 frames"):
        backend.decode(LITTLE, frames, layout, np.zeros((2, 2, 2), np.uint16))
    with pytest.raises(ValueError, match="read-only"):
        backend.decode(LITTLE, frames, layout, np.broadcast_to(out[0], (1, 2, 2)))
    with pytest.raises(ValueError, match="threads"):
        backend.decode(LITTLE, frames, layout, out, num_threads=-1)
    with pytest.raises(TypeError):
        backend.decode(LITTLE, frames, layout, out.astype(">u2"))
    with pytest.raises(TypeError):
        backend.decode(LITTLE, ["text"], layout, out)  # type: ignore[list-item]
    assert backend.decode(LITTLE, [], layout, out[:0]) == []


def test_any_contiguous_buffer_is_a_codestream(backend: Backend) -> None:
    pixels = np.arange(4, dtype=np.uint16).reshape(2, 2)
    raw = pixels.tobytes()
    for buffer in (raw, bytearray(raw), memoryview(raw), np.frombuffer(raw, np.uint8), pixels):
        out = np.zeros((1, 2, 2), np.uint16)
        backend.decode(LITTLE, [buffer], layout_for(pixels), out)  # type: ignore[list-item]
        np.testing.assert_array_equal(out[0], pixels)


def test_both_backends_decode_the_same_syntaxes() -> None:
    assert {RLE, LITTLE, BIG} <= _native.decodable()
    assert _numba.decodable() <= _native.decodable()
