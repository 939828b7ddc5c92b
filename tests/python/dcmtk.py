"""Frames as DCMTK's command line tools decode them: code that shares nothing with radpix or with pydicom's plug-ins."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["assert_same_bits", "frames_by", "needs"]


def needs(tool: str) -> pytest.MarkDecorator:
    """Skip where a tool is not installed."""
    return pytest.mark.skipif(
        not shutil.which(tool), reason=f"DCMTK's {tool} is not installed (Debian: dcmtk)"
    )


def frames_by(tool: str, path: Path, folder: Path, shape: tuple[int, ...], *options: str) -> NDArray[Any]:
    """Return the stored values (frames, rows, columns[, samples]) that a decompressing tool writes."""
    from pydicom import dcmread

    decoded = folder / "decoded.dcm"
    subprocess.run([tool, *options, path, decoded], check=True, capture_output=True)
    dataset = dcmread(decoded)
    dtype = np.dtype(f"<{'i' if dataset.PixelRepresentation else 'u'}{dataset.BitsAllocated // 8}")
    values = np.frombuffer(dataset.PixelData, dtype)[: int(np.prod(shape))]
    if len(shape) == 4 and dataset.PlanarConfiguration:
        return values.reshape(shape[0], shape[3], *shape[1:3]).transpose(0, 2, 3, 1)
    return values.reshape(shape)


def assert_same_bits(found: NDArray[Any], expected: NDArray[Any], bits: int, what: object = "") -> None:
    """Compare Bits Stored bits: DCMTK does not extend signs from fewer bits than are allocated."""
    used = (1 << bits) - 1
    np.testing.assert_array_equal(found.astype(int) & used, expected.astype(int) & used, str(what))
