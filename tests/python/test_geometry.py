from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.python.phantom import Phantom, rotation, stack_positions

import radpix
from radpix.series import VolumePlan, scan

if TYPE_CHECKING:
    from pathlib import Path

    from radpix.geometry import GeometryReport


def plan_of(folder: Path) -> VolumePlan:
    (series,) = scan(folder)
    (plan,) = series.volumes()
    return plan


def codes(report: GeometryReport, severity: str = "error") -> list[str]:
    return [finding.code for finding in report.findings if finding.severity == severity]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    axis=st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda v: np.linalg.norm(v) > 0.1),
    degrees=st.floats(0, 360),
    origin=st.tuples(*[st.floats(-500, 500)] * 3),
    spacing=st.tuples(st.floats(0.05, 8), st.floats(0.05, 4), st.floats(0.05, 4)),
    shear=st.tuples(st.floats(-0.6, 0.6), st.floats(-0.6, 0.6)),
    count=st.integers(2, 7),
    seed=st.integers(0, 2**32 - 1),
)
def test_affine_maps_indices_to_the_written_positions_for_any_orientation_tilt_and_order(
    tmp_path_factory: pytest.TempPathFactory,
    axis: tuple[float, float, float],
    degrees: float,
    origin: tuple[float, float, float],
    spacing: tuple[float, float, float],
    shear: tuple[float, float],
    count: int,
    seed: int,
) -> None:
    turn = rotation(axis, degrees)
    step = turn @ np.array([shear[0], shear[1], 1.0]) * spacing[0]
    order = np.random.default_rng(seed).permutation(count)
    phantom = Phantom(
        positions=stack_positions(count, step, origin)[order],
        row=tuple(turn[:, 0]),
        column=tuple(turn[:, 1]),
        pixel_spacing=spacing[1:],
        shape=(4, 5),
    )
    folder = tmp_path_factory.mktemp("series")
    phantom.write(folder)
    volume = radpix.load(folder, on_irregular="keep")
    for index, source in enumerate(np.argsort(order)):
        indices = np.stack([np.full((4, 5), index), *np.indices((4, 5))], axis=-1)
        np.testing.assert_allclose(
            volume.index_to_patient(indices), phantom.pixel_positions(int(source)), rtol=0, atol=1e-6
        )
        np.testing.assert_array_equal(volume.voxels[index], phantom.modality_values(int(source)))


def test_regular_series_has_no_finding(tmp_path: Path) -> None:
    Phantom().write(tmp_path)
    report = plan_of(tmp_path).report
    assert report.ok
    assert report.findings == ()
    assert report.spacing == pytest.approx((2.5, 2.5, 2.5))


@pytest.mark.parametrize("decimals", [1, 2, 3, 4, 6])
def test_rounding_of_written_positions_is_no_error(tmp_path: Path, decimals: int) -> None:
    positions = stack_positions(60, (0, 0, 0.625), (-123.456, 20.1, -300.77)).round(decimals)
    Phantom(positions=positions).write(tmp_path)
    report = plan_of(tmp_path).report
    assert report.ok
    assert ("uneven-spacing" in report) == (decimals == 1)  # 0.05 mm off: a warning


def test_oblique_positions_rounded_to_two_decimals_are_no_error(tmp_path: Path) -> None:
    turn = rotation((1, 2, 3), 33).round(6)
    positions = stack_positions(40, turn[:, 2] * 1.2).round(2)
    Phantom(positions=positions, row=tuple(turn[:, 0]), column=tuple(turn[:, 1])).write(tmp_path)
    assert plan_of(tmp_path).report.ok


@pytest.mark.parametrize("count", [4, 9])
def test_missing_slice_is_a_gap_between_its_neighbours(tmp_path: Path, count: int) -> None:
    positions = np.delete(stack_positions(count), [2], axis=0)
    paths = Phantom(positions=positions).write(tmp_path)
    report = plan_of(tmp_path).report
    assert codes(report) == ["gap"]
    (gap,) = report.errors
    assert gap.files == (str(paths[1]), str(paths[2]))
    assert gap.millimetres == pytest.approx(5.0)
    assert gap.details == {"missing": 1}
    assert (
        "0001.dcm (instance 2 at -20, -30, 102.5) and 0002.dcm (instance 3 at -20, -30, 107.5)" in gap.message
    )


def test_several_gaps_are_counted(tmp_path: Path) -> None:
    positions = np.delete(stack_positions(30), [3, 4, 5, 12], axis=0)
    Phantom(positions=positions).write(tmp_path)
    (gap,) = plan_of(tmp_path).report.errors
    assert gap.details == {"missing": 4}
    assert gap.millimetres == pytest.approx(10.0)


def test_slice_written_twice_is_a_duplicate_position(tmp_path: Path) -> None:
    positions = np.insert(stack_positions(8), 3, stack_positions(8)[3], axis=0)
    paths = Phantom(positions=positions).write(tmp_path)
    report = plan_of(tmp_path).report
    assert codes(report) == ["duplicate-position"]
    assert set(report.errors[0].files) == {str(paths[3]), str(paths[4])}


@pytest.mark.parametrize("shift", [0.06, -0.3, 1.2])
def test_displaced_slice_makes_the_spacing_uneven(tmp_path: Path, shift: float) -> None:
    positions = stack_positions(9, origin=(1.234567, 2.345678, 3.456789))
    positions[4, 2] += shift
    paths = Phantom(positions=positions).write(tmp_path)
    report = plan_of(tmp_path).report
    assert codes(report) == ["uneven-spacing"]
    finding = report.errors[0]
    assert finding.files == (str(paths[4]),)
    assert finding.millimetres == pytest.approx(abs(shift))
    assert finding.details["median"] == pytest.approx(2.5)


def test_slice_displaced_by_the_last_written_decimal_is_an_error(tmp_path: Path) -> None:
    positions = stack_positions(12)
    positions[5, 2] += 0.1
    Phantom(positions=positions).write(tmp_path)
    assert codes(plan_of(tmp_path).report) == ["uneven-spacing"]


def test_two_oblique_slices_with_one_decimal_are_not_tilted(tmp_path: Path) -> None:
    turn = rotation((1, 2, 3), 33)
    positions = stack_positions(2, turn[:, 2] * 0.6).round(1)
    Phantom(positions=positions, row=tuple(turn[:, 0]), column=tuple(turn[:, 1])).write(tmp_path)
    assert plan_of(tmp_path).report.ok


def test_steadily_growing_spacing_is_uneven(tmp_path: Path) -> None:
    distances = np.concatenate([[0], np.cumsum(np.linspace(1.0, 1.02, 99))])
    positions = stack_positions(1) + distances[:, None] * [0, 0, 1.0]
    Phantom(positions=positions).write(tmp_path)
    assert codes(plan_of(tmp_path).report) == ["uneven-spacing"]


def test_gap_and_uneven_spacing_are_told_apart(tmp_path: Path) -> None:
    positions = np.delete(stack_positions(12), [5], axis=0)
    positions[8, 2] += 0.7
    Phantom(positions=positions).write(tmp_path)
    assert codes(plan_of(tmp_path).report) == ["gap", "uneven-spacing"]


@pytest.mark.parametrize("degrees", [0.5, 14.0, -18.5])
def test_tilt_is_measured_from_the_positions(tmp_path: Path, degrees: float) -> None:
    step = 5.0 * np.array([0, np.tan(np.radians(degrees)), 1])
    Phantom(positions=stack_positions(20, step)).write(tmp_path)
    report = plan_of(tmp_path).report
    assert codes(report) == ["tilt"]
    assert report.tilt_degrees == pytest.approx(abs(degrees), abs=1e-6)
    assert report.errors[0].details["degrees"] == pytest.approx(abs(degrees), abs=1e-6)
    assert report.spacing == pytest.approx((5, 5, 5))


def test_slice_beside_the_others_is_an_in_plane_shift(tmp_path: Path) -> None:
    positions = stack_positions(9)
    positions[4, 0] += 3.0
    paths = Phantom(positions=positions).write(tmp_path)
    report = plan_of(tmp_path).report
    assert codes(report) == ["in-plane-shift"]
    assert report.errors[0].files == (str(paths[4]),)


def test_cosines_that_are_not_orthogonal_are_an_error(tmp_path: Path) -> None:
    Phantom(column=(0.05, 1.0, 0.0)).write(tmp_path)
    assert "non-orthogonal-orientation" in codes(plan_of(tmp_path).report)


@pytest.mark.parametrize("row", [(0.0, 0.0, 0.0), (0.0, 1.0, 0.0)])
def test_cosines_that_span_no_plane_are_an_error_without_affine(
    tmp_path: Path, row: tuple[float, float, float]
) -> None:
    Phantom(row=row).write(tmp_path)
    plan = plan_of(tmp_path)
    assert codes(plan.report) == ["non-orthogonal-orientation"]
    assert plan.affine is None


@pytest.mark.parametrize("name", ["ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"])
def test_missing_attribute_is_named(tmp_path: Path, name: str) -> None:
    Phantom(tags={name: None}).write(tmp_path)
    report = plan_of(tmp_path).report
    assert codes(report) == ["missing-attribute"]
    assert "0000.dcm" in report.errors[0].message


def test_slices_of_another_orientation_or_frame_of_reference_are_other_volumes(tmp_path: Path) -> None:
    axial = Phantom()
    axial.write(tmp_path / "a")
    replace(axial, row=(0.0, 1.0, 0.0), column=(0.0, 0.0, -1.0)).write(tmp_path / "b")
    replace(axial, frame_of_reference_uid="1.2.3").write(tmp_path / "c")
    (series,) = scan(tmp_path)
    assert len(series.volumes()) == 3
    assert {"mixed-orientation", "mixed-frame-of-reference"} <= set(codes(series.audit()))
    with pytest.raises(radpix.GeometryError, match="holds 3 volumes"):
        radpix.load(series)


def test_nominal_attributes_that_disagree_are_information_only(tmp_path: Path) -> None:
    Phantom(tags={"SliceThickness": 5, "SpacingBetweenSlices": 3}).write(tmp_path)
    report = plan_of(tmp_path).report
    assert report.ok
    assert codes(report, "info") == ["spacing-conflict"]
    assert report.findings[0].details["measured"] == pytest.approx(2.5)


def test_instance_numbers_against_the_positions_are_information_only(tmp_path: Path) -> None:
    Phantom(positions=stack_positions(6)[[0, 2, 4, 1, 3, 5]]).write(tmp_path)
    report = plan_of(tmp_path).report
    assert report.ok
    assert codes(report, "info") == ["order-conflict"]


def test_instance_numbers_backwards_are_no_conflict(tmp_path: Path) -> None:
    Phantom(positions=stack_positions(6)[::-1]).write(tmp_path)
    assert plan_of(tmp_path).report.findings == ()


def test_micro_ct_is_judged_by_its_own_spacing(tmp_path: Path) -> None:
    positions = stack_positions(20, (0, 0, 0.01), (0, 0, 0))
    positions[9, 2] += 0.004
    Phantom(positions=positions).write(tmp_path)
    assert codes(plan_of(tmp_path).report) == ["uneven-spacing"]


def test_report_reads_as_text_and_json(tmp_path: Path) -> None:
    Phantom(positions=np.delete(stack_positions(9), [4], axis=0)).write(tmp_path)
    report = plan_of(tmp_path).report
    assert str(report).startswith(
        "8 slices, 2.5 to 5 mm apart: not a regular volume\n  error: gap: 1 slice is missing"
    )
    data = json.loads(report.to_json())
    assert data["ok"] is False
    assert data["spacing_mm"] == {"min": 2.5, "median": 2.5, "max": 5.0}
    assert data["findings"][0]["code"] == "gap"
    assert len(data["findings"][0]["files"]) == 2
    assert "gap" in report
    assert "tilt" not in report
