"""Projections of the reference CT along its axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from benchmarks.inputs import ct_volume
from benchmarks.timing import timed
from radpix._backend import kernels

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from pytest_benchmark.fixture import BenchmarkFixture

    from radpix._backend import Combine

    Call = Callable[[], NDArray[Any]]

AXES = {"z": 0, "y": 1, "x": 2}
THREADS = [1, 2]


def radpix_call(axis: int, combine: Combine, threads: int) -> Call:
    voxels = ct_volume().voxels
    out = np.zeros([n for k, n in enumerate(voxels.shape) if k != axis], voxels.dtype)

    def call() -> NDArray[Any]:
        kernels().project(voxels, out, axis=axis, combine=combine, num_threads=threads)
        return out

    return call


def numpy_call(axis: int, combine: Combine, threads: int) -> Call:
    if threads > 1:
        pytest.skip("NumPy has one thread")
    voxels = ct_volume().voxels
    if combine == "mean":
        return lambda: np.rint(voxels.mean(axis=axis, dtype=np.float64)).astype(voxels.dtype)
    out = np.zeros([n for k, n in enumerate(voxels.shape) if k != axis], voxels.dtype)
    return lambda: voxels.max(axis=axis, out=out)


def _fold_lines(lines: NDArray[Any], out: NDArray[Any]) -> None:
    out[:] = lines[0]
    for k in range(1, lines.shape[0]):
        for r in range(lines.shape[1]):
            for c in range(lines.shape[2]):
                out[r, c] = max(out[r, c], lines[k, r, c])


def _fold_rows(lines: NDArray[Any], out: NDArray[Any]) -> None:
    for r in range(lines.shape[1]):
        out[r] = lines[0, r]
        for k in range(1, lines.shape[0]):
            for c in range(lines.shape[2]):
                out[r, c] = max(out[r, c], lines[k, r, c])


def _reduce_rows(lines: NDArray[Any], out: NDArray[Any]) -> None:
    for r in range(lines.shape[1]):
        for c in range(lines.shape[2]):
            best = lines[0, r, c]
            for k in range(1, lines.shape[0]):
                best = max(best, lines[k, r, c])
            out[r, c] = best


def numba_call(axis: int, combine: Combine, threads: int) -> Call:
    """Return the loops someone would write, in the order of the memory."""
    numba = pytest.importorskip("numba")
    if threads > 1 or combine != "max":
        pytest.skip("one thread, maximum only")
    compiled = numba.njit(nogil=True)([_fold_lines, _fold_rows, _reduce_rows][axis])
    lines = np.moveaxis(ct_volume().voxels, axis, 0)
    out = np.zeros(lines.shape[1:], lines.dtype)

    def call() -> NDArray[Any]:
        compiled(lines, out)
        return out

    return call


def sitk_call(axis: int, combine: Combine, threads: int) -> Call:
    sitk = pytest.importorskip("SimpleITK")
    image = sitk.GetImageFromArray(ct_volume().voxels)
    projection = sitk.MaximumProjectionImageFilter() if combine == "max" else sitk.MeanProjectionImageFilter()
    projection.SetProjectionDimension(2 - axis)
    projection.SetNumberOfThreads(threads)

    def call() -> NDArray[Any]:
        result = sitk.GetArrayFromImage(projection.Execute(image))
        plane: NDArray[Any] = np.rint(np.squeeze(result, axis)).astype(np.int16)
        return plane

    return call


PEERS = {"NumPy": numpy_call, "numba": numba_call, "SimpleITK": sitk_call}


def _timed(
    benchmark: BenchmarkFixture, call: Call, axis: str, combine: Combine, system: str, threads: int
) -> None:
    work = f"{'MIP' if combine == 'max' else combine} of CT along {axis}"
    goal = 1.0 if system == "radpix" else None
    timed(
        benchmark, call, work=work, system=system, threads=threads, pixels=ct_volume().voxels.size, goal=goal
    )


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("combine", ["max", "mean"])
@pytest.mark.parametrize("axis", list(AXES))
def test_radpix(benchmark: BenchmarkFixture, axis: str, combine: Combine, threads: int) -> None:
    call = radpix_call(AXES[axis], combine, threads)
    assert np.array_equal(call(), numpy_call(AXES[axis], combine, 1)())
    _timed(benchmark, call, axis, combine, "radpix", threads)


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("combine", ["max", "mean"])
@pytest.mark.parametrize("axis", list(AXES))
@pytest.mark.parametrize("system", list(PEERS))
def test_peer(benchmark: BenchmarkFixture, axis: str, combine: Combine, threads: int, system: str) -> None:
    call = PEERS[system](AXES[axis], combine, threads)
    assert np.array_equal(call(), radpix_call(AXES[axis], combine, 1)())
    _timed(benchmark, call, axis, combine, system, threads)
