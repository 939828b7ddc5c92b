"""What happens when a command cannot do its work: one line on stderr and an exit status."""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from radpix.cli.console import complain
from radpix.errors import RadpixError, RadpixWarning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["INTERRUPTED", "UsageError", "guarded"]

FAILED, USAGE, INTERRUPTED = 1, 2, 130

#: The command line parser's own complaint, whichever package the installed typer keeps it in.
_ParserFault: type[BaseException] = typer.BadParameter.__mro__[2]


class UsageError(Exception):
    """Arguments that are wrong whatever the data: exit status 2."""


def guarded(command: Callable[[], object], *, debug: bool) -> int:
    """Run a command, turn what it raises into one line on stderr, and return the exit status."""
    try:
        with _one_line_warnings(debug=debug):
            result = command()
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has gone (| head): keep the interpreter from complaining again when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except (KeyboardInterrupt, typer.Abort):
        complain("error", "interrupted")
        return INTERRUPTED
    except Exception as error:
        if debug:
            traceback.print_exc()
        return _explain(error)
    return result if isinstance(result, int) else 0


def _explain(error: Exception) -> int:
    if isinstance(error, UsageError):
        complain("error", error)
        return USAGE
    if isinstance(error, _ParserFault):
        complain("error", f"{error.format_message()} (see radpix --help)")  # type: ignore[attr-defined]
        return int(getattr(error, "exit_code", USAGE))
    if isinstance(error, OSError) and error.strerror:
        complain("error", f"{error.filename}: {error.strerror}" if error.filename else error.strerror)
    elif isinstance(error, MemoryError):
        complain("error", f"not enough memory: {error}" if str(error) else "not enough memory")
    elif isinstance(error, RadpixError | OSError | ValueError | ImportError):
        complain("error", str(error) or type(error).__name__)
    else:
        complain("error", f"unexpected {type(error).__name__}: {error}; --debug shows where")
    return FAILED


@contextmanager
def _one_line_warnings(*, debug: bool) -> Iterator[None]:
    """Print each `RadpixWarning` as one line; keep quiet about other packages' warnings unless debugging."""

    def print_line(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: object = None,
        line: str | None = None,
    ) -> None:
        del file, line
        if issubclass(category, RadpixWarning):
            complain("warning", message)
        else:
            complain("warning", f"{filename}:{lineno}: {category.__name__}: {message}")

    with warnings.catch_warnings():
        warnings.simplefilter("default" if debug else "ignore")
        warnings.simplefilter("default", RadpixWarning)
        warnings.showwarning = print_line
        yield
