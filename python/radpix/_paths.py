"""Curves in patient space: through points, at equal steps, with frames that do not turn about the curve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from radpix.errors import GeometryError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["arc_length", "at_steps", "checked_path", "rotation_minimising", "smoothed", "tangents_of"]

#: Chords that stand for one piece of a spline: their length is that of the arc to 1e-5 at a right angle a piece.
_CHORDS = 128
#: Consecutive points closer than this, in mm, are one point.
_SAME_POINT = 1e-6


def checked_path(path: ArrayLike) -> NDArray[np.float64]:
    """Return (n, 3) points in mm, without repeated ones.

    Raises
    ------
    GeometryError
        It is no list of at least two different, finite patient positions.
    """
    points = np.array(path, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 3 or not np.isfinite(points).all():
        raise GeometryError(f"a path is an array (n, 3) of finite patient positions, not {points.shape}")
    if len(points):
        steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
        points = points[np.concatenate([[True], steps > _SAME_POINT])]
    if len(points) < 2:
        raise GeometryError("a path has at least two different points")
    return points


def smoothed(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a centripetal Catmull-Rom spline through the points, as chords.

    Yuksel, Schaefer, Keyser, "Parameterization and applications of Catmull-Rom curves", CAD 43(7), 2011: with
    knots by the square root of the distances there are no cusps and no loops. Beyond its ends the path goes on as
    a mirror image in the end point.
    """
    if len(points) == 2:
        return points
    padded = np.concatenate([[2 * points[0] - points[1]], points, [2 * points[-1] - points[-2]]])
    knots = np.concatenate([[0.0], np.cumsum(np.sqrt(np.linalg.norm(np.diff(padded, axis=0), axis=1)))])
    pieces = [_piece(padded[k : k + 4], knots[k : k + 4]) for k in range(len(points) - 1)]
    return np.concatenate([*pieces, points[-1:]])


def _piece(points: NDArray[np.float64], knots: NDArray[np.float64]) -> NDArray[np.float64]:
    """Evaluate one piece, from the second of four points up to the third (Barry and Goldman, 1988)."""
    t = np.linspace(knots[1], knots[2], _CHORDS, endpoint=False)[:, None]

    def between(a: Any, b: Any, i: int, j: int) -> Any:
        return ((knots[j] - t) * a + (t - knots[i]) * b) / (knots[j] - knots[i])

    first = [between(points[k], points[k + 1], k, k + 1) for k in range(3)]
    second = [between(first[k], first[k + 1], k, k + 2) for k in range(2)]
    return np.asarray(between(second[0], second[1], 1, 2), np.float64)


def arc_length(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far along the chords each point lies, in mm."""
    return np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])


def at_steps(points: NDArray[np.float64], along: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    """Return the points at 0, step, 2 step ... of the increasing coordinate ``along``, up to its end."""
    count = int(np.floor(along[-1] / step + 1e-9)) + 1
    wanted = np.minimum(np.arange(count) * step, along[-1])
    return np.stack([np.interp(wanted, along, points[:, k]) for k in range(3)], axis=-1)


def tangents_of(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return unit vectors along the curve, by central differences."""
    if len(points) < 2:
        raise GeometryError("the path is shorter than one step; give a smaller spacing")
    ahead = np.gradient(points, axis=0)
    lengths = np.linalg.norm(ahead, axis=1, keepdims=True)
    if (lengths <= 0).any():
        raise GeometryError("the path turns back on itself within one step; give a smaller spacing")
    return np.asarray(ahead / lengths, np.float64)


def rotation_minimising(
    points: NDArray[np.float64], tangents: NDArray[np.float64], first: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Carry ``first``, a unit vector across the first tangent, along the curve without turning about it.

    Double reflection: Wang, Juettler, Zheng, Liu, "Computation of rotation minimizing frames", ACM TOG 27(1), 2008.
    """
    # In plain floats: vectors of three are five times slower in NumPy.
    vector: _Vector = (float(first[0]), float(first[1]), float(first[2]))
    places, directions = points.tolist(), tangents.tolist()
    carried = [vector]
    for here, there, tangent, after in zip(places, places[1:], directions, directions[1:], strict=False):
        chord = (there[0] - here[0], there[1] - here[1], there[2] - here[2])
        vector, turned = _reflected(vector, chord), _reflected(tangent, chord)
        back = (after[0] - turned[0], after[1] - turned[1], after[2] - turned[2])
        vector = _reflected(vector, back)
        carried.append(vector)
    frames = np.array(carried)
    frames -= np.einsum("ij,ij->i", frames, tangents)[:, None] * tangents
    return np.asarray(frames / np.linalg.norm(frames, axis=1, keepdims=True), np.float64)


_Vector = tuple[float, float, float]


def _reflected(vector: _Vector, normal: _Vector) -> _Vector:
    """Reflect in the plane across ``normal``, which may have any length."""
    x, y, z = normal
    square = x * x + y * y + z * z
    if square == 0.0:
        return vector
    scale = 2.0 * (x * vector[0] + y * vector[1] + z * vector[2]) / square
    return (vector[0] - scale * x, vector[1] - scale * y, vector[2] - scale * z)
