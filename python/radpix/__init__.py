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
from radpix.geometry import Finding, GeometryReport
from radpix.load import load
from radpix.series import Series, VolumePlan, scan
from radpix.threads import get_num_threads, set_num_threads
from radpix.volume import Volume

__all__ = [
    "BackendInfo",
    "DecodeError",
    "Finding",
    "GeometryError",
    "GeometryReport",
    "LimitError",
    "PixelDataError",
    "RadpixError",
    "RadpixWarning",
    "Series",
    "TruncatedError",
    "UnsupportedTransferSyntaxError",
    "Volume",
    "VolumePlan",
    "__version__",
    "backend",
    "get_num_threads",
    "limits",
    "load",
    "scan",
    "set_num_threads",
]
