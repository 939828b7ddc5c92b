"""Native frames: the twin of ``codec/uncompressed``, in NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from radpix._numba.layout import converts_to_rgb, element_type, keep_stored_bits
from radpix.errors import TruncatedError, UnsupportedTransferSyntaxError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from radpix._backend import FrameLayout

__all__ = ["Found", "decode_big_endian", "decode_little_endian", "unpack_bits", "ybr_full_to_rgb"]

#: A deviation of one frame: code, message, offset.
Found = tuple[str, str, int | None]


def decode_little_endian(
    codestream: NDArray[np.uint8], layout: FrameLayout, keep_components: bool, out: NDArray[Any]
) -> list[Found]:
    """Decode one native frame into ``out``; see ``codec/uncompressed/decoder.hpp``."""
    return _decode(codestream, layout, keep_components, out, "<")


def decode_big_endian(
    codestream: NDArray[np.uint8], layout: FrameLayout, keep_components: bool, out: NDArray[Any]
) -> list[Found]:
    """Decode one native big-endian frame into ``out``."""
    return _decode(codestream, layout, keep_components, out, ">")


def unpack_bits(packed: NDArray[np.uint8], out: NDArray[Any]) -> None:
    """Spread the bits of a frame with 1 bit allocated, least significant first (PS3.5 8.1.1)."""
    out[...] = np.unpackbits(packed, count=out.size, bitorder="little").reshape(out.shape)


def ybr_full_to_rgb(samples: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Convert (..., 3), 8 bit; the integers and their reasons are those of ``samples/rows-inl.hpp``."""
    y, cb, cr = np.moveaxis(samples.astype(np.int32), -1, 0)
    cb -= 128
    cr -= 128
    half = (1 << 21) + 64
    rounded_down = (cb == -50) & (cr == 50) & (y >= 19) & (y <= 46)
    rgb = np.stack(
        [
            y + ((5880414 * cr + half) >> 22),
            y + ((-1443412 * cb - 2995305 * cr + half) >> 22) - rounded_down,
            y + ((7432307 * cb + half) >> 22),
        ],
        axis=-1,
    )
    clipped: NDArray[np.uint8] = np.clip(rgb, 0, 255).astype(np.uint8)
    return clipped


def _decode(
    codestream: NDArray[np.uint8],
    layout: FrameLayout,
    keep_components: bool,
    out: NDArray[Any],
    order: Literal["<", ">"],
) -> list[Found]:
    found: list[Found] = []
    if layout.bits_allocated == 1:
        if layout.samples_per_pixel != 1:
            raise UnsupportedTransferSyntaxError(
                f"pixels of 1 bit have 1 sample, not {layout.samples_per_pixel}"
            )
        unpack_bits(_checked(codestream, (layout.rows * layout.columns + 7) // 8, found), out)
        return found
    item = element_type(layout)
    pixels = layout.rows * layout.columns
    full_length = pixels * layout.samples_per_pixel * item.itemsize
    halved_chroma = _has_halved_chroma(codestream, layout, full_length, found)
    to_rgb = converts_to_rgb(layout, keep_components)
    length = 2 * pixels * item.itemsize if halved_chroma else full_length
    stored = _checked(codestream, length, found).view(item.newbyteorder(order)).astype(item)
    keep_stored_bits(stored, layout)
    samples = _arranged(stored, layout, halved_chroma)
    out[...] = ybr_full_to_rgb(samples) if to_rgb else samples.reshape(out.shape)
    return found


def _checked(codestream: NDArray[np.uint8], expected: int, found: list[Found]) -> NDArray[np.uint8]:
    """Return the first ``expected`` bytes."""
    described = f"the native frame has {codestream.size} bytes, its attributes ask for {expected}"
    if codestream.size < expected:
        raise TruncatedError(described, code="truncated", offset=codestream.size)
    if codestream.size > expected + 1:  # one byte pads an odd length
        found.append(("pixel-data-long", f"{described}; the rest is ignored", expected))
    return codestream[:expected]


def _has_halved_chroma(
    codestream: NDArray[np.uint8], layout: FrameLayout, full_length: int, found: list[Found]
) -> bool:
    if layout.photometric_interpretation != "YBR_FULL_422" or layout.samples_per_pixel != 3:
        return False
    if codestream.size >= full_length:
        message = "a native frame called YBR_FULL_422 has bytes for full chroma; read as YBR_FULL"
        found.append(("ybr-422-not-subsampled", message, None))
        return False
    if layout.columns % 2:
        raise UnsupportedTransferSyntaxError(
            f"YBR_FULL_422 needs an even number of columns (PS3.3 C.7.6.3.1.2), not {layout.columns}"
        )
    return True


def _arranged(stored: NDArray[Any], layout: FrameLayout, halved_chroma: bool) -> NDArray[Any]:
    """Return (rows, columns, samples)."""
    rows, columns, samples = layout.rows, layout.columns, layout.samples_per_pixel
    if halved_chroma:  # Y Y Cb Cr, PS3.3 C.7.6.3.1.2
        quads = stored.reshape(-1, 4)
        pairs = np.stack([quads[:, [0, 2, 3]], quads[:, [1, 2, 3]]], axis=1)
        return pairs.reshape(rows, columns, 3)
    if layout.planar_configuration == 1 and samples > 1:
        return np.moveaxis(stored.reshape(samples, rows, columns), 0, -1)
    return stored.reshape(rows, columns, samples)
