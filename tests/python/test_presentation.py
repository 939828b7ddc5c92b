"""Softcopy presentation states: what they replace, for whom they are, and DCMTK's dcmp2pgm as a second opinion."""

from __future__ import annotations

import shutil
import subprocess
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydicom.uid import ExplicitVRLittleEndian, generate_uid
from tests.python import display_objects as made
from tests.python import objects
from tests.python.dcmtk import netpbm
from tests.python.oracle import display as oracle
from tests.python.test_color import swapped_profile

import radpix

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom import Dataset

RNG = np.random.default_rng(17)
PIXELS = objects.noise((20, 33), "int16", stored=12)


def ct(**attributes: Any) -> Dataset:
    return made.image(PIXELS, stored=12, RescaleSlope=1, RescaleIntercept=-10, **attributes)


def test_a_state_replaces_the_transformations_of_the_image() -> None:
    dataset = ct(WindowCenter=0, WindowWidth=10, photometric="MONOCHROME1", PixelPaddingValue=7)
    state = made.presentation_state(
        dataset,
        RescaleSlope=2,
        RescaleIntercept=100,
        SoftcopyVOILUTSequence=[made.voi_item(WindowCenter=50, WindowWidth=3000)],
        PresentationLUTShape="INVERSE",
    )
    wanted = oracle.grey(
        PIXELS, rescale=(2.0, 100.0), window=("LINEAR", 50.0, 3000.0), invert=True, padding=(7, 7)
    )
    np.testing.assert_array_equal(radpix.display(dataset, presentation_state=state), wanted)
    state.PresentationLUTShape = "IDENTITY"
    assert (radpix.display(dataset, presentation_state=state) != 255 - wanted).sum() == (PIXELS == 7).sum()


def test_without_rescale_and_window_all_stored_values_are_shown() -> None:
    dataset = ct(WindowCenter=0, WindowWidth=10)
    state = made.presentation_state(dataset, PresentationLUTShape="IDENTITY")
    wanted = oracle.grey(PIXELS, window=("LINEAR_EXACT", -0.5, 4095.0))
    np.testing.assert_array_equal(radpix.display(dataset, presentation_state=state), wanted)
    wanted = oracle.grey(PIXELS, window=("LINEAR", 40.0, 400.0))
    np.testing.assert_array_equal(radpix.display(dataset, presentation_state=state, window=(40, 400)), wanted)


@pytest.mark.parametrize("windowed", [True, False])
def test_tables_of_all_three_steps(windowed: bool) -> None:
    modality, voi = RNG.integers(0, 1000, 3000).tolist(), RNG.integers(0, 4096, 900).tolist()
    presentation = np.sort(RNG.integers(0, 65536, 256)).tolist()
    dataset = ct()
    item = made.with_lut("VOILUTSequence", made.lut(voi, 50, 12))
    if windowed:
        item = made.voi_item(WindowCenter=500, WindowWidth=800)
    state = made.presentation_state(
        dataset,
        ModalityLUTSequence=[made.lut(modality, -1500, 10)],
        SoftcopyVOILUTSequence=[item],
        PresentationLUTSequence=[made.lut(presentation, 0, 16)],
    )
    step: dict[str, Any] = {"window": ("LINEAR", 500.0, 800.0)} if windowed else {"voi_lut": (voi, 50, 12)}
    wanted = oracle.grey(PIXELS, modality_lut=(modality, -1500), presentation_lut=(presentation, 16), **step)
    np.testing.assert_array_equal(radpix.display(dataset, presentation_state=state), wanted)


def test_the_window_is_that_of_the_image_and_frame() -> None:
    frames = np.stack([PIXELS, PIXELS])
    dataset = made.image(frames, frames=2, stored=12)
    elsewhere, second, rest = (made.voi_item(WindowCenter=c, WindowWidth=1000) for c in (1, 200, 300))
    elsewhere.ReferencedImageSequence = [made.voi_item(ReferencedSOPInstanceUID="1.2.3")]
    own = made.voi_item(ReferencedSOPInstanceUID=dataset.SOPInstanceUID, ReferencedFrameNumber=2)
    second.ReferencedImageSequence = [own]
    state = made.presentation_state(dataset, SoftcopyVOILUTSequence=[elsewhere, second, rest])
    for frame, center in ((0, 300.0), (1, 200.0)):
        found = radpix.display(dataset, index=frame, presentation_state=state)
        np.testing.assert_array_equal(found, oracle.grey(PIXELS, window=("LINEAR", center, 1000.0)))


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("flip", ["N", "Y"])
def test_rotation_is_clockwise_and_comes_before_the_flip(rotation: int, flip: str) -> None:
    dataset = ct()
    state = made.presentation_state(dataset, ImageRotation=rotation, ImageHorizontalFlip=flip)
    plain = radpix.display(dataset, presentation_state=made.presentation_state(dataset))
    for _ in range(rotation // 90):  # the first row becomes the last column
        plain = np.stack(list(plain), axis=1)[:, ::-1]
    wanted = plain[:, ::-1] if flip == "Y" else plain
    np.testing.assert_array_equal(radpix.display(dataset, presentation_state=state), wanted)


def test_sizes_are_those_of_the_picture_that_is_rotated() -> None:
    dataset = ct()
    state = made.presentation_state(dataset, ImageRotation=90)
    whole = radpix.display(dataset, presentation_state=state)
    assert whole.shape == (33, 20)
    found = radpix.display(dataset, presentation_state=state, size=(11, 5))
    np.testing.assert_array_equal(found, np.rint(whole.reshape(11, 3, 5, 4).mean(axis=(1, 3))))
    assert radpix.display(dataset, presentation_state=state, size=11).shape == (11, 7)


def test_overlays_are_drawn_where_a_layer_has_them() -> None:
    dataset = made.image(np.zeros((4, 5), np.uint8))
    in_image, unused, in_state = RNG.random((3, 4, 5)) < 0.3
    made.add_overlay(dataset, in_image, group=0x6000)
    made.add_overlay(dataset, unused, group=0x6002)
    state = made.presentation_state(dataset)
    made.add_overlay(state, in_state, group=0x6004)
    for group in (0x6000, 0x6004):
        state.add_new(group << 16 | 0x1001, "CS", "LAYER1")
    found = radpix.display(dataset, presentation_state=state)
    np.testing.assert_array_equal(found == 255, in_image | in_state)


def test_the_shutter_is_that_of_the_state() -> None:
    dataset = made.image(np.full((4, 5), 255, np.uint8), ShutterShape="CIRCULAR")
    mask = RNG.random((4, 5)) < 0.5
    state = made.presentation_state(
        dataset, ShutterShape="BITMAP", ShutterOverlayGroup=0x6000, ShutterPresentationValue=65535 // 3
    )
    made.add_overlay(state, mask)
    found = radpix.display(dataset, presentation_state=state)
    np.testing.assert_array_equal(found, np.where(mask, 85, 255))


def test_a_pseudo_color_state_maps_the_grey_levels() -> None:
    dataset = ct()
    state = made.presentation_state(
        dataset,
        sop_class=made.PSEUDO_COLOR_STATE,
        SoftcopyVOILUTSequence=[made.voi_item(WindowCenter=0, WindowWidth=2000)],
    )
    tables = RNG.integers(0, 256, (3, 256), np.uint8)
    made.add_palette(state, [table.tobytes() for table in tables], [256, 0, 8])
    grey = oracle.grey(PIXELS, window=("LINEAR", 0.0, 2000.0))
    found = radpix.display(dataset, presentation_state=state)
    np.testing.assert_array_equal(found, tables[:, grey].transpose(1, 2, 0))


def test_a_pseudo_color_palette_is_for_all_levels_wherever_it_begins() -> None:
    dataset = ct(WindowCenter=0, WindowWidth=2000)
    state = made.presentation_state(dataset, sop_class=made.PSEUDO_COLOR_STATE)
    tables = [RNG.integers(0, 256, 64, np.uint8).tobytes() for _ in range(3)]
    made.add_palette(state, tables, [64, 0, 8])
    wanted = radpix.display(dataset, presentation_state=state)
    for colour in ("Red", "Green", "Blue"):
        setattr(state, f"{colour}PaletteColorLookupTableDescriptor", [64, 100, 8])
    np.testing.assert_array_equal(radpix.display(dataset, presentation_state=state), wanted)


def test_what_is_no_number_is_the_lowest_level_of_any_state() -> None:
    dataset = objects.header(rows=1, columns=3, bits=32)
    dataset.FloatPixelData = np.array([np.nan, 0.0, 1.0], np.float32).tobytes()
    table = [made.lut([0, 128, 255], 0, 8)]
    state = made.presentation_state(dataset, PresentationLUTSequence=table)
    assert radpix.display(dataset, presentation_state=state).tolist() == [[0, 0, 255]]
    state = made.presentation_state(dataset, sop_class=made.PSEUDO_COLOR_STATE)
    made.add_palette(state, [bytes([9, 40])] * 3, [2, 0, 8])
    assert radpix.display(dataset, presentation_state=state)[0, :, 0].tolist() == [9, 9, 40]


@pytest.mark.parametrize("sop_class", [made.COLOR_STATE, made.PSEUDO_COLOR_STATE])
def test_the_profile_of_a_state_is_that_of_its_colours(sop_class: str) -> None:
    cms = pytest.importorskip("PIL.ImageCms")
    from PIL import Image

    profile = swapped_profile()
    dataset = made.image(objects.noise((4, 6, 3), "uint8"), ICCProfile=b"not asked")
    if sop_class == made.PSEUDO_COLOR_STATE:
        dataset = ct()
    state = made.presentation_state(dataset, sop_class=sop_class)
    if sop_class == made.PSEUDO_COLOR_STATE:
        made.add_palette(state, [bytes(table) for table in objects.noise((3, 256), "uint8")], [256, 0, 8])
    state.ICCProfile = profile
    plain = radpix.display(dataset, presentation_state=state, icc=False)
    wanted = cms.profileToProfile(
        Image.fromarray(plain), cms.ImageCmsProfile(BytesIO(profile)), cms.createProfile("sRGB")
    )
    assert not np.array_equal(plain, wanted)
    np.testing.assert_array_equal(radpix.display(dataset, presentation_state=state), wanted)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("flip", ["N", "Y"])
@pytest.mark.parametrize("kind", ["RGB", "YBR_FULL", "PALETTE COLOR"])
def test_a_color_state_shows_what_pillow_makes_of_it(kind: str, flip: str, rotation: int) -> None:
    """Nothing of DCMTK's applies color states (dcmp2pgm and dcmpsprt: grayscale only): Pillow and littlecms do."""
    cms = pytest.importorskip("PIL.ImageCms")
    from PIL import Image

    stored = objects.noise((14, 22, 3) if kind != "PALETTE COLOR" else (14, 22), "uint8")
    dataset = made.image(stored, photometric=kind, ICCProfile=b"the state's counts")
    if kind == "PALETTE COLOR":
        tables = objects.noise((3, 256), "uint8")
        made.add_palette(dataset, [bytes(table) for table in tables], [256, 0, 8])
        picture = Image.fromarray(stored, "P")
        picture.putpalette(tables.T.tobytes())
        picture = picture.convert("RGB")
    else:
        picture = Image.fromarray(radpix.convert_color(stored, kind, "RGB"))
    graphic, closed = np.random.default_rng(rotation).random((2, 14, 22)) < 0.2
    state = made.presentation_state(
        dataset,
        sop_class=made.COLOR_STATE,
        ImageRotation=rotation,
        ImageHorizontalFlip=flip,
        ICCProfile=swapped_profile(),
        ShutterShape="BITMAP",
        ShutterOverlayGroup=0x6002,
        ShutterPresentationColorCIELabValue=[0x8000, 0xC000, 0x4000],
    )
    made.add_overlay(state, graphic, group=0x6000)
    made.add_overlay(state, closed, group=0x6002)
    state.add_new(0x60001001, "CS", "LAYER1")
    profiles = cms.ImageCmsProfile(BytesIO(swapped_profile())), cms.createProfile("sRGB")
    picture = cms.profileToProfile(picture, *profiles)
    lab = Image.frombytes("LAB", (1, 1), bytes([0x80, 0xC0 ^ 0x80, 0x40 ^ 0x80]))  # a and b are signed there
    shutter = cms.profileToProfile(lab, cms.createProfile("LAB"), cms.createProfile("sRGB"), outputMode="RGB")
    picture.paste(shutter.getpixel((0, 0)), mask=Image.fromarray(closed))
    picture.paste((255, 255, 255), mask=Image.fromarray(graphic))
    picture = picture.rotate(-rotation, expand=True)
    if flip == "Y":
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    found = radpix.display(dataset, presentation_state=state)
    covered = np.rot90(closed & ~graphic, -(rotation // 90))
    covered = covered[:, ::-1] if flip == "Y" else covered
    np.testing.assert_array_equal(found[~covered], np.asarray(picture)[~covered])
    assert np.abs(found[covered].astype(int) - np.asarray(picture)[covered]).max() <= 3


@pytest.mark.parametrize("kind", ["grey", "colour", "palette"])
@pytest.mark.parametrize("sop_class", [made.GRAYSCALE_STATE, made.COLOR_STATE, made.PSEUDO_COLOR_STATE])
def test_states_are_for_images_of_their_kind(kind: str, sop_class: str) -> None:
    dataset = ct()
    if kind == "colour":
        dataset = made.image(objects.noise((4, 6, 3), "uint8"))
    elif kind == "palette":
        dataset = made.image(objects.noise((4, 6), "uint8"), photometric="PALETTE COLOR")
        made.add_palette(dataset, [bytes(range(256))] * 3, [256, 0, 8])
    state = made.presentation_state(dataset, sop_class=sop_class)
    if sop_class == made.PSEUDO_COLOR_STATE:
        made.add_palette(state, [bytes(range(256))] * 3, [256, 0, 8])
    if (kind == "grey") == (sop_class != made.COLOR_STATE):
        radpix.display(dataset, presentation_state=state)
        return
    name = {made.GRAYSCALE_STATE: "a Grayscale", made.COLOR_STATE: "a Color"}.get(sop_class, "a Pseudo-Color")
    with pytest.raises(radpix.PixelDataError, match=f"{name} Softcopy .* A.33"):
        radpix.display(dataset, presentation_state=state)


def test_states_for_others_are_refused() -> None:
    dataset = ct()
    other = ct()
    with pytest.raises(ValueError, match="does not reference frame 0"):
        radpix.display(dataset, presentation_state=made.presentation_state(other))
    with pytest.raises(ValueError, match="does not reference frame 0"):
        radpix.display(dataset, presentation_state=made.presentation_state(dataset, frames=[2]))
    with pytest.raises(radpix.PixelDataError, match="SOP Class"):
        radpix.display(dataset, presentation_state=dataset)
    masked = made.presentation_state(
        dataset, MaskSubtractionSequence=[made.voi_item(MaskOperation="AVG_SUB")]
    )
    with pytest.raises(radpix.PixelDataError, match="mask subtraction"):
        radpix.display(dataset, presentation_state=masked)
    state = made.presentation_state(dataset, ImageRotation=45)
    with pytest.raises(radpix.PixelDataError, match="45"):
        radpix.display(dataset, presentation_state=state)


def saved(dataset: Dataset, path: Path) -> Path:
    """Write a data set with what DCMTK demands of either kind."""
    from pydicom.dataset import FileMetaDataset

    dataset.file_meta = getattr(dataset, "file_meta", None) or FileMetaDataset()
    dataset.SOPInstanceUID = dataset.get("SOPInstanceUID") or generate_uid()
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3.4", "1.2.3.5"
    dataset.PatientName = "Phantom^Synthetic"
    dataset.PatientID, dataset.StudyID, dataset.AccessionNumber = "1", "1", "1"
    for keyword in ("StudyDate", "StudyTime", "ReferringPhysicianName", "PatientBirthDate", "PatientSex"):
        setattr(dataset, keyword, "")
    dataset.SeriesNumber, dataset.InstanceNumber = 1, 1
    dataset.save_as(path, enforce_file_format=True)
    return path


def complete(state: Dataset, rows: int, columns: int) -> Dataset:
    """Add the modules that every grayscale presentation state has."""
    state.Modality, state.ContentLabel, state.ContentDescription = "PR", "TEST", ""
    state.PresentationCreationDate, state.PresentationCreationTime = "20200101", "000000"
    state.ContentCreatorName = ""
    area = made.voi_item(
        DisplayedAreaTopLeftHandCorner=[1, 1],
        DisplayedAreaBottomRightHandCorner=[columns, rows],
        PresentationSizeMode="SCALE TO FIT",
        PresentationPixelAspectRatio=["1", "1"],
    )
    state.DisplayedAreaSelectionSequence = [area]
    return state


@pytest.mark.skipif(not shutil.which("dcmp2pgm"), reason="DCMTK's dcmp2pgm is not installed (Debian: dcmtk)")
@pytest.mark.parametrize(
    "attributes",
    [
        {"PresentationLUTShape": "IDENTITY"},
        {"PresentationLUTShape": "INVERSE", "RescaleSlope": 2, "RescaleIntercept": -50, "RescaleType": "US"},
        {
            "PresentationLUTShape": "IDENTITY",
            "SoftcopyVOILUTSequence": [made.voi_item(WindowCenter=100, WindowWidth=2000)],
        },
        {
            "PresentationLUTShape": "IDENTITY",
            "SoftcopyVOILUTSequence": [
                made.with_lut("VOILUTSequence", made.lut((np.arange(4096)[::-1] % 1024).tolist(), -2048, 10))
            ],
        },
        {"PresentationLUTShape": "IDENTITY", "ImageRotation": 90, "ImageHorizontalFlip": "Y"},
        {
            "PresentationLUTSequence": [made.lut((np.arange(4096) ** 2 // 4096).tolist(), 0, 12)],
        },
        {  # of the geometrical ones DCMTK closes none here
            "PresentationLUTShape": "IDENTITY",
            "ShutterShape": "BITMAP",
            "ShutterOverlayGroup": 0x6000,
            "ShutterPresentationValue": 0,
        },
    ],
    ids=["full range", "rescale, inverse", "window", "table", "orientation", "presentation table", "shutter"],
)
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_dcmtk_shows_the_same(attributes: dict[str, Any], photometric: str, tmp_path: Path) -> None:
    dataset = ct(photometric=photometric)
    image = saved(dataset, tmp_path / "image.dcm")
    state = complete(made.presentation_state(dataset, **attributes), *PIXELS.shape)
    if "ShutterShape" in state:
        made.add_overlay(state, np.random.default_rng(3).random(PIXELS.shape) < 0.4)
    series = state.ReferencedSeriesSequence[0]
    series.SeriesInstanceUID = dataset.SeriesInstanceUID
    file, target = saved(state, tmp_path / "state.dcm"), tmp_path / "image.pgm"
    done = subprocess.run(
        ["dcmp2pgm", "-p", str(file), str(image), str(target)], check=False, capture_output=True, text=True
    )
    if not target.exists():
        pytest.fail(done.stdout + done.stderr)
    wanted = netpbm(target.read_bytes())
    found = radpix.display(image, presentation_state=file)
    assert np.abs(found.astype(int) - wanted).max() <= 1
