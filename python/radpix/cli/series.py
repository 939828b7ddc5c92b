"""Which series of a path a command is about, and which of its volumes."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import radpix
from radpix.cli.console import clean, progress
from radpix.errors import PixelDataError

if TYPE_CHECKING:
    from pathlib import Path

    from radpix.series import ScanResult, Series, VolumePlan

__all__ = ["find", "pick", "pick_volume"]

_REASONS = {"not-dicom": "not DICOM", "not-an-image": "DICOM without an image", "unreadable": "unreadable"}


def find(path: Path) -> ScanResult:
    """Return the series under a path, with a bar; an error that says what was found where there is none."""
    with progress("Reading headers") as advance:
        found = radpix.scan(path, progress=advance)
    if not found:
        reasons = Counter(_REASONS[file.reason] for file in found.skipped)
        held = ", ".join(f"{count} {reason}" for reason, count in reasons.items()) or "it is empty"
        if path.is_dir():
            raise PixelDataError(f"{path}: no DICOM image in this folder ({held})")
        raise PixelDataError(f"{path}: not a DICOM image ({next(iter(reasons), 'empty')})")
    return found


def pick(found: ScanResult, wanted: str | None, path: Path) -> Series:
    """Return the series with this UID or Series Number, or the only one."""
    if wanted is None:
        if len(found) == 1:
            return found[0]
        raise PixelDataError(f"{path}: {len(found)} series, name one with --series: {_list(found)}")
    matches = [series for series in found if wanted in {series.uid, str(series.number)}]
    if len(matches) != 1:
        count = "several series" if matches else "no series"
        raise PixelDataError(f"{path}: {count} {clean(wanted)}; there are {_list(found)}")
    return matches[0]


def pick_volume(series: Series, wanted: int | None) -> VolumePlan:
    """Return the volume of a series with this number from 0, or the only one."""
    plans = series.volumes()
    listed = "; ".join(f"{k}: {clean(plan)}" for k, plan in enumerate(plans[:6]))
    listed += f"; and {len(plans) - 6} more" if len(plans) > 6 else ""
    if wanted is None:
        if len(plans) == 1:
            return plans[0]
        raise PixelDataError(
            f"series {series.uid} holds {len(plans)} volumes, name one with --volume: {listed}"
        )
    if not 0 <= wanted < len(plans):
        raise PixelDataError(f"series {series.uid} has no volume {wanted}; it has {listed}")
    return plans[wanted]


def _list(found: ScanResult) -> str:
    named = [
        f"{series.uid} ({_number(series)}{clean(series.modality)}, {len(series.instances)} images)"
        for series in found[:6]
    ]
    return "; ".join(named) + (f"; and {len(found) - 6} more" if len(found) > 6 else "")


def _number(series: Series) -> str:
    return "" if series.number is None else f"number {series.number}, "
