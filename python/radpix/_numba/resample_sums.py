"""The sum over one window, in the order that both passes over a volume share."""

from __future__ import annotations

from radpix._numba.jit import jit

__all__ = ["sum_of_window"]


@jit
def sum_of_window(  # type: ignore[no-untyped-def]
    values, begin, weights
):
    """Sum the outermost pair first and the middle last."""
    taps = weights.size
    if taps == 1:
        return values[begin]
    total = weights[0] * values[begin] + weights[taps - 1] * values[begin + taps - 1]
    for j in range(1, taps // 2):
        total += weights[j] * values[begin + j] + weights[taps - 1 - j] * values[begin + taps - 1 - j]
    if taps > 2 and taps % 2 != 0:
        total += weights[taps // 2] * values[begin + taps // 2]
    return total
