"""What a file may ask for before radpix refuses with `LimitError`.

The numbers are plain module attributes: ``radpix.limits.max_bytes_per_call = 64 << 30`` raises one for the process.

>>> import radpix
>>> before = radpix.limits.max_pixels_per_frame
>>> radpix.limits.max_pixels_per_frame = 1000
>>> radpix.decode_frame(
...     bytes(10_000), transfer_syntax="1.2.840.10008.1.2.1", rows=100, columns=100, bits_allocated=8
... )
Traceback (most recent call last):
    ...
radpix.errors.LimitError: a frame of 100 x 100 pixels is over radpix.limits.max_pixels_per_frame = 1000; ...
>>> radpix.limits.max_pixels_per_frame = before
"""

from __future__ import annotations

from radpix.errors import LimitError

__all__ = [
    "max_bytes_per_call",
    "max_decompression_ratio",
    "max_pixels_per_frame",
]

#: Rows x Columns of one frame. 2^30 is a whole-slide level of 32768 x 32768.
max_pixels_per_frame: int = 1 << 30

#: Bytes that one call may allocate for its result.
max_bytes_per_call: int = 16 << 30

#: Result bytes per compressed byte. RLE reaches 64, deflate 1032; a flat JPEG 2000 or JPEG-LS frame far more,
#: so frames below one MiB are never refused.
max_decompression_ratio: int = 10_000


def check_frame(rows: int, columns: int, where: str = "") -> None:
    """Raise `LimitError` for a frame with more pixels than `max_pixels_per_frame`."""
    if rows * columns > max_pixels_per_frame:
        raise LimitError(
            f"{where}a frame of {rows} x {columns} pixels is over radpix.limits.max_pixels_per_frame"
            f" = {max_pixels_per_frame}; raise it if the file is to be trusted"
        )


def check_bytes(size: int, where: str = "") -> None:
    """Raise `LimitError` for a result larger than `max_bytes_per_call`."""
    if size > max_bytes_per_call:
        raise LimitError(
            f"{where}the result takes {size} bytes, over radpix.limits.max_bytes_per_call"
            f" = {max_bytes_per_call}; raise it, or read fewer frames at once"
        )


def check_ratio(result_bytes: int, compressed_bytes: int, where: str = "") -> None:
    """Raise `LimitError` for compressed data that claims to grow by more than `max_decompression_ratio`."""
    if result_bytes > max(1 << 20, compressed_bytes * max_decompression_ratio):
        raise LimitError(
            f"{where}{compressed_bytes} compressed bytes claim to be {result_bytes}, over"
            f" radpix.limits.max_decompression_ratio = {max_decompression_ratio}; raise it if the file is to be trusted"
        )
