"""Volumes moved in patient space: by an affine matrix, or by a field of displacements.

Both sample the volume on the grid of the result: by the rules of `radpix.resample` where the axes stay axes of the
volume, else point by point. Interpolations and their edge rules are in ``docs/interpolation.md``; pixel padding takes
no part, unless asked, as in `radpix.resample`.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from radpix import limits
from radpix._arguments import array_of, numbers, volume_of
from radpix._progress import Progress, told
from radpix._sampling.grids import (
    Field,
    Interpolation,
    Settings,
    Target,
    alignment,
    calls_of,
    check_interpolation,
    check_volume,
    checked_fill,
    grid_of,
    index_map_of,
    run_points,
    sampled,
)
from radpix._sampling.padding import Padding, absent_value
from radpix.errors import GeometryError
from radpix.threads import thread_count

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from radpix.volume import Volume

__all__ = ["transform", "warp"]


def transform(
    volume: Volume,
    matrix: ArrayLike,
    *,
    like: Volume | None = None,
    interpolation: Interpolation = "linear",
    fill: float | None = None,
    padding: Padding = "exclude",
    progress: Progress | None = None,
    num_threads: int | None = None,
) -> Volume:
    """Move ``volume`` by an affine ``matrix`` in patient space.

    What is at the patient point p of ``volume`` is at ``matrix @ p`` in the result. Registration tools often give the
    inverse: the transforms of ITK and the axes of vtkImageReslice map points of the result to points of the input.

    Parameters
    ----------
    volume
        (z, y, x) or (z, y, x, channel) of 8, 16 or 32-bit integers, float32 or float64.
    matrix
        4 x 4 from (x, y, z, 1) mm to (x, y, z, 1) mm in LPS, invertible, its last row (0, 0, 0, 1).
    like
        A volume whose grid, and frame of reference, the result has. Default: those of ``volume``.
    interpolation
        As in `radpix.resample`. Where the grid's axes are, moved back, the volume's, the work is done axis by axis,
        anti-aliased where the result is coarser.
    fill
        Value beyond half a voxel from the outermost centres. Default: the padding value, else the volume's minimum.
    padding
        ``"exclude"``: padding takes no part. ``"include"`` takes it for tissue.
    progress
        Called as ``progress(done, total)`` now and then and once at the end; see ``docs/cancellation.md``.
    num_threads
        Default: `radpix.get_num_threads`.

    Returns
    -------
    Volume
        Of the same dtype, integers rounded half to even and saturated.

    Raises
    ------
    ValueError, TypeError
        ``matrix`` is not such a matrix; another interpolation, dtype or byte order, or labels that are no integers.
    GeometryError, LimitError
        A grid without voxels; the result is over `radpix.limits`.

    Examples
    --------
    >>> from radpix import Volume
    >>> volume = Volume(np.arange(4, dtype=np.int16).reshape(1, 1, 4))
    >>> one_mm_to_the_left = [[1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    >>> transform(volume, one_mm_to_the_left, fill=-1).voxels.tolist()
    [[[-1, 0, 1, 2]]]
    """
    check_volume(volume, "transform")
    check_interpolation(volume, interpolation, get_args(Interpolation))
    forward = _matrix(matrix)
    grid = volume if like is None else _checked_grid(like)
    index_map = index_map_of(volume, np.linalg.inv(forward) @ grid.affine)
    if not np.isfinite(index_map).all():
        raise ValueError("matrix takes the grid beyond what float64 holds")
    target = Target(grid.shape, grid.affine, index_map, alignment(volume.shape, grid.shape, index_map))
    voxels = sampled(
        volume,
        target,
        name="transform",
        interpolation=interpolation,
        antialias=None,
        fill=fill,
        padding=padding,
        progress=progress,
        num_threads=num_threads,
    )
    return _onto(volume, grid, voxels)


def warp(
    volume: Volume,
    displacement: NDArray[Any],
    *,
    like: Volume | None = None,
    interpolation: Interpolation = "linear",
    fill: float | None = None,
    padding: Padding = "exclude",
    progress: Progress | None = None,
    num_threads: int | None = None,
) -> Volume:
    """Move ``volume`` by a field: the result at point p is the volume's value at p + displacement(p).

    That is the convention of ITK's displacement fields. There is no anti-aliasing.

    Parameters
    ----------
    volume
        (z, y, x) or (z, y, x, channel) of 8, 16 or 32-bit integers, float32 or float64.
    displacement
        (z, y, x, 3) for the result's voxels: (x, y, z) mm in LPS, float32 or float64. A NaN is outside.
    like
        A volume whose grid, and frame of reference, the result has. Default: those of ``volume``.
    interpolation
        As in `radpix.resample`.
    fill
        Value beyond half a voxel from the outermost centres. Default: the padding value, else the volume's minimum.
    padding
        ``"exclude"``: padding takes no part. ``"include"`` takes it for tissue.
    progress
        Called as ``progress(done, total)`` now and then and once at the end; see ``docs/cancellation.md``.
    num_threads
        Default: `radpix.get_num_threads`.

    Returns
    -------
    Volume
        Of the same dtype, integers rounded half to even and saturated.

    Raises
    ------
    ValueError, TypeError
        A field of another shape or type; another interpolation, dtype or byte order, or labels that are no integers.
    GeometryError, LimitError
        A grid without voxels; the result is over `radpix.limits`.

    Examples
    --------
    >>> from radpix import Volume
    >>> volume = Volume(np.arange(4, dtype=np.int16).reshape(1, 1, 4))
    >>> field = np.zeros((1, 1, 4, 3))
    >>> field[..., 0] = 1.0  # take what is 1 mm further left
    >>> warp(volume, field, fill=-1).voxels.tolist()
    [[[1, 2, 3, -1]]]
    """
    check_volume(volume, "warp")
    check_interpolation(volume, interpolation, get_args(Interpolation))
    grid = volume if like is None else _checked_grid(like)
    field = _checked_field(displacement, grid)
    limits.check_bytes(math.prod(grid.shape) * volume.voxels[0, 0, 0].nbytes, "warp: ")
    z, y, x = ((float(a), float(b), float(c)) for a, b, c in np.linalg.inv(volume.affine)[:3, :3])
    value = checked_fill(volume, fill, lambda: False)
    settings = Settings(interpolation, False, value, thread_count(num_threads), absent_value(volume, padding))
    out = np.empty(grid.shape + volume.voxels.shape[3:], volume.voxels.dtype)
    points = grid_of(index_map_of(volume, grid.affine))
    with told(progress, calls_of(volume, interpolation, settings.padding)):
        run_points(volume.voxels, out, points, settings, Field(field, (z, y, x)))
    return _onto(volume, grid, out)


def _onto(volume: Volume, grid: Volume, voxels: NDArray[Any]) -> Volume:
    return replace(
        volume, voxels=voxels, affine=grid.affine, frame_of_reference_uid=grid.frame_of_reference_uid
    )


def _matrix(matrix: ArrayLike) -> NDArray[np.float64]:
    checked = numbers(matrix, "matrix")
    if checked.shape != (4, 4) or not np.isfinite(checked).all() or np.linalg.det(checked[:3, :3]) == 0:
        raise ValueError("matrix is a finite, invertible 4 x 4 matrix from patient mm to patient mm")
    if not np.array_equal(checked[3], [0, 0, 0, 1]):
        raise ValueError(f"the last row of matrix is (0, 0, 0, 1), not {tuple(checked[3].tolist())}")
    return checked


def _checked_grid(like: Volume) -> Volume:
    if 0 in volume_of(like, "like").shape:
        raise GeometryError(f"like= has the shape {like.shape}, a grid without voxels")
    return like


def _checked_field(displacement: NDArray[Any], grid: Volume) -> NDArray[Any]:
    field = array_of(displacement, "displacement")
    if field.dtype.kind == "f" and not field.dtype.isnative:
        field = field.astype(field.dtype.newbyteorder("="))
    if field.dtype not in (np.float32, np.float64):
        raise TypeError(f"displacement is float32 or float64, not {field.dtype}")
    if field.shape != (*grid.shape, 3):
        raise ValueError(
            f"displacement has the shape {(*grid.shape, 3)}, the grid's and 3, not {field.shape}"
        )
    return field
