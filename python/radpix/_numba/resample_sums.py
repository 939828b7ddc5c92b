"""Sums over windows: the outermost pair first and the middle last, in the order that all passes share.

The loops over columns are the inner ones, so that the compiler makes vector code of them.
"""

from __future__ import annotations

from radpix._numba.jit import jit

__all__ = ["sum_of_window", "sum_rows", "sum_windows"]


@jit
def sum_of_window(  # type: ignore[no-untyped-def]
    values, begin, weights
):
    """Return the sum over one window."""
    taps = weights.size
    if taps == 1:
        return values[begin]
    total = weights[0] * values[begin] + weights[taps - 1] * values[begin + taps - 1]
    for j in range(1, taps // 2):
        total += weights[j] * values[begin + j] + weights[taps - 1 - j] * values[begin + taps - 1 - j]
    if taps > 2 and taps % 2 != 0:
        total += weights[taps // 2] * values[begin + taps // 2]
    return total


@jit
def sum_rows(  # type: ignore[no-untyped-def]
    source, begin, modulus, weights, target
):
    """Set ``target[x]`` to the sum over the rows ``begin``, ``begin + 1``, ... of ``source``, modulo ``modulus``."""
    work, taps = target.dtype.type, weights.size
    first, last = source[begin % modulus], source[(begin + taps - 1) % modulus]
    if taps == 1:
        for x in range(target.size):
            target[x] = work(first[x])
        return
    one, other = weights[0], weights[taps - 1]
    for x in range(target.size):
        target[x] = one * work(first[x]) + other * work(last[x])
    for j in range(1, taps // 2):
        first, last = source[(begin + j) % modulus], source[(begin + taps - 1 - j) % modulus]
        one, other = weights[j], weights[taps - 1 - j]
        for x in range(target.size):
            target[x] += one * work(first[x]) + other * work(last[x])
    if taps > 2 and taps % 2 != 0:
        first, one = source[(begin + taps // 2) % modulus], weights[taps // 2]
        for x in range(target.size):
            target[x] += one * work(first[x])


@jit
def sum_windows(  # type: ignore[no-untyped-def]
    row, start, weights, target
):
    """Set ``target[x]`` to the sum over ``row[start[x]:]``; ``weights`` has the shape (taps, columns).

    ``start`` is unsigned: signed indices cost a test for negative ones.
    """
    taps = weights.shape[0]
    if taps == 1:
        for x in range(target.size):
            target[x] = row[start[x]]
        return
    one, other, far = weights[0], weights[taps - 1], row[taps - 1 :]
    for x in range(target.size):
        target[x] = one[x] * row[start[x]] + other[x] * far[start[x]]
    for j in range(1, taps // 2):
        one, other = weights[j], weights[taps - 1 - j]
        near, far = row[j:], row[taps - 1 - j :]
        for x in range(target.size):
            target[x] += one[x] * near[start[x]] + other[x] * far[start[x]]
    if taps > 2 and taps % 2 != 0:
        one, near = weights[taps // 2], row[taps // 2 :]
        for x in range(target.size):
            target[x] += one[x] * near[start[x]]
