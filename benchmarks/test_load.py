"""From a folder of files to a volume in HU: reading, sorting, rescaling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.python.phantom import Phantom, stack_positions

import radpix
from benchmarks.timing import timed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray
    from pytest_benchmark.fixture import BenchmarkFixture

SHAPE = (150, 512, 512)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a CT series of native pixels, named against its order."""
    path = tmp_path_factory.mktemp("ct")
    names = [f"{SHAPE[0] - index:04d}.dcm" for index in range(SHAPE[0])]
    Phantom(positions=stack_positions(SHAPE[0], (0, 0, 1.25)), shape=SHAPE[1:], names=names).write(path)
    return path


def _radpix(folder: Path, num_threads: int = 1) -> NDArray[Any]:
    return radpix.load(folder, num_threads=num_threads).voxels


def _simpleitk(folder: Path, num_threads: int = 1) -> NDArray[Any]:
    sitk = pytest.importorskip("SimpleITK")
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(num_threads)
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    voxels: NDArray[Any] = sitk.GetArrayFromImage(reader.Execute())
    return voxels


def _pydicom(folder: Path, _num_threads: int = 1) -> NDArray[Any]:
    from pydicom import dcmread

    slices = sorted((dcmread(path) for path in folder.iterdir()), key=lambda s: s.ImagePositionPatient[2])
    voxels = np.empty(SHAPE, np.int16)
    for target, each in zip(voxels, slices, strict=True):
        target[...] = each.pixel_array * float(each.RescaleSlope) + float(each.RescaleIntercept)
    return voxels


def _dicomsdl(folder: Path, _num_threads: int = 1) -> NDArray[Any]:
    dicomsdl = pytest.importorskip("dicomsdl")
    slices = sorted(
        (dicomsdl.open(str(path)) for path in folder.iterdir()), key=lambda s: s.ImagePositionPatient[2]
    )
    voxels = np.empty(SHAPE, np.int16)
    for target, each in zip(voxels, slices, strict=True):
        target[...] = each.pixelData(storedvalue=True) * float(each.RescaleSlope) + float(
            each.RescaleIntercept
        )
    return voxels


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(
    ("system", "call"),
    [
        ("radpix", _radpix),
        ("SimpleITK", _simpleitk),
        ("pydicom + NumPy", _pydicom),
        ("dicomsdl + NumPy", _dicomsdl),
    ],
)
def test_load_native_ct(
    benchmark: BenchmarkFixture,
    folder: Path,
    system: str,
    call: Callable[[Path, int], NDArray[Any]],
    threads: int,
) -> None:
    np.testing.assert_array_equal(call(folder, threads), _radpix(folder))
    timed(
        benchmark,
        lambda: call(folder, threads),
        work="load CT 150 x 512 x 512, native",
        system=system,
        threads=threads,
        pixels=int(np.prod(SHAPE)),
        goal=3.0,
    )


def _scan(folder: Path) -> int:
    return sum(len(series.instances) for series in radpix.scan(folder))


def _pydicom_headers(folder: Path) -> int:
    from pydicom import dcmread

    tags = [
        "SeriesInstanceUID",
        "ImagePositionPatient",
        "ImageOrientationPatient",
        "PixelSpacing",
        "Rows",
        "Columns",
    ]
    return sum("Rows" in dcmread(p, stop_before_pixels=True, specific_tags=tags) for p in folder.iterdir())


@pytest.mark.parametrize(("system", "call"), [("radpix", _scan), ("pydicom", _pydicom_headers)])
def test_scan(benchmark: BenchmarkFixture, folder: Path, system: str, call: Callable[[Path], int]) -> None:
    assert call(folder) == SHAPE[0]
    timed(
        benchmark,
        lambda: call(folder),
        work="scan 150 files",
        system=system,
        threads=1,
        pixels=SHAPE[0],
    )


MIXED = 2400


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of small series with repeated positions: echoes and time points among them."""
    path = tmp_path_factory.mktemp("mixed")
    for number in range(8):
        tags = {
            k: {"EchoTime": str(5 * (1 + k // 30)), "TemporalPositionIdentifier": k // 150}
            for k in range(300)
        }
        positions = np.tile(stack_positions(30), (10, 1)) if number % 2 else stack_positions(300)
        Phantom(
            positions=positions, shape=(16, 16), modality="MR", slice_tags=tags, tags={"SeriesNumber": number}
        ).write(path / str(number))
    return path


def _group(folder: Path) -> int:
    return sum(
        len(plan.instances) for series in radpix.scan(folder, num_threads=2) for plan in series.volumes()
    )


def test_scan_and_group_mixed_files(benchmark: BenchmarkFixture, mixed: Path) -> None:
    assert _group(mixed) == MIXED
    timed(
        benchmark,
        lambda: _group(mixed),
        work="scan and group 2400 files of 8 series",
        system="radpix",
        threads=2,
        pixels=MIXED,
    )
