"""Deviations of data sets that are shown all the same, as warnings that point at the caller."""

from __future__ import annotations

import sys
import warnings

from radpix.errors import RadpixWarning

__all__ = ["warn"]


def warn(message: str, code: str) -> None:
    """Warn with the ``stacklevel`` of the first frame outside radpix."""
    depth = 1
    frame = sys._getframe(0)  # noqa: SLF001 - inspect.stack() reads source files, 1000 times slower
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "radpix":
        frame = frame.f_back
        depth += 1
    warnings.warn(RadpixWarning(message, code), stacklevel=depth)
