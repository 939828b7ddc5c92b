"""Projections along one axis: exact integer sums, floating point sums in the order of the axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from radpix._numba.absent import Absent, absent_of, is_absent
from radpix._numba.jit import jit
from radpix._numba.threads import parallel_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from radpix._backend import Combine

__all__ = ["project"]


@jit
def _extrema(lines, found, sign):  # type: ignore[no-untyped-def]
    """Maxima (sign 1) or minima (sign -1) of lines (row, k, column); a NaN stays."""
    for r in range(lines.shape[0]):
        for k in range(1, lines.shape[1]):
            for c in range(lines.shape[2]):
                x, a = lines[r, k, c], found[r, c]
                if (x > a if sign > 0 else x < a) or np.isnan(x):
                    found[r, c] = x


@jit
def _add(lines, sums):  # type: ignore[no-untyped-def]
    for r in range(lines.shape[0]):
        for k in range(lines.shape[1]):
            for c in range(lines.shape[2]):
                sums[r, c] += lines[r, k, c]


def _medians(lines: NDArray[Any]) -> NDArray[Any]:
    """Return the middle value of odd numbers of voxels, the sum of the middle two of even ones."""
    length = lines.shape[1]
    ordered = np.sort(lines, axis=1)
    wide = np.float64 if lines.dtype.kind == "f" else np.int64
    upper = ordered[:, length // 2].astype(wide)
    lower = ordered[:, (length - 1) // 2].astype(wide)
    sums = lower + upper if length % 2 == 0 else upper
    if lines.dtype.kind == "f":
        sums[np.isnan(lines).any(axis=1)] = np.nan
    return np.asarray(sums)


def _mean(sums: NDArray[Any], count: int | NDArray[np.int64], dtype: np.dtype[Any]) -> NDArray[Any]:
    if dtype.kind == "f":
        return np.asarray(sums.astype(np.float64) / count)
    quotient, rest = np.divmod(sums, count)
    return np.asarray(quotient + ((2 * rest > count) | ((2 * rest == count) & (quotient % 2 != 0))))


def _store(values: NDArray[Any], out: NDArray[Any]) -> None:
    """Write with one NaN and one zero, saturated where ``out`` holds integers."""
    if out.dtype.kind == "f":
        with np.errstate(over="ignore"):
            out[...] = values + values.dtype.type(0)
        out[np.isnan(out)] = np.nan
    else:
        info = np.iinfo(out.dtype)
        out[...] = np.clip(values, info.min, info.max)


def _combine(lines: NDArray[Any], out: NDArray[Any], combine: Combine) -> None:
    length = lines.shape[1]
    if combine in {"max", "min"}:
        found = lines[:, 0].copy()
        _extrema(lines, found, 1 if combine == "max" else -1)
        _store(found, out)
    elif combine == "median":
        medians = _medians(lines)
        _store(_mean(medians, 2, out.dtype) if length % 2 == 0 else medians, out)
    else:
        sums = np.zeros(out.shape, np.float64 if lines.dtype.kind == "f" else np.int64)
        _add(lines, sums)
        _store(_mean(sums, length, out.dtype) if combine == "mean" else sums, out)


@jit
def _gather(lines, absent, present, counts):  # type: ignore[no-untyped-def]
    """Move the present voxels of lines (row, k, column) to the front of ``present`` (row, column, k)."""
    for r in range(lines.shape[0]):
        for k in range(lines.shape[1]):
            for c in range(lines.shape[2]):
                if not is_absent(lines[r, k, c], absent):
                    present[r, c, counts[r, c]] = lines[r, k, c]
                    counts[r, c] += 1


@jit
def _reduce_present(present, counts, how, results):  # type: ignore[no-untyped-def]
    """Find sums (how 0), maxima (1), minima (2) or medians (3), of even counts the sum of the middle two."""
    for r in range(counts.shape[0]):
        for c in range(counts.shape[1]):
            n = counts[r, c]
            if n == 0:
                continue
            line = present[r, c, :n]
            result = results[r, c]
            if how == 0:
                for x in line:
                    result += x
            elif how == 3:
                has_nan = np.isnan(line).any()
                line.sort()
                result += line[n // 2]
                if n % 2 == 0:
                    result += line[n // 2 - 1]
                if has_nan:
                    result += line[n - 1]  # sorted last
            else:
                result += line[0]
                for x in line[1:]:
                    if (x > result if how == 1 else x < result) or np.isnan(x):
                        result = x
            results[r, c] = result


def _combine_present(lines: NDArray[Any], out: NDArray[Any], combine: Combine, absent: Absent) -> None:
    rows, length, columns = lines.shape
    present = np.empty((rows, columns, length), lines.dtype)
    counts = np.zeros((rows, columns), np.int64)
    _gather(lines, absent, present, counts)
    results = np.zeros(counts.shape, np.float64 if lines.dtype.kind == "f" else np.int64)
    how = {"sum": 0, "mean": 0, "max": 1, "min": 2, "median": 3}[combine]
    _reduce_present(present, counts, how, results)
    if combine == "mean":
        results = _mean(results, np.maximum(counts, 1), out.dtype)
    elif combine == "median":
        results = np.where(counts % 2 == 0, _mean(results, 2, out.dtype), results)
    elif combine != "sum":
        results = results.astype(lines.dtype)  # as the voxels: -0 and float32 alike
    _store(results, out)
    none = np.broadcast_to(absent.value, counts.shape)[counts == 0]
    empty = np.empty(none.shape, out.dtype)
    _store(none, empty)
    out[counts == 0] = empty


def project(
    voxels: NDArray[Any],
    out: NDArray[Any],
    *,
    axis: int,
    combine: Combine,
    num_threads: int,
    padding: float | None = None,
) -> None:
    absent = absent_of(voxels, padding)
    lines = voxels.transpose([(1, 0, 2), (0, 1, 2), (0, 2, 1)][axis])
    parallel_for(
        out.shape[0],
        16,
        num_threads,
        lambda first, last: (
            _combine_present(lines[first:last], out[first:last], combine, absent)
            if absent.any
            else _combine(lines[first:last], out[first:last], combine)
        ),
    )
