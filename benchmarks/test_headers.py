"""Eight attributes of many files: the headers that a series is sorted by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.python.phantom import Phantom, stack_positions

from benchmarks.timing import timed
from radpix.headers import scan_headers

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_benchmark.fixture import BenchmarkFixture

FILES = 150
TAGS = [
    "SOPInstanceUID",
    "SeriesInstanceUID",
    "InstanceNumber",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "Rows",
    "Columns",
    "PixelSpacing",
]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return a CT series of native pixels."""
    path = tmp_path_factory.mktemp("headers")
    names = [f"{index:04d}.dcm" for index in range(FILES)]
    Phantom(positions=stack_positions(FILES, (0, 0, 1.25)), shape=(512, 512), names=names).write(path)
    return sorted(map(str, path.iterdir()))


def _radpix(files: list[str], threads: int = 1) -> list[list[Any]]:
    columns = scan_headers(files, TAGS, num_threads=threads)
    return [columns[tag].tolist() for tag in TAGS]


def _dicomsdl(files: list[str], _: int = 1) -> list[list[Any]]:
    dicomsdl = pytest.importorskip("dicomsdl")
    rows = []
    for path in files:
        header = dicomsdl.open_file(path, load_until=0x00280030)
        rows.append([getattr(header, tag) for tag in TAGS])
    return [list(column) for column in zip(*rows, strict=True)]


def _pydicom(files: list[str], _: int = 1) -> list[list[Any]]:
    from pydicom import dcmread

    rows = []
    for path in files:
        header = dcmread(path, stop_before_pixels=True, specific_tags=TAGS)
        rows.append([getattr(header, tag) for tag in TAGS])
    return [list(column) for column in zip(*rows, strict=True)]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(
    ("system", "call"), [("radpix", _radpix), ("dicomsdl", _dicomsdl), ("pydicom", _pydicom)]
)
def test_scan_eight_tags(
    benchmark: BenchmarkFixture,
    files: list[str],
    system: str,
    call: Callable[[list[str], int], list[list[Any]]],
    threads: int,
) -> None:
    if threads > 1 and system != "radpix":
        pytest.skip(f"{system} has no threads of its own")
    for found, expected in zip(call(files, threads), _pydicom(files), strict=True):
        if isinstance(expected[0], str):
            assert [str(value) for value in found] == expected
        else:
            np.testing.assert_array_equal(np.array(found, float), np.array(expected, float))
    timed(
        benchmark,
        lambda: call(files, threads),
        work=f"scan 8 tags of {FILES} files",
        system=system,
        threads=threads,
        pixels=FILES,
        goal=3.0,
    )
