"""``radpix audit``: whether the slices form the volumes they claim to be, acquired as a protocol demands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import radpix
from radpix.cli.console import clean, show
from radpix.cli.info import print_json
from radpix.cli.series import find, pick
from radpix.errors import PixelDataError

if TYPE_CHECKING:
    from pathlib import Path

    from radpix._series.protocol import Rule, Violation
    from radpix.series import Series

__all__ = ["SCHEMA", "audit"]

SCHEMA = "radpix-audit/1"


def audit(path: Path, *, series: str | None, as_json: bool, protocol: Path | None = None) -> int:
    """Print the report of each series and return 1 if one has an error or breaks a rule of the protocol, else 0."""
    rules = [] if protocol is None else _rules(protocol)
    found = find(path)
    chosen = list(found) if series is None else [pick(found, series, path)]
    checked = [(each, each.audit(), _violations(each, rules)) for each in chosen]
    is_ok = all(report.ok and not broken for _, report, broken in checked)
    if as_json:
        entries: list[dict[str, Any]] = []
        for each, report, broken in checked:
            entry = {"uid": each.uid, **report.to_dict()}
            if protocol is not None:
                entry["protocol"] = [violation.to_dict() for violation in broken]
            entries.append(entry)
        head = {"schema": SCHEMA, "version": radpix.__version__, "path": str(path)}
        print_json({**head, "ok": is_ok, "series": entries})
    else:
        for each, report, broken in checked:
            number = "" if each.number is None else f"{each.number} "
            show(f"series {number}{clean(each.modality)} {clean(each.description)} ({each.uid})")
            for line in str(report).splitlines():
                show(f"  {line.rstrip()}")
            for violation in broken:
                show(f"    protocol: {clean(violation.rule)}: {clean(violation.message)}")
    return 0 if is_ok else 1


def _rules(protocol: Path) -> list[Rule]:
    from radpix._series.protocol import read_rules

    try:
        return read_rules(protocol)
    except ImportError as error:
        raise PixelDataError(str(error)) from error
    except ValueError as error:
        raise PixelDataError(
            f"{protocol}: {error}" if str(protocol) not in str(error) else str(error)
        ) from error


def _violations(series: Series, rules: list[Rule]) -> list[Violation]:
    if not rules:
        return []
    from radpix._series.protocol import check_series

    try:
        return check_series(series, rules)
    except ValueError as error:
        raise PixelDataError(f"a rule of the protocol: {error}") from error
