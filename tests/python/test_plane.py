"""Planes: what they promise about patient space, and what is no plane."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset

from radpix import GeometryError, Plane, Volume, reslice
from radpix.plane import corners_of, letters_of

AFFINE = np.array([[0, 0, 0.7, -100], [0, 0.8, 0, -80], [2.5, 0, 0, 40], [0, 0, 0, 1]])


@pytest.fixture
def volume() -> Volume:
    return Volume(np.zeros((10, 20, 30), np.int16), AFFINE)


def test_the_standard_planes_are_seen_as_in_radiology(volume: Volume) -> None:
    assert tuple(Plane.axial(volume).orientation_letters) == ("A", "P", "R", "L")
    assert tuple(Plane.coronal(volume).orientation_letters) == ("H", "F", "R", "L")
    assert tuple(Plane.sagittal(volume).orientation_letters) == ("H", "F", "A", "P")
    assert Plane.axial(volume).normal.tolist() == [0, 0, 1]
    assert Plane.coronal(volume).normal.tolist() == [0, 1, 0]
    assert Plane.sagittal(volume).normal.tolist() == [-1, 0, 0]


def test_the_standard_planes_cover_the_volume_with_its_finest_spacing(volume: Volume) -> None:
    extent = {"x": 21.0, "y": 16.0, "z": 25.0}
    for plane, rows, columns in (
        (Plane.axial(volume), "y", "x"),
        (Plane.coronal(volume), "z", "x"),
        (Plane.sagittal(volume), "z", "y"),
    ):
        assert plane.spacing == pytest.approx((0.7, 0.7))
        assert plane.shape == (np.ceil(extent[rows] / 0.7), np.ceil(extent[columns] / 0.7 - 1e-6))
        np.testing.assert_allclose(plane.center, corners_of(volume).mean(axis=0))


def test_a_position_moves_a_standard_plane_along_its_axis(volume: Volume) -> None:
    assert Plane.axial(volume, 47.5).center[2] == 47.5
    assert Plane.coronal(volume, -75.0).center[1] == -75.0
    assert Plane.sagittal(volume, -91.0).center[0] == -91.0
    plane = Plane.axial(volume, spacing=(2.0, 3.0), shape=(4, 5))
    assert (plane.spacing, plane.shape) == ((2.0, 3.0), (4, 5))


vectors = st.tuples(*[st.floats(-10, 10)] * 3).map(np.array).filter(lambda v: np.linalg.norm(v) > 1e-3)


@settings(max_examples=100, deadline=None)
@given(center=vectors, first=vectors, second=vectors, scale=st.sampled_from([1e-200, 1.0, 1e200]))
def test_pixels_map_to_the_patient_and_back(center: Any, first: Any, second: Any, scale: float) -> None:
    second = second - first * (first @ second) / (first @ first)
    if np.linalg.norm(second) < 1e-2:
        return
    plane = Plane(center, first * scale, second * scale, (0.5, 0.25), (33, 48))
    for vector in (plane.row_direction, plane.column_direction, plane.normal):
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-12)
    assert plane.row_direction @ plane.column_direction == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(plane.pixel_to_patient((16, 23.5)), center, atol=1e-12)
    pixels = np.random.default_rng(0).uniform(-5, 60, (4, 7, 2))
    positions = plane.pixel_to_patient(pixels)
    np.testing.assert_allclose(plane.patient_to_pixel(positions), pixels, atol=1e-9)
    np.testing.assert_allclose(plane.distance(positions), 0, atol=1e-10)
    np.testing.assert_allclose(plane.shifted(3.5).distance(positions), -3.5, atol=1e-10)
    np.testing.assert_allclose(
        plane.patient_to_pixel(plane.shifted(-2).pixel_to_patient(pixels)), pixels, atol=1e-9
    )
    homogeneous = np.array([3.0, 4.0, 1.0])
    np.testing.assert_allclose((plane.affine @ homogeneous)[:3], plane.pixel_to_patient((3, 4)), atol=1e-12)


def test_directions_are_made_perpendicular_within_the_tolerance_only() -> None:
    plane = Plane((0, 0, 0), (1, 0, 0), (5e-4, 1, 0), 1.0, (2, 2))
    assert plane.column_direction.tolist() == [0, 1, 0]
    with pytest.raises(GeometryError, match="perpendicular; these have a cosine of"):
        Plane((0, 0, 0), (1, 0, 0), (2e-3, 1, 0), 1.0, (2, 2))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"center": (0, 0, np.nan)}, "center is three finite"),
        ({"center": (0, 0)}, "center is three finite"),
        ({"center": (0, 1e10, 0)}, "within 1e\\+09 mm"),
        ({"spacing": 1e10}, "spacing is"),
        ({"row_direction": (0, 0, 0)}, "row_direction has no length"),
        ({"column_direction": (0, np.inf, 0)}, "column_direction is three finite"),
        ({"spacing": 0.0}, "spacing is"),
        ({"spacing": (1.0, -1.0)}, "spacing is"),
        ({"spacing": (1.0, np.nan)}, "spacing is"),
        ({"spacing": (1.0, 1.0, 1.0)}, "spacing is"),
        ({"shape": (0, 4)}, "shape is"),
        ({"shape": (4,)}, "shape is"),
        ({"shape": (4, 2.5)}, "shape is"),
        ({"shape": (4, np.nan)}, "shape is"),
    ],
)
def test_what_is_no_plane_is_refused(change: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {
        "center": (0, 0, 0),
        "row_direction": (1, 0, 0),
        "column_direction": (0, 1, 0),
        "spacing": 1.0,
        "shape": (4, 4),
    }
    with pytest.raises(GeometryError, match=message):
        Plane(**{**arguments, **change})


def test_a_plane_goes_through_three_points(volume: Volume) -> None:
    points = np.array([(0, 0, 0), (3, 0, 0), (1, 2, 2)], np.float64)
    plane = Plane.through(volume, points=points)
    np.testing.assert_allclose(plane.distance(points), 0, atol=1e-12)
    np.testing.assert_allclose(plane.row_direction, (1, 0, 0))
    np.testing.assert_allclose(plane.column_direction, (0, np.sqrt(0.5), np.sqrt(0.5)))
    fixed = Plane.through(volume, points=points, spacing=0.5, shape=(9, 9))
    np.testing.assert_allclose(fixed.pixel_to_patient((4, 4)), points.mean(axis=0), atol=1e-12)
    with pytest.raises(GeometryError, match="on a line"):
        Plane.through(volume, points=[(0, 0, 0), (1, 1, 1), (2, 2, 2)])
    with pytest.raises(GeometryError, match="three finite patient positions"):
        Plane.through(volume, points=[(0, 0, 0), (1, 1, 1)])
    with pytest.raises(ValueError, match="one of them"):
        Plane.through(volume)


def test_a_plane_along_a_normal_has_up_on_top(volume: Volume) -> None:
    center, normal = np.array((-90.0, -75.0, 50.0)), np.array((0.3, 0.9, 0.4))
    plane = Plane.through(volume, normal=(center, normal, None))
    np.testing.assert_allclose(plane.normal, normal / np.linalg.norm(normal), atol=1e-12)
    assert plane.distance(center) == pytest.approx(0, abs=1e-12)
    assert plane.orientation_letters.top[0] == "H"
    along_body = Plane.through(volume, normal=(center, (0, 0, 1), None))
    assert tuple(along_body.orientation_letters) == ("A", "P", "R", "L")
    turned = Plane.through(volume, normal=(center, (0, 0, 1), (1, 0, 0)))
    assert turned.orientation_letters.top == "L"
    with pytest.raises(GeometryError, match="along the normal"):
        Plane.through(volume, normal=(center, (0, 0, 1), (0, 0, -2)))


@pytest.mark.parametrize("normal", [(1, 2, 3), (-1, 0.2, 0), (0.1, -1, 1)])
def test_a_covering_plane_reaches_every_corner_of_the_volume_and_no_pixel_further(
    volume: Volume, normal: tuple[float, ...]
) -> None:
    plane = Plane.through(volume, normal=((500, 0, 0), normal, None))
    corners = plane.patient_to_pixel(corners_of(volume))
    low, high = corners.min(axis=0) + 0.5, np.array(plane.shape) - 0.5 - corners.max(axis=0)
    for margin in (low, high):
        assert (margin >= -1e-6).all()
        assert (margin < 0.5).all()
    np.testing.assert_allclose(low, high, atol=1e-9)
    assert plane.distance((500, 0, 0)) == pytest.approx(0, abs=1e-9)


def test_letters_are_ordered_by_size_and_leave_out_less_than_a_degree() -> None:
    assert letters_of((0.1, -0.9, 0.3)) == "AHL"
    assert letters_of((0.0, 0.0, -5.0)) == "F"
    assert letters_of((-1, 0.0174, 0)) == "R"
    assert letters_of((-1, 0.0176, 0)) == "RP"
    assert letters_of((1, 1, 1)) == "LPH"


def test_a_plane_cannot_be_changed(volume: Volume) -> None:
    plane = Plane.axial(volume)
    with pytest.raises(AttributeError):
        cast("Any", plane).spacing = (1.0, 1.0)
    with pytest.raises(ValueError, match="read-only"):
        plane.center[0] = 3


def image(position: Any, orientation: Any, spacing: Any = (0.5, 0.25)) -> Dataset:
    dataset = Dataset()
    dataset.Rows, dataset.Columns = 5, 9
    dataset.ImagePositionPatient = list(position)
    dataset.ImageOrientationPatient = list(orientation)
    dataset.PixelSpacing = list(spacing)
    return dataset


def test_the_plane_of_an_image_has_its_first_pixel_at_the_image_position() -> None:
    plane = Plane.of_image(image((10, -20, 30), (0, 1, 0, 0, 0, -1)))
    assert (plane.shape, plane.spacing) == ((5, 9), (0.5, 0.25))
    # PS3.3 C.7.6.2.1.1: the columns' spacing goes along a row.
    assert plane.pixel_to_patient((0, 0)).tolist() == [10, -20, 30]
    assert plane.pixel_to_patient((2, 4)).tolist() == [10, -19, 29]
    assert plane.patient_orientation == ("P", "F")


def test_the_plane_of_a_frame_comes_from_its_functional_groups() -> None:
    dataset, shared, frame = image((0, 0, 0), (1, 0, 0, 0, 1, 0)), Dataset(), Dataset()
    measures, orientation, position = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, orientation.ImageOrientationPatient = [2, 3], [1, 0, 0, 0, 0, -1]
    position.ImagePositionPatient = [7, 8, 9]
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [orientation]
    frame.PlanePositionSequence = [position]
    dataset.SharedFunctionalGroupsSequence, dataset.PerFrameFunctionalGroupsSequence = [shared], [frame]
    assert Plane.of_image(dataset).pixel_to_patient((1, 1)).tolist() == [10, 8, 7]
    with pytest.raises(IndexError, match="frame 1"):
        Plane.of_image(dataset, frame=1)


@pytest.mark.parametrize(
    "keyword", ["ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "Rows", "Columns"]
)
def test_an_image_without_a_place_has_no_plane(keyword: str) -> None:
    dataset = image((0, 0, 0), (1, 0, 0, 0, 1, 0))
    delattr(dataset, keyword)
    with pytest.raises(GeometryError, match=keyword):
        Plane.of_image(dataset)


def test_an_image_of_no_direction_or_spacing_has_no_plane() -> None:
    with pytest.raises(GeometryError, match="no length"):
        Plane.of_image(image((0, 0, 0), (0, 0, 0, 0, 1, 0)))
    with pytest.raises(GeometryError, match="spacing is"):
        Plane.of_image(image((0, 0, 0), (1, 0, 0, 0, 1, 0), (0, 1)))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_slice_of_the_volume_is_a_plane_pixel_for_voxel(axis: int) -> None:
    voxels = np.random.default_rng(0).integers(-999, 999, (4, 5, 6), np.int16)
    volume = Volume(voxels, AFFINE)
    got = reslice(volume, Plane.of_slice(volume, 2, axis=axis), interpolation="nearest").pixels
    np.testing.assert_array_equal(got, np.take(voxels, 2, axis))
    with pytest.raises(ValueError, match="axis is 0, 1 or 2"):
        Plane.of_slice(volume, 2, axis=3)


def test_a_plane_turns_about_its_own_axes_by_the_right_hand_rule(volume: Volume) -> None:
    plane = Plane.axial(volume)
    np.testing.assert_allclose(plane.rotated(90).row_direction, (0, 1, 0), atol=1e-15)
    np.testing.assert_allclose(plane.rotated(90, "row").normal, (0, -1, 0), atol=1e-15)
    np.testing.assert_allclose(plane.rotated(90, "column").normal, (1, 0, 0), atol=1e-15)
    np.testing.assert_array_equal(plane.rotated(33, "row").center, plane.center)
    double = plane.rotated(30, "row").rotated(-20, "column")
    assert double.row_direction @ double.column_direction == pytest.approx(0, abs=1e-15)
    pivot = plane.pixel_to_patient((3, 4))
    np.testing.assert_allclose(plane.rotated(77, pivot=pivot).patient_to_pixel(pivot), (3, 4), atol=1e-12)
    with pytest.raises(ValueError, match="about is one of normal, row, column"):
        plane.rotated(1, cast("Any", "z"))
    with pytest.raises(ValueError, match="degrees is a finite"):
        plane.rotated(np.inf)


def test_a_pixel_of_one_slice_is_found_in_another_with_its_distance(volume: Volume) -> None:
    first = reslice(volume, Plane.axial(volume, 50.0))
    second = reslice(volume, Plane.coronal(volume, -75.0).rotated(25, "row"))
    pixel, distance = first.pixel_in(second, [(3, 4), (0, 0)])
    position = second.pixel_to_patient(pixel) + distance[:, None] * second.plane.normal
    np.testing.assert_allclose(position, first.pixel_to_patient([(3, 4), (0, 0)]), atol=1e-12)
    assert first.orientation_letters == first.plane.orientation_letters
    assert first.patient_orientation == ("L", "P")
    with pytest.raises(GeometryError, match=r"reference 1\.2 and 1\.3"):
        replace(first, frame_of_reference_uid="1.2").pixel_in(
            replace(second, frame_of_reference_uid="1.3"), (0, 0)
        )
