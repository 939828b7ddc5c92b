"""OME-Zarr, a volume at several resolutions in a folder: NGFF 0.4 (Zarr 2) and 0.5 (Zarr 3), https://ngff.openmicroscopy.org.

NGFF has a scale and a translation for each axis and no direction in the patient. The affine is therefore written beside
them, as the attribute ``radpix``, and holds for the finest level; those of the others follow from their scales.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from radpix._files import new_folder
from radpix.errors import DecodeError, GeometryError
from radpix.exchange._zarr import Format, ZarrArray, read_json, write_array, write_json
from radpix.resample import resample
from radpix.volume import Volume

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from radpix.resample import Interpolation

__all__ = ["read_ome_zarr", "write_ome_zarr"]

_AXES = ["z", "y", "x"]
_VERSIONS: dict[str, Format] = {"0.4": 2, "0.5": 3}
_MILLIMETRES = {"millimeter": 1.0, "micrometer": 1e-3, "centimeter": 10.0, "meter": 1e3, "nanometer": 1e-6}
#: Levels are added until no axis is longer than this.
_COARSEST = 128


def write_ome_zarr(
    volume: Volume,
    path: str | os.PathLike[str],
    *,
    version: Literal["0.4", "0.5"] = "0.5",
    levels: int | None = None,
    interpolation: Interpolation = "linear",
    chunks: tuple[int, int, int] = (64, 64, 64),
    compression: int = 1,
) -> None:
    """Write a volume as an OME-Zarr folder, complete or not at all.

    Parameters
    ----------
    volume
        Voxels of an integer or float type of 8 to 64 bits, or bool, written as uint8. Channels become the first axis.
    path
        A new folder, or an empty one.
    version
        Of NGFF: 0.4 is Zarr 2 with zlib, 0.5 is Zarr 3 with gzip.
    levels
        Resolutions, each half of the one before along the axes whose voxels are less than twice as long as the
        shortest. By default until no axis is longer than 128; one for integers of 64 bits, which `radpix.resample` does
        not take.
    interpolation
        Of `radpix.resample` for the coarser levels; ``"label"`` for masks.
    chunks
        Voxels along (z, y, x) in one file.
    compression
        0 to 9; 0 leaves chunks plain.

    Raises
    ------
    ValueError
        An argument is outside its choices, or Zarr does not have the voxels' type.
    OSError
        The folder exists and is not empty, or could not be written.

    Examples
    --------
    >>> import tempfile
    >>> volume = Volume(np.arange(24, dtype=np.int16).reshape(2, 3, 4), unit="HU")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_ome_zarr(volume, f"{folder}/volume.zarr", levels=2)
    ...     same, half = (read_ome_zarr(f"{folder}/volume.zarr", level=level) for level in (0, 1))
    >>> bool((same.voxels == volume.voxels).all()), same.unit, half.shape
    (True, 'HU', (1, 2, 2))
    """
    voxels = volume.voxels.view(np.uint8) if volume.voxels.dtype == bool else volume.voxels
    if voxels.dtype.kind not in "iuf" or voxels.dtype.name == "float16" or min(voxels.shape) < 1:
        raise ValueError(f"no OME-Zarr is written of voxels of {voxels.dtype} and shape {voxels.shape}")
    zarr = _format(version)
    levels = _arguments(voxels.dtype, levels, chunks, compression)
    whole = Volume(voxels, volume.affine, padding_value=volume.padding_value)
    names = [*(["c"] if voxels.ndim == 4 else []), *_AXES]
    with new_folder(Path(path)) as folder:
        datasets: list[dict[str, Any]] = []
        level: Volume | None = whole
        while level is not None:
            array = np.moveaxis(level.voxels, 3, 0) if voxels.ndim == 4 else level.voxels
            used = tuple(min(n, step) for n, step in zip(level.shape, chunks, strict=True))
            write_array(
                folder / str(len(datasets)),
                array,
                (*array.shape[:-3], *used),
                names,
                version=zarr,
                compression=compression,
            )
            datasets.append(_dataset(whole, level, str(len(datasets)), names))
            level = _next(level, len(datasets), levels, interpolation)
        _write_group(folder, volume, datasets, names, version, interpolation)


def _arguments(
    dtype: np.dtype[Any], levels: int | None, chunks: Sequence[int], compression: int
) -> int | None:
    """Return how many levels are written; raise for arguments outside their choices."""
    if not 0 <= compression <= 9:
        raise ValueError(f"compression is 0 to 9, not {compression}")
    if len(chunks) != 3 or min(chunks) < 1 or (levels is not None and not 1 <= levels <= 32):
        raise ValueError(f"chunks are three numbers from 1, levels 1 to 32, not {chunks} and {levels}")
    if dtype.kind in "iu" and dtype.itemsize == 8:
        if levels not in {None, 1}:
            raise ValueError(f"voxels of {dtype} are written at one level; convert them for levels={levels}")
        return 1
    return levels


def _format(version: str) -> Format:
    if version not in _VERSIONS:
        raise ValueError(f"version is {' or '.join(_VERSIONS)}, not {version!r}")
    return _VERSIONS[version]


def _next(level: Volume, done: int, levels: int | None, interpolation: Interpolation) -> Volume | None:
    """Return the level at half the resolution, or None where there are enough."""
    if max(level.shape) == 1 or (max(level.shape) <= _COARSEST if levels is None else done >= levels):
        return None
    finest = min(step for step, n in zip(level.spacing, level.shape, strict=True) if n > 1)
    shape = [
        -(-n // 2) if step < 2 * finest else n for n, step in zip(level.shape, level.spacing, strict=True)
    ]
    return resample(level, shape=(shape[0], shape[1], shape[2]), interpolation=interpolation)


def _translation(volume: Volume) -> NDArray[np.float64]:
    """Return (z, y, x) of the first voxel where the axes are those of LPS, else zeros: then NGFF cannot say it."""
    aligned = np.abs(volume.direction[::-1] - np.eye(3)).max() < 1e-9
    return volume.origin[::-1] if aligned else np.zeros(3)


def _dataset(whole: Volume, level: Volume, path: str, names: list[str]) -> dict[str, Any]:
    aside = len(names) - 3
    first = whole.patient_to_index(level.origin) * whole.spacing + _translation(whole)
    scale = [*[1.0] * aside, *level.spacing]
    translation = [*[0.0] * aside, *first.tolist()]
    return {
        "path": path,
        "coordinateTransformations": [
            {"type": "scale", "scale": scale},
            {"type": "translation", "translation": translation},
        ],
    }


def _write_group(
    folder: Path,
    volume: Volume,
    datasets: list[dict[str, Any]],
    names: list[str],
    version: str,
    interpolation: str,
) -> None:
    multiscale: dict[str, Any] = {
        "name": "volume",
        "axes": [
            {"name": "c", "type": "channel"}
            if name == "c"
            else {"name": name, "type": "space", "unit": "millimeter"}
            for name in names
        ],
        "datasets": datasets,
        "type": f"radpix.resample {interpolation}",
    }
    own = {
        "affine": volume.affine.tolist(),
        "affine_convention": "index (z, y, x) of level 0 to patient mm, LPS",
        "frame_of_reference_uid": volume.frame_of_reference_uid,
        "modality": volume.modality,
        "unit": volume.unit,
        "padding_value": None if volume.padding_value is None else repr(float(volume.padding_value)),
    }
    if version == "0.4":
        write_json(folder / ".zgroup", {"zarr_format": 2})
        write_json(folder / ".zattrs", {"multiscales": [{"version": "0.4", **multiscale}], "radpix": own})
    else:
        attributes = {"ome": {"version": "0.5", "multiscales": [multiscale]}, "radpix": own}
        write_json(folder / "zarr.json", {"zarr_format": 3, "node_type": "group", "attributes": attributes})


def read_ome_zarr(
    path: str | os.PathLike[str],
    *,
    level: int = 0,
    space: Literal["LPS", "RAS"] | None = None,
    affine: ArrayLike | None = None,
) -> Volume:
    """Read one resolution of an OME-Zarr folder.

    Parameters
    ----------
    path
        The folder of the image, NGFF 0.4 or 0.5.
    level
        0 is the finest.
    space
        Where positive x, y and z point in a file of another writer, which NGFF has no word for: needed there. In a
        file with radpix's affine it must agree with that.
    affine
        4 x 4, (z, y, x) of this level to LPS mm as in `Volume`, in place of the file's.

    Returns
    -------
    Volume
        Voxels (z, y, x), or (z, y, x, channel) where there is a channel axis.

    Raises
    ------
    GeometryError
        The axes are not (z, y, x) with channels, or where they point is not said.
    DecodeError
        With the code ``"zarr-metadata"``, ``"zarr-codec"`` or ``"zarr-chunk"``.
    LimitError
        The voxels are more than `radpix.limits` allow.
    ImportError
        The chunks are compressed by a codec that needs numcodecs.
    """
    root = Path(path)
    if space not in {None, "LPS", "RAS"}:
        raise ValueError(f"space is LPS or RAS, not {space!r}")
    multiscale, own = _attributes(root)
    names, units, datasets = _checked(multiscale, root)
    if not 0 <= level < len(datasets):
        raise ValueError(f"level is from 0 to {len(datasets) - 1}, not {level}")
    steps = [
        _transform(multiscale, dataset, len(names), root)[:, -3:]
        for dataset in (datasets[0], datasets[level])
    ]
    known = (
        _affine(own, steps, units, space, root) if affine is None else np.asarray(affine, dtype=np.float64)
    )
    folder = (root / datasets[level]["path"]).resolve()
    if not folder.is_relative_to(root.resolve()):
        raise DecodeError(f"{root}: path {datasets[level]['path']!r} leads out of it", code="zarr-metadata")
    voxels = ZarrArray.open(folder).read()
    if voxels.ndim != len(names):
        raise GeometryError(f"{folder}: {voxels.ndim} axes, the image has {len(names)}")
    if names[:-3] == ["t"] and voxels.shape[0] == 1:
        voxels = voxels[0]
    elif names[:-3] == ["c"]:
        voxels = np.moveaxis(voxels, 0, -1)
    elif names[:-3]:
        raise GeometryError(f"{root}: a volume has the axes z, y, x and channels, not {', '.join(names)}")
    padding = own.get("padding_value")
    return Volume(
        voxels,
        known,
        str(own.get("frame_of_reference_uid", "")),
        str(own.get("modality", "")),
        str(own.get("unit", "")),
        padding_value=float(padding) if isinstance(padding, str) else None,
    )


def _attributes(root: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the first multiscale image and radpix's own attributes."""
    if (root / "zarr.json").exists():
        attributes = read_json(root / "zarr.json").get("attributes")
        found = attributes.get("ome") if isinstance(attributes, dict) else None
    else:
        attributes = found = read_json(root / ".zattrs")
    multiscales = found.get("multiscales") if isinstance(found, dict) else None
    if not isinstance(multiscales, list) or not multiscales or not isinstance(multiscales[0], dict):
        raise DecodeError(f"{root}: no multiscales of OME-Zarr 0.4 or 0.5", code="zarr-metadata")
    own = attributes.get("radpix") if isinstance(attributes, dict) else None
    return multiscales[0], own if isinstance(own, dict) else {}


def _checked(multiscale: dict[str, Any], root: Path) -> tuple[list[str], list[float], list[dict[str, Any]]]:
    """Return the names of the axes, millimetres in a unit of z, y and x, and the datasets."""
    axes, datasets = multiscale.get("axes"), multiscale.get("datasets")
    if not isinstance(axes, list) or not all(isinstance(axis, dict) for axis in axes):
        raise DecodeError(f"{root}: axes {axes!r}", code="zarr-metadata")
    if not isinstance(datasets, list) or not datasets:
        raise DecodeError(f"{root}: datasets {datasets!r}", code="zarr-metadata")
    if not all(isinstance(one, dict) and isinstance(one.get("path"), str) for one in datasets):
        raise DecodeError(f"{root}: datasets without a path", code="zarr-metadata")
    names = [str(axis.get("name")) for axis in axes]
    if names[-3:] != _AXES or len(names) > 4:
        raise GeometryError(f"{root}: a volume has the axes z, y, x and channels, not {', '.join(names)}")
    units = [str(axis.get("unit", "millimeter")) for axis in axes[-3:]]
    if not set(units) <= set(_MILLIMETRES):
        raise GeometryError(f"{root}: units {units}, expected {', '.join(_MILLIMETRES)}; give affine=")
    return names, [_MILLIMETRES[unit] for unit in units], datasets


def _transform(
    multiscale: dict[str, Any], dataset: dict[str, Any], count: int, root: Path
) -> NDArray[np.float64]:
    """Return scale and translation, (2, axes): those of the dataset, then those of all datasets."""
    result = np.array([np.ones(count), np.zeros(count)])
    for owner in (dataset, multiscale):
        steps = owner.get("coordinateTransformations", [])
        for step in steps if isinstance(steps, list) else [None]:
            kind, values = _step(step)
            if values is None or values.shape != (count,) or not np.isfinite(values).all():
                raise DecodeError(f"{root}: coordinateTransformations {step!r}", code="zarr-metadata")
            if kind == "scale":
                result *= values
            else:
                result[1] += values
    return result


def _step(step: Any) -> tuple[str, NDArray[np.float64] | None]:
    """Return the kind and the numbers of one transformation, None where it is no scale or translation."""
    kind = str(step.get("type")) if isinstance(step, dict) else ""
    if kind not in {"scale", "translation"}:
        return kind, None
    try:
        return kind, np.array(step[kind], dtype=np.float64)
    except (KeyError, TypeError, ValueError):
        return kind, None


def _check_space(
    own: dict[str, Any],
    scale0: NDArray[np.float64],
    factor: NDArray[np.float64],
    affine: NDArray[np.float64],
    root: Path,
) -> None:
    """Refuse a space that turns a volume whose own affine holds: it has directions that scales cannot say."""
    whole = _own_affine(own, root) if "affine" in own else None
    if whole is None or not np.allclose(np.linalg.norm(whole[:3, :3], axis=0), np.abs(scale0), rtol=1e-5):
        return
    if not np.allclose(whole[:3, :3] * factor, affine[:3, :3], rtol=0, atol=1e-5 * np.abs(affine).max()):
        raise GeometryError(f"{root}: radpix's affine has other directions than space=; leave space= out")


def _own_affine(own: dict[str, Any], root: Path) -> NDArray[np.float64]:
    try:
        return np.array(own["affine"], dtype=np.float64).reshape(4, 4)
    except (TypeError, ValueError):
        raise DecodeError(f"{root}: radpix affine {own['affine']!r}", code="zarr-metadata") from None


def _affine(
    own: dict[str, Any], steps: list[NDArray[np.float64]], units: list[float], space: str | None, root: Path
) -> NDArray[np.float64]:
    """Return the affine of a level: radpix's own of level 0 by way of the scales, else by ``space``."""
    (scale0, first0), (scale, first) = (step * units for step in steps)
    if (scale0 == 0).any() or (scale == 0).any():
        raise GeometryError(f"{root}: a scale is 0")
    if space is not None or "affine" not in own:
        if space is None:
            raise GeometryError(f"{root}: where z, y and x point is not said; give space= or affine=")
        affine = np.eye(4)
        signs = np.array([1, 1, 1] if space == "LPS" else [1, -1, -1])
        affine[:3, :3] = np.diag(scale * signs)[::-1]
        affine[:3, 3] = (first * signs)[::-1]
        _check_space(own, scale0, scale / scale0, affine, root)
        return affine
    whole = _own_affine(own, root)
    if not np.allclose(np.linalg.norm(whole[:3, :3], axis=0), np.abs(scale0), rtol=1e-5):
        raise GeometryError(
            f"{root}: scale and radpix's affine contradict each other; give space= or affine="
        )
    between = np.eye(4)
    between[:3, :3] = np.diag(scale / scale0)
    between[:3, 3] = (first - first0) / scale0
    return whole @ between
