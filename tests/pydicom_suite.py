"""pydicom's own pixel tests with radpix in place of every other decoder.

``PYTHONPATH=python python tests/pydicom_suite.py`` fetches pydicom's sdist of the installed version into a temporary
folder, and runs its tests of pixels there, those of encoders left out. Every plug-in of a transfer syntax that radpix
decodes is radpix under the plug-in's name, so that no other decoder runs. Files that pydicom would download come from
the corpora (``RADPIX_TEST_DATA``); tests of those that are absent are skipped.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

TESTS = (
    "test_common.py",
    "test_decoder_base.py",
    "test_decoder_gdcm.py",
    "test_decoder_native.py",
    "test_decoder_pillow.py",
    "test_decoder_pyjpegls.py",
    "test_decoder_pylibjpeg.py",
    "test_decoder_rle.py",
    "test_processing.py",
    "test_utils.py",
)

_GDCM, _PILLOW, _PYLIBJPEG = (f"test_decoder_{name}.py::" for name in ("gdcm", "pillow", "pylibjpeg"))
_LIBJPEG = f"{_PYLIBJPEG}TestLibJpegDecoder::"

_VALUES = "values of libjpeg's own chroma upsampling and inverse DCT; radpix gives those of libjpeg-turbo (Pillow's)"
_REFUSES = "asks that the plug-in of this name refuses, in its words, what radpix decodes or names otherwise"
_NARROWED = "asks for 8-bit samples where Bits Allocated is 16; radpix keeps Bits Allocated"
_OLD_VALUES = (
    "equal to an uncompressed copy; an irreversible J2K decoder may differ by 1, here in 20 of 262144 samples"
)

#: Tests left out, and why.
DESELECTED = {
    f"{_GDCM}TestDecoding::test_jpg_extended[JPEG-lossy.dcm]": _REFUSES,
    f"{_GDCM}TestDecoding::test_jpg_extended[JPGExtended.dcm]": _REFUSES,
    f"{_GDCM}TestDecoding::test_jls_lossless[JLSL_08_07_0_1F.dcm]": _REFUSES,
    f"{_GDCM}TestDecoding::test_jls_lossy_signed_raises": _REFUSES,
    f"{_GDCM}TestDecoding::test_j2k[JPEG2000.dcm]": _OLD_VALUES,
    f"{_GDCM}TestDecoding::test_bits_allocated_mismatch_as_buffer": _NARROWED,
    f"{_PILLOW}TestLibJpegDecoder::test_jpg_extended[JPEG-lossy.dcm]": _REFUSES,
    f"{_PILLOW}TestLibJpegDecoder::test_jpg_extended[JPGExtended.dcm]": _REFUSES,
    f"{_PILLOW}TestOpenJpegDecoder::test_j2k_lossless[GDCMJ2K_TextGBR.dcm]": _REFUSES,
    f"{_PILLOW}TestOpenJpegDecoder::test_j2k[JPEG2000.dcm]": _OLD_VALUES,
    f"{_PILLOW}TestOpenJpegDecoder::test_u4_raises": _REFUSES,
    f"{_PILLOW}TestOpenJpegDecoder::test_multisample_16bit_raises": _REFUSES,
    f"{_LIBJPEG}test_jpg_baseline[SC_jpeg_no_color_transform.dcm]": _VALUES,
    f"{_LIBJPEG}test_jpg_baseline[SC_jpeg_no_color_transform_2.dcm]": _VALUES,
    f"{_LIBJPEG}test_jpg_baseline[SC_rgb_jpeg_app14_dcmd.dcm]": _VALUES,
    f"{_LIBJPEG}test_jpg_baseline[color3d_jpeg_baseline.dcm]": _VALUES,
    f"{_LIBJPEG}test_jpg_baseline[SC_rgb_dcmtk_+eb+cy+np.dcm]": _VALUES,
    f"{_LIBJPEG}test_jpg_baseline[SC_rgb_dcmtk_+eb+cy+n1.dcm]": _VALUES,
    f"{_LIBJPEG}test_iter_array_ybr_to_rgb": _VALUES,
    f"{_LIBJPEG}test_jpg_extended_invalid_se_raises": _REFUSES,
    f"{_LIBJPEG}test_bits_allocated_mismatch_as_buffer": _NARROWED,
    f"{_PYLIBJPEG}TestOpenJpegDecoder::test_j2k[JPEG2000.dcm]": _OLD_VALUES,
}

#: Run inside pytest: stands in for the plug-ins, and for downloads.
PLUGIN = """
import os
from pathlib import Path
import pytest

def pytest_configure(config):
    import pydicom.data.data_manager as manager
    import pydicom.data.download as download
    from pydicom.pixels.decoders.base import _PIXEL_DATA_DECODERS
    from radpix import pydicom_plugin

    folder = Path(os.environ["RADPIX_TEST_DATA"]) / "pydicom+pydicom-data" / "data_store" / "data"

    def local(name, *args, **kwargs):
        if (folder / name).is_file():
            return folder / name
        pytest.skip(f"{name} is not part of pydicom's package", allow_module_level=True)

    download.data_path_with_download = manager.data_path_with_download = local
    for uid, (decoder, _) in _PIXEL_DATA_DECODERS.items():
        if pydicom_plugin.is_available(str(uid)):
            for label in decoder._available:
                decoder._available[label] = pydicom_plugin.decode_frame
"""


def fetch(folder: Path) -> Path:
    """Download and unpack the sdist of the installed pydicom; return its root."""
    from pydicom import __version__

    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
    subprocess.run([*command, "--dest", str(folder), f"pydicom=={__version__}"], check=True)
    archive = next(folder.glob("pydicom-*.tar.gz"))
    with tarfile.open(archive) as file:
        if hasattr(tarfile, "data_filter"):
            file.extractall(folder, filter="data")
        else:  # Python 3.11.2 and its like
            file.extractall(folder)
    return folder / archive.name.removesuffix(".tar.gz")


def main() -> int:
    """Run the tests, and return pytest's exit status."""
    data = os.environ.get("RADPIX_TEST_DATA") or str(ROOT.parent / "shared" / "data")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        suite = fetch(folder)
        (folder / "radpix_stands_in.py").write_text(PLUGIN, encoding="utf-8")
        path = os.pathsep.join([str(ROOT / "python"), str(folder)])
        arguments = [f"--deselect=tests/pixels/{test}" for test in DESELECTED]
        arguments += [f"tests/pixels/{test}" for test in TESTS]
        command = [sys.executable, "-m", "pytest", "-q", "--tb=line", "-p", "radpix_stands_in"]
        environment = {**os.environ, "PYTHONPATH": path, "RADPIX_TEST_DATA": data}
        return subprocess.run([*command, *arguments], cwd=suite, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
