"""radpix.transform and radpix.warp: directions, geometry in patient space, and arguments."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.python.test_resample import OBLIQUE, indices, interior, ramp_at, ramp_volume

from radpix import GeometryError, LimitError, Volume, limits, resample, transform, warp

if TYPE_CHECKING:
    from numpy.typing import NDArray

POINTWISE: list[Any] = ["nearest", "linear", "cubic", "bspline"]


def rotation(volume: Volume, angles: tuple[float, float, float]) -> NDArray[np.float64]:
    """Return a rotation about the volume's centre, by angles about x, y and z."""
    matrix = np.eye(4)
    for axis, angle in enumerate(angles):
        turn = np.eye(4)
        i, j = (axis + 1) % 3, (axis + 2) % 3
        turn[[i, j], [i, j]] = np.cos(angle)
        turn[i, j], turn[j, i] = -np.sin(angle), np.sin(angle)
        matrix = turn @ matrix
    matrix[:3, 3] = volume.center - matrix[:3, :3] @ volume.center
    return matrix


def blobs(volume: Volume) -> Volume:
    """Fill the volume with a smooth phantom, 0 to 1000."""
    at = (indices(volume.shape) - (np.array(volume.shape) - 1) / 2) * volume.spacing
    values = 700 * np.exp(-((at - [2, 3, -4]) ** 2).sum(-1) / 60) + 300 * np.exp(-(at**2).sum(-1) / 90)
    return replace(volume, voxels=values.astype(volume.voxels.dtype))


def test_the_matrix_takes_points_of_the_volume_to_points_of_the_result() -> None:
    voxels = np.zeros((5, 6, 7), np.int16)
    voxels[1, 2, 3] = 100  # at the patient point (3, 2, 1)
    for interpolation in (*POINTWISE, "lanczos", "label"):
        moved = transform(
            Volume(voxels),
            [[1, 0, 0, 2], [0, 1, 0, -1], [0, 0, 1, 3], [0, 0, 0, 1]],
            interpolation=interpolation,
        )
        assert np.argwhere(moved.voxels == 100).tolist() == [[4, 1, 5]]


def test_the_matrix_is_the_inverse_of_what_simpleitk_takes() -> None:
    sitk = pytest.importorskip("SimpleITK")
    volume = blobs(Volume(np.zeros((20, 22, 24), np.float32), OBLIQUE @ np.diag([0.3, 1, 1, 1])))
    straight = replace(volume, affine=np.diag([1.5, 0.9, 0.8, 1])[[2, 1, 0, 3]])
    matrix = rotation(straight, (0.1, -0.2, 0.3))
    backward = sitk.AffineTransform(3)
    inverse = np.linalg.inv(matrix)
    backward.SetMatrix(inverse[:3, :3].ravel().tolist())
    backward.SetTranslation(inverse[:3, 3].tolist())
    expected = sitk.GetArrayFromImage(sitk.Resample(straight.to_sitk(), backward, sitk.sitkLinear, -1.0))
    assert np.abs(transform(straight, matrix, fill=-1).voxels - expected).max() < 1e-2


@pytest.mark.parametrize("interpolation", ["linear", "cubic", "bspline"])
def test_values_move_with_their_patient_points(interpolation: Any) -> None:
    volume = ramp_volume((30, 32, 34))
    matrix = rotation(volume, (0.4, -0.3, 0.9))
    matrix[:3] *= 1.1
    matrix[0, 1] += 0.2  # any affine map, shear included
    matrix[:3, 3] = volume.center + np.arange(1, 4) - matrix[:3, :3] @ volume.center
    moved = transform(volume, matrix, interpolation=interpolation, fill=0)
    back = np.linalg.inv(matrix)
    points = moved.index_to_patient(indices(moved.shape)) @ back[:3, :3].T + back[:3, 3]
    at = volume.patient_to_index(points)
    margin = 12 if interpolation == "bspline" else 1
    inside = np.all((at >= margin) & (at <= np.array(volume.shape) - 1 - margin), axis=-1)
    assert inside.sum() > 50
    assert np.abs(moved.voxels - ramp_at(points))[inside].max() < 1e-4


@pytest.mark.parametrize("dtype", ["int16", "float32"])
@pytest.mark.parametrize("interpolation", ["nearest", "linear", "cubic", "bspline", "lanczos"])
def test_quarter_turns_are_copies(dtype: str, interpolation: Any) -> None:
    rng = np.random.default_rng(3)
    cube = Volume(rng.integers(-900, 900, (9, 9, 9)).astype(dtype))
    for axis in range(3):
        angles = [0.0, 0.0, 0.0]
        angles[axis] = np.pi / 2
        turned = transform(
            cube, rotation(cube, (angles[0], angles[1], angles[2])), interpolation=interpolation
        )
        plane = [(1, 0), (2, 0), (2, 1)][axis]  # array axes (z, y, x), patient axes (x, y, z)
        expected = [np.rot90(cube.voxels, k, plane) for k in (1, 3)]
        assert any(np.array_equal(turned.voxels, e) for e in expected)


@pytest.mark.parametrize(
    ("interpolation", "largest", "mean"),
    [
        ("nearest", 260, 30),
        ("linear", 35, 3.0),
        ("cubic", 4.0, 0.3),
        ("bspline", 1.2, 0.2),
        ("lanczos", 4.0, 0.4),
    ],
)
def test_a_rotation_and_its_inverse_give_the_phantom_back(
    interpolation: Any, largest: float, mean: float
) -> None:
    volume = blobs(Volume(np.zeros((40, 42, 44), np.int16)))
    there = rotation(volume, (0.3, -0.2, 0.5))
    moved = transform(volume, there, interpolation=interpolation, fill=0)
    back = transform(moved, np.linalg.inv(there), interpolation=interpolation, fill=0)
    inner = (slice(8, -8),) * 3
    difference = np.abs(back.voxels[inner].astype(np.int32) - volume.voxels[inner])
    assert difference.max() <= largest
    assert difference.mean() <= mean


@pytest.mark.parametrize("interpolation", ["linear", "cubic", "bspline", "lanczos", "nearest"])
def test_no_matrix_is_resampling_onto_the_grid(interpolation: Any) -> None:
    volume = blobs(ramp_volume((12, 14, 16)))
    aligned = Volume(np.zeros((9, 8, 7)), volume.affine @ np.diag([1.4, 1.7, 0.9, 1.0]))
    options: dict[str, Any] = {"like": aligned, "interpolation": interpolation}
    moved, resampled = transform(volume, np.eye(4), **options), resample(volume, **options)
    assert moved.voxels.tobytes() == resampled.voxels.tobytes()
    assert np.array_equal(moved.affine, aligned.affine)


def test_the_result_is_in_the_frame_of_reference_of_its_grid() -> None:
    volume = replace(ramp_volume(), frame_of_reference_uid="1.2.3", modality="CT", padding_value=-5.0)
    fixed = replace(volume, frame_of_reference_uid="1.2.4", voxels=np.zeros((4, 5, 6)))
    assert transform(volume, np.eye(4)).frame_of_reference_uid == "1.2.3"
    moved = transform(volume, np.eye(4), like=fixed)
    assert (moved.frame_of_reference_uid, moved.modality, moved.shape) == ("1.2.4", "CT", (4, 5, 6))
    assert warp(volume, np.zeros((4, 5, 6, 3)), like=fixed).frame_of_reference_uid == "1.2.4"


def test_labels_stay_labels_when_turned() -> None:
    ball = Volume(np.zeros((30, 30, 30), np.uint8))
    distance = np.sqrt(((indices(ball.shape) - 14.5) ** 2).sum(-1))
    ball = replace(ball, voxels=np.where(distance < 6, 6, np.where(distance < 11, 2, 0)).astype(np.uint8))
    wrong = {}
    for interpolation in ("label", "nearest"):
        turned = transform(ball, rotation(ball, (0.3, 0.4, 0.5)), interpolation=interpolation)
        assert set(np.unique(turned.voxels).tolist()) == {0, 2, 6}
        wrong[interpolation] = (turned.voxels != ball.voxels).sum()
    assert wrong["label"] < 0.6 * wrong["nearest"]


@pytest.mark.parametrize("interpolation", ["cubic", "bspline", "label"])
def test_resampling_onto_a_turned_grid(interpolation: Any) -> None:
    volume = blobs(Volume(np.zeros((30, 32, 34), np.int16)))
    turn = rotation(volume, (0.2, 0.5, -0.4))
    like = Volume(np.zeros((28, 29, 30)), turn @ volume.affine)
    result = resample(volume, like=like, interpolation=interpolation, fill=0)
    moved = transform(
        volume, np.linalg.inv(turn), like=Volume(np.zeros(like.shape)), interpolation=interpolation, fill=0
    )
    difference = np.abs(result.voxels.astype(np.int32) - moved.voxels)
    assert difference.max() <= 1  # positions differ in the last bits
    if interpolation != "label":
        exact = replace(volume, voxels=volume.voxels.astype(np.float64))
        finer = resample(exact, like=like, interpolation=interpolation, fill=0).voxels
        inside = interior(volume, like, margin=1)
        assert np.abs(result.voxels - finer)[inside].max() <= 0.51


@pytest.mark.parametrize("interpolation", ["linear", "cubic", "bspline"])
@pytest.mark.parametrize(("dtype", "padding"), [(np.int16, -2000.0), (np.float32, np.nan)])
def test_padding_takes_no_part_on_turned_grids(interpolation: Any, dtype: Any, padding: float) -> None:
    voxels = np.full((12, 24, 26), 50).astype(dtype)
    voxels[:, :4], voxels[:, :, 20:] = padding, padding
    volume = Volume(voxels, padding_value=padding)
    moved = transform(volume, rotation(volume, (0.05, 0.1, 0.4)), interpolation=interpolation).voxels
    gone = np.isnan(moved) if np.isnan(padding) else moved == padding
    assert 0 < gone.mean() < 1
    assert np.abs(moved[~gone].astype(np.float64) - 50).max() <= (0 if dtype == np.int16 else 1e-3)


def test_channels_are_moved_one_by_one() -> None:
    voxels = np.random.default_rng(8).integers(0, 256, (8, 9, 10, 3)).astype(np.uint8)
    matrix = rotation(Volume(voxels), (0.1, 0.2, 0.3))
    field = np.random.default_rng(9).normal(0, 1, (8, 9, 10, 3))
    for interpolation in ("linear", "cubic", "bspline"):
        colour = transform(Volume(voxels), matrix, interpolation=interpolation, fill=3).voxels
        for channel in range(3):
            alone = Volume(voxels[..., channel])
            moved = transform(alone, matrix, interpolation=interpolation, fill=3).voxels
            assert np.array_equal(colour[..., channel], moved)
    colour = warp(Volume(voxels), field, fill=3).voxels
    assert np.array_equal(colour[..., 1], warp(Volume(voxels[..., 1]), field, fill=3).voxels)


@pytest.mark.parametrize("interpolation", ["nearest", "linear", "cubic", "bspline", "lanczos", "label"])
def test_a_constant_field_is_a_translation_the_other_way(interpolation: Any) -> None:
    volume = blobs(Volume(np.zeros((14, 16, 18), np.int16), OBLIQUE))
    shift = np.array([0.9, -0.7, 2.1])
    matrix = np.eye(4)
    matrix[:3, 3] = -shift
    field = np.broadcast_to(shift, (14, 16, 18, 3))
    moved = transform(volume, matrix, interpolation=interpolation, fill=0).voxels
    warped = warp(volume, field, interpolation=interpolation, fill=0).voxels
    assert np.abs(moved.astype(np.int32) - warped).max() <= (0 if interpolation == "nearest" else 1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_field_takes_values_from_its_points(dtype: Any) -> None:
    volume = ramp_volume((20, 22, 24))
    like = Volume(np.zeros((9, 10, 11)), volume.affine @ np.diag([1.5, 1.4, 1.3, 1.0]))
    field = np.random.default_rng(2).normal(0, 1, (*like.shape, 3)).astype(dtype)
    result = warp(volume, field, like=like, fill=0)
    points = like.index_to_patient(indices(like.shape)) + field
    at = volume.patient_to_index(points)
    inside = np.all((at >= 0) & (at <= np.array(volume.shape) - 1), axis=-1)
    assert inside.mean() > 0.3
    assert np.abs(result.voxels - ramp_at(points))[inside].max() < 1e-6


def test_outside_is_the_minimum_else_what_was_asked() -> None:
    volume = Volume(np.arange(27, dtype=np.int16).reshape(3, 3, 3) - 5)
    away = np.eye(4)
    away[0, 3] = 100.0
    assert (transform(volume, away).voxels == -5).all()
    assert (transform(volume, away, fill=9).voxels == 9).all()
    assert (warp(volume, np.full((3, 3, 3, 3), 1e300)).voxels == -5).all()


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.eye(3), "4 x 4"),
        (np.zeros((4, 4)), "4 x 4"),
        (np.diag([1.0, 0.0, 1.0, 1.0]), "invertible"),
        (np.full((4, 4), np.nan), "finite"),
        (np.diag([1.0, 1.0, 1.0, 2.0]), "last row"),
        (np.diag([1e-308, 1e-308, 1.0, 1.0]) + np.diag([1e-300], 3), "invertible|float64"),
    ],
)
def test_matrices_are_checked(matrix: NDArray[np.float64], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        transform(Volume(np.zeros((2, 2, 2), np.int16)), matrix)


@pytest.mark.parametrize(
    ("field", "error", "message"),
    [
        (np.zeros((2, 2, 3)), ValueError, "shape"),
        (np.zeros((2, 2, 3, 3)), ValueError, "shape"),
        (np.zeros((2, 2, 2, 3), np.int16), TypeError, "float32 or float64"),
    ],
)
def test_fields_are_checked(field: NDArray[Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        warp(Volume(np.zeros((2, 2, 2), np.int16)), field)


def test_other_arguments_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    volume, field = Volume(np.zeros((4, 4, 4), np.int16)), np.zeros((4, 4, 4, 3))
    turn = rotation(volume, (0.1, 0.2, 0.3))
    with pytest.raises(ValueError, match="nearest, linear, cubic, bspline, lanczos, label"):
        transform(volume, turn, interpolation="sinc")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="nearest, linear, cubic, bspline, lanczos, label"):
        warp(volume, field, interpolation="sinc")  # type: ignore[arg-type]

    def turned(source: Volume, **options: Any) -> Volume:
        return transform(source, turn, **options)

    def warped(source: Volume, **options: Any) -> Volume:
        return warp(source, field, **options)

    for call in (turned, warped):
        with pytest.raises(TypeError, match="labels are integers"):
            call(Volume(np.zeros((4, 4, 4))), interpolation="label")
        with pytest.raises(TypeError, match="astype"):
            call(Volume(np.zeros((4, 4, 4), np.int64)))
        with pytest.raises(GeometryError, match="no voxels"):
            call(Volume(np.zeros((0, 4, 4), np.int16)))
        with pytest.raises(GeometryError, match="without voxels"):
            call(volume, like=Volume(np.zeros((0, 4, 4))))
        with pytest.raises(ValueError, match="finite"):
            call(volume, fill=np.nan)
        with pytest.raises(ValueError, match="padding is one of"):
            call(volume, padding="skip")
    monkeypatch.setattr(limits, "max_bytes_per_call", 100)
    for call in (turned, warped):
        with pytest.raises(LimitError, match="max_bytes_per_call"):
            call(volume)


@pytest.mark.parametrize("axes", list(itertools.permutations(range(3))))
def test_swapped_and_mirrored_axes_go_axis_by_axis(axes: tuple[int, int, int]) -> None:
    """Lanczos is only there where they do."""
    volume = Volume(np.random.default_rng(1).normal(size=(8, 8, 8)).astype(np.float32))
    matrix = np.zeros((4, 4))
    matrix[axes, range(3)] = 1, -1, 1
    matrix[3, 3] = 1
    matrix[:3, 3] = volume.center - matrix[:3, :3] @ volume.center
    moved = transform(volume, matrix, interpolation="lanczos").voxels
    order = [2 - axes.index(2 - k) for k in range(3)]
    mirrored = np.flip(volume.voxels, 1)  # along y, before the swap
    assert np.array_equal(moved, mirrored.transpose(order))
