"""Planes in patient space, on which a volume is sampled.

Directions follow Image Orientation (Patient) (PS3.3 C.7.6.2.1.1): the row direction points along a row, to
increasing column indices; the column direction points down a column. Patient coordinates are LPS in mm.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from radpix._arguments import check_choice, dataset_of, described, integer, number, points, volume_of
from radpix._sampling.plane_checks import (
    ORTHOGONAL_TOLERANCE,
    axes_through,
    cross,
    position_of,
    rotated_about,
    shape_of,
    spacing_of,
    unit_of,
)
from radpix._series.image_plane import image_plane
from radpix.errors import GeometryError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from pydicom import Dataset

    from radpix.volume import Volume

__all__ = ["EdgeLetters", "Plane"]

# Components below the sine of 1 degree are no part of an orientation.
_LETTER_THRESHOLD = 0.0175
# A plane that covers 511.9999999 pixels needs 512.
_COVER_TOLERANCE = 1e-6

_LEFT, _POSTERIOR, _HEAD = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
_FEET = (0.0, 0.0, -1.0)


class EdgeLetters(NamedTuple):
    """What lies beyond each edge of an image, as letters of A, P, L, R, H, F (PS3.3 C.7.6.1.1.1)."""

    top: str
    bottom: str
    left: str
    right: str


def letters_of(direction: ArrayLike) -> str:
    """Return up to three of A, P, L, R, H, F for a direction in patient space, the largest component first.

    Components below 0.0175 of the length, the sine of one degree, are left out.

    Examples
    --------
    >>> letters_of((0.8, 0.6, 0))
    'LP'
    """
    unit = unit_of(direction, "the direction")
    order = np.argsort(-np.abs(unit), kind="stable")
    letters = zip("LPH", "RAF", strict=True)
    names = [positive if unit[axis] > 0 else negative for axis, (positive, negative) in enumerate(letters)]
    return "".join(names[axis] for axis in order if abs(unit[axis]) > _LETTER_THRESHOLD)


def corners_of(volume: Volume) -> NDArray[np.float64]:
    """Return the patient positions (8, 3) of the outer corners of the corner voxels."""
    ends = [(-0.5, n - 0.5) for n in volume.shape]
    index = np.stack(np.meshgrid(*ends, indexing="ij"), axis=-1).reshape(8, 3)
    return volume.index_to_patient(index)


@dataclass(frozen=True, eq=False)
class Plane:
    """A rectangle of pixels in patient space.

    Attributes
    ----------
    center
        Patient position (x, y, z) in mm, LPS, of pixel ((rows - 1) / 2, (columns - 1) / 2).
    row_direction, column_direction
        Unit vectors: along a row to increasing columns, and down a column. What is given need not have length
        1; it must be perpendicular within 0.001, and the rest is taken out of the column direction.
    spacing
        Distance in mm (between rows, between columns), as Pixel Spacing (0028,0030); one number stands for
        both.
    shape
        (rows, columns).

    Raises
    ------
    GeometryError
        A ValueError: something is not finite, has no length, is not positive, or not perpendicular.
    TypeError
        Something is no number.

    Examples
    --------
    >>> plane = Plane((0, 0, 40), (1, 0, 0), (0, 1, 0), spacing=0.5, shape=(512, 512))
    >>> plane.normal.tolist()
    [0.0, 0.0, 1.0]
    >>> plane.pixel_to_patient((255.5, 255.5)).tolist()
    [0.0, 0.0, 40.0]
    >>> plane.orientation_letters
    EdgeLetters(top='A', bottom='P', left='R', right='L')
    """

    center: NDArray[np.float64]
    row_direction: NDArray[np.float64]
    column_direction: NDArray[np.float64]
    spacing: tuple[float, float]
    shape: tuple[int, int]

    def __init__(
        self,
        center: ArrayLike,
        row_direction: ArrayLike,
        column_direction: ArrayLike,
        spacing: float | tuple[float, float],
        shape: tuple[int, int],
    ) -> None:
        row = unit_of(row_direction, "row_direction")
        column = unit_of(column_direction, "column_direction")
        cosine = float(row @ column)
        if abs(cosine) > ORTHOGONAL_TOLERANCE:
            raise GeometryError(
                f"row_direction and column_direction are perpendicular; these have a cosine of {cosine:.4g}"
            )
        vectors = {
            "center": position_of(center),
            "row_direction": row,
            "column_direction": unit_of(column - cosine * row, "column_direction") if cosine else column,
        }
        for name, vector in vectors.items():
            vector.setflags(write=False)
            object.__setattr__(self, name, vector)
        object.__setattr__(self, "spacing", spacing_of(spacing))
        object.__setattr__(self, "shape", shape_of(shape))

    def __setstate__(self, state: dict[str, Any]) -> None:
        # Not through the constructor, which would make the vectors unit vectors again and change their last bits;
        # NumPy does not pickle that an array is read-only.
        for name, value in state.items():
            if isinstance(value, np.ndarray):
                value.setflags(write=False)
            object.__setattr__(self, name, value)

    @classmethod
    def axial(
        cls,
        volume: Volume,
        position: float | None = None,
        spacing: float | tuple[float, float] | None = None,
        shape: tuple[int, int] | None = None,
    ) -> Plane:
        """Return the plane z = ``position`` mm as a radiologist looks at it: from the feet, anterior on top.

        Rows run to the patient's left, columns to posterior; the plane's centre is that of the volume.

        Parameters
        ----------
        volume
            For the defaults.
        position
            z in patient mm, LPS. Default: that of the volume's centre.
        spacing
            As of `Plane`. Default: the volume's smallest voxel spacing in both directions, so that no detail is lost.
        shape
            (rows, columns). Default: what covers the whole volume.

        Raises
        ------
        GeometryError
            A number is not finite, spacing or shape not positive.
        TypeError
            ``volume`` is no `radpix.Volume`, or something is no number.
        """
        return cls._covering(volume, (_LEFT, _POSTERIOR), position, spacing, shape)

    @classmethod
    def coronal(
        cls,
        volume: Volume,
        position: float | None = None,
        spacing: float | tuple[float, float] | None = None,
        shape: tuple[int, int] | None = None,
    ) -> Plane:
        """Return the plane y = ``position`` mm: rows to the patient's left, columns to the feet.

        Parameters
        ----------
        volume, position, spacing, shape
            As of `Plane.axial`, with ``position`` y in patient mm.

        Raises
        ------
        GeometryError, TypeError
            As `Plane.axial`.
        """
        return cls._covering(volume, (_LEFT, _FEET), position, spacing, shape)

    @classmethod
    def sagittal(
        cls,
        volume: Volume,
        position: float | None = None,
        spacing: float | tuple[float, float] | None = None,
        shape: tuple[int, int] | None = None,
    ) -> Plane:
        """Return the plane x = ``position`` mm: rows to posterior, columns to the feet.

        Parameters
        ----------
        volume, position, spacing, shape
            As of `Plane.axial`, with ``position`` x in patient mm.

        Raises
        ------
        GeometryError, TypeError
            As `Plane.axial`.
        """
        return cls._covering(volume, (_POSTERIOR, _FEET), position, spacing, shape)

    @classmethod
    def through(
        cls,
        volume: Volume,
        *,
        points: ArrayLike | None = None,
        normal: tuple[ArrayLike, ArrayLike, ArrayLike | None] | None = None,
        spacing: float | tuple[float, float] | None = None,
        shape: tuple[int, int] | None = None,
    ) -> Plane:
        """Return an oblique plane.

        Parameters
        ----------
        volume
            For the defaults: ``spacing`` is its smallest voxel spacing, ``shape`` covers it.
        points
            Three patient positions (3, 3). Rows run from the first to the second, columns to the side of the
            third.
        normal
            (center, normal, up): a patient position, the direction row x column, and the direction that
            points to the top of the image. ``up`` None stands for the head, or anterior where the normal is
            within 1 degree of head or feet.
        spacing, shape
            As of `Plane`. Given a shape, the plane is centred at ``center``, or at the mean of the points;
            without, it is moved within itself to cover the volume.

        Raises
        ------
        GeometryError
            The points lie on a line, or ``up`` along the normal.
        ValueError
            Neither or both of ``points`` and ``normal`` are given.
        TypeError
            ``volume`` is no `radpix.Volume`, ``normal`` is not of three, or something is no number.
        """
        volume_of(volume)
        if (points is None) == (normal is None):
            raise ValueError("a plane goes through points= or has a normal=, one of them")
        if points is not None:
            center, row, column = axes_through(points)
        else:
            center, row, column = axes_along(*_three(normal))
        chosen = _finest(volume) if spacing is None else spacing
        plane = cls(center, row, column, chosen, (1, 1) if shape is None else shape)
        return plane if shape is not None else plane._cover(volume)

    @classmethod
    def of_image(cls, dataset: Dataset, *, frame: int = 0) -> Plane:
        """Return the plane of a DICOM image, of any series: for cross-reference lines and for sampling alike.

        From Image Position and Orientation (Patient), Pixel Spacing, Rows and Columns (PS3.3 C.7.6.2.1.1), else
        from the functional groups of ``frame``, counted from 0.

        Raises
        ------
        GeometryError, IndexError
            An attribute is absent or no such thing; there is no functional group of ``frame``.
        TypeError
            ``dataset`` is no pydicom data set.
        """
        return cls(*image_plane(dataset_of(dataset), integer(frame, "frame")))

    @classmethod
    def of_slice(cls, volume: Volume, index: float, *, axis: int = 0) -> Plane:
        """Return the plane of the volume's own slice ``index`` along ``axis`` of (z, y, x), pixel for voxel.

        Raises
        ------
        GeometryError
            The slice's rows and columns are not perpendicular, as in a sheared volume across the shear.
        ValueError
            ``axis`` is not 0, 1 or 2.
        TypeError
            ``volume`` is no `radpix.Volume`, or ``index`` no number.
        """
        volume_of(volume)
        if integer(axis, "axis") not in {0, 1, 2}:
            raise ValueError(f"axis is 0, 1 or 2 of (z, y, x), not {axis!r}")
        down, along = (k for k in range(3) if k != axis)
        middle = (np.array(volume.shape) - 1) / 2
        middle[axis] = number(index, "index")
        spacing = volume.spacing[down], volume.spacing[along]
        return cls(
            volume.index_to_patient(middle),
            volume.affine[:3, along],
            volume.affine[:3, down],
            spacing,
            (volume.shape[down], volume.shape[along]),
        )

    @classmethod
    def _covering(
        cls,
        volume: Volume,
        directions: tuple[ArrayLike, ArrayLike],
        position: float | None,
        spacing: float | tuple[float, float] | None,
        shape: tuple[int, int] | None,
    ) -> Plane:
        center = corners_of(volume_of(volume)).mean(axis=0)
        chosen = _finest(volume) if spacing is None else spacing
        plane = cls(center, *directions, chosen, (1, 1) if shape is None else shape)
        if shape is None:
            plane = plane._cover(volume)
        if position is None:
            return plane
        axis = int(np.argmax(np.abs(plane.normal)))
        moved = plane.center.copy()
        moved[axis] = number(position, "position")
        return replace(plane, center=moved)

    def _cover(self, volume: Volume) -> Plane:
        """Return the plane with pixels for the volume's whole extent, moved within itself to its middle."""
        relative = corners_of(volume) - self.center
        center, shape = self.center, []
        directions = (self.column_direction, self.row_direction)
        for direction, step in zip(directions, self.spacing, strict=True):
            along = relative @ direction
            shape.append(max(1, int(np.ceil((along.max() - along.min()) / step - _COVER_TOLERANCE))))
            center = center + direction * ((along.max() + along.min()) / 2)
        return replace(self, center=center, shape=(shape[0], shape[1]))

    @property
    def normal(self) -> NDArray[np.float64]:
        """Unit vector row_direction x column_direction, (3,) float64 in patient coordinates (LPS)."""
        return cross(self.row_direction, self.column_direction)

    @property
    def affine(self) -> NDArray[np.float64]:
        """4 x 3 float64: pixel (row, column, 1) to patient position (x, y, z, 1) in mm, LPS, pixel centres."""
        affine = np.zeros((4, 3))
        affine[:3, 0] = self.column_direction * self.spacing[0]
        affine[:3, 1] = self.row_direction * self.spacing[1]
        middle = (np.array(self.shape) - 1) / 2
        affine[:3, 2] = self.center - affine[:3, :2] @ middle
        affine[3, 2] = 1
        return affine

    @property
    def orientation_letters(self) -> EdgeLetters:
        """What lies beyond each edge: 1 to 3 letters, largest component first, without those below 1 degree."""
        return EdgeLetters(
            top=letters_of(-self.column_direction),
            bottom=letters_of(self.column_direction),
            left=letters_of(-self.row_direction),
            right=letters_of(self.row_direction),
        )

    @property
    def patient_orientation(self) -> tuple[str, str]:
        """Where rows and columns run to, as Patient Orientation (0020,0020), PS3.3 C.7.6.1.1.1."""
        return letters_of(self.row_direction), letters_of(self.column_direction)

    def rotated(
        self,
        degrees: float,
        about: Literal["normal", "row", "column"] = "normal",
        *,
        pivot: ArrayLike | None = None,
    ) -> Plane:
        """Return the plane turned by the right-hand rule about one of its own axes; twice for a double oblique.

        Parameters
        ----------
        degrees
            Of the turn.
        about
            ``"normal"`` turns the picture within its plane, ``"row"`` and ``"column"`` tilt the plane about its row and
            its column direction.
        pivot
            The patient position (x, y, z) in mm that stays. Default: the centre.

        Raises
        ------
        ValueError
            ``about`` is another word, ``degrees`` not finite; as a GeometryError: ``pivot`` is not finite.
        TypeError
            Something is no number.
        """
        axes = {"normal": self.normal, "row": self.row_direction, "column": self.column_direction}
        check_choice("about", about, tuple(axes))
        if not np.isfinite(number(degrees, "degrees")):
            raise ValueError(f"degrees is a finite number, not {degrees}")
        fixed = self.center if pivot is None else position_of(pivot)
        return replace(
            self,
            center=fixed + rotated_about(self.center - fixed, axes[about], degrees),
            row_direction=rotated_about(self.row_direction, axes[about], degrees),
            column_direction=rotated_about(self.column_direction, axes[about], degrees),
        )

    def shifted(self, mm: float) -> Plane:
        """Return the plane moved along its normal.

        Parameters
        ----------
        mm
            How far; negative against the normal.

        Raises
        ------
        GeometryError
            The plane would lie beyond 1e9 mm, or ``mm`` is not finite.
        TypeError
            ``mm`` is no number.
        """
        return replace(self, center=self.center + self.normal * number(mm, "mm"))

    def pixel_to_patient(self, pixel: ArrayLike) -> NDArray[np.float64]:
        """Return where pixels lie.

        Parameters
        ----------
        pixel
            (..., 2) as (row, column), whole at the pixels' centres; it may lie outside the shape.

        Returns
        -------
        ndarray
            (..., 3) float64: patient positions (x, y, z) in mm, LPS.

        Raises
        ------
        TypeError, ValueError
            Pixels are no numbers; their last axis is not 2 long.
        """
        affine = self.affine
        return points(pixel, 2, "pixel") @ affine[:3, :2].T + affine[:3, 2]

    def patient_to_pixel(self, position: ArrayLike) -> NDArray[np.float64]:
        """Return the pixels at positions, projected along the normal.

        Parameters
        ----------
        position
            (..., 3): patient positions (x, y, z) in mm, LPS.

        Returns
        -------
        ndarray
            (..., 2) float64 as (row, column), whole at the pixels' centres; it may lie outside the shape.

        Raises
        ------
        TypeError, ValueError
            Positions are no numbers; their last axis is not 3 long.
        """
        relative = points(position, 3, "position") - self.center
        axes = np.stack(
            [self.column_direction / self.spacing[0], self.row_direction / self.spacing[1]], axis=-1
        )
        return np.asarray(relative @ axes + (np.array(self.shape) - 1) / 2, dtype=np.float64)

    def distance(self, position: ArrayLike) -> NDArray[np.float64]:
        """Return how far from the plane positions lie.

        Parameters
        ----------
        position
            (..., 3): patient positions (x, y, z) in mm, LPS.

        Returns
        -------
        ndarray
            (...) float64: mm along the normal, positive on its side.

        Raises
        ------
        TypeError, ValueError
            Positions are no numbers; their last axis is not 3 long.
        """
        return np.asarray((points(position, 3, "position") - self.center) @ self.normal, np.float64)


def _three(normal: object) -> tuple[Any, Any, Any]:
    if not isinstance(normal, list | tuple) or len(normal) != 3:
        raise TypeError(f"normal is (center, normal, up), where up may be None, not {described(normal)}")
    return normal[0], normal[1], normal[2]


def _finest(volume: Volume) -> float:
    return min(volume.spacing)


def axes_along(
    center: ArrayLike, normal: ArrayLike, up: ArrayLike | None
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return (center, row direction, column direction) of a normal and what is on top."""
    unit = unit_of(normal, "the normal")
    if up is None:
        along_body = abs(unit[2]) > np.cos(np.deg2rad(1))
        up = -np.array(_POSTERIOR) if along_body else _HEAD
    top = unit_of(up, "the up direction")
    column = (top @ unit) * unit - top
    if np.linalg.norm(column) < 1e-6:
        raise GeometryError("the up direction points along the normal; give another one")
    column = unit_of(column, "the up direction")
    return position_of(center), cross(column, unit), column
