"""What vendors keep in private elements: diffusion weighting, complex components, Philips' floating point scale.

Elements are found in block 10 of their group, where scanners write them, and count only behind their Private Creator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from radpix._header.attribute_bytes import binary, decimals, integer, string

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["PRIVATE_TAGS", "private_values"]

_CREATORS = {
    "siemens": (0x00190010, "SIEMENS MR HEADER"),
    "ge-acquisition": (0x00190010, "GEMS_ACQU_01"),
    "ge-parameters": (0x00430010, "GEMS_PARM_01"),
    "philips-imaging": (0x20010010, "Philips Imaging DD 001"),
    "philips-mr": (0x20050010, "Philips MR Imaging DD 001"),
}
_GE_GRADIENT = (0x001910BB, 0x001910BC, 0x001910BD)
_PHILIPS_GRADIENT = (0x200510B0, 0x200510B1, 0x200510B2)
_PHILIPS_INTERCEPT, _PHILIPS_SLOPE = 0x2005100D, 0x2005100E

#: All that `private_values` looks at.
PRIVATE_TAGS = frozenset(
    {
        *(tag for tag, _ in _CREATORS.values()),
        *_GE_GRADIENT,
        *_PHILIPS_GRADIENT,
        _PHILIPS_INTERCEPT,
        _PHILIPS_SLOPE,
        0x0019100C,
        0x0019100E,
        0x00431039,
        0x0043102F,
        0x20011003,
    }
)
#: GE adds multiples of this to the b-value, as flags.
_GE_FLAGS = 100_000
_GE_COMPONENTS = {0: "MAGNITUDE", 1: "PHASE", 2: "REAL", 3: "IMAGINARY"}


def private_values(raw: Mapping[int, bytes], order: str) -> dict[str, Any]:
    """Return fields of `Instance` from private elements by tag."""
    made = {name for name, (tag, text) in _CREATORS.items() if string(raw.get(tag, b"")) == text}
    values: dict[str, Any] = {}
    if "siemens" in made:
        values |= _diffusion(
            integer(raw.get(0x0019100C, b"")),
            binary(raw.get(0x0019100E, b""), order, "FD"),
            ("0019,100C", "0019,100E"),
        )
    if "ge-parameters" in made:
        weight = next(iter(decimals(raw.get(0x00431039, b""))), None)
        directions = _scalars(raw, _GE_GRADIENT, order) if "ge-acquisition" in made else ()
        values |= _diffusion(
            None if weight is None else weight % _GE_FLAGS, directions, ("0043,1039", "0019,10BB")
        )
        kinds = binary(raw.get(0x0043102F, b""), order, "SS")
        if kinds and kinds[0] in _GE_COMPONENTS:
            values["component"] = _GE_COMPONENTS[int(kinds[0])]
    if "philips-imaging" in made:
        weights = binary(raw.get(0x20011003, b""), order, "FL")
        directions = _scalars(raw, _PHILIPS_GRADIENT, order) if "philips-mr" in made else ()
        values |= _diffusion(next(iter(weights), None), directions, ("2001,1003", "2005,10B0"))
    if "philips-mr" in made:
        scale = _scalars(raw, (_PHILIPS_SLOPE, _PHILIPS_INTERCEPT), order)
        values |= {"philips_scale": scale} if scale and scale[0] > 0 else {}
    return values


def _scalars(raw: Mapping[int, bytes], tags: Sequence[int], order: str) -> tuple[float, ...]:
    """Return one number of each tag, a 32-bit float or text; () unless all are there."""
    values: list[float] = []
    for tag in tags:
        found = raw.get(tag, b"")
        values += (decimals(found) or binary(found, order, "FL") if len(found) == 4 else decimals(found))[:1]
    return tuple(values) if len(values) == len(tags) else ()


def _diffusion(weight: float | None, direction: Sequence[float], tags: tuple[str, str]) -> dict[str, Any]:
    """Return b-value and gradient, with the tags of their elements."""
    if weight is None or not 0 <= weight < _GE_FLAGS:
        return {}
    values: dict[str, Any] = {"diffusion_b_value": float(weight), "diffusion_source": tags[0]}
    if len(direction) == 3:
        values |= {"gradient_direction": tuple(direction), "gradient_source": tags[1]}
    return values
