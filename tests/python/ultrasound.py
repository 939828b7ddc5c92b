"""Colour ultrasound in YBR, as it is stored: native in every order, run-length encoded, and JPEG 4:2:2."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.python import objects

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

#: Name: Photometric Interpretation, Planar Configuration, transfer syntax.
KINDS = {
    "native YBR_FULL": ("YBR_FULL", 0, objects.EXPLICIT),
    "native YBR_FULL by plane": ("YBR_FULL", 1, objects.EXPLICIT),
    "native YBR_FULL_422": ("YBR_FULL_422", 0, objects.EXPLICIT),
    "RLE YBR_FULL": ("YBR_FULL", 1, objects.RLE),
    "JPEG YBR_FULL_422": ("YBR_FULL_422", 0, objects.JPEG_BASELINE),
}


def to_ybr(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """PS3.3 C.7.6.3.1.2."""
    red, green, blue = (rgb[..., k].astype(np.float64) for k in range(3))
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    ybr = np.stack([luma, 128 + (blue - luma) / 1.772, 128 + (red - luma) / 1.402], axis=-1)
    return np.clip(np.rint(ybr), 0, 255).astype(np.uint8)


def halved(ybr: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the same with the chroma of every even pixel for two."""
    result = ybr.copy()
    result[..., 1::2, 1:] = result[..., ::2, 1:]
    return result


def to_rgb(ybr: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The inverse of PS3.3 C.7.6.3.1.2 in float64; halves and what is within 1e-9 of them are rounded up."""
    luma, blue, red = (ybr[..., k].astype(np.float64) for k in range(3))
    blue, red = blue - 128, red - 128
    green = luma - (0.114 * 1.772 * blue + 0.299 * 1.402 * red) / 0.587
    rgb = np.floor(np.stack([luma + 1.402 * red, green, luma + 1.772 * blue], axis=-1) + (0.5 + 1e-9))
    return np.clip(rgb, 0, 255).astype(np.uint8)


def _codestream(kind: str, rgb: NDArray[np.uint8]) -> bytes:
    """Return the bytes of one frame."""
    photometric, planar, syntax = KINDS[kind]
    if syntax == objects.JPEG_BASELINE:
        buffer = io.BytesIO()
        image = pytest.importorskip("PIL.Image")
        image.fromarray(rgb).save(buffer, "jpeg", quality=90, subsampling="4:2:2")
        data = buffer.getvalue()
        return data + bytes(len(data) & 1)
    ybr = to_ybr(rgb)
    if syntax == objects.RLE:
        return objects.rle_of_segments([_packed(plane.tobytes()) for plane in np.moveaxis(ybr, -1, 0)])
    if photometric == "YBR_FULL_422":
        chroma = ybr[:, ::2, 1:]
        return np.stack([ybr[:, ::2, 0], ybr[:, 1::2, 0], chroma[..., 0], chroma[..., 1]], axis=-1).tobytes()
    return (np.moveaxis(ybr, -1, 0) if planar else ybr).tobytes()


def _packed(plane: bytes) -> bytes:
    """Return one RLE segment (PS3.5 G.3): replicate runs of three bytes on, literals between them."""
    values = np.frombuffer(plane, np.uint8)
    starts = np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]]))
    packed, literal = bytearray(), bytearray()

    def flush() -> None:
        for k in range(0, len(literal), 128):
            part = literal[k : k + 128]
            packed.extend([len(part) - 1, *part])
        literal.clear()

    for start, end in zip(starts, [*starts[1:], len(values)], strict=True):
        if end - start < 3:
            literal.extend(plane[start:end])
            continue
        flush()
        for first in range(start, end, 128):
            count = min(128, end - first)
            packed.extend([257 - count, plane[start]] if count > 1 else [0, plane[start]])
    flush()
    return bytes(packed) + bytes([0x80] * (len(packed) & 1))


def write(path: Path, kind: str, pictures: NDArray[np.uint8], frames: int) -> None:
    """Write an object of ``frames`` frames that show the pictures (n, rows, columns, 3) one after the other."""
    photometric, planar, syntax = KINDS[kind]
    codestreams = [_codestream(kind, picture) for picture in pictures]
    rows, columns = pictures.shape[1:3]
    described: dict[str, Any] = {"photometric": photometric, "planar": planar, "syntax": syntax}
    dataset = objects.header(rows=rows, columns=columns, samples=3, bits=8, frames=frames, **described)
    is_native = syntax == objects.EXPLICIT
    length = len(codestreams[0]) * frames if is_native else None
    with path.open("wb") as file:
        file.write(objects.part10(dataset, b"", vr="OB", length=length))
        if not is_native:
            file.write(objects.ITEM + bytes(4))
        for frame in range(frames):
            data = codestreams[frame % len(codestreams)]
            if not is_native:
                file.write(objects.ITEM + len(data).to_bytes(4, "little"))
            file.write(data)
        if not is_native:
            file.write(objects.DELIMITER)


def expected(kind: str, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the RGB that decoding has to give; libjpeg-turbo's, behind Pillow, of JPEG."""
    if kind.startswith("JPEG"):
        image = pytest.importorskip("PIL.Image")
        return np.asarray(image.open(io.BytesIO(_codestream(kind, picture))).convert("RGB"))
    ybr = to_ybr(picture)
    return to_rgb(halved(ybr) if kind.endswith("422") else ybr)
