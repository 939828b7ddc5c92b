"""A straightened curved reformat of a CT, 512 x 512, linear, against SciPy and a numba loop."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import radpix
from benchmarks.inputs import ct_volume
from benchmarks.timing import timed

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from pytest_benchmark.fixture import BenchmarkFixture

WORK = "curved reformat, straightened, linear, 512 x 512, int16"
SHAPE = (512, 512)


def _reformat(threads: int) -> radpix.CurvedSlice:
    volume = ct_volume()
    t = np.linspace(0.25, 0.75, 9)
    index = np.stack([t, 0.5 + 0.2 * np.sin(9 * t), t], axis=-1) * volume.shape[:3]
    path = volume.index_to_patient(index)
    length = float(np.linalg.norm(np.diff(path, axis=0), axis=1).sum())
    return radpix.curved(
        volume, path, width=150.0, spacing=(length / (SHAPE[0] - 1), 150.0 / SHAPE[1]), num_threads=threads
    )


@cache
def _expected() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where the pixels lie, as indices (3, n) of the volume, and SciPy's values there in float64."""
    ndimage = pytest.importorskip("scipy.ndimage")
    found = _reformat(1)
    indices = ct_volume().patient_to_index(found.positions()).reshape(-1, 3).T
    values = ndimage.map_coordinates(ct_volume().voxels.astype(np.float64), indices, order=1, mode="nearest")
    return np.ascontiguousarray(indices), values


def _run(
    benchmark: BenchmarkFixture, call: Callable[[], Any], result: NDArray[Any], system: str, threads: int
) -> None:
    assert np.abs(result.reshape(-1) - _expected()[1]).max() <= 0.51
    timed(benchmark, call, work=WORK, system=system, threads=threads, pixels=result.size, goal=4.0)


@pytest.mark.parametrize("threads", [1, 2])
def test_radpix(benchmark: BenchmarkFixture, threads: int) -> None:
    """Path, frames and positions included."""
    _run(benchmark, lambda: _reformat(threads), _reformat(threads).pixels, "radpix", threads)


def test_scipy(benchmark: BenchmarkFixture) -> None:
    """Sample at positions that are there already."""
    ndimage = pytest.importorskip("scipy.ndimage")
    indices, _ = _expected()
    out = np.empty(indices.shape[1], np.float32)

    def call() -> None:
        ndimage.map_coordinates(ct_volume().voxels, indices, order=1, mode="nearest", output=out)

    call()
    _run(benchmark, call, out, "SciPy map_coordinates", 1)


@pytest.mark.parametrize("threads", [1, 2])
def test_vtk(benchmark: BenchmarkFixture, threads: int) -> None:
    """Probe at positions that are there already."""
    vtk = pytest.importorskip("vtk")
    support = pytest.importorskip("vtkmodules.util.numpy_support")
    indices, expected = _expected()
    vtk.vtkSMPTools.Initialize(threads)
    source = vtk.vtkImageData()
    source.SetDimensions(*ct_volume().shape[::-1])
    source.GetPointData().SetScalars(support.numpy_to_vtk(ct_volume().voxels.reshape(-1)))
    points = vtk.vtkPoints()
    points.SetData(support.numpy_to_vtk(np.ascontiguousarray(indices[::-1].T)))
    wanted = vtk.vtkPolyData()
    wanted.SetPoints(points)
    probe = vtk.vtkProbeFilter()
    probe.SetInputData(wanted)
    probe.SetSourceData(source)

    def call() -> None:
        probe.Modified()
        probe.Update()

    call()
    result = support.vtk_to_numpy(probe.GetOutput().GetPointData().GetScalars()).astype(np.float64)
    assert np.abs(result - expected).max() <= 1.0  # truncated to int16
    timed(benchmark, call, work=WORK, system="VTK ProbeFilter", threads=threads, pixels=result.size, goal=4.0)
