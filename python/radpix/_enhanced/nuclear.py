"""Slices of reconstructed nuclear medicine (PS3.3 C.8.4.15)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from radpix._enhanced.elements import Elements, read_elements
from radpix._enhanced.planes import shifted
from radpix._header.attribute_bytes import binary, decimals
from radpix._header.scan import EVERY_ITEM, Wanted
from radpix._series.instance_parser import plausible_vector

if TYPE_CHECKING:
    from collections.abc import Sequence

    from radpix._series.instance import Instance

__all__ = ["nuclear_frames"]

_SLICES = 0x00540080
#: The vectors that tell frames at one place apart, and the field each becomes.
_VECTORS = {
    "energy_window": 0x00540010,
    "detector": 0x00540020,
    "rr_interval": 0x00540060,
    "cardiac_phase": 0x00540070,
    "temporal_position": 0x00540100,
}
_DETECTOR = ((0x00540022, EVERY_ITEM),)
_WANTED = (
    Wanted((), _SLICES),
    Wanted(_DETECTOR, 0x00200032),
    Wanted(_DETECTOR, 0x00200037),
    *(Wanted((), tag) for tag in _VECTORS.values()),
)


def nuclear_frames(instance: Instance) -> tuple[Instance, ...]:
    """Return the slices of a reconstruction; the object itself where no Slice Vector orders its frames.

    The first slice of a detector lies where its item of Detector Information says, the others at multiples of Spacing
    Between Slices along the normal, against it where that is negative.

    Raises
    ------
    OSError, RadpixError
        The file cannot be read.
    """
    elements = read_elements(instance.path, _WANTED)
    count = instance.number_of_frames
    slices = binary(elements.get(0), elements.order, "US")
    step = instance.spacing_between_slices or instance.slice_thickness
    if len(slices) != count or not step:
        return (instance,)
    vectors = [binary(elements.get(3 + k), elements.order, "US") for k in range(len(_VECTORS))]
    frames = []
    for frame in range(count):
        told: dict[str, Any] = {
            name: _at(vector, frame, count) for name, vector in zip(_VECTORS, vectors, strict=True)
        }
        first = _first(instance, elements, told["detector"] or 1)
        position = shifted(first, (slices[frame] - 1) * step)
        if position is None:
            return (instance,)
        frames.append(first._replace(frame=frame, image_position=position, **told))
    return tuple(frames)


def _first(instance: Instance, elements: Elements, detector: int) -> Instance:
    """Return the first slice of a detector, which are counted from 1; of the first one where it is not described."""
    item = detector - 1 if (1, detector - 1) in elements.values else 0
    stated = plausible_vector(decimals(elements.get(1, item)), 3)
    position = instance.image_position if stated is None else (stated[0], stated[1], stated[2])
    orientation = plausible_vector(decimals(elements.get(2, item)), 6) or instance.image_orientation
    return instance._replace(image_position=position, image_orientation=orientation)


def _at(vector: Sequence[float], frame: int, count: int) -> int | None:
    return int(vector[frame]) if len(vector) == count else None
