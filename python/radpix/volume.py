"""Voxels that know where they are in the patient.

Conventions, stated once for all of radpix: arrays are indexed (z, y, x), millimetres, patient coordinates are LPS as
in DICOM (x to the patient's left, y to posterior, z to superior), and a voxel's value sits at its centre: index 0 is
the centre of the first voxel, the volume reaches from -0.5 to n - 0.5 on every axis.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from radpix.errors import GeometryError

if TYPE_CHECKING:
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
        return self.affine[:3, 3]

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
        return np.asarray(position, dtype=np.float64) @ inverse[:3, :3].T + inverse[:3, 3]

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is None:
            return self.voxels if dtype is None else self.voxels.astype(dtype, copy=False)
        if not copy and dtype is not None and np.dtype(dtype) != self.voxels.dtype:
            raise ValueError(f"a conversion from {self.voxels.dtype} to {dtype} needs a copy")
        return self.voxels.astype(dtype or self.voxels.dtype, copy=copy)
