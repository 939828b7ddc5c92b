"""Cubic, spline and Lanczos planes, slabs and curves against SciPy and Catmull-Rom written in float64."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy.ndimage import map_coordinates
from tests.python.oracle.reslice import linear
from tests.python.oracle.transform import lanczos
from tests.python.reslice_cases import COMBINES, LEVELS, SHEARED, noise, oblique_plane

from radpix import Plane, Volume, _core, curved, reslice
from radpix._sampling.grids import _coefficients

SHAPE = (20, 40, 50)
TYPES = [np.dtype(name) for name in ("u1", "i1", "u2", "i2", "i4", "f4", "f8")]


def catmull_rom(voxels: Any, index: Any) -> Any:
    """Keys' cubic with a = -1/2, the edge repeated, in float64."""
    top = np.array(voxels.shape) - 1
    clamped = np.clip(index, 0, top)
    base = np.minimum(np.floor(clamped).astype(np.intp), np.maximum(top - 1, 0))
    total = np.zeros(index.shape[:-1])
    for offset in product((-1, 0, 1, 2), repeat=3):
        d = np.abs(clamped - base - offset)
        near = 1.5 * d**3 - 2.5 * d**2 + 1
        far = -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2
        weight = np.where(d < 1, near, far).prod(axis=-1)
        z, y, x = np.moveaxis(np.clip(base + offset, 0, top), -1, 0)
        total += weight * voxels[z, y, x].astype(np.float64)
    return total


def positions(volume: Volume, plane: Plane) -> Any:
    pixels = np.stack(np.meshgrid(*map(np.arange, plane.shape), indexing="ij"), axis=-1)
    return volume.patient_to_index(plane.pixel_to_patient(pixels))


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("interpolation", ["cubic", "bspline", "lanczos"])
def test_smooth_planes_agree_with_float64(dtype: np.dtype[Any], interpolation: Any) -> None:
    volume = Volume(noise(SHAPE, dtype), SHEARED)
    plane = oblique_plane(volume, 3, (50, 60))
    index = positions(volume, plane)
    inside = np.all((index >= -0.49) & (index <= np.array(SHAPE) - 0.51), axis=-1)
    clamped = np.moveaxis(np.clip(index, 0, np.array(SHAPE) - 1), -1, 0)
    voxels = volume.voxels.astype(np.float64)
    want = (
        {"cubic": catmull_rom, "lanczos": lanczos}[interpolation](voxels, index)
        if interpolation != "bspline"
        else map_coordinates(voxels, clamped, order=3, mode="mirror")
    )
    if dtype.kind != "f":
        want = np.clip(want, np.iinfo(dtype).min, np.iinfo(dtype).max)
    results = []
    for level in LEVELS:
        _core.set_cpu_level(level)
        results += [
            reslice(volume, plane, interpolation=interpolation, fill=0, num_threads=n).pixels
            for n in (1, 2, 3)
        ]
    _core.set_cpu_level("auto")
    assert len({r.tobytes() for r in results}) == 1
    assert inside.mean() > 0.5
    tolerance = (1e-4 if interpolation == "cubic" else 1e-3) * np.ptp(voxels) + 0.5 * (dtype.kind != "f")
    assert np.abs(results[0].astype(np.float64) - want)[inside].max() <= tolerance
    assert (results[0][np.any((index < -0.51) | (index > np.array(SHAPE) - 0.49), axis=-1)] == 0).all()


@pytest.mark.parametrize("interpolation", ["cubic", "bspline", "lanczos"])
def test_smooth_planes_keep_channels_and_leave_padding_out(interpolation: Any) -> None:
    colour = Volume(noise((8, 9, 10, 3), np.dtype(np.uint8)))
    plane = oblique_plane(colour, 1)
    got = reslice(colour, plane, interpolation=interpolation, fill=0).pixels
    for channel in range(3):
        one = Volume(colour.voxels[..., channel].copy())
        np.testing.assert_array_equal(
            got[..., channel], reslice(one, plane, interpolation=interpolation, fill=0).pixels
        )
    voxels = np.full((9, 9, 9), 700, np.int16)
    voxels[:, :4] = -2000
    padded = Volume(voxels, padding_value=-2000.0)
    values = reslice(padded, oblique_plane(padded, 2), interpolation=interpolation).pixels
    assert set(np.unique(values)) == {-2000, 700}


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("interpolation", ["cubic", "bspline", "lanczos"])
@pytest.mark.parametrize("combine", COMBINES)
def test_smooth_slabs_agree_with_float64(dtype: np.dtype[Any], interpolation: Any, combine: Any) -> None:
    volume = Volume(noise(SHAPE, dtype), SHEARED)
    plane, thickness, step = oblique_plane(volume, 3, (21, 33)), 4.0, 0.8
    want, counted, inside = slab_of(volume, plane, 5, thickness, interpolation, combine)
    options: dict[str, Any] = {"thickness": thickness, "slab_step": step, "combine": combine, "fill": -9}
    out = np.empty(plane.shape, np.float64 if dtype.itemsize == 4 and dtype.kind != "f" else dtype)
    if out.dtype.kind != "f":
        out = out.astype(np.float32)
    results = []
    for level in LEVELS:
        _core.set_cpu_level(level)
        for threads in (1, 2, 3):
            reslice(volume, plane, interpolation=interpolation, out=out, num_threads=threads, **options)
            results.append(out.tobytes())
    _core.set_cpu_level("auto")
    assert len(set(results)) == 1
    assert inside.mean() > 0.5
    tolerance = (1e-4 if interpolation == "cubic" else 1e-3) * np.ptp(volume.voxels.astype(np.float64))
    tolerance *= 5 if combine == "sum" else 1
    assert np.abs(out - want)[counted].max() <= tolerance
    assert (out[~inside] == -9).all()
    rounded = reslice(volume, plane, interpolation=interpolation, **{**options, "fill": 0}).pixels
    if rounded.dtype.kind != "f":
        ends = np.iinfo(rounded.dtype)
        np.testing.assert_array_equal(rounded[inside], np.clip(np.rint(out), ends.min, ends.max)[inside])


def slab_of(
    volume: Volume, plane: Plane, samples: int, thickness: float, interpolation: str, combine: str
) -> tuple[Any, Any, Any]:
    """Values in float64, the pixels of which no sample is at the volume's edge, and those with any inside."""
    away = (np.arange(samples) - (samples - 1) / 2) * (thickness / samples)
    index = np.stack([positions(volume, plane.shifted(mm)) for mm in away])
    top = np.array(volume.shape)
    inside = np.all((index >= -0.5) & (index <= top - 0.5), axis=-1)
    at_edge = np.any((np.abs(index + 0.5) < 0.01) | (np.abs(index - top + 0.5) < 0.01), axis=(0, -1))
    clamped, voxels = np.clip(index, 0, top - 1), volume.voxels.astype(np.float64)
    values = (
        {"cubic": catmull_rom, "lanczos": lanczos}[interpolation](voxels, index)
        if interpolation != "bspline"
        else map_coordinates(voxels, np.moveaxis(clamped, -1, 0), order=3, mode="mirror")
    )
    some = inside.any(axis=0)
    masked = np.ma.masked_array(values, ~inside)
    combined = getattr(np.ma, combine)(masked, axis=0)
    return combined.filled(np.nan), some & ~at_edge, some


@pytest.mark.parametrize("padding", [None, 0.0])
@pytest.mark.parametrize("interpolation", ["cubic", "bspline", "lanczos"])
def test_a_slab_of_bands_is_that_of_all_rows(
    interpolation: Any, padding: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    voxels = noise((9, 10, 11), np.dtype(np.int16))
    voxels[:, :4] = 0
    volume = Volume(voxels, SHEARED, padding_value=padding)
    plane = oblique_plane(volume, 4)
    path = [volume.index_to_patient(i) for i in ((1, 2, 2), (4, 6, 5), (7, 8, 9))]
    planar: dict[str, Any] = {"interpolation": interpolation, "thickness": 2.0, "fill": 0}
    whole = reslice(volume, plane, **planar).pixels, curved(volume, path, width=4, **planar).pixels
    monkeypatch.setattr("radpix._sampling.smooth._BAND_BYTES", 5000)
    filtered: list[Any] = []

    def counted(source: Any, sampling: Any) -> Any:
        filtered.append(source)
        return _coefficients(source, sampling)

    monkeypatch.setattr("radpix._sampling.grids._coefficients", counted)
    banded = reslice(volume, plane, **planar).pixels, curved(volume, path, width=4, **planar).pixels
    for one, other in zip(whole, banded, strict=True):
        np.testing.assert_array_equal(one, other)
    once = 1 if padding is None else 2  # the plane and the curve; with padding, of what is absent too
    assert len(filtered) == (2 * once if interpolation == "bspline" else 0)


@pytest.mark.parametrize("combine", ["max", "mean", "median"])
@pytest.mark.parametrize("interpolation", ["cubic", "bspline", "lanczos"])
def test_a_sample_that_happens_to_be_the_padding_value_is_not_absent(
    interpolation: Any, combine: Any
) -> None:
    voxels = np.empty((6, 4, 5), np.int16)
    voxels[:3], voxels[3:] = -20, 20
    options: dict[str, Any] = {"interpolation": interpolation, "combine": combine, "slab_step": 0.5}
    # samples at 2 and 2.5: -20 and, between voxels none of which is padding, 0
    for values in (voxels, voxels.astype(np.float32)):
        plane = Plane.of_slice(Volume(values), 2).shifted(0.25)
        plain, padded = (
            reslice(Volume(values, padding_value=padding), plane, thickness=1.0, **options).pixels
            for padding in (None, 0.0)
        )
        np.testing.assert_allclose(padded, {"max": 0}.get(combine, -10), atol=3)
        np.testing.assert_allclose(padded, plain, rtol=0, atol=1e-5 if values.dtype.kind == "f" else 0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("padding", [None, 0.0])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_largest_number_is_a_sample_as_any_other(dtype: str, padding: float | None, sign: int) -> None:
    """Also as the sum of a slab: neither tells that nothing is there."""
    largest = sign * np.finfo(dtype).max
    voxels = np.full((6, 4, 5), sign, dtype)
    voxels[2], voxels[3] = largest, largest / 4
    voxels[5, 1] = 0
    volume = Volume(voxels, padding_value=padding)
    for thickness, step, combine, want in (
        (1.0, 1.0, "mean", largest),
        (9.0, 1.0, "max" if sign > 0 else "min", largest),
        (8.0, 4.0, "sum", largest),  # samples at 2 and, outside, 6
    ):
        plane = Plane.of_slice(volume, 2).shifted(0.0 if thickness == 1.0 else 2.0)
        options: dict[str, Any] = {"combine": combine, "thickness": thickness, "slab_step": step}
        out = np.empty(plane.shape, np.float64)
        for level in LEVELS:
            _core.set_cpu_level(level)
            reslice(volume, plane, interpolation="cubic", fill=7, out=out, **options)
            assert (out == want).all(), combine
        _core.set_cpu_level("auto")
    outside = reslice(volume, plane.shifted(20.0), interpolation="cubic", fill=7, thickness=3).pixels
    assert (outside == 7).all()


def test_a_sum_that_is_the_largest_number_is_a_value() -> None:
    volume = Volume(np.full((4, 4, 4), np.finfo(np.float32).max / 2, np.float32))
    plane = Plane.axial(volume, 1.5)
    slab: dict[str, Any] = {"thickness": 2.0, "slab_step": 1.0, "combine": "sum", "fill": 7}
    assert (reslice(volume, plane, interpolation="cubic", **slab).pixels == np.finfo(np.float32).max).all()


@pytest.mark.parametrize("interpolation", ["cubic", "bspline", "lanczos"])
@pytest.mark.parametrize("mode", ["straightened", "cross-sections"])
def test_smooth_curves_agree_with_float64(interpolation: Any, mode: Any) -> None:
    volume = Volume(noise((14, 20, 24), np.dtype(np.int16)), SHEARED)
    path = [volume.index_to_patient(i) for i in ((3, 4, 5), (7, 10, 12), (10, 15, 19))]
    options: dict[str, Any] = {
        "width": 3.0,
        "spacing": 0.5,
        "mode": mode,
        "fill": 0,
        "interpolation": interpolation,
    }
    if mode == "cross-sections":
        options["step"] = 2.0
    made = curved(volume, path, **options)
    index = volume.patient_to_index(made.positions())
    voxels = volume.voxels.astype(np.float64)
    want = (
        {"cubic": catmull_rom, "lanczos": lanczos}[interpolation](voxels, index)
        if interpolation != "bspline"
        else map_coordinates(voxels, np.moveaxis(index, -1, 0), order=3, mode="mirror")
    )
    assert np.all((index > 0) & (index < np.array(volume.shape) - 1))
    want = np.clip(want, -32768, 32767)
    assert np.abs(made.pixels - want).max() <= 1e-4 * 65535 + 0.5
    slab = curved(volume, path, thickness=2.0, combine="max", slab_step=0.4, **options)
    assert (slab.pixels >= made.pixels).all()
    assert slab.pixels.mean() > made.pixels.mean()


def test_smooth_slabs_leave_padding_out_and_keep_nans() -> None:
    voxels = np.full((9, 9, 9), 700, np.int16)
    voxels[:, :4] = -2000
    for padding in (-2000.0, None):
        one = Volume(voxels, padding_value=padding)
        values = reslice(one, oblique_plane(one, 2), interpolation="cubic", thickness=3).pixels
        assert (set(np.unique(values)) == {-2000, 700}) == (padding is not None)
    floats = np.full((7, 7, 7), 5, np.float32)
    floats[3, 3, 3] = np.nan
    slab = reslice(
        Volume(floats), Plane.axial(Volume(floats), 3.0), interpolation="cubic", thickness=3
    ).pixels
    assert np.isnan(slab[3, 3])
    assert slab[0, 0] == 5
    padded = reslice(
        Volume(floats, padding_value=float("nan")), Plane.axial(Volume(floats), 3.0), interpolation="cubic"
    ).pixels
    assert (padded[0] == 5).all()
    assert np.isnan(padded).sum() == 1


def test_labels_are_those_with_the_largest_weight() -> None:
    voxels = np.random.default_rng(1).integers(0, 5, (9, 10, 11)).astype(np.uint8)
    volume = Volume(voxels, SHEARED)
    plane = oblique_plane(volume, 4)
    got = reslice(volume, plane, interpolation="label", fill=9).pixels
    index = positions(volume, plane)
    inside = np.all((index >= -0.49) & (index <= np.array(voxels.shape) - 0.51), axis=-1)
    votes = np.stack([linear((voxels == label).astype(np.float64), index) for label in range(5)])
    clear = np.diff(np.sort(votes, axis=0)[-2:], axis=0)[0] > 1e-3
    assert (inside & clear).mean() > 0.3
    np.testing.assert_array_equal(got[inside & clear], votes.argmax(axis=0)[inside & clear])
    path = [volume.index_to_patient(i) for i in ((1, 2, 2), (4, 6, 5), (7, 8, 9))]
    assert set(np.unique(curved(volume, path, width=4, interpolation="label", fill=9).pixels)) <= {
        *range(5),
        9,
    }
    with pytest.raises(ValueError, match="labels are chosen for a point"):
        reslice(volume, plane, interpolation="label", thickness=5)
    with pytest.raises(TypeError, match="labels are integers"):
        reslice(Volume(voxels.astype(np.float32)), plane, interpolation="label")


def test_smooth_planes_refuse_masks_and_other_types_of_out() -> None:
    volume = Volume(np.zeros((5, 5, 5), np.int16))
    plane = Plane.axial(volume)
    out = np.full(plane.shape, 99, np.int32)
    for thickness in (0.0, 3.0):
        with pytest.raises(TypeError, match="out of a volume of int16 is int16"):
            reslice(volume, plane, interpolation="bspline", thickness=thickness, out=out)
    assert (out == 99).all()
    for sample in (reslice, curved):
        where: Any = plane if sample is reslice else [(0, 0, 0), (0, 0, 4)]
        width: dict[str, Any] = {} if sample is reslice else {"width": 3}
        with pytest.raises(TypeError, match="bool"):
            sample(Volume(np.zeros((5, 5, 5), bool)), where, interpolation="cubic", **width)
