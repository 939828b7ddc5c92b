"""The dimensions besides place by which the images of a series may differ, and the attribute of each."""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

    from radpix._series.instance import Instance

__all__ = [
    "ALWAYS",
    "DIMENSIONS",
    "DIMENSION_INDEX",
    "OCCURRENCE",
    "REPETITIONS",
    "Dimension",
    "Split",
    "check_names",
    "index_dimensions",
    "tag_of",
    "value_text",
]


class Split(NamedTuple):
    """What tells a volume from the others of its series.

    Attributes
    ----------
    dimension
        ``"time"``, ``"echo_time"``, ``"b_value"``, ``"component"``, ...: the name that `scan` takes.
    tag
        The attribute's keyword (PS3.6), or the tag of a private element.
    value
        That of this volume.
    """

    dimension: str
    tag: str
    value: Hashable


class Dimension(NamedTuple):
    """A dimension: its name in the API, the attribute's name and keyword, and its value in an instance.

    Values are in the order of ``day`` first, where they are times of it.
    """

    name: str
    label: str
    tag: str
    value: Callable[[Instance], Hashable]
    day: Callable[[Instance], str] | None = None


def _dimension(name: str, label: str, tag: str, field: str, day: str = "") -> Dimension:
    return Dimension(name, label, tag, attrgetter(field), attrgetter(day) if day else None)


#: What always makes volumes of its own.
ALWAYS = (
    _dimension("localizer", "Image Type", "ImageType", "is_localizer"),
    _dimension(
        "frame_of_reference", "Frame of Reference UID", "FrameOfReferenceUID", "frame_of_reference_uid"
    ),
    _dimension("stack", "Stack ID", "StackID", "stack_id"),
    _dimension("segment", "Segment Number", "ReferencedSegmentNumber", "segment"),
    _dimension("component", "Complex Image Component", "ComplexImageComponent", "component"),
)
_CARDIAC, _RESPIRATORY = "Nominal Percentage of Cardiac Phase", "Nominal Percentage of Respiratory Phase"
#: What distinguishes repetitions of the same positions, the most specific first.
REPETITIONS = (
    _dimension("time", "Temporal Position", "TemporalPositionIndex", "temporal_position"),
    _dimension("time_offset", "Time Offset", "TemporalPositionTimeOffset", "temporal_offset"),
    _dimension("echo_time", "Echo Time", "EchoTime", "echo_time"),
    _dimension("echo", "Echo Number", "EchoNumbers", "echo_number"),
    _dimension("inversion_time", "Inversion Time", "InversionTime", "inversion_time"),
    _dimension("b_value", "Diffusion b-value", "DiffusionBValue", "diffusion_b_value"),
    _dimension("gradient", "Diffusion Gradient", "DiffusionGradientOrientation", "gradient_direction"),
    _dimension("rr_interval", "R-R Interval", "RRIntervalVector", "rr_interval"),
    _dimension("cardiac_phase", _CARDIAC, "NominalPercentageOfCardiacPhase", "cardiac_phase"),
    _dimension("respiratory_phase", _RESPIRATORY, "NominalPercentageOfRespiratoryPhase", "respiratory_phase"),
    _dimension("trigger_time", "Trigger Time", "TriggerTime", "trigger_time"),
    _dimension("frame_reference_time", "Frame Reference Time", "FrameReferenceTime", "frame_reference_time"),
    _dimension("contrast_phase", "Contrast Phase", "ContrastBolusAgentPhase", "contrast_phase"),
    _dimension("energy", "KVP", "KVP", "kvp"),
    _dimension("energy_window", "Energy Window", "EnergyWindowVector", "energy_window"),
    _dimension("detector", "Detector", "DetectorVector", "detector"),
    _dimension("image_type", "Image Type", "ImageType", "image_type"),
    _dimension("acquisition", "Acquisition Number", "AcquisitionNumber", "acquisition_number"),
    _dimension(
        "acquisition_time", "Acquisition Time", "AcquisitionTime", "acquisition_time", "acquisition_date"
    ),
    _dimension("content_time", "Content Time", "ContentTime", "content_time", "content_date"),
)
#: By name.
DIMENSIONS = {dimension.name: dimension for dimension in (*ALWAYS, *REPETITIONS)}
#: The vectors of nuclear medicine (PS3.3 C.8.4.9) behind dimensions that other objects have by other attributes.
_NUCLEAR_TAGS = {"time": "TimeSliceVector", "cardiac_phase": "TimeSlotVector"}
#: What the object itself counts, where no attribute that is known here says what it is (PS3.3 C.7.6.17).
DIMENSION_INDEX = "dimension_index"
#: Which image at a position is which, for want of anything better.
OCCURRENCE = "occurrence"


def check_names(names: Iterable[str], argument: str) -> frozenset[str]:
    """Check names of dimensions.

    Raises
    ------
    ValueError
        One is none.
    """
    given = frozenset([names] if isinstance(names, str) else names)
    known = {*DIMENSIONS, DIMENSION_INDEX, OCCURRENCE} if argument == "keep_together" else set(DIMENSIONS)
    if given - known:
        raise ValueError(
            f"{argument} names dimensions, of {', '.join(sorted(known))}; not {', '.join(sorted(given - known))}"
        )
    return given


def index_dimensions(instances: Sequence[Instance]) -> list[Dimension]:
    """Return a dimension for each of the Dimension Index Values, which all images have as many of, else none."""
    counts = {len(instance.dimension_indices) for instance in instances}
    return [
        Dimension(
            DIMENSION_INDEX,
            f"Dimension Index {place + 1}",
            f"DimensionIndexValues[{place}]",
            partial(_index_at, place),
        )
        for place in range(counts.pop() if len(counts) == 1 else 0)
    ]


def _index_at(place: int, instance: Instance) -> int:
    return int(instance.dimension_indices[place])


def tag_of(dimension: Dimension, instance: Instance) -> str:
    """Return the attribute that a dimension's value comes from in these images."""
    if dimension.name == "b_value" and instance.diffusion_source:
        return instance.diffusion_source
    if dimension.name == "gradient" and instance.gradient_source:
        return instance.gradient_source
    if dimension.name in _NUCLEAR_TAGS and instance.frame is not None and not instance.functional_groups:
        return _NUCLEAR_TAGS[dimension.name]
    if dimension.name == "time" and instance.frame is None:
        return "TemporalPositionIdentifier"
    if dimension.name == "echo_time" and instance.frame is not None:
        return "EffectiveEchoTime"
    return dimension.tag


def value_text(value: Hashable) -> str:
    """Return a value as it is written in a label."""
    if isinstance(value, tuple):
        return "\\".join(map(value_text, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
