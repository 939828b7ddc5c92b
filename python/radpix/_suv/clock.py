"""Dates and times of a PET header, as wall clock times of the scanner, and the moments a decay runs between."""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from radpix._suv.attributes import TAGS, missing
from radpix.errors import SuvError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydicom.dataset import Dataset

    from radpix._suv.header import PetHeader

__all__ = ["average_count_time", "injection", "moment", "offset_of", "parse_datetime", "scan_start"]

_DATE = re.compile(r"(\d{4})[.]?(\d{2})[.]?(\d{2})")
_TIME = re.compile(r"(\d{2}):?(\d{2})?:?(\d{2})?(\.\d{1,6})?")
_DATETIME = re.compile(r"(\d{8})(\d{2}\d{2}(?:\d{2}(?:\.\d{1,6})?)?)([+-]\d{4})?")
#: The two records of one injection, a Time and a DateTime, may differ by this: some are written to the minute.
_SAME_INJECTION = timedelta(seconds=60)
#: Series and acquisition times are rounded by themselves: what is later by less is not later.
_ROUNDING = timedelta(seconds=1)


def _combine(date: str, time: str) -> datetime | None:
    """Return a moment of DA and TM (PS3.5 6.2; with the separators of ACR-NEMA), None where one is not a valid one."""
    day, clock = _DATE.fullmatch(date.strip()), _TIME.fullmatch(time.strip())
    if day is None or clock is None:
        return None
    if not 1900 <= int(day[1]) <= 2200:
        return None
    hour, minute, second, fraction = (clock.group(k) or "0" for k in range(1, 5))
    try:
        start = datetime(int(day[1]), int(day[2]), int(day[3]), int(hour), int(minute))  # noqa: DTZ001
    except ValueError:
        return None
    seconds = int(second) + float(fraction)
    return start + timedelta(seconds=seconds) if seconds < 61 else None  # 60 is a leap second


def _offset(text: str) -> timedelta | None:
    found = re.fullmatch(r"([+-])(\d{2})(\d{2})", text.strip())
    if found is None:
        return None
    size = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return -size if found[1] == "-" else size


def offset_of(text: str) -> str:
    """Return the offset from UTC in a DT, empty where there is none."""
    found = _DATETIME.fullmatch(text.strip("\0 "))
    return (found[3] or "") if found else ""


def parse_datetime(text: str, zone: str = "") -> datetime | None:
    """Return a DT as a time of the zone in Timezone Offset From UTC (0008,0201); None where it is no valid one.

    An offset in the DT counts where the zone of the scanner's clock is known.
    """
    found = _DATETIME.fullmatch(text.strip("\0 "))
    if found is None:
        return None
    result = _combine(found[1], found[2])
    own, common = _offset(found[3] or ""), _offset(zone)
    return result - own + common if result and own is not None and common is not None else result


def moment(dataset: Dataset, event: str) -> datetime | None:
    """Return the moment in <event> Date and <event> Time; DateTime of an acquisition where these are absent."""
    date, time = (str(dataset.get(event + part) or "") for part in ("Date", "Time"))
    result = _combine(date, time)
    if result is None and event == "Acquisition":
        zone = str(dataset.get("TimezoneOffsetFromUTC") or "")
        return parse_datetime(str(dataset.get("AcquisitionDateTime") or ""), zone)
    return result


def average_count_time(header: PetHeader, half_life: float) -> timedelta:
    """Return when, after a frame's start, the activity is the frame's mean: ln(x / (1 - exp(-x))) / lambda."""
    if not header.frame_duration or header.frame_duration < 0:
        missing("ActualFrameDuration")
    rate = math.log(2) / half_life
    decays = rate * header.frame_duration / 1000  # ms
    return timedelta(seconds=math.log(decays / -math.expm1(-decays)) / rate)


def injection(header: PetHeader, reference: datetime) -> datetime:
    """Return when the dose was injected, as the last such time before ``reference`` where only a time is known."""
    known, clock = header.injection_datetime, header.injection_time
    if header.is_zone_unknown and not clock:
        tag = TAGS["RadiopharmaceuticalStartDateTime"]
        raise SuvError(
            f"{tag} has an offset from UTC, and (0008,0201) Timezone Offset From UTC is absent: what the scanner's"
            " clock said is unknown; give injected_at=",
            code="suv-time-zone-unknown",
            tag=tag,
        )
    if clock:
        at = _combine(f"{known or reference:%Y%m%d}", clock)
        if known is None:
            if at is None:
                missing("RadiopharmaceuticalStartTime", "injected_at=")
            known = at - timedelta(days=1) if at > reference else at  # over midnight
        elif at is not None and _SAME_INJECTION < abs(at - known) < timedelta(days=1) - _SAME_INJECTION:
            tag = TAGS["RadiopharmaceuticalStartDateTime"]
            raise SuvError(
                f"{tag} is {known}, but (0018,1072) Radiopharmaceutical Start Time is {clock}; give injected_at=",
                code="suv-injection-time-conflict",
                tag=tag,
            )
    if known is None:
        missing("RadiopharmaceuticalStartDateTime", "injected_at=")
    if known > reference:
        tag = TAGS["RadiopharmaceuticalStartDateTime"]
        raise SuvError(
            f"{tag} is {known}, after the scan at {reference}; give injected_at=",
            code="suv-injection-after-scan",
            tag=tag,
        )
    return known


def scan_start(headers: Sequence[PetHeader], *, all_slices: bool) -> tuple[datetime, str]:
    """Return the moment that values with Decay Correction START are corrected to, and where it was found.

    Series Date and Time, unless they are later than an acquisition: then the series was written by a later process
    (QIBA, vendor-neutral pseudo-code for SUVbw).
    """
    first = headers[0]
    references = {header.decay_reference for header in headers}
    if len(references) > 1:
        tag = TAGS["DecayCorrectionDateTime"]
        raise SuvError(
            f"{tag} differs between the slices: they are corrected to {len(references)} moments; compute the SUV of"
            " each frame by itself",
            code="suv-headers-differ",
            tag=tag,
        )
    if first.decay_reference is not None:
        return first.decay_reference, "Decay Correction DateTime"
    earliest = min(map(acquired, headers))
    if first.series is not None and first.series <= earliest + _ROUNDING:
        return first.series, "Series Time"
    if first.ge_scan_start is not None:
        return first.ge_scan_start, "GE private scan start (0009,100D)"
    # Siemens gives the moment of a frame's mean as an offset from the start of the scan, reliable in all its series.
    if "SIEMENS" in first.manufacturer and first.frame_reference and first.frame_duration:
        mean = average_count_time(first, first.half_life_seconds)
        start = acquired(first) + mean - timedelta(milliseconds=first.frame_reference)
        return start, "Acquisition Time - Frame Reference Time"
    if all_slices:
        return earliest, "earliest Acquisition Time"
    raise SuvError(
        f"{TAGS['SeriesTime']} {first.series} is later than Acquisition Time {earliest}, or absent, so that the scan"
        " started with the earliest acquisition of the series; give the headers of all slices",
        code="suv-scan-start-unknown",
        tag=TAGS["SeriesTime"],
    )


def acquired(header: PetHeader) -> datetime:
    """Return the acquisition's start, refused where it is absent."""
    return header.acquisition or missing(header.acquisition_lacks)
