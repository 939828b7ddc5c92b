"""Choice of the implementation behind the public functions: the compiled core, or its numba twins.

Both are modules with the functions of `Kernels`; the type checker compares them with the Protocol, and the tests
compare their bits. Public functions check the arguments and allocate the output; kernels trust both.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["BackendInfo", "Kernels", "backend", "kernels"]

Buffer = bytes | bytearray | memoryview
Combine = Literal["mean", "max", "min", "sum", "median"]


class FrameLayout(NamedTuple):
    """The Image Pixel module of a frame (PS3.3 C.7.6.3), as in ``radpix/codec.hpp``."""

    rows: int
    columns: int
    samples_per_pixel: int = 1
    bits_allocated: int = 8
    bits_stored: int = 8
    high_bit: int = 7
    is_signed: bool = False
    is_float: bool = False
    planar_configuration: int = 0
    photometric_interpretation: str = "MONOCHROME2"


class FrameSelection(NamedTuple):
    """A part of each frame, as in ``radpix/codec.hpp``; ``height`` 0: the whole, ``layers`` 0: all."""

    reduce: int = 0
    layers: int = 0
    row: int = 0
    column: int = 0
    height: int = 0
    width: int = 0


class Deviation(NamedTuple):
    """A departure from the standard that did not stop decoding."""

    code: str
    message: str
    frame: int
    offset: int | None


class Voi(NamedTuple):
    """A window (PS3.3 C.11.2.1.2) after a rescale: ``y = voi(slope * x + intercept)`` within [minimum, maximum]."""

    function: Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]
    center: float
    width: float
    slope: float
    intercept: float
    minimum: float
    maximum: float
    invert: bool


class AxisMap(NamedTuple):
    """Where output samples of one axis lie on the input's axis: ``input index = offset + scale * output index``."""

    scale: float
    offset: float


#: A 3 x 3 matrix.
Rows = tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]]

_ZERO: Rows = ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0), (0.0, 0.0, 0.0))


class Grid(NamedTuple):
    """Where output samples lie, as (z, y, x) indices of the input volume, each vector a step by one output index.

    Sample (p, r, c) lies at ``origin + p * plane_step + r * row_step + c * column_step``; with a slab, at
    ``slab_samples`` points ``+ (k - (slab_samples - 1) / 2) * slab_step`` around it.
    """

    origin: tuple[float, float, float]
    plane_step: tuple[float, float, float]
    row_step: tuple[float, float, float]
    column_step: tuple[float, float, float]
    slab_step: tuple[float, float, float] = (0.0, 0.0, 0.0)
    slab_samples: int = 1


class Rays(NamedTuple):
    """The rays of a picture in patient mm, as in ``radpix/render.hpp``.

    Pixel (r, c) looks along ``origin + r * origin_row + c * origin_column + t * unit(direction + r * direction_row +
    c * direction_column)``, t in mm from ``near`` to ``far``. ``to_index`` is 3 x 4, row by row.
    """

    origin: tuple[float, float, float]
    origin_row: tuple[float, float, float]
    origin_column: tuple[float, float, float]
    direction: tuple[float, float, float]
    direction_row: tuple[float, float, float]
    direction_column: tuple[float, float, float]
    to_index: tuple[float, ...]
    near: float
    far: float
    step: float


class Lighting(NamedTuple):
    """Blinn-Phong: colour * (ambient + diffuse * n) + specular * n ** power."""

    shading: bool
    ambient: float
    diffuse: float
    specular: float
    power: int


class RenderLayer(NamedTuple):
    """One of the volumes of a picture, as in ``radpix/render.hpp``; ``to_index`` as of `Rays`."""

    voxels: NDArray[Any]
    ranges: NDArray[Any]
    to_index: tuple[float, ...]
    table: NDArray[Any]
    first: float
    scale: float
    lighting: Lighting
    padding: float | None = None


class Kernels(Protocol):
    """What a backend provides. Arrays are in the machine's byte order and may have any strides.

    ``num_threads`` 0 stands for the default. Outputs never share memory with inputs. Voxels equal to ``padding``,
    which may be NaN, are absent; None: all are present.
    """

    name: str

    def decodable(self) -> frozenset[str]:
        """Return the UIDs of the transfer syntaxes that `decode_frames` reads."""

    def decode_frames(
        self,
        transfer_syntax: str,
        codestreams: Sequence[Buffer],
        layout: FrameLayout,
        out: NDArray[Any],
        *,
        keep_components: bool,
        num_threads: int,
        selection: FrameSelection | None = None,
    ) -> list[Deviation]:
        """Decode frames, or a part of each, into ``out`` (frames, rows, columns[, samples])."""

    def window(self, pixels: NDArray[Any], out: NDArray[Any], voi: Voi, *, num_threads: int) -> None:
        """Window ``pixels`` of any shape into ``out`` of the same shape."""

    def rescale(
        self, pixels: NDArray[Any], out: NDArray[Any], slope: float, intercept: float, *, num_threads: int
    ) -> None:
        """Compute ``slope * pixels + intercept`` in float64, rounded half to even and saturated for integers."""

    def look_up(
        self, pixels: NDArray[Any], out: NDArray[Any], table: NDArray[Any], *, num_threads: int
    ) -> None:
        """Replace integers of 8 or 16 bits by entries of a contiguous table, numbered by their bits as unsigned.

        A table (entries, 4) holds colours, of which the first three samples go to ``out`` (..., 3), adjacent.
        """

    def resample(
        self,
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
        """Resample (z, y, x) onto an axis-aligned grid, separably."""

    def reslice(
        self,
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
        """Sample (z, y, x) on an oblique ``grid`` into ``out`` (planes, rows, columns).

        ``absent_fill`` stands for pixels of nothing but absent samples, by default the padding value.
        """

    def reslice_lines(
        self,
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
        """Sample (z, y, x) as `reslice`, every row of ``out`` on its own line.

        ``lines`` (planes * rows, 3, 3): position of column 0, step by a column, step by a sample of the slab.
        """

    def measure_path(
        self,
        segments: NDArray[np.float64],
        counts: NDArray[np.int64],
        parameters: NDArray[np.float64],
        positions: NDArray[np.float64],
        lengths: NDArray[np.float64],
    ) -> None:
        """Divide the cubic segments (n, 4, 3) of a path into ``counts`` (n,) chords each; see ``radpix/path.hpp``.

        Writes (m,) parameters, (m, 3) positions and (m,) lengths from the start, m being 1 + the sum of ``counts``.
        """

    def sample_path(
        self,
        segments: NDArray[np.float64],
        parameters: NDArray[np.float64],
        positions: NDArray[np.float64],
        tangents: NDArray[np.float64],
    ) -> None:
        """Write the positions and unit tangents (m, 3) of a path at ``parameters`` (m,)."""

    def carry_frames(
        self,
        positions: NDArray[np.float64],
        tangents: NDArray[np.float64],
        first: NDArray[np.float64],
        cosine: float,
        sine: float,
        across: NDArray[np.float64],
        normals: NDArray[np.float64],
    ) -> bool:
        """Carry ``first`` (3,) along a path without twist, turned about it by an angle; say if every row has one.

        Writes the directions ``across`` and ``normals``, across x tangent, (m, 3).
        """

    def transform(
        self,
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
        """Sample (z, y, x) at the points of ``grid``, moved by ``to_index`` @ ``displacement`` (z, y, x, 3).

        For ``"spline"``, ``voxels`` are the coefficients. ``absent_fill`` stands for absent samples, by default the
        padding value.
        """

    def spline_coefficients(self, voxels: NDArray[Any], out: NDArray[Any], *, num_threads: int) -> None:
        """Write the coefficients of the cubic spline through ``voxels``, float32 or float64."""

    def project(
        self,
        voxels: NDArray[Any],
        out: NDArray[Any],
        *,
        axis: int,
        combine: Combine,
        num_threads: int,
        padding: float | None = None,
    ) -> None:
        """Combine (z, y, x) along ``axis`` into the two remaining ones."""

    def blend(
        self,
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
        """Blend colours of ``overlay`` onto grey ``base`` into ``out`` (rows, columns, 3), as in ``radpix/fuse.hpp``.

        ``table`` (entries, 4) uint16: red, green, blue up to 255, opacity up to 2^14.
        """

    def block_ranges(
        self, voxels: NDArray[Any], out: NDArray[Any], *, num_threads: int, padding: float | None = None
    ) -> None:
        """Fill ``out`` (blocks z, y, x, 2) with the range of each block of 8 voxels along every axis."""

    def composite(
        self,
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
        """Composite ``table`` (entries, 4) along rays into premultiplied RGBA, ``out`` (rows, columns, 4) float32.

        ``ranges`` are of the same ``padding``, here and in every layer.
        """

    def composite_layers(
        self, layers: Sequence[RenderLayer], out: NDArray[Any], rays: Rays, *, num_threads: int
    ) -> None:
        """Composite volumes along the same rays, as `composite` does one; samples lie as of the first."""

    def cast_rays(
        self,
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
        """Combine samples along rays into ``out`` and where they were found into ``depth``, both float32.

        ``out`` may be float64: the values are float32, the fill is as it is. ``ranges`` are of the same ``padding``.
        """

    def report_to(self, report: Callable[[float], object] | None) -> Callable[[float], object] | None:
        """Set what this thread's calls report to, and return what they did: None, nothing.

        It is called in this thread, now and then with the part of the call that is done and with 1 at its end. What
        it raises ends the call. Calls that it makes itself report to nothing.
        """

    def num_threads(self) -> int:
        """Return the number of threads a call uses by default."""

    def set_num_threads(self, count: int) -> None:
        """Set that number; 0 returns to the default."""

    def cpu_level(self) -> str:
        """Return the instruction level in use."""


@dataclass(frozen=True)
class BackendInfo:
    """The backend in use.

    Attributes
    ----------
    name
        ``"native"`` or ``"numba"``.
    cpu_level
        ``"avx2"``, ``"scalar"``, or ``"numba"`` where LLVM chooses.
    num_threads
        Threads a call uses by default.
    """

    name: str
    cpu_level: str
    num_threads: int


def _choose() -> str:
    """Return the module to use, by RADPIX_BACKEND (auto, native, numba) and what is installed."""
    wanted = os.environ.get("RADPIX_BACKEND", "") or "auto"
    if wanted not in {"auto", "native", "numba"}:
        raise ValueError(f"RADPIX_BACKEND={wanted} is not one of auto, native, numba")
    # Fall back only when the core is absent; a core that is present and broken must be seen.
    core_present = find_spec("radpix._core") is not None
    if wanted == "native" or (wanted == "auto" and core_present):
        if not core_present:
            raise ImportError("RADPIX_BACKEND=native, but radpix was installed without its compiled core")
        return "radpix._native"
    if find_spec("numba") is None:
        raise ImportError(
            "radpix was installed without its compiled core, and its fallback needs numba: "
            'pip install "radpix[numba]", or install a C++20 compiler and reinstall radpix'
        )
    return "radpix._numba"


@cache
def kernels() -> Kernels:
    """Return the backend in use; it is chosen at the first call and stays."""
    return cast("Kernels", import_module(_choose()))


def backend() -> BackendInfo:
    """Return the backend in use, its CPU level and its number of threads.

    Raises
    ------
    ValueError
        RADPIX_BACKEND, RADPIX_CPU or RADPIX_NUM_THREADS holds an unknown value.
    ImportError
        The backend asked for is not installed.
    """
    used = kernels()
    return BackendInfo(used.name, used.cpu_level(), used.num_threads())


if TYPE_CHECKING:
    from radpix import _native, _numba

    # A function missing or different in either module is a type error here.
    _checked: tuple[Kernels, Kernels] = (_native, _numba)
