"""The frames of enhanced PET objects as headers of classic ones, which the rules for SUV are written for.

Enhanced PET Image (PS3.3 A.56) says in modules and functional groups of its own what PET Image says at the top level;
Legacy Converted Enhanced PET (A.72) keeps most of it as it was, in Unassigned Converted Attributes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from radpix._enhanced.pet_units import ENHANCED_PET, LEGACY_CONVERTED_PET, PET_UNITS

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

__all__ = ["classic_headers", "items_of"]

#: What both kinds say at the top level.
_COMMON: Final = (
    "SOPClassUID",
    "Manufacturer",
    "TimezoneOffsetFromUTC",
    "PatientWeight",
    "PatientSize",
    "PatientSex",
    "SeriesDate",
    "SeriesTime",
    "AcquisitionDateTime",
    "DecayCorrectionDateTime",
    "RadiopharmaceuticalInformationSequence",
)
#: Where a legacy converted object keeps what has no place of its own.
_UNASSIGNED: Final = (
    "UnassignedSharedConvertedAttributesSequence",
    "UnassignedPerFrameConvertedAttributesSequence",
)


def items_of(dataset: Dataset, keyword: str) -> list[Dataset]:
    """Return the items of a sequence; a value that is none, as of a wrong VR, has none."""
    value = dataset.get(keyword)
    return list(value) if type(value).__name__ == "Sequence" else []


def classic_headers(dataset: Dataset) -> list[Dataset]:
    """Return a header for each frame of an enhanced PET object; any other data set as it is."""
    frames = items_of(dataset, "PerFrameFunctionalGroupsSequence")
    if str(dataset.get("SOPClassUID")) not in {ENHANCED_PET, LEGACY_CONVERTED_PET} or not frames:
        return [dataset]
    shared = items_of(dataset, "SharedFunctionalGroupsSequence")[:1]
    return [_classic(dataset, [*shared, frame]) for frame in frames]


def _classic(dataset: Dataset, groups: list[Dataset]) -> Dataset:
    from pydicom.dataset import Dataset as New

    header = New()
    for group in groups:
        for keyword in _UNASSIGNED:
            for kept in items_of(group, keyword)[:1]:
                header.update(kept)
    for keyword in _COMMON:
        if keyword in dataset:
            header[keyword] = dataset[keyword]
    for group in groups:
        _frame_content(header, group)
        _units(header, group)
    _corrections(header, dataset)
    return header


def _frame_content(header: Dataset, group: Dataset) -> None:
    for content in items_of(group, "FrameContentSequence")[:1]:
        if content.get("FrameAcquisitionDateTime"):
            header.AcquisitionDateTime = str(content.FrameAcquisitionDateTime)
            for keyword in ("AcquisitionDate", "AcquisitionTime"):
                if keyword in header:
                    delattr(header, keyword)
        duration = content.get("FrameAcquisitionDuration")
        if isinstance(duration, float) and 0 < duration < 1e10:  # ms, as Actual Frame Duration
            header.ActualFrameDuration = round(duration)
    for position in items_of(group, "PlanePositionSequence")[:1]:
        if "ImagePositionPatient" in position:
            header["ImagePositionPatient"] = position["ImagePositionPatient"]


def _units(header: Dataset, group: Dataset) -> None:
    """Take the unit of the values that `radpix.load` gives: those of the first Real World Value Mapping."""
    for mapping in items_of(group, "RealWorldValueMappingSequence")[:1]:
        for code in items_of(mapping, "MeasurementUnitsCodeSequence")[:1]:
            value = str(code.get("CodeValue") or code.get("LongCodeValue") or "")
            is_ucum = str(code.get("CodingSchemeDesignator") or "") == "UCUM"
            units, suv_type = PET_UNITS.get(value if is_ucum else "", ("", ""))
            header.Units, header.SUVType = units, suv_type


def _corrections(header: Dataset, dataset: Dataset) -> None:
    """Say as classic PET what Enhanced PET Corrections (PS3.3 C.8.22.6) says by YES and NO."""
    decay, attenuation = (
        str(dataset.get(keyword) or "") for keyword in ("DecayCorrected", "AttenuationCorrected")
    )
    if decay == "NO":
        header.DecayCorrection = "NONE"
    elif decay == "YES" and dataset.get("DecayCorrectionDateTime"):
        header.DecayCorrection = "START"  # of which Decay Correction DateTime is the moment
    if attenuation:
        corrected = ["ATTN"] * (attenuation == "YES") + ["DECY"] * (decay == "YES")
        header.CorrectedImage = corrected or ["NONE"]
