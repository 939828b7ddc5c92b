from __future__ import annotations

import os
import pickle
import subprocess
import sys
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread, dcmwrite
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RTStructureSetStorage,
)
from tests.python.phantom import Phantom, stack_positions

import radpix
from radpix.series import scan


def repeated(count: int, repetitions: int) -> Phantom:
    """Return a phantom with each position several times, one repetition after the other."""
    return Phantom(positions=np.tile(stack_positions(count), (repetitions, 1)))


def test_empty_folder_has_no_series(tmp_path: Path) -> None:
    assert scan(tmp_path) == []


def test_path_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        scan(tmp_path / "nowhere")


def test_slices_are_sorted_by_position_and_not_by_name_or_number(tmp_path: Path) -> None:
    names = ["e", "b", "f", "a", "d", "c"]
    phantom = Phantom(positions=stack_positions(6)[[3, 5, 0, 2, 4, 1]], names=names)
    phantom.write(tmp_path)
    (series,) = scan(tmp_path)
    assert [instance.name for instance in series.instances] == ["f", "c", "a", "e", "d", "b"]


def test_sagittal_slices_are_sorted_along_their_normal(tmp_path: Path) -> None:
    order = [2, 0, 3, 1]
    phantom = Phantom(
        positions=stack_positions(4, (-3, 0, 0))[order], row=(0.0, 1.0, 0.0), column=(0.0, 0.0, -1.0)
    )
    phantom.write(tmp_path)
    (series,) = scan(tmp_path)
    assert [instance.instance_number for instance in series.instances] == [2, 4, 1, 3]


def test_series_are_described_and_separate(tmp_path: Path) -> None:
    first = Phantom(tags={"SeriesDescription": "Thorax", "SeriesNumber": 2})
    second = Phantom(modality="MR", tags={"SeriesDescription": "T1", "SeriesNumber": 1})
    first.write(tmp_path / "x")
    second.write(tmp_path / "x" / "y")
    found = scan(tmp_path)
    assert [(s.modality, s.description, s.uid) for s in found] == [
        ("MR", "T1", second.series_uid),
        ("CT", "Thorax", first.series_uid),
    ]
    assert "6 images" in str(found[0])


def test_description_is_read_in_its_character_set(tmp_path: Path) -> None:
    Phantom(tags={"SpecificCharacterSet": "ISO_IR 192", "SeriesDescription": "Schädel µ"}).write(tmp_path)
    assert scan(tmp_path)[0].description == "Schädel µ"


def test_folders_below_are_left_out_without_recursive(tmp_path: Path) -> None:
    Phantom().write(tmp_path / "below")
    assert scan(tmp_path, recursive=False) == []
    assert len(scan(tmp_path)) == 1


def test_files_are_taken_once_from_a_list_of_files_and_folders(tmp_path: Path) -> None:
    paths = Phantom().write(tmp_path)
    (series,) = scan([*paths, tmp_path])
    assert len(series.instances) == 6


def test_other_files_are_skipped_and_listed(tmp_path: Path) -> None:
    paths = Phantom().write(tmp_path)
    (tmp_path / "readme.txt").write_text("no image " * 50)
    (tmp_path / "empty").touch()
    report = dcmread(paths[0])
    report.SOPClassUID = report.file_meta.MediaStorageSOPClassUID = RTStructureSetStorage
    for name in ("Rows", "Columns", "PixelData"):
        delattr(report, name)
    dcmwrite(tmp_path / "report.dcm", report)
    found = scan(tmp_path)
    assert len(found[0].instances) == 6
    assert [(Path(file.path).name, file.reason) for file in found.skipped] == [
        ("empty", "not-dicom"),
        ("readme.txt", "not-dicom"),
        ("report.dcm", "not-an-image"),
    ]


def test_unreadable_dicom_is_one_warning_that_names_the_files(tmp_path: Path) -> None:
    paths = Phantom().write(tmp_path)
    for index in (1, 2):
        paths[index].write_bytes(paths[index].read_bytes()[:150])
    with pytest.warns(radpix.RadpixWarning, match=r"2 unreadable.*0001\.dcm.*0002\.dcm") as caught:
        found = scan(tmp_path)
    warning = caught[0].message
    assert isinstance(warning, radpix.RadpixWarning)
    assert warning.code == "unreadable-file"
    assert len(found[0].instances) == 4
    assert {file.reason for file in found.skipped} == {"unreadable"}


@pytest.mark.parametrize("name", ["{}.dcm", "1.2.840.99.{}", "IM{:06}"])
@pytest.mark.parametrize("size", [0, 100])
def test_a_last_slice_that_was_cut_to_nothing_is_told(tmp_path: Path, name: str, size: int) -> None:
    paths = Phantom(names=[name.format(k) for k in range(1, 7)]).write(tmp_path)
    paths[-1].write_bytes(bytes(size))
    (tmp_path / ".keep").touch()
    (tmp_path / "notes.txt").touch()
    if size and not name.endswith(".dcm"):
        assert scan(tmp_path).skipped[-1].reason == "not-dicom"  # as any small file, a README for one
        return
    with pytest.warns(radpix.RadpixWarning, match=rf"1 unreadable.*{paths[-1].name} \(.*obtain it again"):
        found = scan(tmp_path)
    assert {Path(file.path).name: file.reason for file in found.skipped} == {
        paths[-1].name: "unreadable",
        ".keep": "not-dicom",
        "notes.txt": "not-dicom",
    }


def test_a_link_to_a_slice_that_is_not_there_is_told(tmp_path: Path) -> None:
    paths = Phantom().write(tmp_path)
    paths[-1].unlink()
    try:
        paths[-1].symlink_to(tmp_path / "not-fetched")
        (tmp_path / ".#lock.dcm").symlink_to("nobody")
        (tmp_path / "loop").symlink_to("loop")
    except OSError:
        pytest.skip("no symbolic links here")
    with pytest.warns(radpix.RadpixWarning, match=r"1 unreadable.*0005\.dcm \(a link to nothing"):
        found = scan(tmp_path)
    assert {Path(file.path).name: file.reason for file in found.skipped} == {
        "0005.dcm": "unreadable",
        ".#lock.dcm": "not-dicom",
        "loop": "not-dicom",
    }


def test_data_set_without_preamble_is_read(tmp_path: Path) -> None:
    (path, *_) = Phantom().write(tmp_path)
    dataset = dcmread(path)
    del dataset.file_meta
    dataset.save_as(tmp_path / "bare", implicit_vr=True, little_endian=True)
    assert len(scan(tmp_path / "bare")) == 1


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]
)
def test_every_encoding_of_the_header_is_read(tmp_path: Path, syntax: UID) -> None:
    phantom = Phantom(tags={"SliceThickness": 2.5})
    for path in phantom.write(tmp_path):
        dataset = dcmread(path)
        pixels = dataset.pixel_array
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.PixelData = pixels.astype(">u2" if syntax == ExplicitVRBigEndian else "<u2").tobytes()
        dataset["PixelData"].VR = "OW"
        fresh = Dataset(dataset)
        fresh.file_meta = dataset.file_meta
        dcmwrite(path, fresh, enforce_file_format=True)
    (series,) = scan(tmp_path)
    assert series.instances[0].transfer_syntax_uid == syntax
    assert series.instances[0].slice_thickness == 2.5
    volume = radpix.load(series)
    np.testing.assert_array_equal(volume.voxels, [phantom.modality_values(index) for index in range(6)])


def test_deflate_bomb_is_one_unreadable_file(tmp_path: Path) -> None:
    (path,) = Phantom(positions=stack_positions(1)).write(tmp_path)
    meta = dcmread(path, stop_before_pixels=True).file_meta
    meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    # A private element of 256 MiB in front of everything else.
    bomb = packer.compress(b"\x09\0\x10\x10OB\0\0" + (1 << 28).to_bytes(4, "little") + bytes(1 << 28))
    head = path.read_bytes()[: 132 + 12 + int(meta.FileMetaInformationGroupLength)]
    old = ExplicitVRLittleEndian.encode() + b"\0"
    new = DeflatedExplicitVRLittleEndian.encode()
    start = head.index(b"\x02\0\x10\0UI") + 6
    head = head[:start] + len(new).to_bytes(2, "little") + new + head[start + 2 + len(old) :]
    path.write_bytes(head + bomb + packer.flush())
    with pytest.warns(radpix.RadpixWarning, match="unreadable"):
        assert scan(path) == []


def test_scanning_does_not_import_pydicom(tmp_path: Path) -> None:
    Phantom().write(tmp_path)
    code = (
        "import sys, radpix; assert len(radpix.scan(sys.argv[1])) == 1; assert 'pydicom' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_pipe_in_a_folder_does_not_block(tmp_path: Path) -> None:
    Phantom().write(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    assert len(scan(tmp_path)[0].instances) == 6


@pytest.mark.parametrize("num_threads", [1, 3])
def test_progress_counts_all_files(tmp_path: Path, num_threads: int) -> None:
    Phantom().write(tmp_path)
    (tmp_path / "other").touch()
    calls: list[tuple[int, int]] = []
    found = scan(tmp_path, progress=lambda done, total: calls.append((done, total)), num_threads=num_threads)
    assert calls == [(done, 7) for done in range(1, 8)]
    assert found == scan(tmp_path)


@pytest.mark.parametrize("num_threads", [0, -1, 1025])
def test_number_of_threads_is_checked(tmp_path: Path, num_threads: int) -> None:
    with pytest.raises(ValueError, match="from 1 to 1024"):
        scan(tmp_path, num_threads=num_threads)


def test_malformed_numbers_are_absent_values(tmp_path: Path) -> None:
    (path,) = Phantom(positions=stack_positions(1)).write(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data.replace(b"-20.0\\-30.0\\100.0", b"-20.0\\nan  \\1OO.0"))
    assert path.read_bytes() != data
    (series,) = scan(tmp_path)
    assert series.instances[0].image_position is None
    assert "missing-attribute" in series.audit()


def test_localizer_in_the_series_is_a_volume_of_its_own(tmp_path: Path) -> None:
    phantom = Phantom(slice_tags={0: {"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}})
    phantom.write(tmp_path)
    (series,) = scan(tmp_path)
    assert [len(plan.instances) for plan in series.volumes()] == [5, 1]
    assert "localizer" in series.volumes()[1].label
    assert "mixed-image-type" in series.audit()
    assert series.volumes()[0].report.ok


def test_slices_of_another_size_are_a_volume_of_their_own(tmp_path: Path) -> None:
    phantom = Phantom()
    phantom.write(tmp_path)
    replace(phantom, shape=(6, 5), positions=stack_positions(2, origin=(0, 0, 0))).write(tmp_path / "more")
    (series,) = scan(tmp_path)
    assert [plan.shape for plan in series.volumes()] == [(6, 12, 10), (2, 6, 5)]
    assert "mixed-matrix" in series.audit()


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("TemporalPositionIdentifier", (1, 2, 3)),
        ("EchoTime", (2.3, 4.6, 6.9)),
        ("DiffusionBValue", (0.0, 500.0, 1000.0)),
        ("AcquisitionNumber", (1, 2, 3)),
        ("ImageType", (["ORIGINAL", "PRIMARY", kind] for kind in ("M", "P", "R"))),
    ],
)
def test_repeated_positions_are_split_by_the_attribute_that_tells_them_apart(
    tmp_path: Path, name: str, values: tuple[object, ...]
) -> None:
    listed = list(values)
    tags = {index: {name: listed[index // 4]} for index in range(12)}
    replace(repeated(4, 3), slice_tags=tags).write(tmp_path)
    (series,) = scan(tmp_path)
    plans = series.volumes()
    assert [[i.instance_number for i in plan.instances] for plan in plans] == [
        [1, 2, 3, 4],
        [5, 6, 7, 8],
        [9, 10, 11, 12],
    ]
    assert all(plan.report.ok for plan in plans)
    assert not series.audit().ok
    assert "duplicate-position" in series.audit()


def test_repetitions_are_split_by_two_attributes(tmp_path: Path) -> None:
    tags = {
        index: {
            "EchoTime": 1.0 + index // 6,
            "ImageType": ["ORIGINAL", "PRIMARY", "M" if index // 3 % 2 else "P"],
        }
        for index in range(12)
    }
    replace(repeated(3, 4), slice_tags=tags).write(tmp_path)
    (series,) = scan(tmp_path)
    assert [len(plan.instances) for plan in series.volumes()] == [3] * 4


def test_aborted_last_repetition_is_a_smaller_volume(tmp_path: Path) -> None:
    phantom = repeated(5, 3)
    tags = {index: {"TemporalPositionIdentifier": 1 + index // 5} for index in range(15)}
    replace(phantom, positions=phantom.positions[:13], slice_tags=tags).write(tmp_path)
    (series,) = scan(tmp_path)
    assert [len(plan.instances) for plan in series.volumes()] == [5, 5, 3]


def test_repetitions_without_attributes_are_split_by_instance_number(tmp_path: Path) -> None:
    repeated(5, 2).write(tmp_path)
    (series,) = scan(tmp_path)
    first, second = series.volumes()
    assert [i.instance_number for i in first.instances] == [1, 2, 3, 4, 5]
    assert [i.instance_number for i in second.instances] == [6, 7, 8, 9, 10]
    with pytest.raises(radpix.GeometryError, match="2 volumes") as caught:
        radpix.load(tmp_path)
    assert isinstance(caught.value.report, radpix.GeometryReport)
    assert radpix.load(second).shape == (5, 12, 10)


def test_many_acquisitions_of_one_stack_are_not_split(tmp_path: Path) -> None:
    Phantom(slice_tags={index: {"AcquisitionNumber": index} for index in range(6)}).write(tmp_path)
    (series,) = scan(tmp_path)
    assert len(series.volumes()) == 1


def test_findings_of_many_volumes_are_told_once(tmp_path: Path) -> None:
    replace(repeated(5, 3), tags={"SliceThickness": 9}).write(tmp_path)
    findings = scan(tmp_path)[0].audit().findings
    assert [finding.code for finding in findings] == [
        "duplicate-position",
        "unexplained-repetition",
        "spacing-conflict",
    ]
    assert "likewise in 2 more volumes" in findings[1].message


def test_plan_knows_shape_and_affine_before_loading(tmp_path: Path) -> None:
    Phantom().write(tmp_path)
    (plan,) = scan(tmp_path)[0].volumes()
    volume = radpix.load(plan)
    assert plan.shape == volume.shape
    np.testing.assert_array_equal(plan.affine, volume.affine)


def test_series_and_plans_are_pickled(tmp_path: Path) -> None:
    Phantom().write(tmp_path)
    found = scan(tmp_path)
    same = pickle.loads(pickle.dumps(found))
    assert same == found
    assert same.skipped == found.skipped
    assert radpix.load(pickle.loads(pickle.dumps(found[0].volumes()[0]))).shape == (6, 12, 10)


def test_repetition_that_lacks_its_last_slice_is_told(tmp_path: Path) -> None:
    positions = np.concatenate([stack_positions(6), stack_positions(5)])
    tags = {index: {"EchoTime": "10" if index < 6 else "20"} for index in range(11)}
    Phantom(positions=positions, modality="MR", slice_tags=tags).write(tmp_path)
    report = radpix.scan(tmp_path)[0].audit()
    (found,) = [one for one in report.findings if one.code == "incomplete-repetition"]
    assert (found.severity, found.details["missing"], len(found.files)) == ("warning", 1, 5)
    assert "Echo Time 20: 5" in found.message


def test_digits_with_underscores_are_no_number(tmp_path: Path) -> None:
    (path,) = Phantom(positions=stack_positions(1), tags={"PixelSpacing": ["0.81", "0.711"]}).write(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"0.711", b"0.7_1"))
    assert radpix.scan(path)[0].instances[0].pixel_spacing is None


def test_folder_that_cannot_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Phantom().write(tmp_path / "open")
    (tmp_path / "closed").mkdir()
    scandir = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.warns(radpix.RadpixWarning, match=r"closed.*Permission denied"):
        found = radpix.scan(tmp_path)
    assert [len(series.instances) for series in found] == [6]
    assert [(file.reason, file.path) for file in found.skipped] == [("unreadable", str(tmp_path / "closed"))]
