"""The attributes that place an image in a series, from the bytes of their values.

Everything else in radpix sees `Instance` records only, so that what reads them may change. No attribute that is not
needed is parsed, and a malformed number is None instead of an exception; of a rescale, which is 1 and 0 where absent,
it is NaN. The same bytes, frequent in a series, are parsed once, and of a header that differs from the one before in a
few values, only those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from radpix._header.attribute_bytes import (
    binary,
    decimal,
    decimal_or_nan,
    decimals,
    doubles,
    integer,
    real,
    short,
    string,
    strings,
    text,
)
from radpix._header.scan import Change, Query, Scan, Wanted
from radpix._series.instance import Instance, Vector
from radpix._series.vendor import PRIVATE_TAGS, private_values
from radpix.errors import PixelDataError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["QUERY", "InstanceParser", "NotAnImageError", "plausible_vector"]

#: Values remembered of each attribute.
_KNOWN = 4096
#: More than any of these attributes has; a file may claim 4 GiB.
_LONGEST_VALUE = 4096
#: Lengths beyond these are no lengths in a patient or a specimen, and would overflow what is computed of them.
_SMALLEST_MM, _LARGEST_MM = 1e-6, 1e6


class NotAnImageError(Exception):
    """The file is DICOM, without Rows and Columns."""


def plausible_vector(values: tuple[float, ...], count: int, smallest: float = 0) -> tuple[float, ...] | None:
    """Return ``count`` numbers that are lengths or cosines, else None."""
    for value in values:
        if abs(value) > _LARGEST_MM or (smallest and value < smallest):
            return None
    return values if len(values) == count else None


def _position(raw: bytes, _order: str) -> Vector | None:
    return plausible_vector(decimals(raw), 3)  # type: ignore[return-value]


def _orientation(raw: bytes, _order: str) -> tuple[float, ...] | None:
    return plausible_vector(decimals(raw), 6)


def _spacing(raw: bytes, _order: str) -> tuple[float, ...] | None:
    return plausible_vector(decimals(raw), 2, _SMALLEST_MM)


def _first_double(raw: bytes, order: str) -> float | None:
    return next(iter(doubles(raw, order)), None)


def _first_float(raw: bytes, order: str) -> float | None:
    return next(iter(binary(raw, order, "FL")), None)


def _direction(raw: bytes, order: str) -> tuple[float, ...] | None:
    return plausible_vector(doubles(raw, order), 3)


def _positive(raw: bytes, order: str) -> int:
    return short(raw, order) or 1


def _count(raw: bytes, _order: str) -> int:
    return integer(raw) or 1


_PLAIN: tuple[tuple[str, int, Callable[[bytes, str], Any]], ...] = (
    ("image_type", 0x00080008, strings),
    ("sop_class_uid", 0x00080016, string),
    ("sop_instance_uid", 0x00080018, string),
    ("acquisition_date", 0x00080022, string),
    ("content_date", 0x00080023, string),
    ("acquisition_time", 0x00080032, string),
    ("content_time", 0x00080033, string),
    ("modality", 0x00080060, string),
    ("manufacturer", 0x00080070, string),
    ("component", 0x00089208, string),
    ("slice_thickness", 0x00180050, decimal),
    ("kvp", 0x00180060, decimal),
    ("echo_time", 0x00180081, decimal),
    ("inversion_time", 0x00180082, decimal),
    ("echo_number", 0x00180086, integer),
    ("spacing_between_slices", 0x00180088, decimal),
    ("trigger_time", 0x00181060, decimal),
    ("gantry_tilt", 0x00181120, decimal),
    ("diffusion_b_value", 0x00189087, _first_double),
    ("gradient_direction", 0x00189089, _direction),
    ("cardiac_phase", 0x00209241, _first_float),
    ("respiratory_phase", 0x00209245, _first_float),
    ("study_instance_uid", 0x0020000D, string),
    ("series_instance_uid", 0x0020000E, string),
    ("series_number", 0x00200011, integer),
    ("acquisition_number", 0x00200012, integer),
    ("instance_number", 0x00200013, integer),
    ("image_position", 0x00200032, _position),
    ("image_orientation", 0x00200037, _orientation),
    ("frame_of_reference_uid", 0x00200052, string),
    ("temporal_position", 0x00200100, integer),
    ("slice_location", 0x00201041, decimal),
    ("samples_per_pixel", 0x00280002, _positive),
    ("photometric_interpretation", 0x00280004, string),
    ("number_of_frames", 0x00280008, _count),
    ("rows", 0x00280010, short),
    ("columns", 0x00280011, short),
    ("pixel_spacing", 0x00280030, _spacing),
    ("bits_allocated", 0x00280100, short),
    ("bits_stored", 0x00280101, short),
    ("high_bit", 0x00280102, short),
    ("pixel_representation", 0x00280103, short),
    ("window_center", 0x00281050, decimals),
    ("window_width", 0x00281051, decimals),
    ("rescale_intercept", 0x00281052, decimal_or_nan),
    ("rescale_slope", 0x00281053, decimal_or_nan),
    ("rescale_type", 0x00281054, string),
    ("window_explanation", 0x00281055, strings),
    ("voi_lut_function", 0x00281056, string),
    ("number_of_slices", 0x00540081, short),
    ("units", 0x00541001, string),
    ("frame_reference_time", 0x00541300, decimal),
)


_CHARACTER_SET, _DESCRIPTION = 0x00080005, 0x0008103E
#: Field and VR of Pixel Padding Value and Pixel Padding Range Limit (PS3.3 C.7.5.1.1.2), with those of floating point.
_PADDINGS = {
    0x00280120: ("pixel_padding_value", "US"),
    0x00280121: ("pixel_padding_limit", "US"),
    0x00280122: ("pixel_padding_value", "FL"),
    0x00280123: ("pixel_padding_value", "FD"),
    0x00280124: ("pixel_padding_limit", "FL"),
    0x00280125: ("pixel_padding_limit", "FD"),
}
_MODALITY_LUT, _FUNCTIONAL_GROUPS, _PIXEL_DATA = 0x00283000, 0x52009230, 0x7FE00010
_IMAGER_SPACING, _MAGNIFICATION, _SCANNED_SPACING = 0x00181164, 0x00181114, 0x00182010
_REGION = ((0x00186011, 0),)
_REGION_TAGS = (0x00186024, 0x0018602C, 0x0018602E)  # Physical Units X, Physical Delta X and Y
_CENTIMETRES = 3

#: What is looked at together, behind the plain attributes.
_OTHERS = (
    *(
        Wanted((), tag)
        for tag in (
            _CHARACTER_SET,
            _DESCRIPTION,
            *_PADDINGS,
            _IMAGER_SPACING,
            _MAGNIFICATION,
            _SCANNED_SPACING,
            *sorted(PRIVATE_TAGS),
        )
    ),
    *(Wanted(_REGION, tag) for tag in _REGION_TAGS),
)
_COUNTED = (Wanted((), _MODALITY_LUT, True), Wanted((), _FUNCTIONAL_GROUPS, True))
#: What is looked for in each file.
QUERY = Query([*(Wanted((), tag) for _, tag, _ in _PLAIN), *_OTHERS, *_COUNTED], pixel_data=True)
_FIELDS = tuple((field, parse) for field, _, parse in _PLAIN)
_TAG_OF = {len(_PLAIN) + k: wanted.tag for k, wanted in enumerate([*_OTHERS, *_COUNTED])}
_MISSING = object()

#: Fields that differ from slice to slice, and on which no other field depends.
_PER_SLICE = frozenset(
    {
        "sop_instance_uid",
        "acquisition_date",
        "acquisition_time",
        "content_date",
        "content_time",
        "echo_time",
        "trigger_time",
        "frame_reference_time",
        "acquisition_number",
        "instance_number",
        "image_position",
        "temporal_position",
        "slice_location",
        "window_center",
        "window_width",
        "rescale_intercept",
        "rescale_slope",
    }
)
#: Their place in an `Instance`, by the index in the query.
_PLACES = {k: Instance._fields.index(field) for k, (field, _) in enumerate(_FIELDS) if field in _PER_SLICE}
_PATH, _SIZE, _OFFSET, _LENGTH = map(
    Instance._fields.index, ("path", "file_size", "pixel_offset", "pixel_length")
)


class InstanceParser:
    """Turns scans into instances."""

    def __init__(self) -> None:
        self._known: dict[str, list[dict[bytes, Any]]] = {
            order: [{} for _ in range(len(_PLAIN))] for order in "<>"
        }
        self._scan: Scan | None = None
        #: Fields of the instance of `_scan`; none where it has no instance, or several values of an attribute.
        self._latest: list[Any] = []

    def scanned(self, path: str, scan: Scan) -> Instance:
        """Return the instance of a whole scan.

        Raises
        ------
        NotAnImageError, PixelDataError
            The object has no Rows and Columns.
        """
        self._scan, self._latest = scan, []
        values = self._values(scan)
        pixels = scan.pixels
        instance = Instance(
            path,
            scan.transfer_syntax,
            file_size=scan.size,
            # In a deflated data set, the offset counts inflated bytes.
            pixel_offset=0 if scan.is_deflated else pixels.offset,
            pixel_length=pixels.length if pixels.tag == _PIXEL_DATA else 0,
            is_little_endian=scan.is_little_endian,
            **values,
        )
        if pixels.tag == _PIXEL_DATA and len({entry[0] for entry in scan.found}) == len(scan.found):
            self._latest = list(instance)
        return instance

    def changed(self, path: str, change: Change) -> Instance:
        """Return the instance of a header that differs from the one before; raise as `scanned`."""
        if self._scan is None:
            raise AssertionError("a change comes behind a scan")
        values: dict[int, bytes] = {}
        for place, entry in change.found:
            self._scan.found[place] = entry
            if entry[0] in _PLACES and isinstance(entry[3], bytes):
                values[entry[0]] = entry[3]
        if not self._latest or len(values) < len(change.found):
            pixels = self._scan.pixels._replace(offset=change.offset, length=change.length)
            return self.scanned(path, self._scan._replace(size=change.size, pixels=pixels))
        latest = self._latest
        order = "<" if self._scan.is_little_endian else ">"
        latest[_PATH], latest[_SIZE] = path, change.size
        latest[_OFFSET], latest[_LENGTH] = change.offset, change.length
        for index, raw in values.items():
            latest[_PLACES[index]] = self._value(index, raw, order)
        return Instance._make(latest)

    def _values(self, scan: Scan) -> dict[str, Any]:
        """Return the fields that the elements give."""
        order = "<" if scan.is_little_endian else ">"
        values: dict[str, Any] = {}
        others: dict[int, bytes] = {}
        for index, _, _, raw in scan.found:
            if index >= len(_FIELDS):
                if isinstance(raw, bytes):
                    others[_TAG_OF[index]] = raw[:_LONGEST_VALUE]
                if _TAG_OF[index] == _MODALITY_LUT:
                    values["has_modality_lut"] = True
                elif isinstance(raw, int):
                    values["functional_groups"] = raw
            elif isinstance(raw, bytes):
                values[_FIELDS[index][0]] = self._value(index, raw, order)
        _check_image(values)
        values |= _other_values(others, values, order)
        values["bits_stored"] = values.get("bits_stored") or values.get("bits_allocated", 0)
        values["component"] = _component(values)
        return values

    def _value(self, index: int, raw: bytes, order: str) -> Any:
        known = self._known[order][index]
        value = known.get(raw, _MISSING)
        if value is _MISSING:
            value = _FIELDS[index][1](raw[:_LONGEST_VALUE], order)
            if len(known) < _KNOWN:
                known[raw] = value
        return value


def _other_values(raw: dict[int, bytes], values: Mapping[str, Any], order: str) -> dict[str, Any]:
    """Return what takes several elements to know."""
    signed = values.get("pixel_representation") == 1
    found: dict[str, Any] = {}
    if _DESCRIPTION in raw:
        found["series_description"] = text(raw[_DESCRIPTION], raw.get(_CHARACTER_SET, b""))
    for tag, (field, vr) in _PADDINGS.items():
        if tag in raw:
            found[field] = _padding(raw[tag], order, vr, signed=signed)
    spacing = values.get("pixel_spacing")
    found |= {"pixel_spacing_source": "Pixel Spacing"} if spacing else _other_spacing(raw, order)
    if not raw.keys().isdisjoint(PRIVATE_TAGS):
        found |= {
            field: value
            for field, value in private_values(raw, order).items()
            if values.get(_SOURCE_OF.get(field, field)) in {None, ""} or field == "philips_scale"
        }
    return found


#: Where values come from, by the fields that these are in: only where those are not the standard's own.
_SOURCE_OF = {"diffusion_source": "diffusion_b_value", "gradient_source": "gradient_direction"}


def _padding(raw: bytes, order: str, vr: str, *, signed: bool) -> float | None:
    if vr != "US":
        return real(raw, order, vr)
    if len(raw) < 2:
        return None
    value = short(raw, order)
    return value - 65536 if signed and value > 32767 else value


def _other_spacing(raw: Mapping[int, bytes], order: str) -> dict[str, Any]:
    """Return the pixel spacing of an object without Pixel Spacing, and the attribute it comes from.

    At the detector, divided by the Estimated Radiographic Magnification Factor where there is one (PS3.3 10.7.1.3);
    of the first ultrasound region, where its units are centimetres (PS3.3 C.8.5.5); of a film scanner.
    """
    imager = _spacing(raw.get(_IMAGER_SPACING, b""), order)
    if imager is not None:
        factor = decimal(raw.get(_MAGNIFICATION, b"")) or 0.0
        if 1 <= factor < 100:
            source = "Imager Pixel Spacing / Estimated Radiographic Magnification Factor"
            return {
                "pixel_spacing": (imager[0] / factor, imager[1] / factor),
                "pixel_spacing_source": source,
            }
        return {"pixel_spacing": imager, "pixel_spacing_source": "Imager Pixel Spacing"}
    units, across, down = (raw.get(tag, b"") for tag in _REGION_TAGS)
    deltas = (*doubles(down, order)[:1], *doubles(across, order)[:1])
    spacing = plausible_vector(tuple(10 * abs(delta) for delta in deltas), 2, _SMALLEST_MM)
    if short(units, order) == _CENTIMETRES and spacing is not None:
        return {"pixel_spacing": spacing, "pixel_spacing_source": "Sequence of Ultrasound Regions"}
    scanned = _spacing(raw.get(_SCANNED_SPACING, b""), order)
    if scanned is not None:
        return {"pixel_spacing": scanned, "pixel_spacing_source": "Nominal Scanned Pixel Spacing"}
    return {}


_IMAGE_TYPE_COMPONENTS = {"P": "PHASE", "R": "REAL", "I": "IMAGINARY", "M": "MAGNITUDE", "PHASE MAP": "PHASE"}


def _component(values: Mapping[str, Any]) -> str:
    """Return Complex Image Component, else what Image Type value 3 of MR says, else what GE says."""
    stated: str = values.get("component", "")
    if stated or values.get("modality") != "MR":
        return stated
    kinds = values.get("image_type", ())[2:3]
    return _IMAGE_TYPE_COMPONENTS.get(kinds[0].split("_")[0], "") if kinds else ""


def _check_image(values: Mapping[str, Any]) -> None:
    """Raise for an object without Rows and Columns: NotAnImageError, unless it should be an image."""
    if values.get("rows") and values.get("columns"):
        return
    from pydicom.config import IGNORE
    from pydicom.uid import UID

    if not UID(values.get("sop_class_uid", ""), IGNORE).name.endswith("Image Storage"):
        raise NotAnImageError
    raise PixelDataError("an image object without Rows and Columns: the header is damaged")
