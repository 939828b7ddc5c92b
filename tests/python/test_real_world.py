"""Real world values: linear and by table, of a frame, by label, and what is not covered."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydicom import Dataset
from tests.python.display_objects import voi_item as item_of

import radpix


def item(first: int, last: int, **attributes: Any) -> Dataset:
    return item_of(RealWorldValueFirstValueMapped=first, RealWorldValueLastValueMapped=last, **attributes)


LINEAR = item(10, 20, RealWorldValueSlope=2.0, RealWorldValueIntercept=0.5, LUTLabel="ADC")
TABLE = item(3, 5, RealWorldValueLUTData=[0.1, 7.0, -3.0], LUTLabel="SUV")


def test_a_mapping_is_chosen_by_number_or_label() -> None:
    dataset = item_of(RealWorldValueMappingSequence=[LINEAR, TABLE])
    pixels = np.array([[3, 4, 5, 10, 20, 21]], np.int16)
    nan = np.nan
    np.testing.assert_array_equal(
        radpix.apply_real_world(pixels, dataset), [[nan, nan, nan, 20.5, 40.5, nan]]
    )
    for mapping in (1, "suv"):
        np.testing.assert_array_equal(
            radpix.apply_real_world(pixels, dataset, mapping=mapping), [[0.1, 7.0, -3.0, nan, nan, nan]]
        )
    for mapping in (2, -1, "T1"):
        with pytest.raises(ValueError, match="ADC"):
            radpix.apply_real_world(pixels, dataset, mapping=mapping)


def test_frames_have_their_own_mappings() -> None:
    own, shared = (item_of(RealWorldValueMappingSequence=[one]) for one in (LINEAR, TABLE))
    dataset = item_of(
        PerFrameFunctionalGroupsSequence=[own, Dataset()], SharedFunctionalGroupsSequence=[shared]
    )
    pixels = np.array([4, 10], np.uint8)
    np.testing.assert_array_equal(radpix.apply_real_world(pixels, dataset, frame=0), [np.nan, 20.5])
    np.testing.assert_array_equal(radpix.apply_real_world(pixels, dataset, frame=1), [7.0, np.nan])
    with pytest.raises(IndexError):
        radpix.apply_real_world(pixels, dataset, frame=2)


def test_float_pixels_and_signed_ends() -> None:
    floats = item_of(
        DoubleFloatRealWorldValueFirstValueMapped=-1.5,
        DoubleFloatRealWorldValueLastValueMapped=2.5,
        RealWorldValueSlope=10.0,
        RealWorldValueIntercept=0.0,
    )
    dataset = item_of(RealWorldValueMappingSequence=[floats])
    np.testing.assert_array_equal(
        radpix.apply_real_world(np.array([-2.0, -1.5, np.nan, 2.5]), dataset), [np.nan, -15, np.nan, 25]
    )
    signed = item(65526, 5, RealWorldValueSlope=1.0, RealWorldValueIntercept=0.0)
    dataset = item_of(RealWorldValueMappingSequence=[signed])
    np.testing.assert_array_equal(
        radpix.apply_real_world(np.array([-11, -10, 5], np.int16), dataset), [np.nan, -10, 5]
    )


@pytest.mark.parametrize(
    ("mapping", "text"),
    [
        (item_of(LUTLabel="X"), "First Value"),
        (item(0, 5), "neither"),
        (item(0, 5, RealWorldValueLUTData=[1.0, 2.0]), "2 entries"),
        (item(5, 0, RealWorldValueLUTData=[1.0, 2.0]), "2 entries"),
        (item(0, 5, RealWorldValueSlope=1.0), "neither"),
    ],
)
def test_damaged_mappings_are_refused(mapping: Dataset, text: str) -> None:
    dataset = item_of(RealWorldValueMappingSequence=[mapping])
    with pytest.raises(radpix.PixelDataError, match=text):
        radpix.apply_real_world(np.zeros(3, np.uint8), dataset)


def test_no_mapping_is_an_error() -> None:
    with pytest.raises(radpix.PixelDataError, match="no Real World"):
        radpix.apply_real_world(np.zeros(3, np.uint8), Dataset())
