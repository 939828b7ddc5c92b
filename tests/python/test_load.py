from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from tests.python.phantom import Phantom, linear_field, stack_positions

import radpix
from radpix import Window, limits

if TYPE_CHECKING:
    from pathlib import Path


def test_modality_values_are_exact_and_int16_where_they_fit(tmp_path: Path) -> None:
    phantom = Phantom()
    phantom.write(tmp_path)
    volume = radpix.load(tmp_path)
    assert volume.voxels.dtype == np.int16
    assert (volume.modality, volume.unit) == ("CT", "HU")
    assert volume.frame_of_reference_uid == phantom.frame_of_reference_uid
    assert volume.report is not None
    assert volume.report.ok
    for index in range(6):
        np.testing.assert_array_equal(volume.voxels[index], phantom.modality_values(index))


def test_stored_values_are_those_of_the_file(tmp_path: Path) -> None:
    phantom = Phantom()
    phantom.write(tmp_path)
    volume = radpix.load(tmp_path, level="stored")
    assert volume.voxels.dtype == np.uint16
    assert volume.unit == ""
    np.testing.assert_array_equal(volume.voxels, [phantom.stored(index) for index in range(6)])


def test_values_beyond_int16_make_int32(tmp_path: Path) -> None:
    phantom = Phantom(values=lambda p: linear_field(p) + np.where(p[..., 2] > 110, 50_000, 0))
    phantom.write(tmp_path)
    volume = radpix.load(tmp_path)
    assert volume.voxels.dtype == np.int32
    assert volume.voxels.max() > 50_000
    np.testing.assert_array_equal(volume.voxels, [phantom.modality_values(index) for index in range(6)])


def test_slope_and_intercept_of_each_slice_are_applied(tmp_path: Path) -> None:
    rescale = [(0.37 + 0.11 * index, -3.5 * index) for index in range(6)]
    phantom = Phantom(rescale=rescale, modality="PT", tags={"Units": "BQML"}, values=lambda p: p[..., 2] * 7)
    phantom.write(tmp_path)
    volume = radpix.load(tmp_path)
    assert volume.voxels.dtype == np.float32
    assert volume.unit == "BQML"
    expected = np.array([phantom.modality_values(index) for index in range(6)])
    np.testing.assert_array_equal(volume.voxels, expected.astype(np.float32))


def test_integer_rescale_of_each_slice_stays_integer(tmp_path: Path) -> None:
    phantom = Phantom(rescale=[(1 + index, -100 * index) for index in range(6)])
    phantom.write(tmp_path)
    volume = radpix.load(tmp_path)
    assert volume.voxels.dtype == np.int16
    np.testing.assert_array_equal(volume.voxels, [phantom.modality_values(index) for index in range(6)])


@pytest.mark.parametrize("dtype", ["int32", "float32", "float64"])
@pytest.mark.parametrize("level", ["modality", "stored"])
def test_dtype_is_that_asked_for(tmp_path: Path, dtype: str, level: Any) -> None:
    phantom = Phantom()
    phantom.write(tmp_path)
    volume = radpix.load(tmp_path, dtype=dtype, level=level)
    assert volume.voxels.dtype == dtype
    expected = phantom.stored if level == "stored" else phantom.modality_values
    np.testing.assert_array_equal(volume.voxels, [expected(index) for index in range(6)])


@pytest.mark.parametrize("level", ["modality", "stored"])
def test_dtype_that_cannot_hold_the_values_is_an_error(tmp_path: Path, level: Any) -> None:
    Phantom().write(tmp_path)
    with pytest.raises(ValueError, match=r"uint8 cannot hold the value .* of .*0000\.dcm"):
        radpix.load(tmp_path, dtype="uint8", level=level)


@pytest.mark.parametrize(
    "argument", [{"level": "display"}, {"on_irregular": "guess"}, {"dtype": "complex64"}]
)
def test_unknown_choices_are_errors(tmp_path: Path, argument: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(argument))):
        radpix.load(tmp_path, **argument)


def test_padding_goes_through_the_rescale(tmp_path: Path) -> None:
    Phantom(dtype="int16", rescale=(2.0, -10.0), tags={"PixelPaddingValue": -2000}).write(tmp_path)
    assert radpix.load(tmp_path).padding_value == -4010.0
    assert radpix.load(tmp_path, level="stored").padding_value == -2000.0


def test_windows_are_those_of_the_first_slice_and_for_modality_values(tmp_path: Path) -> None:
    tags = {
        "WindowCenter": [40, -600.5, 3],
        "WindowWidth": [400, 1500, 0],
        "WindowCenterWidthExplanation": ["SOFT", "LUNG", "NONE"],
    }
    Phantom(tags=tags).write(tmp_path)
    # A width of 0 is none (PS3.3 C.11.2.1.2.1).
    assert radpix.load(tmp_path).windows == (
        Window(40, 400, explanation="SOFT"),
        Window(-600.5, 1500, explanation="LUNG"),
    )
    assert radpix.load(tmp_path, level="stored").windows == ()


@pytest.mark.parametrize(("function", "windows"), [("SIGMOID", 1), ("LINEAR_EXACT", 1), ("LINEAR", 0)])
def test_window_function_is_kept(tmp_path: Path, function: str, windows: int) -> None:
    Phantom(tags={"WindowCenter": 0.5, "WindowWidth": 0.5, "VOILUTFunction": function}).write(tmp_path)
    found = radpix.load(tmp_path).windows
    assert [window.function for window in found] == [function] * windows


def test_modality_lut_of_each_slice_takes_the_place_of_the_rescale(tmp_path: Path) -> None:
    for index, path in enumerate(Phantom(values=lambda p: p[..., 0] * 0 + 2, rescale=(1, 0)).write(tmp_path)):
        dataset = dcmread(path)
        table = Dataset()
        table.add_new("LUTDescriptor", "US", [4, 0, 16])
        table.add_new("LUTData", "US", [0, 100, 200 + index, 300])
        table.ModalityLUTType = "US"
        dataset.ModalityLUTSequence = [table]
        del dataset.RescaleSlope, dataset.RescaleIntercept
        dataset.save_as(path)
    volume = radpix.load(tmp_path)
    assert volume.voxels.dtype == np.int16
    np.testing.assert_array_equal(volume.voxels[:, 0, 0], np.arange(200, 206))
    assert np.all(radpix.load(tmp_path, level="stored").voxels == 2)


def test_padding_goes_through_the_modality_lut(tmp_path: Path) -> None:
    for k, path in enumerate(Phantom(positions=stack_positions(2), shape=(2, 2)).write(tmp_path)):
        dataset = dcmread(path)
        table = Dataset()
        table.add_new("LUTDescriptor", "US", [4, 10, 16])
        table.add_new("LUTData", "US", [500, 700, 900, 1000])
        dataset.ModalityLUTSequence = [table]
        dataset.PixelData = np.array([[10, 11], [12, 13]], np.uint16).tobytes()
        dataset.add_new("PixelPaddingValue", "US", 10)
        dataset.add_new("PixelPaddingRangeLimit", "US", 11 + k)
        dataset.save_as(path)
    volume = radpix.load(tmp_path)
    assert volume.padding_value == 500
    assert volume.voxels.tolist() == [[[500, 500], [900, 1000]], [[500, 500], [500, 1000]]]
    assert radpix.load(tmp_path, level="stored").padding_value == 10


@pytest.mark.parametrize(
    "tags",
    [{"PhotometricInterpretation": "PALETTE COLOR"}, {"Modality": "SEG"}],
    ids=["palette", "segments"],
)
def test_values_that_are_no_modality_values_have_no_unit_and_stored_padding(
    tmp_path: Path, tags: dict[str, Any]
) -> None:
    # Of a scanner that leaves the rescale of its other images in.
    more = {"RescaleType": "HU", "WindowCenter": 40, "WindowWidth": 400}
    phantom = Phantom(tags={"PixelPaddingValue": 3, **more, **tags})
    phantom.write(tmp_path)
    volume = radpix.load(tmp_path)
    assert (volume.voxels == [phantom.stored(index) for index in range(6)]).all()
    assert (volume.unit, volume.padding_value, volume.windows) == ("", 3, ())


def test_colour_stays_as_decoded(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    pixels = rng.integers(0, 256, (6, 12, 10, 3), dtype=np.uint8)
    for index, path in enumerate(Phantom(rescale=(1, 0)).write(tmp_path)):
        dataset = dcmread(path)
        dataset.SamplesPerPixel, dataset.PlanarConfiguration = 3, 0
        dataset.PhotometricInterpretation = "RGB"
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8, 8, 7
        dataset.PixelData = pixels[index].tobytes()
        dataset.save_as(path)
    volume = radpix.load(tmp_path)
    assert volume.shape == (6, 12, 10)
    np.testing.assert_array_equal(volume.voxels, pixels)


@pytest.mark.parametrize("num_threads", [1, 3])
def test_deviation_of_many_slices_is_one_warning(tmp_path: Path, num_threads: int) -> None:
    paths = Phantom().write(tmp_path)
    for path in paths:  # longer than its pixels
        dataset = dcmread(path)
        dataset.PixelData += b"\1\2\3\4"
        dataset.save_as(path)
    with pytest.warns(radpix.RadpixWarning, match="and in 5 more slices") as caught:
        volume = radpix.load(tmp_path, num_threads=num_threads)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert volume.shape == (6, 12, 10)


@pytest.mark.parametrize("num_threads", [1, 2, 3])
def test_number_of_threads_does_not_change_the_volume(tmp_path: Path, num_threads: int) -> None:
    phantom = Phantom(positions=stack_positions(20))
    phantom.write(tmp_path)
    calls: list[tuple[int, int]] = []
    volume = radpix.load(tmp_path, num_threads=num_threads, progress=lambda *call: calls.append(call))
    np.testing.assert_array_equal(volume.voxels, [phantom.modality_values(index) for index in range(20)])
    assert calls == [(done, 20) for done in range(1, 21)]


def test_source_may_be_files_in_any_order(tmp_path: Path) -> None:
    paths = Phantom().write(tmp_path)
    random.Random(3).shuffle(paths)
    np.testing.assert_array_equal(radpix.load(paths).voxels, radpix.load(tmp_path).voxels)


def test_several_series_are_an_error_that_lists_them(tmp_path: Path) -> None:
    first, second = Phantom(), Phantom(positions=stack_positions(4))
    first.write(tmp_path / "a")
    second.write(tmp_path / "b")
    with pytest.raises(radpix.GeometryError, match="2 series") as caught:
        radpix.load(tmp_path)
    assert first.series_uid in str(caught.value)
    assert "series_uid=" in str(caught.value)
    assert radpix.load(tmp_path, series_uid=second.series_uid).shape == (4, 12, 10)
    with pytest.raises(radpix.GeometryError, match=r"no series 1\.2\.3"):
        radpix.load(tmp_path, series_uid="1.2.3")
    with pytest.raises(radpix.GeometryError, match=r"not series_uid=1\.2\.3"):
        radpix.load(radpix.scan(tmp_path)[0], series_uid="1.2.3")


# Damaged and hostile files ----------------------------------------------------------------------------------


def test_empty_folder_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(radpix.PixelDataError, match=f"{tmp_path.name}.*no files"):
        radpix.load(tmp_path)
    with pytest.raises(radpix.PixelDataError, match="empty list"):
        radpix.load([])


def test_file_that_is_not_dicom_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not an image" * 30)
    with pytest.raises(radpix.PixelDataError, match=r"notes\.txt.*not DICOM"):
        radpix.load(path)


def test_missing_pixel_data_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    Phantom(slice_tags={3: {"PixelData": None}}).write(tmp_path)
    with pytest.raises(radpix.PixelDataError, match=r"0003\.dcm"):
        radpix.load(tmp_path)


def test_truncated_pixel_data_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    paths = Phantom().write(tmp_path)
    paths[2].write_bytes(paths[2].read_bytes()[:-50])
    with pytest.raises(radpix.RadpixError, match=r"0002\.dcm"):
        radpix.load(tmp_path)


def test_rows_beyond_the_pixel_data_are_an_error_that_names_the_file(tmp_path: Path) -> None:
    paths = Phantom().write(tmp_path)
    for path in paths:
        dataset = dcmread(path)
        dataset.Rows = 60_000
        dataset.Columns = 10
        dataset.save_as(path)
    with pytest.raises(radpix.RadpixError, match=r"0000\.dcm"):
        radpix.load(tmp_path)


def test_rows_of_one_slice_that_differ_are_another_volume(tmp_path: Path) -> None:
    Phantom(slice_tags={2: {"Rows": 600}}).write(tmp_path)
    with pytest.raises(radpix.GeometryError, match="2 volumes") as caught:
        radpix.load(tmp_path)
    assert isinstance(caught.value.report, radpix.GeometryReport)
    assert "mixed-matrix" in caught.value.report


def test_volume_over_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Phantom().write(tmp_path)
    monkeypatch.setattr(limits, "max_bytes_per_call", 1000)
    with pytest.raises(radpix.LimitError, match="max_bytes_per_call"):
        radpix.load(tmp_path)


def test_slope_of_zero_is_refused_at_modality_level(tmp_path: Path) -> None:
    Phantom(tags={"RescaleSlope": 0}).write(tmp_path)
    with pytest.raises(radpix.PixelDataError, match=r"0000\.dcm.*Slope"):
        radpix.load(tmp_path)
    assert radpix.load(tmp_path, level="stored").shape == (6, 12, 10)


def philips(folder: Path, scale: float | None) -> Phantom:
    """Write a series with the private scale of Philips."""
    phantom = Phantom(rescale=(2.0, -1000.0), modality="MR", tags={"PixelPaddingValue": 7})
    for path in phantom.write(folder):
        dataset = dcmread(path)
        if scale is not None:
            block = dataset.private_block(0x2005, "Philips MR Imaging DD 001", create=True)
            block.add_new(0x0D, "FL", 0.0)
            block.add_new(0x0E, "FL", scale)
        dataset.save_as(path)
    return phantom


def test_philips_own_scale_gives_its_floating_point_values(tmp_path: Path) -> None:
    phantom = philips(tmp_path, 0.25)
    volume = radpix.load(tmp_path, scaling="philips")
    stored = np.array([phantom.stored(index) for index in range(6)])
    np.testing.assert_array_equal(volume.voxels, (stored * 2.0 - 1000.0) / (2.0 * 0.25))
    assert (volume.unit, volume.padding_value) == ("", (7 * 2.0 - 1000.0) / 0.5)
    np.testing.assert_array_equal(radpix.load(tmp_path).voxels, stored * 2 - 1000)


def test_series_without_the_private_scale_has_no_such_values(tmp_path: Path) -> None:
    philips(tmp_path, None)
    with pytest.raises(radpix.PixelDataError, match="2005,100E"):
        radpix.load(tmp_path, scaling="philips")
    with pytest.raises(ValueError, match="scaling"):
        radpix.load(tmp_path, scaling="ge")  # type: ignore[arg-type]


@pytest.mark.parametrize(("dtype", "value"), [("int16", 32767.5), ("uint8", 255.5), ("float32", 3.5e38)])
def test_values_just_beyond_a_type_are_refused(tmp_path: Path, dtype: str, value: float) -> None:
    Phantom(values=lambda p: np.full(p.shape[:-1], value), rescale=(value, 0.0)).write(tmp_path)
    with pytest.raises(ValueError, match=f"{dtype} cannot hold"):
        radpix.load(tmp_path, dtype=dtype)


@pytest.mark.parametrize(("dtype", "value"), [("int16", 32767.4), ("uint8", 255.4), ("int16", -32768.5)])
def test_values_that_round_into_a_type_are_kept(tmp_path: Path, dtype: str, value: float) -> None:
    Phantom(values=lambda p: np.full(p.shape[:-1], value), rescale=(value, 0.0)).write(tmp_path)
    assert set(radpix.load(tmp_path, dtype=dtype).voxels.ravel().tolist()) == {round(value)}


def test_source_may_be_what_scan_returns(tmp_path: Path) -> None:
    phantom = Phantom(tags={"SliceThickness": 2.5})
    phantom.write(tmp_path)
    result = radpix.scan(tmp_path)
    (series,) = result
    for source in (result, [series], series, series.volumes()[0], series.instances):
        np.testing.assert_array_equal(radpix.load(source).voxels, radpix.load(tmp_path).voxels)
    one = radpix.load(series.instances[2])
    np.testing.assert_array_equal(one.voxels[0], phantom.modality_values(2))
    np.testing.assert_allclose(one.origin, phantom.positions[2])


def test_several_series_of_a_scan_are_chosen_by_uid(tmp_path: Path) -> None:
    one, other = Phantom(), Phantom(positions=stack_positions(3))
    one.write(tmp_path / "one")
    other.write(tmp_path / "other")
    found = radpix.scan(tmp_path)
    assert radpix.load(found, series_uid=other.series_uid).shape[0] == 3
    images = [instance for series in found for instance in series.instances]
    for source in (found, list(found), images):
        with pytest.raises(radpix.GeometryError, match="holds 2 series"):
            radpix.load(source)


@pytest.mark.parametrize("source", [5, None, b"folder", [1, 2]])
def test_source_that_is_none_says_what_to_give(source: Any) -> None:
    with pytest.raises(TypeError, match=r"a source is a path.*an Instance"):
        radpix.load(source)


def test_list_of_volumes_says_what_to_give(tmp_path: Path) -> None:
    Phantom().write(tmp_path)
    with pytest.raises(TypeError, match="a list of VolumePlan"):
        radpix.load(radpix.scan(tmp_path)[0].volumes())  # type: ignore[arg-type]
