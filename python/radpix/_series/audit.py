"""The examination behind `radpix.geometry.GeometryReport`: each function looks at one way slices can be wrong."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from radpix._series.audit_tags import conflicts, step_source, truncated_pixels
from radpix._series.findings import NAMED_SLICES, finding, name_slices
from radpix._series.stacking import Stack, plane_axes
from radpix.geometry import (
    COARSEST_DECIMAL_MM,
    COSINE_TOLERANCE,
    GAP_TOLERANCE_RELATIVE,
    POSITION_TOLERANCE_MM,
    POSITION_TOLERANCE_RELATIVE,
    TILT_TOLERANCE_DEGREES,
    Finding,
    GeometryReport,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from radpix._series.instance import Instance

__all__ = ["analyse", "combine", "merge"]


def combine(
    findings: Sequence[Finding], slices: int, stack: Stack | None = None, first: Instance | None = None
) -> GeometryReport:
    """Return a report of findings, the gravest first; where spacings come from is that of the first slice."""
    rank = {"error": 0, "warning": 1, "info": 2}
    ordered = tuple(sorted(findings, key=lambda finding: rank[finding.severity]))
    pixel_source = "" if first is None else first.pixel_spacing_source
    if stack is None or len(stack.distinct) < 2:
        source = "" if stack is None or first is None else _thickness_source(first)
        return GeometryReport(ordered, slices, None, 0.0, source, pixel_source)
    steps = np.diff(stack.distances[stack.distinct])
    spacing = (float(steps.min()), float(np.median(steps)), float(steps.max()))
    source = "positions" if first is None else step_source(first)
    return GeometryReport(ordered, slices, spacing, _tilt(stack)[0], source, pixel_source)


def _thickness_source(instance: Instance) -> str:
    """Return what stands for the step of a single slice, as `Stack.of` chooses it."""
    if (instance.slice_thickness or 0) > 0:
        return "Slice Thickness"
    return "Spacing Between Slices" if (instance.spacing_between_slices or 0) > 0 else "assumed"


def merge(findings: Sequence[Finding]) -> list[Finding]:
    """Join findings of several volumes that have the same code and severity: the worst one speaks for all."""
    groups: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for one in findings:
        groups[one.code, one.severity].append(one)
    joined = []
    for same in groups.values():
        worst = max(same, key=lambda one: one.millimetres)
        more = f" (and likewise in {len(same) - 1} more volumes)" if len(same) > 1 else ""
        uids = tuple(uid for one in same for uid in one.sop_instance_uids)
        files = tuple(file for one in same for file in one.files)
        joined.append(replace(worst, message=worst.message + more, sop_instance_uids=uids, files=files))
    return joined


def analyse(instances: Sequence[Instance], *, is_guess: bool = False) -> GeometryReport:
    """Examine slices of one orientation and size, sorted by position, which numbers alone put together if a guess."""
    unusable = [*_missing(instances), *_tiled(instances)]
    truncated = list(truncated_pixels(instances))
    stack = Stack.of(instances)
    if unusable or stack is None:
        found = [*unusable, *truncated, *_orthogonality(instances)]
        return combine(found, len(instances), first=instances[0])
    found = [
        *truncated,
        *_orthogonality(instances),
        *_duplicates(instances, stack),
        *_irregular_steps(instances, stack),
        *_lateral(instances, stack),
        *conflicts(instances, stack),
        *(_unexplained(instances) if is_guess else ()),
    ]
    return combine(found, len(instances), stack, instances[0])


def _missing(instances: Sequence[Instance]) -> Iterator[Finding]:
    attributes: dict[str, Callable[[Instance], object]] = {
        "Image Position (Patient)": lambda i: i.image_position,
        "Image Orientation (Patient)": lambda i: i.image_orientation,
        "Pixel Spacing": lambda i: i.pixel_spacing,
    }
    for name, value in attributes.items():
        without = [instance for instance in instances if value(instance) is None]
        if without and not any(instance.is_multi_frame for instance in without):
            message = f"no valid {name} in {name_slices(without)}; radpix.decode reads pixels without a place"
            yield finding("missing-attribute", "error", message, without)


def _tiled(instances: Sequence[Instance]) -> Iterator[Finding]:
    multi = [instance for instance in instances if instance.is_multi_frame]
    if multi:
        yield finding(
            "multi-frame",
            "error",
            f"{name_slices(multi)} hold several frames each, whose places their attributes do not tell;"
            " radpix.decode reads the frames",
            multi,
        )
    mosaics = [instance for instance in instances if instance.is_mosaic]
    if mosaics:
        yield finding(
            "mosaic",
            "error",
            f"{name_slices(mosaics)} tile slices into one image, and do not say how many, or how far apart",
            mosaics,
        )


def _orthogonality(instances: Sequence[Instance]) -> Iterator[Finding]:
    # Slices of a stack have the same cosines, or differ by their rounding.
    for orientation, instance in {each.image_orientation: each for each in reversed(instances)}.items():
        if orientation is None:
            continue
        row, column = np.reshape(orientation, (2, 3))
        lengths = np.abs(np.linalg.norm([row, column], axis=1) - 1).max()
        product = abs(float(row @ column))
        if max(lengths, product) > COSINE_TOLERANCE or plane_axes(instance) is None:
            yield finding(
                "non-orthogonal-orientation",
                "error",
                f"the cosines of {name_slices([instance])} are not orthogonal unit vectors: lengths differ from 1 by"
                f" up to {lengths:.3g}, their product is {product:.3g}",
                [instance],
                product=product,
            )
            return


def _duplicates(instances: Sequence[Instance], stack: Stack) -> Iterator[Finding]:
    starts = list(stack.distinct)
    groups = [instances[a:b] for a, b in zip(starts, [*starts[1:], len(instances)], strict=True)]
    repeated = [group for group in groups if len(group) > 1]
    if repeated:
        concerned = [instance for group in repeated for instance in group]
        same = len({(instance.sop_instance_uid, instance.frame) for instance in concerned}) < len(concerned)
        yield finding(
            "duplicate-position",
            "error",
            f"{len(concerned)} slices share {len(repeated)} position{'s' * (len(repeated) > 1)}: "
            + "; ".join(name_slices(group) for group in repeated[:NAMED_SLICES])
            + (" (with equal SOP Instance UIDs: copies of a file)" if same else ""),
            concerned,
            slices=len(concerned),
            positions=len(repeated),
        )
    if len(groups) == 1:
        yield _single_position(instances)


def _single_position(instances: Sequence[Instance]) -> Finding:
    has_thickness = any((i.slice_thickness or i.spacing_between_slices or 0) > 0 for i in instances[:1])
    step = "Slice Thickness" if has_thickness else "1 mm, for want of a Slice Thickness,"
    message = f"all of {name_slices(instances)} is at one position; {step} stands for the step between slices"
    return finding("single-slice", "info" if has_thickness else "warning", message, instances)


def tolerance(spacing: float) -> float:
    """Return how many mm a slice may lie off the regular grid."""
    return max(POSITION_TOLERANCE_RELATIVE * spacing, min(POSITION_TOLERANCE_MM, 0.1 * spacing))


def _irregular_steps(instances: Sequence[Instance], stack: Stack) -> Iterator[Finding]:
    kept = stack.distinct
    distances = stack.distances[kept]
    steps = np.diff(distances)
    if len(steps) < 2:
        return
    # The lower median: of two steps, one twice the other, the larger is the gap.
    median = float(np.sort(steps)[(len(steps) - 1) // 2])
    multiples = np.rint(steps / median)
    is_gap = (multiples >= 2) & (np.abs(steps - multiples * median) <= GAP_TOLERANCE_RELATIVE * median)
    if is_gap.any():
        yield _gaps(instances, stack, np.flatnonzero(is_gap), multiples - 1)
    grid = np.concatenate([[0.0], np.cumsum(np.where(is_gap, multiples, 1.0))])
    residuals = np.abs(distances - grid * (distances[-1] / grid[-1]))
    worst = float(residuals.max())
    if worst <= tolerance(median):
        return
    fitted = distances - np.polynomial.Polynomial.fit(grid, distances, 1)(grid)
    rounded = np.abs(fitted).max() <= 1.1 * _written_rounding(stack) * np.abs(stack.axes[2]).sum()
    off = [instances[int(kept[index])] for index in np.flatnonzero(residuals > tolerance(median))]
    low, middle, high = float(steps.min()), float(np.median(steps)), float(steps.max())
    yield finding(
        "uneven-spacing",
        "warning" if rounded else "error",
        f"the spacing between slices runs from {low:.6g} over {middle:.6g} (median) to {high:.6g} mm; up to"
        f" {worst:.3g} mm off a regular grid: {name_slices(off)}"
        + ("; no more than the rounding of the written positions" if rounded else ""),
        off,
        worst,
        min=low,
        median=middle,
        max=high,
    )


def _gaps(
    instances: Sequence[Instance], stack: Stack, where: NDArray[np.intp], missing: NDArray[np.float64]
) -> Finding:
    kept = stack.distinct
    total = int(missing[where].sum())
    holes = []
    concerned: list[Instance] = []
    for index in where:
        pair = [instances[kept[index]], instances[kept[index + 1]]]
        concerned += pair
        holes.append(f"{int(missing[index])} between {' and '.join(name_slices([i]) for i in pair)}")
    more = len(holes) - NAMED_SLICES
    message = f"{total} slice{'s are' if total > 1 else ' is'} missing: {'; '.join(holes[:NAMED_SLICES])}" + (
        f"; {more} more gaps" if more > 0 else ""
    )
    widest = float(np.diff(stack.distances[kept])[where].max())
    return finding("gap", "error", message, concerned, widest, missing=total)


def _written_rounding(stack: Stack) -> float:
    """Return by how many mm a coordinate is rounded at most, by the decimals in which the positions are written."""
    unit = COARSEST_DECIMAL_MM
    while unit > 1e-6 and np.abs(stack.positions / unit - np.rint(stack.positions / unit)).max() > 1e-3:
        unit /= 10
    return unit / 2


def _tilt(stack: Stack) -> tuple[float, NDArray[np.float64]]:
    """Return the angle in degrees between normal and slice step, and the lateral mm per mm along the normal."""
    last = stack.distinct[-1]
    lateral = stack.lateral[last] / stack.distances[last]
    return float(np.degrees(np.arctan(np.hypot(*lateral)))), lateral


def _lateral(instances: Sequence[Instance], stack: Stack) -> Iterator[Finding]:
    if len(stack.distinct) < 2:
        return
    degrees, slope = _tilt(stack)
    spacing = float(np.median(np.diff(stack.distances[stack.distinct])))
    shift = float(np.hypot(*stack.lateral[stack.distinct[-1]]))
    # Two positions, rounded in three coordinates, or a hundredth of the spacing.
    negligible = max(tolerance(spacing), 2 * np.sqrt(3) * _written_rounding(stack))
    if degrees > TILT_TOLERANCE_DEGREES and shift > negligible:
        ends = [instances[0], instances[int(stack.distinct[-1])]]
        yield finding(
            "tilt",
            "error",
            f"the slices are tilted by {degrees:.4g} degrees against the line through their positions, shifted by"
            f" {shift:.4g} mm from {name_slices(ends[:1])} to {name_slices(ends[1:])}",
            ends,
            shift,
            degrees=degrees,
        )
    residuals = np.hypot(*(stack.lateral - stack.distances[:, None] * slope).T)
    if residuals.max() > negligible:
        off = [instances[int(index)] for index in np.flatnonzero(residuals > tolerance(spacing))]
        yield finding(
            "in-plane-shift",
            "error",
            f"slices lie up to {residuals.max():.4g} mm beside the line through the first and the last:"
            f" {name_slices(off)}",
            off,
            float(residuals.max()),
        )


def _unexplained(instances: Sequence[Instance]) -> Iterator[Finding]:
    yield finding(
        "unexplained-repetition",
        "warning",
        "the positions repeat in the series, and no attribute says why: Instance Number alone tells the repetitions"
        " apart",
        instances,
    )
