"""Slices: what sampling a volume on a plane gives, and what such functions share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from radpix import limits
from radpix.errors import GeometryError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike, NDArray

    from radpix._backend import Combine
    from radpix.plane import EdgeLetters, Plane
    from radpix.volume import Volume

__all__ = [
    "Interpolation",
    "PlaneInterpolation",
    "Slice",
    "check_choice",
    "output_for",
    "slice_of",
    "voxels_of",
]

Interpolation = Literal["nearest", "linear"]
PlaneInterpolation = Literal["nearest", "linear", "cubic", "bspline", "lanczos", "label"]


@dataclass(frozen=True, eq=False)
class Slice:
    """Pixels of a plane in patient space.

    Attributes
    ----------
    pixels
        (rows, columns) or (rows, columns, channel).
    plane
        Where they lie: `Plane.pixel_to_patient` and `Plane.patient_to_pixel` are exact.
    thickness
        Of the slab in mm, along the plane's normal and half on either side; 0 for a single sample.
    combine, interpolation
        How the values were made; ``"local-max"`` and ``"depth"`` by `project` only, ``"integral"`` by `drr`.
    frame_of_reference_uid, modality, unit
        As of the volume.
    """

    pixels: NDArray[Any]
    plane: Plane
    thickness: float = 0.0
    combine: Combine | Literal["local-max", "depth", "integral"] = "mean"
    interpolation: PlaneInterpolation = "linear"
    frame_of_reference_uid: str = ""
    modality: str = ""
    unit: str = ""

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self.plane.shape

    def pixel_to_patient(self, pixel: ArrayLike) -> NDArray[np.float64]:
        """Return patient positions (..., 3) as (x, y, z) mm, of pixels (..., 2) as (row, column)."""
        return self.plane.pixel_to_patient(pixel)

    def patient_to_pixel(self, position: ArrayLike) -> NDArray[np.float64]:
        """Return pixels (..., 2) as (row, column), of patient positions (..., 3), projected along the normal."""
        return self.plane.patient_to_pixel(position)

    @property
    def orientation_letters(self) -> EdgeLetters:
        """What lies beyond each edge, as of `Plane`."""
        return self.plane.orientation_letters

    @property
    def patient_orientation(self) -> tuple[str, str]:
        """Where rows and columns run to, as Patient Orientation (0020,0020)."""
        return self.plane.patient_orientation

    def pixel_in(self, other: Slice, pixel: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return where pixels (..., 2) lie in another slice: its pixels (..., 2), and mm (...) along its normal.

        Raises
        ------
        GeometryError
            The frames of reference are known and not the same.
        """
        known = {self.frame_of_reference_uid, other.frame_of_reference_uid} - {""}
        if len(known) > 1:
            raise GeometryError(
                f"the slices lie in the frames of reference {' and '.join(sorted(known))};"
                " register them, then transform one volume"
            )
        position = self.pixel_to_patient(pixel)
        return other.patient_to_pixel(position), other.plane.distance(position)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is None:
            return self.pixels if dtype is None else self.pixels.astype(dtype, copy=False)
        if not copy and dtype is not None and np.dtype(dtype) != self.pixels.dtype:
            raise ValueError(f"a conversion from {self.pixels.dtype} to {dtype} needs a copy")
        return self.pixels.astype(dtype or self.pixels.dtype, copy=copy)


def check_choice(name: str, value: str, known: tuple[str, ...]) -> None:
    """Raise ValueError for a value that is not among the known ones."""
    if value not in known:
        raise ValueError(f"{name} is one of {', '.join(known)}, not {value!r}")


def voxels_of(volume: Volume) -> NDArray[Any]:
    """Return (z, y, x, channel) of a type that kernels know, without copying."""
    voxels = volume.voxels
    if voxels.dtype == np.bool_:
        voxels = voxels.view(np.uint8)
    known = voxels.dtype.kind in "iu" or (voxels.dtype.kind == "f" and voxels.dtype.itemsize in {4, 8})
    if not known or not voxels.dtype.isnative:
        raise TypeError(
            f"a volume to sample holds integers, float32 or float64 in native byte order, not {voxels.dtype}"
        )
    return voxels if voxels.ndim == 4 else voxels[..., None]


def output_for(
    volume: Volume, shape: tuple[int, ...], combine: Combine, out: NDArray[Any] | None
) -> NDArray[Any]:
    """Return ``out`` after checks, or a new array."""
    dtype = volume.voxels.dtype
    if out is None:
        if combine == "sum" and dtype.kind != "f":
            dtype = np.dtype(np.float32 if dtype.itemsize <= 2 else np.float64)
        limits.check_frame(shape[0], shape[1])
        limits.check_bytes(int(np.prod(shape, dtype=object)) * dtype.itemsize)
        return np.empty(shape, dtype)
    if out.shape != shape:
        raise ValueError(f"out has the shape {out.shape}, the slice {shape}")
    floats = (np.dtype(np.float32), np.dtype(np.float64))
    if out.dtype not in {dtype, *floats} or (dtype == np.float64 and out.dtype != dtype):
        raise TypeError(f"out of a volume of {dtype} is {dtype} or a wide enough float, not {out.dtype}")
    if not out.flags.writeable:
        raise ValueError("out is read-only")
    if np.may_share_memory(out, volume.voxels):
        raise ValueError("out shares memory with the volume")
    return out


def slice_of(
    volume: Volume,
    pixels: NDArray[Any],
    plane: Plane,
    thickness: float,
    combine: Combine | Literal["local-max", "depth", "integral"],
    interpolation: PlaneInterpolation,
) -> Slice:
    """Return the slice with the volume's frame of reference, modality and unit."""
    return Slice(
        pixels,
        plane,
        float(thickness),
        combine,
        interpolation,
        frame_of_reference_uid=volume.frame_of_reference_uid,
        modality=volume.modality,
        unit=volume.unit,
    )
