"""Objects that lie: what they claim is bounded, and every failure is one of radpix's errors."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import Dataset
from tests.python import display_objects as made
from tests.python import objects

import radpix

if TYPE_CHECKING:
    from pathlib import Path

PIXELS = objects.noise((6, 7), "uint16")

#: One attribute of each step: tag, VR and values that no honest object has.
NONSENSE: list[tuple[int, str, Any]] = [
    (0x00281050, "DS", [1e300, 1.0]),
    (0x00281051, "DS", [0.0, -1.0]),
    (0x00281051, "DS", 1e-300),
    (0x00281053, "DS", 1e300),
    (0x00281052, "DS", -1e300),
    (0x00281056, "CS", "NOTHING"),
    (0x00280120, "US", 65535),
    (0x00280121, "US", 0),
    (0x20500020, "CS", "SIDEWAYS"),
    (0x00283000, "SQ", [Dataset()]),
    (0x00283010, "SQ", [made.lut([1], 65535, 16)]),
    (0x00283010, "SQ", [made.lut([1] * 3, 0, 255)]),
    (0x00181600, "CS", ["CIRCULAR", "POLYGONAL", "RECTANGULAR", "BITMAP"]),
    (0x00181610, "IS", [2**31 - 1, -(2**31)]),
    (0x00181612, "IS", 2**31 - 1),
    (0x00181620, "IS", [-(2**31), 2**31 - 1, 5, -7, 2**31 - 1, 2**31 - 1]),
    (0x00181602, "IS", 2**31 - 1),
    (0x00181623, "US", 0x6000),
    (0x60000010, "US", 65535),
    (0x60000011, "US", 65535),
    (0x60000015, "IS", 2**31 - 1),
    (0x60000050, "SS", [-32768, 32767]),
    (0x60000051, "US", 65535),
    (0x60000102, "US", 15),
    (0x60003000, "OW", b"\0\0"),
    (0x00281101, "US", [0, 0, 16]),
    (0x00281221, "OW", b"\2\0\1\0\0\0\0\0"),
    (0x00089205, "CS", "MIXED"),
    (0x52009230, "SQ", [Dataset()]),
    (0x00282000, "OB", b"\0\1"),
]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(NONSENSE), max_size=8, unique_by=lambda one: one[0]), st.booleans())
def test_whatever_an_object_claims_it_is_shown_or_refused(
    attributes: list[tuple[int, str, Any]], palette: bool
) -> None:
    dataset = made.image(PIXELS, photometric="PALETTE COLOR" if palette else "MONOCHROME1")
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        warnings.filterwarnings("ignore", category=UserWarning)
        for tag, vr, value in attributes:
            dataset.add_new(tag, vr, value)
        try:
            found = radpix.display(dataset)
        except radpix.RadpixError:
            return
    assert found.shape[:2] == (6, 7)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(NONSENSE), min_size=1, max_size=5, unique_by=lambda one: one[0]))
def test_presentation_states_may_lie_as_well(attributes: list[tuple[int, str, Any]]) -> None:
    dataset = made.image(PIXELS)
    state = made.presentation_state(dataset)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        warnings.filterwarnings("ignore", category=UserWarning)
        for tag, vr, value in attributes:
            state.add_new(tag, vr, value)
        try:
            found = radpix.display(dataset, presentation_state=state)
        except radpix.RadpixError:
            return
    assert found.shape == (6, 7)


def test_a_deflated_object_is_inflated_up_to_its_pixels_only() -> None:
    """What follows the pixels would be 512 MiB."""
    data = objects.image(objects.ct(1), syntax=objects.DEFLATED, stored=12)
    plain = objects.image(objects.ct(1), stored=12)
    np.testing.assert_array_equal(radpix.display(data), radpix.display(plain))
    dataset = objects.header(rows=9, columns=7, stored=12, signed=True, syntax=objects.DEFLATED)
    bomb = objects.part10(dataset, bytes(512 << 20), length=126)
    import tracemalloc

    tracemalloc.start()
    assert radpix.display(bomb).shape == (9, 7)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 32 << 20


def test_a_deflated_presentation_state_is_bounded(tmp_path: Path) -> None:
    dataset = made.image(PIXELS)
    state = objects.header(rows=1, columns=1, syntax=objects.DEFLATED)
    state.update(made.presentation_state(dataset, ImageRotation=180))
    state.SOPClassUID = made.GRAYSCALE_STATE
    path = tmp_path / "state.dcm"
    path.write_bytes(objects.part10(state))
    turned = radpix.display(dataset, presentation_state=path)
    np.testing.assert_array_equal(turned, radpix.display(dataset, presentation_state=state))
    path.write_bytes(objects.part10(state, bytes(300 << 20)))
    with pytest.raises(radpix.LimitError, match="deflated"):
        radpix.display(dataset, presentation_state=path)


def test_polygons_of_millions_of_vertices_are_refused() -> None:
    vertices = [1, 2] * 20000
    dataset = made.image(PIXELS, ShutterShape="POLYGONAL", VerticesOfThePolygonalShutter=vertices)
    with pytest.raises(radpix.PixelDataError, match="20000 vertices"):
        radpix.display(dataset)


def test_a_table_for_integers_is_not_for_floats() -> None:
    dataset = objects.header(rows=1, columns=2, bits=32)
    dataset.FloatPixelData = np.zeros(2, np.float32).tobytes()
    dataset.ModalityLUTSequence = [made.lut([1, 2], 0, 8)]
    with pytest.raises(radpix.PixelDataError, match="float32"):
        radpix.display(dataset)


def test_entries_of_8_bits_that_claim_16_are_read_with_a_warning() -> None:
    dataset = made.image(np.array([[0, 1]], np.uint8), photometric="PALETTE COLOR")
    made.add_palette(dataset, [bytes([0, 255])] * 3, [2, 0, 16])
    with pytest.warns(radpix.RadpixWarning) as caught:
        assert radpix.display(dataset).tolist() == [[[0] * 3, [255] * 3]]
    assert {w.message.code for w in caught} == {"palette-bits"}  # type: ignore[union-attr]


def test_numbers_of_a_wrong_vr_are_refused() -> None:
    """Two bytes of OB once were two centers, 52 and 48."""
    dataset = made.image(PIXELS)
    dataset.add_new(0x00281050, "OB", b"40")
    dataset.add_new(0x00281051, "OB", b"40")
    with pytest.raises(radpix.PixelDataError, match="WindowCenter is bytes"):
        radpix.display(dataset)


def test_texts_of_a_wrong_vr_are_read_as_in_decoding() -> None:
    """The photometric interpretation once was 77, the code of M, and the picture not inverted."""
    dataset = made.image(PIXELS, photometric="MONOCHROME1")
    expected = radpix.display(dataset)
    dataset.add_new(0x00280004, "OB", b"MONOCHROME1 ")
    np.testing.assert_array_equal(radpix.display(dataset), expected)
