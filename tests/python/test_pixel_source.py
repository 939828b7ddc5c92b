"""Where frames lie: honest and dishonest headers, fragments, offset tables; bounded reading and memory."""

from __future__ import annotations

import contextlib
import struct
import subprocess
import sys
import warnings
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from tests.python import objects
from tests.python.objects import encapsulate, header, image, part10
from tests.python.testdata import pydicom_files

import radpix
from radpix._source import open_source

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

JPEG = objects.JPEG_BASELINE
ALL_SYNTAXES = (
    objects.IMPLICIT,
    objects.EXPLICIT,
    objects.DEFLATED,
    objects.BIG_ENDIAN,
    objects.ENCAPSULATED,
    objects.RLE,
    objects.DEFLATED_FRAME,
)


def frames_of(source: Any) -> tuple[list[bytes], list[str]]:
    """Return the codestreams of an object's frames, and the codes of the warnings on the way."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with open_source(source) as pixels:
            pixels.check(range(pixels.frames))
            codestreams = [bytes(pixels.codestreams([k])[0]) for k in range(pixels.frames)]
    return codestreams, [warning.message.code for warning in caught]  # type: ignore[union-attr]


def jpegs(
    *fragments: bytes,
    frames: int | None,
    syntax: str = JPEG,
    extended: tuple[bytes, bytes] | None = None,
    **how: Any,
) -> bytes:
    """Return an object with these fragments; nothing decodes them."""
    dataset = header(rows=4, columns=4, bits=8, frames=frames, syntax=syntax)
    if extended is not None:
        dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths = extended
    return part10(dataset, encapsulate(fragments, **how), vr="OB")


A, B, C, D = (bytes([0xFF, 0xD8, letter] * 2 + [0xFF, 0xD9]) for letter in b"abcd")
#: One frame in two fragments, the first of which shows no end.
HALF, REST = b"\xff\xd8head", b"tail\xff\xd9"


# -- fragments and frames ----------------------------------------------------------------------------------


def test_as_many_fragments_as_frames_are_one_each() -> None:
    assert frames_of(jpegs(A, B, C, frames=3)) == ([A, B, C], [])


def test_one_frame_takes_all_fragments() -> None:
    assert frames_of(jpegs(HALF, REST, frames=1)) == ([HALF + REST], [])
    assert frames_of(jpegs(HALF, REST, frames=None)) == ([HALF + REST], [])
    assert frames_of(jpegs(HALF, REST, frames=None, table=[0])) == ([HALF + REST], [])


def test_the_basic_offset_table_joins_fragments() -> None:
    table = [0, 16, 16 + 28]
    assert frames_of(jpegs(A, HALF, REST, C, frames=3, table=table)) == ([A, HALF + REST, C], [])


def test_the_extended_offset_table_joins_fragments() -> None:
    offsets = struct.pack("<3Q", 0, 16, 44)
    lengths = struct.pack("<3Q", 8, 12, 8)
    source = jpegs(A, HALF, REST, C, frames=3, extended=(offsets, lengths))
    assert frames_of(source) == ([A, HALF + REST, C], [])
    assert frames_of(pydicom.dcmread(BytesIO(source))) == ([A, HALF + REST, C], [])


@pytest.mark.parametrize(
    "table", [[0, 16, 45], [8, 16, 44], [0, 16, 16], [0, 44, 16], [0, 16], [4, 20, 48], [0xFFFFFFF0] * 3]
)
def test_a_table_that_does_not_meet_the_fragments_is_not_used(table: list[int]) -> None:
    codestreams, codes = frames_of(jpegs(A, HALF, REST, C, frames=3, table=table))
    assert codestreams == [A, HALF + REST, C]
    assert codes == ["offset-table-invalid", "frames-split-at-end-markers"]


def test_as_many_fragments_as_frames_do_not_need_the_table() -> None:
    codestreams, codes = frames_of(jpegs(A, B, C, frames=3, table=[0, 15, 32]))
    assert (codestreams, codes) == ([A, B, C], ["offset-table-invalid"])


def test_without_a_table_frames_end_with_end_markers() -> None:
    padded = REST + b"\0" * 6
    codestreams, codes = frames_of(jpegs(A, HALF, padded, C, frames=3))
    assert (codestreams, codes) == ([A, HALF + padded, C], ["frames-split-at-end-markers"])


def test_without_a_table_or_end_markers_fragments_cannot_be_told_apart() -> None:
    with pytest.raises(radpix.PixelDataError, match="4 fragments make up 3 frames"):
        frames_of(jpegs(A, B, C, D, frames=3, syntax=objects.RLE))


def test_a_fragment_behind_the_only_frame_belongs_to_it() -> None:
    """JPEGInvalidSecondFrag: a decoder stops at its end marker."""
    assert frames_of(jpegs(A, b"garbage!", frames=1)) == ([A + b"garbage!"], [])


def test_more_frames_than_number_of_frames_says_are_left_out() -> None:
    codestreams, codes = frames_of(jpegs(A, B, C, frames=1, table=[0, 16, 32]))
    assert (codestreams, codes) == ([A], ["number-of-frames-short"])
    codestreams, codes = frames_of(jpegs(A, B, C, frames=2))
    assert (codestreams, codes) == ([A, B], ["frames-split-at-end-markers", "number-of-frames-short"])


def test_fewer_fragments_than_frames_leave_frames_missing() -> None:
    source = jpegs(A, B, frames=3)
    with pytest.raises(radpix.TruncatedError, match="2 of 3 frames") as caught:
        frames_of(source)
    assert (caught.value.code, caught.value.frame) == ("frames-missing", 2)
    with open_source(source) as pixels, pytest.warns(radpix.RadpixWarning, match="2 of 3 frames"):
        pixels.check([0, 1])


def test_a_cut_off_file_still_gives_the_frames_before_the_cut() -> None:
    """The offset table counts frames that are gone."""
    source = jpegs(HALF, REST, A, B, frames=3, table=[0, 28, 44])
    cut = source[: source.index(B) - 8]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with open_source(cut) as pixels:
            assert [bytes(data) for data in pixels.codestreams([0, 1])] == [HALF + REST, A]
            with pytest.raises(radpix.TruncatedError):
                pixels.check([2])


def test_an_empty_fragment_is_left_out() -> None:
    assert frames_of(jpegs(A, b"", B, frames=2)) == ([A, B], ["fragment-empty"])


@pytest.mark.parametrize("opened", [False, True])
def test_fragments_of_odd_length(opened: bool) -> None:
    """They may have a pad byte or none, or be counted one too long: the next one is found."""
    odd = A + b"\0"
    source: Any = jpegs(odd, B, frames=2)
    assert frames_of(BytesIO(source) if opened else source) == ([odd, B], [])
    padded = source.replace(odd, odd + b"\0")
    assert frames_of(padded) == ([odd, B], ["fragment-length-off-by-one"])
    short = source.replace(odd, odd[:-1])
    assert frames_of(short) == ([A, B], ["fragment-length-off-by-one"])


@pytest.mark.parametrize("trailer", [b"", b"\0\0", b"\xfc\xff\xfc\xffOB\0\0\0\0\0\0"])
def test_a_missing_sequence_delimiter(trailer: bytes) -> None:
    source = jpegs(A, B, frames=2, delimiter=trailer)
    assert frames_of(source) == ([A, B], ["sequence-delimiter-absent"])


def test_the_last_fragment_may_be_cut_off() -> None:
    source = jpegs(A, B, frames=2)[: -8 - 3]
    codestreams, codes = frames_of(source)
    assert codestreams == [A, B[:-3]]
    assert codes == ["fragment-truncated", "sequence-delimiter-absent"]


def test_an_undefined_fragment_length_is_refused() -> None:
    source = jpegs(A, B, frames=2).replace(objects.ITEM + b"\x08\0\0\0", objects.ITEM + b"\xff" * 4)
    with pytest.raises(radpix.DecodeError, match="undefined length") as caught:
        frames_of(source)
    assert caught.value.code == "fragment-length-undefined"


def test_encapsulated_pixel_data_of_defined_length() -> None:
    dataset = header(rows=4, columns=4, bits=8, frames=2, syntax=JPEG)
    value = encapsulate([A, B])
    source = part10(dataset, value, length=len(value))
    assert frames_of(source) == ([A, B], ["pixel-data-length-defined"])


def test_pixel_data_that_is_not_encapsulated_as_it_should_be() -> None:
    dataset = header(rows=4, columns=4, bits=8, syntax=JPEG)
    with pytest.raises(radpix.PixelDataError, match="does not begin with an item"):
        frames_of(part10(dataset, bytes(16)))
    dataset = header(rows=4, columns=4, bits=8)
    with pytest.raises(radpix.PixelDataError, match="is a native transfer syntax"):
        frames_of(part10(dataset, encapsulate([A]), length=0xFFFFFFFF))


@pytest.mark.parametrize("syntax", [objects.ENCAPSULATED, objects.DEFLATED_FRAME])
def test_frames_that_hold_too_much_or_too_little(syntax: str) -> None:
    pack = objects.deflate if syntax == objects.DEFLATED_FRAME else bytes
    dataset = header(rows=4, columns=4, bits=8, syntax=syntax)
    source = part10(dataset, encapsulate([pack(bytes(range(19)))]))
    assert frames_of(source) == ([bytes(range(16))], ["pixel-data-long"])
    with pytest.raises(radpix.TruncatedError, match="15 bytes"):
        frames_of(part10(dataset, encapsulate([pack(bytes(15))])))


def test_a_damaged_deflated_frame_is_a_decode_error() -> None:
    dataset = header(rows=4, columns=4, bits=8, frames=2, syntax=objects.DEFLATED_FRAME)
    source = part10(dataset, encapsulate([objects.deflate(bytes(16)), b"\xff" * 8]))
    with pytest.raises(radpix.DecodeError, match="frame 1: the frame cannot be inflated") as caught:
        radpix.decode(source)
    assert (caught.value.code, caught.value.frame) == ("deflate-invalid", 1)


# -- native lengths ----------------------------------------------------------------------------------------


def native_object(size: int, *, frames: int = 3, length: int | None = None) -> bytes:
    dataset = header(rows=4, columns=4, bits=16, frames=frames)
    return part10(dataset, bytes(range(size)), length=length)


@pytest.mark.parametrize("opened", [False, True])
def test_short_native_data_gives_the_frames_that_are_complete(opened: bool) -> None:
    source: Any = native_object(95)
    source = BytesIO(source) if opened else source
    with pytest.raises(radpix.TruncatedError, match=r"frame 2: .* 95 bytes .* need 96") as caught:
        radpix.decode(source)
    assert (caught.value.code, caught.value.frame) == ("pixel-data-short", 2)
    with pytest.warns(radpix.RadpixWarning, match="shorter than"):
        assert radpix.decode(source, index=1)[0, 0] == 0x2120
    with pytest.raises(radpix.DecodeError):
        radpix.decode(source, index=1, strict=True)


def test_a_declared_length_beyond_the_file() -> None:
    for length in (96, 0xFFFFFFFE):
        source = native_object(94, length=length)
        with pytest.raises(radpix.TruncatedError):
            radpix.decode(source)
    with pytest.warns(radpix.RadpixWarning, match="4294967294 bytes"):
        assert radpix.decode(native_object(96, length=0xFFFFFFFE)).shape == (3, 4, 4)


@pytest.mark.parametrize("syntax", [objects.EXPLICIT, objects.DEFLATED])
def test_one_pad_byte_is_no_deviation_two_are(syntax: str) -> None:
    dataset = header(rows=3, columns=3, bits=8, syntax=syntax)
    for size in (9, 10):
        assert frames_of(part10(dataset, bytes(size), vr="OB")) == ([bytes(9)], [])
    assert frames_of(part10(dataset, bytes(11), vr="OB")) == ([bytes(9)], ["pixel-data-long"])


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
    assert frames_of(part10(dataset, encapsulate([A]))) == ([A], ["high-bit-invalid"])


# -- hostile sets ------------------------------------------------------------------------------------------


def decode_without_surprise(source: bytes) -> None:
    """Decode; nothing but errors and warnings of radpix may come out."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", radpix.RadpixWarning)
        with contextlib.suppress(radpix.RadpixError):
            for frame in radpix.iter_frames(source):
                assert frame.size
            radpix.decode(source)


def small(syntax: str) -> bytes:
    return image(np.arange(2 * 6 * 5, dtype=np.int16).reshape(2, 6, 5), syntax=syntax, stored=12)


@pytest.mark.parametrize("syntax", ALL_SYNTAXES)
def test_files_cut_off_anywhere(syntax: str) -> None:
    source = small(syntax)
    for end in range(len(source)):
        decode_without_surprise(source[:end])


@pytest.mark.parametrize("syntax", ALL_SYNTAXES)
def test_files_with_changed_bytes(syntax: str) -> None:
    source = small(syntax)
    random = np.random.default_rng(5)
    for _ in range(300):
        changed = bytearray(source)
        for place in random.integers(128, len(source), random.integers(1, 4)):
            changed[place] = random.choice([0, 1, 0x7F, 0x80, 0xFF, int(random.integers(256))])
        decode_without_surprise(bytes(changed))


@pytest.mark.parametrize("syntax", ALL_SYNTAXES)
def test_files_with_changed_lengths(syntax: str) -> None:
    """Every 32-bit word of the pixel data's surroundings becomes zero, huge, and undefined."""
    source = small(syntax)
    place = source.find(
        bytes.fromhex("e07f1000") if syntax != objects.BIG_ENDIAN else bytes.fromhex("7fe00010")
    )
    for offset in range(max(132, place - 8), len(source) - 4, 1):
        for word in (0, 1, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF):
            decode_without_surprise(source[:offset] + struct.pack("<I", word) + source[offset + 4 :])


def test_deflate_bombs_stay_small() -> None:
    """64 MiB of zeros deflate to 64 KiB: in front of the pixel data, in it, and in a frame."""
    bomb = bytes(64 << 20)
    dataset = header(rows=4, columns=4, bits=8, syntax=objects.DEFLATED)
    code = """
import sys, tracemalloc, warnings, radpix
warnings.simplefilter("ignore")
raw = dict(transfer_syntax="1.2.840.10008.1.2.1", rows=4, columns=4, bits_allocated=8)
radpix.decode_frame(bytes(16), **raw)  # loads the backend
tracemalloc.start()
try:
    print(radpix.decode(sys.stdin.buffer.read()).shape, end=" ")
except radpix.RadpixError as error:
    print(type(error).__name__, end=" ")
print(tracemalloc.get_traced_memory()[1])
"""
    frame = header(rows=4, columns=4, bits=8, syntax=objects.DEFLATED_FRAME)
    dataset.add_new(0x00091010, "OB", bomb + bomb)
    private = part10(dataset, bytes(16), vr="OB")
    del dataset[0x00091010]
    for source, expected, limit in (
        (private, "LimitError", 80 << 20),
        (part10(dataset, bomb, vr="OB"), "(4, 4)", 16 << 20),
        (part10(frame, encapsulate([objects.deflate(bomb)])), "(4, 4)", 1 << 20),
    ):
        done = subprocess.run([sys.executable, "-c", code], input=source, capture_output=True, check=True)
        outcome, _, peak = done.stdout.decode().rpartition(" ")
        assert outcome == expected
        assert int(peak) < limit


@pytest.mark.filterwarnings("ignore")
def test_pydicoms_own_files_cut_off_anywhere() -> None:
    names = {
        "MR_small_RLE.dcm",
        "SC_rgb_rle_2frame.dcm",
        "image_dfl.dcm",
        "liver_1frame.dcm",
        "rtdose_rle.dcm",
    }
    for path in pydicom_files():
        if path.name in names:
            source = path.read_bytes()
            for end in np.linspace(0, len(source), 60).astype(int).tolist():
                decode_without_surprise(source[:end])


# -- bounded reading and memory ----------------------------------------------------------------------------


class Counting(BytesIO):
    """A file that counts what is read of it."""

    total = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.total += len(data)
        return data

    def readinto(self, buffer: Any, /) -> int:
        count = super().readinto(buffer)
        self.total += count
        return count


@pytest.mark.parametrize("syntax", [objects.EXPLICIT, objects.BIG_ENDIAN, objects.RLE, objects.ENCAPSULATED])
def test_one_frame_costs_the_reading_of_one_frame(syntax: str) -> None:
    pixels = np.random.default_rng(3).integers(0, 1 << 16, (50, 64, 64), np.uint16)
    file = Counting(image(pixels, syntax=syntax))
    np.testing.assert_array_equal(radpix.decode(file, index=31), pixels[31])
    assert file.total < (64 << 10) + 132 + 10_000 + 50 * 16


MEMORY = """
import resource, sys, radpix
path, how = sys.argv[1:]
radpix.decode(path, index=0)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
if how == "first":
    assert radpix.decode(path, index=0).shape == (1024, 1024)
else:
    assert sum(1 for _ in radpix.iter_frames(path)) == 150
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10)
"""


@pytest.fixture(scope="module")
def sparse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of 150 frames of 2 MiB that takes no room on disk."""
    path = tmp_path_factory.mktemp("sparse") / "sparse.dcm"
    size = 150 << 21
    dataset = header(rows=1024, columns=1024, bits=16, frames=150)
    head = part10(dataset, b"", length=size)
    path.write_bytes(head)
    with path.open("r+b") as file:
        file.truncate(len(head) + size)
    return path


@pytest.mark.skipif(sys.platform == "win32", reason="needs getrusage")
@pytest.mark.parametrize(("how", "limit"), [("first", 8), ("all", 4 + 64)])
def test_memory_does_not_grow_with_the_file(sparse: Path, how: str, limit: int) -> None:
    command = [sys.executable, "-c", MEMORY, str(sparse), how]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(done.stdout) <= limit, "MiB above one decoded frame"
