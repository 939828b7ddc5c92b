"""What the commands print: tables on stdout, progress and complaints on stderr."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import JustifyMethod

__all__ = ["cell", "clean", "complain", "progress", "show", "table", "tolerant_streams"]

#: Columns where the output is no terminal and COLUMNS is not set: a file has no edge to wrap at.
_FILE_WIDTH = 160


def tolerant_streams() -> None:
    """Let a terminal that cannot encode a character show a question mark instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def _console(stream: TextIO) -> Console:
    width = None if stream.isatty() or os.environ.get("COLUMNS") else _FILE_WIDTH
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False)


def clean(text: object) -> str:
    """Return text from a file fit for a terminal: one line, control characters replaced."""
    return "".join(c if c.isprintable() else " " for c in str(text)).strip()


def cell(text: object, style: str = "") -> Text:
    """Return text from a file for a table: cleaned, and never read as markup."""
    return Text(clean(text), style=style)


def complain(kind: str, message: object) -> None:
    """Print one line ``radpix: KIND: MESSAGE`` on stderr."""
    line = " ".join(clean(message).split())
    print(f"radpix: {kind}: {line}", file=sys.stderr, flush=True)


def table(title: str, columns: list[tuple[str, JustifyMethod]]) -> Table:
    """Return an empty table; a column's justification keeps numbers right-aligned."""
    made = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for name, justify in columns:
        made.add_column(name, justify=justify, overflow="fold")
    return made


def show(thing: Table | Text | str) -> None:
    """Print a table or a line on stdout."""
    console = _console(sys.stdout)
    if isinstance(thing, Table):
        console.print(thing)
    else:
        console.print(thing, soft_wrap=True)


@contextmanager
def progress(task: str) -> Iterator[Callable[[int, int], None] | None]:
    """Show a bar on stderr while the body runs, if that is a terminal.

    Yields
    ------
    Callable or None
        What to call with (done, in all); None where nobody watches.
    """
    if not sys.stderr.isatty():  # whatever FORCE_COLOR says
        yield None
        return
    console = _console(sys.stderr)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        identity = bar.add_task(task, total=None)

        def advance(done: int, total: int) -> None:
            bar.update(identity, completed=done, total=total)

        yield advance
