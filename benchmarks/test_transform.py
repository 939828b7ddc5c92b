"""Turning the reference CT about its centre, onto its own grid, against what people use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from benchmarks.inputs import ct_volume
from benchmarks.timing import timed
from radpix.transform import transform

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from pytest_benchmark.fixture import BenchmarkFixture

    Call = Callable[[], NDArray[Any]]

THREADS = [1, 2]
GOALS = {"nearest": 1.0, "linear": 2.0, "cubic": 2.0}
AIR = -1024


def turn() -> NDArray[np.float64]:
    """Return a turn by 0.2 about z, then by 0.1 about x, in the result's direction."""
    c, s = np.cos([0.2, 0.1]), np.sin([0.2, 0.1])
    about_z = np.array([[c[0], -s[0], 0], [s[0], c[0], 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, c[1], -s[1]], [0, s[1], c[1]]])
    matrix = np.eye(4)
    matrix[:3, :3] = about_x @ about_z
    matrix[:3, 3] = ct_volume().center - matrix[:3, :3] @ ct_volume().center
    return matrix


def radpix_call(interpolation: str, threads: int) -> Call:
    volume, matrix = ct_volume(), turn()
    options: dict[str, Any] = {"interpolation": interpolation, "fill": AIR, "num_threads": threads}
    return lambda: transform(volume, matrix, **options).voxels


def vtk_call(interpolation: str, threads: int) -> Call:
    """Return vtkImageReslice, whose axes are the inverse."""
    vtk = pytest.importorskip("vtk")
    from vtk.util import numpy_support

    volume = ct_volume()
    image = vtk.vtkImageData()
    image.SetDimensions(*volume.shape[::-1])
    image.SetSpacing(*volume.spacing[::-1])
    image.SetOrigin(*volume.origin)
    image.GetPointData().SetScalars(numpy_support.numpy_to_vtk(volume.voxels.ravel(), deep=False))
    axes = vtk.vtkMatrix4x4()
    axes.DeepCopy(np.linalg.inv(turn()).ravel().tolist())
    reslice = vtk.vtkImageReslice()
    reslice.SetInputData(image)
    reslice.SetResliceAxes(axes)
    modes = {"nearest": "NearestNeighbor", "linear": "Linear", "cubic": "Cubic"}
    getattr(reslice, f"SetInterpolationModeTo{modes[interpolation]}")()
    reslice.SetOutputOrigin(*volume.origin)
    reslice.SetOutputSpacing(*volume.spacing[::-1])
    reslice.SetOutputExtent(*(limit for n in volume.shape[::-1] for limit in (0, n - 1)))
    reslice.SetBackgroundLevel(AIR)
    reslice.SetNumberOfThreads(threads)

    def call() -> NDArray[Any]:
        reslice.Modified()
        reslice.Update()
        scalars = reslice.GetOutput().GetPointData().GetScalars()
        result: NDArray[Any] = numpy_support.vtk_to_numpy(scalars).reshape(volume.shape)
        return result

    return call


def sitk_call(interpolation: str, threads: int) -> Call:
    """Return SimpleITK's Resample, whose transform is the inverse."""
    sitk = pytest.importorskip("SimpleITK")
    names = {"nearest": "NearestNeighbor", "linear": "Linear"}
    if interpolation not in names:
        pytest.skip("no cubic interpolation; its spline takes 20 s a call")
    inverse = np.linalg.inv(turn())
    backward = sitk.AffineTransform(3)
    backward.SetMatrix(inverse[:3, :3].ravel().tolist())
    backward.SetTranslation(inverse[:3, 3].tolist())
    image = ct_volume().to_sitk()
    resampler = sitk.ResampleImageFilter()
    resampler.SetReferenceImage(image)
    resampler.SetTransform(backward)
    resampler.SetInterpolator(getattr(sitk, f"sitk{names[interpolation]}"))
    resampler.SetDefaultPixelValue(AIR)
    resampler.SetNumberOfThreads(threads)
    held: list[Any] = []  # the array is a view of the last one's memory

    def call() -> NDArray[Any]:
        held[:] = [resampler.Execute(image)]
        view: NDArray[Any] = sitk.GetArrayViewFromImage(held[0])
        return view

    return call


PEERS = {"VTK": vtk_call, "SimpleITK": sitk_call}


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("interpolation", GOALS)
def test_radpix(benchmark: BenchmarkFixture, interpolation: str, threads: int) -> None:
    call = radpix_call(interpolation, threads)
    assert np.array_equal(call(), radpix_call(interpolation, 1)())
    timed(
        benchmark,
        call,
        work=f"turn CT, {interpolation}",
        system="radpix",
        threads=threads,
        pixels=ct_volume().voxels.size,
        goal=GOALS[interpolation],
    )


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("interpolation", GOALS)
@pytest.mark.parametrize("system", list(PEERS))
def test_peer(benchmark: BenchmarkFixture, interpolation: str, threads: int, system: str) -> None:
    call = PEERS[system](interpolation, threads)
    result = call()
    errors = np.abs(result.astype(np.int32) - radpix_call(interpolation, 1)())
    assert np.quantile(errors, 0.99) <= 1  # edges, and rounding
    timed(
        benchmark,
        call,
        work=f"turn CT, {interpolation}",
        system=system,
        threads=threads,
        pixels=result.size,
    )
