"""The thorax's frame: the outlines of body and rib cage, and the skeleton."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from radpix._phantom.shapes import Box, Shape, capsule, ellipsoid, inset, overlap

__all__ = ["body", "cage", "clavicles", "ribs", "scapulae", "spine", "spine_depth", "sternum"]

Array = NDArray[Any]

_EVERYWHERE: Box = ((-260.0, -180.0, -1000.0), (260.0, 200.0, 1000.0))
_TOP = 146.0  # where the pleural cavity would close, mm
_WAIST = -40.0  # below it the cage keeps its width

CORTEX, MARROW = 620.0, 190.0


def _rise(z: Array) -> Array:
    """Return 0 at and below the cage's waist, 1 at its apex."""
    return np.asarray(np.clip((z - _WAIST) / (_TOP - _WAIST), 0.0, 0.995))


def cage_radii(z: Array) -> tuple[Array, Array, Array]:
    """Return half width, half depth and y of the centre of the pleural cavity at height z."""
    t = _rise(z)
    # A flask: nearly parallel walls, then a shoulder.
    return 127.0 * np.sqrt(1 - t**2.6), 86.0 * np.sqrt(1 - t**3.4), -5.0 + 16.0 * t * t


def _superellipse(x: Array, y: Array, a: Array | float, b: Array | float) -> Array:
    """Return the distance to |x/a|^2.5 + |y/b|^2.5 = 1, first order in the shorter radius."""
    u, v = np.abs(x / a), np.abs(y / b)
    level = u * u * np.sqrt(u) + v * v * np.sqrt(v) - 1.0
    return np.asarray(level * np.minimum(a, b) / 2.5)


def cage(grow: float, value: float) -> Shape:
    """Return the pleural cavity, grown by some mm."""

    def distance(x: Array, y: Array, z: Array) -> Array:
        a, b, middle = cage_radii(z)
        return _superellipse(x, y - middle, a, b) - grow

    return Shape(distance, value, _EVERYWHERE)


def body(depth: float, value: float) -> Shape:
    """Return the body, without ``depth`` mm of its surface."""

    def distance(x: Array, y: Array, z: Array) -> Array:
        t = _rise(z)
        return _superellipse(x, y + 4.0 - 8.0 * t * t, 164.0 + 9.0 * t - depth, 115.0 - 19.0 * t * t - depth)

    return Shape(distance, value, _EVERYWHERE)


def spine_depth(z: Array | float) -> Any:
    """Return y of the vertebral bodies' centres: the thoracic kyphosis."""
    return 47.0 - 13.0 * ((np.asarray(z) - 10.0) / 150.0) ** 2


def _mirrored(point: tuple[float, float, float], side: int) -> tuple[float, float, float]:
    return side * point[0], point[1], point[2]


def _vertebral_body(z: float, value: float, shrink: float) -> Shape:
    """Return a waisted cylinder 20 mm high."""
    y = float(spine_depth(z))

    def distance(px: Array, py: Array, pz: Array) -> Array:
        up = (pz - z) / 10.0
        waist = 1.0 - 0.09 * np.clip(1.0 - up * up, 0.0, 1.0)
        # Kidney-shaped in cross-section: the posterior face is concave towards the canal.
        deep = (py - y) + 0.009 * px * px - 1.5
        ring = np.sqrt((px / 18.5) ** 2 + (deep / 14.0) ** 2) - waist
        return np.maximum(ring * 15.0, np.abs(pz - z) - 10.0) + shrink

    return Shape(distance, value, ((-21.0, y - 22.0, z - 12.0), (21.0, y + 18.0, z + 12.0)))


def _arch(z: float, radius: float, value: float) -> list[Shape]:
    """Return pedicles, laminae, spinous and transverse processes of one vertebra."""
    y = float(spine_depth(z))
    spinous, tip = (0.0, y + 32.0, z - 6.0), (0.0, y + 50.0, z - 26.0)
    parts = [capsule(spinous, tip, (radius, radius * 1.1), value, tall=2.0)]
    for side in (-1, 1):
        pedicle, corner = (
            _mirrored((11.0, y + 9.0, z + 4.0), side),
            _mirrored((13.0, y + 21.0, z + 3.0), side),
        )
        transverse = _mirrored((33.0, y + 30.0, z + 4.0), side)
        parts += [
            capsule(pedicle, corner, (radius * 1.1, radius * 1.1), value, tall=1.6),
            capsule(corner, spinous, (radius, radius), value, tall=2.4),
            capsule(corner, transverse, (radius * 1.2, radius), value),
        ]
    return parts


def spine(levels: NDArray[np.float64]) -> list[Shape]:
    """Return the column: muscle beside it, discs, vertebrae, canal."""
    shapes: list[Shape] = []
    around = Shape(
        lambda x, y, z: 30.0 * (np.sqrt((x / 40.0) ** 2 + ((y - spine_depth(z) - 24.0) / 33.0) ** 2) - 1.0),
        52.0,
        ((-42.0, 0.0, -1000.0), (42.0, 120.0, 1000.0)),
    )
    disc = Shape(
        lambda x, y, z: 15.0 * (np.sqrt((x / 18.5) ** 2 + ((y - spine_depth(z)) / 14.0) ** 2) - 1.0),
        85.0,
        ((-20.0, 10.0, -1000.0), (20.0, 70.0, 1000.0)),
    )
    shapes += [around, disc]
    for z in levels:
        shapes += [_vertebral_body(z, CORTEX, 0.0), _vertebral_body(z, MARROW, 1.6)]
        shapes += [*_arch(z, 3.4, CORTEX - 60.0), *_arch(z, 1.7, MARROW)]
    canal = Shape(
        lambda x, y, z: np.sqrt((x / 1.15) ** 2 + (y - spine_depth(z) - 21.0) ** 2) - 8.5,
        5.0,
        ((-12.0, 30.0, -1000.0), (12.0, 90.0, 1000.0)),
    )
    return [*shapes, canal, inset(canal, 4.0, 40.0)]


def _rib_line(z_back: float, drop: float, reach: float) -> NDArray[np.float64]:
    """Return points on one (left) rib, from its head at the spine to where its cartilage begins."""
    turn = np.linspace(np.radians(38.0), np.radians(reach), 22)
    z = z_back - drop * (1.0 - np.cos(turn)) / 2.0
    a, b, middle = cage_radii(z)
    power = 2.0 / 2.5
    x = (a + 5.0) * np.sin(turn) ** power
    y = middle - np.sign(-np.cos(turn)) * (b + 5.0) * np.abs(np.cos(turn)) ** power
    y_spine = float(spine_depth(z_back))
    head = [[16.0, y_spine + 8.0, z_back + 6.0], [36.0, y_spine + 25.0, z_back + 2.0]]
    return np.concatenate([head, np.stack([x, y, z], axis=1)])


def ribs() -> list[Shape]:
    """Return twelve pairs of ribs, cortex then marrow, and the cartilages of the upper ones."""
    outer: list[Shape] = []
    inner: list[Shape] = []
    gristle: list[Shape] = []
    for number in range(12):
        z_back = 122.0 - 24.5 * number
        drop = (34.0, 46.0, 56.0)[min(number, 2)] + 1.5 * number
        last = 146.0 if number < 7 else 150.0 - 13.0 * (number - 6)
        line = _rib_line(z_back, drop, last)
        for side in (-1, 1):
            points = line * [side, 1.0, 1.0]
            for p, q in itertools.pairwise(points):
                outer.append(capsule(p, q, (3.6, 3.6), CORTEX, tall=1.75))
                inner.append(capsule(p, q, (1.8, 1.8), MARROW, tall=1.9))
            if number < 7:
                gristle += _cartilage(points[-1], side, number)
    return [*gristle, *outer, *inner]


def _cartilage(end: NDArray[np.float64], side: int, number: int) -> list[Shape]:
    """Return the cartilage from a rib's end to the sternum's edge."""
    z = max(88.0 - 22.0 * number, -52.0)
    root = np.array([side * 17.0, float(_sternum_depth(np.asarray(z))), z])
    bend = (end + root) / 2.0 + [0.0, -5.0, -5.0]
    return [capsule(end, bend, (4.6, 4.6), 105.0, tall=1.4), capsule(bend, root, (4.6, 4.6), 105.0, tall=1.4)]


def _sternum_depth(z: Array) -> Array:
    _, b, middle = cage_radii(z)
    return np.asarray(middle - b - 3.5)


def sternum() -> list[Shape]:
    """Return manubrium and body, cortex then marrow."""
    shapes: list[Shape] = []
    for middle, tall, wide in ((76.0, 24.0, 25.0), (-4.0, 50.0, 15.0)):

        def distance(
            x: Array, y: Array, z: Array, c: float = middle, h: float = tall, w: float = wide
        ) -> Array:
            flat = np.abs(y - _sternum_depth(z)) / 5.0
            side = np.abs(x) / w
            rounded = np.sqrt(np.sqrt(flat**4 + side**4)) - 1.0
            return np.asarray(np.maximum(5.0 * rounded, np.abs(z - c) - h))

        plate = Shape(distance, 420.0, ((-28.0, -120.0, middle - tall - 1), (28.0, -20.0, middle + tall + 1)))
        shapes += [plate, inset(plate, 1.8, 120.0)]
    return shapes


def clavicles() -> list[Shape]:
    """Return both collar bones, from the manubrium outwards and back."""
    shapes: list[Shape] = []
    line = [(17.0, -66.0, 104.0), (55.0, -66.0, 112.0), (95.0, -42.0, 120.0), (130.0, -14.0, 130.0)]
    for radius, value in ((6.2, CORTEX), (3.8, MARROW)):
        for side in (-1, 1):
            points = [_mirrored(p, side) for p in line]
            shapes += [capsule(p, q, (radius, radius), value) for p, q in itertools.pairwise(points)]
    return shapes


def scapulae() -> list[Shape]:
    """Return both shoulder blades: thin plates with a thick lateral border and a spine."""
    shapes: list[Shape] = []
    for side in (-1, 1):
        out, along = np.array([side * 0.64, 0.77, -0.05]), np.array([side * 0.77, -0.64, 0.0])
        axes = np.array([out, along, np.cross(out, along)])
        center = _mirrored((104.0, 66.0, 66.0), side)
        blade = ellipsoid(center, (3.8, 36.0, 60.0), CORTEX, axes)
        above = ellipsoid(_mirrored((104.0, 66.0, 100.0), side), (8.0, 38.0, 40.0), CORTEX, axes)
        shapes += [blade, inset(blade, 1.4, MARROW), overlap(blade, above, CORTEX)]
        border = [_mirrored((92.0, 79.0, 14.0), side), _mirrored((138.0, 32.0, 112.0), side)]
        ridge = [_mirrored((86.0, 86.0, 92.0), side), _mirrored((140.0, 50.0, 122.0), side)]
        for (p, q), r in ((border, 5.0), (ridge, 4.6)):
            shapes += [capsule(p, q, (r, r * 1.4), CORTEX), capsule(p, q, (r - 2.0, r * 1.4 - 2.2), MARROW)]
    return shapes
