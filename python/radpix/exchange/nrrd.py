"""NRRD, attached (.nrrd) or with a detached header (.nhdr), raw or gzip."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from radpix import limits
from radpix._files import replacing
from radpix.exchange._nrrd_header import NrrdHeader, read_header
from radpix.exchange._stream import inflated, native_order, read_array, skip, write_gzip
from radpix.volume import Volume

if TYPE_CHECKING:
    import os

    from numpy.typing import ArrayLike, NDArray

__all__ = ["read_nrrd", "write_nrrd"]

_WRITTEN = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64")
#: What a volume knows and NRRD has no field for, as key/value pairs.
_MODALITY, _FRAME_OF_REFERENCE, _PADDING = "modality", "frame of reference uid", "padding value"


def read_nrrd(path: str | os.PathLike[str], *, affine: ArrayLike | None = None) -> Volume:
    """Read a volume from an NRRD file.

    Parameters
    ----------
    path
        ``.nrrd``, or ``.nhdr`` with its samples in one file in the same folder or below it.
    affine
        4 x 4, (z, y, x) to LPS mm as in `Volume`, in place of the file's; needed where it has none.

    Returns
    -------
    Volume
        Voxels (z, y, x), or (z, y, x, channel) where a fourth axis holds channels. Spaces LPS, RAS and LAS become
        LPS. Unit, modality and so on where `write_nrrd` wrote them.

    Raises
    ------
    GeometryError
        There are not three axes in space, or where they lie is not said.
    DecodeError
        With the code ``"nrrd-header"``, ``"nrrd-type"``, ``"nrrd-encoding"``, ``"nrrd-data-file"`` or
        ``"gzip-invalid"``; `TruncatedError` for a file that ends early.
    LimitError
        The voxels are more than `radpix.limits` allow.

    Examples
    --------
    >>> import tempfile
    >>> volume = Volume(np.arange(24, dtype=np.int16).reshape(2, 3, 4), unit="HU")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_nrrd(volume, f"{folder}/volume.nrrd")
    ...     same = read_nrrd(f"{folder}/volume.nrrd")
    >>> bool((same.voxels == volume.voxels).all()), bool((same.affine == volume.affine).all()), same.unit
    (True, True, 'HU')
    """
    path = Path(path)
    with path.open("rb") as stream:
        header = read_header(stream, path)
        axis = header.channel_axis()
        known = header.affine() if affine is None else affine
        if "data file" in header.fields:
            with _detached(header, path).open("rb") as samples:
                voxels = _samples(samples, header, _detached(header, path))
        else:
            voxels = _samples(stream, header, path)
    if axis is not None:
        voxels = np.ascontiguousarray(np.moveaxis(voxels, voxels.ndim - 1 - axis, -1))
    try:
        padding = float(header.keys[_PADDING])
    except (KeyError, ValueError):
        padding = None
    return Volume(
        voxels,
        np.asarray(known, dtype=np.float64),
        header.keys.get(_FRAME_OF_REFERENCE, ""),
        header.keys.get(_MODALITY, ""),
        header.fields.get("sample units", "").strip('"'),
        padding_value=padding,
    )


def _detached(header: NrrdHeader, path: Path) -> Path:
    """Return the file with the samples; a header cannot name one outside its own folder."""
    name = header.fields["data file"]
    if name.upper().startswith("LIST") or "%" in name:
        raise header.fail(
            f"data file: {name!r}, samples in several files are not supported", "nrrd-data-file"
        )
    folder = path.parent.resolve()
    samples = (folder / name).resolve()
    if not samples.is_relative_to(folder) or not samples.is_file():
        raise header.fail(f"data file: {name!r} is no file in the header's folder", "nrrd-data-file")
    return samples


def _samples(stream: BinaryIO, header: NrrdHeader, path: Path) -> NDArray[Any]:
    """Return the samples, the slowest axis first."""
    encoding = header.required("encoding").lower()
    if encoding not in {"raw", "gzip", "gz"}:
        raise header.fail(f"encoding: {encoding!r}, expected raw or gzip", "nrrd-encoding")
    for _ in range(header.integer("line skip", 0, 0)):
        if not stream.readline(limits.max_pixels_per_frame):
            break
    behind = header.integer("byte skip", 0, -1)
    shape, dtype = header.sizes[::-1], header.dtype
    if encoding == "raw":
        if behind == -1:  # the samples are the last bytes
            size = dtype.itemsize
            for extent in shape:
                size *= extent
            stream.seek(max(0, path.stat().st_size - size))
        skip(stream, max(0, behind), path)
        return native_order(read_array(stream, shape, dtype, path, packed=False))
    if behind == -1:
        raise header.fail("byte skip: -1 is for raw samples only")
    with inflated(stream, path) as unpacked:
        skip(unpacked, behind, path)
        return native_order(read_array(unpacked, shape, dtype, path, packed=True))


def write_nrrd(
    volume: Volume, path: str | os.PathLike[str], *, compression: int = 1, detached: bool = False
) -> None:
    """Write a volume as an NRRD file in space left-posterior-superior, complete or not at all.

    The affine is written to the last bit, with any shear. Unit, modality, frame of reference and padding value go
    with it; windows do not.

    Parameters
    ----------
    volume
        Voxels of an integer or float type; bool is written as uint8.
    path
        Ends in ``.nrrd``, or ``.nhdr`` for ``detached``.
    compression
        Of gzip, 1 to 9; 0 writes raw samples.
    detached
        Write the samples into a file of their own, ``.raw`` or ``.raw.gz`` beside the header. Both are complete before
        the header takes its place.

    Raises
    ------
    ValueError
        NRRD does not have the voxels' type, or the name ends differently.
    OSError
        The file could not be written.
    """
    path = Path(path)
    suffix = ".nhdr" if detached else ".nrrd"
    if path.suffix.lower() != suffix:
        raise ValueError(
            f"the name of {'a detached' if detached else 'an attached'} NRRD header ends in {suffix}"
        )
    if not 0 <= compression <= 9:
        raise ValueError(f"compression is 0 to 9, not {compression}")
    voxels = volume.voxels.view(np.uint8) if volume.voxels.dtype == bool else volume.voxels
    if voxels.dtype.name not in _WRITTEN or min(voxels.shape) < 1:
        raise ValueError(
            f"NRRD has no voxels of {voxels.dtype} and shape {voxels.shape}; it has {', '.join(_WRITTEN)}"
        )
    samples = voxels.astype(voxels.dtype.newbyteorder("<"), copy=False).reshape(-1).view(np.uint8).data
    name = path.stem + (".raw.gz" if compression else ".raw") if detached else ""
    head = _header_text(volume, voxels, name, "gzip" if compression else "raw").encode()
    if detached:
        with replacing(path) as stream:
            stream.write(head)
            with replacing(path.with_name(name)) as beside:
                _write_samples(beside, samples, compression)
        return
    with replacing(path) as stream:
        stream.write(head)
        _write_samples(stream, samples, compression)


def _write_samples(stream: BinaryIO, samples: Any, compression: int) -> None:
    if compression:
        write_gzip(stream, [samples], compression)
    else:
        stream.write(samples)


def _vector(values: Any) -> str:
    return "(" + ",".join(repr(float(value)) for value in values) + ")"  # repr reads back to the same bits


def _header_text(volume: Volume, voxels: NDArray[Any], name: str, encoding: str) -> str:
    colour = {3: "RGB-color", 4: "RGBA-color"} if voxels.dtype == np.uint8 else {}
    channels = voxels.shape[3:]
    kinds = [colour.get(n, "vector") for n in channels] + ["domain"] * 3
    directions = ["none"] * len(channels) + [_vector(volume.affine[:3, k]) for k in (2, 1, 0)]
    numpy_name = voxels.dtype.name
    lines = [
        "NRRD0005",
        f"type: { ({'float32': 'float', 'float64': 'double'}.get(numpy_name, numpy_name)) }",
        f"dimension: {voxels.ndim}",
        "space: left-posterior-superior",
        f"sizes: {' '.join(map(str, (*channels, *volume.shape[::-1])))}",
        f"space directions: {' '.join(directions)}",
        f"kinds: {' '.join(kinds)}",
        "endian: little",
        f"encoding: {encoding}",
        'space units: "mm" "mm" "mm"',
        f"space origin: {_vector(volume.origin)}",
    ]
    if volume.unit:
        lines.append(f'sample units: "{_line(volume.unit)}"')
    if name:
        lines.append(f"data file: {name}")
    pairs = {
        _MODALITY: volume.modality,
        _FRAME_OF_REFERENCE: volume.frame_of_reference_uid,
        _PADDING: "" if volume.padding_value is None else repr(float(volume.padding_value)),
    }
    lines += [f"{key}:={_line(value)}" for key, value in pairs.items() if value]
    return "\n".join(lines) + "\n" + ("" if name else "\n")


def _line(text: str) -> str:
    """Return a text without anything that could end its line or its quotes."""
    return re.sub(r'[\x00-\x1f"\\]', " ", text)
