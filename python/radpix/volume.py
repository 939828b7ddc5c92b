"""Voxels that know where they are in the patient.

Conventions, stated once for all of radpix: arrays are indexed (z, y, x), millimetres, patient coordinates are LPS as
in DICOM (x to the patient's left, y to posterior, z to superior), and a voxel's value sits at its centre: index 0 is
the centre of the first voxel, the volume reaches from -0.5 to n - 0.5 on every axis.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from radpix import _convert as convert
from radpix.errors import GeometryError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, DTypeLike, NDArray

    from radpix.geometry import GeometryReport
    from radpix.window import Window

__all__ = ["Volume"]


@dataclass(frozen=True, eq=False)
class Volume:
    """A volume in patient space.

    Attributes
    ----------
    voxels
        (z, y, x) or (z, y, x, channel), C-contiguous.
    affine
        4 x 4 float64: array index (z, y, x, 1) to patient millimetres (x, y, z, 1), LPS, voxel centres. Shear, as of
        a tilted gantry, is kept.
    frame_of_reference_uid, modality, unit
        As in the series; empty where unknown. Unit is that of the voxels: ``"HU"``, ``"BQML"``, ...
    windows
        The windows of the first instance, as (center, width) with their function.
    padding_value
        The value of voxels outside the scanned region, or None.
    report
        What was found when the slices were put together, or None.
    """

    voxels: NDArray[Any]
    affine: NDArray[np.float64] = field(default_factory=lambda: np.eye(4)[[2, 1, 0, 3]])
    frame_of_reference_uid: str = ""
    modality: str = ""
    unit: str = ""
    windows: tuple[Window, ...] = ()
    padding_value: float | None = None
    report: GeometryReport | None = None

    def __post_init__(self) -> None:
        affine = np.array(self.affine, dtype=np.float64)
        if self.voxels.ndim not in {3, 4}:
            raise GeometryError(
                f"voxels are (z, y, x) or (z, y, x, channel), not {self.voxels.ndim}-dimensional"
            )
        if affine.shape != (4, 4) or not np.isfinite(affine).all() or np.linalg.det(affine[:3, :3]) == 0:
            raise GeometryError("the affine is a finite, invertible 4 x 4 matrix from index to patient mm")
        if not np.array_equal(affine[3], [0, 0, 0, 1]):
            raise GeometryError("the affine's last row is (0, 0, 0, 1)")
        affine.setflags(write=False)
        object.__setattr__(self, "affine", affine)
        object.__setattr__(self, "voxels", np.ascontiguousarray(self.voxels))

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels along (z, y, x)."""
        depth, height, width = self.voxels.shape[:3]
        return depth, height, width

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Distance in mm between neighbouring voxel centres along the axes (z, y, x)."""
        dz, dy, dx = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(dz), float(dy), float(dx)

    @property
    def origin(self) -> NDArray[np.float64]:
        """Patient position (x, y, z) in mm of the centre of voxel (0, 0, 0)."""
        origin: NDArray[np.float64] = self.affine[:3, 3]
        return origin

    @property
    def center(self) -> NDArray[np.float64]:
        """Patient position (x, y, z) in mm of the middle of the volume, index (n - 1) / 2 on every axis."""
        return self.index_to_patient((np.array(self.shape) - 1) / 2)

    @property
    def direction(self) -> NDArray[np.float64]:
        """3 x 3: column k is the unit vector in patient space along index axis k of (z, y, x)."""
        return np.asarray(self.affine[:3, :3] / np.asarray(self.spacing), dtype=np.float64)

    def index_to_patient(self, index: ArrayLike) -> NDArray[np.float64]:
        """Return patient positions (..., 3) as (x, y, z) mm, of indices (..., 3) as (z, y, x)."""
        return np.asarray(index, dtype=np.float64) @ self.affine[:3, :3].T + self.affine[:3, 3]

    def patient_to_index(self, position: ArrayLike) -> NDArray[np.float64]:
        """Return indices (..., 3) as (z, y, x), of patient positions (..., 3) as (x, y, z) mm."""
        inverse = np.linalg.inv(self.affine)
        index = np.asarray(position, dtype=np.float64) @ inverse[:3, :3].T + inverse[:3, 3]
        return np.asarray(index, dtype=np.float64)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is None:
            return self.voxels if dtype is None else self.voxels.astype(dtype, copy=False)
        if not copy and dtype is not None and np.dtype(dtype) != self.voxels.dtype:
            raise ValueError(f"a conversion from {self.voxels.dtype} to {dtype} needs a copy")
        return self.voxels.astype(dtype or self.voxels.dtype, copy=copy)

    def __dlpack__(self, **options: Any) -> Any:
        """Share the voxels with another library without a copy, as ``torch.from_dlpack(volume)`` does."""
        return self.voxels.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        """Return (kDLCPU, 0)."""
        kind, number = self.voxels.__dlpack_device__()
        return int(kind), int(number)

    def __reduce__(self) -> tuple[Any, ...]:
        # Through the constructor, so that the affine of a pickled volume is read-only again.
        return type(self), tuple(getattr(self, one.name) for one in fields(self))

    def crop(self, start: Sequence[int], stop: Sequence[int]) -> Volume:
        """Return the voxels from index ``start`` (included) to ``stop`` (excluded), at the same place in the patient.

        Parameters
        ----------
        start, stop
            Indices (z, y, x), within the volume.

        Raises
        ------
        ValueError
            The box is empty or reaches outside the volume.

        Examples
        --------
        >>> import numpy as np
        >>> volume = Volume(np.zeros((4, 5, 6), dtype=np.int16))
        >>> cropped = volume.crop((1, 0, 2), (4, 5, 6))
        >>> cropped.shape, cropped.index_to_patient((0, 0, 0)).tolist()
        ((3, 5, 4), [2.0, 0.0, 1.0])
        """
        low, high = (tuple(operator.index(value) for value in box) for box in (start, stop))
        if len(low) != 3 or len(high) != 3:
            raise ValueError(f"start and stop are indices (z, y, x), not {start} and {stop}")
        if any(not 0 <= a < b <= n for a, b, n in zip(low, high, self.shape, strict=True)):
            raise ValueError(f"the box {low} to {high} is empty or not within a volume of shape {self.shape}")
        box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        affine = self.affine.copy()
        affine[:3, 3] = self.index_to_patient(low)
        return replace(self, voxels=self.voxels[box].copy(), affine=affine)

    def to_nibabel(self) -> Any:
        """Return a ``nibabel.Nifti1Image``: array (x, y, z), affine to RAS as NIfTI has it, shear kept in the sform.

        Raises
        ------
        ImportError
            nibabel is not installed.
        ValueError
            The voxels are of a type or number of channels that NIfTI does not have.
        """
        return convert.to_nibabel(self)

    @classmethod
    def from_nibabel(cls, image: Any) -> Volume:
        """Return the volume of a nibabel image with three axes; RAS becomes LPS, the values are the scaled ones.

        Raises
        ------
        GeometryError
            The image does not have three axes.
        """
        return convert.from_nibabel(image)

    def to_sitk(self) -> Any:
        """Return a ``SimpleITK.Image``; a shear is kept in its direction matrix, which NIfTI writers refuse.

        Raises
        ------
        ImportError
            SimpleITK is not installed.
        ValueError
            The voxels are of a type that SimpleITK does not have.
        """
        return convert.to_sitk(self)

    @classmethod
    def from_sitk(cls, image: Any) -> Volume:
        """Return the volume of a three-dimensional ``SimpleITK.Image``.

        Raises
        ------
        GeometryError
            The image is not three-dimensional.
        """
        return convert.from_sitk(image)

    def to_xarray(self) -> Any:
        """Return an ``xarray.DataArray`` with dimensions (z, y, x[, channel]) that shares the voxels.

        Coordinates are mm along each axis from the first voxel; the place in the patient is ``attrs["affine"]``.

        Raises
        ------
        ImportError
            xarray is not installed.
        """
        return convert.to_xarray(self)

    @classmethod
    def from_xarray(cls, array: Any) -> Volume:
        """Return the volume of an array as `to_xarray` makes it, also after slicing: the coordinates say where.

        Raises
        ------
        GeometryError
            Dimensions or the affine are missing, or coordinates are not evenly spaced.
        """
        return convert.from_xarray(array)
