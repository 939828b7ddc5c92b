"""Ray casting: pictures against the oracle, against what can be calculated, and every backend against the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.python.oracle import render as oracle
from tests.python.render_cases import (
    TRANSFER,
    backends,
    cameras,
    casted,
    composited,
    ranges_of,
    smooth,
    volume,
)
from tests.python.reslice_cases import SHEARED, restrided

from radpix import (
    TRANSFER_FUNCTIONS,
    Camera,
    LimitError,
    Shading,
    TransferFunction,
    Volume,
    _core,
    drr,
    limits,
    render,
)
from radpix._backend import Lighting, Rays

if TYPE_CHECKING:
    from numpy.typing import NDArray

PLAIN = Lighting(False, 0.0, 0.0, 0.0, 1)
SHADED = Lighting(True, 0.2, 0.7, 0.2, 10)


def rays_in_patient(rays: Rays, row: int, column: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    vectors = [np.array(v) for v in rays[:6]]
    return (
        vectors[0] + row * vectors[1] + column * vectors[2],
        vectors[3] + row * vectors[4] + column * vectors[5],
    )


@pytest.mark.parametrize("perspective", [False, True])
@pytest.mark.parametrize("lighting", [PLAIN, SHADED])
@pytest.mark.parametrize("seed", range(2))
def test_pictures_are_those_of_the_oracle(perspective: bool, lighting: Lighting, seed: int) -> None:
    one, shape = volume(seed=seed), (13, 17)
    rays = cameras(one, seed)[perspective].rays(one, shape, 0.8)
    image = composited(one.voxels, rays, shape, lighting)
    want = np.zeros_like(image, dtype=np.float64)
    for row, column in np.ndindex(shape):
        want[row, column] = oracle.composite(
            one.voxels,
            one.affine,
            *rays_in_patient(rays, row, column),
            step=0.8,
            transfer=TRANSFER,
            lighting=lighting[1:] if lighting.shading else None,
            near=rays.near,
        )
    assert want[..., 3].max() > 0.5
    assert np.abs(image - want).max() * 255 <= 1


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"])
def test_every_type_of_voxels_gives_the_same_bits_everywhere(dtype: str) -> None:
    one = Volume(smooth((17, 12, 21), "float64").clip(0, 127).astype(dtype), SHEARED)
    for camera in cameras(one):
        rays = camera.rays(one, (9, 11), 0.9)
        assert composited(one.voxels, rays, (9, 11), SHADED)[..., 3].max() > 0
        casted(one.voxels, rays, (9, 11), "max")


def test_colours_outside_their_range_are_the_nearest_on_every_backend() -> None:
    one = volume()
    rays = cameras(one)[0].rays(one, (5, 9), 0.9)
    wrong = np.array([[2, -1, np.nan, 0.2], [np.inf, 0.5, -np.inf, np.nan], [1.5, 0, 0.3, -1]], np.float32)
    right = np.array([[1, 0, 0, 0.2], [1, 0.5, 0, 0], [1, 0, 0.3, 0]], np.float32)
    results = set()
    for _, kernels, threads in backends():
        for table in (wrong, right):
            image, blocks = np.zeros((5, 9, 4), np.float32), ranges_of(one.voxels, kernels)
            lookup = (table, 0.0, 0.01, SHADED)
            kernels.composite(one.voxels, blocks, image, rays, *lookup, num_threads=threads)
            assert image[..., 3].max() > 0
            results.add(image.tobytes())
    assert len(results) == 1


@given(
    st.tuples(*[st.integers(1, 20)] * 3),
    st.sampled_from(["flipped", "transposed", "every second", "cropped", "plain"]),
    st.sampled_from(["int16", "uint16", "float32"]),
    st.integers(0, 1000),
)
@settings(max_examples=12, deadline=None)
def test_shapes_and_strides_change_nothing(
    shape: tuple[int, int, int], layout: str, dtype: str, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    voxels = rng.integers(0, 255, shape).astype(dtype)
    one = Volume(voxels, SHEARED)
    for camera in cameras(one, seed):
        rays = camera.rays(one, (5, 9), 0.7)
        plain = composited(voxels, rays, (5, 9), SHADED)
        assert composited(restrided(voxels, layout), rays, (5, 9), SHADED).tobytes() == plain.tobytes()


@pytest.mark.parametrize("perspective", [False, True])
def test_values_along_rays_are_those_of_the_oracle(perspective: bool) -> None:
    one, shape = volume("int16", seed=3), (9, 10)
    rays = cameras(one, 3)[perspective].rays(one, shape, 0.8)
    names = ("max", "min", "mean", "integral")
    found = {name: casted(one.voxels, rays, shape, name) for name in names}
    for row, column in np.ndindex(shape):
        values, places, length = oracle.samples(
            one.voxels, one.affine, *rays_in_patient(rays, row, column), step=0.8, near=rays.near
        )
        want = dict.fromkeys(names, -5.0)
        if len(values):
            want = {
                "max": values.max(),
                "min": values.min(),
                "mean": values.mean(),
                "integral": np.maximum(values * 0.5 - 10, 0).sum() * length,
            }
            assert found["max"][1][row, column] == pytest.approx(places[np.argmax(values)], abs=1e-3)
        for name in names:
            assert found[name][0][row, column] == pytest.approx(want[name], rel=2e-4, abs=2e-3), name
        assert np.isnan(found["mean"][1][row, column])


@pytest.mark.parametrize("threshold", [10.0, 100.0, 300.0])
def test_the_local_maximum_is_the_first_that_reaches_the_threshold(threshold: float) -> None:
    one, shape = volume("float32", seed=5), (9, 10)
    rays = cameras(one, 3)[0].rays(one, shape, 0.8)
    image, depth = casted(one.voxels, rays, shape, "local-max", threshold)
    largest, deepest = casted(one.voxels, rays, shape, "max")
    for row, column in np.ndindex(shape):
        values, places, _ = oracle.samples(
            one.voxels, one.affine, *rays_in_patient(rays, row, column), step=0.8
        )
        peaks = [k for k in range(len(values) - 1) if values[k] >= threshold and values[k + 1] < values[k]]
        if peaks and abs(values[peaks[0]] - threshold) > 0.01:
            assert image[row, column] == pytest.approx(values[peaks[0]], abs=1e-2)
            assert depth[row, column] == pytest.approx(places[peaks[0]], abs=0.9)
        elif not peaks:
            assert image[row, column] == largest[row, column]
            np.testing.assert_equal(depth[row, column], deepest[row, column])


@pytest.mark.parametrize("mu", [0.003, 0.05, 0.4])
@pytest.mark.parametrize("step", [0.31, 1.0, 7.0, 100.0])
def test_a_homogeneous_cube_lets_through_what_beer_and_lambert_say(mu: float, step: float) -> None:
    cube = Volume(np.full((10, 12, 14), 100, np.int16))
    grey = TransferFunction([(100, 1, 1, 1, mu)])
    ways: dict[tuple[int, int, int], float] = {(0, 0, 1): 10, (0, 1, 0): 12, (1, 1, 0): 12 * 2**0.5}
    for direction, length in ways.items():
        camera = Camera.parallel(cube.center, direction, field_of_view=1)
        picture = render(cube, camera, grey, shape=(2, 2), shading=False, step=step, background=None)
        assert np.abs(picture[..., 3] - 255 * (1 - np.exp(-mu * length))).max() <= 0.75
        assert (picture[..., :3] == 255).all()


@pytest.mark.parametrize("seed", range(4))
def test_a_radiograph_of_a_box_is_exact_at_any_obliquity(seed: int) -> None:
    box = Volume(np.full((11, 12, 13), 500, np.int16), SHEARED)
    for camera in cameras(box, seed):
        shape = (15, 12)
        image = drr(box, camera, shape=shape, mu_water=0.02, step=5.0)
        rays = camera.rays(box, shape, 1.0)
        for row, column in np.ndindex(shape):
            line = oracle.ray_in_indices(box.affine, *rays_in_patient(rays, row, column))
            near, far = oracle.inside(box.shape, *line)
            assert image.pixels[row, column] == pytest.approx(0.03 * max(far - near, 0), rel=1e-6, abs=1e-9)
        assert image.pixels.max() > 0.1
        assert image.pixels.dtype == np.float32


def test_air_and_what_is_below_it_do_not_attenuate() -> None:
    for dtype, value in (("int16", -1000), ("int16", -2000), ("float32", -1000.0)):
        air = Volume(np.full((6, 6, 6), value, dtype))
        assert drr(air, Camera.around(air, (1, 2, 3)), shape=(4, 4)).pixels.max() == 0


def test_padding_is_air_unless_asked() -> None:
    voxels = np.full((8, 8, 8), 0, np.int16)
    voxels[:, :4] = 3000
    padded = Volume(voxels, padding_value=3000.0)
    camera = Camera.parallel(padded.center, (0, 1, 0), field_of_view=4)
    excluded = drr(padded, camera, shape=(2, 2), mu_water=0.02).pixels
    included = drr(padded, camera, shape=(2, 2), mu_water=0.02, padding="include").pixels
    assert 0.07 < excluded.min() < 0.09 < included.min()
    white = TransferFunction([(1000, 1, 1, 1, 0), (2000, 1, 1, 1, 9)])
    options: dict[str, Any] = {"shape": (2, 2), "background": None}
    assert render(padded, camera, white, **options)[..., 3].max() == 0
    assert render(padded, camera, white, padding="include", **options)[..., 3].min() == 255


def test_a_nan_is_transparent_and_hides_nothing_else() -> None:
    voxels = np.full((9, 9, 9), 100, np.float32)
    voxels[4, 4, 4] = np.nan
    one = Volume(voxels)
    rays = Camera.parallel(one.center, (0, 0, 1), field_of_view=9).rays(one, (9, 9), 0.5)
    image = composited(
        voxels, rays, (9, 9), SHADED, TransferFunction([(50, 1, 1, 1, 0), (100, 1, 1, 1, 0.1)])
    )
    assert np.isfinite(image).all()
    assert image[4, 4, 3] < image[0, 0, 3]
    assert casted(voxels, rays, (9, 9), "max")[0].min() == 100


def test_infinite_values_end_no_ray() -> None:
    voxels = np.full((9, 9, 9), -np.inf, np.float32)
    voxels[2] = np.inf
    one = Volume(voxels)
    rays = Camera.parallel(one.center, (0, 0.1, 1), field_of_view=9).rays(one, (9, 9), 0.5)
    composited(voxels, rays, (9, 9), SHADED)
    for combine in ("max", "min", "mean", "integral", "local-max"):
        casted(voxels, rays, (9, 9), combine)


def test_the_eye_may_be_inside() -> None:
    one = volume()
    camera = Camera.perspective(one.center, one.center + np.array([1.0, 2.0, 3.0]), angle=90)
    picture = render(one, camera, TRANSFER_FUNCTIONS["bone"], shape=(6, 6))
    assert (picture[..., 3] == 255).all()


def test_backgrounds() -> None:
    empty = Volume(np.zeros((4, 4, 4), np.uint8))
    camera = Camera.around(empty, (0, 1, 0))
    options: dict[str, Any] = {"shape": (2, 3)}
    assert render(empty, camera, TRANSFER, background=(1, 0.2, 0), **options)[0, 0].tolist() == [
        255,
        51,
        0,
        255,
    ]
    assert render(empty, camera, TRANSFER, **options)[0, 0].tolist() == [0, 0, 0, 255]
    assert render(empty, camera, TRANSFER, background=None, **options)[0, 0].tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shape": (0, 4)}, "shape is"),
        ({"shape": (2.5, 4)}, "shape is"),
        ({"step": 0.0}, "step is"),
        ({"step": np.nan}, "step is"),
        ({"step": 1e-9}, "2\\^20 samples"),
        ({"background": (2, 0, 0)}, "background is"),
        ({"shading": Shading(ambient=-1)}, "shading has"),
        ({"shading": Shading(power=5000)}, "the power"),
        ({"padding": "maybe"}, "padding is"),
    ],
)
def test_arguments_outside_their_range_are_refused(options: dict[str, Any], message: str) -> None:
    one = volume()
    with pytest.raises(ValueError, match=message):
        render(one, Camera.around(one, (0, 1, 0)), TRANSFER, **{"shape": (4, 4), **options})


def test_volumes_that_rays_cannot_pass_are_refused() -> None:
    camera = Camera.parallel((0, 0, 0), (0, 1, 0), field_of_view=4)
    for shape in ((3, 4, 5, 3), (0, 4, 5)):
        with pytest.raises(ValueError, match="rays go through volumes"):
            render(Volume(np.zeros(shape, np.uint8)), camera, TRANSFER, shape=(4, 4))
    with pytest.raises(ValueError, match="mu_water"):
        drr(volume(), camera, shape=(4, 4), mu_water=-1)
    with pytest.raises(LimitError):
        render(volume(), camera, TRANSFER, shape=(10**6, limits.max_pixels_per_frame))


def test_the_core_checks_what_it_is_given() -> None:
    voxels = smooth((9, 9, 9))
    rays = Camera.around(Volume(voxels), (0, 1, 0)).rays(Volume(voxels), (4, 4), 1.0)
    ranges, out = np.zeros((1, 1, 1, 2), np.float32), np.zeros((4, 4, 4), np.float32)
    table = np.zeros((3, 4), np.float32)
    good: dict[str, Any] = {
        "voxels": voxels, "ranges": ranges, "out": out, "rays": rays, "table": table, "first": 0.0, "scale": 1.0,
        "lighting": PLAIN, "num_threads": 1, "padding": None,
    }  # fmt: skip
    _core.composite(**good)
    for wrong in (
        {"ranges": np.zeros((2, 1, 1, 2), np.float32)},
        {"ranges": np.zeros((1, 1, 1, 2))},
        {"out": np.zeros((4, 4), np.float32)},
        {"table": np.zeros((3, 3), np.float32)},
        {"first": np.nan},
        {"scale": -1.0},
        {"rays": rays._replace(step=0.0)},
        {"rays": rays._replace(origin=(np.nan, 0.0, 0.0))},
        {"lighting": PLAIN._replace(power=-1)},
        {"voxels": voxels[:, :, :0]},
    ):
        with pytest.raises(ValueError, match=r"\w"):
            _core.composite(**{**good, **wrong})
