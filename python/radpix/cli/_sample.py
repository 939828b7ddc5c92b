"""A CT series on disk: the phantom as a scanner would have written it, half of it run-length encoded."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np

from radpix._files import replacing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

__all__ = ["SERIES_UID", "rle_frame", "write_series"]

_CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
_EXPLICIT_LITTLE_ENDIAN, _RLE = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.5"
# Made once from UUIDs (PS3.5 B.2): the same demonstration has the same UIDs, so writing it again replaces it.
_STUDY_UID = "2.25.189512305413254271203719834062104983137"
SERIES_UID = "2.25.189512305413254271203719834062104983138"
_FRAME_UID = "2.25.189512305413254271203719834062104983139"
_INTERCEPT = -1024


def rle_frame(pixels: NDArray[np.uint16]) -> bytes:
    """Return a frame of 16 bits per sample as RLE Lossless (PS3.5 annex G).

    Parameters
    ----------
    pixels
        (rows, columns).
    """
    # G.2: one segment per byte plane, the most significant first.
    segments = [
        _segment(plane) for plane in ((pixels >> 8).astype(np.uint8), (pixels & 255).astype(np.uint8))
    ]
    offsets = [64, 64 + len(segments[0])]
    header = np.zeros(16, dtype="<u4")
    header[:3] = (len(segments), *offsets)
    return header.tobytes() + b"".join(segments)


def _segment(plane: NDArray[np.uint8]) -> bytes:
    """Return one byte plane as PackBits (G.3.1), each row by itself (G.3), padded to an even length."""
    columns = plane.shape[1]
    flat = plane.reshape(-1)
    starts = np.ones(flat.size, dtype=bool)
    starts[1:] = flat[1:] != flat[:-1]
    starts[::columns] = True
    first = np.flatnonzero(starts)
    length = np.diff(first, append=flat.size)
    # Runs of three and more are replicated; shorter ones join their neighbours of the same row as literals.
    repeated = length >= 3
    opens = np.ones(first.size, dtype=bool)
    opens[1:] = repeated[1:] | repeated[:-1] | (first[1:] % columns == 0)
    spans = np.flatnonzero(opens)
    begin, kind = first[spans], repeated[spans]
    size = np.diff(begin, append=flat.size)
    # Both kinds hold at most 128 bytes.
    pieces = -(-size // 128)
    number = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    begin, kind = np.repeat(begin, pieces) + 128 * number, np.repeat(kind, pieces)
    size = np.minimum(np.repeat(size, pieces) - 128 * number, 128)
    return _pack(flat, begin, size, kind)


def _pack(
    flat: NDArray[np.uint8], begin: NDArray[np.intp], size: NDArray[np.intp], kind: NDArray[np.bool_]
) -> bytes:
    """Write the spans: a control byte, then one byte (replicated) or all (literal)."""
    # A replicated run of one, the rest of a longer one, is a literal of one: 257 - 1 would be no control byte.
    kind = kind & (size > 1)
    taken = np.where(kind, 1, size)
    place = np.cumsum(taken + 1) - (taken + 1)
    out = np.zeros(int((taken + 1).sum()), dtype=np.uint8)
    out[place] = np.where(kind, 257 - size, size - 1)
    inside = np.arange(int(taken.sum())) - np.repeat(np.cumsum(taken) - taken, taken)
    out[np.repeat(place + 1, taken) + inside] = flat[np.repeat(begin, taken) + inside]
    return out.tobytes() + b"\0" * (out.size % 2)


def _header(shape: tuple[int, ...], spacing: tuple[float, float, float]) -> Dataset:
    """Return what all slices share: a phantom's CT with two windows."""
    from pydicom.dataset import Dataset

    now = dt.datetime(2025, 1, 1, 12, 0, tzinfo=dt.timezone.utc)
    values: dict[str, Any] = {
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "SOPClassUID": _CT_IMAGE,
        "StudyDate": now.strftime("%Y%m%d"),
        "StudyTime": now.strftime("%H%M%S"),
        "AccessionNumber": "",
        "Modality": "CT",
        "Manufacturer": "radpix",
        "ReferringPhysicianName": "",
        "StudyDescription": "Demonstration",
        "SeriesDescription": "Thorax phantom",
        "PatientName": "Phantom^Thorax",
        "PatientID": "RADPIX-DEMO",
        "PatientBirthDate": "",
        "PatientSex": "",
        "SliceThickness": spacing[0],
        "KVP": 120,
        "PatientPosition": "HFS",
        "StudyInstanceUID": _STUDY_UID,
        "SeriesInstanceUID": SERIES_UID,
        "StudyID": "1",
        "SeriesNumber": 1,
        "AcquisitionNumber": 1,
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "FrameOfReferenceUID": _FRAME_UID,
        "PositionReferenceIndicator": "",
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": shape[1],
        "Columns": shape[2],
        "PixelSpacing": [spacing[1], spacing[2]],
        "BitsAllocated": 16,
        "BitsStored": 12,
        "HighBit": 11,
        "PixelRepresentation": 0,
        "WindowCenter": [100, -500],
        "WindowWidth": [800, 1500],
        "WindowCenterWidthExplanation": ["CONTRAST", "LUNG"],
        "RescaleIntercept": _INTERCEPT,
        "RescaleSlope": 1,
        "RescaleType": "HU",
    }
    header = Dataset()
    for keyword, value in values.items():
        setattr(header, keyword, value)
    return header


def write_series(
    folder: Path,
    voxels: NDArray[np.int16],
    origin: NDArray[np.float64],
    spacing: tuple[float, float, float],
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write HU (z, y, x) as a CT Image series, one file per slice, every second one RLE Lossless.

    File names and Instance Numbers run from head to feet while positions ascend, as they do from many scanners: the
    position alone gives the order.

    Parameters
    ----------
    folder
        Exists.
    voxels
        HU from -1024 to 3071.
    origin
        Patient position (x, y, z) of voxel (0, 0, 0).
    spacing
        mm along (z, y, x).
    progress
        Called with (slices done, slices in all).
    """
    from pydicom.dataset import FileMetaDataset
    from pydicom.encaps import encapsulate
    from pydicom.uid import UID

    header = _header(voxels.shape, spacing)
    stored = (voxels.astype(np.int32) - _INTERCEPT).astype("<u2")
    for number in range(1, len(stored) + 1):
        index = len(stored) - number
        compressed = number % 2 == 0
        header.SOPInstanceUID = f"2.25.{int(SERIES_UID[5:]) + 1000 + number}"
        header.InstanceNumber = number
        x, y, z = origin + np.array([0.0, 0.0, spacing[0] * index])
        header.ImagePositionPatient = [round(float(v), 4) for v in (x, y, z)]
        header.SliceLocation = round(float(z), 4)
        pixels = stored[index]
        header.PixelData = encapsulate([rle_frame(pixels)]) if compressed else pixels.tobytes()
        header["PixelData"].VR = "OB" if compressed else "OW"
        header["PixelData"].is_undefined_length = compressed
        meta = FileMetaDataset()
        meta.TransferSyntaxUID = UID(_RLE if compressed else _EXPLICIT_LITTLE_ENDIAN)
        header.file_meta = meta
        with replacing(folder / f"IM{number:04d}.dcm") as stream:
            header.save_as(stream, enforce_file_format=True)
        if progress is not None:
            progress(number, len(stored))
