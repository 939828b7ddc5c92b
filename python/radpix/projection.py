"""Projections of a volume along an axis or a direction, of which the maximum intensity projection is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import numpy as np

from radpix._backend import Combine, kernels
from radpix._padding import Padding, absent_value
from radpix.errors import GeometryError
from radpix.plane import Plane, corners_of
from radpix.reslice import reslice
from radpix.slices import Interpolation, Slice, check_choice, output_for, slice_of, voxels_of
from radpix.threads import thread_count

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from radpix.volume import Volume

__all__ = ["project"]


def project(
    volume: Volume,
    *,
    axis: int | None = None,
    direction: ArrayLike | None = None,
    combine: Combine = "max",
    interpolation: Interpolation = "linear",
    fill: float | None = None,
    padding: Padding = "exclude",
    num_threads: int | None = None,
) -> Slice:
    """Combine all voxels along an axis or a direction: a maximum intensity projection, and its relatives.

    Parameters
    ----------
    volume
        (z, y, x[, channel]).
    axis
        Index axis, 0 for z, 1 for y, 2 for x. The voxels themselves are combined, without interpolation; rows
        and columns are the remaining axes in index order.
    direction
        Instead of an axis, a direction (x, y, z) in patient space, the normal of the resulting plane. The
        volume is resampled: a slab of `reslice` that holds all of it, with head on top (anterior, where one
        looks along the body) and the volume's smallest voxel spacing.
    combine
        As of `reslice`.
    interpolation, fill
        As of `reslice`; for ``direction`` only.
    padding
        ``"exclude"``: voxels equal to the volume's padding value take no part, as of `reslice`; a line of nothing else
        gives the padding value. ``"include"`` takes them for tissue.
    num_threads
        1 to 1024; None for the default.

    Returns
    -------
    Slice
        In the middle of the volume, with the volume's extent along the rays as its thickness. The type of the
        pixels is that of `reslice`.

    Raises
    ------
    GeometryError
        The axis is oblique to the other two, or those to each other (a tilted gantry): use ``direction``.
    ValueError
        Neither or both of axis and direction are given, or an argument is outside its range.

    Examples
    --------
    >>> import numpy as np
    >>> from radpix import Volume, project
    >>> project(Volume(np.arange(24, dtype=np.int16).reshape(2, 3, 4)), axis=0).pixels.tolist()
    [[12, 13, 14, 15], [16, 17, 18, 19], [20, 21, 22, 23]]
    """
    if (axis is None) == (direction is None):
        raise ValueError("a projection goes along axis= or direction=, one of them")
    check_choice("combine", combine, get_args(Combine))
    if direction is not None:
        center = corners_of(volume).mean(axis=0)
        plane = Plane.through(volume, normal=(center, direction, None))
        distance = plane.distance(corners_of(volume))
        return reslice(
            volume,
            plane,
            thickness=float(distance.max() - distance.min()),
            combine=combine,
            interpolation=interpolation,
            fill=fill,
            padding=padding,
            num_threads=num_threads,
        )
    if axis not in {0, 1, 2}:
        raise ValueError(f"axis is 0, 1 or 2 for z, y or x, not {axis}")
    return _project_axis(volume, axis, combine, absent_value(volume, padding), thread_count(num_threads))


def _project_axis(volume: Volume, axis: int, combine: Combine, absent: float | None, threads: int) -> Slice:
    plane = _plane_across(volume, axis)
    voxels = voxels_of(volume)
    pixels = output_for(volume, plane.shape + volume.voxels.shape[3:], combine, None)
    target = pixels.view(np.uint8) if pixels.dtype == np.bool_ else pixels
    for channel in range(voxels.shape[3]):
        kernels().project(
            voxels[..., channel],
            target if target.ndim == 2 else target[..., channel],
            axis=axis,
            combine=combine,
            num_threads=threads,
            padding=absent,
        )
    thickness = volume.shape[axis] * volume.spacing[axis]
    return slice_of(volume, pixels, plane, thickness, combine, "nearest")


def _plane_across(volume: Volume, axis: int) -> Plane:
    """Return the plane of the two other axes, through the volume's middle."""
    rows, columns = (other for other in range(3) if other != axis)
    center = volume.index_to_patient((np.array(volume.shape) - 1) / 2)
    directions = volume.direction
    try:
        plane = Plane(
            center,
            directions[:, columns],
            directions[:, rows],
            (volume.spacing[rows], volume.spacing[columns]),
            (volume.shape[rows], volume.shape[columns]),
        )
    except GeometryError as error:
        raise GeometryError(f"the volume's axes are oblique to each other, use direction=: {error}") from None
    if abs(plane.normal @ directions[:, axis]) < 1 - 1e-6:  # 0.08 degrees
        raise GeometryError(f"axis {axis} is oblique to the other two, use direction= for true rays")
    return plane
