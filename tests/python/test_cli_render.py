"""The contact sheet: markers at known patient positions, letters, the scale bar, and how it is written."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from tests.python.testdata import real_data

import radpix
from radpix.cli import main
from radpix.cli.render import Look, draw
from radpix.cli.sheet import Layout
from radpix.cli.views import views

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

WIDTH = 1500
FIELD = Layout(WIDTH).field
NAMES = ("axial", "coronal", "sagittal", "oblique", "slab")
#: Millimetres of the volumes below along (z, y, x).
EXTENT = (120.0, 150.0, 180.0)
BLACK_AND_WHITE = Look(500.0, 200.0)


def volume_with(
    *markers: tuple[float, float, float], turned: NDArray[np.float64] | None = None, radius: float = 6.0
) -> radpix.Volume:
    """Return a volume centred on (10, -20, 30) with balls of 1000 at patient positions, 0 elsewhere."""
    spacing = np.array([2.0, 1.5, 1.25])
    shape = tuple(int(n) for n in np.array(EXTENT) / spacing)
    affine = np.eye(4)
    affine[:3, :3] = (np.eye(3) if turned is None else turned) @ np.diag(spacing[::-1])[:, ::-1]
    affine[:3, 3] = np.array([10.0, -20.0, 30.0]) - affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    empty = radpix.Volume(np.zeros(shape, np.int16), affine)
    positions = empty.index_to_patient(np.moveaxis(np.indices(shape), 0, -1))
    voxels = np.zeros(shape, np.int16)
    for marker in markers:
        voxels[np.linalg.norm(positions - marker, axis=-1) <= radius] = 1000
    return radpix.Volume(voxels, affine)


def fields(
    volume: radpix.Volume, look: Look = BLACK_AND_WHITE, **options: Any
) -> dict[str, NDArray[np.uint8]]:
    """Return the grey values of each field of the sheet; overlays are never pure white."""
    sheet = np.asarray(draw(volume, "test", look, width=WIDTH, **options)).min(axis=-1)
    layout = Layout(WIDTH)
    corners = [layout.corner(index) for index in range(len(NAMES))]
    return {name: sheet[y : y + FIELD, x : x + FIELD] for name, (x, y) in zip(NAMES, corners, strict=True)}


def middle_of_white(field: NDArray[np.uint8]) -> tuple[float, float] | None:
    """Return (row, column) of the centroid of pure white."""
    rows, columns = np.nonzero(field == 255)
    return (float(rows.mean()), float(columns.mean())) if rows.size else None


MARKER = (38.0, -45.0, 52.0)


@pytest.mark.parametrize("angle", [0.0, 25.0])
def test_a_marker_is_seen_where_it_is_in_every_field(angle: float) -> None:
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    volume = volume_with(MARKER, turned=np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]))
    shown = fields(volume, center=MARKER)
    reach = max(np.ptp(volume.index_to_patient(corners(volume))[:, axis]) for axis in range(3))
    pixel = reach / FIELD
    x, y, z = np.array(MARKER) - (10.0, -20.0, 30.0)
    diagonal = (x + y) / np.sqrt(2)
    # (to the right, down) in mm from the field's middle: LPS, seen from the feet, from the front and from the left.
    expected = {
        "axial": (x, y),
        "coronal": (x, -z),
        "sagittal": (y, -z),
        "oblique": (diagonal, -z),
        "slab": (x, -z),
    }
    for name, (right, down) in expected.items():
        found = middle_of_white(shown[name])
        assert found is not None, name
        truth = ((FIELD - 1) / 2 + down / pixel, (FIELD - 1) / 2 + right / pixel)
        assert np.hypot(*np.subtract(found, truth)) * pixel < 0.5, name


def corners(volume: radpix.Volume) -> NDArray[np.float64]:
    ends = np.array([[-0.5, n - 0.5] for n in volume.shape])
    return np.stack(np.meshgrid(*ends, indexing="ij"), axis=-1).reshape(-1, 3)


def test_a_ball_is_round_and_of_its_size_in_every_field() -> None:
    volume = volume_with(MARKER, radius=20.0)
    pixel = 180.0 / FIELD
    for name, field in fields(volume, center=MARKER).items():
        rows, columns = np.nonzero(field == 255)
        assert np.ptp(rows) * pixel == pytest.approx(40.0, abs=3.0), name
        assert np.ptp(columns) * pixel == pytest.approx(40.0, abs=3.0), name


def test_a_slab_is_as_thick_as_it_says() -> None:
    center = (10.0, -20.0, 30.0)
    inside, outside = (10.0, -20.0 + 12.0, 30.0), (10.0, -20.0 + 20.0, 30.0)
    for marker, seen in ((inside, True), (outside, False)):
        shown = fields(volume_with(marker, radius=4.0), center=center, slab=20.0)
        assert (middle_of_white(shown["slab"]) is not None) is seen
        assert middle_of_white(shown["coronal"]) is None


def test_small_pictures_average_and_do_not_skip() -> None:
    volume = volume_with(MARKER)
    sheet = np.asarray(draw(volume, "test", BLACK_AND_WHITE, width=360, center=MARKER))
    layout = Layout(360)
    x, y = layout.corner(0)
    field = sheet[y : y + layout.field, x : x + layout.field].min(axis=-1)
    found = middle_of_white(field)
    pixel = 180.0 / layout.field
    truth = ((layout.field - 1) / 2 - 25.0 / pixel, (layout.field - 1) / 2 + 28.0 / pixel)
    assert found is not None
    assert np.hypot(*np.subtract(found, truth)) * pixel < 1.0


LETTERS = {
    "axial": {"left": "R", "right": "L", "top": "A", "bottom": "P"},
    "coronal": {"left": "R", "right": "L", "top": "H", "bottom": "F"},
    "sagittal": {"left": "A", "right": "P", "top": "H", "bottom": "F"},
    "slab": {"left": "R", "right": "L", "top": "H", "bottom": "F"},
}


def read_letter(field: NDArray[np.uint8], edge: str) -> str:
    """Return the letter that fits best what is written at an edge."""
    near, wide = FIELD // 16, FIELD // 30
    middle = FIELD // 2
    across, start, end = slice(middle - wide, middle + wide), slice(3, near), slice(FIELD - near, FIELD - 3)
    place = {"left": (across, start), "right": (across, end), "top": (start, across), "bottom": (end, across)}
    written = (field[place[edge]] > 150).astype(float)
    assert written.any(), f"nothing is written at the {edge}"
    rows, columns = (np.flatnonzero(written.any(axis=axis)) for axis in (1, 0))
    written = written[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return max("RLAPHF", key=lambda letter: _likeness(written, letter))


def _likeness(written: NDArray[np.float64], letter: str) -> float:
    glyph = Image.new("L", (90, 90))
    ImageDraw.Draw(glyph).text((10, 10), letter, font=ImageFont.load_default(size=60), fill=255)
    glyph = glyph.crop(glyph.getbbox())
    shape = np.asarray(glyph.resize(written.shape[::-1])) > 127
    return float((shape == (written > 0.5)).mean())


def test_the_letters_are_those_of_the_patient() -> None:
    shown = fields(volume_with())
    found = {name: {edge: read_letter(shown[name], edge) for edge in LETTERS[name]} for name in LETTERS}
    assert found == LETTERS


def test_the_oblique_plane_runs_from_right_front_to_left_back() -> None:
    view = views(volume_with(), (0.0, 0.0, 0.0), pixels=100, slab=10.0)[3]
    assert view.plane.orientation_letters == ("H", "F", "RA", "LP")


def test_planes_pass_the_position_asked_for_and_show_the_whole_volume() -> None:
    volume = volume_with()
    for view in views(volume, MARKER, pixels=100, slab=10.0):
        away = (np.array(MARKER) - view.plane.center) @ view.plane.normal
        assert away == pytest.approx(0.0, abs=1e-9)
        assert np.array(view.plane.spacing) * 100 == pytest.approx([180.0, 180.0])


def test_the_scale_bar_is_as_long_as_it_says() -> None:
    field = fields(volume_with())["axial"]
    # The longest bright horizontal line at the lower left; 50 mm is the longest round length that fits.
    lower = field[-FIELD // 10 :, : FIELD * 2 // 5] >= 230
    length = max(int(row.sum()) for row in lower)
    assert length * 180.0 / FIELD == pytest.approx(50.0, abs=180.0 / FIELD)


def test_the_window_is_the_one_asked_for() -> None:
    volume = volume_with()
    flat = radpix.Volume(np.full_like(volume.voxels, 40), volume.affine)
    for look, grey in ((Look(40.5, 101.0), 128), (Look(-100.0, 10.0), 255), (Look(400.0, 10.0), 0)):
        field = fields(flat, look)["axial"]
        assert abs(int(field[FIELD // 2, FIELD // 3]) - grey) <= 1


def test_without_a_window_most_values_are_seen() -> None:
    rng = np.random.default_rng(3)
    volume = radpix.Volume(rng.normal(5000.0, 100.0, (20, 20, 20)).astype(np.float32), modality="MR")
    middle = np.asarray(draw(volume, "MR", width=720))[100:140, 100:140]
    assert 60 < middle.mean() < 200


def test_nothing_finite_is_no_failure() -> None:
    volume = radpix.Volume(np.full((4, 4, 4), np.nan, np.float32), modality="MR")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert draw(volume, "nothing", width=360).size[0] == 360


def test_colour_is_refused() -> None:
    volume = radpix.Volume(np.zeros((2, 4, 4, 3), np.uint8))
    with pytest.raises(radpix.PixelDataError, match="colour"):
        draw(volume, "colour")


def test_any_title_can_be_drawn() -> None:
    title = "Schädel \N{SNOWMAN} 頭部 " + 40 * "long "
    assert draw(volume_with(), title, BLACK_AND_WHITE, width=720).size == Layout(720).size


# writing ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from radpix._phantom import thorax
    from radpix.cli._sample import write_series

    folder = tmp_path_factory.mktemp("series")
    spacing = (16.0, 7.5, 7.5)
    voxels, origin = thorax((18, 48, 48), spacing)
    write_series(folder, voxels, origin, spacing)
    return folder


def test_render_writes_one_png(series: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "out.png"
    target.write_bytes(b"old")
    assert main(["render", str(series), "-o", str(target), "--window", "lung", "--size", "400"]) == 0
    assert capsys.readouterr() == (f"{target}: 400 x {Layout(400).size[1]} pixels\n", "")
    with Image.open(target) as picture:
        picture.load()
        assert (picture.format, picture.mode, picture.size) == ("PNG", "RGB", Layout(400).size)
    assert [file.name for file in tmp_path.iterdir()] == ["out.png"]
    assert target.stat().st_mode & 0o444


def test_a_failed_write_leaves_the_old_file(
    series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: object, stream: Any, **__: object) -> None:
        stream.write(b"half a pict")
        raise OSError(28, "No space left on device")

    target = tmp_path / "out.png"
    target.write_bytes(b"old")
    monkeypatch.setattr(Image.Image, "save", fail)
    assert main(["render", str(series), "-o", str(target), "--size", "400"]) == 1
    assert capsys.readouterr() == ("", "radpix: error: No space left on device\n")
    assert [file.name for file in tmp_path.iterdir()] == ["out.png"]
    assert target.read_bytes() == b"old"


def test_a_folder_is_not_overwritten(
    series: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "folder.png"
    target.mkdir()
    assert main(["render", str(series), "-o", str(target)]) == 1
    assert capsys.readouterr().err == f"radpix: error: {target}: is a folder; name a file in it\n"


def test_irregular_slices_are_refused_or_resampled(
    series: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gapped = tmp_path / "gapped"
    gapped.mkdir()
    for file in series.iterdir():
        if file.name != "IM0007.dcm":
            (gapped / file.name).write_bytes(file.read_bytes())
    target = tmp_path / "out.png"
    arguments = ["render", str(gapped), "-o", str(target), "--size", "400"]
    assert main(arguments) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "gap" in error
    assert not target.exists()
    assert main([*arguments, "--on-irregular", "resample"]) == 0
    assert target.exists()


@pytest.mark.real_data
def test_a_series_of_several_volumes_asks_which(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = real_data("icometrix+dicom2nifti", "tests", "data", "ge", "dti", "001")
    arguments = ["render", str(folder), "-o", str(tmp_path / "out.png"), "--size", "400"]
    assert main(arguments) == 1
    assert "2 volumes, name one with --volume: 0: " in capsys.readouterr().err
    assert main([*arguments, "--volume", "1"]) == 0


@pytest.mark.real_data
def test_a_tilted_series_is_drawn_once_it_is_resampled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = real_data("neurolabusc+dcm_qa_ct", "In", "GE")
    arguments = ["render", str(folder), "-o", str(tmp_path / "out.png"), "--size", "400", "-w", "brain"]
    assert main(arguments) == 1
    assert "tilt" in capsys.readouterr().err
    assert main([*arguments, "--on-irregular", "resample"]) == 0


def test_progress_is_shown_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    import io
    import sys

    from radpix.cli.console import progress

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    seen: Callable[[int, int], None] | None
    with progress("Nobody looks") as seen:
        assert seen is None
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with progress("Reading") as seen:
        assert seen is not None
        seen(3, 7)
    assert "Reading" in terminal.getvalue()
