"""JPEG 2000 and HTJ2K: one frame, against OpenJPEG and OpenJPH as imagecodecs carries them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import radpix
from benchmarks.inputs import images
from benchmarks.timing import timed
from radpix._backend import FrameLayout, kernels

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from pytest_benchmark.fixture import BenchmarkFixture

NAMES = ("CT", "CR", "DX", "US", "photo")
JPEG_2000 = "1.2.840.10008.1.2.4.91"
HTJ2K = "1.2.840.10008.1.2.4.203"
#: Transfer syntax, error allowed against the peer, and the ratio to it that radpix is held to. Two grey levels are
#: two of 65536: both round their float32 sums once, and few samples of a 16-bit image lie that far apart.
KINDS = {"5-3": (JPEG_2000, 0, 1.4), "9-7": (JPEG_2000, 2, 1.4), "HT 5-3": (HTJ2K, 0, 1.5)}


def _encoded(image: NDArray[Any], kind: str) -> bytes:
    imagecodecs = pytest.importorskip("imagecodecs")
    stream: bytes
    if kind == "HT 5-3":
        stream = imagecodecs.htj2k_encode(image, reversible=True)
    else:
        reversible = kind == "5-3"
        level = 0 if reversible else 20 * np.log10(np.ptp(image)) + 5  # dB: errors of about half a per cent
        stream = imagecodecs.jpeg2k_encode(image, codecformat="j2k", reversible=reversible, level=level)
    return stream


def _peer(kind: str) -> Callable[..., NDArray[Any]]:
    imagecodecs = pytest.importorskip("imagecodecs")
    decode: Callable[..., NDArray[Any]] = (
        imagecodecs.htj2k_decode if kind == "HT 5-3" else imagecodecs.jpeg2k_decode
    )
    return decode


def _layout(image: NDArray[Any]) -> FrameLayout:
    bits = 8 * image.dtype.itemsize
    samples = image.shape[2] if image.ndim == 3 else 1
    colour = "YBR_RCT" if samples == 3 else "MONOCHROME2"
    return FrameLayout(
        image.shape[0],
        image.shape[1],
        samples,
        bits,
        bits,
        bits - 1,
        image.dtype.kind == "i",
        photometric_interpretation=colour,
    )


def _radpix(image: NDArray[Any], stream: bytes, kind: str, threads: int) -> Callable[[], None]:
    syntax, most, _ = KINDS[kind]
    layout = _layout(image)
    out = np.zeros((1, *image.shape), image.dtype)

    def call() -> None:
        kernels().decode_frames(syntax, [stream], layout, out, keep_components=False, num_threads=threads)

    call()
    error = np.abs(out[0].astype(np.int64) - _peer(kind)(stream).astype(np.int64))
    assert error.max() <= most
    assert error.mean() <= 0.1 * most
    return call


def _imagecodecs(image: NDArray[Any], stream: bytes, kind: str, threads: int) -> Callable[[], None]:
    decode = _peer(kind)
    out = np.zeros_like(image)
    options = {} if kind == "HT 5-3" else {"numthreads": threads}

    def call() -> None:
        decode(stream, out=out, **options)

    call()
    return call


SYSTEMS = {"radpix": _radpix, "imagecodecs": _imagecodecs}


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_one_frame(benchmark: BenchmarkFixture, name: str, kind: str, system: str) -> None:
    image = images()[name]
    call = SYSTEMS[system](image, _encoded(image, kind), kind, 1)
    pixels = image.shape[0] * image.shape[1]
    goal = KINDS[kind][2]
    timed(
        benchmark,
        call,
        work=f"JPEG 2000 {kind} decode, {name}",
        system=system,
        threads=1,
        pixels=pixels,
        goal=goal,
    )


#: What is asked for of the CR frame. Of a stream with loss most bytes are those of the lower resolutions.
PARTS: dict[str, dict[str, Any]] = {
    "reduced by 4": {"reduce": 2},
    "256 x 256": {"region": (1100, 900, 256, 256)},
}


@pytest.mark.parametrize("part", ["whole", *PARTS])
@pytest.mark.parametrize("kind", KINDS)
def test_part_of_a_frame(benchmark: BenchmarkFixture, kind: str, part: str) -> None:
    image = images()["CR"]
    stream = _encoded(image, kind)
    options = PARTS.get(part, {})

    def call() -> NDArray[Any]:
        return radpix.decode_frame(
            stream,
            transfer_syntax=KINDS[kind][0],
            rows=image.shape[0],
            columns=image.shape[1],
            bits_allocated=16,
            num_threads=1,
            **options,
        )

    if "region" in options:
        row, column, height, width = options["region"]
        whole = radpix.decode_frame(
            stream,
            transfer_syntax=KINDS[kind][0],
            rows=image.shape[0],
            columns=image.shape[1],
            bits_allocated=16,
        )
        assert np.array_equal(call(), whole[row : row + height, column : column + width])
    pixels = image.shape[0] * image.shape[1]
    work = f"JPEG 2000 {kind} decode, {part} of one CR frame"
    timed(benchmark, call, work=work, system="radpix", threads=1, pixels=pixels)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_one_large_frame_shared_by_threads(benchmark: BenchmarkFixture, kind: str, threads: int) -> None:
    image = images()["CR"]
    call = _radpix(image, _encoded(image, kind), kind, threads)
    pixels = image.shape[0] * image.shape[1]
    work = f"JPEG 2000 {kind} decode, one CR frame"
    timed(benchmark, call, work=work, system="radpix", threads=threads, pixels=pixels)
