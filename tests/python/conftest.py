"""Counts the tests on real data: absent data skips visibly, and CI can demand that enough of them ran."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_passed: set[str] = set()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if report.when == "call" and report.passed and item.get_closest_marker("real_data") is not None:
        _passed.add(item.nodeid)


def _demanded() -> int:
    return int(os.environ.get("RADPIX_MIN_REAL_DATA_TESTS", "") or 0)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if len(_passed) < _demanded() and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    line = f"{len(_passed)} tests on real data passed"
    if len(_passed) < _demanded():
        terminalreporter.write_line(
            f"{line}, RADPIX_MIN_REAL_DATA_TESTS demands {_demanded()}", red=True, bold=True
        )
    else:
        terminalreporter.write_line(line)
