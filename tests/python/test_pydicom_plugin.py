"""radpix behind pydicom: same arrays, same options, less time."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest
from pydicom.pixels.decoders.base import _PIXEL_DATA_DECODERS, get_decoder
from pydicom.uid import UID
from tests.python import objects
from tests.python.objects import image
from tests.python.testdata import dicom_files, pydicom_files, real_data

import radpix
from radpix import pydicom_plugin

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def registered() -> Iterator[None]:
    pydicom_plugin.register()
    yield
    pydicom_plugin.unregister()


def plugins() -> dict[str, list[str]]:
    """Return pydicom's plug-ins of every decoder in the order in which it tries them."""
    return {str(uid): list(decoder._available) for uid, (decoder, _) in _PIXEL_DATA_DECODERS.items()}


def test_it_is_available_for_what_radpix_decodes_itself() -> None:
    for syntax in radpix.transfer_syntaxes():
        own = syntax.backend == radpix.backend().name
        native = syntax.uid in {objects.IMPLICIT, objects.EXPLICIT, objects.DEFLATED, objects.BIG_ENDIAN}
        assert pydicom_plugin.is_available(syntax.uid) == (own and not native)
        assert native or "radpix" in pydicom_plugin.DECODER_DEPENDENCIES[syntax.uid]
    assert not pydicom_plugin.is_available("1.2.3")


def test_registering_puts_it_first_and_unregistering_leaves_no_trace() -> None:
    before = plugins()
    pydicom_plugin.register()
    pydicom_plugin.register()
    after = plugins()
    assert after[objects.RLE] == ["radpix", *before[objects.RLE]]
    for uid, names in after.items():
        assert (names[:1] == ["radpix"]) == pydicom_plugin.is_available(uid)
    pydicom_plugin.unregister()
    pydicom_plugin.unregister()
    assert plugins() == before


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int16", "uint32", "int32"])
@pytest.mark.parametrize("shape", [(1, 6, 5), (3, 6, 5), (2, 6, 5, 3)], ids=str)
def test_pydicom_gives_the_same_through_it(dtype: str, shape: tuple[int, ...]) -> None:
    info = np.iinfo(dtype)
    pixels = np.random.default_rng(0).integers(info.min, info.max, shape, dtype, endpoint=True)
    dataset = pydicom.dcmread(BytesIO(image(pixels, syntax=objects.RLE)))
    dataset.pixel_array_options(decoding_plugin="radpix")
    expected = pixels if shape[0] > 1 else pixels[0]
    np.testing.assert_array_equal(dataset.pixel_array, expected)
    dataset.pixel_array_options(decoding_plugin="pydicom")
    np.testing.assert_array_equal(dataset.pixel_array, expected)
    np.testing.assert_array_equal(radpix.decode(dataset), expected)


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize("raw", [False, True])
@pytest.mark.parametrize("stored", [8, 12])
def test_colour_and_bits_stay_options_of_pydicom(raw: bool, stored: int) -> None:
    """``raw=True`` leaves YBR_FULL; ``decode`` has no such option and gives RGB."""
    if stored == 8:
        pixels: Any = np.random.default_rng(1).integers(0, 256, (2, 6, 5, 3), np.uint8)
        source = image(pixels, syntax=objects.RLE, photometric="YBR_FULL")
    else:
        pixels = np.random.default_rng(1).integers(-2048, 2048, (2, 6, 5), np.int16)
        source = image(pixels, syntax=objects.RLE, stored=12)
    dataset = pydicom.dcmread(BytesIO(source))
    decoder = get_decoder(objects.RLE)
    through, how = decoder.as_array(dataset, raw=raw, decoding_plugin="radpix")
    without, expected = decoder.as_array(dataset, raw=raw, decoding_plugin="pydicom")
    np.testing.assert_array_equal(through, without)
    assert how == expected
    if not raw:
        np.testing.assert_array_equal(radpix.decode(dataset), through)


@pytest.mark.usefixtures("registered")
def test_frame_by_frame_and_as_buffer() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (3, 6, 5, 3), np.uint8)
    dataset = pydicom.dcmread(BytesIO(image(pixels, syntax=objects.RLE)))
    decoder = get_decoder(objects.RLE)
    for frame, (array, _) in zip(pixels, decoder.iter_array(dataset, decoding_plugin="radpix"), strict=True):
        np.testing.assert_array_equal(array, frame)
    buffer, how = decoder.as_buffer(dataset, index=1, decoding_plugin="radpix")
    assert bytes(buffer) == np.moveaxis(pixels[1], -1, 0).tobytes()
    assert how["planar_configuration"] == 1
    dataset.decompress(decoding_plugin="radpix")
    np.testing.assert_array_equal(dataset.pixel_array, pixels)


@pytest.mark.usefixtures("registered")
def test_one_bit_rle_becomes_readable() -> None:
    bits = np.random.default_rng(1).integers(0, 2, (3, 7, 5), np.uint8)
    dataset = pydicom.dcmread(BytesIO(image(bits, syntax=objects.RLE, bits=1)))
    np.testing.assert_array_equal(dataset.pixel_array, bits)


@pytest.mark.usefixtures("registered")
def test_a_damaged_frame_is_reported_by_pydicom() -> None:
    pixels = np.zeros((1, 64, 64), np.uint8)
    dataset = pydicom.dcmread(BytesIO(image(pixels, syntax=objects.RLE)))
    value = bytearray(dataset.PixelData)
    value[16:20] = b"\xff\0\0\0"
    dataset.PixelData = bytes(value)
    with pytest.raises(RuntimeError, match="radpix"):
        get_decoder(objects.RLE).as_array(dataset, decoding_plugin="radpix")


def compare(path: Path) -> bool:
    """Compare pydicom through radpix with its other decoders; return whether there was something."""
    dataset = pydicom.dcmread(path)
    uid = dataset.file_meta.get("TransferSyntaxUID")
    if "Rows" not in dataset or not pydicom_plugin.is_available(str(uid)):
        return False
    dataset.pixel_array_options(decoding_plugin="radpix")
    through = dataset.pixel_array
    others = [name for name in get_decoder(uid)._available if name not in {"radpix", "gdcm"}]
    dataset.pixel_array_options(decoding_plugin=others[0])
    np.testing.assert_array_equal(through, dataset.pixel_array, err_msg=str(path))
    return True


# RLE is exact, so that every decoder must agree; JPEG's rounding is tested with its codec.


@pytest.mark.usefixtures("registered")
@pytest.mark.filterwarnings("ignore")
def test_pydicoms_own_rle_files() -> None:
    files = [path for path in pydicom_files() if "rle" in path.name.lower()]
    assert sum(compare(path) for path in files) > 8


@pytest.mark.real_data
@pytest.mark.usefixtures("registered")
@pytest.mark.filterwarnings("ignore")
def test_rle_files_of_the_corpora() -> None:
    folder = real_data()
    rle = (path for path in dicom_files(folder) if "liver" not in path.name and _is_rle(path))
    assert sum(compare(path) for path in rle) > 10


def _is_rle(path: Path) -> bool:
    meta = pydicom.filereader.read_file_meta_info(path)
    return str(meta.get("TransferSyntaxUID")) == objects.RLE


@pytest.mark.real_data
@pytest.mark.usefixtures("registered")
@pytest.mark.filterwarnings("ignore")
def test_objects_of_the_corpora_come_out_as_from_decode() -> None:
    """All syntaxes; without YBR, also where the header denies it: the conversion is pydicom's business."""
    compared: dict[str, int] = {}
    for path in dicom_files(real_data()):
        try:
            expected = radpix.decode(path)
        except radpix.RadpixError:
            continue
        dataset = pydicom.dcmread(path)
        # The first says RGB and holds YBR_FULL, the second has values beyond Bits Stored: pydicom believes the
        # one and cuts off the other, whoever decodes.
        if path.name in {"SC_rgb_jpeg_lossy_gdcm.dcm", "RG3_JPLY"}:
            continue
        uid = str(dataset.file_meta.get("TransferSyntaxUID"))
        known = UID(uid) in _PIXEL_DATA_DECODERS  # pydicom knows no progressive JPEG
        # An object that ends without delimiter has no pixel data for pydicom.
        known = known and "PixelData" in dataset
        if (
            not known
            or not pydicom_plugin.is_available(uid)
            or "YBR_FULL" in dataset.PhotometricInterpretation
        ):
            continue
        dataset.pixel_array_options(decoding_plugin="radpix")
        np.testing.assert_array_equal(dataset.pixel_array, expected, err_msg=str(path))
        compared[uid] = compared.get(uid, 0) + 1
    assert len(compared) > 8
    assert sum(compared.values()) > 60
