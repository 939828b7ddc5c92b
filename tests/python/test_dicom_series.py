"""Volumes written as DICOM series: they come back by radpix.load, and other readers find them at the same place."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.valuerep import format_number_as_ds
from tests.python.phantom import rotation
from tests.python.testdata import real_data

import radpix
from radpix import GeometryError, Volume, Window, write_dicom_series
from radpix.exchange._stored import stored_form

if TYPE_CHECKING:
    from pathlib import Path


def oblique(voxels: Any, *, shear: float = 0.0, left_handed: bool = False, **fields: Any) -> Volume:
    turn = rotation((1, -2, 0.5), 25)
    affine = np.eye(4)
    affine[:3, 0] = (-3.1 if left_handed else 3.1) * (turn[:, 2] + shear * turn[:, 1])
    affine[:3, 1] = 0.8203125 * turn[:, 1]
    affine[:3, 2] = 0.5123456789 * turn[:, 0]
    affine[:3, 3] = (-212.56789012, 140.0000123, -1077.33)
    options: dict[str, Any] = {"modality": "CT", "unit": "HU", "frame_of_reference_uid": "1.2.3"}
    return Volume(np.asarray(voxels), affine, **{**options, **fields})


def numbers(dtype: Any, low: float, high: float, shape: tuple[int, ...] = (4, 5, 6)) -> Any:
    values = np.random.default_rng(3).integers(int(low), int(high), shape, endpoint=True).astype(dtype)
    values.flat[:2] = low, high
    return values


def heads(folder: Path) -> list[Dataset]:
    return [dcmread(path) for path in sorted(folder.iterdir())]


@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [
        ("i2", -1024, 3071),
        ("i2", -32768, 32767),
        ("u2", 0, 65535),
        ("u1", 0, 255),
        ("i1", -128, 127),
        ("i4", -40000, 20000),
        ("i4", 70000, 135535),
        ("i8", -1024, 3071),
        ("u8", 5, 6),
        ("f4", -1000, 3000),
        ("f8", 0, 65535),
    ],
)
@pytest.mark.parametrize("modality", ["CT", "MR", "OT"])
def test_integers_come_back_exactly_at_their_place(
    dtype: str, low: float, high: float, modality: str, tmp_path: Path
) -> None:
    volume = oblique(numbers(dtype, low, high), modality=modality, unit="HU", padding_value=low)
    files = write_dicom_series(volume, tmp_path / "out")
    same = radpix.load(tmp_path / "out")
    np.testing.assert_array_equal(same.voxels, volume.voxels)
    np.testing.assert_allclose(same.affine, volume.affine, rtol=0, atol=1e-6)
    assert (same.modality, same.unit, same.frame_of_reference_uid) == (modality, "HU", "1.2.3")
    assert same.padding_value == low
    assert [path.name for path in files] == [f"0000{k}.dcm" for k in range(1, 5)]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@given(low=st.floats(-1e6, 1e6, width=32), span=st.floats(0, 1e6, width=32), factor=st.floats(1, 1000))
@settings(max_examples=200, deadline=None)
def test_floats_are_within_half_a_step(low: float, span: float, factor: float) -> None:
    values = np.linspace(low, low + span, 60, dtype=np.float64).reshape(3, 4, 5)
    step = max(span, 1e-2) / 65000 * factor
    form = stored_form(Volume(values), step)
    back = form.encode(values) * form.slope + form.intercept
    assert np.abs(back - values).max() <= 0.5000001 * form.slope + 1e-9 * abs(low)
    assert form.slope == pytest.approx(step, rel=1e-8)
    for number in (form.slope, form.intercept):
        assert float(format_number_as_ds(number)) == number


def test_fractions_need_a_step_and_the_message_gives_one(tmp_path: Path) -> None:
    volume = oblique(
        np.linspace(0, 21.675747, 120, dtype=np.float32).reshape(4, 5, 6), modality="PT", unit="GML"
    )
    with pytest.raises(ValueError, match=r"step=.* 0\.000334 is the finest"):
        write_dicom_series(volume, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
    write_dicom_series(volume, tmp_path / "out", step=0.000334)
    same = radpix.load(tmp_path / "out")
    assert np.abs(same.voxels - volume.voxels).max() <= 0.000334 / 2 * 1.01
    assert (same.voxels.flat[0], same.unit, same.modality) == (0.0, "GML", "PT")
    with pytest.raises(ValueError, match="do not fit"):
        write_dicom_series(volume, tmp_path / "other", step=0.0001)


@pytest.mark.parametrize("left_handed", [False, True])
@pytest.mark.parametrize("shear", [0.0, 0.3])
def test_every_voxel_stays_where_it_is(left_handed: bool, shear: float, tmp_path: Path) -> None:
    volume = oblique(numbers("i2", -5, 5), left_handed=left_handed, shear=shear)
    write_dicom_series(volume, tmp_path / "out")
    same = radpix.load(tmp_path / "out", on_irregular="keep")
    for index in np.ndindex(same.shape):
        there = np.rint(volume.patient_to_index(same.index_to_patient(index))).astype(int)
        np.testing.assert_allclose(
            volume.index_to_patient(there), same.index_to_patient(index), rtol=0, atol=1e-6
        )
        assert same.voxels[index] == volume.voxels[tuple(there)]
    assert (not shear) == same.report.ok  # type: ignore[union-attr]


def test_simpleitk_reads_the_same_series(tmp_path: Path) -> None:
    sitk = pytest.importorskip("SimpleITK")
    volume = oblique(numbers("i2", -1024, 3071))
    files = write_dicom_series(volume, tmp_path / "out")
    other = Volume.from_sitk(sitk.ReadImage([str(path) for path in files]))
    np.testing.assert_array_equal(other.voxels, volume.voxels)
    np.testing.assert_allclose(other.affine, volume.affine, rtol=0, atol=1e-6)


def test_colour_and_one_slice(tmp_path: Path) -> None:
    volume = oblique(numbers("u1", 0, 255, (1, 3, 5, 3)), modality="OT", unit="")
    (path,) = write_dicom_series(volume, tmp_path / "out")
    np.testing.assert_array_equal(radpix.decode(path), volume.voxels[0])
    assert dcmread(path).SOPClassUID.name == "Secondary Capture Image Storage"


def test_windows_padding_and_unknown_units_come_back(tmp_path: Path) -> None:
    windows = (Window(40, 400, explanation="ABDOMEN"), Window(-600.5, 1500, explanation="LUNG"))
    volume = oblique(numbers("i2", -1024, 3071), windows=windows, padding_value=-1024.0)
    write_dicom_series(volume, tmp_path / "out")
    same = radpix.load(tmp_path / "out")
    assert (same.windows, same.padding_value) == (windows, -1024.0)
    write_dicom_series(replace(volume, unit=""), tmp_path / "unknown")
    assert radpix.load(tmp_path / "unknown").unit == ""


def template(**changes: Any) -> Dataset:
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientName, dataset.PatientID, dataset.PatientSex = "Müller^Anna", "42", "F"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SOPInstanceUID = "1.5", "1.6", "1.7"
    dataset.SOPClassUID, dataset.Modality = "1.2.840.10008.5.1.4.1.1.2", "CT"
    dataset.StudyDate, dataset.SeriesDate, dataset.AcquisitionTime = "20200102", "20200103", "101112.5"
    dataset.FrameOfReferenceUID, dataset.KVP = "1.2.3", "120"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL", "HELIX"]
    for name, value in changes.items():
        setattr(dataset, name, value)
    return dataset


def test_what_stays_true_is_taken_from_the_template_and_the_rest_is_new(tmp_path: Path) -> None:
    volume = oblique(numbers("i2", -5, 5))
    write_dicom_series(
        volume,
        tmp_path / "out",
        template=template(),
        series_description="MPR",
        series_number=901,
        derivation="MPR",
    )
    images = heads(tmp_path / "out")
    assert {str(one.PatientName) for one in images} == {"Müller^Anna"}
    for keyword, value in (
        ("StudyInstanceUID", "1.5"),
        ("FrameOfReferenceUID", "1.2.3"),
        ("StudyDate", "20200102"),
        ("AcquisitionTime", "101112.5"),
        ("KVP", 120),
        ("ImageType", ["DERIVED", "SECONDARY", "AXIAL"]),
        ("SeriesDescription", "MPR"),
        ("SeriesNumber", 901),
        ("DerivationDescription", "MPR"),
    ):
        assert all(one[keyword].value == value for one in images), keyword
    assert len({one.SeriesInstanceUID for one in images} | {"1.6"}) == 2
    assert len({one.SOPInstanceUID for one in images} | {"1.7"}) == 5
    assert all(one.SeriesDate != "20200103" for one in images)
    for one in images:
        (source,) = one.SourceImageSequence
        assert source.ReferencedSOPInstanceUID == "1.7"
        assert source.PurposeOfReferenceCodeSequence[0].CodeValue == "121322"
    assert [one.InstanceNumber for one in images] == [1, 2, 3, 4]


def test_another_frame_of_reference_or_study_is_refused(tmp_path: Path) -> None:
    volume = oblique(numbers("i2", -5, 5))
    with pytest.raises(GeometryError, match="frame of reference"):
        write_dicom_series(volume, tmp_path / "out", template=template(FrameOfReferenceUID="9.9"))
    with pytest.raises(ValueError, match="studies"):
        write_dicom_series(volume, tmp_path / "out", template=[template(), template(StudyInstanceUID="7")])
    others: list[Any] = ["a path", [], 7]
    for wrong in others:
        with pytest.raises(TypeError, match="template"):
            write_dicom_series(volume, tmp_path / "out", template=wrong)
    assert list(tmp_path.iterdir()) == []


def test_slices_refer_to_their_neighbours(tmp_path: Path) -> None:
    volume = oblique(numbers("i2", -1024, 3071))
    write_dicom_series(volume, tmp_path / "in", template=template())
    series = radpix.scan(tmp_path / "in")[0]
    write_dicom_series(volume, tmp_path / "same", template=series)
    finer = radpix.resample(volume, spacing=(1.55, 0.8203125, 0.5123456789))
    write_dicom_series(finer, tmp_path / "finer", template=series)
    names = [one.sop_instance_uid for one in series.instances]
    referred = [
        [item.ReferencedSOPInstanceUID for item in one.SourceImageSequence]
        for one in heads(tmp_path / "same")
    ]
    assert referred == [[name] for name in names]
    between = heads(tmp_path / "finer")[3].SourceImageSequence
    assert {item.ReferencedSOPInstanceUID for item in between} == set(names[1:3])


def test_planes_that_dicom_has_not_are_refused(tmp_path: Path) -> None:
    volume = oblique(numbers("i2", -5, 5))
    affine = volume.affine.copy()
    affine[:3, 1] += 0.01 * affine[:3, 2]
    with pytest.raises(GeometryError, match="90"):
        write_dicom_series(replace(volume, affine=affine), tmp_path / "out")
    with pytest.raises(ValueError, match="NaN"):
        write_dicom_series(replace(volume, voxels=np.full((1, 2, 2), np.nan)), tmp_path / "out", step=1)
    for step in (0, -1, np.nan, np.inf):
        with pytest.raises(ValueError, match="positive"):
            write_dicom_series(volume, tmp_path / "out", step=step)
    with pytest.raises(ValueError, match="series_number"):
        write_dicom_series(volume, tmp_path / "out", series_number=-1)
    with pytest.raises(ValueError, match="fit into 16 bits"):
        write_dicom_series(replace(volume, voxels=numbers("i4", 0, 65536)), tmp_path / "out")


def test_nothing_is_left_of_a_series_that_failed_and_nothing_is_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    volume = oblique(numbers("i2", -5, 5))
    (tmp_path / "empty").mkdir()
    write_dicom_series(volume, tmp_path / "empty")
    with pytest.raises(FileExistsError):
        write_dicom_series(volume, tmp_path / "empty")
    with pytest.raises(FileNotFoundError):
        write_dicom_series(volume, tmp_path / "none" / "out")
    save = Dataset.save_as
    done: list[Dataset] = []

    def full(self: Dataset, *arguments: Any, **options: Any) -> None:
        if len(done) == 2:
            raise OSError(28, "No space left on device")
        done.append(self)
        save(self, *arguments, **options)

    monkeypatch.setattr(Dataset, "save_as", full)
    with pytest.raises(OSError, match="space"):
        write_dicom_series(volume, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]


def test_uptake_values_keep_their_type(tmp_path: Path) -> None:
    values = np.linspace(0, 20, 120, dtype=np.float32).reshape(4, 5, 6)
    volume = oblique(values, modality="PT", unit="g/ml{SUVlbm(Janma)}")
    pet = template(Modality="PT", PatientWeight="70", PatientSize="1.75")
    write_dicom_series(volume, tmp_path / "out", template=pet, step=0.001)
    first = heads(tmp_path / "out")[0]
    assert (first.Units, first.SUVType, first.ImageIndex, first.NumberOfSlices) == ("GML", "LBMJANMA", 1, 4)
    same = radpix.to_suv(tmp_path / "out", method="lbm-janmahasatian")
    assert same.unit == volume.unit
    np.testing.assert_allclose(same.voxels, values, atol=0.000501)


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("folder", "step"),
    [
        ("theibsi+data_sets/ibsi_validation/dicom/STS_002/CT/image", None),
        ("theibsi+data_sets/ibsi_validation/dicom/STS_002/MR_T1/image", None),
        ("theibsi+data_sets/ibsi_validation/dicom/STS_002/PET/image", 0.0005),
        ("neurolabusc+dcm_qa_ct/In/Philips/S21570/S2010", None),
    ],
)
def test_real_series_come_back(folder: str, step: float | None, tmp_path: Path) -> None:
    series = radpix.scan(real_data(*folder.split("/")))[0]
    volume = radpix.load(series)
    write_dicom_series(volume, tmp_path / "out", template=series, step=step)
    same = radpix.load(tmp_path / "out")
    np.testing.assert_allclose(same.affine, volume.affine, rtol=0, atol=1e-6)
    np.testing.assert_allclose(same.voxels, volume.voxels, rtol=0, atol=(step or 0) / 2 * 1.001)
    assert (same.unit, same.frame_of_reference_uid) == (volume.unit, volume.frame_of_reference_uid)


@pytest.mark.real_data
def test_activity_written_again_has_the_same_uptake(tmp_path: Path) -> None:
    folder = real_data("theibsi+data_sets", "ibsi_validation", "dicom", "STS_002", "PET", "image")
    series = radpix.scan(folder)[0]
    known = radpix.load(series)
    activity = replace(known, voxels=np.rint(known.voxels * np.float32(433344096 / 99e3)), unit="BQML")
    write_dicom_series(activity, tmp_path / "out", template=series, step=2)
    uptake = radpix.to_suv(tmp_path / "out")
    np.testing.assert_allclose(uptake.voxels, known.voxels, atol=2.5 * 99e3 / 433344096)


#: Attributes that must be there by type (1 with a value, 2 perhaps empty) in the modules that each object must have:
#: PS3.3 A.3.3, A.4.3, A.8.1.3 and A.21.3, without those of conditional modules.
REQUIRED = {
    (
        "all",
        1,
    ): """BitsAllocated BitsStored Columns HighBit Modality PhotometricInterpretation PixelRepresentation Rows
        SOPClassUID SOPInstanceUID SamplesPerPixel SeriesInstanceUID StudyInstanceUID""",
    ("all", 2): """AccessionNumber InstanceNumber PatientBirthDate PatientID PatientName PatientSex
        ReferringPhysicianName SeriesNumber StudyDate StudyID StudyTime""",
    ("placed", 1): "FrameOfReferenceUID ImageOrientationPatient ImagePositionPatient ImageType PixelSpacing",
    ("placed", 2): "Manufacturer PositionReferenceIndicator SliceThickness",
    ("CT", 1): "RescaleIntercept RescaleSlope",
    ("CT", 2): "AcquisitionNumber KVP PatientPosition",
    ("MR", 1): "ScanningSequence SequenceVariant",
    ("MR", 2): "EchoTime EchoTrainLength MRAcquisitionType PatientPosition RepetitionTime ScanOptions",
    ("PT", 1): """CountsSource DecayCorrection FrameReferenceTime ImageIndex NumberOfSlices RescaleIntercept
        RescaleSlope SeriesDate SeriesTime SeriesType Units""",
    ("PT", 2): """AcquisitionDate AcquisitionTime ActualFrameDuration CollimatorType CorrectedImage
        PatientGantryRelationshipCodeSequence PatientOrientationCodeSequence RadiopharmaceuticalInformationSequence""",
    ("OT", 1): "ConversionType",
}


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("modality", ["CT", "MR", "PT", "OT"])
def test_attributes_that_the_object_must_have_are_there(modality: str, known: bool, tmp_path: Path) -> None:
    volume = oblique(numbers("i2", 0, 100), modality=modality, unit="")
    source = template(Modality=modality) if known else None
    write_dicom_series(volume, tmp_path / "out", template=source)
    kinds = ["all", modality, *(["placed"] if modality != "OT" else [])]
    for dataset in heads(tmp_path / "out"):
        for (kind, level), keywords in REQUIRED.items():
            if kind in kinds:
                absent = [
                    k for k in keywords.split() if k not in dataset or (level == 1 and dataset[k].is_empty)
                ]
                assert not absent, (kind, level)
        # Type 2C: not to be there without IR among the values of Scanning Sequence (PS3.3 C.8.3.1).
        assert modality != "MR" or "InversionTime" not in dataset


def test_no_uptake_is_computed_from_activity_of_unknown_decay(tmp_path: Path) -> None:
    write_dicom_series(oblique(numbers("i2", 0, 100), modality="PT", unit="BQML"), tmp_path / "out")
    with pytest.raises(radpix.SuvError) as caught:
        radpix.to_suv(tmp_path / "out", weight=70, dose=350e6, half_life=6586.2)
    assert (caught.value.code, caught.value.tag) == ("suv-attribute-invalid", "(0054,1102) Decay Correction")


@pytest.mark.parametrize(
    ("modality", "image_type"),
    [
        ("CT", ["DERIVED", "SECONDARY", "AXIAL"]),
        ("MR", ["DERIVED", "SECONDARY", "OTHER"]),
        ("PT", ["DERIVED", "PRIMARY"]),  # the only value 2 of PET (PS3.3 C.8.9.4.1.1)
        ("OT", ["DERIVED", "SECONDARY"]),
    ],
)
def test_image_type_is_one_of_the_object(modality: str, image_type: list[str], tmp_path: Path) -> None:
    write_dicom_series(oblique(numbers("i2", 0, 9), modality=modality, unit=""), tmp_path / "out")
    assert [list(one.ImageType) for one in heads(tmp_path / "out")] == [image_type] * 4


def test_conditional_attributes_follow_their_conditions(tmp_path: Path) -> None:
    def written(modality: str, **tags: Any) -> Dataset:
        volume = oblique(numbers("i2", 0, 9), modality=modality, unit="")
        folder = tmp_path / f"{len(list(tmp_path.iterdir()))}"
        return dcmread(write_dicom_series(volume, folder, template=template(Modality=modality, **tags))[0])

    assert "Laterality" not in written("CT", BodyPartExamined="CHEST")
    assert written("CT", BodyPartExamined="KNEE")["Laterality"].is_empty
    assert written("CT", BodyPartExamined="KNEE", Laterality="L").Laterality == "L"
    assert "InversionTime" not in written("MR", InversionTime="150", ScanningSequence="SE")
    assert written("MR", InversionTime="150", ScanningSequence=["SE", "IR"]).InversionTime == 150
    assert "PatientPosition" not in written("PT", PatientPosition="HFS")
    assert written("CT", PatientPosition="HFS").PatientPosition == "HFS"
    assert written("PT").DecayFactor == 1
    assert "DecayFactor" not in written("PT", DecayCorrection="NONE")


@pytest.mark.parametrize(
    ("affine", "letters"),
    [
        (np.eye(4)[[2, 1, 0, 3]], ["L", "P"]),
        (np.diag([1.0, -1, -1, 1])[:, [2, 1, 0, 3]], ["L", "A"]),
        (oblique(np.zeros((1, 1, 1))).affine, ["LHP", "PHR"]),
    ],
)
def test_secondary_capture_says_where_rows_and_columns_point(
    affine: Any, letters: list[str], tmp_path: Path
) -> None:
    write_dicom_series(Volume(np.zeros((2, 3, 4), np.uint8), affine), tmp_path / "out")
    assert list(heads(tmp_path / "out")[0].PatientOrientation) == letters


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy of dicom3tools is not installed")
@pytest.mark.parametrize(
    ("modality", "unit", "kind"),
    [
        ("CT", "HU", "i2"),
        ("CT", "", "i4"),
        ("MR", "", "u2"),
        ("PT", "BQML", "i2"),
        ("PT", "g/ml{SUVbw}", "f4"),
        ("RTDOSE", "GY", "f4"),
        ("", "", "u1"),
        ("US", "", "rgb"),
    ],
)
def test_dciodvfy_finds_no_error(modality: str, unit: str, kind: str, tmp_path: Path) -> None:
    voxels = numbers("u1", 0, 9, (2, 5, 6, 3)) if kind == "rgb" else numbers(kind, 0, 9, (2, 5, 6))
    write_dicom_series(oblique(voxels, modality=modality, unit=unit), tmp_path / "out")
    for path in sorted((tmp_path / "out").iterdir()):
        said = subprocess.run(["dciodvfy", "-new", path], capture_output=True, text=True, check=False)
        assert "Error" not in said.stdout + said.stderr, said.stderr


@pytest.mark.parametrize(("low", "high"), [(-100.0, 50000.0), (70000.0, 100000.0), (-90000.0, 10.0)])
def test_pet_has_no_intercept_and_the_message_gives_a_step_that_fits(
    low: float, high: float, tmp_path: Path
) -> None:
    volume = oblique(numbers("f4", low, high), modality="PT", unit="BQML")
    with pytest.raises(ValueError, match="without an intercept, which PET has not") as caught:
        write_dicom_series(volume, tmp_path / "out", step=1)
    step = float(str(caught.value).split("step= of ")[1].split()[0])
    assert step < 2.1 * max(high - min(low, 0), -2 * low) / 65535 * 1.2
    write_dicom_series(volume, tmp_path / "out", step=step)
    assert {float(one.RescaleIntercept) for one in heads(tmp_path / "out")} == {0.0}
    found = radpix.load(tmp_path / "out").voxels
    assert float(np.abs(found - volume.voxels).max()) <= step / 2 * 1.001


def test_what_sources_at_one_place_disagree_about_is_not_that_of_one_of_them(tmp_path: Path) -> None:
    volume = oblique(numbers("i2", 0, 9), modality="PT", unit="BQML")
    written = [dcmread(path) for path in write_dicom_series(volume, tmp_path / "first", template=template())]
    frames = []
    for time in (1000, 2000):
        for one in written:
            frame = Dataset()
            frame.update(one)
            frame.DecayCorrection, frame.FrameReferenceTime = "NONE", time
            frame.AcquisitionTime, frame.ActualFrameDuration = f"10{time}", 500
            frames.append(frame)
    mean = dcmread(write_dicom_series(volume, tmp_path / "mean", template=frames)[0])
    assert (mean.AcquisitionTime, mean.FrameReferenceTime) == ("", "0")  # type 2, and type 1 as if unknown
    assert (mean.DecayCorrection, mean.ActualFrameDuration) == ("NONE", 500)
    assert len(mean.SourceImageSequence) == 2
    later = dcmread(write_dicom_series(volume, tmp_path / "later", template=frames[len(written) :])[0])
    assert (later.AcquisitionTime, later.FrameReferenceTime) == ("102000", 2000)


def test_image_type_of_an_enhanced_template_is_not_that_of_its_slices(tmp_path: Path) -> None:
    source = template(ImageType=["ORIGINAL", "PRIMARY", "VOLUME", "NONE"])
    write_dicom_series(oblique(numbers("i2", 0, 9)), tmp_path / "out", template=source)
    assert list(heads(tmp_path / "out")[0].ImageType) == ["DERIVED", "SECONDARY", "AXIAL"]
