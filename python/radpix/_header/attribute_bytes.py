"""Values of attributes from their bytes, lenient: a malformed number is absent instead of an exception."""

from __future__ import annotations

import math
import struct

__all__ = [
    "binary",
    "decimal",
    "decimal_or_nan",
    "decimals",
    "doubles",
    "integer",
    "real",
    "short",
    "string",
    "strings",
    "text",
]

_FORMATS = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d"}


def strings(raw: bytes, _order: str = "<") -> tuple[str, ...]:
    """Return the values of a text of single-byte characters."""
    return tuple(part.strip(" \0") for part in raw.decode("latin-1").split("\\")) if raw else ()


def string(raw: bytes, _order: str = "<") -> str:
    """Return the first of `strings`, empty where there is none."""
    return raw.decode("latin-1").split("\\", 1)[0].strip(" \0")


def text(raw: bytes, character_sets: bytes) -> str:
    """Return text in the file's own character set; where that fails, the bytes as Latin-1."""
    if raw.isascii() and b"\x1b" not in raw:
        return raw.decode("ascii").strip(" \0")
    from pydicom.charset import convert_encodings, decode_bytes

    sets = character_sets.decode("latin-1").split("\\")
    try:
        encodings = convert_encodings([name.strip(" \0") for name in sets])
        return decode_bytes(raw, encodings, set()).strip(" \0")
    except Exception:  # whatever a wrong character set makes pydicom raise
        return string(raw)


def decimals(raw: bytes, _order: str = "<") -> tuple[float, ...]:
    """Return the finite numbers of a DS, or ()."""
    if b"_" in raw:  # which separates digits in Python
        return ()
    try:
        values = tuple([float(part.strip(b" \0")) for part in raw.split(b"\\")]) if raw else ()
    except ValueError:
        return ()
    return values if all(map(math.isfinite, values)) else ()


def decimal(raw: bytes, _order: str = "<") -> float | None:
    """Return the first number of a DS."""
    return next(iter(decimals(raw)), None)


def decimal_or_nan(raw: bytes, _order: str = "<") -> float | None:
    """Return the first number of a DS, NaN for a text that is none: what must not pass for absent."""
    return decimal(raw) if decimals(raw) or not raw.strip(b" \0") else math.nan


def integer(raw: bytes, _order: str = "<") -> int | None:
    """Return the first number of an IS, where it is whole."""
    value = decimal(raw)
    return None if value is None or not value.is_integer() else int(value)


def binary(raw: bytes, order: str, vr: str) -> tuple[float, ...]:
    """Return the finite numbers of a binary VR, or () where the length is none of it."""
    code = _FORMATS[vr]
    size = struct.calcsize(code)
    if not raw or len(raw) % size:
        return ()
    values: tuple[float, ...] = struct.unpack(f"{order}{len(raw) // size}{code}", raw)
    return values if all(map(math.isfinite, values)) else ()


def real(raw: bytes, order: str, vr: str) -> float | None:
    """Return the one number of an FL or FD, which may be NaN, or None where the length is none of it."""
    code = _FORMATS[vr]
    return float(struct.unpack(order + code, raw)[0]) if len(raw) == struct.calcsize(code) else None


def doubles(raw: bytes, order: str) -> tuple[float, ...]:
    """Return the finite numbers of an FD, or ()."""
    return binary(raw, order, "FD")


def short(raw: bytes, order: str) -> int:
    """Return the first 16-bit integer of a US, 0 where there is none."""
    return int(struct.unpack_from(order + "H", raw)[0]) if len(raw) >= 2 else 0
