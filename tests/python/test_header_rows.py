"""Rows of values made by the core against the conversion in Python, value by value and type by type."""

from __future__ import annotations

import struct
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.python import objects

import radpix
from radpix._header import scan as scanning
from radpix._header.tags import columns_of, wanted_of
from radpix._header.values import decode_value
from radpix.headers import scan_headers

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.skipif(radpix.backend().name != "native", reason="tests the compiled core")

SHORT_VRS = ["AE", "AS", "AT", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "LO"]
SHORT_VRS += ["LT", "PN", "SH", "SL", "SS", "ST", "TM", "UI", "UL", "US"]
LONG_VRS = ["OB", "OF", "OW", "SV", "UC", "UN", "UR", "UT", "UV", "XX"]
VRS = SHORT_VRS + LONG_VRS
#: (0008,0008) and (0009,0008), whose VRs by PS3.6 are CS and UN.
KNOWN, PRIVATE = 0x00080008, 0x00090008


def file_of(vr: str, raw: bytes, *, tag: int = KNOWN, little: bool = True) -> bytes:
    """Return a file with one attribute in explicit VR."""
    order = "<" if little else ">"
    head = struct.pack(f"{order}HH2s", tag >> 16, tag & 0xFFFF, vr.encode())
    length = struct.pack(f"{order}H", len(raw)) if vr in SHORT_VRS else struct.pack(f"{order}xxI", len(raw))
    return part10(head + length + raw, objects.EXPLICIT if little else objects.BIG_ENDIAN)


def part10(data_set: bytes, syntax: str) -> bytes:
    uid = syntax.encode() + b"\0" * (len(syntax) & 1)
    meta = struct.pack("<HH2sH", 2, 0x10, b"UI", len(uid)) + uid
    return bytes(128) + b"DICM" + struct.pack("<HH2sHI", 2, 0, b"UL", 4, len(meta)) + meta + data_set


def rows_of(files: Sequence[bytes], tag: int) -> list[Any]:
    columns = columns_of(tag)
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder, f"{number}.dcm")) for number in range(len(files))]
        for path, data in zip(paths, files, strict=True):
            Path(path).write_bytes(data)
        query = scanning.Query(wanted_of(columns))
        return scanning.scan_rows(paths, query, [column.vr for column in columns], 1)


def assert_as_python(rows: list[Any], vr: str, raws: Sequence[bytes], *, little: bool) -> None:
    for row, raw in zip(rows, raws, strict=True):
        assert not isinstance(row, Exception), (vr, raw)
        if isinstance(row, list):
            expected = decode_value(raw, vr, little_endian=little)
            assert repr(row) == repr([expected]), (vr, raw)


NUMBERS = ["1", "-0", "+12", "1.5", ".5", "5.", "1e3", "-1.25E-07", " 7 ", "12\0", "1\\2", "-0.0\\1\\ 3"]
NUMBERS += ["", " ", "\0"]
ODD = ["1,5", ".", "e5", "1e", "1e+", "1_0", "nan", "inf", "0x10", "1 2", "1\\", "\\", "--1", "1\0002"]
ODD += ["1e999", "9" * 60, "1234567890123", "12.00", "12.", "12.5", "a\\b", " a \\ b\0", "é", "\x1b$B", "\t1"]


@pytest.mark.parametrize("little", [True, False])
@pytest.mark.parametrize("vr", VRS)
def test_values_of_every_vr_are_those_of_python(vr: str, little: bool) -> None:
    raws = [text.encode("latin-1") for text in NUMBERS + ODD] + [
        bytes(range(k, 2 * k + 200, 13)) for k in range(20)
    ]
    raws += [bytes(8), b"\xff" * 8, b"\0\0\xc0\x7f" * 2, b"\0\0\xf8\x7f" * 4]
    files = [file_of(vr, raw, little=little) for raw in raws]
    # UN takes the dictionary's VR.
    assert_as_python(rows_of(files, KNOWN), vr if vr != "UN" else "CS", raws, little=little)


@given(
    st.sampled_from(VRS),
    st.lists(st.text("0123456789+-.eE \\\0,aé\x1b", max_size=12), min_size=1, max_size=12),
)
@settings(max_examples=60, deadline=None)
def test_any_text_gives_the_values_of_python(vr: str, texts: list[str]) -> None:
    raws = [text.encode("latin-1") for text in texts]
    rows = rows_of([file_of(vr, raw, tag=PRIVATE) for raw in raws], PRIVATE)
    assert_as_python(rows, vr, raws, little=True)


@pytest.mark.parametrize("vr", ["DS", "IS", "US", "FD", "UI", "PN", "LT", "OB", "UV", "SV"])
def test_frequent_values_need_no_python(vr: str) -> None:
    raws = [b"12345678", b"87654321", b"12345678"]
    assert all(isinstance(row, list) for row in rows_of([file_of(vr, raw) for raw in raws], KNOWN))


def test_the_same_bytes_in_another_vr_or_order_are_another_value() -> None:
    files = [
        file_of("US", b"12"),
        file_of("SH", b"12"),
        file_of("US", b"12", little=False),
        file_of("IS", b"12"),
    ]
    assert rows_of(files, KNOWN) == [[0x3231], ["12"], [0x3132], [12]]


def test_values_that_are_the_same_in_all_files_are_one_object() -> None:
    first, second = rows_of([file_of("UI", b"1.2.3.4")] * 2, KNOWN)
    assert first[0] is second[0]


def test_no_reference_is_lost_or_kept(tmp_path: Path) -> None:
    path = tmp_path / "one.dcm"
    path.write_bytes(file_of("UI", b"1.2.3.4.5.6.7"))

    def scan(times: int) -> None:
        for _ in range(times):
            columns = scan_headers([path] * 10, ["ImageType", "Rows"])
            assert columns["ImageType"].tolist() == ["1.2.3.4.5.6.7"] * 10

    scan(3)
    references, blocks = sys.getrefcount(None), sys.getallocatedblocks()
    scan(100)
    assert abs(sys.getrefcount(None) - references) < 50
    assert sys.getallocatedblocks() - blocks < 200


def test_columns_are_those_of_the_walk_in_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"IS": [b"1", b"2"], "DS": [b"1\\2", b"3\\4.5"], "UI": [b"1.2", b""], "PN": [b"A^B", b"\xe4"]}
    for vr, raws in values.items():
        paths = [tmp_path / f"{vr}{k}" for k in range(2)]
        for path, raw in zip(paths, raws, strict=True):
            path.write_bytes(file_of(vr, raw))
        by_core = scan_headers(paths, KNOWN)[KNOWN]
        with monkeypatch.context() as patch:
            patch.setattr(scanning, "_has_core", lambda: False)
            by_walk = scan_headers(paths, KNOWN)[KNOWN]
        assert by_core.dtype == by_walk.dtype
        np.testing.assert_array_equal(by_core, by_walk)
