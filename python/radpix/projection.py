"""Projections of a volume along an axis, a direction or a camera's rays: maximum intensity projection and relatives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast, get_args

import numpy as np

from radpix import render
from radpix._arguments import check_choice, integer, number
from radpix._backend import Combine, kernels
from radpix._progress import Progress, told
from radpix._sampling.grids import work_type
from radpix._sampling.padding import Padding, absent_value
from radpix.camera import check_slab, rays_of
from radpix.errors import GeometryError
from radpix.plane import Plane, corners_of
from radpix.reslice import fill_for, reslice
from radpix.slices import Interpolation, Slice, output_for, slice_of, voxels_of
from radpix.threads import thread_count

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from radpix._backend import Rays
    from radpix.camera import Camera
    from radpix.volume import Volume

__all__ = ["project"]

_Rayed = Literal["local-max", "depth"]
# The sine of the angle up to which a direction is an axis' own: rounding.
_ALONG_AXIS = 1e-9


def project(
    volume: Volume,
    *,
    axis: int | None = None,
    direction: ArrayLike | None = None,
    camera: Camera | None = None,
    combine: Combine | _Rayed = "max",
    slab: tuple[float, float] | None = None,
    shape: tuple[int, int] | None = None,
    threshold: float | None = None,
    interpolation: Interpolation = "linear",
    fill: float | None = None,
    padding: Padding = "exclude",
    progress: Progress | None = None,
    num_threads: int | None = None,
) -> Slice:
    """Combine all voxels along an axis, a direction or rays: a maximum intensity projection, and its relatives.

    Parameters
    ----------
    volume
        (z, y, x[, channel]); of one channel for a camera, ``"local-max"`` and ``"depth"``.
    axis
        Index axis, 0 for z, 1 for y, 2 for x. The voxels themselves are combined, without interpolation; rows and
        columns are the remaining axes in index order.
    direction
        Instead of an axis, a direction (x, y, z) in patient space, the plane's normal, with head (along the body:
        anterior) on top. Along an axis of the volume the result is that of ``axis``, turned, where that has rows and
        columns parallel to it. Else it is a slab of `reslice` that holds all, with the smallest voxel spacing.
    camera, shape
        Instead of both, the rays of a camera for (rows, columns), by default 512 x 512; not for sum and median.
    combine, threshold
        As of `reslice`; or ``"local-max"``, the first maximum along the ray from ``threshold`` on, else the largest
        (Sato et al., J Comput Assist Tomogr 22(6), 1998); or ``"depth"``, where the first largest is, in mm along the
        normal from the plane, for an eye along the ray from it: float32, NaN where there is none.
    slab
        (from, to) in mm along the axis or direction from the volume's centre, or as of `Camera.rays`; by default all.
        Along an axis, voxels with their centres in it take part.
    interpolation, fill
        As of `reslice`; along an axis neither counts. Rays are interpolated linearly; one that meets no voxel is the
        fill.
    padding
        ``"exclude"``: voxels equal to the volume's padding value take no part, as of `reslice`; a line of nothing else
        gives the padding value. ``"include"`` takes them for tissue.
    progress
        Called as ``progress(done, total)`` now and then and once at the end; see ``docs/cancellation.md``.
    num_threads
        1 to 1024; None for the default.

    Returns
    -------
    Slice
        In the middle of the volume or slab, its extent along the rays the thickness; for a camera in the plane through
        its target. The type of the pixels is that of `reslice`.

    Raises
    ------
    GeometryError
        The axes are oblique to each other (a tilted gantry): use ``direction``.
    ValueError
        Not exactly one of axis, direction and camera is given, or an argument is outside its range.

    Examples
    --------
    >>> import numpy as np
    >>> from radpix import Volume, project
    >>> volume = Volume(np.arange(24, dtype=np.int16).reshape(2, 3, 4))
    >>> project(volume, axis=0).pixels.tolist()
    [[12, 13, 14, 15], [16, 17, 18, 19], [20, 21, 22, 23]]
    >>> project(volume, direction=(0, 0, 1), combine="depth").pixels[0].tolist()
    [0.5, 0.5, 0.5, 0.5]
    """
    _check(axis, direction, camera, combine, threshold)
    with told(progress, voxels_of(volume).shape[3]):
        if camera is not None:
            return _project_camera(
                volume, camera, combine, slab, shape, threshold, fill, padding, num_threads
            )
        if axis is not None:
            return _along_axis(volume, axis, combine, slab, threshold, padding, num_threads)
        sampling = (interpolation, fill, padding, num_threads)
        return _along_direction(volume, direction, combine, slab, threshold, *sampling)


def _along_axis(
    volume: Volume,
    axis: int,
    combine: Combine | _Rayed,
    slab: tuple[float, float] | None,
    threshold: float | None,
    padding: Padding,
    num_threads: int | None,
) -> Slice:
    if combine not in get_args(_Rayed):
        return _project_axis(volume, axis, cast("Combine", combine), slab, padding, thread_count(num_threads))
    plane = _plane_across(volume, axis)
    reach, step = _toward(volume, axis, plane, slab), volume.spacing[axis]
    return _project_rays(volume, plane, reach, step, combine, threshold, None, padding, num_threads)


def _along_direction(
    volume: Volume,
    direction: Any,
    combine: Combine | _Rayed,
    slab: tuple[float, float] | None,
    threshold: float | None,
    interpolation: Interpolation,
    fill: float | None,
    padding: Padding,
    num_threads: int | None,
) -> Slice:
    plane = Plane.through(volume, normal=(corners_of(volume).mean(axis=0), direction, None))
    along = _axis_along(volume, plane)
    if combine in get_args(_Rayed):
        step = min(volume.spacing) if along is None else volume.spacing[along]
        return _project_rays(volume, plane, slab, step, combine, threshold, fill, padding, num_threads)
    how = cast("Combine", combine)
    if along is not None:
        reach = _toward(volume, along, plane, slab)
        found = _turned(volume, along, how, reach, padding, plane, num_threads)
        if found is not None:
            return found
    low, high = _reach(volume, plane) if slab is None else check_slab(slab)
    return reslice(
        volume,
        plane.shifted((low + high) / 2),
        thickness=high - low,
        combine=how,
        interpolation=interpolation,
        fill=fill,
        padding=padding,
        slab_step=None if along is None else volume.spacing[along],
        num_threads=num_threads,
    )


def _check(
    axis: int | None,
    direction: ArrayLike | None,
    camera: Camera | None,
    combine: str,
    threshold: float | None,
) -> None:
    if sum(given is not None for given in (axis, direction, camera)) != 1:
        raise ValueError("a projection goes along axis=, direction= or a camera='s rays, one of them")
    check_choice("combine", combine, get_args(Combine) + get_args(_Rayed))
    if camera is not None:
        render.check_camera(camera)
    if combine == "local-max" and (threshold is None or not np.isfinite(number(threshold, "threshold"))):
        raise ValueError(f"local-max needs a threshold, a finite value, not {threshold}")
    if axis is not None and integer(axis, "axis") not in {0, 1, 2}:
        raise ValueError(f"axis is 0, 1 or 2 for z, y or x, not {axis}")


def _reach(volume: Volume, plane: Plane) -> tuple[float, float]:
    distance = plane.distance(corners_of(volume))
    half = float(distance.max() - distance.min()) / 2
    return -half, half


def _axis_along(volume: Volume, plane: Plane) -> int | None:
    """Return the axis whose direction is the plane's normal or its opposite, and perpendicular to the other two."""
    cosines = np.abs(plane.normal @ volume.direction)
    axis = int(np.argmax(cosines))
    off = np.linalg.norm(np.cross(plane.normal, volume.direction[:, axis]))
    return axis if off < _ALONG_AXIS and np.delete(cosines, axis).max() < _ALONG_AXIS else None


def _toward(
    volume: Volume, axis: int, plane: Plane, slab: tuple[float, float] | None
) -> tuple[float, float] | None:
    """Return a range along the axis as one along the plane's normal, or the reverse: they may be opposite."""
    if slab is None:
        return None
    low, high = check_slab(slab)
    opposite = float(plane.normal @ volume.direction[:, axis]) < 0
    return (-high, -low) if opposite else (low, high)


def _project_axis(
    volume: Volume,
    axis: int,
    combine: Combine,
    slab: tuple[float, float] | None,
    padding: Padding,
    threads: int,
) -> Slice:
    plane = _plane_across(volume, axis)
    absent = absent_value(volume, padding)
    first, last = _voxels_within(volume, axis, slab)
    voxels = np.moveaxis(np.moveaxis(voxels_of(volume), axis, 0)[first : last + 1], 0, axis)
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
    middle = (first + last) / 2 - (volume.shape[axis] - 1) / 2
    center = plane.center + volume.affine[:3, axis] * middle if middle else plane.center
    plane = Plane(center, plane.row_direction, plane.column_direction, plane.spacing, plane.shape)
    return slice_of(volume, pixels, plane, (last - first + 1) * volume.spacing[axis], combine, "nearest")


def _voxels_within(volume: Volume, axis: int, slab: tuple[float, float] | None) -> tuple[int, int]:
    """Return the first and the last index along the axis with a centre in the range of mm."""
    count, spacing = volume.shape[axis], volume.spacing[axis]
    if slab is None:
        return 0, count - 1
    low, high = check_slab(slab)
    first = max(0, int(np.ceil(np.clip(low / spacing + (count - 1) / 2 - 1e-6, 0, count))))
    last = min(count - 1, int(np.floor(np.clip(high / spacing + (count - 1) / 2 + 1e-6, -1, count))))
    if first > last:
        raise ValueError(f"no voxel has its centre within the slab {slab} mm")
    return first, last


def _turned(
    volume: Volume,
    axis: int,
    combine: Combine,
    slab: tuple[float, float] | None,
    padding: Padding,
    plane: Plane,
    num_threads: int | None,
) -> Slice | None:
    """Return the projection along an axis with its rows and columns as the plane's, where they are parallel."""
    try:
        _plane_across(volume, axis)
    except GeometryError:  # the two others are oblique to each other
        return None
    rows, columns = (other for other in range(3) if other != axis)
    cosines = np.stack([plane.column_direction, plane.row_direction]) @ volume.direction[:, [rows, columns]]
    is_swapped = bool(abs(cosines[0, 0]) < 0.5)
    if np.abs(np.abs(cosines) - np.eye(2)[:: -1 if is_swapped else 1]).max() > _ALONG_AXIS:
        return None
    found = _project_axis(volume, axis, combine, slab, padding, thread_count(num_threads))
    pixels, spacing = found.pixels, found.plane.spacing
    if is_swapped:
        pixels, spacing = np.swapaxes(pixels, 0, 1), spacing[::-1]
    signs = cosines[[0, 1], [1, 0] if is_swapped else [0, 1]]
    pixels = np.ascontiguousarray(pixels[:: 1 if signs[0] > 0 else -1, :: 1 if signs[1] > 0 else -1])
    turned = Plane(
        found.plane.center,
        plane.row_direction,
        plane.column_direction,
        spacing,
        (pixels.shape[0], pixels.shape[1]),
    )
    return slice_of(volume, pixels, turned, found.thickness, combine, "nearest")


def _project_rays(
    volume: Volume,
    plane: Plane,
    slab: tuple[float, float] | None,
    step: float,
    combine: str,
    threshold: float | None,
    fill: float | None,
    padding: Padding,
    num_threads: int | None,
) -> Slice:
    """Return what rays along the normal find; depths are those from the plane that is returned."""
    low, high = _reach(volume, plane) if slab is None else check_slab(slab)
    plane = plane.shifted((low + high) / 2)
    half = (high - low) / 2
    rays = rays_of(plane, volume, step, None if slab is None else (-half, half))
    return _found(volume, plane, rays, high - low, combine, threshold, fill, padding, num_threads)


def _project_camera(
    volume: Volume,
    camera: Camera,
    combine: str,
    slab: tuple[float, float] | None,
    shape: tuple[int, int] | None,
    threshold: float | None,
    fill: float | None,
    padding: Padding,
    num_threads: int | None,
) -> Slice:
    check_choice("combine of a camera's rays", combine, ("max", "min", "mean", *get_args(_Rayed)))
    picture = render.shape_of((512, 512) if shape is None else shape, 8)
    rays = camera.rays(volume, picture, render.step_of(volume, None, 1.0), slab)
    thickness = 0.0 if slab is None else float(slab[1] - slab[0])
    plane = camera.plane(picture)
    return _found(volume, plane, rays, thickness, combine, threshold, fill, padding, num_threads)


def _found(
    volume: Volume,
    plane: Plane,
    rays: Rays,
    thickness: float,
    combine: Any,
    threshold: float | None,
    fill: float | None,
    padding: Padding,
    num_threads: int | None,
) -> Slice:
    rows, columns = render.shape_of(plane.shape, 8)
    values, depths = render.cast(
        render.prepared(volume, padding, num_threads),
        rays,
        (rows, columns),
        combine="max" if combine == "depth" else combine,
        threshold=0.0 if threshold is None else float(threshold),
        fill=fill_for(volume, fill, volume.voxels.dtype, lambda: False),
        dtype=work_type(volume.voxels.dtype),
    )
    pixels = depths if combine == "depth" else _as_voxels(values, volume.voxels.dtype)
    return slice_of(volume, pixels, plane, thickness, combine, "linear")


def _as_voxels(values: NDArray[np.float32] | NDArray[np.float64], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return the values in the volume's type, rounded half to even and saturated."""
    if dtype.kind == "f":
        return values.astype(dtype, copy=False)
    if dtype == np.bool_:
        return np.rint(values) > 0
    info = np.iinfo(dtype)
    exact = np.rint(values.astype(np.float64))
    out = np.clip(exact, float(info.min), float(info.max))
    with np.errstate(invalid="ignore"):
        return np.where(exact >= float(info.max), info.max, out.astype(dtype)).astype(dtype)


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
