"""Planes of an RT Dose (PS3.3 C.8.8.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from radpix._enhanced.elements import read_elements
from radpix._enhanced.planes import shifted
from radpix._header.attribute_bytes import decimal_or_nan, decimals, string
from radpix._header.scan import Wanted

if TYPE_CHECKING:
    from radpix._series.instance import Instance

__all__ = ["dose_frames"]

_UNITS, _OFFSETS, _SCALING = 0x30040002, 0x3004000C, 0x3004000E
_WANTED = [Wanted((), tag) for tag in (_UNITS, _OFFSETS, _SCALING)]
#: Decimal strings of the same coordinate may be rounded differently.
_SAME_MM = 1e-2


def dose_frames(instance: Instance) -> tuple[Instance, ...]:
    """Return the planes of a dose with Dose Grid Scaling as their slope; itself where its offsets say nothing.

    Without Dose Grid Scaling, values are stored ones, in no unit (PS3.3 C.8.8.3: it makes Dose Units of them).

    Raises
    ------
    OSError, RadpixError
        The file cannot be read.
    """
    elements = read_elements(instance.path, _WANTED)
    units, offsets, scaling = (elements.get(index) for index in range(3))
    slope = decimal_or_nan(scaling)
    scaled = instance._replace(
        rescale_slope=slope,
        rescale_intercept=None if slope is None else 0.0,
        rescale_type="" if slope is None else string(units),
        has_modality_lut=False,
    )
    distances = _distances(decimals(offsets), instance)
    if instance.number_of_frames == 1 or len(distances) != instance.number_of_frames:
        return (scaled,)
    return tuple(
        scaled._replace(frame=frame, image_position=shifted(instance, distance))
        for frame, distance in enumerate(distances)
    )


def _distances(offsets: tuple[float, ...], instance: Instance) -> tuple[float, ...]:
    """Return mm along the normal from Grid Frame Offset Vector, () where it follows neither of its two rules.

    PS3.3 C.8.8.3.2: offsets that start at 0 are relative to Image Position (Patient); else they are patient
    coordinates z of transverse planes, the first of which is that of Image Position (Patient).
    """
    position, orientation = instance.image_position, instance.image_orientation
    if not offsets or position is None or orientation is None:
        return ()
    if offsets[0] == 0:
        return offsets
    normal_z = orientation[0] * orientation[4] - orientation[1] * orientation[3]
    if abs(offsets[0] - position[2]) > _SAME_MM or abs(abs(normal_z) - 1) > 1e-6:
        return ()
    return tuple((offset - position[2]) * (1 if normal_z > 0 else -1) for offset in offsets)
