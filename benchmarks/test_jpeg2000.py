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
#: Transfer syntax, error allowed against OpenJPEG, and the ratio to the peer that radpix is held to. Two grey levels
#: are two of 65536: both round their float32 sums once, and few samples of a 16-bit image lie that far apart.
KINDS = {
    "5-3": (JPEG_2000, 0, 1.4),
    "9-7": (JPEG_2000, 2, 1.4),
    "HT 5-3": (HTJ2K, 0, 1.5),
    "HT 9-7": (HTJ2K, 2, 1.3),
}
#: Decibels above the error that equals the range of the values; of the 12-bit CR frame these are 1:26, 1:11, 1:6.
PSNR = {"9-7": 5, "9-7 at 1 to 11": 8, "9-7 at 1 to 6": 14}


def _encoded(image: NDArray[Any], kind: str) -> bytes:
    imagecodecs = pytest.importorskip("imagecodecs")
    stream: bytes
    values = np.ptp(image)
    if kind == "HT 5-3":
        stream = imagecodecs.htj2k_encode(image, reversible=True)
    elif (
        kind == "HT 9-7"
    ):  # a quantization step of 0.4 % of the values, given as a part of those representable
        step = 0.004 * values / 2.0 ** (8 * image.itemsize)
        stream = imagecodecs.htj2k_encode(image, reversible=False, level=step)
    elif kind == "5-3":
        stream = imagecodecs.jpeg2k_encode(image, codecformat="j2k", reversible=True, level=0)
    else:
        level = 20 * np.log10(values) + PSNR[kind]  # dB
        stream = imagecodecs.jpeg2k_encode(image, codecformat="j2k", reversible=False, level=level)
    return stream


def _peer(kind: str) -> Callable[..., NDArray[Any]]:
    imagecodecs = pytest.importorskip("imagecodecs")
    decode: Callable[..., NDArray[Any]] = (
        imagecodecs.htj2k_decode if kind.startswith("HT") else imagecodecs.jpeg2k_decode
    )
    return decode


def _expected(stream: bytes, kind: str) -> NDArray[Any]:
    """OpenJPEG clamps samples to their range, which OpenJPH does not for colours coded with loss."""
    imagecodecs = pytest.importorskip("imagecodecs")
    decode = imagecodecs.jpeg2k_decode if kind == "HT 9-7" else _peer(kind)
    expected: NDArray[Any] = decode(stream)
    return expected


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
    error = np.abs(out[0].astype(np.int64) - _expected(stream, kind).astype(np.int64))
    assert error.max() <= most
    assert error.mean() <= 0.1 * most
    return call


def _imagecodecs(image: NDArray[Any], stream: bytes, kind: str, threads: int) -> Callable[[], None]:
    decode = _peer(kind)
    out = np.zeros_like(image)
    options = {} if kind.startswith("HT") else {"numthreads": threads}

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


#: What is asked for of the CR frame.
PARTS: dict[str, dict[str, Any]] = {
    "reduced by 4": {"reduce": 2},
    "256 x 256": {"region": (1100, 900, 256, 256)},
}


@pytest.mark.parametrize("part", ["whole", *PARTS])
@pytest.mark.parametrize("kind", [*KINDS, *list(PSNR)[1:]])
def test_part_of_a_frame(benchmark: BenchmarkFixture, kind: str, part: str) -> None:
    image = images()["CR"]
    stream = _encoded(image, kind)
    options = PARTS.get(part, {})
    syntax = HTJ2K if kind.startswith("HT") else JPEG_2000

    def call() -> NDArray[Any]:
        return radpix.decode_frame(
            stream,
            transfer_syntax=syntax,
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
            transfer_syntax=syntax,
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
