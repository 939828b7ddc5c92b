"""Checks of arguments that functions of every kind share."""

from __future__ import annotations

import operator
from typing import Any

__all__ = ["integer"]


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
