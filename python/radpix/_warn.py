"""Deviations of data sets that are shown all the same, as warnings that point at the caller."""

from __future__ import annotations

import sys
import threading
import warnings

from radpix.errors import RadpixWarning

__all__ = ["depth_of_caller", "warn", "warnings_issued"]


class _Count(threading.local):
    issued = 0


_COUNT = _Count()


def warn(message: str, code: str) -> None:
    """Warn with the ``stacklevel`` of the first frame outside radpix."""
    _COUNT.issued += 1
    warnings.warn(RadpixWarning(message, code), stacklevel=depth_of_caller())


def warnings_issued() -> int:
    """Return how many times this thread has called `warn`, whatever the filters let through."""
    return _COUNT.issued


def depth_of_caller() -> int:
    """Return the ``stacklevel`` of the first frame outside radpix, seen from the caller of this function."""
    depth = 1
    frame = sys._getframe(1)  # noqa: SLF001 - inspect.stack() reads source files, 1000 times slower
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "radpix":
        frame = frame.f_back
        depth += 1
    return depth
