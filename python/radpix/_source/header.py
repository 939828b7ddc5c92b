"""From a file or a pydicom Dataset to its Image Pixel attributes and the place of its pixel data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from radpix._frames import transfer_syntaxes as syntaxes
from radpix._source import attributes as names
from radpix._source.elements import END, UNDEFINED_LENGTH, Encoding, Window, looks_explicit, walk
from radpix._source.stream import FileStream, InflatedStream, MemoryStream, Stream
from radpix.errors import PixelDataError, RadpixError, TruncatedError, UnsupportedTransferSyntaxError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydicom.dataelem import DataElement, RawDataElement
    from pydicom.dataset import Dataset

    from radpix._source.attributes import Value
    from radpix._source.report import Reporter

__all__ = [
    "PIXEL_TAGS",
    "DataSet",
    "FileMeta",
    "Header",
    "file_meta",
    "open_data_set",
    "read_dataset",
    "read_file",
    "syntax_of_dataset",
]

#: Float Pixel Data, Double Float Pixel Data, Pixel Data.
PIXEL_TAGS: Final = (0x7FE00008, 0x7FE00009, 0x7FE00010)

_WANTED: Final = frozenset({*PIXEL_TAGS, *names.NAMES})

_TRANSFER_SYNTAX_UID = 0x00020010

#: What a deflated data set may inflate to before its pixel data is reached.
_LARGEST_DEFLATED_HEADER = 64 << 20

_EXPLICIT_LITTLE = Encoding(explicit_vr=True, little_endian=True)
_IMPLICIT_LITTLE = Encoding(explicit_vr=False, little_endian=True)
_EXPLICIT_BIG = Encoding(explicit_vr=True, little_endian=False)

#: Groups that a bare data set, without preamble and file meta information, can begin with.
_FIRST_GROUPS = frozenset({0x0002, 0x0008, 0x0010, 0x0018, 0x0020, 0x0028})


@dataclass(frozen=True)
class Header:
    """What the pixel data element holds, and what describes it.

    Attributes
    ----------
    transfer_syntax
        The Transfer Syntax UID.
    values
        The attributes of `radpix._source.attributes.NAMES` that are present, by tag.
    stream
        Where ``offset`` counts.
    pixel_tag, pixel_vr
        Of the pixel data element; the VR is empty in implicit VR.
    offset, length
        Of its value; the length may be `UNDEFINED_LENGTH`, and may be a lie.
    """

    transfer_syntax: str
    values: Mapping[int, Value]
    stream: Stream
    pixel_tag: int
    pixel_vr: str
    offset: int
    length: int


class FileMeta(NamedTuple):
    """The file meta information: where it begins and ends, which is where the data set begins; none: both are one."""

    transfer_syntax: str
    start: int
    end: int
    encoding: Encoding


def file_meta(stream: Stream, window: Window, where: str) -> FileMeta:
    """Find the file meta information (PS3.10 7.1); the Transfer Syntax UID may be empty.

    Raises
    ------
    PixelDataError
        It is not DICOM.
    """
    prefixed = window.read(0, 132)[128:] == b"DICM"
    start = 132 if prefixed else 0
    first = window.read(start, 8)
    if not prefixed:
        _check_bare(stream, first, where)
    if len(first) < 8 or first[:2] != b"\x02\x00":
        return FileMeta("", start, start, _EXPLICIT_LITTLE)
    uid, end = "", start
    # PS3.10 7.1: always explicit VR little endian; some writers know better.
    encoding = Encoding(explicit_vr=looks_explicit(first), little_endian=True)
    for element in walk(window, start, encoding, where):
        if element.tag >> 16 != 2:
            end = element.start
            break
        if element.tag == _TRANSFER_SYNTAX_UID:
            raw = window.read(element.value, min(element.length, 64))
            uid = raw.decode("ascii", "replace").strip("\0 ")
    return FileMeta(uid, start, end, encoding)


def _check_bare(stream: Stream, first: bytes, where: str) -> None:
    """Raise PixelDataError unless the first element could be that of a DICOM data set."""
    groups = {int.from_bytes(first[:2], "little"), int.from_bytes(first[:2], "big")} & _FIRST_GROUPS
    length = int.from_bytes(first[4:8], "little")
    plausible = looks_explicit(first) or stream.available(8, length) == length
    if len(first) < 8 or not groups or not plausible:
        found = "neither the prefix DICM at byte 128 nor a data set at byte 0"
        if not stream.available(0, 1):
            found = "it is empty"
        raise PixelDataError(
            f"{where}: this is not a DICOM file: {found}; give a DICOM file, or obtain it again"
        )


def _guess_encoding(first: bytes) -> Encoding:
    """Return the encoding of a data set without Transfer Syntax UID, by its first element."""
    if not looks_explicit(first):
        return _IMPLICIT_LITTLE
    # A small group number read in the wrong byte order is large.
    return _EXPLICIT_BIG if int.from_bytes(first[:2], "little") >= 0x0400 else _EXPLICIT_LITTLE


_UIDS = {
    _IMPLICIT_LITTLE: syntaxes.IMPLICIT_LITTLE_ENDIAN,
    _EXPLICIT_LITTLE: syntaxes.EXPLICIT_LITTLE_ENDIAN,
    _EXPLICIT_BIG: syntaxes.EXPLICIT_BIG_ENDIAN,
}


def _encoding_of(uid: str, first: bytes, report: Reporter) -> Encoding:
    """Return the encoding of a data set, believing its first element rather than its Transfer Syntax UID."""
    said = {said: encoding for encoding, said in _UIDS.items()}.get(uid, _EXPLICIT_LITTLE)
    found = looks_explicit(first)
    if len(first) == 8 and found != said.explicit_vr:
        report(
            "vr-encoding-mismatch",
            f"the data set is in {'explicit' if found else 'implicit'} VR although its Transfer Syntax UID"
            f" {uid} says otherwise; it is read as it is",
        )
        return Encoding(found, said.little_endian)
    return said


class DataSet(NamedTuple):
    """Where the data set of a file begins, in a stream that is inflated if need be, and how it is written."""

    transfer_syntax: str
    stream: Stream
    window: Window
    start: int
    encoding: Encoding


def open_data_set(stream: Stream, report: Reporter) -> DataSet:
    """Find the data set of a DICOM file, or of a file that is a bare data set; the syntax may be empty.

    Raises
    ------
    PixelDataError
        It is not DICOM.
    """
    window = Window(stream)
    uid, _, start, _ = file_meta(stream, window, report.where)
    if uid == syntaxes.DEFLATED_EXPLICIT_LITTLE_ENDIAN:
        stream = InflatedStream(stream, start, limit=_LARGEST_DEFLATED_HEADER, where=report.where)
        start = 0
        window = Window(stream)
    first = window.read(start, 8)
    encoding = _encoding_of(uid, first, report) if uid else _guess_encoding(first)
    return DataSet(uid, stream, window, start, encoding)


def read_file(stream: Stream, report: Reporter) -> Header:
    """Read the header of a DICOM file, or of a bare data set, up to its pixel data.

    Raises
    ------
    PixelDataError
        It is not DICOM, or has no pixel data.
    TruncatedError
        It ends inside an element before the pixel data.
    """
    where = report.where
    uid, stream, window, start, encoding = open_data_set(stream, report)
    values: dict[int, Value] = {}
    for element in walk(window, start, encoding, where, _WANTED):
        if element.tag in PIXEL_TAGS:
            pixel = element
            break
        if element.tag == END:
            raise _without_pixels(stream, element.start, uid, where)
        raw = window.read(element.value, names.longest(element.tag, element.length))
        values[element.tag] = names.parse(element.tag, raw, encoding.little_endian, where)
    if not uid:
        uid = _UIDS[encoding]
        if pixel.length == UNDEFINED_LENGTH:
            raise PixelDataError(
                f"{where}: the pixel data is encapsulated but the file has no Transfer Syntax UID"
                " (0002,0010), so its compression is unknown; add it with pydicom"
            )
        report("transfer-syntax-absent", f"the file has no Transfer Syntax UID; it is read as {uid}")
    if syntaxes.is_encapsulated(uid) and pixel.length != UNDEFINED_LENGTH:
        report(
            "pixel-data-length-defined",
            f"encapsulated pixel data has the length {pixel.length}; PS3.5 A.4 asks for an undefined one",
        )
    return Header(uid, values, stream, pixel.tag, pixel.vr, pixel.value, pixel.length)


def _without_pixels(stream: Stream, end: int, uid: str, where: str) -> RadpixError:
    if uid in syntaxes.REFERENCED:
        return UnsupportedTransferSyntaxError(
            f"{where}: {syntaxes.name_of(uid)}: the pixel data lies on the JPIP server that the object names;"
            " retrieve the object in another transfer syntax"
        )
    if end and not stream.available(end - 1, 1):
        return TruncatedError(
            f"{where}: the file ends inside a data element in front of its pixel data; obtain it again",
            code="header-truncated",
        )
    return PixelDataError(
        f"{where}: there is no pixel data: none of Pixel Data (7FE0,0010), Float Pixel Data (7FE0,0008) and"
        " Double Float Pixel Data (7FE0,0009) is present; give an image object, exported with its pixels"
    )


def read_dataset(dataset: Dataset, report: Reporter) -> Header:
    """Take the same from a pydicom Dataset in memory.

    Raises
    ------
    PixelDataError
        It has no pixel data, or no transfer syntax is known.
    """
    where = report.where
    tag = next((tag for tag in PIXEL_TAGS if tag in dataset), None)
    if tag is None:
        raise PixelDataError(
            f"{where}: the data set has no pixel data; was it read with stop_before_pixels=True?"
        )
    try:
        found: list[tuple[int, DataElement | RawDataElement | None]]
        found = [(tag, dataset.get_item(tag)) for tag in names.NAMES]  # pydicom's "in" costs as much again
        values = {tag: names.of_element(one, tag, where) for tag, one in found if one is not None}
        element = dataset[tag]
        vr, value = str(element.VR), element.value
    except RadpixError:
        raise
    except Exception as error:  # pydicom raises of every kind on elements it cannot convert
        raise PixelDataError(f"{where}: pydicom cannot read the Image Pixel attributes: {error}") from error
    uid = syntax_of_dataset(dataset, where)
    if hasattr(value, "read"):
        stream: Stream = FileStream(value, owned=False)
        length = stream.available(0, UNDEFINED_LENGTH - 1)
    else:
        data = memoryview(value if value is not None else b"").cast("B")
        stream, length = MemoryStream(data), len(data)
    return Header(uid, values, stream, tag, vr, 0, length)


def syntax_of_dataset(dataset: Dataset, where: str) -> str:
    """Return the Transfer Syntax UID of a pydicom Dataset, or that of the encoding it was read in.

    Raises
    ------
    PixelDataError
        Neither is known.
    """
    meta = getattr(dataset, "file_meta", None)
    uid = str(meta.get("TransferSyntaxUID", "") or "") if meta is not None else ""
    if uid:
        return uid
    implicit, little = getattr(dataset, "original_encoding", (None, None))
    if implicit is None or little is None:
        raise PixelDataError(
            f"{where}: the data set names no transfer syntax; set dataset.file_meta.TransferSyntaxUID"
        )
    return _UIDS.get(Encoding(not implicit, bool(little)), syntaxes.EXPLICIT_LITTLE_ENDIAN)
