"""Which images of a series belong to one volume."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple

import numpy as np

from radpix._headers import Instance
from radpix._stacking import Stack, sort_by_position

__all__ = ["DIRECTION_TOLERANCE", "SPACING_TOLERANCE", "Group", "Traits", "group_by_traits", "split_repeats"]

#: Slices are parallel when no cosine differs by more than this: 0.006 degrees, 0.05 mm over 500 mm.
DIRECTION_TOLERANCE = 1e-4
#: Relative difference of Pixel Spacing within a volume.
SPACING_TOLERANCE = 1e-4


class Traits(NamedTuple):
    """What all slices of a volume have in common; each field names the finding where a series is mixed in it."""

    image_type: Hashable
    frame_of_reference: Hashable
    orientation: Hashable
    matrix: Hashable
    completeness: Hashable


class Group(NamedTuple):
    """Slices of one volume, sorted by position, and what tells it from the series' other volumes."""

    label: str
    instances: tuple[Instance, ...]
    traits: Traits


class _Clusters:
    """Numbers vectors by the first known one within a tolerance."""

    def __init__(self, tolerance: float, *, relative: bool) -> None:
        self._tolerance = tolerance
        self._relative = relative
        self._known: dict[tuple[float, ...], int] = {}
        self._centres: list[tuple[float, ...]] = []

    def number(self, vector: tuple[float, ...] | None) -> int | None:
        if vector is None:
            return None
        if vector not in self._known:
            self._known[vector] = self._find(vector)
        return self._known[vector]

    def _find(self, vector: tuple[float, ...]) -> int:
        centres = np.reshape(self._centres, (-1, len(vector)))
        scale = np.abs(centres) if self._relative else 1.0
        near = np.all(np.abs(centres - vector) <= self._tolerance * scale, axis=1)
        if near.any():
            return int(near.argmax())
        self._centres.append(vector)
        return len(self._centres) - 1


def _color_class(instance: Instance) -> str:
    """Return the photometric interpretation after decoding: all YBR and RGB become RGB."""
    name = instance.photometric_interpretation
    return "RGB" if instance.samples_per_pixel > 1 else name


def group_by_traits(instances: Sequence[Instance]) -> list[Group]:
    """Separate what cannot be slices of one volume, each part sorted by position, the largest first."""
    orientations = _Clusters(DIRECTION_TOLERANCE, relative=False)
    spacings = _Clusters(SPACING_TOLERANCE, relative=True)
    parts: dict[Traits, list[Instance]] = defaultdict(list)
    for instance in instances:
        traits = Traits(
            image_type="localizer" if instance.is_localizer else "mosaic" if instance.is_mosaic else "image",
            frame_of_reference=instance.frame_of_reference_uid,
            orientation=orientations.number(instance.image_orientation),
            matrix=(
                instance.rows,
                instance.columns,
                instance.samples_per_pixel,
                _color_class(instance),
                instance.bits_allocated,
                instance.pixel_representation,
                spacings.number(instance.pixel_spacing),
            ),
            completeness=(instance.image_position is None, instance.number_of_frames),
        )
        parts[traits].append(instance)
    groups = [
        Group(_describe(part[0]), tuple(sort_by_position(part)), traits) for traits, part in parts.items()
    ]
    return sorted(groups, key=lambda group: -len(group.instances))


def _describe(instance: Instance) -> str:
    """Say what a volume is like, from one of its slices."""
    words = ["localizer"] if instance.is_localizer else []
    words.append(f"{instance.rows} x {instance.columns}")
    if instance.image_orientation is not None:
        row, column = np.reshape(instance.image_orientation, (2, 3))
        normal = np.abs(np.cross(row, column))
        words.append(("sagittal", "coronal", "axial")[int(normal.argmax())])
    return " ".join(words)


_Attribute = Callable[[Instance], Hashable]
# What distinguishes repetitions of the same positions, the most specific first.
_REPETITIONS: tuple[tuple[str, _Attribute], ...] = (
    ("Temporal Position Identifier", lambda i: i.temporal_position),
    ("Echo Time", lambda i: i.echo_time),
    ("Echo Number", lambda i: i.echo_number),
    ("Diffusion b-value", lambda i: i.diffusion_b_value),
    ("Diffusion Gradient Orientation", lambda i: i.gradient_direction),
    ("Trigger Time", lambda i: i.trigger_time),
    ("Image Type", lambda i: i.image_type),
    ("Acquisition Number", lambda i: i.acquisition_number),
)


def split_repeats(group: Group) -> list[Group]:
    """Split a stack with repeated positions (time points, echoes, b-values) into one stack for each repetition.

    By the first attribute of which every value occurs at every position, again within the parts. Nothing is split
    where no attribute tells the repetitions apart: a slice that is there twice stays a finding of its stack.
    """
    stack = Stack.of(group.instances)
    if stack is None or len(stack.distinct) == len(group.instances):
        return [group]
    every = np.arange(len(group.instances))
    places: list[int] = np.searchsorted(stack.distinct, every, side="right").tolist()
    place_of = {id(instance): place for instance, place in zip(group.instances, places, strict=True)}
    for name, attribute in _REPETITIONS:
        parts: dict[Hashable, list[Instance]] = defaultdict(list)
        for instance in group.instances:
            parts[attribute(instance)].append(instance)
        if _separates([[place_of[id(i)] for i in part] for part in parts.values()]):
            split = (
                group._replace(label=f"{group.label}, {name} {_text(value)}", instances=tuple(part))
                for value, part in parts.items()
            )
            return [leaf for part in split for leaf in split_repeats(part)]
    return _by_occurrence(group, places)


def _separates(parts: Sequence[Sequence[int]]) -> bool:
    """Whether parts, as the places of their slices, are repetitions of each other."""
    everywhere = {place for part in parts for place in part}
    if len(parts) < 2 or len(everywhere) == sum(map(len, parts)):
        return False
    if all(set(part) == everywhere for part in parts):
        return True
    # An aborted acquisition: the last repetition lacks slices, none has any twice.
    repetitions = max(np.unique(np.concatenate(parts), return_counts=True)[1])
    return len(parts) == repetitions and all(len(set(part)) == len(part) for part in parts)


def _by_occurrence(group: Group, places: Sequence[int]) -> list[Group]:
    """Split by Instance Number: the k-th image at each position belongs to repetition k, if all have as many."""
    numbers = [instance.instance_number for instance in group.instances]
    counts = np.unique(places, return_counts=True)[1]
    if counts.min() != counts.max() or len(counts) < 2 or None in numbers or len(set(numbers)) < len(numbers):
        return [group]
    seen: dict[int, int] = defaultdict(int)
    parts: dict[int, list[Instance]] = defaultdict(list)
    for place, instance in zip(places, group.instances, strict=True):  # sorted by number within a position
        seen[place] += 1
        parts[seen[place]].append(instance)
    return [
        group._replace(label=f"{group.label}, repetition {k} by Instance Number", instances=tuple(part))
        for k, part in parts.items()
    ]


def _text(value: Hashable) -> str:
    if isinstance(value, tuple):
        return "\\".join(map(_text, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
