"""Reformatting: the oracle, the backends' bits, what must hold in mm, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates
from tests.python.oracle import reslice as oracle
from tests.python.reslice_cases import (
    COMBINES,
    DTYPES,
    SHEARED,
    grid_of,
    native,
    noise,
    oblique_plane,
    ramp,
    restrided,
)

from radpix import Plane, Volume, _core, reslice
from radpix._backend import Combine, Grid
from radpix._numba import reslice as numba_reslice

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray


@pytest.fixture(autouse=True)
def _automatic_cpu_level() -> Iterator[None]:
    yield
    _core.set_cpu_level("auto")


@settings(max_examples=150, deadline=None)
@given(
    dtype=st.sampled_from(DTYPES),
    shape=st.tuples(*[st.integers(1, 9)] * 3),
    out_shape=st.tuples(st.integers(1, 2), st.integers(1, 19), st.sampled_from([1, 7, 8, 9, 65, 70])),
    layout=st.sampled_from(["C", "flipped", "transposed", "every second", "cropped"]),
    samples=st.sampled_from([1, 1, 2, 3, 8]),
    combine=st.sampled_from(COMBINES),
    interpolation=st.sampled_from(["linear", "nearest"]),
    seed=st.integers(0, 2**32),
)
def test_every_type_stride_and_grid_agrees_with_the_oracle(
    dtype: np.dtype[Any],
    shape: tuple[int, int, int],
    out_shape: tuple[int, int, int],
    layout: str,
    samples: int,
    combine: Combine,
    interpolation: str,
    seed: int,
) -> None:
    voxels = noise(shape, dtype, seed)
    grid = grid_of(np.random.default_rng(seed), shape, samples)
    fill = 3.0
    got = native(restrided(voxels, layout), out_shape, grid, combine, interpolation, fill)
    want = oracle.reslice(voxels, out_shape, grid, combine, interpolation, fill)
    if dtype.kind == "f":
        np.testing.assert_allclose(got, want, rtol=0, atol=2e-2 if dtype.itemsize == 4 else 1e-8)
    else:
        want = np.clip(want, np.iinfo(dtype).min, np.iinfo(dtype).max)
        assert np.abs(got.astype(np.float64) - want).max() <= (0.5 if dtype.itemsize > 2 else 0.55)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_numba_gives_the_bits_of_the_core(dtype: np.dtype[Any]) -> None:
    rng = np.random.default_rng(3)
    voxels = noise((7, 8, 9), dtype)
    if dtype.kind == "f":
        voxels[rng.random(voxels.shape) < 0.02] = np.nan
        voxels[0, 0] = -0.0
        voxels[3, 3] = np.inf
    for combine in COMBINES:
        for interpolation in ("linear", "nearest"):
            for samples in (1, 4, 5):
                grid = grid_of(rng, voxels.shape, samples)
                want = native(voxels, (2, 5, 37), grid, combine, interpolation, 5.4)
                got = np.empty_like(want)
                numba_reslice(
                    voxels, got, grid, combine=combine, interpolation=interpolation, fill=5.4, num_threads=2
                )
                assert got.tobytes() == want.tobytes(), (combine, interpolation, samples)


def test_numba_gives_the_bits_of_the_core_for_float_outputs_and_other_strides() -> None:
    voxels = restrided(noise((7, 8, 9), np.dtype(np.int16)), "transposed")
    grid = grid_of(np.random.default_rng(8), voxels.shape, 3)
    want = native(voxels, (2, 5, 37), grid, "sum", dtype=np.dtype(np.float32))
    got = np.empty((37, 5, 2), np.float32).T
    numba_reslice(voxels, got, grid, combine="sum", interpolation="linear", fill=-7.0, num_threads=1)
    assert got.tobytes() == want.tobytes()


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("interpolation", ["linear", "nearest"])
def test_long_rows_between_voxels_are_the_same_bits_and_near_the_oracle(
    dtype: np.dtype[Any], interpolation: str
) -> None:
    voxels, nowhere = noise((7, 8, 90), dtype, 4), (0.0, 0.0, 0.0)
    grid = Grid((1.2, 0.7, 1.1), nowhere, (0.3, 0.9, 0.1), (0.011, -0.0013, 0.29), nowhere)
    want = native(voxels, (1, 6, 300), grid, interpolation=interpolation)
    got = np.empty_like(want)
    numba_reslice(voxels, got, grid, combine="mean", interpolation=interpolation, fill=-7.0, num_threads=1)
    assert got.tobytes() == want.tobytes()
    exact = oracle.reslice(voxels, want.shape, grid, "mean", interpolation, -7.0)
    np.testing.assert_allclose(want, exact, rtol=1e-6, atol=0.55)


@pytest.mark.parametrize("step", [5e-324, -1e-310, 1e-200, 1e300])
@pytest.mark.parametrize("start", [2.0, -1e18, 1e300])
def test_numba_gives_the_bits_of_the_core_where_no_integer_is_the_column_of_an_end(
    start: float, step: float
) -> None:
    voxels, nowhere = noise((7, 8, 9), np.dtype(np.int16)), (0.0, 0.0, 0.0)
    grid = Grid((start, 3.0, 4.0), nowhere, (0.0, 0.5, 0.0), (step, 0.0, 0.3), nowhere)
    want = native(voxels, (1, 5, 19), grid)
    got = np.empty_like(want)
    numba_reslice(voxels, got, grid, combine="mean", interpolation="linear", fill=-7.0, num_threads=1)
    assert got.tobytes() == want.tobytes()


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.float32], ids=str)
def test_the_middle_of_a_volume_agrees_with_scipy(dtype: type[np.generic]) -> None:
    voxels = noise((40, 50, 60), np.dtype(dtype), 5)
    grid = Grid((12.3, 9.1, 8.7), (0.0, 0.0, 0.0), (0.21, 0.31, -0.05), (0.11, -0.02, 0.4))
    got = native(voxels, (1, 70, 90), grid)[0].astype(np.float64)
    index = np.moveaxis(oracle.positions(grid, (1, 70, 90))[0, 0], -1, 0)
    want = map_coordinates(voxels.astype(np.float64), index, order=1, mode="nearest")
    tolerance = 1 if np.issubdtype(dtype, np.integer) else 1e-4 * np.ptp(voxels)
    assert np.abs(got - want).max() <= tolerance


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("axis", range(3))
def test_a_ramp_gives_the_patient_coordinate_of_every_pixel(seed: int, axis: int) -> None:
    volume = ramp(np.eye(3)[axis], SHEARED, (20, 40, 40))
    plane = oblique_plane(volume, seed)
    result = reslice(volume, plane, fill=np.nan)
    rows, columns = np.meshgrid(np.arange(24), np.arange(30), indexing="ij")
    want = plane.pixel_to_patient(np.stack([rows, columns], axis=-1))[..., axis]
    np.testing.assert_allclose(result.pixels, want, rtol=0, atol=1e-9)
    np.testing.assert_allclose(result.pixel_to_patient((3, 5))[axis], want[3, 5], atol=1e-12)
    np.testing.assert_allclose(result.patient_to_pixel(result.pixel_to_patient((3, 5))), (3, 5), atol=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_a_slab_is_as_thick_in_mm_at_any_obliquity(seed: int) -> None:
    thickness, step = 7.0, 0.5
    volume = Volume(np.zeros((20, 40, 40)), SHEARED)
    plane = oblique_plane(volume, seed)
    volume = ramp(plane.normal, SHEARED, (20, 40, 40))
    middle = plane.center @ plane.normal
    # 14 samples in the middles of 14 parts: the outermost are half a part inside the slab.
    reach = (thickness - thickness / 14) / 2
    for combine, want in (
        ("max", middle + reach),
        ("min", middle - reach),
        ("mean", middle),
        ("median", middle),
    ):
        result = reslice(
            volume, plane, thickness=thickness, slab_step=step, combine=cast("Combine", combine), fill=np.nan
        )
        np.testing.assert_allclose(result.pixels, want, rtol=0, atol=1e-9)
    assert result.thickness == thickness


@pytest.mark.parametrize("seed", range(4))
def test_a_plate_is_seen_by_slabs_that_reach_it_only(seed: int) -> None:
    affine = np.diag([0.8, 0.7, 0.7, 1.0])[[2, 1, 0, 3]]
    volume = Volume(np.zeros((90, 100, 100)), affine)
    plane = oblique_plane(volume, seed, (8, 8))
    index = np.stack(np.meshgrid(*map(np.arange, volume.shape), indexing="ij"), axis=-1)
    away = plane.distance(volume.index_to_patient(index))
    plate = Volume((np.abs(away - 9) < 1).astype(np.float32), affine)  # from 8 to 10 mm
    for thickness, seen in ((13.0, False), (20.0, True)):
        pixels = reslice(plate, plane, thickness=thickness, combine="max").pixels
        assert (pixels > 0.5).all() == seen
        assert (pixels > 0).any() == seen


def test_the_default_slab_step_is_the_smallest_voxel_spacing() -> None:
    volume = Volume(np.ones((60, 60, 60), np.uint8), np.diag([1.25, 0.7, 0.7, 1.0])[[2, 1, 0, 3]])
    plane = Plane.axial(volume, shape=(2, 2))
    for thickness, samples in ((0.0, 1), (0.3, 1), (20.0, 29), (0.7, 1), (1.4, 2)):
        result = reslice(volume, plane, thickness=thickness, combine="sum")
        assert result.pixels.dtype == np.float32
        assert (result.pixels == samples).all()


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("interpolation", ["linear", "nearest"])
def test_planes_of_voxel_centres_give_the_voxels(dtype: np.dtype[Any], interpolation: Any) -> None:
    voxels = noise((6, 7, 8), dtype)
    if dtype.kind == "f":
        voxels[2] = np.nan
        voxels[4, :, 3] = np.inf
    else:
        voxels.flat[:2] = np.iinfo(dtype).min, (np.iinfo(dtype).max if dtype.itemsize < 8 else 7)
    affine = np.array(
        [[0, 0, 0.683594, -174.3], [0, 0.683594, 0, -201.9], [0.683594, 0, 0, -1203.7], [0, 0, 0, 1]]
    )
    volume = Volume(voxels, affine)
    for z in range(6):
        got = reslice(volume, Plane.axial(volume, affine[2, 3] + z * 0.683594), interpolation=interpolation)
        np.testing.assert_array_equal(got.pixels, voxels[z])
    for y in range(7):
        got = reslice(volume, Plane.coronal(volume, affine[1, 3] + y * 0.683594), interpolation=interpolation)
        np.testing.assert_array_equal(got.pixels, voxels[::-1, y])
    for x in range(8):
        got = reslice(
            volume, Plane.sagittal(volume, affine[0, 3] + x * 0.683594), interpolation=interpolation
        )
        np.testing.assert_array_equal(got.pixels, voxels[::-1, :, x])


def test_labels_beyond_float64_stay_exact() -> None:
    voxels = np.full((3, 3, 3), 2**62 + 1, np.int64)
    volume = Volume(voxels)
    assert (reslice(volume, Plane.axial(volume), interpolation="nearest").pixels == 2**62 + 1).all()


def test_a_tie_of_nearest_goes_to_the_higher_index() -> None:
    voxels = np.arange(4, dtype=np.int16).reshape(1, 1, 4)
    grid = Grid((0.0, 0.0, -0.5), (0.0,) * 3, (0.0,) * 3, (0.0, 0.0, 1.0))
    assert native(voxels, (1, 1, 6), grid, interpolation="nearest").ravel().tolist() == [0, 1, 2, 3, 3, -7]


def test_the_outermost_half_voxel_repeats_the_outermost_centres_and_then_fills() -> None:
    voxels = np.array([10, 20], np.float64).reshape(1, 1, 2)
    grid = Grid((0.0, 0.0, -0.75), (0.0,) * 3, (0.0,) * 3, (0.0, 0.0, 0.25))
    got = native(voxels, (1, 1, 11), grid, fill=-1.0).ravel().tolist()
    assert got == [-1, 10, 10, 10, 12.5, 15, 17.5, 20, 20, 20, -1]


def test_samples_outside_do_not_take_part() -> None:
    volume = Volume(np.full((4, 4, 4), 8, np.int16))
    plane = Plane.axial(volume, 3.0, shape=(1, 1))
    for combine in ("mean", "max", "min", "median"):
        assert reslice(volume, plane, thickness=6, combine=combine).pixels == 8
    assert reslice(volume, plane, thickness=6, combine="sum").pixels == 4 * 8
    assert reslice(volume, plane.shifted(9), thickness=6, fill=-5).pixels == -5


def test_a_nan_among_the_samples_is_shown_and_one_of_weight_0_is_not() -> None:
    voxels = np.ones((5, 5, 9), np.float32)
    voxels[2, 2, 4] = np.nan
    grid = Grid((2.0, 2.0, 0.0), (0.0,) * 3, (0.0,) * 3, (0.0, 0.0, 1.0), (1.0, 0.0, 0.0), 3)
    for combine in COMBINES:
        got = native(voxels, (1, 1, 9), grid, combine).ravel()
        assert np.flatnonzero(np.isnan(got)).tolist() == [4]
    off = grid._replace(origin=(2.25, 2.0, 0.0), slab_samples=1)
    assert np.isnan(native(voxels, (1, 1, 9), off)).sum() == 1


def test_integers_are_rounded_half_to_even_and_saturated() -> None:
    voxels = np.array([0, 1, 2, 3, 4, 5, -3, -4], np.int16).reshape(1, 1, 8)
    grid = Grid((0.0, 0.0, 0.5), (0.0,) * 3, (0.0,) * 3, (0.0, 0.0, 2.0))
    assert native(voxels, (1, 1, 4), grid).ravel().tolist() == [0, 2, 4, -4]
    full = np.full((9, 2, 2), 30000, np.int16)
    along_z = Grid((4.0, 0.0, 0.0), (0.0,) * 3, (0.0,) * 3, (0.0, 0.0, 1.0), (1.0, 0.0, 0.0), 9)
    assert (native(full, (1, 1, 2), along_z, "sum") == 32767).all()
    assert (native(full, (1, 1, 2), along_z, "sum", dtype=np.dtype(np.float32)) == 270000).all()


def test_the_default_fill_is_the_padding_value_else_the_minimum() -> None:
    voxels = np.arange(5, 32, dtype=np.int16).reshape(3, 3, 3)
    for padding, want in ((-2000.0, -2000), (None, 5)):
        volume = Volume(voxels, padding_value=padding)
        assert reslice(volume, Plane.axial(volume, 50.0)).pixels.tolist() == [[want] * 3] * 3
    floats = Volume(np.where(voxels > 20, np.nan, voxels).astype(np.float32))
    assert (reslice(floats, Plane.axial(floats, 50.0)).pixels == 5).all()


def test_channels_are_sampled_each() -> None:
    voxels = noise((4, 5, 6, 3), np.dtype(np.uint8))
    volume = Volume(voxels)
    plane = oblique_plane(volume, 1)
    got = reslice(volume, plane, fill=0).pixels
    for channel in range(3):
        np.testing.assert_array_equal(
            got[..., channel], reslice(Volume(voxels[..., channel]), plane, fill=0).pixels
        )


def test_a_mask_stays_a_mask() -> None:
    volume = Volume(noise((4, 5, 6), np.dtype(np.uint8)) > 128)
    plane = oblique_plane(volume, 2)
    for interpolation in ("nearest", "linear"):
        pixels = reslice(volume, plane, interpolation=cast("Any", interpolation), fill=False).pixels
        assert pixels.dtype == np.bool_
        assert set(np.unique(pixels.view(np.uint8))) <= {0, 1}


def test_out_is_written_in_place_whatever_its_strides() -> None:
    volume = Volume(noise((8, 9, 10), np.dtype(np.int16)))
    plane = oblique_plane(volume, 3)
    want = reslice(volume, plane).pixels
    target = np.zeros((60, 24), np.int16)
    result = reslice(volume, plane, out=target[::-2].T)
    np.testing.assert_array_equal(result.pixels, want)
    assert np.shares_memory(result.pixels, target)
    assert np.asarray(result).dtype == np.int16
    assert np.array(result, dtype=np.float32).dtype == np.float32


def test_an_empty_volume_is_filled() -> None:
    out = np.zeros((1, 2, 3), np.int16)
    grid = Grid((-0.5, 0.0, 0.0), (0.0,) * 3, (0.0,) * 3, (0.0,) * 3)
    for between in ("linear", "nearest"):
        _core.reslice(np.zeros((0, 4, 4), np.int16), out, grid, "mean", between, 6.0, 1)
        assert (out == 6).all()


def test_offsets_beyond_32_bits_are_reached(tmp_path: Path) -> None:
    shape = (2100, 1024, 1024)  # 2.2e9 voxels in a sparse file
    voxels = np.memmap(tmp_path / "voxels", np.int16, "w+", shape=shape)
    corner = noise((3, 3, 3), np.dtype(np.int16))
    voxels[-3:, -3:, -3:] = corner
    step = Grid((0.0, 0.0, 0.0), (0.0,) * 3, (0.0, 0.5, 0.25), (0.1, 0.1, 0.2))
    far = step._replace(origin=(2097.0, 1021.0, 1021.0))
    for between in ("linear", "nearest"):
        got = native(cast("NDArray[Any]", voxels), (1, 4, 9), far, interpolation=between)
        np.testing.assert_array_equal(got, native(corner, (1, 4, 9), step, interpolation=between))
