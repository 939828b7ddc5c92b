"""NIfTI and NRRD files: against nibabel, SimpleITK and dcm2niix, and against headers that lie."""

from __future__ import annotations

import contextlib
import gzip
import re
import shutil
import subprocess
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.python.phantom import rotation
from tests.python.testdata import PROJECT, real_data

import radpix
from radpix import DecodeError, GeometryError, LimitError, RadpixError, RadpixWarning, TruncatedError, Volume
from radpix.exchange import read_nifti, read_nrrd, write_nifti, write_nrrd
from radpix.exchange._nifti_header import from_quaternion, to_quaternion

NUMBERS = ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"]


def oblique(dtype: Any = np.int16, *, shear: float = 0.0, channels: int = 0, flip: bool = False) -> Volume:
    turn = rotation((1, -2, 0.5), 25)
    affine = np.eye(4)
    affine[:3, 0] = (-3.0 if flip else 3.0) * (turn[:, 2] + shear * turn[:, 1])
    affine[:3, 1] = 0.8 * turn[:, 1]
    affine[:3, 2] = 0.5 * turn[:, 0]
    affine[:3, 3] = (-12.5, 40.0, 77.0)
    shape = (3, 4, 5, channels) if channels else (3, 4, 5)
    voxels = np.random.default_rng(7).integers(0, 120, shape).astype(dtype)
    return Volume(voxels, affine, "1.2.3", "CT", "HU", (), -1024.0)


def assert_same(volume: Volume, other: Volume, atol: float = 0.0) -> None:
    assert volume.voxels.dtype == other.voxels.dtype
    np.testing.assert_array_equal(volume.voxels, other.voxels)
    np.testing.assert_allclose(volume.affine, other.affine, rtol=0, atol=atol)


# --- NIfTI --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [*NUMBERS, "c8", "c16"])
@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_nifti_comes_back(dtype: str, version: Any, suffix: str, tmp_path: Path) -> None:
    for volume in (oblique(dtype), oblique(dtype, shear=0.3), oblique(dtype, flip=True)):
        write_nifti(volume, tmp_path / f"v{suffix}", version=version)
        assert_same(volume, read_nifti(tmp_path / f"v{suffix}"), 0 if version == 2 else 1e-5)
    assert [path.name for path in tmp_path.iterdir()] == [f"v{suffix}"]


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    ("shear", "flip", "channels"), [(0, False, 0), (0, True, 0), (0.3, False, 0), (0, False, 3)]
)
def test_nibabel_reads_the_same(
    version: Any, shear: float, flip: bool, channels: int, tmp_path: Path
) -> None:
    nibabel = pytest.importorskip("nibabel")
    volume = oblique("u1" if channels else "i2", shear=shear, flip=flip, channels=channels)
    write_nifti(volume, tmp_path / "v.nii", version=version)
    image = nibabel.load(tmp_path / "v.nii")
    assert type(image).__name__ == f"Nifti{version}Image"
    assert_same(volume, Volume.from_nibabel(image), 1e-5)
    image.header.check_fix(error_level=0)
    qform, code = image.get_qform(coded=True)
    assert code == (0 if shear else 1)
    if not shear:
        np.testing.assert_allclose(qform, image.get_sform(), atol=1e-5)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_simpleitk_reads_the_same_nifti(suffix: str, tmp_path: Path) -> None:
    sitk = pytest.importorskip("SimpleITK")
    volume = oblique("f4", flip=True)
    write_nifti(volume, tmp_path / f"v{suffix}")
    assert_same(volume, Volume.from_sitk(sitk.ReadImage(str(tmp_path / f"v{suffix}"))), 1e-4)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", ["sform", "qform"])
def test_what_nibabel_writes_is_read(order: str, kind: str, tmp_path: Path) -> None:
    nibabel = pytest.importorskip("nibabel")
    volume = oblique("i2")
    image = volume.to_nibabel()
    header = nibabel.Nifti1Header(endianness=order)
    other = nibabel.Nifti1Image(np.asanyarray(image.dataobj), image.affine, header, dtype=np.int16)
    other.set_sform(image.affine, code=int(kind == "sform"))
    other.set_qform(image.affine, code=int(kind == "qform"))
    other.header.set_xyzt_units("mm")
    nibabel.save(other, tmp_path / "v.nii.gz")
    assert_same(volume, read_nifti(tmp_path / "v.nii.gz"), 1e-5)


def test_scaled_values_and_units_are_applied(tmp_path: Path) -> None:
    nibabel = pytest.importorskip("nibabel")
    stored = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    image = nibabel.Nifti1Image(stored, np.diag([0.002, 0.003, 0.004, 1]))
    image.header.set_xyzt_units("meter")
    image.header.set_slope_inter(0.25, -3)
    image.header["scl_slope"], image.header["scl_inter"] = 0.25, -3
    path = tmp_path / "v.nii"
    path.write_bytes(image.header.binaryblock + bytes(4) + stored.tobytes("F"))
    data = bytearray(path.read_bytes())
    data[108:112] = np.float32(352).tobytes()
    data[344:348] = b"n+1\0"
    path.write_bytes(data)
    volume = read_nifti(path)
    assert volume.voxels.dtype == np.float32
    np.testing.assert_array_equal(volume.voxels, stored.T * 0.25 - 3)
    assert volume.spacing == pytest.approx((4.0, 3.0, 2.0))


def test_one_of_several_volumes_and_vectors(tmp_path: Path) -> None:
    nibabel = pytest.importorskip("nibabel")
    data = np.arange(2 * 3 * 4 * 5, dtype=np.int16).reshape(2, 3, 4, 5)
    nibabel.save(nibabel.Nifti1Image(data, np.eye(4)), tmp_path / "t.nii.gz")
    for index in range(5):
        np.testing.assert_array_equal(
            read_nifti(tmp_path / "t.nii.gz", index=index).voxels, data[..., index].T
        )
    for wrong in (None, -1, 5):
        with pytest.raises(GeometryError, match="volumes"):
            read_nifti(tmp_path / "t.nii.gz", index=wrong)
    nibabel.save(nibabel.Nifti1Image(data[:, :, :, np.newaxis, :], np.eye(4)), tmp_path / "v.nii")
    np.testing.assert_array_equal(read_nifti(tmp_path / "v.nii").voxels, data.transpose(2, 1, 0, 3))


def test_a_nifti_without_a_place_is_refused_or_given_one(tmp_path: Path) -> None:
    nibabel = pytest.importorskip("nibabel")
    image = nibabel.Nifti1Image(np.zeros((2, 3, 4), np.int16), None)
    nibabel.save(image, tmp_path / "v.nii")
    with pytest.raises(GeometryError, match="affine="):
        read_nifti(tmp_path / "v.nii")
    np.testing.assert_array_equal(read_nifti(tmp_path / "v.nii", affine=np.eye(4)).affine, np.eye(4))


def test_forms_that_disagree_are_told(tmp_path: Path) -> None:
    nibabel = pytest.importorskip("nibabel")
    image = oblique().to_nibabel()
    image.set_qform(np.diag([0.5, 0.8, 3, 1]), code=1)
    nibabel.save(image, tmp_path / "v.nii")
    with pytest.warns(RadpixWarning, match="sform is used") as caught:
        volume = read_nifti(tmp_path / "v.nii")
    assert [warning.message.code for warning in caught] == ["nifti-xform-conflict"]  # type: ignore[union-attr]
    np.testing.assert_allclose(volume.affine, oblique().affine, atol=1e-5)


@given(st.lists(st.floats(-1, 1), min_size=4, max_size=4).filter(lambda q: np.linalg.norm(q) > 0.1))
def test_rotations_survive_quaternions(values: list[float]) -> None:
    q = np.array(values) / np.linalg.norm(values)
    turn = from_quaternion(q[1:] if q[0] >= 0 else -q[1:])
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-7)
    np.testing.assert_allclose(from_quaternion(to_quaternion(turn)), turn, atol=1e-7)


# --- NRRD ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", NUMBERS)
@pytest.mark.parametrize("compression", [0, 4])
@pytest.mark.parametrize("detached", [False, True])
def test_nrrd_comes_back_to_the_last_bit(
    dtype: str, compression: int, detached: bool, tmp_path: Path
) -> None:
    path = tmp_path / ("v.nhdr" if detached else "v.nrrd")
    for volume in (oblique(dtype, shear=0.3), oblique(dtype, channels=3), oblique(dtype, channels=7)):
        write_nrrd(volume, path, compression=compression, detached=detached)
        same = read_nrrd(path)
        assert_same(volume, same)
        assert (same.unit, same.modality, same.frame_of_reference_uid, same.padding_value) == (
            "HU",
            "CT",
            "1.2.3",
            -1024.0,
        )
    assert len(list(tmp_path.iterdir())) == 1 + detached


@pytest.mark.parametrize("channels", [0, 3])
@pytest.mark.parametrize("compression", [0, 4])
def test_simpleitk_reads_and_writes_the_same_nrrd(channels: int, compression: int, tmp_path: Path) -> None:
    sitk = pytest.importorskip("SimpleITK")
    volume = oblique("u1" if channels else "i2", channels=channels)
    write_nrrd(volume, tmp_path / "v.nrrd", compression=compression)
    image = sitk.ReadImage(str(tmp_path / "v.nrrd"))
    assert_same(volume, Volume.from_sitk(image), 1e-9)
    for name in ("w.nrrd", "w.nhdr"):
        sitk.WriteImage(image, str(tmp_path / name), useCompression=bool(compression))
        assert_same(volume, read_nrrd(tmp_path / name), 1e-9)


@pytest.mark.parametrize(("space", "signs"), [("RAS", (-1, -1, 1)), ("left-anterior-superior", (1, -1, 1))])
def test_other_spaces_and_byte_orders_become_lps(space: str, signs: Any, tmp_path: Path) -> None:
    voxels = np.arange(24, dtype=">i2").reshape(2, 3, 4)
    head = (
        "NRRD0004\r\n# a comment\r\ntype: short\r\ndimension: 3\r\nspace: "
        f"{space}\r\nsizes: 4 3 2\r\nspace directions: (1,0,0) (0,2,0) (0,0,3)\r\nendian: big\r\nencoding: raw\r\n"
        "space origin: (10,20,30)\r\nbyte skip: 3\r\nkey:=a: b\r\n\r\n"
    )
    (tmp_path / "v.nrrd").write_bytes(head.encode() + b"xyz" + voxels.tobytes())
    volume = read_nrrd(tmp_path / "v.nrrd")
    np.testing.assert_array_equal(volume.voxels, voxels)
    assert volume.voxels.dtype.isnative
    np.testing.assert_array_equal(volume.index_to_patient((1, 1, 1)), np.array(signs) * (11, 22, 33))


def test_channels_may_be_any_axis(tmp_path: Path) -> None:
    data = np.arange(2 * 3 * 4 * 5, dtype=np.uint8).reshape(2, 3, 4, 5)  # slowest first
    head = (
        "NRRD0005\ntype: uint8\ndimension: 4\nspace: LPS\nsizes: 5 4 3 2\nencoding: gzip\nspace origin: (0,0,0)\n"
        "space directions: (1,0,0) (0,1,0) (0,0,1) none\nkinds: domain domain domain {}\n\n"
    )
    (tmp_path / "v.nrrd").write_bytes(head.format("vector").encode() + gzip.compress(data.tobytes()))
    np.testing.assert_array_equal(read_nrrd(tmp_path / "v.nrrd").voxels, np.moveaxis(data, 0, -1))
    (tmp_path / "t.nrrd").write_bytes(head.format("time").encode() + gzip.compress(data.tobytes()))
    with pytest.raises(GeometryError, match="time"):
        read_nrrd(tmp_path / "t.nrrd")


HEAD = {
    "type": "uint8",
    "dimension": "3",
    "space": "LPS",
    "sizes": "2 2 2",
    "space directions": "(1,0,0) (0,1,0) (0,0,1)",
    "encoding": "raw",
    "space origin": "(0,0,0)",
}


@pytest.mark.parametrize(
    ("changes", "error", "code"),
    [
        ({"type": "block"}, DecodeError, "nrrd-type"),
        ({"type": "int"}, DecodeError, "nrrd-header"),  # without endian
        ({"dimension": "4"}, DecodeError, "nrrd-header"),
        ({"sizes": "2 -2 2"}, DecodeError, "nrrd-header"),
        ({"sizes": "2 2 0"}, DecodeError, "nrrd-header"),
        ({"sizes": "2 2 999999999999999"}, TruncatedError, "truncated"),
        ({"sizes": "2 2 9999999999999999999"}, DecodeError, "nrrd-header"),
        ({"encoding": "bzip2"}, DecodeError, "nrrd-encoding"),
        ({"encoding": "gzip"}, DecodeError, "gzip-invalid"),
        ({"data file": "/etc/hostname"}, DecodeError, "nrrd-data-file"),
        ({"data file": "../v.raw"}, DecodeError, "nrrd-data-file"),
        ({"data file": "LIST"}, DecodeError, "nrrd-data-file"),
        ({"data file": "v%02d.raw 1 9 1"}, DecodeError, "nrrd-data-file"),
        ({"space directions": "(1,0,0) (0,x,0) (0,0,1)"}, DecodeError, "nrrd-header"),
        ({"space directions": "(1,0) (0,1) (0,0)"}, DecodeError, "nrrd-header"),
        ({"space directions": "(1,0,0) (1,0,0) (0,0,1)"}, GeometryError, None),
        ({"space directions": "(1,0,0) (nan,1,0) (0,0,1)"}, GeometryError, None),
        ({"space": "scanner-xyz"}, GeometryError, None),
        ({"space units": '"um" "um" "um"'}, GeometryError, None),
        ({"byte skip": "1000000000"}, TruncatedError, "truncated"),
        ({"byte skip": "-2"}, DecodeError, "nrrd-header"),
        ({"colour": "blue"}, DecodeError, "nrrd-header"),
        ({"Type": "uint8"}, DecodeError, "nrrd-header"),  # twice
    ],
)
def test_nrrd_headers_that_lie_are_refused(changes: Any, error: Any, code: Any, tmp_path: Path) -> None:
    text = "\n".join(["NRRD0005", *(f"{k}: {v}" for k, v in {**HEAD, **changes}.items())])
    (tmp_path / "v.nrrd").write_bytes(text.encode() + b"\n\n12345678")
    with pytest.raises(error) as caught:
        read_nrrd(tmp_path / "v.nrrd")
    assert getattr(caught.value, "code", None) == code
    assert "v.nrrd" in str(caught.value)


# --- both: files that lie, files that cannot be written ------------------------------------------------------

FORMATS: dict[str, tuple[Any, Any]] = {
    "v.nii": (write_nifti, read_nifti),
    "v.nii.gz": (write_nifti, read_nifti),
    "v.nrrd": (write_nrrd, read_nrrd),
}


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_cut_anywhere_is_refused(name: str, tmp_path: Path) -> None:
    write, read = FORMATS[name]
    write(oblique(), tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    for length in [*range(0, len(whole) - 9, 17), *range(len(whole) - 9, len(whole))]:
        (tmp_path / name).write_bytes(whole[:length])
        with pytest.raises(RadpixError):
            read(tmp_path / name)


@pytest.mark.parametrize("name", ["v.nii", "v.nrrd"])
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_any_header_gives_a_volume_or_a_radpix_error(
    name: str, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    write, read = FORMATS[name]
    path = tmp_path_factory.getbasetemp() / name
    write(oblique(), path)
    raw = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, 360))] = data.draw(st.integers(0, 255))
    path.write_bytes(raw)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RadpixWarning)
        with contextlib.suppress(RadpixError):
            assert read(path).voxels.nbytes < 1 << 20


def test_a_gzip_stream_that_fails_its_checksum_is_refused(tmp_path: Path) -> None:
    for name in ("v.nii.gz", "v.nrrd"):
        write, read = FORMATS[name]
        write(oblique(), tmp_path / name)
        raw = bytearray((tmp_path / name).read_bytes())
        raw[-6] ^= 1
        (tmp_path / name).write_bytes(raw)
        with pytest.raises(DecodeError) as caught:
            read(tmp_path / name)
        assert caught.value.code == "gzip-invalid"


def test_a_bomb_is_refused_before_memory_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_nifti(oblique(), tmp_path / "v.nii.gz")
    raw = bytearray(gzip.decompress((tmp_path / "v.nii.gz").read_bytes()))
    raw[42:48] = np.array([32767] * 3, "<i2").tobytes()
    (tmp_path / "v.nii.gz").write_bytes(gzip.compress(bytes(raw)))
    with pytest.raises(TruncatedError, match="more than the file can hold"):
        read_nifti(tmp_path / "v.nii.gz")
    write_nifti(oblique(), tmp_path / "v.nii.gz")
    monkeypatch.setattr(radpix.limits, "max_bytes_per_call", 100)
    with pytest.raises(LimitError):
        read_nifti(tmp_path / "v.nii.gz")


@pytest.mark.parametrize("name", FORMATS)
def test_a_write_that_fails_leaves_what_was_there(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, read = FORMATS[name]
    write(oblique(), tmp_path / name)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="space"):
        write(oblique("f4"), tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert_same(oblique(), read(tmp_path / name), 1e-5)


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_volume_gives_the_same_bytes(name: str, tmp_path: Path) -> None:
    write, _ = FORMATS[name]
    write(oblique(), tmp_path / name)
    first = (tmp_path / name).read_bytes()
    write(oblique(), tmp_path / name)
    assert (tmp_path / name).read_bytes() == first


def test_what_a_format_does_not_have_is_refused(tmp_path: Path) -> None:
    for write, name in ((write_nifti, "v.nii"), (write_nrrd, "v.nrrd")):
        with pytest.raises(ValueError, match=r"ends in"):
            write(oblique(), tmp_path / "v.mha")
        with pytest.raises(ValueError, match="compression"):
            write(oblique(), tmp_path / name, compression=10)
        write(oblique(bool), tmp_path / name)
    with pytest.raises(ValueError, match="complex128"):
        write_nrrd(oblique(np.complex128), tmp_path / "v.nrrd")
    with pytest.raises(ValueError, match="shape"):
        write_nifti(oblique(channels=3), tmp_path / "v.nii")
    with pytest.raises(ValueError, match="version=2"):
        write_nifti(Volume(np.zeros((1, 1, 40000), np.uint8)), tmp_path / "v.nii", version=1)
    write_nifti(Volume(np.zeros((1, 1, 40000), np.uint8)), tmp_path / "v.nii")
    assert (tmp_path / "v.nii").read_bytes()[:4] == (540).to_bytes(4, "little")


# --- real data ----------------------------------------------------------------------------------------------


@pytest.mark.real_data
@pytest.mark.parametrize(
    "folder",
    [
        "theibsi+data_sets/ibsi_validation/dicom/STS_002/CT/image",
        "theibsi+data_sets/ibsi_validation/dicom/STS_002/PET/image",
        "neurolabusc+dcm_qa_ct/In/Philips/S21570/S2010",
    ],
)
def test_dcm2niix_puts_every_voxel_at_the_same_place(folder: str, tmp_path: Path) -> None:
    program = shutil.which("dcm2niix")
    if program is None:
        pytest.skip("dcm2niix is not installed")
    source = real_data(*folder.split("/"))
    command = [program, "-b", "n", "-z", "n", "-f", "v", "-o", str(tmp_path), str(source)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    (path,) = tmp_path.glob("*.nii")
    other, volume = read_nifti(path), radpix.load(source)
    write_nifti(volume, tmp_path / "own.nii")
    own = read_nifti(tmp_path / "own.nii")
    assert own.voxels.shape == other.voxels.shape
    # dcm2niix stores rows from the bottom up: the same voxel at the same place has another index.
    corners = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]) * (np.array(own.shape) - 1)
    index = other.patient_to_index(own.index_to_patient(corners))
    np.testing.assert_allclose(index, np.rint(index), atol=1e-3)
    for here, there in zip(corners, np.rint(index).astype(int), strict=True):
        assert own.voxels[tuple(here)] == pytest.approx(other.voxels[tuple(there)], rel=1e-5)
    flipped = other.voxels[:, ::-1]
    np.testing.assert_allclose(own.voxels, flipped, rtol=1e-5, atol=1e-5 * float(np.abs(flipped).max()))


@pytest.mark.real_data
def test_nibabel_agrees_on_every_nifti_of_the_corpora() -> None:
    nibabel = pytest.importorskip("nibabel")
    files = sorted(real_data("theibsi+data_sets").rglob("*.nii.gz"))
    assert len(files) > 10
    for path in files:
        expected = Volume.from_nibabel(nibabel.load(path))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RadpixWarning)
            volume = read_nifti(path)
        np.testing.assert_allclose(volume.affine, expected.affine, atol=1e-5, err_msg=str(path))
        np.testing.assert_allclose(volume.voxels, expected.voxels, rtol=1e-6, err_msg=str(path))


def test_every_code_is_documented() -> None:
    sources = (PROJECT / "python/radpix/exchange").glob("*.py")
    pattern = r'"((?:nifti|nrrd|zarr|gzip)-[a-z-]+|truncated)"'
    codes = {code for path in sources for code in re.findall(pattern, path.read_text(encoding="utf-8"))}
    text = (PROJECT / "docs" / "exchange.md").read_text(encoding="utf-8")
    assert codes == set(re.findall(r"^\| `([a-z-]+)` \| [^|]*\|$", text, re.MULTILINE))
