"""The headers of NIfTI-1 (348 bytes) and NIfTI-2 (540 bytes): fields, types, and where the voxels are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from radpix.errors import DecodeError, GeometryError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["HEADERS", "MAGIC", "TYPES", "from_quaternion", "to_quaternion", "xforms"]

_F4, _F8 = "<f4", "<f8"
_NIFTI1 = np.dtype(
    [
        ("sizeof_hdr", "<i4"),
        ("unused", "S35"),
        ("dim_info", "u1"),
        ("dim", "<i2", 8),
        ("intent_p", _F4, 3),
        ("intent_code", "<i2"),
        ("datatype", "<i2"),
        ("bitpix", "<i2"),
        ("slice_start", "<i2"),
        ("pixdim", _F4, 8),
        ("vox_offset", _F4),
        ("scl_slope", _F4),
        ("scl_inter", _F4),
        ("slice_end", "<i2"),
        ("slice_code", "u1"),
        ("xyzt_units", "u1"),
        ("cal_max", _F4),
        ("cal_min", _F4),
        ("slice_duration", _F4),
        ("toffset", _F4),
        ("glmax", "<i4"),
        ("glmin", "<i4"),
        ("descrip", "S80"),
        ("aux_file", "S24"),
        ("qform_code", "<i2"),
        ("sform_code", "<i2"),
        ("quatern", _F4, 3),
        ("qoffset", _F4, 3),
        ("srow", _F4, (3, 4)),
        ("intent_name", "S16"),
        ("magic", "S4"),
    ]
)
_NIFTI2 = np.dtype(
    [
        ("sizeof_hdr", "<i4"),
        ("magic", "S8"),
        ("datatype", "<i2"),
        ("bitpix", "<i2"),
        ("dim", "<i8", 8),
        ("intent_p", _F8, 3),
        ("pixdim", _F8, 8),
        ("vox_offset", "<i8"),
        ("scl_slope", _F8),
        ("scl_inter", _F8),
        ("cal_max", _F8),
        ("cal_min", _F8),
        ("slice_duration", _F8),
        ("toffset", _F8),
        ("slice_start", "<i8"),
        ("slice_end", "<i8"),
        ("descrip", "S80"),
        ("aux_file", "S24"),
        ("qform_code", "<i4"),
        ("sform_code", "<i4"),
        ("quatern", _F8, 3),
        ("qoffset", _F8, 3),
        ("srow", _F8, (3, 4)),
        ("slice_code", "<i4"),
        ("xyzt_units", "<i4"),
        ("intent_code", "<i4"),
        ("intent_name", "S16"),
        ("dim_info", "u1"),
        ("unused", "S15"),
    ]
)
#: By version: the header, and the magic of a single file. Four bytes without an extension follow.
HEADERS = {1: _NIFTI1, 2: _NIFTI2}
MAGIC = {1: b"n+1", 2: b"n+2\0\r\n\x1a\n"}

#: NIfTI's datatype by NumPy's name; RGB24 and RGBA32 have channels of their own.
TYPES = {
    "uint8": 2,
    "int16": 4,
    "int32": 8,
    "float32": 16,
    "complex64": 32,
    "float64": 64,
    "int8": 256,
    "uint16": 512,
    "uint32": 768,
    "int64": 1024,
    "uint64": 1280,
    "complex128": 1792,
    "rgb": 128,
    "rgba": 2304,
}
#: Millimetres of the spatial unit in xyzt_units; no unit is taken for mm, as every reader does.
_MILLIMETRES = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}


def to_quaternion(rotation: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (b, c, d) of the unit quaternion a + bi + cj + dk, a >= 0, of a proper rotation."""
    r = rotation
    # The largest of the four squares is at least 1/4, so that nothing is divided by a small number.
    squares = 1 + np.array(
        [np.trace(r), 2 * r[0, 0] - np.trace(r), 2 * r[1, 1] - np.trace(r), 2 * r[2, 2] - np.trace(r)]
    )
    k = int(np.argmax(squares))
    rows = (
        (squares[0], r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1]),
        (r[2, 1] - r[1, 2], squares[1], r[0, 1] + r[1, 0], r[0, 2] + r[2, 0]),
        (r[0, 2] - r[2, 0], r[0, 1] + r[1, 0], squares[2], r[1, 2] + r[2, 1]),
        (r[1, 0] - r[0, 1], r[0, 2] + r[2, 0], r[1, 2] + r[2, 1], squares[3]),
    )
    quaternion = np.array(rows[k]) / (2 * np.sqrt(squares[k]))
    return np.asarray(quaternion[1:] if quaternion[0] >= 0 else -quaternion[1:])


def from_quaternion(bcd: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rotation of (b, c, d), of length 1 at most but for rounding."""
    b, c, d = bcd
    rest = 1 - float(bcd @ bcd)
    a = np.sqrt(max(rest, 0.0))
    if rest < 0:
        b, c, d = bcd / np.linalg.norm(bcd)
    return np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )


def xforms(header: Any, where: object) -> dict[str, NDArray[np.float64]]:
    """Return the affines from (x, y, z) to RAS mm that the header holds: "sform", "qform", in this order."""
    scale = _MILLIMETRES.get(int(header["xyzt_units"]) & 7)
    if scale is None:
        raise DecodeError(f"{where}: xyzt_units is {int(header['xyzt_units'])}, no unit", code="nifti-header")
    found = {}
    if header["sform_code"] > 0:
        found["sform"] = np.vstack([header["srow"].astype(np.float64), [0, 0, 0, 1]])
    pixdim = header["pixdim"].astype(np.float64)
    if header["qform_code"] > 0:
        bcd = header["quatern"].astype(np.float64)
        if not np.isfinite(bcd).all() or bcd @ bcd > 1.001 or not (pixdim[1:4] > 0).all():
            if "sform" not in found:
                raise GeometryError(
                    f"{where}: the qform has no unit quaternion {bcd} or voxel size {pixdim[1:4]}"
                )
        else:
            qfac = -1.0 if pixdim[0] < 0 else 1.0
            affine = np.eye(4)
            affine[:3, :3] = from_quaternion(bcd) * pixdim[1:4] * [1, 1, qfac]
            affine[:3, 3] = header["qoffset"]
            found["qform"] = affine
    for affine in found.values():
        affine[:3] *= scale
    return found
