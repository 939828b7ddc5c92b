"""Projection along an axis: every backend and CPU level against the oracle and against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.python.oracle import project as oracle

from radpix import _core, _native, _numba
from radpix._backend import Combine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

INTEGERS = ["int8", "uint8", "int16", "uint16", "int32", "uint32"]
FLOATS = ["float32", "float64"]
COMBINES: tuple[Combine, ...] = get_args(Combine)


@pytest.fixture(autouse=True)
def _restore_level() -> Iterator[None]:
    yield
    _core.set_cpu_level("auto")


def random_voxels(shape: tuple[int, ...], dtype: str, seed: int = 0) -> NDArray[Any]:
    rng = np.random.default_rng(seed)
    if np.dtype(dtype).kind == "f":
        return rng.normal(0, 1000, shape).astype(dtype)
    info = np.iinfo(dtype)
    return rng.integers(info.min, info.max, shape, dtype=dtype, endpoint=True)


def laid_out(voxels: NDArray[Any], layout: str) -> NDArray[Any]:
    """Return the same voxels behind other strides."""
    if layout == "flipped":
        return np.ascontiguousarray(voxels[::-1, ::-1, ::-1])[::-1, ::-1, ::-1]
    if layout == "transposed":
        return np.ascontiguousarray(voxels.transpose(2, 0, 1)).transpose(1, 2, 0)
    if layout == "gaps":
        return np.repeat(np.repeat(voxels, 2, axis=2), 3, axis=1)[:, ::3, ::2]
    return voxels


def everywhere(
    voxels: NDArray[Any], axis: int, combine: Combine, dtype: Any = None, *, numba: bool = True
) -> NDArray[Any]:
    """Return the result of the scalar core, after comparing all other paths with it bit by bit."""
    shape = tuple(n for k, n in enumerate(voxels.shape) if k != axis)
    dtype = voxels.dtype if dtype is None else np.dtype(dtype)
    results = []
    for level in ("scalar", _core.detected_cpu_level()):
        _core.set_cpu_level(level)
        for threads in (1, 2, 3):
            framed = np.full((shape[0] + 2, shape[1] + 2), 7, dtype)
            _native.project(voxels, framed[1:-1, 1:-1], axis=axis, combine=combine, num_threads=threads)
            results.append(framed[1:-1, 1:-1].copy())
            framed[1:-1, 1:-1] = 7
            assert (framed == 7).all()
        plain = np.empty(shape, dtype)  # without gaps between the rows
        _native.project(voxels, plain, axis=axis, combine=combine, num_threads=1)
        results.append(plain)
    if numba:
        twin = np.empty(shape, dtype)
        _numba.project(voxels, twin, axis=axis, combine=combine, num_threads=2)
        results.append(twin)
    for result in results[1:]:
        assert result.tobytes() == results[0].tobytes()
    return results[0]


@settings(max_examples=120, deadline=None)
@given(
    shape=st.tuples(*[st.integers(1, 12) | st.sampled_from([31, 64, 70])] * 3).filter(
        lambda s: np.prod(s) < 20000
    ),
    dtype=st.sampled_from(INTEGERS),
    axis=st.integers(0, 2),
    combine=st.sampled_from(COMBINES),
    layout=st.sampled_from(["plain", "flipped", "transposed", "gaps"]),
    out=st.sampled_from(["same", "float32", "float64"]),
)
def test_integers_are_exact(
    shape: Any, dtype: str, axis: int, combine: Combine, layout: str, out: str
) -> None:
    voxels = laid_out(random_voxels(shape, dtype), layout)
    out_dtype = np.dtype(dtype if out == "same" else out)
    result = everywhere(voxels, axis, combine, out_dtype, numba=layout == "plain")
    expected = oracle.project_integers(
        voxels, axis, combine, out_dtype if out_dtype.kind != "f" else np.float64
    )
    assert np.array_equal(result, expected.astype(out_dtype))


@settings(max_examples=80, deadline=None)
@given(
    shape=st.tuples(*[st.integers(1, 12) | st.sampled_from([31, 64, 70])] * 3).filter(
        lambda s: np.prod(s) < 20000
    ),
    dtype=st.sampled_from(FLOATS),
    axis=st.integers(0, 2),
    combine=st.sampled_from(COMBINES),
    layout=st.sampled_from(["plain", "flipped", "transposed", "gaps"]),
)
def test_floats_are_combined_in_float64_in_the_order_of_the_axis(
    shape: Any, dtype: str, axis: int, combine: Combine, layout: str
) -> None:
    voxels = laid_out(random_voxels(shape, dtype), layout)
    result = everywhere(voxels, axis, combine, numba=layout == "plain")
    assert np.array_equal(result, oracle.project_floats(voxels, axis, combine).astype(dtype))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("combine", COMBINES)
def test_nan_reaches_the_result_and_zeros_are_positive(dtype: str, axis: int, combine: Combine) -> None:
    voxels = random_voxels((9, 40, 70), dtype)
    voxels[4, 7, 33] = np.nan
    voxels[5, 8, 34] = -np.inf
    at: list[Any] = [4, 7, 33]
    at.pop(axis)
    result = everywhere(voxels, axis, combine)
    assert np.isnan(result[tuple(at)])
    assert np.isnan(result).sum() == 1
    zeros = everywhere(np.full((3, 4, 5), -0.0, dtype), axis, combine)
    assert not np.signbit(zeros).any()


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_lines_of_more_than_32768_voxels_have_64_bit_sums(axis: int) -> None:
    shape = [2, 2, 2]
    shape[axis] = 300_001
    voxels = np.full(shape, 65535, np.uint16)
    voxels[0, 0, 0] = 0
    for combine in COMBINES:
        result = everywhere(voxels, axis, combine)
        assert np.array_equal(result, oracle.project_integers(voxels, axis, combine, np.uint16))
    total = everywhere(voxels, axis, "sum", np.float64)
    assert total[1, 1] == 300_001 * 65535


def test_means_are_rounded_half_to_even() -> None:
    voxels = np.array([[[0, 1, 1, 2, -1, -2]], [[1, 2, 0, 3, 0, -1]]], np.int16)
    assert everywhere(voxels, 0, "mean").tolist() == [[0, 2, 0, 2, 0, -2]]
    assert everywhere(voxels, 0, "median").tolist() == [[0, 2, 0, 2, 0, -2]]
    assert everywhere(voxels, 0, "mean", np.float32).tolist() == [[0.5, 1.5, 0.5, 2.5, -0.5, -1.5]]


def test_sums_saturate() -> None:
    voxels = np.full((3, 2, 2), 30000, np.int16)
    assert (everywhere(voxels, 0, "sum") == 32767).all()
    assert (everywhere(-voxels, 1, "sum") == -32768).all()
    assert (everywhere(voxels, 0, "sum", np.float32) == 90000).all()


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"voxels": np.zeros((3, 4), np.int16)}, ValueError),
        ({"voxels": np.zeros((0, 4, 5), np.int16)}, ValueError),
        ({"voxels": np.zeros((3, 4, 5), np.int64)}, TypeError),
        ({"out": np.zeros((4, 4), np.int16)}, ValueError),
        ({"out": np.zeros((4, 5, 1), np.int16)}, ValueError),
        ({"out": np.zeros((4, 5), np.uint16)}, TypeError),
        ({"axis": 3}, ValueError),
        ({"axis": -1}, ValueError),
        ({"combine": "product"}, ValueError),
        ({"num_threads": -1}, ValueError),
    ],
)
def test_the_core_refuses_what_does_not_fit(change: dict[str, Any], error: type[Exception]) -> None:
    arguments: dict[str, Any] = {"voxels": np.zeros((3, 4, 5), np.int16), "out": np.zeros((4, 5), np.int16)}
    arguments |= {"axis": 0, "combine": "max", "num_threads": 1} | change
    with pytest.raises(error):
        _native.project(**arguments)
