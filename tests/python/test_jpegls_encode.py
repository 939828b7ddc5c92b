"""JPEG-LS encoder: what it writes, this and other decoders read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.python import dcmtk, objects
from tests.python.jpeg_cases import LEVELS, picture
from tests.python.test_jpegls import LOSSLESS, NEAR_LOSSLESS, decode_stream, image

import radpix
from radpix import _core
from radpix.errors import UnsupportedTransferSyntaxError

if TYPE_CHECKING:
    from pathlib import Path


INTERLEAVES = ("sample", "line", "none")


def encode(pixels: Any, level: str = "auto", **how: Any) -> bytes:
    _core.set_cpu_level(level)
    try:
        return radpix.encode_frame(
            pixels, transfer_syntax=NEAR_LOSSLESS if how.get("near") else LOSSLESS, **how
        )
    finally:
        _core.set_cpu_level("auto")


@given(
    shape=st.tuples(st.integers(1, 24), st.integers(1, 40)),
    samples=st.sampled_from([1, 2, 3, 4]),
    bits=st.integers(2, 16),
    near=st.sampled_from([0, 0, 1, 3, 100]),
    content=st.sampled_from(["noise", "flat", "sparse", "smooth"]),
    step=st.sampled_from([1, 2, -1]),
    interleave=st.sampled_from(INTERLEAVES),
)
@settings(max_examples=150, deadline=None)
def test_frames_come_back_within_near(
    shape: tuple[int, int], samples: int, bits: int, near: int, content: str, step: int, interleave: str
) -> None:
    near = min(near, ((1 << bits) - 1) // 2)
    pixels = image(shape if samples == 1 else (*shape, samples), bits, content, 1)
    spaced = np.zeros((pixels.shape[0], pixels.shape[1] * 2, *pixels.shape[2:]), pixels.dtype)[:, ::step]
    spaced = spaced[:, : pixels.shape[1]]
    spaced[:] = pixels
    how = {"bits_stored": bits, "near": near, "interleave": interleave}
    streams = {encode(spaced, level, **how) for level in LEVELS}
    assert len(streams) == 1
    decoded = decode_stream(streams.pop())
    assert decoded.codes == []
    assert np.abs(decoded.pixels.astype(int) - pixels).max() <= near
    np.testing.assert_array_equal(spaced, pixels)


@pytest.mark.parametrize("bits", [2, 5, 8, 10, 12, 16])
@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize("near", [0, 1])
@pytest.mark.parametrize("interleave", INTERLEAVES)
def test_charls_reads_it_and_writes_no_fewer_bytes(
    bits: int, samples: int, near: int, interleave: str
) -> None:
    imagecodecs = pytest.importorskip("imagecodecs")
    pixels = picture((150, 170) if samples == 1 else (150, 170, samples), bits)
    stream = encode(pixels, bits_stored=bits, near=near, interleave=interleave)
    decoded = imagecodecs.jpegls_decode(stream)
    assert np.abs(decoded.astype(int) - pixels).max() <= near
    np.testing.assert_array_equal(decoded, decode_stream(stream).pixels)
    if bits in (8, 16) and (samples == 1 or interleave == "sample"):  # as the peer's binding interleaves
        assert len(stream) <= len(imagecodecs.jpegls_encode(pixels, level=near)) * 1.001


def _object(pixels: Any, bits: int, near: int = 0, interleave: Any = "sample") -> bytes:
    """Return the DICOM file of one frame in JPEG-LS."""
    syntax = NEAR_LOSSLESS if near else LOSSLESS
    colour = pixels.ndim == 3
    photometric = "RGB" if colour else "MONOCHROME2"
    stream = radpix.encode_frame(
        pixels,
        transfer_syntax=syntax,
        bits_stored=bits,
        photometric_interpretation=photometric,
        near=near,
        interleave=interleave,
    )
    dataset = objects.header(
        rows=pixels.shape[0],
        columns=pixels.shape[1],
        samples=3 if colour else 1,
        bits=8 * pixels.dtype.itemsize,
        stored=bits,
        signed=pixels.dtype.kind == "i",
        photometric=photometric,
        syntax=syntax,
    )
    return objects.part10(dataset, objects.encapsulate([stream + b"\0" * (len(stream) % 2)]))


FRAMES = pytest.mark.parametrize(
    ("shape", "bits", "dtype"),
    [
        ((33, 47), 8, np.uint8),
        ((33, 47), 12, np.uint16),
        ((33, 47), 16, np.uint16),
        ((33, 47), 12, np.int16),
        ((33, 47), 16, np.int16),
        ((33, 47, 3), 8, np.uint8),
    ],
)


def _frame(shape: tuple[int, ...], bits: int, dtype: Any) -> Any:
    pixels = picture(shape, bits).astype(np.int64)
    return (pixels - (1 << (bits - 1) if np.dtype(dtype).kind == "i" else 0)).astype(dtype)


@FRAMES
def test_gdcm_reads_it(shape: tuple[int, ...], bits: int, dtype: Any, tmp_path: Path) -> None:
    pytest.importorskip("gdcm")
    path = tmp_path / "frame.dcm"
    pixels = _frame(shape, bits, dtype)
    path.write_bytes(_object(pixels, bits))
    dataset = pydicom.dcmread(path)
    dataset.pixel_array_options(decoding_plugin="gdcm")
    np.testing.assert_array_equal(dataset.pixel_array, pixels)


@dcmtk.needs("dcmdjpls")
@FRAMES
def test_dcmtk_reads_it(shape: tuple[int, ...], bits: int, dtype: Any, tmp_path: Path) -> None:
    coded = tmp_path / "coded.dcm"
    pixels = _frame(shape, bits, dtype)
    coded.write_bytes(_object(pixels, bits))
    found = dcmtk.frames_by("dcmdjpls", coded, tmp_path, (1, *shape))[0]
    dcmtk.assert_same_bits(found, pixels, bits)


@dcmtk.needs("dcmdjpls")
@pytest.mark.parametrize("near", [0, 1, 3, 9])
@pytest.mark.parametrize("interleave", INTERLEAVES)
@pytest.mark.parametrize(("bits", "samples"), [(8, 1), (8, 3), (12, 1), (16, 1)])
def test_dcmtk_reads_every_interleaving_and_near(
    bits: int, samples: int, interleave: str, near: int, tmp_path: Path
) -> None:
    coded = tmp_path / "coded.dcm"
    pixels = picture((33, 47) if samples == 1 else (33, 47, samples), bits)
    coded.write_bytes(_object(pixels, bits, near, interleave))
    found = dcmtk.frames_by("dcmdjpls", coded, tmp_path, (1, *pixels.shape))[0]
    assert np.abs(found.astype(int) - pixels).max() <= near
    np.testing.assert_array_equal(found, radpix.decode(coded, index=0))


def test_signed_samples_come_back() -> None:
    pixels = np.arange(-2048, 2048, 37, dtype=np.int16).reshape(3, 37)
    stream = encode(pixels, bits_stored=12)
    decoded = radpix.decode_frame(
        stream,
        transfer_syntax=LOSSLESS,
        rows=3,
        columns=37,
        bits_allocated=16,
        bits_stored=12,
        pixel_representation=1,
    )
    np.testing.assert_array_equal(decoded, pixels)


def test_what_cannot_be_encoded_is_refused() -> None:
    pixels = np.full((3, 4), 1024, np.uint16)
    with pytest.raises(ValueError, match="more than Bits Stored 10"):
        encode(pixels, bits_stored=10)
    with pytest.raises(ValueError, match="NEAR"):
        encode(pixels, near=256)
    with pytest.raises(ValueError, match="NEAR"):
        radpix.encode_frame(pixels, transfer_syntax=LOSSLESS, near=1)
    with pytest.raises(ValueError, match="interleave is sample, line or none"):
        encode(pixels, interleave="plane")
    with pytest.raises(ValueError, match="sign"):
        encode(pixels.astype(np.int16), near=1)
    with pytest.raises(ValueError, match="shape"):
        encode(pixels[0])
    with pytest.raises(TypeError, match="integers"):
        encode(pixels.astype(float))
    with pytest.raises(UnsupportedTransferSyntaxError, match="no encoder"):
        radpix.encode_frame(pixels, transfer_syntax="1.2.840.10008.1.2.5")
    for bits in (0, 1, 17, -1):
        with pytest.raises((ValueError, NotImplementedError)):
            encode(pixels, bits_stored=bits)
    with pytest.raises(TypeError, match="bits_stored is an integer"):
        encode(pixels, bits_stored=12.0)
    with pytest.raises(TypeError, match="near is an integer"):
        encode(pixels, near="1")
    wrong: list[dict[str, Any]] = [{"bits_stored": 1 << 70}, {"near": 1 << 70}]
    for how in wrong:
        with pytest.raises(ValueError, match="expected"):
            encode(pixels, **how)
    for name in ("interleave", "photometric_interpretation"):
        with pytest.raises(TypeError, match=f"{name} is a string, not 3"):
            encode(pixels, **{name: 3})  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"dtype >u2; convert it with array\.astype"):
        encode(pixels.astype(">u2"))


def test_transfer_syntaxes_say_which_can_be_encoded() -> None:
    found = {syntax.uid for syntax in radpix.transfer_syntaxes() if syntax.can_encode}
    assert found >= {LOSSLESS, NEAR_LOSSLESS}
