"""The voxels of a volume from its slices' files: decoded and rescaled straight into one array."""

from __future__ import annotations

import math
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from radpix import limits
from radpix._loading.slice_reader import DoesNotFitError, SliceReader, first_slice, modality_lut, runs_of
from radpix._warn import warn
from radpix.errors import PixelDataError, RadpixWarning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from radpix._backend import FrameSelection
    from radpix._series.instance import Instance
    from radpix.window import Window

__all__ = [
    "Level",
    "Scaling",
    "join_padding",
    "padding_ranges",
    "padding_value",
    "read_voxels",
    "windows_of",
]

Level = Literal["modality", "stored"]
Scaling = Literal["rescale", "philips"]
_ALLOWED = (
    "int8",
    "uint8",
    "int16",
    "uint16",
    "int32",
    "uint32",
    "float32",
    "float64",
)  # what rescale writes


def rescale_of(instance: Instance, scaling: Scaling = "rescale") -> tuple[float, float]:
    """Return slope and intercept, 1 and 0 where absent (PS3.3 C.11.1.1.2).

    Philips' own floating point values are (slope * stored + intercept) / (slope * Scale Slope), in which displayed
    values of different series compare.
    """
    if instance.has_modality_lut:  # takes the place of slope and intercept
        return 1.0, 0.0
    slope = 1.0 if instance.rescale_slope is None else instance.rescale_slope
    intercept = instance.rescale_intercept or 0.0
    if not (math.isfinite(slope) and math.isfinite(intercept)):
        raise PixelDataError(
            f'{instance.path}: Rescale Slope or Rescale Intercept is no number; level="stored" reads the pixels'
        )
    if slope == 0:
        raise PixelDataError(
            f'{instance.path}: a Rescale Slope of 0 makes all pixels equal; level="stored" reads them'
        )
    if scaling == "rescale":
        return slope, intercept
    if instance.philips_scale is None:
        raise PixelDataError(
            f'{instance.path}: no private Scale Slope (2005,100E) of Philips; scaling="rescale" applies the standard'
            " attributes"
        )
    return 1 / instance.philips_scale[0], intercept / (slope * instance.philips_scale[0])


def windows_of(instance: Instance) -> tuple[Window, ...]:
    """Return the windows of an instance that its VOI LUT Function allows (PS3.3 C.11.2.1.2)."""
    from radpix.window import Window

    name = instance.voi_lut_function
    function: Any = name if name in {"LINEAR_EXACT", "SIGMOID"} else "LINEAR"
    pairs = zip(instance.window_center, instance.window_width, strict=False)
    words = [*instance.window_explanation, *[""] * len(instance.window_center)]
    return tuple(
        Window(center, width, function, text)
        for (center, width), text in zip(pairs, words, strict=False)
        if width >= 1 or (width > 0 and function != "LINEAR")
    )


def padding_value(instances: Sequence[Instance], level: Level, scaling: Scaling = "rescale") -> float | None:
    """Return Pixel Padding Value at this level, where it is the same in all slices; NaN is the same as NaN."""
    values: set[float | None] = set()
    for instance in instances:
        stored = instance.pixel_padding_value
        value = None if stored is None else _at_level(stored, instance, level, scaling)
        values.add(math.nan if value is not None and math.isnan(value) else value)
    return values.pop() if len(values) == 1 else None


def _at_level(stored: float, instance: Instance, level: Level, scaling: Scaling) -> float:
    """Return what a stored value is at a level."""
    if level == "stored":
        return stored
    if instance.has_modality_lut:  # which is for integers
        whole = -(1 << 31) <= stored < 1 << 31
        return float(modality_lut(np.array([int(stored)], np.int32), instance)[0]) if whole else stored
    slope, intercept = rescale_of(instance, scaling)
    return slope * stored + intercept


def padding_ranges(
    instances: Sequence[Instance], dtype: np.dtype[Any], level: Level, scaling: Scaling = "rescale"
) -> list[tuple[float, float] | None]:
    """Return of each slice from which to which value its voxels are padding (PS3.3 C.7.5.1.1.2), None for none."""
    ranges: list[tuple[float, float] | None] = []
    for instance in instances:
        first, last = instance.pixel_padding_value, instance.pixel_padding_limit
        if first is None or instance.samples_per_pixel > 1:  # black in a colour is not absent
            ranges.append(None)
            continue
        ends = [_at_level(end, instance, level, scaling) for end in (first, first if last is None else last)]
        if dtype.kind in "iu":  # as the voxels are
            ends = [float(round(end)) if math.isfinite(end) else end for end in ends]
        ranges.append((min(ends), max(ends)))
    return ranges


def join_padding(voxels: NDArray[Any], ranges: Sequence[tuple[float, float] | None], padding: float) -> None:
    """Give all padding the one value that a volume has for it, in place."""
    for plane, ends in zip(voxels, ranges, strict=True):
        if ends is not None and ends[0] != ends[1]:
            plane[(plane >= ends[0]) & (plane <= ends[1])] = padding


def read_voxels(
    instances: Sequence[Instance],
    *,
    level: Level,
    scaling: Scaling,
    dtype: np.dtype[Any] | None,
    progress: Callable[[int, int], object] | None,
    num_threads: int,
    selection: FrameSelection | None = None,
) -> NDArray[Any]:
    """Return (slices, rows, columns[, 3]) of instances of one size, in their order.

    The type is ``dtype``; else, at level "stored" that of the files, at level "modality" int16 where every slope and
    intercept is an integer and every value fits, else int32, float32 (float64 for pixels of more than 16 bits).
    """
    first = first_slice(instances, selection)
    rescales = [(1.0, 0.0) if level == "stored" else rescale_of(instance, scaling) for instance in instances]
    if level != "stored":
        _tell_incomplete(instances)
    runs = runs_of(instances)
    told = 0
    for candidate in _candidates(first.dtype, rescales, level, dtype):
        shape = (len(instances), *first.shape)
        size = candidate.itemsize * int(np.prod(shape, dtype=object))
        limits.check_bytes(size, f"{instances[0].path} and {len(instances) - 1} more: ")
        voxels = np.empty(shape, dtype=candidate)
        reader = SliceReader(
            instances, first, voxels, rescales, use_lut=level == "modality", selection=selection
        )
        done = 0
        try:
            for run in _each(reader, runs, num_threads):
                for _ in run:
                    done += 1
                    # A wider type starts again, the caller's count does not.
                    if progress is not None and done > told:
                        told = done
                        progress(done, len(instances))
        except DoesNotFitError as misfit:
            if dtype is not None:
                raise ValueError(f"dtype={dtype} cannot hold {misfit}") from None
            del voxels, reader
            continue
        return voxels
    raise AssertionError("the last candidate holds every value")


def _tell_incomplete(instances: Sequence[Instance]) -> None:
    for instance in instances:
        if not instance.has_modality_lut and (instance.rescale_slope is None) != (
            instance.rescale_intercept is None
        ):
            absent, value = ("Slope", 1) if instance.rescale_slope is None else ("Intercept", 0)
            warn(f"{instance.path}: Rescale {absent} is absent, {value} is taken", "rescale-incomplete")


def check_dtype(dtype: Any) -> np.dtype[Any] | None:
    """Check a ``dtype=`` argument."""
    if dtype is None:
        return None
    checked: np.dtype[Any] = np.dtype(dtype)
    if checked.name not in _ALLOWED or not checked.isnative:
        raise ValueError(f"dtype is a native one of {', '.join(_ALLOWED)}, not {checked}")
    return checked


def _candidates(
    stored: np.dtype[Any],
    rescales: Sequence[tuple[float, float]],
    level: Level,
    dtype: np.dtype[Any] | None,
) -> list[np.dtype[Any]]:
    """Return the types to try for the voxels, the smallest first."""
    if dtype is not None:
        return [dtype]
    if level == "stored" or stored.kind == "f":
        return [stored]
    wide = np.dtype(np.float64 if stored.itemsize > 2 else np.float32)
    if not all(slope.is_integer() and intercept.is_integer() for slope, intercept in rescales):
        return [wide, np.dtype(np.float64)]
    small = [np.dtype(np.int16)] if stored.itemsize <= 2 else []
    return [*small, np.dtype(np.int32), np.dtype(np.float64)]


def _each(reader: SliceReader, runs: Sequence[range], num_threads: int) -> Iterator[range]:
    """Read all slices; the error of the first slice that fails, in their order, is raised."""
    if num_threads == 1 or len(runs) < num_threads or reader.is_all_in_core(runs):
        reader.num_threads = num_threads
        for run in runs:
            reader(run)
            yield run
        return
    from concurrent.futures import (
        ThreadPoolExecutor,  # late: it costs 4 ms of the import, and few series need it
    )

    pool = ThreadPoolExecutor(min(num_threads, len(runs)))
    try:
        for run, _ in zip(runs, pool.map(reader, runs), strict=True):
            yield run
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def deviations_told_once() -> Iterator[list[warnings.WarningMessage]]:
    """Hold back warnings of the slices, in any thread; `tell` gives them on, each deviation once for the series."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", RadpixWarning)
        yield caught


def tell(caught: Sequence[warnings.WarningMessage], stacklevel: int) -> None:
    """Give on what `deviations_told_once` held back."""
    slices: dict[str, list[RadpixWarning]] = {}
    for one in caught:
        if isinstance(one.message, RadpixWarning):
            slices.setdefault(one.message.code, []).append(one.message)
        else:
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
    for code, same in slices.items():
        more = f" (and in {len(same) - 1} more slices)" if len(same) > 1 else ""
        warnings.warn(RadpixWarning(f"{same[0]}{more}", code), stacklevel=stacklevel + 1)
