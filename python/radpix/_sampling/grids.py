"""Sampling of a volume on a grid of points: how the grid lies to the volume, and which kernel goes over it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from radpix import limits
from radpix._arguments import check_choice, number, volume_of
from radpix._backend import AxisMap, Grid, kernels
from radpix._progress import Progress, told
from radpix._sampling.padding import Padding, absent_value, default_fill
from radpix.errors import GeometryError
from radpix.threads import thread_count

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from radpix._backend import Rows
    from radpix.volume import Volume

__all__ = [
    "Aligned",
    "Field",
    "Interpolation",
    "Settings",
    "Target",
    "alignment",
    "calls_of",
    "check_interpolation",
    "check_volume",
    "checked_fill",
    "grid_of",
    "index_map_of",
    "run_points",
    "sampled",
    "spline_sources",
    "work_type",
]

Interpolation = Literal["nearest", "linear", "cubic", "bspline", "lanczos", "label"]

_DTYPES = ("int8", "int16", "int32", "uint8", "uint16", "uint32", "float32", "float64")

#: Voxels by which the corners of a grid may leave the axes of another one and still count as aligned with it:
#: direction cosines are stored with about six digits.
_ALIGNMENT_TOLERANCE = 1e-4

#: Scales this close to a whole number are meant to be it: a matrix inverse is off by 1e-13 or so, and 1 shall not
#: count as coarser.
_SCALE_TOLERANCE = 1e-12


class Aligned(NamedTuple):
    """The volume's axis for each axis of the result, whether it is reversed, and the map onto it."""

    axes: tuple[int, int, int]
    reversed: tuple[bool, bool, bool]
    maps: tuple[AxisMap, AxisMap, AxisMap]


class Target(NamedTuple):
    shape: tuple[int, int, int]
    affine: NDArray[np.float64]
    index_map: NDArray[np.float64]  # 4 x 4: index of the result to index of the volume
    aligned: Aligned | None


class Settings(NamedTuple):
    interpolation: str
    antialias: bool
    fill: float
    num_threads: int
    padding: float | None
    absent_fill: float | None = None
    """What stands for absent samples; the padding where None."""


class Field(NamedTuple):
    """Displacements (z, y, x, 3) in patient mm, and what each component adds to the indices of the volume."""

    displacement: NDArray[Any] | None = None
    to_index: Rows = ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0), (0.0, 0.0, 0.0))


def check_volume(volume: Volume, name: str) -> None:
    """Refuse what is no volume, and voxels that no kernel takes."""
    dtype = volume_of(volume).voxels.dtype
    if dtype.name not in _DTYPES:
        raise TypeError(
            f"{name} takes {', '.join(_DTYPES)}, not {dtype.name}; convert the voxels with astype"
        )
    if volume.voxels.size == 0:
        raise GeometryError(f"a volume of shape {volume.voxels.shape} has no voxels to {name}")


def check_interpolation(volume: Volume, interpolation: str, choices: tuple[str, ...]) -> None:
    """Refuse interpolations that there are not, and labels that are no integers."""
    check_choice("interpolation", interpolation, choices)
    if interpolation == "label" and volume.voxels.dtype.kind == "f":
        raise TypeError(
            f"labels are integers, not {volume.voxels.dtype.name}; convert the voxels with astype"
        )


def alignment(
    shape: tuple[int, int, int], new_shape: tuple[int, int, int], index_map: NDArray[np.float64]
) -> Aligned | None:
    """Return how the axes of the new grid are axes of the volume, or None where they are not."""
    linear = index_map[:3, :3]
    axes = [int(axis) for axis in np.argmax(np.abs(linear), axis=0)]
    if sorted(axes) != [0, 1, 2]:
        return None
    off_axis = linear.copy()
    off_axis[axes, [0, 1, 2]] = 0.0
    reach = np.array(new_shape) - 1
    if (np.abs(off_axis) @ reach).max() > _ALIGNMENT_TOLERANCE:
        return None
    centre = index_map[:3, :3] @ (reach / 2) + index_map[:3, 3]
    maps, flips = [], []
    for k, axis in enumerate(axes):
        scale = float(linear[axis, k])
        if abs(scale - round(scale)) < _SCALE_TOLERANCE:
            scale = float(round(scale))
        middle = float(centre[axis])
        flips.append(scale < 0)
        if scale < 0:
            scale, middle = -scale, shape[axis] - 1 - middle
        maps.append(AxisMap(scale, middle - scale * (new_shape[k] - 1) / 2))
    return Aligned((axes[0], axes[1], axes[2]), (flips[0], flips[1], flips[2]), (maps[0], maps[1], maps[2]))


def index_map_of(volume: Volume, to_volume: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the 4 x 4 map onto the volume's indices, of one onto its patient coordinates."""
    return np.asarray(np.linalg.solve(volume.affine, to_volume), np.float64)


def sampled(
    volume: Volume,
    target: Target,
    *,
    name: str,
    interpolation: str,
    antialias: bool | None,
    fill: float | None,
    padding: Padding,
    progress: Progress | None,
    num_threads: int | None,
) -> NDArray[Any]:
    """Return the volume's values on the grid, after the checks that need it."""
    absent = absent_value(volume, padding)
    limits.check_bytes(math.prod(target.shape) * volume.voxels[0, 0, 0].nbytes, f"{name}: ")
    widen = interpolation not in {"nearest", "label"} and antialias is not False
    value = checked_fill(volume, fill, lambda: not _reaches_outside(volume.shape, target))
    settings = Settings(interpolation, widen, value, thread_count(num_threads), absent)
    if target.aligned is None and antialias:
        raise ValueError("onto a rotated grid there is no anti-aliasing; pass antialias=None")
    out = np.empty(target.shape + volume.voxels.shape[3:], volume.voxels.dtype)
    with told(progress, calls_of(volume, "" if target.aligned else interpolation, absent)):
        if target.aligned is None:
            run_points(volume.voxels, out, grid_of(target.index_map), settings)
        else:
            _run_aligned(volume.voxels, target.aligned, out, settings)
    return out


def calls_of(volume: Volume, interpolation: str, absent: float | None) -> int:
    """Return how many calls of kernels `run_points` takes: those of `_run_spline`, else one for each channel."""
    a_channel = 1 if interpolation != "bspline" else 2 if absent is None else 4
    return a_channel * math.prod(volume.voxels.shape[3:])


def checked_fill(volume: Volume, fill: float | None, all_inside: Callable[[], bool]) -> float:
    """Return the value outside the volume, checked."""
    dtype = volume.voxels.dtype
    if fill is None:
        fill = default_fill(volume, all_inside)
    fill = number(fill, "fill")
    if dtype.kind != "f" and not math.isfinite(fill):
        raise ValueError(f"fill is a finite number for {dtype.name} voxels, not {fill}")
    return fill


def _reaches_outside(shape: tuple[int, int, int], target: Target) -> bool:
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in target.shape])).reshape(3, -1)
    indices = target.index_map[:3, :3] @ corners + target.index_map[:3, 3:]
    upper = np.array(shape)[:, None] - 0.5
    return bool((indices < -0.5 + 1e-9).any() or (indices > upper - 1e-9).any())


def _channels(voxels: NDArray[Any]) -> list[NDArray[Any]]:
    """Return the (z, y, x) views of a volume's channels."""
    return [voxels] if voxels.ndim == 3 else [voxels[..., c] for c in range(voxels.shape[3])]


def _run_aligned(voxels: NDArray[Any], aligned: Aligned, out: NDArray[Any], settings: Settings) -> None:
    for source, target in zip(_channels(voxels), _channels(out), strict=True):
        steps = tuple(slice(None, None, -1) if flip else slice(None) for flip in aligned.reversed)
        kernels().resample(
            source.transpose(aligned.axes)[steps],
            target,
            aligned.maps,
            interpolation=settings.interpolation,
            antialias=settings.antialias,
            fill=settings.fill,
            num_threads=settings.num_threads,
            padding=settings.padding,
        )


def grid_of(index_map: NDArray[np.float64]) -> Grid:
    """Return the grid of a 4 x 4 map from its indices to the volume's."""
    vectors = [(float(z), float(y), float(x)) for z, y, x in index_map[:3].T]
    return Grid(origin=vectors[3], plane_step=vectors[0], row_step=vectors[1], column_step=vectors[2])


def work_type(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the type in which the kernels work on voxels of a type."""
    narrow = dtype == np.float32 or (dtype.kind != "f" and dtype.itemsize <= 2)
    return np.dtype(np.float32 if narrow else np.float64)


def run_points(
    voxels: NDArray[Any],
    out: NDArray[Any],
    grid: Grid,
    settings: Settings,
    field: Field | None = None,
    sources: list[_SplineSource] | None = None,
) -> None:
    """Sample point by point, channel by channel; of splines from their ``sources``, where they are there already."""
    for channel, (source, target) in enumerate(zip(_channels(voxels), _channels(out), strict=True)):
        if settings.interpolation == "bspline":
            spline = _spline_source(source, settings) if sources is None else sources[channel]
            _run_spline(spline, target, grid, settings, field)
        elif settings.interpolation in {"nearest", "linear"} and field is None:
            kernels().reslice(
                source,
                target,
                grid,
                combine="mean",
                interpolation=settings.interpolation,
                fill=settings.fill,
                num_threads=settings.num_threads,
                padding=settings.padding,
            )
        else:
            _transform(source, target, grid, settings.interpolation, settings, field)


def _transform(
    source: NDArray[Any],
    target: NDArray[Any],
    grid: Grid,
    interpolation: str,
    settings: Settings,
    field: Field | None = None,
) -> None:
    kernels().transform(
        source,
        target,
        grid,
        interpolation=interpolation,
        fill=settings.fill,
        num_threads=settings.num_threads,
        padding=settings.padding,
        displacement=None if field is None else field.displacement,
        to_index=(field or Field()).to_index,
        absent_fill=settings.absent_fill,
    )


class _SplineSource(NamedTuple):
    """Coefficients of the voxels that are present, and where some may be absent, of those that are."""

    present: NDArray[Any]
    absent: NDArray[Any] | None = None


def spline_sources(voxels: NDArray[Any], settings: Settings) -> list[_SplineSource]:
    """Return what `run_points` needs of each channel, for calls with the same voxels."""
    return [_spline_source(source, settings) for source in _channels(voxels)]


def _spline_source(source: NDArray[Any], settings: Settings) -> _SplineSource:
    if settings.padding is None:
        return _SplineSource(_coefficients(source, settings))
    # Both the sum over what is present and the weight of what is absent are splines.
    gone = source != source if np.isnan(settings.padding) else source == source.dtype.type(settings.padding)  # noqa: PLR0124
    present = np.where(gone, 0, source).astype(np.float64)
    return _SplineSource(_coefficients(present, settings), _coefficients(gone.astype(np.float64), settings))


def _run_spline(
    source: _SplineSource, target: NDArray[Any], grid: Grid, settings: Settings, field: Field | None
) -> None:
    plain = settings._replace(padding=None, absent_fill=None)
    if source.absent is None or settings.padding is None:
        _transform(source.present, target, grid, "spline", plain, field)
        return
    outside = plain._replace(fill=np.nan)
    total, missing = np.empty(target.shape), np.empty(target.shape)
    _transform(source.present, total, grid, "spline", outside, field)
    _transform(source.absent, missing, grid, "spline", outside, field)
    gone = settings.padding if settings.absent_fill is None else settings.absent_fill
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.where(missing > 0.5, gone, total / (1.0 - missing))
        value = np.where(np.isnan(missing), settings.fill, value)
    if target.dtype.kind != "f":
        limits_ = np.iinfo(target.dtype)
        value = np.clip(np.rint(value), limits_.min, limits_.max)
    target[...] = value


def _coefficients(source: NDArray[Any], settings: Settings) -> NDArray[Any]:
    coefficients = np.empty(source.shape, work_type(source.dtype))
    kernels().spline_coefficients(source, coefficients, num_threads=settings.num_threads)
    return coefficients
