"""Rules on how series were acquired."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.python.phantom import Phantom

import radpix
from radpix._series.protocol import check_series, read_rules

if TYPE_CHECKING:
    from pathlib import Path

TAGS = {
    "KVP": "120",
    "SliceThickness": "1.25",
    "ConvolutionKernel": ["B30f", "2"],
    "SeriesDescription": "Thorax",
}


def violations(folder: Path, rules: str, **options: Any) -> list[str]:
    Phantom(tags=TAGS, **options).write(folder / "series")
    (folder / "rules.toml").write_text(rules, encoding="utf-8")
    (series,) = radpix.scan(folder / "series")
    return [violation.message for violation in check_series(series, read_rules(folder / "rules.toml"))]


@pytest.mark.parametrize(
    "demand",
    [
        'keyword = "KVP"\nequals = 120',
        'keyword = "KVP"\none_of = [100, 120.0]',
        'keyword = "SliceThickness"\nmin = 1\nmax = 1.25',
        'keyword = "ConvolutionKernel"\nequals = ["B30f", "2"]',
        'keyword = "ConvolutionKernel"\nregex = "^(B|2)"',
        'keyword = "0018,0060"\nequals = 120',
        'keyword = "RepetitionTime"\nmax = 5\nrequired = false',
        'keyword = "RepetitionTime"\nmax = 5\nwhen = { Modality = "^MR$" }',
    ],
)
def test_rules_that_hold_pass(tmp_path: Path, demand: str) -> None:
    assert violations(tmp_path, f"[[rule]]\n{demand}\n") == []


@pytest.mark.parametrize(
    ("demand", "message"),
    [
        ('keyword = "KVP"\nequals = 100', "KVP is 120, not equal to 100 (6 of 6 files)"),
        ('keyword = "KVP"\none_of = [80, 100]', "KVP is 120, not one of [80, 100] (6 of 6 files)"),
        ('keyword = "SliceThickness"\nmax = 1', "SliceThickness is 1.25, not at most 1 (6 of 6 files)"),
        ('keyword = "SliceThickness"\nmin = 2', "SliceThickness is 1.25, not at least 2 (6 of 6 files)"),
        (
            'keyword = "ConvolutionKernel"\nequals = "B30f"',
            "ConvolutionKernel is B30f\\2, not equal to B30f (6 of 6 files)",
        ),
        (
            'keyword = "SeriesDescription"\nregex = "^Head"',
            "SeriesDescription is Thorax, not matching ^Head (6 of 6 files)",
        ),
        ('keyword = "RepetitionTime"\nmax = 5', "RepetitionTime is absent (6 of 6 files)"),
        (
            'keyword = "SeriesDescription"\nmax = 5',
            "SeriesDescription is Thorax, not at most 5 (6 of 6 files)",
        ),
    ],
)
def test_rules_that_are_broken_say_by_what(tmp_path: Path, demand: str, message: str) -> None:
    assert violations(tmp_path, f"[[rule]]\n{demand}\n") == [message]


def test_files_that_break_a_rule_are_counted_by_value(tmp_path: Path) -> None:
    (said,) = violations(
        tmp_path,
        '[[rule]]\nkeyword = "KVP"\nequals = 120\n',
        slice_tags={2: {"KVP": "100"}, 3: {"KVP": "100"}},
    )
    assert said == "KVP is 100, not equal to 120 (2 of 6 files)"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rule = 3",
        '[[rule]]\nkeyword = "KVP"\nrequired = "false"',
        '[[rule]]\nkeyword = "KVP"\nmin = true',
        '[[rule]]\nkeyword = "KVP"\n[[rules]]\nkeyword = "KVP"\nmax = 5',
        "[[rule]]\nequals = 3",
        '[[rule]]\nkeyword = "KVP"\nequal = 3',
        '[[rule]]\nkeyword = "KVP"\nmin = "3"',
        '[[rule]]\nkeyword = "KVP"\none_of = 3',
        '[[rule]]\nkeyword = "KVP"\nregex = "("',
        "[[rule",
    ],
)
def test_files_that_are_no_rules_are_errors(tmp_path: Path, text: str) -> None:
    (tmp_path / "rules.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"rule|TOML|\]"):
        read_rules(tmp_path / "rules.toml")


@pytest.mark.parametrize(("limit", "status"), [(1.0, 1), (5.0, 0)])
def test_command_fails_where_a_rule_is_broken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], limit: float, status: int
) -> None:
    from radpix.cli.audit import audit

    Phantom(tags=TAGS).write(tmp_path / "series")
    rules = tmp_path / "rules.toml"
    rules.write_text(
        f'[[rule]]\nname = "thin"\nkeyword = "SliceThickness"\nmax = {limit}\n', encoding="utf-8"
    )
    assert audit(tmp_path / "series", series=None, as_json=False, protocol=rules) == status
    assert ("protocol: thin: SliceThickness is 1.25" in capsys.readouterr().out) == (status == 1)
    assert audit(tmp_path / "series", series=None, as_json=True, protocol=rules) == status
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] == (status == 0)
    assert len(report["series"][0]["protocol"]) == status


@pytest.mark.parametrize("text", ["[[rule", '[[rule]]\nkeyword = "NoSuchKeyword"\nmin = 1\n'])
def test_command_tells_of_a_wrong_protocol_as_an_error(tmp_path: Path, text: str) -> None:
    from radpix.cli.audit import audit

    Phantom().write(tmp_path / "series")
    (tmp_path / "rules.toml").write_text(text, encoding="utf-8")
    with pytest.raises(radpix.PixelDataError):
        audit(tmp_path / "series", series=None, as_json=False, protocol=tmp_path / "rules.toml")
