"""Which images of a series belong to one volume, and what the others are told apart by."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import UID
from tests.python.phantom import Phantom, stack_positions

import radpix
from radpix._series.vendor import private_values

if TYPE_CHECKING:
    from pathlib import Path


def repeated(slice_tags: list[dict[str, Any]], **options: Any) -> Phantom:
    """Return a phantom of three positions, each of them as often as there are tags."""
    tags = {3 * k + index: each for k, each in enumerate(slice_tags) for index in range(3)}
    positions = np.tile(stack_positions(3), (len(slice_tags), 1))
    return Phantom(positions=positions, slice_tags=tags, modality="MR", **options)


@pytest.mark.parametrize(
    ("dimension", "tag", "tags", "values"),
    [
        ("time", "TemporalPositionIdentifier", [{"TemporalPositionIdentifier": k} for k in (2, 1)], [1, 2]),
        ("echo_time", "EchoTime", [{"EchoTime": "20"}, {"EchoTime": "10"}], [10.0, 20.0]),
        ("echo", "EchoNumbers", [{"EchoNumbers": 1}, {"EchoNumbers": 2}], [1, 2]),
        (
            "inversion_time",
            "InversionTime",
            [{"InversionTime": "50"}, {"InversionTime": "500"}],
            [50.0, 500.0],
        ),
        ("trigger_time", "TriggerTime", [{"TriggerTime": "0"}, {"TriggerTime": "40"}], [0.0, 40.0]),
        ("b_value", "DiffusionBValue", [{"DiffusionBValue": 0.0}, {"DiffusionBValue": 1e3}], [0.0, 1e3]),
        (
            "gradient",
            "DiffusionGradientOrientation",
            [
                {"DiffusionGradientOrientation": [1.0, 0.0, 0.0]},
                {"DiffusionGradientOrientation": [0.0, 1.0, 0.0]},
            ],
            [(0.0, 1.0, 0.0), (1.0, 0.0, 0.0)],
        ),
        (
            "frame_reference_time",
            "FrameReferenceTime",
            [{"FrameReferenceTime": "90000"}, {"FrameReferenceTime": "30000"}],
            [30000.0, 90000.0],
        ),
        ("energy", "KVP", [{"KVP": "80"}, {"KVP": "140"}], [80.0, 140.0]),
        (
            "component",
            "ComplexImageComponent",
            [{"ImageType": ["ORIGINAL", "PRIMARY", kind]} for kind in "MP"],
            ["MAGNITUDE", "PHASE"],
        ),
        (
            "image_type",
            "ImageType",
            [{"ImageType": ["DERIVED", "PRIMARY", kind]} for kind in ("FAT", "WATER")],
            [("DERIVED", "PRIMARY", "FAT"), ("DERIVED", "PRIMARY", "WATER")],
        ),
        ("acquisition", "AcquisitionNumber", [{"AcquisitionNumber": k} for k in (1, 2)], [1, 2]),
        (
            "acquisition_time",
            "AcquisitionTime",
            [{"AcquisitionTime": time} for time in ("101010", "101110")],
            ["101010", "101110"],
        ),
    ],
)
def test_repeated_positions_are_volumes_of_a_named_dimension(
    tmp_path: Path, dimension: str, tag: str, tags: list[dict[str, Any]], values: list[Any]
) -> None:
    repeated(tags).write(tmp_path)
    plans = radpix.scan(tmp_path)[0].volumes()
    assert [plan.split for plan in plans] == [((dimension, tag, value),) for value in values]
    for plan in plans:
        assert plan.report.ok
        assert radpix.load(plan).shape[0] == 3


def test_several_dimensions_are_split_one_after_the_other(tmp_path: Path) -> None:
    tags = [{"EchoTime": str(te), "TemporalPositionIdentifier": t} for t in (1, 2) for te in (5, 10, 15)]
    repeated(tags).write(tmp_path)
    plans = radpix.scan(tmp_path)[0].volumes()
    assert [[split.value for split in plan.split] for plan in plans] == [
        [t, te] for t in (1, 2) for te in (5.0, 10.0, 15.0)
    ]


def test_unexplained_repetition_is_a_warning_of_each_volume(tmp_path: Path) -> None:
    repeated([{}, {}]).write(tmp_path)
    plans = radpix.scan(tmp_path)[0].volumes()
    assert [plan.split for plan in plans] == [(("occurrence", "InstanceNumber", k),) for k in (1, 2)]
    assert all("unexplained-repetition" in plan.report for plan in plans)


def test_rounding_of_positions_does_not_mix_repetitions_by_number(tmp_path: Path) -> None:
    # Half of them above, half below the limit between two thousandths of a millimetre.
    positions = np.tile(stack_positions(4, origin=(-20, -30, 100.0005)), (3, 1))
    positions[:, 2] += 2e-4 * np.resize([1, -1, -1, 1, -1], 12)
    Phantom(positions=positions, modality="MR").write(tmp_path)
    plans = radpix.scan(tmp_path)[0].volumes()
    numbers = [[instance.instance_number for instance in plan.instances] for plan in plans]
    assert numbers == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]]


@pytest.mark.parametrize("event", ["Acquisition", "Content"])
def test_times_are_in_the_order_of_their_days(tmp_path: Path, event: str) -> None:
    before = {f"{event}Date": "20240131", f"{event}Time": "235950"}
    after = {f"{event}Date": "20240201", f"{event}Time": "000010"}
    repeated([after, before]).write(tmp_path)
    plans = radpix.scan(tmp_path)[0].volumes()
    assert [plan.split[0].value for plan in plans] == ["235950", "000010"]


def test_unexplained_repetition_kept_together_is_a_duplicate(tmp_path: Path) -> None:
    repeated([{}, {}]).write(tmp_path)
    (plan,) = radpix.scan(tmp_path, keep_together=["occurrence"])[0].volumes()
    assert [finding.code for finding in plan.report.errors] == ["duplicate-position"]


def test_dimension_kept_together_is_not_split(tmp_path: Path) -> None:
    repeated([{"EchoTime": "5"}, {"EchoTime": "10"}]).write(tmp_path)
    (plan,) = radpix.scan(tmp_path, keep_together=["echo_time", "occurrence"])[0].volumes()
    assert "duplicate-position" in plan.report


def test_component_kept_together_is_one_stack(tmp_path: Path) -> None:
    kinds = {k: {"ImageType": ["ORIGINAL", "PRIMARY", "M" if k < 3 else "P"]} for k in range(6)}
    Phantom(modality="MR", slice_tags=kinds).write(tmp_path)
    assert len(radpix.scan(tmp_path)[0].volumes()) == 2
    (plan,) = radpix.scan(tmp_path, keep_together="component")[0].volumes()
    assert plan.report.ok


def test_split_by_divides_where_no_position_repeats(tmp_path: Path) -> None:
    Phantom(slice_tags={k: {"AcquisitionNumber": 1 + k // 3} for k in range(6)}).write(tmp_path)
    assert len(radpix.scan(tmp_path)[0].volumes()) == 1
    plans = radpix.scan(tmp_path, split_by=["acquisition"])[0].volumes()
    assert [plan.split for plan in plans] == [(("acquisition", "AcquisitionNumber", k),) for k in (1, 2)]
    assert [plan.shape[0] for plan in plans] == [3, 3]


@pytest.mark.parametrize("argument", [{"split_by": ["phase"]}, {"keep_together": "phase"}])
def test_dimensions_that_do_not_exist_are_errors(tmp_path: Path, argument: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"names dimensions.*not phase"):
        radpix.scan(tmp_path, **argument)


def test_localizers_and_orientations_are_shown_as_splits(tmp_path: Path) -> None:
    phantom = Phantom()
    phantom.write(tmp_path)
    scout = replace(
        phantom,
        positions=stack_positions(1),
        row=(0.0, 1.0, 0.0),
        column=(0.0, 0.0, -1.0),
        names=["scout"],
        tags={"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]},
    )
    scout.write(tmp_path)
    plans = radpix.scan(tmp_path)[0].volumes()
    assert [{split.dimension: split.value for split in plan.split}["localizer"] for plan in plans] == [
        False,
        True,
    ]
    assert plans[0].split[0] == ("orientation", "ImageOrientationPatient", (1, 0, 0, 0, 1, 0))


SIEMENS = {0x00190010: b"SIEMENS MR HEADER ", 0x0019100C: b"1000", 0x0019100E: struct.pack("<3d", 1, 0, 0)}
GE = {
    0x00190010: b"GEMS_ACQU_01",
    0x00430010: b"GEMS_PARM_01",
    0x00431039: b"1000000050\\8\\0\\0 ",
    0x001910BB: b"0.5",
    0x001910BC: b"-0.5",
    0x001910BD: b"0",
    0x0043102F: struct.pack("<h", 1),
}
PHILIPS = {
    0x20010010: b"Philips Imaging DD 001",
    0x20050010: b"Philips MR Imaging DD 001 ",
    0x20011003: struct.pack("<f", 700),
    0x200510B0: struct.pack("<f", 0.25),
    0x200510B1: struct.pack("<f", 0.5),
    0x200510B2: struct.pack("<f", 1),
    0x2005100E: struct.pack("<f", 0.5),
    0x2005100D: struct.pack("<f", 0),
}


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        (
            SIEMENS,
            {
                "diffusion_b_value": 1000,
                "gradient_direction": (1, 0, 0),
                "diffusion_source": "0019,100C",
                "gradient_source": "0019,100E",
            },
        ),
        (
            GE,
            {
                "diffusion_b_value": 50,
                "gradient_direction": (0.5, -0.5, 0),
                "diffusion_source": "0043,1039",
                "gradient_source": "0019,10BB",
                "component": "PHASE",
            },
        ),
        (
            PHILIPS,
            {
                "diffusion_b_value": 700,
                "gradient_direction": (0.25, 0.5, 1),
                "diffusion_source": "2001,1003",
                "gradient_source": "2005,10B0",
                "philips_scale": (0.5, 0),
            },
        ),
    ],
)
def test_vendors_private_elements_count_behind_their_creator(
    elements: dict[int, bytes], expected: dict[str, Any]
) -> None:
    assert private_values(elements, "<") == expected
    others = {tag: value for tag, value in elements.items() if tag & 0xFFFF != 0x0010}
    assert private_values(others, "<") == {}


@pytest.mark.parametrize("raw", [b"", b"\xff", b"\xff\xff\xff\xff", b"nan\\nan", b"9" * 99])
def test_malformed_private_elements_are_absent(raw: bytes) -> None:
    for elements in (SIEMENS, GE, PHILIPS):
        for tag in elements:
            if tag & 0xFFFF != 0x0010:
                private_values({**elements, tag: raw}, "<")
    assert "diffusion_b_value" not in private_values({**PHILIPS, 0x20011003: raw}, "<")


def test_private_b_values_split_and_are_named(tmp_path: Path) -> None:
    paths = repeated([{}, {}]).write(tmp_path)
    for index, path in enumerate(paths):
        dataset = dcmread(path)
        block = dataset.private_block(0x0019, "SIEMENS MR HEADER", create=True)
        block.add_new(0x0C, "IS", str(1000 * (index // 3)))
        dataset.save_as(path)
    plans = radpix.scan(tmp_path)[0].volumes()
    assert [plan.split for plan in plans] == [(("b_value", "0019,100C", value),) for value in (0.0, 1000.0)]


@pytest.mark.parametrize("standard", [False, True])
def test_gradients_and_b_values_are_named_by_the_elements_they_come_from(
    tmp_path: Path, standard: bool
) -> None:
    weights = [0.0, 700.0, 700.0]
    tags = [{"DiffusionBValue": weight} if standard else {} for weight in weights]
    for index, path in enumerate(repeated(tags).write(tmp_path)):
        dataset = dcmread(path)
        block = dataset.private_block(0x0019, "SIEMENS MR HEADER", create=True)
        block.add_new(0x0C, "IS", str(int(weights[index // 3])))
        block.add_new(0x0E, "FD", [0.0, float(index < 6), float(index >= 6)])
        dataset.save_as(path)
    plans = radpix.scan(tmp_path)[0].volumes()
    b_value = "DiffusionBValue" if standard else "0019,100C"
    assert [[split.tag for split in plan.split] for plan in plans] == [
        [b_value],
        [b_value, "0019,100E"],
        [b_value, "0019,100E"],
    ]


def test_objects_that_are_no_images_are_told(tmp_path: Path) -> None:
    paths = Phantom().write(tmp_path)
    dataset = dcmread(paths[0])
    for name in ("Rows", "Columns", "PixelData"):
        delattr(dataset, name)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = UID("1.2.840.10008.1.3.10")  # DICOMDIR
    dataset.save_as(tmp_path / "DICOMDIR")
    (tmp_path / "notes.txt").write_text("no DICOM at all, and long enough to be looked at")
    found = radpix.scan(tmp_path)
    assert [len(series.instances) for series in found] == [6]
    assert [(skipped.path.rsplit("/")[-1], skipped.reason) for skipped in found.skipped] == [
        ("DICOMDIR", "not-an-image"),
        ("notes.txt", "not-dicom"),
    ]


def test_slice_location_against_the_positions_is_told(tmp_path: Path) -> None:
    Phantom(slice_tags={k: {"SliceLocation": str([0, 2.5, 5, 12.5, 10, 7.5][k])} for k in range(6)}).write(
        tmp_path
    )
    (finding,) = radpix.scan(tmp_path)[0].audit().findings
    assert (finding.code, finding.severity) == ("location-conflict", "info")


@pytest.mark.parametrize("locations", [[-2.5 * k for k in range(6)], [99 + 2.5 * k for k in range(6)]])
def test_slice_locations_of_any_origin_and_direction_are_in_order(
    tmp_path: Path, locations: list[float]
) -> None:
    Phantom(slice_tags={k: {"SliceLocation": str(locations[k])} for k in range(6)}).write(tmp_path)
    assert radpix.scan(tmp_path)[0].audit().findings == ()


def test_nominal_tilt_that_the_positions_do_not_have_is_told(tmp_path: Path) -> None:
    Phantom(tags={"GantryDetectorTilt": "15"}).write(tmp_path)
    (finding,) = radpix.scan(tmp_path)[0].audit().findings
    assert (finding.code, finding.severity) == ("nominal-tilt-conflict", "info")


def test_pixels_cut_off_are_an_error_before_anything_is_decoded(tmp_path: Path) -> None:
    paths = Phantom().write(tmp_path)
    paths[2].write_bytes(paths[2].read_bytes()[:-60])
    report = radpix.scan(tmp_path)[0].audit()
    assert [finding.code for finding in report.errors] == ["truncated-pixels"]
    assert report.errors[0].files == (str(paths[2]),)
    with pytest.raises(radpix.TruncatedError, match=r"0002\.dcm"):
        radpix.load(tmp_path)


@pytest.mark.parametrize(
    ("tags", "spacing", "source"),
    [
        ({}, (0.8, 0.7), "Pixel Spacing"),
        ({"PixelSpacing": None, "ImagerPixelSpacing": [0.2, 0.1]}, (0.2, 0.1), "Imager Pixel Spacing"),
        (
            {
                "PixelSpacing": None,
                "ImagerPixelSpacing": [0.3, 0.15],
                "EstimatedRadiographicMagnificationFactor": "1.5",
            },
            (0.2, 0.1),
            "Imager Pixel Spacing / Estimated Radiographic Magnification Factor",
        ),
        (
            {"PixelSpacing": None, "NominalScannedPixelSpacing": [0.5, 0.4]},
            (0.5, 0.4),
            "Nominal Scanned Pixel Spacing",
        ),
    ],
)
def test_reports_say_where_spacings_come_from(
    tmp_path: Path, tags: dict[str, Any], spacing: tuple[float, float], source: str
) -> None:
    Phantom(tags=tags).write(tmp_path)
    (plan,) = radpix.scan(tmp_path)[0].volumes()
    assert plan.instances[0].pixel_spacing == pytest.approx(spacing)
    assert (plan.report.pixel_spacing_source, plan.report.slice_spacing_source) == (source, "positions")
    assert plan.report.to_dict()["pixel_spacing_source"] == source


def test_ultrasound_region_gives_the_spacing_in_millimetres(tmp_path: Path) -> None:
    from tests.python.enhanced import group

    region = group(PhysicalUnitsXDirection=3, PhysicalDeltaX=0.02, PhysicalDeltaY=0.03)
    Phantom(modality="US", tags={"PixelSpacing": None, "SequenceOfUltrasoundRegions": region}).write(tmp_path)
    (plan,) = radpix.scan(tmp_path)[0].volumes()
    assert plan.instances[0].pixel_spacing == pytest.approx((0.3, 0.2))
    assert plan.report.pixel_spacing_source == "Sequence of Ultrasound Regions"


@pytest.mark.parametrize(
    ("modality", "stated", "missing"), [("PT", 8, 2), ("NM", 7, 1), ("PT", 6, 0), ("CT", 8, 0)]
)
def test_slices_that_are_counted_and_not_there_are_told(
    tmp_path: Path, modality: str, stated: int, missing: int
) -> None:
    Phantom(modality=modality, tags={"NumberOfSlices": stated}).write(tmp_path)
    report = radpix.scan(tmp_path)[0].audit()
    found = [one.details["missing"] for one in report.findings if one.code == "slice-count-conflict"]
    assert found == ([missing] if missing else [])
    assert report.ok


@pytest.mark.parametrize(
    ("nominal", "step", "severity"),
    [(2.5, 5.0, "warning"), (2.5, 40.0, "warning"), (2.5, 6.0, "info"), (5.0, 2.5, "info"), (0.0, 5.0, None)],
)
def test_a_step_of_several_nominal_ones_may_lack_slices_throughout(
    tmp_path: Path, nominal: float, step: float, severity: str | None
) -> None:
    tags = {"SpacingBetweenSlices": nominal}
    Phantom(positions=stack_positions(4, step=(0, 0, step)), tags=tags).write(tmp_path)
    report = radpix.scan(tmp_path)[0].audit()
    found = [one for one in report.findings if one.code == "spacing-conflict"]
    assert [one.severity for one in found] == ([] if severity is None else [severity])
    assert all(("may be missing throughout" in one.message) == (severity == "warning") for one in found)
