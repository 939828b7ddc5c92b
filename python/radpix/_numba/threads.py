"""Threads of the numba backend.

The kernels are compiled with ``nogil=True`` and split over threads in pieces that depend on the grain only, as the core
does: numba's own threading layers are not fork-safe and differ between installations.

Signals are handled, and progress is reported, between pieces; a piece itself runs to its end.
"""

from __future__ import annotations

import os
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["cpu_level", "expect_stages", "num_threads", "parallel_for", "report_to", "set_num_threads"]

_MAX_THREADS = 1024
_chosen = 0


class _State(threading.local):
    """What a thread is doing: of its call, the parallel_for done and expected, and whom it reports to."""

    inside = False
    report: Callable[[float], object] | None = None
    stage = 0
    stages = 1


_state = _State()


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


def report_to(report: Callable[[float], object] | None) -> Callable[[float], object] | None:
    """Set what this thread's calls report to, and return what they did."""
    before, _state.report = _state.report, report
    _state.stage, _state.stages = 0, 1
    return before


def expect_stages(count: int) -> None:
    """Say that a call is ``count`` parallel_for in a row, which progress counts alike; without it, one."""
    _state.stage, _state.stages = 0, count


def _report(done: float) -> None:
    report, stage, stages = _state.report, _state.stage, _state.stages
    if report is None:
        return
    _state.report = None  # calls that it makes itself report to nothing
    try:
        report((stage + done) / stages)
    finally:
        _state.report, _state.stage, _state.stages = report, stage, stages
    if done >= 1:
        _state.stage, _state.stages = (stage + 1, stages) if stage + 1 < stages else (0, 1)


def parallel_for(count: int, grain: int, threads: int, body: Callable[[int, int], None]) -> None:
    """Call ``body(first, last)`` over range(count) in pieces of ``grain``; nested calls run inline."""
    pieces = [(first, min(first + grain, count)) for first in range(0, count, max(grain, 1))]
    wanted = min(threads or num_threads(), len(pieces))
    if _state.inside:
        for piece in pieces:
            body(*piece)
        return
    if wanted <= 1:
        for done, piece in enumerate(pieces, 1):
            body(*piece)
            _report(done / len(pieces))
        return
    _share(pieces, wanted, body)


def _share(pieces: list[tuple[int, int]], workers: int, body: Callable[[int, int], None]) -> None:
    """Let threads take the pieces in their order; the error of the first one that fails is raised.

    The caller waits at a queue written in C: a `concurrent.futures` pool whose caller is interrupted by Ctrl-C in the
    midst of Python code that holds one of its locks never ends.
    """
    claims, claim = iter(enumerate(pieces)), threading.Lock()
    ended: SimpleQueue[bool] = SimpleQueue()  # True: a piece, False: a thread
    failures: dict[int, BaseException] = {}
    given_up: list[bool] = []

    def work() -> None:
        _state.inside = True
        while not given_up:
            with claim:
                number, piece = next(claims, (-1, (0, 0)))
            if number < 0:
                break
            try:
                body(*piece)
            except BaseException as error:
                failures[number] = error
                given_up.append(True)
            ended.put(True)
        ended.put(False)

    threads = [threading.Thread(target=work, name="radpix") for _ in range(workers)]
    done, running = 0, workers
    try:
        for thread in threads:
            thread.start()
        while running:
            if not ended.get():
                running -= 1
            elif not failures:
                done += 1
                _report(done / len(pieces))
    finally:
        given_up.append(True)
        for thread in threads:
            if thread.ident is not None:
                thread.join()
    if failures:
        raise failures[min(failures)]
