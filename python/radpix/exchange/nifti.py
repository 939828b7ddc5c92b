"""NIfTI-1 and -2, one file, plain or gzip: https://nifti.nimh.nih.gov."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

import numpy as np

from radpix._convert import LPS_RAS, REVERSED, is_orthogonal
from radpix._files import replacing
from radpix.errors import DecodeError, GeometryError, RadpixWarning
from radpix.exchange._nifti_header import HEADERS, MAGIC, TYPES, to_quaternion, xforms
from radpix.exchange._stream import inflated, native_order, read_array, read_exactly, skip, write_gzip
from radpix.volume import Volume

if TYPE_CHECKING:
    import os

    from numpy.typing import ArrayLike, NDArray

__all__ = ["read_nifti", "write_nifti"]

_BY_CODE = {code: name for name, code in TYPES.items()}


def read_nifti(
    path: str | os.PathLike[str], *, index: int | None = None, affine: ArrayLike | None = None
) -> Volume:
    """Read a volume from a NIfTI file.

    Parameters
    ----------
    path
        ``.nii`` or ``.nii.gz``, NIfTI-1 or NIfTI-2, of either byte order; gzip is told by its first bytes.
    index
        Which of the volumes of a file with several, a time series.
    affine
        4 x 4, (z, y, x) to LPS mm as in `Volume`, in place of the file's; needed where it has none.

    Returns
    -------
    Volume
        Voxels (z, y, x) or, for RGB, RGBA and vectors, (z, y, x, channel). Where scl_slope and scl_inter say so, the
        values are the scaled ones, float32, or float64 for types of more than 16 bits. The affine is the sform's, else
        the qform's, turned from RAS to LPS; a unit of metres or micrometres becomes mm.

    Raises
    ------
    GeometryError
        The file has neither sform nor qform, or several volumes and no ``index``.
    DecodeError
        With the code ``"nifti-header"``, ``"nifti-type"`` or ``"gzip-invalid"``; `TruncatedError` for a file that
        ends early.
    LimitError
        The voxels are more than `radpix.limits` allow.

    Warns
    -----
    RadpixWarning
        With the code ``"nifti-xform-conflict"``: sform and qform put a corner more than half a voxel apart.

    Examples
    --------
    >>> import tempfile
    >>> volume = Volume(np.arange(24, dtype=np.int16).reshape(2, 3, 4))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_nifti(volume, f"{folder}/volume.nii.gz")
    ...     same = read_nifti(f"{folder}/volume.nii.gz")
    >>> same.shape, bool((same.voxels == volume.voxels).all()), bool((same.affine == volume.affine).all())
    ((2, 3, 4), True, True)
    """
    path = Path(path)
    with path.open("rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
        stream.seek(0)
        if not packed:
            return _read(stream, path, index, affine, packed=False)
        with inflated(stream, path) as unpacked:
            return _read(unpacked, path, index, affine, packed=True)


def _read(
    stream: BinaryIO, path: Path, index: int | None, affine: ArrayLike | None, *, packed: bool
) -> Volume:
    header, order = _header(stream, path)
    offset = float(header["vox_offset"])
    start = header.dtype.itemsize + 4
    if not (offset >= start and offset.is_integer()):
        raise DecodeError(
            f"{path}: vox_offset is {offset:g}, expected {start} or more in a single file",
            code="nifti-header",
        )
    spatial, times, channels = _shape(header, path)
    name = _BY_CODE.get(int(header["datatype"]))
    if name is None:
        raise DecodeError(
            f"{path}: NIfTI datatype {int(header['datatype'])} is not supported", code="nifti-type"
        )
    if times > 1 and index is None:
        raise GeometryError(f"{path} holds {times} volumes; choose one by index= from 0 to {times - 1}")
    if not 0 <= (index or 0) < times:
        raise GeometryError(f"{path}: index={index} of {times} volumes")
    dtype, inner = (np.dtype(np.uint8), len(name)) if name in {"rgb", "rgba"} else (np.dtype(name), 1)
    volume_bytes = dtype.itemsize * inner * spatial[0] * spatial[1] * spatial[2]
    known = _affine(header, spatial, path) if affine is None else affine
    skip(stream, int(offset) - start + 4 + volume_bytes * (index or 0), path)
    shape = (channels, *spatial) if channels > 1 else (*spatial, inner) if inner > 1 else spatial
    voxels = native_order(read_array(stream, shape, dtype.newbyteorder(order), path, packed=packed))
    if channels > 1:
        voxels = np.ascontiguousarray(np.moveaxis(voxels, 0, -1))
    return Volume(_scaled(voxels, header) if inner == 1 else voxels, np.asarray(known, dtype=np.float64))


def _header(stream: BinaryIO, path: Path) -> tuple[Any, Literal["<", ">"]]:
    """Return the header, in the machine's order, and that of the file."""
    size = read_exactly(stream, 4, path)
    for version, layout in HEADERS.items():
        orders: tuple[Literal["<", ">"], ...] = ("<", ">")
        for order in orders:
            if int.from_bytes(size, "little" if order == "<" else "big") != layout.itemsize:
                continue
            rest = read_exactly(stream, layout.itemsize - 4, path)
            header = np.frombuffer(size + rest, layout.newbyteorder(order))[0]
            magic = bytes(header["magic"])
            if magic.rstrip(b"\0") == MAGIC[version]:
                return header, order
            pair = (
                "a pair of .hdr and .img, convert it to one file" if magic[:2] == b"ni" else "no NIfTI magic"
            )
            raise DecodeError(f"{path}: {pair} ({magic!r})", code="nifti-header")
    raise DecodeError(f"{path}: no NIfTI file, it begins with {size!r}", code="nifti-header")


def _shape(header: Any, path: Path) -> tuple[tuple[int, int, int], int, int]:
    """Return (z, y, x), the number of volumes, and of components of a vector."""
    count, *extents = (int(n) for n in header["dim"])
    if not 1 <= count <= 7 or min(extents[:count]) < 1:
        raise DecodeError(f"{path}: dim is {[count, *extents]}", code="nifti-header")
    x, y, z, times, channels, *rest = extents[:count] + [1] * (7 - count)
    if max(rest) > 1 or (times > 1 and channels > 1):
        raise GeometryError(f"{path}: a volume has three axes and channels, the file {extents[:count]}")
    return (z, y, x), times, channels


def _affine(header: Any, shape: tuple[int, int, int], path: Path) -> NDArray[np.float64]:
    found = xforms(header, path)
    if not found:
        raise GeometryError(
            f"{path}: neither sform_code nor qform_code is set: where left and right are is unknown; give affine="
        )
    chosen = next(iter(found.values()))
    if not np.isfinite(chosen).all() or np.linalg.det(chosen[:3, :3]) == 0:
        raise GeometryError(f"{path}: the {next(iter(found))} is no invertible matrix; give affine=")
    if len(found) == 2:
        corners = np.array([[x, y, z, 1] for x in (0, 1) for y in (0, 1) for z in (0, 1)])
        corners[:, :3] *= np.array(shape[::-1]) - 1
        apart = np.linalg.norm(corners @ (found["sform"] - found["qform"]).T, axis=1).max()
        if not apart <= np.linalg.norm(chosen[:3, :3], axis=0).min() / 2:
            message = f"{path}: sform and qform put a corner {apart:.3g} mm apart; the sform is used"
            warnings.warn(RadpixWarning(message, "nifti-xform-conflict"), stacklevel=5)
    return LPS_RAS @ chosen @ REVERSED


def _scaled(voxels: NDArray[Any], header: Any) -> NDArray[Any]:
    slope, inter = float(header["scl_slope"]), float(header["scl_inter"])
    inter = inter if np.isfinite(inter) else 0.0
    if slope == 0 or not np.isfinite(slope) or (slope, inter) == (1.0, 0.0):
        return voxels
    if voxels.dtype.kind == "c":
        return voxels * slope + inter
    small = voxels.dtype.itemsize <= 2 or voxels.dtype == np.float32
    result = np.empty(voxels.shape, np.float32 if small else np.float64)
    for target, values in zip(result, voxels, strict=True):
        target[...] = values.astype(np.float64) * slope + inter
    return result


def write_nifti(
    volume: Volume,
    path: str | os.PathLike[str],
    *,
    version: Literal[1, 2] | None = None,
    compression: int = 1,
) -> None:
    """Write a volume as a NIfTI file, complete or not at all.

    The sform holds the affine, turned from LPS to RAS, with any shear; the qform the same where it can, which is where
    the axes are at right angles. NIfTI has no place for modality, unit, windows and padding value.

    Parameters
    ----------
    volume
        Voxels of any integer, float or complex type of 64 bits a part at most; bool is written as uint8. Channels are
        3 or 4 of uint8.
    path
        Ends in ``.nii`` or ``.nii.gz``.
    version
        1: affine in float32, which moves a voxel by 1e-4 mm at most. 2: in float64. By default 1, and 2 where an axis
        is longer than 32767.
    compression
        Of gzip, 0 to 9.

    Raises
    ------
    ValueError
        NIfTI does not have the voxels' type or channels, or the name ends differently.
    OSError
        The file could not be written.
    """
    path = Path(path)
    if not path.name.lower().endswith((".nii", ".nii.gz")):
        raise ValueError(f"a NIfTI file's name ends in .nii or .nii.gz, not {path.name}")
    if version not in {None, 1, 2} or not 0 <= compression <= 9:
        raise ValueError(f"version is 1 or 2 and compression 0 to 9, not {version} and {compression}")
    header, voxels = _describe(volume, version)
    parts: list[Any] = [header.tobytes() + bytes(4), voxels.reshape(-1).view(np.uint8).data]
    with replacing(path) as stream:
        if path.name.lower().endswith(".gz"):
            write_gzip(stream, parts, compression)
        else:
            for part in parts:
                stream.write(part)


def _describe(volume: Volume, version: int | None) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the header and the little-endian voxels."""
    voxels = volume.voxels.view(np.uint8) if volume.voxels.dtype == bool else volume.voxels
    name = voxels.dtype.name
    if voxels.ndim == 4:
        name = {3: "rgb", 4: "rgba"}.get(voxels.shape[3], "") if voxels.dtype == np.uint8 else ""
    if name not in TYPES or min(voxels.shape) < 1:
        raise ValueError(
            f"NIfTI has no voxels of {voxels.dtype} and shape {voxels.shape}; it has {', '.join(TYPES)} of uint8"
        )
    z, y, x = volume.shape
    if version is None:
        version = 1 if max(z, y, x) < 1 << 15 else 2
    if version == 1 and max(z, y, x) >= 1 << 15:
        raise ValueError(f"an axis of NIfTI-1 has 32767 voxels at most, not {max(z, y, x)}; use version=2")
    header = np.zeros((), HEADERS[version])
    affine = LPS_RAS @ volume.affine @ REVERSED
    header["sizeof_hdr"], header["magic"] = header.dtype.itemsize, MAGIC[version]
    header["dim"] = [3, x, y, z, 1, 1, 1, 1]
    header["datatype"] = TYPES[name]
    header["bitpix"] = 8 * voxels.dtype.itemsize * (voxels.shape[3] if voxels.ndim == 4 else 1)
    header["vox_offset"] = header.dtype.itemsize + 4
    header["scl_slope"], header["xyzt_units"], header["descrip"] = 1, 2, b"radpix"
    header["sform_code"], header["srow"] = 1, affine[:3]  # NIFTI_XFORM_SCANNER_ANAT
    spacing = volume.spacing[::-1]
    rotation = affine[:3, :3] / spacing
    qfac = 1.0 if np.linalg.det(rotation) > 0 else -1.0
    header["pixdim"] = [qfac, *spacing, 1, 1, 1, 1]
    if is_orthogonal(volume.affine):  # a qform is a rotation: it would move the voxels of a sheared volume
        header["qform_code"], header["qoffset"] = 1, affine[:3, 3]
        header["quatern"] = to_quaternion(rotation * [1, 1, qfac])
    return header, voxels.astype(voxels.dtype.newbyteorder("<"), copy=False)
