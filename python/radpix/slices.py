"""Slices: what sampling a volume on a plane gives, and what such functions share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from radpix import limits
from radpix._arguments import check_choice, described, output, volume_of
from radpix._convert import as_array
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
        """Pixels of the plane, (rows, columns); channels do not count."""
        return self.plane.shape

    def pixel_to_patient(self, pixel: ArrayLike) -> NDArray[np.float64]:
        """Return where pixels lie, exactly, as `Plane.pixel_to_patient` does.

        Parameters
        ----------
        pixel
            (..., 2) as (row, column), whole at the pixels' centres.

        Returns
        -------
        ndarray
            (..., 3) float64: patient positions (x, y, z) in mm, LPS.

        Raises
        ------
        TypeError, ValueError
            Pixels are no numbers; their last axis is not 2 long.
        """
        return self.plane.pixel_to_patient(pixel)

    def patient_to_pixel(self, position: ArrayLike) -> NDArray[np.float64]:
        """Return the pixels at positions, projected along the normal, as `Plane.patient_to_pixel` does.

        Parameters
        ----------
        position
            (..., 3): patient positions (x, y, z) in mm, LPS.

        Returns
        -------
        ndarray
            (..., 2) float64 as (row, column), whole at the pixels' centres; it may lie outside the slice.

        Raises
        ------
        TypeError, ValueError
            Positions are no numbers; their last axis is not 3 long.
        """
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
        """Return where pixels lie in another slice, for a cursor that is shown in both.

        Parameters
        ----------
        other
            Of the same frame of reference, if both are known.
        pixel
            (..., 2) as (row, column) of this slice.

        Returns
        -------
        pixels : ndarray
            (..., 2) float64 as (row, column) of the other slice.
        distance : ndarray
            (...) float64: mm from the other slice, positive on its normal's side.

        Raises
        ------
        GeometryError
            The frames of reference are known and not the same.
        TypeError, ValueError
            ``other`` is no slice; pixels are no numbers, or their last axis is not 2 long.
        """
        if not isinstance(other, Slice):
            raise TypeError(f"other is a radpix.Slice, not {described(other)}")
        known = {self.frame_of_reference_uid, other.frame_of_reference_uid} - {""}
        if len(known) > 1:
            raise GeometryError(
                f"the slices lie in the frames of reference {' and '.join(sorted(known))};"
                " register them, then transform one volume"
            )
        position = self.pixel_to_patient(pixel)
        return other.patient_to_pixel(position), other.plane.distance(position)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        """Return the pixels for ``numpy.asarray(slice)``, shared unless the type or ``copy=True`` asks for a copy.

        Returns
        -------
        ndarray
            (rows, columns[, channel]) of the pixels' type or of ``dtype``.

        Raises
        ------
        ValueError
            ``copy=False``, and another ``dtype`` needs a copy.
        """
        return as_array(self.pixels, dtype, copy)


def voxels_of(volume: Volume) -> NDArray[Any]:
    """Return (z, y, x, channel) of a type that kernels know, without copying."""
    voxels: NDArray[Any] = volume_of(volume).voxels
    if voxels.dtype == np.bool_:
        voxels = voxels.view(np.uint8)
    if voxels.dtype.kind not in "iuf":
        raise TypeError(
            f"a volume to sample holds bool, integers, float32 or float64, not {voxels.dtype}; take the real part, the"
            " magnitude, say"
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
    if output(out).shape != shape:
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
