"""Curved reformats (CPR): a volume sampled along a path, such as the centre line of a vessel.

Kanitsar, Fleischmann, Wegenkittl, Felkel, Groeller, "CPR - curved planar reformation", IEEE Visualization 2002. Samples
follow the rules of `radpix.transform`: within half a voxel of the outermost centres their values go on, beyond lies
``fill``; pixel padding takes no part unless asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from radpix import _paths, limits
from radpix._backend import Combine
from radpix._padding import Padding, absent_value
from radpix._points import Lines, sample_lines, sample_points, sample_slab
from radpix._sampling import check_interpolation, check_volume, checked_fill
from radpix.errors import GeometryError
from radpix.slices import check_choice, output_for
from radpix.threads import thread_count

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from radpix.volume import Volume

__all__ = ["CurvedSlice", "curved"]

Mode = Literal["straightened", "stretched", "projected", "cross-sections"]
_Interpolation = Literal["nearest", "linear", "cubic", "label"]

#: A direction this close to a path or an axis, as a cosine, does not say what is up.
_ALONG = np.cos(np.deg2rad(1))


@dataclass(frozen=True, eq=False)
class CurvedSlice:
    """Pixels along a path, and where in the patient they come from.

    Attributes
    ----------
    pixels
        (rows, columns[, channel]), a row for each step of the path; for ``"cross-sections"`` (steps, rows, columns
        [, channel]).
    spacing
        (between steps, between the pixels across) in mm.
    origins
        (steps, 3): patient positions (x, y, z) in mm, LPS, of the middle of every row or cross-section.
    across, through
        (steps, 3): unit vectors along a row, and along the slab's thickness, which is down a cross-section's columns.
    mode, thickness, combine, interpolation
        As given to `curved`.
    frame_of_reference_uid, modality, unit
        The volume's.
    """

    pixels: NDArray[Any]
    spacing: tuple[float, float]
    origins: NDArray[np.float64]
    across: NDArray[np.float64]
    through: NDArray[np.float64]
    mode: Mode
    thickness: float
    combine: Combine
    interpolation: str
    frame_of_reference_uid: str | None = None
    modality: str | None = None
    unit: str | None = None

    def pixel_to_patient(self, pixel: ArrayLike) -> NDArray[np.float64]:
        """Return patient positions (..., 3) of pixels (..., 2) as (row, column), or (..., 3) as (step, row, column).

        Exact at whole steps; between them frames are interpolated linearly.
        """
        wanted = np.asarray(pixel, dtype=np.float64)
        dimensions = 3 if self.mode == "cross-sections" else 2
        if wanted.shape[-1] != dimensions:
            raise ValueError(f"pixels of this slice have {dimensions} indices, not {wanted.shape[-1]}")
        step = wanted[..., 0]
        middle = (self.pixels.shape[dimensions - 1] - 1) / 2
        aside = (wanted[..., -1] - middle) * self.spacing[1]
        position = self._at(self.origins, step) + aside[..., None] * self._at(self.across, step)
        if dimensions == 3:
            down = (wanted[..., 1] - (self.pixels.shape[1] - 1) / 2) * self.spacing[1]
            position = position + down[..., None] * self._at(self.through, step)
        return np.asarray(position, np.float64)

    def patient_to_pixel(self, position: ArrayLike) -> NDArray[np.float64]:
        """Return the nearest pixels (..., 2) or (..., 3) of positions (..., 3): a whole step, and where across it.

        The nearest step is the one whose line, or plane, passes closest within its extent.
        """
        wanted = np.asarray(position, dtype=np.float64)
        flat = wanted.reshape(-1, 3)
        found = np.empty((len(flat), 3 if self.mode == "cross-sections" else 2))
        for i, point in enumerate(flat):
            relative = point - self.origins
            aside = np.einsum("ij,ij->i", relative, self.across)
            width = self.pixels.shape[len(found[i]) - 1] * self.spacing[1] / 2
            nearest = relative - np.clip(aside, -width, width)[:, None] * self.across
            down = np.einsum("ij,ij->i", relative, self.through)
            if len(found[i]) == 3:
                height = self.pixels.shape[1] * self.spacing[1] / 2
                nearest = nearest - np.clip(down, -height, height)[:, None] * self.through
            step = int(np.argmin(np.einsum("ij,ij->i", nearest, nearest)))
            middles = (np.array(self.pixels.shape[1 : len(found[i])]) - 1) / 2
            offsets = [aside[step]] if len(found[i]) == 2 else [down[step], aside[step]]
            found[i] = [step, *(np.array(offsets) / self.spacing[1] + middles)]
        return found.reshape(*wanted.shape[:-1], found.shape[1])

    def _at(self, vectors: NDArray[np.float64], step: NDArray[np.float64]) -> NDArray[np.float64]:
        last = len(vectors) - 1
        low = np.clip(np.floor(step), 0, max(last - 1, 0)).astype(int)
        share = (step - low)[..., None]
        return np.asarray(vectors[low] * (1 - share) + vectors[np.minimum(low + 1, last)] * share, np.float64)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.pixels, dtype=dtype, copy=copy)


def curved(
    volume: Volume,
    path: ArrayLike,
    *,
    width: float,
    spacing: float | tuple[float, float] | None = None,
    mode: Mode = "straightened",
    up: ArrayLike | None = None,
    angle: float = 0.0,
    polyline: bool = False,
    thickness: float = 0.0,
    combine: Combine = "mean",
    interpolation: _Interpolation = "linear",
    fill: float | None = None,
    padding: Padding = "exclude",
    num_threads: int | None = None,
) -> CurvedSlice:
    """Sample a volume along a path.

    Parameters
    ----------
    volume
        (z, y, x[, channel]) of 8, 16 or 32-bit integers, float32 or float64.
    path
        (n, 3) patient positions (x, y, z) in mm, LPS; a centripetal Catmull-Rom spline goes through them.
    width
        Of every row across the path, in mm.
    spacing
        (between steps along the path, between pixels across it) in mm; one number stands for both. Default: the
        volume's smallest voxel spacing.
    mode
        ``"straightened"``: rows across the path, one below the other by its length. ``"cross-sections"``: square planes
        across the path. ``"stretched"``: all rows parallel to ``up``, by the length of the path seen along ``up``, so
        that distances along it are true. ``"projected"``: the same rows, by their place on the plane through ``up``
        and both ends of the path.
    up
        A patient direction. For rows across the path, where the first one points to, as far as it can; it is carried
        along without turning about the path. Default: the head, or anterior where the path begins along the body.
        For the other two modes, the direction of the rows; by default left, or head where the path runs to the side.
    angle
        Degrees by which the rows are turned about the path, from ``across`` to ``through``; for rows across the path.
    polyline
        Take the path as it is, straight from point to point.
    thickness
        Of the slab in mm, half on either side of the surface; 0 for the surface itself.
    combine
        Of the slab's samples inside the volume, as of `radpix.reslice`.
    interpolation
        ``"linear"``, ``"nearest"``, ``"cubic"``, or ``"label"`` without a slab.
    fill
        The value where no sample is inside; by default the volume's padding value, else its minimum.
    padding
        ``"exclude"``: padding takes no part. ``"include"`` takes it for tissue.
    num_threads
        1 to 1024; None for the default.

    Returns
    -------
    CurvedSlice
        Of the volume's type; float32 or float64 for ``"sum"`` of integers.

    Raises
    ------
    GeometryError
        The path has no two different points, is shorter than a step, turns back within one, or, projected, turns back
        at all; or ``up`` says nothing about it.
    ValueError, TypeError, LimitError
        An argument is outside its range, or the result over `radpix.limits`.

    Examples
    --------
    >>> import numpy as np
    >>> from radpix import Volume, curved
    >>> volume = Volume(np.arange(60, dtype=np.int16).reshape(5, 4, 3))
    >>> found = curved(volume, [(1, 1, 0), (1, 1, 4)], width=3.0, up=(1, 0, 0))
    >>> found.pixels.tolist()
    [[3, 4, 5], [15, 16, 17], [27, 28, 29], [39, 40, 41], [51, 52, 53]]
    """
    check_volume(volume, "sample")
    check_interpolation(volume, interpolation, get_args(_Interpolation))
    check_choice("mode", mode, get_args(Mode))
    check_choice("combine", combine, get_args(Combine))
    steps = _spacing(volume, spacing)
    for name, value, least in (("width", width, 0.0), ("thickness", thickness, -1.0)):
        if not least < value < 1e6:
            raise ValueError(f"{name} is a number of mm, positive and below 1e6, not {value}")
    if interpolation == "label" and thickness > 0:
        raise ValueError("labels have no slab; take thickness=0, or interpolation='nearest'")
    points = _paths.checked_path(path)
    if not polyline:
        points = _paths.smoothed(points)
    limits.check_frame(max(1, int(_paths.arc_length(points)[-1] / steps[0])), max(1, round(width / steps[1])))
    if mode in ("straightened", "cross-sections"):
        origins, across, through = _frames_across(points, steps[0], up, angle)
    else:
        origins, across, through = _frames_along(points, steps[0], up, projected=mode == "projected")
    pixels = _sampled(
        volume,
        (origins, across, through),
        steps[1],
        (width, float(thickness)),
        combine,
        interpolation,
        checked_fill(volume, fill, lambda: False),
        thread_count(num_threads),
        absent_value(volume, padding),
        sections=mode == "cross-sections",
    )
    return CurvedSlice(
        pixels, steps, origins, across, through, mode, float(thickness), combine, interpolation,
        volume.frame_of_reference_uid, volume.modality, volume.unit,
    )  # fmt: skip


def _sampled(
    volume: Volume,
    frames: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]],
    spacing: float,
    size: tuple[float, float],
    combine: Combine,
    *how: Any,
    sections: bool,
) -> NDArray[Any]:
    """Sample lines, or squares, across the path, of ``size`` (width, thickness) in mm.

    What is a plane at every step goes through `radpix.reslice`'s kernel; other interpolations sample points.
    """
    origins, across, through = frames
    width, thickness = size
    samples = max(1, round(thickness / min(volume.spacing)))
    normals = np.cross(across, through) if sections else through
    columns = max(1, round(width / spacing))
    rows = columns if sections else 1
    limits.check_bytes(len(origins) * rows * columns * 3 * 8, "curved: ")
    if how[0] in ("nearest", "linear"):
        down = through * spacing if sections else np.zeros_like(through)
        first = origins - (columns - 1) / 2 * spacing * across - (rows - 1) / 2 * down
        lines = Lines(first, across * spacing, down, normals * (thickness / samples), samples)
        dtype = output_for(volume, (1, 1), combine, None).dtype
        pixels = np.empty((len(origins), rows, columns, *volume.voxels.shape[3:]), dtype)
        sample_lines(volume, pixels, lines, combine, *how)
        return pixels if sections else pixels[:, 0]
    positions = _positions(origins, across, through if sections else None, columns, spacing)
    if thickness == 0:
        return sample_points(volume, positions, *how)
    offsets = ((np.arange(samples) + 0.5) / samples - 0.5) * thickness
    return sample_slab(volume, positions, normals, offsets, combine, *how)


def _spacing(volume: Volume, spacing: float | tuple[float, float] | None) -> tuple[float, float]:
    if spacing is None:
        spacing = min(volume.spacing)
    pair = (spacing, spacing) if np.ndim(spacing) == 0 else tuple(spacing)  # type: ignore[arg-type]
    if len(pair) != 2 or not all(0 < float(mm) < 1e6 for mm in pair):  # type: ignore[arg-type]
        raise ValueError(f"spacing is one or two positive numbers of mm, not {spacing}")
    return float(pair[0]), float(pair[1])  # type: ignore[arg-type]


def _frames_across(
    points: NDArray[np.float64], step: float, up: ArrayLike | None, angle: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return points at equal steps of the path and two vectors across it."""
    origins = _paths.at_steps(points, _paths.arc_length(points), step)
    tangents = _paths.tangents_of(origins)
    if up is None:
        up = (0.0, -1.0, 0.0) if abs(tangents[0, 2]) > _ALONG else (0.0, 0.0, 1.0)
    first = _perpendicular(_direction(up), tangents[0])
    across = _paths.rotation_minimising(origins, tangents, first)
    through = np.cross(tangents, across)
    turn = np.deg2rad(float(angle))
    if turn != 0.0:
        across, through = (
            np.cos(turn) * across + np.sin(turn) * through,
            np.cos(turn) * through - np.sin(turn) * across,
        )
    return origins, across, through


def _frames_along(
    points: NDArray[np.float64], step: float, up: ArrayLike | None, *, projected: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return middles of rows that are all parallel to ``up``."""
    ends = points[-1] - points[0]
    if up is None:
        sideways = abs(ends[0]) > _ALONG * np.linalg.norm(ends)
        up = (0.0, 0.0, 1.0) if sideways else (1.0, 0.0, 0.0)
    row = _direction(up)
    beside = points @ row
    seen = points - beside[:, None] * row + (beside.min() + beside.max()) / 2 * row
    if projected:
        along = (seen - seen[0]) @ _perpendicular(ends, row)
        if not (np.diff(along) > 0).all():
            raise GeometryError("the path turns back on the plane it is projected to; take mode='stretched'")
    else:
        along = _paths.arc_length(seen)
        moved = np.concatenate([[True], np.diff(along) > 0])
        seen, along = seen[moved], along[moved]
        if len(seen) < 2:
            raise GeometryError("the path runs along up; give another direction")
    origins = _paths.at_steps(seen, along, step)
    across = np.broadcast_to(row, origins.shape).copy()
    tangents = _paths.tangents_of(origins)
    if projected:
        tangents = np.broadcast_to(_perpendicular(ends, row), origins.shape)
    return origins, across, np.cross(tangents, across)


def _direction(vector: ArrayLike) -> NDArray[np.float64]:
    direction = np.array(vector, dtype=np.float64)
    length = np.linalg.norm(direction) if direction.shape == (3,) else np.nan
    if not 0 < length < np.inf:
        raise GeometryError(f"up is a direction (x, y, z) of some length, not {vector!r}")
    return np.asarray(direction / length, np.float64)


def _perpendicular(vector: NDArray[np.float64], to: NDArray[np.float64]) -> NDArray[np.float64]:
    rest = vector - (vector @ to) * to
    length = np.linalg.norm(rest)
    if length <= 1e-6 * np.linalg.norm(vector):
        raise GeometryError("up points along the path; give another direction")
    return np.asarray(rest / length, np.float64)


def _positions(
    origins: NDArray[np.float64],
    across: NDArray[np.float64],
    down: NDArray[np.float64] | None,
    count: int,
    spacing: float,
) -> NDArray[np.float64]:
    """Return (steps, columns, 3), or (steps, rows, columns, 3) where there is a second vector."""
    offsets = (np.arange(count) - (count - 1) / 2) * spacing
    rows = offsets[None, :, None] * across[:, None, :]
    if down is None:
        return np.asarray(origins[:, None, :] + rows, np.float64)
    columns = offsets[None, :, None] * down[:, None, :]
    return np.asarray(origins[:, None, None, :] + columns[:, :, None, :] + rows[:, None, :, :], np.float64)
