"""Decoders of others: those that pydicom finds installed, and adapters, for syntaxes without a kernel of our own."""

from __future__ import annotations

import struct
from io import BytesIO
from typing import TYPE_CHECKING, Any

from radpix._frames import jpeg_xl as _jpeg_xl
from radpix._frames import transfer_syntaxes as syntaxes
from radpix._frames import video as _video
from radpix.errors import DecodeError, UnsupportedTransferSyntaxError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from radpix._backend import Buffer, FrameLayout

__all__ = ["available", "backend", "decode_frame", "unsupported"]

#: In the order in which they are tried: GDCM last, because it has been seen to abort the process.
_PLUGINS = ("pylibjpeg", "pyjpegls", "pillow", "gdcm")

#: For 8-bit baseline JPEG first libjpeg-turbo, behind Pillow: its chroma upsampling and rounding are the ones
#: that everybody compares with; those of libjpeg differ by up to 12 grey levels beside edges.
_BASELINE_PLUGINS = ("pillow", *(name for name in _PLUGINS if name != "pillow"))

_EMPTY_TABLE = struct.pack("<HHI", 0xFFFE, 0xE000, 0)
_SEQUENCE_DELIMITER = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)


def backend(uid: str) -> str:
    """Return who decodes a transfer syntax that the kernels do not: ``"av"``, ``"imagecodecs"``, ``"pydicom"``.

    An empty string stands for nobody.
    """
    if uid in syntaxes.VIDEO:
        return "av" if _video.available() and uid not in syntaxes.STEREO_VIDEO else ""
    if uid in syntaxes.JPEG_XL:
        return "imagecodecs" if _jpeg_xl.available() else ""
    return "pydicom" if available(uid) else ""


def available(uid: str) -> tuple[str, ...]:
    """Return the names of the plug-ins that decode ``uid`` here, best first."""
    from pydicom.pixels.decoders.base import get_decoder

    if uid not in syntaxes.END_MARKED:
        return ()
    try:
        installed = get_decoder(uid).available_plugins
    except NotImplementedError:
        return ()
    order = _BASELINE_PLUGINS if uid == syntaxes.JPEG_BASELINE else _PLUGINS
    return tuple(name for name in order if name in installed)


def unsupported(uid: str) -> UnsupportedTransferSyntaxError:
    """Return the error for a transfer syntax that nothing here decodes, naming the remedy."""
    if uid not in syntaxes.KNOWN:
        return UnsupportedTransferSyntaxError(
            f"{uid!r} is no Transfer Syntax UID of DICOM for pixel data; radpix.transfer_syntaxes() lists them"
        )
    name = syntaxes.name_of(uid)
    if uid in syntaxes.STEREO_VIDEO:
        remedy = "extract the views with the vendor's software; one of them alone would not be the image"
    elif uid in syntaxes.VIDEO:
        remedy = 'pip install "radpix[video]"'
    elif uid in syntaxes.JPEG_XL:
        remedy = 'pip install "radpix[jpegxl]"'
    elif uid in syntaxes.END_MARKED and _known_to_pydicom(uid):
        remedy = 'pip install "pylibjpeg[all]"'
    else:
        remedy = "transcode the object with dcmtk's dcmdjpeg, dcm4che or GDCM"
    return UnsupportedTransferSyntaxError(f"no decoder for {name} is installed: {remedy}")


def _known_to_pydicom(uid: str) -> bool:
    from pydicom.pixels.decoders.base import get_decoder

    try:
        get_decoder(uid)
    except NotImplementedError:
        return False
    return True


def _encapsulated(codestream: Buffer) -> bytes:
    """Wrap a frame as its decoders want it: an empty offset table and one fragment of even length."""
    pad = len(codestream) & 1
    header = struct.pack("<HHI", 0xFFFE, 0xE000, len(codestream) + pad)
    return b"".join((_EMPTY_TABLE, header, codestream, b"\0" * pad, _SEQUENCE_DELIMITER))


def decode_frame(uid: str, codestream: Buffer, layout: FrameLayout) -> NDArray[Any]:
    """Decode one frame with the first installed plug-in that can.

    Raises
    ------
    UnsupportedTransferSyntaxError
        None is installed.
    DecodeError
        None of them could.
    """
    if uid in syntaxes.JPEG_XL:
        return _jpeg_xl.decode_frame(codestream, layout)
    if uid in syntaxes.VIDEO:
        decoder = _video.VideoDecoder(BytesIO(codestream), uid, layout, 1, 1)
        try:
            return decoder.frame(0)
        finally:
            decoder.close()
    from pydicom.pixels.decoders.base import get_decoder

    names = available(uid)
    if not names:
        raise unsupported(uid)
    options: dict[str, Any] = {
        "rows": layout.rows,
        "columns": layout.columns,
        "samples_per_pixel": layout.samples_per_pixel,
        "number_of_frames": 1,
        # Pixels of one bit come out of a codestream as bytes.
        "bits_allocated": max(8, layout.bits_allocated),
        "bits_stored": layout.bits_stored,
        "pixel_representation": int(layout.is_signed),
        "planar_configuration": layout.planar_configuration,
        "photometric_interpretation": layout.photometric_interpretation,
    }
    data = _encapsulated(codestream)
    failures = []
    for name in names:
        try:
            frame, _ = get_decoder(uid).as_array(data, index=0, decoding_plugin=name, **options)
        except Exception as error:  # noqa: PERF203 - plug-ins raise of every kind
            failures.append(f"{name}: {_reason(error)}")
            cause = error
        else:
            return frame
    raise DecodeError(
        f"no installed plug-in decodes the frame ({'; '.join(failures)})",
        code="plugin-failed",
        transfer_syntax=uid,
    ) from cause


def _reason(error: Exception) -> str:
    """Return what the plug-in said, without pydicom's lines around it."""
    return " ".join(str(error).split()) or type(error).__name__
