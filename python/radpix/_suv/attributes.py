"""Attributes by tag and name, as messages speak of them."""

from __future__ import annotations

from typing import NoReturn

from radpix.errors import SuvError

__all__ = ["TAGS", "invalid", "missing"]

#: Tags and names for messages, by pydicom's keyword.
TAGS = {
    "AcquisitionDate": "(0008,0022) Acquisition Date",
    "AcquisitionTime": "(0008,0032) Acquisition Time",
    "Units": "(0054,1001) Units",
    "SUVType": "(0054,1006) SUV Type",
    "DecayCorrectionDateTime": "(0018,9701) Decay Correction DateTime",
    "DecayCorrection": "(0054,1102) Decay Correction",
    "CorrectedImage": "(0028,0051) Corrected Image",
    "PatientWeight": "(0010,1030) Patient's Weight",
    "PatientSize": "(0010,1020) Patient's Size",
    "PatientSex": "(0010,0040) Patient's Sex",
    "ActualFrameDuration": "(0018,1242) Actual Frame Duration",
    "FrameReferenceTime": "(0054,1300) Frame Reference Time",
    "RadiopharmaceuticalInformationSequence": "(0054,0016) Radiopharmaceutical Information Sequence",
    "RadionuclideTotalDose": "(0018,1074) Radionuclide Total Dose",
    "RadionuclideHalfLife": "(0018,1075) Radionuclide Half Life",
    "RadiopharmaceuticalStartDateTime": "(0018,1078) Radiopharmaceutical Start DateTime",
    "RadiopharmaceuticalStartTime": "(0018,1072) Radiopharmaceutical Start Time",
    "ImagePositionPatient": "(0020,0032) Image Position (Patient)",
    "SeriesTime": "(0008,0031) Series Time",
}


def missing(keyword: str, remedy: str = "") -> NoReturn:
    """Refuse for an attribute that is absent or empty."""
    tag = TAGS[keyword]
    hint = f"; give {remedy}" if remedy else ""
    raise SuvError(f"{tag} is absent or empty{hint}", code="suv-attribute-missing", tag=tag)


def invalid(keyword: str, found: object, expected: str) -> NoReturn:
    """Refuse for an attribute that is not what it must be."""
    tag = TAGS[keyword]
    raise SuvError(f"{tag} is {found}, expected {expected}", code="suv-attribute-invalid", tag=tag)
