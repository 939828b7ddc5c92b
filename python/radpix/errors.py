"""Exceptions and warnings of radpix: what went wrong, where, and what to do about it.

Everything derives from `RadpixError`, so ``except radpix.RadpixError`` catches all that radpix raises about
data; a wrong argument is a plain `ValueError` or `TypeError`.
"""

from __future__ import annotations

__all__ = [
    "DecodeError",
    "GeometryError",
    "LimitError",
    "PixelDataError",
    "RadpixError",
    "RadpixWarning",
    "SuvError",
    "TruncatedError",
    "UnsupportedTransferSyntaxError",
]


class RadpixError(Exception):
    """Base of every error that radpix raises about data."""


class RadpixWarning(UserWarning):
    """A deviation from the standard that did not stop the work; an error under ``strict=True``.

    Parameters
    ----------
    message
        What was found, and what was done about it.
    code
        A stable, hyphenated name of the deviation (``"rle-segment-long"``), for filters and tests.
    """

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class DecodeError(RadpixError, ValueError):
    """A codestream that cannot be decoded.

    Attributes
    ----------
    code
        A stable, hyphenated name of the fault (``"rle-segment-bounds"``).
    frame
        The frame's index from 0, or None where there is no frame.
    offset
        Byte offset into the codestream at which the fault was found, or None.
    transfer_syntax
        The Transfer Syntax UID, or an empty string.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        frame: int | None = None,
        offset: int | None = None,
        transfer_syntax: str = "",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.frame = frame
        self.offset = offset
        self.transfer_syntax = transfer_syntax

    def __reduce__(self) -> tuple[object, ...]:
        state = (str(self), self.code, self.frame, self.offset, self.transfer_syntax)
        return _rebuild_decode_error, (type(self), *state)


def _rebuild_decode_error(
    kind: type[DecodeError], message: str, code: str, frame: int | None, offset: int | None, syntax: str
) -> DecodeError:
    """Unpickle a `DecodeError`: keyword-only arguments do not survive the default protocol."""
    return kind(message, code=code, frame=frame, offset=offset, transfer_syntax=syntax)


class TruncatedError(DecodeError):
    """Pixel data that ends before the frame does."""


class UnsupportedTransferSyntaxError(RadpixError, NotImplementedError):
    """No decoder or encoder for this transfer syntax is installed; the message names what to install."""


class PixelDataError(RadpixError, ValueError):
    """Pixel data that is absent, or that contradicts the attributes describing it."""


class GeometryError(RadpixError, ValueError):
    """Slices that do not form the volume asked for; the message names them.

    Attributes
    ----------
    report
        The `radpix.GeometryReport` with the findings, where there is one.
    """

    def __init__(self, message: str, report: object = None) -> None:
        super().__init__(message)
        self.report = report


class LimitError(RadpixError, ValueError):
    """Data that asks for more than `radpix.limits` allows; the message names the limit to raise."""


class SuvError(RadpixError, ValueError):
    """A PET header that does not say how to compute the SUV; the message names the attribute.

    Attributes
    ----------
    code
        A stable, hyphenated name of the reason (``"suv-attribute-missing"``), listed in docs/suv.md.
    tag
        The attribute's tag and name, ``"(0010,1030) Patient's Weight"``; empty where there is no single one.
    """

    def __init__(self, message: str, *, code: str = "", tag: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.tag = tag

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild_suv_error, (str(self), self.code, self.tag)


def _rebuild_suv_error(message: str, code: str, tag: str) -> SuvError:
    return SuvError(message, code=code, tag=tag)
