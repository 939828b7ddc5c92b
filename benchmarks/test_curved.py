"""A straightened reformat of 512 x 512 pixels along a winding path through a CT, against SciPy and VTK."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest

from benchmarks.inputs import ct_volume
from benchmarks.timing import timed
from radpix import CurvedSlice, curved

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from pytest_benchmark.fixture import BenchmarkFixture

SHAPE = (512, 512)
FILL = -2000


@cache
def path() -> NDArray[np.float64]:
    """12 points of a helix along the body's axis, within the volume."""
    volume = ct_volume()
    depth, height, _ = (n * s for n, s in zip(volume.shape, volume.spacing, strict=True))
    t = np.linspace(0, 1, 12)
    way = np.stack([np.cos(5 * t), np.sin(5 * t), np.zeros(12)], axis=-1) * (height / 8)
    way[:, 2] = (t - 0.5) * depth * 0.8
    return np.asarray(volume.center + way, np.float64)


@cache
def row_spacing() -> float:
    length = len(curved(ct_volume(), path(), width=1, spacing=(0.01, 1.0), fill=FILL).path) * 0.01
    return length / (SHAPE[0] - 0.5)


def reformat(threads: int) -> CurvedSlice:
    between = (row_spacing(), 0.4)
    return curved(ct_volume(), path(), width=0.4 * SHAPE[1], spacing=between, fill=FILL, num_threads=threads)


@cache
def indices() -> NDArray[np.float64]:
    """(z, y, x) of every pixel; peers get them for nothing."""
    return ct_volume().patient_to_index(reformat(1).positions())


def check(pixels: NDArray[Any]) -> None:
    scipy = pytest.importorskip("scipy.ndimage")
    index = indices()
    inside = np.all((index >= 0) & (index <= np.array(ct_volume().shape) - 1), axis=-1)
    want = scipy.map_coordinates(ct_volume().voxels, np.moveaxis(index, -1, 0), np.float64, order=1)
    assert pixels.shape == SHAPE
    assert inside.mean() > 0.5
    assert np.abs(pixels.astype(np.float64) - want)[inside].max() <= 1


def run(benchmark: BenchmarkFixture, call: Callable[[], NDArray[Any]], system: str, threads: int) -> None:
    check(call())
    timed(
        benchmark,
        call,
        work="curved reformat, linear, 512 x 512, int16",
        system=system,
        threads=threads,
        pixels=SHAPE[0] * SHAPE[1],
        goal=4.0,
    )


@pytest.mark.parametrize("threads", [1, 2])
def test_radpix(benchmark: BenchmarkFixture, threads: int) -> None:
    run(benchmark, lambda: reformat(threads).pixels, "radpix", threads)


def test_scipy(benchmark: BenchmarkFixture) -> None:
    scipy = pytest.importorskip("scipy.ndimage")
    index, out = np.ascontiguousarray(np.moveaxis(indices(), -1, 0)), np.empty(SHAPE, np.int16)

    def call() -> NDArray[Any]:
        scipy.map_coordinates(ct_volume().voxels, index, out, order=1, mode="constant", cval=FILL)
        return out

    run(benchmark, call, "SciPy map_coordinates", 1)


@pytest.mark.parametrize("threads", [1, 2])
def test_vtk(benchmark: BenchmarkFixture, threads: int) -> None:
    vtk = pytest.importorskip("vtk")
    numpy_support = pytest.importorskip("vtk.util.numpy_support")
    volume = ct_volume()
    image = vtk.vtkImageData()
    image.SetDimensions(*volume.shape[::-1])
    image.GetPointData().SetScalars(numpy_support.numpy_to_vtk(volume.voxels.reshape(-1)))
    at = np.ascontiguousarray(indices()[..., ::-1].reshape(-1, 3))
    points = vtk.vtkPoints()
    points.SetData(numpy_support.numpy_to_vtk(at))
    grid = vtk.vtkStructuredGrid()
    grid.SetDimensions(SHAPE[1], SHAPE[0], 1)
    grid.SetPoints(points)
    vtk.vtkSMPTools.Initialize(threads)
    probe = vtk.vtkProbeFilter()
    probe.SetInputData(grid)
    probe.SetSourceData(image)

    def call() -> NDArray[Any]:
        probe.Modified()
        probe.Update()
        scalars = probe.GetOutput().GetPointData().GetScalars()
        return cast("NDArray[Any]", numpy_support.vtk_to_numpy(scalars).reshape(SHAPE))

    run(benchmark, call, "VTK ProbeFilter", threads)
