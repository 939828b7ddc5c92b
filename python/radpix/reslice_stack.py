"""Parallel planes through a volume, as a volume of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from radpix import limits
from radpix.reslice import reslice
from radpix.slices import output_for

if TYPE_CHECKING:
    from radpix._backend import Combine
    from radpix._padding import Padding
    from radpix.plane import Plane
    from radpix.slices import Interpolation
    from radpix.volume import Volume

__all__ = ["reslice_stack"]


def reslice_stack(
    volume: Volume,
    plane: Plane,
    *,
    count: int,
    step: float,
    thickness: float = 0.0,
    combine: Combine = "mean",
    interpolation: Interpolation = "linear",
    fill: float | None = None,
    padding: Padding = "exclude",
    slab_step: float | None = None,
    num_threads: int | None = None,
) -> Volume:
    """Sample a volume on parallel planes, from behind ``plane`` to before it.

    Parameters
    ----------
    volume
        As of `radpix.reslice`.
    plane
        The middle of the stack; planes lie at (k - (count - 1) / 2) * step mm along its normal.
    count
        How many planes, 1 or more.
    step
        From plane to plane in mm, not 0; negative for the other order.
    thickness, combine, interpolation, fill, padding, slab_step, num_threads
        As of `radpix.reslice`, for each plane. Slabs may overlap.

    Returns
    -------
    Volume
        (count, rows, columns[, channel]) with the affine of the stack. Every plane has the bits that `radpix.reslice`
        gives for it.

    Raises
    ------
    ValueError, TypeError, LimitError
        As of `radpix.reslice`; ``count`` is below 1, or ``step`` 0 or not finite.

    Examples
    --------
    >>> from radpix import Plane, Volume, reslice_stack
    >>> volume = Volume(np.arange(24, dtype=np.int16).reshape(2, 3, 4))
    >>> stack = reslice_stack(volume, Plane.axial(volume), count=2, step=1.0)
    >>> stack.voxels.tolist() == volume.voxels.tolist(), stack.spacing
    (True, (1.0, 1.0, 1.0))
    """
    if count < 1:
        raise ValueError(f"count is 1 or more planes, not {count}")
    if not np.isfinite(step) or step == 0:
        raise ValueError(f"step is a number of mm other than 0, not {step}")
    shape = (count, *plane.shape, *volume.voxels.shape[3:])
    dtype = output_for(volume, (1, 1), combine, None).dtype
    limits.check_bytes(int(np.prod(shape, dtype=object)) * dtype.itemsize, "reslice_stack: ")
    voxels = np.empty(shape, dtype)
    for k in range(count):
        reslice(
            volume,
            plane.shifted((k - (count - 1) / 2) * step),
            thickness=thickness,
            combine=combine,
            interpolation=interpolation,
            fill=fill,
            padding=padding,
            slab_step=slab_step,
            out=voxels[k],
            num_threads=num_threads,
        )
    affine = np.eye(4)
    first = plane.shifted(-(count - 1) / 2 * step).affine
    affine[:3, 0] = plane.normal * step
    affine[:3, 1:] = first[:3]
    return replace(volume, voxels=voxels, affine=affine, report=None)
