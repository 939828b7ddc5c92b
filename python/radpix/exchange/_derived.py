"""The attributes that a derived image has of its sources, and those of its own (PS3.3 C.7 and C.8)."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from radpix._suv.body import UNITS as SUV_UNITS
from radpix._version import __version__

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    from radpix.volume import Volume

__all__ = ["add_sources", "add_unit", "copy_from", "nearest", "new_dataset"]


def _keywords(text: str) -> list[str]:
    return text.split()


#: Of patient, study, frame of reference, equipment and acquisition: true of what is derived as well.
_KEPT = _keywords(
    """
    SpecificCharacterSet TimezoneOffsetFromUTC PatientName PatientID IssuerOfPatientID PatientBirthDate PatientSex
    PatientAge PatientSize PatientWeight PatientIdentityRemoved DeidentificationMethod
    DeidentificationMethodCodeSequence ClinicalTrialSponsorName ClinicalTrialProtocolID ClinicalTrialSubjectID
    StudyInstanceUID StudyDate StudyTime StudyID StudyDescription AccessionNumber ReferringPhysicianName
    BodyPartExamined Laterality PatientPosition ProtocolName PositionReferenceIndicator Manufacturer InstitutionName
    StationName ManufacturerModelName DeviceSerialNumber SoftwareVersions AcquisitionDate AcquisitionTime
    AcquisitionDateTime AcquisitionNumber BurnedInAnnotation LossyImageCompression LossyImageCompressionRatio
    LossyImageCompressionMethod ContrastBolusAgent KVP ScanningSequence SequenceVariant ScanOptions MRAcquisitionType
    RepetitionTime EchoTime EchoTrainLength InversionTime MagneticFieldStrength FlipAngle
    """
)
#: What PET values mean (PS3.3 C.8.9); Series Date and Time are the reference of decay and of Frame Reference Time.
_KEPT_PET = _keywords(
    """
    SeriesDate SeriesTime SeriesType CountsSource RandomsCorrectionMethod AttenuationCorrectionMethod
    ScatterCorrectionMethod DecayCorrection DecayCorrectionDateTime ReconstructionMethod CorrectedImage
    CollimatorType RadiopharmaceuticalInformationSequence PatientOrientationCodeSequence
    PatientGantryRelationshipCodeSequence FrameReferenceTime ActualFrameDuration DecayFactor
    DoseCalibrationFactor ScatterFractionFactor
    """
)
#: Group, creator and elements that PET values of Philips and GE need.
_KEPT_PRIVATE = (
    (0x7053, "Philips PET Private Group", (0x00, 0x09)),
    (0x0009, "GEMS_PETD_01", (0x0D,)),
)
#: Present, empty where unknown (type 2).
_TYPE_2 = _keywords(
    """
    PatientName PatientID PatientBirthDate PatientSex StudyDate StudyTime StudyID AccessionNumber
    ReferringPhysicianName Manufacturer
    """
)
_TYPE_2_BY_MODALITY = {
    "CT": _keywords("KVP AcquisitionNumber PatientPosition"),
    "MR": _keywords("RepetitionTime EchoTime EchoTrainLength ScanOptions MRAcquisitionType PatientPosition"),
    "PT": _keywords(
        """
        AcquisitionDate AcquisitionTime ActualFrameDuration CollimatorType CorrectedImage
        RadiopharmaceuticalInformationSequence PatientOrientationCodeSequence
        PatientGantryRelationshipCodeSequence
        """
    ),
}
#: Must have a value (type 1; PS3.3 C.8.3.1, C.8.9.1, C.8.9.4); these claim nothing where no source says it. UNKNOWN is
#: none of the defined terms of Decay Correction, so that no SUV is computed from it.
_TYPE_1_BY_MODALITY: dict[str, dict[str, Any]] = {
    "MR": {"ScanningSequence": "RM", "SequenceVariant": "NONE"},
    "PT": {
        "SeriesType": ["STATIC", "IMAGE"],
        "CountsSource": "EMISSION",
        "DecayCorrection": "UNKNOWN",
        "FrameReferenceTime": "0",
    },
}
#: Image Type value 2: of PET, PRIMARY is the only one (PS3.3 C.8.9.4.1.1).
_IMAGE_TYPE_2 = {"PT": "PRIMARY"}
#: Image Type value 3 where no source has one (PS3.3 C.8.2.1.1.1, C.8.3.1.1.1).
_IMAGE_TYPE_3 = {"CT": "AXIAL", "MR": "OTHER"}
#: Body Part Examined of which there are two, or which is not known (PS3.16 annex L).
_PAIRED = frozenset(
    {
        "",
        *_keywords(
            """
            ACJOINT ADRENAL ANKLE ARM AXILLA BREAST CALCANEUS CALF CAROTID CHEEK CLAVICLE COCHLEA EAR ELBOW EXTREMITY
            EYE EYELID FEMUR FIBULA FINGER FOOT FOREARM GLUTEAL GROIN HAND HIP HUMERUS IAC KIDNEY KNEE LEG LOWERLEG
            LOWERLIMB LUNG MASTOID ORBIT OVARY PAROTID PATELLA RADIUS RADIUSULNA RENAL RIB SCAPULA SCJOINT SHOULDER
            SIJOINT TESTIS THIGH THUMB TIBIA TIBIAFIBULA TMJ TOE ULNA UPPERARM UPPERLIMB WRIST ZYGOMA
            """
        ),
    }
)
_SUV_TYPES = {
    "bw": "BW",
    "lbm-janmahasatian": "LBMJANMA",
    "lbm-james": "LBMJAMES128",
    "bsa": "BSA",
    "ibw": "IBW",
}


def new_dataset(modality: str, *, colour: bool) -> Dataset:
    """Return a data set with file meta information, SOP class and instance."""
    from pydicom import uid
    from pydicom.dataset import Dataset, FileMetaDataset

    classes = {
        "CT": uid.CTImageStorage,
        "MR": uid.MRImageStorage,
        "PT": uid.PositronEmissionTomographyImageStorage,
    }
    dataset = Dataset()
    dataset.SOPClassUID = (
        uid.SecondaryCaptureImageStorage
        if colour
        else classes.get(modality, uid.SecondaryCaptureImageStorage)
    )
    dataset.SOPInstanceUID = uid.generate_uid(prefix=None)
    dataset.Modality = modality or "OT"
    if dataset.SOPClassUID == uid.SecondaryCaptureImageStorage:
        dataset.ConversionType = "WSD"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    return dataset


def copy_from(sources: Sequence[Dataset], dataset: Dataset, unit: str) -> None:
    """Take over what stays true of the first, and leave empty what must be there and is unknown."""
    source = sources[0] if sources else None
    if source is not None:
        _copy_kept(sources, dataset, unit)
    _fill_missing(dataset)
    kinds = list(source.get("ImageType") or []) if source is not None else []
    # VOLUME is a value of enhanced objects, and these are none.
    stated = kinds[2] if len(kinds) > 2 and kinds[2] != "VOLUME" else None
    third = stated or _IMAGE_TYPE_3.get(dataset.Modality)
    second = _IMAGE_TYPE_2.get(dataset.Modality, "SECONDARY")
    dataset.ImageType = ["DERIVED", second, *([third] if third else [])]


def _disputed(sources: Sequence[Dataset]) -> set[str]:
    """Return what the sources at the place of the first, such as its other time points, do not agree about."""
    first = sources[0]
    same = [
        one
        for one in sources[1:]
        if _is_placed(one) and _is_placed(first) and one.ImagePositionPatient == first.ImagePositionPatient
    ]
    return {
        keyword
        for keyword in [*_KEPT, *_KEPT_PET]
        if any(one.get(keyword) != first.get(keyword) for one in same)
    }


def _copy_kept(sources: Sequence[Dataset], dataset: Dataset, unit: str) -> None:
    source = sources[0]
    pet = dataset.Modality == "PT" and source.get("Modality") == "PT"
    with warnings.catch_warnings():
        # An identifier that is too long is kept as it is: another one would be that of another study.
        warnings.filterwarnings("ignore", module="pydicom")
        disputed = _disputed(sources)
        for keyword in [*_KEPT, *(_KEPT_PET if pet else [])]:
            if keyword in source and keyword not in disputed:
                dataset.add(copy.deepcopy(source[keyword]))
    if pet and unit in {"CNTS", "BQML"}:
        _copy_private(source, dataset)
    if "InversionTime" in dataset and "IR" not in _values(source, "ScanningSequence"):
        del dataset.InversionTime  # type 2C: of inversion recovery only (PS3.3 C.8.3.1)
    if dataset.Modality == "PT" and "PatientPosition" in dataset:
        # Type 2C: not beside Patient Orientation Code Sequence, which PET has (PS3.3 C.7.3.1, C.8.4.6).
        del dataset.PatientPosition


def _values(dataset: Dataset, keyword: str) -> list[str]:
    value = dataset.get(keyword) or []
    return [value] if isinstance(value, str) else list(value)


def _fill_missing(dataset: Dataset) -> None:
    """Add attributes of type 2 without a value, and those of type 1 with the one that says least."""
    if (dataset.get("BodyPartExamined") or "") in _PAIRED and "Laterality" not in dataset:
        dataset.Laterality = None  # type 2C: of a part that may be one of a pair (PS3.3 C.7.3.1)
    for keyword in [*_TYPE_2, *_TYPE_2_BY_MODALITY.get(dataset.Modality, [])]:
        if keyword not in dataset:
            setattr(dataset, keyword, [] if keyword.endswith("Sequence") else None)
    for keyword, value in _TYPE_1_BY_MODALITY.get(dataset.Modality, {}).items():
        if keyword not in dataset or dataset[keyword].is_empty:
            setattr(dataset, keyword, value)
    if dataset.get("DecayCorrection") == "UNKNOWN" and "DecayFactor" not in dataset:
        dataset.DecayFactor = "1"  # type 1C: of any correction (PS3.3 C.8.9.4); none is known


def _copy_private(source: Dataset, dataset: Dataset) -> None:
    for group, creator, elements in _KEPT_PRIVATE:
        try:
            block = source.private_block(group, creator)
        except KeyError:
            continue
        for element in elements:
            if element in block:
                found = block[element]
                dataset.private_block(group, creator, create=True).add_new(element, found.VR, found.value)


def add_unit(volume: Volume, dataset: Dataset) -> None:
    """Say what the rescaled values are: Units for PET, else Rescale Type, US where it is not known."""
    if dataset.Modality == "PT":
        for method, code in SUV_UNITS.items():
            if volume.unit == code:
                dataset.Units = "CM2ML" if method == "bsa" else "GML"
                dataset.SUVType = _SUV_TYPES[method]
                return
        dataset.Units = volume.unit or "NONE"
        return
    dataset.RescaleType = volume.unit or "US"


def _is_placed(source: Dataset) -> bool:
    position = source.get("ImagePositionPatient")
    return isinstance(position, Sequence) and len(position) == 3


def nearest(
    sources: Sequence[Dataset], position: NDArray[np.float64], normal: NDArray[np.float64]
) -> list[Dataset]:
    """Return the sources at either side of a slice, the nearest first; all where their place is not known."""
    placed = [one for one in sources if _is_placed(one)]
    if len(placed) < len(sources) or len(sources) < 2:
        return list(sources)
    away = [float((np.array(one.ImagePositionPatient, dtype=float) - position) @ normal) for one in placed]
    order = sorted(range(len(placed)), key=lambda k: abs(away[k]))
    if abs(away[order[0]]) < 1e-3:
        return [placed[k] for k in order if abs(away[k]) < 1e-3]
    other = [k for k in order if away[k] * away[order[0]] < 0]
    return [placed[k] for k in [order[0], *other[:1]]]


def add_sources(sources: Sequence[Dataset], dataset: Dataset, description: str) -> None:
    """Say what the image was derived from, and by what (PS3.3 C.7.6.1.1.3, C.7.6.1.1.4; C.12.1.1.5)."""
    from pydicom.dataset import Dataset

    def code(value: str, meaning: str) -> Any:
        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", meaning
        return [item]

    references = []
    for source in sources:
        if source.get("SOPInstanceUID") and source.get("SOPClassUID"):
            item = Dataset()
            item.ReferencedSOPClassUID = source.SOPClassUID
            item.ReferencedSOPInstanceUID = source.SOPInstanceUID
            item.PurposeOfReferenceCodeSequence = code(
                "121322", "Source image for image processing operation"
            )
            references.append(item)
    if references:
        dataset.SourceImageSequence = references
    dataset.DerivationDescription = description
    equipment = Dataset()
    equipment.PurposeOfReferenceCodeSequence = code("109103", "Modifying Equipment")
    equipment.Manufacturer = equipment.ManufacturerModelName = "radpix"
    equipment.SoftwareVersions = __version__
    dataset.ContributingEquipmentSequence = [equipment]
