"""Images, tables, overlays and presentation states made in memory, for the tests of what is displayed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom import Dataset
from tests.python import objects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

GRAYSCALE_STATE, COLOR_STATE, PSEUDO_COLOR_STATE = (f"1.2.840.10008.5.1.4.1.1.11.{n}" for n in (1, 2, 3))


def image(pixels: NDArray[Any], **attributes: Any) -> Dataset:
    """Return a data set with native pixel data: (rows, columns[, 3]) or, with ``frames``, one more axis in front."""
    frames = attributes.pop("frames", None)
    plane = pixels if frames is None else pixels[0]
    samples = 3 if plane.ndim == 3 else 1
    dataset = objects.header(
        rows=plane.shape[0],
        columns=plane.shape[1],
        samples=samples,
        bits=8 * pixels.dtype.itemsize,
        stored=attributes.pop("stored", None),
        signed=pixels.dtype.kind == "i",
        photometric=attributes.pop("photometric", None),
        frames=frames,
    )
    data = pixels.tobytes()
    dataset.add_new(0x7FE00010, "OB" if pixels.itemsize == 1 else "OW", data + b"\0" * (len(data) % 2))
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def lut(entries: Sequence[int], first: int, bits: int, *, packed: bool = False) -> Dataset:
    """Return a LUT item; ``packed`` has two entries of 8 bits in a word."""
    item = Dataset()
    count = len(entries) % 65536
    item.add_new("LUTDescriptor", "SS" if first < 0 else "US", [count, first, bits])
    data = np.array(entries, "u1" if packed else "<u2").tobytes()
    item.add_new("LUTData", "OW", data + b"\0" * (len(data) % 2))
    return item


def with_lut(sequence: str, item: Dataset) -> Dataset:
    """Return a data set with a sequence of one LUT."""
    dataset = Dataset()
    setattr(dataset, sequence, [item])
    return dataset


def add_palette(
    dataset: Dataset, tables: Sequence[bytes], descriptor: list[int], *, segmented: bool = False
) -> None:
    for colour, data in zip(("Red", "Green", "Blue"), tables, strict=True):
        keyword = f"{colour}PaletteColorLookupTable"
        dataset.add_new(f"{keyword}Descriptor", "US", descriptor)
        dataset.add_new(f"{'Segmented' * segmented}{keyword}Data", "OW", data)


def add_overlay(
    dataset: Dataset,
    mask: NDArray[np.bool_],
    *,
    group: int = 0x6000,
    origin: tuple[int, int] = (1, 1),
    first_frame: int | None = None,
    kind: str = "G",
) -> None:
    """Add (rows, columns) or (frames, rows, columns) of bits."""
    base = group << 16
    data = np.packbits(mask.ravel(), bitorder="little").tobytes()
    dataset.add_new(base | 0x0010, "US", mask.shape[-2])
    dataset.add_new(base | 0x0011, "US", mask.shape[-1])
    if mask.ndim == 3:
        dataset.add_new(base | 0x0015, "IS", mask.shape[0])
        if first_frame is not None:
            dataset.add_new(base | 0x0051, "US", first_frame)
    dataset.add_new(base | 0x0040, "CS", kind)
    dataset.add_new(base | 0x0050, "SS", list(origin))
    dataset.add_new(base | 0x0100, "US", 1)
    dataset.add_new(base | 0x0102, "US", 0)
    dataset.add_new(base | 0x3000, "OW", data + b"\0" * (len(data) % 2))


def presentation_state(
    dataset: Dataset, *, sop_class: str = GRAYSCALE_STATE, frames: list[int] | None = None, **attributes: Any
) -> Dataset:
    """Return a presentation state for an image."""
    reference = Dataset()
    reference.ReferencedSOPClassUID = dataset.SOPClassUID
    reference.ReferencedSOPInstanceUID = dataset.SOPInstanceUID
    if frames is not None:
        reference.ReferencedFrameNumber = frames
    series = Dataset()
    series.SeriesInstanceUID = "1.2.3"
    series.ReferencedImageSequence = [reference]
    state = Dataset()
    state.SOPClassUID = sop_class
    state.ReferencedSeriesSequence = [series]
    for keyword, value in attributes.items():
        setattr(state, keyword, value)
    return state


def voi_item(**attributes: Any) -> Dataset:
    """Return an item of a Softcopy VOI LUT or Frame VOI LUT Sequence."""
    item = Dataset()
    for keyword, value in attributes.items():
        setattr(item, keyword, value)
    return item
