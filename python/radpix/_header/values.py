"""Values of attributes from their bytes, by Value Representation (PS3.5 section 6.2)."""

from __future__ import annotations

import re
from struct import iter_unpack
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Value", "decode_value", "vr_of"]

Scalar = str | int | float | None
Value = Scalar | bytes | tuple[Scalar, ...]

#: `struct` formats of binary numbers.
_NUMBERS: Final = {
    "US": "H",
    "SS": "h",
    "UL": "I",
    "SL": "i",
    "UV": "Q",
    "SV": "q",
    "FL": "f",
    "FD": "d",
    "AT": "HH",
}

#: VRs whose characters are of the Specific Character Set (PS3.5 6.1.2.2).
_IN_CHARACTER_SET: Final = frozenset({"SH", "LO", "ST", "LT", "UC", "UT", "PN"})
_OTHER_TEXT: Final = frozenset({"AE", "AS", "CS", "DA", "DT", "TM", "UI", "UR"})
#: A backslash is a character of these, not a separator, and leading spaces count.
_ONE_TEXT: Final = frozenset({"ST", "LT", "UT", "UR"})

#: PS3.5 6.2: what else Python's float() takes, like "nan" or "1_0", is no decimal string.
#: Each text matches in one way only: with ``\d+\.?\d*`` ten integers in front of a bad one take a second.
_DECIMALS = re.compile(
    r" *[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)? *(\\ *[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)? *)*", re.ASCII
)
#: An integer string, or a decimal without fraction as some writers put there.
_INTEGER = re.compile(r"([+-]?\d{1,12})(\.0*)?", re.ASCII)


def vr_of(tag: int) -> str:
    """Return the VR that PS3.6 gives an attribute; UN for private ones, "US or SS" where both are possible."""
    from pydicom.datadict import dictionary_VR

    if tag & 0xFFFF == 0:
        return "UL"
    try:
        return dictionary_VR(tag)
    except KeyError:
        return "LO" if tag >> 16 & 1 and 0x10 <= tag & 0xFFFF <= 0xFF else "UN"


def _text(raw: bytes, vr: str, character_set: bytes) -> str:
    if raw.isascii() and b"\x1b" not in raw:
        return raw.decode("ascii")
    if vr not in _IN_CHARACTER_SET:
        return raw.decode("latin-1")
    from pydicom.charset import convert_encodings
    from pydicom.charset import decode_bytes as decode
    from pydicom.valuerep import PN_DELIMS, TEXT_VR_DELIMS

    sets = [name.strip(" \0") for name in character_set.decode("latin-1").split("\\")]
    try:
        encodings = convert_encodings(sets)
        if vr != "PN":
            return decode(raw, encodings, TEXT_VR_DELIMS)
        # The character set starts anew at each delimiter (PS3.5 6.2.1.2), a component group's and value's too.
        return decode(raw, encodings, {*PN_DELIMS, ord("="), ord("\\")})
    except Exception:  # whatever a wrong character set makes pydicom raise
        return raw.decode("latin-1")


def _strings(raw: bytes, vr: str, character_set: bytes) -> tuple[str, ...]:
    text = _text(raw, vr, character_set)
    if vr in _ONE_TEXT:
        return (text.rstrip(" \0"),)
    return tuple(part.strip(" \0") for part in text.split("\\"))


def _decimals(raw: bytes) -> tuple[Scalar, ...]:
    text = raw.decode("latin-1").replace("\0", " ")
    if _DECIMALS.fullmatch(text):
        return tuple(map(float, text.split("\\")))
    return tuple(_decimal(part.strip()) for part in text.split("\\"))


def _decimal(text: str) -> Scalar:
    if not text:
        return None
    return float(text) if _DECIMALS.fullmatch(text) else text


def _integers(raw: bytes) -> tuple[Scalar, ...]:
    return tuple(_integer(part.strip(" \0")) for part in raw.decode("latin-1").split("\\"))


def _integer(text: str) -> Scalar:
    if not text:
        return None
    match = _INTEGER.fullmatch(text)
    return int(match[1]) if match else text


_FROM_TEXT: Final[dict[str, Callable[[bytes], tuple[Scalar, ...]]]] = {"DS": _decimals, "IS": _integers}


def _numbers(raw: bytes, vr: str, little_endian: bool) -> tuple[Scalar, ...] | None:
    form = _NUMBERS[vr]
    order = "<" if little_endian else ">"
    width = {"H": 2, "h": 2, "f": 4, "I": 4, "i": 4, "HH": 4}.get(form, 8)
    if len(raw) % width:
        return None
    if vr == "AT":
        return tuple(group << 16 | element for group, element in iter_unpack(f"{order}HH", raw))
    return tuple(value for (value,) in iter_unpack(order + form, raw))


def decode_value(raw: bytes, vr: str, *, little_endian: bool, character_set: bytes = b"") -> Value:
    """Return the value that bytes stand for.

    Text is `str`, DS `float`, IS `int`, binary numbers `int` or `float`, AT a tag as `int`, all else `bytes`;
    several values are a tuple. An empty text is ``""``, an empty number None. What is no number although it
    should be remains text (DS, IS) or bytes.
    """
    values: tuple[Scalar, ...] | None
    if vr in _NUMBERS:
        values = _numbers(raw, vr, little_endian)
        if values is None:
            return raw
    elif vr in _FROM_TEXT:
        values = _FROM_TEXT[vr](raw)
    elif vr in _OTHER_TEXT or vr in _IN_CHARACTER_SET:
        values = _strings(raw, vr, character_set)
    else:
        return raw
    if len(values) > 1:
        return values
    return values[0] if values else None
