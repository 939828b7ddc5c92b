"""Where JPEG, JPEG-LS and JPEG 2000 codestreams end, by their markers: nothing is decoded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from radpix._backend import Buffer

__all__ = ["begins", "lengths_of"]

#: SOI (ITU-T T.81 table B.1, T.87), and SOC followed by SIZ (ITU-T T.800 A.4.1, A.5.1).
_SOI, _SOC = b"\xff\xd8\xff", b"\xff\x4f\xff\x51"
_END = b"\xff\xd9"

#: A marker inside entropy-coded data: neither a stuffed byte (T.81: zero, T.87: a zero bit) nor RSTn.
_MARKER = re.compile(rb"\xff[\x80-\xcf\xd8-\xfe]")

_SOS, _SOT = 0xDA, 0x90

#: Markers without a segment: TEM, RSTn, SOI.
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})

#: No codestream has more; an end is then not found.
_MOST_SEGMENTS = 1 << 20


def begins(data: Buffer) -> bool:
    """Return whether bytes begin as a codestream does."""
    return bytes(data[:3]) == _SOI or bytes(data[:4]) == _SOC


def lengths_of(data: Buffer) -> list[int]:
    """Return the lengths of the codestreams that bytes hold one behind the other; they add up to all bytes.

    Padding belongs to the codestream before it. Bytes of one codestream, or none, have one length.
    """
    view = memoryview(data)
    starts = [0]
    while begins(view[starts[-1] :]):
        end = _end_of(view, starts[-1])
        while end is not None and end < len(view) and view[end] == 0:
            end += 1
        if end is None or not begins(view[end : end + 4]):
            break
        starts.append(end)
    return [after - start for start, after in zip(starts, [*starts[1:], len(view)], strict=True)]


def _end_of(data: memoryview, start: int) -> int | None:
    """Return where the codestream at ``start`` ends, None where its markers do not say so."""
    is_jpeg = data[start + 1] == _SOI[1]
    place = start + 2
    for _ in range(_MOST_SEGMENTS):
        while place + 1 < len(data) and data[place] == 0xFF and data[place + 1] == 0xFF:
            place += 1  # T.81 B.1.1.2: any number of fill bytes
        if place + 2 > len(data) or data[place] != 0xFF:
            return None
        marker = data[place + 1]
        if marker == _END[1]:
            return place + 2
        step = _after_jpeg(data, place, marker) if is_jpeg else _after_jpeg_2000(data, place, marker)
        if step is None:
            return None
        place = step
    return None


def _after_jpeg(data: memoryview, place: int, marker: int) -> int | None:
    """Return where the next marker is, behind the entropy-coded data of a scan."""
    if marker in _ALONE:
        return place + 2
    after = place + 2 + _word(data, place + 2)
    if marker != _SOS:
        return after if after > place + 3 else None
    found = _MARKER.search(data, after)
    return found.start() if found else None


def _after_jpeg_2000(data: memoryview, place: int, marker: int) -> int | None:
    """Return where the next marker is: behind a segment, or behind a tile-part by its Psot (T.800 A.4.2)."""
    if marker != _SOT:
        after = place + 2 + _word(data, place + 2)
        return after if after > place + 3 else None
    tile_part = int.from_bytes(data[place + 6 : place + 10], "big")
    if tile_part >= 14:
        return place + tile_part
    # Psot 0: up to EOC, which packets cannot contain (T.800 A.1).
    found = re.compile(re.escape(_END)).search(data, place + 12)
    return found.start() if tile_part == 0 and found else None


def _word(data: memoryview, place: int) -> int:
    return int.from_bytes(data[place : place + 2], "big")
