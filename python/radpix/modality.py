"""Modality values: what stored values mean, by the rescale or the lookup table of their data set."""

from __future__ import annotations

import warnings
from math import isfinite
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from radpix._backend import kernels
from radpix.errors import PixelDataError, RadpixWarning
from radpix.threads import thread_count
from radpix.window import checked_pixels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, DTypeLike, NDArray
    from pydicom import Dataset

__all__ = ["apply_modality"]

_RESULTS = frozenset(
    np.dtype(kind) for kind in ("i1", "u1", "i2", "u2", "i4", "u4", "f4", "f8")
)  # what the kernels write


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

    For X-Ray angiography and fluoroscopy (XA, XRF) the standard does not have the Modality LUT applied for display
    (C.8.7.1.1.2, Pixel Intensity Relationship); this function applies what it finds, as asked.

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
        Always a new array, a copy of ``pixels`` where the data set has neither rescale nor LUT.

    Raises
    ------
    PixelDataError
        A rescale or LUT that is not what the standard says.
    IndexError
        ``frame`` has no functional group.
    TypeError
        Pixels or ``dtype`` of an unsupported type, or a LUT for pixels that are not integers.

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
    group = _pixel_value_transformation(dataset, frame)
    if group is None and dataset.get("ModalityLUTSequence"):
        return _looked_up(array, dataset["ModalityLUTSequence"].value[0], wanted)
    rescale = _rescale_of(dataset if group is None else group)
    if rescale is None:
        if wanted is None or wanted == array.dtype:
            return array.copy(order="K")
        rescale = (1.0, 0.0)
    if wanted is None:
        wanted = _result_dtype(array, dataset.get("BitsStored"), *rescale)
    result = np.empty_like(array, dtype=wanted, subok=False)
    kernels().rescale(array, result, *rescale, num_threads=threads)
    return result


def _pixel_value_transformation(dataset: Dataset, frame: int) -> Dataset | None:
    """Return the frame's own item, else the shared one (PS3.3 C.7.6.16.2.9), else None."""
    groups: list[Dataset] = list(dataset.get("SharedFunctionalGroupsSequence") or [])[:1]
    frames = dataset.get("PerFrameFunctionalGroupsSequence")
    if frames:
        if not 0 <= frame < len(frames):
            raise IndexError(f"frame {frame} has no functional group; the data set has {len(frames)}")
        groups.insert(0, frames[frame])
    for group in groups:
        items = group.get("PixelValueTransformationSequence")
        if items:
            return cast("Dataset", items[0])
    return None


def _rescale_of(item: Dataset) -> tuple[float, float] | None:
    found = [_number(item, "RescaleSlope"), _number(item, "RescaleIntercept")]
    if found == [None, None]:
        return None
    slope, intercept = found
    if slope is None or intercept is None:
        missing = "Rescale Slope" if slope is None else "Rescale Intercept"
        default = 1 if slope is None else 0
        message = f"{missing} is missing beside its sibling (PS3.3 C.11.1); {default} is used"
        warnings.warn(RadpixWarning(message, "rescale-incomplete"), stacklevel=3)
    return 1.0 if slope is None else slope, 0.0 if intercept is None else intercept


def _number(item: Dataset, keyword: str) -> float | None:
    value = item.get(keyword)
    if value is None or value == "":
        return None
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise PixelDataError(f"{keyword} is {value!r}, not one number") from error
    if not isfinite(number):
        raise PixelDataError(f"{keyword} is {value!r}, not a finite number")
    return number


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


def _looked_up(pixels: NDArray[Any], item: Dataset, wanted: np.dtype[Any] | None) -> NDArray[Any]:
    """Apply LUT Descriptor and LUT Data of a Modality LUT item (PS3.3 C.11.1.1.1)."""
    if pixels.dtype.kind == "f":
        raise TypeError(f"a Modality LUT maps integers, not {pixels.dtype}")
    entries, first = _table(item, is_signed=pixels.dtype.kind == "i")
    if wanted is None:
        wanted = np.dtype(np.int16 if entries.max() <= np.iinfo(np.int16).max else np.int32)
    converted = np.empty(entries.shape, wanted)
    kernels().rescale(entries, converted, 1.0, 0.0, num_threads=1)
    # Values before the first mapped one get the first entry, those after the last one the last (C.11.1.1).
    limits = np.iinfo(pixels.dtype)
    low = min(max(first, limits.min), limits.max)
    high = min(max(first + len(entries) - 1, limits.min), limits.max)
    index = np.clip(pixels, low, high).astype(np.int64) - first
    result: NDArray[Any] = converted[np.clip(index, 0, len(entries) - 1)]
    return result


def _table(item: Dataset, *, is_signed: bool) -> tuple[NDArray[np.uint16], int]:
    """Return the entries of a LUT and the first value it maps."""
    descriptor = item.get("LUTDescriptor")
    data = item.get("LUTData")
    if descriptor is None or isinstance(descriptor, (int, str)) or len(descriptor) != 3 or data is None:
        raise PixelDataError("a Modality LUT has a LUT Descriptor of three values and LUT Data")
    # Number of entries and bits are unsigned, the first value is signed as the pixels are, whatever the VR.
    count = (int(descriptor[0]) & 0xFFFF) or 65536
    first, bits = int(descriptor[1]) & 0xFFFF, int(descriptor[2])
    if is_signed and first >= 0x8000:
        first -= 0x10000
    if not 8 <= bits <= 16:
        raise PixelDataError(f"the LUT Descriptor says {bits} bits per entry, not 8 to 16")
    entries = _entries(data, count, bits, little_endian=_is_little_endian(item))
    if len(entries) < count:
        raise PixelDataError(
            f"the LUT Descriptor says {count} entries of {bits} bits, but LUT Data holds {len(entries)}"
        )
    return entries[:count], first


def _entries(
    data: bytes | int | Sequence[int], count: int, bits: int, *, little_endian: bool
) -> NDArray[np.uint16]:
    """Return LUT Data as words; 8-bit entries may come two to a word, low byte first (PS3.3 C.11.1.1.1)."""
    if isinstance(data, (bytes, bytearray)):
        raw = bytes(data)
    else:
        values = np.atleast_1d(np.asarray(data, dtype=np.int64)) & 0xFFFF
        raw = values.astype("<u2" if little_endian else ">u2").tobytes()
    if bits == 8 and len(raw) < 2 * count:
        if not little_endian:  # OW words in big endian hold the low byte second
            raw = np.frombuffer(raw[: len(raw) & ~1], dtype="<u2").byteswap().tobytes()
        return np.frombuffer(raw, dtype=np.uint8).astype(np.uint16)
    words = np.frombuffer(raw[: len(raw) & ~1], dtype="<u2" if little_endian else ">u2")
    return words.astype(np.uint16)


def _is_little_endian(item: Dataset) -> bool:
    """Return how the bytes of OW values are ordered; data sets made in memory count as little endian."""
    return getattr(item, "original_encoding", (None, None))[1] is not False
