"""The attributes of a source beside its pixels."""

from __future__ import annotations

import os
import sys
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from radpix._frames import transfer_syntaxes as syntaxes
from radpix._source.header import open_data_set
from radpix._source.report import Reporter
from radpix._source.source import open_source, stream_of
from radpix.errors import PixelDataError
from radpix.overlays import need_pixels

if TYPE_CHECKING:
    from pydicom import Dataset

    from radpix._source import PixelSource
    from radpix._source.source import Source

__all__ = ["header_of", "read_dataset", "rereadable"]


def rereadable(source: Source) -> Source:
    """Return the source, or the bytes of what can be read only once: a pipe, a member of an archive, a URL."""
    if _is_dataset(source) or _can_be_read_twice(source):
        return source
    stream, _ = stream_of(source)
    assert stream is not None, "a data set is no stream"
    try:
        return bytes(stream.read(0, 1 << 62))
    finally:
        stream.close()


def _can_be_read_twice(source: Any) -> bool:
    """Tell files in the file system, bytes and files with positions from all others."""
    if isinstance(source, str):
        return Path(source).exists()
    if isinstance(source, os.PathLike | bytes | bytearray | memoryview):
        return True
    has_positions = callable(getattr(source, "read", None)) and callable(getattr(source, "seek", None))
    return has_positions and bool(getattr(source, "seekable", lambda: True)())


def header_of(source: Source) -> Dataset:
    """Return the data set of a source that has been decoded, which is where its deviations are reported.

    Raises
    ------
    PixelDataError
        pydicom cannot read it.
    """
    if _is_dataset(source):
        return cast("Dataset", source)
    if _is_deflated(source):
        with open_source(source) as opened:
            dataset = _of_inflated(opened.header_bytes())
            if need_pixels(dataset):
                _add_pixels(dataset, opened)
            return dataset
    return _read(source)


def read_dataset(source: Any) -> Dataset:
    """Return a data set without pixels, as presentation states are, from a path, bytes or a binary file.

    Raises
    ------
    PixelDataError
        It is no DICOM object, or pydicom cannot read it.
    LimitError
        It is deflated, and grows beyond what a header may take.
    """
    if _is_deflated(source):
        stream, name = stream_of(source)
        if stream is not None:
            try:
                return _of_inflated(open_data_set(stream, _Silent(name)).stream.read(0, 1 << 62))
            finally:
                stream.close()
    return _read(source)


def _is_dataset(source: object) -> bool:
    pydicom_dataset = sys.modules.get("pydicom.dataset")
    return pydicom_dataset is not None and isinstance(source, pydicom_dataset.Dataset)


class _Silent(Reporter):
    """Deviations have been reported by whoever decoded the pixels."""

    def __call__(self, *_: object, **__: object) -> None:
        """Say nothing."""


def _is_deflated(source: Any) -> bool:
    """Return whether the data set is deflated: pydicom would inflate it without end."""
    stream, name = stream_of(source)
    if stream is None:
        return False
    try:
        syntax = open_data_set(stream, _Silent(name)).transfer_syntax
        return syntax == syntaxes.DEFLATED_EXPLICIT_LITTLE_ENDIAN
    finally:
        stream.close()


def _add_pixels(dataset: Dataset, opened: PixelSource) -> None:
    """Add the pixel data that overlays lie in, within `radpix.limits`."""
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import UID

    every = range(opened.frames)
    opened.check(every)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(opened.kernel_syntax)
    dataset.add_new(0x7FE00010, "OW", b"".join(opened.codestreams(every)))


def _of_inflated(raw: bytes | memoryview) -> Dataset:
    from pydicom.filereader import read_dataset as read

    try:
        return read(BytesIO(raw), False, True, stop_when=lambda tag, _vr, _length: tag.group == 0x7FE0)
    except Exception as error:
        raise PixelDataError(f"the header cannot be read: {error}") from error


def _read(source: Any) -> Dataset:
    """Return what pydicom reads; of a path, what is large stays in the file until it is asked for."""
    from pydicom import dcmread

    is_path = isinstance(source, str | os.PathLike)
    file: Any = source if is_path or callable(getattr(source, "read", None)) else BytesIO(bytes(source))
    position = None if is_path else file.tell()
    try:
        return dcmread(file, force=True, defer_size=1 << 16 if is_path else None)
    except OSError:
        raise
    except Exception as error:
        raise PixelDataError(f"the header cannot be read: {error}") from error
    finally:
        if position is not None:
            file.seek(position)
