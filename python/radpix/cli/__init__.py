"""The command line ``radpix``; it needs the packages of the extra ``cli``, which are imported when it runs."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

_NEEDED = {"typer": "typer", "rich": "rich", "PIL": "pillow"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Parameters
    ----------
    arguments
        Without the program's name; those of the process by default.

    Returns
    -------
    int
        0 done, 1 the data or the machine did not allow it, 2 wrong usage, 130 interrupted.
    """
    missing = [package for module, package in _NEEDED.items() if find_spec(module) is None]
    if missing:
        print(
            f'radpix: error: the command line needs {", ".join(missing)}: pip install "radpix[cli]"',
            file=sys.stderr,
        )
        return 1
    from radpix.cli.app import run

    return run(sys.argv[1:] if arguments is None else list(arguments))
