"""The console blocks of docs/cli.md are run, on a small demo."""

from __future__ import annotations

import doctest
import re
import shlex
from pathlib import Path

import pytest

from radpix.cli import main

DOCUMENT = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```console\n(.*?)```", DOCUMENT, re.DOTALL)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def commands() -> list[tuple[str, str]]:
    """Return the lines after ``$ `` with the output that follows each."""
    found = [
        part.split("\n", 1) for block in BLOCKS for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
    ]
    return [(command, expected) for command, expected in found]


def test_every_example_does_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    checker = doctest.OutputChecker()
    for command, expected in commands():
        program, *arguments = shlex.split(command)
        assert program == "radpix"
        if arguments[0] in {"demo", "bench"}:
            arguments += ["--size", "small"]
        assert main(arguments) == 0, command
        shown = capsys.readouterr().out
        assert checker.check_output(expected, shown, FLAGS), f"{command}\n{shown}"


def test_every_command_has_a_section() -> None:
    for command in ("info", "audit", "render", "demo", "bench"):
        assert f"\n## {command}\n" in DOCUMENT
        assert any(line.startswith(f"radpix {command}") for line, _ in commands())


@pytest.mark.parametrize("table", ["test_info_as_json_of_a_folder", "test_info_as_json_of_a_file"])
def test_the_json_is_documented(table: str) -> None:
    # The keys are asserted there; here, that the document names each of them.
    from tests.python import test_cli

    keys = test_cli.SERIES_KEYS if "folder" in table else test_cli.IMAGE_KEYS
    assert [key for key in keys if f"`{key}`" not in DOCUMENT] == []
