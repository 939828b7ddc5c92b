"""Transfer functions: what colour and opacity values have when a volume is rendered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from radpix._arguments import numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["TRANSFER_FUNCTIONS", "TransferFunction"]

#: Entries of the table that rays look up.
_ENTRIES = 4096


@dataclass(frozen=True)
class TransferFunction:
    """Colour and opacity as piecewise linear functions of the voxels' value.

    Attributes
    ----------
    points
        (value, red, green, blue, opacity), by increasing value; colours from 0 to 1. The opacity is an extinction
        per mm, mu: d mm of the value let exp(-mu d) of the light through. Below the first and above the last value,
        theirs go on.

    Raises
    ------
    ValueError
        The points are not increasing, or a number is not finite or outside its range.

    Examples
    --------
    >>> bone = TransferFunction([(150, 1, 0.9, 0.8, 0), (500, 1, 1, 1, 0.7)])
    >>> bone([0, 325, 1000])[:, 3].round(3).tolist()
    [0.0, 0.35, 0.7]
    """

    points: tuple[tuple[float, float, float, float, float], ...]

    def __init__(self, points: Sequence[Sequence[float]]) -> None:
        table = numbers(points, "points").copy()
        if table.ndim != 2 or table.shape[1] != 5 or len(table) < 1:
            raise ValueError("a transfer function has points (value, red, green, blue, opacity)")
        if (
            not (np.isfinite(table).all() and (np.abs(table) < 1e30).all())
            or (np.diff(table[:, 0]) <= 0).any()
        ):
            raise ValueError("the points of a transfer function are finite, by increasing value")
        if table[:, 1:4].min() < 0 or table[:, 1:4].max() > 1 or table[:, 4].min() < 0:
            raise ValueError("colours are from 0 to 1, and opacities not negative")
        object.__setattr__(self, "points", tuple((v, r, g, b, a) for v, r, g, b, a in table.tolist()))

    def __call__(self, values: ArrayLike) -> NDArray[np.float64]:
        """Return red, green, blue and the opacity per mm (..., 4) of values (...)."""
        given = numbers(values, "values")
        points = np.array(self.points)
        return np.stack([np.interp(given, points[:, 0], points[:, k]) for k in range(1, 5)], axis=-1)

    def table(self) -> tuple[NDArray[np.float32], float, float]:
        """Return (entries, 4) float32, the value of the first entry, and entries per unit of value."""
        first, last = self.points[0][0], self.points[-1][0]
        entries = _ENTRIES if last > first else 1
        values = np.linspace(first, last, entries)
        scale = (entries - 1) / (last - first) if last > first else 0.0
        return self(values).astype(np.float32), first, scale


#: For CT in HU: "bone" white to ivory; "skin" the body's surface and the bone beneath; "vessels" those filled with
#: contrast agent, from 120 HU on, before the bone.
TRANSFER_FUNCTIONS: dict[str, TransferFunction] = {
    "bone": TransferFunction(
        [(150, 0.6, 0.4, 0.3, 0), (300, 0.9, 0.8, 0.65, 0.15), (600, 1, 0.95, 0.85, 0.8), (2000, 1, 1, 1, 2)]
    ),
    "skin": TransferFunction(
        [
            (-600, 0.7, 0.5, 0.4, 0),
            (-300, 0.9, 0.7, 0.6, 0.3),
            (100, 1, 0.8, 0.7, 0.6),
            (400, 1, 1, 0.95, 1),
        ]
    ),
    "vessels": TransferFunction(
        [
            (120, 0.5, 0, 0, 0),
            (200, 0.8, 0.15, 0.1, 0.25),
            (400, 1, 0.4, 0.3, 0.8),
            (700, 1, 0.95, 0.85, 1),
        ]
    ),
}
