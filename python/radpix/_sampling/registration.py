"""Volumes in one another's patient coordinates."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from radpix._arguments import numbers, volume_of
from radpix.errors import GeometryError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from radpix.volume import Volume

__all__ = ["registered"]


def registered(base: Volume, other: Volume, registration: ArrayLike | None) -> Volume:
    """Return the other volume in the base's patient coordinates.

    Raises
    ------
    GeometryError
        The frames of reference differ and there is no registration, or it is not an affine matrix.
    """
    volume_of(base, "base")
    volume_of(other, "overlay")
    known = {base.frame_of_reference_uid, other.frame_of_reference_uid} - {""}
    if registration is None:
        if len(known) > 1:
            raise GeometryError(
                f"the volumes lie in the frames of reference {' and '.join(sorted(known))}; pass registration=,"
                " the 4 x 4 matrix from the other volume's patient coordinates to the base's"
            )
        return other
    matrix = numbers(registration, "registration")
    if matrix.shape != (4, 4) or not np.isfinite(matrix).all() or not np.array_equal(matrix[3], [0, 0, 0, 1]):
        raise GeometryError("registration is a finite 4 x 4 matrix whose last row is (0, 0, 0, 1)")
    if np.linalg.det(matrix[:3, :3]) == 0:
        raise GeometryError("registration has no inverse")
    return replace(other, affine=matrix @ other.affine, frame_of_reference_uid=base.frame_of_reference_uid)
