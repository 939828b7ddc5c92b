"""Colour ultrasound of 800 x 600 in YBR, from the file to RGB: `decode` and `iter_frames` against pydicom's own.

The goal holds for clips of 850 frames, whose rate that of 34 is. radpix must give the standard's inverse matrix
exactly and libjpeg-turbo's JPEG; pydicom may be a level off where it rounds.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.python import ultrasound

import radpix
from benchmarks.inputs import ultrasound_frame
from benchmarks.timing import timed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from numpy.typing import NDArray
    from pytest_benchmark.fixture import BenchmarkFixture

ROWS, COLUMNS, FRAMES = 600, 800, 34
GOAL = 10.0


@cache
def pictures() -> NDArray[np.uint8]:
    return np.stack([np.roll(ultrasound_frame((ROWS, COLUMNS), seed), 7 * seed, axis=1) for seed in range(4)])


@pytest.fixture(scope="module", params=sorted(ultrasound.KINDS))
def clip(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    path = tmp_path_factory.mktemp("ultrasound") / "clip.dcm"
    ultrasound.write(path, request.param, pictures(), FRAMES)
    return request.param, path


def run(
    benchmark: BenchmarkFixture,
    clip: tuple[str, Path],
    call: Callable[[], Iterable[NDArray[Any]]],
    way: str,
    system: str,
    threads: int = 1,
) -> None:
    kind, _ = clip
    wanted = [ultrasound.expected(kind, picture).astype(np.int16) for picture in pictures()]
    number = 0
    for number, frame in enumerate(call(), 1):
        error = np.abs(frame - wanted[(number - 1) % len(wanted)]).max()
        assert error <= (0 if system == "radpix" else 1)
    assert number == FRAMES
    timed(
        benchmark,
        lambda: sum(1 for _ in call()),
        work=f"ultrasound of {COLUMNS} x {ROWS}, {way}, {kind}",
        system=system,
        threads=threads,
        pixels=FRAMES * ROWS * COLUMNS,
        goal=GOAL,
    )


@pytest.mark.parametrize("threads", [1, 2])
def test_radpix_decodes(benchmark: BenchmarkFixture, clip: tuple[str, Path], threads: int) -> None:
    run(benchmark, clip, lambda: radpix.decode(clip[1], num_threads=threads), "all", "radpix", threads)


def test_pydicom_decodes(benchmark: BenchmarkFixture, clip: tuple[str, Path]) -> None:
    pixels = pytest.importorskip("pydicom.pixels")
    run(benchmark, clip, lambda: pixels.pixel_array(clip[1]), "all", "pydicom")


@pytest.mark.parametrize("threads", [1, 2])
def test_radpix_iterates(benchmark: BenchmarkFixture, clip: tuple[str, Path], threads: int) -> None:
    run(
        benchmark,
        clip,
        lambda: radpix.iter_frames(clip[1], num_threads=threads),
        "one by one",
        "radpix",
        threads,
    )


def test_pydicom_iterates(benchmark: BenchmarkFixture, clip: tuple[str, Path]) -> None:
    pixels = pytest.importorskip("pydicom.pixels")
    if clip[0] == "native YBR_FULL_422":
        pytest.skip("pydicom 3.0 iterates over no native 4:2:2")
    run(benchmark, clip, lambda: pixels.iter_pixels(clip[1]), "one by one", "pydicom")
