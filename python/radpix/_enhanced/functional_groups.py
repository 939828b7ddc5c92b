"""Frames of enhanced objects by their functional groups (PS3.3 C.7.6.16): a frame's own before the shared ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from radpix._enhanced.elements import Elements, read_elements
from radpix._enhanced.pet_units import ENHANCED_PET, LEGACY_CONVERTED_PET, PET_UNITS
from radpix._header.attribute_bytes import binary, decimal, decimal_or_nan, decimals, integer, string, strings
from radpix._header.scan import EVERY_ITEM, Wanted
from radpix._series.instance_parser import plausible_vector

if TYPE_CHECKING:
    from collections.abc import Callable

    from radpix._series.instance import Instance

__all__ = ["grouped_frames"]

_SHARED, _PER_FRAME = 0x52009229, 0x52009230


def _vector(count: int, smallest: float = 0) -> Callable[[bytes, str], Any]:
    return lambda raw, _order: plausible_vector(decimals(raw), count, smallest)


def _binary_vector(count: int) -> Callable[[bytes, str], Any]:
    return lambda raw, order: plausible_vector(binary(raw, order, "FD"), count)


def _first(vr: str) -> Callable[[bytes, str], Any]:
    return lambda raw, order: next(iter(binary(raw, order, vr)), None)


def _whole(vr: str) -> Callable[[bytes, str], Any]:
    return lambda raw, order: next((int(value) for value in binary(raw, order, vr)), None)


def _decimal(raw: bytes, _order: str) -> float | None:
    return decimal(raw)


def _integer(raw: bytes, _order: str) -> int | None:
    return integer(raw)


class _Macro(NamedTuple):
    """An attribute of a functional group: its field, the sequences to it, its tag, and how it is read."""

    field: str
    steps: tuple[int, ...]
    tag: int
    parse: Callable[[bytes, str], Any]


_FRAME_CONTENT, _MEASURES, _VALUES = 0x00209111, 0x00289110, 0x00289145
_VOI, _CARDIAC, _DIFFUSION = 0x00289132, 0x00189118, 0x00189117
_FRAME_TYPES = (0x00189226, 0x00189329, 0x00189751, 0x00189412, 0x00189504)  # MR, CT, PET, XA/XRF, X-ray 3D
_PARAMETRIC_MAP = "1.2.840.10008.5.1.4.1.1.30"
#: What the values are is said by Real World Value Mapping alone (PS3.3 C.8.23.2), or in no other units (A.56.4).
_MAPPED = frozenset({_PARAMETRIC_MAP, ENHANCED_PET, LEGACY_CONVERTED_PET})
#: Attributes of legacy converted objects that have no place of their own, shared and of each frame.
_UNASSIGNED = (0x00209170, 0x00209171)
#: What classic objects say of repetitions at the top level.
_CLASSIC: tuple[tuple[str, int, Callable[[bytes, str], Any]], ...] = (
    ("acquisition_date", 0x00080022, string),
    ("content_date", 0x00080023, string),
    ("acquisition_time", 0x00080032, string),
    ("content_time", 0x00080033, string),
    ("kvp", 0x00180060, _decimal),
    ("echo_time", 0x00180081, _decimal),
    ("inversion_time", 0x00180082, _decimal),
    ("echo_number", 0x00180086, _integer),
    ("trigger_time", 0x00181060, _decimal),
    ("acquisition_number", 0x00200012, _integer),
    ("instance_number", 0x00200013, _integer),
    ("temporal_position", 0x00200100, _integer),
    ("units", 0x00541001, string),
    ("frame_reference_time", 0x00541300, _decimal),
)
#: A private sequence of Philips with the attributes of each frame's classic form.
_PHILIPS = 0x2005140F

_MACROS = (
    _Macro("image_position", (0x00209113,), 0x00200032, _vector(3)),
    _Macro("image_orientation", (0x00209116,), 0x00200037, _vector(6)),
    _Macro("pixel_spacing", (_MEASURES,), 0x00280030, _vector(2, 1e-6)),
    _Macro("slice_thickness", (_MEASURES,), 0x00180050, _decimal),
    _Macro("spacing_between_slices", (_MEASURES,), 0x00180088, _decimal),
    _Macro("rescale_intercept", (_VALUES,), 0x00281052, decimal_or_nan),
    _Macro("rescale_slope", (_VALUES,), 0x00281053, decimal_or_nan),
    _Macro("rescale_type", (_VALUES,), 0x00281054, string),
    _Macro("window_center", (_VOI,), 0x00281050, decimals),
    _Macro("window_width", (_VOI,), 0x00281051, decimals),
    _Macro("window_explanation", (_VOI,), 0x00281055, strings),
    _Macro("voi_lut_function", (_VOI,), 0x00281056, string),
    _Macro("stack_id", (_FRAME_CONTENT,), 0x00209056, string),
    _Macro("in_stack_position", (_FRAME_CONTENT,), 0x00209057, _whole("UL")),
    _Macro("temporal_position", (_FRAME_CONTENT,), 0x00209128, _whole("UL")),
    _Macro("acquisition_time", (_FRAME_CONTENT,), 0x00189074, string),
    _Macro("content_time", (_FRAME_CONTENT,), 0x00189151, string),
    _Macro("acquisition_number", (_FRAME_CONTENT,), 0x00209156, _whole("US")),
    _Macro("dimension_indices", (_FRAME_CONTENT,), 0x00209157, lambda raw, order: binary(raw, order, "UL")),
    _Macro("echo_time", (0x00189114,), 0x00189082, _first("FD")),
    _Macro("inversion_time", (0x00189115,), 0x00189079, _first("FD")),
    _Macro("trigger_time", (_CARDIAC,), 0x00209153, _first("FD")),
    _Macro("cardiac_phase", (_CARDIAC,), 0x00209241, _first("FL")),
    _Macro("respiratory_phase", (0x00209253,), 0x00209245, _first("FL")),
    _Macro("temporal_offset", (0x00209310,), 0x0020930D, _first("FD")),
    _Macro("contrast_phase", (0x00189341,), 0x00189344, string),
    _Macro("kvp", (0x00189325,), 0x00180060, _decimal),
    _Macro("diffusion_b_value", (_DIFFUSION,), 0x00189087, _first("FD")),
    _Macro("gradient_direction", (_DIFFUSION, 0x00189076), 0x00189089, _binary_vector(3)),
    *(_Macro("image_type", (group,), 0x00089007, strings) for group in _FRAME_TYPES),
    *(_Macro("component", (group,), 0x00089208, string) for group in _FRAME_TYPES),
    *(_Macro(field, (group,), tag, parse) for group in _UNASSIGNED for field, tag, parse in _CLASSIC),
    _Macro("philips_creator", (_PHILIPS,), 0x20050010, string),
    _Macro("philips_slope", (_PHILIPS,), 0x2005100E, _first("FL")),
    _Macro("philips_intercept", (_PHILIPS,), 0x2005100D, _first("FL")),
    _Macro("segment", (0x0062000A,), 0x0062000B, _whole("US")),
    _Macro("volume_position", (0x0020930E,), 0x00209301, _binary_vector(3)),
    _Macro("volume_orientation", (0x0020930F,), 0x00209302, _binary_vector(6)),
    _Macro("map_intercept", (0x00409096,), 0x00409224, _first("FD")),
    _Macro("map_slope", (0x00409096,), 0x00409225, _first("FD")),
    _Macro("map_unit", (0x00409096, 0x004008EA), 0x00080100, string),
    _Macro("map_long_unit", (0x00409096, 0x004008EA), 0x00080119, string),
    _Macro("map_scheme", (0x00409096, 0x004008EA), 0x00080102, string),
)
_WANTED = (
    *(Wanted(((_SHARED, 0), *((step, 0) for step in macro.steps)), macro.tag) for macro in _MACROS),
    *(
        Wanted(((_PER_FRAME, EVERY_ITEM), *((step, 0) for step in macro.steps)), macro.tag)
        for macro in _MACROS
    ),
    Wanted((), 0x00209312),
)
#: Of ultrasound volumes, whose Plane Position (Volume) is in no patient's coordinates (PS3.3 C.8.24.2).
_VOLUME_FRAME = 2 * len(_MACROS)


def grouped_frames(instance: Instance) -> tuple[Instance, ...]:
    """Return the frames of an object with functional groups, in the order of the pixel data.

    The object itself where its groups are not one for each frame, or give none of them a position.

    Raises
    ------
    OSError, RadpixError
        The file cannot be read.
    """
    if instance.functional_groups != instance.number_of_frames:
        return (instance,)
    elements = read_elements(instance.path, _WANTED)
    shared, own = _values_by_frame(elements, instance.number_of_frames)
    volume_frame = string(elements.get(_VOLUME_FRAME))
    frames = [_described({**shared, **values}, instance, volume_frame) for values in own]
    if not any(values.get("image_position") for values in frames):
        return (instance,)
    return tuple(instance._replace(frame=frame, **values) for frame, values in enumerate(frames))


def _values_by_frame(elements: Elements, count: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the fields of the shared groups and of each frame's own."""
    known: dict[tuple[int, bytes], Any] = {}
    shared: dict[str, Any] = {}
    own: list[dict[str, Any]] = [{} for _ in range(count)]
    for (index, item), raw in elements.values.items():
        if index == _VOLUME_FRAME:
            continue
        place = index % len(_MACROS)
        key = (place, raw)
        if key not in known:
            known[key] = _MACROS[place].parse(raw, elements.order)
        value = known[key]
        if value is not None and value not in ((), ""):
            (shared if index < len(_MACROS) else own[item])[_MACROS[place].field] = value
    return shared, own


def _unit(values: dict[str, Any]) -> str:
    """Return the code of Measurement Units where it is one of UCUM, the scheme of CID 82; of any other scheme, none.

    Code Value has 16 characters, a longer one is Long Code Value (PS3.3 8.8).
    """
    short, long, scheme = (values.pop(f"map_{name}", "") for name in ("unit", "long_unit", "scheme"))
    return str(short or long) if scheme == "UCUM" else ""


def _described(values: dict[str, Any], instance: Instance, volume_frame: str) -> dict[str, Any]:
    """Return fields of `Instance`, the places of ultrasound volumes and mapped values and their units among them."""
    position, orientation = (values.pop(f"volume_{name}", None) for name in ("position", "orientation"))
    if position is not None and "image_position" not in values:
        values["frame_of_reference_uid"] = volume_frame
    values.setdefault("image_position", position)
    values.setdefault("image_orientation", orientation)
    slope, intercept = (values.pop(f"map_{name}", None) for name in ("slope", "intercept"))
    unit = _unit(values)
    if instance.sop_class_uid in _MAPPED and slope and intercept is not None:
        values |= {"rescale_slope": slope, "rescale_intercept": intercept, "rescale_type": unit}
        if (
            instance.sop_class_uid != _PARAMETRIC_MAP
        ):  # the unit of the mapping or none, never that of other values
            values["units"] = PET_UNITS.get(unit, (unit, ""))[0]
    creator, scale, start = (
        values.pop(f"philips_{name}", None) for name in ("creator", "slope", "intercept")
    )
    if creator == "Philips MR Imaging DD 001" and scale and scale > 0:
        values["philips_scale"] = (scale, start or 0.0)
    if "pixel_spacing" in values:
        values["pixel_spacing_source"] = "Pixel Spacing"
    return values
