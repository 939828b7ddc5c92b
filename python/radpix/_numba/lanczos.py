"""Lanczos samples of six taps along each axis, as ``cpp/src/transform/lanczos.hpp``."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from radpix._numba.cells import present_sum
from radpix._numba.filters import filter_at
from radpix._numba.jit import jit

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["lanczos", "lanczos_table"]

_STEPS = 1024


@cache
def lanczos_table() -> NDArray[np.float64]:
    """Return weights (1025, 6) that sum to 1, for fractions of k / 1024."""
    table = np.empty((_STEPS + 1, 6))
    for row in range(_STEPS + 1):
        weights = [filter_at("lanczos", abs(row / _STEPS - (k - 2.0))) for k in range(6)]
        total = 0.0
        for weight in weights:
            total += weight
        table[row] = [weight / total for weight in weights]
    return table


@jit
def _find_taps(shape: Any, position: Any, table: Any, weights: Any, at: Any) -> None:
    for axis in range(3):
        n = shape[axis]
        index = min(max(position[axis], 0.0), n - 1.0)
        floor = min(int(index), max(n - 2, 0))
        place = (index - floor) * float(_STEPS)
        row = min(int(place), _STEPS - 1)
        share = place - row
        for k in range(6):
            weights[axis, k] = table[row, k] + share * (table[row + 1, k] - table[row, k])
            at[axis, k] = min(max(floor + k - 2, 0), n - 1)


@jit
def lanczos(voxels: Any, position: Any, table: Any, absent: Any, gone: Any, work: Any) -> Any:
    """Return the sample at a position inside."""
    weights, at = np.empty((3, 6)), np.empty((3, 6), np.int64)
    _find_taps(voxels.shape, position, table, weights, at)
    columns, rows = np.zeros(6, work), np.empty(6, work)
    for z in range(6):
        rows[:] = work(0)
        for y in range(6):
            for x in range(6):
                rows[x] += work(weights[1, y]) * work(voxels[at[0, z], at[1, y], at[2, x]])
        for x in range(6):
            columns[x] += work(weights[0, z]) * rows[x]
    value = work(0)
    for x in range(6):
        value += work(weights[2, x]) * columns[x]
    return work(present_sum(voxels, at, weights, absent, gone, value)) if absent.any else value
