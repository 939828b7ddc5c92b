"""Threads of the numba backend.

The kernels are compiled with ``nogil=True`` and split over a `concurrent.futures` pool in pieces that depend on the
grain only, as the core does: numba's own threading layers are not fork-safe and differ between installations.
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["cpu_level", "num_threads", "parallel_for", "set_num_threads"]

_MAX_THREADS = 1024
_state = threading.local()
_chosen = 0


def cpu_level() -> str:
    """Return ``"numba"``: LLVM chooses the instructions."""
    return "numba"


def _default() -> int:
    text = os.environ.get("RADPIX_NUM_THREADS", "")
    if text:
        if not text.isdecimal() or not 1 <= int(text) <= _MAX_THREADS:
            raise ValueError(f"RADPIX_NUM_THREADS={text} is not a number from 1 to 1024")
        return int(text)
    if hasattr(os, "sched_getaffinity"):
        return min(len(os.sched_getaffinity(0)), _MAX_THREADS)
    return min(os.cpu_count() or 1, _MAX_THREADS)


def num_threads() -> int:
    """Return the number of threads a call uses by default."""
    return _chosen or _default()


def set_num_threads(count: int) -> None:
    """Set that number; 0 returns to the default."""
    global _chosen  # noqa: PLW0603 - one number for the process, as in the core
    if not 0 <= count <= _MAX_THREADS:
        raise ValueError(f"the number of threads is from 0 to 1024, not {count}")
    _chosen = count


def parallel_for(count: int, grain: int, threads: int, body: Callable[[int, int], None]) -> None:
    """Call ``body(first, last)`` over range(count) in pieces of ``grain``; nested calls run inline."""
    pieces = [(first, min(first + grain, count)) for first in range(0, count, max(grain, 1))]
    wanted = min(threads or num_threads(), len(pieces))
    if wanted <= 1 or getattr(_state, "inside", False):
        for first, last in pieces:
            body(first, last)
        return

    def run(piece: tuple[int, int]) -> None:
        _state.inside = True
        body(*piece)

    with ThreadPoolExecutor(wanted, thread_name_prefix="radpix") as pool:
        for _ in pool.map(run, pieces):
            pass
