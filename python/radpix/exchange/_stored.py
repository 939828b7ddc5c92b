"""Voxels as stored values of 16 bits at most, with the rescale that leads back: nothing is lost unasked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from radpix.volume import Volume

__all__ = ["Stored", "stored_form"]

_UNSIGNED, _SIGNED = (0, 65535), (-32768, 32767)


@dataclass(frozen=True)
class Stored:
    """How voxels become stored values: ``round((voxel - intercept) / slope)`` as ``dtype``."""

    dtype: np.dtype[Any]
    slope: float = 1.0
    intercept: float = 0.0

    def encode(self, voxels: NDArray[Any]) -> NDArray[Any]:
        """Return the stored values of a slice."""
        if self.slope == 1 and self.intercept == 0:
            return voxels.astype(self.dtype)
        values = (voxels.astype(np.float64) - self.intercept) / self.slope
        return np.rint(values).astype(self.dtype)

    def encode_value(self, value: float) -> int | None:
        """Return the stored value that stands for exactly this one, or None."""
        stored = (value - self.intercept) / self.slope
        limit = np.iinfo(self.dtype)
        if not math.isfinite(stored) or abs(stored - round(stored)) > 1e-9 * max(1.0, abs(stored)):
            return None
        return round(stored) if limit.min <= round(stored) <= limit.max else None


def stored_form(volume: Volume, step: float | None) -> Stored:
    """Return the form that holds every voxel: exactly, or within half of ``step``.

    Raises
    ------
    ValueError
        No 16-bit form holds the voxels; the message names the finest step that would.
    """
    voxels = volume.voxels
    if voxels.ndim == 4:
        if voxels.dtype != np.uint8 or voxels.shape[3] != 3:
            raise ValueError(f"DICOM has colour of 3 uint8, not {voxels.shape[3]} channels of {voxels.dtype}")
        return Stored(np.dtype(np.uint8))
    if voxels.dtype.kind not in "biuf" or voxels.size == 0:
        raise ValueError(f"no stored values hold {voxels.size} voxels of {voxels.dtype}")
    if voxels.dtype == bool or (voxels.dtype == np.uint8 and step is None):
        return Stored(np.dtype(np.uint8))
    centred = volume.modality == "PT"  # Rescale Intercept of PET is 0 (PS3.3 C.8.9.4)
    low, high = _range(voxels, exact=step is None, centred=centred)
    slope = 1.0 if step is None else _slope(step)
    form = _fitting(low, high, slope, signed=voxels.dtype.kind != "u")
    if form is None or (centred and form.intercept != 0):
        raise ValueError(
            f"the voxels from {low:g} to {high:g} in steps of {slope:g} do not fit into 16 bits"
            f"{' without an intercept, which PET has not' if centred else ''}: give a step= of"
            f" {_finest(low, high, centred=centred):.3g} or more, to whose multiples they are rounded, an error of half"
            " of it"
        )
    return form


def _slope(step: float) -> float:
    if not (math.isfinite(step) and step > 0):
        raise ValueError(f"step is a positive number, not {step}")
    return _as_decimal(step)


def _range(voxels: NDArray[Any], *, exact: bool, centred: bool) -> tuple[float, float]:
    """Return the smallest and the largest voxel; refuse values that have no stored form at all."""
    low, high = float(voxels.min()), float(voxels.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError("voxels that are NaN or infinite have no stored value; replace them first")
    if exact and voxels.dtype.kind == "f" and not all(np.array_equal(np.rint(v), v) for v in voxels):
        raise ValueError(
            f"stored values are integers of 16 bits, the voxels are {voxels.dtype} with fractions: give step=, to"
            f" whose multiples they are rounded, an error of half of it;"
            f" {_finest(low, high, centred=centred):.3g} is the finest"
        )
    return low, high


def _fitting(low: float, high: float, slope: float, *, signed: bool) -> Stored | None:
    """Return the form for a range: signed where the type is, then unsigned, then with an intercept."""
    lowest, highest = low / slope, high / slope
    choices = [(np.int16, _SIGNED), (np.uint16, _UNSIGNED)]
    for dtype, (least, most) in choices if signed else choices[::-1]:
        if least <= round(lowest) and round(highest) <= most:
            return Stored(np.dtype(dtype), slope)
    intercept = _as_decimal(math.floor(lowest) * slope)
    if slope == 1 and not intercept.is_integer():
        return None
    fits = (low - intercept) / slope >= -0.5 and (high - intercept) / slope < 65535.5
    return Stored(np.dtype(np.uint16), slope, intercept) if fits else None


def _as_decimal(number: float) -> float:
    """Return what a number reads back as from a decimal string, which has 16 characters (PS3.5 6.2)."""
    from pydicom.valuerep import format_number_as_ds

    return float(format_number_as_ds(float(number)))


def _finest(low: float, high: float, *, centred: bool) -> float:
    """Return a step of three digits that surely fits; ``centred`` without an intercept."""
    if centred:
        low, high = 0.0, high if low >= 0 else 2 * max(high, -low)
    # An intercept has 13 digits surely.
    step = max((high - low) / 65000, 1e-12 * abs(low), 1e-30)
    digits = 10.0 ** (math.floor(math.log10(step)) - 2)
    return math.ceil(step / digits) * digits
