"""Writes single-frame series of an analytic phantom: any orientation, tilt, spacing, order, rescale or defect."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid
from pydicom.valuerep import DSfloat

if TYPE_CHECKING:
    from pathlib import Path

#: Rounds to HU from -1000 to a few thousand within a body; linear, so that linear interpolation reproduces it.
GRADIENT = np.array([3.0, -2.0, 5.0])

Field = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def linear_field(position: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the phantom's value at patient positions (..., 3)."""
    return np.asarray(position @ GRADIENT + 40.0)


def rotation(axis: Sequence[float], degrees: float) -> NDArray[np.float64]:
    """Return the matrix of a rotation about an axis."""
    x, y, z = np.asarray(axis) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = np.radians(degrees)
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross)


def stack_positions(
    count: int, step: ArrayLike = (0, 0, 2.5), origin: Sequence[float] = (-20, -30, 100)
) -> NDArray[np.float64]:
    """Return the positions (count, 3) of evenly spaced slices."""
    positions = np.asarray(origin, dtype=np.float64) + np.arange(count)[:, None] * np.asarray(step)
    return np.asarray(positions, dtype=np.float64)


@dataclass(frozen=True)
class Phantom:
    """A series to write; ``positions`` are those of the slices' first pixels, in the order of their numbers.

    ``rescale`` is one (slope, intercept) or one for each slice. ``tags`` are set in all slices, ``slice_tags[k]`` in
    slice k; None as a value removes the attribute.
    """

    positions: NDArray[np.float64] = field(default_factory=lambda: stack_positions(6))
    row: tuple[float, ...] = (1.0, 0.0, 0.0)
    column: tuple[float, ...] = (0.0, 1.0, 0.0)
    pixel_spacing: tuple[float, float] = (0.8, 0.7)
    shape: tuple[int, int] = (12, 10)
    rescale: Sequence[tuple[float, float]] | tuple[float, float] = (1.0, -1024.0)
    values: Field = linear_field
    dtype: str = "uint16"
    bits_stored: int = 16
    modality: str = "CT"
    series_uid: str = field(default_factory=generate_uid)
    frame_of_reference_uid: str = field(default_factory=generate_uid)
    names: Sequence[str] | None = None
    tags: Mapping[str, Any] = field(default_factory=dict)
    slice_tags: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)

    def pixel_positions(self, index: int) -> NDArray[np.float64]:
        """Return the patient positions (rows, columns, 3) of a slice's pixels (PS3.3 C.7.6.2.1.1)."""
        rows, columns = np.indices(self.shape, dtype=np.float64)
        along_row = columns[..., None] * self.pixel_spacing[1] * np.asarray(self.row)
        down_column = rows[..., None] * self.pixel_spacing[0] * np.asarray(self.column)
        return np.asarray(self.positions[index] + along_row + down_column)

    def rescale_of(self, index: int) -> tuple[float, float]:
        """Return (slope, intercept) of a slice."""
        slope, intercept = np.broadcast_to(np.asarray(self.rescale), (len(self.positions), 2))[index]
        return float(slope), float(intercept)

    def stored(self, index: int) -> NDArray[Any]:
        """Return the stored pixels of a slice."""
        slope, intercept = self.rescale_of(index)
        limits = np.iinfo(self.dtype)
        values = np.rint((self.values(self.pixel_positions(index)) - intercept) / slope)
        return np.clip(values, limits.min, limits.max).astype(self.dtype)

    def modality_values(self, index: int) -> NDArray[np.float64]:
        """Return the exact modality values of a slice."""
        slope, intercept = self.rescale_of(index)
        return np.asarray(self.stored(index) * slope + intercept)

    def write(self, folder: Path) -> list[Path]:
        """Write the slices and return their paths, in the order of ``positions``."""
        folder.mkdir(parents=True, exist_ok=True)
        names = self.names or [f"{index:04d}.dcm" for index in range(len(self.positions))]
        paths = [folder / name for name in names]
        for index, path in enumerate(paths):
            self._dataset(index).save_as(path, enforce_file_format=True)
        return paths

    def _dataset(self, index: int) -> FileDataset:
        meta = FileMetaDataset()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
        dataset.SOPClassUID = CTImageStorage
        dataset.SOPInstanceUID = generate_uid()
        dataset.StudyInstanceUID = "1.2.826.0.1.3680043.8.498.1"
        dataset.SeriesInstanceUID = self.series_uid
        dataset.FrameOfReferenceUID = self.frame_of_reference_uid
        dataset.Modality = self.modality
        dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        dataset.InstanceNumber = index + 1
        dataset.ImagePositionPatient = _decimals(self.positions[index])
        dataset.ImageOrientationPatient = _decimals([*self.row, *self.column])
        dataset.PixelSpacing = _decimals(self.pixel_spacing)
        dataset.RescaleSlope, dataset.RescaleIntercept = _decimals(self.rescale_of(index))
        self._pixels(dataset, index)
        for name, value in {**self.tags, **self.slice_tags.get(index, {})}.items():
            if value is None:
                delattr(dataset, name)
            else:
                setattr(dataset, name, value)
        return dataset

    def _pixels(self, dataset: FileDataset, index: int) -> None:
        pixels = self.stored(index)
        dataset.Rows, dataset.Columns = self.shape
        dataset.SamplesPerPixel = 1
        dataset.PhotometricInterpretation = "MONOCHROME2"
        dataset.BitsAllocated = 8 * pixels.itemsize
        dataset.BitsStored = min(self.bits_stored, dataset.BitsAllocated)
        dataset.HighBit = dataset.BitsStored - 1
        dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
        dataset.PixelData = pixels.tobytes()


def _decimals(values: Sequence[float] | NDArray[np.float64]) -> list[DSfloat]:
    return [DSfloat(float(value), auto_format=True) for value in values]
