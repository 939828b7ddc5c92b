"""Images of another size by area averages: each pixel is the mean of what lies below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from radpix import limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["resized", "size_of"]

#: Samples of a band: half a MiB of float64.
_BAND = 1 << 16


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
    result = np.empty((*size, *image.shape[2:]), image.dtype)
    rows, columns = size
    # In bands whose floats stay in the cache; sums of integers are exact, whatever the band.
    step = max(1, _BAND * rows // max(1, image[:1].size * image.shape[0]))
    for first in range(0, rows, step):
        band = _sums(image, rows, first, min(first + step, rows), axis=0)
        # Integers until here, so that halves are halves.
        means = _sums(band, columns, 0, columns, axis=1) / float(image.shape[0] * image.shape[1])
        result[first : first + step] = np.rint(means) if image.dtype.kind == "u" else means
    return result


def _sums(values: NDArray[Any], count: int, first: int, last: int, *, axis: int) -> NDArray[np.float64]:
    """Return ``length`` times the means ``first`` to ``last`` of ``count`` along an axis of that length."""
    length = values.shape[axis]
    # Edges lie at k * length / count. Whole parts and remainders in integers: none is off by a rounding.
    edges = np.arange(first, last + 1, dtype=np.int64) * length
    whole, rest = edges // count, edges % count
    values = np.moveaxis(values, axis, 0)
    inner = np.minimum(whole, length - 1)
    # Whole pixels from each edge to the next; between edges in one pixel there are none, though reduceat takes one.
    end = max(whole[-1], inner[-2] + 1)
    sums = np.add.reduceat(values[:end], inner[:-1], axis=0, dtype=np.float64)
    sums[whole[1:] == whole[:-1]] = 0.0
    sums *= count
    if rest.any():
        parts = rest.astype(np.float64).reshape(-1, *[1] * (values.ndim - 1)) * values[inner]
        sums += np.diff(parts, axis=0)
    return np.moveaxis(sums, 0, axis)
