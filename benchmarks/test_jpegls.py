"""JPEG-LS: one frame and frames of a multi-frame object against CharLS (imagecodecs)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from benchmarks.inputs import images
from benchmarks.timing import timed
from radpix import encode_frame
from radpix._backend import FrameLayout, kernels

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from pytest_benchmark.fixture import BenchmarkFixture

NEAR_LOSSLESS = "1.2.840.10008.1.2.4.81"
NAMES = ("CT", "CR", "DX", "US", "photo")
SYSTEMS = ("radpix", "CharLS")
FRAMES = 8
#: NEAR of a frame, and the ratios to hold for decoding and encoding.
MODES = {"lossless": (0, 1.5, 1.8), "near-lossless": (3, 1.4, 1.8)}


def _decoder(image: NDArray[Any], frames: list[bytes], system: str, threads: int = 1) -> Callable[[], Any]:
    imagecodecs = pytest.importorskip("imagecodecs")
    bits, samples = 8 * image.itemsize, image.shape[2] if image.ndim == 3 else 1
    layout = FrameLayout(image.shape[0], image.shape[1], samples, bits, bits, bits - 1)
    out = np.zeros((len(frames), *image.shape), image.dtype)

    def radpix() -> None:
        kernels().decode_frames(NEAR_LOSSLESS, frames, layout, out, keep_components=True, num_threads=threads)

    def charls() -> None:
        for frame, target in zip(frames, out, strict=True):
            imagecodecs.jpegls_decode(frame, out=target)

    call = radpix if system == "radpix" else charls
    call()
    for frame, target in zip(frames, out, strict=True):
        np.testing.assert_array_equal(target, imagecodecs.jpegls_decode(frame))
    return call


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", NAMES)
def test_decode(benchmark: BenchmarkFixture, name: str, mode: str, system: str) -> None:
    imagecodecs = pytest.importorskip("imagecodecs")
    image, (near, goal, _) = images()[name], MODES[mode]
    call = _decoder(image, [imagecodecs.jpegls_encode(image, level=near)], system)
    pixels = image.shape[0] * image.shape[1]
    timed(
        benchmark,
        call,
        work=f"JPEG-LS decode, {mode}, {name}",
        system=system,
        threads=1,
        pixels=pixels,
        goal=goal,
    )


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", NAMES)
def test_encode(benchmark: BenchmarkFixture, name: str, mode: str, system: str) -> None:
    imagecodecs = pytest.importorskip("imagecodecs")
    image, (near, _, goal) = images()[name], MODES[mode]

    def radpix() -> bytes:
        return encode_frame(image, transfer_syntax=NEAR_LOSSLESS, near=near)

    def charls() -> bytes:
        encoded: bytes = imagecodecs.jpegls_encode(image, level=near)
        return encoded

    call = radpix if system == "radpix" else charls
    decoded = imagecodecs.jpegls_decode(call())
    np.testing.assert_array_equal(decoded, imagecodecs.jpegls_decode(charls()))
    pixels = image.shape[0] * image.shape[1]
    timed(
        benchmark,
        call,
        work=f"JPEG-LS encode, {mode}, {name}",
        system=system,
        threads=1,
        pixels=pixels,
        goal=goal,
    )


@pytest.mark.parametrize("threads", [1, 2])
def test_many_frames(benchmark: BenchmarkFixture, threads: int) -> None:
    imagecodecs = pytest.importorskip("imagecodecs")
    image = images()["CT"]
    call = _decoder(image, [imagecodecs.jpegls_encode(image)] * FRAMES, "radpix", threads)
    pixels = FRAMES * image.shape[0] * image.shape[1]
    work = f"JPEG-LS decode, {FRAMES} frames of CT"
    timed(benchmark, call, work=work, system="radpix", threads=threads, pixels=pixels)
