"""Reformatting: a volume sampled on any plane, thin or as a slab, and projected along an axis or a direction."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from radpix import limits
from radpix._backend import Combine, Grid, kernels
from radpix.errors import GeometryError
from radpix.plane import Plane, corners_of
from radpix.threads import thread_count

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike, NDArray

    from radpix.volume import Volume

__all__ = ["Slice", "project", "reslice"]

Interpolation = Literal["nearest", "linear"]

_MAX_SLAB_SAMPLES = 1 << 16
# Index positions this close to a whole number are meant to be it: a matrix inverse is off by 1e-13 or so, and
# a plane through voxel centres shall give the voxels. A step's error grows with the column.
_ORIGIN_TOLERANCE, _STEP_TOLERANCE = 1e-9, 1e-12


@dataclass(frozen=True, eq=False)
class Slice:
    """Pixels of a plane in patient space.

    Attributes
    ----------
    pixels
        (rows, columns) or (rows, columns, channel).
    plane
        Where they lie: `Plane.pixel_to_patient` and `Plane.patient_to_pixel` are exact.
    thickness
        Of the slab in mm, along the plane's normal and half on either side; 0 for a single sample.
    combine, interpolation
        How the values were made.
    frame_of_reference_uid, modality, unit
        As of the volume.
    """

    pixels: NDArray[Any]
    plane: Plane
    thickness: float = 0.0
    combine: Combine = "mean"
    interpolation: Interpolation = "linear"
    frame_of_reference_uid: str = ""
    modality: str = ""
    unit: str = ""

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self.plane.shape

    def pixel_to_patient(self, pixel: ArrayLike) -> NDArray[np.float64]:
        """Return patient positions (..., 3) as (x, y, z) mm, of pixels (..., 2) as (row, column)."""
        return self.plane.pixel_to_patient(pixel)

    def patient_to_pixel(self, position: ArrayLike) -> NDArray[np.float64]:
        """Return pixels (..., 2) as (row, column), of patient positions (..., 3), projected along the normal."""
        return self.plane.patient_to_pixel(position)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is None:
            return self.pixels if dtype is None else self.pixels.astype(dtype, copy=False)
        if not copy and dtype is not None and np.dtype(dtype) != self.pixels.dtype:
            raise ValueError(f"a conversion from {self.pixels.dtype} to {dtype} needs a copy")
        return self.pixels.astype(dtype or self.pixels.dtype, copy=copy)


def reslice(
    volume: Volume,
    plane: Plane,
    *,
    thickness: float = 0.0,
    combine: Combine = "mean",
    interpolation: Interpolation = "linear",
    fill: float | None = None,
    slab_step: float | None = None,
    out: NDArray[Any] | None = None,
    num_threads: int | None = None,
) -> Slice:
    """Sample a volume on a plane (multi-planar reformatting).

    Everything is measured in patient space, so a sheared volume (a tilted gantry) is met where it is, and a
    slab is as thick in mm at any obliquity. A sample is inside the volume if -0.5 <= index <= n - 0.5 on
    every axis; within the outermost half voxel the outermost centres' values go on.

    Parameters
    ----------
    volume
        (z, y, x[, channel]) of any integer type, bool, float32 or float64.
    plane
        Where to sample, in the volume's patient coordinates.
    thickness
        Of the slab in mm along the plane's normal, half on either side; 0 for one sample in the plane.
    combine
        ``"mean"``, ``"max"``, ``"min"``, ``"sum"`` or ``"median"`` of the slab's samples. Samples outside the
        volume do not take part. A NaN among the samples gives NaN; the median of an even number is the mean
        of two.
    interpolation
        ``"linear"``, or ``"nearest"`` for labels: floor(index + 0.5). Linear works in float32 for float32 and
        integers of up to 16 bits, else in float64, along x, then y, then z. A neighbour of weight 0 does not
        matter, even if it is NaN.
    fill
        The value where no sample is inside; by default the volume's padding value, else its minimum (found
        once per volume object).
    slab_step
        Distance in mm that the slab's samples should have, by default the smallest voxel spacing. There are
        n = max(1, round(thickness / slab_step)) samples, in the middles of n equal parts of the slab.
    out
        (rows, columns[, channel]) of the volume's type, float32 or float64; may be strided. By default a new
        array of the volume's type; for ``"sum"`` of integers of float32, or float64 where those have more
        than 16 bits.
    num_threads
        1 to 1024; None for the default. The result does not depend on it.

    Returns
    -------
    Slice
        Pixels (rows, columns[, channel]) and their plane. Integers are rounded half to even and saturated.

    Raises
    ------
    ValueError
        An argument is outside its range, or ``out`` does not fit; then ``out`` is as it was.
    TypeError
        The volume's or ``out``'s type is none of those above.
    LimitError
        The result is larger than `radpix.limits` allows.

    Examples
    --------
    >>> import numpy as np
    >>> from radpix import Plane, Volume, reslice
    >>> volume = Volume(np.arange(24, dtype=np.int16).reshape(2, 3, 4))
    >>> reslice(volume, Plane.coronal(volume, position=1.0)).pixels.tolist()
    [[16, 17, 18, 19], [4, 5, 6, 7]]
    """
    _check_choice("combine", combine, get_args(Combine))
    _check_choice("interpolation", interpolation, get_args(Interpolation))
    threads = thread_count(num_threads)
    voxels = _voxels_of(volume)
    grid = _grid_of(volume, plane, thickness, slab_step)
    shape = plane.shape + volume.voxels.shape[3:]
    pixels = _output(volume, shape, combine, out)
    fill_value = _fill_for(volume, grid, plane, fill, pixels.dtype)
    target = pixels.view(np.uint8) if pixels.dtype == np.bool_ else pixels
    for channel in range(voxels.shape[3]):
        kernels().reslice(
            voxels[..., channel],
            (target if target.ndim == 2 else target[..., channel])[None],
            grid,
            combine=combine,
            interpolation=interpolation,
            fill=fill_value,
            num_threads=threads,
        )
    return _slice_of(volume, pixels, plane, thickness, combine, interpolation)


def project(
    volume: Volume,
    *,
    axis: int | None = None,
    direction: ArrayLike | None = None,
    combine: Combine = "max",
    interpolation: Interpolation = "linear",
    fill: float | None = None,
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
    _check_choice("combine", combine, get_args(Combine))
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
            num_threads=num_threads,
        )
    if axis not in {0, 1, 2}:
        raise ValueError(f"axis is 0, 1 or 2 for z, y or x, not {axis}")
    return _project_axis(volume, axis, combine, thread_count(num_threads))


def _project_axis(volume: Volume, axis: int, combine: Combine, threads: int) -> Slice:
    plane = _plane_across(volume, axis)
    voxels = _voxels_of(volume)
    pixels = _output(volume, plane.shape + volume.voxels.shape[3:], combine, None)
    target = pixels.view(np.uint8) if pixels.dtype == np.bool_ else pixels
    for channel in range(voxels.shape[3]):
        kernels().project(
            voxels[..., channel],
            target if target.ndim == 2 else target[..., channel],
            axis=axis,
            combine=combine,
            num_threads=threads,
        )
    thickness = volume.shape[axis] * volume.spacing[axis]
    return _slice_of(volume, pixels, plane, thickness, combine, "nearest")


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


def _check_choice(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ValueError(f"{name} is one of {', '.join(known)}, not {value!r}")


def _voxels_of(volume: Volume) -> NDArray[Any]:
    """Return (z, y, x, channel) of a type that kernels know, without copying."""
    voxels = volume.voxels
    if voxels.dtype == np.bool_:
        voxels = voxels.view(np.uint8)
    known = voxels.dtype.kind in "iu" or (voxels.dtype.kind == "f" and voxels.dtype.itemsize in {4, 8})
    if not known or not voxels.dtype.isnative:
        raise TypeError(
            f"a volume to sample holds integers, float32 or float64 in native byte order, not {voxels.dtype}"
        )
    return voxels if voxels.ndim == 4 else voxels[..., None]


def _snapped(vector: NDArray[np.float64], tolerance: float) -> tuple[float, float, float]:
    """Return the vector with components near a whole number made whole."""
    whole = np.rint(vector)
    z, y, x = np.where(np.abs(vector - whole) <= tolerance, whole, vector).tolist()
    return z, y, x


def _grid_of(volume: Volume, plane: Plane, thickness: float, slab_step: float | None) -> Grid:
    """Return the plane's samples as indices of the volume."""
    if not (np.isfinite(thickness) and thickness >= 0):
        raise ValueError(f"thickness is 0 or more mm, not {thickness}")
    step = min(volume.spacing) if slab_step is None else float(slab_step)
    if not (np.isfinite(step) and step > 0):
        raise ValueError(f"slab_step is a positive number of mm, not {slab_step}")
    wanted = thickness / step
    if wanted > _MAX_SLAB_SAMPLES:
        raise ValueError(
            f"a slab of {thickness} mm in steps of {step} mm has over {_MAX_SLAB_SAMPLES} samples"
        )
    samples = max(1, round(wanted))
    to_index = np.linalg.inv(volume.affine)
    affine = plane.affine
    grid = Grid(
        origin=_snapped(to_index[:3, :3] @ affine[:3, 2] + to_index[:3, 3], _ORIGIN_TOLERANCE),
        plane_step=(0.0, 0.0, 0.0),
        row_step=_snapped(to_index[:3, :3] @ affine[:3, 0], _STEP_TOLERANCE),
        column_step=_snapped(to_index[:3, :3] @ affine[:3, 1], _STEP_TOLERANCE),
        slab_step=_snapped(to_index[:3, :3] @ (plane.normal * (thickness / samples)), _STEP_TOLERANCE),
        slab_samples=samples,
    )
    if not np.isfinite(np.array(grid[:5])).all():
        raise GeometryError("the plane lies beyond what float64 can hold in the volume's indices")
    return grid


def _output(
    volume: Volume, shape: tuple[int, ...], combine: Combine, out: NDArray[Any] | None
) -> NDArray[Any]:
    """Return ``out`` after checks, or a new array."""
    dtype = volume.voxels.dtype
    if out is None:
        if combine == "sum" and dtype.kind != "f":
            dtype = np.dtype(np.float32 if dtype.itemsize <= 2 else np.float64)
        limits.check_frame(shape[0], shape[1])
        limits.check_bytes(int(np.prod(shape, dtype=object)) * dtype.itemsize)
        return np.empty(shape, dtype)
    if out.shape != shape:
        raise ValueError(f"out has the shape {out.shape}, the slice {shape}")
    floats = (np.dtype(np.float32), np.dtype(np.float64))
    if out.dtype not in {dtype, *floats} or (dtype == np.float64 and out.dtype != dtype):
        raise TypeError(f"out of a volume of {dtype} is {dtype} or a wide enough float, not {out.dtype}")
    if not out.flags.writeable:
        raise ValueError("out is read-only")
    if np.may_share_memory(out, volume.voxels):
        raise ValueError("out shares memory with the volume")
    return out


_minimum: weakref.WeakKeyDictionary[Volume, float] = weakref.WeakKeyDictionary()


def _minimum_of(volume: Volume) -> float:
    """Return the smallest voxel that is a number; 20 ms for a CT, so it is kept as long as the volume."""
    if volume not in _minimum:
        voxels = volume.voxels
        smallest = np.fmin.reduce(voxels, axis=None) if voxels.dtype.kind == "f" else voxels.min()
        _minimum[volume] = float(smallest)
    return _minimum[volume]


def _fill_for(volume: Volume, grid: Grid, plane: Plane, fill: float | None, dtype: np.dtype[Any]) -> float:
    """Return the value where no sample is inside, checked against the output's type."""
    if fill is None:
        fill = volume.padding_value
    if fill is None:
        if volume.voxels.size == 0:
            raise ValueError("an empty volume has no minimum to fill with; give fill=")
        return 0.0 if _all_inside(volume, grid, plane) else _minimum_of(volume)
    value = float(fill)
    if dtype.kind == "f":
        return value
    low, high = (0, 1) if dtype == np.bool_ else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    if not low <= value <= high:
        raise ValueError(f"fill is a value of {dtype}, not {fill}; give an out of a floating point type")
    return value


def _all_inside(volume: Volume, grid: Grid, plane: Plane) -> bool:
    """Whether every sample is well inside, so that nothing is filled: if the outermost are, by convexity."""
    rows, columns = plane.shape
    row_step, column_step, slab_step = (
        np.array(v) for v in (grid.row_step, grid.column_step, grid.slab_step)
    )
    ends = [
        np.array(grid.origin) + r * row_step + c * column_step + k * (grid.slab_samples - 1) / 2 * slab_step
        for r in (0, rows - 1)
        for c in (0, columns - 1)
        for k in (-1, 1)
    ]
    edge = np.array(volume.shape) - 0.5 - 1e-6
    return bool((np.array(ends) >= -0.5 + 1e-6).all() and (np.array(ends) <= edge).all())


def _slice_of(
    volume: Volume,
    pixels: NDArray[Any],
    plane: Plane,
    thickness: float,
    combine: Combine,
    interpolation: Interpolation,
) -> Slice:
    return Slice(
        pixels,
        plane,
        float(thickness),
        combine,
        interpolation,
        frame_of_reference_uid=volume.frame_of_reference_uid,
        modality=volume.modality,
        unit=volume.unit,
    )
