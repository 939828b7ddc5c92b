"""Colour ultrasound of 800 x 600 in YBR, from the file to RGB: `decode` and `iter_frames` against pydicom's own.

radpix goes through clips of 850 frames one by one, in the memory of a few frames; pydicom, which takes as long for
every frame as for the first, is given 34 of them, and rates are compared. Where nothing is timed all clips have 12.
radpix must give the standard's inverse matrix exactly and libjpeg-turbo's JPEG; pydicom may be a level off where it
rounds.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.python import ultrasound

import radpix
from benchmarks.inputs import ultrasound_frame
from benchmarks.timing import timed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray
    from pytest_benchmark.fixture import BenchmarkFixture

ROWS, COLUMNS = 600, 800
FEW, SHORT, LONG = 12, 34, 850
GOAL = 10.0

#: What clips of 850 frames are: the largest, 816 MB, and the smallest.
LONG_KINDS = frozenset({"native YBR_FULL_422", "JPEG YBR_FULL_422"})

#: Prints how much the process grew from the tenth frame to the last, in KiB.
GROWTH = """
import resource, sys, radpix
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
frames = radpix.iter_frames(sys.argv[1], num_threads=2)
for _ in range(10):
    next(frames)
before = peak()
count = 10 + sum(1 for _ in frames)
print(count, peak() - before)
"""


@dataclass(frozen=True)
class Clip:
    """A file, how many frames are in it, and how many of them are decoded at once, and by pydicom."""

    kind: str
    path: Path
    frames: int
    part: int


@cache
def pictures() -> NDArray[np.uint8]:
    return np.stack([np.roll(ultrasound_frame((ROWS, COLUMNS), seed), 7 * seed, axis=1) for seed in range(4)])


@pytest.fixture(scope="module", params=sorted(ultrasound.KINDS))
def clip(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clip]:
    path = tmp_path_factory.mktemp("ultrasound") / "clip.dcm"
    made = Clip(request.param, path, LONG if request.param in LONG_KINDS else SHORT, SHORT)
    if request.config.getoption("benchmark_disable"):
        made = Clip(request.param, path, FEW, FEW)
    ultrasound.write(path, made.kind, pictures(), made.frames)
    yield made
    path.unlink()


def run(
    benchmark: BenchmarkFixture,
    clip: Clip,
    call: Callable[[], Iterable[NDArray[Any]]],
    way: str,
    system: str,
    threads: int = 1,
    frames: int | None = None,
) -> None:
    wanted = [ultrasound.expected(clip.kind, picture) for picture in pictures()]
    frames = clip.part if frames is None else frames
    number = 0
    for number, frame in enumerate(call(), 1):
        picture = wanted[(number - 1) % len(wanted)]
        if system == "radpix":
            assert np.array_equal(frame, picture)
        else:
            assert np.abs(frame - picture.astype(np.int16)).max() <= 1
    assert number == frames
    timed(
        benchmark,
        lambda: sum(1 for _ in call()),
        work=f"ultrasound of {COLUMNS} x {ROWS}, {way}, {clip.kind}",
        system=system,
        threads=threads,
        pixels=frames * ROWS * COLUMNS,
        goal=GOAL,
    )


@pytest.mark.parametrize("threads", [1, 2])
def test_radpix_decodes(benchmark: BenchmarkFixture, clip: Clip, threads: int) -> None:
    first = range(clip.part)
    run(
        benchmark,
        clip,
        lambda: radpix.decode(clip.path, index=first, num_threads=threads),
        "all",
        "radpix",
        threads,
    )


def test_pydicom_decodes(benchmark: BenchmarkFixture, clip: Clip) -> None:
    pixels = pytest.importorskip("pydicom.pixels")
    if clip.frames != clip.part:
        pytest.skip("pydicom decodes all frames or one, and these are 850; see those one by one")
    run(benchmark, clip, lambda: pixels.pixel_array(clip.path), "all", "pydicom")


@pytest.mark.parametrize("threads", [1, 2])
def test_radpix_iterates(benchmark: BenchmarkFixture, clip: Clip, threads: int) -> None:
    run(
        benchmark,
        clip,
        lambda: radpix.iter_frames(clip.path, num_threads=threads),
        "one by one",
        "radpix",
        threads,
        clip.frames,
    )


def test_pydicom_iterates(benchmark: BenchmarkFixture, clip: Clip) -> None:
    run(benchmark, clip, lambda: first_by_pydicom(clip), "one by one", "pydicom")


def first_by_pydicom(clip: Clip) -> Iterator[NDArray[Any]]:
    pixels = pytest.importorskip("pydicom.pixels")
    if clip.kind != "native YBR_FULL_422":
        yield from pixels.iter_pixels(clip.path, indices=range(clip.part))
        return
    for index in range(clip.part):  # pydicom 3.0 iterates over no native 4:2:2
        yield pixels.pixel_array(clip.path, index=index)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no getrusage")
def test_iterating_takes_the_memory_of_a_few_frames(clip: Clip) -> None:
    pytest.importorskip("resource")
    done = subprocess.run(
        [sys.executable, "-c", GROWTH, str(clip.path)], check=True, capture_output=True, text=True
    )
    count, kilobytes = map(int, done.stdout.split())
    unit = 1 if sys.platform == "darwin" else 1024
    assert count == clip.frames
    assert kilobytes * unit <= 2 * ROWS * COLUMNS * 3
