"""Projections: their values, and where they lie in the patient."""

from __future__ import annotations

import numpy as np
import pytest
from tests.python.reslice_cases import SHEARED, noise

from radpix import GeometryError, Volume, _core, project


@pytest.mark.parametrize("seed", range(3))
def test_a_projection_along_a_direction_holds_the_whole_volume(seed: int) -> None:
    rng = np.random.default_rng(seed)
    voxels = np.zeros((12, 14, 16), np.float32)
    spot = tuple(rng.integers(1, n - 1) for n in voxels.shape)
    voxels[spot] = 100
    affine = np.diag([1.5, 0.8, 0.8, 1.0])[[2, 1, 0, 3]]
    volume = Volume(voxels, affine)
    result = project(volume, direction=rng.normal(size=3), combine="max")
    row, column = np.unravel_index(np.argmax(result.pixels), result.shape)
    found = result.patient_to_pixel(volume.index_to_patient(spot))
    assert np.abs(found - (row, column)).max() <= 1.5
    assert result.pixels.max() > 20


def test_the_plane_of_an_axis_projection_lies_in_the_middle() -> None:
    if not hasattr(_core, "project"):
        pytest.skip("the core lacks project")
    voxels = noise((4, 5, 6), np.dtype(np.int16))
    volume = Volume(voxels, np.diag([2.0, 0.7, 0.8, 1.0])[[2, 1, 0, 3]])
    for axis in range(3):
        result = project(volume, axis=axis)
        np.testing.assert_array_equal(result.pixels, voxels.max(axis=axis))
        index = volume.patient_to_index(result.pixel_to_patient((1, 2)))
        want = np.insert([1.0, 2.0], axis, (voxels.shape[axis] - 1) / 2)
        np.testing.assert_allclose(index, want, atol=1e-9)
        assert result.thickness == pytest.approx(voxels.shape[axis] * volume.spacing[axis])


def test_projections_that_have_no_plane_are_refused() -> None:
    volume = Volume(np.zeros((3, 4, 5), np.int16), SHEARED)
    for axis in range(3):
        with pytest.raises(GeometryError, match="use direction="):
            project(volume, axis=axis)
    with pytest.raises(ValueError, match="one of them"):
        project(volume)
    with pytest.raises(ValueError, match="one of them"):
        project(volume, axis=0, direction=(0, 0, 1))
    with pytest.raises(ValueError, match="axis is 0, 1 or 2"):
        project(volume, axis=3)
