"""One CT slice, and one with a VOI LUT and padding, from a data set or a file to 8 bits: against pydicom's own chain.

Both begin at a Dataset in memory or at a path, and end at uint8. radpix must give the standard's formula exactly;
pydicom's chain may be a level off where it rounds.
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
    from pathlib import Path

    from numpy.typing import NDArray
    from pydicom import Dataset
    from pytest_benchmark.fixture import BenchmarkFixture

CENTER, WIDTH, PADDING = 40.0, 400.0, 0

#: What is shown, and the ratio to pydicom that radpix is held to.
WORKS = {"window": 20.0, "VOI LUT and padding": 10.0}
each_work = pytest.mark.parametrize(
    ("work", "source"),
    [("window", "data set"), ("window", "file"), ("VOI LUT and padding", "data set")],
    indirect=["source"],
)


@cache
def hounsfield() -> NDArray[np.int16]:
    return np.ascontiguousarray(ct_volume().voxels[CT_SHAPE[0] // 2])


@cache
def entries() -> NDArray[np.uint16]:
    """Return a VOI LUT of 12 bits for -1024 to 3071 HU, bent like a film's curve."""
    x = np.arange(4096) / 4095
    return np.rint(4095 * x**2 * (3 - 2 * x)).astype(np.uint16)


@cache
def dataset(work: str) -> Dataset:
    from pydicom import Dataset
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

    pixels = np.clip(hounsfield() + 1024, 0, 4095).astype(np.uint16)
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SOPClassUID, made.Modality = CTImageStorage, "CT"
    made.Rows, made.Columns = pixels.shape
    made.SamplesPerPixel, made.PhotometricInterpretation, made.PixelRepresentation = 1, "MONOCHROME2", 0
    made.BitsAllocated, made.BitsStored, made.HighBit = 16, 12, 11
    made.RescaleSlope, made.RescaleIntercept = 1, -1024
    made.add_new(0x7FE00010, "OW", pixels.tobytes())
    if work == "window":
        made.WindowCenter, made.WindowWidth = CENTER, WIDTH
        return made
    item = Dataset()
    item.add_new("LUTDescriptor", "SS", [4096, -1024, 12])
    item.add_new("LUTData", "OW", entries().tobytes())
    made.VOILUTSequence = [item]
    made.PixelPaddingValue = PADDING
    return made


@cache
def expected(work: str) -> NDArray[np.int16]:
    """The formula in float64."""
    stored = np.clip(hounsfield() + 1024, 0, 4095)
    if work == "window":
        y = ((stored - 1024 - (CENTER - 0.5)) / (WIDTH - 1) + 0.5) * 255
        return np.asarray(np.rint(np.clip(y, 0, 255)).astype(np.int16))
    levels = np.rint(entries()[stored] / 4095.0 * 255)
    levels[stored == PADDING] = 0
    return np.asarray(levels.astype(np.int16))


@pytest.fixture
def source(request: pytest.FixtureRequest, work: str, tmp_path: Path) -> Dataset | Path:
    if request.param == "data set":
        return dataset(work)
    from pydicom.uid import UID

    path = tmp_path / "slice.dcm"
    meta = dataset(work).file_meta
    meta.MediaStorageSOPClassUID = dataset(work).SOPClassUID
    meta.MediaStorageSOPInstanceUID = UID("1.2.3")
    dataset(work).save_as(path, enforce_file_format=True)
    return path


def run(
    benchmark: BenchmarkFixture,
    source: Dataset | Path,
    call: Callable[[], NDArray[Any]],
    work: str,
    system: str,
    threads: int,
) -> None:
    error = np.abs(call().astype(np.int16) - expected(work)).max()
    assert error <= (0 if system == "radpix" else 1)
    timed(
        benchmark,
        call,
        work=f"display of 512 x 512, {work}, {'data set' if hasattr(source, 'PixelData') else 'file'}",
        system=system,
        threads=threads,
        pixels=hounsfield().size,
        goal=WORKS[work],
    )


@pytest.mark.parametrize("threads", [1, 2])
@each_work
def test_radpix(benchmark: BenchmarkFixture, source: Dataset | Path, work: str, threads: int) -> None:
    run(benchmark, source, lambda: radpix.display(source, num_threads=threads), work, "radpix", threads)


@each_work
def test_pydicom(benchmark: BenchmarkFixture, source: Dataset | Path, work: str) -> None:
    pydicom = pytest.importorskip("pydicom")
    pixels = pytest.importorskip("pydicom.pixels")
    processing = pytest.importorskip("pydicom.pixels.processing")

    def call() -> NDArray[Any]:
        item = source if isinstance(source, pydicom.Dataset) else pydicom.dcmread(source)
        stored = pixels.pixel_array(item)
        values = processing.apply_modality_lut(stored, item)
        if work != "window":  # pydicom's table takes integers only, and knows no padding
            levels = processing.apply_voi_lut(values.astype(np.int16), item) * (255 / 4095)
            levels[stored == PADDING] = 0
            return np.asarray(np.rint(levels).astype(np.uint8))
        # Its windows have the range of the modality values that Bits Stored can hold, -1024 to 3071 here.
        levels = processing.apply_voi_lut(values, item)
        return np.asarray(np.rint((levels + 1024) * (255 / 4095)).astype(np.uint8))

    run(benchmark, source, call, work, "pydicom", 1)
