"""``radpix bench``: how fast, on this machine, against what is installed; results are compared before any timing."""

from __future__ import annotations

from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

import radpix
from radpix.cli.console import cell, complain, progress, show, table
from radpix.cli.faults import UsageError
from radpix.cli.works import Work, works

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.text import Text

__all__ = ["bench", "measure"]

SIZES = {"full": (160, 512, 512), "small": (48, 64, 64)}
#: Seconds spent on one contender and on one round of calls, and the fewest rounds.
BUDGET, ROUND, ROUNDS = 0.6, 0.05, 2
#: The share of pixels that may differ: those at the volume's faces, where the packages' rules do.
DISAGREEMENT = 0.01
_WORKS = 6


def measure(call: Callable[[], Any], budget: float = BUDGET) -> float:
    """Return the median of the seconds a call takes, in rounds long enough for the clock, after one uncounted call."""
    call()
    start = perf_counter()
    call()
    repeats = max(1, min(1000, int(ROUND / max(perf_counter() - start, 1e-6)))) if budget else 1
    times: list[float] = []
    stop = perf_counter() + budget
    while len(times) < ROUNDS or perf_counter() < stop:
        start = perf_counter()
        for _ in range(repeats):
            call()
        times.append((perf_counter() - start) / repeats)
    return median(times)


def bench(*, threads: int | None, size: str) -> None:
    """Print the table."""
    if size not in SIZES:
        raise UsageError(f"--size is one of {', '.join(SIZES)}, not {size!r}")
    if threads is not None and not 1 <= threads <= 1024:
        raise UsageError(f"--threads is from 1 to 1024, not {threads}")
    many = threads or radpix.get_num_threads()
    budget = BUDGET if size == "full" else 0.0
    used = radpix.backend()
    shape = SIZES[size]
    made = table(
        f"radpix {radpix.__version__}, {used.name} ({used.cpu_level}), CT of {' x '.join(map(str, shape))}",
        [
            ("Work", "left"),
            ("By", "left"),
            ("Threads", "right"),
            ("Time (ms)", "right"),
            ("Mpixel/s", "right"),
            ("Time / radpix, 1 thread", "right"),
        ],
    )
    with progress("Timing") as advance:
        for number, work in enumerate(works(shape), 1):
            for row in _rows(work, many, budget):
                made.add_row(*row)
            made.add_section()
            if advance is not None:
                advance(number, _WORKS)
    show(made)


def _rows(work: Work, many: int, budget: float) -> Iterator[tuple[Text, ...]]:
    """Time everybody whose result agrees; the first row names the work."""
    alone = measure(lambda: work.ours(1), budget)

    def row(system: str, threads: int, seconds: float, name: str = "") -> tuple[Text, ...]:
        style = "bold cyan" if system == "radpix" else ""
        rate, ratio = work.pixels / seconds / 1e6, seconds / alone
        numbers = (str(threads), f"{seconds * 1e3:,.4g}", f"{rate:,.4g}", f"{ratio:.3g}")
        return cell(name, "bold"), cell(system, style), *map(cell, numbers)

    yield row("radpix", 1, alone, work.name)
    if many > 1:
        yield row("radpix", many, measure(lambda: work.ours(many), budget))
    for peer in work.peers:
        try:
            apart = work.disagreement(peer)
            seconds = measure(peer.call, budget) if apart <= DISAGREEMENT else 0.0
        except ModuleNotFoundError:
            continue
        except Exception as error:  # another package's failure is not the end of the table
            complain("warning", f"{work.name}: {peer.name}: {type(error).__name__}: {error}")
            continue
        if apart > DISAGREEMENT:
            complain("warning", f"{work.name}: {peer.name} differs in {apart:.1%} of the pixels; not timed")
        else:
            yield row(peer.name, 1, seconds)
