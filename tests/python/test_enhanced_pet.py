"""Enhanced and legacy converted PET against the classic series they say the same as: one volume, one SUV."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.sr.codedict import codes
from pydicom.uid import PositronEmissionTomographyImageStorage
from tests.python.enhanced import decimals, group, item, multi_frame, with_groups, write
from tests.python.phantom import Phantom, stack_positions

import radpix
from radpix import SuvError
from radpix._enhanced.pet_units import ENHANCED_PET, LEGACY_CONVERTED_PET, PET_UNITS
from radpix._suv.header import _HALF_LIVES

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset, FileDataset

COUNT = 5
SLOPES = [(0.5 + 0.25 * k, 0.0) for k in range(COUNT)]
FIRST = datetime(2024, 3, 10, 13, 0)  # noqa: DTZ001 - DICOM's dates and times are local
PATIENT = {"PatientWeight": "70", "PatientSize": "1.75", "PatientSex": "F", "Manufacturer": "ACME"}
SERIES = {"SeriesDate": "20240310", "SeriesTime": "130000"}


def phantom() -> Phantom:
    return Phantom(
        positions=stack_positions(COUNT),
        rescale=SLOPES,
        modality="PT",
        dtype="int16",
        values=lambda position: np.abs(position @ [3.0, -2.0, 5.0]),
        tags={"SOPClassUID": PositronEmissionTomographyImageStorage},
    )


def moment(index: int) -> datetime:
    return FIRST + timedelta(seconds=150 * index)


def drug(dose: float) -> Dataset:
    return item(
        RadionuclideTotalDose=f"{dose:g}",
        RadionuclideHalfLife="6586.2",
        RadiopharmaceuticalStartDateTime="20240310120000",
    )


def classic_tags(decay: str) -> dict[str, Any]:
    return {
        **PATIENT,
        **SERIES,
        "Units": "BQML",
        "DecayCorrection": decay,
        "CorrectedImage": ["ATTN", *(["DECY"] if decay != "NONE" else [])],
        "RadiopharmaceuticalInformationSequence": [drug(350e6)],
    }


def frame_tags(index: int) -> dict[str, Any]:
    at = moment(index)
    return {
        "AcquisitionDate": f"{at:%Y%m%d}",
        "AcquisitionTime": f"{at:%H%M%S}",
        "ActualFrameDuration": "120000",
    }


def write_classic(path: Path, source: Phantom, decay: str) -> None:
    for index, file in enumerate(source.write(path)):
        dataset = dcmread(file)
        for name, value in {**classic_tags(decay), **frame_tags(index)}.items():
            setattr(dataset, name, value)
        dataset.save_as(file)


def frames_of(source: Phantom, *, sop_class: str, mapping: bool) -> FileDataset:
    """Return an object with the slices in reverse order, their values by mapping or by rescale."""
    order = list(range(COUNT))[::-1]
    pixels = np.array([source.stored(index) for index in order])
    dataset = multi_frame(source, pixels, sop_class=sop_class, modality="PT")
    own = []
    for index in order:
        slope, intercept = source.rescale_of(index)
        content = group(
            FrameAcquisitionDateTime=f"{moment(index):%Y%m%d%H%M%S}", FrameAcquisitionDuration=120000.0
        )
        values: dict[str, Any] = {"FrameContentSequence": content}
        if mapping:
            unit = group(
                CodeValue="Bq/ml", CodingSchemeDesignator="UCUM", CodeMeaning="Becquerels/milliliter"
            )
            values["RealWorldValueMappingSequence"] = group(
                RealWorldValueSlope=slope,
                RealWorldValueIntercept=intercept,
                RealWorldValueFirstValueMapped=-32768,
                RealWorldValueLastValueMapped=32767,
                MeasurementUnitsCodeSequence=unit,
            )
            slope = 1.0
        (scale,) = decimals(slope)
        values["PixelValueTransformationSequence"] = group(
            RescaleSlope=scale, RescaleIntercept="0", RescaleType="US"
        )
        own.append(values)
    for name, value in {**PATIENT, **SERIES}.items():
        setattr(dataset, name, value)
    return with_groups(dataset, source, order, frames=own)


def enhanced_pet(source: Phantom, decay: str) -> FileDataset:
    """Return Enhanced PET: the dose in MBq, the unit in Real World Value Mapping, corrections by YES and NO."""
    dataset = frames_of(source, sop_class=ENHANCED_PET, mapping=True)
    dataset.AttenuationCorrected = "YES"
    dataset.DecayCorrected = "NO" if decay == "NONE" else "YES"
    if decay != "NONE":
        dataset.DecayCorrectionDateTime = {"START": "20240310130000", "ADMIN": "20240310120000"}[decay]
    dataset.RadiopharmaceuticalInformationSequence = [drug(350)]
    return dataset


def legacy_pet(source: Phantom, decay: str) -> FileDataset:
    """Return Legacy Converted Enhanced PET: what is classic is among the unassigned attributes, the dose in Bq."""
    dataset = frames_of(source, sop_class=LEGACY_CONVERTED_PET, mapping=False)
    classic = {
        name: value for name, value in classic_tags(decay).items() if name not in {**PATIENT, **SERIES}
    }
    shared = dataset.SharedFunctionalGroupsSequence[0]
    shared.UnassignedSharedConvertedAttributesSequence = group(**classic)
    for frame, index in zip(dataset.PerFrameFunctionalGroupsSequence, range(COUNT)[::-1], strict=True):
        del frame.FrameContentSequence[0].FrameAcquisitionDateTime
        del frame.FrameContentSequence[0].FrameAcquisitionDuration
        frame.UnassignedPerFrameConvertedAttributesSequence = group(**frame_tags(index))
    return dataset


@pytest.mark.parametrize("decay", ["START", "NONE", "ADMIN"])
@pytest.mark.parametrize("make", [enhanced_pet, legacy_pet])
def test_enhanced_pet_gives_the_volume_and_the_suv_of_the_classic_series(
    tmp_path: Path, make: Any, decay: str
) -> None:
    source = phantom()
    write_classic(tmp_path / "classic", source, decay)
    path = write(make(source, decay), tmp_path / "enhanced.dcm")
    classic, enhanced = radpix.load(tmp_path / "classic"), radpix.load(path)
    np.testing.assert_array_equal(enhanced.voxels, classic.voxels)
    np.testing.assert_allclose(enhanced.affine, classic.affine, atol=1e-9)
    assert enhanced.unit == classic.unit == "BQML"
    expected = radpix.to_suv(tmp_path / "classic")
    np.testing.assert_allclose(radpix.to_suv(path).voxels, expected.voxels, rtol=1e-6)
    header = dcmread(path, stop_before_pixels=True)
    np.testing.assert_allclose(radpix.to_suv(enhanced, header).voxels, expected.voxels, rtol=1e-6)
    if decay == "NONE":
        assert len(radpix.suv_scale(header).factors) == COUNT


def test_dose_of_enhanced_pet_in_becquerels_is_refused(tmp_path: Path) -> None:
    dataset = enhanced_pet(phantom(), "START")
    dataset.RadiopharmaceuticalInformationSequence = [drug(350e6)]
    with pytest.raises(SuvError) as caught:
        radpix.to_suv(write(dataset, tmp_path / "x.dcm"))
    assert caught.value.code == "suv-dose-implausible"


def test_enhanced_pet_without_attenuation_correction_is_refused(tmp_path: Path) -> None:
    dataset = enhanced_pet(phantom(), "START")
    dataset.AttenuationCorrected = "NO"
    with pytest.raises(SuvError) as caught:
        radpix.to_suv(write(dataset, tmp_path / "x.dcm"))
    assert caught.value.code == "suv-not-attenuation-corrected"


def test_enhanced_pet_that_does_not_say_to_when_it_is_corrected_is_refused(tmp_path: Path) -> None:
    dataset = enhanced_pet(phantom(), "START")
    del dataset.DecayCorrectionDateTime
    with pytest.raises(SuvError) as caught:
        radpix.to_suv(write(dataset, tmp_path / "x.dcm"))
    assert (caught.value.code, caught.value.tag) == (
        "suv-attribute-missing",
        "(0054,1102) Decay Correction",
    )


def test_enhanced_pet_in_suv_already_is_not_scaled_again(tmp_path: Path) -> None:
    dataset = enhanced_pet(phantom(), "START")
    for frame in dataset.PerFrameFunctionalGroupsSequence:
        frame.RealWorldValueMappingSequence[0].MeasurementUnitsCodeSequence[0].CodeValue = "g/ml{SUVbw}"
    path = write(dataset, tmp_path / "x.dcm")
    np.testing.assert_array_equal(radpix.to_suv(path).voxels, radpix.load(path).voxels)


def test_mapped_values_without_a_unit_do_not_take_that_of_the_classic_header(tmp_path: Path) -> None:
    dataset = legacy_pet(phantom(), "START")
    mapping = group(RealWorldValueSlope=1e-3, RealWorldValueIntercept=0.0)
    for frame in dataset.PerFrameFunctionalGroupsSequence:
        frame.RealWorldValueMappingSequence = mapping
    path = write(dataset, tmp_path / "x.dcm")
    assert radpix.load(path).unit == ""
    with pytest.raises(SuvError) as caught:
        radpix.to_suv(path)
    assert caught.value.code == "suv-volume-unit"


def test_every_unit_of_pet_is_one_of_the_standard() -> None:
    from pydicom.sr._cid_dict import cid_concepts
    from pydicom.sr._concepts_dict import concepts

    ucum: Any = concepts["UCUM"]
    known = {code for name in cid_concepts[84]["UCUM"] for code in ucum[name]}
    assert known <= set(PET_UNITS)


#: Half-lives in s as the European Pharmacopoeia 5.7 (of NNDC) and NNDC NuDat 3 have them.
NUCLIDES = {
    "_18Fluorine": 109.77 * 60,
    "_11Carbon": 20.364 * 60,
    "_13Nitrogen": 9.965 * 60,
    "_15Oxygen": 122.24,
    "_68Gallium": 67.71 * 60,
    "_89Zirconium": 78.41 * 3600,
    "_64Copper": 12.7006 * 3600,
    "_82Rubidium": 1.2575 * 60,
    "_124Iodine": 4.176 * 86400,
}


@pytest.mark.parametrize("name", sorted(NUCLIDES))
def test_half_lives_are_those_of_the_nuclides_that_the_codes_name(name: str) -> None:
    from pydicom.sr._snomed_dict import mapping

    code = getattr(codes.cid4020, name).value
    assert _HALF_LIVES[code] == pytest.approx(NUCLIDES[name], rel=1e-4)
    assert _HALF_LIVES[mapping["SCT"][code]] == _HALF_LIVES[code]
    assert len(_HALF_LIVES) == 2 * len(NUCLIDES)
