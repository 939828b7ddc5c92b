"""Images of another size by area averages: each pixel is the mean of what lies below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from radpix import limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["resized", "size_of"]


def size_of(shape: tuple[int, int], size: int | tuple[int, int] | None) -> tuple[int, int]:
    """Return rows and columns for ``size``: the longer edge, which never grows, or both.

    Raises
    ------
    ValueError
        A size below 1.
    """
    if size is None:
        return shape
    if isinstance(size, tuple):
        rows, columns = (int(edge) for edge in size)
    else:
        edge, longest = int(size), max(shape)
        if edge >= longest:
            return shape
        rows, columns = (max(1, (2 * one * edge + longest) // (2 * longest)) for one in shape)
    if rows < 1 or columns < 1 or (not isinstance(size, tuple) and int(size) < 1):
        raise ValueError(f"size is at least 1, not {size}")
    limits.check_frame(rows, columns)
    return rows, columns


def resized(image: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """Return ``image`` (rows, columns[, samples]) in the rows and columns of ``size``, rounded half to even."""
    if image.shape[:2] == size:
        return image
    # The smaller axis first: it leaves the least to do.
    means = image
    for axis in (0, 1):
        means = _averaged(means, axis, size[axis])
    return np.rint(means).astype(image.dtype) if image.dtype.kind == "u" else means.astype(image.dtype)


def _averaged(values: NDArray[Any], axis: int, count: int) -> NDArray[np.float64]:
    """Return ``count`` means along an axis: differences of the integral, which is linear inside a pixel."""
    length = values.shape[axis]
    values = np.moveaxis(values, axis, 0).astype(np.float64)
    integral = np.zeros((length + 1, *values.shape[1:]))
    np.cumsum(values, axis=0, out=integral[1:])
    # Whole parts and remainders of k * length / count, in integers: no edge is off by a rounding.
    edges = np.arange(count + 1, dtype=np.int64) * length
    whole, rest = edges // count, (edges % count) / count
    after = values[np.minimum(whole, length - 1)]
    at = integral[whole] + rest.reshape(-1, *[1] * (values.ndim - 1)) * after
    return np.moveaxis(np.diff(at, axis=0) * (count / length), 0, axis)
