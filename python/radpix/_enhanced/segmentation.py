"""Segments of a Segmentation (PS3.3 C.8.20): one stack each, all on the same planes; a label map is one."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from radpix._enhanced.elements import read_elements
from radpix._header.attribute_bytes import binary, string
from radpix._header.scan import EVERY_ITEM, Wanted
from radpix._series.stacking import plane_axes
from radpix.geometry import DUPLICATE_TOLERANCE_MM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from radpix._series.instance import Instance, Vector

__all__ = ["segment_frames"]

_SEGMENTS = ((0x00620002, EVERY_ITEM),)
_WANTED = (Wanted(_SEGMENTS, 0x00620004), Wanted(_SEGMENTS, 0x00620005))
#: Planes that an object may leave out, for each that it has: it names a step, not a number.
_MOST_ABSENT = 100


def segment_frames(instance: Instance, frames: tuple[Instance, ...]) -> tuple[Instance, ...]:
    """Return the frames with their segments' labels, and empty ones for the planes that a segment leaves out.

    Raises
    ------
    OSError, RadpixError
        The file cannot be read.
    """
    if frames[0].frame is None:
        return frames
    labels = _labels(instance)
    labelled = [
        frame._replace(
            segment_label=labels.get(frame.segment or 0, ""),
            rescale_slope=None,
            rescale_intercept=None,
        )
        for frame in frames
    ]
    if any(
        frame.image_position is None or frame.image_orientation != labelled[0].image_orientation
        for frame in labelled
    ):
        return tuple(labelled)
    planes = _planes(labelled)
    segments: dict[int | None, list[Instance]] = defaultdict(list)
    for frame in labelled:
        segments[frame.segment].append(frame)
    return (*labelled, *(empty for same in segments.values() for empty in _absent(same, planes)))


def _labels(instance: Instance) -> dict[int, str]:
    elements = read_elements(instance.path, _WANTED)
    numbers = {
        item: int(values[0])
        for (index, item), raw in elements.values.items()
        if index == 0 and (values := binary(raw, elements.order, "US"))
    }
    return {number: string(elements.get(1, item)) for item, number in numbers.items()}


def _distances(frames: Sequence[Instance]) -> NDArray[np.float64]:
    axes = plane_axes(frames[0])
    positions = np.array([frame.image_position for frame in frames], dtype=np.float64)
    return np.zeros(len(frames)) if axes is None else np.asarray(positions @ axes[2])


def _planes(frames: Sequence[Instance]) -> list[tuple[float, Vector]]:
    """Return distance along the normal and position of all planes of the object, those without any frame included."""
    distances = _distances(frames)
    order = np.argsort(distances, kind="stable")
    kept = [int(order[0])]
    for index in order[1:]:
        if distances[index] - distances[kept[-1]] > DUPLICATE_TOLERANCE_MM:
            kept.append(int(index))
    at, steps = distances[kept], np.diff(distances[kept])
    positions = np.array([frames[index].image_position for index in kept])
    if not len(steps):
        return [(float(at[0]), _vector(positions[0]))]
    step = frames[0].spacing_between_slices or float(steps.min())
    multiples = np.rint(steps / step)
    regular = (np.abs(steps - multiples * step) <= 0.01 * step).all() and multiples.min() >= 1
    if not regular or multiples.sum() > _MOST_ABSENT * (len(kept) + 1):
        multiples = np.ones(len(steps))
    parts = [(k, part) for k, count in enumerate(multiples.astype(int)) for part in np.arange(count) / count]
    planes = [
        (float(at[k] + part * steps[k]), _vector(positions[k] * (1 - part) + positions[k + 1] * part))
        for k, part in parts
    ]
    return [*planes, (float(at[-1]), _vector(positions[-1]))]


def _vector(position: NDArray[np.float64]) -> Vector:
    x, y, z = position.tolist()
    return x, y, z


def _absent(frames: Sequence[Instance], planes: Sequence[tuple[float, Vector]]) -> list[Instance]:
    there = np.sort(_distances(frames))
    at = np.array([distance for distance, _ in planes])
    after = np.searchsorted(there, at)
    near = np.minimum(
        np.abs(there[np.minimum(after, len(there) - 1)] - at), np.abs(there[np.maximum(after - 1, 0)] - at)
    )
    return [
        frames[0]._replace(frame=None, number_of_frames=1, is_empty=True, image_position=position)
        for (_, position), distance in zip(planes, near, strict=True)
        if distance > DUPLICATE_TOLERANCE_MM
    ]
