"""Small DICOM objects made in memory, honest ones and liars."""

from __future__ import annotations

import struct
import warnings
import zlib
from copy import deepcopy
from io import BytesIO
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, SecondaryCaptureImageStorage, generate_uid

from radpix._source import open_source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
ENCAPSULATED = "1.2.840.10008.1.2.1.98"
DEFLATED = "1.2.840.10008.1.2.1.99"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
RLE = "1.2.840.10008.1.2.5"
DEFLATED_FRAME = "1.2.840.10008.1.2.8.1"
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"

NATIVE_SYNTAXES = (IMPLICIT, EXPLICIT, DEFLATED, BIG_ENDIAN)
#: What radpix decodes in these tests without a codec of others.
OWN_SYNTAXES = (*NATIVE_SYNTAXES, ENCAPSULATED, RLE, DEFLATED_FRAME)

ITEM = struct.pack("<HH", 0xFFFE, 0xE000)
DELIMITER = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)


def header(
    *,
    rows: int,
    columns: int,
    samples: int = 1,
    bits: int = 16,
    stored: int | None = None,
    signed: bool = False,
    photometric: str | None = None,
    planar: int = 0,
    frames: int | None = None,
    syntax: str = EXPLICIT,
) -> Dataset:
    """Return a data set with an Image Pixel module and file meta information, without pixel data."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dataset.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    dataset.SOPClassUID = SecondaryCaptureImageStorage
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.PatientName = "Phantom^Synthetic"
    dataset.Rows, dataset.Columns = rows, columns
    dataset.SamplesPerPixel = samples
    dataset.PhotometricInterpretation = photometric or ("MONOCHROME2" if samples == 1 else "RGB")
    if samples > 1:
        dataset.PlanarConfiguration = planar
    if frames is not None:
        dataset.NumberOfFrames = frames
    dataset.BitsAllocated = bits
    dataset.BitsStored = stored or bits
    dataset.HighBit = (stored or bits) - 1
    dataset.PixelRepresentation = int(signed)
    return dataset


def native(pixels: NDArray[Any], *, planar: int = 0, bits: int = 0, order: Literal["<", ">"] = "<") -> bytes:
    """Return the native bytes of (frames, rows, columns[, samples]); ``bits=1`` packs all frames."""
    if bits == 1:
        return np.packbits(pixels.ravel(), bitorder="little").tobytes()
    if planar:
        pixels = np.moveaxis(pixels, -1, 1)
    return np.ascontiguousarray(pixels.astype(pixels.dtype.newbyteorder(order))).tobytes()


def deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def pack_rle(data: bytes) -> bytes:
    """Pack bytes into one RLE segment (PS3.5 G.3): literals only, padded to even length."""
    chunks = [data[k : k + 128] for k in range(0, len(data), 128)]
    packed = b"".join(bytes([len(chunk) - 1]) + chunk for chunk in chunks)
    return packed + b"\x80" * (len(packed) & 1)


def rle(frame: NDArray[Any]) -> bytes:
    """Return an RLE codestream (PS3.5 annex G) of (rows, columns[, samples])."""
    samples = frame[..., np.newaxis] if frame.ndim == 2 else frame
    planes = [
        np.ascontiguousarray(samples[..., k]).astype(samples.dtype.newbyteorder(">"))
        for k in range(samples.shape[-1])
    ]
    size = samples.dtype.itemsize
    segments = [pack_rle(plane.tobytes()[byte::size]) for plane in planes for byte in range(size)]
    return rle_of_segments(segments)


def rle_of_segments(segments: Sequence[bytes]) -> bytes:
    offsets = np.cumsum([64, *map(len, segments)])[:-1].tolist()
    return struct.pack("<16I", len(segments), *offsets, *[0] * (15 - len(segments))) + b"".join(segments)


def encapsulate(
    fragments: Sequence[bytes], *, table: Sequence[int] | None = None, delimiter: bytes = DELIMITER
) -> bytes:
    """Return fragments behind a Basic Offset Table (PS3.5 A.4), none of them padded."""
    entries = struct.pack(f"<{len(table)}I", *table) if table else b""
    items = [ITEM + struct.pack("<I", len(data)) + data for data in (entries, *fragments)]
    return b"".join(items) + delimiter


def part10(
    dataset: Dataset,
    pixel_data: bytes | None = None,
    *,
    vr: str = "OW",
    length: int | None = None,
    element: int = 0x0010,
) -> bytes:
    """Return the file of a data set, with a pixel data element of any declared length appended.

    An encapsulated syntax declares an undefined length unless told otherwise.
    """
    syntax = str(dataset.file_meta.TransferSyntaxUID)
    implicit, little = syntax == IMPLICIT, syntax != BIG_ENDIAN
    buffer = BytesIO()
    body = deepcopy(dataset)
    # pydicom refuses to write what it does not know: the encoding is its work, the UID ours.
    body.file_meta.TransferSyntaxUID = UID(IMPLICIT if implicit else EXPLICIT if little else BIG_ENDIAN)
    body.save_as(buffer, implicit_vr=implicit, little_endian=little, enforce_file_format=True)
    data = buffer.getvalue()
    start = 144 + struct.unpack_from("<I", data, 140)[0]
    meta = _relabelled(data[144:start], str(body.file_meta.TransferSyntaxUID), syntax)
    rest = data[start:]
    if pixel_data is not None:
        if length is None:
            is_native = syntax in {IMPLICIT, EXPLICIT, DEFLATED, BIG_ENDIAN}
            length = len(pixel_data) if is_native else 0xFFFFFFFF
        order = "<" if little else ">"
        rest += struct.pack(f"{order}HH", 0x7FE0, element) + (b"" if implicit else vr.encode() + b"\0\0")
        rest += struct.pack(f"{order}I", length) + pixel_data
    if syntax == DEFLATED:
        rest = deflate(rest)
    return data[:140] + struct.pack("<I", len(meta)) + meta + rest


def _relabelled(meta: bytes, old: str, new: str) -> bytes:
    """Replace the Transfer Syntax UID in file meta information."""
    return meta.replace(_uid_value(old), _uid_value(new))


def _uid_value(uid: str) -> bytes:
    pad = len(uid) & 1
    return b"UI" + struct.pack("<H", len(uid) + pad) + uid.encode() + b"\0" * pad


def image(
    pixels: NDArray[Any], *, syntax: str = EXPLICIT, bits: int | None = None, **attributes: Any
) -> bytes:
    """Return the file of (frames, rows, columns[, samples]) in any syntax that needs no codec of others."""
    frames, rows, columns, *rest = pixels.shape
    samples = rest[0] if rest else 1
    allocated = bits or 8 * pixels.dtype.itemsize
    dataset = header(
        rows=rows,
        columns=columns,
        samples=samples,
        bits=allocated,
        signed=pixels.dtype.kind == "i",
        frames=frames,
        syntax=syntax,
        **attributes,
    )
    planar = attributes.get("planar", 0)
    if syntax == RLE:
        packed = [rle(frame) for frame in pixels]
        if allocated == 1:
            packed = [rle_of_segments([pack_rle(native(frame, bits=1))]) for frame in pixels]
        return part10(dataset, encapsulate(packed))
    if syntax in {ENCAPSULATED, DEFLATED_FRAME}:
        parts = [native(frame[np.newaxis], planar=planar, bits=allocated) for frame in pixels]
        if syntax == DEFLATED_FRAME:
            parts = [deflate(part) for part in parts]
        return part10(dataset, encapsulate([part + b"\0" * (len(part) & 1) for part in parts]))
    order: Literal["<", ">"] = ">" if syntax == BIG_ENDIAN else "<"
    data = native(pixels, planar=planar, bits=allocated, order=order)
    vr = "OB" if allocated <= 8 else "OW"
    return part10(dataset, data + b"\0" * (len(data) & 1), vr=vr)


def noise(shape: tuple[int, ...], dtype: str, seed: int = 0, stored: int | None = None) -> NDArray[Any]:
    """Return all values that ``stored`` bits of a type can have, with equal probability."""
    kind = np.dtype(dtype)
    stored = stored or 8 * kind.itemsize
    low, high = (-(1 << (stored - 1)), 1 << (stored - 1)) if kind.kind == "i" else (0, 1 << stored)
    return np.random.default_rng(seed).integers(low, high, shape, kind)


def ct(frames: int = 3) -> NDArray[Any]:
    """Return frames of 9 x 7 with 12 bits stored."""
    return noise((frames, 9, 7), "int16", stored=12)


def native_object(size: int, *, frames: int = 3, length: int | None = None) -> bytes:
    """Return frames of 4 x 4 with the values that a running byte gives."""
    dataset = header(rows=4, columns=4, bits=16, frames=frames)
    return part10(dataset, bytes(range(size)), length=length)


def frames_of(source: Any) -> tuple[list[bytes], list[str]]:
    """Return the codestreams of an object's frames, and the codes of the warnings on the way."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with open_source(source) as pixels:
            pixels.check(range(pixels.frames))
            codestreams = [bytes(pixels.codestreams([k])[0]) for k in range(pixels.frames)]
    return codestreams, [warning.message.code for warning in caught]  # type: ignore[union-attr]
