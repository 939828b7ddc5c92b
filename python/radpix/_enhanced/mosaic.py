"""Slices tiled into one image by Siemens' MR scanners (Image Type MOSAIC)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from radpix._enhanced.csa import csa_values
from radpix._enhanced.elements import read_elements
from radpix._header.attribute_bytes import short, string
from radpix._header.scan import Wanted
from radpix._series.stacking import plane_axes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from radpix._series.instance import Instance

__all__ = ["mosaic_tiles"]

_MR_CREATOR, _COUNT = 0x00190010, 0x0019100A
_CSA_CREATOR, _CSA = 0x00290010, 0x00291010
_WANTED = [Wanted((), tag) for tag in (_MR_CREATOR, _COUNT, _CSA_CREATOR, _CSA)]


def mosaic_tiles(instance: Instance) -> tuple[Instance, ...]:
    """Return the slices of a mosaic, in the order of the tiles; the image itself where their number is unknown.

    The position of a mosaic is that of an image as large as the mosaic around the centre of its first slice, which
    lies half the difference of the sizes further in. The slices follow along Slice Normal Vector.

    Raises
    ------
    OSError, RadpixError
        The file cannot be read.
    """
    values, count = _described(instance)
    across = math.isqrt(count - 1) + 1 if count > 0 else 0
    if not across or instance.rows % across or instance.columns % across:
        return (instance,)
    size = instance.rows // across, instance.columns // across
    axes, step = plane_axes(instance), _step(instance)
    if axes is None or instance.pixel_spacing is None or instance.image_position is None or not step:
        return (instance,)
    down, along = instance.pixel_spacing
    first = (
        np.array(instance.image_position)
        + axes[0] * along * (instance.columns - size[1]) / 2
        + axes[1] * down * (instance.rows - size[0]) / 2
    )
    normal, is_stated = _normal(values, axes[2])
    tiles = []
    for tile in range(count):
        x, y, z = (first + normal * (step * tile)).tolist()
        place = (tile // across * size[0], tile % across * size[1])
        tiles.append(
            instance._replace(
                rows=size[0],
                columns=size[1],
                image_position=(x, y, z),
                tile=place,
                is_order_assumed=not is_stated,
            )
        )
    return tuple(tiles)


def _described(instance: Instance) -> tuple[Mapping[str, Sequence[str]], int]:
    """Return the CSA header's values and the number of slices, 0 where unknown."""
    elements = read_elements(instance.path, _WANTED)
    creator, count_raw, csa_creator, csa = (elements.get(index) for index in range(4))
    values = csa_values(csa) if string(csa_creator) == "SIEMENS CSA HEADER" else {}
    count = _number(values, "NumberOfImagesInMosaic")
    if not count and string(creator) == "SIEMENS MR HEADER" and len(count_raw) == 2:
        count = short(count_raw, elements.order)
    return values, count


def _step(instance: Instance) -> float:
    return abs(instance.spacing_between_slices or instance.slice_thickness or 0.0)


def _number(values: Mapping[str, Sequence[str]], name: str) -> int:
    text = next(iter(values.get(name, ())), "")
    return int(text) if text.isdigit() and len(text) < 5 else 0


def _normal(values: Mapping[str, Sequence[str]], crossed: Any) -> tuple[Any, bool]:
    """Return the direction of the slices and whether it is stated: the cross product of the axes, or against it."""
    try:
        stated = np.array([float(text) for text in values.get("SliceNormalVector", ())[:3]])
    except ValueError:
        return crossed, False
    if stated.shape != (3,) or not np.isfinite(stated).all() or not stated.any():
        return crossed, False
    return (-crossed if float(stated @ crossed) < 0 else crossed), True
