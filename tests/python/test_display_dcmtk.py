"""Objects of all depths, signs, byte orders and tables, drawn at random, against DCMTK's dcm2pnm within one level.

LINEAR_EXACT is missing: DCMTK 3.6 takes it for LINEAR.
"""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom.uid import ExplicitVRBigEndian
from tests.python import display_objects as made
from tests.python.dcmtk import needs, shown

import radpix

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom import Dataset

OBJECTS = 120
SHAPE = (16, 20)


class Drawn:
    """A random object, and the option that tells DCMTK which view to take."""

    def __init__(self, number: int) -> None:
        self.rng = np.random.default_rng(number)
        self.allocated = int(self.rng.choice([8, 16, 16, 16, 32]))
        self.stored = int(self.rng.integers(2, min(self.allocated, 28) + 1))
        self.is_signed = self.maybe()
        limit = 1 << self.stored
        lowest, highest = (-limit // 2, limit // 2) if self.is_signed else (0, limit)
        first, last = sorted(self.rng.integers(lowest, highest, 2).tolist())
        self.range = first, max(last, first + 1)
        self.dataset = self.image()
        self.add_modality()
        self.options = self.add_view()
        if self.maybe(3):
            origin = tuple(self.rng.integers(-3, 10, 2).tolist())
            made.add_overlay(self.dataset, self.rng.random((9, 11)) < 0.4, origin=origin)
        if self.maybe(4) and self.allocated < 32:  # of 32 bits DCMTK swaps 16-bit words
            to_big_endian(self.dataset)

    def maybe(self, times: int = 2) -> bool:
        return int(self.rng.integers(times)) == 0

    def image(self) -> Dataset:
        """Return values at any place in their words, the other bits set at random."""
        values = self.rng.integers(*self.range, SHAPE)
        high = int(self.rng.integers(self.stored - 1, self.allocated))
        shift, used = high - self.stored + 1, (1 << self.stored) - 1
        words = (values & used) << shift
        if self.maybe():
            words |= self.rng.integers(0, 1 << self.allocated, SHAPE) & ~(used << shift)
        pixels = words.astype(f"u{self.allocated // 8}")
        if self.is_signed:
            pixels = pixels.view(f"i{self.allocated // 8}")
        photometric = "MONOCHROME1" if self.maybe() else "MONOCHROME2"
        dataset = made.image(pixels, stored=self.stored, photometric=photometric)
        dataset.HighBit = high
        return dataset

    def table(self, lowest: int, highest: int) -> tuple[Dataset, int]:
        bits = int(self.rng.integers(8, 17))
        entries = self.rng.integers(0, 1 << bits, int(self.rng.integers(2, 2000))).tolist()
        first = int(self.rng.integers(lowest, max(highest, lowest + 1)))
        return made.lut(entries, first, bits, packed=bits == 8 and self.maybe()), bits

    def add_modality(self) -> None:
        first, last = self.range
        if self.maybe(3) and self.allocated <= 16:
            lut, bits = self.table(first, last)
            lut.ModalityLUTType = "US"
            self.dataset.ModalityLUTSequence = [lut]
            self.range = 0, 1 << bits
        elif self.maybe():
            slope, intercept = int(self.rng.choice([-3, -1, 1, 2, 5])), int(self.rng.integers(-3000, 3000))
            self.dataset.RescaleSlope, self.dataset.RescaleIntercept = slope, intercept
            ends = slope * first + intercept, slope * last + intercept
            self.range = min(ends), max(ends)

    def add_view(self) -> list[str]:
        first, last = self.range
        if self.maybe(3) and first >= -(1 << 15) and last < 1 << 15:
            self.dataset.VOILUTSequence = [self.table(first, last)[0]]
            return ["+Wl", "1"]
        self.dataset.WindowCenter = int(self.rng.integers(first, last + 1))
        self.dataset.WindowWidth = int(self.rng.integers(1, 2 * (last - first) + 3))
        if self.maybe(3):
            self.dataset.VOILUTFunction = "SIGMOID"
        return ["+Wi", "1"]


def to_big_endian(dataset: Dataset) -> None:
    """Exchange the bytes of all words, which pydicom leaves to the caller."""
    dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    luts = [*dataset.get("ModalityLUTSequence", []), *dataset.get("VOILUTSequence", [])]
    elements = [lut["LUTData"] for lut in luts]
    elements += [dataset[tag] for tag in (0x7FE00010, 0x60003000) if tag in dataset]
    for element in elements:
        if element.VR == "OW":
            element.value = np.frombuffer(element.value, "<u2").byteswap().tobytes()


def difference(number: int, folder: Path) -> tuple[int, int, Any]:
    drawn = Drawn(number)
    dataset, path = drawn.dataset, folder / f"{number}.dcm"
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.save_as(path, enforce_file_format=True)
    wanted = shown(path, dataset.file_meta.TransferSyntaxUID, 0, drawn.options)
    assert wanted is not None
    return int(np.abs(radpix.display(path).astype(np.int16) - wanted).max()), number, dataset


@needs("dcmj2pnm")
def test_random_objects_are_shown_as_dcmtk_shows_them(tmp_path: Path) -> None:
    with warnings.catch_warnings(), ThreadPoolExecutor(4) as pool:
        warnings.simplefilter("ignore")
        found = list(pool.map(lambda number: difference(number, tmp_path), range(OBJECTS)))
    wrong = [(levels, number, str(dataset)[:1500]) for levels, number, dataset in found if levels > 1]
    assert wrong == []
