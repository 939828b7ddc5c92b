"""A PALETTE COLOR frame of 512 x 512 from a pydicom Dataset to 8-bit RGB: against pydicom's own chain.

pydicom may be a level off: it keeps the upper byte of 16-bit entries, which rounds down.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.python import objects

import radpix
from benchmarks.inputs import CT_SHAPE, ct_volume
from benchmarks.timing import timed

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from pydicom import Dataset
    from pytest_benchmark.fixture import BenchmarkFixture

GOAL = 5.0


@cache
def indices() -> NDArray[np.uint8]:
    hounsfield = ct_volume().voxels[CT_SHAPE[0] // 2]
    return np.asarray((np.clip(hounsfield + 1024, 0, 4095) >> 4).astype(np.uint8))


@cache
def entries() -> NDArray[np.uint16]:
    """Return (256, 3) of 16 bits, from black over red and yellow to white."""
    return np.clip(np.arange(256)[:, None] * 771 - [0, 65535, 131070], 0, 65535).astype(np.uint16)


@cache
def dataset() -> Dataset:
    rows, columns = indices().shape
    made = objects.header(rows=rows, columns=columns, bits=8, photometric="PALETTE COLOR")
    for k, colour in enumerate(("Red", "Green", "Blue")):
        made.add_new(f"{colour}PaletteColorLookupTableDescriptor", "US", [256, 0, 16])
        made.add_new(f"{colour}PaletteColorLookupTableData", "OW", entries()[:, k].tobytes())
    made.add_new(0x7FE00010, "OB", indices().tobytes())
    return made


def run(benchmark: BenchmarkFixture, call: Callable[[], NDArray[Any]], system: str, threads: int) -> None:
    expected = np.rint(entries() / 65535.0 * 255).astype(np.int16)[indices()]
    assert np.abs(call() - expected).max() <= (0 if system == "radpix" else 1)
    timed(
        benchmark,
        call,
        work="display of 512 x 512, palette",
        system=system,
        threads=threads,
        pixels=indices().size,
        goal=GOAL,
    )


@pytest.mark.parametrize("threads", [1, 2])
def test_radpix(benchmark: BenchmarkFixture, threads: int) -> None:
    run(benchmark, lambda: radpix.display(dataset(), num_threads=threads), "radpix", threads)


def test_pydicom(benchmark: BenchmarkFixture) -> None:
    pixels = pytest.importorskip("pydicom.pixels")
    processing = pytest.importorskip("pydicom.pixels.processing")

    def call() -> NDArray[Any]:
        colours = processing.apply_color_lut(pixels.pixel_array(dataset()), dataset())
        return np.asarray((colours >> 8).astype(np.uint8))

    run(benchmark, call, "pydicom", 1)
