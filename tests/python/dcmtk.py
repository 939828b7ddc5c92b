"""Frames as DCMTK's command line tools decode and show them: code that shares nothing with radpix or pydicom."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["assert_same_bits", "frames_by", "needs", "netpbm", "shown"]

#: The renderers differ in the codecs they carry: native, RLE and JPEG, or JPEG-LS. None has JPEG 2000.
_RENDERERS = {"1.2.840.10008.1.2.4.80": "dcml2pnm", "1.2.840.10008.1.2.4.81": "dcml2pnm"}


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


def shown(path: Path, syntax: str, frame: int = 0, options: Sequence[str] = ()) -> NDArray[np.uint8] | None:
    """Return a frame in 8 bits as DCMTK's dcm2pnm, or its siblings with codecs, show it; None where they cannot."""
    tool = _RENDERERS.get(syntax, "dcmj2pnm")
    command = [tool, "-q", "+op", *options, "+F", str(frame + 1), str(path), "/dev/stdout"]
    done = subprocess.run(command, check=False, capture_output=True, timeout=60)
    return netpbm(done.stdout) if done.stdout else None


def netpbm(raw: bytes) -> NDArray[np.uint8]:
    """Return a PGM or PPM of 8 bits."""
    header = re.match(rb"P([56])\s+(?:#[^\n]*\n\s*)*(\d+)\s+(\d+)\s+255\s", raw)
    assert header is not None, raw[:20]
    columns, rows = int(header[2]), int(header[3])
    samples = np.frombuffer(raw[header.end() :], np.uint8)
    return samples.reshape(rows, columns, 3) if header[1] == b"6" else samples.reshape(rows, columns)


def assert_same_bits(found: NDArray[Any], expected: NDArray[Any], bits: int, what: object = "") -> None:
    """Compare Bits Stored bits: DCMTK does not extend signs from fewer bits than are allocated."""
    used = (1 << bits) - 1
    np.testing.assert_array_equal(found.astype(int) & used, expected.astype(int) & used, str(what))
