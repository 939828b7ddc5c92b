"""Every kind of object of the corpora against DCMTK's dcm2pnm, a renderer that shares nothing with radpix.

One level of difference is allowed: DCMTK truncates where radpix rounds. What DCMTK shows differently for a reason is
listed.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import warnings
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest
from tests.python.testdata import DATA, dicom_files, pydicom_files

import radpix

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

#: The tools differ in the codecs they carry.
TOOLS = [tool for tool in ("dcmj2pnm", "dcml2pnm", "dcm2pnm") if shutil.which(tool)]

#: Files that DCMTK shows differently, and why it is right that radpix does not.
EXCEPTIONS = {
    "CT0012.fragmented_no_bot_jpeg_baseline.51.dcm": "frames of several fragments without an offset table: "
    "DCMTK takes the first fragment for the whole frame",
    "SC_rgb_jpeg_lossy_gdcm.dcm": "says RGB, but its JPEG is YCbCr; DCMTK believes the data set",
    **dict.fromkeys(
        ("rtdose_expb.dcm", "rtdose_expb_1frame.dcm"),
        "32 bits in big endian: DCMTK swaps the bytes of 16-bit words only",
    ),
    "RG3_JPLY": "lossy JPEG has left values beyond Bits Stored; DCMTK cuts their upper bits off, radpix windows them",
}

#: Files of the corpora that are not to be shown, with what radpix says instead.
REFUSED = {
    "GH1376.dcm": "the pixel data is encapsulated",
    "badVR.dcm": "Number of Frames",
}


def objects() -> list[Path]:
    """Return up to two images of each folder, size, class and photometric interpretation."""
    seen: Counter[Any] = Counter()
    chosen = []
    roots = [DATA] if DATA.exists() else []
    for path in [*dicom_files(*roots), *pydicom_files()]:
        try:
            header = pydicom.dcmread(path, force=True, stop_before_pixels=True)
        except Exception:  # damaged on purpose
            continue
        if "Rows" not in header or "PhotometricInterpretation" not in header:
            continue
        kind = path.parent, header.Rows, header.get("SOPClassUID"), header.PhotometricInterpretation
        seen[kind] += 1
        if seen[kind] <= 2:
            chosen.append(path)
    return chosen


def netpbm(path: Path) -> NDArray[np.uint8]:
    raw = path.read_bytes()
    header = re.match(rb"P([56])\s+(?:#[^\n]*\n\s*)*(\d+)\s+(\d+)\s+255\s", raw)
    assert header is not None
    columns, rows = int(header[2]), int(header[3])
    samples = np.frombuffer(raw[header.end() :], np.uint8)
    return samples.reshape(rows, columns, 3) if header[1] == b"6" else samples.reshape(rows, columns)


def dcmtk(path: Path, options: list[str], target: Path) -> NDArray[np.uint8] | None:
    """Return the first frame as DCMTK shows it, None where it cannot."""
    target.unlink(missing_ok=True)
    for tool in TOOLS:
        command = [tool, "-q", *options, "+F", "1", str(path), str(target)]
        subprocess.run(command, check=False, capture_output=True, timeout=60)
        if target.exists():
            return netpbm(target)
    return None


def stored_window(dataset: pydicom.Dataset, path: Path) -> list[str]:
    """Return the LINEAR window of stored values that shows what no window, or a frame's own, asks for."""
    pixels = radpix.decode(path, index=0)
    group = [*dataset.get("PerFrameFunctionalGroupsSequence", [])[:1]]
    group += [*dataset.get("SharedFunctionalGroupsSequence", [])[:1]]
    voi = [item.FrameVOILUTSequence[0] for item in group if item.get("FrameVOILUTSequence")]
    rescale = [
        item.PixelValueTransformationSequence[0]
        for item in group
        if item.get("PixelValueTransformationSequence")
    ]
    if voi and "WindowCenter" in voi[0]:
        slope = float(rescale[0].RescaleSlope) if rescale else 1.0
        intercept = float(rescale[0].RescaleIntercept) if rescale else 0.0
        centers, widths = voi[0].WindowCenter, voi[0].WindowWidth
        center = float(centers if isinstance(centers, float) else centers[0])
        width = float(widths if isinstance(widths, float) else widths[0])
        return ["-M", "+Ww", str((center - 0.5 - intercept) / slope + 0.5), str((width - 1) / slope + 1)]
    low, high = float(pixels.min()), float(pixels.max())
    if low == high:  # the full range
        return ["-M", "+Wm"]
    return ["-M", "+Ww", str((low + high) / 2 + 0.5), str(high - low + 1)]


def options_for(dataset: pydicom.Dataset, path: Path) -> list[str]:
    if not str(dataset.get("PhotometricInterpretation")).startswith("MONOCHROME"):
        return []
    if any("LUTData" in item and item.LUTData is not None for item in dataset.get("VOILUTSequence", [])):
        return ["+Wl", "1"]
    if dataset.get("WindowWidth") is not None and dataset.get("WindowCenter") is not None:
        return ["+Wi", "1"]
    return stored_window(dataset, path)


def verdict(path: Path, error: Exception, target: Path) -> str:
    """Return whether an object was refused as it should."""
    if path.name in REFUSED and REFUSED[path.name] in str(error):
        return "refused"
    return "undecodable" if dcmtk(path, [], target) is None else f"{path}: {error}"


#: A window that no object names, and the function's option of DCMTK.
WINDOWS = {"+Wfl": radpix.Window(40.0, 400.0), "+Wfs": radpix.Window(300.0, 900.0, "SIGMOID")}


def compare(path: Path, target: Path) -> list[str]:
    """Return what came of one object: errors' texts, or words that are counted."""
    dataset = pydicom.dcmread(path, force=True)
    try:
        views: list[tuple[Any, list[str]]] = [(None, options_for(dataset, path))]
        if "SharedFunctionalGroupsSequence" not in dataset and "MONOCHROME" in str(
            dataset.get("PhotometricInterpretation")
        ):
            views += [(w, ["+Ww", str(w.center), str(w.width), option]) for option, w in WINDOWS.items()]
        found = [radpix.display(path, window=window, shutters=False, icc=False) for window, _ in views]
    except (radpix.RadpixError, IndexError) as error:
        return [verdict(path, error, target)]
    return [
        verdict_on(image, options, path, dataset, target)
        for image, (_, options) in zip(found, views, strict=True)
    ]


def verdict_on(
    found: NDArray[Any], options: list[str], path: Path, dataset: pydicom.Dataset, target: Path
) -> str:
    """Return whether an image is DCMTK's."""
    wanted = dcmtk(path, options, target)
    if wanted is None:
        return "not by DCMTK"
    if found.shape != wanted.shape:
        return f"{path}: {found.shape} instead of {wanted.shape}"
    padding = dataset.get("PixelPaddingValue")
    difference = np.abs(found.astype(np.int16) - wanted)
    if padding is not None and found.ndim == 2:  # DCMTK windows padding as any other value
        difference[radpix.decode(path, index=0) == padding] = 0
    # Of modality values that are no integers DCMTK makes levels that are up to 1.6 below the formula's.
    whole = float(dataset.get("RescaleSlope") or 1).is_integer()
    if difference.max() <= (1 if whole else 2):
        return "equal"
    if path.name in EXCEPTIONS:
        return "excepted"
    return (
        f"{path}: up to {difference.max()} levels in {(difference > 1).mean():.2%} of the pixels, {options}"
    )


@pytest.mark.real_data
@pytest.mark.slow
@pytest.mark.skipif(not TOOLS, reason="DCMTK's dcm2pnm is not installed (Debian: dcmtk)")
def test_every_kind_of_object_is_shown_as_dcmtk_shows_it(tmp_path: Path) -> None:
    if not DATA.exists():
        pytest.skip(f"{DATA} is absent; set RADPIX_TEST_DATA to the folder of the corpora")
    results: Counter[str] = Counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for path in objects():
            results.update(compare(path, tmp_path / "image.pnm"))
    words = {"equal", "excepted", "refused", "undecodable", "not by DCMTK"}
    assert sorted(set(results) - words) == []
    assert results["equal"] >= 400
