"""Positions of slices along the normal of a plane."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from radpix._series.stacking import plane_axes

if TYPE_CHECKING:
    from radpix._series.instance import Instance, Vector

__all__ = ["shifted"]


def shifted(instance: Instance, distance: float) -> Vector | None:
    """Return the position of an image, moved along row direction x column direction; None where it has none."""
    axes = plane_axes(instance)
    if axes is None or instance.image_position is None or not np.isfinite(distance):
        return None
    x, y, z = (np.asarray(instance.image_position) + axes[2] * distance).tolist()
    return x, y, z
