"""Real series: what is regular loads exactly, what is not is refused by the right finding."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.python.testdata import manifest, real_data

import radpix
from radpix.geometry import POSITION_TOLERANCE_MM

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

pytestmark = pytest.mark.real_data

D2N = "icometrix+dicom2nifti/tests/data"
IBSI1 = "theibsi+data_sets/ibsi_validation"
IBSI2 = "theibsi+data_sets/ibsi_2_digital_phantom"

#: Folder and reference of the series that are regular; an empty reference where there is none beside them.
REGULAR = {
    "dcm4che+dcm4che/dcm4che-assembly/src/etc/testdata/dicom": "",
    f"{D2N}/anatomical/001": f"{D2N}/anatomical/001_ground_truth.nii.gz",
    f"{D2N}/failing/slicecount/001": f"{D2N}/failing/slicecount/001_ground_truth.nii.gz",
    f"{D2N}/ge/anatomical/001": f"{D2N}/ge/anatomical/001_ground_truth.nii.gz",
    f"{D2N}/generic/anatomical/001": "",  # the reference is of the four slices, two of which are elsewhere
    f"{D2N}/generic/compressed_jpegls/001": "",
    f"{D2N}/generic/compressed_rle/001": f"{D2N}/generic/compressed_rle/001_ground_truth.nii.gz",
    f"{D2N}/generic/rgb/001": f"{D2N}/generic/rgb/001_ground_truth.nii.gz",
    f"{D2N}/hitachi/anatomical/001": f"{D2N}/hitachi/anatomical/001_ground_truth.nii.gz",
    f"{D2N}/philips/anatomical/001": f"{D2N}/philips/anatomical/001_ground_truth.nii.gz",
    f"{D2N}/siemens/anatomical/001": f"{D2N}/siemens/anatomical/001_ground_truth.nii.gz",
    f"{IBSI2}/dicom/impulse": "",  # its NIfTI is a mirror image: z grows there, the positions here fall
    f"{IBSI2}/dicom/orientation": "",
    f"{IBSI1}/dicom/STS_002/CT/image": f"{IBSI1}/nifti/STS_002/CT_image.nii.gz",
    f"{IBSI1}/dicom/STS_002/MR_T1/image": f"{IBSI1}/nifti/STS_002/MR_T1_image.nii.gz",
    f"{IBSI1}/dicom/STS_002/PET/image": f"{IBSI1}/nifti/STS_002/PET_image.nii.gz",
}

#: Folder, and the findings for which the series is refused.
IRREGULAR = {
    f"{D2N}/failing/gantrytilting/001": {"tilt"},
    f"{D2N}/failing/notavolume/001": {"duplicate-position"},
    f"{D2N}/failing/sliceincrement/001": {"gap"},
    f"{D2N}/ge/dti/001": {"duplicate-position"},
    f"{D2N}/philips/dti/001": {"duplicate-position"},
    f"{D2N}/siemens/fmri/001": {"duplicate-position", "mosaic"},
    "neurolabusc+dcm_qa_ct/In/GE": {"uneven-spacing", "tilt"},
    "neurolabusc+dcm_qa_nih/In/20180918GE/mr_0004": {"duplicate-position"},
    "neurolabusc+dcm_qa_nih/In/20180918Si/mr_0003": {"duplicate-position"},
    "neurolabusc+dcm_qa_nih/In/20180918Si/mr_0005": {"duplicate-position"},
    "neurolabusc+dcm_qa_mosaic/In/ep2d_Asc_2": {"duplicate-position"},
    "neurolabusc+dcm_qa_mosaic/In/ep2d_Int_HF_5": {"duplicate-position"},
}


def corners(volume: radpix.Volume) -> NDArray[Any]:
    ends = np.array(volume.shape) - 1
    unit = np.array([[z, y, x] for z in (0, 1) for y in (0, 1) for x in (0, 1)])
    return np.asarray(unit * ends)


def test_every_series_of_the_corpora_is_covered() -> None:
    listed = {row["dir"] for row in manifest("geometry_series.csv")}
    phantom = "theibsi+data_sets/ibsi_1_digital_phantom/dicom_deprecated"
    enhanced = {*FRAMED, f"{phantom}/image", f"{phantom}/mask"}
    assert listed == REGULAR.keys() | IRREGULAR.keys() | enhanced


@pytest.mark.parametrize("folder", REGULAR)
def test_regular_series_raise_no_alarm_and_slices_lie_where_written(folder: str) -> None:
    (series,) = radpix.scan(real_data(folder))
    (plan,) = series.volumes()
    assert {finding.severity for finding in plan.report.findings} <= {"info"}
    assert plan.affine is not None
    written = np.array([instance.image_position for instance in plan.instances])
    firsts = np.arange(len(written))[:, None] * plan.affine[:3, 0] + plan.affine[:3, 3]
    assert np.abs(firsts - written).max() < POSITION_TOLERANCE_MM


@pytest.mark.parametrize("folder", REGULAR)
def test_regular_series_load_as_simpleitk_reads_them(folder: str) -> None:
    sitk = pytest.importorskip("SimpleITK")
    volume = radpix.load(real_data(folder))
    (plan,) = radpix.scan(real_data(folder))[0].volumes()
    image = sitk.ReadImage([instance.path for instance in plan.instances])
    reference = radpix.Volume.from_sitk(image)
    if volume.voxels.dtype.kind == "f":  # SimpleITK rescales to float64
        np.testing.assert_array_equal(volume.voxels, reference.voxels.astype(np.float32))
    else:
        np.testing.assert_array_equal(volume.voxels, reference.voxels)
    # Cosines written with six decimals are made orthogonal by SimpleITK, which moves the slices from where
    # their positions say.
    exact = np.isin(np.abs(plan.instances[0].image_orientation or ()), (0, 1)).all()
    distance = np.abs(volume.index_to_patient(corners(volume)) - reference.index_to_patient(corners(volume)))
    assert distance.max() < (1e-6 if exact else 2e-4)


def assert_same_voxels_at_the_same_places(volume: radpix.Volume, reference: radpix.Volume) -> None:
    """Compare voxel by voxel at 1e-4 mm; references order and flip the axes as they please."""
    assert np.array_equal(np.sort(reference.shape), np.sort(volume.shape))
    places = reference.index_to_patient(np.moveaxis(np.indices(reference.shape), 0, -1))
    ours = np.rint(volume.patient_to_index(places)).astype(int)
    assert np.abs(volume.index_to_patient(ours) - places).max() < 1e-4
    values = volume.voxels[ours[..., 0], ours[..., 1], ours[..., 2]]
    # Some have an alpha channel.
    expected = reference.voxels[..., :3] if values.ndim == 4 else reference.voxels
    if volume.voxels.dtype.kind == "f":
        np.testing.assert_allclose(values, expected, rtol=1e-6)
    else:
        np.testing.assert_array_equal(values, expected)


def dcm2niix(folder: Path, target: Path) -> Path:
    program = shutil.which("dcm2niix")
    if program is None:
        pytest.skip("dcm2niix is not installed")
    subprocess.run([program, "-o", target, "-z", "n", folder], check=True, capture_output=True)
    (image,) = target.glob("*.nii")
    return image


@pytest.mark.parametrize("folder", REGULAR)
def test_regular_series_equal_their_nifti_reference(folder: str, tmp_path: Path) -> None:
    nibabel = pytest.importorskip("nibabel")
    path = real_data(REGULAR[folder]) if REGULAR[folder] else dcm2niix(real_data(folder), tmp_path)
    reference = radpix.Volume.from_nibabel(nibabel.load(path))
    assert_same_voxels_at_the_same_places(radpix.load(real_data(folder)), reference)


@pytest.mark.parametrize(("folder", "reference"), [("image", "image/phantom"), ("mask", "mask/mask")])
def test_enhanced_phantom_of_ibsi_has_the_voxels_of_its_nifti(folder: str, reference: str) -> None:
    """Its DICOM form was deprecated for a wrong spacing: the places differ, the voxels do not."""
    nibabel = pytest.importorskip("nibabel")
    phantom = real_data("theibsi+data_sets", "ibsi_1_digital_phantom")
    expected = np.asarray(nibabel.load(phantom / "nifti" / f"{reference}.nii.gz").dataobj)
    (series,) = radpix.scan(phantom / "dicom_deprecated" / folder)
    assert series.audit().ok
    np.testing.assert_array_equal(radpix.load(series).voxels, expected.transpose(1, 2, 0))


@pytest.mark.parametrize(("folder", "codes"), IRREGULAR.items())
def test_irregular_series_are_refused_by_name(folder: str, codes: set[str]) -> None:
    (series,) = radpix.scan(real_data(folder))
    report = series.audit()
    assert {finding.code for finding in report.errors} == codes
    with pytest.raises(radpix.GeometryError) as caught:
        radpix.load(real_data(folder))
    assert any(instance.name in str(caught.value) for instance in series.instances)
    assert isinstance(caught.value.report, radpix.GeometryReport)
    assert {finding.code for finding in caught.value.report.errors} == codes


@pytest.mark.parametrize(
    ("folder", "degrees"), [(f"{D2N}/failing/gantrytilting/001", 14.0), ("neurolabusc+dcm_qa_ct/In/GE", 18.5)]
)
def test_tilt_is_measured_and_straightened(folder: str, degrees: float) -> None:
    (series,) = radpix.scan(real_data(folder))
    assert series.audit().tilt_degrees == pytest.approx(degrees, abs=0.01)
    volume = radpix.load(series, on_irregular="resample")
    np.testing.assert_allclose(volume.direction.T @ volume.direction, np.eye(3), atol=1e-6)
    kept = radpix.load(series, on_irregular="keep")
    # The first slice is in both, at the same place and unchanged, where the tilt shifts it by whole pixels.
    start = volume.patient_to_index(kept.origin)
    assert start[0] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("folder", "volumes"),
    [
        (f"{D2N}/ge/dti/001", 2),
        (f"{D2N}/philips/dti/001", 4),
        ("neurolabusc+dcm_qa_nih/In/20180918GE/mr_0004", 10),
    ],
)
def test_repetitions_are_the_volumes_of_dcm2niix(folder: str, volumes: int, tmp_path: Path) -> None:
    nibabel = pytest.importorskip("nibabel")
    image = nibabel.load(dcm2niix(real_data(folder), tmp_path))
    (series,) = radpix.scan(real_data(folder))
    plans = series.volumes()
    assert len(plans) == image.shape[3] == volumes
    times = np.asarray(image.dataobj)
    for time, plan in enumerate(plans):
        one = radpix.Volume.from_nibabel(nibabel.Nifti1Image(times[..., time].copy(), image.affine))
        assert_same_voxels_at_the_same_places(radpix.load(plan), one)


#: Objects with several slices each: folder, reference (of dcm2niix where there is none beside them), volumes.
FRAMED = {
    f"{D2N}/philips_enhanced/anatomical/001": (
        f"{D2N}/philips_enhanced/anatomical/001_ground_truth.nii.gz",
        1,
    ),
    "neurolabusc+dcm_qa_enh/In/Siemens/XA10": (
        "neurolabusc+dcm_qa_enh/Ref/Siemens_REST1_w_SMS_PF7-8_6.nii",
        4,
    ),
    "neurolabusc+dcm_qa_nih/In/20180918Si/mr_0003": ("", 2),
    "neurolabusc+dcm_qa_nih/In/20180918Si/mr_0005": ("", 2),
    "neurolabusc+dcm_qa_mosaic/In/ep2d_Asc_2": ("", 6),
    "neurolabusc+dcm_qa_mosaic/In/ep2d_Int_HF_5": ("", 6),
}


@pytest.mark.parametrize("folder", FRAMED)
def test_frames_and_tiles_equal_their_nifti_reference(folder: str, tmp_path: Path) -> None:
    nibabel = pytest.importorskip("nibabel")
    reference, volumes = FRAMED[folder]
    path = real_data(reference) if reference else dcm2niix(real_data(folder), tmp_path)
    image = nibabel.load(path)
    (series,) = radpix.scan(real_data(folder))
    plans = series.volumes()
    assert len(plans) == volumes
    times = np.asarray(image.dataobj).reshape(*image.shape[:3], -1)
    for time, plan in enumerate(plans):
        assert plan.report.ok
        volume = radpix.load(plan)
        one = radpix.Volume.from_nibabel(nibabel.Nifti1Image(times[..., time].copy(), image.affine))
        assert_same_voxels_at_the_same_places(volume, one)


def test_mosaic_without_the_number_of_its_slices_is_refused() -> None:
    (series,) = radpix.scan(real_data(f"{D2N}/siemens/fmri/001"))
    with pytest.raises(radpix.GeometryError, match=r"mosaic: .*do not say how many"):
        radpix.load(series.volumes()[0], on_irregular="keep")


@pytest.mark.parametrize(
    ("name", "segments"), [("seg_image_ct_binary", 1), ("seg_image_ct_binary_overlap", 2)]
)
def test_segments_lie_on_common_planes(name: str, segments: int) -> None:
    path = real_data("ImagingDataCommons+highdicom", "data", "test_files", f"{name}.dcm")
    plans = radpix.scan(path)[0].volumes()
    volumes = [radpix.load(plan) for plan in plans]
    assert len(volumes) == segments
    assert {volume.voxels.dtype.name for volume in volumes} == {"uint8"}
    for volume in volumes[1:]:
        assert volume.shape == volumes[0].shape
        np.testing.assert_array_equal(volume.affine, volumes[0].affine)
    pixels = radpix.decode(path)
    assert sum(int(volume.voxels.sum()) for volume in volumes) == pixels.sum()
