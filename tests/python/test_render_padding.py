"""Padding along rays takes no part: projections and radiographs against the oracle, on every path."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.python.oracle import padded as absence
from tests.python.oracle import render as oracle
from tests.python.render_cases import cameras, casted, ranges_of, scattered, smooth
from tests.python.reslice_cases import SHEARED, restrided
from tests.python.test_render import rays_in_patient

from radpix import Camera, Volume, drr, project
from radpix._backend import kernels

COMBINES = ("max", "min", "mean", "integral", "local-max")


def padded_volume(dtype: str, padding: float, share: float = 0.3, seed: int = 0) -> Volume:
    """Return blobs in a cylinder, padding around it and here and there within."""
    voxels = smooth((19, 33, 27), dtype, seed)
    y, x = np.ogrid[:33, :27]
    voxels[:, (y - 16) ** 2 + (x - 13) ** 2 > 12**2] = padding
    rng = np.random.default_rng(seed)
    voxels[4:9][rng.random((5, 33, 27)) < share] = padding
    return Volume(voxels, SHEARED, padding_value=padding)


def first_peak(values: Any, threshold: float) -> float:
    for k in range(len(values) - 1):
        if values[k] >= threshold and values[k + 1] < values[k]:
            return float(values[k])
    return float(values.max())


@pytest.mark.parametrize(
    ("dtype", "padding"),
    [("int16", -2000.0), ("uint16", 65535.0), ("float32", np.nan), ("float32", -np.inf), ("uint8", 255.0)],
)
@pytest.mark.parametrize("perspective", [False, True])
def test_samples_along_rays_are_those_of_the_oracle(dtype: str, padding: float, perspective: bool) -> None:
    one, shape = padded_volume(dtype, padding), (9, 10)
    rays = cameras(one, 3)[perspective].rays(one, shape, 0.8)
    found = {name: casted(one.voxels, rays, shape, name, 80.0, padding) for name in COMBINES}
    compared = 0
    for row, column in np.ndindex(shape):
        values, weights, places, length = oracle.present_samples(
            one.voxels,
            one.affine,
            *rays_in_patient(rays, row, column),
            step=0.8,
            padding=padding,
            near=rays.near,
        )
        if (np.abs(weights - 0.5) < 1e-4).any() or (np.abs(values - 80) < 0.01).any():
            continue  # too near the limit to tell
        there = weights > 0.5
        values, places = values[there], places[there]
        want = dict.fromkeys(COMBINES, padding if there.size else -5.0)
        want["integral"] = 0.0 if there.size else -5.0
        if values.size:
            want = {
                "max": values.max(),
                "min": values.min(),
                "mean": values.mean(),
                "integral": np.maximum(values * 0.5 - 10, 0).sum() * length,
                "local-max": first_peak(values, 80.0),
            }
            assert found["max"][1][row, column] == pytest.approx(places[np.argmax(values)], abs=0.9)
            compared += 1
        else:
            assert np.isnan(found["max"][1][row, column])
        for name in COMBINES:
            # beside 1/2 the rounded weights are divided by
            assert found[name][0][row, column] == pytest.approx(
                want[name], rel=1e-3, abs=1e-2, nan_ok=True
            ), name
    assert compared >= 10


@settings(max_examples=15, deadline=None)
@given(
    shape=st.tuples(*[st.integers(1, 18)] * 3),
    dtype=st.sampled_from(["int16", "uint16", "float32", "int32", "float64"]),
    layout=st.sampled_from(["", "flipped", "transposed", "every second"]),
    combine=st.sampled_from(COMBINES),
    share=st.sampled_from([0.02, 0.5, 0.95, 1.0]),
    seed=st.integers(0, 99),
)
def test_every_shape_and_layout_gives_the_same_bits_on_every_path(
    shape: Any, dtype: str, layout: str, combine: str, share: float, seed: int
) -> None:
    voxels, padding = scattered(shape, dtype, share, seed)
    one = Volume(voxels, SHEARED)
    for camera in cameras(one, seed):
        rays = camera.rays(one, (4, 9), 0.7)
        plain = casted(voxels, rays, (4, 9), combine, 80.0, padding)
        other = casted(restrided(voxels, layout), rays, (4, 9), combine, 80.0, padding)
        assert [a.tobytes() for a in plain] == [a.tobytes() for a in other]


@pytest.mark.parametrize("combine", COMBINES)
def test_without_absent_voxels_the_bits_are_those_without_padding(combine: str) -> None:
    voxels = smooth((19, 33, 27))
    one = Volume(voxels, SHEARED)
    for camera in cameras(one):
        rays = camera.rays(one, (9, 10), 0.8)
        plain = casted(voxels, rays, (9, 10), combine)
        excluded = casted(voxels, rays, (9, 10), combine, padding=-2000.0)
        assert [a.tobytes() for a in plain] == [a.tobytes() for a in excluded]


def test_a_block_of_nothing_but_padding_has_no_range() -> None:
    voxels = np.full((9, 9, 18), -2000, np.int16)
    voxels[:, :, 12] = 5
    ranges = ranges_of(voxels, kernels(), padding=-2000.0)
    assert ranges[0, 0].tolist() == [[np.inf, -np.inf], [5, 5], [np.inf, -np.inf]]


def test_tissue_beside_padding_is_not_mixed_with_it() -> None:
    for padding, dtype in ((-2000.0, "int16"), (3000.0, "int16"), (np.nan, "float32")):
        voxels = np.full((12, 12, 12), 40, dtype)
        voxels[:, :5] = padding
        one = Volume(voxels, padding_value=padding)
        camera = Camera.around(one, (0.3, 1, 0.2))
        for combine in ("max", "min", "mean"):
            pixels = project(one, camera=camera, shape=(16, 16), combine=combine).pixels
            gone = absence.absent(pixels, padding)
            assert gone.any()
            assert (pixels[~gone] == 40).all()
        depth = project(one, camera=camera, shape=(16, 16), combine="depth").pixels
        np.testing.assert_array_equal(np.isnan(depth), gone)


def test_a_radiograph_counts_the_way_through_tissue_only() -> None:
    voxels = np.zeros((10, 10, 10), np.uint16)
    voxels[:, :5] = 65535
    one = Volume(voxels, padding_value=65535.0)
    camera = Camera.parallel(one.center, (0, 1, 0), field_of_view=4)
    image = drr(one, camera, shape=(2, 2), mu_water=0.02, step=0.01).pixels
    assert np.allclose(image, 0.02 * 5, rtol=0.003)
    everything = Volume(np.full((4, 4, 4), 65535, np.uint16), padding_value=65535.0)
    assert (drr(everything, camera, shape=(2, 2)).pixels == 0).all()


@pytest.mark.parametrize("combine", COMBINES)
@pytest.mark.parametrize(("padding", "fill"), [(16777217.0, -16777217.0), (1e-300, np.nextafter(1.0, 2.0))])
def test_fill_and_padding_of_wide_voxels_are_not_rounded(combine: str, padding: float, fill: float) -> None:
    """Rays that pass the volume by, such that meet padding only, and such that meet tissue; float32 between."""
    voxels = np.full((6, 7, 8), padding, np.float64)
    voxels[:, :, 4:] = 100
    volume = Volume(voxels, padding_value=padding)
    camera = Camera.parallel(volume.center, (0, 0, 1), (0, 1, 0), field_of_view=30)
    rays = camera.rays(volume, (30, 30), 0.5)
    values = casted(voxels, rays, (30, 30), combine, 80.0, padding, fill, "float64")[0]
    tissue = casted(voxels, rays, (30, 30), combine, 80.0, padding, fill)[0]
    seen = {fill, padding if combine != "integral" else 0.0}
    others = set(np.unique(values)) - seen
    assert seen < set(np.unique(values))
    np.testing.assert_array_equal(values.astype(np.float32), tissue)
    assert others == set(np.unique(tissue)) - {np.float32(one) for one in seen}


@pytest.mark.parametrize(
    ("dtype", "fill"),
    [("int32", 16777217), ("uint32", 2**32 - 1), ("int64", 2**53 - 1), ("float64", 1e-300), ("int16", -3)],
)
def test_what_is_outside_of_a_camera_is_exactly_the_fill(dtype: str, fill: float) -> None:
    for volume, wanted in (
        (Volume(np.ones((5, 6, 7), dtype)), fill),
        (Volume(np.ones((5, 6, 7), dtype), padding_value=fill), None),
    ):
        camera = Camera.parallel(volume.center, (0, 0, 1), (0, 1, 0), field_of_view=30)
        for combine in ("max", "min", "mean", "local-max"):
            options: dict[str, Any] = {"combine": combine, "threshold": 0.0, "fill": wanted}
            pixels = project(volume, camera=camera, shape=(30, 30), **options).pixels
            assert pixels.dtype == dtype
            assert set(pixels[[0, -1]].ravel().tolist()) == {fill}
            assert pixels[15, 15] == 1
