"""The text header of NRRD: https://teem.sourceforge.net/nrrd/format.html."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from radpix.errors import DecodeError, GeometryError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["TYPES", "NrrdHeader", "read_header"]

#: Longest header and number of axes read: a real one has a few KiB.
_MOST_HEADER_BYTES = 1 << 20

#: NumPy's name by the format's own names; the first of each is the one written.
TYPES = {
    name: dtype
    for dtype, names in {
        "int8": ("int8", "signed char", "int8_t"),
        "uint8": ("uint8", "uchar", "unsigned char", "uint8_t"),
        "int16": ("int16", "short", "short int", "signed short", "signed short int", "int16_t"),
        "uint16": ("uint16", "ushort", "unsigned short", "unsigned short int", "uint16_t"),
        "int32": ("int32", "int", "signed int", "int32_t"),
        "uint32": ("uint32", "uint", "unsigned int", "uint32_t"),
        "int64": ("int64", "longlong", "long long", "long long int", "signed long long", "int64_t"),
        "uint64": ("uint64", "ulonglong", "unsigned long long", "unsigned long long int", "uint64_t"),
        "float32": ("float",),
        "float64": ("double",),
    }.items()
    for name in names
}
#: Signs of (x, y, z) from a space to LPS.
_SPACES = {
    "left-posterior-superior": (1, 1, 1),
    "lps": (1, 1, 1),
    "right-anterior-superior": (-1, -1, 1),
    "ras": (-1, -1, 1),
    "left-anterior-superior": (1, -1, 1),
    "las": (1, -1, 1),
}
_FIELDS = frozenset(
    {"dimension", "type", "block size", "encoding", "endian", "content", "min", "max", "old min", "oldmin"}
    | {
        "old max",
        "oldmax",
        "data file",
        "line skip",
        "byte skip",
        "number",
        "sample units",
        "sizes",
        "spacings",
    }
    | {
        "thicknesses",
        "axis mins",
        "axismins",
        "axis maxs",
        "axismaxs",
        "centers",
        "centerings",
        "labels",
        "units",
    }
    | {
        "kinds",
        "space",
        "space dimension",
        "space units",
        "space origin",
        "space directions",
        "measurement frame",
    }
)
_ALIASES = {
    "datafile": "data file",
    "lineskip": "line skip",
    "byteskip": "byte skip",
    "sampleunits": "sample units",
    "blocksize": "block size",
}
#: Kinds of an axis whose samples belong to one voxel.
_CHANNELS = frozenset(
    {"vector", "rgb-color", "rgba-color", "list", "2-vector", "3-vector", "4-vector", "3-color", "4-color"}
    | {"covariant-vector", "normal", "3-normal", "complex", "point", "hsv-color", "xyz-color"}
)


@dataclass
class NrrdHeader:
    """Fields and key/value pairs, by lower-case name and by key."""

    where: str
    fields: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)

    def fail(self, message: str, code: str = "nrrd-header") -> DecodeError:
        """Return the error for a header that breaks the format's rules."""
        return DecodeError(f"{self.where}: {message}", code=code)

    def required(self, name: str) -> str:
        """Return a field that must be there."""
        if name not in self.fields:
            raise self.fail(f"the field {name!r} is absent")
        return self.fields[name]

    def integer(self, name: str, default: int, lowest: int) -> int:
        """Return a field with one integer."""
        text = self.fields.get(name, str(default))
        if not re.fullmatch(r"[+-]?\d{1,18}", text) or int(text) < lowest:
            raise self.fail(f"{name}: {text!r}, expected an integer from {lowest}")
        return int(text)

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The samples' type, in the file's byte order."""
        name = TYPES.get(self.required("type").lower())
        if name is None:
            raise self.fail(f"type: {self.fields['type']!r} is not supported", "nrrd-type")
        order = self.fields.get("endian", "").lower()
        dtype = np.dtype(name)
        if dtype.itemsize > 1 and order not in {"little", "big"}:
            raise self.fail(f"endian: {order!r}, expected little or big")
        return dtype.newbyteorder(">" if order == "big" else "<")

    @property
    def sizes(self) -> tuple[int, ...]:
        """Samples along the axes, the fastest first."""
        words = self.required("sizes").split()
        if len(words) != self.integer("dimension", 0, 1):
            raise self.fail(f"{len(words)} sizes of {self.fields['dimension']} dimensions")
        if not all(re.fullmatch(r"\d{1,15}", word) and int(word) > 0 for word in words):
            raise self.fail(f"sizes: {words}, expected positive integers")
        return tuple(int(word) for word in words)

    def _vectors(self, name: str) -> list[NDArray[np.float64] | None]:
        """Return the vectors of a field, None for ``none``."""
        text = self.fields[name]
        words = re.findall(r"\([^()]*\)|none", text)
        if re.sub(r"\([^()]*\)|none", "", text).strip():
            raise self.fail(f"{name}: {text!r}, expected vectors (x,y,z)")
        try:
            found = [None if w == "none" else np.array([float(n) for n in w[1:-1].split(",")]) for w in words]
        except ValueError:
            raise self.fail(f"{name}: {text!r}, expected vectors (x,y,z)") from None
        if any(vector is not None and vector.shape != (3,) for vector in found):
            raise self.fail(f"{name}: {text!r}, expected vectors of three numbers")
        return found

    def channel_axis(self) -> int | None:
        """Return which axis holds the channels, None where there are three spatial axes only."""
        count = len(self.sizes)
        kinds = self.fields.get("kinds", "").lower().split()
        if count == 3:
            return None
        aside = [k for k, kind in enumerate(kinds) if kind not in {"domain", "space", "???", "none"}]
        if "space directions" in self.fields:
            aside = [k for k, vector in enumerate(self._vectors("space directions")) if vector is None]
        if count != 4 or len(aside) != 1:
            raise GeometryError(f"{self.where}: a volume has three axes and channels, not {count} axes")
        kind = kinds[aside[0]] if len(kinds) == 4 else "vector"
        if kind not in _CHANNELS:
            raise GeometryError(
                f"{self.where}: the fourth axis is of kind {kind!r}, not channels of a volume"
            )
        return aside[0]

    def affine(self) -> NDArray[np.float64]:
        """Return (z, y, x) to LPS mm."""
        space = self.fields.get("space", "").lower()
        if space not in _SPACES or "space directions" not in self.fields or "space origin" not in self.fields:
            raise GeometryError(
                f"{self.where}: space {space or 'absent'!r}, expected {', '.join(_SPACES)} with space directions and"
                " space origin: where left and right are is unknown; give affine="
            )
        units = set(re.findall(r'"([^"]*)"', self.fields.get("space units", "")))
        if not units <= {"mm", ""}:
            raise GeometryError(f"{self.where}: space units {sorted(units)}, expected mm; give affine=")
        directions = [vector for vector in self._vectors("space directions") if vector is not None]
        origin = self._vectors("space origin")
        if len(directions) != 3 or len(origin) != 1 or origin[0] is None:
            raise self.fail("space directions are three vectors, space origin is one")
        affine = np.eye(4)
        affine[:3, :3] = np.stack(directions[::-1], axis=1)
        affine[:3, 3] = origin[0]
        affine[:3] *= np.array(_SPACES[space])[:, np.newaxis]
        if not np.isfinite(affine).all() or np.linalg.det(affine[:3, :3]) == 0:
            raise GeometryError(f"{self.where}: space directions span no space; give affine=")
        return affine


def read_header(stream: BinaryIO, path: Path) -> NrrdHeader:
    """Read up to the empty line in front of the samples, or to the end of a detached header."""
    header = NrrdHeader(str(path))
    magic = stream.readline(64)
    if not re.fullmatch(rb"NRRD000[1-5]\r?\n?", magic):
        raise header.fail(f"no NRRD file, it begins with {magic[:8]!r}")
    used = len(magic)
    while line := stream.readline(_MOST_HEADER_BYTES - used + 1):
        used += len(line)
        if used > _MOST_HEADER_BYTES:
            raise header.fail(f"the header is longer than {_MOST_HEADER_BYTES} bytes")
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        if not text:
            break
        _add(header, text)
    return header


def _add(header: NrrdHeader, text: str) -> None:
    if text.startswith("#"):
        return
    key, pair, value = text.partition(":=")
    name, colon, content = text.partition(": ")
    if pair and (not colon or len(key) < len(name)):
        header.keys[key] = value.replace("\\n", "\n").replace("\\\\", "\\")
        return
    name = name.lower()
    name = _ALIASES.get(name, name)
    if not colon or name not in _FIELDS:
        raise header.fail(f"{text[:80]!r} is no field")
    if name in header.fields:
        raise header.fail(f"the field {name!r} occurs twice")
    header.fields[name] = content.strip()
