"""Which images of a series belong to one volume."""

from __future__ import annotations

from collections import defaultdict
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from radpix._series.dimensions import (
    ALWAYS,
    DIMENSIONS,
    OCCURRENCE,
    REPETITIONS,
    Dimension,
    Split,
    index_dimensions,
    tag_of,
    value_text,
)
from radpix._series.stacking import Stack, sort_by_position
from radpix._series.units import is_rescaled, unit_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence

    from radpix._series.instance import Instance

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
    values: Hashable
    completeness: Hashable
    dimensions: Hashable


class Group(NamedTuple):
    """Slices of one volume, sorted by position, and what tells it from the series' other volumes."""

    label: str
    instances: tuple[Instance, ...]
    traits: Traits
    split: tuple[Split, ...] = ()


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


def _values_of(instance: Instance) -> tuple[str, str, bool]:
    """Return what the values are: those of another unit are no slices of the same volume."""
    return instance.modality, unit_of(instance), is_rescaled(instance)


#: Traits that are shown as splits; the other ones are dimensions as well.
_TRAITS = (
    Dimension("orientation", "", "ImageOrientationPatient", attrgetter("image_orientation")),
    Dimension("matrix", "", "Rows, Columns", attrgetter("rows", "columns")),
    Dimension("values", "", "Modality, Units, RescaleType", _values_of),
)


def group_by_traits(
    instances: Sequence[Instance],
    split_by: frozenset[str] = frozenset(),
    keep_together: frozenset[str] = frozenset(),
) -> list[Group]:
    """Separate what cannot be slices of one volume, each part sorted by position, the largest first."""
    orientations = _Clusters(DIRECTION_TOLERANCE, relative=False)
    spacings = _Clusters(SPACING_TOLERANCE, relative=True)
    dimensions = _telling(instances, split_by, keep_together)

    def traits_of(instance: Instance) -> Traits:
        localizer = instance.is_localizer and "localizer" not in keep_together
        return Traits(
            "localizer" if localizer else "mosaic" if instance.is_mosaic else "image",
            "" if "frame_of_reference" in keep_together else instance.frame_of_reference_uid,
            orientations.number(instance.image_orientation),
            (
                instance.rows,
                instance.columns,
                instance.samples_per_pixel,
                _color_class(instance),
                instance.bits_allocated,
                instance.pixel_representation,
                spacings.number(instance.pixel_spacing),
            ),
            _values_of(instance),
            (instance.image_position is None, instance.number_of_frames if instance.is_multi_frame else 1),
            tuple([dimension.value(instance) for dimension in dimensions]),
        )

    parts: dict[Traits, list[Instance]] = defaultdict(list)
    for alike in _alike(instances, dimensions):
        parts[traits_of(alike[0])] += alike
    visible = [each for each in _TRAITS if len({getattr(traits, each.name) for traits in parts}) > 1]
    mixed = any(each.name == "values" for each in visible)
    groups = [
        Group(
            _describe(part[0], dimensions) + (_values_text(part[0]) if mixed else ""),
            tuple(sort_by_position(part)),
            traits,
            _splits(part[0], [*visible, *dimensions]),
        )
        for traits, part in parts.items()
    ]
    return sorted(groups, key=lambda group: -len(group.instances))


#: What `Traits` are made of, but for the dimensions and what is there or not.
_KEY = attrgetter(
    "image_type",
    "frame_of_reference_uid",
    "image_orientation",
    "rows",
    "columns",
    "samples_per_pixel",
    "photometric_interpretation",
    "bits_allocated",
    "pixel_representation",
    "pixel_spacing",
    "number_of_frames",
    "modality",
    "units",
    "rescale_type",
    "has_modality_lut",
)


def _alike(instances: Sequence[Instance], dimensions: Sequence[Dimension]) -> Iterable[list[Instance]]:
    """Put images together of which every attribute that makes traits is the same: those of most series."""
    parts: dict[Hashable, list[Instance]] = defaultdict(list)
    for instance in instances:
        key = (
            _KEY(instance),
            instance.image_position is None,
            instance.rescale_slope is None and instance.rescale_intercept is None,
            instance.frame is None,
            instance.tile is None,
            tuple([dimension.value(instance) for dimension in dimensions]),
        )
        parts[key].append(instance)
    return parts.values()


def _telling(
    instances: Sequence[Instance], split_by: frozenset[str], keep_together: frozenset[str]
) -> list[Dimension]:
    """Return the dimensions that always make volumes of their own, of those in which the images differ."""
    names = [dimension.name for dimension in ALWAYS]
    names += [dimension.name for dimension in REPETITIONS if dimension.name in split_by]
    wanted = [DIMENSIONS[name] for name in names if name not in keep_together]
    return [each for each in wanted if len({each.value(instance) for instance in instances}) > 1]


def _splits(instance: Instance, dimensions: Iterable[Dimension]) -> tuple[Split, ...]:
    return tuple(Split(each.name, tag_of(each, instance), each.value(instance)) for each in dimensions)


def _describe(instance: Instance, dimensions: Sequence[Dimension]) -> str:
    """Say what a volume is like, from one of its slices."""
    words = ["localizer"] if instance.is_localizer else []
    words.append(f"{instance.rows} x {instance.columns}")
    if instance.image_orientation is not None:
        row, column = np.reshape(instance.image_orientation, (2, 3))
        normal = np.abs(np.cross(row, column))
        words.append(("sagittal", "coronal", "axial")[int(normal.argmax())])
    said = " ".join(words)
    for dimension in dimensions:
        if dimension.name == "segment":
            said += f", segment {instance.segment} {instance.segment_label}".rstrip()
        elif dimension.name not in {"localizer", "frame_of_reference"}:
            said += f", {dimension.label} {value_text(dimension.value(instance))}"
    return said


def _values_text(instance: Instance) -> str:
    modality, unit, rescaled = _values_of(instance)
    return (
        f", {modality} values in {unit}"
        if unit
        else f", {modality} {'values' if rescaled else 'stored values'}"
    )


def split_repeats(group: Group, keep_together: frozenset[str] = frozenset()) -> list[Group]:
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
    for dimension in (*REPETITIONS, *index_dimensions(group.instances)):
        if dimension.name in keep_together:
            continue
        parts: dict[Any, list[Instance]] = defaultdict(list)
        for instance in group.instances:
            parts[dimension.value(instance)].append(instance)
        if len(parts) > 1 and _separates([[place_of[id(i)] for i in part] for part in parts.values()]):
            split = [_part(group, dimension, value, parts[value]) for value in _ordered(parts, dimension)]
            return [leaf for part in split for leaf in split_repeats(part, keep_together)]
    return [group] if OCCURRENCE in keep_together else _by_occurrence(group, places)


def _part(group: Group, dimension: Dimension, value: Hashable, part: Sequence[Instance]) -> Group:
    label = f"{group.label}, {dimension.label} {value_text(value)}"
    split = Split(dimension.name, tag_of(dimension, part[0]), value)
    return group._replace(label=label, instances=tuple(part), split=(*group.split, split))


def _ordered(parts: Mapping[Any, Sequence[Instance]], dimension: Dimension) -> list[Any]:
    """Return the values of parts in ascending order, absent ones first, those of an earlier day before."""

    def key(value: Any) -> tuple[bool, str, Any]:
        day = "" if dimension.day is None else dimension.day(parts[value][0])
        return value is not None, day, 0 if value is None else value

    return sorted(parts, key=key)


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
    # Within a position, not in the order of the distances: those differ by the rounding of what was written.
    for place, _, instance in sorted(
        zip(places, numbers, group.instances, strict=True), key=itemgetter(0, 1)
    ):
        seen[place] += 1
        parts[seen[place]].append(instance)
    return [
        group._replace(
            label=f"{group.label}, repetition {k} by Instance Number",
            instances=tuple(part),
            split=(*group.split, Split(OCCURRENCE, "InstanceNumber", k)),
        )
        for k, part in parts.items()
    ]
