"""The planes of a contact sheet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from radpix import Plane

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from radpix import Volume

__all__ = ["View", "extent", "views"]

Vector = tuple[float, float, float]

_DIAGONAL = float(np.sqrt(0.5))
_DOWN: Vector = (0.0, 0.0, -1.0)
_PLANES: tuple[tuple[str, str, Vector, Vector], ...] = (
    ("axial", "#ff8a7a", (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    ("coronal", "#86d993", (1.0, 0.0, 0.0), _DOWN),
    ("sagittal", "#ffd166", (0.0, 1.0, 0.0), _DOWN),
    ("oblique", "#6cc4ff", (_DIAGONAL, _DIAGONAL, 0.0), _DOWN),
    ("slab", "#c9a7ff", (1.0, 0.0, 0.0), _DOWN),
)


@dataclass(frozen=True)
class View:
    """One picture of the sheet.

    Attributes
    ----------
    name, title
        For programs, and as written on the picture.
    color
        Of its title, and of its trace on the other pictures.
    plane
        Where its pixels lie; they are square.
    thickness, combine
        Of the slab, in mm; 0 for a plane.
    """

    name: str
    title: str
    color: str
    plane: Plane
    thickness: float = 0.0
    combine: Literal["mean", "max"] = "mean"


def extent(volume: Volume, direction: ArrayLike) -> float:
    """Return how far the volume, to its outer faces, reaches along a direction, in mm."""
    edges = np.array([[-0.5, n - 0.5] for n in volume.shape])
    corners = np.stack(np.meshgrid(*edges, indexing="ij"), axis=-1).reshape(-1, 3)
    along = volume.index_to_patient(corners) @ np.asarray(direction, dtype=np.float64)
    return float(along.max() - along.min())


def views(volume: Volume, center: ArrayLike, *, pixels: int, slab: float, fine: int = 1) -> list[View]:
    """Return the sheet's pictures through a patient position, all at one scale.

    Parameters
    ----------
    volume
        What is looked at.
    center
        Patient position that all planes pass.
    pixels
        Width and height of each picture.
    slab
        Thickness in mm of the maximum intensity slab.
    fine
        Samples per pixel and direction: ``plane.shape`` is ``pixels * fine``.
    """
    field = max(extent(volume, axis) for axis in np.eye(3))
    step = field / pixels / fine
    middle = volume.index_to_patient((np.array(volume.shape) - 1) / 2)
    made = []
    for name, color, across, down in _PLANES:
        # The plane passes the position; the picture's middle is the volume's, so that nothing is cut off.
        normal = np.cross(across, down)
        point = middle + ((np.asarray(center, dtype=np.float64) - middle) @ normal) * normal
        plane = Plane(point, across, down, (step, step), (pixels * fine, pixels * fine))
        if name == "slab":
            made.append(View(name, f"MIP, {slab:g} mm slab", color, plane, slab, "max"))
        else:
            made.append(View(name, name.capitalize(), color, plane))
    return made
