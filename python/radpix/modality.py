"""Modality values: what stored values mean, by the rescale or the lookup table of their data set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from radpix._arguments import dataset_of, integer
from radpix._backend import kernels
from radpix._display.attributes import functional_group, number, text, value
from radpix._display.lut import LookupTable, lookup_table, present_luts
from radpix._display.over_values import over_values
from radpix._warn import warn
from radpix.threads import thread_count
from radpix.window import checked_pixels

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike, NDArray
    from pydicom import Dataset

__all__ = ["Rescale", "apply_modality", "modality_transform", "rescale_of"]

_RESULTS = frozenset(
    np.dtype(kind) for kind in ("i1", "u1", "i2", "u2", "i4", "u4", "f4", "f8")
)  # what the kernels write

#: X-Ray Angiographic, X-Ray Radiofluoroscopic and the retired biplane image storage: the X-Ray Image module.
_XRAY_IMAGES = frozenset(f"1.2.840.10008.5.1.4.1.1.12.{last}" for last in (1, 2, 3))


class Rescale(NamedTuple):
    """Modality value = slope * stored value + intercept (PS3.3 C.11.1.1.2)."""

    slope: float
    intercept: float


def apply_modality(
    pixels: ArrayLike,
    dataset: Dataset,
    *,
    frame: int = 0,
    dtype: DTypeLike | None = None,
    num_threads: int | None = None,
) -> NDArray[Any]:
    """Turn stored values into modality values (HU, ...), by the data set's rescale or Modality LUT.

    Rescale Slope and Intercept come from the Pixel Value Transformation Sequence of the frame's functional
    group (PS3.3 C.7.6.16.2.9), else of the shared one, else from the data set itself (C.11.1); a Modality LUT
    Sequence at the top goes before the latter. ``slope * pixel + intercept`` is computed in float64, then
    rounded half to even and saturated where the result is integer.

    X-Ray angiography and radiofluoroscopy objects (XA, RF) whose Pixel Intensity Relationship is LOG or DISP keep
    their stored values: there Modality LUT and rescale lead back to X-Ray intensity, and windows are for the
    stored values (C.8.7.1.1.2).

    Parameters
    ----------
    pixels
        Stored values of any shape, as `radpix.decode` returns them; all are converted alike.
    dataset
        Only its attributes are read.
    frame
        Index from 0 of the frame that ``pixels`` are of, where every frame has its own rescale.
    dtype
        Of the result: an integer of up to 32 bits, float32 or float64. None stands for int16 where slope and
        intercept are whole numbers and every value of Bits Stored bits (of the dtype of ``pixels``, should
        they hold more) fits, else int32 on the same terms, else float32, or float64 for integers of more than
        16 bits; float pixels keep their dtype. Modality LUTs give int16 or int32. Without rescale the dtype
        of ``pixels`` stays.
    num_threads
        Threads to use, None for the default.

    Returns
    -------
    ndarray
        Modality values of the shape of ``pixels``, of the type that ``dtype`` says; always a new array, a copy where
        the data set has neither rescale nor LUT.

    Raises
    ------
    PixelDataError
        A rescale or LUT that is not what the standard says.
    IndexError
        ``frame`` has no functional group.
    TypeError
        Pixels or ``dtype`` of an unsupported type, a LUT for pixels that are not integers, or a ``dataset`` that is
        no pydicom data set.

    Warns
    -----
    RadpixWarning
        Only one of slope and intercept is there (``"rescale-incomplete"``); the other counts as 1 or 0.

    Examples
    --------
    >>> import numpy as np, pydicom, radpix
    >>> dataset = pydicom.Dataset()
    >>> dataset.BitsStored, dataset.RescaleSlope, dataset.RescaleIntercept = 12, 1, -1024
    >>> radpix.apply_modality(np.array([0, 1024, 4095], dtype=np.uint16), dataset)
    array([-1024,     0,  3071], dtype=int16)
    """
    array = checked_pixels(pixels)
    wanted = None if dtype is None else np.dtype(dtype)
    if wanted is not None and wanted not in _RESULTS:
        raise TypeError(f"modality values are integers of up to 32 bits, float32 or float64, not {wanted}")
    threads = thread_count(num_threads)
    rescale = modality_transform(
        dataset_of(dataset), integer(frame, "frame"), is_signed=array.dtype.kind == "i"
    )
    if isinstance(rescale, LookupTable):
        return _looked_up(array, rescale, wanted, threads)
    if rescale is None:
        if wanted is None or wanted == array.dtype:
            return array.copy(order="K")
        rescale = Rescale(1.0, 0.0)
    if wanted is None:
        wanted = _result_dtype(array, value(dataset, "BitsStored"), *rescale)
    result = np.empty_like(array, dtype=wanted, subok=False)
    kernels().rescale(array, result, *rescale, num_threads=threads)
    return result


def modality_transform(dataset: Dataset, frame: int, *, is_signed: bool) -> Rescale | LookupTable | None:
    """Return what turns stored into modality values, None where the data set has nothing that applies.

    Parameters
    ----------
    is_signed
        Whether stored values are: that decides about the first value that a Modality LUT maps.
    """
    if _is_for_linearisation(dataset):
        return None
    found = functional_group(dataset, frame, "PixelValueTransformationSequence")
    if not found:
        luts = present_luts(dataset, "ModalityLUTSequence")
        if luts:
            return lookup_table(luts[0], is_signed=is_signed, name="Modality LUT")
    return rescale_of(found[0] if found else dataset)


def _is_for_linearisation(dataset: Dataset) -> bool:
    """Return whether the Modality LUT leads back to X-Ray intensity, and is not for display (C.8.7.1.1.2)."""
    if text(dataset, "SOPClassUID") not in _XRAY_IMAGES:
        return False
    return text(dataset, "PixelIntensityRelationship") in {"LOG", "DISP"}


def rescale_of(item: Dataset) -> Rescale | None:
    """Return Rescale Slope and Intercept of a data set or item, None where it has neither."""
    slope, intercept = number(item, "RescaleSlope"), number(item, "RescaleIntercept")
    if slope is None and intercept is None:
        return None
    if slope is None or intercept is None:
        missing = "Rescale Slope" if slope is None else "Rescale Intercept"
        default = 1 if slope is None else 0
        message = f"{missing} is missing beside its sibling (PS3.3 C.11.1); {default} is used"
        warn(message, "rescale-incomplete")
    return Rescale(1.0 if slope is None else slope, 0.0 if intercept is None else intercept)


def _result_dtype(pixels: NDArray[Any], bits_stored: Any, slope: float, intercept: float) -> np.dtype[Any]:
    """Return the smallest of int16, int32 and floats that holds what every possible stored value becomes."""
    if pixels.dtype.kind == "f":
        return pixels.dtype
    if slope.is_integer() and intercept.is_integer():
        ends = [slope * end + intercept for end in _stored_range(pixels, bits_stored)]
        for integer in (np.int16, np.int32):
            limits = np.iinfo(integer)
            if limits.min <= min(ends) and max(ends) <= limits.max:
                return np.dtype(integer)
    return np.dtype(np.float32 if pixels.dtype.itemsize <= 2 else np.float64)


def _stored_range(pixels: NDArray[Any], bits_stored: Any) -> tuple[int, int]:
    """Return the least and greatest value of Bits Stored bits, or of the dtype if the pixels hold more."""
    limits = np.iinfo(pixels.dtype)
    bits = bits_stored if isinstance(bits_stored, int) and 1 <= bits_stored <= limits.bits else limits.bits
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if limits.min < 0 else (0, (1 << bits) - 1)
    # Padding and overlay bits may lie outside of Bits Stored; they must not be saturated away.
    if bits == limits.bits or pixels.size == 0 or (pixels.min() >= low and pixels.max() <= high):
        return low, high
    return int(limits.min), int(limits.max)


def _looked_up(
    pixels: NDArray[Any], table: LookupTable, wanted: np.dtype[Any] | None, threads: int
) -> NDArray[Any]:
    """Apply a Modality LUT (PS3.3 C.11.1.1.1)."""
    if pixels.dtype.kind == "f":
        raise TypeError(f"a Modality LUT maps integers, not {pixels.dtype}")
    if wanted is None:
        wanted = np.dtype(np.int16 if table.entries.max() <= np.iinfo(np.int16).max else np.int32)

    def converted(values: NDArray[Any]) -> NDArray[Any]:
        result = np.empty(values.shape, wanted)
        kernels().rescale(table.at(values), result, 1.0, 0.0, num_threads=threads)
        return result

    return over_values(pixels, converted, threads)
