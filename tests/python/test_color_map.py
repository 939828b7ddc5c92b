"""Colour maps: the palettes of PS3.6 Annex B, as pydicom carries them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_palette_files

from radpix import COLOR_MAPS, apply_palette
from radpix.color_map import color_map_of

PALETTES = {
    "hot-iron": "hotiron.dcm",
    "pet": "pet.dcm",
    "hot-metal-blue": "hotmetalblue.dcm",
    "pet-20-step": "pet20step.dcm",
    "spring": "spring.dcm",
    "summer": "summer.dcm",
    "fall": "fall.dcm",
    "winter": "winter.dcm",
}


@pytest.mark.parametrize("name", list(PALETTES))
def test_palettes_are_those_of_the_standard(name: str) -> None:
    dataset = dcmread(get_palette_files(PALETTES[name])[0])
    want = apply_palette(np.arange(256, dtype=np.uint8), dataset, dtype=np.uint8)
    np.testing.assert_array_equal(COLOR_MAPS[name], want)
    assert color_map_of(name.upper().replace("-", "_")) is COLOR_MAPS[name]


def test_palettes_do_not_change() -> None:
    assert set(COLOR_MAPS) == {*PALETTES, "grey"}
    assert all(not palette.flags.writeable for palette in COLOR_MAPS.values())
    np.testing.assert_array_equal(COLOR_MAPS["grey"], np.repeat(np.arange(256)[:, None], 3, axis=1))


def test_colours_are_rounded_half_up() -> None:
    assert color_map_of([(0.0, 0.5, 1.0)]).tolist() == [[0, 128, 255]]
    given = np.array([(1, 2, 3), (4, 5, 6)], np.uint8)
    assert color_map_of(given) is given


@pytest.mark.parametrize(
    ("colors", "error", "message"),
    [
        ("jet", ValueError, "color_map is one of grey, hot-iron"),
        (np.zeros((0, 3)), ValueError, "an array \\(n, 3\\)"),
        (np.zeros((4, 4)), ValueError, "an array \\(n, 3\\)"),
        (np.zeros(3), ValueError, "an array \\(n, 3\\)"),
        (np.zeros((65537, 3)), ValueError, "up to 65536"),
        (np.full((2, 3), 1.5), ValueError, "from 0 to 1"),
        (np.full((2, 3), np.nan), ValueError, "from 0 to 1"),
        (np.zeros((2, 3), np.int16), TypeError, "not int16"),
    ],
)
def test_other_colours_are_refused(colors: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        color_map_of(colors)
