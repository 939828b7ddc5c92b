"""Lungs, heart, great vessels, airways and the upper abdomen of the phantom."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from radpix._phantom.bones import cage
from radpix._phantom.shapes import Shape, capsule, ellipsoid, inset, overlap
from radpix._phantom.vessels import branches, grow, tube

__all__ = ["LESION", "abdomen", "airways", "heart", "lesion", "lungs", "mediastinum", "vessels"]

Array = NDArray[Any]
Point = tuple[float, float, float]

#: Centre (patient mm) and radius of the nodule in the right upper lobe.
LESION: tuple[Point, float] = ((-72.0, 14.0, 52.0), 9.0)

_HEART: Point = (16.0, -28.0, -37.0)
# The heart's long axis points to the left, forward and down; then two directions across it.
_LONG = np.array([0.66, -0.57, -0.49]) / np.linalg.norm([0.66, -0.57, -0.49])
_ACROSS = np.cross(_LONG, [0.0, 0.0, 1.0]) / np.linalg.norm(np.cross(_LONG, [0.0, 0.0, 1.0]))
_AXES = np.array([_LONG, _ACROSS, np.cross(_LONG, _ACROSS)])


def _blend(distances: list[Array], width: float) -> Array:
    """Return the distance to a union whose creases are filled over some mm (a polynomial smooth minimum)."""
    joined = distances[0]
    for other in distances[1:]:
        fill = np.maximum(width - np.abs(joined - other), 0.0)
        joined = np.minimum(joined, other) - fill * fill / (4.0 * width)
    return np.asarray(joined)


def _diaphragm(depth: float, value: float) -> Shape:
    """Return what bulges into the chest from below: a right and a left dome and the saddle under the heart."""
    domes = [
        ellipsoid((-64.0, 6.0, -160.0), (76.0, 92.0, 98.0), 0.0),
        ellipsoid((70.0, 8.0, -170.0), (70.0, 90.0, 94.0), 0.0),
        ellipsoid((6.0, 2.0, -162.0), (70.0, 88.0, 80.0), 0.0),
    ]
    box = ((-142.0, -90.0, -1000.0), (142.0, 100.0, -50.0))
    return Shape(lambda x, y, z: _blend([d.distance(x, y, z) for d in domes], 22.0) + depth, value, box)


def _middle(depth: float, value: float) -> Shape:
    """Return the space between the lungs: the pericardium and a column of fat, narrow in front, waisted."""
    sac = _pericardium(0.0, 0.0)

    def distance(x: Array, y: Array, z: Array) -> Array:
        waist = (
            27.0 + 5.0 * np.clip((z - 50.0) / 80.0, 0.0, 1.0) + 6.0 * np.clip((-60.0 - z) / 50.0, 0.0, 1.0)
        )
        wide = waist * (1.0 - 0.45 * np.clip((-16.0 - y) / 60.0, 0.0, 1.0))
        column = 24.0 * (np.sqrt(((x - 2.0) / wide) ** 2 + ((y + 6.0) / 74.0) ** 2) - 1.0)
        return _blend([column, sac.distance(x, y, z)], 18.0) + depth

    return Shape(distance, value, ((-62.0, -95.0, -1000.0), (92.0, 92.0, 1000.0)))


def _pericardium(shrink: float, value: float) -> Shape:
    return ellipsoid(_HEART, (66.0 - shrink, 50.0 - shrink, 48.0 - shrink), value, _AXES)


def lungs() -> list[Shape]:
    """Return both lungs as one space (what parts them is painted over), denser behind, and the fissures."""

    def density(x: Array, y: Array, z: Array) -> Array:
        return np.asarray(-868.0 + 0.35 * (y + 0 * x + 0 * z))

    space = Shape(cage(-1.5, 0.0).distance, density, ((-135.0, -95.0, -1000.0), (135.0, 95.0, 150.0)))
    fissures = []
    for side, tilt, offset in ((-1, 0.75, -6.0), (1, 0.8, 2.0)):
        # The oblique fissures rise from front to back.
        def plane(x: Array, y: Array, z: Array, t: float = tilt, o: float = offset) -> Array:
            return np.asarray(np.abs((z - o) - t * (y - 5.0) - 0.0012 * x * x) / np.hypot(1.0, t) - 0.15)

        half = (0.0, 135.0) if side > 0 else (-135.0, 0.0)
        sheet = Shape(plane, -700.0, ((half[0], -95.0, -110.0), (half[1], 95.0, 110.0)))
        fissures.append(overlap(sheet, inset(space, 2.0, 0.0), -700.0))
    return [space, *fissures]


def _in_lung(side: int, margin: float) -> Any:
    """Return a test of whether points (n, 3) lie inside one lung, ``margin`` mm from everything else."""
    walls = [_diaphragm(0.0, 0.0), _middle(0.0, 0.0)]
    space = cage(-2.0 - margin, 0.0)

    def inside(points: NDArray[np.float64]) -> NDArray[np.bool_]:
        x, y, z = points.T
        free = (space.distance(x, y, z) < 0) & (side * x > 0)
        for wall in walls:
            free &= wall.distance(x, y, z) > margin
        return np.asarray(free)

    return inside


def _tree(side: int, trunk: list[Point], tips: int, seed: int, margin: float) -> Any:
    low, high = np.array([0.0, -90.0, -150.0]), np.array([130.0, 92.0, 140.0])
    if side < 0:
        low[0], high[0] = -130.0, 0.0
    return grow(np.array(trunk), _in_lung(side, margin), (low, high), tips, seed)


@cache
def vessels() -> tuple[Shape, ...]:
    """Return the pulmonary arteries and veins beyond the hila."""
    shapes: list[Shape] = []
    trees = (
        (-1, [(-30.0, 0.0, 22.0), (-44.0, 4.0, 12.0)], 900, 11),
        (1, [(34.0, 6.0, 30.0), (46.0, 10.0, 20.0)], 820, 12),
        (-1, [(-24.0, 12.0, -16.0), (-42.0, 8.0, -17.0)], 560, 13),
        (1, [(28.0, 14.0, -14.0), (44.0, 12.0, -14.0)], 500, 14),
    )
    for side, trunk, tips, seed in trees:
        nodes, parents = _tree(side, trunk, tips, seed, 2.5)
        shapes += branches(nodes, parents, 170.0, tip_radius=0.66, max_radius=7.5)
    return tuple(shapes)


@cache
def airways() -> tuple[Shape, ...]:
    """Return trachea and bronchi: walls, then the air in them."""
    carina: Point = (-1.0, 14.0, 44.0)
    right: list[Point] = [carina, (-20.0, 15.0, 26.0), (-38.0, 14.0, 8.0)]
    left: list[Point] = [carina, (20.0, 18.0, 28.0), (42.0, 20.0, 10.0)]
    windpipe: list[Point] = [(0.0, -2.0, 190.0), (-1.0, 6.0, 110.0), carina]
    trees = [_tree(-1, right[-2:], 36, 21, 14.0), _tree(1, left[-2:], 32, 22, 14.0)]
    shapes: list[Shape] = []
    for wall, value in ((1.4, 25.0), (0.0, -990.0)):
        for nodes, parents in trees:
            thin = min(wall, 0.7)
            shapes += branches(nodes, parents, value, tip_radius=0.9, max_radius=4.8, wall=thin)
        shapes += tube(windpipe, (8.5 + wall, 8.5 + wall), value)
        shapes += tube(right, (7.0 + wall, 5.2 + wall), value) + tube(left, (6.4 + wall, 4.8 + wall), value)
    return tuple(shapes)


def mediastinum() -> list[Shape]:
    """Return the fat between the lungs with thymus, nodes and oesophagus."""
    gullet: list[Point] = [(3.0, 22.0, 190.0), (4.0, 27.0, 60.0), (6.0, 26.0, -40.0), (20.0, 14.0, -112.0)]
    return [
        _middle(0.0, 20.0),
        _middle(1.0, -92.0),
        ellipsoid((4.0, -64.0, 40.0), (13.0, 7.0, 26.0), -20.0),
        ellipsoid((-14.0, 6.0, 62.0), (5.0, 4.0, 6.0), 40.0),
        ellipsoid((14.0, 2.0, 42.0), (5.0, 4.0, 5.0), 42.0),
        ellipsoid((2.0, 20.0, 28.0), (9.0, 5.0, 7.0), 42.0),
        *tube(gullet, (7.0, 8.0), 38.0),
        *tube([(gullet[0][0], 21.0, 190.0), (4.0, 26.0, 60.0), (6.0, 25.0, -40.0)], (1.8, 1.2), -600.0),
    ]


def _chamber(offset: Point, radii: Point, value: float) -> Shape:
    middle = (_HEART[0] + offset[0], _HEART[1] + offset[1], _HEART[2] + offset[2])
    return ellipsoid(middle, radii, value, _AXES)


def _great_vessels() -> list[Shape]:
    """Return aorta, pulmonary trunk and arteries, and the caval veins, with contrast medium."""
    arch: list[Point] = [(8.0, -20.0, -18.0), (-10.0, -32.0, 14.0), (-15.0, -32.0, 46.0), (-4.0, -16.0, 74.0)]
    arch += [
        (14.0, 10.0, 78.0),
        (25.0, 30.0, 56.0),
        (26.0, 34.0, 10.0),
        (21.0, 30.0, -70.0),
        (13.0, 21.0, -200.0),
    ]
    trunk: list[Point] = [(15.0, -46.0, -18.0), (19.0, -38.0, 22.0), (17.0, -14.0, 36.0)]
    right: list[Point] = [(17.0, -14.0, 36.0), (-6.0, -8.0, 28.0), (-30.0, 0.0, 22.0), (-44.0, 4.0, 12.0)]
    left: list[Point] = [(17.0, -14.0, 36.0), (26.0, -2.0, 35.0), (34.0, 6.0, 30.0), (46.0, 10.0, 20.0)]
    upper: list[Point] = [
        (-24.0, -14.0, 150.0),
        (-25.0, -18.0, 84.0),
        (-29.0, -16.0, 30.0),
        (-27.0, -14.0, 0.0),
    ]
    lower: list[Point] = [(-26.0, -8.0, -40.0), (-24.0, 2.0, -90.0), (-20.0, 12.0, -200.0)]
    brachial: list[Point] = [
        (70.0, -30.0, 122.0),
        (30.0, -32.0, 98.0),
        (-4.0, -34.0, 88.0),
        (-25.0, -20.0, 80.0),
    ]
    return [
        *tube(upper, (8.0, 10.0), 250.0),
        *tube(brachial, (5.5, 6.5), 240.0),
        *tube(lower, (11.0, 10.5), 120.0),
        *tube(trunk, (14.0, 12.5), 230.0),
        *tube(right, (11.0, 7.5), 220.0),
        *tube(left, (11.0, 7.5), 220.0),
        *tube([(-4.0, -18.0, 74.0), (-14.0, -14.0, 104.0), (-26.0, -4.0, 150.0)], (6.5, 5.5), 270.0),
        *tube([(5.0, -4.0, 78.0), (11.0, 0.0, 108.0), (16.0, 4.0, 150.0)], (4.5, 4.0), 270.0),
        *tube([(14.0, 10.0, 80.0), (22.0, 12.0, 108.0), (34.0, 10.0, 150.0)], (5.0, 4.6), 270.0),
        *tube(arch, (14.5, 10.5), 270.0),
        capsule((-12.0, -18.0, 73.0), (-7.0, -29.0, 66.0), (1.2, 1.0), 900.0),
    ]


def heart() -> list[Shape]:
    """Return pericardial fat, muscle, the four chambers with contrast medium, and the great vessels."""
    veins: list[Shape] = []
    for side, y in ((-1, 12.0), (1, 14.0)):
        inner = (side * 6.0 + 2.0, 4.0, -20.0)
        veins += tube([inner, (side * 24.0, y, -15.0), (side * 43.0, y - 2.0, -16.0)], (8.0, 5.5), 235.0)
    return [
        _pericardium(2.0, 30.0),
        _pericardium(3.5, -88.0),
        ellipsoid(_HEART, (60.0, 43.0, 42.0), 105.0, _AXES),
        _chamber((-31.0, -3.0, 4.0), (21.0, 24.0, 26.0), 200.0),
        _chamber((-9.0, 25.0, 12.0), (20.0, 31.0, 20.0), 240.0),
        _chamber((2.0, -19.0, -2.0), (38.0, 14.0, 22.0), 190.0),
        _chamber((19.0, 4.0, -9.0), (34.0, 19.0, 19.0), 245.0),
        ellipsoid((30.0, -29.0, -45.0), (4.0, 4.0, 8.0), 105.0, _AXES),
        ellipsoid((38.0, -23.0, -55.0), (4.0, 3.5, 8.0), 105.0, _AXES),
        *veins,
        *_great_vessels(),
    ]


def abdomen() -> list[Shape]:
    """Return diaphragm, fat, liver with vessels and a cyst, spleen, and a stomach with its fluid level."""
    below = _diaphragm(3.0, -98.0)
    stomach = ellipsoid((58.0, -18.0, -142.0), (38.0, 42.0, 48.0), 60.0)
    content = inset(stomach, 4.0, 14.0)
    air = Shape(
        lambda x, y, z: y + 30.0 + 0.0 * (x + z), -985.0, ((0.0, -95.0, -220.0), (120.0, -29.0, -80.0))
    )
    spleen_axes = np.array([[0.8, 0.6, 0.0], [-0.6, 0.8, 0.0], [0.0, 0.0, 1.0]])
    lobes = [
        ellipsoid((-70.0, 6.0, -152.0), (80.0, 92.0, 104.0), 0.0),
        ellipsoid((2.0, -40.0, -132.0), (56.0, 40.0, 60.0), 0.0),
    ]
    mass = Shape(lambda x, y, z: _blend([lobe.distance(x, y, z) for lobe in lobes], 24.0), 0.0, below.box)
    liver = overlap(inset(below, 1.0, 0.0), mass, 112.0)
    portal: list[Point] = [
        (-6.0, -6.0, -170.0),
        (-30.0, -4.0, -136.0),
        (-62.0, -2.0, -124.0),
        (-96.0, 10.0, -118.0),
    ]
    return [
        _diaphragm(0.0, 55.0),
        below,
        liver,
        *tube(portal, (7.0, 2.5), 165.0),
        *tube([(-62.0, -2.0, -124.0), (-70.0, -40.0, -112.0)], (4.0, 2.0), 165.0),
        *tube([(-25.0, 0.0, -86.0), (-48.0, 8.0, -94.0), (-92.0, 30.0, -112.0)], (6.0, 2.0), 150.0),
        *tube([(-25.0, 0.0, -86.0), (-42.0, -22.0, -92.0), (-66.0, -52.0, -112.0)], (5.0, 2.0), 150.0),
        ellipsoid((-88.0, -26.0, -108.0), (11.0, 11.0, 11.0), 8.0),
        ellipsoid((96.0, 46.0, -132.0), (19.0, 42.0, 42.0), 118.0, spleen_axes),
        stomach,
        content,
        overlap(content, air, -985.0),
        *tube([(0.0, 4.0, -120.0), (20.0, 14.0, -112.0), (40.0, 0.0, -124.0)], (8.0, 9.0), 45.0),
    ]


def lesion() -> list[Shape]:
    """Return the spiculated nodule and a small calcified granuloma."""
    center, radius = LESION
    rng = np.random.default_rng(5)
    rays = rng.normal(size=(16, 3))
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    spikes = [
        capsule(np.array(center), np.array(center) + ray * (radius + 5.0 + 4.0 * k / 16), (1.4, 0.25), -60.0)
        for k, ray in enumerate(rays)
    ]
    nodule = ellipsoid(center, (radius, radius, radius), 38.0)
    return [*spikes, nodule, ellipsoid((78.0, 40.0, -20.0), (2.6, 2.6, 2.6), 640.0)]
