"""Curves and frames along them, as ``cpp/src/path/``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from radpix._numba.jit import jit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["carry_frames", "measure_path", "sample_path"]

# As in cpp/src/path/path.cpp.
_LEAST_LENGTH = 1e-6


@jit
def _dot(a: Any, b: Any) -> Any:
    return (a[0] * b[0] + a[1] * b[1]) + a[2] * b[2]


@jit
def _cross(a: Any, b: Any) -> Any:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


@jit
def _difference(a: Any, b: Any) -> Any:
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


@jit
def _quotient(a: Any, by: Any) -> Any:
    return a[0] / by, a[1] / by, a[2] / by


@jit
def _reflected(a: Any, mirror: Any) -> Any:
    square = _dot(mirror, mirror)
    share = (2.0 * _dot(a, mirror)) / (square if square > 0.0 else 1.0)
    return a[0] - share * mirror[0], a[1] - share * mirror[1], a[2] - share * mirror[2]


@jit
def _position(segment: Any, t: Any, axis: int) -> Any:
    u = 1.0 - t
    bent = u * segment[2, axis] - t * segment[3, axis]
    return (segment[0, axis] + t * segment[1, axis]) + (t * u) * bent


@jit
def _derivative(segment: Any, t: Any, axis: int) -> Any:
    from_start = (1.0 - t) * (1.0 - 3.0 * t)
    return (segment[1, axis] + from_start * segment[2, axis]) + (t * (3.0 * t - 2.0)) * segment[3, axis]


@jit
def _measure(segments: Any, counts: Any, parameters: Any, positions: Any, lengths: Any) -> None:
    before = (segments[0, 0, 0], segments[0, 0, 1], segments[0, 0, 2])
    total = 0.0
    row = 0
    for k in range(segments.shape[0]):
        segment = segments[k]
        last = counts[k] + 1 if k == segments.shape[0] - 1 else counts[k]
        for j in range(last):
            parameters[row] = float(k) + float(j) / float(counts[k])
            t = parameters[row] - float(k)
            here = (_position(segment, t, 0), _position(segment, t, 1), _position(segment, t, 2))
            chord = _difference(here, before)
            total += math.sqrt(_dot(chord, chord))
            lengths[row] = total
            positions[row, 0], positions[row, 1], positions[row, 2] = here
            before = here
            row += 1


@jit
def _sample(segments: Any, parameters: Any, positions: Any, tangents: Any) -> None:
    end = float(segments.shape[0])
    for row in range(len(parameters)):
        given = parameters[row]
        parameter = min(given, end) if given > 0.0 else 0.0  # no number is 0
        k = min(int(parameter), segments.shape[0] - 1)
        segment = segments[k]
        t = parameter - float(k)
        way = (_derivative(segment, t, 0), _derivative(segment, t, 1), _derivative(segment, t, 2))
        length = math.sqrt(_dot(way, way))
        tangent = _quotient(way, length if length > 0.0 else 1.0)
        for axis in range(3):
            positions[row, axis] = _position(segment, t, axis)
            tangents[row, axis] = tangent[axis]


@jit
def _carry(
    positions: Any, tangents: Any, first: Any, cosine: Any, sine: Any, across: Any, normals: Any
) -> Any:
    carried = (first[0], first[1], first[2])
    every = True
    for row in range(len(positions)):
        along = (tangents[row, 0], tangents[row, 1], tangents[row, 2])
        if row > 0:
            step = _difference(positions[row], positions[row - 1])
            bend = _difference(along, _reflected(tangents[row - 1], step))
            carried = _reflected(_reflected(carried, step), bend)
        share = _dot(carried, along)
        carried = (
            carried[0] - share * along[0],
            carried[1] - share * along[1],
            carried[2] - share * along[2],
        )
        length = math.sqrt(_dot(carried, carried))
        has_length = length > _LEAST_LENGTH
        if has_length:
            carried = _quotient(carried, length)
        every = every and has_length and _dot(along, along) > 0.0
        beside = _cross(along, carried)
        for axis in range(3):
            across[row, axis] = cosine * carried[axis] + sine * beside[axis]
        normals[row, 0], normals[row, 1], normals[row, 2] = _cross(across[row], along)
    return every


def measure_path(
    segments: NDArray[np.float64],
    counts: NDArray[np.int64],
    parameters: NDArray[np.float64],
    positions: NDArray[np.float64],
    lengths: NDArray[np.float64],
) -> None:
    _measure(segments, counts, parameters, positions, lengths)


def sample_path(
    segments: NDArray[np.float64],
    parameters: NDArray[np.float64],
    positions: NDArray[np.float64],
    tangents: NDArray[np.float64],
) -> None:
    _sample(segments, parameters, positions, tangents)


def carry_frames(
    positions: NDArray[np.float64],
    tangents: NDArray[np.float64],
    first: NDArray[np.float64],
    cosine: float,
    sine: float,
    across: NDArray[np.float64],
    normals: NDArray[np.float64],
) -> bool:
    return bool(_carry(positions, tangents, first, cosine, sine, across, normals))
