"""Fusion of a PET onto an oblique plane of a CT, against a pipeline of VTK's filters, and of SimpleITK and NumPy."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
from tests.python import vtk_peer

from benchmarks.inputs import CT_SHAPE, ct_volume
from benchmarks.timing import timed
from radpix import COLOR_MAPS, Plane, Volume, Window, fuse

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from pytest_benchmark.fixture import BenchmarkFixture

SHAPE = (512, 512)
CT_WINDOW, SUV = Window(40.0, 400.0, "LINEAR_EXACT"), Window(5.0, 10.0, "LINEAR_EXACT")
OPACITY, FILL = 0.4, -1024
THREADS = [1, 2]


@cache
def pet_volume() -> Volume:
    """Smooth uptake in voxels of 5 mm about the CT's middle."""
    rng = np.random.default_rng(5)
    shape = (92, 90, 90)
    index = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    voxels = np.full(shape, 0.5, np.float32)
    for _ in range(12):
        center, size = rng.uniform(0.2, 0.8, 3) * shape, rng.uniform(3, 9)
        voxels += (8 * np.exp(-(((index - center) / size) ** 2).sum(axis=-1))).astype(np.float32)
    affine = np.diag([5.0, 5.0, 5.0, 1.0])[[2, 1, 0, 3]]
    one = Volume(voxels, affine)
    affine[:3, 3] = ct_volume().center - one.center
    return Volume(voxels, affine)


@cache
def oblique() -> Plane:
    center = ct_volume().index_to_patient((np.array(CT_SHAPE) - 1) / 2)
    return Plane.through(ct_volume(), normal=(center, (0.45, -0.8, 0.4), None), spacing=0.6, shape=SHAPE)


def radpix_call(threads: int) -> Callable[[], NDArray[Any]]:
    return lambda: (
        fuse(
            ct_volume(),
            pet_volume(),
            oblique(),
            window=CT_WINDOW,
            overlay_window=SUV,
            color_map="hot-iron",
            opacity=OPACITY,
            fill=FILL,
            num_threads=threads,
        ).pixels
    )


def vtk_colors(
    vtk: Any, volume: Volume, window: Window, palette: NDArray[np.uint8], fill: float, threads: int
) -> Any:
    """Reslice, then map to colours: the two filters of one layer."""
    plane = oblique()
    slice_ = vtk.vtkImageReslice()
    slice_.SetInputData(vtk_peer.image_of(volume))
    slice_.SetNumberOfThreads(threads)
    slice_.SetEnableSMP(False)
    slice_.SetInterpolationModeToLinear()
    slice_.SetOutputDimensionality(2)
    slice_.SetResliceAxesDirectionCosines(*plane.row_direction, *plane.column_direction, *plane.normal)
    slice_.SetResliceAxesOrigin(*plane.center)
    slice_.SetOutputSpacing(*plane.spacing, 1)
    slice_.SetOutputOrigin(-(SHAPE[1] - 1) / 2 * plane.spacing[1], -(SHAPE[0] - 1) / 2 * plane.spacing[0], 0)
    slice_.SetOutputExtent(0, SHAPE[1] - 1, 0, SHAPE[0] - 1, 0, 0)
    slice_.SetBackgroundLevel(fill)
    table = vtk.vtkLookupTable()
    table.SetNumberOfTableValues(256)
    table.SetTableRange(window.center - window.width / 2, window.center + window.width / 2)
    for k, color in enumerate((palette / 255.0).tolist()):
        table.SetTableValue(k, *color, 1.0)
    colors = vtk.vtkImageMapToColors()
    colors.SetNumberOfThreads(threads)
    colors.SetLookupTable(table)
    colors.SetOutputFormatToRGB()
    colors.SetInputConnection(slice_.GetOutputPort())
    return slice_, colors


def vtk_call(threads: int) -> Callable[[], NDArray[Any]]:
    vtk = pytest.importorskip("vtk")
    from vtk.util.numpy_support import vtk_to_numpy

    vtk.vtkSMPTools.Initialize(threads)
    layers = [
        vtk_colors(vtk, ct_volume(), CT_WINDOW, COLOR_MAPS["grey"], FILL, threads),
        vtk_colors(vtk, pet_volume(), SUV, COLOR_MAPS["hot-iron"], 0.0, threads),
    ]
    blend = vtk.vtkImageBlend()
    blend.SetNumberOfThreads(threads)
    for k, (_, colors) in enumerate(layers):
        blend.AddInputConnection(colors.GetOutputPort())
        blend.SetOpacity(k, 1.0 if k == 0 else OPACITY)

    def call() -> NDArray[Any]:
        for slice_, _ in layers:
            slice_.Modified()
        blend.Update()
        pixels = vtk_to_numpy(blend.GetOutput().GetPointData().GetScalars())
        return cast("NDArray[Any]", pixels.reshape(*SHAPE, 3))

    return call


def sitk_call(threads: int) -> Callable[[], NDArray[Any]]:
    """Resample and window with SimpleITK, colours and the blend by NumPy."""
    sitk = pytest.importorskip("SimpleITK")
    plane = oblique()
    axes = np.stack([plane.row_direction, plane.column_direction, plane.normal], axis=-1)
    filters = []
    for volume, fill in ((ct_volume(), float(FILL)), (pet_volume(), 0.0)):
        image = sitk.GetImageFromArray(volume.voxels)
        image.SetSpacing(volume.spacing[::-1])
        image.SetOrigin(volume.origin.tolist())
        filter_ = sitk.ResampleImageFilter()
        filter_.SetNumberOfThreads(threads)
        filter_.SetInterpolator(sitk.sitkLinear)
        filter_.SetSize([SHAPE[1], SHAPE[0], 1])
        filter_.SetOutputOrigin(plane.pixel_to_patient((0, 0)).tolist())
        filter_.SetOutputSpacing([*plane.spacing[::-1], 1.0])
        filter_.SetOutputDirection(axes.ravel().tolist())
        filter_.SetDefaultPixelValue(fill)
        filters.append((filter_, image))

    def levels(k: int, window: Window) -> NDArray[np.uint8]:
        low, high = window.center - window.width / 2, window.center + window.width / 2
        image = sitk.IntensityWindowing(filters[k][0].Execute(filters[k][1]), low, high, 0.0, 255.0)
        return np.asarray(np.rint(sitk.GetArrayViewFromImage(image)[0]), np.uint8)

    def call() -> NDArray[Any]:
        grey = levels(0, CT_WINDOW)[..., None].astype(np.float32)
        colors = COLOR_MAPS["hot-iron"][levels(1, SUV)].astype(np.float32)
        blended = grey * np.float32(1 - OPACITY) + colors * np.float32(OPACITY)
        return np.rint(blended).astype(np.uint8)

    return call


CALLS = {"radpix": radpix_call, "VTK Reslice, MapToColors, Blend": vtk_call, "SimpleITK and NumPy": sitk_call}


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("system", list(CALLS))
def test_fusion(benchmark: BenchmarkFixture, system: str, threads: int) -> None:
    call = CALLS[system](threads)
    difference = np.abs(call().astype(int) - radpix_call(1)())
    assert call().max() > 120
    # peers round grey levels and colours down or to the nearest, and end the overlay at voxel centres
    assert np.percentile(difference, 99) <= 3
    goal = 3.0 if system == "radpix" else None
    timed(
        benchmark,
        call,
        work="fusion of PET and CT, oblique plane, 512 x 512",
        system=system,
        threads=threads,
        pixels=SHAPE[0] * SHAPE[1],
        goal=goal,
    )
