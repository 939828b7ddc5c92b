"""Where the real files are, and what tests on them need."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from radpix._backend import FrameLayout

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).resolve().parents[2]

#: The corpora, beside the project unless RADPIX_TEST_DATA says otherwise. Never part of the project.
DATA = Path(os.environ.get("RADPIX_TEST_DATA", "") or PROJECT.parent / "shared" / "data")


def real_data(*parts: str) -> Path:
    """Return a file or folder of the corpora, or skip the test that asks for an absent one.

    Tests that call this are marked ``@pytest.mark.real_data``, so that those that ran are counted.
    """
    path = DATA.joinpath(*parts)
    if not path.exists():
        # Modules that take their parameters from a table are skipped as a whole.
        reason = f"{path} is absent; set RADPIX_TEST_DATA to the folder of the corpora"
        pytest.skip(reason, allow_module_level=True)
    return path


def manifest(name: str) -> list[dict[str, str]]:
    """Return the rows of a table under ``manifests/``."""
    with real_data("manifests", name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def is_dicom(path: Path) -> bool:
    """Return whether a file has the prefix of PS3.10."""
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"


def dicom_files(*roots: Path) -> Iterator[Path]:
    """Yield the DICOM files below folders, in a fixed order."""
    for root in roots:
        yield from (path for path in sorted(root.rglob("*")) if path.is_file() and is_dicom(path))


def pydicom_files() -> list[Path]:
    """Return the DICOM files that pydicom's own package carries; nothing is downloaded."""
    import pydicom

    return list(dicom_files(Path(pydicom.__file__).parent / "data" / "test_files"))


def frames_of(path: Path) -> tuple[str, list[bytes], FrameLayout]:
    """Return transfer syntax, codestreams and layout of an encapsulated DICOM file, as pydicom reads them."""
    from pydicom import dcmread
    from pydicom.encaps import generate_frames

    dataset = dcmread(path)
    count = int(dataset.get("NumberOfFrames", 1) or 1)
    frames = [bytes(frame) for frame in generate_frames(dataset.PixelData, number_of_frames=count)]
    layout = FrameLayout(
        dataset.Rows,
        dataset.Columns,
        dataset.SamplesPerPixel,
        dataset.BitsAllocated,
        dataset.BitsStored,
        dataset.HighBit,
        bool(dataset.PixelRepresentation),
        photometric_interpretation=dataset.PhotometricInterpretation,
    )
    return dataset.file_meta.TransferSyntaxUID, frames, layout
