"""Resampling of volumes onto another axis-aligned grid: new spacing, new shape, or the grid of another volume.

Pixel padding (PS3.3 C.7.5.1.1.2, voxels equal to the volume's padding value, which may be NaN) takes no part in
filtered samples, unless asked: the weights of the others are scaled up to 1, in float64; where they sum to less than
1/2 the sample is the padding value. Samples away from padding do not change. ``"nearest"`` and ``"label"`` take what
they find; volumes with channels have no padding.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, get_args

import numpy as np

from radpix._arguments import array_of, described, numbers, volume_of
from radpix._backend import AxisMap
from radpix._sampling.grids import (
    Aligned,
    Interpolation,
    Target,
    alignment,
    check_interpolation,
    check_volume,
    index_map_of,
    sampled,
)
from radpix.errors import GeometryError, LimitError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from radpix._progress import Progress
    from radpix._sampling.padding import Padding
    from radpix.volume import Volume

__all__ = ["Interpolation", "resample"]


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
    progress: Progress | None = None,
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
        and direction, the work is done axis by axis, else point by point, without anti-aliasing.
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
    progress
        Called as ``progress(done, total)`` now and then and once at the end; see ``docs/cancellation.md``.
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
    check_volume(volume, "resample")
    check_interpolation(volume, interpolation, get_args(Interpolation))
    target = _target(volume, spacing, shape, like)
    voxels = sampled(
        volume,
        target,
        name="resample",
        interpolation=interpolation,
        antialias=antialias,
        fill=fill,
        padding=padding,
        progress=progress,
        num_threads=num_threads,
    )
    return replace(volume, voxels=voxels, affine=target.affine)


def _three(value: float | Sequence[float], name: str) -> tuple[float, float, float]:
    """Return three finite, positive numbers (z, y, x)."""
    if np.asarray(value).dtype.kind not in "iuf":  # NumPy takes text for numbers
        raise TypeError(f"{name} is one number or three, not {described(value)}")
    numbers = [float(number) for number in np.broadcast_to(np.asarray(value, np.float64), 3)]
    if not all(math.isfinite(number) and number > 0 for number in numbers):
        raise ValueError(f"{name} is positive and finite along (z, y, x), not {value}")
    return numbers[0], numbers[1], numbers[2]


def _target(
    volume: Volume, spacing: float | Sequence[float] | None, shape: Sequence[int] | None, like: Volume | None
) -> Target:
    if sum(given is not None for given in (spacing, shape, like)) == 1:
        if spacing is not None:
            return _target_of_spacing(volume, spacing)
        if shape is not None:
            return _target_of_shape(volume, shape)
        if like is not None:
            return _target_like(volume, like)
    raise ValueError("resample takes exactly one of spacing=, shape= and like=")


def _target_of_spacing(volume: Volume, spacing: float | Sequence[float]) -> Target:
    given = array_of(spacing, "spacing")
    if given.ndim > 1 or given.size not in {1, 3}:
        raise ValueError(f"spacing is one number of mm or three (z, y, x), not {described(spacing)}")
    wanted = _three(spacing, "spacing")
    counts = [n * old / new for n, old, new in zip(volume.shape, volume.spacing, wanted, strict=True)]
    if max(counts) > 2**31:
        raise LimitError(f"a spacing of {spacing} mm makes more than 2^31 voxels along one axis")
    shape = [max(1, round(count)) for count in counts]
    scales = [new / old for new, old in zip(wanted, volume.spacing, strict=True)]
    return _centred(volume, shape, scales)


def _target_of_shape(volume: Volume, shape: Sequence[int]) -> Target:
    given = numbers(shape, "shape")
    if given.shape != (3,) or not ((given >= 1) & (given < 2**53) & (given == np.floor(given))).all():
        raise ValueError(f"shape is three positive integers (z, y, x), not {described(shape)}")
    wanted = [int(n) for n in given]
    return _centred(volume, wanted, [n / m for n, m in zip(volume.shape, wanted, strict=True)])


def _centred(volume: Volume, shape: Sequence[int], scales: Sequence[float]) -> Target:
    """Return the grid of that shape and scale whose centre is the volume's."""
    offsets = [
        (n - 1) / 2 - scale * (m - 1) / 2 for n, m, scale in zip(volume.shape, shape, scales, strict=True)
    ]
    index_map = np.diag([*scales, 1.0])
    index_map[:3, 3] = offsets
    affine = volume.affine @ index_map
    maps = [AxisMap(scale, offset) for scale, offset in zip(scales, offsets, strict=True)]
    aligned = Aligned((0, 1, 2), (False, False, False), (maps[0], maps[1], maps[2]))
    return Target((shape[0], shape[1], shape[2]), affine, index_map, aligned)


def _target_like(volume: Volume, like: Volume) -> Target:
    volume_of(like, "like")
    uids = {volume.frame_of_reference_uid, like.frame_of_reference_uid} - {""}
    if len(uids) > 1:
        raise GeometryError(
            "the volumes are in different frames of reference"
            f" ({volume.frame_of_reference_uid} and {like.frame_of_reference_uid}): register them first"
        )
    if 0 in like.shape:
        raise GeometryError(f"like= has the shape {like.shape}, a grid without voxels")
    index_map = index_map_of(volume, like.affine)
    return Target(like.shape, like.affine, index_map, alignment(volume.shape, like.shape, index_map))
