"""What a volume's values are: one unit for all its slices, and a rescale that the headers state."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.python.phantom import Phantom, stack_positions

import radpix

if TYPE_CHECKING:
    from pathlib import Path

SLOPE, INTERCEPT = b"\x28\x00\x53\x10DS", b"\x28\x00\x52\x10DS"


def overwrite(files: list[Path], element: bytes, value: bytes) -> None:
    """Put a value of the same length into a file, which pydicom would refuse to write."""
    for file in files:
        data = file.read_bytes()
        start = data.index(element) + 8
        length = int.from_bytes(data[start - 2 : start], "little")
        file.write_bytes(data[:start] + value[:length].ljust(length) + data[start + length :])


@pytest.mark.parametrize(
    ("element", "value"),
    [(SLOPE, b"x "), (INTERCEPT, b"-1,024"), (INTERCEPT, b"nan"), (INTERCEPT, b"1e9999")],
)
def test_rescale_that_is_no_number_is_refused_and_never_taken_for_absent(
    tmp_path: Path, element: bytes, value: bytes
) -> None:
    overwrite(Phantom().write(tmp_path), element, value)
    with pytest.raises(
        radpix.PixelDataError, match=r"0000\.dcm: Rescale Slope or Rescale Intercept is no number"
    ):
        radpix.load(tmp_path)
    assert radpix.load(tmp_path, level="stored").voxels.dtype.name == "uint16"


def test_empty_rescale_is_absent(tmp_path: Path) -> None:
    overwrite(Phantom().write(tmp_path), SLOPE, b"")
    overwrite(sorted(tmp_path.iterdir()), INTERCEPT, b"")
    assert (radpix.load(tmp_path).voxels == radpix.load(tmp_path, level="stored").voxels).all()


def test_half_a_rescale_is_told_once_for_all_slices(tmp_path: Path) -> None:
    Phantom(tags={"RescaleIntercept": None}).write(tmp_path)
    with pytest.warns(
        radpix.RadpixWarning, match=r"Rescale Intercept is absent, 0 is taken.*5 more"
    ) as caught:
        radpix.load(tmp_path)
    assert [one.message.code for one in caught] == ["rescale-incomplete"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("tags", "unit"),
    [
        ({}, "HU"),
        ({"RescaleType": "US"}, ""),
        ({"RescaleType": "MGML"}, "MGML"),
        ({"RescaleSlope": None, "RescaleIntercept": None}, ""),  # a screenshot, say
    ],
)
def test_stored_values_of_a_ct_are_not_called_hounsfield_units(
    tmp_path: Path, tags: dict[str, Any], unit: str
) -> None:
    Phantom(tags=tags).write(tmp_path)
    assert radpix.load(tmp_path).unit == unit


@pytest.mark.parametrize(
    ("modality", "first", "rest"),
    [
        ("PT", {"Units": "BQML"}, {"Units": "CNTS"}),
        ("CT", {"RescaleType": "HU"}, {"RescaleType": "Z_EFF"}),
        ("CT", {"Modality": "CT"}, {"Modality": "MR"}),
        ("CT", {}, {"RescaleSlope": None, "RescaleIntercept": None}),
        ("MR", {}, {"RescaleSlope": None, "RescaleIntercept": None}),
    ],
)
def test_slices_of_different_values_are_no_volume(
    tmp_path: Path, modality: str, first: dict[str, Any], rest: dict[str, Any]
) -> None:
    tags = {index: first if index < 3 else rest for index in range(6)}
    Phantom(modality=modality, slice_tags=tags).write(tmp_path)
    (series,) = radpix.scan(tmp_path)
    assert "mixed-values" in series.audit()
    assert [plan.shape[0] for plan in series.volumes()] == [3, 3]
    assert len({plan.label for plan in series.volumes()}) == 2
    assert [plan.split[0].dimension for plan in series.volumes()] == ["values", "values"]
    with pytest.raises(radpix.GeometryError, match="several modalities, units"):
        radpix.load(tmp_path)


def test_hounsfield_units_stated_and_implied_are_the_same(tmp_path: Path) -> None:
    Phantom(slice_tags={2: {"RescaleType": "HU"}}).write(tmp_path)
    assert radpix.load(tmp_path).shape[0] == 6


def test_padding_is_rounded_as_the_voxels_are(tmp_path: Path) -> None:
    phantom = Phantom(rescale=(0.5, -1024.25), tags={"PixelPaddingValue": 1})
    phantom.write(tmp_path)
    assert radpix.load(tmp_path).padding_value == -1023.75
    assert radpix.load(tmp_path, dtype="int16").padding_value == -1024


def test_info_of_a_rescale_that_is_no_number_is_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from radpix.cli.info import info

    (path,) = Phantom(positions=stack_positions(1)).write(tmp_path)
    overwrite([path], INTERCEPT, b"-1,024")
    info(path, as_json=True)
    assert json.loads(capsys.readouterr().out)["image"]["rescale"] is None
