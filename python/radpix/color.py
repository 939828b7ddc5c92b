"""Colour spaces of pixel data (PS3.3 C.7.6.3.1.2) and ICC profiles (C.11.15)."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from radpix._arguments import check_choice
from radpix._display.attributes import items, value
from radpix._warn import warn
from radpix.window import checked_pixels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray
    from pydicom import Dataset

__all__ = ["cielab_to_srgb", "convert_color", "icc_profile", "to_srgb"]

#: Kr, Kg, Kb of ITU-R BT.601, which every YBR of DICOM but the reversible one is made of.
_WEIGHTS = np.array([0.2990, 0.5870, 0.1140])

#: X, Y, Z of the white D50, and from its XYZ to linear sRGB, whose white D65 is adapted by Bradford's matrix.
_D50 = np.array([0.9642, 1.0, 0.8249])
_TO_SRGB = np.array(
    [
        [3.1338561, -1.6168667, -0.4906146],
        [-0.9787684, 1.9161415, 0.0334540],
        [0.0719453, -0.2289914, 1.4052427],
    ]
)

#: Luma and chroma in the full range of a sample, and in 219 and 224 of 255 parts of it.
_FULL = frozenset({"YBR_FULL", "YBR_FULL_422", "YBR_ICT"})
_PARTIAL = frozenset({"YBR_PARTIAL_422", "YBR_PARTIAL_420"})
_SPACES = frozenset({"RGB", "YBR_RCT"}) | _FULL | _PARTIAL


def convert_color(
    pixels: ArrayLike,
    source: str,
    target: str,
    *,
    bits_stored: int | None = None,
    planar_configuration: int = 0,
) -> NDArray[Any]:
    """Convert samples between the colour spaces of DICOM.

    `radpix.decode` has already returned RGB, sample by sample; this is for pixels from elsewhere. YBR_FULL_422
    and the PARTIAL ones are taken after their chroma has been brought to full resolution.

    Parameters
    ----------
    pixels
        Unsigned integers of 8 or 16 bits, (..., 3), or (..., 3, rows, columns) with planar configuration 1.
        YBR_RCT differences are signed (the chroma of PS3.3 C.7.6.3.1.2 has one bit more), so it takes and gives
        int32.
    source, target
        Photometric Interpretations: RGB, YBR_FULL, YBR_FULL_422, YBR_ICT, YBR_PARTIAL_422, YBR_PARTIAL_420,
        YBR_RCT. They are applied in float64, rounded half to even and clamped to the range.
    bits_stored
        Of a sample, None for those of the dtype.
    planar_configuration
        Of ``pixels``. The result always has its samples last.

    Returns
    -------
    ndarray
        (..., 3) of the dtype of ``pixels``; int32 where ``target`` is YBR_RCT, and uint8 or uint16 by
        ``bits_stored`` where ``source`` is.

    Raises
    ------
    ValueError
        An unknown colour space or a wrong shape.
    TypeError
        Pixels of another type.

    Examples
    --------
    >>> import numpy as np, radpix
    >>> radpix.convert_color(np.array([[76, 85, 255]], np.uint8), "YBR_FULL", "RGB")
    array([[254,   0,   0]], dtype=uint8)
    """
    for space in (source, target):
        check_choice("the colour space", space, tuple(sorted(_SPACES)))
    array = _samples_last(checked_pixels(pixels), planar_configuration)
    if source != "YBR_RCT" and array.dtype not in {np.dtype(np.uint8), np.dtype(np.uint16)}:
        raise TypeError(f"colours are unsigned integers of 8 or 16 bits, not {array.dtype}")
    bits = bits_stored or (8 * array.dtype.itemsize if array.dtype.kind == "u" else 8)
    if not 8 <= bits <= 16:
        raise ValueError(f"samples have 8 to 16 bits, not {bits}")
    dtype = array.dtype if source != "YBR_RCT" else np.dtype(np.uint8 if bits == 8 else np.uint16)
    highest = (1 << bits) - 1
    if source == target:
        return array.copy()
    rgb = _to_rgb(array, source, bits)
    if target == "YBR_RCT":
        return _to_reversible(np.clip(np.rint(rgb), 0, highest).astype(np.int32))
    return np.asarray(np.clip(np.rint(_from_rgb(rgb, target, bits)), 0, highest).astype(dtype))


def _samples_last(pixels: NDArray[Any], planar_configuration: int) -> NDArray[Any]:
    if planar_configuration not in {0, 1}:
        raise ValueError(f"planar_configuration is 0 or 1, not {planar_configuration}")
    if planar_configuration == 1 and pixels.ndim >= 3:
        pixels = np.moveaxis(pixels, -3, -1)
    if pixels.ndim < 1 or pixels.shape[-1] != 3:
        raise ValueError(f"pixels have three samples, not the shape {pixels.shape}")
    return pixels


def _to_rgb(pixels: NDArray[Any], space: str, bits: int) -> NDArray[np.float64]:
    if space == "RGB":
        return pixels.astype(np.float64)
    if space == "YBR_RCT":  # ISO 15444-1 G.2.2; the chroma is signed
        y, cb, cr = np.moveaxis(pixels.astype(np.int64), -1, 0)
        green = y - ((cb + cr) >> 2)
        return np.stack([cr + green, green, cb + green], axis=-1).astype(np.float64)
    y, cb, cr = np.moveaxis(pixels.astype(np.float64), -1, 0)
    luma, chroma, black = _scales(space, bits)
    y = (y - black) / luma
    cb, cr = (cb - (1 << (bits - 1))) / chroma, (cr - (1 << (bits - 1))) / chroma
    kr, kg, kb = _WEIGHTS
    red, blue = y + 2 * (1 - kr) * cr, y + 2 * (1 - kb) * cb
    return np.stack([red, (y - kr * red - kb * blue) / kg, blue], axis=-1) * float((1 << bits) - 1)


def _from_rgb(rgb: NDArray[np.float64], space: str, bits: int) -> NDArray[np.float64]:
    if space == "RGB":
        return rgb
    parts = rgb / float((1 << bits) - 1)
    luma, chroma, black = _scales(space, bits)
    y = parts @ _WEIGHTS
    kr, _, kb = _WEIGHTS
    middle = 1 << (bits - 1)
    cb = (parts[..., 2] - y) / (2 * (1 - kb)) * chroma + middle
    cr = (parts[..., 0] - y) / (2 * (1 - kr)) * chroma + middle
    return np.stack([y * luma + black, cb, cr], axis=-1)


def _scales(space: str, bits: int) -> tuple[float, float, float]:
    """Return what a luma and a chroma of 1.0 become, and where black lies."""
    if space in _FULL:
        full = float((1 << bits) - 1)
        return full, full, 0.0
    unit = float(1 << (bits - 8))
    return 219.0 * unit, 224.0 * unit, 16.0 * unit


def _to_reversible(rgb: NDArray[np.int32]) -> NDArray[np.int32]:
    red, green, blue = np.moveaxis(rgb, -1, 0)
    return np.stack([(red + 2 * green + blue) >> 2, blue - green, red - green], axis=-1).astype(np.int32)


def cielab_to_srgb(encoded: Sequence[int]) -> NDArray[np.float64]:
    """Return red, green and blue from 0 to 1 of a Recommended CIELab Value (PS3.3 C.10.7.1.1): 16 bits each."""
    lightness, a, b = (min(max(one, 0), 0xFFFF) / 0xFFFF for one in encoded)
    y = (lightness * 100 + 16) / 116
    parts = np.array([y + (a * 255 - 128) / 500, y, y - (b * 255 - 128) / 200])
    # CIE 15: cubes, and a straight line for the dark.
    xyz = _D50 * np.where(parts > 6 / 29, parts**3, (parts - 4 / 29) * 3 * (6 / 29) ** 2)
    linear = np.clip(_TO_SRGB @ xyz, 0, 1)
    return np.asarray(np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055))


def icc_profile(dataset: Dataset) -> bytes | None:
    """Return the ICC Profile of a data set, or of its optical path, None where there is none."""
    for item in (dataset, *items(dataset, "OpticalPathSequence")[:1]):
        found = value(item, "ICCProfile")
        if isinstance(found, bytes):
            return found
    return None


def to_srgb(rgb: NDArray[Any], profile: bytes) -> NDArray[Any]:
    """Return (rows, columns, 3) of uint8 in sRGB, as it came where that cannot be done.

    Warns
    -----
    RadpixWarning
        Pillow is not installed, or the profile is none that it can use (``"icc-profile-unused"``).
    """
    try:
        transform = _transform(profile)
    except ImportError:
        warn(
            'the ICC profile is not applied: that takes Pillow, pip install "radpix[cli]"',
            "icc-profile-unused",
        )
        return rgb
    except Exception as error:  # PyCMSError and what lies below it
        warn(f"the ICC profile is not applied: {error}", "icc-profile-unused")
        return rgb
    from PIL import Image

    return np.array(transform.apply(Image.fromarray(np.ascontiguousarray(rgb))))


@lru_cache(maxsize=8)
def _transform(profile: bytes) -> Any:
    from PIL import ImageCms

    source = ImageCms.ImageCmsProfile(BytesIO(profile))
    return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), "RGB", "RGB")
