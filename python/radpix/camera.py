"""Cameras: from where a volume is looked at, in patient coordinates (LPS, mm)."""

from __future__ import annotations

from dataclasses import dataclass
from math import radians, tan
from typing import TYPE_CHECKING

import numpy as np

from radpix._arguments import number, numbers, volume_of
from radpix._backend import Rays
from radpix._sampling.plane_checks import shape_of, vector_of
from radpix.errors import GeometryError
from radpix.plane import Plane, axes_along, corners_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from radpix.volume import Volume

__all__ = ["Camera"]

_Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Camera:
    """A view of the patient: parallel rays, or rays from an eye.

    Made by `Camera.parallel`, `Camera.perspective` or `Camera.around`.

    Attributes
    ----------
    target
        Patient position (x, y, z) in mm, LPS, in the middle of the picture.
    direction
        Unit vector from the viewer into the picture.
    up
        Unit vector to the top of the picture, perpendicular to the direction.
    field_of_view
        Height in mm of what the picture shows, in the plane through the target; pixels are square.
    eye_distance
        From the eye to the target in mm; infinite for parallel rays.

    Examples
    --------
    >>> camera = Camera.perspective((0, -500, 0), (0, 0, 0), angle=30)
    >>> camera.direction, camera.up, round(camera.field_of_view, 3)
    ((0.0, 1.0, 0.0), (0.0, 0.0, 1.0), 267.949)
    """

    target: _Vector
    direction: _Vector
    up: _Vector
    field_of_view: float
    eye_distance: float = float("inf")

    @classmethod
    def parallel(
        cls, target: ArrayLike, direction: ArrayLike, up: ArrayLike | None = None, *, field_of_view: float
    ) -> Camera:
        """Return a camera with parallel rays.

        Parameters
        ----------
        target, direction, field_of_view
            As of `Camera`; the direction need not have length 1.
        up
            Direction to the top of the picture, made perpendicular. None stands for the head, or for anterior where
            one looks along the body.

        Raises
        ------
        GeometryError
            A ValueError: something is not finite, has no length, or ``up`` lies along the direction.
        """
        view = _view(target, direction, up)
        return cls(*_vectors(view), _length("field_of_view", field_of_view))

    @classmethod
    def perspective(
        cls, eye: ArrayLike, target: ArrayLike, up: ArrayLike | None = None, *, angle: float
    ) -> Camera:
        """Return a camera whose rays leave an eye, as those of an X-ray tube do.

        Parameters
        ----------
        eye, target
            Patient positions in mm.
        up
            As of `Camera.parallel`.
        angle
            Between the rays to the top and to the bottom of the picture, in degrees, 0 to 180.

        Raises
        ------
        GeometryError
            As `Camera.parallel`, and for an angle outside its range.
        """
        away = vector_of(target, "target") - vector_of(eye, "eye")
        view = _view(target, away, up)
        distance = _length("the distance from the eye", float(np.linalg.norm(away)))
        height = _length("field_of_view", 2 * distance * tan(_angle(angle) / 2))
        return cls(*_vectors(view), height, distance)

    @classmethod
    def around(
        cls, volume: Volume, direction: ArrayLike, up: ArrayLike | None = None, *, angle: float | None = None
    ) -> Camera:
        """Return a camera whose square picture holds all of a volume, from wherever it is looked at.

        Parameters
        ----------
        volume
            Its centre is the target; the picture's height is the diameter of the sphere around its corners.
        direction
            (x, y, z) from the viewer into the picture, in patient coordinates, of any length.
        up
            As of `Camera.parallel`.
        angle
            As of `Camera.perspective`, in degrees; the eye is then so far away that the sphere is in the picture. None
            for parallel rays.

        Raises
        ------
        GeometryError
            As `Camera.parallel`, and for an angle that is not between 0 and 180.
        TypeError
            ``volume`` is no `radpix.Volume`, or something is no number.
        """
        corners = corners_of(volume_of(volume))
        center = corners.mean(axis=0)
        reach = float(np.linalg.norm(corners - center, axis=1).max())
        if angle is None:
            return cls.parallel(center, direction, up, field_of_view=2 * reach)
        half = _angle(angle) / 2
        away = np.asarray(cls.parallel(center, direction, up, field_of_view=1).direction)
        return cls.perspective(center - away * (reach / np.sin(half)), center, up, angle=angle)

    @property
    def is_perspective(self) -> bool:
        """Whether the rays leave an eye."""
        return self.eye_distance < float("inf")

    @property
    def eye(self) -> NDArray[np.float64] | None:
        """Patient position of the eye, (3,) float64 as (x, y, z) mm in LPS; None for parallel rays."""
        if not self.is_perspective:
            return None
        return np.array(self.target) - np.array(self.direction) * self.eye_distance

    def plane(self, shape: tuple[int, int]) -> Plane:
        """Return the plane through the target that the picture of (rows, columns) shows; its normal is the direction.

        For parallel rays every pixel shows what lies on its normal, for an eye what lies on the line to the eye.

        Parameters
        ----------
        shape
            (rows, columns); the rows together are `field_of_view` mm high, the pixels square.

        Raises
        ------
        GeometryError
            ``shape`` is not two whole numbers of at least 1.
        TypeError
            ``shape`` is no pair of numbers.
        """
        down = 0.0 - np.array(self.up)
        rows, columns = shape_of(shape)
        pitch = self.field_of_view / rows
        return Plane(self.target, np.cross(down, self.direction), down, pitch, (rows, columns))

    def rays(
        self, volume: Volume, shape: tuple[int, int], step: float, slab: tuple[float, float] | None = None
    ) -> Rays:
        """Return the rays of a picture for a volume, as the kernels take them.

        Parameters
        ----------
        volume
            Rays reach 1 mm beyond its corners.
        shape
            (rows, columns) of the picture.
        step
            Between samples in mm.
        slab
            (from, to) in mm that limits them: distances from the plane through the target for parallel rays, from the
            eye for others.

        Returns
        -------
        Rays
            Origins and directions in patient mm (LPS), the map to the volume's indices, and from where to where.

        Raises
        ------
        GeometryError
            ``shape`` is not two whole numbers of at least 1.
        ValueError
            ``slab`` is not finite, or its end not behind its beginning; ``step`` is not positive.
        TypeError
            ``volume`` is no `radpix.Volume`, or something is no number.
        """
        volume_of(volume)
        plane, step = self.plane(shape), number(step, "step")
        if not (np.isfinite(step) and step > 0):
            raise ValueError(f"step is a positive number of mm, not {step}")
        if not self.is_perspective:
            return rays_of(plane, volume, step, slab)
        affine = plane.affine
        eye = np.array(self.target) - np.array(self.direction) * self.eye_distance
        farthest = float(np.linalg.norm(corners_of(volume) - eye, axis=1).max()) + 1
        near, far = _within((0.0, farthest), slab)
        zero = (0.0, 0.0, 0.0)
        return Rays(
            _tuple(eye), zero, zero, _tuple(affine[:3, 2] - eye), _tuple(affine[:3, 0]), _tuple(affine[:3, 1]),
            _to_index(volume), near, far, float(step),
        )  # fmt: skip


def rays_of(plane: Plane, volume: Volume, step: float, slab: tuple[float, float] | None = None) -> Rays:
    """Return the rays along a plane's normal, one for each pixel; t = 0 in the plane."""
    affine = plane.affine
    distance = plane.distance(corners_of(volume))
    near, far = _within((float(distance.min()) - 1, float(distance.max()) + 1), slab)
    zero = (0.0, 0.0, 0.0)
    return Rays(
        _tuple(affine[:3, 2]), _tuple(affine[:3, 0]), _tuple(affine[:3, 1]), _tuple(plane.normal), zero, zero,
        _to_index(volume), near, far, float(step),
    )  # fmt: skip


def _within(reach: tuple[float, float], slab: tuple[float, float] | None) -> tuple[float, float]:
    if slab is None:
        return reach
    near, far = check_slab(slab)
    near = max(reach[0], near)
    return near, max(min(reach[1], far), near)


def check_slab(slab: tuple[float, float]) -> tuple[float, float]:
    """Return a range of mm after checks."""
    ends = numbers(slab, "slab")
    if ends.shape != (2,) or not (np.isfinite(ends).all() and ends[0] < ends[1]):
        raise ValueError(f"slab is (from, to) in mm along the direction, the first less, not {slab}")
    return float(ends[0]), float(ends[1])


def _to_index(volume: Volume) -> tuple[float, ...]:
    with np.errstate(over="ignore", invalid="ignore"):  # the core checks
        return tuple(np.linalg.inv(volume.affine)[:3].ravel().tolist())


def _view(target: ArrayLike, direction: ArrayLike, up: ArrayLike | None) -> Plane:
    """Return the plane through the target that is looked at; it checks the vectors."""
    return Plane(*axes_along(target, direction, up), 1.0, (1, 1))


def _tuple(vector: NDArray[np.float64]) -> _Vector:
    x, y, z = vector.tolist()
    return x, y, z


def _vectors(view: Plane) -> tuple[_Vector, _Vector, _Vector]:
    return _tuple(view.center), _tuple(view.normal), _tuple(0.0 - view.column_direction)


def _angle(degrees: float) -> float:
    """Return an opening angle in radians."""
    if not 0 < number(degrees, "angle") < 180:
        raise GeometryError(f"angle is between 0 and 180 degrees, not {degrees}")
    return radians(degrees)


def _length(name: str, value: float) -> float:
    value = number(value, name)
    if not (np.isfinite(value) and 1e-9 <= value <= 1e9):
        raise GeometryError(f"{name} is a positive number of mm up to 1e9, not {value}")
    return float(value)
