"""Objects cut off and changed anywhere, and bombs: errors of radpix only, bounded memory and time."""

from __future__ import annotations

import contextlib
import struct
import subprocess
import sys
import warnings

import numpy as np
import pytest
from tests.python import objects
from tests.python.objects import (
    OWN_SYNTAXES,
    encapsulate,
    header,
    image,
    part10,
)
from tests.python.testdata import pydicom_files

import radpix

# -- hostile sets ------------------------------------------------------------------------------------------


def decode_without_surprise(source: bytes) -> None:
    """Decode; nothing but errors and warnings of radpix may come out."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", radpix.RadpixWarning)
        with contextlib.suppress(radpix.RadpixError):
            for frame in radpix.iter_frames(source):
                assert frame.size
            radpix.decode(source)


def small(syntax: str) -> bytes:
    return image(np.arange(2 * 6 * 5, dtype=np.int16).reshape(2, 6, 5), syntax=syntax, stored=12)


@pytest.mark.parametrize("syntax", OWN_SYNTAXES)
def test_files_cut_off_anywhere(syntax: str) -> None:
    source = small(syntax)
    for end in range(len(source)):
        decode_without_surprise(source[:end])


@pytest.mark.parametrize("syntax", OWN_SYNTAXES)
def test_files_with_changed_bytes(syntax: str) -> None:
    source = small(syntax)
    random = np.random.default_rng(5)
    for _ in range(300):
        changed = bytearray(source)
        for place in random.integers(128, len(source), random.integers(1, 4)):
            changed[place] = random.choice([0, 1, 0x7F, 0x80, 0xFF, int(random.integers(256))])
        decode_without_surprise(bytes(changed))


@pytest.mark.parametrize("syntax", OWN_SYNTAXES)
def test_files_with_changed_lengths(syntax: str) -> None:
    """Every 32-bit word of the pixel data's surroundings becomes zero, huge, and undefined."""
    source = small(syntax)
    place = source.find(
        bytes.fromhex("e07f1000") if syntax != objects.BIG_ENDIAN else bytes.fromhex("7fe00010")
    )
    for offset in range(max(132, place - 8), len(source) - 4, 1):
        for word in (0, 1, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF):
            decode_without_surprise(source[:offset] + struct.pack("<I", word) + source[offset + 4 :])


def test_deflate_bombs_stay_small() -> None:
    """64 MiB of zeros deflate to 64 KiB: in front of the pixel data, in it, and in a frame."""
    bomb = bytes(64 << 20)
    dataset = header(rows=4, columns=4, bits=8, syntax=objects.DEFLATED)
    code = """
import sys, tracemalloc, warnings, radpix
warnings.simplefilter("ignore")
raw = dict(transfer_syntax="1.2.840.10008.1.2.1", rows=4, columns=4, bits_allocated=8)
radpix.decode_frame(bytes(16), **raw)  # loads the backend
tracemalloc.start()
try:
    print(radpix.decode(sys.stdin.buffer.read()).shape, end=" ")
except radpix.RadpixError as error:
    print(type(error).__name__, end=" ")
print(tracemalloc.get_traced_memory()[1])
"""
    frame = header(rows=4, columns=4, bits=8, syntax=objects.DEFLATED_FRAME)
    dataset.add_new(0x00091010, "OB", bomb + bomb)
    private = part10(dataset, bytes(16), vr="OB")
    del dataset[0x00091010]
    for source, expected, limit in (
        (private, "LimitError", 80 << 20),
        (part10(dataset, bomb, vr="OB"), "(4, 4)", 16 << 20),
        (part10(frame, encapsulate([objects.deflate(bomb)])), "(4, 4)", 1 << 20),
    ):
        done = subprocess.run([sys.executable, "-c", code], input=source, capture_output=True, check=True)
        outcome, _, peak = done.stdout.decode().rpartition(" ")
        assert outcome == expected
        assert int(peak) < limit


@pytest.mark.filterwarnings("ignore")
def test_pydicoms_own_files_cut_off_anywhere() -> None:
    names = {
        "MR_small_RLE.dcm",
        "SC_rgb_rle_2frame.dcm",
        "image_dfl.dcm",
        "liver_1frame.dcm",
        "rtdose_rle.dcm",
    }
    for path in pydicom_files():
        if path.name in names:
            source = path.read_bytes()
            for end in np.linspace(0, len(source), 60).astype(int).tolist():
                decode_without_surprise(source[:end])
