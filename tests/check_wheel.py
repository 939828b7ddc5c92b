"""Build the sdist, the wheel from it, and the wheel of a machine without a compiler; check what is in them.

Usage: ``python tests/check_wheel.py FOLDER`` (needs the network of pip, and a C++20 compiler). The compiled wheel is
left in FOLDER.
"""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
LARGEST_WHEEL = 4 << 20


def pip_wheel(source: Path, target: Path, **environment: str) -> Path:
    """Build one wheel in isolation and return its path."""
    target.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--wheel-dir", target, source],
        check=True,
        env={**os.environ, **environment},
    )
    (wheel,) = target.glob("radpix-*.whl")
    return wheel


def build_sdist(target: Path) -> Path:
    """Build the source distribution and return its path."""
    code = "import sys; from scikit_build_core.build import build_sdist; build_sdist(sys.argv[1])"
    subprocess.run([sys.executable, "-c", code, target], check=True, cwd=ROOT)
    (sdist,) = target.glob("radpix-*.tar.gz")
    return sdist


def faults(wheel: Path, *, compiled: bool) -> list[str]:
    """Return what is wrong with a wheel."""
    names = zipfile.ZipFile(wheel).namelist()
    core = [name for name in names if name.startswith("radpix/_core.") and not name.endswith(".pyi")]
    pure = wheel.name.endswith("-py3-none-any.whl")
    found = [
        f"{wheel.name} lacks radpix/{name}"
        for name in ("py.typed", "_core.pyi")
        if f"radpix/{name}" not in names
    ]
    if compiled != bool(core) or compiled == pure:
        found.append(f"{wheel.name}: compiled={compiled}, but it holds {core}")
    if wheel.stat().st_size > LARGEST_WHEEL:
        found.append(f"{wheel.name} takes {wheel.stat().st_size} bytes")
    if foreign := [name for name in names if not name.startswith(("radpix/", "radpix-"))]:
        found.append(f"{wheel.name} holds {foreign}")
    return found


def main() -> int:
    """Build and check."""
    folder = Path(sys.argv[1]).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    sdist = build_sdist(folder)
    wheel = pip_wheel(sdist, folder / "compiled", RADPIX_REQUIRE_CORE="1")
    # Without a compiler: RADPIX_REQUIRE_CORE must be absent, not only empty.
    os.environ.pop("RADPIX_REQUIRE_CORE", None)
    fallback = pip_wheel(sdist, folder / "fallback", CXX="/bin/false")
    found = faults(wheel, compiled=True) + faults(fallback, compiled=False)
    print(
        "\n".join(found)
        if found
        else f"{wheel.name} {wheel.stat().st_size >> 10} KiB, {fallback.name}: right"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
