"""Resampling the reference CT to 1 mm isotropic, and onto a coarse grid, against what people use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from benchmarks.inputs import ct_volume
from benchmarks.timing import timed
from radpix._backend import AxisMap, kernels
from radpix.resample import resample

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from pytest_benchmark.fixture import BenchmarkFixture

    Call = Callable[[], NDArray[Any]]
    Shape = tuple[int, int, int]

ONE_MM = (375, 358, 358)  # about 1 mm: peers take a shape, whose field of view they keep to the edge
COARSE = (94, 180, 180)
THREADS = [1, 2]
#: By interpolation, the ratio to the best peer.
GOALS = {"nearest": 1.0, "linear": 1.0, "cubic": 1.0, "lanczos": 2.5, "bspline": 15.0}


def _maps(shape: Shape) -> tuple[AxisMap, AxisMap, AxisMap]:
    maps = [AxisMap(n / m, (n / m - 1) / 2) for n, m in zip(ct_volume().shape, shape, strict=True)]
    return maps[0], maps[1], maps[2]


def radpix_call(interpolation: str, shape: Shape, antialias: bool, threads: int) -> Call:
    """Return radpix into a preallocated output, after checking it against the public function."""
    volume = ct_volume()
    out = np.zeros(shape, volume.voxels.dtype)

    def call() -> NDArray[Any]:
        kernels().resample(
            volume.voxels,
            out,
            _maps(shape),
            interpolation=interpolation,
            antialias=antialias,
            fill=0,
            num_threads=threads,
        )
        return out

    public = resample(volume, shape=shape, interpolation=interpolation, antialias=antialias)  # type: ignore[arg-type]
    assert np.array_equal(call(), public.voxels)
    return call


def opencv_call(interpolation: str, shape: Shape, threads: int) -> Call:
    """Return OpenCV's 2-D resize on every slice, then on the volume seen as one image of (z, y * x).

    Its cubic has a = -0.75, its Lanczos filter 8 taps.
    """
    cv2 = pytest.importorskip("cv2")
    voxels = ct_volume().voxels
    depth, height, width = shape
    flags = {"nearest": "NEAREST", "linear": "LINEAR", "cubic": "CUBIC", "lanczos": "LANCZOS4"}
    flag = getattr(cv2, f"INTER_{_choice(flags, interpolation)}")
    slices = np.zeros((voxels.shape[0], height, width), voxels.dtype)
    out = np.zeros((depth, height, width), voxels.dtype)

    def call() -> NDArray[Any]:
        cv2.setNumThreads(threads)
        for z in range(voxels.shape[0]):
            cv2.resize(voxels[z], (width, height), dst=slices[z], interpolation=flag)
        flat, flat_out = slices.reshape(voxels.shape[0], -1), out.reshape(depth, -1)
        cv2.resize(flat, (height * width, depth), dst=flat_out, interpolation=flag)
        return out

    return call


def _choice(choices: dict[str, Any], interpolation: str) -> Any:
    if interpolation not in choices:
        pytest.skip(f"no {interpolation} interpolation worth timing")
    return choices[interpolation]


def _vtk_interpolator(vtk: Any, interpolation: str) -> Any:
    if interpolation == "bspline":
        return vtk.vtkImageBSplineInterpolator()
    if interpolation == "lanczos":
        sinc = vtk.vtkImageSincInterpolator()
        sinc.SetWindowFunctionToLanczos()
        return sinc
    interpolator = vtk.vtkImageInterpolator()
    getattr(interpolator, f"SetInterpolationModeTo{interpolation.capitalize()}")()
    return interpolator


def vtk_call(interpolation: str, shape: Shape, threads: int) -> Call:
    """Return vtkImageResize; its edge rule and grid are radpix's when Border is on."""
    vtk = pytest.importorskip("vtk")
    from vtk.util import numpy_support

    volume = ct_volume()
    depth, height, width = shape
    image = vtk.vtkImageData()
    image.SetDimensions(*volume.shape[::-1])
    image.SetSpacing(*volume.spacing[::-1])
    image.GetPointData().SetScalars(numpy_support.numpy_to_vtk(volume.voxels.ravel(), deep=False))
    resize = vtk.vtkImageResize()
    resize.SetInputData(image)
    resize.SetResizeMethodToOutputDimensions()
    resize.SetOutputDimensions(width, height, depth)
    resize.BorderOn()
    resize.SetInterpolator(_vtk_interpolator(vtk, interpolation))
    resize.SetNumberOfThreads(threads)
    if interpolation == "bspline":
        prefilter = vtk.vtkImageBSplineCoefficients()
        prefilter.SetInputData(image)
        prefilter.SetNumberOfThreads(threads)
        resize.SetInputConnection(prefilter.GetOutputPort())

    def call() -> NDArray[Any]:
        image.Modified()
        resize.Modified()
        resize.Update()
        scalars = resize.GetOutput().GetPointData().GetScalars()
        result: NDArray[Any] = numpy_support.vtk_to_numpy(scalars).reshape(depth, height, width)
        return result

    return call


def sitk_call(interpolation: str, shape: Shape, threads: int) -> Call:
    """Return SimpleITK's Resample onto the same grid."""
    sitk = pytest.importorskip("SimpleITK")
    volume = ct_volume()
    maps = _maps(shape)
    image = sitk.GetImageFromArray(volume.voxels)
    image.SetSpacing(volume.spacing[::-1])
    resampler = sitk.ResampleImageFilter()
    resampler.SetSize(shape[::-1])
    resampler.SetOutputSpacing([m.scale * s for m, s in zip(maps[::-1], volume.spacing[::-1], strict=True)])
    resampler.SetOutputOrigin([m.offset * s for m, s in zip(maps[::-1], volume.spacing[::-1], strict=True)])
    names = {
        "nearest": "NearestNeighbor",
        "linear": "Linear",
    }  # its filters take 17 s a call, three times VTK's
    resampler.SetInterpolator(getattr(sitk, f"sitk{_choice(names, interpolation)}"))
    resampler.SetNumberOfThreads(threads)
    held: list[Any] = []  # the array is a view of the last one's memory

    def call() -> NDArray[Any]:
        held[:] = [resampler.Execute(image)]
        view: NDArray[Any] = sitk.GetArrayViewFromImage(held[0])
        return view

    return call


def scipy_call(interpolation: str, shape: Shape, threads: int) -> Call:
    """Return scipy.ndimage.affine_transform, which has one thread."""
    ndimage = pytest.importorskip("scipy.ndimage")
    voxels = ct_volume().voxels
    maps = _maps(shape)
    order = _choice({"nearest": 0, "linear": 1}, interpolation)  # 3 takes 17 s a call, three times VTK's
    if threads > 1:
        pytest.skip("SciPy has one thread")
    return lambda: ndimage.affine_transform(
        voxels, [m.scale for m in maps], [m.offset for m in maps], shape, order=order, mode="nearest"
    )


PEERS = {"OpenCV by hand": opencv_call, "VTK": vtk_call, "SimpleITK": sitk_call, "SciPy": scipy_call}


def _check(result: NDArray[Any], expected: NDArray[Any], interpolation: str, system: str) -> None:
    assert result.shape == expected.shape
    different = (result != expected).mean()
    if interpolation == "linear":  # OpenCV and VTK round after every axis or truncate: one grey level
        assert np.abs(result.astype(np.int32) - expected).max() <= 1
    elif interpolation != "nearest":  # other parameters, other edges; but one picture
        inner = (slice(4, -4),) * 3
        errors = np.abs(result[inner].astype(np.int32) - expected[inner])
        bound = 1 if system == "VTK" and interpolation != "lanczos" else 30
        assert np.quantile(errors, 0.99) <= bound
    elif (
        system != "OpenCV by hand"
    ):  # a tenth of the slices are ties; OpenCV's nearest is off by half a voxel
        assert different < 0.15


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("interpolation", GOALS)
def test_radpix(benchmark: BenchmarkFixture, interpolation: str, threads: int) -> None:
    call = radpix_call(interpolation, ONE_MM, False, threads)
    timed(
        benchmark,
        call,
        work=f"resample CT to 1 mm, {interpolation}",
        system="radpix",
        threads=threads,
        pixels=call().size,
        goal=GOALS[interpolation],
    )


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("interpolation", GOALS)
@pytest.mark.parametrize("system", list(PEERS))
def test_peer(benchmark: BenchmarkFixture, interpolation: str, threads: int, system: str) -> None:
    call = PEERS[system](interpolation, ONE_MM, threads)
    result = call()
    _check(result, radpix_call(interpolation, ONE_MM, False, 1)(), interpolation, system)
    timed(
        benchmark,
        call,
        work=f"resample CT to 1 mm, {interpolation}",
        system=system,
        threads=threads,
        pixels=result.size,
    )


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("shape", [ONE_MM, COARSE], ids=["1 mm", "4 x 2 x 2 mm"])
def test_radpix_antialiased(benchmark: BenchmarkFixture, shape: Shape, threads: int) -> None:
    call = radpix_call("linear", shape, True, threads)
    work = f"resample CT to {' x '.join(map(str, shape))}, linear anti-aliased"
    timed(benchmark, call, work=work, system="radpix", threads=threads, pixels=call().size)
