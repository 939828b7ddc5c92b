"""Modality values: rescale kernels against the formula, and the rules of `apply_modality`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.sequence import Sequence
from tests.python.oracle import voi as oracle

import radpix
from radpix import _core, _native, _numba

if TYPE_CHECKING:
    from numpy.typing import NDArray

RESULTS = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "float32", "float64"]
STORED = [*RESULTS, "int64", "uint64"]
TERMS = [(1.0, 0.0), (1.0, -1024.0), (1.0, 40000.0), (-1.0, 3.0), (0.5, 0.25), (2.5e-3, 1e5), (1e30, 0.0)]


def samples(dtype: str) -> NDArray[Any]:
    rng = np.random.default_rng(1)
    if dtype.startswith("f"):
        special = [np.nan, np.inf, -np.inf, 0.5, 1.5, -0.5]
        return np.concatenate([special, rng.normal(size=3000) * 1e4]).astype(dtype)
    limits = np.iinfo(dtype)
    return rng.integers(limits.min, limits.max, 3000, dtype=dtype, endpoint=True)


@pytest.mark.parametrize("result", RESULTS)
@pytest.mark.parametrize("stored", STORED)
def test_rescale_is_the_formula_at_every_level_and_backend(stored: str, result: str) -> None:
    pixels = samples(stored)
    for slope, intercept in TERMS:
        with np.errstate(all="ignore"):
            wanted = oracle.rescaled(pixels, slope, intercept, np.dtype(result).type)
        for level in ("scalar", _core.detected_cpu_level()):
            _core.set_cpu_level(level)
            out = np.empty(pixels.shape, result)
            _native.rescale(pixels, out, slope, intercept, num_threads=1)
            np.testing.assert_array_equal(out, wanted, err_msg=f"{level} {slope} {intercept}")
        _core.set_cpu_level("auto")
        _numba.rescale(pixels, out, slope, intercept, num_threads=1)
        np.testing.assert_array_equal(out, wanted, err_msg=f"numba {slope} {intercept}")


def test_rescale_takes_any_strides_and_threads() -> None:
    pixels = np.arange(-3000, 3000, dtype=np.int16).reshape(20, 30, 10)
    for view in (pixels.T, pixels[::-1, ::2], pixels.transpose(1, 2, 0), np.tile(pixels, (100, 1, 1))):
        for threads in (1, 3):
            out = np.empty(view.shape[::-1], np.int16).T
            _native.rescale(view, out, 1.0, -1024.0, num_threads=threads)
            np.testing.assert_array_equal(out, view - 1024)


def dataset(**attributes: Any) -> Dataset:
    made = Dataset()
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    return made


def transformation(slope: float, intercept: float) -> Dataset:
    item = dataset(RescaleSlope=slope, RescaleIntercept=intercept, RescaleType="US")
    return dataset(PixelValueTransformationSequence=Sequence([item]))


@pytest.mark.parametrize(
    ("stored", "bits", "slope", "intercept", "result"),
    [
        ("uint16", 12, 1, -1024, "int16"),
        ("uint16", 16, 1, -1024, "int32"),
        ("int16", 16, 1, 0, "int16"),
        ("int16", 16, 1, -1024, "int32"),
        ("int16", 12, 1, -1024, "int16"),
        ("uint16", 12, 2, 0, "int16"),
        ("uint16", 16, 0.5, 0, "float32"),
        ("int16", 12, 1, 0.5, "float32"),
        ("int32", 32, 1, 0, "int32"),
        ("uint32", 32, 1, 0, "float64"),
        ("uint8", 8, 1, 0, "int16"),
        ("uint16", None, 1, -1024, "int32"),
        ("float32", None, 1, 0, "float32"),
    ],
)
def test_the_result_holds_every_possible_value(
    stored: str, bits: int | None, slope: float, intercept: float, result: str
) -> None:
    attributes = dataset(RescaleSlope=slope, RescaleIntercept=intercept)
    if bits is not None:
        attributes.BitsStored = bits
    pixels = np.array([0, 1, 100], stored)
    values = radpix.apply_modality(pixels, attributes)
    assert values.dtype == result
    np.testing.assert_array_equal(values, pixels.astype(np.float64) * slope + intercept)


def test_values_beyond_bits_stored_are_not_saturated_away() -> None:
    attributes = dataset(BitsStored=12, RescaleSlope=1, RescaleIntercept=-1024)
    values = radpix.apply_modality(np.array([0, 63536], np.uint16), attributes)
    assert values.dtype == np.int32
    assert values.tolist() == [-1024, 62512]


def test_without_rescale_the_result_is_a_copy() -> None:
    pixels = np.arange(6, dtype=np.uint16).reshape(2, 3)
    values = radpix.apply_modality(pixels, Dataset())
    np.testing.assert_array_equal(values, pixels)
    assert values.dtype == pixels.dtype
    assert not np.shares_memory(values, pixels)
    assert radpix.apply_modality(pixels, Dataset(), dtype=np.float32).dtype == np.float32


def test_each_frame_has_its_own_rescale() -> None:
    shared = Sequence([transformation(3, 1)])
    frames = Sequence([transformation(1, 0), transformation(2, -5), Dataset()])
    enhanced = dataset(
        SharedFunctionalGroupsSequence=shared,
        PerFrameFunctionalGroupsSequence=frames,
        RescaleSlope=100,
        RescaleIntercept=100,
    )
    pixels = np.array([10], np.int16)
    results = [radpix.apply_modality(pixels, enhanced, frame=k).item() for k in range(3)]
    assert results == [10, 15, 31]
    with pytest.raises(IndexError, match="frame 3"):
        radpix.apply_modality(pixels, enhanced, frame=3)
    with pytest.raises(IndexError, match="frame -1"):
        radpix.apply_modality(pixels, enhanced, frame=-1)


@pytest.mark.parametrize(("attributes", "value"), [({"RescaleSlope": 2}, 6), ({"RescaleIntercept": 2}, 5)])
def test_half_a_rescale_is_completed_with_a_warning(attributes: dict[str, Any], value: int) -> None:
    with pytest.warns(radpix.RadpixWarning, match="missing") as caught:
        assert radpix.apply_modality(np.array([3], np.int16), dataset(**attributes)).item() == value
    assert caught[0].message.code == "rescale-incomplete"  # type: ignore[union-attr]


@pytest.mark.filterwarnings("ignore:Invalid value for VR")
@pytest.mark.parametrize("slope", [float("nan"), float("inf"), [1.0, 2.0]])
def test_a_slope_that_is_no_number_is_refused(slope: Any) -> None:
    with pytest.raises(radpix.PixelDataError, match="RescaleSlope"):
        radpix.apply_modality(np.zeros(1, np.int16), dataset(RescaleSlope=slope, RescaleIntercept=0))


def lut(descriptor: list[int], data: Any) -> Dataset:
    item = Dataset()
    item.add_new("LUTDescriptor", "US" if min(descriptor) >= 0 else "SS", descriptor)
    item.add_new("LUTData", "OW" if isinstance(data, bytes) else "US", data)
    return dataset(ModalityLUTSequence=Sequence([item]), RescaleSlope=7, RescaleIntercept=7)


ENTRIES = [5, 300, 40000, 9]


@pytest.mark.parametrize("data", [ENTRIES, np.array(ENTRIES, "<u2").tobytes()])
@pytest.mark.parametrize(
    ("stored", "first"), [("uint16", 2), ("int16", -2), ("int16", 65534), ("uint8", 2), ("int8", -2)]
)
def test_a_modality_lut_maps_and_extends_its_ends(data: Any, stored: str, first: int) -> None:
    start = first - 65536 if first > 32767 else first
    inputs = np.arange(start - 2 if start > 0 else start - 1, start + 6).astype(stored)
    wanted = [ENTRIES[min(max(int(x) - start, 0), 3)] for x in inputs]
    descriptor = [4, first, 16]
    values = radpix.apply_modality(inputs, lut(descriptor, data))
    assert values.dtype == np.int32
    assert values.tolist() == wanted
    assert radpix.apply_modality(inputs, lut(descriptor, data), dtype=np.uint16).tolist() == wanted


@pytest.mark.parametrize("count", [3, 4])
@pytest.mark.parametrize("as_words", [False, True])
def test_8_bit_entries_may_share_words(count: int, as_words: bool) -> None:
    packed = bytes([1, 2, 3, 4])
    data: Any = np.frombuffer(packed, "<u2").tolist() if as_words else packed
    values = radpix.apply_modality(np.arange(count, dtype=np.uint8), lut([count, 0, 8], data))
    assert values.dtype == np.int16
    assert values.tolist() == [1, 2, 3, 4][:count]


def test_8_bit_entries_may_have_a_word_each() -> None:
    assert radpix.apply_modality(np.arange(3, dtype=np.uint8), lut([3, 0, 8], [1, 2, 255])).tolist() == [
        1,
        2,
        255,
    ]


def test_a_lut_of_65536_entries_says_0() -> None:
    entries = np.arange(65536, dtype="<u2")[::-1].tobytes()
    values = radpix.apply_modality(np.array([0, 1, 65535], np.uint16), lut([0, 0, 16], entries))
    assert values.tolist() == [65535, 65534, 0]


@pytest.mark.parametrize(
    ("descriptor", "data", "text"),
    [([5, 0, 16], ENTRIES, "5 entries"), ([4, 0, 20], ENTRIES, "20 bits"), ([4, 0, 16], b"", "holds 0")],
)
def test_a_lut_that_contradicts_itself_is_refused(descriptor: list[int], data: Any, text: str) -> None:
    with pytest.raises(radpix.PixelDataError, match=text):
        radpix.apply_modality(np.zeros(2, np.uint16), lut(descriptor, data))


def test_a_lut_without_data_is_refused() -> None:
    with pytest.raises(radpix.PixelDataError, match="LUT Data"):
        radpix.apply_modality(
            np.zeros(2, np.uint16), dataset(ModalityLUTSequence=Sequence([dataset(LUTDescriptor=[2, 0, 8])]))
        )


def test_the_shell_of_a_lut_is_left_out() -> None:
    attributes = dataset(ModalityLUTSequence=Sequence([Dataset()]), RescaleSlope=2, RescaleIntercept=0)
    with pytest.warns(radpix.RadpixWarning, match="neither") as caught:
        assert radpix.apply_modality(np.array([3], np.int16), attributes).item() == 6
    assert caught[0].message.code == "lut-empty"  # type: ignore[union-attr]


def test_xray_tables_that_lead_back_to_intensity_are_not_applied() -> None:
    attributes = lut([4, 0, 16], ENTRIES)
    pixels = np.array([0, 3], np.uint16)
    for uid, relationship, applied in (
        ("1.2.840.10008.5.1.4.1.1.12.1", "LOG", False),
        ("1.2.840.10008.5.1.4.1.1.12.2", "DISP", False),
        ("1.2.840.10008.5.1.4.1.1.12.1", "LIN", True),
        ("1.2.840.10008.5.1.4.1.1.1", "LOG", True),
    ):
        attributes.SOPClassUID, attributes.PixelIntensityRelationship = uid, relationship
        wanted = [ENTRIES[0], ENTRIES[3]] if applied else [0, 3]
        assert radpix.apply_modality(pixels, attributes).tolist() == wanted


def test_a_lut_is_for_integers_and_results_for_known_types() -> None:
    with pytest.raises(TypeError, match="float32"):
        radpix.apply_modality(np.zeros(2, np.float32), lut([4, 0, 16], ENTRIES))
    with pytest.raises(TypeError, match="int64"):
        radpix.apply_modality(np.zeros(2, np.int16), Dataset(), dtype=np.int64)
