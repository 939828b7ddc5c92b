"""radpix as a decoder of pydicom: ``dataset.pixel_array`` at the speed of radpix, nothing else changed.

`register` puts radpix in front of pydicom's other plug-ins for every encapsulated transfer syntax that radpix
decodes itself; ``decoding_plugin="radpix"`` asks for it by name. The conversion of YBR_FULL to RGB stays
pydicom's business, so that its options (``raw=``, ``as_rgb=``, ...) keep their meaning.

Examples
--------
>>> import pydicom
>>> from pydicom.data import get_testdata_file
>>> from radpix import pydicom_plugin
>>> pydicom_plugin.register()
>>> pydicom.dcmread(get_testdata_file("MR_small_RLE.dcm")).pixel_array.shape
(64, 64)
>>> pydicom_plugin.unregister()
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from radpix._backend import kernels
from radpix._frames import transfer_syntaxes as syntaxes
from radpix._frames.decoding import decode_codestream
from radpix._source import Reporter
from radpix._source.image_pixel import described_layout, element_type, frame_shape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom.pixels.decoders.base import Decoder, DecodeRunner

__all__ = ["DECODER_DEPENDENCIES", "decode_frame", "is_available", "register", "unregister"]

#: What pydicom names as missing where `is_available` says no.
DECODER_DEPENDENCIES: Final = {
    entry.uid: ("radpix",) for entry in syntaxes.TABLE if syntaxes.is_encapsulated(entry.uid)
}

_LABEL = "radpix"


def is_available(uid: str) -> bool:
    """Return whether radpix itself decodes an encapsulated transfer syntax.

    Parameters
    ----------
    uid
        The Transfer Syntax UID. One that is unknown, or of native pixel data, is not.

    Raises
    ------
    RuntimeError
        No backend can be loaded.
    """
    return syntaxes.is_encapsulated(uid) and uid in kernels().decodable()


def decode_frame(src: bytes, runner: DecodeRunner) -> bytearray:
    """Decode one frame, as pydicom calls its plug-ins.

    Parameters
    ----------
    src
        The codestream.
    runner
        Describes the frame. Its options are changed to what the result is: colour by pixel, by plane for RLE,
        and RGB where JPEG 2000 transforms colour itself.

    Returns
    -------
    bytearray
        The samples, in the machine's byte order.

    Raises
    ------
    RadpixError, TypeError, ValueError
        As in `radpix.decode_frame`.
    """
    import numpy as np

    uid = str(runner.transfer_syntax)
    # An option of pydicom for segments written in the wrong order: the bits stored are known after swapping.
    is_swapped = uid == syntaxes.RLE_LOSSLESS and runner.get_option("rle_segment_order", ">") == "<"
    layout = described_layout(
        runner.rows,
        runner.columns,
        runner.samples_per_pixel,
        runner.bits_allocated,
        None if is_swapped else runner.bits_stored,
        runner.pixel_representation,
        runner.planar_configuration if runner.samples_per_pixel > 1 else 0,
        str(runner.photometric_interpretation),
    )
    shape, dtype = frame_shape(layout), element_type(layout)
    # pydicom converts YBR_FULL itself; the transforms within JPEG 2000 are its decoders' work.
    inner_colour = uid in syntaxes.JPEG_2000
    frame = bytearray(dtype.itemsize * int(np.prod(shape)))
    # pydicom's own decoder of RLE gives colour by plane, and its users' buffers are to stay as they are.
    planar = uid == syntaxes.RLE_LOSSLESS and layout.samples_per_pixel > 1
    out = np.frombuffer(frame, dtype).reshape((shape[2], *shape[:2]) if planar else shape)
    out = np.moveaxis(out, 0, -1) if planar else out
    report = Reporter("pydicom data set")
    decode_codestream(uid, src, layout, out, 0, report, keep_components=not inner_colour)
    if is_swapped:
        out.byteswap(inplace=True)
    runner.set_option("planar_configuration", int(planar))
    if inner_colour and layout.photometric_interpretation in {"YBR_ICT", "YBR_RCT"}:
        runner.set_option("photometric_interpretation", "RGB")
    return frame


def _decoders() -> Iterator[Decoder]:
    from pydicom.pixels.decoders.base import get_decoder

    for entry in syntaxes.TABLE:
        if is_available(entry.uid):
            try:
                yield get_decoder(entry.uid)
            except NotImplementedError:
                continue  # a transfer syntax that this pydicom does not know


def register() -> None:
    """Make pydicom decode through radpix, before its other plug-ins; not thread-safe, as pydicom's functions.

    Registering again does nothing.
    """
    for decoder in _decoders():
        if _LABEL in decoder.available_plugins:
            continue
        decoder.add_plugin(_LABEL, (__name__, decode_frame.__name__))
        # pydicom tries plug-ins in the order of this dict, and has no function to choose it.
        plugins = decoder._available  # noqa: SLF001
        others = {label: plugin for label, plugin in plugins.items() if label != _LABEL}
        for label in others:
            del plugins[label]
        plugins.update(others)


def unregister() -> None:
    """Take radpix out of pydicom again; without `register` before, nothing happens."""
    for decoder in _decoders():
        if _LABEL in decoder.available_plugins:
            decoder.remove_plugin(_LABEL)
