"""SUV against numbers computed by hand, and against IBSI's PET in both formats."""

from __future__ import annotations

import contextlib
import math
import pickle
import re
import warnings
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag
from pydicom.uid import PositronEmissionTomographyImageStorage
from tests.python.objects import header as image_header
from tests.python.testdata import PROJECT, real_data

import radpix
from radpix import SuvError, Volume, Window, suv_scale, to_suv

AFFINE = np.array([[0, 0, 2.0, -1], [0, 2.0, 0, -2], [4.0, 0, 0, 100], [0, 0, 0, 1]])


def pet(units: str = "BQML", decay: str = "START", **changes: Any) -> Dataset:
    """Return a header: 70 kg, 350 MBq at 12:00 with a half-life of an hour, scan at 13:00. 5000 Bq/ml are SUV 2."""
    dataset = Dataset()
    dataset.Modality = "PT"
    dataset.Units, dataset.DecayCorrection = units, decay
    dataset.CorrectedImage = ["ATTN", "SCAT"] + ["DECY"] * (decay != "NONE")
    dataset.PatientWeight, dataset.PatientSize, dataset.PatientSex = "70", "1.75", "M"
    dataset.SeriesDate, dataset.SeriesTime = "20240310", "130000"
    dataset.AcquisitionDate, dataset.AcquisitionTime = "20240310", "130000"
    dataset.ImagePositionPatient = [-1, -2, 100]
    drug = Dataset()
    drug.RadiopharmaceuticalStartTime = "120000.00"
    drug.RadiopharmaceuticalStartDateTime = "20240310120000.00"
    drug.RadionuclideTotalDose = "350000000"
    drug.RadionuclideHalfLife = "3600"
    dataset.RadiopharmaceuticalInformationSequence = [drug]
    for name, value in changes.items():
        target = drug if name.startswith("Radio") and not name.endswith("Sequence") else dataset
        if value is None:
            delattr(target, name)
        else:
            setattr(target, name, value)
    return dataset


def flat(value: float = 5000, depth: int = 1, unit: str = "BQML", **fields: Any) -> Volume:
    return Volume(np.full((depth, 2, 3), value, np.float32), AFFINE, "1.2", "PT", unit, **fields)


def suv(dataset: Any, value: float = 5000, **options: Any) -> float:
    first = dataset[0] if isinstance(dataset, list) else dataset
    return float(to_suv(flat(value, unit=first.Units), dataset, **options).voxels[0, 0, 0])


def refusal(dataset: Any, **options: Any) -> SuvError:
    with pytest.raises(SuvError) as caught:
        suv_scale(dataset, **options)
    return caught.value


# --- Decay Correction ---------------------------------------------------------------------------------------


def test_start_decays_the_dose_to_the_start_of_the_series() -> None:
    assert suv(pet()) == 2.0


def test_admin_takes_the_dose_as_injected_whatever_the_clocks_say() -> None:
    assert suv(pet(decay="ADMIN", RadiopharmaceuticalStartDateTime="20250101000000")) == 1.0


def test_none_is_decayed_to_the_moment_of_the_mean_activity_of_each_frame() -> None:
    # A frame of one half-life: x = ln 2, mean after ln(ln 2 / (1 - 1/2)) / ln 2 half-lives = 0.4712...
    mean = math.log2(2 * math.log(2))
    frames = []
    for k, clock in enumerate(("130000", "140000")):
        frames.append(pet(decay="NONE", AcquisitionTime=clock, ActualFrameDuration="3600000"))
        frames[-1].ImagePositionPatient = [-1, -2, 100 + 4 * k]
    for order in (frames, frames[::-1]):
        voxels = to_suv(flat(depth=2), order).voxels
        np.testing.assert_allclose(voxels[:, 0, 0], [2 ** (1 + mean), 2 ** (2 + mean)], rtol=1e-6)


def test_none_needs_the_header_of_every_slice() -> None:
    with pytest.raises(SuvError, match="slice 1") as caught:
        to_suv(flat(depth=2), pet(decay="NONE", ActualFrameDuration="60000"))
    assert caught.value.code == "suv-slice-without-header"
    assert suv(pet(decay="NONE", ActualFrameDuration="1")) == pytest.approx(2.0, rel=1e-6)


# --- when the scan started ----------------------------------------------------------------------------------


def test_headers_of_two_moments_at_one_place_are_refused() -> None:
    moments = ("130000", "140000")
    dynamic = [
        pet(decay="NONE", ActualFrameDuration="60000", AcquisitionTime=time, ImagePositionPatient=[-1, -2, z])
        for time in moments
        for z in (100, 104)
    ]
    with pytest.raises(SuvError) as caught:
        to_suv(flat(depth=2), dynamic)
    assert caught.value.code == "suv-headers-differ"
    early, late = (to_suv(flat(depth=2), dynamic[k : k + 2]).voxels for k in (0, 2))
    np.testing.assert_allclose(late, 2 * early, rtol=1e-6)
    # The same header twice is no contradiction.
    np.testing.assert_array_equal(to_suv(flat(depth=2), [*dynamic[:2], *dynamic[:2]]).voxels, early)


def test_a_later_bed_position_does_not_move_the_start_of_the_scan() -> None:
    assert suv(pet(AcquisitionTime="133000")) == 2.0


def test_a_series_written_later_starts_with_its_earliest_acquisition() -> None:
    late = {"SeriesTime": "170000"}
    frames = [pet(AcquisitionTime="140000", **late), pet(AcquisitionTime="130000", **late)]
    assert suv(frames) == 2.0
    with pytest.raises(SuvError, match="earliest acquisition") as caught:
        to_suv(flat(depth=2), pet(**late))
    assert caught.value.code == "suv-scan-start-unknown"


def test_times_rounded_by_themselves_are_not_later() -> None:
    scale = suv_scale(pet(SeriesTime="130000", AcquisitionTime="125959.75"))
    assert (scale.decay_seconds, scale.scan_start) == (3600, datetime.fromisoformat("2024-03-10 13:00"))


def test_ge_says_when_the_scan_started() -> None:
    dataset = pet(SeriesTime="170000", AcquisitionTime="133000")
    dataset.private_block(0x0009, "GEMS_PETD_01", create=True).add_new(0x0D, "DT", "20240310130000.00")
    assert suv(dataset) == 2.0


def test_siemens_is_reckoned_back_from_the_mean_of_the_frame() -> None:
    mean = 3600 * math.log2(2 * math.log(2))
    late = {
        "Manufacturer": "SIEMENS",
        "SeriesTime": "170000",
        "AcquisitionTime": "133000",
        "ActualFrameDuration": "3600000",
        "FrameReferenceTime": f"{1000 * (1800 + mean):.3f}",
    }
    assert suv(pet(**late)) == pytest.approx(2.0, rel=1e-6)


def test_decay_correction_date_time_is_the_plainest_word() -> None:
    assert suv(pet(SeriesTime="113000", DecayCorrectionDateTime="20240310130000")) == 2.0


# --- when the dose was injected -----------------------------------------------------------------------------


@pytest.mark.parametrize("with_date", [True, False])
def test_injection_before_midnight(with_date: bool) -> None:
    dataset = pet(
        SeriesTime="003000",
        AcquisitionTime="003000",
        RadiopharmaceuticalStartTime="233000",
        RadiopharmaceuticalStartDateTime="20240309233000" if with_date else None,
    )
    assert suv(dataset) == 2.0


def test_an_offset_counts_where_the_scanner_has_a_zone_too() -> None:
    changes: dict[str, Any] = {
        "RadiopharmaceuticalStartTime": None,
        "RadiopharmaceuticalStartDateTime": "20240310110000+0000",
    }
    assert suv(pet(TimezoneOffsetFromUTC="+0100", **changes)) == 2.0
    assert suv(pet(AcquisitionDateTime="20240310130000+0100", **changes)) == 2.0
    assert suv(pet(DecayCorrectionDateTime="20240310130000+0100", **changes)) == 2.0


def test_an_offset_of_a_scanner_in_an_unknown_zone_is_refused() -> None:
    injected: dict[str, Any] = {"RadiopharmaceuticalStartDateTime": "20240310120000+0000"}
    found = refusal(pet(RadiopharmaceuticalStartTime=None, **injected))
    assert (found.code, found.tag) == (
        "suv-time-zone-unknown",
        "(0018,1078) Radiopharmaceutical Start DateTime",
    )
    assert suv(pet(**injected)) == 2.0  # Start Time says what the scanner's clock said
    at = datetime.fromisoformat("2024-03-10 12:00")
    assert suv(pet(RadiopharmaceuticalStartTime=None, **injected), injected_at=at) == 2.0


def test_slices_corrected_to_different_moments_are_refused() -> None:
    slices = [pet(DecayCorrectionDateTime=f"2024031013{minute:02}00") for minute in (0, 10)]
    found = refusal(slices)
    assert (found.code, found.tag) == ("suv-headers-differ", "(0018,9701) Decay Correction DateTime")


def test_impossible_injections_are_refused() -> None:
    shifted = pet(RadiopharmaceuticalStartDateTime="20240311120000")  # as de-identification leaves it
    assert refusal(shifted).code == "suv-injection-after-scan"
    other = pet(RadiopharmaceuticalStartDateTime="20240310123000")
    assert refusal(other).code == "suv-injection-time-conflict"
    old = pet(RadiopharmaceuticalStartTime=None, RadiopharmaceuticalStartDateTime="20240309120000")
    assert refusal(old).code == "suv-decay-time-implausible"
    assert suv(shifted, injected_at=datetime.fromisoformat("2024-03-10 12:00")) == 2.0


# --- units --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vr", ["DS", "UN"])
@pytest.mark.parametrize("stripped", [False, True])
def test_philips_counts(vr: str, stripped: bool) -> None:
    def value(text: str) -> Any:
        return text if vr == "DS" else f"{text} ".encode()

    factor, activity = pet("CNTS", Manufacturer="Philips"), pet("CNTS", Manufacturer="Philips")
    for dataset, element, text in (
        (factor, 0, "0.0004"),
        (factor, 9, "7"),
        (activity, 0, "0"),
        (activity, 9, "2.5"),
    ):
        if stripped:
            dataset.add_new((0x7053, 0x1000 + element), vr, value(text))
        else:
            block = dataset.private_block(0x7053, "Philips PET Private Group", create=True)
            block.add_new(element, vr, value(text))
    assert suv(factor) == 2.0
    assert suv(activity, 2000) == 2.0
    assert suv(factor, method="bsa") == pytest.approx(2 * 18481.43 / 70000, rel=1e-5)


def test_gml_is_never_scaled_twice() -> None:
    for decay in ("START", "ADMIN", "NONE"):
        dataset = pet("GML", decay, RadiopharmaceuticalInformationSequence=None)
        assert suv(dataset, 3.25) == 3.25
    assert suv(pet("GML", SUVType="LBMJANMA"), 3.0) == pytest.approx(3 * 70 * 11617.142857 / 648900, rel=1e-5)
    assert suv(pet("CM2ML", SUVType="BSA"), 3.0, method="bsa") == 3.0
    assert refusal(pet("GML", SUVType="LBM")).tag == "(0054,1006) SUV Type"


@pytest.mark.parametrize("units", ["CNTS", "PROPCPS", ""])
def test_other_units_are_refused(units: str) -> None:
    expected = {"CNTS": "suv-attribute-missing", "": "suv-attribute-missing"}
    assert refusal(pet(units)).code == expected.get(units, "suv-attribute-invalid")


# --- bodies -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "sex", "norm", "unit"),
    [
        ("bw", "M", 70000.0, "g/ml{SUVbw}"),
        # 70 kg, 1.75 m: body mass index 22.857; (70 / 175)^2 = 0.16
        ("lbm-janmahasatian", "M", 9270e3 * 70 / (6680 + 216 * 22.857142857), "g/ml{SUVlbm(Janma)}"),
        ("lbm-janmahasatian", "F", 9270e3 * 70 / (8780 + 244 * 22.857142857), "g/ml{SUVlbm(Janma)}"),
        ("lbm-james", "M", 77000 - 20480, "g/ml{SUVlbm(James128)}"),
        ("lbm-james", "F", 74900 - 23680, "g/ml{SUVlbm(James128)}"),
        ("bsa", "F", 18481.43, "cm2/ml{SUVbsa}"),
        ("ibw", "M", 48000 + 1060 * 23, "g/ml{SUVibw}"),
        ("ibw", "F", 45500 + 910 * 23, "g/ml{SUVibw}"),
    ],
)
def test_methods(method: Any, sex: str, norm: float, unit: str) -> None:
    scale = suv_scale(pet(decay="ADMIN", PatientSex=sex), method=method)
    assert scale.factors[0] == pytest.approx(norm / 350e6, rel=1e-5)
    assert (scale.unit, scale.method) == (unit, method)


def test_james_is_refused_where_it_does_not_hold() -> None:
    assert refusal(pet(PatientWeight="250"), method="lbm-james").code == "suv-body-out-of-range"


# --- what is refused ----------------------------------------------------------------------------------------

MISSING = {
    "PatientWeight": "(0010,1030)",
    "DecayCorrection": "(0054,1102)",
    "RadionuclideTotalDose": "(0018,1074)",
    "RadionuclideHalfLife": "(0018,1075)",
    "AcquisitionTime": "(0008,0032)",
    "RadiopharmaceuticalInformationSequence": "(0054,0016)",
}


@pytest.mark.parametrize("name", MISSING)
@pytest.mark.parametrize("how", [None, ""])
def test_what_is_missing_is_named(name: str, how: Any) -> None:
    if name.endswith("Sequence"):
        dataset = pet()
        dataset.RadiopharmaceuticalInformationSequence = []
    else:
        dataset = pet(**{name: how})
    error = refusal(dataset)
    assert error.code == "suv-attribute-missing"
    assert error.tag.startswith(MISSING[name])
    assert MISSING[name] in str(error)


@pytest.mark.parametrize(
    ("changes", "options", "code"),
    [
        ({"RadionuclideTotalDose": "350"}, {}, "suv-dose-implausible"),
        ({"RadionuclideTotalDose": "-3e8"}, {}, "suv-dose-implausible"),
        ({"RadionuclideTotalDose": "3.5e14"}, {}, "suv-dose-implausible"),
        ({"PatientWeight": "70000"}, {}, "suv-attribute-invalid"),
        ({"PatientWeight": "0"}, {}, "suv-attribute-missing"),
        ({"PatientSize": "175"}, {"method": "bsa"}, "suv-attribute-invalid"),
        ({"PatientSize": None}, {"method": "bsa"}, "suv-attribute-missing"),
        ({"PatientSex": "O"}, {"method": "ibw"}, "suv-attribute-invalid"),
        ({"PatientSex": ""}, {"method": "ibw"}, "suv-attribute-missing"),
        ({"DecayCorrection": "YES"}, {}, "suv-attribute-invalid"),
        ({"CorrectedImage": ["DECY"]}, {}, "suv-not-attenuation-corrected"),
        ({"CorrectedImage": ["ATTN"]}, {}, "suv-decay-correction-conflict"),
        (
            {"RadiopharmaceuticalStartDateTime": None, "RadiopharmaceuticalStartTime": None},
            {},
            "suv-attribute-missing",
        ),
    ],
)
def test_impossible_headers_are_refused(changes: Any, options: Any, code: str) -> None:
    assert refusal(pet(**changes), **options).code == code


@pytest.mark.parametrize("raw", [b"heavy ", b"70\\71 ", b"nan ", b"1e999 "])
def test_a_number_that_is_none_is_refused_as_it_stands_in_a_file(raw: bytes) -> None:
    dataset = pet(decay="ADMIN", PatientWeight=None)
    tag = BaseTag(0x00101030)
    dataset._dict[tag] = RawDataElement(tag, "DS", len(raw), raw, 0, False, True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's own
        assert refusal(dataset).code == "suv-attribute-invalid"


WORDS = st.sampled_from(
    rb"|0|-1|1e300|1e-300|nan|70\71|x|00010101|99991231|20240310|130000|245960.5|126161|20240310120000-9900|START|NONE"
    rb"|BQML|CNTS|GML|  ".split(b"|")
)
VRS = {
    name: dictionary_VR(tag_for_keyword(name) or 0)
    for name in (
        *(
            "Units",
            "DecayCorrection",
            "CorrectedImage",
            "PatientWeight",
            "PatientSex",
            "SeriesDate",
            "SeriesTime",
        ),
        *("AcquisitionDate", "AcquisitionTime", "ActualFrameDuration", "FrameReferenceTime", "Manufacturer"),
        *("ImagePositionPatient", "RadiopharmaceuticalStartTime", "RadiopharmaceuticalStartDateTime"),
        *(
            "RadionuclideTotalDose",
            "RadionuclideHalfLife",
            "TimezoneOffsetFromUTC",
            "DecayCorrectionDateTime",
        ),
    )
}


@settings(max_examples=400, deadline=None)
@given(
    changes=st.dictionaries(st.sampled_from(sorted(VRS)), WORDS, min_size=1, max_size=4), none=st.booleans()
)
def test_any_header_gives_a_factor_or_a_refusal(changes: dict[str, bytes], none: bool) -> None:
    dataset = pet(decay="NONE" if none else "START", ActualFrameDuration="60000", Manufacturer="SIEMENS")
    drug = dataset.RadiopharmaceuticalInformationSequence[0]
    for name, raw in changes.items():
        tag = BaseTag(tag_for_keyword(name) or 0)
        target = drug if name.startswith("Radio") else dataset
        target._dict[tag] = RawDataElement(tag, VRS[name], len(raw), raw, 0, False, True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with contextlib.suppress(SuvError):
            assert 0 < suv_scale(dataset).factors[0] < math.inf


def test_a_half_life_in_minutes_is_refused_for_a_nuclide_known() -> None:
    dataset = pet(RadionuclideHalfLife="109.77")
    nuclide = Dataset()
    nuclide.CodeValue, nuclide.CodingSchemeDesignator = "C-111A1", "SRT"
    dataset.RadiopharmaceuticalInformationSequence[0].RadionuclideCodeSequence = [nuclide]
    assert refusal(dataset).code == "suv-half-life-implausible"
    dataset.RadiopharmaceuticalInformationSequence[0].RadionuclideHalfLife = "6588"
    assert suv(dataset) == pytest.approx(2 ** (3600 / 6588), rel=1e-6)


def test_headers_of_several_scans_are_refused() -> None:
    assert refusal([pet(), pet(PatientWeight="71")]).code == "suv-headers-differ"
    twice = pet()
    twice.RadiopharmaceuticalInformationSequence = list(twice.RadiopharmaceuticalInformationSequence) * 2
    assert refusal(twice).code == "suv-multiple-injections"


def test_what_the_caller_states_takes_the_place_of_the_header() -> None:
    empty = pet(PatientWeight=None, RadionuclideTotalDose="350", RadionuclideHalfLife=None)
    assert suv(empty, weight=70, dose=350e6, half_life=3600) == 2.0
    for wrong in ({"weight": 0}, {"dose": math.nan}, {"sex": "male"}, {"half_life": -1}):
        with pytest.raises(ValueError, match=r"positive|sex"):
            suv_scale(pet(), **wrong)
    with pytest.raises(ValueError, match="method"):
        suv_scale(pet(), method="lbm")  # type: ignore[arg-type]


def test_stored_values_are_refused() -> None:
    with pytest.raises(SuvError, match="modality") as caught:
        to_suv(flat(unit=""), pet())
    assert caught.value.code == "suv-volume-unit"
    with pytest.raises(ValueError, match="headers="):
        to_suv(flat())
    with pytest.raises(ValueError, match="no header"):
        suv_scale([])


# --- the volume ---------------------------------------------------------------------------------------------


def test_the_volume_stays_where_it_is_and_its_windows_show_the_same() -> None:
    values = np.linspace(0, 40000, 64, dtype=np.float32).reshape(4, 4, 4)
    volume = Volume(values, AFFINE, "1.2", "PT", "BQML", (Window(10000, 20000),), -100.0)
    before = values.copy()
    result = to_suv(volume, pet())
    np.testing.assert_array_equal(values, before)
    np.testing.assert_array_equal(result.affine, volume.affine)
    assert (result.modality, result.frame_of_reference_uid) == ("PT", "1.2")
    assert result.padding_value == pytest.approx(-0.04)
    one, other = volume.windows[0], result.windows[0]
    shown = radpix.window(values, one.center, one.width, function=one.function)
    again = radpix.window(result.voxels, other.center, other.width, function=other.function)
    np.testing.assert_allclose(shown.astype(int), again.astype(int), atol=1)
    assert to_suv(replace(volume, voxels=values.astype(np.float64)), pet()).voxels.dtype == np.float64
    assert to_suv(replace(volume, voxels=values.astype(np.int16)), pet()).voxels.dtype == np.float32


def test_an_error_survives_pickling() -> None:
    error = pickle.loads(pickle.dumps(refusal(pet(PatientWeight=None))))
    assert (type(error), error.code, error.tag) == (
        SuvError,
        "suv-attribute-missing",
        "(0010,1030) Patient's Weight",
    )


def test_files_bring_their_own_headers(tmp_path: Any) -> None:
    for k in range(3):
        dataset = image_header(rows=2, columns=3)
        dataset.update(pet(SeriesTime="150000", AcquisitionTime=f"1{3 + (k != 1)}0000"))
        dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = (
            PositronEmissionTomographyImageStorage
        )
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.FrameOfReferenceUID = "1.2", "1.3", "1.4"
        dataset.ImagePositionPatient, dataset.ImageOrientationPatient = [0, 0, 4 * k], [1, 0, 0, 0, 1, 0]
        dataset.PixelSpacing = [2, 2]
        dataset.RescaleSlope, dataset.RescaleIntercept = str(k + 1), "0"
        dataset.PixelData = np.full((2, 3), 2500, "<u2").tobytes()
        dataset.save_as(tmp_path / f"{k}.dcm", enforce_file_format=True)
    volume = to_suv(tmp_path)
    assert volume.voxels[:, 0, 0].tolist() == [1.0, 2.0, 3.0]
    with pytest.raises(ValueError, match="their own"):
        to_suv(tmp_path, pet())


@pytest.mark.real_data
def test_ibsi_pet_is_the_suv_of_its_reference() -> None:
    nibabel = pytest.importorskip("nibabel")
    root = real_data("theibsi+data_sets", "ibsi_validation")
    expected = Volume.from_nibabel(nibabel.load(root / "nifti" / "STS_002" / "PET_image.nii.gz"))
    volume = to_suv(root / "dicom" / "STS_002" / "PET" / "image")
    assert volume.unit == "g/ml{SUVbw}"
    np.testing.assert_allclose(volume.affine, expected.affine, atol=1e-4)
    error = np.abs(volume.voxels - expected.voxels).max()
    assert error <= 1e-4 * expected.voxels.max()


@pytest.mark.real_data
def test_ibsi_pet_as_activity_gives_the_same_suv_and_its_shifted_injection_is_refused() -> None:
    from pydicom import dcmread

    folder = real_data("theibsi+data_sets", "ibsi_validation", "dicom", "STS_002", "PET", "image")
    known = radpix.load(folder)
    dataset = dcmread(min(folder.iterdir()), stop_before_pixels=True)
    dataset.Units = "BQML"  # of its dose and weight, 433 MBq and 99 kg
    activity = replace(known, voxels=known.voxels * np.float32(433344096 / 99e3), unit="BQML")
    np.testing.assert_allclose(to_suv(activity, dataset).voxels, known.voxels, rtol=1e-6)
    dataset.DecayCorrection = "START"  # injected on the 29th, scanned on the 28th of January
    with pytest.raises(SuvError) as caught:
        to_suv(activity, dataset)
    assert caught.value.code == "suv-injection-after-scan"


def test_every_code_is_documented() -> None:
    sources = [PROJECT / "python/radpix/suv.py", *(PROJECT / "python/radpix/_suv").glob("*.py")]
    codes = {
        code for path in sources for code in re.findall(r'"(suv-[a-z-]+)"', path.read_text(encoding="utf-8"))
    }
    text = (PROJECT / "docs" / "suv.md").read_text(encoding="utf-8")
    assert codes == set(re.findall(r"^\| `(suv-[a-z-]+)` \|", text, re.MULTILINE))


def test_the_part_of_a_moment_that_is_absent_is_named() -> None:
    assert refusal(pet(AcquisitionDate=None)).tag == "(0008,0022) Acquisition Date"
    assert refusal(pet(AcquisitionTime=None)).tag == "(0008,0032) Acquisition Time"


def test_several_injections_are_refused_unless_the_one_is_stated() -> None:
    dataset = pet()
    dataset.RadiopharmaceuticalInformationSequence.append(Dataset())
    stated: dict[str, Any] = {"dose": 350e6, "half_life": 3600.0}
    assert refusal(dataset, **stated).code == "suv-multiple-injections"
    assert suv(dataset, **stated, injected_at=datetime.fromisoformat("2024-03-10 12:00")) == 2.0
