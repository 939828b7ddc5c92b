"""What is returned and raised goes to other processes and comes back equal."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.python.phantom import Phantom, stack_positions

import radpix
from radpix import Plane, Slice, Volume

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COPIES: dict[str, Callable[[Any], Any]] = {
    "pickle": lambda item: pickle.loads(pickle.dumps(item)),
    "oldest pickle": lambda item: pickle.loads(pickle.dumps(item, protocol=0)),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


@pytest.fixture(params=COPIES)
def again(request: pytest.FixtureRequest) -> Callable[[Any], Any]:
    return COPIES[request.param]


def test_values(again: Callable[[Any], Any]) -> None:
    finding = radpix.Finding("gap", "error", "a gap", ("1.2",), ("a.dcm",), 2.5, {"mm": 5.0})
    for value in (
        finding,
        radpix.GeometryReport((finding,), 7, (2.5, 1.0, 1.0), 3.0),
        radpix.WINDOW_PRESETS["lung"],
        radpix.transfer_syntaxes()[0],
        radpix.backend(),
    ):
        assert again(value) == value


def test_planes_and_slices(again: Callable[[Any], Any]) -> None:
    volume = Volume(np.arange(210, dtype=np.int16).reshape(5, 6, 7), unit="HU", modality="CT")
    plane = Plane.through(volume, normal=(volume.center, (1, 2, 3), None))
    result = radpix.reslice(volume, plane, thickness=2.0, combine="max")
    same: Slice = again(result)
    np.testing.assert_array_equal(same.pixels, result.pixels)
    np.testing.assert_array_equal(same.pixel_to_patient((1, 2)), result.pixel_to_patient((1, 2)))
    assert (same.thickness, same.combine, same.unit, same.modality) == (2.0, "max", "HU", "CT")
    np.testing.assert_array_equal(again(plane).affine, plane.affine)
    assert not again(plane).center.flags.writeable


@pytest.mark.parametrize(
    "error",
    [
        radpix.DecodeError("m", code="rle-header", frame=2, offset=64, transfer_syntax="1.2"),
        radpix.TruncatedError("m", code="truncated", frame=None, offset=None, transfer_syntax=""),
        radpix.UnsupportedTransferSyntaxError("m"),
        radpix.PixelDataError("m"),
        radpix.GeometryError("m", radpix.GeometryReport(slices=3)),
        radpix.LimitError("m"),
        radpix.RadpixWarning("m", "rle-segment-long"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_and_warnings(again: Callable[[Any], Any], error: Exception) -> None:
    same = again(error)
    assert type(same) is type(error)
    assert str(same) == "m"
    assert vars(same) == vars(error)


def test_scan_results(again: Callable[[Any], Any], tmp_path: Path) -> None:
    Phantom(positions=stack_positions(4)).write(tmp_path)
    (tmp_path / "notes.txt").write_text("not DICOM", encoding="utf-8")
    found = radpix.scan(tmp_path)
    same = again(found)
    assert type(same) is type(found)
    assert (list(same), same.skipped) == (list(found), found.skipped)
    assert len(same.skipped) == 1
    np.testing.assert_array_equal(radpix.load(same[0]).voxels, radpix.load(found[0]).voxels)
