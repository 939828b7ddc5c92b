"""`radpix.apply_voi`: which view is taken, and tables and windows against pydicom where it is right."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.pixels.processing import apply_voi_lut
from tests.python import display_objects as made

import radpix

HU = np.arange(-1200, 3000, dtype=np.int16)


def windows(**attributes: Any) -> Dataset:
    dataset = Dataset()
    dataset.WindowCenter, dataset.WindowWidth = [40, 400, -600], [400, 1800, 1500]
    dataset.WindowCenterWidthExplanation = ["Soft tissue", "Bone", "Lung"]
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def test_views_are_named_by_number_explanation_preset_or_themselves() -> None:
    dataset = windows()
    for choice, center, width in (
        (0, 40, 400),
        (2, -600, 1500),
        ("bone", 400, 1800),
        ("SOFT TISSUE", 40, 400),
        ("brain", 40, 80),
        ((100, 50), 100, 50),
        (radpix.Window(7.0, 9.0), 7, 9),
    ):
        found = radpix.apply_voi(HU, dataset, window=choice)
        np.testing.assert_array_equal(found, radpix.window(HU, center, width))
    sigmoid = radpix.apply_voi(HU, windows(VOILUTFunction="SIGMOID"))
    np.testing.assert_array_equal(sigmoid, radpix.window(HU, 40, 400, function="SIGMOID"))


def test_tables_come_before_windows() -> None:
    table = made.lut([0, 128, 255], -1, 8)
    table.LUTExplanation = "Steps"
    dataset = windows(VOILUTSequence=[table])
    assert radpix.apply_voi(np.array([-5, 0, 9], np.int16), dataset).tolist() == [0, 128, 255]
    assert radpix.apply_voi(np.array([-5.0, 0.4, 9]), dataset, window="steps").tolist() == [0, 128, 255]
    np.testing.assert_array_equal(radpix.apply_voi(HU, dataset, window=1), radpix.window(HU, 40, 400))


@pytest.mark.parametrize("choice", [3, -1, "liver of nobody", "x"])
def test_a_view_that_is_not_there_is_named_with_those_that_are(choice: Any) -> None:
    with pytest.raises(ValueError, match="Soft tissue"):
        radpix.apply_voi(HU, windows(), window=choice)


def test_windows_without_meaning_are_left_out() -> None:
    dataset = windows(WindowWidth=[0, 1800, 0.5])
    with pytest.warns(radpix.RadpixWarning) as caught:
        found = radpix.apply_voi(HU, dataset)
    assert {w.message.code for w in caught} == {"window-invalid"}  # type: ignore[union-attr]
    np.testing.assert_array_equal(found, radpix.window(HU, 400, 1800))
    with pytest.warns(radpix.RadpixWarning):
        found = radpix.apply_voi(HU, dataset, window=1)
    np.testing.assert_array_equal(found, radpix.window(HU, -600, 0.5, function="LINEAR_EXACT"))
    with pytest.raises(ValueError, match="width"):
        radpix.apply_voi(HU, windows(), window=(40, 0))


def test_unknown_functions_count_as_linear() -> None:
    with pytest.warns(radpix.RadpixWarning, match="CUBIC") as caught:
        found = radpix.apply_voi(HU, windows(VOILUTFunction="CUBIC"))
    assert caught[0].message.code == "voi-function-unknown"  # type: ignore[union-attr]
    np.testing.assert_array_equal(found, radpix.window(HU, 40, 400))


def test_centers_without_widths_are_reported() -> None:
    with pytest.warns(radpix.RadpixWarning, match="3 Window Centers for 2"):
        radpix.apply_voi(HU, windows(WindowWidth=[400, 1800]))


def test_without_a_view_the_range_is_shown_without_padding() -> None:
    dataset = Dataset()
    dataset.PixelRepresentation, dataset.PixelPaddingValue, dataset.BitsStored = 1, -2000, 16
    dataset.RescaleSlope, dataset.RescaleIntercept = 2, 10
    values = np.array([-3990, 0, 50, 100], np.int16)
    assert radpix.apply_voi(values, dataset).tolist() == [0, 0, 128, 255]


@pytest.mark.parametrize("bits", [10, 12, 16])
@pytest.mark.parametrize("first", [0, 300])
def test_tables_are_pydicoms(bits: int, first: int) -> None:
    entries = (np.arange(1000) * 37 % (1 << bits)).tolist()
    dataset = made.image(np.zeros((1, 1), np.uint16), VOILUTSequence=[made.lut(entries, first, bits)])
    pixels = np.arange(2000, dtype=np.uint16)
    theirs = apply_voi_lut(pixels, dataset).astype(np.float64) / ((1 << bits) - 1)
    np.testing.assert_array_equal(radpix.apply_voi(pixels, dataset, dtype=np.uint16), np.rint(theirs * 65535))
    np.testing.assert_array_equal(radpix.apply_voi(pixels, dataset, dtype=np.float64), theirs)


@pytest.mark.filterwarnings("ignore:Invalid value for VR")
@pytest.mark.parametrize(
    ("attributes", "text"),
    [
        ({"WindowWidth": float("inf")}, "WindowWidth"),
        ({"VOILUTSequence": [made.lut([1, 2], 0, 20)]}, "20 bits"),
    ],
)
def test_nonsense_is_an_error_of_pixel_data(attributes: dict[str, Any], text: str) -> None:
    dataset = windows(**attributes)
    with pytest.raises(radpix.PixelDataError, match=text):
        radpix.apply_voi(HU, dataset)


@pytest.mark.parametrize(
    ("bits", "highest", "taken"), [(8, 4095, 12), (12, 65535, 16), (12, 4097, 13), (8, 256, 8)]
)
def test_entries_of_more_bits_than_the_descriptor_says_are_not_cut_off(
    bits: int, highest: int, taken: int
) -> None:
    entries = [0, highest // 2, highest]
    dataset = made.image(np.array([[0, 1, 2]], np.uint8), VOILUTSequence=[made.lut(entries, 0, bits)])
    wanted = np.rint(np.minimum(np.array(entries) / (2**taken - 1), 1) * 255)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        np.testing.assert_array_equal(radpix.display(dataset), [wanted])
    assert [w.message.code for w in caught] == ["lut-bits"] * (taken != bits)  # type: ignore[union-attr]
