"""The compiled core behind the `Kernels` protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from radpix import _core
from radpix._backend import (
    _ZERO,
    AxisMap,
    Buffer,
    Combine,
    Deviation,
    FrameLayout,
    FrameSelection,
    Grid,
    Lighting,
    Rays,
    RenderLayer,
    Rows,
    Voi,
)
from radpix._core import (
    carry_frames,
    cpu_level,
    measure_path,
    num_threads,
    report_to,
    sample_path,
    set_num_threads,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = [
    "blend",
    "block_ranges",
    "carry_frames",
    "cast_rays",
    "composite",
    "composite_layers",
    "cpu_level",
    "decodable",
    "decode_frames",
    "look_up",
    "measure_path",
    "name",
    "num_threads",
    "project",
    "report_to",
    "resample",
    "rescale",
    "reslice",
    "reslice_lines",
    "sample_path",
    "set_num_threads",
    "spline_coefficients",
    "transform",
    "window",
]

name = "native"


def decodable() -> frozenset[str]:
    return frozenset(_core.decodable())


def decode_frames(
    transfer_syntax: str,
    codestreams: Sequence[Buffer],
    layout: FrameLayout,
    out: NDArray[Any],
    *,
    keep_components: bool,
    num_threads: int,
    selection: FrameSelection | None = None,
) -> list[Deviation]:
    found = _core.decode_frames(
        transfer_syntax, list(codestreams), layout, out, keep_components, num_threads, selection
    )
    return [Deviation(*deviation) for deviation in found]


def window(pixels: NDArray[Any], out: NDArray[Any], voi: Voi, *, num_threads: int) -> None:
    _core.window(pixels, out, voi, num_threads)


def rescale(
    pixels: NDArray[Any], out: NDArray[Any], slope: float, intercept: float, *, num_threads: int
) -> None:
    _core.rescale(pixels, out, slope, intercept, num_threads)


def look_up(pixels: NDArray[Any], out: NDArray[Any], table: NDArray[Any], *, num_threads: int) -> None:
    _core.look_up(pixels, out, table, num_threads)


def resample(
    voxels: NDArray[Any],
    out: NDArray[Any],
    axes: tuple[AxisMap, AxisMap, AxisMap],
    *,
    interpolation: str,
    antialias: bool,
    fill: float,
    num_threads: int,
    padding: float | None = None,
) -> None:
    _core.resample(voxels, out, axes, interpolation, antialias, fill, num_threads, padding)


def reslice(
    voxels: NDArray[Any],
    out: NDArray[Any],
    grid: Grid,
    *,
    combine: Combine,
    interpolation: str,
    fill: float,
    num_threads: int,
    padding: float | None = None,
    absent_fill: float | None = None,
) -> None:
    _core.reslice(voxels, out, grid, combine, interpolation, fill, num_threads, padding, absent_fill)


def reslice_lines(
    voxels: NDArray[Any],
    out: NDArray[Any],
    lines: NDArray[Any],
    *,
    slab_samples: int,
    combine: Combine,
    interpolation: str,
    fill: float,
    num_threads: int,
    padding: float | None = None,
) -> None:
    _core.reslice_lines(voxels, out, lines, slab_samples, combine, interpolation, fill, num_threads, padding)


def transform(
    voxels: NDArray[Any],
    out: NDArray[Any],
    grid: Grid,
    *,
    interpolation: str,
    fill: float,
    num_threads: int,
    padding: float | None = None,
    displacement: NDArray[Any] | None = None,
    to_index: Rows = _ZERO,
    absent_fill: float | None = None,
) -> None:
    _core.transform(
        voxels, out, grid, interpolation, fill, num_threads, padding, displacement, to_index, absent_fill
    )


def spline_coefficients(voxels: NDArray[Any], out: NDArray[Any], *, num_threads: int) -> None:
    _core.spline_coefficients(voxels, out, num_threads)


def project(
    voxels: NDArray[Any],
    out: NDArray[Any],
    *,
    axis: int,
    combine: Combine,
    num_threads: int,
    padding: float | None = None,
) -> None:
    _core.project(voxels, out, axis, combine, num_threads, padding)


def blend(
    base: NDArray[Any],
    overlay: NDArray[Any],
    out: NDArray[Any],
    table: NDArray[Any],
    first: float,
    scale: float,
    threshold: float,
    *,
    num_threads: int,
) -> None:
    _core.blend(base, overlay, out, table, first, scale, threshold, num_threads)


def block_ranges(
    voxels: NDArray[Any], out: NDArray[Any], *, num_threads: int, padding: float | None = None
) -> None:
    _core.block_ranges(voxels, out, num_threads, padding)


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
    _core.composite(voxels, ranges, out, rays, table, first, scale, lighting, num_threads, padding)


def composite_layers(
    layers: Sequence[RenderLayer], out: NDArray[Any], rays: Rays, *, num_threads: int
) -> None:
    _core.composite_layers(layers, out, rays, num_threads)


def cast_rays(
    voxels: NDArray[Any],
    ranges: NDArray[Any],
    out: NDArray[Any],
    depth: NDArray[Any],
    rays: Rays,
    *,
    combine: str,
    threshold: float,
    scale: float,
    offset: float,
    fill: float,
    num_threads: int,
    padding: float | None = None,
) -> None:
    numbers = (threshold, scale, offset, fill)
    _core.cast_rays(voxels, ranges, out, depth, rays, combine, *numbers, num_threads, padding)
