"""The table of docs/frames.md: what becomes of every object of the corpora that deviates from the standard.

``PYTHONPATH=python python -m tests.python.malformed`` writes it anew.
"""

from __future__ import annotations

import hashlib
import re
import warnings
from typing import TYPE_CHECKING, Any

from tests.python import malformed_streams
from tests.python.testdata import DATA, PROJECT, dicom_files, manifest, pydicom_files

import radpix

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT = PROJECT / "docs" / "frames.md"
BEGIN, END = "<!-- generated -->\n", "<!-- end -->\n"
HEAD = "| file | outcome | codes | stored values |\n|---|---|---|---|\n"


def digest(pixels: Any) -> str:
    return hashlib.sha1(pixels.astype("<i8").tobytes(), usedforsecurity=False).hexdigest()[:16]


def row(name: str, path: Path, agreed: str) -> str | None:
    """Return the row of an object, None for one that decodes without a word, or is no image."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            pixels = radpix.decode(path)
        except radpix.RadpixError as error:
            what = str(error).replace(f"{path}: ", "")
            if what.startswith("there is no pixel data"):
                return None  # no image
            what = re.split(r"; |(?<!frame \d)(?<!frame \d\d): ", what.replace("|", "/"), maxsplit=1)[0]
            code = getattr(error, "code", "")
            return f"| {name} | {type(error).__name__}: {what} | {code} | |"
    codes = sorted({w.message.code for w in caught if isinstance(w.message, radpix.RadpixWarning)})
    if not codes:
        return None
    found = digest(pixels)
    check = f"{found}, as other decoders agree" if found == agreed else found
    return f"| {name} | decoded | {' '.join(codes)} | {check} |"


def table() -> str:
    """Return the table over all corpora and pydicom's own test files."""
    agreed = {line["path"]: line["hash"] for line in manifest("oracle_decode.csv")}
    named = [(str(path.relative_to(DATA)), path) for path in dicom_files(DATA)]
    named += [(f"pydicom: {path.name}", path) for path in pydicom_files()]
    rows = [row(name, path, agreed.get(name, "")) for name, path in named]
    return HEAD + "".join(f"{text}\n" for text in rows if text)


def written(begin: str = BEGIN, end: str = END) -> str:
    """Return a table as the document has it."""
    return DOCUMENT.read_text(encoding="utf-8").partition(begin)[2].partition(end)[0]


def _write(begin: str, end: str, text: str) -> None:
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(begin)
    DOCUMENT.write_text(before + begin + text + end + rest.partition(end)[2], encoding="utf-8")


if __name__ == "__main__":
    _write(BEGIN, END, table())
    _write(malformed_streams.BEGIN, malformed_streams.END, malformed_streams.table())
