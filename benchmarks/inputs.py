"""Inputs of every benchmark, seeded and shaped like what scanners produce; made once per process."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from radpix import Volume

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Slices, rows and columns of the reference CT, and its voxel spacing (z, y, x) in mm.
CT_SHAPE = (300, 512, 512)
CT_SPACING = (1.25, 0.7, 0.7)


def _smooth_noise(shape: tuple[int, ...], cell: int, seed: int) -> NDArray[np.float32]:
    """Return noise in [-1, 1] that is correlated over ``cell`` samples: linearly interpolated coarse noise."""
    rng = np.random.default_rng(seed)
    noise = rng.uniform(-1, 1, [-(-n // cell) + 1 for n in shape]).astype(np.float32)
    for axis, size in enumerate(shape):
        position = np.arange(size, dtype=np.float32) / cell
        low = position.astype(np.intp)
        weight = (position - low).reshape([-1 if a == axis else 1 for a in range(len(shape))])
        below, above = np.take(noise, low, axis), np.take(noise, low + 1, axis)
        noise = below + weight * (above - below)
    return noise


def _ellipse(
    shape: tuple[int, int], center: tuple[float, float], radii: tuple[float, float]
) -> NDArray[np.bool_]:
    """Return the mask of an ellipse given in fractions of the image."""
    y = (np.arange(shape[0], dtype=np.float32)[:, None] / shape[0] - center[0]) / radii[0]
    x = (np.arange(shape[1], dtype=np.float32)[None, :] / shape[1] - center[1]) / radii[1]
    mask: NDArray[np.bool_] = x * x + y * y < 1
    return mask


@cache
def ct_volume(shape: tuple[int, int, int] = CT_SHAPE) -> Volume:
    """Return an int16 CT in HU: body, lungs, spine and noise of 20 HU, in an oblique-free LPS grid."""
    rng = np.random.default_rng(7)
    plane = shape[1:]
    slice_hu = np.full(plane, -1000, np.float32)
    slice_hu[_ellipse(plane, (0.5, 0.5), (0.36, 0.46))] = 40
    for side in (0.3, 0.7):
        slice_hu[_ellipse(plane, (0.47, side), (0.22, 0.14))] = -850
    slice_hu[_ellipse(plane, (0.74, 0.5), (0.07, 0.06))] = 700
    voxels = np.empty(shape, np.int16)
    texture = _smooth_noise(plane, 16, 11) * 60
    for z in range(shape[0]):
        shift = round(6 * np.sin(z / 20))
        values = np.roll(slice_hu + texture, shift, axis=1) + rng.normal(0, 20, plane).astype(np.float32)
        voxels[z] = np.clip(values, -1024, 3071)
    affine = np.zeros((4, 4))
    affine[2, 0], affine[1, 1], affine[0, 2], affine[3, 3] = *CT_SPACING, 1.0
    affine[:3, 3] = (-180.0, -180.0, -200.0)
    return Volume(voxels, affine, modality="CT", unit="HU")


def _radiograph(shape: tuple[int, int], bits: int, noise: float, seed: int) -> NDArray[np.uint16]:
    """Return a projection image: smooth anatomy, quantum noise, collimated borders."""
    rng = np.random.default_rng(seed)
    top = (1 << bits) - 1
    image = 0.5 + 0.3 * _smooth_noise(shape, 256, seed) + 0.12 * _smooth_noise(shape, 24, seed + 1)
    image = image * top + rng.normal(0, noise, shape)
    border = shape[0] // 20
    image[:border] = image[-border:] = 0
    clipped: NDArray[np.uint16] = np.clip(image, 0, top).astype(np.uint16)
    return clipped


def _photo(shape: tuple[int, int], noise: float, seed: int) -> NDArray[np.uint8]:
    """Return an RGB image with correlated channels."""
    rng = np.random.default_rng(seed)
    grey = 120 + 70 * _smooth_noise(shape, 128, seed) + 30 * _smooth_noise(shape, 12, seed + 1)
    channels = [
        grey + 20 * _smooth_noise(shape, 64, seed + 2 + k) + rng.normal(0, noise, shape) for k in range(3)
    ]
    return np.clip(np.stack(channels, axis=-1), 0, 255).astype(np.uint8)


def ultrasound_frame(shape: tuple[int, int], seed: int) -> NDArray[np.uint8]:
    """Return an RGB image of a grey speckle fan on black with a small colour box."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    angle = np.arctan2(x - shape[1] / 2, y + 40)
    fan = (np.abs(angle) < 0.6) & (np.hypot(x - shape[1] / 2, y + 40) < shape[0])
    speckle = np.clip(rng.rayleigh(35, shape) * fan, 0, 255)
    image = np.repeat(speckle[..., None], 3, axis=-1)
    image[shape[0] // 3 : shape[0] // 2, shape[1] // 3 : shape[1] // 2, 2] *= 0.3
    return image.astype(np.uint8)


@cache
def images() -> dict[str, NDArray[Any]]:
    """Return the frames of the decode benchmarks by name, with the sizes and depths of the tables in the README."""
    ct = ct_volume((1, 512, 512)).voxels[0]
    return {
        "CT": (ct.astype(np.int32) + 1024).astype(np.uint16),
        "CR": _radiograph((2500, 2048), 12, 12.0, 3),
        "DX": _radiograph((1420, 1416), 16, 350.0, 4),
        "US": ultrasound_frame((480, 640), 5),
        "photo": _photo((2670, 3340), 4.0, 6),
    }
