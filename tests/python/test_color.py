"""Colour spaces against the matrices of the standard, ICC profiles against Pillow itself."""

from __future__ import annotations

import sys
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydicom.pixels.processing import convert_color_space
from tests.python import display_objects as made
from tests.python import objects

import radpix

if TYPE_CHECKING:
    from numpy.typing import NDArray

RGB = objects.noise((40, 50, 3), "uint8")


def test_ybr_full_is_the_matrix_of_the_standard() -> None:
    """PS3.3 C.7.6.3.1.2 prints it with four decimals."""
    matrix = np.array([[0.2990, 0.5870, 0.1140], [-0.1687, -0.3313, 0.5000], [0.5000, -0.4187, -0.0813]])
    wanted = RGB @ matrix.T + [0, 128, 128]
    for space in ("YBR_FULL", "YBR_FULL_422", "YBR_ICT"):
        found = radpix.convert_color(RGB, "RGB", space)
        assert np.abs(found - np.clip(wanted, 0, 255)).max() <= 0.53
    theirs = convert_color_space(RGB, "RGB", "YBR_FULL")
    assert np.abs(radpix.convert_color(RGB, "RGB", "YBR_FULL").astype(int) - theirs).max() <= 1
    theirs = convert_color_space(RGB, "YBR_FULL", "RGB")
    assert np.abs(radpix.convert_color(RGB, "YBR_FULL", "RGB").astype(int) - theirs).max() <= 1


def test_ybr_partial_is_the_matrix_of_the_standard() -> None:
    matrix = np.array([[0.2568, 0.5041, 0.0979], [-0.1482, -0.2910, 0.4392], [0.4392, -0.3678, -0.0714]])
    wanted = RGB @ matrix.T + [16, 128, 128]
    for space in ("YBR_PARTIAL_422", "YBR_PARTIAL_420"):
        assert np.abs(radpix.convert_color(RGB, "RGB", space) - wanted).max() <= 0.53


@pytest.mark.parametrize("space", ["YBR_FULL", "YBR_PARTIAL_422", "YBR_ICT"])
@pytest.mark.parametrize(("dtype", "bits"), [("uint8", 8), ("uint16", 12), ("uint16", 16)])
def test_colours_come_back(space: str, dtype: str, bits: int) -> None:
    rgb = objects.noise((30, 20, 3), dtype, stored=bits)
    ybr = radpix.convert_color(rgb, "RGB", space, bits_stored=bits)
    back = radpix.convert_color(ybr, space, "RGB", bits_stored=bits)
    assert ybr.dtype == back.dtype == rgb.dtype
    assert np.abs(back.astype(int) - rgb).max() <= 2


def test_the_reversible_transform_is_exact() -> None:
    for rgb, bits in ((RGB, 8), (objects.noise((9, 8, 3), "uint16", stored=12), 12)):
        yuv = radpix.convert_color(rgb, "RGB", "YBR_RCT", bits_stored=bits)
        assert yuv.dtype == np.int32
        red, green, blue = np.moveaxis(rgb.astype(int), -1, 0)
        np.testing.assert_array_equal(yuv[..., 0], (red + 2 * green + blue) // 4)
        np.testing.assert_array_equal(radpix.convert_color(yuv, "YBR_RCT", "RGB", bits_stored=bits), rgb)


def test_planes_become_samples() -> None:
    planes = np.moveaxis(RGB, -1, 0)
    np.testing.assert_array_equal(
        radpix.convert_color(planes, "RGB", "YBR_FULL", planar_configuration=1),
        radpix.convert_color(RGB, "RGB", "YBR_FULL"),
    )


@pytest.mark.parametrize(
    ("pixels", "options", "error"),
    [
        (RGB, {"target": "HSV"}, ValueError),
        (RGB[..., :2], {}, ValueError),
        (RGB.astype(np.float32), {}, TypeError),
        (RGB, {"bits_stored": 17}, ValueError),
        (RGB, {"planar_configuration": 2}, ValueError),
        (np.uint8(3), {}, ValueError),
    ],
)
def test_arguments_are_checked(pixels: Any, options: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        radpix.convert_color(pixels, "RGB", **{"target": "YBR_FULL", **options})


def swapped_profile() -> bytes:
    """Return a profile in which red and green have changed places."""
    cms = pytest.importorskip("PIL.ImageCms")
    profile = bytearray(cms.ImageCmsProfile(cms.createProfile("sRGB")).tobytes())
    red, green = profile.find(b"rXYZ"), profile.find(b"gXYZ")
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(profile)


def test_profiles_are_applied_to_8_bit_colour() -> None:
    cms = pytest.importorskip("PIL.ImageCms")
    from PIL import Image

    profile = swapped_profile()
    dataset = made.image(RGB, ICCProfile=profile)
    wanted = cms.profileToProfile(
        Image.fromarray(RGB), cms.ImageCmsProfile(BytesIO(profile)), cms.createProfile("sRGB")
    )
    np.testing.assert_array_equal(radpix.display(dataset), np.asarray(wanted))
    assert np.abs(radpix.display(dataset)[..., 0].astype(int) - RGB[..., 1]).mean() < 20
    np.testing.assert_array_equal(radpix.display(dataset, icc=False), RGB)
    made.add_overlay(dataset, np.ones((40, 50), bool))
    assert (radpix.display(dataset) == 255).all()


def test_profiles_that_cannot_be_used_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("PIL.ImageCms")
    with pytest.warns(radpix.RadpixWarning, match="not applied") as caught:
        found = radpix.display(made.image(RGB, ICCProfile=b"no profile"))
    assert caught[0].message.code == "icc-profile-unused"  # type: ignore[union-attr]
    np.testing.assert_array_equal(found, RGB)
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.warns(radpix.RadpixWarning, match="Pillow"):
        radpix.display(made.image(RGB, ICCProfile=b"another"))


def partial_to_rgb(y: NDArray[Any], blue: NDArray[Any], red: NDArray[Any]) -> NDArray[Any]:
    """PS3.3 C.7.6.3.1.2, inverted: luma from 16 to 235, chroma from 16 to 240."""
    y, blue, red = (y - 16.0) / 219, (blue - 128.0) / 224, (red - 128.0) / 224
    green = y - (0.114 * 1.772 * blue + 0.299 * 1.402 * red) / 0.587
    return np.clip(np.rint(np.stack([y + 1.402 * red, green, y + 1.772 * blue], axis=-1) * 255), 0, 255)


@pytest.mark.parametrize(
    "syntax", [objects.IMPLICIT, objects.BIG_ENDIAN, objects.DEFLATED, objects.ENCAPSULATED]
)
def test_native_pixels_in_a_part_of_the_range_become_rgb(syntax: str) -> None:
    words = objects.noise((2, 6, 5, 4), "uint8")
    dataset = objects.header(
        rows=6, columns=10, samples=3, bits=8, frames=2, photometric="YBR_PARTIAL_422", syntax=syntax
    )
    data = words.tobytes()
    if syntax == objects.ENCAPSULATED:
        data = (
            objects.ITEM
            + bytes(4)
            + b"".join(
                objects.ITEM + len(words[k].tobytes()).to_bytes(4, "little") + words[k].tobytes()
                for k in range(2)
            )
            + objects.DELIMITER
        )
    file = objects.part10(dataset, data, vr="OB")
    luma = words[..., :2].reshape(2, 6, 10)
    wanted = partial_to_rgb(luma, *(np.repeat(words[..., k], 2, axis=2) for k in (2, 3)))
    np.testing.assert_array_equal(radpix.decode(file), wanted)
    np.testing.assert_array_equal(list(radpix.iter_frames(file)), wanted)
    np.testing.assert_array_equal(radpix.display(file, index=1), wanted[1])


def test_partial_ranges_without_subsampling_are_reported() -> None:
    ybr = objects.noise((6, 10, 3), "uint8")
    dataset = made.image(ybr, photometric="YBR_PARTIAL_422")
    with pytest.warns(radpix.RadpixWarning) as caught:
        np.testing.assert_array_equal(radpix.decode(dataset), partial_to_rgb(*np.moveaxis(ybr, -1, 0)))
    assert [w.message.code for w in caught] == ["ybr-422-not-subsampled"]  # type: ignore[union-attr]


@pytest.mark.parametrize("photometric", ["YBR_ICT", "YBR_RCT"])
def test_native_pixels_called_after_jpeg_2000_are_rgb_that_nobody_renamed(photometric: str) -> None:
    rgb = objects.noise((6, 10, 3), "uint8")
    with pytest.warns(radpix.RadpixWarning, match=photometric) as caught:
        np.testing.assert_array_equal(radpix.decode(made.image(rgb, photometric=photometric)), rgb)
    assert [w.message.code for w in caught] == ["photometric-interpretation-native"]  # type: ignore[union-attr]


def test_a_colour_for_video_is_refused_in_native_pixels() -> None:
    dataset = made.image(objects.noise((6, 10, 3), "uint8"), photometric="YBR_PARTIAL_420")
    with pytest.raises(radpix.PixelDataError, match="for video only"):
        radpix.decode(dataset)


def test_cielab_values_are_those_of_littlecms() -> None:
    """Whose tables are coarse at the edges of the range."""
    cms = pytest.importorskip("PIL.ImageCms")
    from PIL import Image

    from radpix.color import cielab_to_srgb

    values = np.stack(np.meshgrid(range(0, 256, 17), range(64, 193, 16), range(64, 193, 16)), axis=-1)
    values = values.reshape(-1, 1, 3).astype(np.uint8)
    # a and b are signed in Pillow, and from 0 with 0x80 for neutral in DICOM.
    lab = Image.frombytes("LAB", (1, len(values)), (values ^ np.array([0, 0x80, 0x80], np.uint8)).tobytes())
    wanted = np.asarray(
        cms.profileToProfile(lab, cms.createProfile("LAB"), cms.createProfile("sRGB"), outputMode="RGB")
    )
    colours = [[cielab_to_srgb([257 * int(one) for one in value[0]])] for value in values]
    found = np.rint(np.array(colours) * 255)
    error = np.abs(found - wanted)
    assert error.max() <= 9
    assert error[((wanted >= 32) & (wanted <= 240)).all(axis=-1)].max() <= 3
    neutral = (values[..., 1] == 128) & (values[..., 2] == 128)
    assert error[neutral].max() <= 1
