"""Ray casting of the reference CT against VTK's fixed-point mapper, from the same camera with the same functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.python import vtk_peer

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
    if work != "MIP":
        return vtk_peer.property_of(TRANSFER_FUNCTIONS["bone"], SHADING if work == "shaded" else None)
    color, opacity = vtk.vtkColorTransferFunction(), vtk.vtkPiecewiseFunction()
    color.AddRGBPoint(LOW, 0, 0, 0)
    color.AddRGBPoint(HIGH, 1, 1, 1)
    opacity.AddPoint(LOW, 1)
    opacity.AddPoint(HIGH, 1)
    used = vtk.vtkVolumeProperty()
    used.SetColor(color)
    used.SetScalarOpacity(opacity)
    used.SetInterpolationTypeToLinear()
    return used


def vtk_call(work: str, threads: int) -> tuple[Callable[[], Any], Call]:
    """Return what renders again, and what reads the picture."""
    vtk = pytest.importorskip("vtk")
    from vtk.util.numpy_support import vtk_to_numpy

    mapper = vtk_peer.mapper_of(ct_volume(), STEP, threads)
    if work == "MIP":
        mapper.SetBlendModeToMaximumIntensity()
    renderer = vtk_peer.renderer_of(camera())
    actor, window = vtk.vtkVolume(), vtk.vtkRenderWindow()
    actor.SetMapper(mapper)
    actor.SetProperty(_vtk_property(vtk, work))
    renderer.AddVolume(actor)
    window.SetOffScreenRendering(1)
    window.SetSize(SIZE, SIZE)
    window.AddRenderer(renderer)
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
