"""The kernel `look_up`: every type, stride, level and backend gives NumPy's indexing, and nothing beside the output."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.python import objects
from tests.python.backends import BACKENDS

from radpix import _core

STEPS = st.sampled_from(
    [slice(None), slice(None, None, -1), slice(None, None, 2), slice(3, None, -2), slice(1, 2)]
)


@pytest.mark.parametrize("backend", BACKENDS, ids=str)
@settings(max_examples=40, deadline=None)
@given(
    stored=st.sampled_from(["uint8", "int8", "uint16", "int16"]),
    result=st.sampled_from(["uint8", "uint16", "int16", "int32", "float32", "float64"]),
    shape=st.tuples(st.integers(0, 5), st.integers(1, 40), st.integers(1, 70)),
    steps=st.tuples(STEPS, STEPS, STEPS),
    order=st.permutations([0, 1, 2]),
    threads=st.integers(1, 3),
)
def test_any_array_is_indexed(
    backend: Any,
    stored: str,
    result: str,
    shape: tuple[int, int, int],
    steps: tuple[slice, slice, slice],
    order: list[int],
    threads: int,
) -> None:
    pixels = objects.noise(shape, stored)[steps].transpose(order)
    bits = f"u{pixels.itemsize}"
    table = objects.noise((1 << (8 * pixels.itemsize),), "uint8", seed=1).astype(result)
    memory = np.full([n + 2 for n in pixels.shape], 77, result)
    out = memory[1:-1, 1:-1, 1:-1]
    _core.set_cpu_level(backend.level)
    backend.kernels.look_up(pixels, out, table, num_threads=threads)
    _core.set_cpu_level("auto")
    np.testing.assert_array_equal(out, table[pixels.astype(bits)])
    out[...] = 77
    assert (memory == 77).all()


@pytest.mark.parametrize("backend", BACKENDS, ids=str)
@settings(max_examples=40, deadline=None)
@given(
    stored=st.sampled_from(["uint8", "int8", "uint16", "int16"]),
    result=st.sampled_from(["uint8", "uint16", "float32", "float64"]),
    shape=st.tuples(st.integers(0, 40), st.integers(1, 70)),
    steps=st.tuples(STEPS, STEPS),
    dense=st.booleans(),
    threads=st.integers(1, 3),
)
def test_colours_of_any_array_are_indexed(
    backend: Any,
    stored: str,
    result: str,
    shape: tuple[int, int],
    steps: tuple[slice, slice],
    dense: bool,
    threads: int,
) -> None:
    pixels = objects.noise(shape, stored)[steps]
    table = objects.noise((1 << (8 * pixels.itemsize), 4), "uint8", seed=1).astype(result)
    memory = np.full((pixels.shape[0] + 2, pixels.shape[1], 3 if dense else 5), 77, result)
    out = memory[1:-1, :, :3]
    _core.set_cpu_level(backend.level)
    backend.kernels.look_up(pixels, out, table, num_threads=threads)
    _core.set_cpu_level("auto")
    np.testing.assert_array_equal(out, table[pixels.astype(f"u{pixels.itemsize}"), :3])
    out[...] = 77
    assert (memory == 77).all()


def test_the_core_checks_tables_of_colours() -> None:
    pixels, out, table = np.zeros(4, np.uint8), np.full((4, 3), 9, np.uint8), np.zeros((256, 4), np.uint8)
    for result, entries in (
        (out, table[:-1]),
        (out, table[:, :3]),
        (out, np.zeros((256, 3), np.uint8)),
        (out, np.zeros((256, 8), np.uint8)[:, ::2]),
        (out, np.zeros((4, 256), np.uint8).T),
        (out, table[..., None]),
        (out, table.astype(np.uint16)),
        (out[:3], table),
        (out[:, :2], table),
        (out[:, ::-1], table),
        (np.full((3, 4), 9, np.uint8).T, table),
        (np.full((4, 3, 3), 9, np.uint8), table),
    ):
        with pytest.raises((ValueError, TypeError)):
            _core.look_up(pixels, result, entries, 1)
        assert (result == 9).all()


def test_the_core_checks_what_it_is_given() -> None:
    pixels, out, table = np.zeros(4, np.uint8), np.full(4, 9, np.uint8), np.zeros(256, np.uint8)
    for stored, result, entries in (
        (pixels, out, table[:-1]),
        (pixels, out, table[::-1]),
        (pixels, out, np.zeros(512, np.uint8)[::2]),
        (pixels, out, table.reshape(16, 16)),
        (pixels, out[:3], table),
        (pixels, out, table.astype(np.uint16)),
        (pixels.astype(np.int32), out, table),
        (pixels.astype(np.float32), out, table),
    ):
        with pytest.raises((ValueError, TypeError)):
            _core.look_up(stored, result, entries, 1)
    assert (out == 9).all()
