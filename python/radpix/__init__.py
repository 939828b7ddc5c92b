"""radpix: the pixel engine under imaging-informatics software. Research use; not a medical device."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from radpix import limits
from radpix._backend import BackendInfo, backend
from radpix._version import __version__
from radpix.camera import Camera
from radpix.codec import TransferSyntax, decode, decode_frame, iter_frames, transfer_syntaxes
from radpix.color import convert_color
from radpix.color_map import COLOR_MAPS
from radpix.curved import CurvedSlice, curved
from radpix.display import display
from radpix.encode import encode_frame
from radpix.errors import (
    DecodeError,
    GeometryError,
    LimitError,
    PixelDataError,
    RadpixError,
    RadpixWarning,
    SuvError,
    TruncatedError,
    UnsupportedTransferSyntaxError,
)
from radpix.exchange import (
    read_nifti,
    read_nrrd,
    read_ome_zarr,
    write_dicom_series,
    write_nifti,
    write_nrrd,
    write_ome_zarr,
)
from radpix.fuse import fuse
from radpix.geometry import Finding, GeometryReport
from radpix.headers import read_header, scan_headers
from radpix.load import load
from radpix.modality import apply_modality
from radpix.overlays import Overlay, overlays
from radpix.palette import apply_palette
from radpix.plane import EdgeLetters, Plane
from radpix.projection import project
from radpix.real_world import apply_real_world
from radpix.render import Shading, drr, render
from radpix.resample import resample
from radpix.reslice import reslice, reslice_stack
from radpix.series import Series, VolumePlan, scan
from radpix.slices import Slice
from radpix.suv import SuvScale, suv_scale, to_suv
from radpix.threads import get_num_threads, set_num_threads
from radpix.transfer_function import TRANSFER_FUNCTIONS, TransferFunction
from radpix.transform import transform, warp
from radpix.voi import apply_voi
from radpix.volume import Volume
from radpix.window import WINDOW_PRESETS, Window, window

if TYPE_CHECKING:
    from types import ModuleType

    from radpix import pydicom_plugin

__all__ = [
    "COLOR_MAPS",
    "TRANSFER_FUNCTIONS",
    "WINDOW_PRESETS",
    "BackendInfo",
    "Camera",
    "CurvedSlice",
    "DecodeError",
    "EdgeLetters",
    "Finding",
    "GeometryError",
    "GeometryReport",
    "LimitError",
    "Overlay",
    "PixelDataError",
    "Plane",
    "RadpixError",
    "RadpixWarning",
    "Series",
    "Shading",
    "Slice",
    "SuvError",
    "SuvScale",
    "TransferFunction",
    "TransferSyntax",
    "TruncatedError",
    "UnsupportedTransferSyntaxError",
    "Volume",
    "VolumePlan",
    "Window",
    "__version__",
    "apply_modality",
    "apply_palette",
    "apply_real_world",
    "apply_voi",
    "backend",
    "convert_color",
    "curved",
    "decode",
    "decode_frame",
    "display",
    "drr",
    "encode_frame",
    "fuse",
    "get_num_threads",
    "iter_frames",
    "limits",
    "load",
    "overlays",
    "project",
    "pydicom_plugin",
    "read_header",
    "read_nifti",
    "read_nrrd",
    "read_ome_zarr",
    "render",
    "resample",
    "reslice",
    "reslice_stack",
    "scan",
    "scan_headers",
    "set_num_threads",
    "suv_scale",
    "to_suv",
    "transfer_syntaxes",
    "transform",
    "warp",
    "window",
    "write_dicom_series",
    "write_nifti",
    "write_nrrd",
    "write_ome_zarr",
]


def __getattr__(name: str) -> ModuleType:
    """Import `radpix.pydicom_plugin` when it is first asked for (PEP 562): few need it, `import radpix` stays quick."""
    if name != "pydicom_plugin":
        raise AttributeError(f"module 'radpix' has no attribute {name!r}")
    return import_module("radpix.pydicom_plugin")
