"""Where the slices of a stack lie: their axes, their order, and the affine of the voxels (PS3.3 C.7.6.2.1.1)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from radpix.geometry import DUPLICATE_TOLERANCE_MM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from radpix._series.instance import Instance

__all__ = ["Stack", "plane_axes", "sort_by_position"]


def plane_axes(instance: Instance) -> NDArray[np.float64] | None:
    """Return unit vectors along a row, down a column, and normal to the slice (3 x 3, as rows), in LPS.

    Row and column are normalised one by one: decimal strings carry a rounding that Pixel Spacing does not. None where
    Image Orientation (Patient) is absent or spans no plane.
    """
    if instance.image_orientation is None:
        return None
    axes = np.empty((3, 3))
    axes[:2] = np.reshape(instance.image_orientation, (2, 3))
    lengths = np.linalg.norm(axes[:2], axis=1)
    if not np.all((lengths > 0.1) & (lengths < 10)):
        return None
    axes[:2] /= lengths[:, None]
    normal = np.cross(axes[0], axes[1])
    length = np.linalg.norm(normal)
    if length < 0.1:
        return None
    axes[2] = normal / length
    return axes


def sort_by_position(instances: Sequence[Instance]) -> list[Instance]:
    """Order slices of one orientation along their normal; where that fails, by Instance Number and file.

    The normal is the cross product of the row and the column cosines, so that (row, column, order) is right-handed.
    """
    axes = plane_axes(instances[0]) if instances else None
    normal = (0.0, 0.0, 0.0) if axes is None else tuple(axes[2].tolist())

    def key(instance: Instance) -> tuple[int, int, str, int, tuple[int, int]]:
        position = instance.image_position
        distance = 0.0
        if position is not None:
            distance = normal[0] * position[0] + normal[1] * position[1] + normal[2] * position[2]
        place = round(distance / DUPLICATE_TOLERANCE_MM)
        number = instance.instance_number or 0
        return place, number, instance.path, instance.frame or 0, instance.tile or (0, 0)

    return sorted(instances, key=key)


@dataclass(frozen=True)
class Stack:
    """Parallel slices with complete attributes, in the order of their position.

    Attributes
    ----------
    axes
        3 x 3, rows: unit vectors along a row, down a column, along the normal.
    positions
        (n, 3): patient position in mm of each slice's first pixel.
    pixel_spacing
        Between rows, between columns, in mm.
    thickness
        Step in mm where there is one position only.
    """

    axes: NDArray[np.float64]
    positions: NDArray[np.float64]
    pixel_spacing: tuple[float, float]
    thickness: float

    @classmethod
    def of(cls, instances: Sequence[Instance]) -> Stack | None:
        """Return the stack of slices sorted by `sort_by_position`, or None where an attribute is missing."""
        axes = plane_axes(instances[0]) if instances else None
        positions = [instance.image_position for instance in instances]
        if axes is None or None in positions or instances[0].pixel_spacing is None:
            return None
        first = instances[0]
        candidates = (first.slice_thickness, first.spacing_between_slices)
        thickness = next((value for value in candidates if value is not None and value > 0), 1.0)
        return cls(axes, np.array(positions, dtype=np.float64), instances[0].pixel_spacing, thickness)

    @cached_property
    def distances(self) -> NDArray[np.float64]:
        """Position of each slice along the normal, in mm from the first."""
        return np.asarray((self.positions - self.positions[0]) @ self.axes[2])

    @cached_property
    def lateral(self) -> NDArray[np.float64]:
        """(n, 2): displacement in mm of each slice against the first, along its rows and down its columns."""
        # The in-plane dual basis: exact also for cosines that are not quite orthogonal.
        offsets = self.positions - self.positions[0]
        return np.asarray(offsets @ np.linalg.inv(self.axes)[:, :2])

    @cached_property
    def distinct(self) -> NDArray[np.intp]:
        """Indices of the first slice at each distinct position."""
        kept = [0]
        for index in range(1, len(self.distances)):
            if self.distances[index] - self.distances[kept[-1]] > DUPLICATE_TOLERANCE_MM:
                kept.append(index)
        return np.array(kept)

    @property
    def affine(self) -> NDArray[np.float64]:
        """4 x 4: (slice, row, column, 1) to patient mm; the slice step is (last - first) / (n - 1), tilt included.

        Singular where all of several slices are at one position.
        """
        affine = np.eye(4)
        count = len(self.positions)
        if count > 1:
            affine[:3, 0] = (self.positions[-1] - self.positions[0]) / (count - 1)
        else:
            affine[:3, 0] = self.axes[2] * self.thickness
        affine[:3, 1] = self.axes[1] * self.pixel_spacing[0]
        affine[:3, 2] = self.axes[0] * self.pixel_spacing[1]
        affine[:3, 3] = self.positions[0]
        return affine
