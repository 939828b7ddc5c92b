"""Curved reformatting: a volume along a path, such as a vessel's, the spine's or the dental arch.

Every row of the result is a straight line in patient space, sampled by the kernels and rules of `radpix.reslice`; rows
of a straight path are those of a plane. A path of points is made a centripetal Catmull-Rom curve and sampled by arc
length; frames along it are rotation-minimising, by double reflection (Wang et al., ACM TOG 27(1), 2008).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from radpix import limits
from radpix._arguments import check_choice, number, numbers
from radpix._backend import Combine, kernels
from radpix._convert import as_array
from radpix._progress import Progress, told
from radpix._sampling.curved_rows import Rows, Settings, rows_of
from radpix._sampling.grids import Settings as SampleSettings
from radpix._sampling.grids import calls_of
from radpix._sampling.padding import Padding, absent_value
from radpix._sampling.plane_checks import spacing_of
from radpix._sampling.smooth import SMOOTH, Slab, check_smooth, sample_lines
from radpix.errors import GeometryError
from radpix.reslice import ORIGIN_TOLERANCE, STEP_TOLERANCE, fill_for, slab_samples_of, snapped
from radpix.slices import PlaneInterpolation, output_for, voxels_of
from radpix.threads import thread_count

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike, NDArray

    from radpix.volume import Volume

__all__ = ["CurvedMode", "CurvedSlice", "curved"]

CurvedMode = Literal["straightened", "stretched", "projected", "cross-sections"]
# Positions for which all rows are compared at once: 1024 x 1024 x 3 float64 are 25 MB.
_CHUNK = 1 << 20


@dataclass(frozen=True, eq=False)
class CurvedSlice:
    """Pixels along a path.

    Attributes
    ----------
    pixels
        (rows, columns[, channel]), of cross-sections (planes, rows, columns[, channel]).
    spacing
        mm (between rows, between columns).
    plane_spacing
        mm along the path between cross-sections, else 0.
    mode, thickness, combine, interpolation
        How the values were made.
    path
        (rows, 3), of cross-sections (planes, 3): patient positions of the path.
    first, column_step, normals
        (planes, rows, 3): patient position of column 0, the way to the next column, and the unit vector along which a
        slab is thick.
    frame_of_reference_uid, modality, unit
        As of the volume.
    """

    pixels: NDArray[Any]
    spacing: tuple[float, float]
    plane_spacing: float
    mode: CurvedMode
    thickness: float
    combine: Combine
    interpolation: PlaneInterpolation
    path: NDArray[np.float64]
    first: NDArray[np.float64]
    column_step: NDArray[np.float64]
    normals: NDArray[np.float64]
    frame_of_reference_uid: str = ""
    modality: str = ""
    unit: str = ""

    @property
    def shape(self) -> tuple[int, ...]:
        """Pixels along each axis, (rows, columns), of cross-sections (planes, rows, columns); channels do not count."""
        return self.pixels.shape[: 3 if self.mode == "cross-sections" else 2]

    def positions(self) -> NDArray[np.float64]:
        """Return where all pixels lie.

        Returns
        -------
        ndarray
            ``shape`` and an axis of 3, float64: patient positions (x, y, z) in mm, LPS, of the pixels' centres.
        """
        column = np.arange(self.shape[-1])[:, None]
        all_of_them = self.first[:, :, None] + column * self.column_step[:, :, None]
        return np.asarray(all_of_them.reshape(*self.shape, 3), np.float64)

    def pixel_to_patient(self, pixel: ArrayLike) -> NDArray[np.float64]:
        """Return where pixels lie.

        Parameters
        ----------
        pixel
            (..., 2) as (row, column), of cross-sections (..., 3) as (plane, row, column), whole at the pixels' centres.
            Columns may have fractions. Rows and planes between two are linear between them, and no further than the
            first and last. A pixel that is no number has no position.

        Returns
        -------
        ndarray
            (..., 3) float64: patient positions (x, y, z) in mm, LPS.

        Raises
        ------
        TypeError, ValueError
            Pixels are no numbers; their last axis is not as long as ``shape``.
        """
        index = numbers(pixel, "pixel")
        if index.shape[-1:] != (len(self.shape),):
            raise ValueError(f"a pixel has {len(self.shape)} indices, an array (..., {len(self.shape)})")
        column = index[..., -1:]
        planes, rows = self.first.shape[:2]
        plane = index[..., 0] if index.shape[-1] == 3 else np.zeros(index.shape[:-1])
        total = np.zeros((*index.shape[:-1], 3))
        for p, p_weight in _neighbours(plane, planes):
            for r, r_weight in _neighbours(index[..., -2], rows):
                here = self.first[p, r] + column * self.column_step[p, r]
                total += (p_weight * r_weight)[..., None] * here
        return total

    def patient_to_pixel(self, position: ArrayLike) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Return the nearest pixels, of equally near ones the first: a path that crosses itself shows a place twice.

        Parameters
        ----------
        position
            (..., 3): patient positions (x, y, z) in mm, LPS.

        Returns
        -------
        ndarray
            (..., 2) integers: rows and columns, of cross-sections (..., 3): planes, rows and columns.
        ndarray
            (...) float64: the distances from the pixels' centres in mm.

        Raises
        ------
        TypeError, ValueError
            Positions are not finite numbers; their last axis is not 3 long.
        """
        where = numbers(position, "position")
        if where.shape[-1:] != (3,) or not np.isfinite(where).all():
            raise ValueError(f"positions are finite numbers, an array (..., 3), not {where.shape}")
        flat = where.reshape(-1, 3)
        first, step = self.first.reshape(-1, 3), self.column_step.reshape(-1, 3)
        pixel = np.empty((len(flat), len(self.shape)), np.intp)
        distance = np.empty(len(flat))
        chunk = max(1, _CHUNK // len(first))
        for start in range(0, len(flat), chunk):
            relative = flat[start : start + chunk, None] - first
            along = np.einsum("mlk,lk->ml", relative, step) / self.spacing[1] ** 2
            column = np.clip(np.rint(along), 0, self.shape[-1] - 1)
            away = np.linalg.norm(relative - column[..., None] * step, axis=-1)
            row = away.argmin(axis=1)
            some = np.arange(len(row))
            distance[start : start + chunk] = away[some, row]
            place = (*np.unravel_index(row, self.first.shape[:2]), column[some, row])
            pixel[start : start + chunk] = np.stack(place[-len(self.shape) :], axis=-1)
        return pixel.reshape(*where.shape[:-1], -1), distance.reshape(where.shape[:-1])

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        """Return the pixels for ``numpy.asarray(slice)``, shared unless the type or ``copy=True`` asks for a copy.

        Returns
        -------
        ndarray
            (rows, columns[, channel]), of cross-sections (planes, rows, columns[, channel]), of the pixels' type or of
            ``dtype``.

        Raises
        ------
        ValueError
            ``copy=False``, and another ``dtype`` needs a copy.
        """
        return as_array(self.pixels, dtype, copy)


def _neighbours(index: NDArray[np.float64], count: int) -> list[tuple[NDArray[np.intp], NDArray[np.float64]]]:
    """Return two indices for each, and their weights."""
    inside = np.clip(index, 0, count - 1)
    low = np.minimum(np.nan_to_num(inside).astype(np.intp), max(count - 2, 0))
    weight = inside - low
    return [(low, 1 - weight), (np.minimum(low + 1, count - 1), weight)]


def curved(
    volume: Volume,
    path: ArrayLike,
    *,
    width: float | None = None,
    spacing: float | tuple[float, float] | None = None,
    mode: CurvedMode = "straightened",
    polyline: bool = False,
    across: ArrayLike | None = None,
    along: ArrayLike | None = None,
    rotation: float = 0.0,
    step: float | None = None,
    thickness: float = 0.0,
    combine: Combine = "mean",
    interpolation: PlaneInterpolation = "linear",
    fill: float | None = None,
    padding: Padding = "exclude",
    slab_step: float | None = None,
    progress: Progress | None = None,
    num_threads: int | None = None,
) -> CurvedSlice:
    """Sample a volume along a path (curved planar reformatting).

    Parameters
    ----------
    volume
        (z, y, x[, channel]) of any integer type, bool, float32 or float64.
    path
        (n, 3): patient positions (x, y, z) in mm, LPS, in order. Points within 1e-6 mm of the one before are left out.
    width
        mm of a row; there are round(width / spacing) columns. ``"stretched"`` and ``"projected"`` cover the path
        by default; the others need it. Cross-sections are as high as wide.
    spacing
        mm (between rows, between columns); one number for both; by default the smallest voxel spacing.
    mode
        ``"straightened"``: row k is perpendicular to the path where its length is k times the spacing.
        ``"stretched"``: rows in the direction across, through the path; the surface is unrolled, so that lengths in
        the image are lengths along it. ``"projected"``: the same surface seen onto the plane of the directions across
        and along. ``"cross-sections"``: planes perpendicular to the path, every ``step`` mm.
        The last row or plane is at the path's end, or less than a step before it.
    polyline
        Take the path's points as they are, instead of the curve through them.
    across
        Direction of increasing columns: of the path's start, made perpendicular to it, by default the patient's left,
        or posterior if the path starts within 30 degrees of it. For ``"stretched"`` and ``"projected"`` of all rows,
        by default that of the patient's axes along which the path goes least.
    along
        Direction of increasing rows of ``"projected"``, by default from the path's start to its end.
    rotation
        Degrees by which rows are turned about the path, by the right-hand rule; for ``"straightened"`` and
        ``"cross-sections"``.
    step
        mm between cross-sections, by default the smallest voxel spacing.
    thickness, combine, fill, padding, slab_step
        As in `radpix.reslice`. A slab is thick along row x column: beside the image, of cross-sections along the path.
    interpolation
        As in `radpix.reslice`.
    progress
        Called as ``progress(done, total)`` now and then and once at the end; see ``docs/cancellation.md``.
    num_threads
        1 to 1024; None for the default.

    Returns
    -------
    CurvedSlice
        Pixels and where each is.

    Raises
    ------
    GeometryError
        The path has no length, turns back where it must not, or runs along the direction across.
    ValueError, TypeError, LimitError
        As `radpix.reslice`.

    Examples
    --------
    >>> from radpix import Volume
    >>> volume = Volume(np.arange(60, dtype=np.int16).reshape(3, 4, 5))
    >>> curved(volume, [(2, 0, 1), (2, 3, 1)], width=3).pixels.tolist()
    [[21, 22, 23], [26, 27, 28], [31, 32, 33], [36, 37, 38]]
    """
    check_choice("mode", mode, get_args(CurvedMode))
    check_choice("combine", combine, get_args(Combine))
    check_choice("interpolation", interpolation, get_args(PlaneInterpolation))
    threads, absent = thread_count(num_threads), absent_value(volume, padding)
    voxels_of(volume)  # types that no kernel knows are refused before the path is looked at
    samples = slab_samples_of(volume, thickness, slab_step)
    settings = _settings(volume, mode, spacing, width, step, polyline, across, along, rotation)
    rows = rows_of(path, settings)
    shape = (*rows.first.shape[:2], rows.columns)
    limits.check_frame(shape[0] * shape[1], shape[2])
    pixels = output_for(volume, shape + volume.voxels.shape[3:], combine, None)
    lines = _lines_of(volume, rows, thickness / samples)
    value = fill_for(volume, fill, pixels.dtype, lambda: False)
    sampling = SampleSettings(interpolation, False, value, threads, absent)
    with told(progress, calls_of(volume, interpolation, absent)):
        _sample(volume, pixels, lines, Slab(samples, combine), sampling)
    return CurvedSlice(
        pixels if mode == "cross-sections" else pixels[0],
        settings.spacing,
        settings.step if mode == "cross-sections" else 0.0,
        mode,
        float(thickness),
        combine,
        interpolation,
        *rows[:4],
        *(volume.frame_of_reference_uid, volume.modality, volume.unit),
    )


def _sample(
    volume: Volume, pixels: NDArray[Any], lines: NDArray[np.float64], slab: Slab, settings: SampleSettings
) -> None:
    """Fill ``pixels`` (planes, rows, columns[, channel])."""
    interpolation = settings.interpolation
    if interpolation in SMOOTH:
        check_smooth(volume, interpolation, slab.samples, "curved reformatting")
        sample_lines(volume, pixels.reshape(-1, *pixels.shape[2:]), lines, slab, settings)
        return
    voxels = voxels_of(volume)
    target = (pixels.view(np.uint8) if pixels.dtype == np.bool_ else pixels).reshape(*pixels.shape[:3], -1)
    for channel in range(voxels.shape[3]):
        kernels().reslice_lines(
            voxels[..., channel],
            target[..., channel],
            lines,
            slab_samples=slab.samples,
            combine=slab.combine,
            interpolation=interpolation,
            fill=settings.fill,
            num_threads=settings.num_threads,
            padding=settings.padding,
        )


def _check_directions(mode: CurvedMode, rotation: float, along: ArrayLike | None) -> None:
    if not np.isfinite(number(rotation, "rotation")):
        raise ValueError(f"rotation is a finite number of degrees, not {rotation}")
    if rotation and mode in {"stretched", "projected"}:
        raise ValueError(f"rotation turns rows about the path; {mode} rows have the direction across=")
    if along is not None and mode != "projected":
        raise ValueError("along is the direction of projected rows only")


def _settings(
    volume: Volume,
    mode: CurvedMode,
    spacing: float | tuple[float, float] | None,
    width: float | None,
    step: float | None,
    polyline: bool,
    across: ArrayLike | None,
    along: ArrayLike | None,
    rotation: float,
) -> Settings:
    finest = min(volume.spacing)
    between = spacing_of(finest if spacing is None else spacing)
    if width is None and mode in {"straightened", "cross-sections"}:
        raise ValueError(f"width= in mm is needed for {mode}")
    if width is not None and not (np.isfinite(number(width, "width")) and width > 0):
        raise ValueError(f"width is a positive number of mm, not {width}")
    if width is not None:
        limits.check_frame(1, round(width / between[1]))
    _check_directions(mode, rotation, along)
    planes = spacing_of(finest if step is None else step)[0]
    if step is not None and mode != "cross-sections":
        raise ValueError("step is the distance of cross-sections only; take spacing=")
    return Settings(mode, between, width, planes, polyline, across, along, rotation)


def _lines_of(volume: Volume, rows: Rows, slab_step: float) -> NDArray[np.float64]:
    """Return (planes * rows, 3, 3): start, column step and slab step as indices of the volume."""
    with np.errstate(over="ignore", invalid="ignore"):  # checked below
        to_index = np.linalg.inv(volume.affine)
        matrix = to_index[:3, :3].T
        lines = np.empty((*rows.first.shape[:2], 3, 3))
        lines[..., 0, :] = rows.first @ matrix + to_index[:3, 3]
        lines[..., 1, :] = rows.step @ matrix
        lines[..., 2, :] = (rows.normal * slab_step) @ matrix
    if not np.isfinite(lines).all():
        raise GeometryError("the path lies beyond what float64 can hold in the volume's indices")
    tolerances = np.array([ORIGIN_TOLERANCE, STEP_TOLERANCE, STEP_TOLERANCE])
    return snapped(lines, tolerances[:, None]).reshape(-1, 3, 3)
