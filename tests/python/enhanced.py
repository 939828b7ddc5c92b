"""Objects with many slices each, made of the phantom's: enhanced CT, dose, parametric map, tomography, segments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import ExplicitVRLittleEndian, generate_uid
from pydicom.valuerep import DSfloat

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from tests.python.phantom import Phantom

ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2.1"
ENHANCED_US = "1.2.840.10008.5.1.4.1.1.6.2"
TOMOSYNTHESIS = "1.2.840.10008.5.1.4.1.1.13.1.3"
PARAMETRIC_MAP = "1.2.840.10008.5.1.4.1.1.30"
SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.7"
NUCLEAR = "1.2.840.10008.5.1.4.1.1.20"
DOSE = "1.2.840.10008.5.1.4.1.1.481.2"


def decimals(values: Any) -> list[DSfloat]:
    return [DSfloat(float(value), auto_format=True) for value in np.ravel(values)]


def item(**values: Any) -> Dataset:
    dataset = Dataset()
    for name, value in values.items():
        setattr(dataset, name, value)
    return dataset


def group(**values: Any) -> Items:
    """Return a functional group: a sequence of one item."""
    return Items([item(**values)])


def multi_frame(phantom: Phantom, pixels: NDArray[Any], *, sop_class: str, modality: str) -> FileDataset:
    """Return an object with these frames, without any place."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID = sop_class
    dataset.SOPInstanceUID = generate_uid()
    dataset.StudyInstanceUID = "1.2.826.0.1.3680043.8.498.1"
    dataset.SeriesInstanceUID = phantom.series_uid
    dataset.FrameOfReferenceUID = phantom.frame_of_reference_uid
    dataset.Modality = modality
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    dataset.InstanceNumber = 1
    dataset.NumberOfFrames, dataset.Rows, dataset.Columns = pixels.shape
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    if pixels.dtype.kind == "f":
        dataset.BitsAllocated = 32
        dataset.FloatPixelData = pixels.astype("<f4").tobytes()
        return dataset
    dataset.BitsAllocated = dataset.BitsStored = 8 * pixels.itemsize
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    dataset.PixelData = pixels.tobytes()
    return dataset


def with_groups(
    dataset: FileDataset,
    phantom: Phantom,
    slices: Sequence[int],
    *,
    shared: Mapping[str, Any] | None = None,
    frames: Sequence[Mapping[str, Any]] | None = None,
) -> FileDataset:
    """Give frames, of these slices of the phantom, their functional groups."""
    common = {
        "PlaneOrientationSequence": group(ImageOrientationPatient=decimals([*phantom.row, *phantom.column])),
        "PixelMeasuresSequence": group(PixelSpacing=decimals(phantom.pixel_spacing), SliceThickness=2.5),
        **(shared or {}),
    }
    dataset.SharedFunctionalGroupsSequence = group(**common)
    own = []
    for number, index in enumerate(slices):
        position = group(ImagePositionPatient=decimals(phantom.positions[index]))
        own.append(item(PlanePositionSequence=position, **(frames[number] if frames else {})))
    dataset.PerFrameFunctionalGroupsSequence = Items(own)
    return dataset


def enhanced_ct(phantom: Phantom, slices: Sequence[int], **options: Any) -> FileDataset:
    """Return an Enhanced CT with these slices of the phantom, each with its own rescale."""
    pixels = np.array([phantom.stored(index) for index in slices])
    dataset = multi_frame(phantom, pixels, sop_class=ENHANCED_CT, modality="CT")
    frames = [dict(extra) for extra in options.pop("frames", [{}] * len(slices))]
    for index, extra in zip(slices, frames, strict=True):
        slope, intercept = decimals(phantom.rescale_of(index))
        extra["PixelValueTransformationSequence"] = group(
            RescaleSlope=slope, RescaleIntercept=intercept, RescaleType="HU"
        )
    return with_groups(dataset, phantom, slices, frames=frames, **options)


def write(dataset: FileDataset, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)
    return path
