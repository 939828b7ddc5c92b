"""How the kernels of this backend are compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numba

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["jit"]


def jit(function: Callable[..., Any]) -> Any:
    """Compile when first called: IEEE arithmetic in the order written, the interpreter lock released.

    What was compiled is kept beside the module, or in the user's cache folder. Where neither can be written, as in a
    read-only container without a home, numba raises when the function is defined: then nothing is kept.
    """
    options = {"fastmath": False, "nogil": True, "error_model": "numpy"}
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:
        return numba.njit(**options)(function)
