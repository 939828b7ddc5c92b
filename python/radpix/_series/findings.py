"""Findings about slices, and how messages name these."""

from __future__ import annotations

from typing import TYPE_CHECKING

from radpix.geometry import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from radpix._series.instance import Instance

__all__ = ["NAMED_SLICES", "finding", "name_slices"]

#: A message names so many slices, or places, at most.
NAMED_SLICES = 6


def name_slices(instances: Sequence[Instance]) -> str:
    """Name slices for a message: file, Instance Number and position."""
    shown = []
    for instance in instances[:NAMED_SLICES]:
        parts = [] if instance.instance_number is None else [f"instance {instance.instance_number}"]
        if instance.image_position is not None:
            parts.append("at " + ", ".join(f"{value:.6g}" for value in instance.image_position))
        shown.append(f"{instance.name} ({' '.join(parts)})" if parts else instance.name)
    more = len(instances) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def finding(
    code: str,
    severity: Severity,
    message: str,
    instances: Sequence[Instance],
    millimetres: float = 0.0,
    **details: float,
) -> Finding:
    """Return a finding about these instances."""
    uids = tuple(dict.fromkeys(instance.sop_instance_uid for instance in instances))
    files = tuple(dict.fromkeys(instance.path for instance in instances))
    return Finding(code, severity, message, uids, files, float(millimetres), details)
