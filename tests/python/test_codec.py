"""Stored values: of every type and layout, against pydicom, on synthetic and real objects."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest
from pydicom._uid_dict import UID_dictionary
from pydicom.pixels.processing import convert_color_space
from pydicom.uid import AllTransferSyntaxes
from tests.python import objects
from tests.python.objects import (
    NATIVE_SYNTAXES,
    OWN_SYNTAXES,
    ct,
    image,
    noise,
)
from tests.python.testdata import dicom_files, pydicom_files, real_data

import radpix

if TYPE_CHECKING:
    from pathlib import Path


# -- values ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("syntax", OWN_SYNTAXES)
@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int16", "uint32", "int32"])
@pytest.mark.parametrize("shape", [(1, 5, 4), (3, 5, 3), (2, 3, 5, 3)], ids=str)
def test_every_value_of_every_type_survives(syntax: str, dtype: str, shape: tuple[int, ...]) -> None:
    pixels = noise(shape, dtype)
    decoded = radpix.decode(image(pixels, syntax=syntax))
    assert decoded.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(decoded, pixels if shape[0] > 1 else pixels[0])


@pytest.mark.parametrize("syntax", NATIVE_SYNTAXES)
@pytest.mark.parametrize("planar", [0, 1])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_colour_comes_out_interleaved_as_from_pydicom(
    tmp_path: Path, syntax: str, planar: int, dtype: str
) -> None:
    path = tmp_path / "colour.dcm"
    path.write_bytes(image(noise((2, 4, 6, 3), dtype), syntax=syntax, planar=planar))
    np.testing.assert_array_equal(radpix.decode(path), pydicom.dcmread(path).pixel_array)


@pytest.mark.parametrize("syntax", [*NATIVE_SYNTAXES, objects.RLE])
@pytest.mark.parametrize("stored", [8, 10, 12, 15])
@pytest.mark.parametrize("signed", [False, True])
def test_bits_beyond_bits_stored_are_no_part_of_a_value(syntax: str, stored: int, signed: bool) -> None:
    """Overlays of old scanners lie there; pydicom shifts them out in the same way."""
    raw = noise((2, 6, 4), "int16" if signed else "uint16")
    source = image(raw, syntax=syntax, stored=stored)
    decoded = radpix.decode(source)
    np.testing.assert_array_equal(decoded, raw << (16 - stored) >> (16 - stored))
    np.testing.assert_array_equal(decoded, pydicom.dcmread(BytesIO(source)).pixel_array)


@pytest.mark.parametrize("syntax", OWN_SYNTAXES)
@pytest.mark.parametrize("shape", [(3, 8, 8), (3, 5, 3), (5, 1, 9), (1, 3, 3)], ids=str)
def test_one_bit_frames_may_begin_within_a_byte(syntax: str, shape: tuple[int, ...]) -> None:
    bits = np.random.default_rng(1).integers(0, 2, shape, np.uint8)
    source = image(bits, syntax=syntax, bits=1)
    for index in range(shape[0]):
        np.testing.assert_array_equal(radpix.decode(source, index=index), bits[index])
    np.testing.assert_array_equal(radpix.decode(source, index=range(shape[0])), bits)


@pytest.mark.parametrize(("dtype", "tag"), [("float32", 0x08), ("float64", 0x09)])
@pytest.mark.parametrize("syntax", NATIVE_SYNTAXES)
def test_float_pixel_data_keeps_its_bits(syntax: str, dtype: str, tag: int) -> None:
    pixels = np.array([[[0.1, -np.inf, np.nan], [1e-45, -0.0, 3e38]]] * 2, dtype)
    dataset = objects.header(rows=2, columns=3, bits=8 * pixels.itemsize, frames=2, syntax=syntax)
    del dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation
    data = objects.native(pixels, order=">" if syntax == objects.BIG_ENDIAN else "<")
    source = objects.part10(dataset, data, vr="OF" if tag == 8 else "OD", element=tag)
    assert radpix.decode(source).tobytes() == pixels.tobytes()


@pytest.mark.parametrize("syntax", NATIVE_SYNTAXES)
def test_subsampled_colour_becomes_rgb_as_from_pydicom(syntax: str) -> None:
    dataset = objects.header(
        rows=4, columns=6, samples=3, bits=8, frames=2, photometric="YBR_FULL_422", syntax=syntax
    )
    source = objects.part10(dataset, noise((2 * 4 * 6 * 2,), "uint8").tobytes(), vr="OB")
    np.testing.assert_array_equal(radpix.decode(source), pydicom.dcmread(BytesIO(source)).pixel_array)


@pytest.mark.parametrize("syntax", OWN_SYNTAXES)
def test_ybr_full_becomes_rgb(syntax: str) -> None:
    ybr = noise((2, 8, 6, 3), "uint8")
    decoded = radpix.decode(image(ybr, syntax=syntax, photometric="YBR_FULL"))
    rgb = [convert_color_space(frame, "YBR_FULL", "RGB", per_frame=False) for frame in ybr]
    np.testing.assert_array_equal(decoded, rgb)


def test_data_called_422_that_is_not_subsampled_is_read_as_it_is() -> None:
    ybr = noise((1, 4, 6, 3), "uint8")
    with pytest.warns(radpix.RadpixWarning, match="without subsampling") as caught:
        decoded = radpix.decode(image(ybr, photometric="YBR_FULL_422"))
    assert [warning.message.code for warning in caught] == ["ybr-422-not-subsampled"]  # type: ignore[union-attr]
    np.testing.assert_array_equal(decoded, radpix.decode(image(ybr, photometric="YBR_FULL")))


def test_palette_indices_stay_indices() -> None:
    indices = noise((1, 4, 6), "uint8")
    decoded = radpix.decode(image(indices, photometric="PALETTE COLOR"))
    np.testing.assert_array_equal(decoded, indices[0])


@pytest.mark.parametrize("vr", ["OB", "OW"])
@pytest.mark.parametrize("columns", [4, 3])
@pytest.mark.parametrize("index", [None, 0, 1, 2])
def test_big_endian_words_of_bytes_are_swapped(vr: str, columns: int, index: int | None) -> None:
    """PS3.5 A.3; odd frame lengths put a word across two frames."""
    pixels = noise((3, 3, columns), "uint8")
    data = pixels.tobytes() + b"\0" * (pixels.size & 1)
    if vr == "OW":
        data = np.frombuffer(data, "u2").byteswap().tobytes()
    dataset = objects.header(rows=3, columns=columns, bits=8, frames=3, syntax=objects.BIG_ENDIAN)
    source = objects.part10(dataset, data, vr=vr)
    np.testing.assert_array_equal(
        radpix.decode(source, index=index), pixels if index is None else pixels[index]
    )


@pytest.mark.parametrize("vr", ["OB", "OW"])
@pytest.mark.parametrize("index", [None, 0, 1, 2])
def test_big_endian_words_of_bits_are_swapped(vr: str, index: int | None) -> None:
    """PS3.5 A.3; frames of 9 bits begin within bytes, and the last one within the last word."""
    pixels = noise((3, 3, 3), "uint8") & 1
    data = np.packbits(pixels, bitorder="little").tobytes()
    if vr == "OW":
        data = np.frombuffer(data, "u2").byteswap().tobytes()
    dataset = objects.header(rows=3, columns=3, bits=1, frames=3, syntax=objects.BIG_ENDIAN)
    source = objects.part10(dataset, data, vr=vr)
    np.testing.assert_array_equal(
        radpix.decode(source, index=index), pixels if index is None else pixels[index]
    )


# -- decode_frame ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32"])
@pytest.mark.parametrize("samples", [1, 3])
def test_a_codestream_alone(dtype: str, samples: int) -> None:
    frame = noise((5, 4, samples)[: 2 + (samples > 1)], dtype)
    described = {
        "rows": 5,
        "columns": 4,
        "samples_per_pixel": samples,
        "bits_allocated": 8 * frame.itemsize,
        "pixel_representation": int(frame.dtype.kind == "i"),
        "photometric_interpretation": "MONOCHROME2" if samples == 1 else "RGB",
    }
    out = np.empty_like(frame)
    for syntax, data in (
        (objects.EXPLICIT, frame.tobytes()),
        (objects.BIG_ENDIAN, objects.native(frame, order=">")),
        (objects.RLE, objects.rle(frame)),
        (objects.DEFLATED_FRAME, objects.deflate(frame.tobytes())),
    ):
        decoded = radpix.decode_frame(data, transfer_syntax=syntax, **described)  # type: ignore[arg-type]
        np.testing.assert_array_equal(decoded, frame)
        assert radpix.decode_frame(data, transfer_syntax=syntax, out=out, **described) is out  # type: ignore[arg-type]
        np.testing.assert_array_equal(out, frame)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("rows", 0),
        ("columns", -1),
        ("samples_per_pixel", 2),
        ("bits_allocated", 12),
        ("bits_stored", 17),
        ("bits_stored", 0),
        ("pixel_representation", 2),
        ("planar_configuration", 2),
    ],
)
def test_a_layout_that_no_frame_has_is_a_value_error(name: str, value: int) -> None:
    described: dict[str, Any] = {"rows": 2, "columns": 2, "bits_allocated": 16, name: value}
    with pytest.raises(ValueError, match=name) as caught:
        radpix.decode_frame(bytes(64), transfer_syntax=objects.EXPLICIT, **described)
    assert not isinstance(caught.value, radpix.RadpixError)


def test_a_short_codestream_is_truncated() -> None:
    described: dict[str, Any] = {"rows": 2, "columns": 2, "bits_allocated": 16}
    with pytest.raises(radpix.TruncatedError) as caught:
        radpix.decode_frame(bytes(7), transfer_syntax=objects.EXPLICIT, **described)
    assert (caught.value.frame, caught.value.transfer_syntax) == (0, objects.EXPLICIT)
    with pytest.raises(radpix.TruncatedError):
        radpix.decode_frame(objects.deflate(bytes(7)), transfer_syntax=objects.DEFLATED_FRAME, **described)


# -- transfer syntaxes -------------------------------------------------------------------------------------


def test_transfer_syntaxes_are_those_of_the_standard() -> None:
    table = {syntax.uid: syntax for syntax in radpix.transfer_syntaxes()}
    assert len(table) == len(radpix.transfer_syntaxes())
    for standard in AllTransferSyntaxes:
        if "SMPTE" not in standard.name:
            assert table[standard].name == UID_dictionary[standard][0]
    for uid in OWN_SYNTAXES:
        assert table[uid].can_decode
        assert table[uid].backend == radpix.backend().name
        assert not table[uid].lossy
    assert table[objects.JPEG_BASELINE].lossy
    assert all(syntax.can_decode == bool(syntax.backend) for syntax in table.values())


@pytest.mark.parametrize(
    ("uid", "remedy"),
    [
        ("1.2.840.10008.1.2.4.106", "views"),
        ("1.2.840.10008.1.2.4.66", "dcmtk"),
    ],
)
def test_an_undecodable_syntax_names_the_remedy(uid: str, remedy: str) -> None:
    dataset = objects.header(rows=2, columns=2, bits=8, syntax=uid)
    source = objects.part10(dataset, objects.encapsulate([b"\0" * 4]))
    with pytest.raises(radpix.UnsupportedTransferSyntaxError, match=remedy):
        radpix.decode(source)
    assert isinstance(radpix.UnsupportedTransferSyntaxError(""), NotImplementedError)


def test_an_object_that_refers_to_a_server_names_it() -> None:
    dataset = objects.header(rows=2, columns=2, bits=8, syntax="1.2.840.10008.1.2.4.94")
    with pytest.raises(radpix.UnsupportedTransferSyntaxError, match="JPIP server"):
        radpix.decode(objects.part10(dataset))


def test_a_private_transfer_syntax_is_unsupported() -> None:
    dataset = objects.header(rows=2, columns=2, bits=8, syntax="1.2.840.113619.5.2")
    with pytest.raises(radpix.UnsupportedTransferSyntaxError, match=r"'1\.2\.840\.113619\.5\.2' is no"):
        radpix.decode(objects.part10(dataset, bytes(4), length=4))


def test_without_plug_ins_the_error_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = objects.header(rows=2, columns=2, bits=8, syntax="1.2.840.10008.1.2.4.90")
    source = objects.part10(dataset, objects.encapsulate([b"\0" * 4]))
    monkeypatch.setattr("radpix._frames.decoding.kernels", _WithoutCodecs)
    monkeypatch.setattr("radpix._frames.plugins._PLUGINS", ())
    with pytest.raises(radpix.UnsupportedTransferSyntaxError, match=r'pip install "pylibjpeg\[all\]"'):
        radpix.decode(source)


def test_a_plug_in_that_fails_is_a_decode_error(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("openjpeg")
    uid = "1.2.840.10008.1.2.4.90"
    monkeypatch.setattr("radpix._frames.decoding.kernels", _WithoutCodecs)
    dataset = objects.header(rows=2, columns=2, bits=8, syntax=uid, frames=2)
    source = objects.part10(dataset, objects.encapsulate([b"\0" * 4, b"\1" * 4]))
    monkeypatch.setattr("radpix._frames.plugins._PLUGINS", ("pylibjpeg",))
    with pytest.raises(radpix.DecodeError, match="pylibjpeg") as caught:
        radpix.decode(source, index=1)
    assert (caught.value.code, caught.value.frame, caught.value.transfer_syntax) == ("plugin-failed", 1, uid)


class _WithoutCodecs:
    name = "none"

    def decodable(self) -> frozenset[str]:
        return frozenset()


# -- limits ------------------------------------------------------------------------------------------------


def test_limits_are_checked_before_anything_is_allocated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(radpix.limits, "max_bytes_per_call", 300)
    with pytest.raises(radpix.LimitError, match="max_bytes_per_call"):
        radpix.decode(image(ct()))
    assert radpix.decode(image(ct()), index=0).shape == (9, 7)
    monkeypatch.setattr(radpix.limits, "max_pixels_per_frame", 62)
    with pytest.raises(radpix.LimitError, match="max_pixels_per_frame"):
        radpix.decode(image(ct()), index=0)


def test_a_few_bytes_cannot_claim_a_huge_frame() -> None:
    dataset = objects.header(rows=0xFFFF, columns=16384, bits=16, syntax=objects.RLE)
    source = objects.part10(dataset, objects.encapsulate([objects.rle(np.zeros((2, 2), np.uint16))]))
    with pytest.raises(radpix.LimitError, match="max_decompression_ratio"):
        radpix.decode(source)


# -- real files --------------------------------------------------------------------------------------------


def compare_with_pydicom(path: Path) -> bool:
    """Decode a file both ways and compare; return whether there were pixels to compare."""
    dataset = pydicom.dcmread(path)
    uid = dataset.file_meta.get("TransferSyntaxUID")
    # Lossy ones differ by rounding from decoder to decoder, and are tested with their codecs.
    lossless = {syntax.uid for syntax in radpix.transfer_syntaxes() if not syntax.lossy}
    if "Rows" not in dataset or uid not in lossless:
        return False
    try:
        expected = dataset.pixel_array
    except Exception:
        return False
    decoded = radpix.decode(path)
    np.testing.assert_array_equal(decoded, expected.astype(decoded.dtype, copy=False), err_msg=str(path))
    return True


@pytest.mark.filterwarnings("ignore::UserWarning:pydicom", "ignore::radpix.RadpixWarning")
def test_pydicoms_own_files_equal_pydicom() -> None:
    compared = [path.name for path in pydicom_files() if compare_with_pydicom(path)]
    assert len(compared) > 60


@pytest.mark.real_data
@pytest.mark.filterwarnings("ignore")
def test_the_corpora_equal_pydicom() -> None:
    folder = real_data()
    compared = [path.name for path in dicom_files(folder) if compare_with_pydicom(path)]
    assert len(compared) > 500


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["liver_rle", "liver_deflate"])
def test_one_bit_segmentations_equal_their_first_frame_alone(name: str) -> None:
    folder = real_data("pydicom+pydicom-data", "data_store", "data")
    alone = next(path for path in pydicom_files() if path.name == "liver_1frame.dcm")
    expected = pydicom.dcmread(alone).pixel_array
    np.testing.assert_array_equal(radpix.decode(folder / f"{name}.dcm", index=0), expected)


@pytest.mark.real_data
@pytest.mark.parametrize("syntax", ["rle", "deflate"])
def test_one_bit_frames_across_bytes_equal_their_native_original(syntax: str) -> None:
    folder = real_data("pydicom+pydicom-data", "data_store", "data")
    expected = pydicom.dcmread(folder / "liver_nonbyte_aligned.dcm").pixel_array
    decoded = radpix.decode(folder / f"liver_nonbyte_aligned_{syntax}.dcm")
    np.testing.assert_array_equal(decoded, expected)
