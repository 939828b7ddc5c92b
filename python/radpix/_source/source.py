"""One object's frames: whatever it is given as, however its pixel data is written."""

from __future__ import annotations

import importlib
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, cast

from radpix import limits
from radpix._frames import transfer_syntaxes as syntaxes
from radpix._frames.video import VideoDecoder
from radpix._source.elements import UNDEFINED_LENGTH
from radpix._source.encapsulated import EncapsulatedFrames
from radpix._source.header import Header, read_dataset, read_file
from radpix._source.image_pixel import element_type, image_pixel
from radpix._source.native import NativeFrames, last_of
from radpix._source.report import Reporter
from radpix._source.stream import FileStream, InflatedStream, MemoryStream, Stream
from radpix._source.video import VideoFrames
from radpix.errors import LimitError, PixelDataError, UnsupportedTransferSyntaxError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    import numpy as np
    from pydicom.dataset import Dataset
    from typing_extensions import Self

    from radpix._backend import Buffer, FrameLayout

    class Openable(Protocol):
        """A `zipfile.Path`, a remote path, an fsspec OpenFile."""

        @property
        def open(self) -> Callable[..., Any]: ...

    Source = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | Openable | Dataset

__all__ = ["PixelSource", "open_source", "stream_of", "stream_of_file"]

#: A protocol of RFC 3986 of more than one letter: ``C://`` is a drive.
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:(:|//)")

#: A pipe may give fewer bytes than asked for, and is read until it gives none.
_CHUNK = 1 << 20

#: Modules whose files go back by decompressing everything again.
_DECOMPRESSING = frozenset({"zipfile", "gzip", "bz2", "lzma"})


class PixelSource:
    """The frames of one object. Use it as a context manager, or `close` it.

    Attributes
    ----------
    report
        Where deviations go.
    transfer_syntax
        The Transfer Syntax UID of the object.
    kernel_syntax
        The one by which `codestreams` are to be decoded: what is deflated or merely encapsulated comes
        out native.
    layout
        Of every frame.
    frames
        How many the header promises; `check` says whether they are there.
    """

    def __init__(self, header: Header, report: Reporter) -> None:
        if header.transfer_syntax not in syntaxes.KNOWN:
            raise UnsupportedTransferSyntaxError(
                f"{report.where}: {header.transfer_syntax!r} is no transfer syntax of DICOM, and what its pixel"
                " data is nobody else knows; transcode the object with the vendor's software"
            )
        self.report = report
        self._header = header
        image = image_pixel(header, report)
        self.transfer_syntax = header.transfer_syntax
        self.layout: FrameLayout = image.layout
        self.frames = image.frames
        self._pixels: NativeFrames | EncapsulatedFrames | VideoFrames
        self._decoder: VideoDecoder | None = None
        if self.transfer_syntax in syntaxes.VIDEO:
            self._pixels = VideoFrames(header, image, report)
        elif syntaxes.is_encapsulated(self.transfer_syntax):
            self._pixels = EncapsulatedFrames(header, image, report)
        else:
            _check_native(header, image.layout, report)
            self.layout = _unsubsampled(header, image.layout, image.frames, report)
            image = type(image)(self.layout, image.frames)
            self._pixels = NativeFrames(header, image, report)
        self.kernel_syntax = syntaxes.KERNEL_SYNTAXES.get(self.transfer_syntax, self.transfer_syntax)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file where this object opened it."""
        if self._decoder is not None:
            self._decoder.close()
        self._header.stream.close()

    def header_bytes(self) -> bytes | memoryview:
        """Return what precedes the pixels; of a deflated data set, what is safe to inflate."""
        return self._header.stream.read(0, self._header.offset)

    @property
    def in_memory(self) -> bool:
        """Whether `codestreams` costs no copy."""
        return isinstance(self._header.stream, MemoryStream)

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The type of a decoded sample."""
        return element_type(self.layout)

    @property
    def frame_bytes(self) -> int:
        """The size of a decoded frame."""
        layout = self.layout
        return layout.rows * layout.columns * layout.samples_per_pixel * max(1, layout.bits_allocated // 8)

    def check(self, indices: Sequence[int]) -> None:
        """Check that these frames are there and within `radpix.limits`.

        Raises
        ------
        TruncatedError
            One is missing.
        LimitError
            One claims to grow beyond the allowed ratio.
        """
        where = f"{self.report.where}: "
        stream = self._header.stream
        if isinstance(stream, InflatedStream):
            size = self.frame_bytes * (last_of(indices) + 1)
            limits.check_bytes(size, where)
            stream.allow(self._header.offset + size + 1)
        self._pixels.check(indices)
        if isinstance(self._pixels, EncapsulatedFrames):
            for index in indices:
                size = self._pixels.compressed_bytes(index)
                limits.check_ratio(self.frame_bytes, size, f"{where}frame {index}: ")

    def compressed_bytes(self, index: int) -> int:
        """Return how many bytes a frame takes in the source."""
        return self._pixels.compressed_bytes(index)

    def codestreams(self, indices: Sequence[int]) -> list[Buffer]:
        """Return the bytes of frames; they may be overwritten by the next call."""
        return self._pixels.codestreams(indices)

    def video(self, threads: int) -> VideoDecoder:
        """Return the decoder of a video, which goes on from the last picture decoded.

        Raises
        ------
        DecodeError
            The video is not what the data set says.
        """
        if self._decoder is None:
            assert isinstance(self._pixels, VideoFrames), "other frames have codestreams"
            file = cast("BinaryIO", self._pixels.file)
            self._decoder = VideoDecoder(file, self.transfer_syntax, self.layout, self.frames, threads)
        return self._decoder


def _check_native(header: Header, layout: FrameLayout, report: Reporter) -> None:
    if layout.photometric_interpretation == "YBR_PARTIAL_420":
        raise PixelDataError(
            f"{report.where}: Photometric Interpretation is YBR_PARTIAL_420, which is for video only (PS3.3"
            " C.7.6.3.1.2), but the pixel data is native; correct the header"
        )
    if layout.photometric_interpretation in {"YBR_ICT", "YBR_RCT"}:
        report(
            "photometric-interpretation-native",
            f"Photometric Interpretation is {layout.photometric_interpretation}, which is for JPEG 2000 only, but the"
            " pixel data is native; it is taken for RGB, as what has been decompressed without correcting this is",
            transfer_syntax=header.transfer_syntax,
        )
    if header.length == UNDEFINED_LENGTH:
        name = syntaxes.name_of(header.transfer_syntax)
        raise PixelDataError(
            f"{report.where}: the pixel data is encapsulated, but {name} is a native transfer syntax; correct"
            " the Transfer Syntax UID (0002,0010)"
        )


def _unsubsampled(header: Header, layout: FrameLayout, frames: int, report: Reporter) -> FrameLayout:
    """Believe the length where data said to be 4:2:2 holds all samples: a frequent lie."""
    said = layout.photometric_interpretation
    if said not in {"YBR_FULL_422", "YBR_PARTIAL_422"}:
        return layout
    full = layout.rows * layout.columns * 3 * layout.bits_allocated // 8 * frames
    if not full <= header.length <= full + 1:
        return layout
    report(
        "ybr-422-not-subsampled",
        f"Photometric Interpretation is {said}, but the length is that of data without subsampling; it is read"
        " as such",
        transfer_syntax=header.transfer_syntax,
    )
    # Without subsampling the range of YBR_PARTIAL_420 is all that is left of it.
    whole = {"YBR_FULL_422": "YBR_FULL", "YBR_PARTIAL_422": "YBR_PARTIAL_420"}[said]
    return layout._replace(photometric_interpretation=whole)


def open_source(source: Source, *, strict: bool = False) -> PixelSource:
    """Open whatever `radpix.decode` takes.

    Raises
    ------
    TypeError
        It is none of path, bytes-like, binary file, pydicom Dataset.
    OSError
        The file cannot be opened or read.
    RadpixError
        It is not DICOM, has no pixel data, or describes it wrongly.
    """
    stream, name = stream_of(source)
    report = Reporter(name, strict=strict)
    try:
        if stream is not None:
            return PixelSource(read_file(stream, report), report)
        return PixelSource(read_dataset(cast("Dataset", source), report), report)
    except BaseException:
        if stream is not None:
            stream.close()
        raise


def stream_of(source: Any) -> tuple[Stream | None, str]:
    """Return the bytes of a source, None for a Dataset, and its name for messages."""
    if isinstance(source, str) and _URL.match(source) and not Path(source).exists():
        return _opened(_remote(source))
    if isinstance(source, str | os.PathLike):
        return _open_file(os.fspath(source))
    if isinstance(source, bytes | bytearray | memoryview):
        return MemoryStream(memoryview(source).cast("B")), "bytes"
    # Whoever holds a Dataset has loaded pydicom; nobody else has to.
    pydicom_dataset = sys.modules.get("pydicom.dataset")
    if pydicom_dataset is not None and isinstance(source, pydicom_dataset.Dataset):
        return None, _name_of_dataset(source)
    if callable(getattr(source, "read", None)) or callable(getattr(source, "open", None)):
        return stream_of_file(source) if hasattr(source, "read") else _opened(source)
    try:
        view = memoryview(source)
    except TypeError:
        raise TypeError(
            "a source is a path, a URL, a bytes-like object, a binary file, an object whose open() returns one,"
            f" or a pydicom Dataset, not {type(source)}"
        ) from None
    return MemoryStream(view.cast("B")), "bytes"


def _open_file(path: str | bytes) -> tuple[Stream, str]:
    name = os.fsdecode(path)
    if Path(name).is_dir():
        raise PixelDataError(f"{name}: this is a directory; radpix.load and radpix.scan read those")
    # Unbuffered: headers come through a window of their own, frames go straight into their memory.
    file = cast("BinaryIO", Path(name).open("rb", buffering=0))  # noqa: SIM115 - closed by the stream
    try:
        return FileStream(file, owned=True), name
    except BaseException:
        file.close()
        raise


def _remote(url: str) -> Any:
    """Return what opens a URL.

    Raises
    ------
    PixelDataError
        fsspec is not installed.
    """
    try:
        fsspec = importlib.import_module("fsspec")
    except ImportError as error:
        raise PixelDataError(
            f"{url}: URLs are read through fsspec: pip install fsspec, and what it needs for this protocol; or"
            " give the bytes"
        ) from error
    return fsspec.open(url, "rb")


def _opened(source: Any) -> tuple[Stream, str]:
    """Return the bytes behind a member of an archive, a remote path or an fsspec OpenFile, and its name.

    A `zipfile.Path` opens text unless told otherwise; an fsspec OpenFile has its mode already.
    """
    file = source.open() if hasattr(source, "mode") and hasattr(source, "fs") else source.open("rb")
    try:
        stream, name = stream_of_file(file, owned=True)
    except BaseException:
        file.close()
        raise
    if isinstance(stream, MemoryStream):
        file.close()
    return stream, _name_of_openable(source) or name


def _name_of_openable(source: Any) -> str:
    """Return its path, empty where it has none."""
    path = getattr(source, "path", None)
    if isinstance(path, str):
        return path
    try:
        return str(source) if hasattr(source, "name") else ""
    except TypeError:  # a `zipfile.Path` of an archive in memory, which has no name to begin with
        return ""


def stream_of_file(file: Any, *, owned: bool = False) -> tuple[Stream, str]:
    """Return the bytes of a binary file, and its name for messages.

    All of it where it cannot seek, or seeks by decompressing again from its beginning, as members of a ZIP
    archive and gzip files do: both are read into memory, within ``radpix.limits.max_bytes_per_call``.
    """
    name = str(getattr(file, "name", "") or f"<{type(file).__name__}>")
    if isinstance(file.read(0), str):
        raise TypeError(f"{name}: the file is open in text mode; open it with mode 'rb'")
    seekable = callable(getattr(file, "seek", None)) and getattr(file, "seekable", lambda: True)()
    if seekable and type(file).__module__ not in _DECOMPRESSING:
        return FileStream(file, owned=owned), name
    position = file.tell() if seekable else 0
    data = bytearray()
    while len(data) <= limits.max_bytes_per_call and (chunk := file.read(_CHUNK)):
        data += chunk
    if len(data) > limits.max_bytes_per_call:
        raise LimitError(
            f"{name}: a stream that cannot seek has more than {limits.max_bytes_per_call} bytes; save it to a"
            " file first, or raise radpix.limits.max_bytes_per_call"
        )
    if seekable:
        file.seek(position)
    return MemoryStream(memoryview(data)), name


def _name_of_dataset(dataset: Dataset) -> str:
    filename = getattr(dataset, "filename", None)
    if isinstance(filename, str | os.PathLike):
        return os.fsdecode(os.fspath(filename))
    uid = dataset.get("SOPInstanceUID", None)
    return f"data set {uid}" if uid else "data set"
