"""Deviations from the standard on their way to the user: warnings, or errors under ``strict=True``."""

from __future__ import annotations

import sys
import warnings

from radpix.errors import DecodeError, RadpixWarning

__all__ = ["Reporter"]


class Reporter:
    """Reports each kind of deviation once per source.

    Parameters
    ----------
    where
        What messages begin with: the file's name.
    strict
        Raise a `DecodeError` of the same code instead of warning.
    """

    def __init__(self, where: str, *, strict: bool = False) -> None:
        self.where = where
        self.strict = strict
        self._seen: set[str] = set()

    def __call__(
        self,
        code: str,
        message: str,
        *,
        frame: int | None = None,
        offset: int | None = None,
        transfer_syntax: str = "",
    ) -> None:
        """Report a deviation.

        Raises
        ------
        DecodeError
            The reporter is strict.
        """
        place = self.where if frame is None else f"{self.where}: frame {frame}"
        text = f"{place}: {message}"
        if self.strict:
            raise DecodeError(text, code=code, frame=frame, offset=offset, transfer_syntax=transfer_syntax)
        if code not in self._seen:
            self._seen.add(code)
            warnings.warn(RadpixWarning(text, code), stacklevel=_depth_of_caller())


def _depth_of_caller() -> int:
    """Return the ``stacklevel`` of the first frame outside radpix, seen from the caller of this function."""
    depth = 1
    frame = sys._getframe(1)  # noqa: SLF001 - inspect.stack() reads source files, 1000 times slower
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "radpix":
        frame = frame.f_back
        depth += 1
    return depth
