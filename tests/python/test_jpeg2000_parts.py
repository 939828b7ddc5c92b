"""JPEG 2000 frames decoded in part: fewer resolutions, regions, fewer layers, and what is left of cut streams."""

from __future__ import annotations

import io
import struct
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.python.jpeg_cases import picture
from tests.python.objects import encapsulate, header, part10
from tests.python.test_jpeg2000 import ANY, HT, LOSSLESS, encoded, encoded_ht, pillow_encoded

import radpix

if TYPE_CHECKING:
    from numpy.typing import NDArray


def decode(stream: bytes, shape: tuple[int, ...], syntax: str = ANY, **options: Any) -> NDArray[Any]:
    """Decode 8-bit pixels and let no warning pass."""
    samples = shape[2] if len(shape) == 3 else 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return radpix.decode_frame(
            stream,
            transfer_syntax=syntax,
            rows=shape[0],
            columns=shape[1],
            samples_per_pixel=samples,
            bits_allocated=8,
            photometric_interpretation="YBR_RCT" if samples == 3 else "MONOCHROME2",
            **options,
        )


def by_openjpeg(stream: bytes, *, reduce: int = 0, layers: int = 0) -> NDArray[Any]:
    """Return what OpenJPEG makes of it, by way of Pillow.

    Pillow passes ``layers`` on only beside ``reduce``, whose sizes it rounds in its own way: both have to divide.
    """
    pillow = pytest.importorskip("PIL.Image")
    with pillow.open(io.BytesIO(stream)) as opened:
        opened.reduce, opened.layers = reduce, layers
        return np.asarray(opened)


def streams(picture_: NDArray[Any], **options: Any) -> list[tuple[str, bytes]]:
    """Return an image in each way of coding, with the transfer syntax."""
    made = [
        (ANY, pillow_encoded(picture_, irreversible=irreversible, mct=picture_.ndim == 3, **options))
        for irreversible in (False, True)
    ]
    return [*made, (HT, encoded_ht(picture_))]


@pytest.mark.parametrize("reduce", [1, 2, 3, 5])
@pytest.mark.parametrize("shape", [(96, 160), (64, 32, 3)])
def test_reduced_like_openjpeg(shape: tuple[int, ...], reduce: int) -> None:
    source = picture(shape, 8)
    for irreversible in (False, True):
        stream = pillow_encoded(source, irreversible=irreversible, mct=len(shape) == 3)
        expected = by_openjpeg(stream, reduce=reduce)
        reduced = decode(stream, shape, reduce=reduce)
        assert reduced.shape == expected.shape
        most = 1 if irreversible else 0
        assert np.abs(reduced.astype(int) - expected.astype(int)).max() <= most


def test_reduced_tiles_like_openjpeg() -> None:
    source = picture((76, 132, 3), 8)
    for order in ("LRCP", "RPCL", "PCRL"):
        stream = pillow_encoded(source, tile_size=(31, 18), num_resolutions=3, progression=order, mct=1)
        for reduce in (1, 2):
            np.testing.assert_array_equal(
                decode(stream, source.shape, reduce=reduce), by_openjpeg(stream, reduce=reduce)
            )


def test_reduced_pixels_that_would_lie_elsewhere_are_refused() -> None:
    # The reduced samples lie at even places of the reference grid, this image begins at an odd one.
    source = picture((40, 50), 8)
    for offset, most in (((1, 0), 0), ((0, 2), 1), ((4, 8), 2)):
        stream = pillow_encoded(source, offset=offset, tile_size=(64, 64), num_resolutions=4)
        np.testing.assert_array_equal(decode(stream, source.shape), source)
        plain = pillow_encoded(source, num_resolutions=4)
        for reduce in (1, 2, 3):
            if reduce > most:
                with pytest.raises(radpix.UnsupportedTransferSyntaxError, match="reference grid"):
                    decode(stream, source.shape, reduce=reduce)
            else:
                shape = decode(plain, source.shape, reduce=reduce).shape
                assert decode(stream, source.shape, reduce=reduce).shape == shape


def test_layers_like_openjpeg() -> None:
    source = picture((76, 130, 3), 8)
    for irreversible in (False, True):
        for order in ("LRCP", "RLCP", "RPCL", "PCRL", "CPRL"):
            stream = pillow_encoded(
                source, quality_layers=[40, 20, 5], irreversible=irreversible, progression=order, mct=1
            )
            for layers in (1, 2, 3):
                expected = by_openjpeg(stream, reduce=1, layers=layers).astype(int)
                found = decode(stream, source.shape, reduce=1, layers=layers).astype(int)
                assert np.abs(found - expected).max() <= (1 if irreversible else 0)


def test_more_layers_than_there_are_is_all() -> None:
    source = picture((40, 50), 8)
    for syntax, stream in streams(source):
        np.testing.assert_array_equal(
            decode(stream, source.shape, syntax, layers=9), decode(stream, source.shape, syntax)
        )


regions = st.tuples(st.integers(0, 140), st.integers(0, 140), st.integers(1, 140), st.integers(1, 140))


@settings(max_examples=40, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 140), st.integers(1, 140)),
    samples=st.sampled_from([1, 3]),
    region=regions,
    levels=st.integers(1, 6),
    reduce=st.integers(0, 3),
    tile=st.sampled_from([None, (16, 16), (45, 31)]),
)
def test_region_is_the_whole_cropped(
    shape: tuple[int, int],
    samples: int,
    region: tuple[int, int, int, int],
    levels: int,
    reduce: int,
    tile: tuple[int, int] | None,
) -> None:
    whole_shape = shape if samples == 1 else (*shape, samples)
    source = picture(whole_shape, 8)
    row, column = region[0] % shape[0], region[1] % shape[1]
    part = (row, column, min(region[2], shape[0] - row), min(region[3], shape[1] - column))
    sizes = zip(shape, reversed(tile or shape[::-1]), strict=True)
    smallest = min(side % of or of for side, of in sizes)  # of the tiles at the edges
    levels = min(levels, smallest.bit_length())  # OpenJPEG's encoder aborts where a lone sample is split
    options = {"num_resolutions": levels} | ({} if tile is None else {"tile_size": tile})
    reduce = min(reduce, levels - 1)
    step = 1 << reduce
    crop = np.s_[
        -(-row // step) : -(-(row + part[2]) // step), -(-column // step) : -(-(column + part[3]) // step)
    ]
    for syntax, stream in streams(source, **options):
        expected = decode(stream, whole_shape, syntax, reduce=reduce)[crop]
        if expected.size == 0:
            with pytest.raises(ValueError, match="no sample"):
                decode(stream, whole_shape, syntax, reduce=reduce, region=part)
            continue
        for threads in (1, 2):
            found = decode(stream, whole_shape, syntax, reduce=reduce, region=part, num_threads=threads)
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("level", ["scalar", "auto"])
def test_region_at_every_cpu_level(level: str) -> None:
    from radpix import _core

    source = picture((90, 131), 8)
    before = _core.cpu_level()
    try:
        _core.set_cpu_level(level)
        for syntax, stream in streams(source):
            whole = decode(stream, source.shape, syntax)
            found = decode(stream, source.shape, syntax, region=(33, 70, 40, 61))
            np.testing.assert_array_equal(found, whole[33:73, 70:131])
    finally:
        _core.set_cpu_level(before)


def test_wide_frames_are_lifted_in_pieces() -> None:
    # Wide enough that several threads share the rows of one level.
    source = picture((300, 700), 8)
    for syntax, stream in streams(source):
        one = decode(stream, source.shape, syntax, num_threads=1)
        for threads in (2, 3):
            np.testing.assert_array_equal(decode(stream, source.shape, syntax, num_threads=threads), one)


@pytest.mark.parametrize("shape", [(1290, 830), (1100, 960, 3)])
def test_large_frames_are_decoded_in_strips(shape: tuple[int, ...]) -> None:
    # Large enough that the last level is never in memory as a whole, on one thread and on three.
    source = picture(shape, 8)
    part = (77, 3, shape[0] - 100, shape[1] - 10)
    crop = np.s_[part[0] : part[0] + part[2], part[1] : part[1] + part[3]]
    for index, (syntax, stream) in enumerate(streams(source, num_resolutions=3)):
        one = decode(stream, shape, syntax, num_threads=1)
        expected = by_openjpeg(stream) if index == 1 else source
        assert np.abs(one.astype(int) - expected.astype(int)).max() <= (1 if index == 1 else 0)
        for threads in (2, 3):
            np.testing.assert_array_equal(decode(stream, shape, syntax, num_threads=threads), one)
        found = decode(stream, shape, syntax, region=part, num_threads=1)
        np.testing.assert_array_equal(found, one[crop])


def _joined(planes: list[NDArray[Any]], levels: tuple[int, ...]) -> bytes:
    """Return a codestream of transformed components, each with its own number of wavelet levels (COC, QCC)."""

    def segment(marker: int, body: bytes) -> bytes:
        return struct.pack(">HH", marker, len(body) + 2) + body

    segments, packets = {}, b""
    head = b"\xff\x4f"
    for c, (plane, count) in enumerate(zip(planes, levels, strict=True)):
        stream = pillow_encoded(plane, irreversible=False, num_resolutions=count + 1, progression="CPRL")
        at = 2
        while stream[at : at + 2] != b"\xff\x90":  # SOT
            marker, length = struct.unpack_from(">HH", stream, at)
            segments[marker] = stream[at + 4 : at + 2 + length]
            at += 2 + length
        size, coding, steps = segments[0xFF51], segments[0xFF52], segments[0xFF5C]
        if c == 0:
            three = size[:34] + struct.pack(">H", len(planes)) + size[36:39] * len(planes)
            head += segment(0xFF51, three) + segment(0xFF52, coding[:4] + b"\1" + coding[5:])
            head += segment(0xFF5C, steps)
        else:
            head += segment(0xFF53, bytes([c, coding[0] & 1]) + coding[5:])
            head += segment(0xFF5D, bytes([c]) + steps)
        packets += stream[stream.index(b"\xff\x93", at) + 2 : -2]
    tile = segment(0xFF90, struct.pack(">HIBB", 0, len(packets) + 14, 0, 1))
    return head + tile + b"\xff\x93" + packets + b"\xff\xd9"


@pytest.mark.parametrize("levels", [(0, 1, 1), (1, 0, 2), (2, 1, 1), (1, 1, 1)])
def test_components_of_different_levels_are_decoded_in_strips(levels: tuple[int, ...]) -> None:
    # The first has no strips where it has no wavelet, and the others' must not wait for them.
    planes = [picture((1100, 960), 8), picture((1100, 960), 8)[::-1], picture((1100, 960), 8)[:, ::-1]]
    stream = _joined([np.ascontiguousarray(plane) for plane in planes], levels)
    y, u, v = (plane.astype(int) - 128 for plane in planes)
    green = y - (u + v) // 4  # G.2
    expected = np.clip(np.stack([v + green, green, u + green], -1) + 128, 0, 255)
    if len(set(levels)) == 1:  # OpenJPEG refuses others
        np.testing.assert_array_equal(by_openjpeg(stream), expected)
    for threads in (1, 3):
        np.testing.assert_array_equal(decode(stream, expected.shape, num_threads=threads), expected)


def test_strips_of_a_cut_stream_hold_nothing_of_earlier_ones() -> None:
    source = picture((1290, 830), 8)
    whole = pillow_encoded(source, irreversible=False, precinct_size=(128, 128), progression="RPCL")
    cut = whole[: 9 * len(whole) // 10]
    results = []
    for threads in (1, 1, 3):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            results.append(
                radpix.decode_frame(
                    cut,
                    transfer_syntax=ANY,
                    rows=source.shape[0],
                    columns=source.shape[1],
                    bits_allocated=8,
                    num_threads=threads,
                )
            )
        decode(whole, source.shape, num_threads=threads)
    for result in results[1:]:
        np.testing.assert_array_equal(result, results[0])
    np.testing.assert_array_equal(results[0][:900], source[:900])
    assert not np.array_equal(results[0][1100:], source[1100:])


def test_memory_of_an_earlier_frame_does_not_show() -> None:
    noise, flat = picture((128, 128), 8), np.full((128, 128), 128, np.uint8)
    for syntax, (busy, empty) in ((ANY, map(encoded, (noise, flat))), (HT, map(encoded_ht, (noise, flat)))):
        for _ in range(2):
            decode(busy, noise.shape, syntax)
            np.testing.assert_array_equal(decode(empty, flat.shape, syntax), flat)


def test_components_without_data_are_flat() -> None:
    # The transformation leaves nothing of a grey image in its other two components, nor of a flat one in any.
    grey = np.repeat(picture((80, 130), 8)[..., None], 3, axis=-1)
    for source in (grey, np.full((80, 130, 3), 128, np.uint8)):
        for threads in (1, 3):
            stream = encoded(source, reversible=True, mct=True)
            np.testing.assert_array_equal(decode(stream, source.shape, num_threads=threads), source)
            ht = encoded_ht(source)
            np.testing.assert_array_equal(decode(ht, source.shape, HT, num_threads=threads), source)
            part = decode(stream, source.shape, region=(7, 9, 30, 40), num_threads=threads)
            np.testing.assert_array_equal(part, source[7:37, 9:49])


def test_out_of_a_region() -> None:
    source = picture((40, 50), 8)
    stream = encoded(source, reversible=True)
    out = np.zeros((3, 4), np.uint8)
    assert decode(stream, source.shape, region=(5, 6, 3, 4), out=out) is out
    np.testing.assert_array_equal(out, source[5:8, 6:10])
    with pytest.raises(ValueError, match="shape"):
        decode(stream, source.shape, out=out)


@pytest.mark.parametrize(
    ("options", "kind", "text"),
    [
        ({"reduce": -1}, ValueError, "reduce is from 0"),
        ({"reduce": 33}, ValueError, "reduce is from 0"),
        ({"reduce": 1.5}, TypeError, "reduce is an integer, not 1.5"),
        ({"reduce": True}, TypeError, "reduce is an integer, not True"),
        ({"reduce": 9}, ValueError, "decomposition levels cannot be reduced by 9"),
        ({"layers": 0}, ValueError, "layers is from 1"),
        ({"region": (0, 0, 1)}, ValueError, "row, column, height, width"),
        ({"region": (0, 0, 0, 5)}, ValueError, "at least"),
        ({"region": (0, 0, 5, 0)}, ValueError, "at least"),
        ({"region": (-1, 0, 5, 5)}, ValueError, "inside the frame of 40 x 50"),
        ({"region": (36, 0, 5, 5)}, ValueError, "inside"),
        ({"region": (0, 0, 2**70, 5)}, ValueError, "inside"),
        ({"region": (1, 1, 1, 1), "reduce": 1}, ValueError, "no sample"),
    ],
)
def test_wrong_parts_are_refused(options: dict[str, Any], kind: type[Exception], text: str) -> None:
    stream = encoded(picture((40, 50), 8), reversible=True)
    with pytest.raises(kind, match=text):
        decode(stream, (40, 50), **options)


@pytest.mark.parametrize("options", [{"reduce": 1}, {"layers": 1}, {"region": (0, 0, 1, 1)}])
def test_other_codecs_have_no_parts(options: dict[str, Any]) -> None:
    with pytest.raises(radpix.UnsupportedTransferSyntaxError, match="decode the whole frame and index"):
        decode(bytes(12), (3, 4), "1.2.840.10008.1.2.1", **options)


def test_parts_of_an_object() -> None:
    frames = [picture((40, 50), 8), picture((40, 50), 8)[::-1]]
    codestreams = [encoded(np.ascontiguousarray(frame), reversible=True) for frame in frames]
    data = part10(header(rows=40, columns=50, bits=8, frames=2, syntax=LOSSLESS), encapsulate(codestreams))
    whole = radpix.decode(data)
    np.testing.assert_array_equal(radpix.decode(data, region=(3, 5, 20, 30)), whole[:, 3:23, 5:35])
    np.testing.assert_array_equal(radpix.decode(data, index=1, region=(3, 5, 20, 30)), whole[1, 3:23, 5:35])
    assert radpix.decode(data, reduce=2).shape == (2, 10, 13)


# What is left of a stream that ends early: the longest prefix whose packets are whole, and what it is.
def test_cut_streams_say_what_is_complete() -> None:
    source = picture((256, 256), 8)
    stream = pillow_encoded(source, num_resolutions=4, progression="RLCP")
    with pytest.warns(radpix.RadpixWarning) as caught:
        cut = radpix.decode_frame(
            stream[: len(stream) // 3], transfer_syntax=ANY, rows=256, columns=256, bits_allocated=8
        )
    said = {getattr(warning.message, "code", ""): str(warning.message) for warning in caught}
    assert "complete are 0 of 1 layers and the lowest 3 of 4 resolutions" in said["jpeg2000-truncated"]
    # The lowest resolutions are whole, so the reduced image is the reduced whole.
    with pytest.warns(radpix.RadpixWarning):
        reduced = radpix.decode_frame(
            stream[: len(stream) // 3], transfer_syntax=ANY, rows=256, columns=256, bits_allocated=8, reduce=3
        )
    np.testing.assert_array_equal(reduced, decode(stream, source.shape, reduce=3))
    assert cut.std() > 10


def test_cut_ht_streams_keep_their_whole_blocks() -> None:
    source = picture((256, 256), 8)
    stream = encoded_ht(source)
    for part in (0.3, 0.6, 0.95):
        with pytest.warns(radpix.RadpixWarning) as caught:
            cut = radpix.decode_frame(
                stream[: int(len(stream) * part)], transfer_syntax=HT, rows=256, columns=256, bits_allocated=8
            )
        assert any(getattr(warning.message, "code", "") == "jpeg2000-truncated" for warning in caught)
        assert cut.shape == source.shape
