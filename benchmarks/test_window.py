"""A soft tissue window of a CT, int16 to uint8, against a numba loop, NumPy, OpenCV, VTK, SimpleITK and pydicom.

Everybody writes into memory that is already there where the interface allows it. radpix must give the standard's
float64 formula exactly; the others may be a level off, as their formulas are float32 or round otherwise.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import radpix
from benchmarks.inputs import CT_SHAPE, ct_volume
from benchmarks.timing import timed

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from pytest_benchmark.fixture import BenchmarkFixture

CENTER, WIDTH = 40.0, 400.0
# What the fast formulas of the peers come down to: y = SCALE * x + OFFSET (PS3.3 C.11.2.1.2.1).
SCALE = 255 / (WIDTH - 1)
OFFSET = 127.5 - SCALE * (CENTER - 0.5)

WORKS = {"volume": 1.2, "slice": None}
each_work = pytest.mark.parametrize("work", sorted(WORKS))
each_thread_count = pytest.mark.parametrize("threads", [1, 2])


@cache
def pixels(work: str) -> NDArray[np.int16]:
    voxels = ct_volume().voxels
    return voxels if work == "volume" else np.ascontiguousarray(voxels[CT_SHAPE[0] // 2])


@cache
def expected(work: str) -> NDArray[np.uint8]:
    """The formula in float64, a slice at a time."""
    stored = pixels(work)
    levels = np.empty(stored.shape, np.uint8)
    for rows, out in zip(stored.reshape(-1, 512), levels.reshape(-1, 512), strict=True):
        y = ((rows - (CENTER - 0.5)) / (WIDTH - 1) + 0.5) * 255
        out[...] = np.rint(np.clip(y, 0, 255))
    return levels


def run(
    benchmark: BenchmarkFixture,
    call: Callable[[], Any],
    result: Callable[[], NDArray[Any]],
    work: str,
    system: str,
    threads: int = 1,
) -> None:
    call()
    error = np.abs(result().reshape(pixels(work).shape).astype(np.int16) - expected(work)).max()
    assert error <= (0 if system == "radpix" else 1)
    shape = " x ".join(map(str, pixels(work).shape))
    timed(
        benchmark,
        call,
        work=f"window of {shape}, int16 to uint8",
        system=system,
        threads=threads,
        pixels=pixels(work).size,
        goal=WORKS[work],
    )


@each_thread_count
@each_work
def test_radpix(benchmark: BenchmarkFixture, work: str, threads: int) -> None:
    stored, out = pixels(work), np.zeros_like(expected(work))
    run(
        benchmark,
        lambda: radpix.window(stored, CENTER, WIDTH, out=out, num_threads=threads),
        lambda: out,
        work,
        "radpix",
        threads,
    )


@each_thread_count
@each_work
def test_numba(benchmark: BenchmarkFixture, work: str, threads: int) -> None:
    """Run the loop that a Python programmer writes by hand, in float32 as that is the fastest."""
    numba = pytest.importorskip("numba")
    scale, offset, most = np.float32(SCALE), np.float32(OFFSET), np.float32(255)

    def loop(stored: NDArray[np.int16], out: NDArray[np.uint8]) -> None:
        for i in numba.prange(stored.size):
            y = np.rint(scale * np.float32(stored[i]) + offset)
            out[i] = np.uint8(np.int32(min(max(y, np.float32(0)), most)))

    compiled = numba.njit(parallel=threads > 1)(loop)
    numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
    stored, out = pixels(work).reshape(-1), np.zeros(pixels(work).size, np.uint8)
    run(benchmark, lambda: compiled(stored, out), lambda: out, work, "numba", threads)


@each_work
def test_numpy(benchmark: BenchmarkFixture, work: str) -> None:
    stored, out = pixels(work), np.zeros_like(expected(work))
    buffer = np.empty(stored.shape, np.float32)

    def call() -> None:
        np.multiply(stored, np.float32(SCALE), out=buffer)
        np.add(buffer, np.float32(OFFSET), out=buffer)
        np.clip(buffer, 0, 255, out=buffer)
        np.rint(buffer, out=buffer)
        np.copyto(out, buffer, casting="unsafe")

    run(benchmark, call, lambda: out, work, "numpy float32")


@each_thread_count
@each_work
def test_opencv(benchmark: BenchmarkFixture, work: str, threads: int) -> None:
    """Clamp from below first: convertScaleAbs, the fastest way to uint8, would fold negative levels up."""
    cv2 = pytest.importorskip("cv2")
    cv2.setNumThreads(threads)
    stored, out = pixels(work).reshape(-1, 512), np.zeros((pixels(work).size // 512, 512), np.uint8)
    clamped = np.empty_like(stored)
    lowest = CENTER - 0.5 - (WIDTH - 1) / 2

    def call() -> None:
        cv2.max(stored, lowest, dst=clamped)
        cv2.convertScaleAbs(clamped, dst=out, alpha=SCALE, beta=OFFSET)

    run(benchmark, call, lambda: out, work, "OpenCV", threads)


@each_thread_count
@each_work
def test_vtk(benchmark: BenchmarkFixture, work: str, threads: int) -> None:
    core = pytest.importorskip("vtkmodules.vtkImagingCore")
    data_model = pytest.importorskip("vtkmodules.vtkCommonDataModel")
    support = pytest.importorskip("vtkmodules.util.numpy_support")
    stored = pixels(work)
    image = data_model.vtkImageData()
    image.SetDimensions(*(1, *stored.shape)[:-4:-1])
    image.GetPointData().SetScalars(support.numpy_to_vtk(stored.reshape(-1)))
    windowing = core.vtkImageShiftScale()
    windowing.SetInputData(image)
    windowing.SetShift(OFFSET / SCALE)
    windowing.SetScale(SCALE)
    windowing.ClampOverflowOn()
    windowing.SetOutputScalarTypeToUnsignedChar()
    windowing.SetNumberOfThreads(threads)

    def call() -> None:
        windowing.Modified()
        windowing.Update()

    def result() -> NDArray[Any]:
        scalars = windowing.GetOutput().GetPointData().GetScalars()
        levels: NDArray[Any] = support.vtk_to_numpy(scalars)
        return levels

    run(benchmark, call, result, work, "VTK ImageShiftScale", threads)


@each_thread_count
@each_work
def test_simpleitk(benchmark: BenchmarkFixture, work: str, threads: int) -> None:
    sitk = pytest.importorskip("SimpleITK")
    image = sitk.GetImageFromArray(pixels(work))
    windowing = sitk.IntensityWindowingImageFilter()
    windowing.SetWindowMinimum(CENTER - 0.5 - (WIDTH - 1) / 2)
    windowing.SetWindowMaximum(CENTER - 0.5 + (WIDTH - 1) / 2)
    windowing.SetNumberOfThreads(threads)
    found: list[Any] = []

    def call() -> None:
        found[:] = [sitk.Cast(windowing.Execute(image), sitk.sitkUInt8)]

    run(benchmark, call, lambda: sitk.GetArrayViewFromImage(found[0]), work, "SimpleITK", threads)


def test_pydicom(benchmark: BenchmarkFixture) -> None:
    """Run on a slice only: a volume takes pydicom a second."""
    processing = pytest.importorskip("pydicom.pixels.processing")
    from pydicom import Dataset

    header = Dataset()
    header.PhotometricInterpretation, header.BitsStored, header.PixelRepresentation = "MONOCHROME2", 8, 0
    header.WindowCenter, header.WindowWidth = CENTER, WIDTH
    stored = pixels("slice")
    found: list[NDArray[np.float64]] = []

    def call() -> None:
        found[:] = [processing.apply_windowing(stored, header)]

    run(benchmark, call, lambda: np.rint(found[0]), "slice", "pydicom")
