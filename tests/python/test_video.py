"""MPEG-2, H.264 and H.265 through PyAV: every picture in its place, cut and hostile streams as errors of any codec."""

from __future__ import annotations

import io
import sys
import warnings
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.python import objects
from tests.python.test_memory import MIB, grown

import radpix
from radpix._frames.video import VideoDecoder

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

av = pytest.importorskip("av")

BASE = "1.2.840.10008.1.2.4."
ROWS, COLUMNS, FRAMES = 96, 128, 20

#: Transfer syntax, encoder, container.
KINDS = [
    ("100", "mpeg2video", "mpegts"),
    ("100.1", "mpeg2video", "mpeg2video"),
    ("101", "mpeg2video", "vob"),
    ("102", "libx264", "mpegts"),
    ("103.1", "libx264", "h264"),
    ("104", "libx264", "mp4"),
    ("105", "libx264", "mpegts"),
    ("107", "libx265", "hevc"),
    ("107", "libx265", "mp4"),
]
each_kind = pytest.mark.parametrize(("number", "encoder", "container"), KINDS)


def picture(number: int) -> NDArray[np.uint8]:
    """Return smooth colours, each picture another one."""
    y, x = np.mgrid[:ROWS, :COLUMNS]
    blue = np.full((ROWS, COLUMNS), 10 * number + 20)
    return np.stack([x * 200 // COLUMNS + 20, y * 200 // ROWS + 20, blue], axis=-1).astype(np.uint8)


@cache
def encoded(encoder: str, container: str, pixel_format: str = "yuv420p", frames: int = FRAMES) -> bytes:
    if encoder not in av.codecs_available:
        pytest.skip(f"this PyAV has no {encoder}")
    memory = io.BytesIO()
    options = {"x265-params": "log-level=none"} if encoder == "libx265" else {}
    with av.open(memory, "w", format=container) as target:
        stream = target.add_stream(encoder, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = COLUMNS, ROWS, pixel_format
        if encoder == "mpeg2video":
            stream.bit_rate = 4_000_000
        for number in range(frames):
            target.mux(stream.encode(av.VideoFrame.from_ndarray(picture(number), format="rgb24")))
        target.mux(stream.encode())
    return memory.getvalue()


def object_of(
    stream: bytes, number: str, *, frames: int = FRAMES, fragment: int = 0, **changes: Any
) -> bytes:
    """Return an object, its stream in one fragment or in several of that many bytes."""
    described = {"rows": ROWS, "columns": COLUMNS, "samples": 3, "bits": 8, **changes}
    described.setdefault("photometric", "YBR_PARTIAL_420")
    dataset = objects.header(frames=frames, syntax=BASE + number, **described)
    size = fragment or len(stream) + 1
    parts = [stream[k : k + size] for k in range(0, len(stream), size)]
    if len(parts[-1]) % 2:
        parts[-1] += b"\0"
    return objects.part10(dataset, objects.encapsulate(parts))


@each_kind
def test_every_picture_is_in_its_place(number: str, encoder: str, container: str, tmp_path: Path) -> None:
    path = tmp_path / "video.dcm"
    path.write_bytes(object_of(encoded(encoder, container), number, fragment=1000))
    decoded = radpix.decode(path)
    assert decoded.shape == (FRAMES, ROWS, COLUMNS, 3)
    assert decoded.dtype == np.uint8
    for k, frame in enumerate(decoded):
        assert np.abs(frame.astype(int) - picture(k)).mean() < 4, k
    np.testing.assert_array_equal(radpix.decode(path, num_threads=2), decoded)
    np.testing.assert_array_equal(np.stack(list(radpix.iter_frames(path))), decoded)
    order = [5, 2, 2, -1, 0]
    np.testing.assert_array_equal(radpix.decode(path, index=order), decoded[order])
    np.testing.assert_array_equal(np.stack(list(radpix.iter_frames(path, indices=order))), decoded[order])
    np.testing.assert_array_equal(radpix.decode(path.read_bytes(), index=7), decoded[7])
    np.testing.assert_array_equal(radpix.display(path, index=-1), decoded[-1])


def test_colours_are_those_of_bt_601_in_narrow_range() -> None:
    """YBR_PARTIAL_420, PS3.3 C.7.6.3.1.2, in float64."""
    stream = encoded("mpeg2video", "mpegts")
    frame = next(av.open(io.BytesIO(stream)).decode(video=0))
    planes = frame.to_ndarray(format="yuv420p").astype(np.float64)
    luma = planes[:ROWS] - 16
    blue, red = planes[ROWS:].reshape(2, ROWS // 2, COLUMNS // 2).repeat(2, axis=1).repeat(2, axis=2) - 128
    green = 1.1644 * luma - 0.3918 * blue - 0.8130 * red
    wanted = np.stack([1.1644 * luma + 1.5960 * red, green, 1.1644 * luma + 2.0172 * blue], axis=-1)
    found = radpix.decode(object_of(stream, "100"), index=0)
    assert np.abs(found - np.clip(wanted, 0, 255)).max() < 8  # chroma between two samples is interpolated
    assert np.abs(found - np.clip(wanted, 0, 255)).mean() < 1.5


def test_ten_bits_are_ten_bits() -> None:
    source = object_of(encoded("libx265", "hevc", "yuv420p10le"), "108", bits=16, stored=10)
    decoded = radpix.decode(source)
    assert decoded.dtype == np.uint16
    assert 800 < decoded.max() < 1024
    assert np.abs(decoded[3] / 4 - picture(3)).mean() < 4


def test_iterating_decodes_in_one_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    starts = []
    restart = VideoDecoder._restart

    def counted(decoder: VideoDecoder) -> None:
        starts.append(1)
        restart(decoder)

    monkeypatch.setattr(VideoDecoder, "_restart", counted)
    source = object_of(encoded("mpeg2video", "mpegts"), "100")
    assert sum(1 for _ in radpix.iter_frames(source)) == FRAMES
    radpix.decode(source, index=[9, 3, 9])
    assert len(starts) == 2


def test_a_stream_without_an_object() -> None:
    stream = encoded("libx264", "h264")
    frame = radpix.decode_frame(
        stream,
        transfer_syntax=BASE + "102",
        rows=ROWS,
        columns=COLUMNS,
        samples_per_pixel=3,
        bits_allocated=8,
        photometric_interpretation="YBR_PARTIAL_420",
    )
    np.testing.assert_array_equal(frame, radpix.decode(object_of(stream, "102"), index=0))


def frames_and_failure(source: bytes) -> tuple[list[Any], radpix.DecodeError | None]:
    """Return what iteration gives, and the error that ends it."""
    given: list[Any] = []
    try:
        given.extend(radpix.iter_frames(source))
    except radpix.DecodeError as error:
        return given, error
    return given, None


@each_kind
def test_what_a_cut_stream_gives_is_right(number: str, encoder: str, container: str) -> None:
    stream = encoded(encoder, container)
    whole = radpix.decode(object_of(stream, number))
    for part in (0.15, 0.4, 0.7, 0.95, 0.995):
        source = object_of(stream[: int(len(stream) * part)], number)
        given, failure = frames_and_failure(source)
        if failure is None:  # only padding, or an index that is not needed, was cut off
            assert part > 0.9
            assert len(given) == FRAMES
        else:
            assert (failure.frame, failure.transfer_syntax) == (len(given), BASE + number)
        for frame, expected in zip(given, whole, strict=False):
            np.testing.assert_array_equal(frame, expected)


def test_frames_that_are_not_there_are_missing_and_surplus_ones_reported() -> None:
    stream = encoded("mpeg2video", "mpegts")
    with pytest.raises(radpix.TruncatedError) as caught:
        radpix.decode(object_of(stream, "100", frames=FRAMES + 1))
    assert caught.value.code == "frames-missing"
    # Nobody knows whether the last pictures would stand behind the missing one.
    assert FRAMES - 3 < (caught.value.frame or 0) <= FRAMES
    with pytest.warns(radpix.RadpixWarning, match="Number of Frames") as warned:
        assert len(radpix.decode(object_of(stream, "100", frames=FRAMES - 2))) == FRAMES - 2
    assert warned[0].message.code == "number-of-frames-short"  # type: ignore[union-attr]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        radpix.decode(object_of(stream, "100"))


@pytest.mark.parametrize(
    ("stream", "number", "changes", "code"),
    [
        (("mpeg2video", "mpegts"), "100", {"columns": 64}, "video-size-mismatch"),
        (("mpeg2video", "mpeg2video"), "100", {"rows": 97}, "video-size-mismatch"),
        (("mpeg2video", "mpegts"), "102", {}, "video-codec"),
        (("libx264", "mp4"), "107", {}, "video-codec"),
        (("libx265", "hevc", "yuv420p10le"), "108", {}, "video-precision"),
        (("mpeg2video", "mpegts"), "100", {"samples": 1, "photometric": "MONOCHROME2"}, "video-precision"),
        (("mpeg2video", "mpegts"), "100", {"bits": 16}, "video-precision"),
        (b"\0" * 5000, "100", {}, "video-header"),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n", "100", {}, "video-header"),
        (b"ffconcat version 1.0\nfile '/etc/hostname'\n", "102", {}, "video-header"),
    ],
)
def test_streams_that_contradict_the_data_set_are_refused(
    stream: Any, number: str, changes: dict[str, Any], code: str
) -> None:
    data = stream if isinstance(stream, bytes) else encoded(*stream)
    with pytest.raises(radpix.DecodeError) as caught:
        radpix.decode(object_of(data, number, **changes))
    assert caught.value.code == code


def test_an_empty_video_and_one_that_claims_too_much() -> None:
    dataset = objects.header(rows=ROWS, columns=COLUMNS, samples=3, bits=8, frames=5, syntax=BASE + "102")
    with pytest.raises(radpix.TruncatedError, match="no fragment"):
        radpix.decode(objects.part10(dataset, objects.encapsulate([])))
    with pytest.raises(radpix.LimitError):
        radpix.decode(object_of(encoded("libx264", "h264"), "102", frames=100_000))


@given(
    st.sampled_from([("100", "mpeg2video", "mpegts"), ("102", "libx264", "h264"), ("104", "libx264", "mp4")]),
    st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), min_size=1, max_size=10),
)
@settings(max_examples=40, deadline=None)
def test_damage_gives_pictures_or_an_error(
    kind: tuple[str, str, str], changes: list[tuple[int, int]]
) -> None:
    number, encoder, container = kind
    data = bytearray(encoded(encoder, container))
    for place, value in changes:
        data[place % len(data)] = value
    try:
        frames = list(radpix.iter_frames(object_of(bytes(data), number)))
    except (radpix.DecodeError, radpix.LimitError):
        return
    assert [frame.shape for frame in frames] == [(ROWS, COLUMNS, 3)] * FRAMES


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_iter_frames_takes_constant_memory(tmp_path: Path) -> None:
    path = tmp_path / "video.dcm"
    frames = 1500  # 53 MiB as RGB
    path.write_bytes(object_of(encoded("mpeg2video", "mpegts", frames=frames), "100", frames=frames))
    work = f"assert sum(1 for _ in radpix.iter_frames(path)) == {frames}"
    assert grown("list(radpix.iter_frames(path, indices=[0, 20]))", work, path) < 12 * MIB


def test_without_pyav_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    table = {syntax.uid: syntax for syntax in radpix.transfer_syntaxes()}
    for number in {number for number, _, _ in KINDS} | {"101.1", "102.1", "103", "104.1", "105.1", "108"}:
        assert table[BASE + number].backend == "av"
        assert (table[BASE + number].can_decode, table[BASE + number].can_encode) == (True, False)
    assert table[BASE + "106"].backend == table[BASE + "106.1"].backend == ""
    monkeypatch.setattr("radpix._frames.video.available", lambda: False)
    with pytest.raises(radpix.UnsupportedTransferSyntaxError, match=r'pip install "radpix\[video\]"'):
        radpix.decode(object_of(encoded("mpeg2video", "mpegts"), "100"))
