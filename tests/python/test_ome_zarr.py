"""OME-Zarr both ways, against the zarr package where it is installed, and against metadata that lies."""

from __future__ import annotations

import importlib
import json
import math
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.python.phantom import rotation

import radpix
from radpix import DecodeError, GeometryError, LimitError, Volume
from radpix.exchange import read_ome_zarr, write_ome_zarr

if TYPE_CHECKING:
    from pathlib import Path

VERSIONS: list[Any] = ["0.4", "0.5"]


def oblique(
    dtype: Any = np.int16, *, shear: float = 0.3, channels: int = 0, shape: Any = (9, 20, 33)
) -> Volume:
    turn = rotation((1, -2, 0.5), 25)
    affine = np.eye(4)
    affine[:3, 0] = 3.0 * (turn[:, 2] + shear * turn[:, 1])
    affine[:3, 1] = 0.8 * turn[:, 1]
    affine[:3, 2] = 0.5 * turn[:, 0]
    affine[:3, 3] = (-12.5, 40.0, 77.0)
    whole = (*shape, channels) if channels else shape
    voxels = np.random.default_rng(7).integers(0, 120, whole).astype(dtype)
    return Volume(voxels, affine, "1.2.3", "CT", "HU", (), -1024.0)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"])
@pytest.mark.parametrize("compression", [0, 1])
def test_a_volume_comes_back(version: Any, dtype: str, compression: int, tmp_path: Path) -> None:
    volume = oblique(dtype)
    write_ome_zarr(volume, tmp_path / "v", version=version, chunks=(4, 16, 8), compression=compression)
    same = read_ome_zarr(tmp_path / "v")
    assert same.voxels.dtype == volume.voxels.dtype
    np.testing.assert_array_equal(same.voxels, volume.voxels)
    np.testing.assert_array_equal(same.affine, volume.affine)
    assert (same.unit, same.modality, same.frame_of_reference_uid, same.padding_value) == (
        "HU",
        "CT",
        "1.2.3",
        -1024.0,
    )
    assert [path.name for path in tmp_path.iterdir()] == ["v"]


@pytest.mark.parametrize("version", VERSIONS)
def test_channels_come_back(version: Any, tmp_path: Path) -> None:
    volume = oblique("u1", channels=3)
    write_ome_zarr(volume, tmp_path / "v", version=version, levels=1)
    np.testing.assert_array_equal(read_ome_zarr(tmp_path / "v").voxels, volume.voxels)


@pytest.mark.parametrize("version", VERSIONS)
def test_coarser_levels_are_the_resampled_volume_at_its_place(version: Any, tmp_path: Path) -> None:
    volume = oblique()
    write_ome_zarr(volume, tmp_path / "v", version=version, levels=3)
    expected = volume
    for level, shape in enumerate([(9, 20, 33), (9, 10, 17), (9, 5, 9)]):
        if level:
            expected = radpix.resample(expected, shape=shape)
        found = read_ome_zarr(tmp_path / "v", level=level)
        np.testing.assert_array_equal(found.voxels, expected.voxels)
        np.testing.assert_allclose(found.affine, expected.affine, rtol=0, atol=1e-9)
    with pytest.raises(ValueError, match="level"):
        read_ome_zarr(tmp_path / "v", level=3)


def test_levels_end_where_axes_are_short(tmp_path: Path) -> None:
    write_ome_zarr(Volume(np.zeros((3, 300, 100), np.uint8)), tmp_path / "v")
    assert [read_ome_zarr(tmp_path / "v", level=k).shape for k in range(3)] == [
        (3, 300, 100),
        (2, 150, 50),
        (1, 75, 25),
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_others_see_scale_and_translation(version: Any, tmp_path: Path) -> None:
    affine = np.array([[0, 0, 0.5, -10], [0, 0.8, 0, -20], [3.0, 0, 0, 30], [0, 0, 0, 1]])
    write_ome_zarr(Volume(np.zeros((4, 6, 8), np.int16), affine), tmp_path / "v", version=version, levels=2)
    name = ".zattrs" if version == "0.4" else "zarr.json"
    attributes = json.loads((tmp_path / "v" / name).read_text())
    image = (
        attributes["multiscales"][0]
        if version == "0.4"
        else attributes["attributes"]["ome"]["multiscales"][0]
    )
    steps = [one["coordinateTransformations"] for one in image["datasets"]]
    assert steps[0] == [
        {"type": "scale", "scale": [3.0, 0.8, 0.5]},
        {"type": "translation", "translation": [30.0, -20.0, -10.0]},
    ]
    np.testing.assert_allclose(steps[1][0]["scale"], [3.0, 1.6, 1.0])
    np.testing.assert_allclose(steps[1][1]["translation"], [30.0, -19.6, -9.75])
    assert [axis["name"] for axis in image["axes"]] == ["z", "y", "x"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("channels", [0, 3])
def test_the_zarr_package_reads_the_same(version: Any, channels: int, tmp_path: Path) -> None:
    zarr = pytest.importorskip("zarr")
    volume = oblique("u1" if channels else "i2", channels=channels)
    write_ome_zarr(volume, tmp_path / "v", version=version, chunks=(4, 16, 8), levels=1)
    array = zarr.open_array(str(tmp_path / "v" / "0"), mode="r")
    expected = np.moveaxis(volume.voxels, 3, 0) if channels else volume.voxels
    np.testing.assert_array_equal(array[...], expected)
    zarr.open_group(str(tmp_path / "v"), mode="r")


def foreign(folder: Path, **array: Any) -> Path:
    """Write the metadata of another writer: a 4 x 5 x 6 array in chunks of 2 x 3 x 4, none of which is there."""
    transform = [{"type": "scale", "scale": [3, 2, 1]}, {"type": "translation", "translation": [30, 20, 10]}]
    axes = [{"name": name, "type": "space", "unit": "micrometer"} for name in "zyx"]
    image = {"axes": axes, "datasets": [{"path": "s/0", "coordinateTransformations": transform}]}
    meta = {
        "zarr_format": 2,
        "shape": [4, 5, 6],
        "chunks": [2, 3, 4],
        "dtype": ">i2",
        "compressor": None,
        "fill_value": 7,
        "order": "F",
        "filters": None,
    }
    (folder / "s" / "0").mkdir(parents=True)
    (folder / ".zattrs").write_text(json.dumps({"multiscales": [image]}))
    (folder / "s" / "0" / ".zarray").write_text(json.dumps({**meta, **array}))
    return folder


def test_other_writers_files_need_a_space(tmp_path: Path) -> None:
    folder = foreign(tmp_path / "v")
    (folder / "s" / "0" / "1.1.0").write_bytes(np.arange(24, dtype=">i2").reshape(2, 3, 4).tobytes("F"))
    with pytest.raises(GeometryError, match="space="):
        read_ome_zarr(folder)
    lps, ras = read_ome_zarr(folder, space="LPS"), read_ome_zarr(folder, space="RAS")
    assert lps.voxels.dtype == np.int16
    np.testing.assert_array_equal(lps.voxels[2:, 3:, :4], np.arange(24).reshape(2, 3, 4)[:, :2])
    assert (lps.voxels[:2] == 7).all()
    np.testing.assert_allclose(lps.index_to_patient((1, 1, 1)), [0.011, 0.022, 0.033])
    np.testing.assert_allclose(ras.index_to_patient((1, 1, 1)), [-0.011, -0.022, 0.033])
    np.testing.assert_array_equal(read_ome_zarr(folder, affine=np.eye(4)).affine, np.eye(4))


@pytest.mark.parametrize(
    ("version", "codec"),
    [*((2, name) for name in ("blosc", "zstd", "gzip", "zlib")), (3, "blosc"), (3, "zstd"), (3, "gzip")],
)
def test_what_the_zarr_package_compresses_is_read(version: int, codec: str, tmp_path: Path) -> None:
    zarr = pytest.importorskip("zarr")
    numcodecs = pytest.importorskip("numcodecs")
    folder = foreign(tmp_path / "v")
    (folder / "s" / "0" / ".zarray").unlink()
    data = np.random.default_rng(1).integers(0, 9, (4, 5, 6)).astype(np.int16)
    options: dict[str, Any] = {"compressors": numcodecs.get_codec({"id": codec})}
    if version == 3:
        options["compressors"] = {"blosc": zarr.codecs.BloscCodec, "zstd": zarr.codecs.ZstdCodec}.get(
            codec, zarr.codecs.GzipCodec
        )()
    array = zarr.create_array(
        str(folder / "s" / "0"),
        shape=data.shape,
        chunks=(2, 3, 4),
        dtype="i2",
        zarr_format=version,
        **options,
    )
    array[...] = data
    np.testing.assert_array_equal(read_ome_zarr(folder, space="LPS").voxels, data)


def test_a_codec_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = foreign(tmp_path / "v", compressor={"id": "blosc"})
    monkeypatch.setitem(sys.modules, "numcodecs", None)
    with pytest.raises(ImportError, match="pip install numcodecs"):
        read_ome_zarr(folder, space="LPS")


@pytest.mark.parametrize(
    ("changes", "error", "code"),
    [
        ({"shape": [4, 5, -6]}, DecodeError, "zarr-metadata"),
        ({"shape": [4, 5, 6.5]}, DecodeError, "zarr-metadata"),
        ({"shape": [4, 5]}, DecodeError, "zarr-metadata"),
        ({"shape": [4, 5, 1 << 39]}, LimitError, None),
        ({"shape": [4, 5000, 6000], "chunks": [1, 1, 1]}, LimitError, None),
        ({"chunks": [1 << 20, 1 << 10, 1 << 10]}, LimitError, None),
        ({"chunks": [0, 3, 4]}, DecodeError, "zarr-metadata"),
        ({"dtype": "|O"}, DecodeError, "zarr-metadata"),
        ({"dtype": "<i3"}, DecodeError, "zarr-metadata"),
        ({"fill_value": "seven"}, DecodeError, "zarr-metadata"),
        ({"fill_value": [1, 2]}, DecodeError, "zarr-metadata"),
        ({"order": "Z"}, DecodeError, "zarr-metadata"),
        ({"dimension_separator": "../"}, DecodeError, "zarr-metadata"),
        ({"filters": [{"id": "delta"}]}, DecodeError, "zarr-codec"),
        ({"compressor": {"id": "pickle"}}, DecodeError, "zarr-codec"),
        ({"compressor": {"id": "zlib"}}, DecodeError, "zarr-chunk"),
        ({"dtype": "<i4"}, DecodeError, "zarr-chunk"),
        ({"zarr_format": 1}, DecodeError, "zarr-metadata"),
    ],
)
def test_arrays_that_lie_are_refused(changes: Any, error: Any, code: Any, tmp_path: Path) -> None:
    folder = foreign(tmp_path / "v", **changes)
    (folder / "s" / "0" / "0.0.0").write_bytes(bytes(48))
    with pytest.raises(error) as caught:
        read_ome_zarr(folder, space="LPS")
    assert getattr(caught.value, "code", None) == code


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", DecodeError),
        ("[]", DecodeError),
        ("[" * 100000, DecodeError),
        ('{"multiscales": []}', DecodeError),
        ('{"multiscales": [{"axes": 1}]}', DecodeError),
        ('{"multiscales": [{"axes": [{"name": "z"}], "datasets": [{"path": "0"}]}]}', GeometryError),
        (
            '{"multiscales": [{"axes": [{"name": "z"}, {"name": "y"}, {"name": "x"}], "datasets": []}]}',
            DecodeError,
        ),
    ],
)
def test_images_that_lie_are_refused(text: str, error: Any, tmp_path: Path) -> None:
    (tmp_path / ".zattrs").write_text(text)
    with pytest.raises(error):
        read_ome_zarr(tmp_path, space="LPS")


def test_paths_and_scales_that_lie_are_refused(tmp_path: Path) -> None:
    folder = foreign(tmp_path / "v")
    good = json.loads((folder / ".zattrs").read_text())
    dataset = good["multiscales"][0]["datasets"][0]
    for change in (
        {"path": "../v2/0"},
        {"path": "/etc"},
        {"path": 3},
        {"coordinateTransformations": [{"type": "affine", "affine": 1}]},
        {"coordinateTransformations": [{"type": "scale", "scale": [1, 2]}]},
        {"coordinateTransformations": [{"type": "scale", "scale": [1, 2, math.nan]}]},
        {"coordinateTransformations": [{"type": "scale", "scale": [1, 2, 0]}]},
        {"coordinateTransformations": 1},
    ):
        good["multiscales"][0]["datasets"] = [{**dataset, **change}]
        (folder / ".zattrs").write_text(json.dumps(good))
        with pytest.raises((DecodeError, GeometryError)):
            read_ome_zarr(folder, space="LPS")


def test_a_scale_that_another_program_changed_is_refused(tmp_path: Path) -> None:
    write_ome_zarr(oblique(), tmp_path / "v", levels=1)
    path = tmp_path / "v" / "zarr.json"
    meta = json.loads(path.read_text())
    meta["attributes"]["ome"]["multiscales"][0]["datasets"][0]["coordinateTransformations"][0]["scale"] = [
        3,
        1,
        1,
    ]
    path.write_text(json.dumps(meta))
    with pytest.raises(GeometryError, match="contradict"):
        read_ome_zarr(tmp_path / "v")


def test_nothing_is_left_of_a_write_that_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    # The package's function of the same name hides the module.
    monkeypatch.setattr(importlib.import_module("radpix.exchange.ome_zarr"), "_write_group", full)
    with pytest.raises(OSError, match="space"):
        write_ome_zarr(oblique(), tmp_path / "v")
    assert list(tmp_path.iterdir()) == []
    options: Any
    for options in ({"version": "0.3"}, {"levels": 0}, {"chunks": (0, 1, 1)}, {"compression": 10}):
        with pytest.raises(ValueError, match="not"):
            write_ome_zarr(oblique(), tmp_path / "v", **options)
    with pytest.raises(ValueError, match="complex64"):
        write_ome_zarr(oblique("c8"), tmp_path / "v")


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
def test_integers_of_64_bits_have_one_level(dtype: str, tmp_path: Path) -> None:
    volume = Volume(np.arange(2 * 3 * 140).reshape(2, 3, 140).astype(dtype))
    write_ome_zarr(volume, tmp_path / "zarr")
    np.testing.assert_array_equal(read_ome_zarr(tmp_path / "zarr").voxels, volume.voxels)
    with pytest.raises(ValueError, match="one level"):
        write_ome_zarr(volume, tmp_path / "other", levels=2)


def test_a_space_does_not_turn_a_volume_whose_affine_is_known(tmp_path: Path) -> None:
    turn = np.eye(4)[[1, 2, 0, 3]]  # sagittal
    write_ome_zarr(Volume(np.zeros((4, 5, 6), np.int16), turn), tmp_path / "sagittal", levels=2)
    for level in (0, 1):
        with pytest.raises(GeometryError, match="leave space= out"):
            read_ome_zarr(tmp_path / "sagittal", level=level, space="LPS")
    write_ome_zarr(Volume(np.zeros((4, 5, 6), np.int16)), tmp_path / "axial", levels=2)
    for level in (0, 1):
        found = [read_ome_zarr(tmp_path / "axial", level=level, space=space) for space in (None, "LPS")]
        np.testing.assert_allclose(found[0].affine, found[1].affine)
    with pytest.raises(GeometryError, match="leave space= out"):
        read_ome_zarr(tmp_path / "axial", space="RAS")
