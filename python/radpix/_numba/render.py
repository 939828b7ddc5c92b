"""Rays through a volume, as ``cpp/src/render``: the same arithmetic in float32, one ray at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from radpix._numba.absent import absent_of
from radpix._numba.jit import jit
from radpix._numba.render_blocks import distances
from radpix._numba.render_rays import (
    cell_at,
    entry_of,
    opacity_of,
    place,
    sample,
    sample_at,
    samples_to_skip,
)
from radpix._numba.threads import parallel_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from radpix._backend import Lighting, Rays

__all__ = ["composite", "tables_of"]

_F = np.float32
_OPAQUE = np.float32(1 / 1024)


@jit
def _facing(voxels, absent, to_index, position, value, direction):  # type: ignore[no-untyped-def]
    gradient = np.empty(3, np.float32)
    near = np.empty(3, np.float32)
    for axis in range(3):
        near[:] = position
        near[axis] = position[axis] + _F(1)
        above, upper = sample_at(voxels, absent, near)
        near[axis] = position[axis] - _F(1)
        below, lower = sample_at(voxels, absent, near)
        change = (upper if above else value) - (lower if below else value)
        gradient[axis] = change * (_F(0.5) if above and below else _F(1))
    along = gradient[0] * direction[0] + gradient[1] * direction[1]
    along = along + gradient[2] * direction[2]
    square = _F(0)
    for j in range(3):
        component = _F(to_index[j]) * gradient[0] + _F(to_index[4 + j]) * gradient[1]
        component = component + _F(to_index[8 + j]) * gradient[2]
        square = component * component if j == 0 else square + component * component
    if not square > _F(0):
        return _F(0)
    cosine = np.abs(along) / np.sqrt(square)
    return min(_F(1), cosine)


@jit
def _power_of(base, power):  # type: ignore[no-untyped-def]
    result = _F(1)
    while power != 0:
        if power & 1:
            result = result * base
        base = base * base
        power >>= 1
    return result


@jit
def _light(voxels, absent, to_index, position, value, direction, lighting):  # type: ignore[no-untyped-def]
    """Return what the colours of a sample are multiplied by, and what is added to them."""
    if not lighting[0]:
        return _F(1), _F(0)
    n = _facing(voxels, absent, to_index, position, value, direction)
    return _F(lighting[1]) + _F(lighting[2]) * n, _F(lighting[3]) * _power_of(n, np.int64(lighting[4]))


@jit
def _add_sample(color, opacity, light, highlight, lit, ray):  # type: ignore[no-untyped-def]
    """Add a sample to ``ray``: red, green, blue, transmittance."""
    weight = ray[3] * opacity
    for c in range(3):
        shade = color[c]
        if lit:
            shade = shade * light + highlight
            shade = min(_F(1), shade)
        ray[c] = ray[c] + weight * shade
    ray[3] = ray[3] - weight


@jit
def _composite(voxels, absent, distance, out, rays, table, steps, first, scale, lighting, begin, end):  # type: ignore[no-untyped-def]
    start, step, direction, last, position = np.empty((5, 3), np.float32)
    weight = np.empty(3, np.float32)
    base = np.empty(3, np.int64)
    ray = np.empty(4, np.float32)
    for r in range(begin, end):
        for c in range(out.shape[1]):
            count, rest, _, _ = place(rays, voxels.shape, r, c, False, start, step, direction, last)
            ray[:3] = _F(0)
            ray[3] = _F(1)
            k = 0
            while k < count and ray[3] >= _OPAQUE:
                for axis in range(3):
                    position[axis] = start[axis] + _F(k) * step[axis]
                cell_at(voxels.shape, position, base, weight)
                reach = distance[base[0] // 8, base[1] // 8, base[2] // 8]
                if reach > 0:
                    k += samples_to_skip(base, position, step, reach)
                    continue
                k += 1
                is_present, value = sample(voxels, absent, base, weight)
                entry = entry_of(value, first, scale, len(table))
                if is_present and steps[entry] > _F(0):
                    light, highlight = _light(
                        voxels, absent, rays.to_index, position, value, direction, lighting
                    )
                    _add_sample(table[entry], steps[entry], light, highlight, lighting[0], ray)
            if rest > 0 and ray[3] >= _OPAQUE:
                is_present, value = sample_at(voxels, absent, last)
                entry = entry_of(value, first, scale, len(table))
                opacity = _F(opacity_of(np.float64(table[entry, 3]) * rest))
                if is_present and opacity > _F(0):
                    light, highlight = _light(voxels, absent, rays.to_index, last, value, direction, lighting)
                    _add_sample(table[entry], opacity, light, highlight, lighting[0], ray)
            out[r, c, :3] = ray[:3]
            out[r, c, 3] = _F(1) - ray[3]


def tables_of(table: NDArray[Any], step: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return a transfer table within its range, and the opacities of a step: `scene_of` in scene.cpp."""
    colors = np.where(table > 0, table, np.float32(0))
    colors[:, :3] = np.minimum(colors[:, :3], np.float32(1))
    return colors, np.array([opacity_of(float(mu) * step) for mu in colors[:, 3]], np.float32)


def composite(
    voxels: NDArray[Any],
    ranges: NDArray[Any],
    out: NDArray[Any],
    rays: Rays,
    table: NDArray[Any],
    first: float,
    scale: float,
    lighting: Lighting,
    *,
    num_threads: int,
    padding: float | None = None,
) -> None:
    absent = absent_of(voxels, padding)
    colors, steps = tables_of(table, rays.step)
    distance = distances(ranges, steps, _F(first), _F(scale))
    parallel_for(
        out.shape[0],
        8,
        num_threads,
        lambda begin, end: _composite(
            voxels, absent, distance, out, rays, colors, steps, _F(first), _F(scale), lighting, begin, end
        ),
    )
