"""Writing of results: complete or not at all."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["check_target", "new_folder", "replacing"]


def check_target(path: Path) -> None:
    """Raise `OSError` where a file could not be written, before any work is done."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "is a folder; name a file in it", str(path))
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "no such folder; make it first", str(path.parent))
    if not os.access(path.parent, os.W_OK):
        raise PermissionError(errno.EACCES, "no permission to write into this folder", str(path.parent))


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a file beside the target; it takes the target's place if the body succeeds, else it disappears."""
    check_target(path)
    beside = _beside(path)
    try:
        with beside.open("x+b") as stream:
            yield stream
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Make a folder beside the target; it is renamed to the target if the body succeeds, else it disappears.

    Raises
    ------
    FileExistsError
        The target exists and is not an empty folder; nothing in it is touched.
    """
    if path.exists() and not (path.is_dir() and next(path.iterdir(), None) is None):
        raise FileExistsError(errno.EEXIST, "exists already; name a new folder", str(path))
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "no such folder; make it first", str(path.parent))
    beside = _beside(path)
    beside.mkdir()
    try:
        yield beside
        if path.exists():
            path.rmdir()  # empty, or this fails
        beside.rename(path)
    except BaseException:
        from shutil import rmtree

        rmtree(beside, ignore_errors=True)
        raise


def _beside(path: Path) -> Path:
    """Name a file or folder that nobody else has, in the same folder, so that a rename moves no bytes."""
    return path.parent / f".{path.name}.{os.urandom(8).hex()}"  # as `secrets` does, whose import takes 4 ms
