"""The attributes of a source beside its pixels."""

from __future__ import annotations

import os
import sys
from io import BytesIO
from typing import TYPE_CHECKING, Any

from radpix._source.source import open_source
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
    if not isinstance(source, str | os.PathLike | bytes | bytearray | memoryview) and not _is_seekable(
        source
    ):
        source = source.read()
    with open_source(source):  # its errors say more than pydicom's
        pass
    return read_dataset(source), source


def _is_seekable(file: Any) -> bool:
    return bool(callable(getattr(file, "seek", None)) and getattr(file, "seekable", lambda: True)())


def read_dataset(source: Any) -> Dataset:
    """Return what pydicom reads from a path, bytes or a binary file, whose position is restored.

    Of a path, pixel data and all else that is large stays in the file until it is asked for.

    Raises
    ------
    PixelDataError
        pydicom cannot read it.
    """
    from pydicom import dcmread

    if isinstance(source, str | os.PathLike):
        file: Any = source
    elif callable(getattr(source, "read", None)):
        file = source
    else:
        file = BytesIO(bytes(source))
    position = file.tell() if hasattr(file, "tell") else None
    try:
        return dcmread(file, force=True, defer_size=1 << 16 if isinstance(file, str | os.PathLike) else None)
    except OSError:
        raise
    except Exception as error:
        raise PixelDataError(f"the header cannot be read: {error}") from error
    finally:
        if position is not None and not isinstance(source, str | os.PathLike):
            file.seek(position)
