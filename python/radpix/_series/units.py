"""What the values of an image are: their unit, and whether a rescale leads to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from radpix._series.instance import Instance

__all__ = ["has_modality_values", "is_rescaled", "unit_of"]

_GRAYSCALE = frozenset({"MONOCHROME1", "MONOCHROME2", ""})


def has_modality_values(instance: Instance) -> bool:
    """Whether stored values become others: not colours and palette indices (PS3.3 C.7.6.3), nor segments."""
    return instance.photometric_interpretation in _GRAYSCALE and instance.modality != "SEG"


def is_rescaled(instance: Instance) -> bool:
    """Whether the object says how stored values become modality values."""
    return has_modality_values(instance) and (
        instance.rescale_slope is not None
        or instance.rescale_intercept is not None
        or instance.has_modality_lut
    )


def unit_of(instance: Instance) -> str:
    """Return the unit of modality values: Units (PT, NM), Rescale Type, or HU for CT; empty where unspecified.

    A CT without Rescale Type is in HU (PS3.3 C.8.2.1), where it has the rescale that leads there: stored values, as of
    a screenshot in a CT series, are in no unit.
    """
    if not has_modality_values(instance):
        return ""
    if instance.modality in {"PT", "NM"} and instance.units:
        return instance.units
    if instance.rescale_type:
        return "" if instance.rescale_type == "US" else instance.rescale_type  # US: unspecified
    rescaled = instance.rescale_slope is not None or instance.rescale_intercept is not None
    return "HU" if instance.modality == "CT" and rescaled and not instance.has_modality_lut else ""
