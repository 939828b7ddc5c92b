"""The table of docs/frames.md: what becomes of every object of the corpora that deviates from the standard.

``PYTHONPATH=python python -m tests.python.malformed`` writes it anew.
"""

from __future__ import annotations

import hashlib
import re
import warnings
from typing import TYPE_CHECKING, Any

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


def written() -> str:
    """Return the table as the document has it."""
    return DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]


if __name__ == "__main__":
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
    DOCUMENT.write_text(before + BEGIN + table() + END + rest.partition(END)[2], encoding="utf-8")
