"""Real world values: what stored values measure (PS3.3 C.7.6.16.2.11), apart from how they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from radpix._arguments import dataset_of, integer
from radpix._display.attributes import functional_group, items, number, numbers, text, value
from radpix.errors import PixelDataError
from radpix.window import checked_pixels

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from pydicom import Dataset

__all__ = ["apply_real_world"]


def apply_real_world(
    pixels: ArrayLike, dataset: Dataset, *, frame: int = 0, mapping: int | str = 0
) -> NDArray[np.float64]:
    """Turn stored values into real world values: concentrations, ADC, SUV, ...

    Parameters
    ----------
    pixels
        Stored values of any shape, as `radpix.decode` returns them, before any rescale.
    dataset
        With a Real World Value Mapping Sequence, in the frame's functional group, else the shared one, else at the
        top.
    frame
        Index from 0 of the frame that ``pixels`` are of.
    mapping
        Which item: its number from 0, or its LUT Label (regardless of case).

    Returns
    -------
    ndarray
        float64 of the shape of ``pixels``, in the mapping's Measurement Units (0040,08EA); NaN for stored values that
        it does not cover.

    Raises
    ------
    PixelDataError
        There is no mapping, or it is not what the standard says.
    ValueError
        There is no such item; the message lists them.
    IndexError
        ``frame`` has no functional group.
    TypeError
        Pixels of an unsupported type, ``dataset`` is no pydicom data set, or ``mapping`` neither integer nor text.

    Examples
    --------
    >>> import numpy as np, pydicom, radpix
    >>> item = pydicom.Dataset()
    >>> item.RealWorldValueFirstValueMapped, item.RealWorldValueLastValueMapped = 0, 100
    >>> item.RealWorldValueSlope, item.RealWorldValueIntercept = 0.5, 1.0
    >>> dataset = pydicom.Dataset()
    >>> dataset.RealWorldValueMappingSequence = [item]
    >>> radpix.apply_real_world(np.array([0, 100, 101], np.uint16), dataset)
    array([ 1., 51., nan])
    """
    array = checked_pixels(pixels)
    found = functional_group(dataset_of(dataset), integer(frame, "frame"), "RealWorldValueMappingSequence")
    found = found or items(dataset, "RealWorldValueMappingSequence")
    if not found:
        raise PixelDataError("the data set has no Real World Value Mapping Sequence")
    item = _chosen(found, mapping)
    values = array.astype(np.float64)
    low, high = _ends(item, is_signed=array.dtype.kind == "i")
    result = np.full(array.shape, np.nan)
    inside = (values >= low) & (values <= high)
    result[inside] = _mapped(item, values[inside], low, high)
    return result


def _chosen(found: list[Dataset], mapping: int | str) -> Dataset:
    labels = [text(item, "LUTLabel") for item in found]
    if isinstance(mapping, str):
        for label, item in zip(labels, found, strict=True):
            if label.casefold() == mapping.casefold():
                return item
    elif 0 <= integer(mapping, "mapping") < len(found):
        return found[mapping]
    raise ValueError(f"there is no mapping {mapping!r}; the labels are {labels}")


def _ends(item: Dataset, *, is_signed: bool) -> tuple[float, float]:
    """Return the first and the last stored value that the item is for."""
    ends = []
    for end in ("First", "Last"):
        found = number(item, f"DoubleFloatRealWorldValue{end}ValueMapped")
        if found is None:
            found = number(item, f"RealWorldValue{end}ValueMapped")
            if found is not None and is_signed and found >= 0x8000:  # written as US
                found -= 0x10000
        if found is None:
            raise PixelDataError(f"a real world value mapping has no {end} Value Mapped")
        ends.append(found)
    return ends[0], ends[1]


def _mapped(item: Dataset, values: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    if value(item, "RealWorldValueLUTData") is not None:
        table = np.array(numbers(item, "RealWorldValueLUTData"))
        if len(table) != high - low + 1:
            raise PixelDataError(
                f"a real world value mapping of {low:g} to {high:g} has {len(table)} entries in its LUT"
            )
        return np.asarray(table[(values - low).astype(np.int64)])
    slope, intercept = number(item, "RealWorldValueSlope"), number(item, "RealWorldValueIntercept")
    if slope is None or intercept is None:
        raise PixelDataError("a real world value mapping has neither a LUT nor both slope and intercept")
    with np.errstate(over="ignore", invalid="ignore"):
        return slope * values + intercept
