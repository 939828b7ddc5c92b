"""What else the headers say of the slices' places and pixels, against the positions and the files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from radpix._frames.transfer_syntaxes import is_encapsulated
from radpix._series.findings import finding, name_slices
from radpix.geometry import (
    COARSEST_DECIMAL_MM,
    POSITION_TOLERANCE_MM,
    SPACING_TOLERANCE_RELATIVE,
    TILT_TOLERANCE_DEGREES,
    Finding,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from radpix._series.instance import Instance
    from radpix._series.stacking import Stack

__all__ = ["conflicts", "step_source", "truncated_pixels"]

#: Scanners write Gantry/Detector Tilt in whole or half degrees.
_NOMINAL_TILT_DEGREES = 0.5 + TILT_TOLERANCE_DEGREES


def conflicts(instances: Sequence[Instance], stack: Stack) -> Iterator[Finding]:
    """Find attributes that disagree with the positions; the positions are used."""
    yield from _assumed(instances)
    yield from _stated_count(instances, stack)
    yield from _nominal(instances, stack)
    yield from _nominal_tilt(instances, stack)
    yield from _instance_order(instances)
    yield from _slice_location(instances, stack)


def step_source(instance: Instance) -> str:
    """Return where the step of slices comes from: mosaics and nuclear medicine have one position and a step."""
    is_nuclear = instance.frame is not None and not instance.functional_groups
    if instance.tile is None and not (is_nuclear and instance.modality in {"NM", "PT"}):
        return "positions"
    return "Spacing Between Slices" if instance.spacing_between_slices else "Slice Thickness"


def _assumed(instances: Sequence[Instance]) -> Iterator[Finding]:
    first = instances[0]
    if len(instances) > 1 and step_source(first) == "Slice Thickness":
        yield finding(
            "assumed-spacing",
            "warning",
            f"{name_slices([first])} has no Spacing Between Slices: Slice Thickness stands for it, as if there were no"
            " space between the slices",
            [first],
        )
    if len(instances) > 1 and any(instance.is_order_assumed for instance in instances):
        yield finding(
            "assumed-order",
            "warning",
            f"{name_slices([first])} has no Slice Normal Vector in its private header: the tiles are taken to follow"
            " row x column direction",
            [first],
        )


def _stated_count(instances: Sequence[Instance], stack: Stack) -> Iterator[Finding]:
    """Compare Number of Slices of PET and NM: slices missing at an end of the stack leave no gap."""
    stated = max(instance.number_of_slices for instance in instances)
    found = len(stack.distinct)
    if instances[0].modality in {"PT", "NM"} and found < stated:
        yield finding(
            "slice-count-conflict",
            "warning",
            f"there are {found} slices of {stated}, which Number of Slices counts: slices may be missing at an end",
            [instances[0], instances[-1]],
            missing=stated - found,
        )


def _nominal(instances: Sequence[Instance], stack: Stack) -> Iterator[Finding]:
    if len(stack.distinct) < 2:
        return
    measured = float(np.median(np.diff(stack.distances[stack.distinct])))
    first = instances[0]
    nominal = {
        "Spacing Between Slices": first.spacing_between_slices,
        "Slice Thickness": first.slice_thickness,
    }
    differing = {
        name: abs(value)
        for name, value in nominal.items()
        if value
        and abs(abs(value) - measured) > max(SPACING_TOLERANCE_RELATIVE * measured, POSITION_TOLERANCE_MM)
    }
    if differing:
        tags = " and ".join(f"{name} is {value:.6g} mm" for name, value in differing.items())
        multiple = _multiple(measured, differing.get("Spacing Between Slices"))
        may_lack = f": {multiple - 1} of {multiple} slices may be missing throughout" if multiple > 1 else ""
        yield finding(
            "spacing-conflict",
            "warning" if multiple > 1 else "info",
            f"{tags}, the positions are {measured:.6g} mm apart; the positions are used{may_lack}",
            [first],
            max(abs(value - measured) for value in differing.values()),
            measured=measured,
        )


def _multiple(measured: float, nominal: float | None) -> int:
    """Return how many nominal steps the measured one is, 1 where it is no whole number of them."""
    if nominal is None or nominal < COARSEST_DECIMAL_MM:
        return 1
    multiple = round(measured / nominal)
    return (
        multiple
        if multiple > 1 and abs(measured - multiple * nominal) <= SPACING_TOLERANCE_RELATIVE * nominal
        else 1
    )


def _instance_order(instances: Sequence[Instance]) -> Iterator[Finding]:
    framed = all(i.in_stack_position is not None for i in instances)
    name = "In-Stack Position Number" if framed else "Instance Number"
    given = [i.in_stack_position if framed else i.instance_number for i in instances]
    numbers = [number for number in given if number is not None]
    steps = np.sign(np.diff(np.array(numbers, dtype=np.float64)))
    if len(numbers) > 2 and len(set(steps.tolist())) > 1:
        yield finding(
            "order-conflict",
            "info",
            f"{name} does not follow the positions; the positions are used",
            instances,
        )


def _slice_location(instances: Sequence[Instance], stack: Stack) -> Iterator[Finding]:
    """Compare differences of Slice Location, whose origin and direction are free (PS3.3 C.7.6.2.1.2)."""
    locations = [instance.slice_location for instance in instances]
    if len(stack.distinct) < 2 or None in locations:
        return
    steps = np.diff(np.array(locations, dtype=np.float64))
    sign = 1.0 if steps.sum() >= 0 else -1.0
    deviations = np.abs(sign * steps - np.diff(stack.distances))
    # Along the bed instead of the normal of a tilted gantry is as good a location.
    deviations = np.minimum(
        deviations, np.abs(sign * steps - np.linalg.norm(np.diff(stack.positions, axis=0), axis=1))
    )
    spacing = float(np.median(np.diff(stack.distances[stack.distinct])))
    allowed = max(0.1 * spacing, POSITION_TOLERANCE_MM)
    if deviations.max() <= allowed:
        return
    off = [instances[int(index) + 1] for index in np.flatnonzero(deviations > allowed)]
    yield finding(
        "location-conflict",
        "info",
        f"Slice Location does not follow the positions of {name_slices(off)}, by up to {deviations.max():.6g} mm; the"
        " positions are used",
        off,
        float(deviations.max()),
    )


def _nominal_tilt(instances: Sequence[Instance], stack: Stack) -> Iterator[Finding]:
    nominal = instances[0].gantry_tilt
    if nominal is None or len(stack.distinct) < 2:
        return
    last = stack.distinct[-1]
    measured = float(np.degrees(np.arctan(np.hypot(*stack.lateral[last]) / stack.distances[last])))
    if abs(abs(nominal) - measured) > _NOMINAL_TILT_DEGREES:
        yield finding(
            "nominal-tilt-conflict",
            "info",
            f"Gantry/Detector Tilt is {nominal:.4g} degrees, the positions are tilted by {measured:.4g}; the positions"
            " are used",
            instances[:1],
            degrees=measured,
        )


def truncated_pixels(instances: Sequence[Instance]) -> Iterator[Finding]:
    """Find files that end in front of their last pixel, or claim less pixel data than pixels."""
    files = {instance.path: instance for instance in reversed(instances) if not instance.is_empty}
    short = [instance for instance in reversed(files.values()) if _is_short(instance)]
    if short:
        yield finding(
            "truncated-pixels",
            "error",
            f"the pixel data of {name_slices(short)} is shorter than the pixels; obtain the files again",
            short,
        )


def _is_short(instance: Instance) -> bool:
    if (
        not instance.pixel_offset
        or not instance.pixel_length
        or is_encapsulated(instance.transfer_syntax_uid)
    ):
        return False
    if instance.tile is not None:  # rows and columns are those of a tile
        return False
    pixels = instance.number_of_frames * instance.rows * instance.columns
    bits = pixels * instance.samples_per_pixel * instance.bits_allocated
    if instance.photometric_interpretation == "YBR_FULL_422":
        bits = bits * 2 // 3
    return min(instance.file_size - instance.pixel_offset, instance.pixel_length) < (bits + 7) // 8
