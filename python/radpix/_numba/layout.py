"""What a frame may look like: the checks of ``codec/layout.cpp``, with the same errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from radpix.errors import UnsupportedTransferSyntaxError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from radpix._backend import FrameLayout

__all__ = ["check_layout", "converts_to_rgb", "element_type", "keep_stored_bits"]

_MAX_EXTENT: Final = 2**31 - 1
_MAX_SAMPLES: Final = 64


def element_type(layout: FrameLayout) -> np.dtype[Any]:
    """Return the type of a decoded sample."""
    bits = layout.bits_allocated
    if layout.is_float:
        if bits not in {32, 64}:
            raise UnsupportedTransferSyntaxError(
                f"floating point pixels have 32 or 64 Bits Allocated, not {bits}"
            )
        return np.dtype(f"f{bits // 8}")
    if bits not in {1, 8, 16, 32, 64}:
        raise UnsupportedTransferSyntaxError(
            f"Bits Allocated (0028,0100) is {bits}; radpix reads 1, 8, 16, 32 and 64"
        )
    if bits == 1:  # a bit has no sign (PS3.5 8.1.1)
        return np.dtype("u1")
    return np.dtype(f"{'i' if layout.is_signed else 'u'}{bits // 8}")


def _check_bits(layout: FrameLayout) -> None:
    if layout.is_float:
        return  # Float Pixel Data uses all its bits (PS3.3 C.7.6.24)
    if not 1 <= layout.bits_stored <= layout.bits_allocated:
        raise ValueError(
            f"Bits Stored (0028,0101) is {layout.bits_stored}, expected 1 to Bits Allocated, "
            f"{layout.bits_allocated}"
        )
    if not layout.bits_stored - 1 <= layout.high_bit < layout.bits_allocated:
        raise ValueError(
            f"High Bit (0028,0102) is {layout.high_bit}, expected Bits Stored - 1 = {layout.bits_stored - 1}"
        )


def _check_attributes(layout: FrameLayout) -> None:
    for value, name in ((layout.rows, "Rows (0028,0010)"), (layout.columns, "Columns (0028,0011)")):
        if not 1 <= value <= _MAX_EXTENT:
            raise ValueError(f"{name} is {value}, expected 1 to {_MAX_EXTENT}")
    if not 1 <= layout.samples_per_pixel <= _MAX_SAMPLES:
        raise ValueError(
            f"Samples per Pixel (0028,0002) is {layout.samples_per_pixel}, expected 1 to {_MAX_SAMPLES}"
        )
    _check_bits(layout)
    if layout.planar_configuration not in {0, 1}:
        raise ValueError(
            f"Planar Configuration (0028,0006) is {layout.planar_configuration}, expected 0 or 1"
        )


def check_layout(layout: FrameLayout, out: NDArray[Any]) -> None:
    """Check the layout, and that ``out`` (frames, rows, columns[, samples]) has its shape and type."""
    expected = element_type(layout)
    _check_attributes(layout)
    colour = layout.samples_per_pixel > 1
    shape = (layout.rows, layout.columns, layout.samples_per_pixel)[: 3 if colour else 2]
    if out.shape[1:] != shape:
        found = f"({', '.join(map(str, out.shape[1:]))})"
        raise ValueError(
            f"the output has shape {found} for a frame of {layout.rows} rows, {layout.columns} columns and "
            f"{layout.samples_per_pixel} samples"
        )
    if out.dtype != expected:
        kind = "floating point" if layout.is_float else "signed" if layout.is_signed else "unsigned"
        raise TypeError(
            "the output's type is not that of the frame's samples: "
            f"{layout.bits_allocated} bits allocated, {kind}"
        )


def converts_to_rgb(layout: FrameLayout, keep_components: bool) -> bool:
    """Return whether the samples are YBR_FULL and have to become RGB."""
    is_ybr = layout.photometric_interpretation in {"YBR_FULL", "YBR_FULL_422"}
    if keep_components or not is_ybr or layout.samples_per_pixel != 3:
        return False
    if layout.bits_allocated != 8 or layout.bits_stored != 8 or layout.is_signed:
        raise UnsupportedTransferSyntaxError(
            "YBR_FULL has an inverse for 8 unsigned bits only (PS3.3 C.7.6.3.1.2), not for "
            f"{layout.bits_stored} in {layout.bits_allocated}; decode the components unconverted"
        )
    return True


def keep_stored_bits(samples: NDArray[Any], layout: FrameLayout) -> None:
    """Remove the bits outside Bits Stored, in place; the shift extends the sign of signed samples."""
    if layout.is_float or layout.bits_allocated in {1, layout.bits_stored}:
        return
    samples <<= samples.dtype.type(layout.bits_allocated - 1 - layout.high_bit)
    samples >>= samples.dtype.type(layout.bits_allocated - layout.bits_stored)
