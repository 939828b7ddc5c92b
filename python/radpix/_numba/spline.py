"""The recursive prefilter of cubic splines, as in ``src/transform/prefilter.cpp``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from radpix._numba.jit import jit
from radpix._numba.threads import expect_stages, parallel_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["spline_coefficients"]

_POLE = -0.26794919243112270
_HORIZON = 30


@jit
def _filter_line(line: Any) -> None:
    work = line.dtype.type
    n = line.size
    if n == 1:
        return
    z, gain = work(_POLE), work(6.0)
    period = 2 * n - 2
    start = work(0.0)
    power = 1.0
    for k in range(min(period, _HORIZON)):
        start += work(6.0 * power) * line[k if k < n else period - k]
        power *= _POLE
    line[0] = (work(1.0 / (1.0 - power)) if period < _HORIZON else work(1.0)) * start
    for k in range(1, n):
        line[k] = gain * line[k] + z * line[k - 1]
    line[n - 1] = work(_POLE / (_POLE * _POLE - 1.0)) * (z * line[n - 2] + line[n - 1])
    for k in range(n - 2, -1, -1):
        line[k] = z * (line[k + 1] - line[k])


@jit
def _filter_slices(voxels: Any, out: Any, first: int, last: int) -> None:
    for z in range(first, last):
        for y in range(out.shape[1]):
            for x in range(out.shape[2]):
                out[z, y, x] = voxels[z, y, x]
            _filter_line(out[z, y])
        for x in range(out.shape[2]):
            _filter_line(out[z, :, x])


@jit
def _filter_depth(out: Any, first: int, last: int) -> None:
    for y in range(first, last):
        for x in range(out.shape[2]):
            _filter_line(out[:, y, x])


def spline_coefficients(voxels: NDArray[Any], out: NDArray[Any], *, num_threads: int) -> None:
    expect_stages(2)
    parallel_for(out.shape[0], 1, num_threads, lambda first, last: _filter_slices(voxels, out, first, last))
    parallel_for(out.shape[1], 8, num_threads, lambda first, last: _filter_depth(out, first, last))
