"""Any frame of any object: what is read for it, wrong tables, lying headers, every kind of source."""

from __future__ import annotations

import gzip
import io
import os
import struct
import sys
import types
import warnings
import zipfile
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.python import malformed, malformed_streams, objects
from tests.python.objects import DELIMITER, ITEM, encapsulate, frames_of, header, image, part10
from tests.python.testdata import real_data

import radpix
from radpix._source import open_source
from radpix._source.codestreams import lengths_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

JPEG_2000 = "1.2.840.10008.1.2.4.90"


def jpeg(letter: str, size: int = 8) -> bytes:
    """Return what has the markers of a JPEG image: a thumbnail in APP0, a scan with stuffing and RST0."""
    thumbnail = b"\xff\xd8\xff\xd9"
    app0 = b"\xff\xe0" + struct.pack(">H", 2 + len(thumbnail)) + thumbnail
    scan = b"\xff\xda" + struct.pack(">H", 4) + b"\1\2" + letter.encode() * size + b"\xff\0\xff\xd0\xff\x7f"
    return b"\xff\xd8" + app0 + scan + b"\xff\xd9"


def jpeg_2000(letter: str, *, psot: bool) -> bytes:
    """Return what has the markers of a JPEG 2000 codestream, with a false EOC in a tile-part of known length."""
    siz = b"\xff\x51" + struct.pack(">H", 6) + b"size"
    body = letter.encode() * 9 + (b"\xff\xd9\xff\x4f\xff\x51" if psot else b"")
    length = 12 + 2 + len(body) if psot else 0
    sot = b"\xff\x90" + struct.pack(">HHIBB", 10, 0, length, 0, 1)
    return b"\xff\x4f" + siz + sot + b"\xff\x93" + body + b"\xff\xd9"


def jpegs(
    fragments: Sequence[bytes], *, frames: int | None, syntax: str = objects.JPEG_BASELINE, **how: Any
) -> bytes:
    dataset = header(rows=4, columns=4, bits=8, frames=frames, syntax=syntax)
    return part10(dataset, encapsulate(fragments, **how), vr="OB")


def table_of(groups: Sequence[Sequence[bytes]]) -> list[int]:
    """Return the true Basic Offset Table of frames in fragments."""
    sizes = [sum(8 + len(fragment) for fragment in group) for group in groups]
    return [0, *accumulate(sizes)][:-1]


def looked_up(source: bytes, index: int) -> bytes:
    """Return a frame's codestream when nothing else is asked for."""
    with open_source(source) as pixels:
        pixels.check([index])
        return bytes(pixels.codestreams([index])[0])


# -- codestream ends ---------------------------------------------------------------------------------------


def test_codestreams_end_at_their_own_end_marker() -> None:
    for streams in (
        [jpeg("a"), jpeg("b", 70), jpeg("c")],
        [jpeg_2000("a", psot=True), jpeg_2000("b", psot=True)],
        [jpeg_2000("a", psot=False), jpeg_2000("b", psot=False)],
        [jpeg("a") + b"\0", jpeg("b") + b"\0\0\0"],
        [jpeg("a"), jpeg("b")[:-9]],
        [b"neither"],
        [b""],
    ):
        assert lengths_of(b"".join(streams)) == [len(stream) for stream in streams]


@given(st.binary(max_size=200), st.sampled_from([b"\xff\xd8\xff", b"\xff\x4f\xff\x51"]))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_split_without_loss(data: bytes, start: bytes) -> None:
    for source in (data, start + data, jpeg("a") + start + data):
        lengths = lengths_of(source)
        assert sum(lengths) == len(source)
        assert all(lengths) or not source


# -- which fragments make a frame --------------------------------------------------------------------------


@given(
    groups=st.lists(st.integers(1, 4), min_size=1, max_size=6),
    how=st.sampled_from(["basic", "extended", "none"]),
    data=st.data(),
)
@settings(max_examples=150, deadline=None)
def test_every_frame_comes_out_alone_and_among_all(groups: list[int], how: str, data: Any) -> None:
    streams = [jpeg(chr(97 + k), data.draw(st.integers(1, 40))) for k in range(len(groups))]
    split = []
    for stream, count in zip(streams, groups, strict=True):
        cuts = sorted({0, len(stream), *(len(stream) * k // count for k in range(1, count))})
        split.append([stream[a:b] for a, b in pairwise(cuts)])
    fragments = [fragment for group in split for fragment in group]
    dataset = header(rows=4, columns=4, bits=8, frames=len(groups), syntax=objects.JPEG_BASELINE)
    table = table_of(split)
    if how == "extended":
        dataset.ExtendedOffsetTable = struct.pack(f"<{len(table)}Q", *table)
        dataset.ExtendedOffsetTableLengths = struct.pack(f"<{len(table)}Q", *map(len, streams))
    source = part10(dataset, encapsulate(fragments, table=table if how == "basic" else None), vr="OB")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore" if how == "none" else "error")
        assert frames_of(source)[0] == streams
        assert [looked_up(source, k) for k in range(len(groups))] == streams


@given(table=st.lists(st.integers(0, 120), min_size=1, max_size=5), split=st.booleans())
@settings(max_examples=300, deadline=None)
def test_wrong_tables_survive(table: list[int], split: bool) -> None:
    """One fragment a frame, or two in the second: an entry that does not meet its item changes nothing."""
    streams = [jpeg("a"), jpeg("b", 9), jpeg("c", 4)]
    middle = [streams[1][:11], streams[1][11:]] if split else [streams[1]]
    source = jpegs([streams[0], *middle, streams[2]], frames=3, table=table)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", radpix.RadpixWarning)
        assert frames_of(source)[0] == streams
        assert [looked_up(source, k) for k in range(3)] == streams
    if table != table_of([[streams[0]], middle, [streams[2]]]):
        with pytest.raises(radpix.DecodeError), open_source(source, strict=True) as pixels:
            pixels.check(range(3))


def test_frames_behind_one_another_in_one_fragment() -> None:
    streams = [jpeg("a"), jpeg("b", 30), jpeg("c")]
    assert frames_of(jpegs([b"".join(streams)], frames=3)) == (streams, ["frames-split-at-end-markers"])
    tiles = [jpeg_2000("a", psot=True), jpeg_2000("b", psot=False)]
    source = jpegs([b"".join(tiles)], frames=2, syntax=JPEG_2000)
    assert frames_of(source) == (tiles, ["frames-split-at-end-markers"])
    codestreams, codes = frames_of(jpegs([b"".join(streams[:2]), b"".join(streams)], frames=4))
    assert codestreams == [*streams[:2], *streams[:2]]
    assert codes == ["frames-split-at-end-markers", "number-of-frames-short"]


def test_a_frame_without_its_end_ends_where_the_next_begins() -> None:
    cut = jpeg("a", 40)[:-3]
    codestreams, codes = frames_of(jpegs([cut[:9], cut[9:], jpeg("b")], frames=2))
    assert (codestreams, codes) == ([cut, jpeg("b")], ["frames-split-at-end-markers"])


@pytest.mark.parametrize("frames", [1, None])
def test_several_frames_where_number_of_frames_is_one_or_absent_are_no_secret(frames: int | None) -> None:
    source = jpegs([jpeg("a"), jpeg("b")], frames=frames)
    assert frames_of(source) == ([jpeg("a")], ["number-of-frames-short"])
    with pytest.raises(radpix.DecodeError) as caught, open_source(source, strict=True) as pixels:
        pixels.check([0])
    assert caught.value.code == "number-of-frames-short"


# -- what is read ------------------------------------------------------------------------------------------


class Counting(io.FileIO):
    """A file that counts what is read of it, and how often."""

    total = calls = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size) or b""
        self.total += len(data)
        self.calls += 1
        return data

    def readinto(self, buffer: Any, /) -> int:
        count = super().readinto(buffer) or 0
        self.total += count
        self.calls += 1
        return count


def sparse(path: Path, frames: int, frame: bytes, room: int, *, table: bool) -> None:
    """Write an object of ``frames`` fragments of ``room`` bytes that takes no place on the disk."""
    offsets = [k * (room + 8) for k in range(frames)]
    dataset = header(rows=16, columns=16, frames=frames, syntax=objects.RLE)
    start = part10(dataset, encapsulate([], table=offsets if table else None, delimiter=b""), vr="OB")
    with path.open("wb") as file:
        file.write(start)
        for offset in offsets:
            file.seek(len(start) + offset)
            file.write(ITEM + struct.pack("<I", room) + frame)
        file.seek(len(start) + frames * (room + 8))
        file.write(DELIMITER)


@pytest.mark.parametrize("table", [True, False])
def test_a_frame_of_half_a_gigabyte(tmp_path: Path, table: bool) -> None:
    """A table leads to a frame in a few reads; without one the items' headers are read, nothing else."""
    path = tmp_path / "sparse.dcm"
    pixels = np.arange(256, dtype=np.uint16).reshape(16, 16)
    frames, room = 500, 1 << 20
    sparse(path, frames, objects.rle(pixels), room, table=table)
    assert path.stat().st_size > 500 << 20
    for index in (0, 250, -1):
        with Counting(path) as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what lies behind the frame in its fragment
            np.testing.assert_array_equal(radpix.decode(file, index=index), pixels)
            assert file.total < room + (160 << 10)
            assert file.calls < (20 if table else 20 + frames)


@pytest.mark.parametrize("index", [0, 600, -1])
def test_a_native_frame_of_half_a_gigabyte(tmp_path: Path, index: int) -> None:
    path = tmp_path / "native.dcm"
    frames, side = 1001, 512
    size = side * side * 2
    dataset = objects.header(rows=side, columns=side, bits=16, frames=frames)
    with path.open("wb") as file:
        file.write(objects.part10(dataset, b"", length=frames * size))
        file.truncate(file.tell() + frames * size)  # takes no room on disk
    with Counting(path) as file:
        assert not radpix.decode(file, index=index).any()
        assert file.total < size + (80 << 10)  # the frame, and 64 KiB with the header
        assert next(radpix.iter_frames(file)).shape == (side, side)
        assert file.total < 2 * (size + (80 << 10))


def test_iterating_reads_every_frame_once(tmp_path: Path) -> None:
    path = tmp_path / "object.dcm"
    pixels = np.random.default_rng(1).integers(0, 1 << 16, (40, 64, 64), np.uint16)
    path.write_bytes(image(pixels, syntax=objects.RLE))
    with Counting(path) as file:
        for frame, expected in zip(radpix.iter_frames(file), pixels, strict=True):
            np.testing.assert_array_equal(frame, expected)
        assert file.total < path.stat().st_size + 40 * 100 + (160 << 10)


# -- sources -----------------------------------------------------------------------------------------------

PIXELS = objects.ct()
OBJECT = image(PIXELS, syntax=objects.RLE, stored=12)


def check(source: Any) -> None:
    np.testing.assert_array_equal(radpix.decode(source), PIXELS)
    np.testing.assert_array_equal(radpix.decode(source, index=1), PIXELS[1])


class PathLike:
    def __init__(self, path: Path) -> None:
        self._path = path

    def __fspath__(self) -> str:
        return str(self._path)


def test_paths_of_any_kind_and_alphabet(tmp_path: Path) -> None:
    path = tmp_path / "Aufnahme Größe 患者 снимок.dcm"
    path.write_bytes(OBJECT)
    for source in (path, str(path), PathLike(path)):
        check(source)
    with path.open("rb") as file:
        check(file)
    other = path.with_name("лишь.txt")
    assert os.fspath(other) in str(_error_of(other, b"no DICOM object at all"))


def _error_of(path: Path, data: bytes) -> Exception:
    path.write_bytes(data)
    with pytest.raises(radpix.PixelDataError) as caught:
        radpix.decode(path)
    return caught.value


def test_buffers_of_any_kind() -> None:
    for source in (OBJECT, bytearray(OBJECT), memoryview(OBJECT), np.frombuffer(OBJECT, np.uint8)):
        check(source)
    check(memoryview(b"xx" + OBJECT)[2:])


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_members_of_zip_archives(tmp_path: Path, compression: int) -> None:
    archive = tmp_path / "study.zip"
    with zipfile.ZipFile(archive, "w", compression) as file:
        file.writestr("series/image.dcm", OBJECT)
    with zipfile.ZipFile(archive) as file, file.open("series/image.dcm") as member:
        check(member)
        assert member.tell() == 0
    check(zipfile.Path(archive, "series/image.dcm"))
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr("bad.dcm", b"no image.dcm")
    with pytest.raises(radpix.PixelDataError, match=r"study\.zip.bad\.dcm: "):
        radpix.decode(zipfile.Path(archive, "bad.dcm"))


def test_members_of_an_archive_in_memory_are_sources() -> None:
    """Such a `zipfile.Path` has no text: asking for its name once raised TypeError."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("image.dcm", OBJECT)
        file.writestr("bad.dcm", b"no DICOM")
    with zipfile.ZipFile(archive) as file:
        check(zipfile.Path(file, "image.dcm"))
        with pytest.raises(radpix.PixelDataError, match=r"bad\.dcm: "):
            radpix.decode(zipfile.Path(file, "bad.dcm"))


def test_compressed_files() -> None:
    with gzip.open(io.BytesIO(gzip.compress(OBJECT)), "rb") as file:
        check(file)


def test_streams_that_cannot_seek_are_read_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def piped() -> Any:
        reading, writing = os.pipe()
        with os.fdopen(writing, "wb") as file:
            file.write(OBJECT)
        return os.fdopen(reading, "rb", buffering=0)

    with piped() as pipe:
        np.testing.assert_array_equal(radpix.decode(pipe), PIXELS)
    monkeypatch.setattr(radpix.limits, "max_bytes_per_call", 100)
    with piped() as pipe, pytest.raises(radpix.LimitError, match="cannot seek has more than 100"):
        radpix.decode(pipe)


class OpenFile:
    """What fsspec.open returns."""

    mode, fs = "rb", None

    def __init__(self, path: str) -> None:
        self.path = path
        self.opened = io.BytesIO(OBJECT)

    def open(self) -> io.BytesIO:
        return self.opened


def test_urls_through_fsspec(monkeypatch: pytest.MonkeyPatch) -> None:
    fsspec: Any = types.ModuleType("fsspec")
    opened: list[OpenFile] = []

    def open_url(url: str, mode: str) -> OpenFile:
        assert mode == "rb"
        opened.append(OpenFile(url))
        return opened[-1]

    fsspec.open = open_url
    monkeypatch.setitem(sys.modules, "fsspec", fsspec)
    check("memory://bucket/image.dcm")
    assert opened[0].opened.closed
    np.testing.assert_array_equal(radpix.decode(OpenFile("x")), PIXELS)
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(radpix.PixelDataError, match="pip install fsspec"):
        radpix.decode("s3://bucket/image.dcm")


def test_fsspec_itself() -> None:
    fsspec = pytest.importorskip("fsspec")
    fsspec.filesystem("memory").pipe("/image.dcm", OBJECT)
    check("memory://image.dcm")
    np.testing.assert_array_equal(radpix.decode(fsspec.open("memory://image.dcm", "rb")), PIXELS)


def test_what_is_no_source() -> None:
    for source in (None, 3, object(), io.StringIO("text")):
        with pytest.raises(TypeError):
            radpix.decode(source)  # type: ignore[arg-type]


@pytest.mark.real_data
def test_the_table_of_deviating_objects_is_true() -> None:
    """Written anew by ``python -m tests.python.malformed``."""
    real_data()
    assert malformed.table().splitlines() == malformed.written().splitlines()


@pytest.mark.real_data
def test_the_table_of_malformed_streams_is_true() -> None:
    real_data()
    written = malformed.written(malformed_streams.BEGIN, malformed_streams.END)
    assert malformed_streams.table().splitlines() == written.splitlines()
