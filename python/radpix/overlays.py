"""Overlay planes (PS3.3 C.9.2): graphics of one bit above the image, in groups 6000 to 601E."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from radpix import limits
from radpix._arguments import array_of, dataset_of, described
from radpix._arguments import integer as integer_argument
from radpix._display.attributes import integer, integers, text, value
from radpix._display.lut import is_little_endian
from radpix._source.header import syntax_of_dataset
from radpix._warn import warn
from radpix.errors import PixelDataError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom import Dataset

__all__ = ["Overlay", "overlays"]

_GROUPS = range(0x6000, 0x6020, 2)
_ROWS, _COLUMNS, _FRAMES, _TYPE, _ORIGIN, _FIRST_FRAME = 0x10, 0x11, 0x15, 0x40, 0x50, 0x51
_BITS_ALLOCATED, _BIT_POSITION, _LABEL, _LAYER, _DATA = 0x100, 0x102, 0x1500, 0x1001, 0x3000

_IMAGE_PIXEL = (
    *("Rows", "Columns", "SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration"),
    *("NumberOfFrames", "BitsAllocated", "PixelData"),
)


@dataclass(frozen=True, eq=False)
class Overlay:
    """One overlay as it lies on one frame.

    Attributes
    ----------
    mask
        (overlay rows, overlay columns): where graphics are.
    origin
        Row and column of the image, from 0, where the mask's first bit lies; it may be outside.
    kind
        ``"G"`` for graphics, ``"R"`` for a region of interest.
    group
        0x6000 to 0x601E.
    label
        Overlay Label.
    """

    mask: NDArray[np.bool_]
    origin: tuple[int, int]
    kind: str
    group: int
    label: str = ""

    def on(self, shape: tuple[int, int]) -> NDArray[np.bool_]:
        """Return the mask as it lies on an image; what lies outside is cut off.

        Parameters
        ----------
        shape
            (rows, columns) of the image.

        Returns
        -------
        ndarray
            (rows, columns) bool: True where graphics are.

        Raises
        ------
        ValueError, TypeError
            ``shape`` is not two integers of at least 0.
        """
        extent = [integer_argument(n, "shape") for n in array_of(shape, "shape").ravel().tolist()]
        if len(extent) != 2 or min(extent) < 0:
            raise ValueError(f"shape is (rows, columns), not {described(shape)}")
        result = np.zeros(shape, np.bool_)
        top, left = self.origin
        rows, columns = self.mask.shape
        first, last = max(0, top), min(shape[0], top + rows)
        start, end = max(0, left), min(shape[1], left + columns)
        if first < last and start < end:
            result[first:last, start:end] = self.mask[first - top : last - top, start - left : end - left]
        return result


def overlays(dataset: Dataset, *, frame: int = 0) -> list[Overlay]:
    """Return the overlays of a frame, in the order of their groups.

    Overlay Data is unpacked; overlays in unused bits of the pixel data (retired, but found) are taken out of
    them, for which ``dataset`` must have its pixel data.

    Parameters
    ----------
    dataset
        The whole data set.
    frame
        Index from 0. An overlay of several frames begins at its Image Frame Origin; one of a single frame
        without it lies on all of them.

    Returns
    -------
    list of Overlay
        Only those that have anything to do with ``frame``.

    Raises
    ------
    PixelDataError
        An overlay that is described wrongly: no size, or less data than its size needs.
    TypeError
        ``dataset`` is no pydicom data set, or ``frame`` no integer.

    Warns
    -----
    RadpixWarning
        A group has no data at all, and is left out (``"overlay-data-absent"``).

    Examples
    --------
    >>> import pydicom, radpix
    >>> dataset = pydicom.Dataset()
    >>> dataset.add_new(0x60000010, "US", 2)
    >>> dataset.add_new(0x60000011, "US", 2)
    >>> dataset.add_new(0x60000040, "CS", "G")
    >>> dataset.add_new(0x60000050, "SS", [1, 1])
    >>> dataset.add_new(0x60000100, "US", 1)
    >>> dataset.add_new(0x60003000, "OW", bytes([0b1001, 0]))
    >>> radpix.overlays(dataset)[0].mask.astype(int)
    array([[1, 0],
           [0, 1]])
    """
    frame = integer_argument(frame, "frame")
    found = (_overlay(dataset, group, frame) for group in groups_of(dataset_of(dataset)))
    return [one for one in found if one is not None]


def groups_of(dataset: Dataset) -> list[int]:
    """Return the groups that describe an overlay."""
    # Groups are contiguous in a file, and most have none: one look at the tags is cheaper than 16 questions.
    present = {tag >> 16 for tag in dataset.keys() if 0x6000 <= tag >> 16 < 0x6020}  # noqa: SIM118
    return [g for g in _GROUPS if g in present and (g << 16 | _ROWS) in dataset]


def activated_groups(state: Dataset) -> set[int]:
    """Return the groups that a presentation state puts on a layer (PS3.3 C.11.7)."""
    return {g for g in _GROUPS if text(state, g << 16 | _LAYER)}


def one_overlay(dataset: Dataset, group: int, frame: int) -> Overlay | None:
    """Return the overlay of a group, None where it is not on ``frame`` or has no data."""
    return _overlay(dataset, group, frame)


def _overlay(dataset: Dataset, group: int, frame: int) -> Overlay | None:
    base = group << 16
    data = value(dataset, base | _DATA)
    if data is None and not _is_embedded(dataset, base):
        warn(f"the overlay in group {group:04X} has no data; it is left out", "overlay-data-absent")
        return None
    rows, columns = integer(dataset, base | _ROWS) or 0, integer(dataset, base | _COLUMNS) or 0
    if not (1 <= rows <= 0xFFFF and 1 <= columns <= 0xFFFF):
        raise PixelDataError(f"the overlay in group {group:04X} has {rows} x {columns} pixels")
    limits.check_frame(rows, columns, f"overlay in group {group:04X}: ")
    plane = _plane(dataset, base, frame)
    if plane is None:
        return None
    shape = rows, columns
    if data is None:
        mask = _embedded(dataset, base, frame)
    else:
        is_swapped = not is_little_endian(dataset) and dataset[base | _DATA].VR == "OW"
        mask = _unpacked(data, plane, shape, group, is_swapped=is_swapped)
    origin = integers(dataset, base | _ORIGIN) or [1, 1]
    if len(origin) != 2:
        raise PixelDataError(
            f"the overlay in group {group:04X} has an Overlay Origin of {origin}, not two values"
        )
    kind = text(dataset, base | _TYPE) or "G"
    return Overlay(mask, (origin[0] - 1, origin[1] - 1), kind, group, text(dataset, base | _LABEL))


def _plane(dataset: Dataset, base: int, frame: int) -> int | None:
    """Return which frame of the overlay lies on a frame of the image (PS3.3 C.9.3), None for no one."""
    count = integer(dataset, base | _FRAMES)
    first = integer(dataset, base | _FIRST_FRAME)
    if count is None and first is None:
        return 0
    plane = frame - ((first or 1) - 1)
    return plane if 0 <= plane < (count or 1) else None


def _unpacked(
    data: Any, plane: int, shape: tuple[int, int], group: int, *, is_swapped: bool
) -> NDArray[np.bool_]:
    """Return one frame of Overlay Data: bits in the order of the pixels, from each byte's least one."""
    if not isinstance(data, bytes | bytearray):
        raise PixelDataError(f"Overlay Data in group {group:04X} is {type(data).__name__}, not bytes")
    if is_swapped:  # words whose second byte holds their first pixels (PS3.5 8.1.2)
        data = np.frombuffer(data[: len(data) & ~1], np.uint16).byteswap().tobytes()
    size = shape[0] * shape[1]
    begin = plane * size
    raw = np.frombuffer(data, np.uint8)[begin // 8 : (begin + size + 7) // 8]
    bits = np.unpackbits(raw, bitorder="little")[begin % 8 :][:size]
    if len(bits) < size:
        raise PixelDataError(
            f"the overlay in group {group:04X} needs {size} bits for frame {plane}, but its data has"
            f" {len(bits)} of them"
        )
    return bits.astype(np.bool_).reshape(shape)


def need_pixels(dataset: Dataset) -> bool:
    """Return whether an overlay lies in the pixel data, which a header without it lacks."""
    bases = [group << 16 for group in groups_of(dataset)]
    return any(value(dataset, base | _DATA) is None and _is_in_pixels(dataset, base) for base in bases)


def _is_embedded(dataset: Dataset, base: int) -> bool:
    """Return whether an overlay lies in pixel data that is there."""
    return 0x7FE00010 in dataset and _is_in_pixels(dataset, base)


def _is_in_pixels(dataset: Dataset, base: int) -> bool:
    """Return whether an overlay is said to lie in an unused bit of the pixels (PS3.5 8.1.2, retired)."""
    position = integer(dataset, base | _BIT_POSITION)
    allocated, stored = integer(dataset, "BitsAllocated"), integer(dataset, "BitsStored")
    if position is None or allocated not in {8, 16} or not stored:
        return False
    high = integer(dataset, "HighBit")
    high = stored - 1 if high is None else high
    return 0 <= position < allocated and not high - stored < position <= high


def _embedded(dataset: Dataset, base: int, frame: int) -> NDArray[np.bool_]:
    from pydicom import Dataset
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import UID

    from radpix.codec import decode

    # The same pixel data, described as if all bits were stored; pydicom's copy would share its elements.
    whole = Dataset()
    whole.file_meta = FileMetaDataset()
    whole.file_meta.TransferSyntaxUID = UID(syntax_of_dataset(dataset, "data set"))
    for keyword in _IMAGE_PIXEL:
        if keyword in dataset:
            whole.add(dataset[keyword])
    allocated = integer(dataset, "BitsAllocated") or 16
    whole.BitsStored, whole.HighBit, whole.PixelRepresentation = allocated, allocated - 1, 0
    position = integer(dataset, base | _BIT_POSITION) or 0
    return np.asarray((decode(whole, index=frame) >> position) & 1, dtype=np.bool_)
