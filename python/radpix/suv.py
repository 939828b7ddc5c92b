"""Standardized uptake values: PET activity over the dose that a patient's body would have if it were spread evenly.

What the header does not say is refused, never assumed: a wrong half-life, unit or clock makes a wrong number that
looks right. The rules, with their sources, are in docs/suv.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from radpix import limits
from radpix._suv.attributes import TAGS, missing
from radpix._suv.body import METHODS, SuvMethod
from radpix._suv.frames import classic_headers
from radpix._suv.header import Given, PetHeader
from radpix._suv.rules import SuvScale, scale_of
from radpix.errors import SuvError
from radpix.load import load
from radpix.volume import Volume

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    from radpix.series import PathLike, Series, VolumePlan
    from radpix.window import Window

__all__ = ["SuvMethod", "SuvScale", "suv_scale", "to_suv"]

#: A slice is the one of a header if its position is within this part of a voxel.
_SAME_SLICE = 0.05


def suv_scale(
    headers: Dataset | Sequence[Dataset],
    *,
    method: SuvMethod = "bw",
    weight: float | None = None,
    size: float | None = None,
    sex: str | None = None,
    dose: float | None = None,
    half_life: float | None = None,
    injected_at: datetime | None = None,
) -> SuvScale:
    """Return the factor from PET modality values to SUV.

    Parameters
    ----------
    headers
        Data sets of one series: any one slice, or all, or an enhanced object. All are needed where Decay Correction
        is NONE, and where the start of the scan is that of the earliest acquisition.
    method
        ``"bw"`` body weight, ``"lbm-janmahasatian"`` and ``"lbm-james"`` lean body mass, ``"bsa"`` body surface area
        (the result is in cm2/ml), ``"ibw"`` ideal body weight.
    weight, size, sex, dose, half_life, injected_at
        kg, m, ``"M"`` or ``"F"``, Bq, s, and a time on the scanner's clock: in place of what the header says.

    Returns
    -------
    SuvScale
        ``modality value * factor`` is the SUV.

    Raises
    ------
    SuvError
        The header does not say what is needed; `.code` and `.tag` name it.
    ValueError
        An argument is outside its choices, or there is no header.

    Examples
    --------
    >>> from pydicom.dataset import Dataset
    >>> header, drug = Dataset(), Dataset()
    >>> header.Units, header.DecayCorrection, header.PatientWeight = "BQML", "ADMIN", 70
    >>> drug.RadionuclideTotalDose = 350e6
    >>> header.RadiopharmaceuticalInformationSequence = [drug]
    >>> suv_scale(header).factors
    (0.0002,)
    """
    if method not in METHODS:
        raise ValueError(f"method is one of {', '.join(METHODS)}, not {method!r}")
    given = _given(weight, size, sex, dose, half_life, injected_at)
    listed = [headers] if not isinstance(headers, Sequence) else list(headers)
    return scale_of(_pet_headers(listed, given), method, all_slices=True)


def to_suv(
    source: Volume | PathLike | Sequence[PathLike] | Series | VolumePlan,
    headers: Dataset | Sequence[Dataset] | None = None,
    *,
    method: SuvMethod = "bw",
    weight: float | None = None,
    size: float | None = None,
    sex: str | None = None,
    dose: float | None = None,
    half_life: float | None = None,
    injected_at: datetime | None = None,
    num_threads: int | None = None,
) -> Volume:
    """Return a PET volume in standardized uptake values.

    Parameters
    ----------
    source
        A volume in the modality values of its header's Units, as `radpix.load` returns it; or what `radpix.load`
        takes, to be loaded here.
    headers
        Where ``source`` is a volume: the data sets of its slices, or any one of them, as in `suv_scale`.
    method, weight, size, sex, dose, half_life, injected_at
        As in `suv_scale`.
    num_threads
        For loading.

    Returns
    -------
    Volume
        float32 (float64 for float64 voxels), its unit the UCUM code of the method (PS3.16 CID 85), such as
        ``"g/ml{SUVbw}"``. Windows and padding value are scaled with it.

    Raises
    ------
    SuvError
        The header does not say what is needed, or the volume is not in its unit; `.code` and `.tag` name it.
    GeometryError, PixelDataError, ...
        As `radpix.load`.

    Examples
    --------
    >>> from pydicom.dataset import Dataset
    >>> header, drug = Dataset(), Dataset()
    >>> header.Units, header.DecayCorrection, header.PatientWeight = "BQML", "ADMIN", 70
    >>> drug.RadionuclideTotalDose = 350e6
    >>> header.RadiopharmaceuticalInformationSequence = [drug]
    >>> volume = Volume(np.full((1, 1, 1), 5000, np.float32), unit="BQML")
    >>> suv = to_suv(volume, header)
    >>> suv.voxels.item(), suv.unit
    (1.0, 'g/ml{SUVbw}')
    """
    if method not in METHODS:
        raise ValueError(f"method is one of {', '.join(METHODS)}, not {method!r}")
    given = _given(weight, size, sex, dose, half_life, injected_at)
    if isinstance(source, Volume):
        if headers is None:
            raise ValueError(
                "a volume does not keep what a SUV needs: give headers=, the data set of a slice"
            )
        listed = [headers] if not isinstance(headers, Sequence) else list(headers)
        volume = source
    else:
        if headers is not None:
            raise ValueError("headers= are those of a volume; files bring their own")
        volume, listed = _loaded(source, num_threads)
    if volume.voxels.ndim != 3 or volume.voxels.dtype.kind not in "iuf":
        raise ValueError(
            f"PET voxels are (z, y, x) numbers, not {volume.voxels.ndim}-D {volume.voxels.dtype}"
        )
    pet = _pet_headers(listed, given)
    depth = volume.shape[0]
    scale = scale_of(pet, method, all_slices=len(pet) >= depth)
    _check_unit(volume, pet[0])
    factors = np.asarray(scale.factors)
    if len(factors) > 1 or (pet[0].decay_correction == "NONE" and depth > 1):
        factors = factors[_slices_of(volume, pet, factors)]
    return _scaled(volume, np.broadcast_to(factors, depth), scale.unit)


def _pet_headers(datasets: Sequence[Dataset], given: Given) -> list[PetHeader]:
    return [PetHeader.of(one, given) for dataset in datasets for one in classic_headers(dataset)]


def _given(
    weight: float | None,
    size: float | None,
    sex: str | None,
    dose: float | None,
    half_life: float | None,
    injected_at: datetime | None,
) -> Given:
    for name, value in (("weight", weight), ("size", size), ("dose", dose), ("half_life", half_life)):
        if value is not None and not (np.isfinite(value) and value > 0):
            raise ValueError(f"{name} is a positive number, not {value}")
    if sex is not None and sex not in {"M", "F"}:
        raise ValueError(f'sex is "M" or "F", not {sex!r}')
    if injected_at is not None and injected_at.tzinfo is not None:
        raise ValueError("injected_at is a time on the scanner's clock, without a time zone")
    return Given(weight, size, sex, dose, half_life, injected_at)


def _loaded(source: Any, num_threads: int | None) -> tuple[Volume, list[Dataset]]:
    """Load files and read the headers of the same slices."""
    from pydicom import dcmread

    from radpix.load import plan_of

    plan = plan_of(source, None)
    by_path: dict[str, list[Dataset]] = {}
    for one in plan.instances:  # the frames of an object have one file
        if one.path not in by_path:
            by_path[one.path] = classic_headers(dcmread(one.path, force=True, stop_before_pixels=True))
    frames = [(by_path[one.path], one.frame or 0) for one in plan.instances]
    # Of several frames of a classic object, there is one header.
    headers = [listed[frame if frame < len(listed) else 0] for listed, frame in frames]
    return load(plan, num_threads=num_threads), headers


def _check_unit(volume: Volume, header: PetHeader) -> None:
    if volume.unit.upper() != header.units:
        raise SuvError(
            f"the volume's unit is {volume.unit or 'unknown'!r}, that of its header {header.units}: SUV are computed"
            ' from modality values, radpix.load(..., level="modality"); where they are these, say so by'
            f' dataclasses.replace(volume, unit="{header.units}")',
            code="suv-volume-unit",
            tag=TAGS["Units"],
        )


def _slices_of(volume: Volume, headers: list[PetHeader], factors: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the index of the header of each slice, by position."""
    positions = [header.position or missing("ImagePositionPatient") for header in headers]
    index = volume.patient_to_index(positions)
    nearest = np.rint(index[:, 0])
    error = np.abs(index - np.stack([nearest, 0 * nearest, 0 * nearest], axis=1)).max(axis=1)
    order = np.full(volume.shape[0], -1, dtype=np.intp)
    for k in np.flatnonzero((error < _SAME_SLICE) & (nearest >= 0) & (nearest < len(order))):
        before = order[int(nearest[k])]
        if before >= 0 and factors[before] != factors[k]:
            raise SuvError(
                f"several headers are at the position of slice {int(nearest[k])} of the volume, of different moments:"
                " give those of the volume's own images",
                code="suv-headers-differ",
                tag=TAGS["AcquisitionTime"],
            )
        order[int(nearest[k])] = k
    if (order < 0).any():
        raise SuvError(
            f"no header is at the position of slice {int(np.argmax(order < 0))} of the volume; where"
            f" {TAGS['DecayCorrection']} is NONE every slice needs its own",
            code="suv-slice-without-header",
            tag=TAGS["ImagePositionPatient"],
        )
    return order


def _scaled(volume: Volume, factors: NDArray[np.float64], unit: str) -> Volume:
    """Multiply slice by slice in float64, rounded once."""
    dtype = np.dtype(np.float64 if volume.voxels.dtype == np.float64 else np.float32)
    limits.check_bytes(dtype.itemsize * volume.voxels.size, "to_suv: ")
    voxels = np.empty(volume.voxels.shape, dtype)
    for target, values, factor in zip(voxels, volume.voxels, factors, strict=True):
        np.multiply(values, factor, out=target, dtype=np.float64, casting="same_kind")
    one = float(factors[0]) if np.ptp(factors) == 0 else None
    padding = volume.padding_value
    return replace(
        volume,
        voxels=voxels,
        unit=unit,
        windows=() if one is None else tuple(_scaled_window(w, one) for w in volume.windows if w.width > 1),
        padding_value=None if one is None or padding is None else float(dtype.type(padding * one)),
    )


def _scaled_window(window: Window, factor: float) -> Window:
    """Scale a window; LINEAR's half and whole steps (PS3.3 C.11.2.1.2.1) become LINEAR_EXACT's exact ends."""
    center, width, function = window.center, window.width, window.function
    if function == "LINEAR":
        center, width, function = center - 0.5, width - 1, "LINEAR_EXACT"
    return replace(window, center=center * factor, width=width * factor, function=function)
