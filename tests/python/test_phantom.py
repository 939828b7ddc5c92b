"""The phantom: analytic HU at patient positions, and the CT sampled from it."""

from __future__ import annotations

import numpy as np
import pytest

from radpix._phantom import LESION, hounsfield, thorax
from radpix._phantom.shapes import capsule, ellipsoid, inset, overlap, paint_points

TISSUES = {
    "air in front of the chest": ((0.0, -160.0, 0.0), -1000.0),
    "the nodule": (LESION[0], 38.0),
    "the ascending aorta": ((-12.0, -32.0, 30.0), 270.0),
    "the descending aorta, left of the spine": ((26.0, 34.0, 0.0), 270.0),
    "the trachea": ((-0.6, 7.5, 95.0), -990.0),
    "the liver, on the right": ((-90.0, 20.0, -130.0), 112.0),
    "the cyst in the liver": ((-88.0, -26.0, -108.0), 8.0),
    "the stomach's air, in front": ((58.0, -40.0, -142.0), -985.0),
    "the stomach's fluid, behind": ((58.0, 0.0, -142.0), 14.0),
    "the spleen, on the left": ((96.0, 46.0, -132.0), 118.0),
    "the marrow of a vertebra": ((0.0, 47.0, -1.5), 190.0),
    "the spinal cord": ((0.0, 68.0, 10.0), 40.0),
    "fat under the skin": ((0.0, -111.0, -60.0), -102.0),
}


@pytest.mark.parametrize("name", TISSUES)
def test_tissues_are_where_they_belong(name: str) -> None:
    position, value = TISSUES[name]
    assert hounsfield(position) == pytest.approx(value, abs=1e-6)


def test_lungs_are_lung() -> None:
    for side in (-1, 1):
        points = np.random.default_rng(1).uniform((60, -40, 0), (90, 40, 60), (500, 3))
        values = hounsfield(points * (side, 1, 1))
        assert -880 < np.median(values) < -840


def test_positions_of_any_shape_are_taken() -> None:
    points = np.zeros((2, 3, 5, 3))
    assert hounsfield(points).shape == (2, 3, 5)
    assert hounsfield((0.0, 0.0, 0.0)).shape == ()


def test_a_surface_has_the_mean_of_both_sides_and_a_ramp_of_one_millimetre() -> None:
    ball = ellipsoid((1.0, 2.0, 3.0), (10.0, 10.0, 10.0), 500.0)
    line = np.array([[1.0 + r, 2.0, 3.0] for r in (0.0, 9.4, 9.75, 10.0, 10.25, 10.6)])
    values = paint_points([ball], line, -500.0)
    assert values == pytest.approx([500.0, 500.0, 250.0, 0.0, -250.0, -500.0], abs=1e-6)


def test_an_ellipsoid_stands_as_its_axes_say() -> None:
    axes = np.array([[0.0, 0.6, 0.8], [1.0, 0.0, 0.0], [0.0, 0.8, -0.6]])
    shape = ellipsoid((0.0, 0.0, 0.0), (20.0, 4.0, 4.0), 1.0, axes)
    tips = np.array([[0.0, 0.6 * r, 0.8 * r] for r in (-19.0, 19.0)])
    assert paint_points([shape], tips, 0.0).tolist() == [1.0, 1.0]
    assert paint_points([shape], tips[:, [0, 2, 1]], 0.0).tolist() == [0.0, 0.0]
    assert shape.box[1] == pytest.approx((4.0 + 1.0, np.hypot(12.0, 3.2) + 1.0, np.hypot(16.0, 2.4) + 1.0))


def test_a_capsule_tapers_and_stretches() -> None:
    cone = capsule((0.0, 0.0, 0.0), (10.0, 0.0, 0.0), (4.0, 2.0), 1.0, tall=2.0)
    points = np.array([[0.0, 4.0, 0.0], [10.0, 2.0, 0.0], [10.0, 0.0, 4.0], [5.0, 0.0, 5.9]])
    values = paint_points([cone], points, 0.0)
    assert values[:3] == pytest.approx(0.5, abs=1e-6)
    assert values[3] > 0.5


def test_insets_and_overlaps() -> None:
    ball = ellipsoid((0.0, 0.0, 0.0), (10.0, 10.0, 10.0), 1.0)
    other = ellipsoid((8.0, 0.0, 0.0), (10.0, 10.0, 10.0), 1.0)
    both = overlap(ball, other, 7.0)
    points = np.array([[4.0, 0.0, 0.0], [-5.0, 0.0, 0.0], [14.0, 0.0, 0.0], [9.0, 0.0, 0.0]])
    assert paint_points([both], points, 0.0).tolist() == [7.0, 0.0, 0.0, 7.0]
    assert paint_points([inset(ball, 3.0, 7.0)], points, 0.0).tolist() == [7.0, 7.0, 0.0, 0.0]


def test_the_sampled_ct_is_the_formula_at_its_voxel_centres() -> None:
    shape, spacing = (9, 40, 44), (30.0, 9.0, 8.0)
    voxels, origin = thorax(shape, spacing, noise=0.0)
    index = np.moveaxis(np.indices(shape), 0, -1)
    truth = hounsfield(origin + index[..., ::-1] * np.array(spacing[::-1]))
    assert voxels.dtype == np.int16
    # The slices are painted in float32: at a steep surface that is a fraction of a HU.
    assert np.abs(voxels - truth).max() <= 1.0


def test_noise_is_seeded_and_of_the_size_asked_for() -> None:
    shape, spacing = (2, 128, 128), (40.0, 2.8, 2.8)
    plain, _ = thorax(shape, spacing, noise=0.0)
    one, _ = thorax(shape, spacing, noise=10.0, seed=4)
    same, _ = thorax(shape, spacing, noise=10.0, seed=4)
    other, _ = thorax(shape, spacing, noise=10.0, seed=5)
    alone, _ = thorax(shape, spacing, noise=10.0, seed=4, num_threads=1)
    three, _ = thorax(shape, spacing, noise=10.0, seed=4, num_threads=3)
    assert np.array_equal(one, alone)
    assert np.array_equal(one, three)
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    assert (one.astype(float) - plain)[plain > -900].std() == pytest.approx(10.0, rel=0.03)
    assert one.min() >= -1024
    assert one.max() <= 3071


def test_progress_is_told() -> None:
    seen: list[tuple[int, int]] = []
    thorax((3, 8, 8), (90.0, 40.0, 40.0), progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]
