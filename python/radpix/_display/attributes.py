"""Attributes of pydicom data sets as the display pipeline needs them: absent is None, nonsense is `PixelDataError`.

Presence is asked for by number: keywords cost pydicom twenty times as much, and most attributes are absent.
"""

from __future__ import annotations

from functools import cache
from math import isfinite
from typing import TYPE_CHECKING, Any

from radpix.errors import PixelDataError

if TYPE_CHECKING:
    from pydicom import Dataset
    from pydicom.tag import BaseTag

__all__ = ["functional_group", "integer", "integers", "items", "number", "numbers", "tag_of", "text", "value"]


@cache
def tag_of(keyword: str | int) -> BaseTag:
    """Return the tag of a keyword of PS3.6, in pydicom's own type, which it need not convert any more."""
    from pydicom.tag import Tag

    return Tag(keyword)


def value(item: Dataset, keyword: str | int) -> Any:
    """Return what an attribute (keyword or tag) holds, None where it is absent or empty.

    Raises
    ------
    PixelDataError
        pydicom cannot make sense of its bytes.
    """
    tag = tag_of(keyword)
    try:
        found = item[tag].value if tag in item else None
    except Exception as error:
        raise PixelDataError(f"{_name(keyword)} cannot be read: {error}") from error
    if found is None or (hasattr(found, "__len__") and len(found) == 0):
        return None
    return found


def _name(keyword: str | int) -> str:
    return keyword if isinstance(keyword, str) else f"({keyword >> 16:04X},{keyword & 0xFFFF:04X})"


def numbers(item: Dataset, keyword: str | int) -> list[float]:
    """Return all values of an attribute as finite numbers, none where it is absent."""
    found = value(item, keyword)
    if found is None:
        return []
    if isinstance(found, bytes):  # whose items are numbers, but not those that are meant
        raise PixelDataError(f"{_name(keyword)} is bytes of a VR that it does not have, not numbers")
    values = (
        [found] if isinstance(found, str | int | float) or not hasattr(found, "__iter__") else list(found)
    )
    try:
        result = [float(one) for one in values]
    except (TypeError, ValueError) as error:
        raise PixelDataError(f"{_name(keyword)} is {found!r}, not numbers") from error
    if not all(map(isfinite, result)):
        raise PixelDataError(f"{_name(keyword)} is {found!r}, not finite numbers")
    return result


def number(item: Dataset, keyword: str | int) -> float | None:
    """Return the one number that an attribute holds, None where it is absent."""
    found = numbers(item, keyword)
    if len(found) > 1:
        raise PixelDataError(f"{_name(keyword)} is {value(item, keyword)!r}, not one number")
    return found[0] if found else None


def integers(item: Dataset, keyword: str | int) -> list[int]:
    """Return all values of an attribute as integers, none where it is absent."""
    found = numbers(item, keyword)
    if not all(one.is_integer() for one in found):
        raise PixelDataError(f"{_name(keyword)} is {value(item, keyword)!r}, not integers")
    return [int(one) for one in found]


def integer(item: Dataset, keyword: str | int) -> int | None:
    """Return the first value of an attribute as an integer, None where it is absent."""
    found = integers(item, keyword)
    return found[0] if found else None


def text(item: Dataset, keyword: str | int) -> str:
    """Return the first value of an attribute as text, an empty one where it is absent."""
    found = value(item, keyword)
    if found is None:
        return ""
    if isinstance(found, bytes):  # a wrong VR; `radpix.decode` reads it as well
        return found.decode("latin-1").split("\\", 1)[0].strip("\0 ")
    if not isinstance(found, str) and hasattr(found, "__iter__"):
        found = next(iter(found))
    return str(found).strip()


def items(item: Dataset, keyword: str | int) -> list[Dataset]:
    """Return the items of a sequence, none where it is absent."""
    from pydicom import Dataset as Item

    found = value(item, keyword)
    if found is None:
        return []
    result = list(found) if hasattr(found, "__iter__") else [found]
    if not all(isinstance(one, Item) for one in result):
        raise PixelDataError(f"{_name(keyword)} is no sequence")
    return result


def functional_group(dataset: Dataset, frame: int, keyword: str) -> list[Dataset]:
    """Return the items of a frame's functional group macro, else of the shared one, else none (PS3.3 C.7.6.16).

    Raises
    ------
    IndexError
        There are per-frame functional groups, but none of ``frame``.
    """
    frames = value(dataset, "PerFrameFunctionalGroupsSequence")
    groups = items(dataset, "SharedFunctionalGroupsSequence")[:1]
    if frames is not None:
        if not 0 <= frame < len(frames):
            raise IndexError(f"frame {frame} has no functional group; the data set has {len(frames)}")
        groups.insert(0, frames[frame])
    for group in groups:
        found = items(group, keyword)
        if found:
            return found
    return []
