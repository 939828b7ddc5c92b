from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from radpix._backend import AxisMap, Buffer, Combine, Deviation, FrameLayout, Grid, Voi

if TYPE_CHECKING:
    from numpy.typing import NDArray


def window(pixels: NDArray[Any], out: NDArray[Any], voi: Voi, *, num_threads: int) -> None:
    raise NotImplementedError


def rescale(
    pixels: NDArray[Any], out: NDArray[Any], slope: float, intercept: float, *, num_threads: int
) -> None:
    raise NotImplementedError
