"""Voxels that know where they are in the patient.

Conventions, stated once for all of radpix: arrays are indexed (z, y, x), millimetres, patient coordinates are LPS as
in DICOM (x to the patient's left, y to posterior, z to superior), and a voxel's value sits at its centre: index 0 is
the centre of the first voxel, the volume reaches from -0.5 to n - 0.5 on every axis.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from radpix import _convert as convert
from radpix._arguments import INTEGERS, array_of, described, integer, number, numbers, points
from radpix.errors import GeometryError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, DTypeLike, NDArray

    from radpix.geometry import GeometryReport
    from radpix.window import Window

__all__ = ["Volume"]

_TYPES = frozenset({"bool", *INTEGERS, "float32", "float64", "complex64", "complex128"})


@dataclass(frozen=True, eq=False)
class Volume:
    """A volume in patient space.

    Attributes
    ----------
    voxels
        (z, y, x) or (z, y, x, channel), C-contiguous and in the machine's byte order: bool, integers, float32, float64
        or complex. Such an array is shared; one that is strided or in the other byte order is copied, and lists become
        arrays.
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

    Raises
    ------
    GeometryError
        A ValueError: the voxels have another number of axes, or the affine is no finite, invertible 4 x 4 matrix.
    TypeError
        The voxels are of another type, or masked; the affine or the padding value is no number.
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
        voxels = _checked_voxels(self.voxels)
        affine = numbers(self.affine, "affine").copy()
        if self.padding_value is not None:
            number(self.padding_value, "padding_value")
        if affine.shape != (4, 4) or not np.isfinite(affine).all() or np.linalg.det(affine[:3, :3]) == 0:
            raise GeometryError("the affine is a finite, invertible 4 x 4 matrix from index to patient mm")
        if not np.array_equal(affine[3], [0, 0, 0, 1]):
            raise GeometryError("the affine's last row is (0, 0, 0, 1)")
        affine.setflags(write=False)
        object.__setattr__(self, "affine", affine)
        object.__setattr__(self, "voxels", voxels)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of voxels along (z, y, x); channels do not count."""
        depth, height, width = self.voxels.shape[:3]
        return depth, height, width

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Distance in mm between neighbouring voxel centres along the axes (z, y, x)."""
        dz, dy, dx = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(dz), float(dy), float(dx)

    @property
    def origin(self) -> NDArray[np.float64]:
        """Patient position of the centre of voxel (0, 0, 0): (3,) float64 as (x, y, z) mm, LPS; read-only."""
        origin: NDArray[np.float64] = self.affine[:3, 3]
        return origin

    @property
    def center(self) -> NDArray[np.float64]:
        """Patient position of the middle, index (n - 1) / 2 on every axis: (3,) float64 as (x, y, z) mm, LPS."""
        return self.index_to_patient((np.array(self.shape) - 1) / 2)

    @property
    def direction(self) -> NDArray[np.float64]:
        """3 x 3 float64: column k is the unit vector in patient space along index axis k of (z, y, x)."""
        return np.asarray(self.affine[:3, :3] / np.asarray(self.spacing), dtype=np.float64)

    def index_to_patient(self, index: ArrayLike) -> NDArray[np.float64]:
        """Return where indices lie.

        Parameters
        ----------
        index
            (..., 3) as (z, y, x), whole at the voxels' centres; it may lie outside the volume.

        Returns
        -------
        ndarray
            (..., 3) float64: patient positions (x, y, z) in mm, LPS.

        Raises
        ------
        TypeError, ValueError
            Indices are no numbers; their last axis is not 3 long.
        """
        return points(index, 3, "index") @ self.affine[:3, :3].T + self.affine[:3, 3]

    def patient_to_index(self, position: ArrayLike) -> NDArray[np.float64]:
        """Return the indices at positions.

        Parameters
        ----------
        position
            (..., 3): patient positions (x, y, z) in mm, LPS.

        Returns
        -------
        ndarray
            (..., 3) float64 as (z, y, x), whole at the voxels' centres; it may lie outside the volume.

        Raises
        ------
        TypeError, ValueError
            Positions are no numbers; their last axis is not 3 long.
        """
        inverse = np.linalg.inv(self.affine)
        index = points(position, 3, "position") @ inverse[:3, :3].T + inverse[:3, 3]
        return np.asarray(index, dtype=np.float64)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        """Return the voxels for ``numpy.asarray(volume)``, shared unless the type or ``copy=True`` asks for a copy.

        Returns
        -------
        ndarray
            (z, y, x[, channel]) of the voxels' type or of ``dtype``.

        Raises
        ------
        ValueError
            ``copy=False``, and another ``dtype`` needs a copy.
        """
        return convert.as_array(self.voxels, dtype, copy)

    def __dlpack__(self, **options: Any) -> Any:
        """Share the voxels with another library without a copy, as ``torch.from_dlpack(volume)`` does.

        Parameters
        ----------
        options
            Of the array API: ``stream``, ``max_version``, ``dl_device``, ``copy``, as far as this NumPy has them.

        Raises
        ------
        BufferError
            The voxels are of a type, or ``options`` ask for something, that NumPy does not share.
        """
        return self.voxels.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        """Return where the voxels are, as DLPack's device type and number: (1, 0), the memory of the CPU."""
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
        TypeError
            An index is no integer.

        Examples
        --------
        >>> import numpy as np
        >>> volume = Volume(np.zeros((4, 5, 6), dtype=np.int16))
        >>> cropped = volume.crop((1, 0, 2), (4, 5, 6))
        >>> cropped.shape, cropped.index_to_patient((0, 0, 0)).tolist()
        ((3, 5, 4), [2.0, 0.0, 1.0])
        """
        low, high = (tuple(integer(value, "an index") for value in _triple(box)) for box in (start, stop))
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
            There are channels other than three of uint8: NIfTI has RGB only.
        """
        return convert.to_nibabel(self)

    @classmethod
    def from_nibabel(cls, image: Any) -> Volume:
        """Return the volume of a nibabel image with three axes; RAS becomes LPS, the values are the scaled ones.

        Raises
        ------
        GeometryError
            The image does not have three axes.
        TypeError
            It is no image of nibabel, or its voxels are of a type that `Volume` does not have.
        """
        return convert.from_nibabel(image)

    def to_sitk(self) -> Any:
        """Return a ``SimpleITK.Image``; a shear is kept in its direction matrix, which NIfTI writers refuse.

        Raises
        ------
        ImportError
            SimpleITK is not installed.
        ValueError
            There are channels of complex numbers, which SimpleITK does not have.
        """
        return convert.to_sitk(self)

    @classmethod
    def from_sitk(cls, image: Any) -> Volume:
        """Return the volume of a three-dimensional ``SimpleITK.Image``.

        Raises
        ------
        GeometryError
            The image is not three-dimensional.
        ImportError
            SimpleITK is not installed.
        TypeError
            It is no image of SimpleITK.
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
        TypeError
            It is no array of xarray, or its values are of a type that `Volume` does not have.
        """
        return convert.from_xarray(array)


def _checked_voxels(given: Any) -> NDArray[Any]:
    """Return the array itself where it can be, else a copy in C order and the machine's byte order."""
    if isinstance(given, np.ma.MaskedArray):
        raise TypeError(
            "voxels are an array without a mask, whose values would come back; fill them with voxels.filled(value), and"
            " pass padding_value=value"
        )
    voxels = array_of(given, "voxels")
    if voxels.dtype.name not in _TYPES:
        raise TypeError(
            f"voxels are bool, integers, float32, float64 or complex, not {voxels.dtype}; convert them with"
            " voxels.astype(numpy.float32), say"
        )
    if voxels.ndim not in {3, 4}:
        raise GeometryError(f"voxels are (z, y, x) or (z, y, x, channel), not of shape {voxels.shape}")
    if not voxels.dtype.isnative:
        voxels = voxels.astype(voxels.dtype.newbyteorder("="))
    return np.ascontiguousarray(voxels)


def _triple(box: Any) -> Sequence[int]:
    if array_of(box, "an index").shape != (3,):
        raise ValueError(f"start and stop are indices (z, y, x), not {described(box)}")
    return box  # type: ignore[no-any-return]
