"""Slices whose pixels lie in their files as they are in memory: read by the core, many files in one call."""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from radpix._backend import FrameLayout, kernels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from radpix._series.instance import Instance

__all__ = ["SliceOutcome", "core_layout", "direct_layout", "direct_type", "read_slices"]

_SYNTAXES = frozenset({"1.2.840.10008.1.2", "1.2.840.10008.1.2.1"})
_MONOCHROME = frozenset({"MONOCHROME1", "MONOCHROME2"})


def direct_layout(instance: Instance) -> FrameLayout | None:
    """Return the layout of pixels that lie in the file as they are in memory, None of any others.

    What departs from the standard in any way is left to `radpix.decode`, which says so.
    """
    if (
        instance.transfer_syntax_uid not in _SYNTAXES
        or sys.byteorder != "little"
        or not instance.pixel_offset
        or instance.samples_per_pixel != 1
        or instance.is_multi_frame
        or instance.tile is not None
    ):
        return None
    size = instance.number_of_frames * instance.rows * instance.columns * instance.bits_allocated // 8
    if instance.pixel_length != size + size % 2:
        return None
    return _layout(
        instance.rows,
        instance.columns,
        instance.bits_allocated,
        instance.bits_stored,
        instance.high_bit,
        instance.pixel_representation,
        instance.photometric_interpretation,
    )


@lru_cache(16)
def _layout(
    rows: int,
    columns: int,
    allocated: int,
    stored: int,
    high_bit: int | None,
    representation: int,
    photometric_interpretation: str,
) -> FrameLayout | None:
    if (
        photometric_interpretation not in _MONOCHROME
        or allocated not in {8, 16, 32}
        or not 0 < stored <= allocated
        or high_bit != stored - 1
        or representation not in {0, 1}
    ):
        return None
    return FrameLayout(
        rows,
        columns,
        1,
        allocated,
        stored,
        stored - 1,
        representation == 1,
        photometric_interpretation=photometric_interpretation,
    )


def direct_type(layout: FrameLayout) -> np.dtype[Any]:
    """Return the type of stored values."""
    return np.dtype(f"{'i' if layout.is_signed else 'u'}{layout.bits_allocated // 8}")


def core_layout(instance: Instance) -> FrameLayout | None:
    """Return the `direct_layout` of a slice that `read_slices` reads, None of any others."""
    if instance.is_empty or instance.has_modality_lut or kernels().name != "native":
        return None
    return direct_layout(instance)


class SliceOutcome(NamedTuple):
    """Whether a slice was read, and the range of its stored values, where that was asked for."""

    is_complete: bool
    minimum: float
    maximum: float


def read_slices(
    instances: Sequence[Instance],
    rescales: Sequence[tuple[float, float]],
    out: NDArray[Any],
    *,
    layout: FrameLayout,
    find_range: bool,
    num_threads: int,
) -> list[SliceOutcome]:
    """Read slices of one `core_layout` into ``out``, rescaled; those that are not complete are in any state."""
    from radpix import _core

    stored = direct_type(layout)
    size = layout.rows * layout.columns * stored.itemsize
    slices = [
        (instance.path, instance.pixel_offset + (instance.frame or 0) * size, slope, intercept)
        for instance, (slope, intercept) in zip(instances, rescales, strict=True)
    ]
    outcomes = _core.read_slices(slices, stored, layout.bits_stored, out, find_range, num_threads)
    return [SliceOutcome(*outcome) for outcome in outcomes]
