"""Checks of arguments that functions of every kind share."""

from __future__ import annotations

import operator
from typing import Any

__all__ = ["integer", "text"]


def integer(value: Any, name: str) -> int:
    """Return an argument that is an integer, of NumPy too; neither a bool nor a float that happens to be whole.

    Raises
    ------
    TypeError
        It is anything else.
    """
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} is an integer, not {value!r}")
    return operator.index(value)


def text(value: Any, name: str) -> str:
    """Return an argument that is a string.

    Raises
    ------
    TypeError
        It is anything else.
    """
    if not isinstance(value, str):
        raise TypeError(f"{name} is a string, not {value!r}")
    return value
