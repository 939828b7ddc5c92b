"""Ending long calls by signals and by progress=, on both backends."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import radpix
from radpix import Camera, Plane, TransferFunction, Volume, _backend, _core, _native, _numba
from radpix._backend import FrameLayout, Grid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Call = Callable[[int], object]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")

#: How long a call may go on after a signal.
PATIENCE = 1.0

_JPEG_LS = "1.2.840.10008.1.2.4.80"
_CUBE = Volume(np.arange(24**3, dtype=np.int16).reshape(24, 24, 24) % 301)
_CAMERA = Camera.parallel(_CUBE.center, (0, 1, 0), field_of_view=24)
_COLORS = TransferFunction([(0, 1, 1, 1, 0.0001), (300, 1, 0, 0, 0.0002)])


def _layout(rows: int, columns: int) -> FrameLayout:
    return FrameLayout(rows, columns, 1, 8, 8, 7)


def _noise(rows: int, columns: int) -> NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 256, (rows, columns), np.uint8)


def _decode(frame: bytes, shape: tuple[int, int], count: int, threads: int) -> NDArray[np.uint8]:
    """Decode one frame often, always to the same place."""
    one = np.empty(shape, np.uint8)
    many = np.lib.stride_tricks.as_strided(one, (count, *shape), (0, *one.strides))
    _core.decode_frames(_JPEG_LS, [frame] * count, _layout(*shape), many, False, threads)
    return one


def _slab(out: NDArray[Any], threads: int) -> object:
    """Reslice with so many samples that it takes minutes."""
    plane = Plane(_CUBE.center, (1, 0, 0), (0, 1, 0), (0.03, 0.03), out.shape)
    return radpix.reslice(
        _CUBE, plane, thickness=20, slab_step=20 / 65536, combine="max", out=out, num_threads=threads
    )


def _again_and_again(call: Callable[[], object]) -> None:
    while True:
        call()


def _forever() -> dict[str, Call]:
    """Return calls that would take from seconds to hours, of a number of threads."""
    small = _noise(256, 256)
    frame = _core.encode_frame(_JPEG_LS, small, _layout(*small.shape), 0, "sample")
    big = np.broadcast_to(_noise(1, 20_000), (60_000, 20_000))
    out = np.empty((512, 512), np.float32)
    return {
        "render": lambda n: radpix.render(
            _CUBE, _CAMERA, _COLORS, shape=(1024, 1024), step=1e-3, num_threads=n
        ),
        "drr": lambda n: radpix.drr(_CUBE, _CAMERA, shape=(1024, 1024), step=1e-3, num_threads=n),
        "slab": partial(_slab, out),
        "decode": partial(_decode, frame, small.shape, 100_000),
        "encode": lambda _: _core.encode_frame(_JPEG_LS, big, _layout(*big.shape), 0, "sample"),
    }


@contextmanager
def _signal_after(seconds: float, number: int = signal.SIGINT) -> Iterator[list[float]]:
    """Send a signal to this process, once; the list gets the time."""
    sent: list[float] = []

    def send() -> None:
        sent.append(time.monotonic())
        os.kill(os.getpid(), number)

    # A shell's background jobs ignore Ctrl-C, and so would the calls that it is to end.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(seconds, send)
    timer.start()
    try:
        yield sent
    finally:
        timer.cancel()
        timer.join()
        signal.signal(signal.SIGINT, before)


def _check_pool() -> None:
    """Let three threads do what one does."""
    results = [
        radpix.render(_CUBE, _CAMERA, _COLORS, shape=(96, 96), step=0.1, num_threads=n) for n in (1, 3)
    ]
    assert_array_equal(results[0], results[1])


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_ctrl_c_ends_every_long_native_call(threads: int) -> None:
    for name, call in _forever().items():
        with _signal_after(0.12) as sent, pytest.raises(KeyboardInterrupt):
            call(threads)
        assert time.monotonic() - sent[0] < PATIENCE, name
        _check_pool()


def test_a_single_large_frame_is_cancelled_within_it() -> None:
    pixels = np.broadcast_to(_noise(1, 4096), (8192, 4096))
    frame = _core.encode_frame(_JPEG_LS, pixels, _layout(*pixels.shape), 0, "sample")
    out = np.zeros((1, *pixels.shape), np.uint8)
    decode = partial(_core.decode_frames, _JPEG_LS, [frame], _layout(*pixels.shape), out, False, 2)
    with _signal_after(0.12) as sent, pytest.raises(KeyboardInterrupt):
        _again_and_again(decode)
    assert time.monotonic() - sent[0] < PATIENCE


class _EnoughError(Exception):
    pass


def test_what_a_signal_handler_raises_comes_out() -> None:
    def handler(_number: int, _frame: object) -> None:
        raise _EnoughError

    before = signal.signal(signal.SIGUSR1, handler)
    try:
        with _signal_after(0.1, signal.SIGUSR1), pytest.raises(_EnoughError):
            radpix.drr(_CUBE, _CAMERA, shape=(1024, 1024), step=1e-3, num_threads=2)
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_a_signal_handler_that_returns_changes_nothing() -> None:
    call = partial(radpix.drr, _CUBE, _CAMERA, shape=(192, 192), step=0.02)
    calm = call(num_threads=1).pixels
    nested: list[NDArray[Any]] = []

    def handler(_number: int, _frame: object) -> None:  # calls radpix itself, within the call
        nested.append(radpix.drr(_CUBE, _CAMERA, shape=(192, 192), step=0.1, num_threads=3).pixels)

    before = signal.signal(signal.SIGUSR1, handler)
    try:
        for threads in (1, 2):
            with _signal_after(0.05, signal.SIGUSR1):
                assert_array_equal(call(num_threads=threads).pixels, calm)
    finally:
        signal.signal(signal.SIGUSR1, before)
    for one in nested:
        assert_array_equal(one, radpix.drr(_CUBE, _CAMERA, shape=(192, 192), step=0.1).pixels)


def test_calls_on_other_threads_go_on_when_the_main_thread_is_interrupted() -> None:
    results: list[NDArray[Any]] = []

    def work() -> None:
        results.append(radpix.drr(_CUBE, _CAMERA, shape=(192, 192), step=0.01, num_threads=2).pixels)

    thread = threading.Thread(target=work)
    thread.start()
    with _signal_after(0.05), pytest.raises(KeyboardInterrupt):
        time.sleep(10)
    thread.join()
    expected = radpix.drr(_CUBE, _CAMERA, shape=(192, 192), step=0.01, num_threads=1)
    assert_array_equal(results[0], expected.pixels)


def test_out_of_a_cancelled_call_is_written_in_part() -> None:
    out = np.full((512, 512), -5, np.int16)
    with _signal_after(0.1), pytest.raises(KeyboardInterrupt):
        _slab(out, 1)
    assert (out[-1] == -5).all()  # not reached
    assert out.max() > -5


@pytest.fixture(params=["native", "numba"])
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(_backend, "_choose", lambda: f"radpix._{request.param}")
    _backend.kernels.cache_clear()
    assert radpix.backend().name == request.param
    yield request.param
    monkeypatch.undo()
    _backend.kernels.cache_clear()


_PADDED = Volume(_CUBE.voxels, padding_value=7.0)
_RGB = Volume(np.stack([_CUBE.voxels] * 3, axis=-1).astype(np.uint8))
_TILT = np.array([[0.8, 0.6, 0, 3], [-0.6, 0.8, 0, 9], [0, 0, 1, 0], [0, 0, 0, 1.0]])


def _reporting() -> dict[str, Callable[..., object]]:
    field = np.full((*_PADDED.shape, 3), 0.3, np.float32)
    path = [(2.0, 2.0, 2.0), (9.0, 14.0, 9.0), (20.0, 20.0, 20.0)]
    plane = Plane.coronal(_PADDED, position=12.0)
    camera = Camera.parallel(_PADDED.center, (0.2, 1, 0.1), field_of_view=24)
    return {
        "resample": partial(radpix.resample, _PADDED, shape=(40, 39, 42)),
        "resample channels": partial(radpix.resample, _RGB, shape=(30, 34, 36)),
        "transform": partial(radpix.transform, _PADDED, _TILT),
        "transform bspline": partial(radpix.transform, _PADDED, _TILT, interpolation="bspline"),
        "warp": partial(radpix.warp, _PADDED, field, interpolation="cubic"),
        "reslice_stack": partial(radpix.reslice_stack, _PADDED, plane, count=8, step=1.0, thickness=3.0),
        "curved": partial(radpix.curved, _PADDED, path, width=12.0, spacing=0.5, thickness=3.0),
        "reslice_stack cubic": partial(
            radpix.reslice_stack, _PADDED, plane, count=4, step=1.0, thickness=3.0, interpolation="cubic"
        ),
        "curved bspline": partial(
            radpix.curved, _PADDED, path, width=9.0, thickness=3.0, interpolation="bspline"
        ),
        "project": partial(radpix.project, _PADDED, axis=0, combine="median"),
        "project direction": partial(radpix.project, _PADDED, direction=(0.2, 0.1, 1)),
        "project camera": partial(radpix.project, _PADDED, camera=camera, shape=(70, 70)),
        "render": partial(radpix.render, _PADDED, camera, _COLORS, shape=(70, 70)),
        "drr": partial(radpix.drr, _PADDED, camera, shape=(70, 70)),
    }


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", _reporting())
def test_progress_grows_and_ends_once(name: str, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("radpix._progress._INTERVAL", 0.0)  # all that kernels report
    told: list[tuple[int, int]] = []
    threads_told = set()

    def progress(done: int, total: int) -> None:
        told.append((done, total))
        threads_told.add(threading.get_ident())

    with_progress = _reporting()[name](progress=progress, num_threads=threads)
    assert told[-1] == (1000, 1000)
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    assert {total for _, total in told} == {1000}
    assert threads_told == {threading.get_ident()}
    plain = _reporting()[name](num_threads=threads)
    for one in ("voxels", "pixels"):
        if hasattr(plain, one):
            assert_array_equal(getattr(with_progress, one), getattr(plain, one))


@pytest.mark.parametrize("name", _reporting())
def test_what_progress_raises_comes_out(name: str, backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("radpix._progress._INTERVAL", 0.0)
    enough = _EnoughError("enough")

    def progress(_done: int, _total: int) -> None:
        raise enough

    with pytest.raises(_EnoughError) as caught:
        _reporting()[name](progress=progress, num_threads=2)
    assert caught.value is enough
    assert _backend.kernels().report_to(None) is None  # nothing is left behind
    if backend == "native":
        _check_pool()


def test_progress_is_told_at_most_twenty_times_a_second_and_ends_the_call() -> None:
    times: list[float] = []

    def progress(done: int, _total: int) -> None:
        times.append(time.monotonic())
        if len(times) == 6:
            raise _EnoughError
        # Calls of its own report to nobody.
        radpix.resample(_CUBE, shape=(30, 30, 30), num_threads=2)
        assert 0 < done < 1000

    start = time.monotonic()
    slow = Camera.parallel(_CUBE.center, (0, 1, 0), field_of_view=24)
    with pytest.raises(_EnoughError):
        radpix.drr(_CUBE, slow, shape=(256, 256), step=2e-4, progress=progress, num_threads=2)
    assert np.diff([start, *times]).min() > 0.045
    assert time.monotonic() - times[-1] < PATIENCE


def test_progress_on_another_thread_is_called_there() -> None:
    told: list[int] = []
    call = partial(radpix.drr, _CUBE, _CAMERA, shape=(192, 192), step=0.01, num_threads=2)
    thread = threading.Thread(
        target=lambda: call(progress=lambda _done, _total: told.append(threading.get_ident()))
    )
    thread.start()
    thread.join()
    assert set(told) == {thread.ident}


@pytest.mark.parametrize("threads", [1, 2])
def test_ctrl_c_ends_a_call_of_the_numba_backend_after_the_piece(threads: int) -> None:
    voxels, out = _CUBE.voxels, np.empty((4000, 64, 64), np.int16)
    grid = Grid((0, 0, 0), (0.005, 0, 0), (0.01, 0.3, 0), (0, 0.02, 0.3))
    settings: dict[str, Any] = {"interpolation": "cubic", "fill": 0.0, "num_threads": threads}
    _numba.transform(voxels, out[:1], grid, **settings)  # compiled
    with _signal_after(0.1) as sent, pytest.raises(KeyboardInterrupt):
        _numba.transform(voxels, out, grid, **settings)
    assert time.monotonic() - sent[0] < PATIENCE
    _numba.transform(voxels, out[:8], grid, **settings)
    expected = np.empty_like(out[:8])
    _native.transform(voxels, expected, grid, **settings)
    assert_array_equal(out[:8], expected)


def test_a_forked_child_of_a_cancelled_parent_has_a_working_pool() -> None:
    with _signal_after(0.1), pytest.raises(KeyboardInterrupt):
        radpix.drr(_CUBE, _CAMERA, shape=(1024, 1024), step=1e-3, num_threads=3)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            _check_pool()
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
