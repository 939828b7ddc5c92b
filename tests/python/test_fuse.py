"""Fusion on planes: pixels against the standard's formula, and every backend against the others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.python.backends import BACKENDS
from tests.python.oracle import fuse as oracle
from tests.python.render_cases import smooth
from tests.python.reslice_cases import SHEARED, restrided

from radpix import COLOR_MAPS, GeometryError, Plane, Volume, Window, _core, fuse, reslice

if TYPE_CHECKING:
    from numpy.typing import NDArray

TURNED = np.array([[0.2, 1.4, -0.3, -4], [1.1, 0.1, 0.9, -8], [0.6, -0.4, 2.1, -12], [0, 0, 0, 1.0]])
SUV = Window(100.0, 160.0, "LINEAR_EXACT")
GREY = Window(110.0, 180.0, "LINEAR_EXACT")


def pair(dtype: str = "float32") -> tuple[Volume, Volume]:
    """Two volumes of other grids, spacings and orientations, which overlap in part."""
    base = Volume(smooth((20, 31, 27), "int16", 1), SHEARED)
    overlay = Volume(smooth((17, 15, 19), dtype, 2), TURNED)
    away = base.center - overlay.center
    affine = overlay.affine.copy()
    affine[:3, 3] += away + np.array([3, -2, 4])
    return base, replace(overlay, affine=affine)


def oblique_plane(base: Volume, seed: int, shape: tuple[int, int]) -> Plane:
    """A plane that both volumes and their outsides are on."""
    normal = np.random.default_rng(seed).normal(size=3)
    return Plane.through(base, normal=(base.center, normal, None), spacing=0.9, shape=shape)


def table(entries: int, seed: int = 0) -> NDArray[np.uint16]:
    rng = np.random.default_rng(seed)
    made = rng.integers(0, 256, (entries, 4)).astype(np.uint16)
    made[:, 3] = rng.choice([0, 1, 8191, 8192, 16383, 16384], entries)
    return made


def everywhere(
    base: NDArray[Any], values: NDArray[Any], colors: NDArray[Any], numbers: tuple[float, float, float]
) -> NDArray[np.uint8]:
    """The kernel's result, the same at every backend, level and number of threads, with nothing written around it."""
    results = []
    for backend in BACKENDS:
        _core.set_cpu_level(backend.level)
        try:
            for threads in (1, 2, 3):
                out = np.full((base.shape[0] + 2, base.shape[1] + 2, 3), 99, np.uint8)
                backend.kernels.blend(base, values, out[1:-1, 1:-1], colors, *numbers, num_threads=threads)
                results.append(out[1:-1, 1:-1].copy())
                out[1:-1, 1:-1] = 99
                assert (out == 99).all(), "written outside the output"
        finally:
            _core.set_cpu_level("auto")
    assert len({result.tobytes() for result in results}) == 1
    return results[0]


@given(
    st.integers(0, 70),
    st.integers(0, 90),
    st.sampled_from(["float32", "float64"]),
    st.sampled_from(["flipped", "transposed", "every second", "cropped", "plain"]),
    st.sampled_from([1, 2, 255, 4336]),
    st.sampled_from([-np.inf, 0.0, 80.0, np.inf, np.nan]),
    st.integers(0, 99),
)
@settings(max_examples=25, deadline=None)
def test_every_backend_blends_by_the_rule(
    rows: int, columns: int, dtype: str, layout: str, entries: int, threshold: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    base = rng.integers(0, 256, (rows, columns)).astype(np.uint8)
    values = rng.normal(100, 60, (rows, columns)).astype(dtype)
    if values.size:
        odd = rng.choice(values.size, min(values.size, 6), replace=False)
        values.flat[odd] = [np.nan, np.inf, -np.inf, 1e30, -1e30, 80.0][: len(odd)]
    numbers = (20.0, (entries - 1) / 160, threshold)
    colors = table(entries, seed)
    want = oracle.blended(base, values, colors, numbers)
    strided = restrided(base[None], layout)[0], restrided(values[None], layout)[0]
    np.testing.assert_array_equal(everywhere(*strided, colors, numbers), want)


def test_outputs_of_any_strides() -> None:
    rng = np.random.default_rng(0)
    base, values = rng.integers(0, 256, (9, 40)).astype(np.uint8), rng.normal(100, 60, (9, 40)).astype("f4")
    colors, numbers = table(255), (20.0, 1.6, 40.0)
    want = oracle.blended(base, values, colors, numbers)
    for backend in BACKENDS:
        planar = np.zeros((3, 9, 40), np.uint8)
        backend.kernels.blend(base, values, planar.transpose(1, 2, 0), colors, *numbers, num_threads=1)
        np.testing.assert_array_equal(planar.transpose(1, 2, 0), want)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "float32", "float64"])
@pytest.mark.parametrize("seed", range(2))
def test_pixels_are_those_of_the_standards_formula(dtype: str, seed: int) -> None:
    base, overlay = pair(dtype)
    plane = oblique_plane(base, seed, (40, 50))
    opacity = [(40.0, 0.1), (120.0, 0.9)]
    fused = fuse(
        base, overlay, plane, window=GREY, overlay_window=SUV, color_map="pet", opacity=opacity, fill=0
    )
    values = oracle.sampled(overlay, overlay.affine, plane, np.nan)
    below = oracle.sampled(base, base.affine, plane, 0.0)
    colors = COLOR_MAPS["pet"].astype(np.float64)
    want = oracle.blend(
        np.rint(np.clip((np.rint(below) - 20) / 180, 0, 1) * 255),
        values,
        lambda v: colors[np.floor(np.clip((v - 20) / 160, 0, 1) * 255 + 0.5).astype(int)],
        lambda v: np.interp(v, [40, 120], [0.1, 0.9]),
    )
    assert 0.05 < np.isnan(values).mean() < 0.95
    assert np.abs(np.diff(fused.pixels.astype(int), axis=-1)).max() > 100
    # float32 is off by 1e-5: near halves the next grey level, or the next colour, which differs by up to 5 levels
    difference = np.abs(fused.pixels - want)
    assert (difference <= 0.52).mean() > 0.995
    assert difference.max() <= 6


def test_the_overlay_is_where_the_patient_is() -> None:
    """A lesion at one patient position in both, on grids that share nothing."""
    base, overlay = pair()
    position = overlay.index_to_patient((8, 7, 9))
    voxels = np.zeros_like(overlay.voxels)
    voxels[8, 7, 9] = 100
    lesion = replace(overlay, voxels=voxels)
    for plane in (Plane.axial(base, position[2]), Plane.sagittal(base, position[0])):
        fused = fuse(base, lesion, plane, window=(50, 100), overlay_window=(50, 100), opacity=1, threshold=60)
        red = np.argwhere(fused.pixels[..., 0] > fused.pixels[..., 2])
        assert len(red)
        assert np.abs(red.mean(axis=0) - plane.patient_to_pixel(position)).max() < 1
        assert np.linalg.norm(fused.pixel_to_patient(red.mean(axis=0)) - position) < 2


def test_where_the_overlay_is_not_the_base_is_alone() -> None:
    base, overlay = pair("int16")
    padded = overlay.voxels.copy()
    padded[:, :8] = -2000
    overlay = replace(overlay, voxels=padded, padding_value=-2000.0)
    plane = oblique_plane(base, 0, (40, 50))
    fused = fuse(
        base, overlay, plane, window=GREY, overlay_window=(0, 50), color_map=[(1.0, 0.0, 0.0)], opacity=1
    )
    values = reslice(overlay, plane, fill=-2000).pixels
    alone = fuse(base, overlay, plane, window=GREY, overlay_window=(0, 50), opacity=0).pixels
    hidden = values == -2000
    assert 0.2 < hidden.mean() < 0.98
    np.testing.assert_array_equal(fused.pixels[hidden], alone[hidden])
    assert (fused.pixels[~hidden] == [255, 0, 0]).all()
    assert (alone[..., 0] == alone[..., 2]).all()


def test_thresholds_are_sharp() -> None:
    base = Volume(np.zeros((2, 3, 4), np.uint8))
    overlay = Volume(np.array([[[0.99, 1.0, 1.01, np.nan]] * 3] * 2, np.float32))
    fused = fuse(
        base,
        overlay,
        Plane.of_slice(base, 0),
        window=(0, 100),
        overlay_window=(0, 500),
        color_map=[(0.0, 1.0, 0.0)],
        opacity=1,
        threshold=1.0,
    )
    drawn = [bool((column == [0, 255, 0]).all()) for column in fused.pixels.transpose(1, 0, 2)]
    assert sorted(drawn) == [False, False, True, True]


def test_labels_take_their_own_colours() -> None:
    labels = np.random.default_rng(0).integers(0, 7, (4, 9, 8)).astype(np.uint8)
    colors = np.random.default_rng(1).integers(0, 256, (7, 3)).astype(np.uint8)
    base = Volume(np.zeros((4, 9, 8), np.int16))
    fused = fuse(
        base,
        Volume(labels),
        Plane.of_slice(base, 2),
        window=(0, 1),
        opacity=1,
        threshold=1,
        overlay_window=Window(3, 6, "LINEAR_EXACT"),
        color_map=colors,
        overlay_interpolation="nearest",
    )
    shown = reslice(Volume(labels), Plane.of_slice(base, 2), interpolation="nearest").pixels
    np.testing.assert_array_equal(fused.pixels[shown > 0], colors[shown[shown > 0]])


def test_a_registration_moves_the_overlay() -> None:
    base, overlay = pair()
    base = replace(base, frame_of_reference_uid="1.2.3")
    shift = np.eye(4)
    shift[:3, 3] = [2.0, -3.0, 1.5]
    moved = replace(overlay, affine=np.linalg.inv(shift) @ overlay.affine, frame_of_reference_uid="1.2.4")
    plane = oblique_plane(base, 0, (30, 30))
    options: dict[str, Any] = {"window": GREY, "overlay_window": SUV}
    with pytest.raises(GeometryError, match=r"frames of reference 1\.2\.3 and 1\.2\.4"):
        fuse(base, moved, plane, **options)
    fused = fuse(base, moved, plane, registration=shift, **options)
    want = fuse(base, overlay, plane, **options)
    assert fused.frame_of_reference_uid == "1.2.3"
    assert (np.abs(fused.pixels.astype(int) - want.pixels) > 1).mean() < 0.01


def test_windows_are_the_volumes_own_unless_given() -> None:
    base, overlay = pair()
    plane = oblique_plane(base, 0, (30, 30))
    own = fuse(replace(base, windows=(GREY,)), replace(overlay, windows=(SUV,)), plane).pixels
    np.testing.assert_array_equal(own, fuse(base, overlay, plane, window=GREY, overlay_window=SUV).pixels)
    whole = fuse(base, overlay, plane).pixels
    low, high = float(overlay.voxels.min()), float(overlay.voxels.max())
    ends = Window((low + high) / 2, high - low, "LINEAR_EXACT")
    assert np.abs(whole.astype(int) - fuse(base, overlay, plane, overlay_window=ends).pixels).max() <= 3


@pytest.mark.parametrize("interpolation", ["nearest", "linear", "cubic", "bspline"])
def test_slabs_and_interpolations_are_those_of_reslice(interpolation: Any) -> None:
    base, overlay = pair("int16")
    plane = oblique_plane(base, 0, (30, 30))
    sampling: dict[str, Any] = {"thickness": 6.0, "combine": "max", "interpolation": interpolation}
    fused = fuse(
        base, overlay, plane, window=GREY, overlay_window=SUV, color_map="grey", opacity=1, **sampling
    )
    values = np.empty(plane.shape, np.float32)
    reslice(overlay, plane, fill=np.nan, out=values, **sampling)
    want = np.floor(np.clip((values - 20) / 160, 0, 1) * 255 + 0.5)
    drawn = np.isfinite(values)
    assert 0.1 < drawn.mean() < 0.9
    assert np.abs(fused.pixels[drawn] - want[drawn][:, None]).max() <= 1
    assert fused.thickness == 6.0


def test_opacity_may_reach_beyond_the_window() -> None:
    base = Volume(np.full((2, 2, 3), 50, np.uint8))
    overlay = Volume(np.array([[[0.0, 50.0, 200.0]] * 2] * 2))
    ramp = [(0.0, 0.0), (50.0, 0.5), (200.0, 1.0)]
    fused = fuse(
        base,
        overlay,
        Plane.of_slice(base, 0),
        window=(0, 1),
        opacity=ramp,
        color_map=[(0.0, 0.0, 0.0)],
        overlay_window=Window(75, 50, "LINEAR_EXACT"),
    )
    assert sorted(fused.pixels[0, :, 0].tolist()) == [0, 128, 255]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"opacity": 1.5}, ValueError, "opacities are from 0 to 1"),
        ({"opacity": np.nan}, ValueError, "opacities are from 0 to 1"),
        ({"opacity": [1, 2, 3]}, ValueError, "a number, or points"),
        ({"opacity": [(2, 0), (1, 1)]}, ValueError, "by increasing value"),
        ({"opacity": [(0, 0), (np.inf, 1)]}, ValueError, "by increasing value"),
        ({"opacity": [(-1e9, 0), (1e9, 1)]}, ValueError, "more than 60 times"),
        ({"threshold": np.nan}, ValueError, "not NaN"),
        ({"overlay_window": Window(1, 2, "SIGMOID")}, ValueError, "not SIGMOID"),
        ({"overlay_window": (5, 1)}, ValueError, "reaches over some values"),
        ({"overlay_window": "nothing"}, ValueError, "no view or preset"),
        ({"color_map": "jet"}, ValueError, "color_map is one of"),
        ({"combine": "best"}, ValueError, "combine is one of"),
        ({"interpolation": "sinc"}, ValueError, "interpolation is one of"),
        ({"registration": np.eye(3)}, GeometryError, "4 x 4"),
        ({"registration": np.zeros((4, 4))}, GeometryError, "last row"),
        ({"registration": np.diag([1, 1, 0, 1])}, GeometryError, "no inverse"),
    ],
)
def test_arguments_outside_their_range_are_refused(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    base, overlay = pair()
    with pytest.raises(error, match=message):
        fuse(base, overlay, oblique_plane(base, 0, (4, 4)), **options)


def test_volumes_with_channels_are_refused() -> None:
    base, overlay = pair()
    colored = Volume(np.zeros((2, 2, 2, 3), np.uint8))
    with pytest.raises(ValueError, match="the overlay is \\(z, y, x\\)"):
        fuse(base, colored, oblique_plane(base, 0, (4, 4)))
    with pytest.raises(ValueError, match="the base is \\(z, y, x\\)"):
        fuse(colored, overlay, oblique_plane(base, 0, (4, 4)))


@pytest.mark.parametrize("backend", BACKENDS, ids=str)
def test_kernels_refuse_what_does_not_fit(backend: Any) -> None:
    base, values = np.zeros((2, 3), np.uint8), np.zeros((2, 3), np.float32)
    out, colors = np.zeros((2, 3, 3), np.uint8), np.zeros((2, 4), np.uint16)
    blend = backend.kernels.blend
    for wrong in (base[:1], np.zeros((2, 3, 1), np.uint8)):
        with pytest.raises(ValueError, match="rows, columns"):
            blend(wrong, values, out, colors, 0.0, 1.0, 0.0, num_threads=1)
    with pytest.raises(TypeError, match="float32 or float64"):
        blend(base, base, out, colors, 0.0, 1.0, 0.0, num_threads=1)
    with pytest.raises(ValueError, match="uint16 \\(entries, 4\\)"):
        blend(base, values, out, colors[:, :3], 0.0, 1.0, 0.0, num_threads=1)
    for first, scale in ((np.nan, 1.0), (np.inf, 1.0), (0.0, np.nan), (0.0, -1.0)):
        with pytest.raises(ValueError, match="evenly spaced from a finite first value"):
            blend(base, values, out, colors, first, scale, 0.0, num_threads=1)
    colors[1, 3] = 16385
    with pytest.raises(ValueError, match="opacities from 0 to 2\\^14"):
        blend(base, values, out, colors, 0.0, 1.0, 0.0, num_threads=1)


@pytest.mark.parametrize("options", [{}, {"interpolation": "nearest"}, {"thickness": 2.0}], ids=str)
def test_a_mask_is_a_base_of_the_levels_0_and_1(options: dict[str, Any]) -> None:
    mask = np.random.default_rng(3).random((6, 9, 8)) > 0.5
    overlay = Volume(smooth((6, 9, 8), "float32", 2))
    plane = Plane.of_slice(Volume(mask), 2)
    of_bools, of_bytes = (
        fuse(Volume(voxels), overlay, plane, window=(0.5, 1), overlay_window=SUV, **options).pixels
        for voxels in (mask, mask.view(np.uint8))
    )
    if "thickness" not in options:
        np.testing.assert_array_equal(of_bools, of_bytes)
    assert of_bools.dtype == np.uint8
    assert len(np.unique(of_bools.reshape(-1, 3), axis=0)) > 2


@pytest.mark.parametrize("dtype", ["int16", "int32", "float32", "float64"])
@pytest.mark.parametrize("interpolation", ["linear", "cubic", "bspline", "lanczos"])
@pytest.mark.parametrize("thickness", [0.0, 2.0])
def test_a_value_that_happens_to_be_the_padding_value_is_drawn(
    dtype: str, interpolation: Any, thickness: float
) -> None:
    """Between -8 and 8, neither of them padding, 0 is a value; where there is nothing but padding it is none."""
    voxels = np.zeros((6, 12, 12), dtype)
    voxels[:3, :6], voxels[3:, :6] = -8, 8
    overlay = Volume(voxels, padding_value=0.0)
    base = Volume(np.full((6, 12, 12), 77, np.uint8))
    plane = Plane.of_slice(base, 2).shifted(0.5)
    fused = fuse(
        base,
        overlay,
        plane,
        window=Window(127.5, 255, "LINEAR_EXACT"),
        overlay_window=(0, 50),
        color_map=[(1.0, 0.0, 0.0)],
        opacity=1,
        thickness=thickness,
        overlay_interpolation=interpolation,
    )
    values = reslice(overlay, plane, interpolation=interpolation, thickness=thickness).pixels
    assert np.abs(values).max() < 1e-5
    assert (values[:6] == 0).all() or interpolation in {"bspline", "lanczos"}
    assert (fused.pixels[:6] == [255, 0, 0]).all()
    assert (fused.pixels[6:] == 77).all()


@pytest.mark.parametrize("interpolation", ["nearest", "label"])
def test_padding_among_labels_is_not_drawn(interpolation: Any) -> None:
    labels = np.full((3, 4, 5), 2, np.uint8)
    labels[:, :2] = 9
    base = Volume(np.full((3, 4, 5), 77, np.uint8))
    fused = fuse(
        base,
        Volume(labels, padding_value=9.0),
        Plane.of_slice(base, 1),
        window=Window(127.5, 255, "LINEAR_EXACT"),
        overlay_window=(0, 10),
        color_map=[(0.0, 1.0, 0.0)],
        opacity=1,
        overlay_interpolation=interpolation,
    )
    drawn = (fused.pixels == [0, 255, 0]).all(axis=-1)
    labels_there = labels[1] == 2
    np.testing.assert_array_equal(drawn, labels_there if drawn[-1, 0] else labels_there[::-1])
