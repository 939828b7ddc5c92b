"""The interpolation filters: the same numbers, bit for bit, as ``src/resample/filters.cpp``, whose comments apply."""

from __future__ import annotations

import math

__all__ = ["filter_at", "radius_of"]

_PI = 3.141592653589793
_ROOT = 1.7320508075688772
_RADIUS = {"linear": 1.0, "label": 1.0, "cubic": 2.0, "lanczos": 3.0}


def _catmull_rom(x: float) -> float:
    if x < 1.0:
        return ((1.5 * x - 2.5) * x) * x + 1.0
    return ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0 if x < 2.0 else 0.0


def _sine_of_pi_times(x: float) -> float:
    whole = round(x)
    angle = _PI * (x - whole)
    square = angle * angle
    total = 1.0
    for k in range(20, 0, -2):
        total = 1.0 - square / float(k * (k + 1)) * total
    return -(angle * total) if whole % 2 else angle * total


def _lanczos(x: float) -> float:
    if x == 0.0 or x >= 3.0:
        return 1.0 if x == 0.0 else 0.0
    angle = _PI * x
    return 3.0 * _sine_of_pi_times(x) * _sine_of_pi_times(x / 3.0) / (angle * angle)


def _cubic_bspline(x: float) -> float:
    if x < 1.0:
        return (0.5 * x - 1.0) * x * x + 2.0 / 3.0
    rest = 2.0 - x
    return rest * rest * rest / 6.0 if x < 2.0 else 0.0


def _cardinal_spline(x: float) -> float:
    floor = math.floor(x)
    total = 0.0
    for k in range(floor - 1, floor + 3):
        coefficient = _ROOT
        for _ in range(abs(k)):
            coefficient *= _ROOT - 2.0
        total += coefficient * _cubic_bspline(abs(x - k))
    return total


_FILTERS = {"cubic": _catmull_rom, "lanczos": _lanczos, "bspline": _cardinal_spline}


def radius_of(interpolation: str, widened: bool, weight_unit: float) -> float:
    """Return half the width of a filter, in voxels where it is not widened."""
    if interpolation == "bspline":
        needed = 17.0 if weight_unit < 2.0**-24 else 12.0
        return 8.0 if widened else needed
    return _RADIUS[interpolation]


def filter_at(interpolation: str, distance: float) -> float:
    """Return the filter at ``distance`` >= 0, not normalised."""
    if interpolation in _FILTERS:
        return _FILTERS[interpolation](distance)
    return max(0.0, 1.0 - distance)
