"""``progress=`` of calls that take long: what the kernels report, as callers want to hear it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

from radpix._arguments import described
from radpix._backend import kernels

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Progress", "shared", "silent", "told"]

#: Called with what is done, and what is to be done in all.
Progress = Callable[[int, int], object]

#: Work that is not a number of slices or files is counted in parts of this many.
_PARTS = 1000
#: Seconds between two reports: twenty a second look smooth and cost nothing.
_INTERVAL = 0.05


class _Teller:
    """Turns the parts done of each of several calls of kernels into parts of all of them."""

    def __init__(self, progress: Progress, calls: int) -> None:
        self._progress = progress
        self._calls = max(calls, 1)
        self._finished = 0.0
        self.weight = 1.0
        self._told = 0
        self._due = monotonic() + _INTERVAL

    def __call__(self, done: float) -> None:
        part = min(int(_PARTS * (self._finished + self.weight * done) / self._calls), _PARTS - 1)
        if done >= 1:
            self._finished += self.weight
        if part > self._told and monotonic() >= self._due:
            self._told = part
            self._progress(part, _PARTS)
            self._due = monotonic() + _INTERVAL


@contextmanager
def told(progress: Progress | None, calls: int) -> Iterator[None]:
    """Tell ``progress`` how far ``calls`` calls of kernels are, of equal length, and at the end that all is done."""
    if progress is None:
        yield
        return
    if not callable(progress):
        raise TypeError(f"progress is a function of (done, total), not {described(progress)}")
    before = kernels().report_to(_Teller(progress, calls))
    try:
        yield
    finally:
        kernels().report_to(before)
    progress(_PARTS, _PARTS)


@contextmanager
def silent() -> Iterator[None]:
    """Leave calls of kernels out of the count: preparations, which take no time to speak of."""
    before = kernels().report_to(None)
    try:
        yield
    finally:
        kernels().report_to(before)


@contextmanager
def shared(count: int) -> Iterator[None]:
    """Count ``count`` calls of kernels as one."""
    teller = kernels().report_to(None)
    kernels().report_to(teller)
    if not isinstance(teller, _Teller):
        yield
        return
    before, teller.weight = teller.weight, teller.weight / max(count, 1)
    try:
        yield
    finally:
        teller.weight = before
