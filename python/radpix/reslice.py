"""Reformatting: a volume sampled on any plane, thin or as a slab.

Everything is measured in patient space, so a sheared volume (a tilted gantry) is met where it is, and a slab is as
thick in mm at any obliquity. A sample is inside the volume if -0.5 <= index <= n - 0.5 on every axis; within the
outermost half voxel the outermost centres' values go on. Linear interpolation goes along x, then y, then z, in float32
for float32 and integers of up to 16 bits, else in float64; a neighbour of weight 0 does not matter, even if it is NaN.
The nearest voxel is that at floor(index + 0.5). Integer results are rounded half to even and saturated.

Pixel padding (PS3.3 C.7.5.1.1.2, voxels equal to the volume's padding value, which may be NaN) takes no part, unless
asked: in a linear sample the weights of the others are scaled up to 1, in float64; a sample of which more than half is
padding, by weight, is left out of the slab, and a pixel without any other is the padding value. ``"nearest"`` without a
slab takes what it finds. Samples away from padding do not change. Volumes with channels have no padding.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from radpix._arguments import check_choice, integer, number, plane_of, volume_of
from radpix._backend import Combine, Grid, kernels
from radpix._progress import Progress, told
from radpix._sampling.grids import Settings, calls_of
from radpix._sampling.padding import Padding, absent_value, default_fill
from radpix._sampling.smooth import SMOOTH, Slab, check_smooth, sample_plane
from radpix.errors import GeometryError
from radpix.slices import PlaneInterpolation, Slice, output_for, slice_of, voxels_of
from radpix.threads import thread_count

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from radpix.plane import Plane
    from radpix.volume import Volume

__all__ = [
    "ORIGIN_TOLERANCE",
    "STEP_TOLERANCE",
    "Slice",
    "fill_for",
    "grid_on",
    "reslice",
    "reslice_stack",
    "sample_grid",
    "slab_samples_of",
    "snapped",
]

_MAX_SLAB_SAMPLES = 1 << 16
# Index positions this close to a whole number are meant to be it: a matrix inverse is off by 1e-13 or so, and
# a plane through voxel centres shall give the voxels. A step's error grows with the column.
ORIGIN_TOLERANCE, STEP_TOLERANCE = 1e-9, 1e-12


def reslice(
    volume: Volume,
    plane: Plane,
    *,
    thickness: float = 0.0,
    combine: Combine = "mean",
    interpolation: PlaneInterpolation = "linear",
    fill: float | None = None,
    padding: Padding = "exclude",
    slab_step: float | None = None,
    out: NDArray[Any] | None = None,
    num_threads: int | None = None,
) -> Slice:
    """Sample a volume on a plane (multi-planar reformatting), by the rules at the head of this module.

    Parameters
    ----------
    volume
        (z, y, x[, channel]) of any integer type, bool, float32 or float64.
    plane
        Where to sample, in the volume's patient coordinates.
    thickness
        Of the slab in mm along the plane's normal, half on either side; 0 for one sample in the plane.
    combine
        ``"mean"``, ``"max"``, ``"min"``, ``"sum"``, ``"median"`` of the slab's samples inside the volume. A NaN among
        them gives NaN; the median of an even number is the mean of the middle two.
    interpolation
        ``"linear"``; ``"nearest"``; ``"cubic"`` (Catmull-Rom), ``"lanczos"`` (a = 3) and ``"bspline"`` (cubic, whose
        coefficients are found anew for each call), of up to 32-bit integers, float32 and float64, by the rules of
        ``docs/interpolation.md`` for points off the axes; ``"label"`` for segmentations, without a slab.
    fill
        The value where no sample is inside; by default the volume's padding value, else its minimum (found once).
    padding
        ``"exclude"``: the volume's padding takes no part. ``"include"`` takes it for tissue.
    slab_step
        Distance in mm that the slab's samples should have, by default the smallest voxel spacing. There are
        n = max(1, round(thickness / slab_step)) samples, in the middles of n equal parts of the slab.
    out
        (rows, columns[, channel]) of the volume's type, float32 or float64, of any strides. By default a new array of
        the volume's type; for ``"sum"`` of integers float32, or float64 where they have more than 16 bits.
    num_threads
        1 to 1024; None for the default.

    Returns
    -------
    Slice
        Pixels (rows, columns[, channel]) and their plane.

    Raises
    ------
    ValueError, TypeError, LimitError
        An argument is outside its range, a type is none of those above, or the result is larger than `radpix.limits`
        allows; then ``out`` is as it was. (A call ended by a signal has written it in part.)

    Examples
    --------
    >>> from radpix import Plane, Volume
    >>> volume = Volume(np.arange(24, dtype=np.int16).reshape(2, 3, 4))
    >>> reslice(volume, Plane.coronal(volume, position=1.0)).pixels.tolist()
    [[16, 17, 18, 19], [4, 5, 6, 7]]
    """
    check_choice("combine", combine, get_args(Combine))
    check_choice("interpolation", interpolation, get_args(PlaneInterpolation))
    threads = thread_count(num_threads)
    voxels_of(volume)  # types that no kernel knows are refused before the plane is looked at
    plane_of(plane)
    absent = absent_value(volume, padding)
    grid = grid_on(volume, plane, thickness, slab_step)
    if interpolation in SMOOTH:
        check_smooth(volume, interpolation, grid.slab_samples, "reslice")
    pixels = output_for(volume, plane.shape + volume.voxels.shape[3:], combine, out)
    fill_value = fill_for(volume, fill, pixels.dtype, lambda: _all_inside(volume, grid, plane))
    settings = Settings(interpolation, False, fill_value, threads, absent)
    sample_grid(volume, pixels, grid, combine, settings)
    return slice_of(volume, pixels, plane, thickness, combine, interpolation)


def sample_grid(
    volume: Volume, pixels: NDArray[Any], grid: Grid, combine: Combine, settings: Settings
) -> None:
    """Fill ``pixels`` (rows, columns[, channel]) with samples of the volume on ``grid``."""
    if settings.interpolation in SMOOTH:
        sample_plane(volume, pixels, grid, Slab(grid.slab_samples, combine), settings)
        return
    voxels = voxels_of(volume)
    target = pixels.view(np.uint8) if pixels.dtype == np.bool_ else pixels
    for channel in range(voxels.shape[3]):
        kernels().reslice(
            voxels[..., channel],
            (target if target.ndim == 2 else target[..., channel])[None],
            grid,
            combine=combine,
            interpolation=settings.interpolation,
            fill=settings.fill,
            num_threads=settings.num_threads,
            padding=settings.padding,
            absent_fill=settings.absent_fill,
        )


def snapped(indices: NDArray[np.float64], tolerance: float | NDArray[np.float64]) -> NDArray[np.float64]:
    """Return positions or steps, as indices, with components near a whole number made whole."""
    whole = np.rint(indices)
    with np.errstate(invalid="ignore"):  # infinities, which are refused later
        return np.where(np.abs(indices - whole) <= tolerance, whole, indices)


def _vector(indices: NDArray[np.float64], tolerance: float) -> tuple[float, float, float]:
    z, y, x = snapped(indices, tolerance).tolist()
    return z, y, x


def reslice_stack(
    volume: Volume,
    plane: Plane,
    *,
    count: int,
    step: float,
    thickness: float = 0.0,
    combine: Combine = "mean",
    interpolation: PlaneInterpolation = "linear",
    fill: float | None = None,
    padding: Padding = "exclude",
    slab_step: float | None = None,
    progress: Progress | None = None,
    num_threads: int | None = None,
) -> Volume:
    """Sample a volume on parallel planes, as a volume of its own.

    Slice k has the bits of ``reslice(volume, plane.shifted(k * step), ...)``, also where slabs overlap.

    Parameters
    ----------
    volume
        (z, y, x[, channel]) of any integer type, bool, float32 or float64.
    plane
        The first slice.
    count
        Number of slices, at least 1.
    step
        mm from one to the next along the plane's normal; negative for the other way, never 0.
    thickness, combine, interpolation, fill, padding, slab_step, num_threads
        As in `reslice`.
    progress
        Called as ``progress(done, total)`` now and then and once at the end; see ``docs/cancellation.md``.

    Returns
    -------
    Volume
        (count, rows, columns[, channel]); its affine is the planes', exactly.

    Raises
    ------
    ValueError, TypeError, LimitError
        ``count`` or ``step`` is outside its range; else as `reslice`.

    Examples
    --------
    >>> from radpix import Plane, Volume
    >>> volume = Volume(np.arange(24, dtype=np.int16).reshape(2, 3, 4))
    >>> stack = reslice_stack(volume, Plane.coronal(volume, position=0.0), count=3, step=1.0)
    >>> stack.shape, stack.voxels[1].tolist()
    ((3, 2, 4), [[16, 17, 18, 19], [4, 5, 6, 7]])
    """
    volume_of(volume)
    plane_of(plane)
    if integer(count, "count") < 1:
        raise ValueError(f"count is a number of slices, at least 1, not {count}")
    if not (np.isfinite(number(step, "step")) and step != 0):
        raise ValueError(f"step is a number of mm other than 0, not {step}")
    check_choice("combine", combine, get_args(Combine))
    affine = np.zeros((4, 4))
    affine[:, 1:] = plane.affine
    affine[:3, 0] = plane.normal * step
    shape = (count * plane.shape[0], plane.shape[1], *volume.voxels.shape[3:])
    voxels = output_for(volume, shape, combine, None).reshape(count, *plane.shape, *shape[2:])
    calls = calls_of(volume, interpolation, absent_value(volume, padding))
    with told(progress, count * calls):
        for k in range(count):
            reslice(
                volume,
                plane.shifted(k * step),
                thickness=thickness,
                combine=combine,
                interpolation=interpolation,
                fill=fill,
                padding=padding,
                slab_step=slab_step,
                out=voxels[k],
                num_threads=num_threads,
            )
    return replace(volume, voxels=voxels, affine=affine, report=None)


def slab_samples_of(volume: Volume, thickness: float, slab_step: float | None) -> int:
    """Return the number of a slab's samples, after checks."""
    if not (np.isfinite(number(thickness, "thickness")) and thickness >= 0):
        raise ValueError(f"thickness is 0 or more mm, not {thickness}")
    step = min(volume.spacing) if slab_step is None else number(slab_step, "slab_step")
    if not (np.isfinite(step) and step > 0):
        raise ValueError(f"slab_step is a positive number of mm, not {slab_step}")
    wanted = thickness / step
    if wanted > _MAX_SLAB_SAMPLES:
        raise ValueError(
            f"a slab of {thickness} mm in steps of {step} mm has over {_MAX_SLAB_SAMPLES} samples"
        )
    return max(1, round(wanted))


def grid_on(volume: Volume, plane: Plane, thickness: float, slab_step: float | None) -> Grid:
    """Return the plane's samples as indices of the volume."""
    samples = slab_samples_of(volume, thickness, slab_step)
    affine = plane.affine
    with np.errstate(over="ignore", invalid="ignore"):  # checked below
        to_index = np.linalg.inv(volume.affine)
        origin = to_index[:3, :3] @ affine[:3, 2] + to_index[:3, 3]
        steps = to_index[:3, :3] @ affine[:3, :2]
        slab = to_index[:3, :3] @ (plane.normal * (thickness / samples))
    grid = Grid(
        origin=_vector(origin, ORIGIN_TOLERANCE),
        plane_step=(0.0, 0.0, 0.0),
        row_step=_vector(steps[:, 0], STEP_TOLERANCE),
        column_step=_vector(steps[:, 1], STEP_TOLERANCE),
        slab_step=_vector(slab, STEP_TOLERANCE),
        slab_samples=samples,
    )
    if not np.isfinite(np.array(grid[:5])).all():
        raise GeometryError("the plane lies beyond what float64 can hold in the volume's indices")
    return grid


def fill_for(
    volume: Volume, fill: float | None, dtype: np.dtype[Any], all_inside: Callable[[], bool]
) -> float:
    """Return the value where no sample is inside, checked against the output's type."""
    if fill is None:
        value = default_fill(volume, all_inside)
        if volume.padding_value is None:
            return value
    else:
        is_mask = volume.voxels.dtype == np.bool_ and isinstance(fill, bool | np.bool_)
        value = float(fill) if is_mask else number(fill, "fill")
    if dtype.kind == "f":
        return value
    low, high = (0, 1) if dtype == np.bool_ else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    if not low <= value <= high:
        raise ValueError(f"fill is a value of {dtype}, not {value:g}; give an out of a floating point type")
    return value


def _all_inside(volume: Volume, grid: Grid, plane: Plane) -> bool:
    """Whether every sample is well inside, so that nothing is filled: if the outermost are, by convexity."""
    corner = np.array(plane.shape) - 1
    origin, row_step, column_step = (np.array(v) for v in (grid.origin, grid.row_step, grid.column_step))
    with np.errstate(over="ignore", invalid="ignore"):
        reach = np.array(grid.slab_step) * ((grid.slab_samples - 1) / 2)
        ends = np.array(
            [
                origin + r * row_step + c * column_step + k * reach
                for r in (0, corner[0])
                for c in (0, corner[1])
                for k in (-1, 1)
            ]
        )
    return bool((ends >= -0.5 + 1e-6).all() and (ends <= np.array(volume.shape) - 0.5 - 1e-6).all())
