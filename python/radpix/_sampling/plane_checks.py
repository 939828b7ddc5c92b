"""What planes are made of: vectors, spacings and shapes, checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from radpix._arguments import described, numbers
from radpix.errors import GeometryError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "ORTHOGONAL_TOLERANCE",
    "axes_through",
    "cross",
    "position_of",
    "rotated_about",
    "shape_of",
    "spacing_of",
    "unit_of",
    "vector_of",
]

# Image Orientation (Patient) is often written with 4 to 6 decimals, so directions read from a file are this
# far from perpendicular (0.06 degrees); more is a mistake.
ORTHOGONAL_TOLERANCE = 1e-3
# Beyond a thousand kilometres, or below a femtometre, there is no patient; float64 stays far from its ends.
_FARTHEST, _FINEST = 1e9, 1e-12


def vector_of(value: ArrayLike, name: str) -> NDArray[np.float64]:
    vector = numbers(value, name).copy()
    if vector.shape != (3,) or not np.isfinite(vector).all():
        raise GeometryError(f"{name} is three finite numbers (x, y, z), not {described(value)}")
    return vector


def position_of(value: ArrayLike) -> NDArray[np.float64]:
    position = vector_of(value, "center")
    if np.abs(position).max() > _FARTHEST:
        raise GeometryError(f"center is a patient position within {_FARTHEST:g} mm, not {value!r}")
    return position


def unit_of(value: ArrayLike, name: str) -> NDArray[np.float64]:
    vector = vector_of(value, name)
    size = np.abs(vector).max()
    if size == 0:
        raise GeometryError(f"{name} has no length")
    vector = vector / size  # so that the squares neither overflow nor vanish
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float64)


def cross(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a x b; numpy.cross takes 40 us, a tenth of a small slice."""
    (ax, ay, az), (bx, by, bz) = a.tolist(), b.tolist()
    return np.array([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx])


def spacing_of(value: float | tuple[float, float]) -> tuple[float, float]:
    """Return (between rows, between columns) from it, or from one number for both."""
    given = numbers(value, "spacing")
    pair = given.ravel().tolist() if given.shape in {(), (2,)} else []
    if not pair or not all(_FINEST <= mm <= _FARTHEST for mm in pair):
        raise GeometryError(f"spacing is (between rows, between columns) in mm, both positive, not {value!r}")
    return pair[0], pair[-1]


def shape_of(value: ArrayLike) -> tuple[int, int]:
    given = numbers(value, "shape")
    if given.shape != (2,) or not ((given >= 1) & (given < 2**53) & (given == np.floor(given))).all():
        raise GeometryError(f"shape is (rows, columns), both whole and at least 1, not {described(value)}")
    return int(given[0]), int(given[1])


def axes_through(points: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return (center, row direction, column direction) of three points."""
    three = numbers(points, "points")
    if three.shape != (3, 3) or not np.isfinite(three).all():
        raise GeometryError(f"points are three finite patient positions, an array (3, 3), not {three.shape}")
    row = unit_of(three[1] - three[0], "the way from the first point to the second")
    to_third = three[2] - three[0]
    column = to_third - (to_third @ row) * row
    if np.linalg.norm(column) <= 1e-6 * np.linalg.norm(three[1] - three[0]):
        raise GeometryError("the three points lie on a line; no single plane goes through them")
    return three.mean(axis=0), row, column


def rotated_about(
    vector: NDArray[np.float64], axis: NDArray[np.float64], degrees: float
) -> NDArray[np.float64]:
    """Return the vector turned about the unit vector ``axis``, by the right-hand rule (Rodrigues' formula)."""
    angle = np.deg2rad(degrees)
    along = axis * float(axis @ vector)
    turned = along + (vector - along) * np.cos(angle) + cross(axis, vector) * np.sin(angle)
    return np.asarray(turned, np.float64)
