"""What ``radpix bench`` times: each piece of work for radpix and, where installed, for the packages beside it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import radpix
from radpix._phantom import thorax
from radpix.cli._sample import rle_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

__all__ = ["Work", "works"]

Array = "NDArray[Any]"
_RLE = "1.2.840.10008.1.2.5"
_SPACING = (1.6, 0.7, 0.7)
_SLAB_MM = 20.0


class Peer(NamedTuple):
    """Another package doing the same work."""

    name: str
    call: Callable[[], Any]


@dataclass(frozen=True)
class Work:
    """One piece of work.

    Attributes
    ----------
    name
        What is done.
    pixels
        Pixels written (read, for projections).
    ours
        radpix doing it with a number of threads.
    peers
        The others, each with one thread.
    tolerance
        By how much a peer's values may differ: rounding, and the rule at the volume's faces.
    """

    name: str
    pixels: int
    ours: Callable[[int], Any]
    peers: tuple[Peer, ...]
    tolerance: float

    def disagreement(self, peer: Peer) -> float:
        """Return the share of pixels in which a peer differs by more than the tolerance."""
        mine, other = np.asarray(self.ours(1)), np.asarray(peer.call())
        if mine.shape != other.shape:
            return 1.0
        return float((np.abs(mine.astype(np.float64) - other) > self.tolerance).mean())


def works(shape: tuple[int, int, int]) -> Iterator[Work]:
    """Yield the work on a CT of this shape (slices, rows, columns)."""
    volume = _ct(shape)
    yield _window(volume)
    yield _resample(volume)
    plane = _oblique(volume)
    yield _reslice(volume, plane)
    yield _slab(volume, plane)
    yield _mip(volume)
    yield _rle(volume)


def _ct(shape: tuple[int, int, int]) -> radpix.Volume:
    """Return a chest CT whose slices are the phantom's, each repeated."""
    different = min(8, shape[0])
    dz, dy, dx = _SPACING
    hu, origin = thorax((different, *shape[1:]), (dz * shape[0] / different, dy, dx))
    order = np.arange(shape[0]) * different // shape[0]
    affine = np.eye(4)
    affine[:3, :3] = np.diag((dx, dy, dz))[:, ::-1]
    affine[:3, 3] = origin
    return radpix.Volume(hu[order], affine, modality="CT", unit="HU")


def _installed(*modules: str) -> bool:
    return all(find_spec(module) is not None for module in modules)


def _window(volume: radpix.Volume) -> Work:
    voxels = volume.voxels
    out = np.empty(voxels.shape, np.uint8)
    center, width = -600.0, 1500.0

    def numpy() -> NDArray[np.uint8]:
        # PS3.3 C.11.2.1.2.1 as one writes it in float32, slice by slice to stay in the cache.
        scale, offset = np.float32(255 / (width - 1)), np.float32(0.5 - (center - 0.5) / (width - 1))
        for source, target in zip(voxels, out, strict=True):
            grey = source * scale + offset * np.float32(255)
            np.copyto(target, np.rint(np.clip(grey, 0, 255, out=grey), out=grey), casting="unsafe")
        return out

    mine = np.empty(voxels.shape, np.uint8)
    return Work(
        "window int16 to uint8, volume",
        voxels.size,
        lambda threads: radpix.window(voxels, center, width, out=mine, num_threads=threads),
        (Peer("NumPy float32", numpy),),
        1.0,
    )


def _resample(volume: radpix.Volume) -> Work:
    step = (1.0, 1.0, 1.0)

    def ours(threads: int) -> NDArray[Any]:
        return radpix.resample(volume, spacing=step, antialias=False, num_threads=threads).voxels

    target = radpix.resample(volume, spacing=step, antialias=False)
    peers = []
    if _installed("scipy"):
        from scipy import ndimage

        start = volume.patient_to_index(target.origin)
        scale = [new / old for new, old in zip(step, volume.spacing, strict=True)]

        def scipy() -> NDArray[Any]:
            return np.asarray(
                ndimage.affine_transform(
                    volume.voxels, scale, start, target.shape, np.float32, order=1, mode="nearest"
                )
            )

        peers.append(Peer("SciPy affine_transform", scipy))
    if _installed("SimpleITK"):
        peers.append(Peer("SimpleITK Resample", _sitk_resample(volume, target)))
    return Work("resample to 1 mm, linear", target.voxels.size, ours, tuple(peers), 1.0)


def _sitk_image(volume: radpix.Volume) -> Any:
    """Return the volume as a SimpleITK image; its axes are x, y, z."""
    import SimpleITK

    image = SimpleITK.GetImageFromArray(volume.voxels)
    image.SetSpacing(volume.spacing[::-1])
    image.SetOrigin(volume.origin.tolist())
    image.SetDirection(volume.direction[:, ::-1].ravel().tolist())
    return image


def _sitk_resample(volume: radpix.Volume, target: radpix.Volume) -> Callable[[], NDArray[Any]]:
    import SimpleITK

    image = _sitk_image(volume)
    resampler = SimpleITK.ResampleImageFilter()
    resampler.SetNumberOfThreads(1)
    resampler.SetSize(target.shape[::-1])
    resampler.SetOutputSpacing(target.spacing[::-1])
    resampler.SetOutputOrigin(target.origin.tolist())
    resampler.SetOutputDirection(target.direction[:, ::-1].ravel().tolist())
    resampler.SetInterpolator(SimpleITK.sitkLinear)
    resampler.SetDefaultPixelValue(-1024)
    kept: list[Any] = []

    def call() -> NDArray[Any]:
        # A view costs no copy, but does not keep its image alive.
        kept[:] = [resampler.Execute(image)]
        return np.asarray(SimpleITK.GetArrayViewFromImage(kept[0]))

    return call


def _oblique(volume: radpix.Volume) -> radpix.Plane:
    """Return a plane oblique to all axes that stays inside the volume."""
    middle = volume.index_to_patient((np.array(volume.shape) - 1) / 2)
    across = np.array([0.8, 0.6, 0.0])
    down = np.array([0.3, -0.4, -np.sqrt(0.75)])
    pixels = volume.shape[1]
    return radpix.Plane(middle, across, down, (0.4, 0.4), (pixels, pixels))


def _points(volume: radpix.Volume, plane: radpix.Plane, away: float = 0.0) -> NDArray[np.float64]:
    """Return the (z, y, x) indices (3, rows, columns) of a plane moved along its normal."""
    pixels = np.stack(np.meshgrid(*map(np.arange, plane.shape), indexing="ij"), axis=-1)
    positions = plane.pixel_to_patient(pixels) + away * plane.normal
    return np.moveaxis(volume.patient_to_index(positions), -1, 0)


def _reslice(volume: radpix.Volume, plane: radpix.Plane) -> Work:
    peers = []
    if _installed("scipy"):
        from scipy import ndimage

        # The coordinates are made once: what is timed is the sampling alone.
        points = _points(volume, plane)
        peers.append(
            Peer(
                "SciPy map_coordinates",
                lambda: ndimage.map_coordinates(volume.voxels, points, np.float32, order=1, cval=-1024),
            )
        )
    if _installed("SimpleITK"):
        peers.append(Peer("SimpleITK Resample", _sitk_plane(volume, plane)))
    return Work(
        f"oblique reslice {plane.shape[0]} x {plane.shape[1]}, linear",
        plane.shape[0] * plane.shape[1],
        lambda threads: radpix.reslice(volume, plane, fill=-1024, num_threads=threads).pixels,
        tuple(peers),
        1.0,
    )


def _sitk_plane(volume: radpix.Volume, plane: radpix.Plane) -> Callable[[], NDArray[Any]]:
    rows, columns = plane.shape
    affine = np.eye(4)
    affine[:3, 0] = plane.normal
    affine[:3, 1] = plane.column_direction * plane.spacing[0]
    affine[:3, 2] = plane.row_direction * plane.spacing[1]
    affine[:3, 3] = plane.pixel_to_patient((0, 0))
    call = _sitk_resample(volume, radpix.Volume(np.empty((1, rows, columns), np.int16), affine))
    return lambda: call()[0]


def _slab(volume: radpix.Volume, plane: radpix.Plane) -> Work:
    step = min(volume.spacing)
    count = max(1, round(_SLAB_MM / step))
    offsets = (np.arange(count) - (count - 1) / 2) * (_SLAB_MM / count)
    peers = []
    if _installed("scipy"):
        from scipy import ndimage

        layers = [_points(volume, plane, float(away)) for away in offsets]

        def scipy() -> NDArray[Any]:
            most = np.full(plane.shape, -1024, np.float32)
            for points in layers:
                layer = ndimage.map_coordinates(volume.voxels, points, np.float32, order=1, cval=-1024)
                np.maximum(most, layer, out=most)
            return most

        peers.append(Peer("SciPy, plane by plane", scipy))
    return Work(
        f"{_SLAB_MM:g} mm slab MIP {plane.shape[0]} x {plane.shape[1]}",
        plane.shape[0] * plane.shape[1],
        lambda threads: (
            radpix.reslice(
                volume, plane, thickness=_SLAB_MM, combine="max", fill=-1024, num_threads=threads
            ).pixels
        ),
        tuple(peers),
        1.0,
    )


def _mip(volume: radpix.Volume) -> Work:
    return Work(
        "MIP along z, volume",
        volume.voxels.size,
        lambda threads: radpix.project(volume, axis=0, num_threads=threads).pixels,
        (Peer("NumPy max", lambda: volume.voxels.max(axis=0)),),
        0.0,
    )


def _rle(volume: radpix.Volume) -> Work:
    frame = (volume.voxels[volume.shape[0] // 2].astype(np.int32) + 1024).astype(np.uint16)
    stream = rle_frame(frame)
    rows, columns = frame.shape
    out = np.empty(frame.shape, np.uint16)

    def ours(threads: int) -> NDArray[Any]:
        return radpix.decode_frame(
            stream,
            transfer_syntax=_RLE,
            rows=rows,
            columns=columns,
            bits_allocated=16,
            out=out,
            num_threads=threads,
        )

    peers = (
        Peer("imagecodecs", lambda: _image(_imagecodecs(stream), frame.shape)),
        Peer("pylibjpeg-rle", lambda: _image(_pylibjpeg(stream, frame.size), frame.shape)),
        Peer("pydicom", lambda: _image(_pydicom(stream, rows, columns), frame.shape)),
    )
    return Work(f"RLE decode {rows} x {columns}, 16 bit", frame.size, ours, peers, 0.0)


def _imagecodecs(stream: bytes) -> Any:
    import imagecodecs

    return imagecodecs.dicomrle_decode(stream, np.dtype(np.uint16))


def _pylibjpeg(stream: bytes, pixels: int) -> Any:
    from rle.rle import decode_frame

    return decode_frame(stream, pixels, 16, "<")


def _pydicom(stream: bytes, rows: int, columns: int) -> Any:
    from pydicom.pixels.decoders.rle import _rle_decode_frame

    return _rle_decode_frame(stream, rows, columns, 1, 16, ">")


def _image(decoded: Any, shape: tuple[int, ...]) -> NDArray[np.uint16]:
    return np.frombuffer(decoded, np.uint16).reshape(shape)
