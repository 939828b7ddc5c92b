"""Ray casting in float64, ray by ray and sample by sample, from the volume rendering integral.

Levoy 1988 with the opacities of Beer-Lambert: over d mm of extinction mu, exp(-mu d) of the light goes on. Nothing is
skipped and no ray ends early.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from tests.python.oracle import padded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def trilinear(voxels: NDArray[Any], index: Array) -> Array:
    """Values at indices (..., 3), clamped at the outermost centres."""
    index = np.clip(index, 0, np.array(voxels.shape) - 1.0)
    low = np.minimum(np.floor(index).astype(int), np.maximum(np.array(voxels.shape) - 2, 0))
    high = np.minimum(low + 1, np.array(voxels.shape) - 1)
    weight = index - low
    total = np.zeros(index.shape[:-1])
    for corner in np.ndindex(2, 2, 2):
        at = [np.where(c, high[..., a], low[..., a]) for a, c in enumerate(corner)]
        share = np.prod([weight[..., a] if c else 1 - weight[..., a] for a, c in enumerate(corner)], axis=0)
        total += share * voxels[tuple(at)].astype(np.float64)
    return total


def sampled(voxels: NDArray[Any], index: Array, padding: float | None) -> tuple[Array, Array]:
    """Values at indices (..., 3), and the weight that is present in each: a sample is there from 1/2 on."""
    if padding is None:
        return trilinear(voxels, index), np.ones(index.shape[:-1])
    return padded.linear(voxels, index, padding)


def gradients(voxels: NDArray[Any], index: Array, padding: float | None = None) -> Array:
    """Central differences over one voxel either way, per index; one-sided beside what is absent, 0 between it."""
    here, _ = sampled(voxels, index, padding)
    parts = []
    for step in np.eye(3):
        (upper, above), (lower, below) = (sampled(voxels, index + e, padding) for e in (step, -step))
        change = np.where(above < 0.5, here, upper) - np.where(below < 0.5, here, lower)
        change[np.abs(change) < 1e-9 * np.abs(here)] = 0  # what the divisions by weights are rounded by
        parts.append(change / np.where(np.minimum(above, below) < 0.5, 1, 2))
    return np.stack(parts, axis=-1)


def inside(shape: tuple[int, ...], origin: Array, way: Array) -> tuple[float, float]:
    """From where to where, in mm, a ray in indices is inside the volume."""
    near, far = -np.inf, np.inf
    for axis in range(3):
        ends = np.array([-0.5, shape[axis] - 0.5]) - origin[axis]
        if abs(way[axis]) < 1e-12:
            if ends[0] > 0 or ends[1] < 0:
                return 0.0, 0.0
            continue
        first, last = sorted(ends / way[axis])
        near, far = max(near, first), min(far, last)
    return near, far


def ray_in_indices(affine: Array, eye: Array, direction: Array) -> tuple[Array, Array]:
    """Index at t = 0 and indices per mm."""
    matrix = np.linalg.inv(affine)
    unit: Array = direction / float(np.linalg.norm(direction))
    return matrix[:3, :3] @ eye + matrix[:3, 3], np.asarray(matrix[:3, :3] @ unit, dtype=np.float64)


def composite(
    voxels: NDArray[Any],
    affine: Array,
    eye: Array,
    direction: Array,
    *,
    step: float,
    transfer: Callable[[Array], Array],
    lighting: tuple[float, float, float, int] | None = None,
    near: float = -np.inf,
    padding: float | None = None,
) -> Array:
    """Premultiplied red, green, blue, and the opacity of one ray; ``transfer`` gives colours and extinctions per mm."""
    origin, way = ray_in_indices(affine, eye, direction)
    start, end = inside(voxels.shape, origin, way)
    start = max(start, near)
    if end - start <= 0:
        return np.zeros(4)
    edges = np.append(np.arange(start, end - 1e-9, step), end)
    middles, lengths = (edges[:-1] + edges[1:]) / 2, np.diff(edges)
    index = origin + middles[:, None] * way
    values, weights = sampled(voxels, index, padding)
    colors = transfer(values)
    colors[weights < 0.5, 3] = 0
    opacity = 1 - np.exp(-colors[:, 3] * lengths)
    shades = colors[:, :3]
    if lighting is not None:
        shades = lit(shades, voxels, affine, index, direction, lighting, padding)
    before = np.concatenate([[1.0], np.cumprod(1 - opacity)])
    weights = before[:-1] * opacity
    return np.append(weights @ shades, 1 - before[-1])


def composite_layers(
    layers: Sequence[tuple[NDArray[Any], Array, Callable[[Array], Array]]],
    eye: Array,
    direction: Array,
    *,
    step: float,
    lighting: tuple[float, float, float, int] | None = None,
    near: float = -np.inf,
    paddings: Sequence[float | None] | None = None,
) -> Array:
    """As `composite`, of (voxels, affine, transfer) each: extinctions and emissions add up at every sample."""
    lines = [ray_in_indices(affine, eye, direction) for _, affine, _ in layers]
    ends = [
        (max(start, near), end)
        for (voxels, _, _), line in zip(layers, lines, strict=True)
        for start, end in [inside(voxels.shape, *line)]
    ]
    hit = [end for end in ends if end[1] - end[0] > 0]
    if not hit:
        return np.zeros(4)
    nearest, farthest = min(a for a, _ in hit), max(b for _, b in hit)
    first = ends[0] if ends[0] in hit else (farthest, farthest)
    total, light = np.zeros(4), 1.0
    for start, stop in ((nearest, first[0]), first, (first[1], farthest)):
        edges = np.append(np.arange(start, stop - 1e-9, step), stop)
        for a, b in pairwise(edges):
            extinction, emission = 0.0, np.zeros(3)
            for (voxels, affine, transfer), padding, (origin, way), (begin, end) in zip(
                layers, paddings or [None] * len(layers), lines, ends, strict=True
            ):
                middle = (a + b) / 2
                if not begin <= middle <= end or end - begin <= 0:
                    continue
                index = (origin + middle * way)[None]
                value, weight = sampled(voxels, index, padding)
                if weight[0] < 0.5:
                    continue
                color = transfer(value)[0]
                shade = color[:3]
                if lighting is not None:
                    shade = lit(shade[None], voxels, affine, index, direction, lighting, padding)[0]
                extinction += color[3]
                emission += color[3] * shade
            if extinction > 0:
                opacity = 1 - np.exp(-extinction * (b - a))
                total += light * opacity * np.append(emission / extinction, 1)
                light *= 1 - opacity
    return total


def lit(
    shades: Array,
    voxels: NDArray[Any],
    affine: Array,
    index: Array,
    direction: Array,
    lighting: tuple[float, float, float, int],
    padding: float | None = None,
) -> Array:
    """Colours (n, 3) at indices (n, 3), lit from the eye by Blinn and Phong, of surfaces with two sides."""
    ambient, diffuse, specular, power = lighting
    per_mm = gradients(voxels, index, padding) @ np.linalg.inv(affine)[:3, :3]
    size = np.linalg.norm(per_mm, axis=1)
    unit = direction / np.linalg.norm(direction)
    facing = np.abs(per_mm @ unit) / np.where(size > 0, size, 1)
    shades = shades * (ambient + diffuse * facing)[:, None] + (specular * facing**power)[:, None]
    return np.asarray(np.minimum(shades, 1), np.float64)


def samples(
    voxels: NDArray[Any], affine: Array, eye: Array, direction: Array, *, step: float, near: float = -np.inf
) -> tuple[Array, Array, float]:
    """Values and places in mm of the middles of equal parts no longer than a step, and the parts' length."""
    origin, way = ray_in_indices(affine, eye, direction)
    start, end = inside(voxels.shape, origin, way)
    start = max(start, near)
    if end - start <= 0:
        return np.zeros(0), np.zeros(0), 0.0
    count = max(1, int(np.ceil((end - start) / step - 1e-6)))
    length = (end - start) / count
    places: Array = np.asarray(start + (np.arange(count) + 0.5) * length, dtype=np.float64)
    return trilinear(voxels, origin + places[:, None] * way), places, length


def present_samples(
    voxels: NDArray[Any],
    affine: Array,
    eye: Array,
    direction: Array,
    *,
    step: float,
    padding: float,
    near: float = -np.inf,
) -> tuple[Array, Array, Array, float]:
    """As `samples`, of the voxels that are present: values, the weights present in them, places, the parts' length."""
    nothing = np.zeros(voxels.shape)
    _, places, length = samples(nothing, affine, eye, direction, step=step, near=near)
    origin, way = ray_in_indices(affine, eye, direction)
    values, weights = padded.linear(voxels, origin + places[:, None] * way, padding)
    return values, weights, places, length


def is_undecided(
    voxels: NDArray[Any],
    affine: Array,
    eye: Array,
    direction: Array,
    *,
    step: float,
    padding: float,
    near: float = -np.inf,
) -> bool:
    """Whether a sample of `composite`, or one beside it, is too near the limit of 1/2 for float32."""
    origin, way = ray_in_indices(affine, eye, direction)
    start, end = inside(voxels.shape, origin, way)
    start = max(start, near)
    if end - start <= 0:
        return False
    edges = np.append(np.arange(start, end - 1e-9, step), end)
    index = origin + ((edges[:-1] + edges[1:]) / 2)[:, None] * way
    beside = [np.zeros(3), *np.eye(3), *-np.eye(3)]
    return any(bool((np.abs(sampled(voxels, index + e, padding)[1] - 0.5) < 1e-4).any()) for e in beside)
