"""The attributes that place an image in a series, read from one file's header.

Everything else in radpix sees `Instance` records only, so that what reads them may change. Values are taken from the
raw bytes: no attribute that is not needed is parsed, and a malformed number is None instead of an exception.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from radpix._header_scan import Query, Wanted, scan_by_core
from radpix._source import Reporter
from radpix._source.elements import END, UNDEFINED_LENGTH, walk
from radpix._source.header import PIXEL_TAGS, open_data_set
from radpix._source.stream import FileStream
from radpix.errors import PixelDataError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Instance", "NotAnImageError", "NotDicomError", "read_header"]

Vector = tuple[float, float, float]


class NotDicomError(Exception):
    """The file is not DICOM."""


class NotAnImageError(Exception):
    """The file is DICOM, without Rows and Columns."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One image object of a series, as its header describes it; None or empty where an attribute is absent.

    Names are those of the attributes (PS3.6). ``image_position`` and ``image_orientation`` are in LPS (mm, cosines);
    ``pixel_spacing`` is (between rows, between columns) in mm (PS3.3 10.7.1.3).
    """

    path: str
    transfer_syntax_uid: str = ""
    sop_class_uid: str = ""
    sop_instance_uid: str = ""
    study_instance_uid: str = ""
    series_instance_uid: str = ""
    series_number: int | None = None
    series_description: str = ""
    modality: str = ""
    image_type: tuple[str, ...] = ()
    instance_number: int | None = None
    frame_of_reference_uid: str = ""
    image_position: Vector | None = None
    image_orientation: tuple[float, ...] | None = None
    pixel_spacing: tuple[float, float] | None = None
    slice_thickness: float | None = None
    spacing_between_slices: float | None = None
    rows: int = 0
    columns: int = 0
    samples_per_pixel: int = 1
    photometric_interpretation: str = ""
    number_of_frames: int = 1
    bits_allocated: int = 0
    bits_stored: int = 0
    pixel_representation: int = 0
    pixel_padding_value: int | None = None
    rescale_slope: float | None = None
    rescale_intercept: float | None = None
    rescale_type: str = ""
    has_modality_lut: bool = False
    units: str = ""
    window_center: tuple[float, ...] = ()
    window_width: tuple[float, ...] = ()
    window_explanation: tuple[str, ...] = ()
    voi_lut_function: str = ""
    temporal_position: int | None = None
    acquisition_number: int | None = None
    echo_time: float | None = None
    echo_number: int | None = None
    trigger_time: float | None = None
    diffusion_b_value: float | None = None
    gradient_direction: tuple[float, ...] | None = None

    @property
    def name(self) -> str:
        """The file's name, for messages."""
        return Path(self.path).name

    @property
    def is_localizer(self) -> bool:
        """Whether Image Type value 3 marks a localizer (PS3.3 C.8.2.1.1.1)."""
        return "LOCALIZER" in self.image_type[2:]

    @property
    def is_mosaic(self) -> bool:
        """Whether the image tiles many slices under the position of the tiled image (Siemens)."""
        return "MOSAIC" in self.image_type


_TAGS = {
    "image_type": 0x00080008,
    "sop_class_uid": 0x00080016,
    "sop_instance_uid": 0x00080018,
    "modality": 0x00080060,
    "series_description": 0x0008103E,
    "slice_thickness": 0x00180050,
    "echo_time": 0x00180081,
    "echo_number": 0x00180086,
    "spacing_between_slices": 0x00180088,
    "trigger_time": 0x00181060,
    "diffusion_b_value": 0x00189087,
    "gradient_direction": 0x00189089,
    "study_instance_uid": 0x0020000D,
    "series_instance_uid": 0x0020000E,
    "series_number": 0x00200011,
    "acquisition_number": 0x00200012,
    "instance_number": 0x00200013,
    "image_position": 0x00200032,
    "image_orientation": 0x00200037,
    "frame_of_reference_uid": 0x00200052,
    "temporal_position": 0x00200100,
    "samples_per_pixel": 0x00280002,
    "photometric_interpretation": 0x00280004,
    "number_of_frames": 0x00280008,
    "rows": 0x00280010,
    "columns": 0x00280011,
    "pixel_spacing": 0x00280030,
    "bits_allocated": 0x00280100,
    "bits_stored": 0x00280101,
    "pixel_representation": 0x00280103,
    "pixel_padding_value": 0x00280120,
    "window_center": 0x00281050,
    "window_width": 0x00281051,
    "rescale_intercept": 0x00281052,
    "window_explanation": 0x00281055,
    "rescale_slope": 0x00281053,
    "rescale_type": 0x00281054,
    "voi_lut_function": 0x00281056,
    "modality_lut": 0x00283000,
    "units": 0x00541001,
}
_SPECIFIC_CHARACTER_SET = 0x00080005
#: More than any of these attributes has; a file may claim 4 GiB.
_LONGEST_VALUE = 4096
#: Lengths beyond these are no lengths in a patient or a specimen, and would overflow what is computed of them.
_SMALLEST_MM, _LARGEST_MM = 1e-6, 1e6


class _Quiet(Reporter):
    """Deviations are for `radpix.decode` to tell, once."""

    def __call__(self, *_: object, **__: object) -> None:
        pass


class _Elements:
    """Values of a header by attribute, from the bytes in the file."""

    def __init__(self, values: Mapping[int, bytes], byte_order: str) -> None:
        self._values = values
        self._order = byte_order

    def raw(self, name: str) -> bytes:
        """Return the value's bytes, empty where the element is absent."""
        return self._values.get(_TAGS[name], b"")

    def __contains__(self, name: str) -> bool:
        return _TAGS[name] in self._values

    def strings(self, name: str) -> tuple[str, ...]:
        raw = self.raw(name)
        return tuple(part.strip(" \0") for part in raw.decode("latin-1").split("\\")) if raw else ()

    def string(self, name: str) -> str:
        return next(iter(self.strings(name)), "")

    def text(self, name: str) -> str:
        """Return text in the file's own character set; where that fails, the bytes as Latin-1."""
        raw = self.raw(name)
        if raw.isascii() and b"\x1b" not in raw:
            return raw.decode("ascii").strip(" \0")
        from pydicom.charset import convert_encodings, decode_bytes

        sets = self._values.get(_SPECIFIC_CHARACTER_SET, b"").decode("latin-1").split("\\")
        try:
            encodings = convert_encodings([name.strip(" \0") for name in sets])
            return decode_bytes(raw, encodings, set()).strip(" \0")
        except Exception:  # whatever a wrong character set makes pydicom raise
            return self.string(name)

    def decimals(self, name: str, count: int = 0) -> tuple[float, ...]:
        """Return finite numbers of a DS, or (); with ``count``, exactly so many or none."""
        try:
            values = tuple(float(part) for part in self.strings(name))
        except ValueError:
            return ()
        if not all(map(math.isfinite, values)) or (count and len(values) != count):
            return ()
        return values

    def decimal(self, name: str) -> float | None:
        return next(iter(self.decimals(name)), None)

    def integer(self, name: str) -> int | None:
        value = self.decimal(name)
        return None if value is None or not value.is_integer() else int(value)

    def doubles(self, name: str, count: int) -> tuple[float, ...]:
        """Return the numbers of an FD with exactly ``count`` values, or ()."""
        raw = self.raw(name)
        if len(raw) != 8 * count:
            return ()
        values = struct.unpack(f"{self._order}{count}d", raw)
        return values if all(map(math.isfinite, values)) else ()

    def short(self, name: str, *, signed: bool = False) -> int | None:
        """Return the first 16-bit integer of a US or SS."""
        raw = self.raw(name)
        if len(raw) < 2:
            return None
        return int(struct.unpack_from(self._order + ("h" if signed else "H"), raw)[0])


_WANTED = frozenset({*_TAGS.values(), *PIXEL_TAGS, _SPECIFIC_CHARACTER_SET})


#: In the order of the query.
_QUERY_TAGS = tuple(sorted(_WANTED - set(PIXEL_TAGS)))
_QUERY = Query([Wanted((), tag) for tag in _QUERY_TAGS], pixel_data=True)


def _parse(path: str) -> tuple[str, Mapping[int, bytes], str]:
    """Return the Transfer Syntax UID, the wanted values in front of the pixel data, and their byte order."""
    scan = scan_by_core(path, _QUERY)
    if scan is not None and not scan.is_truncated:
        values = {
            _QUERY_TAGS[index]: raw[:_LONGEST_VALUE] if isinstance(raw, bytes) else b""
            for index, _, _, raw in scan.found
        }
        return scan.transfer_syntax, values, "<" if scan.is_little_endian else ">"
    # Unbuffered: the header comes through one window.
    with Path(path).open("rb", buffering=0) as file:
        return _parse_by_walk(cast("BinaryIO", file), path)


def _parse_by_walk(file: BinaryIO, path: str) -> tuple[str, Mapping[int, bytes], str]:
    """Return the same by the walk in Python: it raises what is to be told of a file that is not in order."""
    stream = FileStream(file, owned=False)
    try:
        uid, data, window, start, encoding = open_data_set(stream, _Quiet(path))
    except PixelDataError as error:
        raise NotDicomError(str(error)) from error
    values: dict[int, bytes] = {}
    for element in walk(window, start, encoding, path, _WANTED):
        if element.tag == END and data.available(element.start - 1, 2) != 1:  # not where an element ends
            raise PixelDataError("the file is cut off in front of its pixel data")
        if element.tag in PIXEL_TAGS or element.tag == END:
            break
        length = 0 if element.length == UNDEFINED_LENGTH else min(element.length, _LONGEST_VALUE)
        raw = window.read(element.value, length)
        if len(raw) == length:  # a number cut off would be another number
            values[element.tag] = raw
    return uid, values, "<" if encoding.little_endian else ">"


def _plausible(values: tuple[float, ...], smallest: float) -> bool:
    return bool(values) and all(
        abs(value) <= _LARGEST_MM and (not smallest or value >= smallest) for value in values
    )


def _check_image(element: _Elements) -> None:
    """Raise for an object without Rows and Columns: NotAnImageError, unless it should be an image."""
    if element.short("rows") and element.short("columns"):
        return
    from pydicom.config import IGNORE
    from pydicom.uid import UID

    if not UID(element.string("sop_class_uid"), IGNORE).name.endswith("Image Storage"):
        raise NotAnImageError
    raise PixelDataError("an image object without Rows and Columns: the header is damaged")


def read_header(path: str | Path) -> Instance:
    """Read one file's header.

    Raises
    ------
    NotDicomError
        The file is something else.
    NotAnImageError
        It is a DICOM object that is not an image.
    OSError, RadpixError
        It cannot be read, or is damaged.
    """
    uid, found, byte_order = _parse(str(path))
    element = _Elements(found, byte_order)
    _check_image(element)
    rows, columns = element.short("rows") or 0, element.short("columns") or 0
    pixel_representation = element.short("pixel_representation") or 0
    position = element.decimals("image_position", 3)
    spacing = element.decimals("pixel_spacing", 2)
    orientation = element.decimals("image_orientation", 6)
    allocated = element.short("bits_allocated") or 0
    values: dict[str, Any] = {name: element.string(name) for name in _UIDS_AND_CODES}
    values |= {name: element.integer(name) for name in _INTEGERS}
    values |= {name: element.decimal(name) for name in _DECIMALS}
    return Instance(
        path=str(path),
        transfer_syntax_uid=uid,
        **values,
        series_description=element.text("series_description"),
        image_type=element.strings("image_type"),
        image_position=(position[0], position[1], position[2]) if _plausible(position, 0) else None,
        image_orientation=orientation if _plausible(orientation, 0) else None,
        pixel_spacing=(spacing[0], spacing[1]) if _plausible(spacing, _SMALLEST_MM) else None,
        rows=rows,
        columns=columns,
        samples_per_pixel=element.short("samples_per_pixel") or 1,
        number_of_frames=element.integer("number_of_frames") or 1,
        bits_allocated=allocated,
        bits_stored=element.short("bits_stored") or allocated,
        pixel_representation=pixel_representation,
        pixel_padding_value=element.short("pixel_padding_value", signed=pixel_representation == 1),
        has_modality_lut="modality_lut" in element,
        window_center=element.decimals("window_center"),
        window_width=element.decimals("window_width"),
        window_explanation=element.strings("window_explanation"),
        diffusion_b_value=next(iter(element.doubles("diffusion_b_value", 1)), None),
        gradient_direction=element.doubles("gradient_direction", 3) or None,
    )


_UIDS_AND_CODES = (
    "sop_class_uid",
    "sop_instance_uid",
    "study_instance_uid",
    "series_instance_uid",
    "modality",
    "frame_of_reference_uid",
    "photometric_interpretation",
    "rescale_type",
    "units",
    "voi_lut_function",
)
_INTEGERS = ("series_number", "instance_number", "acquisition_number", "temporal_position", "echo_number")
_DECIMALS = (
    "slice_thickness",
    "spacing_between_slices",
    "echo_time",
    "trigger_time",
    "rescale_slope",
    "rescale_intercept",
)
