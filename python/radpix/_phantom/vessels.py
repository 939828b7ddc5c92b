"""Branching trees that fill a space as the vessels and airways of the lung do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from radpix._phantom.shapes import Shape, capsule

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["branches", "grow", "tube"]

Points = NDArray[np.float64]


def grow(
    trunk: Points,
    room: Callable[[Points], NDArray[np.bool_]],
    box: tuple[Points, Points],
    tips: int,
    seed: int,
) -> tuple[Points, NDArray[np.intp]]:
    """Grow a tree from a trunk towards random tips inside a space.

    Each tip, nearest first, joins the node that gives the shortest way, counting a third of the way already
    travelled from the trunk: what keeps branches straight. A joint is placed half-way, bent a little.

    Parameters
    ----------
    trunk
        (n, 3) nodes of the trunk, the root first.
    room
        Whether points (m, 3) lie in the space.
    box
        Its lowest and highest corner.
    tips
        Number of tips.
    seed
        Of the random generator.

    Returns
    -------
    nodes, parents
        (n, 3) positions and the index of each node's parent; the root is its own.
    """
    rng = np.random.default_rng(seed)
    found = rng.uniform(box[0], box[1], size=(tips * 8, 3))
    found = found[room(found)][:tips]
    order = np.argsort(np.linalg.norm(found - trunk[-1], axis=1))
    nodes = np.empty((len(trunk) + 2 * len(found), 3))
    parents = np.zeros(len(nodes), dtype=np.intp)
    way = np.zeros(len(nodes))
    count = len(trunk)
    nodes[:count] = trunk
    parents[1:count] = np.arange(count - 1)
    for tip in found[order]:
        gap = np.linalg.norm(nodes[:count] - tip, axis=1)
        parent = int(np.argmin(gap + way[:count] / 3.0))
        joint = (nodes[parent] + tip) / 2.0 + rng.normal(scale=0.06 * gap[parent], size=3)
        nodes[count], nodes[count + 1] = joint, tip
        parents[count], parents[count + 1] = parent, count
        way[count] = way[parent] + gap[parent] / 2.0
        way[count + 1] = way[parent] + gap[parent]
        count += 2
    return nodes, parents


def branches(
    nodes: Points,
    parents: NDArray[np.intp],
    value: float,
    *,
    tip_radius: float,
    max_radius: float,
    wall: float = 0.0,
) -> list[Shape]:
    """Return the branches of a tree as cones; radii follow Murray's law, r^2.7 adds up where branches meet."""
    load = np.zeros(len(nodes))
    leaf = np.ones(len(nodes), dtype=bool)
    leaf[parents[1:]] = False
    load[leaf] = 1.0
    for node in range(len(nodes) - 1, 0, -1):
        load[parents[node]] += load[node]
    radii = np.minimum(tip_radius * np.maximum(load, 1.0) ** (1 / 2.7), max_radius) + wall
    return [
        capsule(nodes[parents[k]], nodes[k], (min(radii[parents[k]], 1.3 * radii[k]), radii[k]), value)
        for k in range(1, len(nodes))
    ]


def tube(line: list[tuple[float, float, float]], radii: tuple[float, float], value: float) -> list[Shape]:
    """Return a tube along a smooth curve through points (Catmull-Rom), its radius changing evenly."""
    points = np.array(line, dtype=float)
    padded = np.concatenate([[2 * points[0] - points[1]], points, [2 * points[-1] - points[-2]]])
    steps = np.linspace(0.0, 1.0, 7)[:-1]
    curve = [
        0.5
        * (
            2 * p1
            + (p2 - p0) * t
            + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t * t
            + (3 * p1 - p0 - 3 * p2 + p3) * t**3
        )
        for p0, p1, p2, p3 in zip(padded[:-3], padded[1:-2], padded[2:-1], padded[3:], strict=True)
        for t in steps
    ]
    curve.append(points[-1])
    width = np.linspace(radii[0], radii[1], len(curve))
    return [
        capsule(curve[k], curve[k + 1], (float(width[k]), float(width[k + 1])), value)
        for k in range(len(curve) - 1)
    ]
