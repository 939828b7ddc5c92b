"""Peak memory: the output, and a scratch that does not grow with the data.

Each measurement is a process of its own, by VmHWM and not ru_maxrss: that of a child begins with its parent's.
"""

from __future__ import annotations

import io
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.python import objects, ultrasound
from tests.python.phantom import Phantom, stack_positions

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")

MIB = 1 << 20
#: The promise allows 64 MiB above the outputs; half of it is left to allocators and interpreters of others.
SCRATCH = 32 * MIB

_PRELUDE = """
import sys
import numpy as np
import radpix

def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith("VmHWM"))

path = sys.argv[1] if len(sys.argv) > 1 else ""
"""


def grown(warm_up: str, work: str, *arguments: object) -> int:
    """Return by how many bytes the peak memory of a new process grows during ``work``."""
    code = f"{_PRELUDE}\n{warm_up}\nbefore = peak()\n{work}\nprint(peak() - before)"
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def test_load_takes_the_volume_and_a_little(tmp_path: Path) -> None:
    Phantom(positions=stack_positions(2), shape=(512, 512)).write(tmp_path / "small")
    Phantom(positions=stack_positions(150), shape=(512, 512)).write(tmp_path / "large")
    volume = 150 * 512 * 512 * 2
    bytes_ = grown('radpix.load(path + "/small")', 'volume = radpix.load(path + "/large")', tmp_path)
    assert 0.9 * volume < bytes_ < volume + SCRATCH


# -- frames --------------------------------------------------------------------------------------------------

FRAMES, SIDE = 100, 1024
FRAME = SIDE * SIDE * 2


def _sparse(path: Path, dataset: Any, parts: list[tuple[bytes, int]], length: int | None = None) -> None:
    """Write a header and parts, each of them bytes and a hole of that size, which takes no room on disk."""
    with path.open("wb") as file:
        file.write(objects.part10(dataset, b"", length=length))
        for data, hole in parts:
            file.write(data)
            file.seek(hole, io.SEEK_CUR)
        file.truncate()


def _multi_frame(path: Path, kind: str) -> None:
    syntax = {
        "native": objects.EXPLICIT,
        "encapsulated": objects.ENCAPSULATED,
        "RLE": objects.RLE,
        "a plug-in's": objects.JPEG_BASELINE,
    }[kind]
    bits = 8 if kind == "a plug-in's" else 16
    dataset = objects.header(rows=SIDE, columns=SIDE, bits=bits, frames=FRAMES, syntax=syntax)
    table = objects.ITEM + bytes(4)
    end = (objects.DELIMITER, 0)
    if kind == "native":
        _sparse(path, dataset, [(b"", FRAMES * FRAME)], FRAMES * FRAME)
    elif kind == "encapsulated":
        item = objects.ITEM + FRAME.to_bytes(4, "little")
        _sparse(path, dataset, [(table, 0), *[(item, FRAME)] * FRAMES, end])
    elif kind == "RLE":
        plane = b"\x81\0" * (SIDE * SIDE // 128)
        path.write_bytes(
            objects.part10(dataset, objects.encapsulate([objects.rle_of_segments([plane] * 2)] * FRAMES))
        )
    else:
        image = pytest.importorskip("PIL.Image")
        buffer = io.BytesIO()
        image.new("L", (SIDE, SIDE)).save(buffer, "jpeg")
        frame = buffer.getvalue() + bytes(len(buffer.getvalue()) & 1)
        path.write_bytes(objects.part10(dataset, objects.encapsulate([frame] * FRAMES)))


#: Decode by the plug-ins of pydicom what the kernels could.
_NO_CODECS = """
import radpix._frames.decoding

class WithoutCodecs:
    name = "none"
    def decodable(self):
        return frozenset()

radpix._frames.decoding.kernels = WithoutCodecs
"""

KINDS = ["native", "encapsulated", "RLE", "a plug-in's"]


@pytest.fixture(scope="module", params=KINDS)
def multi_frame(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return a file of 100 frames of 2 MiB, half of that for 8 bits, and the code to run first."""
    path = tmp_path_factory.mktemp("frames") / "frames.dcm"
    _multi_frame(path, request.param)
    prepare = _NO_CODECS if request.param == "a plug-in's" else ""
    return path, f"{prepare}\nradpix.decode(path, index=0)"


def test_iter_frames_takes_two_frames_and_a_little(multi_frame: tuple[Path, str]) -> None:
    path, warm_up = multi_frame
    work = f"assert sum(frame.shape == ({SIDE}, {SIDE}) for frame in radpix.iter_frames(path)) == {FRAMES}"
    assert grown(warm_up, work, path) < 2 * FRAME + SCRATCH


@pytest.mark.parametrize("kind", sorted(ultrasound.KINDS))
def test_iter_frames_of_colour_takes_two_frames_and_a_little(tmp_path: Path, kind: str) -> None:
    frames, shape = 250, (400, 400, 3)
    pictures = np.random.default_rng(4).integers(0, 256, (2, *shape), np.uint8)
    pictures[:, 100:] = 7  # runs for RLE
    ultrasound.write(tmp_path / "clip.dcm", kind, pictures, frames)
    work = f"assert sum(frame.shape == {shape} for frame in radpix.iter_frames(path)) == {frames}"
    bytes_ = grown("radpix.decode(path, index=0)", work, tmp_path / "clip.dcm")
    assert bytes_ < 2 * pictures[0].nbytes + 8 * MIB  # all are 114 MiB


def test_one_frame_of_many_takes_one_frame_and_a_little(multi_frame: tuple[Path, str]) -> None:
    path, warm_up = multi_frame
    assert grown(warm_up, f"radpix.decode(path, index={FRAMES - 2})", path) < FRAME + 8 * MIB


def test_decode_takes_the_result_and_a_little(multi_frame: tuple[Path, str]) -> None:
    path, warm_up = multi_frame
    result = FRAMES * FRAME if "WithoutCodecs" not in warm_up else FRAMES * FRAME // 2
    assert 0.9 * result < grown(warm_up, "result = radpix.decode(path)", path) < result + SCRATCH


# -- volumes -------------------------------------------------------------------------------------------------

_VOLUMES = """
small = radpix.Volume(np.ones((3, 4, 5), np.int16))
large = radpix.Volume(np.ones((160, 256, 256), np.int16))
{warm_up}
"""
_OBLIQUE = "radpix.Plane.through({volume}, normal=({volume}.center, (1, 2, 3), None), spacing={spacing})"


@pytest.mark.parametrize(
    "work",
    [
        "radpix.resample({volume}, spacing=0.7, num_threads=2).voxels",
        "radpix.resample({volume}, spacing=3.0, num_threads=2).voxels",
        "radpix.resample({volume}, spacing=0.7, interpolation='nearest', num_threads=2).voxels",
        f"radpix.reslice({{volume}}, {_OBLIQUE.format(volume='{volume}', spacing=0.05)}, num_threads=2).pixels",
        f"radpix.reslice({{volume}}, {_OBLIQUE.format(volume='{volume}', spacing=1)}, thickness=99).pixels",
        "radpix.project({volume}, axis=1, combine='mean', num_threads=2).pixels",
        "radpix.window({volume}.voxels, 40, 400, num_threads=2)",
        "radpix.window({volume}.voxels.transpose(2, 0, 1), 40.5, 400, dtype=np.float32, num_threads=2)",
    ],
)
def test_operations_take_their_result_and_a_little(work: str) -> None:
    warm_up = _VOLUMES.format(warm_up=work.format(volume="small"))
    measured = grown(warm_up, f"before += (result := {work.format(volume='large')}).nbytes")
    assert measured < SCRATCH


def test_the_measure_sees_a_copy() -> None:
    """Without this, the tests above could pass because nothing is measured."""
    measured = grown(_VOLUMES.format(warm_up=""), "result = large.voxels.copy()")
    assert measured > 0.9 * (160 * 256 * 256 * 2)
