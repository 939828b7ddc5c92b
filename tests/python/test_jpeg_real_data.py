"""JPEG files that scanners and conformance suites made, against independent decoders."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.python import dcmtk
from tests.python.jpeg_cases import BASELINE, PROGRESSIVE, Decoded, decode, layout_of
from tests.python.testdata import frames_of, is_dicom, manifest, pydicom_files, real_data

from radpix.errors import DecodeError, RadpixError, UnsupportedTransferSyntaxError

if TYPE_CHECKING:
    from pathlib import Path

    from radpix._backend import FrameLayout

# pydicom's warnings on these files are its own concern
pytestmark = [pytest.mark.real_data, pytest.mark.filterwarnings("ignore::UserWarning")]
SYNTAXES = {f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 53, 55, 57, 70)}


def has_jpeg_pixels(path: Path) -> bool:
    from pydicom import dcmread

    dataset = dcmread(path)
    return dataset.file_meta.get("TransferSyntaxUID") in SYNTAXES and "PixelData" in dataset


def jpeg_rows(consensus: str, *processes: str) -> list[dict[str, str]]:
    rows = [
        row for row in manifest("oracle_decode.csv") if row["codec"] == "JPEG" and row["sof"] in processes
    ]
    return [row for row in rows if consensus in ("", row["consensus"])]


def test_lossless_files_are_exact() -> None:
    rows = [row for row in jpeg_rows("agree", "lossless") if row["kind"] == "dicom"]
    for row in rows:
        syntax, frames, layout = frames_of(real_data(row["path"]))
        decoded = decode(syntax, frames, layout)
        digest = hashlib.sha1(decoded.frames.astype("<i8").tobytes(), usedforsecurity=False).hexdigest()
        assert digest.startswith(row["hash"]), row["path"]
        two = decode(syntax, frames, layout, num_threads=2)
        np.testing.assert_array_equal(decoded.frames, two.frames)
    assert len(rows) >= 14


#: Edge tiles of a slide, smaller than Rows and Columns: refused.
OTHER_SIZES = {"multiframe.dcm"}


def test_dct_files_are_what_libjpeg_turbo_gives() -> None:
    imagecodecs = pytest.importorskip("imagecodecs")
    paths = [real_data(row["path"]) for row in jpeg_rows("", "baseline", "extended-seq", "progressive")]
    paths = [path for path in [*paths, *pydicom_files()] if is_dicom(path) and path.name not in OTHER_SIZES]
    compared = 0
    for path in paths:
        if "UN_sequence" in path.name:
            continue
        from pydicom import dcmread

        if (
            dcmread(path, stop_before_pixels=True, force=True).file_meta.get("TransferSyntaxUID")
            not in SYNTAXES
        ):
            continue
        syntax, frames, layout = frames_of(path)
        if b"\xff\xc3" in frames[0][:1000]:
            continue
        kept = decode(syntax, frames, layout, keep_components=True)
        for frame, codestream in zip(kept.frames, frames, strict=True):
            # What libjpeg takes for YCbCr, it would convert.
            as_rgb = layout.samples_per_pixel == 1 or re.search(rb"Adobe.{6}\0", codestream, re.DOTALL)
            colour = {} if as_rgb else {"outcolorspace": "YCBCR"}
            np.testing.assert_array_equal(frame, imagecodecs.jpeg8_decode(codestream, **colour), str(path))
        compared += len(frames)
    assert compared >= 20


#: No pixel data; a data set that DCMTK does not parse.
NOT_FOR_DCMTK = {"UN_sequence.dcm", "SC_rgb_jpeg.dcm"}


@dcmtk.needs("dcmdjpeg")
def test_files_are_bit_by_bit_what_dcmtk_gives(tmp_path: Path) -> None:
    """All frames of all processes, components untouched, also where other decoders disagree."""
    from pydicom import dcmread

    rows = jpeg_rows("", "lossless", "baseline", "extended-seq", "progressive")
    paths = sorted({*(real_data(row["path"]) for row in rows), *pydicom_files()})
    compared = 0
    for path in paths:
        if not is_dicom(path) or path.name in OTHER_SIZES | NOT_FOR_DCMTK:
            continue
        if dcmread(path, stop_before_pixels=True).file_meta.get("TransferSyntaxUID") not in SYNTAXES:
            continue
        syntax, frames, layout = frames_of(path)
        kept = decode(syntax, frames, layout, keep_components=True).frames
        expected = dcmtk.frames_by("dcmdjpeg", path, tmp_path, kept.shape, "--conv-never")
        np.testing.assert_array_equal(kept, expected, str(path))
        compared += 1
    assert compared >= 38


def test_the_t83_stream_of_255_components_is_refused() -> None:
    """B2: DICOM has 1, 3 or 4 samples a pixel; libjpeg-turbo refuses it, too."""
    stream = real_data("pydicom+pylibjpeg-data", "ljdata", "jpg", "10918", "p1", "B2.JPG").read_bytes()
    with pytest.raises(DecodeError, match="255 components") as caught:
        decode(BASELINE, stream, layout_of((257, 255, 4), 8))
    assert caught.value.code == "jpeg-frame-header"


def conformance_stream(name: str, precision: int, components: int) -> Decoded:
    stream = real_data("pydicom+pylibjpeg-data", "ljdata", "jpg", "10918", *name.split("/")).read_bytes()
    layout = layout_of((257, 255, components), precision)
    return decode(PROGRESSIVE, stream, layout)


@pytest.mark.parametrize(("name", "precision"), [("p1/A1.JPG", 8), ("p2/C2.JPG", 8), ("p4/E1.JPG", 12)])
def test_t83_streams(name: str, precision: int) -> None:
    imagecodecs = pytest.importorskip("imagecodecs")
    path = real_data("pydicom+pylibjpeg-data", "ljdata", "jpg", "10918", *name.split("/"))
    decoded = conformance_stream(name, precision, 4)
    np.testing.assert_array_equal(decoded.pixels, imagecodecs.jpeg8_decode(path.read_bytes()))


def layout_in(stream: bytes) -> FrameLayout | None:
    """Return a layout that agrees with the first thing that looks like a frame header."""
    for at in range(len(stream) - 10):
        if stream[at] == 0xFF and stream[at + 1] in (0xC0, 0xC1, 0xC2, 0xC3):
            bits, components = stream[at + 4], stream[at + 9]
            rows, columns = (int.from_bytes(stream[i : i + 2], "big") for i in (at + 5, at + 7))
            pixels = rows * columns * components
            if 0 < pixels < 1 << 24 and 0 < bits <= 16:
                return layout_of((rows, columns, components) if components > 1 else (rows, columns), bits)
    return None


def test_malformed_streams_give_an_error_or_pixels() -> None:
    paths = [path for path in sorted(real_data("libjpeg-turbo+seed-corpora").rglob("*")) if path.is_file()]
    outcomes = {"pixels": 0, "error": 0}
    for path in paths:
        stream = path.read_bytes()
        layout = layout_in(stream) or layout_of((16, 16), 8)
        try:
            decode(BASELINE, stream, layout)
            outcomes["pixels"] += 1
        except (RadpixError, UnsupportedTransferSyntaxError, ValueError):
            outcomes["error"] += 1
    assert sum(outcomes.values()) == len(paths)
    assert outcomes["pixels"] > 20


def test_pydicom_gets_from_the_plugin_what_it_gets_from_gdcm() -> None:
    pytest.importorskip("gdcm")
    from pydicom import dcmread
    from pydicom.pixels.utils import pixel_array

    from radpix import pydicom_plugin

    paths = [real_data(row["path"]) for row in jpeg_rows("", "lossless", "baseline", "extended-seq")]
    compared = 0
    pydicom_plugin.register()
    try:
        for path in filter(has_jpeg_pixels, [*filter(is_dicom, paths), *pydicom_files()]):
            dataset = dcmread(path)
            try:
                expected = pixel_array(dataset, index=0, decoding_plugin="gdcm")
            except (RuntimeError, ValueError, NotImplementedError):
                continue  # 12-bit DCT, and what GDCM does not read
            found = pixel_array(dataset, index=0, decoding_plugin="radpix")
            np.testing.assert_array_equal(found, expected, str(path))
            compared += 1
    finally:
        pydicom_plugin.unregister()
    assert compared >= 25
