"""Several volumes along the same rays, as ``cpp/src/render/layers.cpp``, one ray at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from radpix._numba.absent import Absent, absent_of
from radpix._numba.jit import jit
from radpix._numba.render import _OPAQUE, _light, tables_of
from radpix._numba.render_blocks import distances
from radpix._numba.render_rays import (
    SHORTEST_REST,
    cell_at,
    entry_of,
    line_of,
    opacity_of,
    place_between,
    sample,
    sample_at,
    samples_to_skip,
)
from radpix._numba.threads import parallel_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from radpix._backend import Rays, RenderLayer

__all__ = ["composite_layers"]

_F = np.float32
_FOREVER = 1 << 30


@jit
def _add(mixture, color, light, highlight, lit, opacity, extinction):  # type: ignore[no-untyped-def]
    """Add a layer to ``mixture``: red, green, blue, opacity, extinction."""
    if not opacity > _F(0):
        return
    first = not mixture[3] > _F(0)
    mixture[4] = extinction if first else mixture[4] + extinction
    share = extinction / mixture[4]
    for c in range(3):
        shade = color[c]
        if lit:
            shade = min(_F(1), shade * light + highlight)
        mixture[c] = shade if first else mixture[c] + share * (shade - mixture[c])
    mixture[3] = opacity if first else mixture[3] + (_F(1) - mixture[3]) * opacity


@jit
def _add_mixture(mixture, ray):  # type: ignore[no-untyped-def]
    if mixture[3] > _F(0):
        weight = ray[3] * mixture[3]
        for c in range(3):
            ray[c] = ray[c] + weight * mixture[c]
        ray[3] = ray[3] - weight


@jit
def _look(scene, n, k, part, position, base, weight, mixture):  # type: ignore[no-untyped-def]
    """Add layer ``n``'s part in sample k to the mixture; return how many samples further it shows nothing."""
    voxels, absent, distance, tables, steps, numbers, lights, to_index = scene
    start, step, direction = part[0], part[1], part[2]
    for axis in range(3):
        position[axis] = start[axis] + _F(k) * step[axis]
    cell_at(voxels[n].shape, position, base, weight)
    reach = distance[n][base[0] // 8, base[1] // 8, base[2] // 8]
    if reach > 0:
        return samples_to_skip(base, position, step, reach)
    is_present, value = sample(voxels[n], absent[n], base, weight)
    entry = entry_of(value, numbers[n, 0], numbers[n, 1], len(tables[n]))
    opacity = steps[n][entry]
    if is_present and opacity > _F(0):
        light, highlight = _light(voxels[n], absent[n], to_index[n], position, value, direction, lights[n])
        color = tables[n][entry]
        _add(mixture, color, light, highlight, lights[n, 0] != 0, opacity, color[3])
    return 0


@jit
def _look_last(scene, n, rest, part, mixture):  # type: ignore[no-untyped-def]
    voxels, absent, _, tables, _, numbers, lights, to_index = scene
    direction, last = part[2], part[3]
    is_present, value = sample_at(voxels[n], absent[n], last)
    entry = entry_of(value, numbers[n, 0], numbers[n, 1], len(tables[n]))
    color = tables[n][entry]
    if is_present and color[3] > _F(0):
        light, highlight = _light(voxels[n], absent[n], to_index[n], last, value, direction, lights[n])
        opacity = _F(opacity_of(np.float64(color[3]) * rest))
        _add(mixture, color, light, highlight, lights[n, 0] != 0, opacity, color[3])


@jit
def _stretch(scene, rays, lines, ends, parts, ray):  # type: ignore[no-untyped-def]
    """Composite what lies between two places of a ray; ``lines`` (layers, 3, 3): origin, way, ends."""
    layers = len(lines)
    within = np.zeros((layers, 2), np.int64)
    count, rest = np.int64(0), 0.0
    position, weight = np.empty((2, 3), np.float32)
    base = np.empty(3, np.int64)
    mixture = np.empty(5, np.float32)
    last_within = np.zeros(layers, np.bool_)
    for n in range(layers):
        part = parts[n]
        count, rest, first_at, _ = place_between(
            rays, ends[0], ends[1], lines[n, 0], lines[n, 1], False, part[0], part[1], part[2], part[3]
        )
        near, far = lines[n, 2, 0], lines[n, 2, 1]
        if far - near > SHORTEST_REST and ends[1] - ends[0] > SHORTEST_REST:
            first = min(max(np.ceil((near - first_at) / rays.step), 0.0), np.float64(count))
            end = min(max(np.floor((far - first_at) / rays.step) + 1.0, first), np.float64(count))
            within[n, 0], within[n, 1] = np.int64(first), np.int64(end)
            last_at = ends[1] - rest / 2
            last_within[n] = near <= last_at <= far
    k = 0
    while k < count and ray[3] >= _OPAQUE:
        mixture[:] = _F(0)
        skip = _FOREVER
        for n in range(layers):
            if k < within[n, 0] and within[n, 0] < within[n, 1]:
                skip = min(skip, within[n, 0] - k)
            elif k >= within[n, 0] and k < within[n, 1]:
                skip = min(skip, _look(scene, n, k, parts[n], position, base, weight, mixture))
        _add_mixture(mixture, ray)
        k += max(skip, 1)
    if rest > 0 and ray[3] >= _OPAQUE:
        mixture[:] = _F(0)
        for n in range(layers):
            if last_within[n]:
                _look_last(scene, n, rest, parts[n], mixture)
        _add_mixture(mixture, ray)


@jit
def _composite(scene, rays, out, begin, end):  # type: ignore[no-untyped-def]
    voxels, to_index = scene[0], scene[7]
    layers = len(voxels)
    lines, parts = np.empty((layers, 3, 3)), np.empty((layers, 4, 3), np.float32)
    ray = np.empty(4, np.float32)
    ends = np.empty(4)
    for r in range(begin, end):
        for c in range(out.shape[1]):
            ray[:3] = _F(0)
            ray[3] = _F(1)
            nearest, farthest = np.inf, -np.inf
            for n in range(layers):
                near, far = line_of(rays, to_index[n], voxels[n].shape, r, c, lines[n, 0], lines[n, 1])
                lines[n, 2, 0], lines[n, 2, 1] = near, far
                if far - near > SHORTEST_REST:
                    nearest, farthest = min(nearest, near), max(farthest, far)
            ends[0], ends[1], ends[2], ends[3] = nearest, lines[0, 2, 0], lines[0, 2, 1], farthest
            if not ends[2] - ends[1] > SHORTEST_REST:
                ends[1] = ends[2] = farthest
            for stretch in range(3):
                if ends[stretch + 1] > ends[stretch]:
                    _stretch(scene, rays, lines, ends[stretch : stretch + 2], parts, ray)
            out[r, c, :3] = ray[:3]
            out[r, c, 3] = _F(1) - ray[3]


def _floats(voxels: NDArray[Any], padding: float | None) -> tuple[NDArray[np.float32], Absent]:
    """Return the voxels as float32, which compiled tuples need, and how the absent ones are told among these."""
    absent = absent_of(voxels, padding)
    floats = np.ascontiguousarray(voxels, np.float32)
    if voxels.dtype.itemsize <= 2 or voxels.dtype == np.float32 or not absent.any or absent.is_nan:
        return floats, absent._replace(value=np.float32(absent.value))
    # Present voxels may be rounded to the padding value: a number that is not among them is put in its place.
    gone = voxels == absent.value
    marker = np.finfo(np.float32).max
    while (floats == marker).any():
        marker = np.nextafter(marker, _F(0))
    floats[gone] = marker
    return floats, Absent(True, marker, False)


def composite_layers(
    layers: Sequence[RenderLayer], out: NDArray[Any], rays: Rays, *, num_threads: int
) -> None:
    if not 1 <= len(layers) <= 16:
        raise ValueError("a picture has 1 to 16 layers")
    tables, steps, near = [], [], []
    floats = [_floats(np.asarray(layer.voxels), layer.padding) for layer in layers]
    for layer in layers:
        table, opacities = tables_of(layer.table, rays.step)
        tables.append(table)
        steps.append(opacities)
        near.append(distances(layer.ranges, steps[-1], _F(layer.first), _F(layer.scale)))
    scene = (
        tuple(voxels for voxels, _ in floats),
        tuple(absent for _, absent in floats),
        tuple(np.ascontiguousarray(one) for one in near),
        tuple(np.ascontiguousarray(one) for one in tables),
        tuple(steps),
        np.array([(layer.first, layer.scale) for layer in layers], np.float32),
        np.array([layer.lighting for layer in layers], np.float64),
        np.array([layer.to_index for layer in layers], np.float64),
    )
    parallel_for(out.shape[0], 8, num_threads, lambda begin, end: _composite(scene, rays, out, begin, end))
