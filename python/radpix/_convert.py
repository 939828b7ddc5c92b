"""Volumes to and from arrays and the images of other libraries, none of which radpix needs."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from radpix.errors import GeometryError

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

    from radpix.volume import Volume

__all__ = ["as_array", "from_nibabel", "from_sitk", "from_xarray", "to_nibabel", "to_sitk", "to_xarray"]

#: Index (z, y, x) <-> (x, y, z), and patient LPS <-> RAS, as 4 x 4; each is its own inverse.
REVERSED = np.eye(4)[[2, 1, 0, 3]]
LPS_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
#: Cosines between axes below this are rounding: such a matrix is orthogonal, and a NIfTI qform holds it.
_ORTHOGONAL = 1e-6
_RGB24 = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])


def _import(name: str, package: str, method: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise ImportError(f"Volume.{method}() needs {package}: pip install {package}") from error


def as_array(values: NDArray[Any], dtype: DTypeLike | None, copy: bool | None) -> NDArray[Any]:
    """Return what ``__array__`` gives, of NumPy 1 as of NumPy 2: shared unless the type or ``copy`` asks for a copy.

    Raises
    ------
    ValueError
        ``copy`` is False, and another ``dtype`` needs one.
    """
    if copy is None:
        return values if dtype is None else values.astype(dtype, copy=False)
    if not copy and dtype is not None and np.dtype(dtype) != values.dtype:
        raise ValueError(f"a conversion from {values.dtype} to {dtype} needs a copy")
    return values.astype(dtype or values.dtype, copy=copy)


def is_orthogonal(affine: NDArray[np.float64]) -> bool:
    """Whether the axes of an affine are at right angles."""
    unit = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    return bool(np.abs(unit.T @ unit - np.eye(3)).max() < _ORTHOGONAL)


def to_nibabel(volume: Volume) -> Any:
    """See `Volume.to_nibabel`."""
    nibabel = _import("nibabel", "nibabel", "to_nibabel")
    voxels = volume.voxels.view(np.uint8) if volume.voxels.dtype == bool else volume.voxels
    if voxels.ndim == 4:
        if voxels.shape[3] != 3 or voxels.dtype != np.uint8:
            raise ValueError(f"NIfTI has RGB of uint8 only, not {voxels.shape[3]} channels of {voxels.dtype}")
        voxels = np.ascontiguousarray(voxels).view(_RGB24)[..., 0]
    affine = LPS_RAS @ volume.affine @ REVERSED
    image = nibabel.Nifti1Image(voxels.transpose(2, 1, 0), affine, dtype=voxels.dtype)
    image.header.set_xyzt_units("mm")
    # The header has float32, the image keeps the affine as it is. 1 is NIFTI_XFORM_SCANNER_ANAT.
    image.set_sform(affine, code=1, update_affine=False)
    # A qform is a rotation: it would move the voxels of a sheared volume.
    image.set_qform(affine, code=1 if is_orthogonal(affine) else 0, update_affine=False)
    return image


def from_nibabel(image: Any) -> Volume:
    """See `Volume.from_nibabel`."""
    from radpix.volume import Volume

    if len(image.shape) != 3 or image.affine is None:
        raise GeometryError(f"a volume has three axes and an affine, the image has shape {image.shape}")
    voxels = np.asanyarray(image.dataobj)
    if voxels.dtype.names is not None:
        voxels = np.stack([voxels[name] for name in voxels.dtype.names], axis=-1)
    voxels = voxels.transpose(2, 1, 0, *range(3, voxels.ndim))
    voxels = voxels.astype(voxels.dtype.newbyteorder("="), order="C", copy=False)
    return Volume(voxels=voxels, affine=LPS_RAS @ np.asarray(image.affine, dtype=np.float64) @ REVERSED)


def to_sitk(volume: Volume) -> Any:
    """See `Volume.to_sitk`."""
    sitk = _import("SimpleITK", "SimpleITK", "to_sitk")
    voxels = volume.voxels.view(np.uint8) if volume.voxels.dtype == bool else volume.voxels
    if voxels.ndim == 4 and voxels.dtype.kind == "c":
        raise ValueError(f"SimpleITK has no channels of {voxels.dtype}; convert each to an image of its own")
    image = sitk.GetImageFromArray(voxels, isVector=voxels.ndim == 4)
    image.SetSpacing(volume.spacing[::-1])
    image.SetOrigin(volume.origin.tolist())
    image.SetDirection(volume.direction[:, ::-1].ravel().tolist())
    return image


def from_sitk(image: Any) -> Volume:
    """See `Volume.from_sitk`."""
    from radpix.volume import Volume

    sitk = _import("SimpleITK", "SimpleITK", "from_sitk")
    if image.GetDimension() != 3:
        raise GeometryError(f"a volume has three dimensions, the image has {image.GetDimension()}")
    affine = np.eye(4)
    direction = np.reshape(image.GetDirection(), (3, 3))
    affine[:3, :3] = (direction * image.GetSpacing())[:, ::-1]
    affine[:3, 3] = image.GetOrigin()
    return Volume(voxels=sitk.GetArrayFromImage(image), affine=affine)


def from_xarray(array: Any) -> Volume:
    """See `Volume.from_xarray`."""
    from radpix.volume import Volume

    axes = ("z", "y", "x")
    if tuple(array.dims)[:3] != axes or array.ndim > 4 or "affine" not in array.attrs:
        raise GeometryError(
            f'a volume has the dimensions (z, y, x[, channel]) and attrs["affine"], not {array.dims}'
        )
    affine = np.array(array.attrs["affine"], dtype=np.float64)
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    for axis, name in enumerate(axes):
        if name not in array.coords:
            raise GeometryError(f"the coordinates along {name} are missing: where the slices lie is unknown")
        index = np.asarray(array.coords[name], dtype=np.float64) / spacing[axis]
        step = (index[-1] - index[0]) / (len(index) - 1) if len(index) > 1 else 1.0
        if np.abs(index - index[0] - step * np.arange(len(index))).max() > 1e-6:
            raise GeometryError(f"the coordinates along {name} are not evenly spaced")
        affine[:3, 3] += index[0] * affine[:3, axis]
        affine[:3, axis] *= step
    names = ("frame_of_reference_uid", "modality", "units")
    frame_of_reference, modality, unit = (str(array.attrs.get(name, "")) for name in names)
    padding = array.attrs.get("padding_value")
    return Volume(
        np.asarray(array),
        affine,
        frame_of_reference,
        modality,
        unit,
        padding_value=None if padding is None else float(padding),
    )


def to_xarray(volume: Volume) -> Any:
    """See `Volume.to_xarray`."""
    xarray = _import("xarray", "xarray", "to_xarray")
    axes = ("z", "y", "x")
    steps = zip(axes, volume.shape, volume.spacing, strict=True)
    attributes = {
        "affine": volume.affine.tolist(),
        "affine_convention": "index (z, y, x) to patient mm, LPS",
        "frame_of_reference_uid": volume.frame_of_reference_uid,
        "modality": volume.modality,
        "units": volume.unit,
    }
    if volume.padding_value is not None:  # absent is None, which not every file format has
        attributes["padding_value"] = float(volume.padding_value)
    return xarray.DataArray(
        volume.voxels,
        dims=(*axes, "channel")[: volume.voxels.ndim],
        coords={name: np.arange(count) * step for name, count, step in steps},
        attrs=attributes,
    )
