"""Siemens' CSA header, a private list of named values (data element 0029,1010)."""

from __future__ import annotations

import struct

__all__ = ["csa_values"]

_MOST_TAGS, _MOST_ITEMS = 1024, 4096
_TAG = struct.Struct("<64si4siii")
_ITEM = struct.Struct("<4i")


def csa_values(header: bytes) -> dict[str, list[str]]:
    """Return the values by name, as text; what is damaged is left out, with all that is behind it."""
    is_second = header[:4] == b"SV10"
    offset = 8 if is_second else 0
    if len(header) < offset + 8:
        return {}
    (count,) = struct.unpack_from("<I", header, offset)
    offset += 8
    values: dict[str, list[str]] = {}
    first_items = 0
    for number in range(min(count, _MOST_TAGS)):
        if offset + _TAG.size > len(header):
            return values
        name, _, _, _, items, _ = _TAG.unpack_from(header, offset)
        offset += _TAG.size
        if not 0 <= items <= _MOST_ITEMS:
            return values
        first_items = items if number == 0 else first_items
        found: list[str] = []
        for _ in range(items):
            if offset + _ITEM.size > len(header):
                return values
            sizes = _ITEM.unpack_from(header, offset)
            offset += _ITEM.size
            # In the first version, lengths count from the number of items of the first tag.
            length = sizes[1] if is_second else sizes[0] - first_items
            if not 0 <= length <= len(header) - offset:
                return values
            text = header[offset : offset + length].split(b"\0", 1)[0].decode("latin-1").strip()
            found += [text] if text else []
            offset += (length + 3) // 4 * 4
        values[name.split(b"\0", 1)[0].decode("latin-1")] = found
    return values
