"""Where frames lie: fragments and offset tables, lengths, bounded reading and memory."""

from __future__ import annotations

import struct
import warnings
from io import BytesIO
from typing import Any

import numpy as np
import pydicom
import pytest
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
from radpix._source import open_source

JPEG = objects.JPEG_BASELINE


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


def test_more_items_than_any_image_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("radpix._source.fragments._MOST_ITEMS", 100)
    with pytest.raises(radpix.LimitError, match="more than 100 fragments"):
        frames_of(jpegs(*[b""] * 200, frames=1))


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


# -- bounded reading -------------------------------------------------------------------------------------


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
    # One window for the header, one for the first items, an item's header each, and the frame.
    assert file.total < 2 * (64 << 10) + 132 + 10_000 + 50 * 16
