"""JPEG 2000 and HTJ2K frames against OpenJPEG and OpenJPH, and streams that are wrong."""

from __future__ import annotations

import contextlib
import io
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.python.jpeg_cases import LEVELS, decode, layout_of, picture

import radpix

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOSSLESS = "1.2.840.10008.1.2.4.90"
ANY = "1.2.840.10008.1.2.4.91"
HT_LOSSLESS = "1.2.840.10008.1.2.4.201"
HT_RPCL = "1.2.840.10008.1.2.4.202"
HT = "1.2.840.10008.1.2.4.203"
SIZES = [(1, 1), (1, 9), (9, 1), (2, 3), (5, 4), (17, 23), (64, 64), (70, 131)]


def encoded(image: NDArray[Any], **options: Any) -> bytes:
    imagecodecs = pytest.importorskip("imagecodecs")
    stream: bytes = imagecodecs.jpeg2k_encode(image, **{"codecformat": "j2k", "level": 0, **options})
    return stream


def encoded_ht(image: NDArray[Any], **options: Any) -> bytes:
    imagecodecs = pytest.importorskip("imagecodecs")
    stream: bytes = imagecodecs.htj2k_encode(image, **{"reversible": True, **options})
    return stream


def assert_decodes_to(
    syntax: str, stream: bytes, expected: NDArray[Any], precision: int, most: int = 0
) -> None:
    """Compare at each CPU level, in 1, 2 and 3 threads: the same bits, ``most`` from what is expected."""
    photometric = "YBR_RCT" if expected.ndim == 3 else None
    layout = layout_of(expected.shape, precision, signed=expected.dtype.kind == "i", photometric=photometric)
    first: NDArray[Any] | None = None
    for level in LEVELS:
        for threads in (1, 2, 3):
            decoded = decode(syntax, stream, layout, level=level, num_threads=threads)
            if first is None:
                first = decoded.pixels.copy()
                worst = np.abs(first.astype(np.int64) - expected.astype(np.int64)).max()
                assert worst <= most
            np.testing.assert_array_equal(decoded.pixels, first)


@pytest.mark.parametrize("precision", [1, 5, 8, 12, 16])
@pytest.mark.parametrize("size", SIZES)
def test_reversible_grey_is_what_was_encoded(size: tuple[int, int], precision: int) -> None:
    image = picture(size, precision)
    for resolutions in (1, 2, 6):
        stream = encoded(image, reversible=True, resolutions=resolutions, bitspersample=precision)
        assert_decodes_to(LOSSLESS, stream, image, precision)


@pytest.mark.parametrize("size", [(1, 3), (33, 70)])
def test_signed_samples(size: tuple[int, int]) -> None:
    image = (picture(size, 16).astype(np.int32) - 32768).astype(np.int16)
    assert_decodes_to(LOSSLESS, encoded(image, reversible=True), image, 16)


def pillow_encoded(image: NDArray[Any], **options: Any) -> bytes:
    """Return what Pillow's writer makes, which sets tiles, precincts, layers and progressions."""
    pillow = pytest.importorskip("PIL.Image")
    file = io.BytesIO()
    pillow.fromarray(image).save(file, "JPEG2000", no_jp2=True, **options)
    return file.getvalue()


@pytest.mark.parametrize("tile", [(16, 16), (31, 17), (64, 200)])
@pytest.mark.parametrize("order", ["LRCP", "RLCP", "RPCL", "PCRL", "CPRL"])
def test_tiles_precincts_and_progressions(tile: tuple[int, int], order: str) -> None:
    for image in (picture((77, 130), 8), picture((77, 130, 3), 8)):
        for how in ({"tile_size": tile}, {"precinct_size": (32, 64)}, {"codeblock_size": (4, 16)}):
            options = {**how, "num_resolutions": 4, "progression": order}
            stream = pillow_encoded(image, **options)
            assert_decodes_to(LOSSLESS, stream, image, 8)


def test_quality_layers_like_openjpeg() -> None:
    imagecodecs = pytest.importorskip("imagecodecs")
    image = picture((77, 130, 3), 8)
    for order in ("LRCP", "RLCP", "RPCL", "PCRL", "CPRL"):
        for irreversible in (True, False):
            stream = pillow_encoded(
                image, quality_layers=[40, 20, 5], irreversible=irreversible, progression=order, mct=1
            )
            expected = imagecodecs.jpeg2k_decode(stream)
            assert_decodes_to(ANY, stream, expected, 8, most=1 if irreversible else 0)


def test_component_transformation() -> None:
    image = picture((50, 67, 3), 8)
    for mct in (True, False):
        stream = encoded(image, reversible=True, mct=mct)
        assert_decodes_to(LOSSLESS, stream, image, 8)


@pytest.mark.parametrize("shape", [(1, 9), (64, 64), (70, 131), (40, 50, 3)])
@pytest.mark.parametrize("level", [30, 45, 70])
def test_irreversible_is_within_one_of_openjpeg(shape: tuple[int, ...], level: int) -> None:
    imagecodecs = pytest.importorskip("imagecodecs")
    stream = encoded(picture(shape, 8), reversible=False, level=level)
    assert_decodes_to(ANY, stream, imagecodecs.jpeg2k_decode(stream), 8, most=1)


@pytest.mark.parametrize("dtype", ["u1", "u2", "i2"])
@pytest.mark.parametrize("size", SIZES)
def test_reversible_ht_is_what_was_encoded(size: tuple[int, int], dtype: str) -> None:
    image = picture(size, 8 * np.dtype(dtype).itemsize).astype(np.int64)
    image = (image - (32768 if dtype == "i2" else 0)).astype(dtype)
    assert_decodes_to(HT_LOSSLESS, encoded_ht(image), image, 8 * image.itemsize)


def test_ht_colour_and_flat_areas() -> None:
    image = picture((90, 131, 3), 8)
    image[20:60, 30:90] = 77
    assert_decodes_to(HT_LOSSLESS, encoded_ht(image), image, 8)


def test_irreversible_ht_is_within_one_of_openjph() -> None:
    imagecodecs = pytest.importorskip("imagecodecs")
    image = picture((90, 131), 8) // 2 + np.uint8(60)  # the peer wraps what is out of range
    stream = encoded_ht(image, reversible=False, level=0.01)
    assert_decodes_to(HT, stream, imagecodecs.htj2k_decode(stream), 8, most=1)


@pytest.mark.parametrize("reversible", [True, False])
@pytest.mark.parametrize("shape", [(64, 64), (130, 131), (70, 66, 3)])
def test_ht_is_the_same_at_every_cpu_level(shape: tuple[int, ...], reversible: bool) -> None:
    from radpix import _core

    image = picture(shape, 8)
    stream = encoded_ht(image, reversible=reversible, **({} if reversible else {"level": 0.003}))
    before = _core.cpu_level()
    results = []
    try:
        for level in ("scalar", "auto"):
            _core.set_cpu_level(level)
            results.append(
                radpix.decode_frame(
                    stream,
                    transfer_syntax=HT,
                    rows=shape[0],
                    columns=shape[1],
                    samples_per_pixel=len(shape) if len(shape) == 3 else 1,
                    bits_allocated=8,
                    photometric_interpretation="YBR_RCT" if len(shape) == 3 else "MONOCHROME2",
                )
            )
    finally:
        _core.set_cpu_level(before)
    np.testing.assert_array_equal(results[0], results[1])
    assert not reversible or np.array_equal(results[0], image)


def test_any_strides_and_nothing_around_them() -> None:
    image = picture((21, 34), 12)
    stream = encoded(image, reversible=True, bitspersample=12)
    memory = np.full((1, 50, 100), 0x5A5A, np.uint16)
    out = memory[:, 45:3:-2, 90:22:-2]
    decode(LOSSLESS, stream, layout_of(image.shape, 12), out=out)
    np.testing.assert_array_equal(out[0], image)
    out[...] = 0x5A5A
    assert (memory == 0x5A5A).all()


# The rule of signs: the data set says how the bits are read.
def test_unsigned_codestream_of_a_signed_data_set() -> None:
    image = picture((20, 30), 12)
    stream = encoded(image, reversible=True, bitspersample=12)
    decoded = decode(LOSSLESS, stream, layout_of(image.shape, 12, signed=True))
    np.testing.assert_array_equal(decoded.pixels, (image.astype(np.int16) << 4) >> 4)
    assert decoded.codes == ["jpeg2000-signedness"]


def test_signed_codestream_of_an_unsigned_data_set() -> None:
    image = (picture((20, 30), 16).astype(np.int32) - 32768).astype(np.int16)
    decoded = decode(LOSSLESS, encoded(image, reversible=True), layout_of(image.shape, 16))
    np.testing.assert_array_equal(decoded.pixels, image.view(np.uint16))
    assert decoded.codes == ["jpeg2000-signedness"]


def test_departures_are_named() -> None:
    image = picture((20, 30), 12)
    stream = encoded(image, reversible=True, bitspersample=12)
    assert decode(LOSSLESS, stream, layout_of(image.shape, 16)).codes == ["jpeg2000-precision"]
    assert decode(HT_LOSSLESS, stream, layout_of(image.shape, 12)).codes == ["jpeg2000-block-coder"]
    assert decode(HT_RPCL, encoded_ht(image), layout_of(image.shape, 16)).codes in (
        [],
        ["jpeg2000-progression"],
    )
    boxed = encoded(image, reversible=True, bitspersample=12, codecformat="jp2")
    assert decode(LOSSLESS, boxed, layout_of(image.shape, 12)).codes == ["jpeg2000-jp2-file"]
    lossy = encoded(picture((20, 30), 8), reversible=False, level=40)
    assert decode(LOSSLESS, lossy, layout_of(image.shape, 8)).codes == ["jpeg2000-lossy"]


def test_ybr_full_without_transformation_becomes_rgb() -> None:
    pytest.importorskip("imagecodecs")
    image = picture((20, 30, 3), 8)
    layout = layout_of(image.shape, 8, photometric="YBR_FULL")
    stream = encoded(image, reversible=True, mct=False)
    kept = decode(LOSSLESS, stream, layout, keep_components=True)
    np.testing.assert_array_equal(kept.pixels, image)
    converted = decode(LOSSLESS, stream, layout).pixels.astype(float)
    y, cb, cr = (image[..., c].astype(float) for c in range(3))
    expected = np.stack(
        [y + 1.402 * (cr - 128), y - 0.344136 * (cb - 128) - 0.714136 * (cr - 128), y + 1.772 * (cb - 128)],
        -1,
    )
    assert np.abs(converted - expected.clip(0, 255)).max() <= 1


def test_photometric_interpretation_and_transformation() -> None:
    image = picture((20, 30, 3), 8)
    for transformed, named, codes in (
        (True, "YBR_RCT", []),
        (True, "RGB", []),
        (True, "YBR_FULL", ["jpeg2000-photometric"]),
        (False, "RGB", []),
        (False, "YBR_RCT", ["jpeg2000-photometric"]),
    ):
        stream = encoded(image, reversible=True, mct=transformed)
        decoded = decode(LOSSLESS, stream, layout_of(image.shape, 8, photometric=named))
        np.testing.assert_array_equal(decoded.pixels, image)
        assert decoded.codes == codes


def code_of(stream: bytes, shape: tuple[int, ...] = (40, 50), stored: int = 12, syntax: str = ANY) -> str:
    with pytest.raises(radpix.DecodeError) as caught:
        decode(syntax, stream, layout_of(shape, stored))
    return str(caught.value.code)


def test_wrong_headers_are_named() -> None:
    stream = encoded(picture((40, 50), 12), reversible=True, bitspersample=12)
    assert code_of(b"") == "truncated"
    assert code_of(b"\xff\xd8\xff\xe0" + stream) == "jpeg2000-marker"
    assert code_of(stream[:30]) == "truncated"
    assert code_of(stream, (41, 50)) == "jpeg2000-size-mismatch"
    assert code_of(stream, (40, 50, 3), 8) == "jpeg2000-size-mismatch"
    assert code_of(stream, stored=8) == "jpeg2000-precision"
    siz = stream.index(b"\xff\x51")
    no_tile = stream[: siz + 22] + struct.pack(">II", 0, 0) + stream[siz + 30 :]
    assert code_of(no_tile) == "jpeg2000-header"
    cod = stream.index(b"\xff\x52")
    part_2 = bytearray(stream)
    part_2[cod + 13] = 7
    with pytest.raises(radpix.UnsupportedTransferSyntaxError, match="Part 2"):
        decode(ANY, bytes(part_2), layout_of((40, 50), 12))
    sot = stream.index(b"\xff\x90")
    assert code_of(stream[:sot]) == "truncated"
    no_such_tile = bytearray(stream)
    no_such_tile[sot + 5] = 1
    assert code_of(bytes(no_such_tile)) == "jpeg2000-marker"


def test_cut_anywhere_is_an_error_or_a_named_departure() -> None:
    image = picture((40, 50), 12)
    for encode in (encoded, encoded_ht):
        stream = encode(image)
        start = stream.index(b"\xff\x93")
        for end in range(start, len(stream) - 3, 7):
            try:
                decoded = decode(ANY if encode is encoded else HT, stream[:end], layout_of(image.shape, 16))
            except radpix.DecodeError:
                continue
            assert "jpeg2000-truncated" in decoded.codes or "jpeg2000-structure" in decoded.codes


def test_bytes_changed_anywhere_do_no_harm() -> None:
    rng = np.random.default_rng(3)
    image = picture((40, 50), 12)
    for encode, syntax in ((encoded, ANY), (encoded_ht, HT)):
        stream = encode(image)
        for _ in range(300):
            broken = bytearray(stream)
            for at in rng.integers(2, len(stream), rng.integers(1, 4)):
                broken[at] = rng.integers(256)
            with contextlib.suppress(radpix.RadpixError):
                decode(syntax, bytes(broken), layout_of(image.shape, 16))


def test_precincts_beyond_the_bytes_are_refused() -> None:
    stream = bytearray(encoded(np.zeros((2048, 2048), np.uint8), reversible=True, resolutions=1))
    cod = stream.index(b"\xff\x52")
    small = b"\xff\x52\x00\x0d\x01" + bytes(stream[cod + 5 : cod + 14]) + b"\x00"  # precincts of one sample
    assert (
        code_of(bytes(stream[:cod]) + small + bytes(stream[cod + 14 :]), (2048, 2048), 8) == "jpeg2000-header"
    )


def test_frames_are_shared_by_threads() -> None:
    image = picture((40, 50), 12)
    stream = encoded(image, reversible=True, bitspersample=12)
    decoded = decode(LOSSLESS, [stream] * 5, layout_of(image.shape, 12), num_threads=2)
    np.testing.assert_array_equal(decoded.frames, np.broadcast_to(image, (5, *image.shape)))


def test_bits_allocated_32() -> None:
    image = picture((20, 30), 16)
    layout = layout_of(image.shape, 16, allocated=32)
    decoded = decode(LOSSLESS, encoded(image, reversible=True), layout)
    assert decoded.pixels.dtype == np.uint32
    np.testing.assert_array_equal(decoded.pixels, image)
