"""Every object of the corpora against DCMTK's dcm2pnm, a renderer that shares nothing with radpix.

First, middle and last frame of each are shown, and one or two objects of each kind in windows of their own. One level
of difference is allowed: DCMTK truncates where radpix rounds. What differs by more is in `EXCEPTIONS`: why, by which
clause, and what is left once that is taken into account, which has a bound as well.
"""

from __future__ import annotations

import shutil
import warnings
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest
from pydicom.uid import ExplicitVRLittleEndian
from tests.python.dcmtk import shown
from tests.python.oracle import voi as formulas
from tests.python.testdata import DATA, dicom_files, pydicom_files

import radpix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

pytestmark = [
    pytest.mark.filterwarnings("ignore::radpix.RadpixWarning", "ignore::UserWarning"),
    pytest.mark.real_data,
    pytest.mark.slow,
    pytest.mark.skipif(
        not (shutil.which("dcmj2pnm") and shutil.which("dcml2pnm")),
        reason="DCMTK's dcm2pnm is not installed (Debian: dcmtk)",
    ),
]

#: Files that are not to be shown though DCMTK shows something, with what radpix says instead.
REFUSED = {
    "GH1376.dcm": "the pixel data is encapsulated",
    "badVR.dcm": "Number of Frames",
    # DCMTK pads the last frame of this clip, a smaller picture than all others.
    "multiframe.dcm": "the codestream has rows x columns x samples 121 x 55 x 3, the data set says 240 x 240 x 3",
}

#: Windows that no object names, and the function's option of DCMTK.
WINDOWS = {"+Wfl": radpix.Window(40.0, 400.0), "+Wfs": radpix.Window(300.0, 900.0, "SIGMOID")}


IMAGE_PIXEL = (
    *("Rows", "Columns", "NumberOfFrames", "SamplesPerPixel", "PhotometricInterpretation"),
    *("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"),
)


@dataclass(frozen=True)
class View:
    """A frame as DCMTK is told to show it."""

    path: Path
    frame: int
    options: list[str]
    window: radpix.Window | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of a view: pictures that can be compared, or a word."""

    view: View
    word: str
    is_colour: bool = False
    worst: int = 0
    pictures: tuple[NDArray[Any], NDArray[Any]] | None = None

    def __str__(self) -> str:
        return f"{self.view.path}: frame {self.view.frame}: {self.word}: {self.worst} levels, {self.view.options}"


@dataclass(frozen=True)
class Excepted:
    """Why DCMTK shows a file differently, and what the difference is without that."""

    reason: str
    clause: str
    bound: int
    remaining: Callable[[Outcome, Path], NDArray[Any]]


def without_colour_transform(outcome: Outcome, _: Path) -> NDArray[Any]:
    """DCMTK's samples are the JPEG's own; its YCbCr is full-range BT.601 (T.871)."""
    found, samples = (np.asarray(picture, np.float64) for picture in pictures_of(outcome))
    y, cb, cr = samples[..., 0], samples[..., 1] - 128, samples[..., 2] - 128
    rgb = np.stack([y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb], axis=-1)
    return np.asarray(np.abs(found - np.clip(np.rint(rgb), 0, 255)))


def without_big_endian(outcome: Outcome, folder: Path) -> NDArray[Any]:
    """The same values in little endian."""
    original = pydicom.dcmread(outcome.view.path)
    little = pydicom.Dataset()  # which is bound to no encoding
    for keyword in {*IMAGE_PIXEL, "SOPClassUID", "SOPInstanceUID"} & set(original.dir()):
        little.add(original[keyword])
    little.PixelData = np.frombuffer(original.PixelData, ">u4").astype("<u4").tobytes()
    little.file_meta = original.file_meta
    little.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    path = folder / "little.dcm"
    little.save_as(path, enforce_file_format=True)
    wanted = shown(path, ExplicitVRLittleEndian, outcome.view.frame, outcome.view.options)
    assert wanted is not None
    return np.asarray(np.abs(pictures_of(outcome)[0].astype(np.int16) - wanted))


def without_high_bits(outcome: Outcome, _: Path) -> NDArray[Any]:
    """Of pixels that Bits Stored can hold; the others are few."""
    found, wanted = pictures_of(outcome)
    stored = radpix.decode(outcome.view.path, index=outcome.view.frame)
    high = stored > (1 << pydicom.dcmread(outcome.view.path, stop_before_pixels=True).BitsStored) - 1
    assert 0 < high.sum() <= 10
    return np.where(high, 0, np.abs(found.astype(np.int16) - wanted))


EXCEPTIONS = {
    "SC_rgb_jpeg_lossy_gdcm.dcm": Excepted(
        "says RGB, but its JPEG is YCbCr with an Adobe marker; DCMTK believes the data set",
        "PS3.5 8.2.1: the colour space of the codestream is the decoder's to find out; T.872 6.5.3",
        2,
        without_colour_transform,
    ),
    **dict.fromkeys(
        ("rtdose_expb.dcm", "rtdose_expb_1frame.dcm"),
        Excepted(
            "32 bits in big endian: DCMTK swaps the bytes of 16-bit words only",
            "PS3.5 7.3: the bytes of a 32-bit value are most significant first",
            1,
            without_big_endian,
        ),
    ),
    "RG3_JPLY": Excepted(
        "lossy JPEG has left values beyond Bits Stored; DCMTK cuts their upper bits off, radpix windows them",
        "PS3.5 8.1.1: stored values have no more than Bits Stored bits, so neither is wrong",
        1,
        without_high_bits,
    ),
}


def pictures_of(outcome: Outcome) -> tuple[NDArray[Any], NDArray[Any]]:
    assert outcome.pictures is not None
    return outcome.pictures


def group_item(dataset: pydicom.Dataset, frame: int, keyword: str) -> pydicom.Dataset | None:
    groups = [*dataset.get("PerFrameFunctionalGroupsSequence", [])[frame : frame + 1]]
    groups += [*dataset.get("SharedFunctionalGroupsSequence", [])[:1]]
    return next((group[keyword].value[0] for group in groups if group.get(keyword)), None)


def stored_window(dataset: pydicom.Dataset, path: Path, frame: int) -> list[str]:
    """Return the LINEAR window of stored values that shows what no window, or a frame's own, asks for."""
    voi = group_item(dataset, frame, "FrameVOILUTSequence")
    if voi is not None and "WindowCenter" in voi:
        rescale = group_item(dataset, frame, "PixelValueTransformationSequence")
        slope = float(rescale.RescaleSlope) if rescale else 1.0
        intercept = float(rescale.RescaleIntercept) if rescale else 0.0
        center, width = (float(np.ravel(one)[0]) for one in (voi.WindowCenter, voi.WindowWidth))
        return ["-M", "+Ww", str((center - 0.5 - intercept) / slope + 0.5), str((width - 1) / slope + 1)]
    pixels = radpix.decode(path, index=frame)
    shown_values = pixels[pixels != dataset.get("PixelPaddingValue")]
    low, high = (float(shown_values.min()), float(shown_values.max())) if shown_values.size else (0.0, 0.0)
    if low == high:  # the range of Bits Stored
        low, high = 0.0, float((1 << dataset.BitsStored) - 1)
        if dataset.PixelRepresentation:
            low, high = low - (high + 1) / 2, (high - 1) / 2
    return ["-M", "+Ww", str((low + high) / 2 + 0.5), str(high - low + 1)]


def options_for(dataset: pydicom.Dataset, path: Path, frame: int) -> list[str]:
    if not str(dataset.PhotometricInterpretation).startswith("MONOCHROME"):
        return []
    if any("LUTData" in item and item.LUTData is not None for item in dataset.get("VOILUTSequence", [])):
        return ["+Wl", "1"]
    if dataset.get("WindowWidth") is not None and dataset.get("WindowCenter") is not None:
        return ["+Wi", "1"]
    return stored_window(dataset, path, frame)


def outcomes_of(path: Path, kinds: Counter[Any]) -> list[Outcome]:
    """Show some frames of an object, and where two of its kind have not been shown yet, in other windows."""
    try:
        dataset = pydicom.dcmread(path, force=True, defer_size=1 << 16)
        frames = int(dataset.get("NumberOfFrames") or 1)
    except Exception:  # damaged on purpose
        frames = 1
    if "Rows" not in dataset or "PhotometricInterpretation" not in dataset:
        return []
    outcomes = [outcome_of(path, dataset, k, None, []) for k in sorted({0, frames // 2, frames - 1})]
    is_grey = str(dataset.PhotometricInterpretation).startswith("MONOCHROME")
    if not is_grey or "SharedFunctionalGroupsSequence" in dataset or outcomes[0].word != "compared":
        return outcomes
    slope = float(dataset.get("RescaleSlope") or 1)
    kind = path.parent, dataset.Rows, dataset.get("SOPClassUID"), is_grey, slope.is_integer()
    kinds[kind] += 1
    if kinds[kind] <= 2:
        outcomes += [outcome_of(path, dataset, 0, window, [option]) for option, window in WINDOWS.items()]
    return outcomes


def outcome_of(
    path: Path, dataset: pydicom.Dataset, frame: int, window: radpix.Window | None, options: list[str]
) -> Outcome:
    syntax = str(dataset.file_meta.get("TransferSyntaxUID", ""))
    try:
        if window is None:
            options = options_for(dataset, path, frame)
        else:
            options = ["+Ww", str(window.center), str(window.width), *options]
        view = View(path, frame, options, window)
        found = radpix.display(path, index=frame, window=window, shutters=False, icc=False)
    except (radpix.RadpixError, IndexError) as error:
        if path.name in REFUSED and REFUSED[path.name] in str(error):
            word = "refused"
        else:
            word = f"DCMTK shows it, but {error}" if shown(path, syntax, frame) is not None else "undecodable"
        return Outcome(View(path, frame, options, window), word)
    wanted = shown(path, syntax, frame, options)
    if wanted is None or wanted.shape != found.shape:
        return Outcome(view, "not by DCMTK" if wanted is None else f"{found.shape}, not {wanted.shape}")
    difference = np.abs(found.astype(np.int16) - wanted)
    if found.ndim == 2 and dataset.get("PixelPaddingValue") is not None:  # which DCMTK windows as any value
        padding = radpix.decode(path, index=frame) == dataset.PixelPaddingValue
        if found[padding].any():
            return Outcome(view, "padding is not black")
        difference[padding] = 0
    worst = int(difference.max())
    keep = worst > 1 or window is not None
    return Outcome(view, "compared", found.ndim == 3, worst, (found, wanted) if keep else None)


@pytest.fixture(scope="module")
def outcomes() -> Iterator[list[Outcome]]:
    if not DATA.exists():
        pytest.skip(f"{DATA} is absent; set RADPIX_TEST_DATA to the folder of the corpora")
    paths = [*dicom_files(DATA), *pydicom_files()]
    # DCMTK takes most of the time, and runs beside Python; warnings' filters are of the process.
    with warnings.catch_warnings(), ThreadPoolExecutor(4) as pool:
        warnings.simplefilter("ignore")
        yield [one for found in pool.map(partial(outcomes_of, kinds=Counter()), paths) for one in found]


def whole_slope(outcome: Outcome) -> bool:
    header = pydicom.dcmread(outcome.view.path, force=True, stop_before_pixels=True)
    return float(header.get("RescaleSlope") or 1).is_integer()


@pytest.mark.parametrize(("is_colour", "least"), [(False, 650), (True, 30)], ids=["monochrome", "colour"])
def test_every_object_is_shown_as_dcmtk_shows_it(
    outcomes: list[Outcome], *, is_colour: bool, least: int
) -> None:
    compared = [one for one in outcomes if one.word == "compared" and one.is_colour == is_colour]
    ordinary = [one for one in compared if one.view.path.name not in EXCEPTIONS]
    # Windows of fractional modality values have a test of their own.
    wrong = [one for one in ordinary if one.worst > 1 and (one.view.window is None or whole_slope(one))]
    assert list(map(str, wrong)) == []
    assert len({one.view.path for one in ordinary}) >= least


def test_whatever_dcmtk_shows_is_shown_or_refused_for_a_reason(outcomes: list[Outcome]) -> None:
    words = {"compared", "refused", "undecodable", "not by DCMTK"}
    assert [str(one) for one in outcomes if one.word not in words] == []
    assert {one.view.path.name for one in outcomes if one.word == "refused"} == set(REFUSED)


@pytest.mark.parametrize("name", sorted(EXCEPTIONS))
def test_exceptions_are_needed_and_bounded(outcomes: list[Outcome], name: str, tmp_path: Path) -> None:
    excepted = EXCEPTIONS[name]
    different = [one for one in outcomes if one.view.path.name == name and one.worst > 1]
    assert different, f"{name} is shown as DCMTK shows it; the exception is not needed any more"
    for one in different:
        assert excepted.remaining(one, tmp_path).max() <= excepted.bound, f"{one}: {excepted.reason}"


def test_windows_of_fractional_values_are_the_formula_which_dcmtk_gets_truncated(
    outcomes: list[Outcome],
) -> None:
    """Modality values are not rounded (PS3.3 C.11.1.1.2: units = m * SV + b), nor is a window's input (C.11.2.1.2).

    DCMTK keeps them as integers, cut off towards zero, and cuts levels off, too: up to two levels below the formula.
    """
    count = 0
    for one in outcomes:
        if one.view.window is None or one.view.path.name in EXCEPTIONS or whole_slope(one):
            continue
        found, wanted = pictures_of(one)
        dataset = pydicom.dcmread(one.view.path, force=True, stop_before_pixels=True)
        stored = radpix.decode(one.view.path, index=0)
        values = stored * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
        terms = one.view.window.function, one.view.window.center, one.view.window.width, 0.0, 255.0
        is_white = dataset.PhotometricInterpretation == "MONOCHROME1"
        exact = np.rint(formulas.voi(values, *terms))
        np.testing.assert_array_equal(found, 255 - exact if is_white else exact, str(one))
        cut = np.floor(formulas.voi(np.trunc(values), *terms))
        assert np.abs(wanted - (255 - cut if is_white else cut)).max() <= 1, str(one)
        count += 1
    assert count >= 30
