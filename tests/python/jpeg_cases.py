"""What the tests of JPEG share: one call of the decoder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from radpix import _core
from radpix._backend import Deviation, FrameLayout, kernels

if TYPE_CHECKING:
    from numpy.typing import NDArray

BASELINE = "1.2.840.10008.1.2.4.50"
EXTENDED = "1.2.840.10008.1.2.4.51"
SPECTRAL = "1.2.840.10008.1.2.4.53"
PROGRESSIVE = "1.2.840.10008.1.2.4.55"
LOSSLESS = "1.2.840.10008.1.2.4.57"
LOSSLESS_SV1 = "1.2.840.10008.1.2.4.70"
LEVELS = ("scalar", "auto")


class Decoded(NamedTuple):
    frames: NDArray[Any]
    deviations: list[Deviation]

    @property
    def pixels(self) -> NDArray[Any]:
        first: NDArray[Any] = self.frames[0]
        return first

    @property
    def codes(self) -> list[str]:
        return [deviation.code for deviation in self.deviations]


def layout_of(
    shape: tuple[int, ...],
    stored: int,
    *,
    signed: bool = False,
    photometric: str | None = None,
    allocated: int | None = None,
) -> FrameLayout:
    """Return the layout of frames of ``shape`` (rows, columns[, samples])."""
    samples = shape[2] if len(shape) == 3 else 1
    return FrameLayout(
        shape[0],
        shape[1],
        samples,
        allocated or (8 if stored <= 8 else 16),
        stored,
        stored - 1,
        signed,
        photometric_interpretation=photometric or ("RGB" if samples == 3 else "MONOCHROME2"),
    )


def decode(
    syntax: str,
    codestreams: bytes | list[bytes],
    layout: FrameLayout,
    *,
    keep_components: bool = False,
    num_threads: int = 1,
    level: str = "auto",
    out: NDArray[Any] | None = None,
) -> Decoded:
    """Decode into memory that held something else."""
    frames = [codestreams] if isinstance(codestreams, bytes) else codestreams
    if out is None:
        shape = (
            len(frames),
            layout.rows,
            layout.columns,
            *[layout.samples_per_pixel][: layout.samples_per_pixel > 1],
        )
        out = np.full(shape, 0x5A, f"{'i' if layout.is_signed else 'u'}{layout.bits_allocated // 8}")
    _core.set_cpu_level(level)
    try:
        deviations = kernels().decode_frames(
            syntax, frames, layout, out, keep_components=keep_components, num_threads=num_threads
        )
    finally:
        _core.set_cpu_level("auto")
    return Decoded(out, deviations)


def picture(shape: tuple[int, ...], precision: int, seed: int = 0) -> NDArray[Any]:
    """Return a smooth picture with noise and both extremes of ``precision`` bits."""
    rng = np.random.default_rng(seed)
    y, x = np.indices(shape[:2])
    smooth = (np.sin(x / 5) + np.cos(y / 4) + 2) / 4
    if len(shape) == 3:
        smooth = np.stack([np.roll(smooth, 3 * c, axis=1) for c in range(shape[2])], axis=-1)
    most = (1 << precision) - 1
    values = np.clip(smooth * most + rng.normal(0, most / 30 + 1, shape), 0, most)
    spots = rng.random(shape)
    values[spots < 0.02], values[spots > 0.98] = 0, most
    pixels: NDArray[Any] = values.astype(np.uint8 if precision <= 8 else np.uint16)
    return pixels
