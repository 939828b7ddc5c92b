from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from radpix._backend import AxisMap, Buffer, Combine, Deviation, FrameLayout, Grid, Voi

if TYPE_CHECKING:
    from numpy.typing import NDArray


def reslice(
    voxels: NDArray[Any],
    out: NDArray[Any],
    grid: Grid,
    *,
    combine: Combine,
    interpolation: str,
    fill: float,
    num_threads: int,
) -> None:
    raise NotImplementedError
