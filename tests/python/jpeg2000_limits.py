"""The errors of the ISO/IEC 15444-4 and HT conformance streams, measured, and the table of them in the documents.

    RADPIX_TEST_DATA=... python -m tests.python.jpeg2000_limits

writes the rows in ``docs/conformance/jpeg2000.md`` anew.
"""

from __future__ import annotations

import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.python.testdata import PROJECT, manifest, real_data

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Codestream, component, resolutions left out.
Key = tuple[str, str, str]

TABLE = PROJECT / "docs" / "conformance" / "jpeg2000.md"
_HEAD = (
    "| codestream | component | `reduce` | peak error (limit) | mean squared error (limit) |\n"
    "|---|---|---|---|---|\n"
)
#: Streams whose decoding Part 2 changes (arbitrary wavelets, non-linear transformations): refused, by name.
PART_2 = {"ATK_DFS_IRV.j2c"}


@cache
def tool() -> Path:
    found = sorted(PROJECT.glob("build/*/tests/cpp/jpeg2000_planes"), key=lambda path: path.stat().st_mtime)
    if not found:
        pytest.skip("jpeg2000_planes is not built; cmake --build --preset dev")
    return found[-1]


def run(path: Path, output: Path, reduce: int = 0, *options: int) -> subprocess.CompletedProcess[str]:
    """Options: threads, rows of a strip."""
    return subprocess.run(
        [tool(), path, output, *map(str, (reduce, *options))],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def planes_of(path: Path, output: Path, reduce: int = 0) -> list[NDArray[np.int32]]:
    result = run(path, output, reduce)
    assert result.returncode == 0, result.stderr
    numbers = np.fromfile(output, np.int32)
    planes = []
    while numbers.size:
        width, height = (int(n) for n in numbers[:2])
        planes.append(numbers[4 : 4 + width * height].reshape(height, width))
        numbers = numbers[4 + width * height :]
    return planes


def read_pgx(path: Path) -> NDArray[Any]:
    content = path.read_bytes()
    end = content.index(b"\n")
    fields = content[:end].decode().replace("+", " + ").replace("-", " - ").split()
    order = ">" if fields[1] == "ML" else "<"
    kind = "i" if "-" in fields else "u"
    precision, width, height = (int(field) for field in fields[-3:])
    size = 1 if precision <= 8 else 2 if precision <= 16 else 4
    return np.frombuffer(content, f"{order}{kind}{size}", width * height, end + 1).reshape(height, width)


def reference_of(name: str) -> Path:
    """Return a reference; Part 15's are partly those of Part 1, which another corpus has."""
    first = real_data().joinpath(name)
    if first.exists():
        return first
    stem = Path(name).stem.replace("-", "_")
    return real_data("uclouvain+openjpeg-data", "baseline", "conformance", f"{stem}.pgx")


ROWS = {
    (row["codestream"], row["component"], row["reduce"]): row for row in manifest("conformance_j2k_htj2k.csv")
}


def error_of(key: Key, folder: Path) -> tuple[int, float]:
    """Return the peak and the mean squared error of a component against its reference."""
    stream, component, reduce = key
    reference = read_pgx(reference_of(ROWS[key]["reference"])).astype(np.int64)
    plane = planes_of(real_data(stream), folder / "planes", int(reduce))[int(component)]
    error = np.abs(plane.astype(np.int64) - reference)
    return int(error.max()), float((error.astype(float) ** 2).mean())


def with_measured_rows(folder: Path) -> str:
    """Return the document with today's errors in its table."""
    before = TABLE.read_text(encoding="utf-8").partition(_HEAD)[0]
    return before + _HEAD + "".join(_row(key, folder) for key in ROWS)


def _row(key: Key, folder: Path) -> str:
    limits = ROWS[key]
    name = Path(key[0]).name
    head = f"| {name} | {key[1]} | {key[2]} |"
    if name in PART_2:
        return f"{head} refused: Part 2 wavelet | |\n"
    if not _has_reference(limits["reference"]):
        return f"{head} no reference | |\n"
    peak, square = error_of(key, folder)
    most, most_square = float(limits["pae"]), float(limits["mse"])
    return f"{head} {peak} ({most:g}) | {square:.4g} ({most_square:g}) |\n"


def _has_reference(name: str) -> bool:
    try:
        return reference_of(name).exists()
    except pytest.skip.Exception:
        return False


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        TABLE.write_text(with_measured_rows(Path(scratch)), encoding="utf-8")
