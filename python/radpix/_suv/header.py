"""The attributes of a PET header that a SUV is computed from; what is absent or impossible is refused by name."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from radpix._enhanced.pet_units import ENHANCED_PET
from radpix._suv.attributes import TAGS, invalid, missing
from radpix._suv.clock import moment, offset_of, parse_datetime
from radpix._suv.frames import items_of
from radpix.errors import SuvError

if TYPE_CHECKING:
    from datetime import datetime

    from pydicom.dataset import Dataset

__all__ = ["Given", "Patient", "PetHeader"]

#: Group, creator and element of the date and time of the scan's start.
_GE_SCAN_START = (0x0009, "GEMS_PETD_01", 0x0D)

#: Half-lives in s (NNDC NuDat 3) by Code Value of the radionuclide: SNOMED RT and CT of PS3.16 CID 4020.
_HALF_LIVES = {
    code: seconds
    for seconds, codes in {
        6586.2: ("C-111A1", "77004003"),  # 18F
        1221.8: ("C-105A1", "40565003"),  # 11C
        4062.6: ("C-131A3", "35337001"),  # 68Ga
        282276.0: ("C-168A4", "63360001"),  # 89Zr
        45721.1: ("C-127A2", "3932008"),  # 64Cu
        75.45: ("C-159A2", "79197006"),  # 82Rb
        597.9: ("C-107A1", "21576001"),  # 13N
        122.24: ("C-B1038", "129504001"),  # 15O
        360806.0: ("C-114A5", "40937006"),  # 124I
    }.items()
    for code in codes
}


def _number(dataset: Dataset, keyword: str) -> float | None:
    """Return a number, None where it is absent or empty; a text that is none is refused."""
    try:
        value = dataset.get(keyword)  # pydicom parses it here
        if value is None or str(value).strip() == "":
            return None
        number = float(value)
    except (TypeError, ValueError):
        invalid(keyword, "no number", "one number")
    if not math.isfinite(number):
        invalid(keyword, f"{number}", "a finite number")
    return number


def _stated(given: float | None, dataset: Dataset, keyword: str) -> float | None:
    return _number(dataset, keyword) if given is None else given


def _dose(dataset: Dataset, drug: Dataset) -> float | None:
    """Return Radionuclide Total Dose in Bq; Enhanced PET has it in MBq (PS3.3 C.8.22.4)."""
    dose = _number(drug, "RadionuclideTotalDose")
    return dose if dose is None or _word(dataset, "SOPClassUID") != ENHANCED_PET else 1e6 * dose


def _milliseconds(dataset: Dataset, keyword: str) -> float | None:
    number = _number(dataset, keyword)
    if number is not None and abs(number) > 1e10:
        invalid(keyword, f"{number:g} ms", "a part of a day")
    return number


def _word(dataset: Dataset, keyword: str) -> str:
    return str(dataset.get(keyword) or "").strip()


def _text(dataset: Dataset, keyword: str) -> str:
    return _word(dataset, keyword).upper()


def _words(dataset: Dataset, keyword: str) -> tuple[str, ...]:
    value = dataset.get(keyword) or ()
    return (value,) if isinstance(value, str) else tuple(map(str, value))


def _position(dataset: Dataset) -> tuple[float, ...] | None:
    try:
        value = tuple(map(float, dataset.get("ImagePositionPatient") or ()))
    except (TypeError, ValueError):
        return None
    return value if len(value) == 3 and all(map(math.isfinite, value)) else None


def _private(dataset: Dataset, group: int, creator: str, element: int, literal: bool) -> Any:
    """Return a private attribute's value: in its creator's block, else with ``literal`` in block 10."""
    try:
        value = dataset.private_block(group, creator)[element].value
    except KeyError:
        found = dataset.get((group, 0x1000 + element)) if literal else None
        value = None if found is None else found.value
    # A private attribute of an Implicit VR file, or one that a system did not know, is of unknown VR.
    return value.decode("ascii", "replace").strip("\0 ") if isinstance(value, bytes) else value


def _private_number(dataset: Dataset, element: int) -> float | None:
    """Return a Philips factor; 0, which marks one that was not computed, is None."""
    philips = "PHILIPS" in _text(dataset, "Manufacturer")
    value = _private(dataset, 0x7053, "Philips PET Private Group", element, philips)
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) and number > 0 else None


def _zone(dataset: Dataset) -> str:
    """Return the offset of the scanner's clock: Timezone Offset From UTC, else that in the scan's own moments."""
    moments = ("AcquisitionDateTime", "DecayCorrectionDateTime")
    stated = {offset_of(_word(dataset, keyword)) for keyword in moments} - {""}
    return _word(dataset, "TimezoneOffsetFromUTC") or (stated.pop() if len(stated) == 1 else "")


@dataclass(frozen=True)
class Given:
    """What the caller states instead of the header; None where the header is to be believed."""

    weight: float | None = None
    size: float | None = None
    sex: str | None = None
    dose: float | None = None
    half_life: float | None = None
    injected_at: datetime | None = None

    @property
    def is_injection(self) -> bool:
        """Whether nothing of the injection is left to the header."""
        return None not in {self.dose, self.half_life, self.injected_at}


@dataclass(frozen=True)
class Patient:
    """Weight (kg), size (m) and sex; each is refused when it is asked for and unknown."""

    known_weight: float | None
    known_size: float | None
    known_sex: str

    @property
    def weight(self) -> float:
        """Patient's Weight in kg."""
        if not self.known_weight:  # 0 stands for a weight that was not entered
            missing("PatientWeight", "weight= in kg")
        if not 0.01 <= self.known_weight <= 650:  # a mouse; the heaviest patient known
            invalid("PatientWeight", f"{self.known_weight:g}", "kg from 0.01 to 650")
        return self.known_weight

    @property
    def size(self) -> float:
        """Patient's Size in m."""
        if not self.known_size:
            missing("PatientSize", "size= in m")
        if not 0.02 <= self.known_size <= 2.8:
            invalid("PatientSize", f"{self.known_size:g}", "metres up to 2.8, not centimetres")
        return self.known_size

    @property
    def is_male(self) -> bool:
        """Patient's Sex, where it is M or F."""
        if self.known_sex not in {"M", "F"}:
            if not self.known_sex:
                missing("PatientSex", 'sex="M" or "F"')
            invalid("PatientSex", self.known_sex, 'M or F; give sex="M" or "F"')
        return self.known_sex == "M"


@dataclass(frozen=True)
class PetHeader:
    """One image's header, as far as a SUV needs it. Times are wall clock times of the scanner."""

    units: str
    suv_type: str
    decay_correction: str
    corrected: tuple[str, ...]
    patient: Patient
    manufacturer: str
    series: datetime | None
    acquisition: datetime | None
    acquisition_lacks: str
    ge_scan_start: datetime | None
    decay_reference: datetime | None
    frame_duration: float | None
    frame_reference: float | None
    injections: int
    injection_datetime: datetime | None
    injection_time: str
    is_zone_unknown: bool
    dose: float | None
    half_life: float | None
    nuclide: str
    philips_suv: float | None
    philips_activity: float | None
    position: tuple[float, ...] | None = field(default=None, compare=False)

    @classmethod
    def of(cls, dataset: Dataset, given: Given) -> PetHeader:
        """Read a data set; what ``given`` states takes the place of what the header says."""
        items = items_of(dataset, "RadiopharmaceuticalInformationSequence")
        drug: Any = next(iter(items), {})
        nuclide: Any = next(iter(items_of(drug, "RadionuclideCodeSequence")), {})
        zone = _zone(dataset)
        injected = _word(drug, "RadiopharmaceuticalStartDateTime")
        injected_at = given.injected_at
        return cls(
            units=_text(dataset, "Units"),
            suv_type=_text(dataset, "SUVType"),
            decay_correction=_text(dataset, "DecayCorrection"),
            corrected=_words(dataset, "CorrectedImage"),
            patient=Patient(
                _stated(given.weight, dataset, "PatientWeight"),
                _stated(given.size, dataset, "PatientSize"),
                given.sex or _text(dataset, "PatientSex"),
            ),
            manufacturer=_text(dataset, "Manufacturer"),
            series=moment(dataset, "Series"),
            acquisition=moment(dataset, "Acquisition"),
            acquisition_lacks="AcquisitionDate" if _word(dataset, "AcquisitionTime") else "AcquisitionTime",
            ge_scan_start=parse_datetime(str(_private(dataset, *_GE_SCAN_START, literal=False)), zone),
            decay_reference=parse_datetime(_word(dataset, "DecayCorrectionDateTime"), zone),
            frame_duration=_milliseconds(dataset, "ActualFrameDuration"),
            frame_reference=_milliseconds(dataset, "FrameReferenceTime"),
            injections=1 if given.is_injection else len(items),
            injection_datetime=injected_at or parse_datetime(injected, zone),
            injection_time="" if injected_at else _word(drug, "RadiopharmaceuticalStartTime"),
            is_zone_unknown=not injected_at and not zone and bool(offset_of(injected)),
            dose=given.dose or _dose(dataset, drug),
            half_life=_stated(given.half_life, drug, "RadionuclideHalfLife"),
            nuclide=_word(nuclide, "CodeValue"),
            philips_suv=_private_number(dataset, 0x00),
            philips_activity=_private_number(dataset, 0x09),
            position=_position(dataset),
        )

    @property
    def injected_dose(self) -> float:
        """Radionuclide Total Dose in Bq, refused where it can only be in another unit."""
        if not self.dose:
            self._check_injections("RadionuclideTotalDose")
            missing("RadionuclideTotalDose", "dose= in Bq")
        tag = TAGS["RadionuclideTotalDose"]
        # 10 kBq is invisible to any scanner, and no dose in MBq exceeds 10 000; 100 GBq is never injected.
        if not 1e4 < self.dose < 1e11:
            guess = "; it looks like MBq" if 0 < self.dose <= 1e4 else ""
            raise SuvError(
                f"{tag} is {self.dose:g}, expected Bq from 1e4 to 1e11{guess}; give dose= in Bq",
                code="suv-dose-implausible",
                tag=tag,
            )
        return self.dose

    @property
    def half_life_seconds(self) -> float:
        """Radionuclide Half Life in s, refused where it is not that of the nuclide named."""
        if not self.half_life or self.half_life < 0:
            self._check_injections("RadionuclideHalfLife")
            missing("RadionuclideHalfLife", "half_life= in s")
        if (
            not 1 <= self.half_life <= 1e9
        ):  # nothing injected decays faster, or within thirty years not at all
            invalid("RadionuclideHalfLife", f"{self.half_life:g}", "s from 1 to 1e9")
        expected = _HALF_LIVES.get(self.nuclide)
        if expected is not None and abs(self.half_life / expected - 1) > 0.03:
            tag = TAGS["RadionuclideHalfLife"]
            raise SuvError(
                f"{tag} is {self.half_life:g} s, expected {expected:g} s for the nuclide {self.nuclide} of the header;"
                " give half_life= in s",
                code="suv-half-life-implausible",
                tag=tag,
            )
        return self.half_life

    def _check_injections(self, keyword: str) -> None:
        if self.injections == 0:
            missing("RadiopharmaceuticalInformationSequence", f"{TAGS[keyword]} as an argument")
