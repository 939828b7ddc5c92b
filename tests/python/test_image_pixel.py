"""Headers: encodings, nesting, and attributes that are wrong or absent."""

from __future__ import annotations

import struct
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from tests.python import objects
from tests.python.objects import (
    encapsulate,
    frames_of,
    header,
    image,
    native_object,
    part10,
)

import radpix

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

JPEG = objects.JPEG_BASELINE

# -- headers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("syntax", [objects.IMPLICIT, objects.EXPLICIT, objects.BIG_ENDIAN])
@pytest.mark.parametrize("with_meta", [False, True])
def test_files_without_preamble(syntax: str, with_meta: bool) -> None:
    pixels = np.arange(60, dtype=np.uint16).reshape(3, 4, 5)
    data = image(pixels, syntax=syntax)
    start = 132 if with_meta else 144 + struct.unpack_from("<I", data, 140)[0]
    decode = radpix.decode(data[start:]) if with_meta else None
    if decode is None:
        with pytest.warns(radpix.RadpixWarning, match=f"no Transfer Syntax UID; it is read as {syntax}"):
            decode = radpix.decode(data[start:])
    np.testing.assert_array_equal(decode, pixels)


@pytest.mark.parametrize(
    "data", [b"", b"\0" * 4, b"\0" * 4000, b"GIF89a" * 99, b"\x08\0\x05\0CS", b"DICM." * 99]
)
def test_what_is_not_dicom_is_named(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "picture.gif"
    path.write_bytes(data)
    with pytest.raises(radpix.PixelDataError, match=r"picture\.gif: this is not a DICOM file"):
        radpix.decode(path)


def test_an_object_without_pixel_data() -> None:
    dataset = header(rows=4, columns=4)
    with pytest.raises(radpix.PixelDataError, match="no pixel data"):
        radpix.decode(part10(dataset))
    with pytest.raises(radpix.PixelDataError, match="stop_before_pixels"):
        radpix.decode(dataset)


def test_the_header_may_be_in_the_other_vr_encoding() -> None:
    pixels = np.arange(20, dtype=np.uint16).reshape(1, 4, 5)
    wrong = image(pixels).replace(
        b"\x14\x00" + objects.EXPLICIT.encode() + b"\0", b"\x14\x00" + b"1.2.840.10008.1.2\0\0\0"
    )
    with pytest.warns(radpix.RadpixWarning, match="is in explicit VR although") as caught:
        np.testing.assert_array_equal(radpix.decode(wrong), pixels[0])
    assert caught[0].message.code == "vr-encoding-mismatch"  # type: ignore[union-attr]


def nested(depth: int) -> Dataset:
    inner = Dataset()
    inner.Rows, inner.PixelData = 999, b"\0\0"
    inner["PixelData"].VR = "OW"
    for _ in range(depth):
        outer = Dataset()
        outer.Columns = 999
        outer.IconImageSequence = DicomSequence([inner, Dataset()])
        outer["IconImageSequence"].is_undefined_length = True
        outer["IconImageSequence"].value[0].is_undefined_length_sequence_item = depth % 2 == 0
        inner = outer
    return inner


@pytest.mark.parametrize("syntax", [objects.IMPLICIT, objects.EXPLICIT, objects.BIG_ENDIAN, objects.DEFLATED])
@pytest.mark.parametrize("depth", [1, 4, 5])
def test_pixel_data_of_icons_is_not_that_of_the_image(syntax: str, depth: int) -> None:
    dataset = header(rows=3, columns=2, bits=8, syntax=syntax)
    dataset.update(nested(depth))
    dataset.Rows, dataset.Columns = 3, 2
    assert frames_of(part10(dataset, bytes(range(6)), vr="OB")) == ([bytes(range(6))], [])


def test_a_sequence_of_unknown_vr_and_undefined_length_is_in_implicit_vr() -> None:
    """PS3.5 6.2.2."""
    item = struct.pack("<HHI", 0x0028, 0x0010, 2) + b"\xe7\x03"
    unknown = struct.pack("<HH2sHI", 0x0029, 0x1010, b"UN", 0, 0xFFFFFFFF)
    unknown += objects.ITEM + struct.pack("<I", 0xFFFFFFFF) + item + struct.pack("<HHI", 0xFFFE, 0xE00D, 0)
    unknown += objects.DELIMITER
    source = native_object(96)
    place = source.index(b"\xe0\x7f\x10\x00")
    assert radpix.decode(source[:place] + unknown + source[place:]).shape == (3, 4, 4)


def test_more_elements_than_any_header_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("radpix._source.elements._MOST_ELEMENTS", 10)
    with pytest.raises(radpix.PixelDataError, match="more than 10 data elements"):
        radpix.decode(native_object(96))


def test_deep_nesting_neither_recurses_nor_hangs() -> None:
    opened = struct.pack("<HH2sHI", 0x0029, 0x1010, b"SQ", 0, 0xFFFFFFFF) + objects.ITEM + b"\xff" * 4
    source = native_object(96)
    place = source.index(b"\xe0\x7f\x10\x00")
    with pytest.raises(radpix.PixelDataError):
        radpix.decode(source[:place] + opened * 50_000 + source[place:])


# Attribute, value, and what it is refused with: None where the deviation is bearable.
WRONG = [
    ("Rows", 0, radpix.PixelDataError),
    ("Columns", 0, radpix.PixelDataError),
    ("Rows", 0xFFFF, radpix.RadpixError),
    ("SamplesPerPixel", 0, radpix.PixelDataError),
    ("SamplesPerPixel", 2, radpix.PixelDataError),
    ("SamplesPerPixel", 0xFFFF, radpix.PixelDataError),
    ("BitsAllocated", 0, radpix.PixelDataError),
    ("BitsAllocated", 1, radpix.PixelDataError),
    ("BitsAllocated", 12, radpix.PixelDataError),
    ("BitsAllocated", 17, radpix.PixelDataError),
    ("BitsAllocated", 0xFFFF, radpix.PixelDataError),
    ("BitsStored", 0, radpix.PixelDataError),
    ("BitsStored", 17, radpix.PixelDataError),
    ("HighBit", 255, radpix.PixelDataError),
    ("HighBit", 3, radpix.PixelDataError),
    ("PixelRepresentation", 2, radpix.PixelDataError),
    ("NumberOfFrames", -1, radpix.PixelDataError),
    ("NumberOfFrames", 0, None),
    ("NumberOfFrames", 1 << 31, radpix.PixelDataError),
    ("NumberOfFrames", (1 << 31) - 1, radpix.RadpixError),
    ("PhotometricInterpretation", "", None),
]


@pytest.mark.parametrize(("name", "value", "error"), WRONG)
@pytest.mark.parametrize("syntax", [objects.EXPLICIT, objects.RLE])
@pytest.mark.parametrize("kind", ["bytes", "dataset"])
@pytest.mark.filterwarnings("ignore:A value of:UserWarning", "ignore:Invalid value:UserWarning")
def test_wrong_attributes(
    name: str, value: Any, error: type[Exception] | None, syntax: str, kind: str
) -> None:
    dataset = header(rows=4, columns=4, bits=16, syntax=syntax)
    pixels: NDArray[np.uint16] = np.arange(16, dtype=np.uint16).reshape(4, 4)
    setattr(dataset, name, value)
    data = pixels.tobytes() if syntax == objects.EXPLICIT else encapsulate([objects.rle(pixels)])
    source: Any = part10(dataset, data)
    if kind == "dataset":
        source = pydicom.dcmread(BytesIO(source))
    if error is None:
        with pytest.warns(radpix.RadpixWarning):
            np.testing.assert_array_equal(radpix.decode(source), pixels)
    else:
        with pytest.raises(error):
            radpix.decode(source)


REQUIRED = ["Rows", "Columns", "SamplesPerPixel", "BitsAllocated"]
ASSUMED = ["BitsStored", "PixelRepresentation", "PhotometricInterpretation"]


def test_two_billion_frames_that_are_not_there_take_no_time() -> None:
    for syntax, data in ((objects.EXPLICIT, b"\0\0"), (objects.RLE, encapsulate([objects.pack_rle(b"\0")]))):
        dataset = header(rows=1, columns=1, bits=8, frames=(1 << 31) - 1, syntax=syntax)
        with pytest.raises(radpix.TruncatedError):
            radpix.decode(part10(dataset, data))


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_attribute_is_named(name: str) -> None:
    dataset = header(rows=4, columns=4)
    delattr(dataset, name)
    with pytest.raises(radpix.PixelDataError, match="is missing"):
        radpix.decode(part10(dataset, bytes(32)))


@pytest.mark.parametrize("name", ASSUMED)
def test_what_can_be_assumed_is_with_a_warning(name: str) -> None:
    dataset = header(rows=4, columns=4)
    delattr(dataset, name)
    source = part10(dataset, bytes(32))
    with pytest.warns(radpix.RadpixWarning, match="assumed"):
        assert radpix.decode(source).shape == (4, 4)
    with pytest.raises(radpix.DecodeError) as caught:
        radpix.decode(source, strict=True)
    assert caught.value.code.endswith("-absent")


def test_colour_without_photometric_interpretation_is_refused() -> None:
    dataset = header(rows=4, columns=4, samples=3, bits=8)
    del dataset.PhotometricInterpretation
    with pytest.raises(radpix.PixelDataError, match="meaning of the 3 samples"):
        radpix.decode(part10(dataset, bytes(48)))


@pytest.mark.parametrize(("text", "frames"), [(b"3 ", 3), (b" 3", 3), (b"+3", 3), (b"3.0 ", 3), (b"3\0", 3)])
def test_number_of_frames_as_people_write_it(text: bytes, frames: int) -> None:
    source = native_object(96)
    element = b"\x28\x00\x08\x00IS"
    wrong = source.replace(element + b"\x02\x003 ", element + struct.pack("<H", len(text)) + text)
    assert wrong != source or text == b"3 "
    assert radpix.decode(wrong).shape[0] == frames


@pytest.mark.parametrize("text", [b"1A", b"1\\2 ", b"NaN ", b"\xff\xff", b"1e3 ", b"9" * 4000])
def test_a_number_of_frames_that_is_none(text: bytes) -> None:
    source = native_object(96)
    element = b"\x28\x00\x08\x00IS"
    wrong = source.replace(element + b"\x02\x003 ", element + struct.pack("<H", len(text)) + text)
    with pytest.raises(radpix.PixelDataError, match="is no integer"):
        radpix.decode(wrong)


def test_an_attribute_of_the_wrong_size() -> None:
    source = native_object(96)
    element = b"\x28\x00\x10\x00US"
    wrong = source.replace(element + b"\x02\x00\x04\x00", element + b"\x04\x00\x04\x00\x04\x00")
    with pytest.raises(radpix.PixelDataError, match=r"Rows .* holds 4 bytes"):
        radpix.decode(wrong)


@pytest.mark.filterwarnings("ignore:A value of:UserWarning")
def test_an_unreadable_dataset_is_a_pixel_data_error() -> None:
    dataset = header(rows=4, columns=4)
    dataset.add_new("PixelData", "OW", bytes(32))
    dataset["Rows"].value = ["a", "b"]
    with pytest.raises(radpix.PixelDataError):
        radpix.decode(dataset)


def test_high_bit_does_not_matter_to_a_codestream_of_its_own_precision() -> None:
    dataset = header(rows=4, columns=4, bits=8, syntax=JPEG)
    dataset.HighBit = 255
    assert frames_of(part10(dataset, encapsulate([b"a codestream"]))) == (
        [b"a codestream"],
        ["high-bit-invalid"],
    )
