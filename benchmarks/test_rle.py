"""RLE Lossless: one frame, and frames of a multi-frame object, against imagecodecs and pylibjpeg-rle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from benchmarks.inputs import images
from benchmarks.timing import timed
from radpix._backend import FrameLayout, kernels

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from pytest_benchmark.fixture import BenchmarkFixture

RLE_LOSSLESS = "1.2.840.10008.1.2.5"
NAMES = ("CT", "CR", "DX", "US", "photo")
FRAMES = 8


def _layout(image: NDArray[Any]) -> FrameLayout:
    bits = 8 * image.dtype.itemsize
    samples = image.shape[2] if image.ndim == 3 else 1
    return FrameLayout(image.shape[0], image.shape[1], samples, bits, bits, bits - 1)


def _encoded(image: NDArray[Any]) -> bytes:
    """Return the frame as the peer's encoder writes it."""
    rle = pytest.importorskip("rle")
    layout = _layout(image)
    described = {
        "rows": layout.rows,
        "columns": layout.columns,
        "samples_per_pixel": layout.samples_per_pixel,
        "bits_allocated": layout.bits_allocated,
        "number_of_frames": 1,
        "planar_configuration": 0,
        "photometric_interpretation": "RGB" if image.ndim == 3 else "MONOCHROME2",
    }
    encoded: bytes = rle.encode_pixel_data(image.tobytes(), byteorder="<", **described)
    return encoded


def _radpix(image: NDArray[Any], frames: list[bytes], threads: int) -> Callable[[], None]:
    layout = _layout(image)
    out = np.zeros((len(frames), *image.shape), image.dtype)

    def call() -> None:
        kernels().decode_frames(RLE_LOSSLESS, frames, layout, out, keep_components=False, num_threads=threads)

    call()
    np.testing.assert_array_equal(out, np.broadcast_to(image, out.shape))
    return call


def _imagecodecs(image: NDArray[Any], frames: list[bytes], _threads: int) -> Callable[[], None]:
    imagecodecs = pytest.importorskip("imagecodecs")
    memory = [bytearray(image.nbytes) for _ in frames]

    def call() -> None:
        for frame, target in zip(frames, memory, strict=True):
            imagecodecs.dicomrle_decode(frame, image.dtype.str, out=target)

    call()
    _assert_planes(memory, image)
    return call


def _pylibjpeg(image: NDArray[Any], frames: list[bytes], _threads: int) -> Callable[[], None]:
    rle = pytest.importorskip("rle.rle")
    pixels, bits = image.shape[0] * image.shape[1], 8 * image.itemsize

    def call() -> None:
        for frame in frames:
            rle.decode_frame(frame, pixels, bits, "<")

    _assert_planes([rle.decode_frame(frame, pixels, bits, "<") for frame in frames], image)
    return call


def _assert_planes(decoded: list[bytearray], image: NDArray[Any]) -> None:
    """Assert samples plane by plane, as the peers leave them; radpix has interleaved them as well."""
    planes = np.moveaxis(image, -1, 0) if image.ndim == 3 else image
    for frame in decoded:
        np.testing.assert_array_equal(np.frombuffer(bytes(frame), image.dtype), planes.reshape(-1))


SYSTEMS = {"radpix": _radpix, "imagecodecs": _imagecodecs, "pylibjpeg-rle": _pylibjpeg}


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("name", NAMES)
def test_one_frame(benchmark: BenchmarkFixture, name: str, system: str) -> None:
    image = images()[name]
    call = SYSTEMS[system](image, [_encoded(image)], 1)
    pixels = image.shape[0] * image.shape[1]
    timed(benchmark, call, work=f"RLE decode, {name}", system=system, threads=1, pixels=pixels, goal=2.0)


@pytest.mark.parametrize(("system", "threads"), [("radpix", 1), ("radpix", 2), ("imagecodecs", 1)])
@pytest.mark.parametrize("name", ["CT", "US"])
def test_many_frames(benchmark: BenchmarkFixture, name: str, system: str, threads: int) -> None:
    image = images()[name]
    call = SYSTEMS[system](image, [_encoded(image)] * FRAMES, threads)
    pixels = FRAMES * image.shape[0] * image.shape[1]
    work = f"RLE decode, {FRAMES} frames of {name}"
    timed(benchmark, call, work=work, system=system, threads=threads, pixels=pixels)


@pytest.mark.parametrize("threads", [1, 2])
def test_one_large_frame_shared_by_threads(benchmark: BenchmarkFixture, threads: int) -> None:
    image = images()["CR"]
    call = _radpix(image, [_encoded(image)], threads)
    pixels = image.shape[0] * image.shape[1]
    timed(benchmark, call, work="RLE decode, one CR frame", system="radpix", threads=threads, pixels=pixels)
