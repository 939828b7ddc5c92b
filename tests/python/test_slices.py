"""Slices read by the core: the voxels of the way through Python, and of NumPy."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless, JPEGLSLossless
from tests.python.phantom import Phantom, stack_positions

import radpix
from radpix import _core
from radpix._loading import slice_reader as _slice_reader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray
    from pydicom.uid import UID

LEVELS = ["scalar", "avx2"] if _core.detected_cpu_level() == "avx2" else ["scalar"]
VALUES: tuple[Literal["modality", "stored"], ...] = ("modality", "stored")


@pytest.fixture(autouse=True)
def _automatic_cpu_level() -> Iterator[None]:
    yield
    _core.set_cpu_level("auto")


def read(
    path: Path, stored: str, bits: int, out: NDArray[Any], terms: tuple[float, float] = (1.0, 0.0)
) -> tuple[bool, float, float]:
    """Read one slice that begins behind three bytes."""
    (outcome,) = _core.read_slices([(str(path), 3, *terms)], np.dtype(stored), bits, out, True, 1)
    return outcome


@pytest.mark.parametrize("level", LEVELS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(data=st.data())
def test_bits_beyond_bits_stored_are_the_sign(tmp_path: Path, level: str, data: st.DataObject) -> None:
    stored: Any = np.dtype(data.draw(st.sampled_from(["u1", "i1", "u2", "i2", "u4", "i4"])))
    bits = data.draw(st.integers(1, stored.itemsize * 8))
    count = data.draw(st.sampled_from([1, 2, 31, 33, 6143, 6145, 61441]))
    seed = data.draw(st.integers(0, 2**32 - 1))
    limits = np.iinfo(stored)
    raw = np.random.default_rng(seed).integers(limits.min, limits.max, count, stored, endpoint=True)
    (tmp_path / "raw").write_bytes(b"abc" + raw.tobytes())
    values = raw.astype(np.int64) & ((1 << bits) - 1)
    if limits.min < 0:
        values = (values ^ (1 << (bits - 1))) - (1 << (bits - 1))
    guarded = np.full(count + 2, 77, stored)
    _core.set_cpu_level(level)
    outcome = read(tmp_path / "raw", stored.str, bits, guarded[1:-1].reshape(1, -1))
    np.testing.assert_array_equal(guarded, [77, *values, 77])
    assert outcome == (True, values.min(), values.max())
    rescaled = np.empty((1, count))
    read(tmp_path / "raw", stored.str, bits, rescaled, (0.5, -3.0))
    np.testing.assert_array_equal(rescaled[0], values * 0.5 - 3.0)


@pytest.mark.parametrize(
    ("dtype", "bits", "rescale", "extra"),
    [
        ("uint16", 12, (1.0, -1024.0), 0xF000),
        ("int16", 12, (1.0, 0.0), 0x5000),
        ("int16", 16, (2.0, 1.0), 0),
        ("uint16", 16, (0.5, 0.0), 0),
        ("uint8", 8, (1.0, -5.0), 0),
    ],
)
def test_core_and_python_read_the_same_volume(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    dtype: str,
    bits: int,
    rescale: tuple[float, float],
    extra: int,
) -> None:
    phantom = Phantom(
        positions=stack_positions(7), shape=(33, 31), dtype=dtype, bits_stored=bits, rescale=rescale
    )
    for path in phantom.write(tmp_path):
        content = bytearray(path.read_bytes())
        pixels = np.frombuffer(content, dtype, 33 * 31, len(content) - 33 * 31 * np.dtype(dtype).itemsize)
        pixels |= np.array(extra).astype(dtype)
        path.write_bytes(content)
    volumes = [radpix.load(tmp_path, num_threads=n, level=level) for n in (1, 2, 3) for level in VALUES]
    monkeypatch.setattr(_slice_reader, "core_layout", lambda _: None)
    for k, volume in enumerate(volumes):
        expected = radpix.load(tmp_path, level=VALUES[k % 2], num_threads=1).voxels
        assert volume.voxels.dtype == expected.dtype
        np.testing.assert_array_equal(volume.voxels, expected)


@pytest.mark.parametrize("syntax", [JPEG2000Lossless, JPEGLSLossless])
def test_compressed_values_beyond_bits_stored_are_kept_in_a_wider_type(tmp_path: Path, syntax: UID) -> None:
    imagecodecs = pytest.importorskip("imagecodecs")
    phantom = Phantom(positions=stack_positions(3), bits_stored=12)
    frames = [phantom.stored(k) + np.uint16(40000) for k in range(3)]
    for path, frame in zip(phantom.write(tmp_path), frames, strict=True):
        dataset = dcmread(path)
        encoded = (
            imagecodecs.jpegls_encode(frame)
            if syntax == JPEGLSLossless
            else imagecodecs.jpeg2k_encode(frame, codecformat="j2k", reversible=True, level=0)
        )
        dataset.PixelData = encapsulate([encoded])
        dataset["PixelData"].is_undefined_length = True
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.save_as(path, enforce_file_format=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", radpix.RadpixWarning)  # of a precision other than Bits Stored
        voxels = radpix.load(tmp_path).voxels
    assert voxels.dtype == np.int32
    np.testing.assert_array_equal(voxels, np.array(frames, np.int32) - 1024)


def test_slices_of_another_type_than_the_first_are_an_error_that_names_them(tmp_path: Path) -> None:
    Phantom().write(tmp_path)
    (plan,) = radpix.scan(tmp_path)[0].volumes()
    instances = [one._replace(pixel_representation=k == 2) for k, one in enumerate(plan.instances)]
    with pytest.raises(
        radpix.PixelDataError, match=r"0002\.dcm: the pixels are not those of the slices before"
    ):
        radpix.load(replace(plan, instances=tuple(instances)))


def test_progress_is_told_for_each_slice_that_the_core_reads(tmp_path: Path) -> None:
    Phantom(positions=stack_positions(9)).write(tmp_path)
    told: list[tuple[int, int]] = []
    radpix.load(tmp_path, progress=lambda *done: told.append(done), num_threads=2)
    assert told == [(k, 9) for k in range(1, 10)]


def test_file_that_vanished_after_the_scan_is_an_error_that_names_it(tmp_path: Path) -> None:
    paths = Phantom().write(tmp_path)
    (plan,) = radpix.scan(tmp_path)[0].volumes()
    paths[3].unlink()
    with pytest.raises(FileNotFoundError, match=r"0003\.dcm"):
        radpix.load(plan)


@pytest.mark.parametrize(
    ("slices", "stored", "error"),
    [
        ([("a\0b", 0, 1.0, 0.0)], "u2", ValueError),
        ([(b"a", 0, 1.0, 0.0)], "u2", TypeError),
        ([("a", 0, 1.0)], "u2", TypeError),
        ([("a", -1, 1.0, 0.0)], "u2", ValueError),
        ([("a", 0, np.nan, 0.0)], "u2", ValueError),
        ([("a", 0, 1.0, 0.0)], "f4", TypeError),
        ([("a", 0, 1.0, 0.0)], ">u2", TypeError),
        ([], "u2", ValueError),
    ],
)
def test_core_refuses_arguments_that_do_not_fit(
    slices: list[Any], stored: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        _core.read_slices(slices, np.dtype(stored), 12, np.empty((1, 4), np.uint16), False, 1)
