from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from radpix._backend import (
    AxisMap,
    Buffer,
    FrameLayout,
    FrameSelection,
    Grid,
    Lighting,
    Rays,
    RenderLayer,
    Rows,
    Voi,
)
from radpix._header.query import Wanted

__version__: str

def num_threads() -> int: ...
def set_num_threads(count: int) -> None: ...
def cpu_level() -> str: ...
def detected_cpu_level() -> str: ...
def set_cpu_level(name: str) -> None: ...
def report_to(report: Callable[[float], object] | None) -> Callable[[float], object] | None: ...
def decodable() -> list[str]: ...
def encodable() -> list[str]: ...
def encode_frame(
    transfer_syntax: str, pixels: NDArray[Any], layout: FrameLayout, near: int, interleave: str
) -> bytes: ...
def decode_frames(
    transfer_syntax: str,
    codestreams: Sequence[Buffer],
    layout: FrameLayout,
    out: NDArray[Any],
    keep_components: bool,
    num_threads: int,
    selection: FrameSelection | None = None,
) -> list[tuple[str, str, int, int | None]]: ...
def look_up(pixels: NDArray[Any], out: NDArray[Any], table: NDArray[Any], num_threads: int) -> None: ...
def window(pixels: NDArray[Any], out: NDArray[Any], voi: Voi, num_threads: int) -> None: ...
def rescale(
    pixels: NDArray[Any], out: NDArray[Any], slope: float, intercept: float, num_threads: int
) -> None: ...
def resample(
    voxels: NDArray[Any],
    out: NDArray[Any],
    axes: tuple[AxisMap, AxisMap, AxisMap],
    interpolation: str,
    antialias: bool,
    fill: float,
    num_threads: int,
    padding: float | None = None,
) -> None: ...
def reslice(
    voxels: NDArray[Any],
    out: NDArray[Any],
    grid: Grid,
    combine: str,
    interpolation: str,
    fill: float,
    num_threads: int,
    padding: float | None = None,
    absent_fill: float | None = None,
) -> None: ...
def transform(
    voxels: NDArray[Any],
    out: NDArray[Any],
    grid: Grid,
    interpolation: str,
    fill: float,
    num_threads: int,
    padding: float | None = None,
    displacement: NDArray[Any] | None = None,
    to_index: Rows = ...,
    absent_fill: float | None = None,
) -> None: ...
def spline_coefficients(voxels: NDArray[Any], out: NDArray[Any], num_threads: int) -> None: ...
def reslice_lines(
    voxels: NDArray[Any],
    out: NDArray[Any],
    lines: NDArray[Any],
    slab_samples: int,
    combine: str,
    interpolation: str,
    fill: float,
    num_threads: int,
    padding: float | None = None,
) -> None: ...
def measure_path(
    segments: NDArray[np.float64],
    counts: NDArray[np.int64],
    parameters: NDArray[np.float64],
    positions: NDArray[np.float64],
    lengths: NDArray[np.float64],
) -> None: ...
def sample_path(
    segments: NDArray[np.float64],
    parameters: NDArray[np.float64],
    positions: NDArray[np.float64],
    tangents: NDArray[np.float64],
) -> None: ...
def carry_frames(
    positions: NDArray[np.float64],
    tangents: NDArray[np.float64],
    first: NDArray[np.float64],
    cosine: float,
    sine: float,
    across: NDArray[np.float64],
    normals: NDArray[np.float64],
) -> bool: ...
def project(
    voxels: NDArray[Any],
    out: NDArray[Any],
    axis: int,
    combine: str,
    num_threads: int,
    padding: float | None = None,
) -> None: ...
def blend(
    base: NDArray[Any],
    overlay: NDArray[Any],
    out: NDArray[Any],
    table: NDArray[Any],
    first: float,
    scale: float,
    threshold: float,
    num_threads: int,
) -> None: ...
def block_ranges(
    voxels: NDArray[Any], out: NDArray[Any], num_threads: int, padding: float | None
) -> None: ...
def composite(
    voxels: NDArray[Any],
    ranges: NDArray[Any],
    out: NDArray[Any],
    rays: Rays,
    table: NDArray[Any],
    first: float,
    scale: float,
    lighting: Lighting,
    num_threads: int,
    padding: float | None,
) -> None: ...
def composite_layers(
    layers: Sequence[RenderLayer], out: NDArray[Any], rays: Rays, num_threads: int
) -> None: ...
def cast_rays(
    voxels: NDArray[Any],
    ranges: NDArray[Any],
    out: NDArray[Any],
    depth: NDArray[Any],
    rays: Rays,
    combine: str,
    threshold: float,
    scale: float,
    offset: float,
    fill: float,
    num_threads: int,
    padding: float | None,
) -> None: ...
def scan_series_files(
    paths: Sequence[str], wanted: Sequence[Wanted], num_threads: int
) -> list[Exception | tuple[Any, ...]]: ...
def scan_header_files(
    paths: Sequence[str],
    wanted: Sequence[Wanted],
    pixel_data: bool,
    fragments: bool,
    num_threads: int,
    vrs: Sequence[str] = (),
) -> list[Exception | tuple[Any, ...] | list[Any]]: ...
def scan_header_buffer(
    data: Buffer, wanted: Sequence[Wanted], pixel_data: bool, fragments: bool
) -> tuple[Any, ...]: ...
def read_slices(
    slices: Sequence[tuple[str, int, float, float]],
    stored: np.dtype[Any],
    bits_stored: int,
    out: NDArray[Any],
    find_range: bool,
    num_threads: int,
) -> list[tuple[bool, float, float]]: ...
