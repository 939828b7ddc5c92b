"""The backends at their CPU levels, as tests of frames call them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from radpix import _core, _native, _numba

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from radpix._backend import Deviation, FrameLayout, Kernels


class Backend(NamedTuple):
    kernels: Kernels
    level: str

    def __repr__(self) -> str:
        return f"{self.kernels.name}-{self.level}"

    def decode(
        self,
        syntax: str,
        frames: list[bytes],
        layout: FrameLayout,
        out: NDArray[Any],
        *,
        keep_components: bool = False,
        num_threads: int = 1,
    ) -> list[Deviation]:
        _core.set_cpu_level(self.level)
        try:
            return self.kernels.decode_frames(
                syntax, frames, layout, out, keep_components=keep_components, num_threads=num_threads
            )
        finally:
            _core.set_cpu_level("auto")


BACKENDS = [Backend(_native, "scalar"), Backend(_native, "auto"), Backend(_numba, "auto")]
