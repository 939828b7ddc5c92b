"""Palettes: plain, segmented, supplemental, in 8 and 16 bits, and damaged ones."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.pixels.processing import apply_color_lut
from tests.python import display_objects as made
from tests.python import objects

import radpix
from radpix import _native, _numba
from radpix._display.palette_segments import expand_segments

RNG = np.random.default_rng(3)


def palette(tables: list[bytes], descriptor: list[int], **options: Any) -> Dataset:
    dataset = Dataset()
    made.add_palette(dataset, tables, descriptor, **options)
    return dataset


@pytest.mark.parametrize("kernels", [_native, _numba], ids=["native", "numba"])
@pytest.mark.parametrize("stored", ["uint8", "uint16", "int16", "uint32"])
@pytest.mark.parametrize("bits", [8, 16])
def test_every_index_gets_its_colour(
    kernels: Any, stored: str, bits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("radpix._display.over_values.kernels", lambda: kernels)
    tables = RNG.integers(0, 1 << bits, (3, 100)).astype("<u1" if bits == 8 else "<u2")
    first = 65526 if stored == "int16" else 10
    start = first - 65536 if stored == "int16" else first
    pixels = np.arange(max(0, start - 5) if start > 0 else start - 5, start + 110).astype(stored)
    dataset = palette([table.tobytes() for table in tables], [100, first, bits])
    wanted = tables[:, np.clip(pixels.astype(int) - start, 0, 99)].T
    found = radpix.apply_palette(pixels, dataset)
    assert found.dtype == (np.uint8 if bits == 8 else np.uint16)
    np.testing.assert_array_equal(found, wanted)
    scaled = radpix.apply_palette(pixels.reshape(-1, 5), dataset, dtype=np.uint8)
    np.testing.assert_array_equal(scaled.reshape(-1, 3), np.rint(wanted * 255.0 / ((1 << bits) - 1)))


def test_a_palette_of_65536_entries_says_0() -> None:
    table = np.arange(65536, dtype="<u2").tobytes()
    found = radpix.apply_palette(np.array([0, 65535], np.uint16), palette([table] * 3, [0, 0, 16]))
    assert found.tolist() == [[0] * 3, [65535] * 3]


def test_8_bit_entries_may_have_words_of_their_own() -> None:
    table = np.array([1, 255], "<u2").tobytes()
    assert radpix.apply_palette(np.array([1], np.uint8), palette([table] * 3, [2, 0, 8])).tolist() == [
        [255] * 3
    ]


def words(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}H", *values)


SEGMENTS = words(0, 2, 10, 20) + words(1, 4, 60) + words(2, 2) + struct.pack("<I", 0)


def test_segments_are_discrete_linear_and_indirect() -> None:
    wanted = [10, 20, 30, 40, 50, 60] * 2
    assert expand_segments(SEGMENTS, 12, 16, little_endian=True).tolist() == wanted
    big = np.frombuffer(SEGMENTS, "<u2").astype(">u2").tobytes()[:14]
    assert expand_segments(big, 6, 16, little_endian=False).tolist() == wanted[:6]
    eight = bytes([0, 2, 10, 20, 1, 4, 60, 2, 2, 0, 0, 0, 0, 0])  # the last byte is a pad
    assert expand_segments(eight, 12, 8, little_endian=True).tolist() == wanted
    dataset = palette([SEGMENTS] * 3, [12, 0, 16], segmented=True)
    assert radpix.apply_palette(np.arange(12, dtype=np.uint8), dataset)[:, 1].tolist() == wanted


def test_segments_are_pydicoms() -> None:
    pixels = np.arange(12, dtype=np.uint8)
    dataset = made.image(pixels.reshape(3, 4))
    made.add_palette(dataset, [SEGMENTS] * 3, [12, 0, 16], segmented=True)
    np.testing.assert_array_equal(radpix.apply_palette(pixels, dataset), apply_color_lut(pixels, dataset))


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (words(0, 0, 1), "no length"),
        (words(1, 3, 9), "begin with a linear"),
        (words(0, 9, 1), "ends after"),
        (words(0, 1, 5, 1, 65535, 9), "longer than the table"),
        (words(0, 2, 1, 2, 7, 1, 1), "opcode 7"),
        (words(0, 2, 1, 2), "hold 2 entries"),
        (words(0, 13, *range(13)), "more than the 12"),
        (words(0, 1, 1) + words(2, 1) + struct.pack("<I", 6), "within another"),
        (words(0, 1, 1) + words(2, 1) + struct.pack("<I", 3), "between entries"),
        (words(0, 1, 1) + words(2, 1) + struct.pack("<I", 1 << 31), "ends after"),
        (words(0, 1, 1) + words(2, 65535) + struct.pack("<I", 0), "within another"),
        (b"", "hold 0 entries"),
    ],
)
def test_damaged_segments_are_refused(data: bytes, text: str) -> None:
    with pytest.raises(radpix.PixelDataError, match=text):
        expand_segments(data, 12, 16, little_endian=True)


@given(st.binary(max_size=60), st.integers(1, 300), st.sampled_from([8, 16]), st.booleans())
def test_any_bytes_are_segments_or_an_error(data: bytes, count: int, bits: int, little: bool) -> None:
    try:
        entries = expand_segments(data, count, bits, little_endian=little)
    except radpix.PixelDataError:
        return
    assert len(entries) == count


@pytest.mark.parametrize(
    ("descriptor", "size", "text"),
    [([200, 0, 8], 100, "200 entries"), ([100, 0, 12], 200, "12 bits"), ([100, 0, 99], 100, "99 bits")],
)
def test_damaged_palettes_are_refused(descriptor: list[int], size: int, text: str) -> None:
    with pytest.raises(radpix.PixelDataError, match=text):
        radpix.apply_palette(np.zeros(1, np.uint8), palette([bytes(size)] * 3, descriptor))


def test_absent_palettes_and_floats_are_refused() -> None:
    with pytest.raises(radpix.PixelDataError, match="no palette"):
        radpix.apply_palette(np.zeros(1, np.uint8), Dataset())
    dataset = palette([bytes(2)] * 3, [2, 0, 8])
    del dataset.GreenPaletteColorLookupTableData
    with pytest.raises(radpix.PixelDataError, match="neither data nor"):
        radpix.apply_palette(np.zeros(1, np.uint8), dataset)
    with pytest.raises(TypeError, match="float32"):
        radpix.apply_palette(np.zeros(1, np.float32), palette([bytes(2)] * 3, [2, 0, 8]))


def test_palette_images_are_displayed_in_colour() -> None:
    pixels = objects.noise((6, 7), "uint8")
    dataset = made.image(pixels, photometric="PALETTE COLOR")
    tables = RNG.integers(0, 65536, (3, 256)).astype("<u2")
    made.add_palette(dataset, [table.tobytes() for table in tables], [256, 0, 16])
    wanted = np.rint(tables[:, pixels] * 255.0 / 65535).transpose(1, 2, 0)
    np.testing.assert_array_equal(radpix.display(dataset), wanted)


def test_a_supplemental_palette_colours_the_upper_values_only() -> None:
    pixels = np.array([[0, 50, 100, 101, 102]], np.uint16)
    dataset = made.image(pixels, PixelPresentation="MIXED", WindowCenter=50.5, WindowWidth=101)
    made.add_palette(dataset, [bytes([255, 0, 9]), bytes([0, 255, 9]), bytes([1, 2, 3])], [3, 100, 8])
    assert radpix.display(dataset).tolist() == [
        [[0, 0, 0], [128, 128, 128], [255, 0, 1], [0, 255, 2], [9, 9, 3]]
    ]
