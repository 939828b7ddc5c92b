"""How a contender is timed: everything a report needs is written into the benchmark's own record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_benchmark.fixture import BenchmarkFixture

__all__ = ["timed"]


def timed(
    benchmark: BenchmarkFixture,
    call: Callable[[], Any],
    *,
    work: str,
    system: str,
    threads: int,
    pixels: int,
    goal: float | None = None,
) -> None:
    """Time ``call``, whose result the test has already asserted.

    Parameters
    ----------
    work
        What is done, the same for every contender: a line of the report.
    system
        Who does it: ``"radpix"`` or the peer's name.
    threads
        Threads the contender was given.
    pixels
        Pixels or voxels written by one call (read, for projections).
    goal
        The ratio to the best peer that radpix is held to, where there is one.
    """
    benchmark.group = f"{work}, {threads} thread{'s' if threads > 1 else ''}"
    benchmark.extra_info.update(work=work, system=system, threads=threads, pixels=pixels, goal=goal)
    seconds = _seconds(call)
    # As many calls as fill about 20 ms, so that the clock's own noise stays below a thousandth.
    iterations = max(1, min(1000, int(0.02 / max(seconds, 1e-7))))
    slow = seconds > 2.0  # some peers take 20 s
    benchmark.pedantic(call, rounds=3 if slow else 9, warmup_rounds=0 if slow else 2, iterations=iterations)


def _seconds(call: Callable[[], Any]) -> float:
    from time import perf_counter

    start = perf_counter()
    call()
    return perf_counter() - start
