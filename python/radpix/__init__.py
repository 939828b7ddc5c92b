"""radpix: the pixel engine under imaging-informatics software. Research use; not a medical device."""

from __future__ import annotations

from radpix import limits
from radpix._backend import BackendInfo, backend
from radpix._version import __version__
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
from radpix.plane import EdgeLetters, Plane
from radpix.projection import project
from radpix.reslice import reslice
from radpix.slices import Slice
from radpix.threads import get_num_threads, set_num_threads
from radpix.volume import Volume

__all__ = [
    "BackendInfo",
    "DecodeError",
    "EdgeLetters",
    "GeometryError",
    "LimitError",
    "PixelDataError",
    "Plane",
    "RadpixError",
    "RadpixWarning",
    "Slice",
    "TruncatedError",
    "UnsupportedTransferSyntaxError",
    "Volume",
    "__version__",
    "backend",
    "get_num_threads",
    "limits",
    "project",
    "reslice",
    "set_num_threads",
]
