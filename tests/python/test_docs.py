"""The README, the documents and the docstrings are run, so that they stay true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import radpix

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(radpix.__path__, "radpix.")
    if not module.name.startswith(("radpix._core", "radpix._native", "radpix.__main__"))
)
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples_hold(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name), optionflags=FLAGS).failed == 0


@pytest.mark.parametrize("path", sorted(ROOT.glob("docs/**/*.md")), ids=lambda path: path.name)
def test_document_examples_hold(path: Path) -> None:
    assert doctest.testfile(str(path), module_relative=False, optionflags=FLAGS, encoding="utf-8").failed == 0


LINK = re.compile(r"\]\(([^)#]+)")


@pytest.mark.parametrize(
    "path", [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))], ids=lambda path: path.name
)
def test_every_link_leads_somewhere(path: Path) -> None:
    targets = LINK.findall(path.read_text(encoding="utf-8"))
    assert [t for t in targets if not t.startswith("http") and not (path.parent / t).exists()] == []


def test_the_places_that_the_architecture_names_exist() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").split("## A kernel folder")[0]
    paths = set(re.findall(r"`((?:cpp|python|docs|tests|benchmarks)/[^`]*)`", text))
    assert len(paths) > 20
    assert [path for path in paths if not list(ROOT.glob(re.sub("<.*?>", "*", path)))] == []


#: Words with hyphens in the sources that are no codes of errors or warnings.
NO_CODES = re.compile(
    r"latin-1|soft-tissue|local-max|not-dicom|not-an-image|little-endian|"
    r"unsupported-.*|invalid-argument|shape-mismatch|limit-exceeded|size-overflow"  # not of a DecodeError
)
CODE = re.compile(r'"([a-z0-9]+(?:-[a-z0-9]+)+)"')


def codes_of_sources() -> set[str]:
    package = ROOT / "python" / "radpix"
    folders = ("_source", "_frames", "_header", "_display", "_numba")
    sources = [path for folder in folders for path in package.glob(f"{folder}/*.py")]
    sources += ROOT.glob("cpp/src/codec/**/*.[ch]pp")
    sources += [package / name for name in ("modality.py", "color.py", "overlays.py", "display.py")]
    sources += [package / name for name in ("palette.py", "shutters.py", "voi.py")]
    sources.append(ROOT / "cpp" / "src" / "base" / "error.cpp")
    found = {code for path in sources for code in CODE.findall(path.read_text(encoding="utf-8"))}
    return {code for code in found if not NO_CODES.fullmatch(code)} | {"truncated", "unreadable-file"}


def test_every_code_of_an_error_or_warning_is_documented() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in ROOT.glob("docs/**/*.md"))
    assert (
        codes_of_sources() - set(re.findall(r"(?:`|^\| )([a-z0-9-]+)(?:`| \|)", text, re.MULTILINE)) == set()
    )


def test_no_code_is_documented_that_does_not_exist() -> None:
    rows = re.findall(
        r"^\| `([a-z0-9-]+)` \|", (ROOT / "docs/warnings.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert set(rows) - codes_of_sources() == set()
    assert len(rows) == len(set(rows))
