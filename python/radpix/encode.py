"""Frames: from stored values to codestreams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from radpix import limits
from radpix._arguments import integer, text
from radpix._backend import FrameLayout, kernels
from radpix._frames import transfer_syntaxes as syntaxes
from radpix.errors import UnsupportedTransferSyntaxError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["encodable", "encode_frame"]


def encodable() -> frozenset[str]:
    """Return the UIDs of the transfer syntaxes that `encode_frame` writes."""
    if kernels().name != "native":
        return frozenset()
    from radpix import _core

    return frozenset(_core.encodable())


def encode_frame(
    pixels: NDArray[Any],
    *,
    transfer_syntax: str,
    bits_stored: int | None = None,
    photometric_interpretation: str = "MONOCHROME2",
    near: int = 0,
    interleave: Literal["sample", "line", "none"] = "sample",
) -> bytes:
    """Encode one frame of stored values.

    Parameters
    ----------
    pixels
        (rows, columns) or (rows, columns, samples) of 8- or 16-bit integers, any strides. It is not changed.
    transfer_syntax
        The Transfer Syntax UID.
    bits_stored
        The precision of the codestream, 2 to 16 bits for JPEG-LS. None stands for all bits of the type.
    photometric_interpretation
        As in the Image Pixel module (PS3.3 C.7.6.3). Samples are encoded as they are.
    near
        The largest error of a sample in JPEG-LS Near-Lossless (ITU-T T.87's NEAR), in stored values; 0 loses
        nothing. Signed samples have none: their codes are unsigned words, and an error could turn the sign.
    interleave
        How JPEG-LS codes the samples of colour: pixel by pixel (T.87's ILV 2), line by line (ILV 1), or in a scan for
        each sample (ILV 0). Nothing of it is seen in the decoded frame.

    Returns
    -------
    bytes
        The codestream, without the item and padding of PS3.5 A.4 around it.

    Raises
    ------
    TypeError
        ``pixels`` is no NumPy array of integers in the machine's byte order, or another argument of the
        wrong type.
    ValueError
        Its shape is not a frame's, a value needs more than ``bits_stored`` bits, or ``near`` or ``interleave`` is out
        of range.
    UnsupportedTransferSyntaxError
        There is no encoder for this transfer syntax.

    Examples
    --------
    >>> import numpy as np
    >>> import radpix
    >>> pixels = np.arange(12, dtype=np.uint16).reshape(3, 4)
    >>> stream = radpix.encode_frame(pixels, transfer_syntax="1.2.840.10008.1.2.4.80", bits_stored=12)
    >>> decoded = radpix.decode_frame(
    ...     stream,
    ...     transfer_syntax="1.2.840.10008.1.2.4.80",
    ...     rows=3,
    ...     columns=4,
    ...     bits_allocated=16,
    ...     bits_stored=12,
    ... )
    >>> bool((decoded == pixels).all())
    True
    """
    if transfer_syntax not in encodable():
        raise UnsupportedTransferSyntaxError(
            f"radpix has no encoder for {syntaxes.name_of(transfer_syntax)}; it writes"
            f" {', '.join(sorted(encodable())) or 'none with this backend'}"
        )
    layout = _layout_of(pixels, bits_stored, photometric_interpretation)
    error = integer(near, "near")
    if not 0 <= error <= 255:
        raise ValueError(f"near is {error}, expected 0 to 255 (T.87's NEAR)")
    from radpix import _core

    frame = pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels
    return _core.encode_frame(transfer_syntax, frame, layout, error, text(interleave, "interleave"))


def _layout_of(pixels: NDArray[Any], bits_stored: int | None, photometric_interpretation: str) -> FrameLayout:
    """Describe a frame by its array, which is checked."""
    import numpy as np

    if not isinstance(pixels, np.ndarray):
        raise TypeError(f"pixels is a NumPy array, not {type(pixels)}")
    if pixels.dtype.kind not in "iu":
        raise TypeError(f"pixels is an array of integers, not of {pixels.dtype}")
    if pixels.ndim not in (2, 3) or 0 in pixels.shape:
        raise ValueError(
            f"pixels has the shape {pixels.shape}, expected (rows, columns) or (rows, columns, samples)"
        )
    limits.check_frame(pixels.shape[0], pixels.shape[1])
    bits = 8 * pixels.dtype.itemsize
    stored = bits if bits_stored is None else integer(bits_stored, "bits_stored")
    if not 1 <= stored <= bits:
        raise ValueError(f"bits_stored is {stored}, expected 1 to {bits} for {pixels.dtype}")
    return FrameLayout(
        rows=pixels.shape[0],
        columns=pixels.shape[1],
        samples_per_pixel=pixels.shape[2] if pixels.ndim == 3 else 1,
        bits_allocated=bits,
        bits_stored=stored,
        high_bit=stored - 1,
        is_signed=pixels.dtype.kind == "i",
        photometric_interpretation=text(photometric_interpretation, "photometric_interpretation"),
    )
