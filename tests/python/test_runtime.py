"""Every operation: the same bits however it is run, beside other threads, in forked and spawned processes."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, cast

import pytest
from tests.python.operations import operations

from radpix import _core, _native, _numba

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from radpix._backend import Kernels

NATIVE = cast("Kernels", _native)
NUMBA = cast("Kernels", _numba)
LEVELS = ["scalar", "avx2"] if _core.detected_cpu_level() == "avx2" else ["scalar"]
NAMES = sorted(operations())


@pytest.fixture(autouse=True)
def _detected_level() -> Iterator[None]:
    yield
    _core.set_cpu_level("auto")


@pytest.mark.parametrize("name", NAMES)
def test_threads_cpu_levels_and_backends_give_the_same_bits(name: str) -> None:
    operation = operations()[name]
    results = {}
    for threads in (1, 2, 3):
        for level in LEVELS:
            _core.set_cpu_level(level)
            results[level, threads] = operation(NATIVE, threads).tobytes()
        results["numba", threads] = operation(NUMBA, threads).tobytes()
    wanted = results["scalar", 1]
    assert len(set(wanted)) > 10, "an output without content proves nothing"
    assert {how for how, result in results.items() if result != wanted} == set()


# -- the global interpreter lock -----------------------------------------------------------------------------


def ticks_during(call: Callable[[], Any], enough: int, seconds: float) -> int:
    """Return how often another Python thread ran while ``call`` was repeated, stopping at ``enough``.

    Threads are not switched between byte codes meanwhile, so that the other one runs only where the lock is released.
    """
    ticks, done = [0], threading.Event()

    def tick() -> None:
        while not done.is_set():
            time.sleep(1e-4)
            ticks[0] += 1

    before = sys.getswitchinterval()
    other = threading.Thread(target=tick)
    other.start()
    try:
        sys.setswitchinterval(1000)
        time.sleep(0.01)
        start, stop = ticks[0], time.perf_counter() + seconds
        while ticks[0] - start < enough and time.perf_counter() < stop:
            call()
        return ticks[0] - start
    finally:
        sys.setswitchinterval(before)
        done.set()
        other.join()


def test_the_measure_of_the_lock_sees_one_that_is_held() -> None:
    assert ticks_during(lambda: sum(range(100_000)), enough=1, seconds=0.2) == 0


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("backend", [NATIVE, NUMBA], ids=["native", "numba"])
def test_other_threads_run_meanwhile(backend: Kernels, name: str) -> None:
    operation = operations((24, 96, 131))[name]
    operation(backend, 1)  # compiled, where that is done on first use
    assert ticks_during(lambda: operation(backend, 1), enough=5, seconds=20) >= 5


# -- threads and processes -----------------------------------------------------------------------------------


def digests(threads: int) -> dict[str, str]:
    return {
        name: hashlib.sha256(operation(NATIVE, threads).tobytes()).hexdigest()
        for name, operation in operations().items()
    }


def test_calls_from_several_threads_do_not_disturb_each_other() -> None:
    wanted = digests(1)
    with ThreadPoolExecutor(4) as pool:
        assert all(found == wanted for found in pool.map(digests, [2, 3, 1, 2, 3, 2]))


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_child_processes_compute_the_same(method: str) -> None:
    wanted = digests(2)  # the pool's threads exist when the child is made; a fork does not have them
    with multiprocessing.get_context(method).Pool(1) as pool:
        assert pool.apply_async(digests, (2,)).get(timeout=60) == wanted
    assert digests(2) == wanted


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork_in_the_middle_of_another_threads_call_is_survived() -> None:
    wanted, stop = digests(2), threading.Event()

    def keep_busy() -> None:
        while not stop.is_set():
            digests(2)

    busy = threading.Thread(target=keep_busy)
    busy.start()
    try:
        for _ in range(3):
            with multiprocessing.get_context("fork").Pool(1) as pool:
                assert pool.apply_async(digests, (2,)).get(timeout=60) == wanted
    finally:
        stop.set()
        busy.join()
