"""The numba backend, held to a third of the compiled core's speed on what a program without it does most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from benchmarks.inputs import ct_volume
from benchmarks.timing import timed
from radpix import _native
from radpix._backend import AxisMap, Grid, Kernels, Voi

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from pytest_benchmark.fixture import BenchmarkFixture

    Call = Callable[[Kernels], NDArray[Any]]

pytest.importorskip("numba")
from radpix import _numba


def window(pixels: NDArray[Any]) -> Call:
    out = np.empty(pixels.shape, np.uint8)
    voi = Voi("LINEAR", 40.0, 400.0, 1.0, 0.0, 0.0, 255.0, False)

    def call(kernels: Kernels) -> NDArray[Any]:
        kernels.window(pixels, out, voi, num_threads=1)
        return out

    return call


def resample() -> Call:
    volume = ct_volume()
    scales = [1.0 / s for s in volume.spacing]
    out = np.empty([round(n / s) for n, s in zip(volume.shape, scales, strict=True)], np.int16)
    z, y, x = (AxisMap(s, (s - 1.0) / 2.0) for s in scales)

    def call(kernels: Kernels) -> NDArray[Any]:
        kernels.resample(
            volume.voxels,
            out,
            (z, y, x),
            interpolation="linear",
            antialias=False,
            fill=-1024.0,
            num_threads=1,
        )
        return out

    return call


def reslice() -> Call:
    voxels = ct_volume().voxels
    out = np.empty((1, 512, 512), np.int16)
    row, column = np.array([0.35, 0.55, -0.45]), np.array([0.2, 0.5, 0.75])
    origin = np.array([150.0, 256.0, 256.0]) - 255.5 * (row + column)
    zero = (0.0, 0.0, 0.0)
    grid = Grid(tuple(origin), zero, tuple(row), tuple(column), zero, 1)

    def call(kernels: Kernels) -> NDArray[Any]:
        kernels.reslice(
            voxels, out, grid, combine="mean", interpolation="linear", fill=-1024.0, num_threads=1
        )
        return out

    return call


WORK: dict[str, Callable[[], Call]] = {
    "window of 512 x 512": lambda: window(ct_volume().voxels[0]),
    "window of 300 x 512 x 512": lambda: window(ct_volume().voxels),
    "resample CT to 1 mm, linear": resample,
    "oblique plane, linear, 512 x 512": reslice,
}


@pytest.mark.parametrize("name", WORK)
@pytest.mark.parametrize(("system", "kernels"), [("numba backend", _numba), ("radpix", _native)])
def test_numba_against_the_core(
    benchmark: BenchmarkFixture, name: str, system: str, kernels: Kernels
) -> None:
    call = WORK[name]()
    expected = call(_native).copy()
    np.testing.assert_array_equal(call(kernels), expected)
    work = f"the core and the numba backend (at most 3x), {name}"
    timed(benchmark, lambda: call(kernels), work=work, system=system, threads=1, pixels=expected.size)
