"""Oblique reformatting of a CT: one plane, and slabs of 20 mm, against VTK, SimpleITK, SciPy and a numba loop."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
from tests.python import vtk_peer

from benchmarks.inputs import ct_volume
from benchmarks.timing import timed
from radpix import Plane, Slice, reslice

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from pytest_benchmark.fixture import BenchmarkFixture

    from radpix._backend import Combine

SHAPE = (512, 512)
FILL = -2000
# (thickness in mm, how samples are combined, the least ratio to the best peer)
WORK = [(0.0, "mean", 1.0), (20.0, "max", 2.5), (20.0, "mean", 2.5)]
Contender = tuple[float, str, float]


@cache
def oblique() -> Plane:
    """A plane oblique to all axes, the most of it inside the body."""
    volume = ct_volume()
    center = volume.index_to_patient((np.array(volume.shape) - 1) / 2)
    return Plane.through(volume, normal=(center, (0.45, -0.8, 0.4), None), spacing=0.6, shape=SHAPE)


def slab_samples(thickness: float) -> int:
    return max(1, round(thickness / min(ct_volume().spacing)))


@cache
def slab_indices(thickness: float) -> NDArray[np.float64]:
    """Index positions (samples, rows, columns, 3) of the slab."""
    samples, plane = slab_samples(thickness), oblique()
    pixels = np.stack(np.meshgrid(*map(np.arange, SHAPE), indexing="ij"), axis=-1)
    centre = plane.pixel_to_patient(pixels)
    away = (np.arange(samples) - (samples - 1) / 2) * (thickness / samples)
    return ct_volume().patient_to_index(centre + away[:, None, None, None] * plane.normal)


@cache
def expected(thickness: float, combine: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """SciPy's values in float64, and the pixels whose whole slab is inside the volume."""
    scipy = pytest.importorskip("scipy.ndimage")
    index = slab_indices(thickness)
    inside = np.all((index >= 0) & (index <= np.array(ct_volume().shape) - 1), axis=(0, -1))
    values = [
        scipy.map_coordinates(ct_volume().voxels, np.moveaxis(i, -1, 0), np.float64, order=1) for i in index
    ]
    return getattr(np, combine)(values, axis=0), inside


def check(pixels: NDArray[Any], thickness: float, combine: str) -> None:
    want, inside = expected(thickness, combine)
    assert inside.mean() > 0.5
    assert np.abs(pixels.astype(np.float64) - want)[inside].max() <= 1


def run(
    benchmark: BenchmarkFixture, call: Callable[[], NDArray[Any]], what: Contender, system: str, threads: int
) -> None:
    thickness, combine, goal = what
    check(call(), thickness, combine)
    work = f"oblique {combine} of {thickness:.0f} mm" if thickness else "oblique plane"
    timed(
        benchmark,
        call,
        work=f"{work}, linear, 512 x 512, int16",
        system=system,
        threads=threads,
        pixels=SHAPE[0] * SHAPE[1],
        goal=goal,
    )


each_work = pytest.mark.parametrize("what", WORK, ids=["plane", "max", "mean"])
each_thread_count = pytest.mark.parametrize("threads", [1, 2])


@each_work
@each_thread_count
def test_radpix(benchmark: BenchmarkFixture, what: Contender, threads: int) -> None:
    out = np.empty(SHAPE, np.int16)
    thickness, combine = what[0], cast("Combine", what[1])

    def call() -> NDArray[Any]:
        result: Slice = reslice(
            ct_volume(),
            oblique(),
            thickness=thickness,
            combine=combine,
            fill=FILL,
            out=out,
            num_threads=threads,
        )
        return result.pixels

    run(benchmark, call, what, "radpix", threads)


def vtk_reslice(
    thickness: float, combine: str, interpolation: str, threads: int
) -> Callable[[], NDArray[Any]]:
    vtk = pytest.importorskip("vtk")
    numpy_support = pytest.importorskip("vtk.util.numpy_support")
    plane, samples = oblique(), slab_samples(thickness)
    vtk.vtkSMPTools.Initialize(threads)
    filter_ = vtk.vtkImageReslice()
    filter_.SetInputData(vtk_peer.image_of(ct_volume()))
    filter_.SetNumberOfThreads(threads)
    filter_.SetEnableSMP(False)
    getattr(filter_, f"SetInterpolationModeTo{interpolation.capitalize()}")()
    filter_.SetOutputDimensionality(2)
    filter_.SetResliceAxesDirectionCosines(*plane.row_direction, *plane.column_direction, *plane.normal)
    filter_.SetResliceAxesOrigin(*plane.center)
    filter_.SetOutputSpacing(*plane.spacing, thickness / samples or 1.0)
    filter_.SetOutputOrigin(-(SHAPE[1] - 1) / 2 * plane.spacing[1], -(SHAPE[0] - 1) / 2 * plane.spacing[0], 0)
    filter_.SetOutputExtent(0, SHAPE[1] - 1, 0, SHAPE[0] - 1, 0, 0)
    filter_.SetBackgroundLevel(FILL)
    filter_.SetSlabNumberOfSlices(samples)
    filter_.SetSlabMode(vtk.VTK_IMAGE_SLAB_MAX if combine == "max" else vtk.VTK_IMAGE_SLAB_MEAN)

    def call() -> NDArray[Any]:
        filter_.Modified()
        filter_.Update()
        scalars = filter_.GetOutput().GetPointData().GetScalars()
        return cast("NDArray[Any]", numpy_support.vtk_to_numpy(scalars).reshape(SHAPE))

    return call


@each_work
@each_thread_count
def test_vtk(benchmark: BenchmarkFixture, what: Contender, threads: int) -> None:
    thickness, combine, _ = what
    run(benchmark, vtk_reslice(thickness, combine, "linear", threads), what, "VTK ImageReslice", threads)


@each_thread_count
@pytest.mark.parametrize("system", ["radpix", "VTK ImageReslice"])
def test_cubic_slab(benchmark: BenchmarkFixture, system: str, threads: int) -> None:
    options: dict[str, Any] = {"thickness": 10.0, "combine": "mean", "interpolation": "cubic", "fill": FILL}

    def ours() -> NDArray[Any]:
        return reslice(ct_volume(), oblique(), **options, num_threads=threads).pixels

    theirs = vtk_reslice(10.0, "mean", "cubic", threads)
    _, inside = expected(10.0, "mean")
    assert np.abs(ours().astype(int) - theirs())[inside].max() <= 2  # VTK rounds every sample of the slab
    timed(
        benchmark,
        ours if system == "radpix" else theirs,
        work="oblique mean of 10 mm, cubic, 512 x 512, int16",
        system=system,
        threads=threads,
        pixels=SHAPE[0] * SHAPE[1],
        goal=2.5 if system == "radpix" else None,
    )


@cache
def sitk_image() -> Any:
    sitk = pytest.importorskip("SimpleITK")
    volume = ct_volume()
    image = sitk.GetImageFromArray(volume.voxels)
    image.SetSpacing(volume.spacing[::-1])
    image.SetOrigin(volume.origin.tolist())
    return image


@each_work
@each_thread_count
def test_simpleitk(benchmark: BenchmarkFixture, what: Contender, threads: int) -> None:
    sitk = pytest.importorskip("SimpleITK")
    thickness, combine, _ = what
    plane, samples = oblique(), slab_samples(thickness)
    step = thickness / samples or 1.0
    first = plane.shifted(-(samples - 1) / 2 * step).pixel_to_patient((0, 0))
    filter_ = sitk.ResampleImageFilter()
    filter_.SetNumberOfThreads(threads)
    filter_.SetInterpolator(sitk.sitkLinear)
    filter_.SetSize([SHAPE[1], SHAPE[0], samples])
    filter_.SetOutputOrigin(first.tolist())
    filter_.SetOutputSpacing([*plane.spacing, step])
    axes = np.stack([plane.row_direction, plane.column_direction, plane.normal], axis=-1)
    filter_.SetOutputDirection(axes.ravel().tolist())
    filter_.SetDefaultPixelValue(FILL)

    def call() -> NDArray[Any]:
        image = filter_.Execute(sitk_image())
        slices = sitk.GetArrayViewFromImage(image)  # valid as long as the image
        return cast("NDArray[Any]", getattr(slices, combine)(axis=0) if samples > 1 else slices[0].copy())

    run(benchmark, call, what, "SimpleITK Resample", threads)


@pytest.mark.parametrize("what", WORK[:1], ids=["plane"])
def test_scipy(benchmark: BenchmarkFixture, what: Contender) -> None:
    scipy = pytest.importorskip("scipy.ndimage")
    index = np.ascontiguousarray(np.moveaxis(slab_indices(0.0)[0], -1, 0))
    out = np.empty(SHAPE, np.int16)

    def call() -> NDArray[Any]:
        scipy.map_coordinates(ct_volume().voxels, index, out, order=1, mode="constant", cval=FILL)
        return out

    run(benchmark, call, what, "SciPy map_coordinates", 1)


@cache
def numba_loop() -> Any:
    """What one would write by hand: every pixel's samples, bounds checked, float32 weights."""
    numba = pytest.importorskip("numba")

    @numba.njit(fastmath=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
    def loop(
        voxels: Any, start: Any, row: Any, column: Any, slab: Any, samples: int, largest: bool, out: Any
    ) -> None:
        depth, height, width = voxels.shape
        for r in range(out.shape[0]):
            for c in range(out.shape[1]):
                total = np.float32(-32768 if largest else 0)
                count = 0
                for k in range(samples):
                    z = start[0] + r * row[0] + c * column[0] + k * slab[0]
                    y = start[1] + r * row[1] + c * column[1] + k * slab[1]
                    x = start[2] + r * row[2] + c * column[2] + k * slab[2]
                    if z < 0 or y < 0 or x < 0 or z >= depth - 1 or y >= height - 1 or x >= width - 1:
                        continue
                    z0, y0, x0 = int(z), int(y), int(x)
                    tz, ty, tx = np.float32(z - z0), np.float32(y - y0), np.float32(x - x0)
                    a = voxels[z0, y0, x0] + tx * np.float32(voxels[z0, y0, x0 + 1] - voxels[z0, y0, x0])
                    b = voxels[z0, y0 + 1, x0] + tx * np.float32(
                        voxels[z0, y0 + 1, x0 + 1] - voxels[z0, y0 + 1, x0]
                    )
                    d = voxels[z0 + 1, y0, x0] + tx * np.float32(
                        voxels[z0 + 1, y0, x0 + 1] - voxels[z0 + 1, y0, x0]
                    )
                    e = voxels[z0 + 1, y0 + 1, x0] + tx * np.float32(
                        voxels[z0 + 1, y0 + 1, x0 + 1] - voxels[z0 + 1, y0 + 1, x0]
                    )
                    low, high = a + ty * (b - a), d + ty * (e - d)
                    value = np.float32(low + tz * (high - low))
                    total = max(total, value) if largest else total + value
                    count += 1
                if count == 0:
                    out[r, c] = FILL
                else:
                    out[r, c] = round(total if largest else total / np.float32(count))

    return loop


@each_work
def test_numba(benchmark: BenchmarkFixture, what: Contender) -> None:
    loop = numba_loop()
    thickness, combine, _ = what
    index, samples = slab_indices(thickness), slab_samples(thickness)
    start, row, column = index[0, 0, 0], index[0, 1, 0] - index[0, 0, 0], index[0, 0, 1] - index[0, 0, 0]
    slab = index[1, 0, 0] - start if samples > 1 else np.zeros(3)
    out = np.empty(SHAPE, np.int16)

    def call() -> NDArray[Any]:
        loop(ct_volume().voxels, start, row, column, slab, samples, combine == "max", out)
        return out

    run(benchmark, call, what, "numba loop", 1)
