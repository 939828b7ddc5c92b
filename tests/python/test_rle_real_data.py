"""Real RLE files at every CPU level and with both backends."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest
from tests.python.backends import BACKENDS, Backend
from tests.python.testdata import frames_of, manifest, pydicom_files, real_data

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

RLE = "1.2.840.10008.1.2.5"


def decoded(backend: Backend, path: Path, **options: Any) -> NDArray[Any]:
    """Return (frames, rows, columns[, samples])."""
    syntax, frames, layout = frames_of(path)
    samples = (layout.samples_per_pixel,) if layout.samples_per_pixel > 1 else ()
    dtype = f"{'i' if layout.is_signed else 'u'}{max(1, layout.bits_allocated // 8)}"
    out = np.zeros((len(frames), layout.rows, layout.columns, *samples), dtype)
    assert syntax == RLE
    assert backend.decode(RLE, frames, layout, out, **options) == []
    return out


@pytest.mark.real_data
@pytest.mark.parametrize("backend", BACKENDS, ids=repr)
def test_real_files_have_the_samples_that_independent_decoders_agree_on(backend: Backend) -> None:
    rows = [row for row in manifest("oracle_decode.csv") if row["ts"] == RLE and row["hash"]]
    assert len(rows) >= 10
    for row in rows:
        out = decoded(backend, real_data(row["path"]), keep_components=True, num_threads=2)
        digest = hashlib.sha1(out.astype("<i8").tobytes(), usedforsecurity=False).hexdigest()
        assert digest.startswith(row["hash"]), row["path"]


@pytest.mark.parametrize("backend", BACKENDS, ids=repr)
def test_files_of_the_pydicom_wheel_decode_as_pydicom_decodes_them(backend: Backend) -> None:
    paths = [path for path in pydicom_files() if "rle" in path.name.lower()]
    if not paths:
        pytest.skip("this pydicom has no test files")
    for path in paths:
        out = decoded(backend, path)
        np.testing.assert_array_equal(out, pydicom.dcmread(path).pixel_array.reshape(out.shape), path.name)
