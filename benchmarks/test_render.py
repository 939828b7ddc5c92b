"""Ray casting of the reference CT against VTK's fixed-point mapper, from the same camera with the same functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from benchmarks.inputs import ct_volume
from benchmarks.timing import timed
from radpix import TRANSFER_FUNCTIONS, Camera, Shading, project, render

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from pytest_benchmark.fixture import BenchmarkFixture

    Call = Callable[[], NDArray[Any]]

SIZE, STEP = 512, 0.7
THREADS = [1, 2]
#: Bounds of the mean absolute difference to VTK's picture in levels; its window magnifies it by about 1.5 pixels.
WORKS = {"composite": 0.5, "shaded": 1.0, "MIP": 1.0}
LOW, HIGH = -1024.0, 1200.0
SHADING = Shading(0.2, 0.7, 0.2, 10)


def camera() -> Camera:
    return Camera.around(ct_volume(), (0.3, 1, -0.2))


def radpix_call(work: str, threads: int) -> Call:
    volume, view = ct_volume(), camera()
    if work == "MIP":
        return lambda: (
            project(volume, camera=view, shape=(SIZE, SIZE), combine="max", num_threads=threads).pixels
        )
    shading = SHADING if work == "shaded" else False
    options: dict[str, Any] = {"shape": (SIZE, SIZE), "shading": shading, "step": STEP}
    bone = TRANSFER_FUNCTIONS["bone"]
    return lambda: render(volume, view, bone, **options, num_threads=threads)


def _vtk_property(vtk: Any, work: str) -> Any:
    color, opacity = vtk.vtkColorTransferFunction(), vtk.vtkPiecewiseFunction()
    bone = TRANSFER_FUNCTIONS["bone"]
    if work == "MIP":
        color.AddRGBPoint(LOW, 0, 0, 0)
        color.AddRGBPoint(HIGH, 1, 1, 1)
        opacity.AddPoint(LOW, 1)
        opacity.AddPoint(HIGH, 1)
    else:
        for value, red, green, blue, _ in bone.points:
            color.AddRGBPoint(value, red, green, blue)
        for value in np.linspace(bone.points[0][0], bone.points[-1][0], 400).tolist():
            opacity.AddPoint(value, 1 - np.exp(-bone(value)[3]))
    used = vtk.vtkVolumeProperty()
    used.SetColor(color)
    used.SetScalarOpacity(opacity)
    used.SetScalarOpacityUnitDistance(1.0)
    used.SetInterpolationTypeToLinear()
    used.SetShade(work == "shaded")
    used.SetAmbient(SHADING.ambient)
    used.SetDiffuse(SHADING.diffuse)
    used.SetSpecular(SHADING.specular)
    used.SetSpecularPower(SHADING.power)
    return used


def _vtk_mapper(vtk: Any, work: str, threads: int) -> Any:
    from vtk.util.numpy_support import numpy_to_vtk

    volume = ct_volume()
    image = vtk.vtkImageData()
    image.SetDimensions(*volume.shape[::-1])
    image.SetSpacing(*volume.spacing[::-1])
    image.SetOrigin(*volume.origin)
    image.GetPointData().SetScalars(numpy_to_vtk(volume.voxels.ravel()))
    mapper = vtk.vtkFixedPointVolumeRayCastMapper()
    mapper.SetInputData(image)
    mapper.SetAutoAdjustSampleDistances(0)
    mapper.SetImageSampleDistance(1)
    mapper.SetSampleDistance(STEP)
    mapper.SetNumberOfThreads(threads)
    if work == "MIP":
        mapper.SetBlendModeToMaximumIntensity()
    return mapper


def vtk_call(work: str, threads: int) -> tuple[Callable[[], Any], Call]:
    """Return what renders again, and what reads the picture."""
    vtk = pytest.importorskip("vtk")
    from vtk.util.numpy_support import vtk_to_numpy

    mapper, view = _vtk_mapper(vtk, work, threads), camera()
    actor, renderer, window = vtk.vtkVolume(), vtk.vtkRenderer(), vtk.vtkRenderWindow()
    light = vtk.vtkLight()  # as VTK makes one by itself, but with an ambient colour
    light.SetLightTypeToHeadlight()
    light.SetAmbientColor(1, 1, 1)
    renderer.AutomaticLightCreationOff()
    renderer.AddLight(light)
    actor.SetMapper(mapper)
    actor.SetProperty(_vtk_property(vtk, work))
    renderer.AddVolume(actor)
    window.SetOffScreenRendering(1)
    window.SetSize(SIZE, SIZE)
    window.AddRenderer(renderer)
    eye = renderer.GetActiveCamera()
    eye.SetFocalPoint(*view.target)
    eye.ParallelProjectionOn()
    eye.SetParallelScale(view.field_of_view / 2)
    eye.SetPosition(*(np.array(view.target) - 1500 * np.array(view.direction)))
    eye.SetViewUp(*view.up)
    renderer.ResetCameraClippingRange()

    def call() -> None:
        mapper.Modified()
        window.Render()

    def picture() -> NDArray[Any]:
        reader = vtk.vtkWindowToImageFilter()
        reader.SetInput(window)
        reader.ReadFrontBufferOff()
        reader.Update()
        pixels = vtk_to_numpy(reader.GetOutput().GetPointData().GetScalars())
        return np.asarray(pixels.reshape(SIZE, SIZE, -1)[::-1, :, :3])

    return call, picture


def assert_same_picture(work: str, ours: NDArray[Any], theirs: NDArray[Any]) -> None:
    levels = ours[..., :3].astype(np.float64)
    if work == "MIP":
        levels = np.clip((ours[..., None] - LOW) / (HIGH - LOW), 0, 1) * 255
        inside = theirs.max(axis=-1) > 0
        levels = levels * inside[..., None]
    assert levels.max() > 50
    assert np.abs(levels - theirs).mean() < WORKS[work]


def _timed(
    benchmark: BenchmarkFixture, call: Callable[[], Any], work: str, system: str, threads: int
) -> None:
    goal = 1.3 if system == "radpix" else None
    name = f"ray casting of CT, {work}"
    timed(benchmark, call, work=name, system=system, threads=threads, pixels=SIZE * SIZE, goal=goal)


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("work", list(WORKS))
def test_radpix(benchmark: BenchmarkFixture, work: str, threads: int) -> None:
    call = radpix_call(work, threads)
    render_again, picture = vtk_call(work, threads)
    render_again()
    assert_same_picture(work, call(), picture())
    _timed(benchmark, call, work, "radpix", threads)


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("work", list(WORKS))
def test_vtk(benchmark: BenchmarkFixture, work: str, threads: int) -> None:
    call, picture = vtk_call(work, threads)
    call()
    assert_same_picture(work, radpix_call(work, 1)(), picture())
    _timed(benchmark, call, work, "VTK", threads)
