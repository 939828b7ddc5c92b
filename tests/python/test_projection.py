"""Projections: their values, and where they lie in the patient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.python.reslice_cases import COMBINES, SHEARED, noise

from radpix import Camera, GeometryError, Volume, _core, project

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from radpix._backend import Combine


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


#: Axes along those of the patient, and a volume turned about the body's axis by the angle whose tangent is 3/4.
UPRIGHT = np.array([[0, 0, 0.5, -7], [0, 0.8, 0, 3], [-1.5, 0, 0, 20], [0, 0, 0, 1]])
TURNED = np.array([[0, -0.48, 0.4, -7], [0, 0.64, 0.3, 3], [1.5, 0, 0, 20], [0, 0, 0, 1]])


@pytest.mark.parametrize("affine", [UPRIGHT, TURNED])
@pytest.mark.parametrize("combine", COMBINES)
@pytest.mark.parametrize("slab", [None, (-2.0, 3.1)])
def test_a_direction_along_an_axis_is_that_axis_turned(
    affine: NDArray[np.float64], combine: Combine, slab: tuple[float, float] | None
) -> None:
    volume = Volume(noise((7, 9, 11), np.dtype(np.int16)), affine)
    for axis in (0, 1, 2) if affine is UPRIGHT else (1, 2):
        for sign in (1, -1):
            along = project(volume, direction=sign * volume.direction[:, axis], combine=combine, slab=slab)
            reach = slab if slab is None or sign > 0 else (-slab[1], -slab[0])
            straight = project(volume, axis=axis, combine=combine, slab=reach)
            np.testing.assert_allclose(along.plane.normal, sign * volume.direction[:, axis], atol=1e-12)
            pixels = np.stack(np.meshgrid(*map(np.arange, along.shape), indexing="ij"), axis=-1)
            there = straight.patient_to_pixel(along.pixel_to_patient(pixels))
            rows, columns = np.rint(there).astype(int).transpose(2, 0, 1)
            np.testing.assert_allclose(there, np.rint(there), atol=1e-9)
            np.testing.assert_array_equal(along.pixels, straight.pixels[rows, columns])
            assert along.plane.orientation_letters.top[0] in "HA"
            assert along.thickness == straight.thickness


@pytest.mark.parametrize("affine", [UPRIGHT, SHEARED])
@pytest.mark.parametrize("seed", range(3))
def test_the_depth_of_a_spot_is_where_it_lies(affine: NDArray[np.float64], seed: int) -> None:
    rng = np.random.default_rng(seed)
    voxels = np.zeros((12, 14, 16), np.float32)
    spot = tuple(rng.integers(2, n - 2) for n in voxels.shape)
    voxels[spot] = 100
    volume = Volume(voxels, affine)
    position = volume.index_to_patient(spot)
    options: list[dict[str, Any]] = [{}, {"slab": (-30.0, 25.0)}]
    for option in options:
        bright = project(volume, direction=rng.normal(size=3), combine="local-max", threshold=1e9, **option)
        depth = project(volume, direction=bright.plane.normal, combine="depth", **option)
        row, column = np.unravel_index(np.argmax(bright.pixels), bright.shape)
        found = depth.pixel_to_patient((row, column)) + depth.pixels[row, column] * depth.plane.normal
        assert np.linalg.norm(found - position) <= 1.5 * max(volume.spacing)


def test_the_depth_along_an_axis_is_exact() -> None:
    voxels = noise((6, 7, 8), np.dtype(np.float32), 3)
    volume = Volume(voxels, UPRIGHT)
    for axis in range(3):
        depth = project(volume, axis=axis, combine="depth")
        sign = np.sign(depth.plane.normal @ volume.direction[:, axis])
        middle = (voxels.shape[axis] - 1) / 2
        want = sign * (voxels.argmax(axis=axis) - middle) * volume.spacing[axis]
        np.testing.assert_allclose(depth.pixels, want, atol=1e-5)
        largest = project(volume, axis=axis, combine="local-max", threshold=1e9)
        np.testing.assert_allclose(largest.pixels, voxels.max(axis=axis), rtol=1e-4)


def test_a_camera_with_parallel_rays_projects_as_a_direction_does() -> None:
    rng = np.random.default_rng(0)
    volume = Volume(rng.integers(0, 1000, (12, 14, 16)).astype(np.uint16), UPRIGHT)
    flat = project(volume, direction=(1, 2, 3), combine="mean")
    plane = flat.plane
    height = plane.spacing[0] * plane.shape[0]
    camera = Camera.parallel(plane.center, plane.normal, -plane.column_direction, field_of_view=height)
    rayed = project(volume, camera=camera, shape=plane.shape, combine="mean")
    assert rayed.pixels.dtype == np.uint16
    np.testing.assert_allclose(rayed.plane.affine, plane.affine, atol=1e-9)
    inner = (slice(8, -8), slice(8, -8))
    assert np.abs(rayed.pixels.astype(float) - flat.pixels)[inner].mean() < 30
    with pytest.raises(ValueError, match="camera's rays"):
        project(volume, camera=camera, combine="median")


def test_slabs_and_thresholds_outside_their_range_are_refused() -> None:
    volume = Volume(np.zeros((6, 7, 8), np.int16), UPRIGHT)
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"axis": 0, "slab": (1, 1)}, "slab is"),
        ({"axis": 0, "slab": (0, np.nan)}, "slab is"),
        ({"axis": 0, "slab": (1e6, 2e6)}, "no voxel"),
        ({"axis": 0, "combine": "local-max"}, "needs a threshold"),
        ({"axis": 0, "combine": "deepest"}, "combine is"),
        ({"direction": (0, 0, 1), "axis": 0}, "one of them"),
    ]
    for options, message in wrong:
        with pytest.raises(ValueError, match=message):
            project(volume, **options)


def test_integers_of_rays_saturate_at_their_ends() -> None:
    for dtype in ("uint8", "int32", "uint64"):
        voxels = np.full((4, 5, 6), np.iinfo(dtype).max, dtype)
        found = project(Volume(voxels), axis=0, combine="local-max", threshold=0.0)
        assert found.pixels.dtype == voxels.dtype
        assert (found.pixels == voxels.max()).all()
