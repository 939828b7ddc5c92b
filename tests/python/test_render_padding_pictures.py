"""Padding in rendered pictures takes no part: against the oracle, on every path."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.python.oracle import render as oracle
from tests.python.render_cases import (
    TRANSFER,
    backends,
    cameras,
    composited,
    ranges_of,
    scattered,
    smooth,
    volume,
)
from tests.python.reslice_cases import SHEARED, restrided
from tests.python.test_render import PLAIN, SHADED, rays_in_patient
from tests.python.test_render_layers import BLUE, layered, pair, rays_for
from tests.python.test_render_padding import padded_volume

from radpix import Camera, Shading, TransferFunction, Volume, render
from radpix._backend import Lighting, RenderLayer

SEEN = TransferFunction([(5, 1, 0, 0, 0), (30, 1, 0.5, 0, 0.05), (120, 1, 1, 1, 0.4)])
WHITE = TransferFunction([(20, 1, 1, 1, 0), (40, 1, 1, 1, 0.5)])


@pytest.mark.parametrize(
    ("dtype", "padding"),
    [("int16", -2000.0), ("uint16", 65535.0), ("float32", np.nan), ("float32", -np.inf), ("uint8", 255.0)],
)
@pytest.mark.parametrize("perspective", [False, True])
@pytest.mark.parametrize("lighting", [PLAIN, SHADED])
def test_pictures_are_those_of_the_oracle(
    dtype: str, padding: float, perspective: bool, lighting: Lighting
) -> None:
    one, shape = padded_volume(dtype, padding, 0.2, seed=3), (9, 10)
    rays = cameras(one, 3)[perspective].rays(one, shape, 0.8)
    image = composited(one.voxels, rays, shape, lighting, SEEN, padding)
    compared, shown = 0, 0
    for row, column in np.ndindex(shape):
        way = rays_in_patient(rays, row, column)
        options: dict[str, Any] = {"step": 0.8, "near": rays.near, "padding": padding}
        if oracle.is_undecided(one.voxels, one.affine, *way, **options):
            continue
        light = lighting[1:] if lighting.shading else None
        want = oracle.composite(one.voxels, one.affine, *way, transfer=SEEN, lighting=light, **options)
        assert np.abs(image[row, column] - want).max() * 255 <= 1
        compared += 1
        shown += want[3] > 0.3
    assert compared > 40
    assert shown >= 7


@pytest.mark.parametrize("perspective", [False, True])
@pytest.mark.parametrize("lighting", [PLAIN, SHADED])
def test_pictures_of_two_padded_volumes_are_those_of_the_oracle(
    perspective: bool, lighting: Lighting
) -> None:
    base = padded_volume("int16", -2000.0, 0.2)
    _, other = pair("float32")
    voxels = other.voxels.copy()
    voxels[np.random.default_rng(1).random(voxels.shape) < 0.2] = np.nan
    other = Volume(voxels, other.affine, padding_value=np.nan)
    shape, step = (9, 11), 0.8
    camera = Camera.around(base, cameras(base)[0].direction, angle=40 if perspective else None)
    image = layered([base, other], [SEEN, BLUE], camera, shape, lighting, step)
    rays, _ = rays_for([base, other], camera, shape, step)
    close = 0
    for row, column in np.ndindex(shape):
        want = oracle.composite_layers(
            [(base.voxels, base.affine, SEEN), (other.voxels, other.affine, BLUE)],
            *rays_in_patient(rays, row, column),
            step=step,
            lighting=lighting[1:] if lighting.shading else None,
            near=rays.near,
            paddings=[-2000.0, np.nan],
        )
        close += np.abs(image[row, column] - want).max() * 255 <= 1
    assert image[..., 3].max() > 0.5
    assert close >= 0.95 * 9 * 11  # the others have samples beside the limit of 1/2


@settings(max_examples=10, deadline=None)
@given(
    shape=st.tuples(*[st.integers(1, 18)] * 3),
    dtype=st.sampled_from(["int16", "uint16", "float32", "int32", "float64"]),
    layout=st.sampled_from(["plain", "flipped", "transposed", "every second"]),
    share=st.sampled_from([0.02, 0.5, 0.95, 1.0]),
    seed=st.integers(0, 99),
)
def test_every_shape_and_layout_gives_the_same_bits_on_every_path(
    shape: Any, dtype: str, layout: str, share: float, seed: int
) -> None:
    voxels, padding = scattered(shape, dtype, share, seed)
    one = Volume(voxels, SHEARED)
    other = restrided(voxels, layout)
    rays = cameras(one, seed)[seed % 2].rays(one, (4, 9), 0.7)
    plain = composited(voxels, rays, (4, 9), SHADED, padding=padding)
    assert composited(other, rays, (4, 9), SHADED, padding=padding).tobytes() == plain.tobytes()
    table = TRANSFER.table()
    for _, kernels, threads in backends():
        alone = RenderLayer(
            other, ranges_of(other, kernels, 1, padding), rays.to_index, *table, SHADED, padding
        )
        image = np.zeros((4, 9, 4), np.float32)
        kernels.composite_layers([alone], image, rays, num_threads=threads)
        assert image.tobytes() == plain.tobytes()


@pytest.mark.parametrize("dtype", ["int64", "float64"])
def test_present_voxels_that_are_rounded_to_the_padding_value_stay(dtype: str) -> None:
    padding = 2.0**31 + 2048
    voxels = np.full((9, 9, 9), padding + 1, dtype)
    voxels[:, 3:] = padding
    one = Volume(voxels, padding_value=padding)
    white = TransferFunction([(2.0**30, 1, 1, 1, 0.1)])
    camera = Camera.parallel(one.center, (0, 0, 1), field_of_view=9)
    rays = camera.rays(one, (9, 9), 0.5)
    alone = composited(voxels, rays, (9, 9), PLAIN, white, padding)
    assert layered([one], [white], camera, (9, 9), PLAIN, 0.5).tobytes() == alone.tobytes()
    shown = alone[..., 3] > 0
    assert shown.any()
    assert not shown.all()


@pytest.mark.parametrize("lighting", [PLAIN, SHADED])
def test_without_absent_voxels_the_bits_are_those_without_padding(lighting: Lighting) -> None:
    one = volume()
    for camera in cameras(one):
        rays = camera.rays(one, (9, 10), 0.8)
        plain = composited(one.voxels, rays, (9, 10), lighting)
        excluded = composited(one.voxels, rays, (9, 10), lighting, padding=-2000.0)
        assert excluded.tobytes() == plain.tobytes()


@pytest.mark.parametrize(
    ("dtype", "padding"), [("int16", -2000.0), ("int16", 3000.0), ("float32", np.nan), ("float32", np.inf)]
)
def test_homogeneous_tissue_beside_padding_has_no_surface(dtype: str, padding: float) -> None:
    """Rounded divisions by weights would give gradients of any direction, and highlights."""
    voxels = np.full((12, 12, 12), 41, dtype)
    voxels[np.random.default_rng(0).random(voxels.shape) < 0.3] = padding
    one = Volume(voxels, SHEARED)
    ambient = Lighting(True, 0.25, 0.5, 0.5, 1)
    for camera in cameras(one):
        rays = camera.rays(one, (11, 13), 0.6)
        image = composited(voxels, rays, (11, 13), ambient, WHITE, padding)
        assert image[..., 3].max() > 0.9
        np.testing.assert_allclose(image[..., 0], 0.25 * image[..., 3], atol=1e-6)


def test_gradients_beside_padding_are_one_sided() -> None:
    """A ramp along y cut by padding: light as within it, and none along x where there is no neighbour."""
    ramp = np.empty((9, 12, 9), np.int16)
    ramp[:] = 10 * np.arange(12)[:, None]
    ramp[:, :, :4] = ramp[:, :, 5:] = -2000
    ramp[:, 6:] = -2000
    one = Volume(ramp, padding_value=-2000.0)
    camera = Camera.parallel(one.center, (0, 1, 0), field_of_view=1)
    only = TransferFunction([(0, 1, 1, 1, 9)])
    lamp = Shading(0.0, 0.5, 0.0, 1)
    picture = render(one, camera, only, shape=(1, 1), shading=lamp, background=None, step=0.3)
    assert picture[0, 0].tolist() == [128, 128, 128, 255]
    across = Camera.parallel(one.center, (1, 0, 0), field_of_view=1)
    tilted = render(one, across, only, shape=(1, 1), shading=lamp, background=None, step=0.3)
    assert tilted[0, 0, :3].tolist() == [0, 0, 0]


def test_padding_of_any_value_gives_the_same_picture() -> None:
    pictures = set()
    for dtype, padding in (("int16", -2000.0), ("int16", 3000.0), ("float32", np.nan), ("float32", np.inf)):
        one = padded_volume(dtype, padding)
        voxels = smooth(one.shape, "int16")
        present = ~np.isnan(one.voxels) & (one.voxels != padding)
        again = Volume(np.where(present, voxels, padding).astype(dtype), one.affine, padding_value=padding)
        picture = render(again, Camera.around(again, (0.3, 1, 0.2)), TRANSFER, shape=(16, 16))
        assert picture[..., :3].max() > 0
        pictures.add(picture.tobytes())
    assert len(pictures) == 1


@pytest.mark.parametrize("padding", [np.nan, np.inf, 5.0])
def test_infinite_and_missing_values_beside_padding_give_the_same_bits(padding: float) -> None:
    rng = np.random.default_rng(4)
    voxels = rng.choice(np.array([np.nan, np.inf, -np.inf, 5, 80, 150], np.float32), (12, 12, 12))
    one = Volume(voxels, SHEARED)
    for camera in cameras(one):
        image = composited(voxels, camera.rays(one, (9, 9), 0.6), (9, 9), SHADED, padding=padding)
        assert np.isfinite(image[..., 3]).all()


def test_nothing_but_padding_shows_nothing() -> None:
    everything = TransferFunction([(0, 1, 1, 1, 1.0)])
    for dtype, padding in (("int16", 0.0), ("float32", np.nan)):
        one = Volume(np.full((20, 20, 20), padding, dtype), padding_value=padding)
        camera = Camera.around(one, (0.3, 1, 0.2))
        shown = render(one, camera, everything, shape=(8, 8), overlays=[(one, everything)], background=None)
        assert not shown.any()
        assert not render(one, camera, everything, shape=(8, 8), background=None).any()
