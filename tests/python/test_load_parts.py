"""Volumes of JPEG 2000 slices, decoded at fewer resolutions or layers: where their voxels lie, and what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000, JPEG2000Lossless
from tests.python.phantom import Phantom, rotation, stack_positions

import radpix

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def steep_field(position: NDArray[np.float64]) -> NDArray[np.float64]:
    """Half a pixel of these phantoms is 10 HU at least; the filter keeps what is linear, but for rounding."""
    return np.asarray(position @ (30.0, -45.0, 8.0))


ORIENTATION = rotation((1, 2, 3), 25)
PHANTOM = Phantom(
    positions=stack_positions(5, ORIENTATION[:, 2] * 2.5),
    row=tuple(ORIENTATION[:, 0]),
    column=tuple(ORIENTATION[:, 1]),
    shape=(75, 62),
    rescale=(1.0, -8192.0),
    values=steep_field,
)


def write(phantom: Phantom, folder: Path, **options: Any) -> None:
    """Write a phantom's slices as JPEG 2000, lossless unless the options say otherwise."""
    imagecodecs = pytest.importorskip("imagecodecs")
    chosen = {"codecformat": "j2k", "reversible": True, "level": 0, **options}
    for path in phantom.write(folder):
        dataset = dcmread(path)
        dataset.PixelData = encapsulate([imagecodecs.jpeg2k_encode(dataset.pixel_array, **chosen)])
        dataset["PixelData"].is_undefined_length = True
        dataset.file_meta.TransferSyntaxUID = JPEG2000Lossless if chosen["reversible"] else JPEG2000
        dataset.save_as(path, enforce_file_format=True)


def positions(volume: radpix.Volume) -> NDArray[np.float64]:
    index = np.moveaxis(np.indices(volume.shape), 0, -1)
    return np.asarray(index @ volume.affine[:3, :3].T + volume.affine[:3, 3])


@pytest.mark.parametrize("reversible", [True, False])
@pytest.mark.parametrize("reduce", [1, 2])
def test_reduced_voxels_are_where_the_affine_says(tmp_path: Path, reduce: int, reversible: bool) -> None:
    write(PHANTOM, tmp_path, reversible=reversible)
    volume = radpix.load(tmp_path, reduce=reduce)
    step = 2**reduce
    assert volume.shape == (5, -(-75 // step), -(-62 // step))
    np.testing.assert_allclose(volume.spacing, (2.5, 0.8 * step, 0.7 * step), rtol=1e-6)
    np.testing.assert_allclose(volume.affine[:3, 3], PHANTOM.positions[0], atol=1e-6)
    error = np.abs(volume.voxels - steep_field(positions(volume)))
    # Rows and columns at the edges depend on the symmetric extension, which no linear field has.
    assert error[:, 4:-4, 4:-4].max() <= (2 if reversible else 4)


def test_reduced_voxels_are_those_of_the_decoder(tmp_path: Path) -> None:
    write(PHANTOM, tmp_path)
    paths = sorted(tmp_path.iterdir())
    volume = radpix.load(tmp_path, reduce=1, level="stored")
    for voxels, path in zip(volume.voxels, paths, strict=True):
        np.testing.assert_array_equal(voxels, radpix.decode(path, reduce=1))
    whole = radpix.load(tmp_path)
    for threads in (1, 2, 3):
        reduced = radpix.load(tmp_path, reduce=1, num_threads=threads)
        np.testing.assert_array_equal(reduced.voxels, volume.voxels.astype(np.int32) - 8192)
        np.testing.assert_array_equal(reduced.affine[:, [0, 3]], whole.affine[:, [0, 3]])


def test_layers_of_a_series(tmp_path: Path) -> None:
    write(PHANTOM, tmp_path)
    whole = radpix.load(tmp_path)
    all_layers = radpix.load(tmp_path, layers=1)  # the one that there is
    np.testing.assert_array_equal(all_layers.voxels, whole.voxels)
    np.testing.assert_array_equal(all_layers.affine, whole.affine)


def test_straightened_slices_are_reduced_ones(tmp_path: Path) -> None:
    tilted = Phantom(
        positions=stack_positions(6, (0, 0.9, 2.5)),
        shape=(45, 38),
        values=steep_field,
        rescale=(1.0, -8192.0),
    )
    write(tilted, tmp_path)
    volume = radpix.load(tmp_path, reduce=1, on_irregular="resample")
    np.testing.assert_allclose(volume.spacing[1:], (1.6, 1.4), rtol=1e-6)
    error = np.abs(volume.voxels - steep_field(positions(volume)))
    assert error[:, 5:18, 2:15].max() <= 4


def test_series_of_other_syntaxes_have_no_parts(tmp_path: Path) -> None:
    PHANTOM.write(tmp_path)
    parts: list[dict[str, Any]] = [{"reduce": 1}, {"layers": 2}]
    for options in parts:
        with pytest.raises(radpix.UnsupportedTransferSyntaxError, match="JPEG 2000"):
            radpix.load(tmp_path, **options)


@pytest.mark.parametrize("options", [{"reduce": -1}, {"reduce": 33}, {"layers": 0}, {"reduce": 9}])
def test_parts_that_no_slice_has_are_errors(tmp_path: Path, options: dict[str, Any]) -> None:
    write(PHANTOM, tmp_path)
    with pytest.raises((ValueError, radpix.RadpixError)):
        radpix.load(tmp_path, **options)


def test_frames_one_by_one_in_part(tmp_path: Path) -> None:
    write(PHANTOM, tmp_path)
    path = min(tmp_path.iterdir())
    parts: list[dict[str, Any]] = [
        {"reduce": 1},
        {"region": (3, 4, 20, 30)},
        {"reduce": 1, "region": (4, 8, 20, 30)},
        {"layers": 1},
    ]
    for options in parts:
        expected = radpix.decode(path, **options)
        (frame,) = radpix.iter_frames(path, **options)
        np.testing.assert_array_equal(frame, expected)
    with pytest.raises(ValueError, match="region"):
        radpix.iter_frames(path, region=(1, 2))
