"""radpix.resample: grids, geometry in patient space, and arguments."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import scipy.ndimage
from hypothesis import given, settings
from hypothesis import strategies as st

from radpix import GeometryError, LimitError, Volume, limits
from radpix._backend import Grid, kernels
from radpix.resample import resample

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: An oblique, sheared grid with three spacings.
OBLIQUE = np.array(
    [[0.3, 0.1, 0.69, -120.0], [0.4, 0.68, -0.1, 35.5], [2.9, -0.15, 0.05, 801.25], [0, 0, 0, 1]], np.float64
)


def ramp_at(position: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a phantom linear in patient millimetres, which linear interpolation reproduces."""
    return np.asarray(position @ np.array([1.5, -2.25, 0.75]) + 10, np.float64)


def indices(shape: tuple[int, ...]) -> NDArray[np.float64]:
    return np.stack(np.meshgrid(*[np.arange(n, dtype=np.float64) for n in shape], indexing="ij"), axis=-1)


def ramp_volume(shape: tuple[int, int, int] = (12, 14, 16), affine: NDArray[np.float64] = OBLIQUE) -> Volume:
    empty = Volume(np.zeros(shape), affine)
    return replace(empty, voxels=ramp_at(empty.index_to_patient(indices(shape))))


def interior(source: Volume, result: Volume, margin: float = 0.0) -> NDArray[np.bool_]:
    """Return the mask of result voxels at least ``margin`` voxels inside the source's outermost centres."""
    at = source.patient_to_index(result.index_to_patient(indices(result.shape)))
    mask: NDArray[np.bool_] = np.all(
        (at >= margin - 1e-9) & (at <= np.array(source.shape) - 1 - margin + 1e-9), axis=-1
    )
    return mask


@pytest.mark.parametrize("request_", [{"spacing": 0.9}, {"spacing": (1.0, 0.5, 1.3)}, {"shape": (31, 9, 16)}])
def test_a_phantom_has_the_same_value_at_the_same_patient_position(request_: dict[str, Any]) -> None:
    volume = ramp_volume()
    result = resample(volume, **request_, antialias=False)
    expected = ramp_at(result.index_to_patient(indices(result.shape)))
    inside = interior(volume, result)
    assert inside.mean() > 0.5
    assert np.abs(result.voxels - expected)[inside].max() < 1e-6


@pytest.mark.parametrize("spacing", [(1.7, 1.1, 2.9), 2.0])
def test_antialiasing_does_not_move_the_image(spacing: Any) -> None:
    volume = ramp_volume((40, 40, 40))
    result = resample(volume, spacing=spacing)
    expected = ramp_at(result.index_to_patient(indices(result.shape)))
    inside = interior(volume, result, margin=5.0)
    assert inside.any()
    # A triangle of normalised weights has its centroid off by a fraction of a voxel at most.
    assert np.abs(result.voxels - expected)[inside].max() < 0.15 * np.abs(np.gradient(volume.voxels)[0]).max()


@given(
    shape=st.tuples(*[st.integers(1, 9)] * 3),
    spacing=st.tuples(*[st.floats(0.2, 9)] * 3),
    old=st.tuples(*[st.floats(0.2, 9)] * 3),
)
@settings(max_examples=60, deadline=None)
def test_spacing_keeps_the_centre_of_the_field_of_view(shape: Any, spacing: Any, old: Any) -> None:
    affine = OBLIQUE.copy()
    affine[:3, :3] *= np.array(old) / np.linalg.norm(affine[:3, :3], axis=0)
    volume = Volume(np.zeros(shape, np.int16), affine)
    result = resample(volume, spacing=spacing)
    expected = tuple(max(1, round(n * o / s)) for n, o, s in zip(shape, volume.spacing, spacing, strict=True))
    assert result.shape == expected
    assert result.spacing == pytest.approx(spacing, rel=1e-14)
    assert np.allclose(result.direction, volume.direction, rtol=0, atol=1e-14)
    before = volume.index_to_patient((np.array(shape) - 1) / 2)
    after = result.index_to_patient((np.array(result.shape) - 1) / 2)
    assert np.allclose(before, after, rtol=0, atol=1e-9)


def test_shape_keeps_the_edges_of_the_field_of_view() -> None:
    volume = ramp_volume((6, 7, 8))
    result = resample(volume, shape=(3, 20, 8))
    for corner in itertools.product((0, 1), repeat=3):
        before = volume.index_to_patient(np.array(corner) * volume.shape - 0.5)
        after = result.index_to_patient(np.array(corner) * result.shape - 0.5)
        assert np.allclose(before, after, rtol=0, atol=1e-9)


def test_halves_of_a_voxel_count_are_rounded_to_even() -> None:
    volume = Volume(np.zeros((5, 7, 1), np.uint8))
    assert resample(volume, spacing=2.0).shape == (2, 4, 1)


@pytest.mark.parametrize("interpolation", ["nearest", "linear", "cubic", "bspline", "lanczos"])
def test_flipping_commutes_with_resampling(interpolation: Any) -> None:
    rng = np.random.default_rng(4)
    volume = Volume(rng.normal(size=(9, 11, 14)).astype(np.float32), np.diag([0.7, 1.1, 2.5, 1]))
    options: Any = {"spacing": (0.5, 1.9, 1.0), "interpolation": interpolation}
    result = resample(volume, **options).voxels
    flipped = resample(replace(volume, voxels=volume.voxels[::-1, ::-1, ::-1]), **options).voxels
    assert flipped[::-1, ::-1, ::-1].tobytes() == result.tobytes()


@pytest.mark.parametrize("dtype", ["int16", "uint8", "float32"])
def test_linear_agrees_with_scipy(dtype: str) -> None:
    rng = np.random.default_rng(5)
    voxels = (rng.uniform(0, 250, (15, 17, 19))).astype(dtype)
    volume = Volume(voxels, np.diag([0.8, 0.9, 2.0, 1])[[2, 1, 0, 3]].T)
    result = resample(volume, spacing=(1.1, 0.6, 0.7), antialias=False)
    at = volume.patient_to_index(result.index_to_patient(indices(result.shape)))
    expected = scipy.ndimage.map_coordinates(
        voxels.astype(np.float64), np.moveaxis(at, -1, 0), order=1, mode="nearest"
    )
    assert np.abs(result.voxels - expected).max() <= (1e-4 * 250 if dtype == "float32" else 1.0)


@pytest.mark.parametrize("order", [1, 3])
def test_splines_agree_with_scipy_on_its_mirrored_volume(order: int) -> None:
    voxels = np.random.default_rng(6).uniform(0, 250, (15, 17, 19))
    volume = Volume(voxels, np.diag([0.8, 0.9, 2.0, 1])[[2, 1, 0, 3]].T)
    result = resample(
        volume, spacing=(1.1, 0.6, 0.7), antialias=False, interpolation="bspline" if order == 3 else "linear"
    )
    at = volume.patient_to_index(result.index_to_patient(indices(result.shape)))
    at = np.clip(at, 0, np.array(volume.shape) - 1)
    expected = scipy.ndimage.map_coordinates(voxels, np.moveaxis(at, -1, 0), order=order, mode="mirror")
    assert np.abs(result.voxels - expected).max() < 1e-6 * 250


@pytest.mark.parametrize("interpolation", ["cubic", "bspline", "lanczos"])
def test_sharper_filters_are_nearer_to_a_smooth_phantom(interpolation: Any) -> None:
    def wave(position: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(100 * np.sin(position @ np.array([0.9, 0.7, 0.5])), np.float64)

    coarse = Volume(np.zeros((20, 22, 24)))
    coarse = replace(coarse, voxels=wave(coarse.index_to_patient(indices(coarse.shape))))
    errors = {}
    for name in ("linear", interpolation):
        result = resample(coarse, spacing=0.45, interpolation=name)
        inside = interior(coarse, result, margin=4)
        truth = wave(result.index_to_patient(indices(result.shape)))
        errors[name] = np.abs(result.voxels - truth)[inside].max()
    assert errors[interpolation] < 0.4 * errors["linear"]


@pytest.mark.parametrize("interpolation", ["linear", "cubic", "bspline", "lanczos"])
def test_antialiasing_is_the_default_for_filters_only(interpolation: Any) -> None:
    rng = np.random.default_rng(6)
    volume = Volume(rng.normal(size=(40, 40, 40)))
    options: Any = {"spacing": 4.0, "interpolation": interpolation}
    default = resample(volume, **options).voxels
    assert default.tobytes() == resample(volume, **options, antialias=True).voxels.tobytes()
    assert default.std() < 0.5 * resample(volume, **options, antialias=False).voxels.std()
    nearest = resample(volume, spacing=4.0, interpolation="nearest", antialias=True).voxels
    assert np.isin(nearest, volume.voxels).all()
    labels = replace(volume, voxels=(volume.voxels > 0).astype(np.uint8))
    votes = [resample(labels, spacing=4.0, interpolation="label", antialias=a).voxels for a in (True, False)]
    assert votes[0].tobytes() == votes[1].tobytes()


def test_like_an_aligned_grid_takes_values_at_its_positions() -> None:
    volume = ramp_volume((20, 22, 24))
    index_map = np.diag([0.7, 1.2, 0.9, 1.0])
    index_map[:3, 3] = (3.1, 2.2, 1.3)
    like = Volume(np.zeros((18, 12, 15), np.uint8), volume.affine @ index_map)
    result = resample(volume, like=like, antialias=False)
    assert result.shape == like.shape
    assert np.array_equal(result.affine, like.affine)
    expected = ramp_at(like.index_to_patient(indices(like.shape)))
    assert np.abs(result.voxels - expected).max() < 1e-6


@pytest.mark.parametrize("axes", list(itertools.permutations(range(3))))
def test_like_a_grid_with_axes_in_another_order_and_direction(axes: tuple[int, int, int]) -> None:
    volume = ramp_volume((20, 22, 24))
    index_map = np.zeros((4, 4))
    for k, (axis, sign) in enumerate(zip(axes, (1, -1, -1), strict=True)):
        index_map[axis, k] = sign * 0.8
        index_map[axis, 3] = 2.0 if sign > 0 else 17.0
    index_map[3, 3] = 1
    like = Volume(np.zeros((15, 16, 17), np.uint8), volume.affine @ index_map)
    result = resample(volume, like=like, antialias=False)
    expected = ramp_at(like.index_to_patient(indices(like.shape)))
    assert np.abs(result.voxels - expected).max() < 1e-6


def test_a_rotated_grid_is_handed_to_reslice_as_steps_in_voxels(monkeypatch: pytest.MonkeyPatch) -> None:
    """The point-by-point kernel, replaced by one that records where it was asked to sample."""
    volume = replace(ramp_volume((20, 22, 24)), padding_value=-7.0)
    angle = np.cos(0.3), np.sin(0.3)
    index_map = np.array(
        [[1, 0, 0, 2], [0, angle[0], -angle[1], 5], [0, angle[1], angle[0], 1], [0, 0, 0, 1]]
    )
    like = Volume(np.zeros((6, 7, 8)), volume.affine @ index_map)

    def reslice(voxels: NDArray[Any], out: NDArray[Any], grid: Grid, **options: Any) -> None:
        assert voxels is volume.voxels
        assert (options["combine"], options["interpolation"], options["fill"]) == ("mean", "nearest", -7.0)
        steps = np.array([grid.plane_step, grid.row_step, grid.column_step])
        out[...] = ramp_at(volume.index_to_patient(indices(out.shape) @ steps + np.array(grid.origin)))

    monkeypatch.setattr(kernels(), "reslice", reslice)
    result = resample(volume, like=like, interpolation="nearest")
    assert np.allclose(result.voxels, ramp_at(like.index_to_patient(indices(like.shape))), rtol=0, atol=1e-9)
    assert np.array_equal(result.affine, like.affine)
    with pytest.raises(ValueError, match="rotated"):
        resample(volume, like=like, antialias=True)
    monkeypatch.undo()
    sampled = resample(volume, like=like)
    inside = interior(volume, sampled)
    assert inside.mean() > 0.9
    assert np.abs(sampled.voxels - ramp_at(like.index_to_patient(indices(like.shape))))[inside].max() < 1e-6


def test_like_itself_is_the_identity() -> None:
    volume = replace(
        ramp_volume(), voxels=np.random.default_rng(1).integers(-9, 9, (12, 14, 16)).astype(np.int16)
    )
    assert np.array_equal(resample(volume, like=volume).voxels, volume.voxels)


def test_outside_is_the_padding_value_else_the_minimum_else_what_was_asked() -> None:
    volume = Volume(np.arange(27, dtype=np.int16).reshape(3, 3, 3) - 5)
    affine = volume.affine.copy()
    affine[:3, 3] = (0, 0, 50)
    like = Volume(np.zeros((2, 2, 2)), affine)
    assert (resample(volume, like=like).voxels == -5).all()
    assert (resample(replace(volume, padding_value=-2000.0), like=like).voxels == -2000).all()
    assert (resample(volume, like=like, fill=7).voxels == 7).all()
    holes = replace(volume, voxels=np.where(volume.voxels == 3, np.nan, volume.voxels.astype(np.float64)))
    assert (resample(holes, like=like).voxels == -5).all()


def test_channels_are_resampled_one_by_one() -> None:
    rng = np.random.default_rng(8)
    voxels = rng.integers(0, 256, (5, 6, 7, 3)).astype(np.uint8)
    result = resample(Volume(voxels), spacing=0.6)
    for channel in range(3):
        alone = resample(Volume(voxels[..., channel]), spacing=0.6)
        assert np.array_equal(result.voxels[..., channel], alone.voxels)


def test_everything_but_the_grid_is_taken_over() -> None:
    volume = replace(
        ramp_volume(), modality="CT", unit="HU", frame_of_reference_uid="1.2", padding_value=-1.0
    )
    result = resample(volume, spacing=2.0)
    assert (result.modality, result.unit, result.frame_of_reference_uid, result.padding_value) == (
        "CT",
        "HU",
        "1.2",
        -1.0,
    )
    assert result.voxels.dtype == volume.voxels.dtype
    assert result.voxels.flags.c_contiguous


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({}, ValueError, "exactly one"),
        ({"spacing": 1.0, "shape": (1, 1, 1)}, ValueError, "exactly one"),
        ({"spacing": 0.0}, ValueError, "positive"),
        ({"spacing": -1.0}, ValueError, "positive"),
        ({"spacing": float("nan")}, ValueError, "positive"),
        ({"spacing": float("inf")}, ValueError, "positive"),
        ({"spacing": (1.0, 1.0)}, ValueError, "three"),
        ({"spacing": 1e-300}, LimitError, "2\\^31"),
        ({"spacing": 1e-4}, LimitError, "max_bytes_per_call"),
        ({"shape": (1, 2)}, ValueError, "three positive integers"),
        ({"shape": (1, 2, 0)}, ValueError, "three positive integers"),
        ({"shape": (1, 2, 2.5)}, ValueError, "three positive integers"),
        (
            {"spacing": 1.0, "interpolation": "sinc"},
            ValueError,
            "nearest, linear, cubic, bspline, lanczos, label",
        ),
        ({"spacing": 1.0, "num_threads": 0}, ValueError, "num_threads"),
        ({"spacing": 1.0, "fill": float("nan")}, ValueError, "finite"),
    ],
)
def test_arguments_are_checked(options: dict[str, Any], error: type[Exception], message: str) -> None:
    volume = Volume(np.zeros((40, 40, 40), np.int16))
    with pytest.raises(error, match=message):
        resample(volume, **options)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_labels_are_integers(dtype: str) -> None:
    with pytest.raises(TypeError, match="labels are integers"):
        resample(Volume(np.zeros((2, 2, 2), dtype)), spacing=1.0, interpolation="label")


@pytest.mark.parametrize("dtype", ["int64", "uint64", "bool", "complex64"])
def test_other_dtypes_are_refused(dtype: str) -> None:
    with pytest.raises(TypeError, match="astype"):
        resample(Volume(np.zeros((2, 2, 2), dtype)), spacing=1.0)


@pytest.mark.parametrize("spacing", ["111", ["1", "1", "1"], True, [None, 1, 1], 1j])
def test_a_spacing_that_is_no_number_is_refused(spacing: Any) -> None:
    with pytest.raises(TypeError, match="spacing is one number or three"):
        resample(Volume(np.zeros((2, 3, 4), np.int16)), spacing=spacing)


def test_an_array_is_no_volume() -> None:
    with pytest.raises(TypeError, match=r"volume is a radpix.Volume, .* not an array of shape"):
        resample(np.zeros((2, 3, 4), np.int16), spacing=1.0)  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", [(0, 2, 2), (2, 0, 2), (2, 2, 2, 0)])
def test_volumes_without_voxels_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(GeometryError, match="no voxels"):
        resample(Volume(np.zeros(shape, np.int16)), spacing=1.0)


def test_grids_in_another_frame_of_reference_are_refused() -> None:
    volume = replace(ramp_volume(), frame_of_reference_uid="1.2.3")
    with pytest.raises(GeometryError, match=r"1\.2\.3 and 1\.2\.4"):
        resample(volume, like=replace(volume, frame_of_reference_uid="1.2.4"))
    with pytest.raises(GeometryError, match="without voxels"):
        resample(volume, like=Volume(np.zeros((0, 2, 2))))


def test_the_result_is_checked_against_the_limit_before_it_is_allocated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "max_bytes_per_call", 1000)
    with pytest.raises(LimitError, match="max_bytes_per_call"):
        resample(Volume(np.zeros((2, 2, 2), np.int16)), shape=(10, 10, 10))
