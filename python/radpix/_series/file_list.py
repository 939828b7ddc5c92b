"""The files below folders, in an order that does not depend on the file system."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    PathLike = str | os.PathLike[str]

__all__ = ["is_dangling", "list_files"]


def list_files(
    paths: PathLike | Iterable[PathLike], *, recursive: bool
) -> tuple[list[str], list[tuple[str, str]]]:
    """List files, folders in the order of their names, each file once; and the folders that cannot be read."""
    given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    found: dict[str, None] = {}
    unreadable: list[tuple[str, str]] = []
    for path in [os.fspath(path) for path in given]:
        if Path(path).is_dir():
            found.update(dict.fromkeys(_walk(path, unreadable, recursive=recursive)))
        elif Path(path).exists():
            found[path] = None
        else:
            raise FileNotFoundError(f"no such file or folder: {path}")
    return list(found), unreadable


def _walk(folder: str, unreadable: list[tuple[str, str]], *, recursive: bool) -> Iterator[str]:
    """Yield regular files and links to nothing, no pipes, which would block; links to folders are not followed."""
    folders = [folder]
    while folders:
        below = folders.pop()
        try:
            with os.scandir(below) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            unreadable.append((below, str(error)))
            continue
        yield from [entry.path for entry in entries if _is(entry.is_file) or is_dangling(entry.path)]
        if recursive:
            inner = [entry.path for entry in entries if _is(partial(entry.is_dir, follow_symlinks=False))]
            folders += reversed(inner)


def is_dangling(path: str) -> bool:
    """Whether a path is a link to nothing, as of a data set whose files were not all fetched."""
    return Path(path).is_symlink() and not os.path.exists(path)  # noqa: PTH110 - Path raises for a loop


def _is(question: Callable[[], bool]) -> bool:
    try:
        return question()
    except OSError:
        return False
