"""Cubic and spline planes against SciPy and Catmull-Rom written in float64."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy.ndimage import map_coordinates
from tests.python.reslice_cases import LEVELS, SHEARED, noise, oblique_plane

from radpix import Plane, Volume, _core, reslice

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
@pytest.mark.parametrize("interpolation", ["cubic", "bspline"])
def test_smooth_planes_agree_with_float64(dtype: np.dtype[Any], interpolation: Any) -> None:
    volume = Volume(noise(SHAPE, dtype), SHEARED)
    plane = oblique_plane(volume, 3, (50, 60))
    index = positions(volume, plane)
    inside = np.all((index >= -0.49) & (index <= np.array(SHAPE) - 0.51), axis=-1)
    clamped = np.moveaxis(np.clip(index, 0, np.array(SHAPE) - 1), -1, 0)
    voxels = volume.voxels.astype(np.float64)
    want = (
        catmull_rom(voxels, index)
        if interpolation == "cubic"
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


@pytest.mark.parametrize("interpolation", ["cubic", "bspline"])
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


def test_smooth_planes_refuse_slabs_masks_and_other_types_of_out() -> None:
    volume = Volume(np.zeros((5, 5, 5), np.int16))
    plane = Plane.axial(volume)
    with pytest.raises(ValueError, match="cubic has one sample a pixel, and this slab 3"):
        reslice(volume, plane, interpolation="cubic", thickness=3)
    out = np.full(plane.shape, 99, np.float32)
    with pytest.raises(TypeError, match="out has the volume's type int16"):
        reslice(volume, plane, interpolation="bspline", out=out)
    assert (out == 99).all()
    with pytest.raises(TypeError, match="bool"):
        reslice(Volume(np.zeros((5, 5, 5), bool)), plane, interpolation="cubic")
