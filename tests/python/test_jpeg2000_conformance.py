"""JPEG 2000 on real files: the limits of ISO/IEC 15444-4, DICOM objects against peers, malformed streams."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from tests.python.jpeg2000_limits import (
    PART_2,
    ROWS,
    TABLE,
    Key,
    error_of,
    planes_of,
    reference_of,
    run,
    with_measured_rows,
)
from tests.python.testdata import manifest, real_data

import radpix

pytestmark = pytest.mark.real_data

#: Peers accept these two: a code-block with passes but no bit-planes; sub-bands without a quantization step.
STRICTER = {"issue399.j2k", "dwt_interleave_h.gsr105.jp2"}
#: Peers refuse these; what is wrong with them lies outside the codestream or in its missing end.
MORE_LENIENT = {"451.pdf.SIGSEGV.ce9.3723.jp2", "2236.pdf.SIGSEGV.398.1376.jp2"}


@pytest.mark.parametrize("key", ROWS, ids=lambda key: f"{Path(key[0]).name}-{key[1]}-{key[2]}")
def test_within_the_limits_of_15444_4(key: Key, tmp_path: Path) -> None:
    stream = real_data(key[0])
    if stream.name in PART_2:
        result = run(stream, tmp_path / "planes")
        assert result.returncode == 2
        assert result.stderr.startswith(("jpeg2000-unsupported", "jpeg2000-header"))
        return
    reference_of(ROWS[key]["reference"])  # skips
    peak, square = error_of(key, tmp_path)
    assert peak <= float(ROWS[key]["pae"])
    assert square <= float(ROWS[key]["mse"])


def test_documented_errors_are_those_of_today(tmp_path: Path) -> None:
    assert TABLE.read_text(encoding="utf-8") == with_measured_rows(tmp_path)


STREAMS = sorted({row["codestream"] for row in manifest("conformance_j2k_htj2k.csv")})


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("name", STREAMS, ids=lambda name: Path(name).name)
def test_strips_like_whole_levels(name: str, threads: int, tmp_path: Path) -> None:
    stream = real_data(name)
    for reduce in (0, 1):
        whole = run(stream, tmp_path / "whole", reduce)
        strips = run(stream, tmp_path / "strips", reduce, threads, 8)
        assert (strips.returncode, strips.stderr) == (whole.returncode, whole.stderr)
        if whole.returncode == 0:
            assert (tmp_path / "strips").read_bytes() == (tmp_path / "whole").read_bytes()


#: Rows whose source image the corpus has; that of the others is only a stream which is absent as well.
MSE_PAE = [row for row in manifest("openjph_mse_pae.csv") if row["ref_present"] == "1"]


@pytest.mark.parametrize("row", MSE_PAE, ids=lambda row: f"{Path(row['codestream']).name}-{row['component']}")
def test_ht_streams_have_the_errors_that_openjph_states(row: dict[str, str], tmp_path: Path) -> None:
    planes = planes_of(real_data(row["codestream"]), tmp_path / "planes")
    content = real_data(row["reference"]).read_bytes()
    if row["reference"].endswith(".pgm"):
        source = np.frombuffer(content[-2 * planes[0].size :], ">u2")
    else:  # planar YUV
        source = np.frombuffer(content, np.uint8)
    component = int(row["component"])
    begin = sum(plane.size for plane in planes[:component])
    plane = planes[component].ravel().astype(np.int64)
    error = np.abs(plane - source[begin : begin + plane.size].astype(np.int64))
    assert abs(float(error.max()) - float(row["pae"])) <= 1
    assert abs((error.astype(float) ** 2).mean() - float(row["mse"])) <= 0.01 * float(row["mse"])


OPENJPH = sorted({row["codestream"] for row in manifest("openjph_mse_pae.csv")})


@pytest.mark.parametrize("name", OPENJPH, ids=lambda name: Path(name).name)
def test_ht_streams_like_openjpeg(name: str, tmp_path: Path) -> None:
    imagecodecs = pytest.importorskip("imagecodecs")
    stream = real_data(name)
    planes = planes_of(stream, tmp_path / "planes")
    try:
        peer = imagecodecs.jpeg2k_decode(
            stream.read_bytes()
        )  # OpenJPH wraps what its 9-7 carries out of range
    except (imagecodecs.Jpeg2kError, ValueError) as refused:
        pytest.skip(f"the peer refuses it: {refused}")
    peer = np.atleast_3d(peer)
    if any(plane.shape != peer.shape[:2] for plane in planes):
        pytest.skip("the peer enlarges sub-sampled components")
    assert np.abs(np.stack(planes, -1).astype(np.int64) - peer.astype(np.int64)).max() <= 1


DICOM = [row for row in manifest("oracle_decode.csv") if row["kind"] != "raw" and row["codec"] == "J2K"]


@pytest.mark.parametrize("row", DICOM, ids=lambda row: Path(row["path"]).name)
def test_dicom_objects_like_peers(row: dict[str, str]) -> None:
    pydicom = pytest.importorskip("pydicom")
    pytest.importorskip("openjpeg")
    from pydicom.pixels.utils import pixel_array

    path = real_data(row["path"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pixels = radpix.decode(path)
        expected = pixel_array(pydicom.dcmread(path, force=True), raw=True)
    assert pixels.shape == expected.shape
    error = np.abs(pixels.astype(np.int64) - expected.astype(np.int64)).max()
    assert error <= (0 if row["rev"] == "True" else 1)


#: Whether peers accept it; some are listed with options that make them refuse.
MALFORMED: dict[str, bool] = {}
for row in manifest("openjpeg_nonregression.csv"):
    if row["present"] == "1":
        MALFORMED[row["path"]] = MALFORMED.get(row["path"], False) or row["expect"] == "decode"


@pytest.mark.parametrize("name", MALFORMED, ids=lambda name: Path(name).name)
def test_accepted_or_refused_like_peers(name: str, tmp_path: Path) -> None:
    stream = real_data(name)
    result = run(stream, tmp_path / "planes")
    assert result.returncode in (0, 2), result.stderr
    if stream.name not in STRICTER | MORE_LENIENT:
        assert (result.returncode == 0) == MALFORMED[name], result.stderr
