"""How many threads a call uses when it does not say."""

from __future__ import annotations

from radpix._arguments import integer
from radpix._backend import kernels

__all__ = ["get_num_threads", "set_num_threads"]


def set_num_threads(n: int) -> None:
    """Set the number of threads for calls without ``num_threads=``.

    Parameters
    ----------
    n
        From 1 to 1024; 0 returns to the default: RADPIX_NUM_THREADS, else the processors of this process.

    Raises
    ------
    TypeError
        ``n`` is no integer.
    ValueError
        ``n`` is outside 0..1024.

    Examples
    --------
    >>> import radpix
    >>> radpix.set_num_threads(2)
    >>> radpix.get_num_threads()
    2
    >>> radpix.set_num_threads(0)
    """
    kernels().set_num_threads(integer(n, "n"))


def get_num_threads() -> int:
    """Return the number of threads for calls without ``num_threads=``, from 1 to 1024.

    Raises
    ------
    ValueError
        RADPIX_NUM_THREADS holds no such number.
    """
    return kernels().num_threads()


def thread_count(num_threads: int | None) -> int:
    """Check a ``num_threads=`` argument and turn it into the kernels' form: None becomes 0, the default.

    Raises
    ------
    TypeError
        The number is no integer.
    ValueError
        The number is outside 1..1024.
    """
    if num_threads is None:
        return 0
    count = integer(num_threads, "num_threads")
    if not 1 <= count <= 1024:
        raise ValueError(f"num_threads is from 1 to 1024, not {count}; None stands for the default")
    return count
