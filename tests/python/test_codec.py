"""The public frame API: values, shapes, arguments, errors."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom._uid_dict import UID_dictionary
from pydicom.pixels.processing import convert_color_space
from pydicom.uid import AllTransferSyntaxes
from tests.python import objects
from tests.python.objects import image
from tests.python.testdata import dicom_files, pydicom_files, real_data

import radpix

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

NATIVE_SYNTAXES = (objects.IMPLICIT, objects.EXPLICIT, objects.DEFLATED, objects.BIG_ENDIAN)
OWN_SYNTAXES = (*NATIVE_SYNTAXES, objects.ENCAPSULATED, objects.RLE, objects.DEFLATED_FRAME)


def noise(shape: tuple[int, ...], dtype: str, seed: int = 0, stored: int | None = None) -> NDArray[Any]:
    """Return all values that ``stored`` bits of a type can have, with equal probability."""
    kind = np.dtype(dtype)
    stored = stored or 8 * kind.itemsize
    low, high = (-(1 << (stored - 1)), 1 << (stored - 1)) if kind.kind == "i" else (0, 1 << stored)
    return np.random.default_rng(seed).integers(low, high, shape, kind)


def ct(frames: int = 3) -> NDArray[Any]:
    return noise((frames, 9, 7), "int16", stored=12)


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


# -- sources -----------------------------------------------------------------------------------------------


class Unseekable(BytesIO):
    def seekable(self) -> bool:
        return False


@pytest.mark.parametrize("syntax", OWN_SYNTAXES)
def test_every_kind_of_source_gives_the_same(tmp_path: Path, syntax: str) -> None:
    source = image(ct(), syntax=syntax, stored=12)
    path = tmp_path / "frames.dcm"
    path.write_bytes(source)
    expected = ct()
    kinds: list[Any] = [path, str(path), source, bytearray(source), memoryview(source), BytesIO(source)]
    kinds += [Unseekable(source), np.frombuffer(source, np.uint8)]
    if syntax not in {objects.DEFLATED_FRAME, objects.ENCAPSULATED}:
        kinds += [pydicom.dcmread(path), pydicom.dcmread(path, defer_size=16)]
    for kind in kinds:
        np.testing.assert_array_equal(radpix.decode(kind), expected)
    with path.open("rb") as file:
        np.testing.assert_array_equal(radpix.decode(file), expected)
        np.testing.assert_array_equal(radpix.decode(file, index=-1), expected[-1])


def test_a_file_is_read_from_its_position_which_is_restored() -> None:
    file = BytesIO(b"envelope" + image(ct()))
    file.seek(8)
    np.testing.assert_array_equal(radpix.decode(file), ct())
    assert file.tell() == 8


def test_a_dataset_made_in_memory_needs_a_transfer_syntax() -> None:
    dataset = objects.header(rows=9, columns=7, frames=3, signed=True)
    dataset.add_new("PixelData", "OW", ct().tobytes())
    np.testing.assert_array_equal(radpix.decode(dataset), ct())
    del dataset.file_meta
    with pytest.raises(radpix.PixelDataError, match="TransferSyntaxUID"):
        radpix.decode(dataset)
    dataset.set_original_encoding(is_implicit_vr=False, is_little_endian=True)
    np.testing.assert_array_equal(radpix.decode(dataset), ct())


def test_a_dataset_whose_pixel_data_is_a_file() -> None:
    dataset = objects.header(rows=9, columns=7, frames=3, signed=True)
    dataset.PixelData = BytesIO(ct().tobytes())
    dataset["PixelData"].VR = "OW"
    np.testing.assert_array_equal(radpix.decode(dataset, index=1), ct()[1])


@pytest.mark.parametrize("source", [None, 3, 2.5, ["a.dcm"]])
def test_anything_else_is_a_type_error(source: Any) -> None:
    with pytest.raises(TypeError, match="a source is a path"):
        radpix.decode(source)


def test_a_text_file_is_a_type_error(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("text")
    with path.open() as file, pytest.raises(TypeError, match="'rb'"):
        radpix.decode(file)  # type: ignore[arg-type]


def test_a_directory_and_an_absent_file_are_named(tmp_path: Path) -> None:
    with pytest.raises(radpix.PixelDataError, match=r"directory; radpix\.load"):
        radpix.decode(tmp_path)
    with pytest.raises(FileNotFoundError, match="absent"):
        radpix.decode(tmp_path / "absent.dcm")


# -- indices and shapes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("syntax", [objects.EXPLICIT, objects.RLE])
@pytest.mark.parametrize("opened", [True, False])
def test_indices_behave_as_in_python(tmp_path: Path, syntax: str, opened: bool) -> None:
    pixels = ct(5)
    source: Any = image(pixels, syntax=syntax, stored=12)
    if opened:
        source = tmp_path / "five.dcm"
        source.write_bytes(image(pixels, syntax=syntax, stored=12))
    for index in (0, 4, -1, -5, np.int64(2)):
        np.testing.assert_array_equal(radpix.decode(source, index=int(index)), pixels[index])
    for several in ([3, 1], [0, 0, -1], (4,), range(1, 4), np.array([2, -2]), []):
        wanted = np.asarray(several, int)
        np.testing.assert_array_equal(radpix.decode(source, index=several), pixels[wanted])  # type: ignore[arg-type]
        frames = list(radpix.iter_frames(source, indices=several))  # type: ignore[arg-type]
        assert len(frames) == len(wanted)
        assert all(np.array_equal(frame, pixels[k]) for frame, k in zip(frames, wanted, strict=True))


@pytest.mark.parametrize("index", [5, -6, [0, 5], 1 << 70])
def test_an_index_beyond_the_frames_is_an_index_error(index: Any) -> None:
    with pytest.raises(IndexError, match="5 frames"):
        radpix.decode(image(ct(5)), index=index)


@pytest.mark.parametrize("index", [True, 1.0, "0", [0.5], b"0"])
def test_an_index_that_is_no_integer_is_a_type_error(index: Any) -> None:
    with pytest.raises(TypeError):
        radpix.decode(image(ct(5)), index=index)


def test_one_frame_has_no_frame_axis_unless_asked_for_in_a_sequence() -> None:
    source = image(ct(1))
    assert radpix.decode(source).shape == (9, 7)
    assert radpix.decode(source, index=0).shape == (9, 7)
    assert radpix.decode(source, index=[0]).shape == (1, 9, 7)
    assert radpix.decode(image(noise((1, 9, 7, 3), "uint8"))).shape == (9, 7, 3)


def test_iter_frames_yields_arrays_of_their_own() -> None:
    frames = list(radpix.iter_frames(image(ct())))
    frames[0][:] = 0
    np.testing.assert_array_equal(frames[1:], ct()[1:])


def test_iter_frames_checks_its_arguments_at_once() -> None:
    with pytest.raises(ValueError, match="num_threads"):
        radpix.iter_frames(image(ct()), num_threads=0)


# -- out ---------------------------------------------------------------------------------------------------


@st.composite
def targets(draw: st.DrawFn) -> NDArray[Any]:
    """Draw views of shape (3, 9, 7) with any strides, guard values around them."""
    steps = draw(st.tuples(*[st.sampled_from([1, 2, -1, -3])] * 3))
    order = draw(st.permutations([0, 1, 2]))
    shape = tuple(abs(step) * size for step, size in zip(steps, (3, 9, 7), strict=True))
    base = np.full([shape[axis] for axis in order], 77, np.int16).transpose(np.argsort(order))
    return base[tuple(slice(None, None, step) for step in steps)]


@pytest.mark.parametrize("syntax", OWN_SYNTAXES)
@given(out=targets())
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_out_may_have_any_strides(syntax: str, out: NDArray[Any]) -> None:
    assert radpix.decode(image(ct(), syntax=syntax, stored=12), out=out) is out
    np.testing.assert_array_equal(out, ct())
    root = out
    while root.base is not None and isinstance(root.base, np.ndarray):
        root = root.base
    assert np.count_nonzero(root != 77) <= out.size, "only the view was written"


@pytest.mark.parametrize(
    ("out", "error"),
    [
        (np.zeros((3, 9, 8), np.int16), ValueError),
        (np.zeros((1, 3, 9, 7), np.int16), ValueError),
        (np.zeros((3, 9, 7), np.uint16), TypeError),
        (np.zeros((3, 9, 7), np.dtype(np.int16).newbyteorder("S")), TypeError),
        ([[0]], TypeError),
    ],
)
def test_out_that_does_not_fit_is_refused(out: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="out"):
        radpix.decode(image(ct()), out=out)


def test_out_that_is_read_only_or_the_source_itself_is_refused() -> None:
    out = np.zeros((3, 9, 7), np.int16)
    out.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        radpix.decode(image(ct()), out=out)
    source = bytearray(image(ct()))
    shared = np.frombuffer(source, np.int16, 3 * 9 * 7, offset=len(source) % 2).reshape(3, 9, 7)
    with pytest.raises(ValueError, match="shares memory"):
        radpix.decode(source, out=shared)


@pytest.mark.filterwarnings("ignore::radpix.RadpixWarning")
@pytest.mark.parametrize("syntax", OWN_SYNTAXES)
def test_a_failed_call_leaves_out_as_it_was(syntax: str) -> None:
    source = image(ct(), syntax=syntax, stored=12)
    if syntax == objects.DEFLATED:
        source = objects.part10(
            objects.header(rows=9, columns=7, frames=3, signed=True, syntax=syntax), ct().tobytes()[:-9]
        )
    out = np.full((3, 9, 7), 77, np.int16)
    with pytest.raises(radpix.RadpixError):
        radpix.decode(source[: -60 if syntax != objects.DEFLATED else None], out=out)
    assert np.all(out == 77)


# -- strict and warnings -----------------------------------------------------------------------------------


def long_object() -> bytes:
    dataset = objects.header(rows=9, columns=7, frames=3, signed=True)
    return objects.part10(dataset, ct().tobytes() + b"\0" * 10)


def test_a_deviation_warns_once_and_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "long.dcm"
    path.write_bytes(long_object())
    with pytest.warns(radpix.RadpixWarning, match=r"long\.dcm: .*388 bytes where .* need 378") as caught:
        frames = list(radpix.iter_frames(path))
    np.testing.assert_array_equal(frames, ct())
    assert len(caught) == 1
    assert caught[0].filename == __file__, "the warning points to the caller"
    assert caught[0].message.code == "pixel-data-long"  # type: ignore[union-attr]


def test_strict_makes_it_an_error() -> None:
    out = np.full((3, 9, 7), 77, np.int16)
    with pytest.raises(radpix.DecodeError, match="388") as caught:
        radpix.decode(long_object(), strict=True, out=out)
    assert caught.value.code == "pixel-data-long"
    assert np.all(out == 77)
    with pytest.raises(radpix.DecodeError):
        list(radpix.iter_frames(long_object(), strict=True))


@pytest.mark.parametrize("syntax", OWN_SYNTAXES)
def test_honest_objects_pass_strict(syntax: str) -> None:
    source = image(ct(), syntax=syntax, stored=12)
    np.testing.assert_array_equal(radpix.decode(source, strict=True), ct())


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
        ("1.2.840.10008.1.2.4.103", "ffmpeg"),
        ("1.2.840.10008.1.2.4.112", "radpix.jpegxl"),
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
    monkeypatch.setattr("radpix._plugins._PLUGINS", ())
    if not any(s.backend for s in radpix.transfer_syntaxes() if s.uid.endswith(".4.90")):
        with pytest.raises(radpix.UnsupportedTransferSyntaxError, match=r'pip install "pylibjpeg\[all\]"'):
            radpix.decode(source)


def test_a_plug_in_that_fails_is_a_decode_error(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("openjpeg")
    uid = "1.2.840.10008.1.2.4.90"
    monkeypatch.setattr("radpix._frames.kernels", _WithoutCodecs)
    dataset = objects.header(rows=2, columns=2, bits=8, syntax=uid, frames=2)
    source = objects.part10(dataset, objects.encapsulate([b"\0" * 4, b"\1" * 4]))
    monkeypatch.setattr("radpix._plugins._PLUGINS", ("pylibjpeg",))
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


# -- processes and threads ---------------------------------------------------------------------------------


@pytest.mark.parametrize("syntax", [objects.EXPLICIT, objects.RLE])
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_give_the_same_bits(tmp_path: Path, syntax: str, threads: int) -> None:
    pixels = noise((17, 64, 48), "uint16")
    path = tmp_path / "frames.dcm"
    path.write_bytes(image(pixels, syntax=syntax))
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: radpix.decode(path, num_threads=threads), range(8)))
    for result in results:
        np.testing.assert_array_equal(result, pixels)


def test_one_dataset_serves_several_threads() -> None:
    pixels = noise((17, 64, 48), "uint16")
    dataset = pydicom.dcmread(BytesIO(image(pixels, syntax=objects.RLE)))
    with ThreadPoolExecutor(4) as pool:
        for k, frame in enumerate(pool.map(lambda k: radpix.decode(dataset, index=k), range(17))):
            np.testing.assert_array_equal(frame, pixels[k])


def _decode_in_child(source: bytes, queue: Any) -> None:
    queue.put(radpix.decode(source).tobytes())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_decodes_the_same() -> None:
    source = image(noise((9, 64, 48), "uint16"), syntax=objects.RLE)
    expected = radpix.decode(source, num_threads=2).tobytes()
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_decode_in_child, args=(source, queue))
    child.start()
    assert queue.get(timeout=60) == expected
    child.join()


def test_errors_survive_pickling() -> None:
    with pytest.raises(radpix.TruncatedError) as caught:
        radpix.decode(image(ct())[:-10])
    copy = pickle.loads(pickle.dumps(caught.value))
    assert type(copy) is radpix.TruncatedError
    assert (str(copy), copy.code, copy.frame) == (str(caught.value), "pixel-data-short", 2)


def test_importing_radpix_loads_neither_pydicom_nor_numba() -> None:
    code = "import sys, radpix; print([m for m in ('pydicom', 'numba') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_decoding_a_native_file_does_not_load_pydicom(tmp_path: Path) -> None:
    path = tmp_path / "native.dcm"
    path.write_bytes(image(ct()))
    code = f"import sys, radpix; radpix.decode({str(path)!r}); print('pydicom' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


# -- real files --------------------------------------------------------------------------------------------

# Files that break the standard, how, and what radpix does about it; pydicom agrees on the pixels.
DEVIANT = {
    "MR_small_padded.dcm": "pixel-data-long",
    "SC_rgb_jpeg.dcm": "vr-encoding-mismatch",
    "CT0012.fragmented_no_bot_jpeg_baseline.51.dcm": "frames-split-at-end-markers",
}


def compare_with_pydicom(path: Path) -> bool:
    """Decode a file both ways and compare; return whether there were pixels to compare."""
    dataset = pydicom.dcmread(path)
    uid = dataset.file_meta.get("TransferSyntaxUID")
    own = {syntax.uid for syntax in radpix.transfer_syntaxes() if syntax.backend == radpix.backend().name}
    if "Rows" not in dataset or uid not in own or uid == objects.DEFLATED_FRAME:
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
