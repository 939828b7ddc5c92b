"""Several volumes in one picture: against the oracle, one volume alone, and every backend against the others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.python.oracle import render as oracle
from tests.python.render_cases import TRANSFER, backends, cameras, composited, ranges_of, smooth, volume
from tests.python.reslice_cases import SHEARED, restrided
from tests.python.test_render import PLAIN, SHADED, rays_in_patient

from radpix import Camera, GeometryError, TransferFunction, Volume, render
from radpix._backend import RenderLayer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from radpix._backend import Lighting, Rays

BLUE = TransferFunction([(30, 0, 0, 1, 0), (90, 0.2, 0, 1, 0.08), (250, 0, 1, 1, 0.3)])
NOTHING = TransferFunction([(0, 1, 1, 1, 0)])


def pair(dtype: str = "float32", seed: int = 0) -> tuple[Volume, Volume]:
    """Two volumes of other grids; the second reaches out of the first on one side."""
    base = volume(seed=seed)
    turned = np.array([[0.2, 1.4, -0.3, 0], [1.1, 0.1, 0.9, 0], [0.6, -0.4, 2.1, 0], [0, 0, 0, 1.0]])
    other = Volume(smooth((17, 15, 19), dtype, seed + 7), turned)
    turned[:3, 3] = base.center - other.center + [9, -4, 12]
    return base, Volume(other.voxels, turned)


def rays_for(
    volumes: list[Volume], camera: Camera, shape: tuple[int, int], step: float
) -> tuple[Rays, list[Any]]:
    made = [camera.rays(one, shape, step) for one in volumes]
    near, far = min(r.near for r in made), max(r.far for r in made)
    return made[0]._replace(near=near, far=far), [r.to_index for r in made]


def layered(
    volumes: list[Volume],
    functions: list[TransferFunction],
    camera: Camera,
    shape: tuple[int, int],
    lighting: Lighting,
    step: float = 0.8,
) -> NDArray[np.float32]:
    """The picture without padding, the same bits everywhere, with nothing written around it."""
    rays, matrices = rays_for(volumes, camera, shape, step)
    results = {}
    for name, kernels, threads in backends():
        out = np.full((shape[0] + 2, shape[1] + 2, 4), 99, np.float32)
        layers = [
            RenderLayer(
                one.voxels,
                ranges_of(one.voxels, kernels, padding=one.padding_value),
                matrix,
                *function.table(),
                lighting,
                one.padding_value,
            )
            for one, function, matrix in zip(volumes, functions, matrices, strict=True)
        ]
        kernels.composite_layers(layers, out[1:-1, 1:-1], rays, num_threads=threads)
        results[name] = out[1:-1, 1:-1].copy()
        out[1:-1, 1:-1] = 99
        assert (out == 99).all(), "written outside the output"
    first = next(iter(results.values()))
    assert {name for name, one in results.items() if one.tobytes() != first.tobytes()} == set()
    return first


@pytest.mark.parametrize("perspective", [False, True])
@pytest.mark.parametrize("lighting", [PLAIN, SHADED])
@pytest.mark.parametrize("seed", range(2))
def test_pictures_of_two_volumes_are_those_of_the_oracle(
    perspective: bool, lighting: Lighting, seed: int
) -> None:
    base, other = pair(seed=seed)
    shape, step = (13, 17), 0.8
    camera = Camera.around(base, (cameras(base, seed)[0]).direction, angle=40 if perspective else None)
    image = layered([base, other], [TRANSFER, BLUE], camera, shape, lighting, step)
    rays, _ = rays_for([base, other], camera, shape, step)
    want = np.zeros_like(image, dtype=np.float64)
    layers = [(base.voxels, base.affine, TRANSFER), (other.voxels, other.affine, BLUE)]
    for row, column in np.ndindex(shape):
        want[row, column] = oracle.composite_layers(
            layers,
            *rays_in_patient(rays, row, column),
            step=step,
            lighting=lighting[1:] if lighting.shading else None,
            near=rays.near,
        )
    alone = composited(base.voxels, camera.rays(base, shape, step), shape, lighting)
    assert np.abs(image - alone).max() > 0.2
    assert np.abs(image - want).max() * 255 <= 1


@pytest.mark.parametrize("lighting", [PLAIN, SHADED])
def test_a_layer_that_shows_nothing_changes_no_bit(lighting: Lighting) -> None:
    base, other = pair()
    for camera in cameras(base, 1):
        rays = camera.rays(base, (14, 19), 0.8)
        alone = composited(base.voxels, rays, (14, 19), lighting)
        assert layered([base], [TRANSFER], camera, (14, 19), lighting).tobytes() == alone.tobytes()
        both = layered([base, other], [TRANSFER, NOTHING], camera, (14, 19), lighting)
        assert both.tobytes() == alone.tobytes()


def test_overlays_show_where_the_first_volume_is_not() -> None:
    base, other = pair()
    camera = Camera.around(other, (1, 0.3, 0.2))
    image = layered([base, other], [NOTHING, BLUE], camera, (20, 20), PLAIN)
    alone = layered([other], [BLUE], camera, (20, 20), PLAIN)
    assert alone[..., 3].max() > 0.5
    assert np.abs(image - alone).max() < 0.05  # the samples lie elsewhere
    away = replace(base, affine=base.affine + np.array([[0, 0, 0, 900.0]] + [[0, 0, 0, 0.0]] * 3))
    assert layered([away, other], [TRANSFER, BLUE], camera, (20, 20), PLAIN).tobytes() == alone.tobytes()


def test_the_same_volume_twice_is_one_of_twice_the_extinction() -> None:
    base, _ = pair()
    twice = TransferFunction([(v, r, g, b, 2 * a) for v, r, g, b, a in TRANSFER.points])
    camera = cameras(base)[0]
    image = layered([base, base], [TRANSFER, TRANSFER], camera, (12, 12), SHADED)
    assert np.abs(image - layered([base], [twice], camera, (12, 12), SHADED)).max() < 1e-5


@given(
    st.sampled_from(["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"]),
    st.sampled_from(["flipped", "transposed", "every second", "cropped", "plain"]),
    st.tuples(*[st.integers(1, 20)] * 3),
    st.integers(0, 1000),
)
@settings(max_examples=10, deadline=None)
def test_types_shapes_and_strides_change_nothing(
    dtype: str, layout: str, shape: tuple[int, int, int], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    voxels = rng.integers(0, 127, shape).astype(dtype)
    base = volume(seed=seed)
    camera = cameras(base, seed)[seed % 2]
    rays, matrices = rays_for([base, Volume(voxels, SHEARED)], camera, (5, 9), 0.7)
    images = set()
    for _, kernels, threads in backends():
        layers = [
            RenderLayer(one, ranges_of(one, kernels), matrix, *TRANSFER.table(), SHADED)
            for one, matrix in zip((base.voxels, restrided(voxels, layout)), matrices, strict=True)
        ]
        out = np.zeros((5, 9, 4), np.float32)
        kernels.composite_layers(layers, out, rays, num_threads=threads)
        images.add(out.tobytes())
    assert len(images) == 1


def test_render_takes_overlays() -> None:
    base, other = pair()
    camera = Camera.around(base, (0.2, 1, 0.1))
    picture = render(base, camera, TRANSFER, shape=(20, 24), overlays=[(other, BLUE)], step=0.8)
    rays, _ = rays_for([base, other], camera, (20, 24), 0.8)
    image = layered([base, other], [TRANSFER, BLUE], camera, (20, 24), SHADED)
    assert rays.step == 0.8
    np.testing.assert_array_equal(picture[..., :3], np.rint(np.clip(image[..., :3], 0, 1) * np.float32(255)))
    plain = render(base, camera, TRANSFER, shape=(20, 24), step=0.8)
    np.testing.assert_array_equal(
        render(base, camera, TRANSFER, shape=(20, 24), overlays=[], step=0.8), plain
    )
    hidden = render(base, camera, TRANSFER, shape=(20, 24), overlays=[(other, NOTHING)], step=0.8)
    np.testing.assert_array_equal(hidden, plain)


def test_overlays_in_another_frame_of_reference_are_refused() -> None:
    base, other = (replace(one, frame_of_reference_uid=f"1.2.{k}") for k, one in enumerate(pair()))
    with pytest.raises(GeometryError, match="frames of reference"):
        render(base, cameras(base)[0], TRANSFER, shape=(4, 4), overlays=[(other, BLUE)])


def test_too_many_overlays_are_refused() -> None:
    base, other = pair()
    with pytest.raises(ValueError, match="up to 15 overlays, not 16"):
        render(base, cameras(base)[0], TRANSFER, shape=(4, 4), overlays=[(other, BLUE)] * 16)
    for _, kernels, _ in backends():
        with pytest.raises(ValueError, match="1 to 16 layers"):
            kernels.composite_layers(
                [],
                np.zeros((4, 4, 4), np.float32),
                rays_for([base], cameras(base)[0], (4, 4), 1.0)[0],
                num_threads=1,
            )
