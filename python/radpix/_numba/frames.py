from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from radpix._backend import AxisMap, Buffer, Combine, Deviation, FrameLayout, Grid, Voi

if TYPE_CHECKING:
    from numpy.typing import NDArray


def decodable() -> frozenset[str]:
    raise NotImplementedError


def decode_frames(
    transfer_syntax: str,
    codestreams: Sequence[Buffer],
    layout: FrameLayout,
    out: NDArray[Any],
    *,
    keep_components: bool,
    num_threads: int,
) -> list[Deviation]:
    raise NotImplementedError
