"""Stacks of planes, planes of images, and planes turned about their axes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset

from radpix import Plane, Volume, reslice, reslice_stack
from radpix.errors import GeometryError


def volume(dtype: Any = np.int16) -> Volume:
    rng = np.random.default_rng(4)
    affine = np.array([[0, 0.1, 0.8, -5], [0.1, 0.7, 0, 3], [1.2, 0, 0.1, -9], [0, 0, 0, 1]], float)
    return Volume(rng.integers(-500, 500, (12, 14, 16)).astype(dtype), affine)


@given(
    count=st.integers(1, 5),
    step=st.sampled_from([-1.3, 0.4, 2.0]),
    thickness=st.sampled_from([0.0, 3.0]),
    combine=st.sampled_from(["mean", "max", "sum"]),
    dtype=st.sampled_from([np.int16, np.float32]),
)
@settings(max_examples=25, deadline=None)
def test_every_plane_is_that_of_reslice(
    count: int, step: float, thickness: float, combine: Any, dtype: Any
) -> None:
    source = volume(dtype)
    plane = Plane.through(source, normal=(source.center, (0.2, 0.5, 1.0), None), shape=(9, 11))
    stack = reslice_stack(source, plane, count=count, step=step, thickness=thickness, combine=combine)
    for k in range(count):
        moved = plane.shifted((k - (count - 1) / 2) * step)
        one = reslice(source, moved, thickness=thickness, combine=combine)
        assert stack.voxels[k].tobytes() == one.pixels.tobytes()
        pixels = np.array([(0, 0), (3, 7), (8, 10)])
        indices = np.column_stack([[k] * 3, pixels])
        np.testing.assert_allclose(
            stack.index_to_patient(indices), moved.pixel_to_patient(pixels), atol=1e-12
        )
    assert stack.report is None


@pytest.mark.parametrize("change", [{"count": 0}, {"step": 0.0}, {"step": float("nan")}, {"thickness": -1.0}])
def test_stacks_that_are_none_are_refused(change: dict[str, Any]) -> None:
    source = volume()
    with pytest.raises(ValueError, match=next(iter(change))):
        reslice_stack(source, Plane.axial(source), **({"count": 2, "step": 1.0} | change))


def image_plane() -> Dataset:
    dataset = Dataset()
    dataset.ImagePositionPatient = [-10.5, 3.25, 7]
    dataset.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
    dataset.PixelSpacing = [0.5, 0.25]
    dataset.Rows, dataset.Columns = 40, 60
    return dataset


def test_the_plane_of_an_image_has_its_pixels() -> None:
    plane = Plane.of_image(image_plane())
    assert plane.shape == (40, 60)
    np.testing.assert_allclose(plane.pixel_to_patient((0, 0)), [-10.5, 3.25, 7], atol=1e-12)
    np.testing.assert_allclose(plane.pixel_to_patient((10, 20)), [-10.5, 3.25 + 20 * 0.25, 7 - 5], atol=1e-12)


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("ImagePositionPatient", None),
        ("ImageOrientationPatient", [1, 0, 0]),
        ("ImageOrientationPatient", [1, 0, 0, 1, 0, 0]),
        ("PixelSpacing", [0, 1]),
        ("Rows", None),
    ],
)
def test_an_image_without_a_plane_is_refused(keyword: str, value: Any) -> None:
    dataset = image_plane()
    setattr(dataset, keyword, value)
    with pytest.raises(GeometryError):
        Plane.of_image(dataset)


@given(degrees=st.floats(-720, 720), about=st.sampled_from(["row", "column", "normal"]))
@settings(deadline=None)
def test_turns_are_right_handed_and_undone(degrees: float, about: Any) -> None:
    plane = Plane((1, 2, 3), (1, 0, 0), (0, 0.6, 0.8), 0.5, (5, 6))
    turned = plane.rotated(degrees, about=about)
    axis = {"row": "row_direction", "column": "column_direction", "normal": "normal"}[about]
    np.testing.assert_allclose(getattr(turned, axis), getattr(plane, axis), atol=1e-12)
    back = turned.rotated(-degrees, about=about)
    np.testing.assert_allclose(back.row_direction, plane.row_direction, atol=1e-12)
    np.testing.assert_allclose(back.column_direction, plane.column_direction, atol=1e-12)
    assert turned.center.tolist() == plane.center.tolist()
    quarter = plane.rotated(90, about="normal")
    np.testing.assert_allclose(quarter.row_direction, plane.column_direction, atol=1e-12)


def test_other_axes_are_refused() -> None:
    plane = Plane((0, 0, 0), (1, 0, 0), (0, 1, 0), 1.0, (2, 2))
    with pytest.raises(ValueError, match="about is one of"):
        plane.rotated(10, about="depth")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="finite"):
        plane.rotated(float("inf"), about="row")
