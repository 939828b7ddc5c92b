"""Whether series were acquired as a protocol demands: rules on attributes, from a TOML file.

A file holds ``[[rule]]`` tables. ``keyword`` is what is checked: a keyword, a tag, or a path as in `radpix.headers`;
``equals``, ``one_of``, ``min``, ``max`` and ``regex`` are what it has to be, all that are there; ``when`` limits the
rule to series whose attributes match regular expressions; ``required = false`` lets an absent attribute pass.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from radpix.headers import scan_headers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from radpix.series import Series

__all__ = ["Rule", "Violation", "check_series", "read_rules"]

_CHECKS = frozenset({"equals", "one_of", "min", "max", "regex"})
_KEYS = _CHECKS | {"keyword", "when", "required", "name"}
#: How far a decimal string may be off a number in the rules.
_RELATIVE = 1e-6
_SHOWN = 4


@dataclass(frozen=True)
class Rule:
    """What one attribute has to be."""

    keyword: str
    checks: Mapping[str, Any]
    when: Mapping[str, str] = field(default_factory=dict)
    required: bool = True
    name: str = ""

    def __str__(self) -> str:
        demands = ", ".join(f"{check} {wanted}" for check, wanted in self.checks.items()) or "present"
        return self.name or f"{self.keyword}: {demands}"


@dataclass(frozen=True)
class Violation:
    """A rule that files of a series break."""

    rule: Rule
    message: str
    files: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts, lists and strings."""
        return {
            "rule": str(self.rule),
            "keyword": self.rule.keyword,
            "message": self.message,
            "files": list(self.files),
        }


def _parse(text: str) -> dict[str, Any]:
    try:
        import tomllib as toml
    except ModuleNotFoundError:  # Python 3.10
        try:
            import tomli as toml  # type: ignore[no-redef, import-not-found, unused-ignore]
        except ModuleNotFoundError:
            raise ImportError("Python 3.10 reads TOML with the package tomli; install it") from None
    return toml.loads(text)


def read_rules(path: Path) -> list[Rule]:
    """Read the rules of a protocol.

    Raises
    ------
    ValueError
        The file is no TOML, or a rule is none.
    ImportError
        Python is 3.10 and tomli is not installed.
    OSError
        It cannot be read.
    """
    protocol = _parse(path.read_text(encoding="utf-8"))
    unknown = ", ".join(sorted(protocol.keys() - {"rule"}))
    _demand(not unknown, f"{path}: {unknown} is no table of a protocol, which has [[rule]] only")
    tables = protocol.get("rule", [])
    if not isinstance(tables, list) or not tables:
        raise ValueError(
            f"{path}: no rules; write [[rule]] tables with a keyword and equals, one_of, min, max or regex"
        )
    return [_rule(table, f"{path}: rule {number}") for number, table in enumerate(tables, 1)]


def _demand(condition: object, message: str) -> None:
    if not condition:
        raise ValueError(message)


def _rule(table: Any, where: str) -> Rule:
    is_named = isinstance(table, dict) and isinstance(table.get("keyword"), str)
    _demand(is_named, f"{where}: a rule is a table with a keyword")
    unknown = ", ".join(sorted(table.keys() - _KEYS))
    _demand(not unknown, f"{where}: {unknown} is none of {', '.join(sorted(_KEYS))}")
    checks = {check: table[check] for check in table if check in _CHECKS}
    for check in checks.keys() & {"min", "max"}:
        _demand(
            isinstance(checks[check], int | float) and not isinstance(checks[check], bool),
            f"{where}: {check} is a number, not {checks[check]!r}",
        )
    _demand(
        isinstance(checks.get("one_of", []), list), f"{where}: one_of is a list, not {checks.get('one_of')!r}"
    )
    required = table.get("required", True)
    _demand(isinstance(required, bool), f"{where}: required is true or false, not {required!r}")
    when = table.get("when", {})
    _demand(
        isinstance(when, dict), f"{where}: when is a table of regular expressions by keyword, not {when!r}"
    )
    for pattern in [*([checks["regex"]] if "regex" in checks else []), *when.values()]:
        _demand(_is_pattern(pattern), f"{where}: {pattern!r} is no regular expression")
    return Rule(table["keyword"], checks, when, required, str(table.get("name", "")))


def _is_pattern(text: Any) -> bool:
    try:
        re.compile(text)
    except (re.error, TypeError):
        return False
    return True


def check_series(series: Series, rules: Sequence[Rule]) -> list[Violation]:
    """Check the files of a series against the rules; a violation for each rule that one breaks.

    Raises
    ------
    ValueError
        A rule's keyword is no attribute.
    """
    files = list(dict.fromkeys(instance.path for instance in series.instances))
    keywords = dict.fromkeys(key for rule in rules for key in (rule.keyword, *rule.when))
    table = scan_headers(files, list(keywords), on_error="keep")
    violations = []
    for rule in rules:
        broken = {
            file: said
            for row, file in enumerate(files)
            if all(re.search(pattern, _text(table[key][row])) for key, pattern in rule.when.items())
            and (said := _broken(rule, _plain(table[rule.keyword][row])))
        }
        if broken:
            counted = Counter(broken.values()).most_common()
            shown = "; ".join(f"{said} ({count} of {len(files)} files)" for said, count in counted[:_SHOWN])
            more = f"; and {len(counted) - _SHOWN} more values" if len(counted) > _SHOWN else ""
            violations.append(Violation(rule, f"{rule.keyword} {shown}{more}", tuple(broken)))
    return violations


def _plain(value: Any) -> Any:
    """Return a cell of a table as plain values."""
    return (
        tuple(value.tolist())
        if getattr(value, "ndim", 0)
        else value.item()
        if hasattr(value, "item")
        else value
    )


def _text(value: Any) -> str:
    value = _plain(value)
    if isinstance(value, tuple | list):
        return "\\".join(map(_text, value))
    if isinstance(value, float):
        return f"{value:.12g}"
    return "" if value is None else str(value)


def _broken(rule: Rule, value: Any) -> str:
    """Say how a value breaks a rule; empty where it does not."""
    values = value if isinstance(value, tuple | list) else (value,)
    if all(each is None or each == "" for each in values):
        return "is absent" if rule.required else ""
    for check, wanted in rule.checks.items():
        holds = (
            _equals(value, wanted)
            if check == "equals"
            else all(_fits(check, wanted, each) for each in values)
        )
        if not holds:
            return f"is {_text(value)}, not {_DEMANDS[check]} {wanted}"
    return ""


def _equals(value: Any, wanted: Any) -> bool:
    """Compare all values; those of every item, of a path with [*], each with a single one."""
    values = value if isinstance(value, tuple | list) else (value,)
    expected = wanted if isinstance(wanted, list) else [wanted]
    if isinstance(value, list) and len(expected) == 1:
        return all(_same(each, expected[0]) for each in values)
    return len(values) == len(expected) and all(map(_same, values, expected))


_DEMANDS = {
    "equals": "equal to",
    "one_of": "one of",
    "min": "at least",
    "max": "at most",
    "regex": "matching",
}


def _fits(check: str, wanted: Any, value: Any) -> bool:
    if check == "regex":
        return re.search(wanted, _text(value)) is not None
    if check == "one_of":
        return any(_same(value, each) for each in wanted)
    if not isinstance(value, int | float):
        return False
    slack = _RELATIVE * abs(wanted)
    return bool(value >= wanted - slack) if check == "min" else bool(value <= wanted + slack)


def _same(value: Any, wanted: Any) -> bool:
    if isinstance(value, int | float) and isinstance(wanted, int | float):
        return abs(value - wanted) <= _RELATIVE * abs(wanted)
    return _text(value) == _text(wanted)
