"""From PET headers to the factor between their values and SUV, by Units and Decay Correction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from radpix._suv.attributes import TAGS, invalid, missing
from radpix._suv.body import SUV_TYPES, UNITS, SuvMethod, normalization
from radpix._suv.clock import acquired, average_count_time, injection, scan_start
from radpix.errors import SuvError

if TYPE_CHECKING:
    from datetime import datetime

    from radpix._suv.header import PetHeader

__all__ = ["SuvScale", "scale_of"]

#: After ten half-lives a thousandth of the dose is left, less than any scan needs: the clocks are wrong.
_MOST_HALF_LIVES = 10


@dataclass(frozen=True)
class SuvScale:
    """The factor from the modality values of a PET header to SUV, and how it was found.

    Attributes
    ----------
    factors
        One for each header (frame of an enhanced one) where Decay Correction is NONE, else a single one.
    method, unit
        What the dose is normalised to, and the UCUM code of the result (PS3.16 CID 85), ``"g/ml{SUVbw}"``.
    rule
        In words, for a log or a report.
    scan_start, injected_at
        The moments between which the dose decayed, on the scanner's clock; None where no decay was computed.
    decay_seconds
        Time between them.
    """

    factors: tuple[float, ...]
    method: SuvMethod
    unit: str
    rule: str
    scan_start: datetime | None = None
    injected_at: datetime | None = None
    decay_seconds: float = 0.0


def scale_of(headers: list[PetHeader], method: SuvMethod, *, all_slices: bool) -> SuvScale:
    """Return the factor for the headers of one series, all of its slices or some."""
    if not headers:
        raise ValueError("there is no header")
    _check_equal(headers)
    first = headers[0]
    if first.units in {"GML", "CM2ML"}:
        return _rescaled_suv(first, method)
    if first.units == "CNTS" and first.philips_suv is not None:
        factors = tuple(header.philips_suv or 0.0 for header in headers)
        if len(set(factors)) > 1:
            raise SuvError(
                f"(7053,1000) SUV Scale Factor differs between the slices: {min(factors):g} to {max(factors):g}",
                code="suv-headers-differ",
                tag="(7053,1000) SUV Scale Factor",
            )
        ratio = _ratio(first, "bw", method)
        return SuvScale(
            (factors[0] * ratio,), method, UNITS[method], "CNTS by Philips' SUV Scale Factor (7053,1000)"
        )
    if first.units == "CNTS" and first.philips_activity is not None:
        return _by_activity(headers, method, first.philips_activity, all_slices=all_slices)
    if first.units == "BQML":
        return _by_activity(headers, method, 1.0, all_slices=all_slices)
    if not first.units:
        missing("Units")
    if first.units == "CNTS":
        raise SuvError(
            f"{TAGS['Units']} is CNTS, and the header has neither Philips' SUV Scale Factor (7053,1000) nor Activity"
            " Concentration Scale Factor (7053,1009): counts alone are no activity",
            code="suv-attribute-missing",
            tag="(7053,1000) SUV Scale Factor",
        )
    return invalid("Units", first.units, "BQML, CNTS, GML or CM2ML")


def _check_equal(headers: list[PetHeader]) -> None:
    """Refuse headers that are not of one series of one patient and dose."""
    for name, tag in (
        ("units", TAGS["Units"]),
        ("suv_type", TAGS["SUVType"]),
        ("decay_correction", TAGS["DecayCorrection"]),
        ("corrected", TAGS["CorrectedImage"]),
        ("patient", f"{TAGS['PatientWeight']}, Size or Sex"),
        ("series", TAGS["SeriesTime"]),
        ("dose", TAGS["RadionuclideTotalDose"]),
        ("half_life", TAGS["RadionuclideHalfLife"]),
        ("injection_datetime", TAGS["RadiopharmaceuticalStartDateTime"]),
        ("injection_time", TAGS["RadiopharmaceuticalStartTime"]),
        ("philips_activity", "(7053,1009) Activity Concentration Scale Factor"),
    ):
        found = {getattr(header, name) for header in headers}
        if len(found) > 1:
            raise SuvError(
                f"{tag} differs between the slices, so they are not of one scan: {sorted(map(str, found))[:3]}",
                code="suv-headers-differ",
                tag=tag,
            )
    if headers[0].injections > 1:
        tag = TAGS["RadiopharmaceuticalInformationSequence"]
        raise SuvError(
            f"{tag} has {headers[0].injections} items: which dose is in the image is not said; give dose=,"
            " half_life= and injected_at=",
            code="suv-multiple-injections",
            tag=tag,
        )


def _rescaled_suv(header: PetHeader, method: SuvMethod) -> SuvScale:
    """Values that are SUV already; GML without SUV Type is by body weight (PS3.3 C.8.9.1)."""
    name = header.suv_type or ("BW" if header.units == "GML" else "BSA")
    known = SUV_TYPES.get(name)
    if known is None or (known == "bsa") != (header.units == "CM2ML"):
        # LBM says neither 120 nor 128, James' multipliers for men: they differ by up to a tenth.
        invalid("SUVType", f"{name} with Units {header.units}", f"one of {', '.join(SUV_TYPES)}")
    return SuvScale(
        (_ratio(header, known, method),), method, UNITS[method], f"{header.units} is SUV of type {name}"
    )


def _ratio(header: PetHeader, known: SuvMethod, wanted: SuvMethod) -> float:
    if known == wanted:
        return 1.0
    return normalization(wanted, header.patient) / normalization(known, header.patient)


def _by_activity(
    headers: list[PetHeader], method: SuvMethod, activity: float, *, all_slices: bool
) -> SuvScale:
    """Return norm / dose at the moment that the values are of; ``activity`` makes Bq/ml of them."""
    first = headers[0]
    correction = first.decay_correction
    if not correction:
        missing("DecayCorrection")
    if correction not in {"NONE", "START", "ADMIN"}:
        invalid("DecayCorrection", correction, "NONE, START or ADMIN")
    _check_corrections(first)
    per_dose = activity * normalization(method, first.patient) / first.injected_dose
    if correction == "ADMIN":
        rule = "activity corrected to the injection, dose as injected"
        return SuvScale((per_dose,), method, UNITS[method], rule)
    half_life = first.half_life_seconds
    if correction == "NONE":
        moments = [acquired(header) + average_count_time(header, half_life) for header in headers]
        found = "the moment of each frame's mean activity"
    else:
        moment, found = scan_start(headers, all_slices=all_slices)
        moments = [moment]
    injected = injection(first, min(moments))
    seconds = [(moment - injected).total_seconds() for moment in moments]
    if max(seconds) > _MOST_HALF_LIVES * half_life:
        tag = TAGS["RadiopharmaceuticalStartDateTime"]
        raise SuvError(
            f"{max(seconds):.0f} s between injection ({injected}) and scan ({max(moments)}, {found}) are more than"
            f" {_MOST_HALF_LIVES} half-lives of {half_life:g} s; give injected_at=",
            code="suv-decay-time-implausible",
            tag=tag,
        )
    factors = tuple(per_dose * 2 ** (elapsed / half_life) for elapsed in seconds)
    rule = f"dose decayed from the injection to {found}"
    return SuvScale(factors, method, UNITS[method], rule, min(moments), injected, min(seconds))


def _check_corrections(header: PetHeader) -> None:
    """Refuse an image without attenuation correction, or one whose attributes contradict each other."""
    if not header.corrected:
        return
    tag = TAGS["CorrectedImage"]
    if "ATTN" not in header.corrected:
        raise SuvError(
            f"{tag} lacks ATTN: without attenuation correction there is no SUV",
            code="suv-not-attenuation-corrected",
            tag=tag,
        )
    if ("DECY" in header.corrected) != (header.decay_correction != "NONE"):
        raise SuvError(
            f"{tag} is {', '.join(header.corrected)}, and {TAGS['DecayCorrection']} is {header.decay_correction}:"
            " they contradict each other",
            code="suv-decay-correction-conflict",
            tag=TAGS["DecayCorrection"],
        )
