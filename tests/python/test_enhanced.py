"""Slices within one object: the volume of an enhanced object is that of the classic ones."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence as Items
from pydicom.uid import UID
from tests.python import enhanced
from tests.python.enhanced import decimals, enhanced_ct, group, item, multi_frame, with_groups, write
from tests.python.phantom import Phantom, rotation, stack_positions

import radpix
from radpix._enhanced.csa import csa_values

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

ORDER = [3, 0, 5, 1, 4, 2]


def same(one: radpix.Volume, other: radpix.Volume) -> None:
    np.testing.assert_array_equal(one.voxels, other.voxels)
    assert one.voxels.dtype == other.voxels.dtype
    np.testing.assert_allclose(one.affine, other.affine, atol=1e-9)
    assert (one.unit, one.modality) == (other.unit, other.modality)
    assert one.frame_of_reference_uid == other.frame_of_reference_uid


def oblique() -> Phantom:
    axes = rotation((1, 2, 3), 31)
    step = axes @ [0, 0, 2.5]
    return Phantom(positions=stack_positions(6, step), row=tuple(axes[:, 0]), column=tuple(axes[:, 1]))


@pytest.mark.parametrize(
    "phantom",
    [
        Phantom(),
        oblique(),
        Phantom(rescale=[(1.0 + k, -100.0 * k) for k in range(6)]),
        Phantom(rescale=[(0.5 + 0.25 * k, -3.5) for k in range(6)]),
        Phantom(dtype="int16"),
    ],
)
def test_enhanced_object_gives_the_volume_of_the_classic_ones(tmp_path: Path, phantom: Phantom) -> None:
    phantom.write(tmp_path / "classic")
    write(enhanced_ct(phantom, ORDER), tmp_path / "enhanced" / "object")
    (classic,), (framed,) = radpix.scan(tmp_path / "classic"), radpix.scan(tmp_path / "enhanced")
    (one,), (other,) = classic.volumes(), framed.volumes()
    assert one.shape == other.shape
    assert other.report.ok
    assert [instance.frame for instance in other.instances] == [ORDER.index(index) for index in range(6)]
    same(radpix.load(other), radpix.load(one))
    for level in ("stored", "modality"):
        for threads in (1, 3):
            loaded = radpix.load(framed, level=level, num_threads=threads)
            np.testing.assert_array_equal(loaded.voxels, radpix.load(classic, level=level).voxels)


@pytest.mark.parametrize("threads", [1, 2])
def test_compressed_frames_are_put_in_their_places(tmp_path: Path, threads: int) -> None:
    syntax = next((each.uid for each in radpix.transfer_syntaxes() if each.can_encode and not each.lossy), "")
    if not syntax:
        pytest.skip("this backend has no encoder")
    phantom = Phantom()
    phantom.write(tmp_path / "classic")
    path = write(enhanced_ct(phantom, ORDER), tmp_path / "framed" / "object")
    dataset = dcmread(path)
    frames = [radpix.encode_frame(frame, transfer_syntax=syntax) for frame in radpix.decode(path)]
    dataset.PixelData = encapsulate(frames)
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dataset.save_as(path)
    same(radpix.load(path, num_threads=threads), radpix.load(tmp_path / "classic"))


def test_frames_of_a_tilted_gantry_keep_the_tilt(tmp_path: Path) -> None:
    phantom = Phantom(positions=stack_positions(6, (0, 1.0, 2.5)))
    path = write(enhanced_ct(phantom, ORDER), tmp_path / "object")
    report = radpix.scan(path)[0].audit()
    assert "tilt" in report
    assert report.tilt_degrees == pytest.approx(np.degrees(np.arctan(1 / 2.5)))
    with pytest.raises(radpix.GeometryError, match="tilt"):
        radpix.load(path)


def test_missing_frame_is_a_gap_with_the_frames_named(tmp_path: Path) -> None:
    path = write(enhanced_ct(Phantom(), [0, 1, 2, 4, 5]), tmp_path / "object")
    (finding,) = radpix.scan(path)[0].audit().errors
    assert finding.code == "gap"
    assert "object frame 2" in finding.message
    assert "object frame 3" in finding.message
    assert len(finding.sop_instance_uids) == 1


def content(**values: Any) -> dict[str, Any]:
    return {"FrameContentSequence": group(**values)}


def unassigned(**values: Any) -> dict[str, Any]:
    """Return what a legacy converted object keeps of a classic image's header."""
    return {"UnassignedPerFrameConvertedAttributesSequence": group(**values)}


@pytest.mark.parametrize(
    ("dimension", "frames", "values"),
    [
        ("time", [content(TemporalPositionIndex=1 + k // 3) for k in range(6)], [1, 2]),
        ("stack", [content(StackID=str(1 + k // 3)) for k in range(6)], ["1", "2"]),
        (
            "echo_time",
            [{"MREchoSequence": group(EffectiveEchoTime=5.0 * (1 + k // 3))} for k in range(6)],
            [5, 10],
        ),
        (
            "b_value",
            [{"MRDiffusionSequence": group(DiffusionBValue=1000.0 * (k // 3))} for k in range(6)],
            [0, 1000],
        ),
        (
            "gradient",
            [
                {
                    "MRDiffusionSequence": group(
                        DiffusionBValue=1000.0,
                        DiffusionGradientDirectionSequence=group(
                            DiffusionGradientOrientation=[float(k < 3), float(k >= 3), 0.0]
                        ),
                    )
                }
                for k in range(6)
            ],
            [(0, 1, 0), (1, 0, 0)],
        ),
        (
            "cardiac_phase",
            [
                {"CardiacSynchronizationSequence": group(NominalPercentageOfCardiacPhase=30.0 * (k // 3))}
                for k in range(6)
            ],
            [0, 30],
        ),
        (
            "respiratory_phase",
            [
                {
                    "RespiratorySynchronizationSequence": group(
                        NominalPercentageOfRespiratoryPhase=50.0 * (k // 3)
                    )
                }
                for k in range(6)
            ],
            [0, 50],
        ),
        (
            "component",
            [
                {"MRImageFrameTypeSequence": group(ComplexImageComponent=("MAGNITUDE", "PHASE")[k // 3])}
                for k in range(6)
            ],
            ["MAGNITUDE", "PHASE"],
        ),
        *(
            (dimension, [unassigned(**{keyword: text[k // 3]}) for k in range(6)], values)
            for dimension, keyword, text, values in [
                ("time", "TemporalPositionIdentifier", ("1", "2"), [1, 2]),
                ("echo_time", "EchoTime", ("5", "10"), [5, 10]),
                ("inversion_time", "InversionTime", ("100", "200"), [100, 200]),
                ("trigger_time", "TriggerTime", ("0", "30"), [0, 30]),
                ("acquisition", "AcquisitionNumber", ("1", "2"), [1, 2]),
                ("content_time", "ContentTime", ("101500", "101600"), ["101500", "101600"]),
                ("frame_reference_time", "FrameReferenceTime", ("90000", "30000"), [30000, 90000]),
            ]
        ),
    ],
)
def test_frames_at_one_place_are_volumes_of_a_named_dimension(
    tmp_path: Path, dimension: str, frames: list[dict[str, Any]], values: list[Any]
) -> None:
    phantom = Phantom()
    path = write(enhanced_ct(phantom, [0, 1, 2, 0, 1, 2], frames=frames), tmp_path / "object")
    plans = radpix.scan(path)[0].volumes()
    assert sorted(plan.split[0].value for plan in plans) == values  # type: ignore[type-var]
    for plan in plans:
        assert [split.dimension for split in plan.split] == [dimension]
        assert plan.report.ok
        np.testing.assert_array_equal(
            radpix.load(plan).voxels, [phantom.modality_values(index) for index in range(3)]
        )


def test_equal_frames_at_one_place_stay_a_finding(tmp_path: Path) -> None:
    path = write(enhanced_ct(Phantom(), [0, 1, 2, 0, 1, 2]), tmp_path / "object")
    (plan,) = radpix.scan(path)[0].volumes()
    assert [finding.code for finding in plan.report.errors] == ["duplicate-position"]


def test_frames_without_places_are_refused(tmp_path: Path) -> None:
    phantom = Phantom()
    pixels = np.zeros((4, 12, 10), np.uint16)
    path = write(multi_frame(phantom, pixels, sop_class=enhanced.ENHANCED_CT, modality="CT"), tmp_path / "x")
    with pytest.raises(radpix.GeometryError, match=r"multi-frame.*radpix\.decode"):
        radpix.load(path, on_irregular="keep")


def test_number_of_frames_other_than_that_of_the_groups_is_refused(tmp_path: Path) -> None:
    dataset = enhanced_ct(Phantom(), ORDER)
    dataset.NumberOfFrames = 2_000_000_000
    path = write(dataset, tmp_path / "x")
    with pytest.raises(radpix.GeometryError, match="multi-frame"):
        radpix.load(path)


@pytest.mark.parametrize(
    ("sop_class", "modality"),
    [
        (enhanced.TOMOSYNTHESIS, "MG"),
        ("1.2.840.10008.5.1.4.1.1.7.2", "OT"),  # Multi-frame Grayscale Byte Secondary Capture
        ("1.2.840.10008.5.1.4.1.1.2.2", "CT"),  # Legacy Converted Enhanced CT
        ("1.2.840.10008.5.1.4.1.1.4.1", "MR"),  # Enhanced MR
        ("1.2.840.10008.5.1.4.1.1.4.4", "MR"),  # Legacy Converted Enhanced MR
        ("1.2.840.10008.5.1.4.1.1.13.1.1", "XA"),  # X-Ray 3D Angiographic
        ("1.2.840.10008.5.1.4.1.1.13.1.2", "DX"),  # X-Ray 3D Craniofacial
    ],
)
def test_any_object_with_places_for_its_frames_is_the_volume_of_classic_ones(
    tmp_path: Path, sop_class: str, modality: str
) -> None:
    phantom = replace(oblique(), modality=modality, rescale=(1.0, 0.0), tags={"SOPClassUID": "1.2.3"})
    phantom.write(tmp_path / "classic")
    pixels = np.array([phantom.stored(index) for index in ORDER])
    dataset = multi_frame(phantom, pixels, sop_class=sop_class, modality=modality)
    rescale = group(RescaleSlope=1, RescaleIntercept=0, RescaleType="HU" if modality == "CT" else "US")
    shared = {"PixelValueTransformationSequence": rescale}
    path = write(with_groups(dataset, phantom, ORDER, shared=shared), tmp_path / "x")
    one, other = radpix.load(path), radpix.load(tmp_path / "classic")
    same(one, other)


def test_philips_own_scale_of_each_frame_gives_its_floating_point_values(tmp_path: Path) -> None:
    phantom = Phantom(modality="MR", rescale=(2.0, -100.0))
    scales = [0.25 * (1 + k) for k in range(6)]
    path = write(enhanced_ct(phantom, range(6)), tmp_path / "x")
    dataset = dcmread(path)
    for frame, scale in zip(dataset.PerFrameFunctionalGroupsSequence, scales, strict=True):
        frame.add_new(0x20050014, "LO", "Philips MR Imaging DD 005")
        inner = Dataset()
        inner.add_new(0x20050010, "LO", "Philips MR Imaging DD 001")
        inner.add_new(0x2005100D, "FL", 0.0)
        inner.add_new(0x2005100E, "FL", scale)
        frame.add_new(0x2005140F, "SQ", [inner])
    dataset.save_as(path)
    volume = radpix.load(path, scaling="philips")
    expected = [phantom.modality_values(k) / (2.0 * scale) for k, scale in enumerate(scales)]
    np.testing.assert_allclose(volume.voxels, expected, rtol=1e-6)


def test_ultrasound_volume_is_in_the_places_of_its_own_frame_of_reference(tmp_path: Path) -> None:
    phantom = Phantom()
    pixels = np.array([phantom.stored(index) for index in range(6)])
    dataset = multi_frame(phantom, pixels, sop_class=enhanced.ENHANCED_US, modality="US")
    places = [
        {"PlanePositionVolumeSequence": group(ImagePositionVolume=phantom.positions[k].tolist())}
        for k in range(6)
    ]
    orientation = group(ImageOrientationVolume=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0])
    dataset = with_groups(
        dataset, phantom, range(6), shared={"PlaneOrientationVolumeSequence": orientation}, frames=places
    )
    del dataset.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence
    for frame in dataset.PerFrameFunctionalGroupsSequence:
        del frame.PlanePositionSequence
    dataset.VolumeFrameOfReferenceUID = "1.2.3.4"
    volume = radpix.load(write(dataset, tmp_path / "x"))
    np.testing.assert_allclose(volume.origin, phantom.positions[0])
    assert volume.spacing == pytest.approx((2.5, 0.8, 0.7))
    assert volume.frame_of_reference_uid == "1.2.3.4"  # not that of the patient


def test_parametric_map_has_the_values_of_its_mapping(tmp_path: Path) -> None:
    phantom = Phantom()
    pixels = np.array([phantom.modality_values(index) for index in range(6)]).astype(np.float32)
    dataset = multi_frame(phantom, pixels, sop_class=enhanced.PARAMETRIC_MAP, modality="MR")
    mapping = group(
        RealWorldValueIntercept=2.0,
        RealWorldValueSlope=0.5,
        MeasurementUnitsCodeSequence=group(CodeValue="mm2/s", CodingSchemeDesignator="UCUM", CodeMeaning="x"),
    )
    dataset = with_groups(dataset, phantom, range(6), shared={"RealWorldValueMappingSequence": mapping})
    volume = radpix.load(write(dataset, tmp_path / "x"))
    assert (volume.voxels.dtype.name, volume.unit) == ("float32", "mm2/s")
    np.testing.assert_array_equal(volume.voxels, pixels * np.float32(0.5) + np.float32(2))


def dose(phantom: Phantom, offsets: NDArray[np.float64], **tags: Any) -> Any:
    pixels = np.arange(6 * 12 * 10, dtype=np.uint32).reshape(6, 12, 10) * 1000
    dataset = multi_frame(phantom, pixels, sop_class=enhanced.DOSE, modality="RTDOSE")
    dataset.ImagePositionPatient = decimals(phantom.positions[0])
    dataset.ImageOrientationPatient = decimals([*phantom.row, *phantom.column])
    dataset.PixelSpacing = decimals(phantom.pixel_spacing)
    dataset.DoseUnits, dataset.DoseType, dataset.DoseSummationType = "GY", "PHYSICAL", "PLAN"
    dataset.DoseGridScaling = "0.00025"
    dataset.GridFrameOffsetVector = decimals(offsets)
    dataset.FrameIncrementPointer = 0x3004000C
    for name, value in tags.items():
        setattr(dataset, name, value)
    return dataset, pixels


@pytest.mark.parametrize("kind", ["relative", "absolute", "backwards"])
def test_dose_planes_lie_where_their_offsets_say(tmp_path: Path, kind: str) -> None:
    phantom = Phantom()
    steps = 2.5 * np.arange(6) * (-1 if kind == "backwards" else 1)
    dataset, pixels = dose(phantom, steps + (phantom.positions[0][2] if kind == "absolute" else 0))
    volume = radpix.load(write(dataset, tmp_path / "x"))
    assert volume.unit == "GY"
    order = slice(None, None, -1 if kind == "backwards" else 1)
    np.testing.assert_array_equal(volume.voxels, pixels[order] * 0.00025)
    np.testing.assert_allclose(volume.origin, phantom.positions[0] + [0, 0, min(0, steps[-1])])
    assert volume.spacing == pytest.approx((2.5, 0.8, 0.7))


def test_uneven_dose_planes_are_found(tmp_path: Path) -> None:
    dataset, _ = dose(Phantom(), np.array([0, 2.5, 5, 9, 12, 14.5]))
    assert "uneven-spacing" in radpix.scan(write(dataset, tmp_path / "x"))[0].audit()


@pytest.mark.parametrize("offsets", [[7.0, 9, 11, 13, 15, 17], [0.0, 2.5]])
def test_dose_offsets_of_neither_rule_are_refused(tmp_path: Path, offsets: list[float]) -> None:
    dataset, _ = dose(Phantom(), np.array(offsets))
    with pytest.raises(radpix.GeometryError, match="multi-frame"):
        radpix.load(write(dataset, tmp_path / "x"))


def segmentation(
    phantom: Phantom, frames: list[tuple[int, int]], **measures: Any
) -> tuple[Any, NDArray[Any]]:
    """Return a fractional segmentation with frames of (segment, slice)."""
    pixels = np.array([np.full((12, 10), 10 * segment + index, np.uint8) for segment, index in frames])
    dataset = multi_frame(phantom, pixels, sop_class=enhanced.SEGMENTATION, modality="SEG")
    dataset.SegmentationType = "FRACTIONAL"
    dataset.SegmentSequence = Items(
        [item(SegmentNumber=n, SegmentLabel=label) for n, label in [(1, "Liver"), (2, "Lesion")]]
    )
    own = [{"SegmentIdentificationSequence": group(ReferencedSegmentNumber=segment)} for segment, _ in frames]
    dataset = with_groups(dataset, phantom, [index for _, index in frames], frames=own)
    for name, value in measures.items():
        setattr(dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0], name, value)
    return dataset, pixels


def test_segments_are_volumes_of_one_grid_with_planes_left_out_as_zeros(tmp_path: Path) -> None:
    dataset, _ = segmentation(Phantom(), [(2, 4), (1, 0), (1, 1), (1, 5), (2, 5)])
    plans = radpix.scan(write(dataset, tmp_path / "x"))[0].volumes()
    plans.sort(key=lambda plan: plan.split[0].value)  # type: ignore[arg-type, return-value]
    assert [plan.split[0][:3] for plan in plans] == [
        ("segment", "ReferencedSegmentNumber", 1),
        ("segment", "ReferencedSegmentNumber", 2),
    ]
    assert ["segment 1 Liver" in plans[0].label, "segment 2 Lesion" in plans[1].label] == [True, True]
    volumes = [radpix.load(plan) for plan in plans]
    for volume in volumes:
        assert volume.voxels.dtype == np.uint8
        np.testing.assert_allclose(volume.origin, Phantom().positions[0])
        assert volume.spacing[0] == pytest.approx(2.5)
    assert volumes[0].voxels[:, 0, 0].tolist() == [10, 11, 0, 0, 0, 15]
    assert volumes[1].voxels[:, 0, 0].tolist() == [0, 0, 0, 0, 24, 25]


def test_planes_that_no_segment_has_follow_the_stated_spacing(tmp_path: Path) -> None:
    dataset, _ = segmentation(Phantom(), [(1, 0), (1, 4)], SpacingBetweenSlices=2.5)
    volume = radpix.load(write(dataset, tmp_path / "x"))
    assert volume.voxels[:, 0, 0].tolist() == [10, 0, 0, 0, 14]


def test_planes_left_out_are_bounded_whatever_spacing_a_file_states(tmp_path: Path) -> None:
    dataset, _ = segmentation(Phantom(), [(1, 0), (1, 4)], SpacingBetweenSlices=1e-6)
    assert radpix.load(write(dataset, tmp_path / "x")).shape == (2, 12, 10)


@pytest.mark.parametrize("step", [2.5, -2.5])
def test_nuclear_slices_follow_the_sign_of_their_spacing(tmp_path: Path, step: float) -> None:
    phantom = Phantom()
    pixels = np.arange(6 * 12 * 10, dtype=np.uint16).reshape(6, 12, 10)
    dataset = multi_frame(phantom, pixels, sop_class=enhanced.NUCLEAR, modality="NM")
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION"]
    dataset.PixelSpacing = decimals(phantom.pixel_spacing)
    dataset.SpacingBetweenSlices, dataset.SliceVector = step, [1, 2, 3, 4, 5, 6]
    dataset.DetectorInformationSequence = group(
        ImagePositionPatient=decimals(phantom.positions[0]),
        ImageOrientationPatient=decimals([*phantom.row, *phantom.column]),
    )
    volume = radpix.load(write(dataset, tmp_path / "x"))
    np.testing.assert_array_equal(volume.voxels, pixels if step > 0 else pixels[::-1])
    np.testing.assert_allclose(volume.origin, phantom.positions[0] + [0, 0, min(0, 5 * step)])


def csa(tags: dict[str, list[str]], version: int = 2) -> bytes:
    """Return a CSA header; in the first version the lengths count from the number of items of the first tag."""
    data = (b"SV10\4\3\2\1" if version == 2 else b"") + struct.pack("<II", len(tags), 77)
    more = len(next(iter(tags.values()))) if version == 1 else 0
    for name, values in tags.items():
        data += struct.pack("<64si4siii", name.encode(), len(values), b"FD\0\0", 4, len(values), 77)
        for value in values:
            text = value.encode() + b"\0" if value else b""
            data += struct.pack("<4i", len(text) + more, len(text), 77, len(text)) + text
            data += b"\0" * (-len(text) % 4)
    return data


@pytest.mark.parametrize(("against", "version"), [(False, 1), (False, 2), (True, 1), (True, 2)])
def test_mosaic_is_taken_apart_where_its_tiles_lie(tmp_path: Path, against: bool, version: int) -> None:
    phantom = oblique()
    count, rows, columns = 6, 12, 10
    sign = -1 if against else 1
    axes = np.array([phantom.row, phantom.column, np.cross(phantom.row, phantom.column)])
    tiles = [phantom.stored(index) for index in range(count)]
    tiled = np.zeros((3 * rows, 3 * columns), np.uint16)
    for tile, pixels in enumerate(tiles):
        row, column = tile // 3 * rows, tile % 3 * columns
        tiled[row : row + rows, column : column + columns] = pixels
    # The position is that of an image of the mosaic's size around the first slice's centre.
    position = phantom.positions[0] - axes[0] * 0.7 * columns - axes[1] * 0.8 * rows
    one = replace(phantom, positions=position[np.newaxis], shape=tiled.shape, modality="MR")
    (path,) = one.write(tmp_path)
    dataset = dcmread(path)
    dataset.PixelData = tiled.tobytes()
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"]
    dataset.SpacingBetweenSlices = "2.5"
    normal = [f"{value:.8f}" for value in sign * axes[2]]
    block = dataset.private_block(0x0029, "SIEMENS CSA HEADER", create=True)
    # Scanners give every tag six items, most of them empty.
    tags = {"NumberOfImagesInMosaic": ["6", *[""] * 5], "SliceNormalVector": [*normal, "", "", ""]}
    block.add_new(0x10, "OB", csa(tags, version))
    dataset.save_as(path)
    volume = radpix.load(path)
    order = slice(None, None, sign)
    expected = np.array([phantom.modality_values(index) for index in range(count)])[order]
    np.testing.assert_array_equal(volume.voxels, expected)
    np.testing.assert_allclose(
        volume.index_to_patient((count - 1 if against else 0, 0, 0)), phantom.positions[0], atol=1e-6
    )
    assert volume.spacing[0] == pytest.approx(2.5)


@pytest.mark.parametrize("version", [1, 2])
def test_damaged_csa_headers_give_what_is_in_front_of_the_damage(version: int) -> None:
    whole = csa({"One": ["1", ""], "Two": ["2", "3"]}, version)
    assert csa_values(whole) == {"One": ["1"], "Two": ["2", "3"]}
    for length in range(len(whole)):
        assert set(csa_values(whole[:length])) <= {"One", "Two"}
    for offset in range(len(whole)):
        csa_values(whole[:offset] + b"\xff\xff\xff\x7f" + whole[offset + 4 :])


def test_csa_headers_are_read_as_nibabel_reads_them() -> None:
    csareader = pytest.importorskip("nibabel.nicom.csareader")
    whole = csa({"One": ["1", *[""] * 5], "Two": ["2.5", "-3", *[""] * 4]})
    assert {k: tag["items"] for k, tag in csareader.read(whole)["tags"].items()} == {
        "One": [1],
        "Two": [2.5, -3],
    }
    assert csa_values(whole) == {"One": ["1"], "Two": ["2.5", "-3"]}


def label_map(phantom: Phantom, slices: list[int]) -> Any:
    pixels = np.array([np.full((12, 10), 3 + index, np.uint8) for index in slices])
    dataset = multi_frame(phantom, pixels, sop_class=enhanced.LABEL_MAP, modality="SEG")
    dataset.SegmentationType = "LABELMAP"
    return with_groups(dataset, phantom, slices)


@pytest.mark.parametrize("background", [None, 1])
def test_planes_that_a_label_map_leaves_out_are_background(tmp_path: Path, background: int | None) -> None:
    dataset = label_map(Phantom(), [5, 0, 1, 3])
    if background is not None:
        dataset.PixelPaddingValue = background
    volume = radpix.load(write(dataset, tmp_path / "x"))
    empty = background or 0
    assert volume.voxels[:, 0, 0].tolist() == [3, 4, empty, 6, empty, 8]


def test_a_plane_left_out_has_no_pixels_of_its_own(tmp_path: Path) -> None:
    plan = radpix.scan(write(label_map(Phantom(), [0, 1, 3]), tmp_path / "x"))[0].volumes()[0]
    with pytest.raises(radpix.PixelDataError, match="no pixels to read"):
        radpix.load(plan.instances[2])


@pytest.mark.parametrize("scaling", [None, ""])
def test_dose_without_its_scaling_is_in_no_unit(tmp_path: Path, scaling: str | None) -> None:
    dataset, pixels = dose(Phantom(), np.linspace(0, 12.5, 6), DoseGridScaling=scaling)
    volume = radpix.load(write(dataset, tmp_path / "x"))
    assert volume.unit == ""
    np.testing.assert_array_equal(volume.voxels, pixels)


@pytest.mark.parametrize(
    ("code", "unit"),
    [
        ({"CodeValue": "mm2/s", "CodingSchemeDesignator": "UCUM"}, "mm2/s"),
        (
            {"LongCodeValue": "g/ml{SUVlbm(James128)}", "CodingSchemeDesignator": "UCUM"},
            "g/ml{SUVlbm(James128)}",
        ),
        ({"CodeValue": "113041", "CodingSchemeDesignator": "DCM"}, ""),
        ({"CodeValue": "mm2/s", "CodingSchemeDesignator": "99LOCAL"}, ""),
        ({"CodeValue": "mm2/s"}, ""),
    ],
)
def test_mapped_units_are_those_of_ucum_only(tmp_path: Path, code: dict[str, str], unit: str) -> None:
    phantom = Phantom()
    pixels = np.array([phantom.modality_values(index) for index in range(6)]).astype(np.float32)
    dataset = multi_frame(phantom, pixels, sop_class=enhanced.PARAMETRIC_MAP, modality="MR")
    mapping = group(
        RealWorldValueIntercept=0.0, RealWorldValueSlope=1.0, MeasurementUnitsCodeSequence=group(**code)
    )
    dataset = with_groups(dataset, phantom, range(6), shared={"RealWorldValueMappingSequence": mapping})
    assert radpix.load(write(dataset, tmp_path / "x")).unit == unit


def test_maps_of_two_quantities_at_one_place_are_two_volumes(tmp_path: Path) -> None:
    phantom = Phantom(positions=stack_positions(3))
    slices = [0, 0, 1, 1, 2, 2]
    pixels = np.array([np.full((12, 10), number, np.float32) for number in range(6)])
    dataset = multi_frame(phantom, pixels, sop_class=enhanced.PARAMETRIC_MAP, modality="MR")
    frames = [
        {
            "RealWorldValueMappingSequence": group(
                RealWorldValueIntercept=0.0,
                RealWorldValueSlope=1.0,
                MeasurementUnitsCodeSequence=group(CodeValue=code, CodingSchemeDesignator="UCUM"),
            )
        }
        for code in ["mm2/s", "/min"] * 3
    ]
    plans = radpix.scan(write(with_groups(dataset, phantom, slices, frames=frames), tmp_path / "x"))[
        0
    ].volumes()
    found = {volume.unit: volume.voxels[:, 0, 0].tolist() for volume in map(radpix.load, plans)}
    assert found == {"mm2/s": [0, 2, 4], "/min": [1, 3, 5]}


def test_a_frame_without_the_rescale_of_the_others_is_not_mixed_in(tmp_path: Path) -> None:
    dataset = enhanced_ct(Phantom(), range(6))
    del dataset.PerFrameFunctionalGroupsSequence[2].PixelValueTransformationSequence
    with pytest.raises(radpix.GeometryError, match="several modalities, units"):
        radpix.load(write(dataset, tmp_path / "x"))


def indexed(count: int) -> Any:
    """Return an enhanced CT whose slices occur so often, told apart by Dimension Index Values alone."""
    order = [(repetition, index) for index in (2, 0, 1) for repetition in range(count)]
    phantom = Phantom(positions=stack_positions(3))
    frames = [
        {"FrameContentSequence": group(DimensionIndexValues=[1, repetition + 1, index + 1])}
        for repetition, index in order
    ]
    dataset = enhanced_ct(phantom, [index for _, index in order], frames=frames)
    pixels = np.array([np.full((12, 10), 10 * repetition + index, np.uint16) for repetition, index in order])
    dataset.PixelData = pixels.tobytes()
    return dataset


def test_repetitions_are_told_apart_by_what_the_object_counts(tmp_path: Path) -> None:
    path = write(indexed(2), tmp_path / "x")
    plans = radpix.scan(path)[0].volumes()
    assert [plan.split for plan in plans] == [
        (("dimension_index", "DimensionIndexValues[1]", value),) for value in (1, 2)
    ]
    assert "Dimension Index 2 1" in plans[0].label
    found = [radpix.load(plan, level="stored").voxels[:, 0, 0].tolist() for plan in plans]
    assert found == [[0, 1, 2], [10, 11, 12]]
    (plan,) = radpix.scan(path, keep_together=["dimension_index"])[0].volumes()
    assert "duplicate-position" in plan.report


def test_indices_that_do_not_separate_stay_a_finding(tmp_path: Path) -> None:
    dataset = indexed(2)
    dataset.PerFrameFunctionalGroupsSequence[0].FrameContentSequence[0].DimensionIndexValues = [1, 1]
    (plan,) = radpix.scan(write(dataset, tmp_path / "x"))[0].volumes()
    assert "duplicate-position" in plan.report


@pytest.mark.parametrize(("keyword", "kind"), [("Float", "f4"), ("DoubleFloat", "f8")])
@pytest.mark.parametrize("padding", [-1.0, float("nan")])
def test_padding_of_floating_point_pixels_goes_through_the_mapping(
    tmp_path: Path, keyword: str, kind: str, padding: float
) -> None:
    phantom = Phantom()
    pixels = np.array([phantom.modality_values(index) for index in range(6)]).astype(np.float32)
    dataset = multi_frame(phantom, pixels, sop_class=enhanced.PARAMETRIC_MAP, modality="MR")
    if kind == "f8":
        del dataset.FloatPixelData
        dataset.BitsAllocated, dataset.DoubleFloatPixelData = 64, pixels.astype("<f8").tobytes()
    setattr(dataset, f"{keyword}PixelPaddingValue", padding)
    mapping = group(RealWorldValueIntercept=2.0, RealWorldValueSlope=0.5)
    dataset = with_groups(dataset, phantom, range(6), shared={"RealWorldValueMappingSequence": mapping})
    volume = radpix.load(write(dataset, tmp_path / "x"))
    assert volume.voxels.dtype == kind
    np.testing.assert_equal(volume.padding_value, padding * 0.5 + 2)


def test_nuclear_slices_of_each_detector_lie_where_its_item_says(tmp_path: Path) -> None:
    phantom = Phantom()
    pixels = np.arange(6 * 12 * 10, dtype=np.uint16).reshape(6, 12, 10)
    dataset = multi_frame(phantom, pixels, sop_class=enhanced.NUCLEAR, modality="NM")
    dataset.PixelSpacing, dataset.SpacingBetweenSlices = decimals(phantom.pixel_spacing), 2.5
    dataset.SliceVector, dataset.DetectorVector = [1, 2, 3, 1, 2, 3], [1, 1, 1, 2, 2, 2]
    orientation = decimals([*phantom.row, *phantom.column])
    dataset.DetectorInformationSequence = Items(
        [
            item(ImagePositionPatient=decimals(position), ImageOrientationPatient=orientation)
            for position in ([-1, -2, 10], [-3, -4, 100])
        ]
    )
    (series,) = radpix.scan(write(dataset, tmp_path / "x"))
    positions = [instance.image_position for instance in series.instances]
    assert positions == [(-1, -2, 10 + 2.5 * k) for k in range(3)] + [
        (-3, -4, 100 + 2.5 * k) for k in range(3)
    ]


@pytest.mark.parametrize(
    ("vectors", "splits"),
    [
        (
            {"RRIntervalVector": [1, 1, 1, 1, 2, 2, 2, 2], "TimeSlotVector": [1, 1, 2, 2, 1, 1, 2, 2]},
            [
                (("rr_interval", "RRIntervalVector", interval), ("cardiac_phase", "TimeSlotVector", slot))
                for interval in (1, 2)
                for slot in (1, 2)
            ],
        ),
        (
            {"TimeSliceVector": [1, 1, 2, 2, 3, 3, 4, 4]},
            [(("time", "TimeSliceVector", time),) for time in (1, 2, 3, 4)],
        ),
    ],
)
def test_nuclear_repetitions_are_split_by_their_own_vectors(
    tmp_path: Path, vectors: dict[str, list[int]], splits: list[Any]
) -> None:
    phantom = Phantom()
    pixels = np.arange(8 * 12 * 10, dtype=np.uint16).reshape(8, 12, 10)
    dataset = multi_frame(phantom, pixels, sop_class=enhanced.NUCLEAR, modality="NM")
    dataset.PixelSpacing, dataset.SpacingBetweenSlices = decimals(phantom.pixel_spacing), 2.5
    dataset.SliceVector = [1, 2] * 4
    for keyword, vector in vectors.items():
        setattr(dataset, keyword, vector)
    orientation = decimals([*phantom.row, *phantom.column])
    place = item(ImagePositionPatient=[-1, -2, 10], ImageOrientationPatient=orientation)
    dataset.DetectorInformationSequence = Items([place])
    plans = radpix.scan(write(dataset, tmp_path / "x"))[0].volumes()
    assert [plan.split for plan in plans] == splits
    for k, plan in enumerate(plans):
        np.testing.assert_array_equal(radpix.load(plan).voxels, pixels[2 * k : 2 * k + 2])


def mosaic(folder: Path, tags: dict[str, list[str]] | None, **attributes: Any) -> Path:
    """Write 4 tiles in 2 rows; where there is no CSA header, the private number of images in the mosaic."""
    phantom = Phantom(positions=stack_positions(1), shape=(24, 20), modality="MR")
    (path,) = replace(phantom, tags={"SliceThickness": 2, **attributes}).write(folder)
    dataset = dcmread(path)
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"]
    if tags is None:
        dataset.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0A, "US", 4)
    else:
        dataset.private_block(0x0029, "SIEMENS CSA HEADER", create=True).add_new(0x10, "OB", csa(tags))
    dataset.save_as(path)
    return path


@pytest.mark.parametrize(
    ("normal", "spacing", "codes", "source"),
    [
        (["0", "0", "1"], 2.5, set(), "Spacing Between Slices"),
        (["0", "0", "1"], None, {"assumed-spacing"}, "Slice Thickness"),
        (["0", "0", "0"], 2.5, {"assumed-order"}, "Spacing Between Slices"),
        (None, None, {"assumed-order", "assumed-spacing"}, "Slice Thickness"),
    ],
)
def test_what_is_assumed_of_a_mosaic_is_told(
    tmp_path: Path, normal: list[str] | None, spacing: float | None, codes: set[str], source: str
) -> None:
    tags = None if normal is None else {"NumberOfImagesInMosaic": ["4"], "SliceNormalVector": normal}
    path = mosaic(tmp_path, tags, **({} if spacing is None else {"SpacingBetweenSlices": spacing}))
    report = radpix.load(path).report
    assert report is not None
    assert {one.code for one in report.findings if one.severity == "warning"} == codes
    assert report.slice_spacing_source == source
