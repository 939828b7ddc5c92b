"""What `load` does with slices that form no regular volume: refuse, keep, resample."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.python.oracle import straighten as oracle
from tests.python.phantom import GRADIENT, Phantom, linear_field, rotation, stack_positions

import radpix

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray


def gap() -> Phantom:
    return Phantom(positions=np.delete(stack_positions(9), [4], axis=0))


def uneven() -> Phantom:
    distances = np.array([0, 1.1, 3.0, 5.5, 9.9, 14.0])
    return Phantom(positions=stack_positions(1) + distances[:, None] * [0, 0, 1])


def tilted() -> Phantom:
    return Phantom(positions=stack_positions(9, (0, 1.3, 4.0)), shape=(20, 14))


def uneven_and_tilted() -> Phantom:
    distances = np.array([0, 1.1, 3.0, 5.5, 9.9, 14.0])
    turn = rotation((1, 2, 3), 40)
    step = turn @ [0.2, -0.4, 1.0]
    return Phantom(
        positions=stack_positions(1) + distances[:, None] * step,
        row=tuple(turn[:, 0]),
        column=tuple(turn[:, 1]),
        shape=(24, 22),
    )


def duplicate() -> Phantom:
    return Phantom(positions=np.insert(stack_positions(8), 3, stack_positions(8)[3], axis=0))


@pytest.mark.parametrize("series", [gap, uneven, tilted, uneven_and_tilted, duplicate])
def test_irregular_series_are_refused_and_the_slices_named(tmp_path: Path, series: Any) -> None:
    series().write(tmp_path)
    with pytest.raises(radpix.GeometryError, match=r"000\d\.dcm \(instance \d") as caught:
        radpix.load(tmp_path)
    assert isinstance(caught.value.report, radpix.GeometryReport)
    assert not caught.value.report.ok
    assert 'on_irregular="resample"' in str(caught.value)


def test_keep_stacks_every_slice_and_keeps_the_shear(tmp_path: Path) -> None:
    phantom = tilted()
    phantom.write(tmp_path)
    volume = radpix.load(tmp_path, on_irregular="keep")
    np.testing.assert_allclose(
        volume.index_to_patient([[k, 0, 0] for k in range(9)]), phantom.positions, atol=1e-9
    )
    np.testing.assert_array_equal(volume.voxels, [phantom.modality_values(index) for index in range(9)])
    assert volume.report is not None
    assert "tilt" in volume.report


def test_keep_takes_cosines_that_are_not_orthogonal_as_they_are(tmp_path: Path) -> None:
    phantom = Phantom(column=(0.6, 0.8, 0.0))
    phantom.write(tmp_path)
    for choice in ("raise", "resample"):
        with pytest.raises(radpix.GeometryError, match=r"non-orthogonal.*0000\.dcm"):
            radpix.load(tmp_path, on_irregular=choice)
    volume = radpix.load(tmp_path, on_irregular="keep")
    indices = np.stack([np.full((12, 10), 2), *np.indices((12, 10))], axis=-1)
    np.testing.assert_allclose(volume.index_to_patient(indices), phantom.pixel_positions(2), atol=1e-9)


def test_keep_stacks_duplicates_too(tmp_path: Path) -> None:
    duplicate().write(tmp_path)
    assert radpix.load(tmp_path, on_irregular="keep").shape == (9, 12, 10)


@pytest.mark.parametrize("series", [gap, uneven, tilted, uneven_and_tilted])
def test_resample_reproduces_a_linear_field_where_there_is_data(tmp_path: Path, series: Any) -> None:
    phantom: Phantom = series()
    phantom.write(tmp_path)
    volume = radpix.load(tmp_path, on_irregular="resample", dtype="float64")
    assert volume.voxels.shape[0] >= 5
    steps = volume.affine[:3, :3]
    cosines = steps.T @ steps
    assert np.abs(cosines - np.diag(np.diag(cosines))).max() < 1e-9
    positions = volume.index_to_patient(np.moveaxis(np.indices(volume.shape), 0, -1))
    expected = linear_field(positions)
    fill = volume.voxels.min()
    known = volume.voxels != fill
    # Exact to the written integers, except that the outermost centres count for half a voxel around them.
    error = np.abs(volume.voxels - expected)[known]
    assert np.mean(error < 1.0) > 0.85
    assert volume.report is not None
    assert volume.report.spacing is not None
    half_voxel = 0.5 * np.linalg.norm([volume.report.spacing[2], *phantom.pixel_spacing])
    assert error.max() < np.linalg.norm(GRADIENT) * half_voxel + 1.0
    for index in range(len(phantom.positions)):
        within = volume.patient_to_index(phantom.pixel_positions(index))
        assert np.all((within > -1e-6) & (within < np.array(volume.shape) - 1 + 1e-6))


@pytest.mark.parametrize("series", [gap, uneven, tilted, uneven_and_tilted])
def test_resample_agrees_with_the_oracle_on_noise(tmp_path: Path, series: Any) -> None:
    rng = np.random.default_rng(11)
    phantom: Phantom = replace(series(), values=lambda p: rng.integers(0, 3000, p.shape[:-1]).astype(float))
    phantom.write(tmp_path)
    (plan,) = radpix.scan(tmp_path)[0].volumes()
    slices = np.array([radpix.decode(instance.path) for instance in plan.instances])
    firsts = np.array([instance.image_position for instance in plan.instances])
    volume = radpix.load(plan, on_irregular="resample", level="stored", dtype="float64")
    compared = 0
    for index in np.ndindex(volume.shape):
        expected = oracle.sample(volume.index_to_patient(index), slices, firsts, volume)
        if expected is not None:
            assert volume.voxels[index] == pytest.approx(expected, abs=1e-4)
            compared += 1
    assert compared > 0.3 * volume.voxels.size


def test_resample_keeps_slices_that_lie_on_the_grid(tmp_path: Path) -> None:
    phantom = gap()
    phantom.write(tmp_path)
    volume = radpix.load(tmp_path, on_irregular="resample")
    assert volume.shape == (9, 12, 10)
    assert volume.voxels.dtype == np.int16
    for plane, index in enumerate([0, 1, 2, 3, None, 4, 5, 6, 7]):
        if index is not None:
            np.testing.assert_array_equal(volume.voxels[plane], phantom.modality_values(index))
    mean = (phantom.modality_values(3) + phantom.modality_values(4)) / 2
    np.testing.assert_allclose(volume.voxels[4], mean, atol=0.5)


def test_resample_does_not_mix_padding_into_values(tmp_path: Path) -> None:
    def values(position: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return np.where(position[..., 0] < -17.0, -2000.0, 1000.0)

    phantom = replace(tilted(), values=values, dtype="int16", rescale=(1.0, 0.0))
    replace(phantom, tags={"PixelPaddingValue": -2000}).write(tmp_path)
    volume = radpix.load(tmp_path, on_irregular="resample")
    assert set(np.unique(volume.voxels)) == {-2000, 1000}


def test_resample_refuses_different_slices_at_one_position(tmp_path: Path) -> None:
    phantom = duplicate()
    replace(phantom, rescale=[(1.0, 0.0)] * 3 + [(2.0, 0.0)] + [(1.0, 0.0)] * 5).write(tmp_path)
    with pytest.raises(radpix.GeometryError, match=r"two different slices.*0003\.dcm.*0004\.dcm"):
        radpix.load(tmp_path, on_irregular="resample")


def test_resample_uses_one_of_equal_slices_at_one_position(tmp_path: Path) -> None:
    duplicate().write(tmp_path)
    volume = radpix.load(tmp_path, on_irregular="resample")
    assert volume.shape == (8, 12, 10)
    assert volume.spacing == pytest.approx((2.5, 0.8, 0.7))


def test_slices_all_at_one_position_are_no_volume(tmp_path: Path) -> None:
    Phantom(positions=np.tile(stack_positions(1), (3, 1))).write(tmp_path)
    for choice in ("raise", "keep", "resample"):
        with pytest.raises(radpix.GeometryError, match=r"position|volumes"):
            radpix.load(tmp_path, on_irregular=choice)


def test_single_slice_takes_its_thickness(tmp_path: Path) -> None:
    Phantom(positions=stack_positions(1), tags={"SliceThickness": 4}).write(tmp_path)
    volume = radpix.load(tmp_path)
    assert volume.spacing == pytest.approx((4.0, 0.8, 0.7))
    assert volume.report is not None
    assert "single-slice" in volume.report


@pytest.mark.parametrize("choice", ["raise", "keep", "resample"])
def test_missing_position_is_refused_whatever_the_choice(tmp_path: Path, choice: Any) -> None:
    Phantom(tags={"ImagePositionPatient": None}).write(tmp_path)
    with pytest.raises(radpix.GeometryError, match=r"Image Position \(Patient\)"):
        radpix.load(tmp_path, on_irregular=choice)


def blobs(landmarks: NDArray[np.float64]) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Return a field of Gaussian blobs at patient positions, wide against the voxels."""

    def field(positions: NDArray[np.float64]) -> NDArray[np.float64]:
        squared = ((positions[..., None, :] - landmarks) ** 2).sum(axis=-1)
        return np.asarray(4000 * np.exp(-squared / (2 * 2.0**2)).sum(axis=-1))

    return field


@pytest.mark.parametrize("steps", ["tilted", "uneven", "both"])
def test_landmarks_land_where_the_tags_say(tmp_path: Path, steps: str) -> None:
    along = 1.0 * np.arange(36) if steps == "tilted" else np.cumsum(np.tile([0.8, 1.2, 1.0], 12))
    step = np.array([0, 0 if steps == "uneven" else 0.3, 1.0])
    positions = stack_positions(1) + along[:, None] * step
    centre = positions[0] + [20 * 0.7, 20 * 0.8 + 5, 17]
    landmarks = centre + np.array([[0, 0, 0], [6.3, -5.1, 3.2], [-5.7, 4.4, -4.6]])
    Phantom(
        positions=positions, shape=(44, 40), values=blobs(landmarks), rescale=(1.0, 0.0), modality="MR"
    ).write(tmp_path)
    volume = radpix.load(tmp_path, on_irregular="resample", dtype="float64")
    indices = np.moveaxis(np.indices(volume.shape), 0, -1)
    places = volume.index_to_patient(indices)
    for landmark in landmarks:
        near = np.linalg.norm(places - landmark, axis=-1) < 4.0
        weights = volume.voxels[near]
        found = (indices[near] * weights[:, None]).sum(axis=0) / weights.sum()
        # The same centroid of the analytic field: the grid's own share of the error.
        ideal = blobs(landmarks)(places[near])
        expected = (indices[near] * ideal[:, None]).sum(axis=0) / ideal.sum()
        assert np.abs(found - expected).max() < 0.05
        assert np.abs(expected - volume.patient_to_index(landmark)).max() < 0.2


@pytest.mark.parametrize(
    "tags", [{"PhotometricInterpretation": "PALETTE COLOR"}, {"Modality": "SEG"}], ids=["palette", "labels"]
)
def test_resample_invents_no_labels_between_labels(tmp_path: Path, tags: dict[str, str]) -> None:
    def values(position: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return np.where(position[..., 0] + position[..., 1] + position[..., 2] < 60.0, 2.0, 9.0)

    phantom = replace(tilted(), values=values, dtype="uint8", rescale=(1.0, 0.0), tags=tags)
    positions = phantom.positions.copy()
    positions[2] += 0.3 * (positions[1] - positions[0])
    replace(phantom, positions=positions).write(tmp_path)
    volume = radpix.load(tmp_path, on_irregular="resample")
    assert set(np.unique(volume.voxels)) == {2, 9}


def bordered(**changes: Any) -> Phantom:
    """Return a tilted phantom of 1000 with padding of -2000 and, further out, of -2004."""

    def values(position: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        outside = np.where(position[..., 0] < -19.0, -2004.0, -2000.0)
        return np.where(position[..., 0] < -17.0, outside, 1000.0)

    tags = {"PixelPaddingValue": -2004, "PixelPaddingRangeLimit": -2000}
    return replace(tilted(), values=values, dtype="int16", rescale=(1.0, 0.0), tags={**tags, **changes})


def test_padding_of_a_range_is_one_value_of_the_volume(tmp_path: Path) -> None:
    bordered().write(tmp_path)
    kept = radpix.load(tmp_path, on_irregular="keep")
    assert (set(np.unique(kept.voxels)), kept.padding_value) == ({-2004, 1000}, -2004)
    stored = radpix.load(tmp_path, on_irregular="keep", level="stored")
    assert set(np.unique(stored.voxels)) == {-2004, -2000, 1000}
    straight = radpix.load(tmp_path, on_irregular="resample")
    assert set(np.unique(straight.voxels)) == {-2004, 1000}


def test_padding_of_slices_with_rescales_of_their_own_is_not_mixed_into_values(tmp_path: Path) -> None:
    def values(position: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return np.where(position[..., 0] < -17.0, -5000.0, 1000.0)

    phantom = tilted()
    rescale = [(1.0, 10.0 * index) for index in range(len(phantom.positions))]
    replace(
        phantom,
        values=values,
        rescale=rescale,
        dtype="uint16",
        tags={"PixelPaddingValue": 0, "Modality": "MR"},
    ).write(tmp_path)
    volume = radpix.load(tmp_path, on_irregular="resample")
    assert volume.padding_value is None
    assert set(np.unique(volume.voxels)) == {0, 1000}  # 0: what the least slice has for padding
