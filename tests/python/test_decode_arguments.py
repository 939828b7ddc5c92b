"""Sources, indices, ``out``, ``strict``, threads and processes of `radpix.decode` and `iter_frames`."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.python import objects
from tests.python.objects import (
    OWN_SYNTAXES,
    ct,
    image,
    noise,
)

import radpix

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

# -- sources -----------------------------------------------------------------------------------------------


class Unseekable(BytesIO):
    def seekable(self) -> bool:
        return False


@pytest.mark.parametrize("syntax", OWN_SYNTAXES)
def test_every_kind_of_source_gives_the_same(tmp_path: Path, syntax: str) -> None:
    source = image(ct(), syntax=syntax, stored=12)
    path = tmp_path / "frames.dcm"
    path.write_bytes(source)
    expected = ct()
    kinds: list[Any] = [path, str(path), source, bytearray(source), memoryview(source), BytesIO(source)]
    kinds += [Unseekable(source), np.frombuffer(source, np.uint8)]
    if syntax not in {objects.DEFLATED_FRAME, objects.ENCAPSULATED}:
        kinds += [pydicom.dcmread(path), pydicom.dcmread(path, defer_size=16)]
    for kind in kinds:
        np.testing.assert_array_equal(radpix.decode(kind), expected)
    with path.open("rb") as file:
        np.testing.assert_array_equal(radpix.decode(file), expected)
        np.testing.assert_array_equal(radpix.decode(file, index=-1), expected[-1])


def test_a_file_is_read_from_its_position_which_is_restored() -> None:
    file = BytesIO(b"envelope" + image(ct()))
    file.seek(8)
    np.testing.assert_array_equal(radpix.decode(file), ct())
    assert file.tell() == 8


def test_a_dataset_made_in_memory_needs_a_transfer_syntax() -> None:
    dataset = objects.header(rows=9, columns=7, frames=3, signed=True)
    dataset.add_new("PixelData", "OW", ct().tobytes())
    np.testing.assert_array_equal(radpix.decode(dataset), ct())
    del dataset.file_meta
    with pytest.raises(radpix.PixelDataError, match="TransferSyntaxUID"):
        radpix.decode(dataset)
    dataset.set_original_encoding(is_implicit_vr=False, is_little_endian=True)
    np.testing.assert_array_equal(radpix.decode(dataset), ct())


def test_a_dataset_whose_pixel_data_is_a_file() -> None:
    dataset = objects.header(rows=9, columns=7, frames=3, signed=True)
    dataset.PixelData = BytesIO(ct().tobytes())
    dataset["PixelData"].VR = "OW"
    np.testing.assert_array_equal(radpix.decode(dataset, index=1), ct()[1])


@pytest.mark.parametrize("source", [None, 3, 2.5, ["a.dcm"]])
def test_anything_else_is_a_type_error(source: Any) -> None:
    with pytest.raises(TypeError, match="a source is a path"):
        radpix.decode(source)


def test_a_text_file_is_a_type_error(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("text")
    with path.open() as file, pytest.raises(TypeError, match="'rb'"):
        radpix.decode(file)  # type: ignore[arg-type]


def test_a_directory_and_an_absent_file_are_named(tmp_path: Path) -> None:
    with pytest.raises(radpix.PixelDataError, match=r"directory; radpix\.load"):
        radpix.decode(tmp_path)
    with pytest.raises(FileNotFoundError, match="absent"):
        radpix.decode(tmp_path / "absent.dcm")


# -- indices and shapes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("syntax", [objects.EXPLICIT, objects.RLE])
@pytest.mark.parametrize("opened", [True, False])
def test_indices_behave_as_in_python(tmp_path: Path, syntax: str, opened: bool) -> None:
    pixels = ct(5)
    source: Any = image(pixels, syntax=syntax, stored=12)
    if opened:
        source = tmp_path / "five.dcm"
        source.write_bytes(image(pixels, syntax=syntax, stored=12))
    for index in (0, 4, -1, -5, np.int64(2)):
        np.testing.assert_array_equal(radpix.decode(source, index=int(index)), pixels[index])
    for several in ([3, 1], [0, 0, -1], (4,), range(1, 4), np.array([2, -2]), []):
        wanted = np.asarray(several, int)
        np.testing.assert_array_equal(radpix.decode(source, index=several), pixels[wanted])  # type: ignore[arg-type]
        frames = list(radpix.iter_frames(source, indices=several))  # type: ignore[arg-type]
        assert len(frames) == len(wanted)
        assert all(np.array_equal(frame, pixels[k]) for frame, k in zip(frames, wanted, strict=True))


@pytest.mark.parametrize("index", [5, -6, [0, 5], 1 << 70])
def test_an_index_beyond_the_frames_is_an_index_error(index: Any) -> None:
    with pytest.raises(IndexError, match="the object has 5 frames, counted from 0"):
        radpix.decode(image(ct(5)), index=index)


@pytest.mark.parametrize("index", [True, 1.0, "0", [0.5], b"0"])
def test_an_index_that_is_no_integer_is_a_type_error(index: Any) -> None:
    with pytest.raises(TypeError, match="index is an integer"):
        radpix.decode(image(ct(5)), index=index)


@pytest.mark.parametrize("number", ["2", 2.0, True, np.float64(2)])
def test_a_number_of_threads_that_is_no_integer_is_a_type_error(number: Any) -> None:
    with pytest.raises(TypeError, match="num_threads is an integer, not"):
        radpix.decode(image(ct()), num_threads=number)
    with pytest.raises(TypeError, match="n is an integer, not"):
        radpix.set_num_threads(number)


@pytest.mark.parametrize("name", ["rows", "columns", "samples_per_pixel", "bits_allocated", "bits_stored"])
@pytest.mark.parametrize("value", ["8", 8.0, True])
def test_a_description_that_is_no_integer_is_a_type_error(name: str, value: Any) -> None:
    how: dict[str, Any] = {"rows": 1, "columns": 1, "bits_allocated": 8, name: value}
    with pytest.raises(TypeError, match=f"{name} is an integer, not"):
        radpix.decode_frame(b"1", transfer_syntax=objects.EXPLICIT, **how)


def test_a_codestream_and_a_syntax_that_are_none_are_named() -> None:
    how: dict[str, Any] = {"rows": 1, "columns": 1, "bits_allocated": 8}
    with pytest.raises(TypeError, match="codestream is a contiguous bytes-like object, not <class 'str'>"):
        radpix.decode_frame("1", transfer_syntax=objects.EXPLICIT, **how)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="photometric_interpretation is a string, not 3"):
        radpix.decode_frame(
            b"1", transfer_syntax=objects.EXPLICIT, **{**how, "photometric_interpretation": 3}
        )
    with pytest.raises(radpix.UnsupportedTransferSyntaxError, match="'JPEG' is no Transfer Syntax UID"):
        radpix.decode_frame(b"1", transfer_syntax="JPEG", **how)


def test_one_frame_has_no_frame_axis_unless_asked_for_in_a_sequence() -> None:
    source = image(ct(1))
    assert radpix.decode(source).shape == (9, 7)
    assert radpix.decode(source, index=0).shape == (9, 7)
    assert radpix.decode(source, index=[0]).shape == (1, 9, 7)
    assert radpix.decode(image(noise((1, 9, 7, 3), "uint8"))).shape == (9, 7, 3)


def test_iter_frames_yields_arrays_of_their_own() -> None:
    frames = list(radpix.iter_frames(image(ct())))
    frames[0][:] = 0
    np.testing.assert_array_equal(frames[1:], ct()[1:])


def test_iter_frames_checks_its_arguments_at_once() -> None:
    with pytest.raises(ValueError, match="num_threads"):
        radpix.iter_frames(image(ct()), num_threads=0)


# -- out ---------------------------------------------------------------------------------------------------


@st.composite
def targets(draw: st.DrawFn) -> NDArray[Any]:
    """Draw views of shape (3, 9, 7) with any strides, guard values around them."""
    steps = draw(st.tuples(*[st.sampled_from([1, 2, -1, -3])] * 3))
    order = draw(st.permutations([0, 1, 2]))
    shape = tuple(abs(step) * size for step, size in zip(steps, (3, 9, 7), strict=True))
    base = np.full([shape[axis] for axis in order], 77, np.int16).transpose(np.argsort(order))
    return base[tuple(slice(None, None, step) for step in steps)]


@pytest.mark.parametrize("syntax", OWN_SYNTAXES)
@given(out=targets())
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_out_may_have_any_strides(syntax: str, out: NDArray[Any]) -> None:
    assert radpix.decode(image(ct(), syntax=syntax, stored=12), out=out) is out
    np.testing.assert_array_equal(out, ct())
    root = out
    while root.base is not None and isinstance(root.base, np.ndarray):
        root = root.base
    assert np.count_nonzero(root != 77) <= out.size, "only the view was written"


@pytest.mark.parametrize(
    ("out", "error"),
    [
        (np.zeros((3, 9, 8), np.int16), ValueError),
        (np.zeros((1, 3, 9, 7), np.int16), ValueError),
        (np.zeros((3, 9, 7), np.uint16), TypeError),
        (np.zeros((3, 9, 7), np.dtype(np.int16).newbyteorder("S")), TypeError),
        ([[0]], TypeError),
    ],
)
def test_out_that_does_not_fit_is_refused(out: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="out"):
        radpix.decode(image(ct()), out=out)


def test_out_that_is_read_only_or_the_source_itself_is_refused() -> None:
    out = np.zeros((3, 9, 7), np.int16)
    out.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        radpix.decode(image(ct()), out=out)
    source = bytearray(image(ct()))
    shared = np.frombuffer(source, np.int16, 3 * 9 * 7, offset=len(source) % 2).reshape(3, 9, 7)
    with pytest.raises(ValueError, match="shares memory"):
        radpix.decode(source, out=shared)


@pytest.mark.filterwarnings("ignore::radpix.RadpixWarning")
@pytest.mark.parametrize("syntax", OWN_SYNTAXES)
def test_a_failed_call_leaves_out_as_it_was(syntax: str) -> None:
    source = image(ct(), syntax=syntax, stored=12)
    if syntax == objects.DEFLATED:
        source = objects.part10(
            objects.header(rows=9, columns=7, frames=3, signed=True, syntax=syntax), ct().tobytes()[:-9]
        )
    out = np.full((3, 9, 7), 77, np.int16)
    with pytest.raises(radpix.RadpixError):
        radpix.decode(source[: -60 if syntax != objects.DEFLATED else None], out=out)
    assert np.all(out == 77)


# -- strict and warnings -----------------------------------------------------------------------------------


def long_object() -> bytes:
    dataset = objects.header(rows=9, columns=7, frames=3, signed=True)
    return objects.part10(dataset, ct().tobytes() + b"\0" * 10)


def test_a_deviation_warns_once_and_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "long.dcm"
    path.write_bytes(long_object())
    with pytest.warns(radpix.RadpixWarning, match=r"long\.dcm: .*388 bytes where .* need 378") as caught:
        frames = list(radpix.iter_frames(path))
    np.testing.assert_array_equal(frames, ct())
    assert len(caught) == 1
    assert caught[0].filename == __file__, "the warning points to the caller"
    assert caught[0].message.code == "pixel-data-long"  # type: ignore[union-attr]


def test_strict_makes_it_an_error() -> None:
    out = np.full((3, 9, 7), 77, np.int16)
    with pytest.raises(radpix.DecodeError, match="388") as caught:
        radpix.decode(long_object(), strict=True, out=out)
    assert caught.value.code == "pixel-data-long"
    assert np.all(out == 77)
    with pytest.raises(radpix.DecodeError):
        list(radpix.iter_frames(long_object(), strict=True))


@pytest.mark.parametrize("syntax", OWN_SYNTAXES)
def test_honest_objects_pass_strict(syntax: str) -> None:
    source = image(ct(), syntax=syntax, stored=12)
    np.testing.assert_array_equal(radpix.decode(source, strict=True), ct())


# -- processes and threads ---------------------------------------------------------------------------------


@pytest.mark.parametrize("syntax", [objects.EXPLICIT, objects.RLE])
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_give_the_same_bits(tmp_path: Path, syntax: str, threads: int) -> None:
    pixels = noise((17, 64, 48), "uint16")
    path = tmp_path / "frames.dcm"
    path.write_bytes(image(pixels, syntax=syntax))
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: radpix.decode(path, num_threads=threads), range(8)))
    for result in results:
        np.testing.assert_array_equal(result, pixels)


def test_one_dataset_serves_several_threads() -> None:
    pixels = noise((17, 64, 48), "uint16")
    dataset = pydicom.dcmread(BytesIO(image(pixels, syntax=objects.RLE)))
    with ThreadPoolExecutor(4) as pool:
        for k, frame in enumerate(pool.map(lambda k: radpix.decode(dataset, index=k), range(17))):
            np.testing.assert_array_equal(frame, pixels[k])


def _decode_in_child(source: bytes, queue: Any) -> None:
    queue.put(radpix.decode(source).tobytes())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_decodes_the_same() -> None:
    source = image(noise((9, 64, 48), "uint16"), syntax=objects.RLE)
    expected = radpix.decode(source, num_threads=2).tobytes()
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_decode_in_child, args=(source, queue))
    child.start()
    assert queue.get(timeout=60) == expected
    child.join()


def test_errors_survive_pickling() -> None:
    with pytest.raises(radpix.TruncatedError) as caught:
        radpix.decode(image(ct())[:-10])
    copy = pickle.loads(pickle.dumps(caught.value))
    assert type(copy) is radpix.TruncatedError
    assert (str(copy), copy.code, copy.frame) == (str(caught.value), "pixel-data-short", 2)


def test_importing_radpix_loads_neither_pydicom_nor_numba() -> None:
    code = "import sys, radpix; print([m for m in ('pydicom', 'numba') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_decoding_a_native_file_does_not_load_pydicom(tmp_path: Path) -> None:
    path = tmp_path / "native.dcm"
    path.write_bytes(image(ct()))
    code = f"import sys, radpix; radpix.decode({str(path)!r}); print('pydicom' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
