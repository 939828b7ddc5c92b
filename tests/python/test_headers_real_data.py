"""Headers of the corpora, tag by tag against pydicom."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import pytest
from tests.python.testdata import dicom_files, pydicom_files, real_data

from radpix import DecodeError, TruncatedError
from radpix._header import scan as scanning
from radpix._header.tags import columns_of, wanted_of
from radpix.headers import find_pixel_data, read_header

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pydicom.dataelem import DataElement
    from pydicom.dataset import Dataset

PIXELS = 0x7FE00008


def comparable(element: DataElement) -> Any:
    """Return pydicom's value in the form of ours."""
    value = element.value
    if element.VR == "SQ":
        return len(value)
    if isinstance(value, bytes):
        return value
    many = list(value) if element.VM > 1 or isinstance(value, list) else [value]
    return [_one(each, element.VR) for each in many]


def _one(value: Any, vr: str) -> Any:
    if value is None or value == "":
        return None
    if vr in {"DS", "FL", "FD"}:
        return float(value)
    if vr in {"IS", "US", "SS", "UL", "SL", "UV", "SV", "AT"}:
        return int(value)
    return str(value).strip(" \0")


def ours(value: Any) -> Any:
    if isinstance(value, bytes | int) and not isinstance(value, bool):
        return value
    many = value if isinstance(value, tuple) else (value,)
    return [None if v in {"", None} else v.strip(" \0") if isinstance(v, str) else v for v in many]


def agree(found: Any, expected: Any) -> bool:
    mine = ours(found)
    if isinstance(mine, int) and isinstance(expected, list):
        mine = [mine]
    is_empty = not mine or mine == [None]
    return bool(mine == expected) or (is_empty and expected in ([], [None], b""))


def explained(element: DataElement, found: Any) -> str:
    """Return the rule by which we differ from pydicom, empty where there is none."""
    if element.VR == "UN" and element.tag.element == 0 and isinstance(found, int):
        return "a group length is UL in private groups too (PS3.5 7.2)"
    if element.tag.is_private and isinstance(found, bytes):
        return "private elements of implicit VR or UN are bytes, pydicom has a dictionary of some"
    if element.VR in {"ST", "LT", "UT", "UR"} and isinstance(found, str) and "\\" in found:
        return "a backslash is a character of ST, LT, UT and UR (PS3.5 6.2)"
    return ""


def elements(dataset: Dataset) -> Iterator[DataElement]:
    for tag in sorted(dataset.keys()):
        if tag >= PIXELS:
            return
        try:
            yield dataset[tag]
        except Exception:
            continue


def compare(path: Path) -> tuple[int, list[str]]:
    from pydicom import dcmread

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            dataset = dcmread(path, force=True)
            expected = {int(e.tag): (e, comparable(e)) for e in elements(dataset)}
        except Exception:
            return 0, []
        if not expected:
            return 0, []
        try:
            found = read_header(path, list(expected))
        except TruncatedError:
            return 0, []  # pydicom returns what it got
    faults = [
        f"{path.name} {element.tag} {element.VR}: {found[tag]!r:.80} for {value!r:.80}"
        for tag, (element, value) in expected.items()
        if not agree(found[tag], value) and not explained(element, found[tag])
    ]
    return len(expected), faults


@pytest.mark.real_data
def test_every_element_equals_pydicoms() -> None:
    files = [*pydicom_files(), *dicom_files(real_data())]
    results = [compare(path) for path in files]
    faults = [fault for _, part in results for fault in part]
    assert sum(count for count, _ in results) > 50_000
    assert sum(count == 0 for count, _ in results) <= 3  # cut off, or refused by pydicom
    assert not faults, "\n".join(faults[:40]) + f"\n{len(faults)}"


@pytest.mark.real_data
def test_core_and_walk_agree() -> None:
    query = scanning.Query(
        wanted_of(columns_of(["Rows", "PatientName", "ReferencedImageSequence"])), True, True
    )
    files = list(map(str, [*pydicom_files(), *dicom_files(real_data())]))
    for path, scan in zip(files, scanning.scan_files(files, query, 2), strict=True):
        if isinstance(scan, Exception):
            with pytest.raises(DecodeError):
                scanning.scan_path(path, query)
            continue
        walked = scanning.scan_path(path, query)
        assert scan.found == walked.found
        assert scan.pixels == walked.pixels
        assert list(scan.fragments.offsets) == list(walked.fragments.offsets)
        assert scan.fragments.table == walked.fragments.table


@pytest.mark.real_data
def test_pixel_data_lies_where_pydicom_finds_it() -> None:
    from pydicom import dcmread

    compared = 0
    for path in pydicom_files():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                dataset = dcmread(path)
                found = find_pixel_data(path)
            except Exception:
                continue
        element = dataset.get_item(0x7FE00010)
        if found is None or not hasattr(element, "value_tell") or "99" in found.transfer_syntax[-2:]:
            continue
        compared += 1
        assert found.offset == element.value_tell, path
    assert compared > 50
