"""Solids with a signed distance, painted over one another into a field of HU.

All coordinates are patient positions in mm, LPS: x to the left, y to posterior, z to superior. A distance is negative
inside; near the surface it is in millimetres, which is all that the soft edge needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "EDGE",
    "Array",
    "Box",
    "Shape",
    "ball",
    "capsule",
    "ellipsoid",
    "inset",
    "overlap",
    "paint_points",
    "paint_slice",
]

Array = NDArray[Any]
Field = Callable[[Array, Array, Array], Array]
Box = tuple[tuple[float, float, float], tuple[float, float, float]]

#: Width in mm of the ramp that stands for the scanner's blur: half a voxel to either side of a surface.
EDGE = 1.0


@dataclass(frozen=True)
class Shape:
    """A solid: where it is, its HU (a number, or a function of position) and its box ((x, y, z) low, high)."""

    distance: Field
    value: float | Field
    box: Box

    def over(self, below: Array, x: Array, y: Array, z: Array) -> Array:
        """Return ``below`` with this solid painted over it."""
        cover = np.clip(0.5 - self.distance(x, y, z) / EDGE, 0.0, 1.0)
        value = self.value(x, y, z) if callable(self.value) else self.value
        return np.asarray(below + cover * (value - below))


def ball(center: Iterable[float], radii: Iterable[float]) -> Box:
    """Return the box of an axis-aligned ellipsoid, with room for the soft edge."""
    middle, reach = np.array(list(center), dtype=float), np.array(list(radii), dtype=float) + EDGE
    low, high = (middle - reach).tolist(), (middle + reach).tolist()
    return (low[0], low[1], low[2]), (high[0], high[1], high[2])


def ellipsoid(
    center: tuple[float, float, float],
    radii: tuple[float, float, float],
    value: float | Field,
    axes: NDArray[np.float64] | None = None,
) -> Shape:
    """Return an ellipsoid; the rows of ``axes`` are the orthonormal directions of the radii (default x, y, z)."""
    cx, cy, cz = center
    a, b, c = radii
    rows = np.eye(3) if axes is None else axes
    reach = np.sqrt(((rows * np.array(radii)[:, None]) ** 2).sum(axis=0))
    turned, least, tiny = axes is not None, min(radii), 1e-6
    m = [[float(v) for v in row] for row in rows]

    def distance(x: Array, y: Array, z: Array) -> Array:
        u, v, w = x - cx, y - cy, z - cz
        if turned:
            u, v, w = (r[0] * u + r[1] * v + r[2] * w for r in m)
        u, v, w = u / a, v / b, w / c
        # First order in the distance to the surface: (k - 1) k / |grad k|; the small terms are for the centre.
        k = np.sqrt(u * u + v * v + w * w)
        slope = np.sqrt((u / a) ** 2 + (v / b) ** 2 + (w / c) ** 2)
        return np.asarray((k - 1.0) * (k + tiny * least) / (slope + tiny))

    return Shape(distance, value, ball(center, reach))


def capsule(
    start: Iterable[float],
    end: Iterable[float],
    radii: tuple[float, float],
    value: float,
    tall: float = 1.0,
) -> Shape:
    """Return a round-ended cone between two points; ``tall`` stretches its cross-section along z (ribs)."""
    p, q = np.array(list(start), dtype=float), np.array(list(end), dtype=float)
    px, py, pz = (float(v) for v in p)
    dx, dy, dz = (float(v) for v in q - p)
    ez = dz / tall
    length2 = max(dx * dx + dy * dy + ez * ez, 1e-9)
    r0, taper = radii[0], radii[1] - radii[0]

    def distance(x: Array, y: Array, z: Array) -> Array:
        u, v, w = x - px, y - py, (z - pz) / tall
        t = np.clip((u * dx + v * dy + w * ez) / length2, 0.0, 1.0)
        across, deep, up = u - t * dx, v - t * dy, w - t * ez
        return np.asarray(np.sqrt(across * across + deep * deep + up * up) - (r0 + t * taper))

    reach = (max(radii), max(radii), max(radii) * tall)
    low, high = ball(np.minimum(p, q), reach)[0], ball(np.maximum(p, q), reach)[1]
    return Shape(distance, value, (low, high))


def inset(shape: Shape, depth: float, value: float | Field) -> Shape:
    """Return the solid ``depth`` mm inside the surface of another."""
    outer = shape.distance
    return Shape(lambda x, y, z: outer(x, y, z) + depth, value, shape.box)


def overlap(first: Shape, second: Shape, value: float | Field) -> Shape:
    """Return what two solids have in common."""
    one, two = first.distance, second.distance
    low = tuple(max(a, b) for a, b in zip(first.box[0], second.box[0], strict=True))
    high = tuple(min(a, b) for a, b in zip(first.box[1], second.box[1], strict=True))
    box = ((low[0], low[1], low[2]), (high[0], high[1], high[2]))
    return Shape(lambda x, y, z: np.maximum(one(x, y, z), two(x, y, z)), value, box)


def paint_points(
    shapes: Iterable[Shape], points: NDArray[np.float64], background: float
) -> NDArray[np.float64]:
    """Return the HU at positions (n, 3)."""
    field = np.full(len(points), background)
    for shape in shapes:
        low, high = shape.box
        hit = np.flatnonzero(((points >= low) & (points <= high)).all(axis=1))
        if hit.size:
            field[hit] = shape.over(field[hit], *points[hit].T)
    return field


def paint_slice(
    shapes: Iterable[Shape],
    x: NDArray[np.float32],
    y: NDArray[np.float32],
    z: float,
    out: NDArray[np.float32],
) -> None:
    """Paint solids that reach the height ``z`` into its plane ``out`` (len(y), len(x)); both axes ascend."""
    height = np.asarray(np.float32(z))
    for shape in shapes:
        (x0, y0, _), (x1, y1, _) = shape.box
        columns = slice(int(np.searchsorted(x, x0)), int(np.searchsorted(x, x1, side="right")))
        rows = slice(int(np.searchsorted(y, y0)), int(np.searchsorted(y, y1, side="right")))
        part = out[rows, columns]
        if part.size:
            part[...] = shape.over(part, x[None, columns], y[rows, None], height)
