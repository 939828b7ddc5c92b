"""The table of docs/frames.md about codestreams: what becomes of those that the corpora call malformed.

``PYTHONPATH=python python -m tests.python.malformed`` writes it anew.
"""

from __future__ import annotations

import struct
import warnings
from collections import Counter
from typing import TYPE_CHECKING

from tests.python.testdata import DATA, manifest

import radpix

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BASELINE, JPEG_LS, JPEG_2000 = (f"1.2.840.10008.1.2.4.{number}" for number in (50, 80, 91))

BEGIN, END = "<!-- generated: streams -->\n", "<!-- end: streams -->\n"
HEAD = "| streams | number | outcome | codes |\n|---|---|---|---|\n"

#: Rows, columns, components, precision.
Shape = tuple[int, int, int, int]
_PLAUSIBLE = 1 << 24


def _jpeg_shape(data: bytes, markers: range) -> Shape | None:
    """Return what the first thing that looks like a frame header says (T.81 B.2.2, T.87 C.2.2)."""
    for at in range(len(data) - 9):
        if data[at] == 0xFF and data[at + 1] in markers:
            bits, rows, columns, components = struct.unpack_from(">BHHB", data, at + 4)
            return rows, columns, components, bits
    return None


def _siz_shape(data: bytes) -> Shape | None:
    """Return what SIZ says (ISO/IEC 15444-1 A.5.1)."""
    at = data.find(b"\xff\x4f\xff\x51")
    if at < 0 or len(data) < at + 43:
        return None
    right, bottom, left, top = struct.unpack_from(">4I", data, at + 8)
    components, bits = struct.unpack_from(">HB", data, at + 40)
    return bottom - top, right - left, components, (bits & 0x7F) + 1


def _shape_of(uid: str, data: bytes) -> Shape:
    """Return a shape that agrees with the stream's, where that is one of an image."""
    found = _siz_shape(data) if uid == JPEG_2000 else _jpeg_shape(data, _MARKERS[uid])
    if found is None:
        return 16, 16, 1, 8
    rows, columns, components, bits = found
    is_plausible = 0 < rows < 65536 and 0 < columns < 65536 and 0 < components <= 4 and 0 < bits <= 16
    return found if is_plausible and rows * columns * components < _PLAUSIBLE else (16, 16, 1, 8)


_MARKERS = {BASELINE: range(0xC0, 0xC4), JPEG_LS: range(0xF7, 0xF8)}


def outcome(uid: str, path: Path) -> tuple[str, str]:
    """Return the exception's name, or "decoded", and the codes."""
    data = path.read_bytes()
    rows, columns, components, bits = _shape_of(uid, data)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            radpix.decode_frame(
                data,
                transfer_syntax=uid,
                rows=rows,
                columns=columns,
                samples_per_pixel=components,
                bits_allocated=8 if bits <= 8 else 16,
                bits_stored=bits,
                photometric_interpretation="RGB" if components == 3 else "MONOCHROME2",
            )
        except (radpix.RadpixError, radpix.UnsupportedTransferSyntaxError) as error:
            return type(error).__name__, getattr(error, "code", "")
    codes = {w.message.code for w in caught if isinstance(w.message, radpix.RadpixWarning)}
    return "decoded", " ".join(sorted(codes))


def _streams() -> Iterator[tuple[str, str, Path]]:
    """Yield what a row is about, the transfer syntax, and a file."""
    for folder in sorted((DATA / "libjpeg-turbo+seed-corpora").iterdir()):
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                yield f"{folder.parent.name}/{folder.name}", BASELINE, path
    for path in sorted((DATA / "team-charls+charls" / "test" / "data").glob("*")):
        if path.name.startswith(("fuzzy", "no_start")):
            yield str(path.relative_to(DATA)), JPEG_LS, path
    refused = dict.fromkeys(
        row["path"]
        for row in manifest("openjpeg_nonregression.csv")
        if row["present"] == "1" and row["expect"] == "reject" and "/nonregression/" in row["path"]
    )
    for name in refused:
        yield name, JPEG_2000, DATA / name


def table() -> str:
    """Return a row for each outcome of streams of one place: they are too many for one each."""
    counted = Counter((what, *outcome(uid, path)) for what, uid, path in _streams())
    rows = [f"| {what} | {n} | {name} | {codes} |\n" for (what, name, codes), n in sorted(counted.items())]
    return HEAD + "".join(rows)
