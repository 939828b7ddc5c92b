"""Windows of one axis for the numba backend: the same numbers, bit for bit, as ``src/resample/axis_taps.cpp``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from radpix._numba.filters import filter_at, radius_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from radpix._backend import AxisMap

__all__ = ["AxisTaps", "make_taps"]

_POSITION_UNIT = 2.0**-32


class AxisTaps(NamedTuple):
    """Output ``first + i`` is ``weights[i] @ input[start[i] : start[i] + taps]``; others lie outside the volume."""

    first: int
    start: NDArray[np.int64]
    weights: NDArray[np.float64]  # (outputs inside, taps)
    tie: int = -1  # nearest only: the output, from ``first``, for which start and start + 1 are equally near

    @property
    def taps(self) -> int:
        """Samples per window."""
        return int(self.weights.shape[1])


class _Axis(NamedTuple):
    size: int
    interpolation: str
    widened: bool
    stretch: float
    support: float
    taps: int
    weight_unit: float


def _rounded(value: float, unit: float) -> float:
    return float(np.rint(value / unit)) * unit


def _make_axis(size: int, scale: float, interpolation: str, antialias: bool, weight_unit: float) -> _Axis:
    if interpolation == "nearest":
        return _Axis(size, interpolation, False, 1.0, 0.5, 1, weight_unit)
    widened = antialias and scale > 1.0 and interpolation != "label"
    stretch = min(scale, float(size)) if widened else 1.0
    support = radius_of(interpolation, widened, weight_unit) * stretch
    taps = math.ceil(2.0 * support)
    if widened:
        taps += (taps - size) % 2
    return _Axis(size, interpolation, widened, stretch, support, taps, weight_unit)


def _filter_weights(axis: _Axis, position: float, start: int, centred: bool) -> list[float]:
    distances = [abs(float(start + j) - position) for j in range(axis.taps)]
    raw = [filter_at(axis.interpolation, d / axis.stretch) if d < axis.support else 0.0 for d in distances]
    total = 0.0
    for weight in raw:
        total += weight
    weights = [_rounded(weight / total, axis.weight_unit) for weight in raw]
    rest = 1.0
    for weight in weights:
        rest -= weight  # exact: multiples of the weight unit
    nearest = math.ceil(position - 0.5)
    if centred and nearest != position:
        weights[nearest - start] += 0.5 * rest
        weights[nearest - start + 1] += 0.5 * rest
    else:
        weights[nearest - start] += rest
    return weights


def _inside_of(axis: _Axis, index: int) -> int:
    last = axis.size - 1
    if axis.interpolation != "bspline":
        return min(max(index, 0), last)
    folded = index % (2 * last)
    return folded if folded <= last else 2 * last - folded


def _upper_window(axis: _Axis, u: float) -> tuple[int, list[float]]:
    """Return start and weights for a position ``u >= 0`` voxels from the axis's centre."""
    n = axis.size
    taps = min(axis.taps, n)
    position = u + (n - 1.0) * 0.5
    if taps == 1:
        return min(math.ceil(position - 0.5), n - 1), [1.0]
    if not axis.widened or axis.interpolation != "linear":
        position = min(position, n - 1.0)
    if not axis.widened and axis.interpolation in {"linear", "label"}:
        start = min(math.floor(position), n - 2)
        upper = _rounded(position - start, axis.weight_unit)
        return start, [1.0 - upper, upper]
    centred = u == 0.0
    is_mirror_image = centred and axis.widened
    wide_start = (n - axis.taps) // 2 if is_mirror_image else math.floor(position - axis.support) + 1
    start = min(max(wide_start, 0), n - taps)
    weights = [0.0] * taps
    for j, weight in enumerate(_filter_weights(axis, position, wide_start, centred)):
        weights[_inside_of(axis, wide_start + j) - start] += weight
    return start, weights


def _collapsed(taps: AxisTaps) -> AxisTaps:
    if (
        taps.taps > 1
        and ((taps.weights != 0).sum(axis=1) == 1).all()
        and (taps.weights.max(axis=1) == 1).all()
    ):
        start = taps.start + taps.weights.argmax(axis=1)
        return AxisTaps(taps.first, start, np.ones((start.size, 1)))
    return taps


def make_taps(
    input_size: int,
    output_size: int,
    axis_map: AxisMap,
    interpolation: str,
    antialias: bool,
    weight_unit: float,
) -> AxisTaps:
    """Return the windows of the outputs inside the volume."""
    axis = _make_axis(input_size, axis_map.scale, interpolation, antialias, weight_unit)
    out_centre = (output_size - 1) * 0.5
    in_centre = (input_size - 1.0) * 0.5
    shift = _rounded(axis_map.offset + axis_map.scale * out_centre - in_centre, _POSITION_UNIT)
    first, tie = 0, -1
    starts: list[int] = []
    rows: list[list[float]] = []
    for o in range(output_size):
        u = _rounded(axis_map.scale * (o - out_centre), _POSITION_UNIT) + shift
        if not abs(u) <= input_size * 0.5:
            first += not starts
            continue
        start, weights = _upper_window(axis, abs(u))
        if u < 0.0:
            start = input_size - len(weights) - start
            weights.reverse()
        elif interpolation == "nearest" and u == 0.0 and input_size % 2 == 0:
            tie = len(starts)
        starts.append(start)
        rows.append(weights)
    weights_table = np.array(rows, np.float64).reshape(len(rows), min(axis.taps, input_size))
    taps = AxisTaps(first, np.array(starts, np.int64), weights_table, tie)
    return taps if interpolation == "nearest" or not starts else _collapsed(taps)
