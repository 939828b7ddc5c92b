"""Cameras and transfer functions: where rays go, and which arguments are refused."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from tests.python.render_cases import volume

from radpix import TRANSFER_FUNCTIONS, Camera, GeometryError, TransferFunction


def test_the_picture_of_parallel_rays_lies_in_the_patient() -> None:
    camera = Camera.parallel((10, 20, 30), (0, 2, 0), field_of_view=100)
    plane = camera.plane((50, 70))
    assert plane.spacing == (2.0, 2.0)
    assert tuple(plane.orientation_letters) == ("H", "F", "R", "L")
    np.testing.assert_allclose(plane.normal, (0, 1, 0))
    np.testing.assert_allclose(plane.pixel_to_patient((24.5, 34.5)), (10, 20, 30))


def test_the_head_is_on_top_or_anterior_along_the_body() -> None:
    up = {
        direction: Camera.parallel((0, 0, 0), direction, field_of_view=1).up
        for direction in [(0, 0, 1), (1, 0, 0)]
    }
    assert up == {(0, 0, 1): (0.0, -1.0, 0.0), (1, 0, 0): (0.0, 0.0, 1.0)}
    tilted = Camera.parallel((0, 0, 0), (0, 1, 0), (1, 1, 0), field_of_view=1)
    np.testing.assert_allclose(tilted.up, (1, 0, 0), atol=1e-12)


def test_rays_of_an_eye_meet_the_pixels_in_the_plane_of_the_target() -> None:
    one = volume()
    camera = Camera.perspective((0, -500, 10), (5, 0, 10), (0, 0, 1), angle=20)
    rays, plane = camera.rays(one, (6, 8), 1.0), camera.plane((6, 8))
    assert camera.field_of_view == pytest.approx(2 * np.hypot(500, 5) * np.tan(np.deg2rad(10)))
    assert camera.eye is not None
    np.testing.assert_allclose(camera.eye, (0, -500, 10), atol=1e-9)
    direction, down, right = (np.array(v) for v in rays[3:6])
    for row, column in [(0, 0), (5, 7), (2, 3)]:
        there = np.array(rays.origin) + direction + row * down + column * right
        np.testing.assert_allclose(there, plane.pixel_to_patient((row, column)), atol=1e-9)


@pytest.mark.parametrize("angle", [None, 30.0])
def test_around_shows_every_corner(angle: float | None) -> None:
    one = volume()
    camera = Camera.around(one, (1, 2, -0.5), angle=angle)
    plane = camera.plane((100, 100))
    for corner in np.ndindex(2, 2, 2):
        position = one.index_to_patient(np.array(corner) * one.shape - 0.5)
        if camera.eye is not None:
            way = position - camera.eye
            position = camera.eye + way * camera.eye_distance / (way @ camera.direction)
        row, column = plane.patient_to_pixel(position)
        assert -0.5 <= row <= 99.5
        assert -0.5 <= column <= 99.5


def test_cameras_are_values() -> None:
    camera = Camera.parallel((1, 2, 3), (0, 1, 0), field_of_view=10)
    assert camera == pickle.loads(pickle.dumps(camera))
    assert hash(camera) == hash(Camera.parallel((1, 2, 3), (0, 3, 0), field_of_view=10))
    assert camera.eye is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"direction": (0, 0, 0)}, "no length"),
        ({"direction": (np.nan, 0, 0)}, "finite"),
        ({"target": (np.inf, 0, 0)}, "finite"),
        ({"up": (0, 1, 0)}, "along the normal"),
        ({"field_of_view": 0.0}, "field_of_view"),
        ({"field_of_view": np.nan}, "field_of_view"),
    ],
)
def test_cameras_without_a_view_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(GeometryError, match=message):
        Camera.parallel(**{"target": (0, 0, 0), "direction": (0, 1, 0), "field_of_view": 1.0, **options})


@pytest.mark.parametrize("angle", [0.0, 180.0, np.nan, -5.0])
def test_angles_outside_their_range_are_refused(angle: float) -> None:
    with pytest.raises(GeometryError, match="angle"):
        Camera.perspective((0, 0, 0), (0, 1, 0), angle=angle)
    with pytest.raises(GeometryError, match="angle"):
        Camera.around(volume(), (0, 1, 0), angle=angle)
    with pytest.raises(GeometryError, match="no length"):
        Camera.perspective((0, 1, 0), (0, 1, 0), angle=30)


def test_a_transfer_function_is_linear_between_its_points() -> None:
    function = TransferFunction([(-10, 0, 0, 0, 0), (10, 1, 0.5, 0.2, 2)])
    want: list[list[float]] = [[0, 0, 0, 0], [0.5, 0.25, 0.1, 1], [0.75, 0.375, 0.15, 1.5], [1, 0.5, 0.2, 2]]
    np.testing.assert_allclose(function([-99, 0, 5, 99]), np.array(want))
    table, first, scale = function.table()
    np.testing.assert_allclose(table, function(first + np.arange(len(table)) / scale), atol=1e-6)
    assert function == pickle.loads(pickle.dumps(function))


def test_presets_show_bone() -> None:
    assert set(TRANSFER_FUNCTIONS) == {"bone", "skin", "vessels"}
    for function in TRANSFER_FUNCTIONS.values():
        assert function(-1000)[3] == 0
        assert function(1000)[3] > 0.5


@pytest.mark.parametrize(
    "points",
    [
        [],
        [(0, 0, 0, 0)],
        [(0, 0, 0, 0, 0), (0, 1, 1, 1, 1)],
        [(0, 2, 0, 0, 0)],
        [(0, 0, 0, 0, -1)],
        [(np.nan, 0, 0, 0, 0)],
    ],
)
def test_points_without_a_meaning_are_refused(points: list[tuple[float, ...]]) -> None:
    with pytest.raises(ValueError, match=r"transfer function|colours"):
        TransferFunction(points)
