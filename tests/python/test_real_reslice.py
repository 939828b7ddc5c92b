"""Oblique planes and slabs of real series against SciPy, in float64 and from patient coordinates alone."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy.ndimage import map_coordinates
from tests.python.testdata import real_data

import radpix
from radpix import Plane, Volume

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

pytestmark = pytest.mark.real_data

SERIES = {
    "CT": "theibsi+data_sets/ibsi_validation/dicom/STS_002/CT/image",
    "MR": "theibsi+data_sets/ibsi_validation/dicom/STS_002/MR_T1/image",
    "MR, oblique": "icometrix+dicom2nifti/tests/data/siemens/anatomical/001",
    "PET": "theibsi+data_sets/ibsi_validation/dicom/STS_002/PET/image",
}
SHAPE, SPACING = (200, 240), (1.1, 0.9)
COMBINES: dict[str, Callable[..., NDArray[np.float64]]] = {
    "mean": np.nanmean,
    "max": np.nanmax,
    "min": np.nanmin,
}


@cache
def volume_of(name: str) -> Volume:
    return radpix.load(real_data(SERIES[name]))


def directions(seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return a row direction, a column direction and their normal, turned at random."""
    matrix, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    return matrix[0], matrix[1], np.cross(matrix[0], matrix[1])


def sampled(
    volume: Volume, center: NDArray[np.float64], seed: int, depths: NDArray[np.float64]
) -> NDArray[Any]:
    """Return the values (depths, rows, columns), NaN outside the volume, by the definition of `radpix.Plane`."""
    row, column, normal = directions(seed)
    r, c = np.indices(SHAPE, dtype=np.float64)
    down = ((r - (SHAPE[0] - 1) / 2) * SPACING[0])[..., None] * column
    along = ((c - (SHAPE[1] - 1) / 2) * SPACING[1])[..., None] * row
    patient = center + down + along + depths[:, None, None, None] * normal
    homogeneous = np.concatenate([patient, np.ones((*patient.shape[:-1], 1))], axis=-1)
    index = np.linalg.solve(volume.affine, homogeneous.reshape(-1, 4).T)[:3]
    reach = np.array(volume.shape)[:, None] - 0.5
    inside = np.all((index >= -0.5) & (index <= reach), axis=0)
    values = map_coordinates(volume.voxels.astype(np.float64), index, order=1, mode="nearest")
    return np.asarray(np.where(inside, values, np.nan)).reshape(patient.shape[:-1])


def compare(name: str, seed: int, thickness: float, combine: Any) -> None:
    volume = volume_of(name)
    row, column, _ = directions(seed)
    center = volume.center + np.random.default_rng(seed).uniform(-20, 20, 3)
    count = max(1, round(thickness / min(volume.spacing)))
    depths = ((np.arange(count) + 0.5) / count - 0.5) * thickness
    samples = sampled(volume, center, seed, depths)
    outside = np.isnan(samples).all(axis=0)
    assert not outside.all()
    wanted = COMBINES[combine](np.where(outside, 0.0, samples), axis=0)

    plane = Plane(center, row, column, SPACING, SHAPE)
    got = radpix.reslice(volume, plane, thickness=thickness, combine=combine, fill=0).pixels
    unit = 1.0 if volume.voxels.dtype.kind == "i" else 1e-5 * float(np.ptp(volume.voxels))
    # A sample within rounding of the volume's face may fall on either side of it.
    off = np.abs(got.astype(np.float64) - wanted) > unit
    assert off.sum() <= 2e-4 * off.size
    assert not off[~_near_the_face(outside)].any()


def _near_the_face(outside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    padded = np.pad(outside, 1, mode="edge")
    shifted = [
        padded[1 + r : 1 + r + SHAPE[0], 1 + c : 1 + c + SHAPE[1]] for r in (-1, 0, 1) for c in (-1, 0, 1)
    ]
    return np.asarray(np.logical_or.reduce(shifted) & ~np.logical_and.reduce(shifted))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", SERIES)
def test_oblique_planes_are_within_one_grey_level_of_scipy(name: str, seed: int) -> None:
    compare(name, seed, 0.0, "mean")


@pytest.mark.parametrize("combine", COMBINES)
@pytest.mark.parametrize("name", SERIES)
def test_slabs_are_within_one_grey_level_of_scipy(name: str, combine: str) -> None:
    compare(name, 7, 20.0, combine)


@pytest.mark.parametrize("name", SERIES)
def test_orthogonal_planes_through_voxel_centres_are_the_voxels(name: str) -> None:
    volume = volume_of(name)
    index = [n // 3 for n in volume.shape]
    for axis in range(3):
        down, along = [k for k in range(3) if k != axis]
        middle = (np.array(volume.shape) - 1) / 2
        middle[axis] = index[axis]
        plane = Plane(
            volume.index_to_patient(middle),
            volume.direction[:, along],
            volume.direction[:, down],
            (volume.spacing[down], volume.spacing[along]),
            (volume.shape[down], volume.shape[along]),
        )
        np.testing.assert_array_equal(
            radpix.reslice(volume, plane).pixels, np.take(volume.voxels, index[axis], axis=axis)
        )
