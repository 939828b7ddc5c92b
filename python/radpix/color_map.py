"""Colour maps: the well-known palettes of DICOM (PS3.6 Annex B), and what stands for a colour map elsewhere."""

from __future__ import annotations

from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from radpix._arguments import array_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

__all__ = ["COLOR_MAPS", "ColorMap", "color_map_of"]

#: The name of a palette, or its colours.
ColorMap: TypeAlias = "str | ArrayLike"

_MOST_COLORS = 1 << 16

# (entry, level) between which a channel is linear, rounded half up: the tables of PS3.6 B.1 in short.
_LINEAR: dict[str, tuple[tuple[tuple[int, int], ...], ...]] = {
    "grey": (((0, 0), (255, 255)),) * 3,
    "hot-iron": (
        ((0, 0), (127, 254), (129, 255), (255, 255)),
        ((0, 0), (128, 0), (254, 252), (255, 255)),
        ((0, 0), (191, 0), (254, 252), (255, 255)),
    ),
    "pet": (
        ((0, 0), (63, 0), (64, 1), (149, 170), (150, 171), (192, 255), (255, 255)),
        (
            *((0, 0), (31, 62), (33, 67), (62, 125), (63, 128), (95, 64)),
            *((97, 61), (127, 1), (128, 0), (254, 252), (255, 255)),
        ),
        (
            *((0, 0), (1, 1), (128, 255), (130, 248), (192, 0)),
            *((233, 165), (235, 174), (254, 250), (255, 255)),
        ),
    ),
    "hot-metal-blue": (
        ((0, 0), (85, 0), (102, 50), (119, 90), (153, 190), (170, 255), (255, 255)),
        ((0, 0), (119, 0), (238, 224), (255, 255)),
        (
            *((0, 0), (17, 33), (42, 83), (43, 84), (76, 149), (93, 183), (94, 184)),
            *((102, 200), (119, 150), (136, 50), (153, 0), (170, 0), (238, 200), (255, 255)),
        ),
    ),
    "spring": (((0, 255), (255, 255)), ((0, 0), (255, 255)), ((0, 255), (255, 0))),
    "summer": (
        ((0, 0), (255, 0)),
        ((0, 255), (255, 128)),
        ((0, 0), (127, 0), (192, 129), (253, 250), (255, 254)),
    ),
    "fall": (((0, 255), (255, 255)), ((0, 255), (255, 0)), ((0, 0), (255, 0))),
    "winter": (((0, 0), (127, 0), (255, 127)), ((0, 0), (255, 255)), ((0, 255), (255, 128))),
}

# (entry, red, green, blue), each up to the next one.
_PET_20_STEP = (
    *((0, 0, 0, 0), (13, 96, 0, 80), (26, 48, 48, 80), (39, 48, 48, 112), (51, 80, 80, 128)),
    *((64, 96, 96, 176), (77, 112, 112, 192), (90, 128, 128, 224), (102, 48, 96, 48), (115, 48, 144, 48)),
    *((128, 80, 192, 80), (141, 64, 224, 64), (153, 224, 224, 80), (166, 208, 208, 96), (179, 208, 176, 64)),
    *((192, 208, 144, 0), (204, 192, 96, 0), (217, 176, 48, 0), (230, 255, 0, 0), (243, 255, 255, 255)),
)


def _channel(points: tuple[tuple[int, int], ...]) -> NDArray[np.uint8]:
    levels = np.empty(256, np.int64)
    for (first, level), (last, next_level) in pairwise(points):
        way = np.arange(last - first + 1)
        size = last - first
        levels[first : last + 1] = level + (2 * (next_level - level) * way + size) // (2 * size)
    return levels.astype(np.uint8)


def _palettes() -> dict[str, NDArray[np.uint8]]:
    palettes = {name: np.stack([_channel(c) for c in channels], -1) for name, channels in _LINEAR.items()}
    steps = np.array(_PET_20_STEP)
    palettes["pet-20-step"] = np.repeat(steps[:, 1:], np.diff(np.append(steps[:, 0], 256)), axis=0).astype(
        np.uint8
    )
    for palette in palettes.values():
        palette.setflags(write=False)
    return palettes


#: (256, 3) uint8: the well-known palettes of PS3.6 Annex B, ``"hot-iron"``, ``"pet"``, ``"hot-metal-blue"``,
#: ``"pet-20-step"``, ``"spring"``, ``"summer"``, ``"fall"`` and ``"winter"``, and ``"grey"``.
COLOR_MAPS: Mapping[str, NDArray[np.uint8]] = MappingProxyType(_palettes())


def color_map_of(color_map: ColorMap) -> NDArray[np.uint8]:
    """Return (n, 3) uint8 of a name or of colours.

    Parameters
    ----------
    color_map
        A key of `COLOR_MAPS`, also as DICOM's Content Label spells it (``"HOT_IRON"``), or (n, 3) of uint8, or of
        floating point numbers from 0 to 1.

    Raises
    ------
    ValueError
        There is no such palette, or the colours are outside their range.
    TypeError
        Colours of another type.

    Examples
    --------
    >>> color_map_of("HOT_IRON")[[0, 64, 255]].tolist()
    [[0, 0, 0], [128, 0, 0], [255, 255, 255]]
    """
    if isinstance(color_map, str):
        found = COLOR_MAPS.get(color_map.casefold().replace("_", "-"))
        if found is None:
            raise ValueError(f"color_map is one of {', '.join(COLOR_MAPS)}, or colours, not {color_map!r}")
        return found
    colors: NDArray[Any] = array_of(color_map, "color_map")
    if colors.ndim != 2 or colors.shape[1] != 3 or not 1 <= len(colors) <= _MOST_COLORS:
        raise ValueError(f"colours are an array (n, 3) of up to {_MOST_COLORS}, not {colors.shape}")
    if colors.dtype == np.uint8:
        return colors
    if colors.dtype.kind != "f":
        raise TypeError(f"colours are uint8, or floating point from 0 to 1, not {colors.dtype}")
    if not ((colors >= 0) & (colors <= 1)).all():
        raise ValueError("floating point colours are from 0 to 1")
    return np.floor(colors * 255 + 0.5).astype(np.uint8)
