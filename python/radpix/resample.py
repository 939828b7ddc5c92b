"""Resampling of volumes onto another axis-aligned grid: new spacing, new shape, or the grid of another volume.

Pixel padding (PS3.3 C.7.5.1.1.2, voxels equal to the volume's padding value, which may be NaN) takes no part in
filtered samples, unless asked: the weights of the others are scaled up to 1, in float64; where they sum to less than
1/2 the sample is the padding value. Samples away from padding do not change. ``"nearest"`` and ``"label"`` take what
they find; volumes with channels have no padding.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

import numpy as np

from radpix import limits
from radpix._backend import AxisMap, Grid, kernels
from radpix._padding import Padding, absent_value, default_fill
from radpix.errors import GeometryError, LimitError
from radpix.threads import thread_count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from radpix.volume import Volume

__all__ = ["Interpolation", "resample"]

Interpolation = Literal["nearest", "linear", "cubic", "bspline", "lanczos", "label"]

_DTYPES = ("int8", "int16", "int32", "uint8", "uint16", "uint32", "float32", "float64")

#: Voxels by which the corners of a grid may leave the axes of another one and still count as aligned with it:
#: direction cosines are stored with about six digits.
_ALIGNMENT_TOLERANCE = 1e-4


def resample(
    volume: Volume,
    *,
    spacing: float | Sequence[float] | None = None,
    shape: Sequence[int] | None = None,
    like: Volume | None = None,
    interpolation: Interpolation = "linear",
    antialias: bool | None = None,
    fill: float | None = None,
    padding: Padding = "exclude",
    num_threads: int | None = None,
) -> Volume:
    """Resample ``volume`` onto the grid that one of ``spacing``, ``shape`` and ``like`` gives.

    With ``spacing`` and ``shape`` the axes stay as they are, sheared ones too, and so does the centre of the field of
    view: flipping the result equals resampling the flipped volume, to the last bit.

    Parameters
    ----------
    volume
        (z, y, x) or (z, y, x, channel) of 8, 16 or 32-bit integers, float32 or float64.
    spacing
        New distance of voxel centres in mm, one or (z, y, x). The shape becomes ``max(1, round(n * old / new))``,
        halves to even; both edges of the field of view move alike, by less than half a new voxel.
    shape
        New number of voxels along (z, y, x); the edges of the field of view stay exactly.
    like
        A volume in the same frame of reference whose grid to use. Where its axes are those of ``volume``, in any order
        and direction, the work is done axis by axis, else point by point and without anti-aliasing.
    interpolation
        ``"linear"``; ``"cubic"`` (Catmull-Rom), ``"lanczos"`` (a = 3) and ``"bspline"`` (order 3) are sharper and
        overshoot at edges; ``"nearest"``; ``"label"`` for segmentations: the label with the largest sum of linear
        weights. Formulae and ties: ``docs/interpolation.md``.
    antialias
        Widen the filter by the scale on axes that become coarser; by default, and never ``"nearest"`` or ``"label"``.
    fill
        Value beyond half a voxel from the outermost centres. Default: the padding value, else the volume's minimum.
    padding
        ``"exclude"``: by the rules at the head of this module. ``"include"`` takes it for tissue.
    num_threads
        Default: `radpix.get_num_threads`.

    Returns
    -------
    Volume
        Of the same dtype, integers rounded half to even and saturated; all but voxels and affine is taken over. NaN
        and infinity reach every sample whose filter covers them.

    Raises
    ------
    ValueError, TypeError
        None or several of the grids are given, another interpolation, or a number out of range; another dtype or byte
        order, or labels that are no integers.
    GeometryError, LimitError
        ``volume`` has no voxels, or ``like`` is in another frame of reference; the result is over `radpix.limits`.

    Examples
    --------
    >>> from radpix import Volume
    >>> ct = Volume(np.zeros((4, 6, 8), np.int16), affine=np.diag([2.5, 1.0, 1.0, 1.0]))
    >>> resample(ct, spacing=1.0).shape
    (10, 6, 8)
    """
    _check_volume(volume)
    _check_interpolation(volume, interpolation)
    absent = absent_value(volume, padding)
    target = _target(volume, spacing, shape, like)
    limits.check_bytes(math.prod(target.shape) * volume.voxels[0, 0, 0].nbytes, "resample: ")
    widen = interpolation not in {"nearest", "label"} and antialias is not False
    settings = _Settings(interpolation, widen, _fill(volume, target, fill), thread_count(num_threads), absent)
    out = np.empty(target.shape + volume.voxels.shape[3:], volume.voxels.dtype)
    if target.aligned is None:
        if interpolation not in {"nearest", "linear"}:
            raise ValueError(f"onto a rotated grid interpolation is nearest or linear, not {interpolation}")
        if antialias:
            raise ValueError("onto a rotated grid there is no anti-aliasing; pass antialias=None")
        _run_rotated(volume, target.index_map, out, settings)
    else:
        _run_aligned(volume.voxels, target.aligned, out, settings)
    return replace(volume, voxels=out, affine=target.affine)


class _Aligned(NamedTuple):
    """The volume's axis for each axis of the result, whether it is reversed, and the map onto it."""

    axes: tuple[int, int, int]
    reversed: tuple[bool, bool, bool]
    maps: tuple[AxisMap, AxisMap, AxisMap]


class _Target(NamedTuple):
    shape: tuple[int, int, int]
    affine: NDArray[np.float64]
    index_map: NDArray[np.float64]  # 4 x 4: index of the result to index of the volume
    aligned: _Aligned | None


class _Settings(NamedTuple):
    interpolation: str
    antialias: bool
    fill: float
    num_threads: int
    padding: float | None


def _check_volume(volume: Volume) -> None:
    dtype = volume.voxels.dtype
    if dtype.name not in _DTYPES or not dtype.isnative:
        raise TypeError(
            f"resample takes {', '.join(_DTYPES)} in the machine's byte order, not {dtype.str} ({dtype.name});"
            " convert the voxels with astype"
        )
    if volume.voxels.size == 0:
        raise GeometryError(f"a volume of shape {volume.voxels.shape} has no voxels to resample")


def _check_interpolation(volume: Volume, interpolation: str) -> None:
    if interpolation not in get_args(Interpolation):
        raise ValueError(
            f"interpolation is one of {', '.join(get_args(Interpolation))}, not {interpolation!r}"
        )
    if interpolation == "label" and volume.voxels.dtype.kind == "f":
        raise TypeError(
            f"labels are integers, not {volume.voxels.dtype.name}; convert the voxels with astype"
        )


def _three(value: float | Sequence[float], name: str) -> tuple[float, float, float]:
    """Return three finite, positive numbers (z, y, x)."""
    numbers = [float(number) for number in np.broadcast_to(np.asarray(value, np.float64), 3)]
    if not all(math.isfinite(number) and number > 0 for number in numbers):
        raise ValueError(f"{name} is positive and finite along (z, y, x), not {value}")
    return numbers[0], numbers[1], numbers[2]


def _target(
    volume: Volume, spacing: float | Sequence[float] | None, shape: Sequence[int] | None, like: Volume | None
) -> _Target:
    if sum(given is not None for given in (spacing, shape, like)) == 1:
        if spacing is not None:
            return _target_of_spacing(volume, spacing)
        if shape is not None:
            return _target_of_shape(volume, shape)
        if like is not None:
            return _target_like(volume, like)
    raise ValueError("resample takes exactly one of spacing=, shape= and like=")


def _target_of_spacing(volume: Volume, spacing: float | Sequence[float]) -> _Target:
    if np.ndim(spacing) not in {0, 1} or np.size(spacing) not in {1, 3}:
        raise ValueError(f"spacing is one number of mm or three (z, y, x), not {spacing}")
    wanted = _three(spacing, "spacing")
    counts = [n * old / new for n, old, new in zip(volume.shape, volume.spacing, wanted, strict=True)]
    if max(counts) > 2**31:
        raise LimitError(f"a spacing of {spacing} mm makes more than 2^31 voxels along one axis")
    shape = [max(1, round(count)) for count in counts]
    scales = [new / old for new, old in zip(wanted, volume.spacing, strict=True)]
    return _centred(volume, shape, scales)


def _target_of_shape(volume: Volume, shape: Sequence[int]) -> _Target:
    wanted = [int(n) for n in shape]
    if len(wanted) != 3 or min(wanted) < 1 or any(n != m for n, m in zip(wanted, shape, strict=True)):
        raise ValueError(f"shape is three positive integers (z, y, x), not {tuple(shape)}")
    return _centred(volume, wanted, [n / m for n, m in zip(volume.shape, wanted, strict=True)])


def _centred(volume: Volume, shape: Sequence[int], scales: Sequence[float]) -> _Target:
    """Return the grid of that shape and scale whose centre is the volume's."""
    offsets = [
        (n - 1) / 2 - scale * (m - 1) / 2 for n, m, scale in zip(volume.shape, shape, scales, strict=True)
    ]
    index_map = np.diag([*scales, 1.0])
    index_map[:3, 3] = offsets
    affine = volume.affine @ index_map
    maps = [AxisMap(scale, offset) for scale, offset in zip(scales, offsets, strict=True)]
    aligned = _Aligned((0, 1, 2), (False, False, False), (maps[0], maps[1], maps[2]))
    return _Target((shape[0], shape[1], shape[2]), affine, index_map, aligned)


def _target_like(volume: Volume, like: Volume) -> _Target:
    uids = {volume.frame_of_reference_uid, like.frame_of_reference_uid} - {""}
    if len(uids) > 1:
        raise GeometryError(
            "the volumes are in different frames of reference"
            f" ({volume.frame_of_reference_uid} and {like.frame_of_reference_uid}): register them first"
        )
    if 0 in like.shape:
        raise GeometryError(f"like= has the shape {like.shape}, a grid without voxels")
    index_map = np.asarray(np.linalg.solve(volume.affine, like.affine), np.float64)
    return _Target(like.shape, like.affine, index_map, _alignment(volume.shape, like.shape, index_map))


def _alignment(
    shape: tuple[int, int, int], new_shape: tuple[int, int, int], index_map: NDArray[np.float64]
) -> _Aligned | None:
    """Return how the axes of the new grid are axes of the volume, or None where they are not."""
    linear = index_map[:3, :3]
    axes = [int(axis) for axis in np.argmax(np.abs(linear), axis=0)]
    if sorted(axes) != [0, 1, 2]:
        return None
    off_axis = linear.copy()
    off_axis[axes, [0, 1, 2]] = 0.0
    reach = np.array(new_shape) - 1
    if (np.abs(off_axis) @ reach).max() > _ALIGNMENT_TOLERANCE:
        return None
    centre = index_map[:3, :3] @ (reach / 2) + index_map[:3, 3]
    maps, flips = [], []
    for k, axis in enumerate(axes):
        scale = float(linear[axis, k])
        middle = float(centre[axis])
        flips.append(scale < 0)
        if scale < 0:
            scale, middle = -scale, shape[axis] - 1 - middle
        maps.append(AxisMap(scale, middle - scale * (new_shape[k] - 1) / 2))
    return _Aligned((axes[0], axes[1], axes[2]), (flips[0], flips[1], flips[2]), (maps[0], maps[1], maps[2]))


def _fill(volume: Volume, target: _Target, fill: float | None) -> float:
    """Return the value outside the volume, checked."""
    dtype = volume.voxels.dtype
    if fill is None:
        fill = default_fill(volume, lambda: not _reaches_outside(volume.shape, target))
    if dtype.kind != "f" and not math.isfinite(fill):
        raise ValueError(f"fill is a finite number for {dtype.name} voxels, not {fill}")
    return float(fill)


def _reaches_outside(shape: tuple[int, int, int], target: _Target) -> bool:
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in target.shape])).reshape(3, -1)
    indices = target.index_map[:3, :3] @ corners + target.index_map[:3, 3:]
    upper = np.array(shape)[:, None] - 0.5
    return bool((indices < -0.5 + 1e-9).any() or (indices > upper - 1e-9).any())


def _channels(voxels: NDArray[Any]) -> list[NDArray[Any]]:
    """Return the (z, y, x) views of a volume's channels."""
    return [voxels] if voxels.ndim == 3 else [voxels[..., c] for c in range(voxels.shape[3])]


def _run_aligned(voxels: NDArray[Any], aligned: _Aligned, out: NDArray[Any], settings: _Settings) -> None:
    for source, target in zip(_channels(voxels), _channels(out), strict=True):
        steps = tuple(slice(None, None, -1) if flip else slice(None) for flip in aligned.reversed)
        kernels().resample(
            source.transpose(aligned.axes)[steps],
            target,
            aligned.maps,
            interpolation=settings.interpolation,
            antialias=settings.antialias,
            fill=settings.fill,
            num_threads=settings.num_threads,
            padding=settings.padding,
        )


def _run_rotated(
    volume: Volume, index_map: NDArray[np.float64], out: NDArray[Any], settings: _Settings
) -> None:
    def vector(k: int) -> tuple[float, float, float]:
        z, y, x = (float(component) for component in index_map[:3, k])
        return z, y, x

    grid = Grid(origin=vector(3), plane_step=vector(0), row_step=vector(1), column_step=vector(2))
    for source, target in zip(_channels(volume.voxels), _channels(out), strict=True):
        kernels().reslice(
            source,
            target,
            grid,
            combine="mean",
            interpolation=settings.interpolation,
            fill=settings.fill,
            num_threads=settings.num_threads,
            padding=settings.padding,
        )
