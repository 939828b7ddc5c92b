"""`radpix.display` against the standard's formulas in float64, and the rules about padding, polarity and size."""

from __future__ import annotations

import tracemalloc
import zipfile
from io import BytesIO, UnsupportedOperation
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset
from tests.python import display_objects as made
from tests.python import objects
from tests.python.oracle import display as oracle

import radpix
from radpix import _backend, _core, _native, _numba

if TYPE_CHECKING:
    from pathlib import Path

RNG = np.random.default_rng(5)
STORED = {
    "uint8": objects.noise((40, 50), "uint8"),
    "int8": objects.noise((40, 50), "int8"),
    "uint16": objects.noise((40, 50), "uint16", stored=12),
    "int16": objects.noise((40, 50), "int16", stored=12),
    "uint32": objects.noise((40, 50), "uint32", stored=20),
    "int32": objects.noise((40, 50), "int32", stored=20),
}
ENTRIES = RNG.integers(0, 4096, 700).tolist()


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize("dtype", sorted(STORED))
def test_a_window_after_a_rescale_is_the_formula(dtype: str, function: str) -> None:
    pixels = STORED[dtype]
    terms: dict[str, Any] = {"RescaleSlope": 1.5, "RescaleIntercept": -100.25}
    dataset = made.image(pixels, WindowCenter=40, WindowWidth=350, VOILUTFunction=function, **terms)
    for kind, maximum in ((np.uint8, 255), (np.uint16, 65535)):
        wanted = oracle.grey(pixels, rescale=(1.5, -100.25), window=(function, 40.0, 350.0), maximum=maximum)
        found = radpix.display(dataset, dtype=kind)
        assert found.dtype == kind
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("dtype", sorted(STORED))
def test_tables_of_modality_and_voi_are_composed(dtype: str) -> None:
    pixels = STORED[dtype]
    first = -20 if pixels.dtype.kind == "i" else 20
    voi = RNG.integers(0, 1024, 3000).tolist()
    dataset = made.image(
        pixels,
        ModalityLUTSequence=[made.lut(ENTRIES, first, 12)],
        VOILUTSequence=[made.lut(voi, 100, 10)],
    )
    wanted = oracle.grey(pixels, modality_lut=(ENTRIES, first), voi_lut=(voi, 100, 10))
    np.testing.assert_array_equal(radpix.display(dataset), wanted)
    dataset.VOILUTSequence = []
    wanted = oracle.grey(pixels, modality_lut=(ENTRIES, first), window=("LINEAR", 2000.0, 1000.0))
    np.testing.assert_array_equal(radpix.display(dataset, window=(2000, 1000)), wanted)


@settings(max_examples=30, deadline=None)
@given(
    st.floats(-3, 3).filter(lambda slope: abs(slope) > 1e-3),
    st.floats(-2000, 2000),
    st.integers(-3000, 3000),
    st.integers(2, 5000),
    st.booleans(),
    st.integers(-3000, 3000),
)
def test_any_rescale_window_and_polarity(
    slope: float, intercept: float, first: int, count: int, inverted: bool, padding: int
) -> None:
    pixels = STORED["int16"]
    voi = (np.arange(count) * 7919 % 4096).tolist()
    dataset = made.image(
        pixels,
        stored=12,
        photometric="MONOCHROME1" if inverted else "MONOCHROME2",
        RescaleSlope=f"{slope:.6f}",
        RescaleIntercept=f"{intercept:.3f}",
        VOILUTSequence=[made.lut(voi, first, 12)],
    )
    rescale = float(dataset.RescaleSlope), float(dataset.RescaleIntercept)
    limit = min(max(padding, -2048), 2047)
    dataset.PixelPaddingValue = limit
    wanted = oracle.grey(
        pixels, rescale=rescale, voi_lut=(voi, first, 12), invert=inverted, padding=(limit, limit)
    )
    np.testing.assert_array_equal(radpix.display(dataset), wanted)


@pytest.mark.parametrize("dtype", sorted(STORED))
def test_without_window_the_range_of_pixels_that_are_no_padding_is_shown(dtype: str) -> None:
    pixels = STORED[dtype].copy()
    low, high = np.iinfo(pixels.dtype).min, np.iinfo(pixels.dtype).max
    pixels = np.clip(pixels, low // 2 + 3, high // 2)
    pixels[::3] = low
    dataset = made.image(pixels)
    if pixels.itemsize > 2:
        dataset.BitsStored, dataset.HighBit = 32, 31
    else:
        dataset.PixelPaddingValue = int(low)
        dataset.PixelPaddingRangeLimit = int(low) + 1
    padding = None if pixels.itemsize > 2 else (float(low), float(low) + 1)
    np.testing.assert_array_equal(radpix.display(dataset), oracle.grey(pixels, padding=padding))


def test_padding_is_black_in_both_polarities_and_out_of_the_window() -> None:
    pixels = np.array([[-2000, 0, 50, 100]], np.int16)
    dataset = made.image(pixels, PixelPaddingValue=-2000)
    assert radpix.display(dataset).tolist() == [[0, 0, 128, 255]]
    dataset.PhotometricInterpretation = "MONOCHROME1"
    assert radpix.display(dataset).tolist() == [[0, 255, 127, 0]]


def test_padding_written_as_unsigned_counts_as_the_pixels_do() -> None:
    pixels = np.array([[-2000, 0, 50, 100]], np.int16)
    dataset = made.image(pixels)
    dataset.add_new("PixelPaddingValue", "US", 63536)
    assert radpix.display(dataset).tolist() == [[0, 0, 128, 255]]


def test_padding_written_as_signed_counts_as_the_pixels_do() -> None:
    dataset = made.image(np.array([[65535, 0, 50, 100]], np.uint16))
    dataset.add_new("PixelPaddingValue", "SS", -1)
    assert radpix.display(dataset).tolist() == [[0, 0, 128, 255]]
    dataset.add_new("PixelPaddingRangeLimit", "SS", -2)
    assert radpix.display(dataset).tolist() == [[0, 0, 128, 255]]


def test_padding_that_no_pixel_can_hold_is_ignored() -> None:
    dataset = made.image(np.array([[0, 4095]], np.uint16), stored=12, PixelPaddingValue=65535)
    with pytest.warns(radpix.RadpixWarning, match="12 stored bits") as caught:
        assert radpix.display(dataset).tolist() == [[0, 255]]
    assert caught[0].message.code == "padding-value-invalid"  # type: ignore[union-attr]


def test_float_pixels_have_their_own_padding() -> None:
    pixels = np.array([[-1.0, 0.0, 0.5, 1.0, np.nan]], np.float32)
    dataset = objects.header(rows=1, columns=5, bits=32)
    dataset.FloatPixelData = pixels.tobytes()
    del dataset.PixelRepresentation
    dataset.FloatPixelPaddingValue = -1.0
    assert radpix.display(dataset).tolist() == [[0, 0, 128, 255, 0]]


@pytest.mark.parametrize(
    ("photometric", "shape", "inverted"),
    [
        ("MONOCHROME1", None, True),
        ("MONOCHROME2", None, False),
        ("MONOCHROME1", "INVERSE", True),
        ("MONOCHROME2", "IDENTITY", False),
    ],
)
def test_the_least_value_is_white_once(photometric: str, shape: str | None, inverted: bool) -> None:
    dataset = made.image(np.array([[0, 255]], np.uint8), photometric=photometric)
    if shape:
        dataset.PresentationLUTShape = shape
    assert radpix.display(dataset).tolist() == ([[255, 0]] if inverted else [[0, 255]])


@pytest.mark.parametrize(
    ("photometric", "shape", "levels"),
    [("MONOCHROME1", "IDENTITY", [0, 255]), ("MONOCHROME2", "INVERSE", [255, 0])],
)
def test_a_contradiction_about_polarity_is_reported(photometric: str, shape: str, levels: list[int]) -> None:
    dataset = made.image(np.array([[0, 255]], np.uint8), photometric=photometric, PresentationLUTShape=shape)
    with pytest.warns(radpix.RadpixWarning, match=shape) as caught:
        assert radpix.display(dataset).tolist() == [levels]
    assert caught[0].message.code == "polarity-contradiction"  # type: ignore[union-attr]


def test_constant_images_are_shown_in_the_range_of_bits_stored() -> None:
    assert (
        radpix.display(made.image(np.full((2, 2), 2048, np.uint16), stored=12)).tolist() == [[128, 128]] * 2
    )
    assert radpix.display(made.image(np.zeros((1, 2), np.uint16))).tolist() == [[0, 0]]


def test_xray_images_are_windowed_as_they_are_stored() -> None:
    pixels = np.array([[0, 100]], np.uint8)
    dataset = made.image(pixels, ModalityLUTSequence=[made.lut([9] * 256, 0, 8)])
    dataset.PixelIntensityRelationship = "LOG"
    assert radpix.display(dataset, window=(50, 101)).tolist() == [[24, 24]]
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.12.1"
    assert radpix.display(dataset, window=(50, 101)).tolist() == [[1, 255]]
    dataset.PixelIntensityRelationship = "LIN"
    assert radpix.apply_modality(pixels, dataset).tolist() == [[9, 9]]


def test_frames_of_enhanced_objects_have_their_own_values_and_windows() -> None:
    pixels = RNG.integers(0, 4000, (3, 6, 5), dtype=np.uint16)
    dataset = made.image(pixels, frames=3)
    groups = []
    for k in range(3):
        group, transformation, voi = Dataset(), Dataset(), Dataset()
        transformation.RescaleSlope, transformation.RescaleIntercept = k + 1, -k
        voi.WindowCenter, voi.WindowWidth = 1000 + k, 2000 - k
        group.PixelValueTransformationSequence = [transformation]
        group.FrameVOILUTSequence = [voi]
        groups.append(group)
    dataset.PerFrameFunctionalGroupsSequence = groups
    for k in (-1, 0, 1, 2):
        j = k % 3
        wanted = oracle.grey(
            pixels[j], rescale=(j + 1.0, -float(j)), window=("LINEAR", 1000.0 + j, 2000.0 - j)
        )
        np.testing.assert_array_equal(radpix.display(dataset, index=k), wanted)
    with pytest.raises(IndexError):
        radpix.display(dataset, index=3)


def test_colour_is_scaled_to_the_range_of_the_result() -> None:
    rgb = objects.noise((5, 7, 3), "uint8")
    np.testing.assert_array_equal(radpix.display(made.image(rgb)), rgb)
    np.testing.assert_array_equal(radpix.display(made.image(rgb), dtype=np.uint16), rgb.astype(int) * 257)
    deep = objects.noise((5, 7, 3), "uint16", stored=12)
    np.testing.assert_array_equal(radpix.display(made.image(deep, stored=12)), np.rint(deep * 255.0 / 4095.0))


@pytest.mark.parametrize("photometric", ["MONOCHROME2", "PALETTE COLOR", "HSV", "CMYK", "GREEN"])
def test_three_samples_that_are_no_colour_radpix_knows_have_no_display(photometric: str) -> None:
    dataset = made.image(objects.noise((5, 7, 3), "uint8"), photometric=photometric)
    with pytest.raises(radpix.PixelDataError, match=f"{photometric} of 3 samples"):
        radpix.display(dataset)


@pytest.mark.parametrize("kind", ["grey", "table", "pseudo-color", "deep colour"])
def test_no_frame_of_floats_is_made(kind: str) -> None:
    pixels = objects.noise((1000, 1000), "int16", stored=12)
    dataset = made.image(pixels, WindowCenter=10, WindowWidth=300)
    state, samples = None, 1
    if kind == "table":
        dataset = made.image(pixels, VOILUTSequence=[made.lut(ENTRIES, -300, 12)])
    elif kind == "pseudo-color":
        state, samples = made.presentation_state(dataset, sop_class=made.PSEUDO_COLOR_STATE), 3
        made.add_palette(state, [bytes(range(256))] * 3, [256, 0, 8])
    elif kind == "deep colour":
        dataset, samples = made.image(objects.noise((1000, 1000, 3), "uint16")), 3
    radpix.display(dataset, presentation_state=state)
    tracemalloc.start()
    radpix.display(dataset, presentation_state=state)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # Two bytes for each stored sample and one for each shown, and tables.
    assert most < (2 * dataset.SamplesPerPixel + samples) * pixels.size + (3 << 20)


@pytest.mark.parametrize("kernels", [_native, _numba], ids=["native", "numba"])
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_every_backend_and_thread_count_shows_the_same(
    kernels: Any, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = objects.noise((300, 301), "int16", stored=12)
    dataset = made.image(
        pixels,
        VOILUTSequence=[made.lut(ENTRIES, -300, 12)],
        PixelPaddingValue=5,
        RescaleSlope=2,
        RescaleIntercept=1,
    )
    wanted = radpix.display(dataset, num_threads=1)
    for module in ("radpix._display.grey", "radpix.modality", "radpix._display.over_values"):
        monkeypatch.setattr(f"{module}.kernels", lambda: kernels)
    for level in ("scalar", _core.detected_cpu_level()):
        _core.set_cpu_level(level)
        np.testing.assert_array_equal(radpix.display(dataset, num_threads=threads), wanted)
    _core.set_cpu_level("auto")
    assert _backend.kernels() is _native


def test_sources_of_all_kinds_show_the_same(tmp_path: Path) -> None:
    data = objects.image(objects.ct(2), stored=12)
    path = tmp_path / "ct.dcm"
    path.write_bytes(data)
    wanted = radpix.display(path, index=1)
    stream = BytesIO(b"prefix" + data)
    stream.seek(6)
    archive = tmp_path / "ct.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("ct.dcm", data)
    member = zipfile.Path(archive, "ct.dcm")
    for source in (str(path), data, memoryview(data), stream, BytesIO(data), member, Pipe(data)):
        np.testing.assert_array_equal(radpix.display(source, index=1), wanted)
    assert stream.tell() == 6
    with pytest.raises(FileNotFoundError):
        radpix.display(str(tmp_path / "absent.dcm"))


class Pipe(BytesIO):
    """A file without positions."""

    def seekable(self) -> bool:
        return False

    def seek(self, *_: int) -> int:
        raise UnsupportedOperation


def test_deviations_are_reported_once(tmp_path: Path) -> None:
    dataset = objects.header(rows=2, columns=2)
    del dataset.PixelRepresentation
    path = tmp_path / "image.dcm"
    path.write_bytes(objects.part10(dataset, bytes(8)))
    for source in (path, path.read_bytes()):
        with pytest.warns(radpix.RadpixWarning) as caught:
            radpix.display(source)
        assert [w.message.code for w in caught] == ["pixel-representation-absent"]  # type: ignore[union-attr]


def test_thumbnails_are_means_over_areas() -> None:
    pixels = RNG.integers(0, 256, (60, 90), dtype=np.uint8)
    dataset = made.image(pixels, WindowCenter=128, WindowWidth=256)
    whole = radpix.display(dataset).astype(np.float64)
    means = whole.reshape(20, 3, 30, 3).mean(axis=(1, 3))
    np.testing.assert_array_equal(radpix.display(dataset, size=30), np.rint(means))
    assert radpix.display(dataset, size=1000).shape == (60, 90)
    assert radpix.display(dataset, size=(7, 13)).shape == (7, 13)
    spread = np.kron(whole, np.ones((7, 13)))  # every pixel as 7 x 13 equal parts
    wanted = spread.reshape(7, 60, 13, 90).mean(axis=(1, 3))
    assert np.abs(radpix.display(dataset, size=(7, 13), dtype=np.float64) * 255 - wanted).max() < 1e-9
    for size in (0, -1, (0, 5)):
        with pytest.raises(ValueError, match="size"):
            radpix.display(dataset, size=size)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_thumbnails_are_rounded_half_to_even(dtype: Any) -> None:
    """Of integers to the last: halves of twelfths are halves."""
    pixels = RNG.integers(0, 256, (30, 44), dtype=np.uint8)
    dataset = made.image(pixels, WindowCenter=128, WindowWidth=256)
    whole = radpix.display(dataset, dtype=dtype).astype(np.int64)
    sums = whole.reshape(10, 3, 11, 4).sum(axis=(1, 3))
    wanted = sums // 12 + ((sums % 12 > 6) | ((sums % 12 == 6) & (sums // 12 % 2 == 1)))
    assert (sums % 12 == 6).any()
    np.testing.assert_array_equal(radpix.display(dataset, size=(10, 11), dtype=dtype), wanted)


def test_arguments_are_checked() -> None:
    dataset = made.image(STORED["int16"])
    with pytest.raises(TypeError, match="int16"):
        radpix.display(dataset, dtype=np.int16)
    with pytest.raises(ValueError, match="no view 1"):
        radpix.display(dataset, window=1)
    with pytest.raises(TypeError, match="window"):
        radpix.display(dataset, window=1.5)  # type: ignore[arg-type]
