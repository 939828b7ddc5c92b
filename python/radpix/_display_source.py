"""The attributes of a source beside its pixels."""

from __future__ import annotations

import os
import sys
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from radpix import _transfer_syntaxes as syntaxes
from radpix._source.header import open_data_set
from radpix._source.report import Reporter
from radpix._source.source import _stream_of, open_source
from radpix.errors import PixelDataError

if TYPE_CHECKING:
    from pydicom import Dataset

    from radpix._source.source import Source

__all__ = ["header_of", "read_dataset"]


def header_of(source: Source) -> tuple[Dataset, Source]:
    """Return the data set of a source, and the source to decode: itself, or its bytes where it can be read once.

    Raises
    ------
    Exception
        As in `radpix.decode`.
    """
    pydicom_dataset = sys.modules.get("pydicom.dataset")
    if pydicom_dataset is not None and isinstance(source, pydicom_dataset.Dataset):
        return source, source
    if not _can_be_read_twice(source):
        source = _bytes_of(source)
    with open_source(source) as opened:  # its errors say more than pydicom's
        if opened.transfer_syntax == syntaxes.DEFLATED_EXPLICIT_LITTLE_ENDIAN:
            header = opened._header  # noqa: SLF001 - the part of a deflated data set that is safe to inflate
            return _of_inflated(header.stream.read(0, header.offset)), source
    return _read(source), source


def _can_be_read_twice(source: Any) -> bool:
    """Tell files in the file system, bytes and files with positions from pipes, members of archives and URLs."""
    if isinstance(source, str):
        return Path(source).exists()
    if isinstance(source, os.PathLike | bytes | bytearray | memoryview):
        return True
    has_positions = callable(getattr(source, "read", None)) and callable(getattr(source, "seek", None))
    return has_positions and bool(getattr(source, "seekable", lambda: True)())


def _bytes_of(source: Any) -> bytes:
    stream, _ = _stream_of(source)
    assert stream is not None, "a data set is no stream"
    try:
        return bytes(stream.read(0, 1 << 62))
    finally:
        stream.close()


def read_dataset(source: Any) -> Dataset:
    """Return a data set without pixels, as presentation states are, from a path, bytes or a binary file.

    Raises
    ------
    PixelDataError
        It is no DICOM object, or pydicom cannot read it.
    LimitError
        It is deflated, and grows beyond what a header may take.
    """
    stream, name = _stream_of(source)
    if stream is not None:
        try:
            found = open_data_set(stream, Reporter(name))
            if found.transfer_syntax == syntaxes.DEFLATED_EXPLICIT_LITTLE_ENDIAN:
                return _of_inflated(found.stream.read(0, 1 << 62))
        finally:
            stream.close()
    return _read(source)


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
