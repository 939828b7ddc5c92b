"""Where the rows of a curved reformat lie in the patient, for each mode."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from radpix import limits
from radpix._sampling.curve import Curve, curve_through, frames_along, lengths_of, measured, sampled_by
from radpix._sampling.plane_checks import unit_of
from radpix.errors import GeometryError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Rows", "Settings", "rows_of"]


class Settings(NamedTuple):
    """Checked arguments of `radpix.curved`."""

    mode: str
    spacing: tuple[float, float]
    width: float | None
    step: float
    polyline: bool
    across: ArrayLike | None
    along: ArrayLike | None
    rotation: float


class Rows(NamedTuple):
    """Straight lines in patient space, one for each row of each plane."""

    path: NDArray[np.float64]  # (planes or rows, 3): where the path is
    first: NDArray[np.float64]  # (planes, rows, 3): the centre of column 0
    step: NDArray[np.float64]  # (planes, rows, 3): to the next column, in mm
    normal: NDArray[np.float64]  # (planes, rows, 3): unit vectors, along which a slab is thick
    columns: int


def rows_of(path: ArrayLike, settings: Settings) -> Rows:
    curve = curve_through(path, polyline=settings.polyline)
    if settings.mode in {"straightened", "cross-sections"}:
        return _following(curve, settings)
    return _flattened(curve, settings)


def _following(curve: Curve, settings: Settings) -> Rows:
    """Frames that go along the path: a row for each, or a plane."""
    sections = settings.mode == "cross-sections"
    step = settings.step if sections else settings.spacing[0]
    parameters, _, lengths = measured(curve, step)
    frames = frames_along(curve, sampled_by(lengths, parameters, step), settings.across, settings.rotation)
    columns = _count(settings.width, settings.spacing[1])
    to_column = frames.across * settings.spacing[1]
    first = frames.positions - to_column * ((columns - 1) / 2)
    if not sections:
        return Rows(frames.positions, first[None], to_column[None], frames.normals[None], columns)
    # Columns go along `across`, rows along tangent x across, so that the normal is the tangent.
    rows = _count(settings.width, settings.spacing[0])
    limits.check_frame(len(frames.positions) * rows, columns)
    offset = (np.arange(rows) - (rows - 1) / 2) * settings.spacing[0]
    first = first[:, None] + offset[:, None] * -frames.normals[:, None]
    shape = first.shape
    return Rows(
        frames.positions,
        first,
        np.broadcast_to(to_column[:, None], shape),
        np.broadcast_to(frames.tangents[:, None], shape),
        columns,
    )


def _flattened(curve: Curve, settings: Settings) -> Rows:
    """Rows in one direction, through the path: the surface that they make is unrolled, or seen from its side."""
    step = settings.spacing[0]
    parameters, positions, _ = measured(curve, step)
    across = _direction_across(curve, settings)
    beside = positions - (positions @ across)[:, None] * across
    along = None
    if settings.mode == "projected":
        along = _direction_along(beside, across, settings.along)
        measure = beside @ along
        if not (np.diff(measure) > 0).all():
            raise GeometryError(
                "the path turns back against the direction along; a projection would show parts twice. Give"
                ' another along= or across=, or take mode="stretched"'
            )
    else:
        measure = np.append(0.0, np.cumsum(lengths_of(np.diff(beside, axis=0))))
    if measure[-1] - measure[0] < step:
        raise GeometryError("the path runs along the direction across; give another one")
    centres, tangents = curve.at(sampled_by(measure, parameters, step))
    reach = positions @ across
    middle = (reach.max() + reach.min()) / 2
    extent = float(reach.max() - reach.min()) + settings.spacing[1]
    columns = _count(extent if settings.width is None else settings.width, settings.spacing[1])
    to_column = across * settings.spacing[1]
    first = centres + (middle - centres @ across)[:, None] * across - to_column * ((columns - 1) / 2)
    shape = first.shape
    if along is not None:
        normal = np.broadcast_to(np.cross(across, along), shape)
    else:
        normal = np.cross(across, tangents)
        length = np.linalg.norm(normal, axis=1, keepdims=True)
        if not (length > 1e-9).all():
            raise GeometryError("the path runs along the direction across somewhere; give another one")
        normal = normal / length
    return Rows(centres, first[None], np.broadcast_to(to_column, shape)[None], normal[None], columns)


def _direction_across(curve: Curve, settings: Settings) -> NDArray[np.float64]:
    if settings.across is not None:
        return unit_of(settings.across, "the direction across")
    # Of the patient's axes the one that the path goes along least, the first of equal ones.
    way = np.abs(np.diff(curve.points, axis=0)).sum(axis=0)
    return np.asarray(np.eye(3)[int(np.argmin(way))], np.float64)


def _direction_along(
    beside: NDArray[np.float64], across: NDArray[np.float64], along: ArrayLike | None
) -> NDArray[np.float64]:
    way = beside[-1] - beside[0] if along is None else unit_of(along, "the direction along")
    way = way - (way @ across) * across
    if np.linalg.norm(way) < 1e-6:
        raise GeometryError("the direction along is that across, or the path is closed; give another one")
    return unit_of(way, "the direction along")


def _count(width: float | None, spacing: float) -> int:
    return max(1, round((spacing if width is None else width) / spacing))
