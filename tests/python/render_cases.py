"""Volumes, pictures and the call that the tests of rays share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from tests.python.backends import BACKENDS
from tests.python.reslice_cases import SHEARED

from radpix import Camera, TransferFunction, Volume, _core

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from radpix._backend import Kernels, Lighting, Rays

TRANSFER = TransferFunction([(60, 1, 0, 0, 0), (100, 1, 0.5, 0, 0.05), (200, 1, 1, 1, 0.4)])


def smooth(shape: tuple[int, int, int], dtype: str = "int16", seed: int = 0) -> NDArray[Any]:
    """Blobs from 0 to 255 with empty space between them."""
    rng = np.random.default_rng(seed)
    index = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    total = np.zeros(shape)
    for _ in range(4):
        center, size = rng.uniform(0, 1, 3) * shape, rng.uniform(0.1, 0.25) * min(shape)
        total = np.maximum(total, 255 * np.exp(-(((index - center) / size) ** 2).sum(axis=-1) / 2))
    return np.asarray(total.astype(dtype))


def volume(dtype: str = "int16", shape: tuple[int, int, int] = (19, 33, 27), seed: int = 0) -> Volume:
    return Volume(smooth(shape, dtype, seed), SHEARED)


def cameras(one: Volume, seed: int = 0) -> tuple[Camera, Camera]:
    rng = np.random.default_rng(seed)
    return Camera.around(one, rng.normal(size=3)), Camera.around(one, rng.normal(size=3), angle=40)


def ranges_of(
    voxels: NDArray[Any], kernels: Kernels, threads: int = 1, padding: float | None = None
) -> NDArray[np.float32]:
    ranges = np.full((*[max(n - 2, 0) // 8 + 1 for n in voxels.shape], 2), np.nan, np.float32)
    kernels.block_ranges(voxels, ranges, num_threads=threads, padding=padding)
    return ranges


def backends() -> Iterator[tuple[str, Kernels, int]]:
    """Every backend, CPU level and number of threads; the level is set meanwhile."""
    for backend in BACKENDS:
        for threads in (1, 3) if backend.kernels.name == "numba" else (1, 2, 3):
            _core.set_cpu_level(backend.level)
            try:
                yield f"{backend} {threads}", backend.kernels, threads
            finally:
                _core.set_cpu_level("auto")


def composited(
    voxels: NDArray[Any],
    rays: Rays,
    shape: tuple[int, int],
    lighting: Lighting,
    transfer: TransferFunction = TRANSFER,
    padding: float | None = None,
) -> NDArray[np.float32]:
    """The picture, the same bits everywhere, with nothing written around it."""
    results = {}
    for name, kernels, threads in backends():
        out = np.full((shape[0] + 2, shape[1] + 2, 4), 99, np.float32)
        ranges = ranges_of(voxels, kernels, threads, padding)
        table = transfer.table()
        options: dict[str, Any] = {"num_threads": threads, "padding": padding}
        kernels.composite(voxels, ranges, out[1:-1, 1:-1], rays, *table, lighting, **options)
        results[name] = out[1:-1, 1:-1].copy()
        out[1:-1, 1:-1] = 99
        assert (out == 99).all(), "written outside the output"
    first = next(iter(results.values()))
    assert {name for name, one in results.items() if one.tobytes() != first.tobytes()} == set()
    return first


def scattered(shape: tuple[int, ...], dtype: str, share: float, seed: int) -> tuple[NDArray[Any], float]:
    """Return voxels of which a share, here and there, is padding, and what that is."""
    rng = np.random.default_rng(seed)
    voxels = rng.integers(0, 200, shape).astype(dtype)
    padding = np.nan if dtype == "float32" and seed % 2 else 7.0
    voxels[rng.random(shape) < share] = padding
    return voxels, padding


def casted(
    voxels: NDArray[Any],
    rays: Rays,
    shape: tuple[int, int],
    combine: str,
    threshold: float = 80.0,
    padding: float | None = None,
    fill: float = -5.0,
    dtype: str = "float32",
) -> tuple[NDArray[Any], NDArray[np.float32]]:
    """Values and depths, the same bits everywhere."""
    results = {}
    numbers = {"threshold": threshold, "scale": 0.5, "offset": -10.0, "fill": fill}
    for name, kernels, threads in backends():
        out, depth = np.full(shape, 99, dtype), np.full(shape, 99, np.float32)
        ranges = ranges_of(voxels, kernels, threads, padding)
        options = {"combine": combine, "padding": padding, "num_threads": threads}
        kernels.cast_rays(voxels, ranges, out, depth, rays, **numbers, **options)  # type: ignore[arg-type]
        results[name] = (out, depth)
    first = next(iter(results.values()))
    different = {
        n
        for n, r in results.items()
        if any(a.tobytes() != b.tobytes() for a, b in zip(r, first, strict=True))
    }
    assert different == set()
    return first
