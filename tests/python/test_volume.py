from __future__ import annotations

import copy
import multiprocessing
import pickle
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.python.phantom import rotation

from radpix import GeometryError, GeometryReport, Volume


def oblique(dtype: Any = np.int16, *, shear: float = 0.0, channels: int = 0) -> Volume:
    """Return a volume with a rotated, anisotropic and, if asked, sheared affine."""
    turn = rotation((1, -2, 0.5), 25)
    affine = np.eye(4)
    affine[:3, 0] = 3.0 * (turn[:, 2] + shear * turn[:, 1])
    affine[:3, 1] = 0.8 * turn[:, 1]
    affine[:3, 2] = 0.5 * turn[:, 0]
    affine[:3, 3] = (-12.5, 40.0, 77.0)
    shape = (3, 4, 5, channels) if channels else (3, 4, 5)
    voxels = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    return Volume(voxels, affine, "1.2.3", "CT", "HU", (), -1024.0, GeometryReport(slices=3))


CORNERS = np.array([[0, 0, 0], [2, 3, 4], [1, 0, 4], [2, 1, 0]])


def test_indices_and_positions_are_inverse_of_each_other() -> None:
    volume = oblique(shear=0.3)
    np.testing.assert_allclose(volume.patient_to_index(volume.index_to_patient(CORNERS)), CORNERS, atol=1e-12)


def test_spacing_and_direction_are_those_of_the_axes() -> None:
    volume = oblique()
    assert volume.spacing == pytest.approx((3.0, 0.8, 0.5))
    np.testing.assert_allclose(volume.direction.T @ volume.direction, np.eye(3), atol=1e-12)


@pytest.mark.parametrize(
    ("voxels", "affine"),
    [
        (np.zeros((2, 2)), np.eye(4)),
        (np.zeros((2, 2, 2)), np.eye(3)),
        (np.zeros((2, 2, 2)), np.zeros((4, 4))),
        (np.zeros((2, 2, 2)), np.full((4, 4), np.nan)),
        (np.zeros((2, 2, 2)), np.eye(4) + np.eye(4)),
    ],
)
def test_impossible_volumes_are_refused(voxels: Any, affine: Any) -> None:
    with pytest.raises(GeometryError):
        Volume(voxels, affine)


def test_affine_is_read_only_also_after_pickling_and_copying() -> None:
    volume = oblique()
    for same in (volume, pickle.loads(pickle.dumps(volume)), copy.copy(volume), copy.deepcopy(volume)):
        assert not same.affine.flags.writeable
        np.testing.assert_array_equal(same.voxels, volume.voxels)
        np.testing.assert_array_equal(same.affine, volume.affine)
        assert (same.modality, same.unit, same.padding_value, same.report) == (
            "CT",
            "HU",
            -1024.0,
            volume.report,
        )


@given(st.data())
def test_crop_leaves_every_voxel_where_it_is(data: st.DataObject) -> None:
    volume = oblique(shear=0.2)
    bounds = [sorted(data.draw(st.sets(st.integers(0, n), min_size=2, max_size=2))) for n in volume.shape]
    start, stop = zip(*bounds, strict=True)
    cropped = volume.crop(start, stop)
    assert cropped.voxels.flags.c_contiguous
    assert cropped.voxels.base is None
    for index in np.ndindex(cropped.shape):
        source = np.add(index, start)
        assert cropped.voxels[index] == volume.voxels[tuple(source)]
        np.testing.assert_allclose(
            cropped.index_to_patient(index), volume.index_to_patient(source), rtol=0, atol=1e-12
        )


@pytest.mark.parametrize(
    ("start", "stop"),
    [
        ((0, 0, 0), (0, 1, 1)),
        ((-1, 0, 0), (1, 1, 1)),
        ((0, 0, 0), (4, 1, 1)),
        ((0, 0), (1, 1)),
        ((2, 0, 0), (1, 1, 1)),
    ],
)
def test_crop_outside_or_empty_is_an_error(start: Any, stop: Any) -> None:
    with pytest.raises(ValueError, match=r"box|indices"):
        oblique().crop(start, stop)


def test_array_protocol_shares_the_voxels() -> None:
    volume = oblique()
    assert np.asarray(volume) is volume.voxels
    assert np.asarray(volume, dtype=np.float32).dtype == np.float32
    assert not np.shares_memory(np.array(volume, copy=True), volume.voxels)


def test_dlpack_shares_the_voxels() -> None:
    volume = oblique()
    shared = np.from_dlpack(volume)
    assert np.shares_memory(shared, volume.voxels)
    assert volume.__dlpack_device__() == (1, 0)


def test_pickles_carry_the_voxels_out_of_band() -> None:
    volume = oblique()
    buffers: list[pickle.PickleBuffer] = []
    data = pickle.dumps(volume, protocol=5, buffer_callback=buffers.append)
    same = pickle.loads(data, buffers=buffers)
    assert any(np.shares_memory(np.asarray(buffer.raw()), volume.voxels) for buffer in buffers)
    assert np.shares_memory(same.voxels, volume.voxels)
    np.testing.assert_array_equal(same.affine, volume.affine)


def moved(volume: Volume) -> Volume:
    return volume.crop((1, 1, 1), volume.shape)


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_a_volume_serves_several_threads_and_processes(kind: str) -> None:
    volume = oblique(shear=0.2)
    expected = moved(volume)
    pool: Any = (
        ThreadPoolExecutor(3)
        if kind == "threads"
        else ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))
    )
    with pool:
        for result in pool.map(moved, [volume] * 8):
            np.testing.assert_array_equal(result.voxels, expected.voxels)
            np.testing.assert_array_equal(result.affine, expected.affine)
            assert result.unit == "HU"


@pytest.mark.parametrize("shear", [0.0, 0.3])
@pytest.mark.parametrize("dtype", [np.int16, np.uint8, np.float32])
def test_nifti_holds_every_voxel_at_its_place_in_ras(shear: float, dtype: Any, tmp_path: Any) -> None:
    nibabel = pytest.importorskip("nibabel")
    volume = oblique(dtype, shear=shear)
    nibabel.save(volume.to_nibabel(), tmp_path / "volume.nii")
    image = nibabel.load(tmp_path / "volume.nii")
    data = np.asanyarray(image.dataobj)
    for z, y, x in CORNERS:
        assert data[x, y, z] == volume.voxels[z, y, x]
        ras = image.affine @ [x, y, z, 1]
        np.testing.assert_allclose(ras[:3] * [-1, -1, 1], volume.index_to_patient((z, y, x)), atol=1e-4)
    assert image.header.get_xyzt_units()[0] == "mm"
    assert int(image.header["sform_code"]) == 1
    assert int(image.header["qform_code"]) == (0 if shear else 1)
    back = Volume.from_nibabel(image)
    assert back.voxels.dtype == dtype
    np.testing.assert_array_equal(back.voxels, volume.voxels)
    np.testing.assert_allclose(back.affine, volume.affine, atol=1e-5)


def test_nifti_holds_rgb() -> None:
    pytest.importorskip("nibabel")
    volume = oblique(np.uint8, channels=3)
    back = Volume.from_nibabel(volume.to_nibabel())
    np.testing.assert_array_equal(back.voxels, volume.voxels)


def test_nifti_refuses_what_it_does_not_have() -> None:
    nibabel = pytest.importorskip("nibabel")
    with pytest.raises(ValueError, match="RGB"):
        oblique(np.int16, channels=3).to_nibabel()
    with pytest.raises(GeometryError, match="three axes"):
        Volume.from_nibabel(nibabel.Nifti1Image(np.zeros((2, 2, 2, 2), np.int16), np.eye(4)))


@pytest.mark.parametrize("shear", [0.0, 0.3])
@pytest.mark.parametrize("channels", [0, 3])
def test_simpleitk_has_every_voxel_at_its_place(shear: float, channels: int) -> None:
    pytest.importorskip("SimpleITK")
    volume = oblique(shear=shear, channels=channels)
    image = volume.to_sitk()
    for z, y, x in CORNERS.tolist():
        np.testing.assert_array_equal(image.GetPixel(x, y, z), volume.voxels[z, y, x])
        np.testing.assert_allclose(
            image.TransformIndexToPhysicalPoint((x, y, z)), volume.index_to_patient((z, y, x)), atol=1e-9
        )
    back = Volume.from_sitk(image)
    np.testing.assert_array_equal(back.voxels, volume.voxels)
    np.testing.assert_allclose(back.affine, volume.affine, atol=1e-12)


@pytest.mark.parametrize("name", ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8", "c8", "bool"])
def test_simpleitk_holds_every_type(name: str) -> None:
    pytest.importorskip("SimpleITK")
    volume = oblique(name)
    np.testing.assert_array_equal(Volume.from_sitk(volume.to_sitk()).voxels, volume.voxels)
    with pytest.raises(ValueError, match="complex64"):
        oblique(np.complex64, channels=2).to_sitk()


def test_simpleitk_image_of_two_dimensions_is_refused() -> None:
    sitk = pytest.importorskip("SimpleITK")
    with pytest.raises(GeometryError, match="three dimensions"):
        Volume.from_sitk(sitk.Image(3, 3, sitk.sitkUInt8))


def test_xarray_shares_the_voxels_and_says_where_they_are() -> None:
    pytest.importorskip("xarray")
    volume = oblique()
    array = volume.to_xarray()
    assert array.dims == ("z", "y", "x")
    assert np.shares_memory(array.values, volume.voxels)
    assert array.coords["z"].values.tolist() == pytest.approx([0, 3, 6])
    np.testing.assert_array_equal(array.attrs["affine"], volume.affine)


@pytest.mark.parametrize("channels", [0, 3])
def test_xarray_comes_back_also_after_slicing(channels: int) -> None:
    pytest.importorskip("xarray")
    volume = oblique(shear=0.2, channels=channels)
    same = Volume.from_xarray(volume.to_xarray())
    assert np.shares_memory(same.voxels, volume.voxels)
    np.testing.assert_allclose(same.affine, volume.affine, rtol=0, atol=1e-12)
    assert (same.unit, same.modality, same.frame_of_reference_uid) == ("HU", "CT", "1.2.3")

    part = Volume.from_xarray(
        volume.to_xarray().isel(z=slice(1, 2), y=slice(None, None, -1), x=slice(1, 5, 3))
    )
    np.testing.assert_array_equal(part.voxels, volume.voxels[1:2, ::-1, 1:5:3])
    for index in np.ndindex(part.shape):
        z, y, x = index[0] + 1, 3 - index[1], 1 + 3 * index[2]
        np.testing.assert_allclose(
            part.index_to_patient(index), volume.index_to_patient((z, y, x)), rtol=0, atol=1e-9
        )


def test_xarray_without_a_place_is_refused() -> None:
    xarray = pytest.importorskip("xarray")
    array = oblique().to_xarray()
    uneven = array.assign_coords(x=[0, 1, 2, 3, 5])
    for wrong in (
        array.rename(z="t"),
        xarray.DataArray(array.values, array.coords, array.dims),
        uneven,
        array.drop_vars("z"),
        xarray.DataArray(np.zeros(3)),
    ):
        with pytest.raises(GeometryError):
            Volume.from_xarray(wrong)


@pytest.mark.parametrize(
    ("module", "method"), [("nibabel", "to_nibabel"), ("SimpleITK", "to_sitk"), ("xarray", "to_xarray")]
)
def test_missing_library_is_named_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, module: str, method: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=f"{method}.* needs {module}: pip install {module}"):
        getattr(oblique(), method)()


@pytest.mark.parametrize("padding", [None, -2000.0, float("nan")])
def test_xarray_keeps_the_padding_value(padding: float | None) -> None:
    pytest.importorskip("xarray")
    same = Volume.from_xarray(Volume(oblique().voxels, padding_value=padding).to_xarray())
    assert repr(same.padding_value) == repr(padding)


@pytest.mark.parametrize("shear", [0.0, 0.3])
def test_nibabel_has_the_affine_to_the_last_bit(shear: float) -> None:
    pytest.importorskip("nibabel")
    volume = oblique()
    affine = volume.affine.copy()
    affine[:3, 0] += shear * affine[:3, 1]
    image = Volume(volume.voxels, affine).to_nibabel()
    np.testing.assert_array_equal(Volume.from_nibabel(image).affine, affine)
    np.testing.assert_allclose(image.get_sform(), image.affine, rtol=1e-6, atol=1e-5)
    assert int(image.header["qform_code"]) == (1 if shear == 0 else 0)
