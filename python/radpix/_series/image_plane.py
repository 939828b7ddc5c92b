"""The plane of a DICOM image, from its attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from radpix.errors import GeometryError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom import Dataset

__all__ = ["image_plane"]

ImagePlane = tuple[
    "NDArray[np.float64]", "NDArray[np.float64]", "NDArray[np.float64]", tuple[float, float], tuple[int, int]
]


def image_plane(dataset: Dataset, frame: int) -> ImagePlane:
    """Return (center, row direction, column direction, spacing, shape)."""
    position = _numbers(dataset, frame, "PlanePositionSequence", "ImagePositionPatient", 3)
    orientation = _numbers(dataset, frame, "PlaneOrientationSequence", "ImageOrientationPatient", 6)
    row_spacing, column_spacing = _numbers(
        dataset, frame, "PixelMeasuresSequence", "PixelSpacing", 2
    ).tolist()
    rows, columns = _count(dataset, "Rows"), _count(dataset, "Columns")
    along, down = (v / (np.linalg.norm(v) or 1.0) for v in (orientation[:3], orientation[3:]))
    center = position + along * (column_spacing * (columns - 1) / 2) + down * (row_spacing * (rows - 1) / 2)
    return center, along, down, (row_spacing, column_spacing), (rows, columns)


def _numbers(dataset: Dataset, frame: int, macro: str, keyword: str, count: int) -> NDArray[np.float64]:
    from radpix._display.attributes import functional_group, numbers

    groups = functional_group(dataset, frame, macro)
    found = numbers(groups[0] if groups else dataset, keyword)
    if len(found) != count or not np.isfinite(found).all():
        raise GeometryError(
            f"an image with a place in the patient has {count} finite numbers of {keyword}, not {found};"
            " give the plane by hand"
        )
    return np.array(found, np.float64)


def _count(dataset: Dataset, keyword: str) -> int:
    from radpix._display.attributes import integer

    found = integer(dataset, keyword)
    if found is None or found < 1:
        raise GeometryError(f"an image has at least one of {keyword}, not {found}")
    return found
