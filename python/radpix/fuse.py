"""Fusion: one volume's colours over another one's grey levels, on a plane of the patient.

The two are sampled on the same plane, so grids, spacings and orientations may differ. The blend is that of DICOM's
Blending Presentation States (PS3.3 C.11.14, C.11.33; PS3.4 N.2.6, foreground blending): opacity * colour + (1 -
opacity) * grey, where the overlay has no voxels or is padding the grey level alone.
"""

from __future__ import annotations

import weakref
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

import numpy as np

from radpix._arguments import check_choice, number, numbers, plane_of, volume_of
from radpix._backend import Combine, kernels
from radpix._display.grey import window_over
from radpix._sampling.grids import Settings, work_type
from radpix._sampling.padding import Padding, absent_value
from radpix._sampling.registration import registered
from radpix._sampling.smooth import SMOOTH, check_smooth
from radpix.color_map import ColorMap, color_map_of
from radpix.reslice import grid_on, reslice, sample_grid
from radpix.slices import PlaneInterpolation, Slice, slice_of
from radpix.threads import thread_count
from radpix.voi import VoiChoice, VoiTable, choose_voi
from radpix.window import Window
from radpix.window import window as windowed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from radpix.plane import Plane
    from radpix.volume import Volume

__all__ = ["fuse"]

#: An opacity of 1 in the kernel's table.
_OPAQUE = 1 << 14

#: Entries of the kernel's table: at least the first within the window, and at most the second.
_FINE, _MOST_ENTRIES = 4096, 1 << 18

# A pass over the voxels (80 ms for a CT), kept as long as the volume, as its minimum is.
_windows: weakref.WeakKeyDictionary[Volume, Window] = weakref.WeakKeyDictionary()


def fuse(
    base: Volume,
    overlay: Volume,
    plane: Plane,
    *,
    window: VoiChoice | None = None,
    overlay_window: VoiChoice | None = None,
    color_map: ColorMap = "hot-iron",
    opacity: float | Sequence[tuple[float, float]] = 0.5,
    threshold: float | None = None,
    thickness: float = 0.0,
    combine: Combine = "mean",
    interpolation: PlaneInterpolation = "linear",
    overlay_interpolation: PlaneInterpolation | None = None,
    fill: float | None = None,
    padding: Padding = "exclude",
    slab_step: float | None = None,
    registration: ArrayLike | None = None,
    num_threads: int | None = None,
) -> Slice:
    """Blend the colours of one volume onto the grey levels of another, on a plane.

    Parameters
    ----------
    base, overlay
        (z, y, x) of one channel, each in patient coordinates; nothing else has to agree.
    plane
        Where to sample both, in the base's patient coordinates: ``Plane.of_slice(base, k)`` for its own slices.
    window
        Of the base: a `radpix.Window`, (center, width), a preset's name or the number of one of its windows. By default
        its first one, else from its least to its greatest value.
    overlay_window
        The same for the overlay; its ends get the first and the last colour. LINEAR or LINEAR_EXACT.
    color_map
        A key of `radpix.COLOR_MAPS`, or colours (n, 3): uint8, or floating point from 0 to 1.
    opacity
        Relative Opacity (0070,0403) from 0 to 1; or points (value, opacity) of a piecewise linear function of the
        overlay's value, by increasing value, whose ends go on. It is evaluated in steps of at most 1/4096 of the
        window and rounded to multiples of 2^-14; for a sharp edge take ``threshold``.
    threshold
        Values of the overlay below it are not drawn. By default all are.
    thickness, combine, slab_step
        Of a slab of both, as in `radpix.reslice`.
    interpolation, overlay_interpolation
        As in `radpix.reslice`; the overlay's is the base's by default. Take ``"nearest"`` for labels.
    fill
        The base's value outside of it, by default as in `radpix.reslice`; the overlay is blended onto its level.
        (N.2.6 would show the overlay's colour alone there, and so a step in brightness at the base's edge.)
    padding
        ``"exclude"``: neither volume's padding takes part, and the overlay's is not drawn. ``"include"`` takes it for
        values.
    registration
        4 x 4, affine, from the overlay's patient coordinates to the base's in mm: the Frame of Reference
        Transformation Matrix (3006,00C6) of a Spatial Registration object. It is needed if both Frames of Reference
        are known and differ.
    num_threads
        1 to 1024; None for the default.

    Returns
    -------
    Slice
        (rows, columns, 3) uint8: red, green, blue; where a pixel lies is said by the plane.

    Raises
    ------
    GeometryError
        The frames of reference differ and there is no registration, or it is not an affine matrix.
    ValueError, TypeError, LimitError
        An argument is outside its range; else as `radpix.reslice`.

    Examples
    --------
    >>> from radpix import Plane, Volume, Window
    >>> ct = Volume(np.zeros((2, 2, 2), np.int16))
    >>> pet = Volume(np.array([[[0.0, 10.0], [5.0, 1.0]]] * 2))
    >>> suv = Window(5, 10, "LINEAR_EXACT")
    >>> fused = fuse(ct, pet, Plane.of_slice(ct, 0), window=(0, 200), overlay_window=suv, threshold=2)
    >>> fused.pixels[0].tolist(), fused.pixels[1].tolist()
    ([[128, 128, 128], [192, 192, 192]], [[192, 64, 64], [128, 128, 128]])
    """
    check_choice("combine", combine, get_args(Combine))
    threads = thread_count(num_threads)
    for name, one in (("base", base), ("overlay", overlay)):
        if volume_of(one, name).voxels.ndim != 3:
            raise ValueError(f"the {name} is (z, y, x) of one channel, not {one.voxels.shape}")
    plane_of(plane)
    overlay = registered(base, overlay, registration)
    colors = _table(color_map_of(color_map), _span_of(overlay, overlay_window), opacity)
    grey_window = _window_of(base, window, "base")
    sampling: dict[str, Any] = {"thickness": thickness, "combine": combine, "slab_step": slab_step}
    sampling |= {"padding": padding, "num_threads": num_threads}
    values = _overlay_values(overlay, plane, sampling, overlay_interpolation or interpolation)
    below = reslice(base, plane, interpolation=interpolation, fill=fill, **sampling).pixels
    if below.dtype == np.bool_:  # levels 0 and 1, as the window of a bool volume takes them
        below = below.view(np.uint8)
    grey = windowed(
        below, grey_window.center, grey_window.width, function=grey_window.function, num_threads=num_threads
    )
    pixels = np.empty((*plane.shape, 3), np.uint8)
    lowest = -np.inf if threshold is None else number(threshold, "threshold")
    if np.isnan(lowest):
        raise ValueError("threshold is a value of the overlay, not NaN")
    kernels().blend(grey, values, pixels, *colors, lowest, num_threads=threads)
    return replace(slice_of(base, pixels, plane, thickness, combine, interpolation), unit="")


def _window_of(volume: Volume, choice: VoiChoice | None, name: str) -> Window:
    if choice is not None or volume.windows:
        chosen = choose_voi(list(volume.windows), 0 if choice is None else choice)
        if isinstance(chosen, Window):
            return chosen
        if isinstance(chosen, VoiTable):
            raise TypeError(f"the window of the {name} is a Window, not a table")
    if volume.voxels.size == 0:
        raise ValueError(f"an empty {name} has no window; give one")
    if volume not in _windows:
        pad = volume.padding_value
        voxels = volume.voxels.view(np.uint8) if volume.voxels.dtype == np.bool_ else volume.voxels
        _windows[volume] = window_over(voxels, None if pad is None else (pad, pad), None)
    return _windows[volume]


def _span_of(volume: Volume, choice: VoiChoice | None) -> tuple[float, float]:
    """Return the values of the first and the last colour: where the window begins and ends (C.11.2.1.2.1)."""
    chosen = _window_of(volume, choice, "overlay")
    if chosen.function == "SIGMOID":
        raise ValueError("the window of the overlay is LINEAR or LINEAR_EXACT, not SIGMOID")
    if chosen.function == "LINEAR_EXACT":
        low, high = chosen.center - chosen.width / 2, chosen.center + chosen.width / 2
    else:
        low = chosen.center - 0.5 - (chosen.width - 1) / 2
        high = chosen.center - 0.5 + (chosen.width - 1) / 2
    if not low < high:
        raise ValueError(f"colours need a window that reaches over some values, not {chosen}")
    return low, high


class _Colors(NamedTuple):
    table: NDArray[np.uint16]  # (entries, 4)
    first: float
    scale: float


def _table(
    colors: NDArray[np.uint8], span: tuple[float, float], opacity: float | Sequence[tuple[float, float]]
) -> _Colors:
    """Return the kernel's table: an odd number of entries for a colour, so that none is two colours'."""
    values, levels = _opacity_points(opacity, span)
    gaps = max(len(colors) - 1, 1)
    fineness = -(-_FINE // gaps) // 2 * 2 + 1
    unit = (span[1] - span[0]) / (gaps * fineness)
    before = np.ceil(max(span[0] - values[0], 0.0) / unit)
    after = np.ceil(max(values[-1] - span[1], 0.0) / unit)
    if not before + after <= _MOST_ENTRIES - gaps * fineness - 1:
        raise ValueError("the opacity reaches over more than 60 times the overlay's window")
    number = np.arange(-int(before), gaps * fineness + 1 + int(after))
    index = np.clip((number + fineness // 2) // fineness, 0, len(colors) - 1)
    table = np.empty((len(number), 4), np.uint16)
    table[:, :3] = colors[index]
    first = span[0] + unit * number[0]
    table[:, 3] = np.rint(np.interp(span[0] + unit * number, values, levels) * _OPAQUE)
    return _Colors(table, float(first), 1 / unit)


def _opacity_points(
    opacity: float | Sequence[tuple[float, float]], span: tuple[float, float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return values and opacities between which it is linear."""
    points = numbers(opacity, "opacity")
    if points.ndim == 0:
        points = np.array([[span[0], float(points)]])
    if points.ndim != 2 or points.shape[1] != 2 or not len(points):
        raise ValueError("opacity is a number, or points (value, opacity)")
    values, levels = points.T
    if not ((levels >= 0) & (levels <= 1)).all():
        raise ValueError(f"opacities are from 0 to 1, not {levels.tolist()}")
    if not np.isfinite(values).all() or (np.diff(values) <= 0).any():
        raise ValueError("the points of an opacity are finite, by increasing value")
    return values, levels


def _overlay_values(
    overlay: Volume, plane: Plane, sampling: dict[str, Any], interpolation: PlaneInterpolation
) -> NDArray[Any]:
    """Return floating point values, NaN where nothing is to be drawn."""
    check_choice("overlay_interpolation", interpolation, get_args(PlaneInterpolation))
    grid = grid_on(overlay, plane, sampling["thickness"], sampling["slab_step"])
    if interpolation in SMOOTH:
        check_smooth(overlay, interpolation, grid.slab_samples, "fuse")
    values = np.empty(plane.shape, work_type(overlay.voxels.dtype))
    absent = absent_value(overlay, sampling["padding"])
    # NaN also where a sample is absent: its value may be any, between voxels below and above the padding value too.
    settings = Settings(interpolation, False, np.nan, thread_count(sampling["num_threads"]), absent, np.nan)
    sample_grid(overlay, values, grid, sampling["combine"], settings)
    if interpolation == "label" and absent is not None:  # chosen among voxels, padding among them
        values[values == absent] = np.nan
    return values
