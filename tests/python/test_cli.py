"""The command line: every command, what it prints, what it writes, and how it fails."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import radpix
from radpix._phantom import thorax
from radpix.cli import main
from radpix.cli._sample import SERIES_UID, rle_frame, write_series

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SHAPE, SPACING = (36, 96, 96), (8.0, 3.75, 3.75)


class Result(NamedTuple):
    status: int
    out: str
    err: str


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    def call(*arguments: object) -> Result:
        status = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Result(status, captured.out, captured.err)

    return call


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("series")
    voxels, origin = thorax(SHAPE, SPACING)
    write_series(folder, voxels, origin, SPACING)
    return folder


@pytest.fixture
def gapped(series: Path, tmp_path: Path) -> Path:
    """The series without its tenth slice."""
    folder = tmp_path / "gapped"
    folder.mkdir()
    for file in sorted(series.iterdir()):
        if file.name != "IM0010.dcm":
            (folder / file.name).write_bytes(file.read_bytes())
    return folder


def process(*arguments: object, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command line as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "radpix", *map(str, arguments)],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        timeout=120,
    )


def one_error_line(result: Result, fragment: str, status: int = 1) -> None:
    assert result.status == status
    assert result.out == ""
    assert result.err.count("\n") == 1
    assert result.err.startswith("radpix: error: ")
    assert fragment in result.err


# the sample ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [1, 2, 3, 127, 128, 129, 257, 700])
@pytest.mark.parametrize("levels", [1, 2, 3, 300, 65536])
def test_the_sample_is_run_length_encoded_as_pydicom_reads_it(columns: int, levels: int) -> None:
    from pydicom.pixels.decoders.rle import _rle_decode_frame

    rng = np.random.default_rng(columns + levels)
    pixels = rng.integers(0, levels, (5, columns)).astype(np.uint16)
    decoded = _rle_decode_frame(rle_frame(pixels), 5, columns, 1, 16, ">")
    assert np.array_equal(np.frombuffer(decoded, "<u2").reshape(pixels.shape), pixels)


def test_the_sample_is_half_native_half_compressed_and_loads_as_it_was_made(series: Path) -> None:
    voxels, origin = thorax(SHAPE, SPACING)
    volume = radpix.load(series)
    assert np.array_equal(volume.voxels, voxels)
    assert volume.origin == pytest.approx(origin)
    assert volume.spacing == pytest.approx(SPACING)
    assert [(w.center, w.width) for w in volume.windows] == [(100, 800), (-500, 1500)]
    syntaxes = [image.transfer_syntax_uid for image in radpix.scan(series)[0].instances]
    assert sorted(map(syntaxes.count, set(syntaxes))) == [18, 18]


# info ------------------------------------------------------------------------------------------------------------

SERIES_KEYS = [
    "uid",
    "study_uid",
    "number",
    "modality",
    "description",
    "instances",
    "volumes",
    "shape",
    "spacing_mm",
    "orientation",
    "transfer_syntaxes",
    "geometry",
]
IMAGE_KEYS = [
    "sop_class_uid",
    "sop_instance_uid",
    "series_uid",
    "modality",
    "description",
    "image_type",
    "rows",
    "columns",
    "frames",
    "samples_per_pixel",
    "photometric_interpretation",
    "bits_allocated",
    "bits_stored",
    "signed",
    "pixel_spacing_mm",
    "slice_thickness_mm",
    "position_mm",
    "orientation",
    "rescale",
    "windows",
    "transfer_syntax",
]


def test_info_names_the_series_and_no_patient(run: Callable[..., Result], series: Path) -> None:
    result = run("info", series)
    assert result.status == 0
    assert result.err == ""
    words = " ".join(result.out.split())
    for word in ("CT", "Thorax phantom", "36 x 96 x 96", "8 x 3.75 x 3.75", "axial", "yes", "ok"):
        assert word in words
    assert "Phantom^Thorax" not in result.out
    assert "RADPIX-DEMO" not in result.out


def test_info_as_json_of_a_folder(run: Callable[..., Result], series: Path) -> None:
    report = json.loads(run("info", series, "--json").out)
    assert list(report) == ["schema", "version", "path", "kind", "series", "skipped"]
    assert (report["schema"], report["kind"], report["skipped"]) == ("radpix-info/1", "folder", {})
    assert report["version"] == radpix.__version__
    (entry,) = report["series"]
    assert list(entry) == SERIES_KEYS
    assert entry["uid"] == SERIES_UID
    assert (entry["number"], entry["instances"], entry["volumes"]) == (1, 36, 1)
    assert (entry["shape"], entry["spacing_mm"], entry["orientation"]) == (
        [36, 96, 96],
        [8, 3.75, 3.75],
        "axial",
    )
    assert [(s["uid"], s["instances"], s["can_decode"]) for s in entry["transfer_syntaxes"]] == [
        ("1.2.840.10008.1.2.1", 18, True),
        ("1.2.840.10008.1.2.5", 18, True),
    ]
    assert entry["geometry"]["ok"] is True
    assert entry["geometry"]["findings"] == []
    assert "Phantom^Thorax" not in json.dumps(report)


def test_info_as_json_of_a_file(run: Callable[..., Result], series: Path) -> None:
    report = json.loads(run("info", series / "IM0002.dcm", "--json").out)
    assert list(report) == ["schema", "version", "path", "kind", "image"]
    assert list(report["image"]) == IMAGE_KEYS
    image: dict[str, Any] = report["image"]
    assert (image["rows"], image["columns"], image["frames"], image["samples_per_pixel"]) == (96, 96, 1, 1)
    assert (image["bits_allocated"], image["bits_stored"], image["signed"]) == (16, 12, False)
    assert image["position_mm"] == [-178.125, -172.125, 120.0]
    assert image["rescale"] == [1, -1024]
    assert image["windows"] == [[100, 800], [-500, 1500]]
    assert image["transfer_syntax"] == {
        "uid": "1.2.840.10008.1.2.5",
        "name": "RLE Lossless",
        "can_decode": True,
    }


def test_info_of_a_file_as_a_table(run: Callable[..., Result], series: Path) -> None:
    words = " ".join(run("info", series / "IM0002.dcm").out.split())
    for word in (
        "1 x 96 x 96",
        "12 of 16, unsigned",
        "RLE Lossless (1.2.840.10008.1.2.5)",
        "radpix decodes it yes",
    ):
        assert word in words


def test_info_marks_a_gap(run: Callable[..., Result], gapped: Path) -> None:
    (gapped / "notes.txt").write_text("not DICOM", encoding="utf-8")
    result = run("info", gapped)
    assert "! gap" in result.out
    assert "Left out: 1 not-dicom" in result.out
    report = json.loads(run("info", gapped, "--json").out)
    (entry,) = report["series"]
    assert entry["geometry"]["ok"] is False
    assert entry["geometry"]["findings"][0]["code"] == "gap"
    assert report["skipped"] == {"not-dicom": 1}


def test_text_from_a_file_cannot_steer_the_terminal(
    run: Callable[..., Result], series: Path, tmp_path: Path
) -> None:
    import pydicom

    image = pydicom.dcmread(series / "IM0001.dcm")
    image.SeriesDescription = "[red]x\x1b[2J\u2603"
    image.SpecificCharacterSet = "ISO_IR 192"
    image.save_as(tmp_path / "hostile.dcm")
    for arguments in (("info", tmp_path), ("info", tmp_path / "hostile.dcm"), ("audit", tmp_path)):
        out = run(*arguments).out
        assert "\x1b" not in out
        assert "[red]x" in out


# audit -----------------------------------------------------------------------------------------------------------


def test_audit_of_a_regular_series(run: Callable[..., Result], series: Path) -> None:
    result = run("audit", series)
    assert result.status == 0
    assert "36 slices, 8 mm apart: regular" in result.out


def test_audit_of_a_gap_fails(run: Callable[..., Result], gapped: Path) -> None:
    result = run("audit", gapped, "--series", "1")
    assert result.status == 1
    assert "error: gap:" in result.out
    as_json = run("audit", gapped, "--json")
    assert as_json.status == 1
    report = json.loads(as_json.out)
    assert list(report) == ["schema", "version", "path", "ok", "series"]
    assert (report["schema"], report["ok"], report["series"][0]["uid"]) == (
        "radpix-audit/1",
        False,
        SERIES_UID,
    )


# demo and bench --------------------------------------------------------------------------------------------------

STEPS = ["generate", "write", "scan", "load", "window", "resample", "reslice", "slab", "draw", "save"]


def test_demo_end_to_end_twice(run: Callable[..., Result], tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    for _ in range(2):
        result = run("demo", "-o", folder, "--size", "small")
        assert result.status == 0, result.err
        assert result.err == ""
        assert re.findall(r"^ ([a-z]+) ", result.out, re.MULTILINE) == STEPS
        picture = folder / "contact-sheet.png"
        assert f"picture: {picture}" in result.out
        assert len(list((folder / "series").iterdir())) == 36
        with Image.open(picture) as image:
            assert image.width == 720
            assert np.asarray(image).std() > 20


def test_demo_leaves_other_peoples_files_alone(run: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious", encoding="utf-8")
    one_error_line(run("demo", "-o", tmp_path, "--size", "small"), "holds other files")
    one_error_line(run("demo", "-o", tmp_path / "mine.txt"), "is a file")
    one_error_line(run("demo", "-o", tmp_path / "no" / "such"), "no such folder")
    one_error_line(run("demo", "-o", tmp_path / "new", "--size", "huge"), "--size is one of", status=2)
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


def test_bench_compares_and_times(run: Callable[..., Result]) -> None:
    result = run("bench", "--size", "small", "--threads", "2")
    assert result.status == 0, result.err
    assert result.err == ""
    for work in (
        "window",
        "resample",
        "oblique reslice",
        "slab MIP",
        "MIP along z",
        "RLE decode",
        "NumPy max",
    ):
        assert work in result.out
    assert result.out.count("radpix") >= 12


def test_bench_does_not_time_a_peer_that_is_wrong(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    from radpix.cli import bench
    from radpix.cli.works import Peer, Work

    def fail() -> None:
        raise RuntimeError("broken")

    ours = np.zeros((4, 4))
    peers = (Peer("wrong", lambda: ours + 2), Peer("broken", fail), Peer("right", lambda: ours))
    monkeypatch.setattr(bench, "works", lambda _: [Work("nothing", 16, lambda _: ours, peers, 1.0)])
    result = run("bench", "--size", "small")
    assert result.err.splitlines() == [
        "radpix: warning: nothing: wrong differs in 100.0% of the pixels; not timed",
        "radpix: warning: nothing: broken: RuntimeError: broken",
    ]
    assert "right" in result.out


# failures --------------------------------------------------------------------------------------------------------


def test_failures_are_one_line(run: Callable[..., Result], series: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    text = tmp_path / "text.txt"
    text.write_text("hello", encoding="utf-8")
    out = tmp_path / "out.png"
    for arguments, fragment in (
        (("info", tmp_path / "nowhere"), "no such file or folder"),
        (("info", empty), "no DICOM image in this folder (it is empty)"),
        (("info", text), "not a DICOM image"),
        (("audit", tmp_path), "no DICOM image in this folder (1 not DICOM)"),
        (("render", empty, "-o", out), "no DICOM image"),
        (("render", series, "-o", out, "--series", "9"), "no series 9"),
        (("render", series, "-o", out, "--volume", "1"), "has no volume 1; it has 0: "),
        (("render", series, "-o", tmp_path / "no" / "out.png"), "no such folder"),
    ):
        one_error_line(run(*arguments), fragment)
    assert not out.exists()


def test_wrong_usage_has_status_2(run: Callable[..., Result], series: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    for arguments, fragment in (
        (("render", series, "-o", out, "-w", "lungs"), "one of abdomen, "),
        (("render", series, "-o", out, "-w", "1,2,3"), "--window"),
        (("render", series, "-o", out, "-w", "nan,400"), "--window"),
        (("render", series, "-o", out, "-w", "40,0"), "a width is at least 1"),
        (("render", series, "-o", out, "--center", "1,2"), "--center is x,y,z"),
        (("render", series, "-o", out, "--size", "12"), "--size is from"),
        (("render", series, "-o", out, "--slab", "nan"), "--slab"),
        (("render", series, "-o", out, "--on-irregular", "maybe"), "--on-irregular"),
        (("render", series, "-o", tmp_path / "out.gif"), ".png"),
        (("render", series), "--output"),
        (("bench", "--threads", "0"), "--threads"),
        (("paint",), "paint"),
        (("info", series, "--jsno"), "--jsno"),
    ):
        one_error_line(run(*arguments), fragment, status=2)
    assert not out.exists()


def test_debug_shows_the_traceback(run: Callable[..., Result], tmp_path: Path) -> None:
    result = run("info", tmp_path / "nowhere", "--debug")
    assert result.status == 1
    assert "Traceback" in result.err
    assert result.err.splitlines()[-1].startswith("radpix: error: ")


def test_an_interrupt_has_status_130(
    run: Callable[..., Result], series: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(radpix, "scan", interrupt)
    result = run("info", series)
    assert result.status == 130
    assert "Traceback" not in result.err


def test_a_bug_is_named_as_one(
    run: Callable[..., Result], series: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr(radpix, "scan", fail)
    one_error_line(run("info", series), "unexpected KeyError")


def test_warnings_are_one_line_each(
    run: Callable[..., Result], series: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import warnings

    scan = radpix.scan

    def warn(*arguments: Any, **options: Any) -> Any:
        warnings.warn(radpix.RadpixWarning("two\nlines", "code"), stacklevel=1)
        warnings.warn("somebody else's", UserWarning, stacklevel=1)
        return scan(*arguments, **options)

    monkeypatch.setattr(radpix, "scan", warn)
    result = run("info", series)
    assert result.status == 0
    assert result.err == "radpix: warning: two lines\n"


def test_missing_extras_are_named(run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    import radpix.cli

    monkeypatch.setattr(radpix.cli, "find_spec", lambda name: None if name == "PIL" else object())
    one_error_line(run("info", "x"), 'needs pillow: pip install "radpix[cli]"')


# the process -----------------------------------------------------------------------------------------------------


def test_help_and_version(run: Callable[..., Result]) -> None:
    from radpix.cli.app import app

    for command in ("", "info", "audit", "render", "demo", "bench"):
        shown = CliRunner().invoke(app, [*command.split(), "--help"])
        assert shown.exit_code == 0
        assert "Usage: " in shown.output
    assert "Commands:" in run().out
    result = run("--version")
    assert result.status == 0
    assert result.out.startswith(f"radpix {radpix.__version__} ({radpix.backend().name}")


def test_output_survives_any_terminal(series: Path) -> None:
    plain = process("info", series, NO_COLOR="1", PYTHONIOENCODING="ascii")
    assert plain.returncode == 0
    assert plain.stderr == b""
    assert plain.stdout.isascii()
    assert b"\x1b" not in plain.stdout
    colored = process("info", series, FORCE_COLOR="1", PYTHONIOENCODING="utf-8")
    assert b"\x1b[" in colored.stdout
    assert colored.stderr == b""
    assert process("info", series / "none", PYTHONIOENCODING="ascii").returncode == 1


@pytest.mark.skipif(sys.platform == "win32", reason="a pipe that closes is POSIX's")
def test_a_reader_that_leaves_is_no_traceback(series: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "radpix", "info", str(series), "--json"],
        stdout=write,
        stderr=subprocess.PIPE,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        timeout=120,
    )
    os.close(write)
    assert done.returncode == 1
    assert done.stderr == b""
