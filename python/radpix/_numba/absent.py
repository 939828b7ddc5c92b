"""Voxels that hold the padding value (PS3.3 C.7.5.1.1.2), as in ``src/base/absent.hpp``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from radpix._numba.jit import jit

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Absent", "absent_of", "is_absent"]


class Absent(NamedTuple):
    """Tells the absent voxels: none, or those equal to ``value``, which may be NaN."""

    any: bool
    value: Any  # of the voxels' type
    is_nan: bool


def absent_of(voxels: NDArray[Any], padding: float | None) -> Absent:
    """Return what is absent from ``voxels``: nothing where their type does not hold the padding value."""
    dtype = voxels.dtype
    if padding is not None and dtype.kind == "f":
        if np.isnan(padding):
            return Absent(True, dtype.type(np.nan), True)
        if np.isinf(padding) or abs(padding) <= float(np.finfo(dtype).max):
            return Absent(True, dtype.type(padding), False)
    elif padding is not None and np.isfinite(padding) and padding == np.floor(padding):
        info = np.iinfo(dtype)
        if info.min <= int(padding) <= info.max:
            return Absent(True, dtype.type(int(padding)), False)
    return Absent(False, dtype.type(0), False)


@jit
def is_absent(voxel, absent):  # type: ignore[no-untyped-def]
    return absent.any and (voxel != voxel if absent.is_nan else voxel == absent.value)  # noqa: PLR0124
