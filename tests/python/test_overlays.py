"""Overlays: where their bits lie, on which frames, in which bits; and shutters."""

from __future__ import annotations

import math
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.python import display_objects as made
from tests.python import objects

import radpix

if TYPE_CHECKING:
    from pathlib import Path

RNG = np.random.default_rng(9)


def black(rows: int = 5, columns: int = 7, **attributes: Any) -> Any:
    attributes = {"WindowCenter": 128, "WindowWidth": 256, **attributes}
    return made.image(np.zeros((rows, columns), np.uint8), **attributes)


@given(st.integers(-12, 12), st.integers(-12, 12), st.integers(1, 9), st.integers(1, 9))
def test_an_overlay_lies_at_its_origin_and_is_cut_at_the_edges(
    row: int, column: int, rows: int, columns: int
) -> None:
    mask = np.arange(rows * columns).reshape(rows, columns) % 3 != 0
    dataset = black()
    made.add_overlay(dataset, mask, origin=(row, column))
    wanted = np.zeros((5, 7), int)
    for i in range(rows):
        for j in range(columns):
            if mask[i, j] and 0 <= row - 1 + i < 5 and 0 <= column - 1 + j < 7:
                wanted[row - 1 + i, column - 1 + j] = 255
    np.testing.assert_array_equal(radpix.display(dataset), wanted)
    assert not radpix.display(dataset, overlays=False).any()


def test_frames_of_an_overlay_begin_at_its_image_frame_origin() -> None:
    masks = RNG.random((2, 3, 5)) < 0.5  # 15 bits a frame: the second one begins inside a byte
    dataset = made.image(np.zeros((4, 3, 5), np.uint8), frames=4, WindowCenter=128, WindowWidth=256)
    made.add_overlay(dataset, masks, first_frame=2)
    for frame, mask in enumerate([None, masks[0], masks[1], None]):
        found = radpix.overlays(dataset, frame=frame)
        assert len(found) == (mask is not None)
        wanted = np.zeros((3, 5)) if mask is None else mask * 255
        np.testing.assert_array_equal(radpix.display(dataset, index=frame), wanted)


def test_overlays_of_a_single_frame_lie_on_all() -> None:
    dataset = made.image(np.zeros((2, 3, 5), np.uint8), frames=2)
    made.add_overlay(dataset, np.ones((3, 5), bool), group=0x601E, kind="R")
    for frame in (0, 1):
        overlay = radpix.overlays(dataset, frame=frame)[0]
        assert (overlay.group, overlay.kind, overlay.origin) == (0x601E, "R", (0, 0))
        np.testing.assert_array_equal(overlay.mask, np.ones((3, 5), bool))


def embed_overlays(dataset: Any) -> None:
    """Describe overlays of 6 x 9 in bits 12 and 15 of the pixels."""
    for group, position in ((0x6000, 12), (0x6002, 15)):
        base = group << 16
        for element, vr, value in (
            (0x10, "US", 6),
            (0x11, "US", 9),
            (0x50, "SS", [1, 1]),
            (0x100, "US", 16),
            (0x102, "US", position),
        ):
            dataset.add_new(base | element, vr, value)


@pytest.mark.parametrize("syntax", objects.OWN_SYNTAXES)
def test_overlays_in_unused_bits_are_drawn_in_every_syntax(tmp_path: Path, syntax: str) -> None:
    pixels = objects.noise((3, 6, 9), "uint16")
    dataset = objects.header(rows=6, columns=9, stored=12, frames=3, syntax=syntax)
    dataset.WindowCenter, dataset.WindowWidth = 2048, 4096
    embed_overlays(dataset)
    path = tmp_path / "object.dcm"
    path.write_bytes(
        objects.part10(dataset, pixel_data_of(objects.image(pixels, syntax=syntax, stored=12)), vr="OW")
    )
    for frame in (0, 1, -1):
        plain = radpix.window(pixels[frame] & 0xFFF, 2048, 4096)
        wanted = np.where(pixels[frame] & 0x9000, 255, plain)
        for source in (path, path.read_bytes(), pydicom.dcmread(path)):
            np.testing.assert_array_equal(radpix.display(source, index=frame), wanted)


def pixel_data_of(file: bytes) -> bytes:
    """Return the value of the pixel data, inflated."""
    found = pydicom.dcmread(BytesIO(file)).PixelData
    return bytes(found) + (b"" if found[:4] != objects.ITEM else objects.DELIMITER)


def test_pixels_for_overlays_of_deflated_objects_keep_to_the_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = objects.header(rows=6, columns=9, stored=12, frames=3, syntax=objects.DEFLATED)
    embed_overlays(dataset)
    file = objects.part10(dataset, bytes(3 * 6 * 9 * 2))
    radpix.display(file)
    monkeypatch.setattr(radpix.limits, "max_bytes_per_call", 200)
    with pytest.raises(radpix.LimitError):
        radpix.display(file)


def test_overlays_in_unused_bits_are_taken_out_of_the_pixels() -> None:
    pixels = objects.noise((6, 9), "uint16", stored=12)
    first, second = RNG.random((2, 6, 9)) < 0.4
    whole = pixels | (first.astype(np.uint16) << 12) | (second.astype(np.uint16) << 15)
    dataset = made.image(whole.astype(np.uint16), stored=12, WindowCenter=2048, WindowWidth=4096)
    embed_overlays(dataset)
    found = radpix.overlays(dataset)
    np.testing.assert_array_equal(found[0].mask, first)
    np.testing.assert_array_equal(found[1].mask, second)
    assert dataset.BitsStored == 12
    plain = radpix.window(pixels, 2048, 4096)
    np.testing.assert_array_equal(radpix.display(dataset), np.where(first | second, 255, plain))


@pytest.mark.parametrize("vr", ["OW", "OB"])
def test_words_of_overlay_data_are_those_of_the_transfer_syntax(vr: str, tmp_path: Path) -> None:
    """PS3.5 8.1.2: the first pixel is the least bit of a word, whose bytes come in the order of the data set."""
    masks = RNG.random((2, 5, 7)) < 0.4
    dataset = objects.header(rows=5, columns=7, frames=2, syntax=objects.BIG_ENDIAN)
    made.add_overlay(dataset, masks, first_frame=1)
    data = dataset[0x60003000].value
    if vr == "OW":
        data = np.frombuffer(data, "<u2").byteswap().tobytes()
    dataset.add_new(0x60003000, vr, data)
    path = tmp_path / "big.dcm"
    path.write_bytes(objects.part10(dataset, bytes(2 * 5 * 7 * 2)))
    for source in (path, path.read_bytes(), pydicom.dcmread(path)):
        for frame in (0, 1):
            np.testing.assert_array_equal(radpix.display(source, index=frame) == 255, masks[frame])


def test_overlays_in_unused_bits_need_no_file_meta_information() -> None:
    pixels = objects.noise((6, 9), "uint16")
    dataset = made.image(pixels, stored=12, WindowCenter=2048, WindowWidth=4096)
    embed_overlays(dataset)
    wanted = radpix.display(dataset)
    file = BytesIO()
    del dataset.file_meta
    dataset.save_as(file, implicit_vr=True, little_endian=True)
    with pytest.warns(radpix.RadpixWarning, match="no Transfer Syntax"):
        np.testing.assert_array_equal(radpix.display(file.getvalue()), wanted)
    file.seek(0)
    bare = pydicom.dcmread(file, force=True)
    del bare.file_meta
    np.testing.assert_array_equal(radpix.display(bare), wanted)


def test_the_overlay_of_a_shutter_is_no_graphic() -> None:
    mask = RNG.random((4, 5)) < 0.5
    dataset = made.image(np.full((4, 5), 255, np.uint8), ShutterShape="BITMAP", ShutterOverlayGroup=0x6002)
    dataset.WindowCenter, dataset.WindowWidth, dataset.ShutterPresentationValue = 128, 256, 65535 // 3
    made.add_overlay(dataset, mask, group=0x6002)
    np.testing.assert_array_equal(radpix.display(dataset), np.where(mask, 85, 255))


def test_groups_without_data_are_left_out() -> None:
    dataset = black()
    dataset.add_new(0x60000010, "US", 5)
    dataset.add_new(0x60000011, "US", 7)
    with pytest.warns(radpix.RadpixWarning, match="6000") as caught:
        assert radpix.overlays(dataset) == []
    assert caught[0].message.code == "overlay-data-absent"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("element", "vr", "value", "text"),
    [
        (0x3000, "OW", b"\1\0", "needs 35 bits"),
        (0x0010, "US", 0, "0 x 7"),
        (0x0010, "US", 65535, "needs 458745 bits"),
        (0x0050, "SS", [1, 1, 1], "Overlay Origin"),
    ],
)
def test_overlays_that_are_described_wrongly_are_refused(
    element: int, vr: str, value: Any, text: str
) -> None:
    dataset = black()
    made.add_overlay(dataset, np.ones((5, 7), bool))
    dataset[0x60000000 | element].value = value
    assert vr == dataset[0x60000000 | element].VR
    with pytest.raises(radpix.PixelDataError, match=text):
        radpix.display(dataset)


def white(rows: int = 12, columns: int = 15, **attributes: Any) -> Any:
    attributes = {"WindowCenter": 128, "WindowWidth": 256, **attributes}
    return made.image(np.full((rows, columns), 255, np.uint8), **attributes)


def test_a_rectangle_closes_its_edges_and_what_is_outside() -> None:
    dataset = white(
        ShutterShape="RECTANGULAR",
        ShutterLeftVerticalEdge=3,
        ShutterRightVerticalEdge=9,
        ShutterUpperHorizontalEdge=0,
        ShutterLowerHorizontalEdge=5,
        ShutterPresentationValue=0x8080,
    )
    wanted = np.full((12, 15), 128)
    wanted[:4, 3:8] = 255
    np.testing.assert_array_equal(radpix.display(dataset), wanted)
    assert radpix.display(dataset, shutters=False).min() == 255


def test_a_circle_is_round_and_shapes_are_combined() -> None:
    dataset = white(
        ShutterShape=["CIRCULAR", "RECTANGULAR"],
        CenterOfCircularShutter=[6, 7],
        RadiusOfCircularShutter=4,
        ShutterLeftVerticalEdge=0,
        ShutterRightVerticalEdge=8,
        ShutterUpperHorizontalEdge=-5,
        ShutterLowerHorizontalEdge=500,
    )
    wanted = [
        [255 if math.hypot(r - 6, c - 7) <= 4 and c < 8 else 0 for c in range(1, 16)] for r in range(1, 13)
    ]
    assert radpix.display(dataset).tolist() == wanted


def inside(point: tuple[int, int], vertices: list[tuple[int, int]]) -> bool:
    """Return whether a point is in or on a polygon, in whole numbers: the even-odd rule side by side."""
    crossings = 0
    for (r1, c1), (r2, c2) in zip(vertices, vertices[1:] + vertices[:1], strict=True):
        area = (r2 - r1) * (point[1] - c1) - (c2 - c1) * (point[0] - r1)
        if area == 0 and min(r1, r2) <= point[0] <= max(r1, r2) and min(c1, c2) <= point[1] <= max(c1, c2):
            return True
        if (r1 <= point[0]) != (r2 <= point[0]):
            crossings += (area > 0) == (r2 > r1)
    return crossings % 2 == 1


@given(st.lists(st.tuples(st.integers(-4, 18), st.integers(-4, 20)), min_size=3, max_size=8))
def test_a_polygon_shows_what_is_in_or_on_it(vertices: list[tuple[int, int]]) -> None:
    dataset = white(
        ShutterShape="POLYGONAL", VerticesOfThePolygonalShutter=[n for vertex in vertices for n in vertex]
    )
    found = radpix.display(dataset) == 255
    wanted = [[inside((r, c), vertices) for c in range(1, 16)] for r in range(1, 13)]
    assert found.tolist() == wanted


def test_a_bitmap_is_the_overlay_of_its_group() -> None:
    mask = RNG.random((12, 15)) < 0.5
    dataset = white(ShutterShape="BITMAP", ShutterOverlayGroup=0x6000)
    made.add_overlay(dataset, mask)
    np.testing.assert_array_equal(radpix.display(dataset, overlays=False), np.where(mask, 0, 255))


@pytest.mark.parametrize(
    ("shape", "text"),
    [("RECTANGULAR", "ShutterLeft"), ("CIRCULAR", "circular"), ("POLYGONAL", "0 coordinates")],
)
def test_shutters_without_their_attributes_are_refused(shape: str, text: str) -> None:
    with pytest.raises(radpix.PixelDataError, match=text):
        radpix.display(white(ShutterShape=shape))


def test_unknown_shapes_are_left_out() -> None:
    with pytest.warns(radpix.RadpixWarning, match="STAR") as caught:
        assert radpix.display(white(ShutterShape="STAR")).min() == 255
    assert caught[0].message.code == "shutter-shape-unknown"  # type: ignore[union-attr]
