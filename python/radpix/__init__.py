"""radpix: the pixel engine under imaging-informatics software. Research use; not a medical device."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from radpix import limits
from radpix._backend import BackendInfo, backend
from radpix._version import __version__
from radpix.camera import Camera
from radpix.codec import TransferSyntax, decode, decode_frame, iter_frames, transfer_syntaxes
from radpix.encode import encode_frame
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
from radpix.headers import read_header, scan_headers
from radpix.load import load
from radpix.modality import apply_modality
from radpix.plane import EdgeLetters, Plane
from radpix.projection import project
from radpix.render import Shading, drr, render
from radpix.resample import resample
from radpix.reslice import reslice
from radpix.series import Series, VolumePlan, scan
from radpix.slices import Slice
from radpix.threads import get_num_threads, set_num_threads
from radpix.transfer_function import TRANSFER_FUNCTIONS, TransferFunction
from radpix.volume import Volume
from radpix.window import WINDOW_PRESETS, Window, window

if TYPE_CHECKING:
    from types import ModuleType

    from radpix import pydicom_plugin

__all__ = [
    "TRANSFER_FUNCTIONS",
    "WINDOW_PRESETS",
    "BackendInfo",
    "Camera",
    "DecodeError",
    "EdgeLetters",
    "Finding",
    "GeometryError",
    "GeometryReport",
    "LimitError",
    "PixelDataError",
    "Plane",
    "RadpixError",
    "RadpixWarning",
    "Series",
    "Shading",
    "Slice",
    "TransferFunction",
    "TransferSyntax",
    "TruncatedError",
    "UnsupportedTransferSyntaxError",
    "Volume",
    "VolumePlan",
    "Window",
    "__version__",
    "apply_modality",
    "backend",
    "decode",
    "decode_frame",
    "drr",
    "encode_frame",
    "get_num_threads",
    "iter_frames",
    "limits",
    "load",
    "project",
    "pydicom_plugin",
    "read_header",
    "render",
    "resample",
    "reslice",
    "scan",
    "scan_headers",
    "set_num_threads",
    "transfer_syntaxes",
    "window",
]


def __getattr__(name: str) -> ModuleType:
    """Import `radpix.pydicom_plugin` when it is first asked for (PEP 562): few need it, `import radpix` stays quick."""
    if name != "pydicom_plugin":
        raise AttributeError(f"module 'radpix' has no attribute {name!r}")
    return import_module("radpix.pydicom_plugin")
