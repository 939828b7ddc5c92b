"""Decoding of frames: the twin of ``codec/frames.cpp`` and ``codec/registry.cpp``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from radpix._backend import Buffer, Deviation, FrameLayout, FrameSelection
from radpix._numba import rle, uncompressed
from radpix._numba.layout import check_layout
from radpix._numba.threads import parallel_for
from radpix._numba.uncompressed import Found
from radpix.errors import DecodeError, UnsupportedTransferSyntaxError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["decodable", "decode_frames"]

_Decoder = Callable[["NDArray[np.uint8]", FrameLayout, bool, "NDArray[Any]"], list[Found]]

_DECODERS: Final[dict[str, _Decoder]] = {
    "1.2.840.10008.1.2": uncompressed.decode_little_endian,
    "1.2.840.10008.1.2.1": uncompressed.decode_little_endian,
    "1.2.840.10008.1.2.1.98": uncompressed.decode_little_endian,
    "1.2.840.10008.1.2.1.99": uncompressed.decode_little_endian,
    "1.2.840.10008.1.2.2": uncompressed.decode_big_endian,
    "1.2.840.10008.1.2.5": rle.decode,
    "1.2.840.10008.1.2.8.1": uncompressed.decode_little_endian,
}


def decodable() -> frozenset[str]:
    """Return the UIDs of the transfer syntaxes that `decode_frames` reads."""
    return frozenset(_DECODERS)


def decode_frames(
    transfer_syntax: str,
    codestreams: Sequence[Buffer],
    layout: FrameLayout,
    out: NDArray[Any],
    *,
    keep_components: bool,
    num_threads: int,
    selection: FrameSelection | None = None,
) -> list[Deviation]:
    """Decode frames into ``out`` (frames, rows, columns[, samples])."""
    if selection is not None:
        raise UnsupportedTransferSyntaxError("the numba backend decodes whole frames only")
    if not out.flags.writeable:
        raise ValueError("the output array is read-only")
    frames = [np.frombuffer(codestream, np.uint8) for codestream in codestreams]
    if transfer_syntax not in _DECODERS:
        raise UnsupportedTransferSyntaxError(f"no decoder for transfer syntax {transfer_syntax}")
    if not 0 <= num_threads <= 1024:
        raise ValueError(f"the number of threads is from 0 to 1024, not {num_threads}")
    room = out.shape[0] if out.ndim else 0
    if not out.ndim or room != len(frames):
        raise ValueError(f"the output has room for {room} frames, {len(frames)} codestreams were given")
    check_layout(layout, out)
    found: list[list[Found]] = [[] for _ in frames]

    def decode_one(frame: int) -> list[Found]:
        try:
            return _DECODERS[transfer_syntax](frames[frame], layout, keep_components, out[frame])
        except DecodeError as error:
            error.frame, error.transfer_syntax = frame, transfer_syntax
            raise

    def decode_range(first: int, last: int) -> None:
        found[first:last] = [decode_one(frame) for frame in range(first, last)]

    parallel_for(len(frames), max(1, (1 << 16) // (layout.rows * layout.columns)), num_threads, decode_range)
    return [
        Deviation(code, message, frame, offset)
        for frame, deviations in enumerate(found)
        for code, message, offset in deviations
    ]
