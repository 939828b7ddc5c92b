"""``radpix audit``: whether the slices form the volumes they claim to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import radpix
from radpix.cli.console import clean, show
from radpix.cli.info import print_json
from radpix.cli.series import find, pick

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["SCHEMA", "audit"]

SCHEMA = "radpix-audit/1"


def audit(path: Path, *, series: str | None, as_json: bool) -> int:
    """Print the report of each series and return 1 if one has an error, else 0."""
    found = find(path)
    chosen = list(found) if series is None else [pick(found, series, path)]
    reports = [(each, each.audit()) for each in chosen]
    if as_json:
        entries: list[dict[str, Any]] = [{"uid": each.uid, **report.to_dict()} for each, report in reports]
        head = {"schema": SCHEMA, "version": radpix.__version__, "path": str(path)}
        print_json({**head, "ok": all(report.ok for _, report in reports), "series": entries})
    else:
        for each, report in reports:
            number = "" if each.number is None else f"{each.number} "
            show(f"series {number}{clean(each.modality)} {clean(each.description)} ({each.uid})")
            for line in str(report).splitlines():
                show(f"  {line.rstrip()}")
    return 0 if all(report.ok for _, report in reports) else 1
