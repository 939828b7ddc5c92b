"""JPEG frames, lossless and lossy, against libjpeg-turbo (imagecodecs): one frame, frames in lockstep, threads."""

from __future__ import annotations

import io
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest

from benchmarks.inputs import images
from benchmarks.timing import timed
from radpix._backend import FrameLayout, kernels

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from pytest_benchmark.fixture import BenchmarkFixture

PREFIX = "1.2.840.10008.1.2.4."
FRAMES = 8


class Case(NamedTuple):
    """A codestream, what both decoders must make of it, and what radpix is held to."""

    syntax: str
    stream: bytes
    pixels: NDArray[Any]
    stored: int
    photometric: str

    @property
    def layout(self) -> FrameLayout:
        samples = self.pixels.shape[2] if self.pixels.ndim == 3 else 1
        bits = 8 * self.pixels.itemsize
        rows, columns = self.pixels.shape[:2]
        return FrameLayout(
            rows,
            columns,
            samples,
            bits,
            self.stored,
            self.stored - 1,
            photometric_interpretation=self.photometric,
        )


def _lossless(name: str, predictor: int) -> Case:
    imagecodecs = pytest.importorskip("imagecodecs")
    pixels = images()[name]
    stored = max(8, int(pixels.max()).bit_length())
    colour = {"colorspace": "RGB", "outcolorspace": "RGB"} if pixels.ndim == 3 else {}
    stream = imagecodecs.jpeg8_encode(
        pixels, lossless=True, predictor=predictor, bitspersample=stored, **colour
    )
    return Case("70" if predictor == 1 else "57", stream, pixels, stored, "RGB" if colour else "MONOCHROME2")


def _lossy(name: str, quality: int, precision: int, subsampling: str) -> Case:
    imagecodecs = pytest.importorskip("imagecodecs")
    pixels = images()[name]
    bits = int(pixels.max()).bit_length()
    scaled = (pixels >> max(0, bits - precision)).astype(np.uint8 if precision == 8 else np.uint16)
    options = {"subsampling": subsampling} if pixels.ndim == 3 else {}
    stream = imagecodecs.jpeg8_encode(scaled, level=quality, bitspersample=precision, **options)
    photometric = "YBR_FULL_422" if pixels.ndim == 3 else "MONOCHROME2"
    expected = imagecodecs.jpeg8_decode(stream)
    return Case("50" if precision == 8 else "51", stream, expected, precision, photometric)


def _progressive(name: str) -> Case:
    image, imagecodecs = pytest.importorskip("PIL.Image"), pytest.importorskip("imagecodecs")
    file = io.BytesIO()
    image.fromarray(images()[name]).save(file, "JPEG", quality=90, progressive=True)
    return Case("55", file.getvalue(), imagecodecs.jpeg8_decode(file.getvalue()), 8, "YBR_FULL_422")


def _restarted(name: str) -> Case:
    image, imagecodecs = pytest.importorskip("PIL.Image"), pytest.importorskip("imagecodecs")
    file = io.BytesIO()
    image.fromarray(images()[name]).save(file, "JPEG", quality=90, restart_marker_rows=1)
    return Case("50", file.getvalue(), imagecodecs.jpeg8_decode(file.getvalue()), 8, "YBR_FULL_422")


MAKERS: dict[str, tuple[Callable[[], Case], float | None]] = {
    "lossless SV1, CT": (lambda: _lossless("CT", 1), 2.0),
    "lossless SV1, CR": (lambda: _lossless("CR", 1), 2.0),
    "lossless SV1, DX": (lambda: _lossless("DX", 1), 2.0),
    "lossless SV1, US colour": (lambda: _lossless("US", 1), 2.0),
    "lossless SV1, photo": (lambda: _lossless("photo", 1), 2.0),
    "lossless predictor 7, CT": (lambda: _lossless("CT", 7), 2.3),
    "lossless predictor 7, CR": (lambda: _lossless("CR", 7), 2.3),
    "12-bit extended q90, CR": (lambda: _lossy("CR", 90, 12, ""), 2.0),
    "12-bit extended q75, DX": (lambda: _lossy("DX", 75, 12, ""), 2.0),
    "8-bit grey q90, CR": (lambda: _lossy("CR", 90, 8, ""), 1.2),
    "8-bit colour 4:4:4 q90, US": (lambda: _lossy("US", 90, 8, "444"), 1.1),
    "8-bit colour 4:2:2 q90, photo": (lambda: _lossy("photo", 90, 8, "422"), 1.1),
    "8-bit colour 4:2:0 q90, photo": (lambda: _lossy("photo", 90, 8, "420"), 1.1),
    "progressive 4:2:0 q90, photo": (lambda: _progressive("photo"), None),
}


@cache
def case(name: str) -> Case:
    return MAKERS[name][0]()


def _radpix(given: Case, frames: int, threads: int) -> Callable[[], None]:
    out = np.zeros((frames, *given.pixels.shape), given.pixels.dtype)
    streams = [given.stream] * frames

    def call() -> None:
        kernels().decode_frames(
            PREFIX + given.syntax, streams, given.layout, out, keep_components=False, num_threads=threads
        )

    call()
    np.testing.assert_array_equal(out, np.broadcast_to(given.pixels, out.shape))
    return call


def _turbo(given: Case, frames: int, _threads: int) -> Callable[[], None]:
    imagecodecs = pytest.importorskip("imagecodecs")
    out = np.zeros_like(given.pixels)

    def call() -> None:
        for _ in range(frames):
            imagecodecs.jpeg8_decode(given.stream, out=out)

    call()
    np.testing.assert_array_equal(out, given.pixels)
    return call


def _ljpeg(given: Case, frames: int, _threads: int) -> Callable[[], None]:
    imagecodecs = pytest.importorskip("imagecodecs")

    def call() -> None:
        for _ in range(frames):
            imagecodecs.ljpeg_decode(given.stream)

    if given.pixels.ndim == 3:
        pytest.skip("liblj92 decodes one component")
    np.testing.assert_array_equal(imagecodecs.ljpeg_decode(given.stream), given.pixels)
    return call


SYSTEMS = {"radpix": _radpix, "libjpeg-turbo": _turbo}


@pytest.mark.parametrize("system", [*SYSTEMS, "liblj92"])
@pytest.mark.parametrize("name", MAKERS)
def test_one_frame(benchmark: BenchmarkFixture, name: str, system: str) -> None:
    if system == "liblj92" and not name.startswith("lossless"):
        pytest.skip("liblj92 decodes lossless frames")
    given = case(name)
    call = {**SYSTEMS, "liblj92": _ljpeg}[system](given, 1, 1)
    pixels = given.pixels.shape[0] * given.pixels.shape[1]
    timed(
        benchmark,
        call,
        work=f"JPEG decode, {name}",
        system=system,
        threads=1,
        pixels=pixels,
        goal=MAKERS[name][1],
    )


@pytest.mark.parametrize(("system", "threads"), [("radpix", 1), ("radpix", 2), ("libjpeg-turbo", 1)])
@pytest.mark.parametrize(
    "name", ["lossless SV1, CT", "lossless SV1, CR", "lossless SV1, DX", "8-bit colour 4:2:0 q90, photo"]
)
def test_many_frames(benchmark: BenchmarkFixture, name: str, system: str, threads: int) -> None:
    given = case(name)
    call = SYSTEMS[system](given, FRAMES, threads)
    pixels = FRAMES * given.pixels.shape[0] * given.pixels.shape[1]
    goal = 2.8 if name.startswith("lossless") and threads == 1 else None
    timed(
        benchmark,
        call,
        work=f"JPEG decode, {FRAMES} frames, {name}",
        system=system,
        threads=threads,
        pixels=pixels,
        goal=goal,
    )


@pytest.mark.parametrize("threads", [1, 2])
def test_restart_intervals_of_one_frame_are_shared_by_threads(
    benchmark: BenchmarkFixture, threads: int
) -> None:
    given = _restarted("photo")
    call = _radpix(given, 1, threads)
    pixels = given.pixels.shape[0] * given.pixels.shape[1]
    work = "JPEG decode, one photo of a restart interval a row"
    timed(benchmark, call, work=work, system="radpix", threads=threads, pixels=pixels)
