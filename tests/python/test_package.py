"""What an installation promises: versions that agree, a cheap import, a backend that is chosen as documented."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import radpix
from radpix import _core


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, **environment}
    return subprocess.run(
        [sys.executable, "-c", code], env=variables, capture_output=True, text=True, check=False, timeout=120
    )


def test_versions_agree() -> None:
    assert radpix.__version__ == _core.__version__
    if "site-packages" in str(radpix.__file__):
        assert radpix.__version__ == importlib.metadata.version("radpix")


def test_import_loads_neither_pydicom_nor_numba_nor_the_extras_nor_what_is_slow() -> None:
    slow = ("pydicom", "numba", "typer", "rich", "PIL", "concurrent.futures", "asyncio")
    code = f"import sys, radpix; print([m for m in {slow} if m in sys.modules])"
    assert run(code).stdout.strip() == "[]"


def test_the_plug_in_is_reachable_without_an_import_of_its_own() -> None:
    code = "import sys, radpix; print(radpix.pydicom_plugin.__name__, 'pydicom' in sys.modules)"
    assert run(code).stdout.split() == ["radpix.pydicom_plugin", "False"]


@pytest.mark.parametrize(("wanted", "name"), [("auto", "native"), ("native", "native"), ("numba", "numba")])
def test_backend_follows_its_variable(wanted: str, name: str) -> None:
    result = run("import radpix; print(radpix.backend().name)", RADPIX_BACKEND=wanted)
    assert result.stdout.strip() == name, result.stderr


@pytest.mark.parametrize(
    ("variable", "value"),
    [("RADPIX_BACKEND", "cuda"), ("RADPIX_CPU", "sse9"), ("RADPIX_NUM_THREADS", "many")],
)
def test_an_unknown_value_of_a_variable_is_refused(variable: str, value: str) -> None:
    code = f"""
import radpix
try:
    radpix.backend()
except ValueError as error:
    print("{variable}" in str(error) and {value!r} in str(error))
"""
    assert run(code, **{variable: value}).stdout.strip() == "True"


@pytest.mark.parametrize("level", ["scalar", "auto"])
def test_cpu_level_follows_its_variable(level: str) -> None:
    result = run(
        "import radpix; print(radpix.backend().cpu_level)", RADPIX_CPU=level, RADPIX_BACKEND="native"
    )
    assert result.stdout.strip() == (_core.detected_cpu_level() if level == "auto" else level), result.stderr


def package_without_core(folder: Path) -> dict[str, str]:
    """Copy the package without its extension module and return the environment that finds the copy first."""
    shutil.copytree(
        Path(radpix.__file__).parent, folder / "radpix", ignore=shutil.ignore_patterns("_core.*", "*.nb?")
    )
    return {"PYTHONPATH": str(folder)}


def test_numba_serves_where_the_core_is_absent(tmp_path: Path) -> None:
    environment = package_without_core(tmp_path)
    code = "import radpix; print(radpix.__file__); print(radpix.backend().name)"
    result = run(code, **environment)
    assert result.stdout.split() == [str(tmp_path / "radpix" / "__init__.py"), "numba"], result.stderr


def test_numba_works_where_nothing_can_be_written(tmp_path: Path) -> None:
    code = """
import os
from pathlib import Path
import numba.core.caching as caching

def refuse(path):
    raise OSError(30, "Read-only file system")

caching.tempfile.TemporaryFile = lambda dir=None: refuse(dir)
caching.os.makedirs = lambda path, exist_ok=False: refuse(path)
import numpy as np
import radpix
print(radpix.window(np.array([-1000, 40, 3000], np.int16), 40, 400).tolist())
"""
    environment = {**package_without_core(tmp_path), "NUMBA_CACHE_DIR": "", "HOME": "/proc/none"}
    result = run(code, **environment)
    assert result.stdout.strip() == "[0, 128, 255]", result.stderr
    assert not list(tmp_path.rglob("*.nbc"))


def test_a_native_backend_that_is_absent_says_so(tmp_path: Path) -> None:
    result = run("import radpix; radpix.backend()", RADPIX_BACKEND="native", **package_without_core(tmp_path))
    assert "without its compiled core" in result.stderr


def test_a_core_that_is_present_but_broken_is_never_passed_over(tmp_path: Path) -> None:
    environment = package_without_core(tmp_path)
    (tmp_path / "radpix" / "_core.py").write_text(
        "raise ImportError('libfoo.so is missing')\n", encoding="utf-8"
    )
    result = run("import radpix; radpix.backend()", **environment)
    assert "libfoo.so is missing" in result.stderr


@pytest.mark.parametrize("count", [-1, 1025])
def test_impossible_thread_counts_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match="threads"):
        radpix.set_num_threads(count)


def test_the_number_of_threads_is_set_and_returned() -> None:
    before = radpix.get_num_threads()
    try:
        radpix.set_num_threads(3)
        assert radpix.get_num_threads() == 3
        assert radpix.backend().num_threads == 3
    finally:
        radpix.set_num_threads(0)
    assert radpix.get_num_threads() == before
