"""Attributes of headers: by the core, by the walk in Python, and by pydicom."""

from __future__ import annotations

import os
import struct
import sys
import time
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from tests.python import objects

import radpix
from radpix._header import scan as scanning
from radpix._header.tags import columns_of, wanted_of
from radpix._source.stream import MemoryStream
from radpix.headers import find_pixel_data, read_header, scan_headers

native_only = pytest.mark.skipif(radpix.backend().name != "native", reason="compares with the compiled core")

TAGS = [
    "SpecificCharacterSet",
    "SOPInstanceUID",
    "PatientName",
    "PixelSpacing",
    "InstanceNumber",
    "ReferencedImageSequence",
    "Rows",
    "SmallestImagePixelValue",
    "PerFrameFunctionalGroupsSequence[*].PlanePositionSequence.ImagePositionPatient",
    "SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing",
    "PerFrameFunctionalGroupsSequence[1].PlanePositionSequence[0].ImagePositionPatient",
]
POSITIONS = TAGS[8]


def enhanced(syntax: str = objects.EXPLICIT) -> bytes:
    """Return an object with functional groups, of undefined length in part."""
    dataset = objects.header(rows=4, columns=5, signed=True, syntax=syntax)
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientName = "Müller^Änne"
    dataset.SmallestImagePixelValue = -7
    dataset["SmallestImagePixelValue"].VR = "SS"
    dataset.InstanceNumber = 12
    dataset.ReferencedImageSequence = Sequence([Dataset(), Dataset()])
    measures, shared = Dataset(), Dataset()
    measures.PixelSpacing = ["0.5", "0.25"]
    shared.PixelMeasuresSequence = Sequence([measures])
    shared["PixelMeasuresSequence"].is_undefined_length = True
    dataset.SharedFunctionalGroupsSequence = Sequence([shared])
    frames = []
    for number in range(3):
        frame, position = Dataset(), Dataset()
        if number != 1:
            position.ImagePositionPatient = [1, 2, number]
            frame.PlanePositionSequence = Sequence([position])
        frame.is_undefined_length_sequence_item = number == 2
        frames.append(frame)
    dataset.PerFrameFunctionalGroupsSequence = Sequence(frames)
    dataset["PerFrameFunctionalGroupsSequence"].is_undefined_length = True
    return objects.part10(dataset, bytes(40))


@pytest.mark.parametrize("syntax", objects.NATIVE_SYNTAXES)
@pytest.mark.parametrize("kind", ["bytes", "file", "path"])
def test_values_are_typed(syntax: str, kind: str, tmp_path: Path) -> None:
    data = enhanced(syntax)
    path = tmp_path / "ö.dcm"
    path.write_bytes(data)
    source: Any = {"bytes": data, "file": BytesIO(data), "path": path}[kind]
    found = read_header(source, TAGS)
    assert found["PatientName"] == "Müller^Änne"
    assert found["InstanceNumber"] == 12
    assert found["ReferencedImageSequence"] == 2
    assert found["Rows"] == 4
    assert found["SmallestImagePixelValue"] == -7
    assert found["PixelSpacing"] is None
    assert found[POSITIONS] == [(1.0, 2.0, 0.0), None, (1.0, 2.0, 2.0)]
    assert found[TAGS[9]] == (0.5, 0.25)
    assert found[TAGS[10]] is None


@pytest.mark.parametrize("name", ["Rows", "0028,0010", "(0028,0010)", "00280010", 0x00280010])
def test_names_of_tags(name: str | int) -> None:
    assert read_header(enhanced(), [name]) == {name: 4}


def test_columns_are_numbers_where_every_file_has_one(tmp_path: Path) -> None:
    paths = [tmp_path / f"{k}.dcm" for k in range(40)]
    for number, path in enumerate(paths):
        dataset = objects.header(rows=number + 1, columns=5)
        dataset.ImagePositionPatient = [0.5, 1, number]
        if number:
            dataset.InstanceNumber = number
        path.write_bytes(objects.part10(dataset))
    tags = ["Rows", "ImagePositionPatient", "InstanceNumber", "PatientName"]
    for threads in (1, 2, 3):
        table = scan_headers(paths, tags, num_threads=threads)
        assert table["Rows"].dtype == np.int64
        assert table["Rows"].tolist() == list(range(1, 41))
        assert table["ImagePositionPatient"].shape == (40, 3)
        assert table["ImagePositionPatient"][7].tolist() == [0.5, 1, 7]
        assert table["InstanceNumber"].tolist() == [None, *range(1, 40)]
        assert table["PatientName"].dtype == object


def test_errors_are_raised_or_kept(tmp_path: Path) -> None:
    good, text, short = (tmp_path / name for name in ("good", "text", "short"))
    good.write_bytes(enhanced())
    text.write_bytes(b"no DICOM at all" * 20)
    data = enhanced()
    short.write_bytes(data[: data.index(b"\x28\x00\x10\x00US") + 5])  # inside an element, wherever UIDs end
    paths = [good, text, short, tmp_path / "absent", tmp_path]
    with pytest.raises(radpix.DecodeError, match="text: this is not a DICOM file") as caught:
        scan_headers(paths, ["Rows"])
    assert caught.value.code == "dicom-prefix"
    table = scan_headers(paths, ["Rows"], on_error="keep")
    assert table["Rows"].tolist() == [4, None, None, None, None]
    kinds = [type(error) for error in table["error"]]
    assert kinds == [
        type(None),
        radpix.DecodeError,
        radpix.TruncatedError,
        FileNotFoundError,
        IsADirectoryError,
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names of files are text")
def test_a_single_path_is_not_taken_for_its_letters(tmp_path: Path) -> None:
    for path in (tmp_path / "one.dcm", "one.dcm", b"one.dcm"):
        with pytest.raises(TypeError, match=r"several files, not one: write .*one\.dcm'\)?\]"):
            scan_headers(path, ["Rows"])  # type: ignore[arg-type]


def test_names_of_files_that_are_no_text(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/\xff.dcm"
    Path(os.fsdecode(path)).write_bytes(enhanced())
    assert read_header(os.fsdecode(path), "Rows") == {"Rows": 4}
    Path(os.fsdecode(path)).write_bytes(b"text")
    with pytest.raises(radpix.DecodeError):
        read_header(os.fsdecode(path), "Rows")


def test_a_null_byte_does_not_end_a_path(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(enhanced())
    with pytest.raises(ValueError, match="null byte"):
        read_header(f"{tmp_path}/a\0b", "Rows")


@pytest.mark.parametrize(
    ("tags", "error"),
    [
        (["NoSuchKeyword"], ValueError),
        ([-1], ValueError),
        (["Rows", "Rows"], ValueError),
        ([1.5], TypeError),
        (["ReferencedImageSequence[x].Rows"], ValueError),
        (["ReferencedImageSequence[*].ReferencedImageSequence[*].Rows"], ValueError),
    ],
)
def test_wrong_tags(tags: list[Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        read_header(enhanced(), tags)


def test_a_decimal_that_is_none_remains_text() -> None:
    element = struct.pack("<HH2sH", 0x0028, 0x0030, b"DS", 8) + b"1,5\\nan "
    assert read_header(element, "PixelSpacing") == {"PixelSpacing": ("1,5", "nan")}


@pytest.mark.parametrize("integers", [40, 10_000])
def test_a_number_that_is_none_behind_many_integers_takes_no_time(integers: int) -> None:
    """A pattern that takes an integer's digits apart in several ways tries all of them: a hang for 20 values."""
    values = b"100\\" * integers + b"1,5"
    element = struct.pack("<HH2sH", 0x0028, 0x0030, b"DS", len(values) + 1) + values + b" "
    begun = time.perf_counter()
    assert read_header(element, "PixelSpacing") == {"PixelSpacing": (*[100.0] * integers, "1,5")}
    assert time.perf_counter() - begun < 5


def test_pixel_data_and_its_tables() -> None:
    dataset = objects.header(rows=1, columns=1, frames=2, syntax=objects.JPEG_BASELINE)
    dataset.add_new(0x7FE00001, "OV", struct.pack("<2Q", 0, 12))
    data = objects.part10(dataset, objects.encapsulate([b"abcd", b"ef"], table=[0, 12]))
    for source in (data, BytesIO(data)):
        found = find_pixel_data(source)
        assert found is not None
        assert [
            data[k : k + n] for k, n in zip(found.fragment_offsets, found.fragment_lengths, strict=True)
        ] == [
            b"abcd",
            b"ef",
        ]
        assert found.basic_offset_table == found.extended_offset_table == (0, 12)
        assert found.length is None
        assert found.is_delimited
    assert find_pixel_data(objects.part10(objects.header(rows=1, columns=1))) is None


def test_an_item_whose_length_looks_like_a_vr() -> None:
    # 21316 is "DS" in little endian: the walk in Python once took it for one.
    item = objects.ITEM + struct.pack("<I", 21316) + bytes(21316)
    sequence = struct.pack("<HH2sHI", 0x0008, 0x1140, b"SQ", 0, 0xFFFFFFFF) + item + objects.DELIMITER
    data = sequence + struct.pack("<HH2sHH", 0x0028, 0x0010, b"US", 2, 9)
    assert read_header(data, "Rows") == read_header(BytesIO(data), "Rows") == {"Rows": 9}


QUERY = scanning.Query(wanted_of(columns_of(TAGS)), pixel_data=True, fragments=True)


def outcome(scan: Any, data: bytes) -> Any:
    try:
        found = scan(data)
    except radpix.RadpixError as error:
        return type(error), str(error), getattr(error, "code", "")
    fragments = found.fragments
    lists = fragments._replace(offsets=list(fragments.offsets), lengths=list(fragments.lengths))
    return found._replace(fragments=lists)


@native_only
@pytest.mark.parametrize("data", [b"", bytes(3000), b"\x08\x00"])
def test_core_and_walk_refuse_alike(data: bytes) -> None:
    same(data)


def same(data: bytes) -> None:
    by_core = outcome(lambda d: scanning.scan_buffer(memoryview(d), QUERY, "bytes"), data)
    by_walk = outcome(lambda d: scanning.scan_stream(MemoryStream(memoryview(d)), QUERY, "bytes"), data)
    assert by_core == by_walk


@native_only
@given(
    st.sampled_from(objects.NATIVE_SYNTAXES),
    st.lists(
        st.tuples(st.integers(132, 2000), st.sampled_from([0, 1, 8, 0x7F, 0xE0, 0xFE, 0xFF])), max_size=6
    ),
    st.integers(0, 400),
)
def test_core_and_walk_agree_on_damaged_files(syntax: str, changes: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(enhanced(syntax))
    for place, value in changes:
        data[place % len(data)] = value
    same(bytes(data[: len(data) - cut]))


@pytest.mark.parametrize("syntax", [objects.EXPLICIT, objects.BIG_ENDIAN, objects.DEFLATED])
def test_file_meta_information_is_found(tmp_path: Path, syntax: str) -> None:
    """It once was None, as if the file had none; its numbers are little endian in any object (PS3.10 7.1)."""
    dataset = objects.header(rows=7, columns=1, syntax=syntax)
    data = objects.part10(dataset, b"\1\2")
    length = pydicom.dcmread(BytesIO(data)).file_meta.FileMetaInformationGroupLength
    tags = ["TransferSyntaxUID", "FileMetaInformationGroupLength", "FileMetaInformationVersion", "Rows"]
    path = tmp_path / "object.dcm"
    path.write_bytes(data)
    found = read_header(data, tags)
    assert list(found.values()) == [syntax, length, b"\0\1", 7]
    assert read_header(BytesIO(data), tags) == read_header(path, tags) == found
    table = scan_headers([path], tags)
    assert {tag: table[tag][0] for tag in tags} == found
    assert scan_headers([path], tags[0])[tags[0]][0] == syntax


def test_file_meta_information_whose_last_length_is_a_lie_is_truncated() -> None:
    length = struct.pack("<HH2sHI", 0x0002, 0x0001, b"OB", 0, 0x7FFFFFFF)
    for source in (bytes(128) + b"DICM" + length + b"\0\1", BytesIO(bytes(128) + b"DICM" + length)):
        with pytest.raises(radpix.TruncatedError):
            read_header(source, "FileMetaInformationVersion")
