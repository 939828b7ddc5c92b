"""From a series to a volume that is where its slices are, or an error that names the slices that are not.

``on_irregular="resample"`` interpolates linearly onto a regular grid with axes along row, column and normal: spacing
nearest to the median spacing that divides the extent, first and last slice kept, the field of view widened by the
tilt, outside filled with the padding value (else the minimum). Gaps are interpolated. A position may repeat with equal
pixels only. Padding does not take part; voxels without data within reach stay padding. Segments, labels and palette
indices, which have nothing between them, are taken from the nearest pixel.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from radpix._backend import kernels
from radpix._frames.selection import selection_of
from radpix._frames.transfer_syntaxes import NATIVE
from radpix._loading.straighten import straighten
from radpix._loading.voxels import (
    Level,
    Scaling,
    check_dtype,
    deviations_told_once,
    join_padding,
    padding_ranges,
    padding_value,
    read_voxels,
    tell,
    windows_of,
)
from radpix._series.findings import name_slices
from radpix._series.stacking import Stack
from radpix._series.units import has_modality_values, unit_of
from radpix.errors import GeometryError, PixelDataError
from radpix.series import Instance, PathLike, ScanResult, Series, VolumePlan, scan, series_of
from radpix.threads import get_num_threads, thread_count
from radpix.volume import Volume

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import DTypeLike, NDArray

    from radpix._backend import FrameSelection
    from radpix._progress import Progress


__all__ = ["load"]

Source = (
    PathLike | Iterable[PathLike] | Series | Iterable[Series] | VolumePlan | Instance | Iterable[Instance]
)

#: What ``on_irregular="keep"`` and ``"resample"`` can deal with; other errors leave nothing to put together.
_IRREGULAR = frozenset({"gap", "duplicate-position", "uneven-spacing", "in-plane-shift", "tilt"})
#: What ``"keep"`` can deal with besides: the affine holds any three directions that span space.
_KEPT = _IRREGULAR | {"non-orthogonal-orientation"}


def load(
    source: Source,
    *,
    series_uid: str | None = None,
    level: Level = "modality",
    scaling: Scaling = "rescale",
    on_irregular: Literal["raise", "resample", "keep"] = "raise",
    dtype: DTypeLike | None = None,
    reduce: int = 0,
    layers: int | None = None,
    progress: Progress | None = None,
    num_threads: int | None = None,
) -> Volume:
    """Put the slices of one series together as a volume.

    Slices are ordered by Image Position (Patient) along the normal row direction x column direction, never by name or
    Instance Number. The affine is exact (PS3.3 C.7.6.2.1.1): row and column cosines times Pixel Spacing, and the
    step (last position - first) / (n - 1) between slices, which keeps the shear of a tilted gantry.

    Parameters
    ----------
    source, series_uid
        A file, a folder, several of them; or, of `radpix.scan`, its result, a `Series`, a `VolumePlan`, an `Instance`
        (one slice) or several; of several series that of ``series_uid``.
    level
        ``"modality"``: Rescale Slope and Intercept of each slice applied (HU, BQML, ...); ``"stored"``: as in the file.
    scaling
        Of modality values: ``"rescale"``; ``"philips"`` by the private Scale Slope (2005,100E), without a unit.
    on_irregular
        What to do with slices that do not form a regular volume (a gap, a repeated position, uneven spacing, a tilt,
        a slice aside). Missing attributes, frames and tiles without places are refused whatever this says.
        ``"raise"``: refuse. ``"keep"``: stack all slices, none dropped; the affine has the mean step, so that of
        uneven ones only the first and last are where it says. ``"resample"``: linearly onto a regular grid.
    dtype
        Of the voxels; values beyond it are an error, integers are rounded half to even. Default at level
        "modality": int16 where every slope and intercept is an integer and every value fits, else int32, else
        float32 (float64 for pixels of more than 16 bits); for colours, palettes and at level "stored" the type
        in the file.
    reduce
        Of JPEG 2000: resolution levels to leave out. Voxel (k, i, j) lies where voxel (k, i * 2**reduce, j * 2**reduce)
        of the whole volume does (ISO/IEC 15444-1 B-15), so the affine has the same origin and 2**reduce times the
        in-plane steps. Values are those of the wavelet's low-pass filter; at the edge of padding they are mixed.
    layers
        Of JPEG 2000: how many quality layers to use, None for all.
    progress, num_threads
        Called as ``progress(slices done, slices in all)``; slices decoded at once, by default
        `radpix.get_num_threads`.

    Returns
    -------
    Volume
        Voxels (z, y, x[, 3]), affine to LPS mm, and the `GeometryReport`. ``windows`` are for modality values.
        Peak memory is that of the voxels and a few slices; twice the voxels for ``"resample"``.

    Raises
    ------
    GeometryError
        The slices do not form one regular volume, or the source holds several series or volumes; `.report` says more.
    PixelDataError
        There is no DICOM image in the source, or one without pixel data; `DecodeError`, `TruncatedError`,
        `UnsupportedTransferSyntaxError` for pixel data that cannot be decoded, or not in part. The message names
        the file.
    FileNotFoundError, LimitError
        A path does not exist; the volume is larger than `radpix.limits` allow.
    TypeError
        The source is none of these.
    ValueError
        An argument is outside its choices, or ``dtype`` cannot hold the values.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> volume = load(get_testdata_file("CT_small.dcm"))
    >>> volume.shape, volume.spacing, volume.voxels.dtype, volume.unit
    ((1, 128, 128), (5.0, 0.661468, 0.661468), dtype('int16'), 'HU')
    """
    _check_choices(level, on_irregular, scaling)
    selection = selection_of(reduce, None, layers)
    wanted = check_dtype(dtype)
    threads = thread_count(num_threads)
    plan = plan_of(source, series_uid, num_threads)
    threads = threads or _default_threads(plan)
    if not has_modality_values(plan.instances[0]):
        level = "stored"
    stack = _reduced(_checked_stack(plan, on_irregular), plan, selection)
    with deviations_told_once() as deviations:
        voxels = read_voxels(
            plan.instances,
            level=level,
            scaling=scaling,
            dtype=wanted,
            progress=progress,
            num_threads=threads,
            selection=selection,
        )
    tell(deviations, stacklevel=2)
    padding = padding_value(plan.instances, level, scaling)
    if padding is not None and voxels.dtype.kind in "iu" and math.isfinite(padding):
        padding = float(round(padding))  # as the voxels are, half to even
    ranges = padding_ranges(plan.instances, voxels.dtype, level, scaling)
    if padding is not None and level == "modality":
        join_padding(voxels, ranges, padding)
    irregular = on_irregular == "resample" and not plan.report.ok
    grid = straighten(voxels, stack, padding, ranges, plan.instances) if irregular else (voxels, stack.affine)
    return _volume(plan, *grid, padding, level if scaling == "rescale" else "stored")


def _reduced(stack: Stack, plan: VolumePlan, selection: FrameSelection | None) -> Stack:
    """Return where the pixels of reduced slices lie: every 2**reduce-th one, from the first on."""
    if selection is None:
        return stack
    if any(instance.tile is not None for instance in plan.instances):
        raise ValueError(
            "reduce and layers are for slices that are whole frames, not for the tiles of a mosaic"
        )
    rows, columns = stack.pixel_spacing
    step = 1 << selection.reduce
    return replace(stack, pixel_spacing=(rows * step, columns * step))


def _check_choices(level: str, on_irregular: str, scaling: str) -> None:
    if scaling not in {"rescale", "philips"}:
        raise ValueError(f'scaling is "rescale" or "philips", not {scaling!r}')
    if level not in {"modality", "stored"}:
        raise ValueError(f'level is "modality" or "stored", not {level!r}')
    if on_irregular not in {"raise", "resample", "keep"}:
        raise ValueError(f'on_irregular is "raise", "resample" or "keep", not {on_irregular!r}')


def _volume(
    plan: VolumePlan,
    voxels: NDArray[Any],
    affine: NDArray[np.float64],
    padding: float | None,
    level: Level,
) -> Volume:
    first = plan.instances[0]
    return Volume(
        voxels=voxels,
        affine=affine,
        frame_of_reference_uid=first.frame_of_reference_uid,
        modality=first.modality,
        unit=unit_of(first) if level == "modality" else "",
        windows=windows_of(first) if level == "modality" else (),
        padding_value=padding,
        report=plan.report,
    )


def _default_threads(plan: VolumePlan) -> int:
    """Return 1 for native pixels without a core: reading those is Python's work, which a second thread slows."""
    compressed = any(instance.transfer_syntax_uid not in NATIVE for instance in plan.instances)
    return get_num_threads() if compressed or kernels().name == "native" else 1


def plan_of(source: Source, series_uid: str | None, num_threads: int | None = None) -> VolumePlan:
    """Find the one volume meant."""
    if isinstance(source, Instance):  # which is a tuple too
        source = VolumePlan((source,))
    if isinstance(source, Series | VolumePlan):
        uid = source.uid if isinstance(source, Series) else source.series_uid
        if series_uid not in {None, uid}:
            raise GeometryError(f"this is series {uid}, not series_uid={series_uid}")
        return source if isinstance(source, VolumePlan) else _only_volume(source)
    found, name = _found(source, num_threads)
    if series_uid is not None:
        found_uids = [series.uid for series in found]
        chosen = [series for series in found if series.uid == series_uid]
        if not chosen:
            raise GeometryError(
                f"{name} has no series {series_uid}; it has {', '.join(found_uids) or 'none'}"
            )
    else:
        chosen = list(found)
    if not chosen:
        raise PixelDataError(
            f"{name} holds no DICOM image ({_reasons(found.skipped)}); give the files or folder of a series"
        )
    if len(chosen) > 1:
        listed = "; ".join(map(str, chosen[:10])) + ("; ..." if len(chosen) > 10 else "")
        raise GeometryError(f"{name} holds {len(chosen)} series: {listed}. Choose one by series_uid=")
    return _only_volume(chosen[0])


def _found(source: Any, num_threads: int | None) -> tuple[ScanResult, str]:
    """Return the series in what was given, and its name for messages."""
    is_list = isinstance(source, Iterable) and not isinstance(source, str | bytes | os.PathLike)
    listed = list(source) if is_list else [source]
    series = [one for one in listed if isinstance(one, Series)]
    if isinstance(source, ScanResult) or (series and len(series) == len(listed)):
        return ScanResult(series, getattr(source, "skipped", ())), f"the list of {len(series)} series"
    images = [one for one in listed if isinstance(one, Instance)]
    if images and len(images) == len(listed):
        return ScanResult(series_of(images)), f"the list of {len(images)} images"
    _check_paths(listed, "a list of " if is_list else "")
    return scan(listed, num_threads=num_threads), _name(listed)


def _check_paths(listed: Sequence[Any], kind: str) -> None:
    others = sorted({type(one).__name__ for one in listed if not isinstance(one, str | os.PathLike)})
    if others:
        raise TypeError(
            "a source is a path, several paths, or, of radpix.scan, its result, a Series, a VolumePlan, an Instance or"
            f" a list of instances; not {kind}{', '.join(others)}"
        )


def _reasons(skipped: Sequence[tuple[str, str, str]]) -> str:
    if not skipped:
        return "no files"
    words = {
        "not-dicom": "not DICOM",
        "not-an-image": "DICOM without Rows and Columns",
        "unreadable": "unreadable",
    }
    reasons = [reason for _, reason, _ in skipped]
    return ", ".join(
        f"{reasons.count(r)} {'files' if reasons.count(r) > 1 else 'file'} {text}"
        for r, text in words.items()
        if r in reasons
    )


def _name(paths: Sequence[PathLike]) -> str:
    shown = ", ".join(str(Path(path)) for path in paths[:3])
    return (
        shown + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")
        if paths
        else "an empty list of files"
    )


def _only_volume(series: Series) -> VolumePlan:
    plans = series.volumes()
    if len(plans) > 1:
        report = series.audit()
        listed = "; ".join(
            f"[{k}] {plan}: {name_slices(plan.instances[:1])}" for k, plan in enumerate(plans[:10])
        )
        reasons = " ".join(f"{finding.message}." for finding in report.errors[:3])
        raise GeometryError(
            f"series {series.uid} holds {len(plans)} volumes: {listed}{'; ...' if len(plans) > 10 else ''}. {reasons}"
            " Load one of radpix.scan(...)[0].volumes()",
            report,
        )
    return plans[0]


def _counted(plan: VolumePlan) -> str:
    count = len(plan.instances)
    return f"the {count} slices form" if count > 1 else "the slice forms"


def _checked_stack(plan: VolumePlan, on_irregular: str) -> Stack:
    """Return where the slices lie; raise for errors that ``on_irregular`` does not cover."""
    covered = {"raise": frozenset[str](), "resample": _IRREGULAR, "keep": _KEPT}[on_irregular]
    # Decoding says more of pixels that are not there.
    covered |= {"truncated-pixels"}
    errors = [finding for finding in plan.report.errors if finding.code not in covered]
    stack = Stack.of(plan.instances)
    if errors or stack is None:
        errors = errors or list(plan.report.errors)
        folder = Path(plan.instances[0].path).parent
        remedy = (
            ' on_irregular="resample" interpolates a regular grid, "keep" stacks the slices as they are.'
            if {finding.code for finding in errors} <= _IRREGULAR
            else ""
        )
        found = "; ".join(f"{finding.code}: {finding.message}" for finding in errors)
        raise GeometryError(
            f"{_counted(plan)} of series {plan.series_uid} in {folder} no regular volume: {found}.{remedy}",
            plan.report,
        )
    if len(plan.instances) > 1 and len(stack.distinct) == 1:
        raise GeometryError(
            f"all slices are at one position, so there is no volume: {name_slices(plan.instances)}",
            plan.report,
        )
    return stack
