"""Curved reformats: the same bits on every backend, mm that hold along any path, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
from tests.python.oracle import reslice as oracle
from tests.python.reslice_cases import COMBINES, DTYPES, LEVELS, SHEARED, noise, ramp, restrided

from radpix import GeometryError, LimitError, Plane, Volume, _core, curved, limits, reslice
from radpix._backend import Grid
from radpix._numba import reslice_lines as numba_lines
from radpix._sampling.curve import curve_through, frames_along

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from radpix.curved import CurvedMode

MODES: tuple[CurvedMode, ...] = ("straightened", "stretched", "projected", "cross-sections")


@pytest.fixture(autouse=True)
def _automatic_cpu_level() -> Iterator[None]:
    yield
    _core.set_cpu_level("auto")


def lines_of(seed: int, shape: tuple[int, ...], rows: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    lines = rng.uniform(-0.4, 0.4, (rows, 3, 3))
    lines[:, 0] = rng.uniform(-0.2, 1, (rows, 3)) * np.array(shape)
    return lines


def native_lines(
    voxels: NDArray[Any], shape: tuple[int, int, int], lines: NDArray[Any], samples: int, combine: str,
    interpolation: str, fill: float = -7.0, padding: float | None = None,
) -> NDArray[Any]:  # fmt: skip
    """The core's result, the same bits at every CPU level and thread count, with guards around it."""
    results = []
    for level in LEVELS:
        _core.set_cpu_level(level)
        for threads in (1, 2, 3):
            guarded = np.full([n + 2 for n in shape], 99, voxels.dtype)
            out = guarded[1:-1, 1:-1, 1:-1]
            _core.reslice_lines(voxels, out, lines, samples, combine, interpolation, fill, threads, padding)
            results.append(out.copy())
            out[:] = 99
            assert (guarded == 99).all(), "written outside the output"
    assert len({r.tobytes() for r in results}) == 1
    return results[0]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_lines_have_the_same_bits_in_numba_and_the_values_of_the_oracle(dtype: np.dtype[Any]) -> None:
    voxels = noise((7, 8, 9), dtype)
    fill = 3.0
    for combine in COMBINES:
        for interpolation in ("linear", "nearest"):
            for samples in (1, 4):
                lines = lines_of(samples, voxels.shape, 10)
                got = native_lines(voxels, (2, 5, 37), lines, samples, combine, interpolation, fill)
                other = np.empty_like(got)
                numba_lines(
                    voxels, other, lines, slab_samples=samples, combine=combine,
                    interpolation=interpolation, fill=fill, num_threads=2,
                )  # fmt: skip
                assert other.tobytes() == got.tobytes(), (combine, interpolation, samples)
                for row, (start, step, slab) in enumerate(lines.tolist()):
                    grid = Grid(tuple(start), (0,) * 3, (0,) * 3, tuple(step), tuple(slab), samples)
                    want = oracle.reslice(voxels, (1, 1, 37), grid, combine, interpolation, fill)[0, 0]
                    if dtype.kind != "f":
                        want = np.clip(want, np.iinfo(dtype).min, np.iinfo(dtype).max)
                    away = np.abs(got[row // 5, row % 5].astype(np.float64) - want).max()
                    assert away <= (0.55 if dtype.kind != "f" else 2e-2)


def test_lines_of_any_strides_and_with_padding_have_the_same_bits_in_numba() -> None:
    voxels = restrided(noise((7, 8, 9), np.dtype(np.int16)) % 5, "flipped").astype(np.int16)
    lines = lines_of(1, voxels.shape, 6)
    reversed_lines = lines[::-1].copy()[::-1]
    for interpolation in ("linear", "nearest"):
        got = native_lines(voxels, (1, 6, 20), reversed_lines, 3, "mean", interpolation, padding=2.0)
        other = np.empty_like(got)
        numba_lines(
            voxels, other, reversed_lines, slab_samples=3, combine="mean", interpolation=interpolation,
            fill=-7.0, num_threads=1, padding=2.0,
        )  # fmt: skip
        assert other.tobytes() == got.tobytes()


@pytest.mark.parametrize(
    ("lines", "samples", "error"),
    [
        (np.zeros((3, 3, 3)), 1, ValueError),
        (np.zeros((2, 3)), 1, ValueError),
        (np.zeros((2, 3, 3), np.float32), 1, TypeError),
        (np.full((2, 3, 3), np.nan), 1, ValueError),
        (np.zeros((2, 3, 3)), 0, ValueError),
        (np.zeros((2, 3, 3)), 1 << 17, ValueError),
    ],
)
def test_lines_that_do_not_fit_are_refused_by_both_backends(
    lines: NDArray[Any], samples: int, error: type[Exception]
) -> None:
    voxels, out = np.zeros((2, 2, 2), np.int16), np.full((1, 2, 3), 99, np.int16)
    with pytest.raises(error):
        _core.reslice_lines(voxels, out, lines, samples, "mean", "linear", 0.0, 1)
    with pytest.raises(error):
        numba_lines(
            voxels, out, lines, slab_samples=samples, combine="mean", interpolation="linear", fill=0.0,
            num_threads=1,
        )  # fmt: skip
    assert (out == 99).all()


def helix(volume: Volume, radius: float = 6.0, turns: float = 1.0, count: int = 25) -> NDArray[np.float64]:
    t = np.linspace(0, 2 * np.pi * turns, count)
    around = np.stack([radius * np.cos(t), radius * np.sin(t), t * 1.1 - 3.4 * turns], axis=-1)
    return volume.center + around


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("axis", range(3))
def test_a_ramp_gives_the_patient_coordinate_of_every_pixel(mode: CurvedMode, axis: int) -> None:
    volume = ramp(np.eye(3)[axis], SHEARED, (20, 60, 60))
    path = helix(volume, turns=0.45)
    result = curved(volume, path, width=5, spacing=(0.7, 0.4), mode=mode, step=1.5 if mode == MODES[3] else None,
                    fill=np.nan)  # fmt: skip
    positions = result.positions()
    assert positions.shape == (*result.shape, 3)
    inside = np.isfinite(result.pixels)
    assert inside.mean() > 0.6
    np.testing.assert_allclose(result.pixels[inside], positions[..., axis][inside], rtol=0, atol=1e-8)
    index = np.moveaxis(np.indices(result.shape), 0, -1)
    np.testing.assert_allclose(result.pixel_to_patient(index), positions, atol=1e-9)
    pixel, distance = result.patient_to_pixel(positions[1, ::3])
    np.testing.assert_allclose(distance, 0, atol=1e-9)
    np.testing.assert_allclose(result.pixel_to_patient(pixel), positions[1, ::3], atol=1e-9)


@pytest.mark.parametrize("thickness", [0.0, 4.0])
@pytest.mark.parametrize("interpolation", ["linear", "nearest"])
def test_a_straight_path_gives_the_plane(thickness: float, interpolation: Any) -> None:
    volume = Volume(noise((12, 16, 20), np.dtype(np.float32)))
    path = np.array([(9.5, y, 6.0) for y in (2.0, 5.0, 8.0, 11.0, 14.0)])
    plane = Plane((9.5, 8, 6), (1, 0, 0), (0, 1, 0), 0.5, (25, 16))
    want = reslice(volume, plane, thickness=thickness, interpolation=interpolation).pixels
    for mode in MODES[:3]:
        got = curved(volume, path, width=8, spacing=0.5, mode=mode, across=(1, 0, 0), thickness=thickness,
                     interpolation=interpolation)  # fmt: skip
        assert got.pixels.tobytes() == want.tobytes(), mode
    sections = curved(volume, path, width=8, spacing=0.5, mode="cross-sections", step=2.0, thickness=thickness,
                      interpolation=interpolation)  # fmt: skip
    for k, pixels in enumerate(sections.pixels):
        plane = Plane((9.5, 2 + 2 * k, 6), (1, 0, 0), (0, 0, -1), 0.5, (16, 16))
        want = reslice(volume, plane, thickness=thickness, interpolation=interpolation).pixels
        assert pixels.tobytes() == want.tobytes(), k


def tube(path: NDArray[np.float64], volume: Volume, radius: float) -> Volume:
    """A bright vessel of smooth profile along a densely sampled path."""
    index = np.stack(np.meshgrid(*map(np.arange, volume.shape), indexing="ij"), axis=-1)
    positions = volume.index_to_patient(index).reshape(-1, 3)
    nearest = np.full(len(positions), np.inf)
    for point in path:
        nearest = np.minimum(nearest, ((positions - point) ** 2).sum(axis=-1))
    values = 1000 * np.exp(-nearest / (2 * radius**2))
    return Volume(values.reshape(volume.shape).astype(np.float32), volume.affine)


@pytest.mark.parametrize("turns", [1.0, 1.5])
def test_the_centre_of_a_helical_vessel_stays_in_the_middle(turns: float) -> None:
    empty = Volume(np.zeros((40, 60, 60)), np.diag([0.5, 0.5, 0.5, 1.0])[[2, 1, 0, 3]])
    volume = tube(helix(empty, turns=turns, count=300), empty, 1.2)
    path = helix(empty, turns=turns, count=round(24 * turns))
    result = curved(volume, path, width=8, spacing=0.25)
    columns = np.arange(result.shape[1]) - (result.shape[1] - 1) / 2
    pixels = result.pixels.astype(np.float64)
    centre = (pixels * columns).sum(axis=1) / pixels.sum(axis=1)
    assert np.abs(centre[4:-4] * 0.25).max() < 0.2  # mm
    # Linear interpolation flattens a peak of curvature 1 / 1.2^2 by up to 0.5^2 / 8 of it in both directions.
    assert pixels[4:-4, 15:17].mean(axis=1).min() > 1000 * np.exp(-(0.125**2) / 2.88) * (1 - 0.0435)
    sections = curved(volume, path, width=8, spacing=0.25, mode="cross-sections", step=3.0).pixels
    rows = (sections.sum(axis=2) * columns).sum(axis=1) / sections.sum(axis=(1, 2))
    assert np.abs(rows[1:-1] * 0.25).max() < 0.2


def test_rows_are_as_far_apart_along_a_circle_as_asked() -> None:
    volume = Volume(np.zeros((60, 60, 60)))
    t = np.linspace(0, np.pi, 41)
    path = volume.center + 20 * np.stack([np.cos(t), np.sin(t), 0 * t], axis=-1)
    result = curved(volume, path, width=4, spacing=0.5)
    assert result.shape[0] == int(20 * np.pi / 0.5) + 1
    radius = np.linalg.norm(result.path - volume.center, axis=-1)
    assert np.abs(radius - 20).max() < 1e-4
    angle = np.arccos(np.clip((result.path - volume.center)[:, 0] / radius, -1, 1))
    assert np.abs(np.diff(angle) * 20 - 0.5).max() < 2e-4
    assert np.abs(angle[-1] * 20 - 0.5 * (result.shape[0] - 1)) < 2e-2


def test_frames_of_a_planar_path_do_not_turn_and_are_perpendicular_on_any() -> None:
    volume = Volume(np.zeros((60, 60, 60)))
    t = np.linspace(0, 1.5 * np.pi, 31)
    path = volume.center + 20 * np.stack([np.cos(t), np.sin(t), 0 * t], axis=-1)
    flat = curved(volume, path, width=4, across=(0, 0, 1))
    np.testing.assert_allclose(flat.column_step[0], [(0, 0, 1)] * flat.shape[0], atol=1e-12)
    turned = curved(volume, path, width=4, across=(0, 0, 1), rotation=30)
    np.testing.assert_allclose(turned.column_step[0] @ (0, 0, 1), np.cos(np.pi / 6), atol=1e-12)
    wound = curved(volume, helix(volume, turns=2, count=80), width=4)
    np.testing.assert_allclose(np.linalg.norm(wound.column_step, axis=-1), 1, atol=1e-12)
    along = np.gradient(wound.path, axis=0)
    assert np.abs(np.einsum("ij,ij->i", along, wound.column_step[0])[1:-1]).max() < 1e-2


@pytest.mark.parametrize("seed", range(4))
def test_frames_are_those_of_double_reflection_row_by_row(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = np.cumsum(rng.normal(size=(9, 3)) * 10, axis=0)  # goes every way, along the first direction too
    curve = curve_through(points, polyline=False)
    frames = frames_along(curve, np.linspace(0, 8, 300), None, 0.0)
    across = frames.across[0]
    assert np.abs(frames.tangents @ across).max() > 0.95
    for k in range(1, 300):
        step = frames.positions[k] - frames.positions[k - 1]
        # Wang et al. 2008, table I
        mirrored = across - 2 * (step @ across) / (step @ step) * step
        tangent = frames.tangents[k - 1] - 2 * (step @ frames.tangents[k - 1]) / (step @ step) * step
        bend = frames.tangents[k] - tangent
        across = mirrored - 2 * (bend @ mirrored) / (bend @ bend) * bend
        np.testing.assert_allclose(frames.across[k], across, atol=1e-12)


@pytest.mark.parametrize("direction", [(0, 0, 1), (0.4, -0.3, 1), (1, 2, 0.5)])
def test_a_slab_is_as_thick_in_mm_beside_any_path(direction: tuple[float, float, float]) -> None:
    across = np.cross(direction, (0.3, 1.0, 0.2))
    normal = np.cross(across, direction)
    normal /= np.linalg.norm(normal)
    volume = ramp(normal, SHEARED, (20, 60, 60))
    way = np.array(direction) / np.linalg.norm(direction)
    path = volume.center + np.linspace(-3, 3, 5)[:, None] * way
    reach = (6 - 6 / 12) / 2  # 12 samples in the middles of 12 parts
    for combine, want in (("max", reach), ("min", -reach), ("mean", 0.0), ("median", 0.0)):
        got = curved(volume, path, width=3, spacing=0.5, across=across, thickness=6, slab_step=0.5,
                     combine=cast("Any", combine), fill=np.nan)  # fmt: skip
        np.testing.assert_allclose(got.pixels, volume.center @ normal + want, rtol=0, atol=1e-8)


def test_stretched_rows_keep_lengths_along_the_surface_and_projected_rows_the_height() -> None:
    volume = Volume(np.zeros((60, 60, 60)))
    t = np.linspace(0, np.pi / 2, 21)
    path = volume.center + np.stack([20 * np.sin(t), 20 * np.cos(t), 5 * t], axis=-1)
    stretched = curved(volume, path, spacing=0.5, mode="stretched", across=(0, 0, 1))
    assert stretched.shape == (int(10 * np.pi / 0.5) + 1, round((5 * np.pi / 2 + 0.5) / 0.5))
    chords = np.linalg.norm(np.diff(stretched.path[:, :2], axis=0), axis=1)
    assert np.abs(chords - 0.5).max() < 2e-3
    projected = curved(volume, path, spacing=0.5, mode="projected", across=(0, 0, 1), along=(1, 0, 0))
    np.testing.assert_allclose(np.diff(projected.path[:, 0]), 0.5, atol=1e-3)
    np.testing.assert_allclose(projected.normals[0], [(0, 1, 0)] * projected.shape[0], atol=1e-12)


def test_a_polyline_is_taken_as_it_is_and_repeated_points_count_once() -> None:
    volume = Volume(np.zeros((20, 20, 20)))
    corner = [(2, 2, 5), (12, 2, 5), (12, 2, 5), (12, 12, 5)]
    result = curved(volume, corner, width=2, spacing=1.0, polyline=True)
    want = [(x, 2, 5) for x in range(2, 13)] + [(12, y, 5) for y in range(3, 13)]
    np.testing.assert_allclose(result.path, want, atol=1e-9)
    smooth = curved(volume, corner, width=2, spacing=0.25).path
    for point in corner:
        assert (
            np.linalg.norm(smooth - point, axis=-1).min() < 0.25
        )  # the last row is less than a step before the end


def test_channels_masks_and_attributes_are_kept() -> None:
    voxels = noise((8, 9, 10, 3), np.dtype(np.uint8))
    path = [(1, 1, 1), (4, 6, 3), (8, 7, 6)]
    colour = curved(Volume(voxels, modality="US"), path, width=4, fill=0)
    assert colour.modality == "US"
    for channel in range(3):
        one = curved(Volume(voxels[..., channel].copy()), path, width=4, fill=0)
        np.testing.assert_array_equal(colour.pixels[..., channel], one.pixels)
    assert curved(Volume(voxels[..., 0] > 9), path, width=4, fill=False).pixels.dtype == np.bool_
    assert np.asarray(colour).shape == (*colour.shape, 3)


@pytest.mark.parametrize(
    ("error", "message", "arguments"),
    [
        (GeometryError, "a path is 2 to", {"path": [(0, 0, 0)]}),
        (GeometryError, "a path is 2 to", {"path": [(0, 0), (1, 1)]}),
        (GeometryError, "finite numbers within", {"path": [(0, 0, 0), (0, np.nan, 1)]}),
        (GeometryError, "all points of the path are the same", {"path": [(1, 1, 1)] * 3}),
        (GeometryError, "turns back on itself", {"path": [(0, 0, 0), (8, 0, 0), (0, 0, 0)]}),
        (GeometryError, "over 65536 rows", {"path": [(0, 0, 0), (1e8, 0, 0)]}),
        (GeometryError, "across points along", {"across": (1, 0, 0)}),
        (GeometryError, "runs along the direction across", {"mode": "stretched", "across": (1, 0, 0)}),
        (
            GeometryError,
            "turns back against",
            {"mode": "projected", "path": [(0, 0, 0), (5, 3, 0), (3, 6, 0)], "along": (1, 0, 0)},
        ),
        (ValueError, "mode is one of", {"mode": "bent"}),
        (ValueError, "interpolation is one of", {"interpolation": "sinc"}),
        (ValueError, "width= in mm is needed", {"width": None}),
        (ValueError, "width is a positive", {"width": np.inf}),
        (ValueError, "rotation is a finite", {"rotation": np.nan}),
        (ValueError, "rotation turns rows", {"rotation": 5.0, "mode": "stretched"}),
        (ValueError, "along is the direction of projected", {"along": (1, 0, 0)}),
        (ValueError, "step is the distance of", {"step": 1.0}),
        (ValueError, "thickness is 0 or more", {"thickness": -1.0}),
        (GeometryError, "spacing is", {"spacing": 0.0}),
        (LimitError, "max_pixels_per_frame", {"width": 1e12}),
    ],
)
def test_what_is_no_path_or_argument_is_refused(
    error: type[Exception], message: str, arguments: dict[str, Any]
) -> None:
    volume = Volume(np.zeros((5, 6, 7), np.int16))
    with pytest.raises(error, match=message):
        curved(volume, **{"path": [(0, 0, 0), (5, 0, 0)], "width": 3, **arguments})


def test_cross_sections_over_the_limit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "max_pixels_per_frame", 100)
    with pytest.raises(LimitError):
        curved(Volume(np.zeros((5, 6, 7))), [(0, 0, 0), (5, 0, 0)], width=9, mode="cross-sections")


def test_a_pixel_needs_as_many_indices_as_the_result_and_a_position_is_finite() -> None:
    result = curved(Volume(np.zeros((5, 6, 7))), [(0, 0, 0), (5, 0, 0)], width=3)
    with pytest.raises(ValueError, match="a pixel has 2 indices"):
        result.pixel_to_patient((1, 2, 3))
    with pytest.raises(ValueError, match="positions are finite"):
        result.patient_to_pixel((1, np.nan, 3))
    assert np.isnan(result.pixel_to_patient((np.nan, 0))).all()
