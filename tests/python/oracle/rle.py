"""RLE frames written from PS3.5 Annex G in plain Python, for the tests of the decoders."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def packed(values: bytes, *, least_run: int = 2, longest: int = 128) -> bytes:
    """Return the packets of one segment (G.3.1), padded to an even length."""
    packets = bytearray()
    literal = bytearray()

    def end_literal() -> None:
        for first in range(0, len(literal), longest):
            piece = literal[first : first + longest]
            packets.append(len(piece) - 1)
            packets.extend(piece)
        literal.clear()

    at = 0
    while at < len(values):
        run = 1
        while at + run < len(values) and run < longest and values[at + run] == values[at]:
            run += 1
        if run >= least_run:
            end_literal()
            packets += bytes([257 - run if run > 1 else 0, values[at]])
        else:
            literal += values[at : at + run]
        at += run
    end_literal()
    return bytes(packets + b"\0" * (len(packets) % 2))


def frame_of(segments: list[bytes]) -> bytes:
    """Return the header (G.5) and the segments."""
    offsets, at = [], 64
    for segment in segments:
        offsets.append(at)
        at += len(segment)
    header = struct.pack("<16I", len(segments), *offsets, *[0] * (15 - len(segments)))
    return header + b"".join(segments)


def encoded(pixels: NDArray[Any], **packing: int) -> bytes:
    """Return the frame of ``pixels`` (rows, columns[, samples]): bytes of samples, most significant first."""
    samples = pixels.reshape(*pixels.shape[:2], -1)
    big = samples.astype(samples.dtype.newbyteorder(">"))
    lanes = big.view(np.uint8).reshape(-1, samples.shape[2] * samples.dtype.itemsize)
    return frame_of([packed(lanes[:, lane].tobytes(), **packing) for lane in range(lanes.shape[1])])


def encoded_bits(pixels: NDArray[np.uint8]) -> bytes:
    """Return the frame of pixels of 1 bit: one segment of packed bits (8.1.1)."""
    return frame_of([packed(np.packbits(pixels.reshape(-1), bitorder="little").tobytes())])
