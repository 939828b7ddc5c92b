"""Volume rendering on the CPU, and digitally reconstructed radiographs.

Rays are sampled by trilinear interpolation between the first and the last half voxel of the volume (as `reslice` does),
in float32; every thread count, CPU level and backend gives the same bits. Levoy, "Display of surfaces from volume
data", IEEE CG&A 8(3), 1988; opacity over a length d of extinction mu is 1 - exp(-mu d) (Beer-Lambert).
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from radpix import limits
from radpix._arguments import described, integer, number, numbers, volume_of
from radpix._backend import Lighting, RenderLayer, kernels
from radpix._progress import Progress, silent, told
from radpix._sampling import plane_checks
from radpix._sampling.padding import Padding, absent_value
from radpix._sampling.registration import registered
from radpix.slices import Slice, voxels_of
from radpix.threads import thread_count
from radpix.transfer_function import TransferFunction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import DTypeLike, NDArray

    from radpix._backend import Rays
    from radpix.camera import Camera
    from radpix.volume import Volume

__all__ = ["Shading", "drr", "render"]

_MOST_LAYERS = 16

# A pass over the voxels (15 ms for a CT), kept as long as the volume: with padding and without.
_ranges: weakref.WeakKeyDictionary[Volume, NDArray[np.float32]] = weakref.WeakKeyDictionary()
_present_ranges: weakref.WeakKeyDictionary[Volume, NDArray[np.float32]] = weakref.WeakKeyDictionary()


class Source(NamedTuple):
    """What rays go through: voxels (z, y, x), their blocks' ranges, the value of absent ones, the number of threads."""

    voxels: NDArray[Any]
    ranges: NDArray[np.float32]
    absent: float | None
    threads: int


class Shading(NamedTuple):
    """Blinn-Phong reflection of a light at the eye: colour * (ambient + diffuse * n) + specular * n ** power.

    n is the cosine between the ray and the gradient; surfaces have two sides.
    """

    ambient: float = 0.2
    diffuse: float = 0.7
    specular: float = 0.2
    power: int = 10


def render(
    volume: Volume,
    camera: Camera,
    transfer_function: TransferFunction,
    *,
    shape: tuple[int, int],
    overlays: Sequence[tuple[Volume, TransferFunction]] = (),
    shading: bool | Shading = True,
    step: float | None = None,
    background: tuple[float, float, float] | None = (0.0, 0.0, 0.0),
    padding: Padding = "exclude",
    progress: Progress | None = None,
    num_threads: int | None = None,
) -> NDArray[np.uint8]:
    """Render a volume by casting rays.

    Parameters
    ----------
    volume
        (z, y, x) of one channel. The first picture takes a pass over the voxels to find what can be skipped; do not
        change them afterwards.
    camera
        From where it is looked at.
    transfer_function
        Colours and extinction per mm of the voxels' values. A table of 4096 values is looked up.
    shape
        (rows, columns) of the picture.
    overlays
        Up to 15 more volumes, each with its transfer function, that lie anywhere in the same patient coordinates: PET
        in a CT, labels, doses. At every sample extinctions add up, and colours weigh as their extinctions do. Samples
        lie where those of ``volume`` alone would: take a ``step`` for the finest.
    shading
        Whether surfaces reflect light, or how. The gradient comes from central differences over a voxel either way;
        where there is none, only the ambient light is left.
    step
        Between samples in mm, by default half the smallest voxel spacing. The opacity does not depend on it.
    background
        (red, green, blue) from 0 to 1, behind the volume; the picture is then opaque. None leaves it transparent.
    padding
        ``"exclude"``: voxels of a volume's padding value take no part: a sample is the mean of the others by their
        weights, and transparent where those of padding sum to more than 1/2. ``"include"`` takes them as they are.
    progress
        Called as ``progress(done, total)`` now and then and once at the end; see ``docs/cancellation.md``.
    num_threads
        1 to 1024; None for the default.

    Returns
    -------
    ndarray
        (rows, columns, 4) uint8: red, green, blue, not weighted with the opacity, and the opacity.

    Raises
    ------
    ValueError, TypeError, LimitError
        An argument is outside its range, the volume has channels, or the picture is larger than `radpix.limits` allows.
    GeometryError
        An overlay lies in another frame of reference than ``volume``.

    Examples
    --------
    >>> from radpix import Camera, TransferFunction, Volume
    >>> cube = Volume(np.full((10, 10, 10), 100, np.int16))
    >>> camera = Camera.parallel(cube.center, (0, 1, 0), field_of_view=10)
    >>> grey = TransferFunction([(100, 1, 1, 1, 0.1)])
    >>> picture = render(cube, camera, grey, shape=(2, 2), shading=False, background=None)
    >>> picture[0, 0].tolist(), round(255 * (1 - np.exp(-0.1 * 10)))
    ([255, 255, 255, 161], 161)
    """
    rows, columns = shape_of(shape, 16)
    _check_scene(volume, transfer_function, overlays, camera)
    volumes = [volume, *(registered(volume, one, None) for one, _ in overlays)]
    if len(volumes) > _MOST_LAYERS:
        raise ValueError(f"a picture has up to {_MOST_LAYERS - 1} overlays, not {len(overlays)}")
    functions, light = [transfer_function, *(function for _, function in overlays)], _lighting(shading)
    image = np.zeros((rows, columns, 4), np.float32)
    made = [camera.rays(one, (rows, columns), step_of(volume, step)) for one in volumes]
    rays = made[0]._replace(near=min(r.near for r in made), far=max(r.far for r in made))
    layers = []
    for one, function, own in zip(volumes, functions, made, strict=True):
        source = prepared(one, padding, num_threads)
        scene = (source.voxels, source.ranges, own.to_index, *function.table(), light, source.absent)
        layers.append(RenderLayer(*scene))
    with told(progress, 1):
        if overlays:
            kernels().composite_layers(layers, image, rays, num_threads=thread_count(num_threads))
        else:
            one_only = layers[0]
            kernels().composite(
                one_only.voxels,
                one_only.ranges,
                image,
                rays,
                one_only.table,
                one_only.first,
                one_only.scale,
                light,
                num_threads=thread_count(num_threads),
                padding=one_only.padding,
            )
    return _picture(image, background)


def _lighting(shading: bool | Shading) -> Lighting:
    if not isinstance(shading, bool | np.bool_ | Shading):
        raise TypeError(f"shading is True, False or a radpix.Shading, not {described(shading)}")
    chosen = shading if isinstance(shading, Shading) else Shading()
    weights = numbers(chosen[:3], "shading")
    if not ((weights >= 0) & (weights <= 10)).all():
        raise ValueError(f"shading has weights from 0 to 10, not {chosen}")
    if not 0 <= integer(chosen.power, "the power of the highlights") <= 1024:
        raise ValueError(f"the power of the highlights is from 0 to 1024, not {chosen.power}")
    ambient, diffuse, specular = weights.tolist()
    return Lighting(bool(shading), ambient, diffuse, specular, int(chosen.power))


def _picture(image: NDArray[np.float32], background: tuple[float, float, float] | None) -> NDArray[np.uint8]:
    """Return the picture of premultiplied colours; ``image`` is used up.

    Channel by channel in place: temporaries of all four take 6 instead of 0.4 ms for 512 x 512 pixels.
    """
    if background is None:
        opacity = np.maximum(image[..., 3], np.float32(1e-6))
        for channel in range(3):
            image[..., channel] /= opacity
    else:
        behind = numbers(background, "background").astype(np.float32)
        if behind.shape != (3,) or not ((behind >= 0) & (behind <= 1)).all():
            raise ValueError(f"background is (red, green, blue), each from 0 to 1, not {background}")
        through = np.float32(1) - image[..., 3]
        for channel, level in enumerate(behind):
            if level:  # black adds nothing
                image[..., channel] += through * level
        image[..., 3] = 1
    np.clip(image, 0, 1, out=image)
    image *= np.float32(255)
    return np.rint(image, out=image).astype(np.uint8)


def drr(
    volume: Volume,
    camera: Camera,
    *,
    shape: tuple[int, int],
    mu_water: float = 0.0206,
    step: float | None = None,
    padding: Padding = "exclude",
    progress: Progress | None = None,
    num_threads: int | None = None,
) -> Slice:
    """Compute a digitally reconstructed radiograph: the line integral of the attenuation along every ray.

    Parameters
    ----------
    volume
        CT in HU. The attenuation is mu = mu_water * (1 + HU / 1000) per mm, 0 where that is negative: the definition of
        the Hounsfield unit, with air as vacuum.
    camera
        `Camera.perspective` has the tube as its eye.
    shape
        (rows, columns).
    mu_water
        Per mm; 0.0206 is that of water at 60 keV (NIST XCOM, 0.206 cm^2/g).
    step
        Between samples in mm, by default half the smallest voxel spacing. Every ray's way through the volume is divided
        into equal parts no longer than it, so that homogeneous volumes are exact at any obliquity.
    padding, progress, num_threads
        As of `render`: where there is padding, nothing attenuates.

    Returns
    -------
    Slice
        float32 (rows, columns), without unit: exp(-value) of the rays' intensity is left. In the plane through the
        camera's target.

    Raises
    ------
    ValueError, TypeError, LimitError
        As `render`.

    Examples
    --------
    >>> from radpix import Camera, Volume
    >>> water = Volume(np.zeros((10, 10, 10), np.int16))
    >>> camera = Camera.parallel(water.center, (0, 1, 0), field_of_view=4)
    >>> image = drr(water, camera, shape=(2, 2), mu_water=0.02)
    >>> bool(np.allclose(image.pixels, 0.02 * 10))
    True
    """
    rows, columns = shape_of(shape, 8)
    check_camera(camera)
    if not (np.isfinite(number(mu_water, "mu_water")) and 0 < mu_water < 1e6):
        raise ValueError(f"mu_water is a positive number per mm, not {mu_water}")
    source = prepared(volume_of(volume), padding, num_threads)
    rays = camera.rays(volume, (rows, columns), step_of(volume, step))
    with told(progress, 1):
        image, _ = cast(source, rays, (rows, columns), combine="integral", scale=0.001, offset=1.0)
    image *= np.float32(mu_water)
    return Slice(
        image,
        camera.plane((rows, columns)),
        0.0,
        "integral",
        "linear",
        frame_of_reference_uid=volume.frame_of_reference_uid,
        modality=volume.modality,
    )


def cast(
    source: Source,
    rays: Rays,
    shape: tuple[int, int],
    *,
    combine: str,
    threshold: float = 0.0,
    scale: float = 1.0,
    offset: float = 0.0,
    fill: float = 0.0,
    dtype: DTypeLike = np.float32,
) -> tuple[NDArray[Any], NDArray[np.float32]]:
    """Return values and depths (rows, columns) of rays; values are float32, also in float64, the fill is exact."""
    image, depth = np.zeros(shape, dtype), np.zeros(shape, np.float32)
    kernels().cast_rays(
        source.voxels,
        source.ranges,
        image,
        depth,
        rays,
        combine=combine,
        threshold=threshold,
        scale=scale,
        offset=offset,
        fill=fill,
        num_threads=source.threads,
        padding=source.absent,
    )
    return image, depth


def check_camera(camera: Any) -> None:
    """Refuse what is no camera."""
    if not hasattr(camera, "rays"):
        raise TypeError(
            "camera is a radpix.Camera, as Camera.around(volume, direction), Camera.parallel or Camera.perspective"
            f" return it, not {described(camera)}"
        )


def _check_scene(volume: Any, function: Any, overlays: Any, camera: Any) -> None:
    check_camera(camera)
    if not isinstance(overlays, list | tuple):
        raise TypeError(
            f"overlays are a list of pairs (volume, transfer function), not {described(overlays)}"
        )
    for pair in [(volume, function), *overlays]:
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise TypeError(f"overlays are pairs (volume, transfer function), not {described(pair)}")
        volume_of(pair[0])
        if not isinstance(pair[1], TransferFunction):
            raise TypeError(
                "transfer_function is a radpix.TransferFunction, such as radpix.TRANSFER_FUNCTIONS['bone'], not"
                f" {described(pair[1])}"
            )


def shape_of(shape: Sequence[float], item: int) -> tuple[int, int]:
    """Return (rows, columns) within the limits, of pixels that take ``item`` bytes."""
    rows, columns = plane_checks.shape_of(shape)
    limits.check_frame(rows, columns)
    limits.check_bytes(rows * columns * item)
    return rows, columns


def step_of(volume: Volume, step: float | None, default: float = 0.5) -> float:
    """Return the distance of samples in mm, by default a part of the smallest voxel spacing."""
    chosen = min(volume.spacing) * default if step is None else number(step, "step")
    if not (np.isfinite(chosen) and chosen > 0):
        raise ValueError(f"step is a positive number of mm, not {step}")
    return chosen


def prepared(volume: Volume, padding: Padding, num_threads: int | None) -> Source:
    """Return what rays go through: nothing is copied, absent voxels are left out of the samples."""
    threads = thread_count(num_threads)
    absent = absent_value(volume, padding)
    voxels = _one_channel(volume)
    kept = _ranges if absent is None else _present_ranges
    if volume not in kept:
        kept[volume] = _ranges_of(voxels, threads, absent)
    return Source(voxels, kept[volume], absent, threads)


def _one_channel(volume: Volume) -> NDArray[Any]:
    voxels = voxels_of(volume)
    channels = int(voxels.shape[3])
    if channels != 1 or not voxels.size:
        raise ValueError(f"rays go through volumes (z, y, x) that are not empty, not {volume.voxels.shape}")
    return voxels[..., 0]


def _ranges_of(voxels: NDArray[Any], threads: int, absent: float | None = None) -> NDArray[np.float32]:
    blocks = [max(n - 2, 0) // 8 + 1 for n in voxels.shape]
    ranges = np.empty((*blocks, 2), np.float32)
    with silent():
        kernels().block_ranges(voxels, ranges, num_threads=threads, padding=absent)
    return ranges
