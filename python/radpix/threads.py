"""How many threads a call uses when it does not say."""

from __future__ import annotations

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
    ValueError
        ``n`` is outside 0..1024.
    """
    kernels().set_num_threads(n)


def get_num_threads() -> int:
    """Return the number of threads for calls without ``num_threads=``."""
    return kernels().num_threads()


def thread_count(num_threads: int | None) -> int:
    """Check a ``num_threads=`` argument and turn it into the kernels' form: None becomes 0, the default.

    Raises
    ------
    ValueError
        The number is outside 1..1024.
    """
    if num_threads is None:
        return 0
    if not 1 <= num_threads <= 1024:
        raise ValueError(f"num_threads is from 1 to 1024, not {num_threads}")
    return int(num_threads)
