"""radpix: the pixel engine under imaging-informatics software. Research use; not a medical device."""

from __future__ import annotations

from radpix import limits
from radpix._backend import BackendInfo, backend
from radpix._version import __version__
from radpix.codec import TransferSyntax, decode, decode_frame, iter_frames, transfer_syntaxes
from radpix.errors import (
    DecodeError,
    GeometryError,
    LimitError,
    PixelDataError,
    RadpixError,
    RadpixWarning,
    TruncatedError,
    UnsupportedTransferSyntaxError,
)
from radpix.threads import get_num_threads, set_num_threads
from radpix.volume import Volume

__all__ = [
    "BackendInfo",
    "DecodeError",
    "GeometryError",
    "LimitError",
    "PixelDataError",
    "RadpixError",
    "RadpixWarning",
    "TransferSyntax",
    "TruncatedError",
    "UnsupportedTransferSyntaxError",
    "Volume",
    "__version__",
    "backend",
    "decode",
    "decode_frame",
    "get_num_threads",
    "iter_frames",
    "limits",
    "set_num_threads",
    "transfer_syntaxes",
]
