"""Headers of many files, as instances: what is told by differences is what each file says alone."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement

from radpix._series.headers import read_header, read_headers
from radpix._series.instance import Instance

from . import objects

#: An attribute, and values of it that differ in meaning, in writing only, or are none.
_VARIANTS: dict[str, tuple[Any, ...]] = {
    "ImageType": (["ORIGINAL", "PRIMARY", "M"], ["ORIGINAL", "PRIMARY", "P"]),
    "SOPClassUID": ("1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.2"),
    "SOPInstanceUID": ("1.2.3", "1.2.4", "1.2.55"),
    "SpecificCharacterSet": ("ISO_IR 100", "ISO_IR 192"),
    "ContentTime": ("101500", "101501.25", None),
    "Modality": ("MR", "CT"),
    "Manufacturer": ("one", "another"),
    "SeriesDescription": ("Schädel", "Knie"),
    "SliceThickness": ("2.5", "2.50", "", None),
    "EchoTime": ("10", "20"),
    "SeriesInstanceUID": ("1.2.7", "1.2.8"),
    "InstanceNumber": ("1", "2", "+2", "", None),
    "ImagePositionPatient": (["0", "0", "1"], ["0", "0", "1.0"], ["0", "0"], ["0", "0", "9999999"], None),
    "ImageOrientationPatient": (["1", "0", "0", "0", "1", "0"], ["0", "1", "0", "0", "0", "1"]),
    "ImagerPixelSpacing": (["0.2", "0.2"], ["0.1", "0.1"]),
    "PixelSpacing": (["0.5", "0.5"], ["0", "0"], None),
    "SliceLocation": ("1", "2.5", ""),
    "NumberOfFrames": ("1", "2", None),
    "PixelPaddingValue": (63536, 1, None),  # written as US, whatever Pixel Representation says
    "WindowCenter": ("40", ["40", "600"], ["40", "6e2"]),
    "RescaleSlope": ("1", "2.5", "", None),
    "RescaleIntercept": ("-1024", "0"),
}
_CHANGES = st.dictionaries(st.sampled_from(sorted(_VARIANTS)), st.integers(0, 4), max_size=5)


def _write(path: Path, changes: dict[str, int], *, syntax: str, signed: bool, pixels: int) -> None:
    dataset = objects.header(rows=2, columns=pixels, signed=signed, syntax=syntax)
    for keyword, variants in _VARIANTS.items():
        value = variants[changes.get(keyword, 0) % len(variants)]
        if value is not None:
            vr = "US" if keyword == "PixelPaddingValue" else dictionary_VR(keyword)
            dataset.add(DataElement(keyword, vr, value))
    path.write_bytes(objects.part10(dataset, bytes(4 * pixels)))


@given(
    st.lists(
        st.tuples(_CHANGES, st.sampled_from(objects.NATIVE_SYNTAXES[:2]), st.booleans(), st.integers(2, 3)),
        min_size=2,
        max_size=6,
    )
)
def test_instances_of_many_files_are_those_of_each(
    files: list[tuple[dict[str, int], str, bool, int]],
) -> None:
    with TemporaryDirectory() as folder:
        paths = [f"{folder}/{k}.dcm" for k in range(len(files))]
        for path, (changes, syntax, signed, pixels) in zip(paths, files, strict=True):
            _write(Path(path), changes, syntax=syntax, signed=signed, pixels=pixels)
        assert list(read_headers(paths)) == [read_header(path) for path in paths]


@pytest.mark.parametrize("damage", ["cut", "none", "no rows"])
def test_what_stands_between_two_files_does_not_matter(tmp_path: Path, damage: str) -> None:
    paths = [tmp_path / f"{k}.dcm" for k in range(3)]
    for k, path in enumerate(paths):
        _write(path, {"InstanceNumber": k % 2}, syntax=objects.EXPLICIT, signed=False, pixels=2)
    if damage == "no rows":
        dataset = objects.header(rows=2, columns=2)
        del dataset.Rows
        paths[1].write_bytes(objects.part10(dataset))
    else:
        data = paths[1].read_bytes()
        paths[1].write_bytes(data[: len(data) - 100] if damage == "cut" else b"none")
    first, between, last = read_headers([str(path) for path in paths])
    assert isinstance(between, Exception)
    assert (first, last) == (read_header(paths[0]), read_header(paths[2]))


def test_an_attribute_that_is_there_twice_has_its_last_value(tmp_path: Path) -> None:
    paths = [tmp_path / f"{k}.dcm" for k in range(2)]
    for k, path in enumerate(paths):
        _write(path, {}, syntax=objects.IMPLICIT, signed=False, pixels=2)
        data = path.read_bytes()
        element = b"\x20\x00\x13\x00\x02\x00\x00\x00"  # Instance Number, 2 bytes
        twice = element + f"{k + 4} ".encode() + element + b"1 "
        assert element + b"1 " in data
        path.write_bytes(data.replace(element + b"1 ", twice))
    instances = list(read_headers([str(path) for path in paths]))
    assert [isinstance(each, Instance) and each.instance_number for each in instances] == [1, 1]
