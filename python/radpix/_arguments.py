"""Checks of arguments that functions of every kind share."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "INTEGERS",
    "array_of",
    "check_choice",
    "dataset_of",
    "described",
    "integer",
    "number",
    "numbers",
    "output",
    "plane_of",
    "points",
    "text",
    "volume_of",
]

#: NumPy's names of the integer types of 8 to 64 bits.
INTEGERS = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")

#: More of what somebody passed does not help to find it.
_LONGEST = 60


def described(value: Any) -> str:
    """Return what an argument is, in a few words: of arrays shape and type."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and type {value.dtype}"
    try:
        shown = repr(value)
    except Exception:  # an object of somebody else's
        shown = ""
    return (
        shown if 0 < len(shown) <= _LONGEST and "\n" not in shown else f"an object of {type(value).__name__}"
    )


def integer(value: Any, name: str) -> int:
    """Return an argument that is an integer, of NumPy too; neither a bool nor a float that happens to be whole.

    Raises
    ------
    TypeError
        It is anything else.
    """
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} is an integer, not {described(value)}")
    try:
        return operator.index(value)
    except TypeError:  # arrays have the method, whatever they hold
        raise TypeError(f"{name} is an integer, not {described(value)}") from None


def number(value: Any, name: str) -> float:
    """Return an argument that is one real number, of NumPy too; neither a bool nor text. It may be NaN or infinite.

    Raises
    ------
    TypeError
        It is anything else.
    """
    if type(value) is float:
        return value
    kind = getattr(value, "dtype", None)
    is_number = hasattr(value, "__float__") if kind is None else value.ndim == 0 and kind.kind in "iuf"
    if isinstance(value, bool | type) or not is_number:
        raise TypeError(f"{name} is a number, not {described(value)}")
    try:
        return float(value)
    except OverflowError:
        raise ValueError(
            f"{name} is a number that float64 holds, not one of {len(str(value))} digits"
        ) from None


def numbers(value: Any, name: str) -> NDArray[np.float64]:
    """Return an array of real numbers of any shape, as float64.

    Raises
    ------
    TypeError
        Something in it is no number.
    ValueError
        Its rows differ in length.
    """
    given = array_of(value, name)
    if given.dtype.kind == "O" and all(hasattr(type(one), "__float__") for one in given.flat):
        given = given.astype(np.float64)  # decimals and fractions
    if given.dtype.kind not in "biuf":
        raise TypeError(f"{name} is made of numbers, not {described(value)}")
    return np.asarray(given, np.float64)


def array_of(value: Any, name: str) -> NDArray[Any]:
    """Return an array of whatever type, which the caller checks.

    Raises
    ------
    ValueError
        Its rows differ in length.
    """
    try:
        return np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name} is an array, not {described(value)}: {error}") from None


def points(value: Any, length: int, name: str) -> NDArray[np.float64]:
    """Return (..., length) float64.

    Raises
    ------
    TypeError
        Something in it is no number.
    ValueError
        It has another shape.
    """
    given = numbers(value, name)
    if given.ndim == 0 or given.shape[-1] != length:
        raise ValueError(f"{name} has a last axis of {length}, not the shape {given.shape}")
    return given


def text(value: Any, name: str) -> str:
    """Return an argument that is a string.

    Raises
    ------
    TypeError
        It is anything else.
    """
    if not isinstance(value, str):
        raise TypeError(f"{name} is a string, not {described(value)}")
    return value


def check_choice(name: str, value: Any, known: tuple[str, ...]) -> None:
    """Raise ValueError for a value that is not among the known ones."""
    if not isinstance(value, str) or value not in known:
        raise ValueError(f"{name} is one of {', '.join(known)}, not {described(value)}")


def volume_of(value: Any, name: str = "volume") -> Any:
    """Return an argument that is a volume.

    Raises
    ------
    TypeError
        It is anything else.
    """
    if not (hasattr(value, "voxels") and hasattr(value, "affine")):
        raise TypeError(
            f"{name} is a radpix.Volume, which knows where its voxels are, not {described(value)};"
            " radpix.load and radpix.read_nifti return one, radpix.Volume(array, affine) makes one"
        )
    return value


def plane_of(value: Any, name: str = "plane") -> Any:
    """Return an argument that is a plane.

    Raises
    ------
    TypeError
        It is anything else.
    """
    if not (hasattr(value, "row_direction") and hasattr(value, "affine")):
        raise TypeError(
            f"{name} is a radpix.Plane, as Plane.axial(volume), Plane.through(volume, ...) and so on return it, not"
            f" {described(value)}"
        )
    return value


def dataset_of(value: Any, name: str = "dataset") -> Any:
    """Return an argument that is a pydicom data set, without an import of pydicom.

    Raises
    ------
    TypeError
        It is anything else.
    """
    if not (hasattr(value, "group_dataset") or hasattr(value, "get_item")):
        raise TypeError(
            f"{name} is a pydicom Dataset, as pydicom.dcmread(path) returns it, not {described(value)}"
        )
    return value


def output(value: Any, name: str = "out") -> NDArray[Any]:
    """Return an argument that is an array to write into.

    Raises
    ------
    TypeError
        It is anything else.
    """
    if not isinstance(value, np.ndarray):
        raise TypeError(f"{name} is a NumPy array, which the result is written into, not {described(value)}")
    return value
