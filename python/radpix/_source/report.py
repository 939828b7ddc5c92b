"""Deviations from the standard on their way to the user: warnings, or errors under ``strict=True``."""

from __future__ import annotations

from radpix._warn import warn
from radpix.errors import DecodeError

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
            warn(text, code)
