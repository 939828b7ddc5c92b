"""A volume as a series of DICOM images, one slice each, that reads back to the same voxels at the same place."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from radpix._files import new_folder
from radpix.errors import GeometryError
from radpix.exchange._derived import add_sources, add_unit, copy_from, nearest, new_dataset
from radpix.exchange._stored import Stored, stored_form
from radpix.series import Series, VolumePlan

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    from radpix.volume import Volume

__all__ = ["write_dicom_series"]

#: Row and column direction may be this far from a right angle, as a cosine: PS3.3 C.7.6.2.1.1 wants them orthogonal.
_ORTHOGONAL = 1e-6


def write_dicom_series(
    volume: Volume,
    directory: str | os.PathLike[str],
    *,
    template: Dataset | Sequence[Dataset] | Series | VolumePlan | None = None,
    series_description: str = "",
    series_number: int | None = None,
    derivation: str = "Volume written by radpix",
    step: float | None = None,
) -> list[Path]:
    """Write a volume as a new, derived series: a folder with a file for each slice, complete or not at all.

    Parameters
    ----------
    volume
        Voxels of any integer type or bool whose values span 16 bits, floats that are such integers, or with ``step``
        any finite floats; colour is RGB of uint8. Rows and columns are at right angles; the slices may be sheared, as
        with a tilted gantry.
    directory
        A new folder, or an empty one; its parent exists.
    template
        What the volume was made of: a header, those of all slices, or a series of `radpix.scan`. Patient, study, frame
        of reference, equipment and what PET values mean are its, and Source Image Sequence refers to it. Without it
        these are empty, and the study is new.
    series_description, series_number, derivation
        Of the new series; Derivation Description (0008,2111).
    step
        Rescale Slope: voxels are rounded to its multiples, an error of half of it in the volume's unit.

    Returns
    -------
    list of Path
        The files, in the order of Instance Number, which follows the normal of the slices.

    Raises
    ------
    ValueError
        Stored values of 16 bits do not hold the voxels; the message says which step would.
    GeometryError
        Rows and columns are not at right angles, or the template is of another frame of reference.
    OSError
        The folder exists and is not empty, or could not be written.

    Notes
    -----
    Image Type is DERIVED, SECONDARY (of PET PRIMARY); UIDs are new (2.25, random); SOP class CT, MR or PET Image
    Storage by the volume's modality, else Secondary Capture. Positions are decimal strings, within 1e-6 mm. SUV have
    their SUV Type.

    Examples
    --------
    >>> import tempfile
    >>> import radpix
    >>> volume = radpix.Volume(np.arange(24, dtype=np.int16).reshape(2, 3, 4), modality="CT", unit="HU")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = write_dicom_series(volume, f"{folder}/series")
    ...     same = radpix.load(f"{folder}/series")
    >>> len(files), bool((same.voxels == volume.voxels).all()), bool((same.affine == volume.affine).all())
    (2, True, True)
    """
    axes = _axes(volume)
    sources = _sources(template)
    stored = stored_form(volume, step)
    common = _common(volume, sources, series_description, series_number)
    order = range(volume.shape[0]) if axes[3] else range(volume.shape[0] - 1, -1, -1)
    names = [f"{number:05d}.dcm" for number in range(1, volume.shape[0] + 1)]
    with new_folder(Path(directory)) as folder:
        for number, (k, name) in enumerate(zip(order, names, strict=True), 1):
            dataset = new_dataset(common.Modality, colour=volume.voxels.ndim == 4)
            position = volume.index_to_patient((k, 0, 0))
            beside = nearest(sources, position, axes[2])
            copy_from(beside, dataset, volume.unit)
            dataset.update({element.tag: element for element in common if element.tag not in dataset})
            dataset.InstanceNumber = number
            if dataset.Modality == "PT":
                dataset.ImageIndex, dataset.NumberOfSlices = number, volume.shape[0]
            add_sources(beside, dataset, derivation)
            _add_plane(volume, axes, position, dataset)
            _add_pixels(volume, k, stored, dataset)
            dataset.save_as(folder / name, enforce_file_format=True)
    return [Path(directory) / name for name in names]


Axes = tuple["NDArray[np.float64]", "NDArray[np.float64]", "NDArray[np.float64]", bool]


def _axes(volume: Volume) -> Axes:
    """Return row direction, column direction, normal, and whether the slices ascend along it."""
    direction = volume.direction
    row, column = direction[:, 2], direction[:, 1]
    if max(volume.shape[1:]) > 65535:
        raise ValueError(f"Rows and Columns are 65535 at most, the volume has {volume.shape[1:]}")
    if abs(float(row @ column)) > _ORTHOGONAL:
        raise GeometryError(
            f"rows and columns meet at {np.degrees(np.arccos(row @ column)):.4f} degrees, DICOM images at 90"
            " (PS3.3 C.7.6.2.1.1); resample the volume first"
        )
    normal = np.cross(row, column)
    return row, column, normal, bool(direction[:, 0] @ normal > 0)


def _sources(template: Any) -> list[Dataset]:
    """Return the headers of the images that the volume was made of."""
    from pydicom import dcmread
    from pydicom.dataset import Dataset

    if template is None:
        return []
    if isinstance(template, Dataset):
        return [template]
    if isinstance(template, Series | VolumePlan):
        paths = dict.fromkeys(one.path for one in template.instances)  # the frames of an object have one file
        return [dcmread(path, force=True, stop_before_pixels=True) for path in paths]
    listed = (
        list(template) if isinstance(template, Sequence) and not isinstance(template, str | bytes) else []
    )
    if not listed or not all(isinstance(one, Dataset) for one in listed):
        raise TypeError("template is a data set, several of them, or a series of radpix.scan")
    studies = {str(one.get("StudyInstanceUID")) for one in listed}
    if len(studies) > 1:
        raise ValueError(
            f"the data sets of template are of {len(studies)} studies: {', '.join(sorted(studies)[:3])}"
        )
    return listed


def _frame_of_reference(volume: Volume, sources: Sequence[Dataset]) -> str:
    from pydicom.uid import generate_uid

    known = {str(one.get("FrameOfReferenceUID") or "") for one in sources} - {""}
    own = volume.frame_of_reference_uid
    if len(known | ({own} - {""})) > 1:
        raise GeometryError(
            f"the volume is in the frame of reference {own or 'unknown'}, template in {', '.join(sorted(known))}:"
            " it is not where the volume is"
        )
    return own or next(iter(known), "") or generate_uid(prefix=None)


def _common(volume: Volume, sources: Sequence[Dataset], description: str, number: int | None) -> Dataset:
    """Return what is the same in all images, unless it is taken from the sources."""
    from pydicom.dataset import Dataset
    from pydicom.uid import generate_uid

    if number is not None and not 0 <= number < 1 << 31:
        raise ValueError(f"series_number is from 0 to 2**31 - 1, not {number}")
    now = datetime.now()  # noqa: DTZ005
    common = Dataset()
    common.Modality = volume.modality or (str(sources[0].get("Modality") or "") if sources else "")
    common.StudyInstanceUID, common.SeriesInstanceUID = generate_uid(prefix=None), generate_uid(prefix=None)
    common.FrameOfReferenceUID = _frame_of_reference(volume, sources)
    common.PositionReferenceIndicator = None
    common.SeriesNumber, common.SeriesDescription = number, description or None
    common.SeriesDate = common.ContentDate = common.InstanceCreationDate = f"{now:%Y%m%d}"
    common.SeriesTime = common.ContentTime = common.InstanceCreationTime = f"{now:%H%M%S.%f}"
    return common


def _decimals(values: Any) -> Any:
    from pydicom.valuerep import DSfloat

    return [DSfloat(float(value), auto_format=True) for value in values]


def _add_plane(volume: Volume, axes: Axes, position: NDArray[np.float64], dataset: Dataset) -> None:
    """Image Plane module (PS3.3 C.7.6.2)."""
    row, column, normal, _ = axes
    _, between_rows, between_columns = volume.spacing
    apart = abs(float(volume.affine[:3, 0] @ normal))
    dataset.ImagePositionPatient = _decimals(position)
    dataset.ImageOrientationPatient = _decimals([*row, *column])
    dataset.PixelSpacing = _decimals([between_rows, between_columns])
    dataset.SliceThickness = dataset.SpacingBetweenSlices = _decimals([apart])[0]
    if "ConversionType" in dataset:
        # Type 2C of images that need no Image Orientation (PS3.3 C.7.6.1), which Secondary Capture does not.
        dataset.PatientOrientation = [_letters(row), _letters(column)]


def _letters(direction: NDArray[np.float64]) -> str:
    """Return where a direction points, the largest component first (PS3.3 C.7.6.1.1.1): "L", "AR", "FPL", ..."""
    order = np.argsort(-np.abs(direction), kind="stable")
    return "".join(
        "LPH"[k] if direction[k] > 0 else "RAF"[k] for k in order if abs(direction[k]) > _ORTHOGONAL
    )


def _add_pixels(volume: Volume, k: int, stored: Stored, dataset: Dataset) -> None:
    """Image Pixel, Modality LUT and VOI LUT modules (PS3.3 C.7.6.3, C.11.1, C.11.2)."""
    pixels = stored.encode(volume.voxels[k])
    colour = pixels.ndim == 3
    if not colour and pixels.dtype == np.uint8 and dataset.Modality in {"CT", "MR", "PT"}:
        pixels = pixels.astype(
            np.uint16
        )  # these objects have 16 bits allocated (PS3.3 C.8.2.1.1, C.8.3.1.1, C.8.9.4)
    dataset.Rows, dataset.Columns = pixels.shape[:2]
    dataset.SamplesPerPixel = 3 if colour else 1
    dataset.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
    if colour:
        dataset.PlanarConfiguration = 0
    dataset.BitsAllocated = dataset.BitsStored = 8 * pixels.dtype.itemsize
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    data = pixels.astype(pixels.dtype.newbyteorder("<"), copy=False).tobytes()
    dataset.add_new("PixelData", "OB" if pixels.dtype.itemsize == 1 else "OW", data + b"\0" * (len(data) % 2))
    if colour:
        return
    dataset.RescaleSlope, dataset.RescaleIntercept = _decimals([stored.slope, stored.intercept])
    add_unit(volume, dataset)
    padding = None if volume.padding_value is None else stored.encode_value(volume.padding_value)
    if padding is not None:
        dataset.add_new("PixelPaddingValue", "SS" if dataset.PixelRepresentation else "US", padding)
    _add_windows(volume, dataset)


def _add_windows(volume: Volume, dataset: Dataset) -> None:
    """VOI LUT module (PS3.3 C.11.2), whose one function is that of all its windows."""
    shown = [one for one in volume.windows if one.function == volume.windows[0].function]
    if not shown:
        return
    dataset.WindowCenter = _decimals([one.center for one in shown])
    dataset.WindowWidth = _decimals([one.width for one in shown])
    if any(one.explanation for one in shown):
        dataset.WindowCenterWidthExplanation = [one.explanation[:64] for one in shown]
    if shown[0].function != "LINEAR":
        dataset.VOILUTFunction = shown[0].function
