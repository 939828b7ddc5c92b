"""What callers name tags by, and the queries these make."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from radpix._header.query import EVERY_ITEM, Wanted
from radpix._header.values import vr_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Column", "columns_of", "parse_tag", "wanted_of"]

_HEX = re.compile(r"\(?([0-9A-Fa-f]{4}),? ?([0-9A-Fa-f]{4})\)?")
_ITEM = re.compile(r"(\d{1,9}|\*)\]")
_PIXEL_REPRESENTATION = 0x00280103
_SPECIFIC_CHARACTER_SET = 0x00080005
#: PS3.3 C.7.6.3.1: pixel values, signed where Pixel Representation says so.
_EITHER = frozenset({"US or SS", "US or SS or OW"})


class Column(NamedTuple):
    """One tag or path as the caller named it."""

    name: str | int
    wanted: Wanted
    vr: str
    is_list: bool


def parse_tag(name: str | int) -> int:
    """Return a tag from its number, its keyword, or its digits as in ``"0028,0010"``.

    Raises
    ------
    ValueError
        It is none.
    """
    if isinstance(name, int) and not isinstance(name, bool):
        if not 0 <= name <= 0xFFFFFFFF:
            raise ValueError(f"a tag is from 0 to 0xFFFFFFFF, not {name}")
        return name
    text = str(name).strip()
    match = _HEX.fullmatch(text)
    if match is not None:
        return int(match[1] + match[2], 16)
    from pydicom.datadict import tag_for_keyword

    tag = tag_for_keyword(text)
    if tag is None:
        raise ValueError(
            f"{name!r} is no keyword of PS3.6 and no tag; write 'Rows', '0028,0010' or 0x00280010"
        )
    return tag


def _column(name: str | int) -> Column:
    if isinstance(name, int):
        tag = parse_tag(name)
        return Column(name, Wanted((), tag, vr_of(tag) == "SQ"), vr_of(tag), is_list=False)
    *path, leaf = str(name).split(".")
    steps: list[tuple[int, int]] = []
    for step in path:
        sequence, _, number = step.partition("[")
        if number and not _ITEM.fullmatch(number):
            raise ValueError(f"{name!r}: {step!r} has no item number; write 'Sequence[0]' or 'Sequence[*]'")
        item = EVERY_ITEM if number == "*]" else int(number[:-1] or 0)
        steps.append((parse_tag(sequence), item))
    stars = sum(item == EVERY_ITEM for _, item in steps)
    if stars > 1 or len(steps) > 16:
        raise ValueError(f"{name!r}: a path has at most 16 sequences, one of them with [*]")
    tag = parse_tag(leaf)
    vr = vr_of(tag)
    return Column(name, Wanted(tuple(steps), tag, vr == "SQ"), vr, is_list=stars == 1)


def columns_of(tags: Iterable[str | int] | str | int) -> list[Column]:
    """Parse the tags that a caller asks for.

    Raises
    ------
    TypeError, ValueError
        One is no tag, or comes twice.
    """
    names: list[Any] = [tags] if isinstance(tags, str | int) else list(tags)
    for name in names:
        if not isinstance(name, str | int) or isinstance(name, bool):
            raise TypeError(f"a tag is a number, a keyword or a path, not {type(name)}")
    if len(set(names)) < len(names):
        raise ValueError("a tag comes twice")
    return [_column(name) for name in names]


def wanted_of(columns: Sequence[Column]) -> list[Wanted]:
    """Return what to look for: the columns, then Specific Character Set, then Pixel Representation if need be.

    The latter is behind most attributes, so it is read only where the type of one depends on it.
    """
    wanted = [column.wanted for column in columns]
    wanted.append(Wanted((), _SPECIFIC_CHARACTER_SET))
    if any(column.vr in _EITHER for column in columns):
        wanted.append(Wanted((), _PIXEL_REPRESENTATION))
    return wanted


def number_vr(vr: str, pixel_representation: bytes, *, little_endian: bool) -> str:
    """Return US or SS where the dictionary leaves both, any other VR as it is."""
    if vr not in _EITHER:
        return vr
    order: Literal["little", "big"] = "little" if little_endian else "big"
    return "SS" if int.from_bytes(pixel_representation[:2], order) == 1 else "US"
