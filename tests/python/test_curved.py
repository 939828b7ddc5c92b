"""Curved reformats: analytic volumes, straight paths, tubes, slabs, and the way back to the patient."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import radpix
from radpix import Plane, Volume, _backend, _native, _numba, _paths, curved, reslice
from radpix.errors import GeometryError

AFFINE = np.array([[0.1, 0.05, 0.9, -20], [0.2, 1.1, -0.1, 7], [1.4, -0.2, 0.1, -30], [0, 0, 0, 1]], float)
SLOPES, OFFSET = np.array([0.7, -1.3, 2.1]), 11.0


def linear_volume(dtype: Any = np.float64) -> Volume:
    """Return a sheared volume whose values are a linear function of the patient position."""
    index = np.stack(np.meshgrid(*[np.arange(n) for n in (24, 30, 36)], indexing="ij"), axis=-1)
    values = (index @ AFFINE[:3, :3].T + AFFINE[:3, 3]) @ SLOPES + OFFSET
    return Volume(values.astype(dtype), AFFINE)


def path_inside(seed: int, count: int) -> Any:
    """Return a smooth path well inside the volume, in patient coordinates."""
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 1, count)
    index = np.array([8, 10, 12]) + np.outer(t, [8, 10, 12]) + 1.5 * np.sin(3 * t[:, None] + rng.random(3))
    return index @ AFFINE[:3, :3].T + AFFINE[:3, 3]


def helix(turns: float = 1.5, count: int = 60) -> Any:
    t = np.linspace(0, turns * 2 * np.pi, count)
    return np.stack([10 * np.cos(t), 10 * np.sin(t), 2 * t], axis=-1)


@given(
    seed=st.integers(0, 99),
    count=st.integers(2, 9),
    mode=st.sampled_from(["straightened", "stretched", "projected", "cross-sections"]),
    spacing=st.sampled_from([0.5, (0.7, 0.4), (1.0, 1.3)]),
    angle=st.floats(-180, 180),
    thickness=st.sampled_from([0.0, 1.0, 2.5]),
    polyline=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_values_are_those_of_the_positions_that_the_slice_tells(
    seed: int, count: int, mode: Any, spacing: Any, angle: float, thickness: float, polyline: bool
) -> None:
    volume = linear_volume()
    found = curved(
        volume, path_inside(seed, count), width=3.0, spacing=spacing, mode=mode, angle=angle, thickness=thickness,
        polyline=polyline,
    )  # fmt: skip
    pixels = np.stack(np.meshgrid(*[np.arange(n) for n in found.pixels.shape], indexing="ij"), axis=-1)
    positions = found.pixel_to_patient(pixels)
    np.testing.assert_allclose(found.pixels, positions @ SLOPES + OFFSET, atol=1e-4 if thickness else 1e-9)


@pytest.mark.parametrize("interpolation", ["nearest", "linear"])
@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_a_straight_path_is_a_plane(interpolation: Any, dtype: Any) -> None:
    rng = np.random.default_rng(3)
    volume = Volume(rng.integers(-1000, 1000, (20, 22, 24)).astype(dtype))
    start, end, up = np.array([4.2, 5.1, 3.3]), np.array([15.7, 14.2, 16.1]), np.array([1.0, -0.5, 0.3])
    found = curved(volume, [start, end], width=6.0, spacing=0.5, up=up, interpolation=interpolation)
    rows, columns = found.pixels.shape
    tangent = (end - start) / np.linalg.norm(end - start)
    plane = Plane(
        start + tangent * 0.5 * (rows - 1) / 2, found.across[0], tangent, spacing=0.5, shape=(rows, columns)
    )
    expected = reslice(volume, plane, interpolation=interpolation)
    # Positions agree to 1e-12 or so: few samples lie that close to a tie.
    assert np.mean(np.abs(found.pixels.astype(float) - expected.pixels) > 1e-3) < 0.002


def test_the_middle_of_a_tube_stays_in_the_middle() -> None:
    path = helix()
    grid = np.stack(np.meshgrid(*[np.arange(n) for n in (50, 60, 60)], indexing="ij"), axis=-1)
    affine = np.eye(4)[[2, 1, 0, 3]]
    affine[:3, :3] *= 0.5
    affine[:3, 3] = (-15, -15, -3)
    patient = grid @ affine[:3, :3].T + affine[:3, 3]
    fine = _paths.smoothed(path)
    distance = np.full(grid.shape[:3], np.inf)
    for point in fine[::16]:
        np.minimum(distance, np.linalg.norm(patient - point, axis=-1), out=distance)
    volume = Volume((1000 * np.exp(-(distance**2) / 2)).astype(np.int16), affine)
    found = curved(volume, path, width=8.0, spacing=(0.5, 0.25))
    middle = (found.pixels.shape[1] - 1) / 2
    weights = found.pixels.astype(float) ** 4
    centres = (weights * np.arange(found.pixels.shape[1])).sum(axis=1) / weights.sum(axis=1)
    assert np.abs(centres[6:-6] - middle).max() < 1.0  # a quarter of a mm
    sections = curved(volume, path, width=8.0, spacing=(2.0, 0.25), mode="cross-sections")
    for section in sections.pixels[2:-2].astype(float) ** 4:
        for axis in (0, 1):
            profile = section.sum(axis=axis)
            assert (
                abs((profile * np.arange(len(profile))).sum() / profile.sum() - (len(profile) - 1) / 2) < 1.0
            )


def test_frames_turn_as_little_as_they_can() -> None:
    points = _paths.at_steps(fine := _paths.smoothed(helix()), _paths.arc_length(fine), 0.05)
    tangents = _paths.tangents_of(points)
    first = np.cross(tangents[0], [0.0, 0.0, 1.0])
    frames = _paths.rotation_minimising(points, tangents, first / np.linalg.norm(first))
    np.testing.assert_allclose(np.linalg.norm(frames, axis=1), 1.0, atol=1e-12)
    np.testing.assert_allclose(np.einsum("ij,ij->i", frames, tangents), 0.0, atol=1e-12)
    # The normal of a helix turns against such a frame by the torsion, b / (a^2 + b^2), times the arc length.
    normals = np.stack([-points[:, 0], -points[:, 1], 0 * points[:, 0]], axis=-1)
    normals -= np.einsum("ij,ij->i", normals, tangents)[:, None] * tangents
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    binormals = np.cross(tangents, normals)
    angles = np.unwrap(
        np.arctan2(np.einsum("ij,ij->i", frames, binormals), np.einsum("ij,ij->i", frames, normals))
    )
    k = slice(200, -200)  # the ends of the spline are no helix
    torsion = -np.polyfit(0.05 * np.arange(len(points))[k], angles[k], 1)[0]
    assert torsion == pytest.approx(2 / 104, rel=0.01)


def test_lengths_are_those_of_the_path() -> None:
    volume = Volume(np.zeros((40, 40, 40), np.int16))
    quarter = np.deg2rad(np.arange(0, 91, 10))
    arc = np.stack([20 * np.cos(quarter), 20 * np.sin(quarter), np.full(10, 20)], axis=-1)
    straightened = curved(volume, arc, width=2.0, spacing=0.1)
    assert straightened.pixels.shape[0] == pytest.approx(20 * np.pi / 2 / 0.1, abs=3)
    stretched = curved(volume, arc, width=2.0, spacing=0.1, mode="stretched", up=(0, 0, 1))
    assert stretched.pixels.shape[0] == straightened.pixels.shape[0]
    projected = curved(volume, arc, width=2.0, spacing=0.1, mode="projected", up=(0, 0, 1))
    assert projected.pixels.shape[0] == pytest.approx(20 * np.sqrt(2) / 0.1, abs=3)


@pytest.mark.parametrize("combine", ["mean", "max", "min", "sum", "median"])
@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.int32])
def test_slabs_are_as_thick_as_they_say(combine: Any, dtype: Any) -> None:
    """In a wedge that rises by 10 a mm along x, samples of a slab along x are known."""
    wedge = np.broadcast_to(10 * np.arange(40), (30, 30, 40)).astype(dtype)
    path = [(20.0, 15.0, 4.0), (20.0, 15.0, 26.0)]
    found = curved(Volume(wedge), path, width=4.0, spacing=1.0, up=(0, 1, 0), thickness=6.0, combine=combine)
    samples = 200 + 10 * (np.arange(6) - 2.5)
    assert found.through[0].tolist() == pytest.approx([-1, 0, 0])
    expected = {
        "mean": 200.0, "median": 200.0, "max": samples.max(), "min": samples.min(), "sum": samples.sum(),
    }  # fmt: skip
    np.testing.assert_allclose(found.pixels, expected[combine], atol=1e-3)
    assert found.pixels.dtype == (
        {np.int16: np.float32, np.float32: np.float32, np.int32: np.float64}[dtype]
        if combine == "sum"
        else dtype
    )


def test_outside_is_filled_and_padding_takes_no_part() -> None:
    voxels = np.full((12, 12, 12), 100, np.int16)
    voxels[:, :, :6] = -2000
    volume = Volume(voxels, padding_value=-2000)
    path = [(6.0, 6.0, 1.0), (6.0, 6.0, 10.0)]
    for thickness in (0.0, 3.0):
        found = curved(volume, path, width=30.0, up=(1, 0, 0), fill=7, thickness=thickness)
        assert set(np.unique(found.pixels)) == {-2000, 7, 100}
    blended = curved(volume, path, width=4.0, spacing=0.5, up=(1, 0, 0), padding="include")
    assert len(np.unique(blended.pixels)) > 2


@pytest.mark.parametrize(
    ("interpolation", "thickness"),
    [("nearest", 0.0), ("linear", 0.0), ("cubic", 0.0), ("label", 0.0), ("linear", 2.0), ("cubic", 2.0)],
)
def test_both_backends_give_the_same_bits(
    interpolation: Any, thickness: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(5)
    volume = Volume(rng.integers(0, 200, (20, 21, 22)).astype(np.uint8))
    results = []
    for backend in (_native, _numba):
        monkeypatch.setattr("radpix._sampling.kernels", lambda backend=backend: backend)
        for threads in (1, 3):
            found = curved(
                volume, [(3, 4, 5), (9, 12, 8), (15, 14, 16)], width=9.0, interpolation=interpolation,
                thickness=thickness, num_threads=threads,
            )  # fmt: skip
            results.append(found.pixels.tobytes())
    assert len(set(results)) == 1
    assert _backend.kernels() is not None


@pytest.mark.parametrize("mode", ["straightened", "cross-sections", "stretched"])
def test_positions_find_their_pixels(mode: Any) -> None:
    found = curved(linear_volume(), path_inside(1, 6), width=4.0, spacing=(0.5, 0.3), mode=mode)
    pixels = np.stack(np.meshgrid(*[np.arange(0, n, 3) for n in found.pixels.shape], indexing="ij"), axis=-1)
    positions = found.pixel_to_patient(pixels)
    back = found.patient_to_pixel(positions)
    distances = np.linalg.norm(found.pixel_to_patient(back) - positions, axis=-1)
    assert distances.max() < 0.05  # rows of a bent path come close to each other on its inner side
    assert np.mean(np.abs(back - pixels).max(axis=-1) < 1e-6) > 0.9


def test_volumes_with_channels() -> None:
    rng = np.random.default_rng(2)
    voxels = rng.integers(0, 255, (9, 10, 11, 3), dtype=np.uint8)
    path = [(2, 2, 1), (6, 7, 7)]
    found = curved(Volume(voxels), path, width=4.0, thickness=2.0)
    for c in range(3):
        one = curved(Volume(voxels[..., c].copy()), path, width=4.0, thickness=2.0, fill=int(voxels.min()))
        np.testing.assert_array_equal(found.pixels[..., c], one.pixels)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"path": [(1, 1, 1)]}, GeometryError, "two different points"),
        ({"path": [(1, 1, 1), (1, 1, 1)]}, GeometryError, "two different points"),
        ({"path": np.zeros((3, 2))}, GeometryError, r"\(n, 3\)"),
        ({"path": [(1, 1, 1), (1, 1, np.nan)]}, GeometryError, "finite"),
        ({"path": [(1, 1, 1), (1, 1, 1.5)]}, GeometryError, "smaller spacing"),
        ({"up": (0, 0, 1)}, GeometryError, "up points along the path"),
        ({"up": (0, 0, 0)}, GeometryError, "direction"),
        ({"path": [(1, 1, 1), (1, 1, 6), (1, 2, 3)], "mode": "projected"}, GeometryError, "turns back"),
        ({"width": 0.0}, ValueError, "width"),
        ({"width": float("nan")}, ValueError, "width"),
        ({"thickness": -1.0}, ValueError, "thickness"),
        ({"spacing": 0.0}, ValueError, "spacing"),
        ({"spacing": (1.0, 2.0, 3.0)}, ValueError, "spacing"),
        ({"mode": "bent"}, ValueError, "mode is one of"),
        ({"combine": "sums"}, ValueError, "combine is one of"),
        ({"interpolation": "label", "thickness": 2.0}, ValueError, "labels have no slab"),
        ({"interpolation": "lanczos"}, ValueError, "interpolation is one of"),
    ],
)
def test_what_makes_no_sense_is_refused(change: dict[str, Any], error: type[Exception], message: str) -> None:
    given: dict[str, Any] = {"path": [(1, 1, 1), (1, 1, 6)], "width": 3.0} | change
    with pytest.raises(error, match=message):
        curved(Volume(np.zeros((8, 8, 8), np.int16)), **given)


def test_a_path_of_kilometres_is_over_the_limits() -> None:
    with pytest.raises(radpix.LimitError):
        curved(Volume(np.zeros((8, 8, 8), np.int16)), [(0, 0, 0), (1e9, 0, 0)], width=1e5, spacing=0.01)
