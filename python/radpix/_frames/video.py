"""MPEG-2, H.264 and H.265 by FFmpeg's decoders, behind PyAV: pictures one after the other, from the first on."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from radpix._frames import transfer_syntaxes as syntaxes
from radpix.errors import DecodeError, TruncatedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from numpy.typing import NDArray

    from radpix._backend import FrameLayout

__all__ = ["VideoDecoder", "available"]

#: What streams of DICOM come in: transport and programme streams, MP4, and bare. Play lists, which name other
#: files, are not among them, nor is any protocol.
_FORMATS = "mpegts,mpeg,mpegvideo,h264,hevc,mov,mp4,m4a,3gp,3g2,mj2"
#: The first picture comes long before so many packets without one.
_MOST_PACKETS = 10_000
#: Coded pictures are larger than shown ones, by less than a macroblock on each side.
_MARGIN = 128

#: By the last component of the transfer syntax that is not a fragmentable one's; all others are H.264.
_CODECS: Final = {"100": "mpeg2video", "101": "mpeg2video", "107": "hevc", "108": "hevc"}


#: Versions before crash the process where a stream is opened with these options.
_LEAST_VERSION = 18


@cache
def available() -> bool:
    """Return whether a PyAV that can be trusted with hostile streams is installed."""
    try:
        return int(_av().__version__.partition(".")[0]) >= _LEAST_VERSION
    except ImportError:
        return False


def _av() -> Any:
    return import_module("av")


def _codec_of(uid: str) -> str:
    number = uid.removeprefix("1.2.840.10008.1.2.4.").partition(".")[0]
    return _CODECS.get(number, "h264")


class VideoDecoder:
    """The pictures of a bit stream in the order they are shown, as RGB.

    Those asked for in ascending order are decoded in one pass, and held one at a time; to go back, the stream is
    decoded from its beginning again.

    Pictures are coded in another order than they are shown in: where a stream is cut off, the last ones that
    come out may stand behind others that are lost. They count only if the stream has all ``frames``.
    """

    def __init__(self, file: BinaryIO, uid: str, layout: FrameLayout, frames: int, threads: int) -> None:
        self._file = file
        self._frames = frames
        self._uid = uid
        self._layout = layout
        self._threads = threads
        self._check_layout()
        self._container: Any = None
        self._pictures: Iterator[Any] = iter(())
        self._next = 0
        self._restart()

    def close(self) -> None:
        """Release FFmpeg's memory; the file stays open."""
        if self._container is not None:
            self._container.close()
            self._container = None

    def frame(self, index: int) -> NDArray[Any]:
        """Return the picture ``index``.

        Raises
        ------
        DecodeError
            The bit stream is damaged up to there, or is not what the data set says.
        TruncatedError
            It has no such picture.
        """
        if index < self._next:
            self._restart()
        for number in range(self._next, index + 1):
            picture = self._advance()
            if picture is None:
                raise TruncatedError(
                    f"the video ends after {number} frames that are in their place; it is cut off, or Number of"
                    " Frames wrong",
                    code="frames-missing",
                )
        return self._rgb(picture)

    def is_at_end(self) -> bool:
        """Return whether no picture that can be decoded is left behind the last one returned."""
        try:
            return self._advance() is None
        except DecodeError:
            return True

    def _check_layout(self) -> None:
        layout = self._layout
        bits = (layout.bits_allocated, layout.bits_stored)
        if layout.samples_per_pixel != 3 or layout.is_signed or bits not in {(8, 8), (16, 10)}:
            raise DecodeError(
                f"video has three samples of 8 bits, or of 10 in 16, not {layout.samples_per_pixel} of"
                f" {layout.bits_stored} in {layout.bits_allocated}",
                code="video-precision",
            )

    def _options(self) -> dict[str, str]:
        pixels = (self._layout.rows + _MARGIN) * (self._layout.columns + _MARGIN)
        return {
            "format_whitelist": _FORMATS,
            "protocol_whitelist": "",
            "max_pixels": str(pixels),
            "err_detect": "explode",
        }

    def _restart(self) -> None:
        av = _av()
        self.close()
        self._file.seek(0)
        self._next = 0
        try:
            self._container = av.open(self._file, options=self._options())
            stream = next(iter(self._container.streams.video), None)
        except (av.FFmpegError, EOFError, UnicodeError) as error:
            raise DecodeError(f"no video that FFmpeg can read: {error}", code="video-header") from error
        if stream is None or stream.codec_context is None:
            raise DecodeError("the container has no video stream", code="video-header")
        context, wanted = stream.codec_context, _codec_of(self._uid)
        if context.name != wanted:
            raise DecodeError(
                f"the stream is {context.name}, {syntaxes.name_of(self._uid)} asks for {wanted}",
                code="video-codec",
            )
        if context.width and context.height:
            self._check_size(context.height, context.width)
        context.options = {k: v for k, v in self._options().items() if not k.endswith("whitelist")}
        context.thread_type = "SLICE"  # pictures in parallel would be held in memory, and errors come late
        context.thread_count = self._threads or 1
        self._pictures = self._decoded(stream)

    def _decoded(self, stream: Any) -> Iterator[Any]:
        silent = count = 0
        for packet in self._container.demux(stream):
            if packet.is_corrupt:
                raise DecodeError("the container has lost part of the bit stream", code="video-damaged")
            pictures = packet.decode()
            count += len(pictures)
            if not packet.size and count < self._frames:
                return  # the end: what is left came out of the decoder's queue
            silent = 0 if pictures else silent + 1
            if silent > _MOST_PACKETS:
                raise DecodeError(f"{silent} packets without a picture", code="video-damaged")
            yield from pictures

    def _advance(self) -> Any:
        av = _av()
        try:
            picture = next(self._pictures, None)
        except (av.FFmpegError, EOFError) as error:
            raise DecodeError(
                f"FFmpeg cannot decode the bit stream after {self._next} frames: {error}",
                code="video-damaged",
            ) from error
        if picture is not None:
            self._check_size(picture.height, picture.width)
            if picture.is_corrupt:
                raise DecodeError("FFmpeg marks the picture as damaged", code="video-damaged")
            self._next += 1
        return picture

    def _check_size(self, rows: int, columns: int) -> None:
        layout = self._layout
        if (rows, columns) != (layout.rows, layout.columns):
            raise DecodeError(
                f"pictures have rows x columns {rows} x {columns}, the data set says"
                f" {layout.rows} x {layout.columns}",
                code="video-size-mismatch",
            )

    def _rgb(self, picture: Any) -> NDArray[Any]:
        import numpy as np

        bits = max(component.bits for component in picture.format.components)
        if bits > self._layout.bits_stored:
            raise DecodeError(
                f"samples of {bits} bits, the data set says {self._layout.bits_stored}",
                code="video-precision",
            )
        if self._layout.bits_allocated == 8:
            return np.asarray(picture.to_ndarray(format="rgb24"))
        return np.asarray(picture.to_ndarray(format="rgb48le") >> (16 - self._layout.bits_stored))
