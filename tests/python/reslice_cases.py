"""Volumes, grids and the call that the tests of reformatting share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from radpix import Plane, Volume, _core
from radpix._backend import Combine, Grid

if TYPE_CHECKING:
    from numpy.typing import NDArray

COMBINES: tuple[Combine, ...] = ("mean", "max", "min", "sum", "median")
DTYPES = [np.dtype(name) for name in ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8")]
LEVELS = ["scalar", "avx2"] if _core.detected_cpu_level() == "avx2" else ["scalar"]


def noise(shape: tuple[int, ...], dtype: np.dtype[Any], seed: int = 0) -> NDArray[Any]:
    """The whole range of small integers, moderate values of the others."""
    rng = np.random.default_rng(seed)
    if dtype.kind == "f":
        return rng.normal(0, 1000, shape).astype(dtype)
    limit = np.iinfo(dtype)
    low, high = max(limit.min, -(10**6)), min(limit.max, 10**6)
    return rng.integers(low, high, shape, dtype=dtype, endpoint=True)


def grid_of(rng: np.random.Generator, shape: tuple[int, ...], samples: int) -> Grid:
    """A grid that starts near the volume and walks through it in any direction."""
    origin = rng.uniform(-2, 1.2, 3) * np.array(shape)
    origin = np.where(rng.random(3) < 0.3, np.rint(origin), origin)
    steps = rng.uniform(-1, 1, (4, 3)) * rng.choice([0.0, 0.1, 1.0, 3.0], (4, 3))
    plane, row, column, slab = (tuple(v.tolist()) for v in steps)
    return Grid(tuple(origin.tolist()), plane, row, column, slab, samples)


def native(
    voxels: NDArray[Any],
    shape: tuple[int, ...],
    grid: Grid,
    combine: str = "mean",
    interpolation: str = "linear",
    fill: float = -7.0,
    dtype: np.dtype[Any] | None = None,
) -> NDArray[Any]:
    """The core's result, the same bits at every CPU level and thread count, with guards around it."""
    results = []
    for level in LEVELS:
        _core.set_cpu_level(level)
        for threads in (1, 2, 3):
            padded = np.full([n + 2 for n in shape], 99, dtype or voxels.dtype)
            _core.reslice(voxels, padded[1:-1, 1:-1, 1:-1], grid, combine, interpolation, fill, threads)
            inner = padded[1:-1, 1:-1, 1:-1].copy()
            padded[1:-1, 1:-1, 1:-1] = 99
            assert (padded == 99).all(), "written outside the output"
            results.append(inner)
    assert len({r.tobytes() for r in results}) == 1
    return cast("NDArray[Any]", results[0])


def restrided(voxels: NDArray[Any], layout: str) -> NDArray[Any]:
    """The same voxels with other strides."""
    if layout == "flipped":
        return voxels[::-1, ::-1, ::-1].copy()[::-1, ::-1, ::-1]
    if layout == "transposed":
        return voxels.transpose(2, 0, 1).copy().transpose(1, 2, 0)
    if layout == "every second":
        return np.repeat(voxels, 2, axis=2)[:, :, ::2]
    if layout == "cropped":
        return np.pad(voxels, 2)[2:-2, 2:-2, 2:-2]
    return voxels


SHEARED = np.array([[0.1, 0.05, 0.7, -100], [0.9, 0.65, 0.02, -80], [2.4, -0.2, 0.03, 40], [0, 0, 0, 1]])


def ramp(direction: NDArray[np.float64], affine: NDArray[np.float64], shape: tuple[int, int, int]) -> Volume:
    """A volume whose values are the distance along ``direction`` from patient position 0."""
    index = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    volume = Volume(np.zeros(shape), affine)
    return Volume(volume.index_to_patient(index) @ direction, affine)


def oblique_plane(volume: Volume, seed: int, shape: tuple[int, int] = (24, 30)) -> Plane:
    rng = np.random.default_rng(seed)
    center = volume.index_to_patient((np.array(volume.shape) - 1) / 2)
    return Plane.through(volume, normal=(center, rng.normal(size=3), None), spacing=(0.3, 0.2), shape=shape)
