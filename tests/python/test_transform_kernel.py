"""The kernel behind radpix.transform and radpix.warp: every path against the oracle and against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import scipy.ndimage
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.python.oracle import padded as padded_oracle
from tests.python.oracle import transform as oracle
from tests.python.oracle.reslice import linear, positions
from tests.python.reslice_cases import DTYPES, LEVELS, grid_of, noise, restrided
from tests.python.test_resample_label import label_map

from radpix import _core, _native, _numba
from radpix._backend import Grid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

KERNEL_DTYPES = [dtype for dtype in DTYPES if dtype.kind == "f" or dtype.itemsize < 8]
MATRIX = ((0.1, -0.2, 0.9), (0.5, 1.1, 0.0), (-0.8, 0.3, 0.2))


@pytest.fixture(autouse=True)
def _restore_level() -> Iterator[None]:
    yield
    _core.set_cpu_level("auto")


def everywhere(
    voxels: NDArray[Any],
    shape: tuple[int, ...],
    grid: Grid,
    dtype: Any = None,
    *,
    numba: bool,
    **options: Any,
) -> NDArray[Any]:
    """Return the result, the same bits at every level, thread count and backend, with guards around it."""
    options = {"fill": 7.0} | options
    results = set()
    for level in LEVELS:
        _core.set_cpu_level(level)
        for threads in (1, 2, 3):
            framed = np.full([n + 2 for n in shape], 99, dtype or voxels.dtype)
            inner = framed[1:-1, 1:-1, 1:-1]
            _native.transform(voxels, inner, grid, **options, num_threads=threads)
            out = inner.copy()
            results.add(out.tobytes())
            inner[...] = 99
            assert (framed == 99).all(), "written outside the output"
    if numba:
        twin = np.empty_like(out)
        _numba.transform(voxels, twin, grid, **options, num_threads=2)
        results.add(twin.tobytes())
    assert len(results) == 1
    return out


def coefficients(voxels: NDArray[Any]) -> NDArray[Any]:
    """Return the spline's coefficients, the same bits on every path."""
    single = voxels.dtype == np.float32 or (voxels.dtype.kind != "f" and voxels.dtype.itemsize <= 2)
    out = np.empty(voxels.shape, np.float32 if single else np.float64)
    results = set()
    for threads in (1, 3):
        _native.spline_coefficients(voxels, out, num_threads=threads)
        results.add(out.tobytes())
    _numba.spline_coefficients(voxels, out, num_threads=1)
    results.add(out.tobytes())
    assert len(results) == 1
    return out


def tolerance(dtype: np.dtype[Any]) -> float:
    return {"float32": 2e-2, "float64": 1e-6}.get(dtype.name, 0.55 if dtype.itemsize <= 2 else 0.51)


def looked_up(voxels: NDArray[Any], interpolation: str) -> float:
    """By what looking up its weights may change a sample: Lanczos' are off by up to 2e-6 along each axis."""
    return 1e-5 * float(np.ptp(voxels.astype(np.float64))) if interpolation == "lanczos" else 0.0


def saturated(values: NDArray[np.float64], dtype: np.dtype[Any]) -> NDArray[np.float64]:
    if dtype.kind == "f":
        return values
    return np.clip(values, np.iinfo(dtype).min, np.iinfo(dtype).max)


@settings(max_examples=60, deadline=None)
@given(
    shape=st.tuples(*[st.integers(1, 9)] * 3),
    out_shape=st.tuples(st.integers(1, 3), st.integers(1, 9), st.integers(1, 140)),
    dtype=st.sampled_from(KERNEL_DTYPES),
    layout=st.sampled_from(["", "flipped", "transposed", "every second", "cropped"]),
    interpolation=st.sampled_from(["nearest", "linear", "cubic", "spline", "lanczos"]),
    field=st.sampled_from([None, np.float32, np.float64]),
    seed=st.integers(0, 999),
)
def test_every_path_gives_the_same_bits_and_agrees_with_the_oracle(
    shape: Any, out_shape: Any, dtype: Any, layout: str, interpolation: str, field: Any, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    voxels, grid = noise(shape, dtype, seed), grid_of(rng, shape, 1)
    index = positions(grid, out_shape)[0]
    options: dict[str, Any] = {"interpolation": interpolation}
    if field is not None:
        options["displacement"] = rng.normal(0, 2, (*out_shape, 3)).astype(field)
        options["to_index"] = MATRIX
        index = index + options["displacement"].astype(np.float64) @ np.array(MATRIX).T
    source = restrided(coefficients(voxels) if interpolation == "spline" else voxels, layout)
    result = everywhere(source, out_shape, grid, dtype, numba=layout == "", **options)
    expected = saturated(oracle.sample(voxels, index, interpolation, 7.0), dtype)
    clear = np.abs(index + 0.5 - np.rint(index + 0.5)).min(axis=-1) > 1e-6  # no edge, no tie of nearest
    allowed = tolerance(dtype) + looked_up(voxels, interpolation)
    assert (np.abs(result - expected)[clear] <= allowed).all()


@pytest.mark.parametrize("dtype", KERNEL_DTYPES, ids=str)
@pytest.mark.parametrize("interpolation", ["cubic", "spline", "lanczos"])
def test_long_rows_through_the_middle_of_a_volume(dtype: Any, interpolation: str) -> None:
    voxels = noise((24, 40, 300), dtype, 3)
    grid = Grid((2.0, 3.0, -1.0), (0.9, 0.3, 0.0), (0.05, 0.8, -0.3), (0.03, 0.06, 1.01))
    source = coefficients(voxels) if interpolation == "spline" else voxels
    result = everywhere(source, (9, 20, 290), grid, dtype, numba=True, interpolation=interpolation)
    index = positions(grid, (9, 20, 290))[0]
    expected = saturated(oracle.sample(voxels, index, interpolation, 7.0), dtype)
    assert np.abs(result - expected).max() <= tolerance(dtype) + looked_up(voxels, interpolation)


@settings(max_examples=40, deadline=None)
@given(
    shape=st.tuples(*[st.integers(1, 9)] * 3),
    dtype=st.sampled_from(["int8", "uint16", "int32", "uint32"]),
    labels=st.integers(1, 8),
    seed=st.integers(0, 999),
)
def test_labels_are_elected_by_linear_weights(shape: Any, dtype: str, labels: int, seed: int) -> None:
    voxels = label_map(shape, dtype, seed, labels)
    grid = grid_of(np.random.default_rng(seed), shape, 1)
    result = everywhere(voxels, (2, 5, 70), grid, numba=True, interpolation="label", fill=5.0)
    index = positions(grid, (2, 5, 70))[0]
    inside = np.all((index >= -0.5) & (index <= np.array(shape) - 0.5), axis=-1)
    names = np.unique(voxels)
    shares = np.stack([linear((voxels == name).astype(np.float64), index) for name in names])
    assert (result[~inside] == 5).all()
    assert np.isin(result[inside], names).all()
    chosen = np.take_along_axis(shares, np.searchsorted(names, result.clip(names[0], names[-1]))[None], 0)[0]
    assert (chosen[inside] >= shares.max(axis=0)[inside] - 2.0**-14).all()


@settings(max_examples=40, deadline=None)
@given(
    shape=st.tuples(*[st.integers(1, 9)] * 3),
    dtype=st.sampled_from(KERNEL_DTYPES),
    interpolation=st.sampled_from(["linear", "cubic", "lanczos"]),
    share=st.sampled_from([0.05, 0.5, 1.0]),
    padding=st.sampled_from([0.0, np.nan]),
    seed=st.integers(0, 999),
)
def test_absent_voxels_take_no_part(
    shape: Any, dtype: Any, interpolation: str, share: float, padding: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    voxels, grid = noise(shape, dtype, seed), grid_of(rng, shape, 1)
    padding = padding if dtype.kind == "f" else 0.0
    voxels[rng.random(shape) < share] = padding
    options = {"interpolation": interpolation, "padding": padding}
    result = everywhere(voxels, (2, 5, 70), grid, numba=True, **options)
    index = positions(grid, (2, 5, 70))[0]
    inside = np.all((index >= -0.5) & (index <= np.array(shape) - 0.5), axis=-1)
    if interpolation == "linear":
        values, weight = padded_oracle.linear(voxels, index, padding)
    elif interpolation == "lanczos":
        gone = padded_oracle.absent(voxels, padding)
        weight = oracle.lanczos(~gone, index)
        values = oracle.lanczos(np.where(gone, 0, voxels), index) / np.where(weight < 0.5, 1.0, weight)
    else:
        values, weight = oracle.cubic(voxels, index, padded_oracle.absent(voxels, padding))
    expected = np.where(inside, np.where(weight < 0.5, padding, saturated(values, dtype)), 7.0)
    clear = (np.abs(weight - 0.5) > 1e-5) | ~inside
    near_edge = np.abs(index + 0.5 - np.rint(index + 0.5)).min(axis=-1) < 1e-6
    np.testing.assert_allclose(
        result[clear & ~near_edge].astype(np.float64),
        expected[clear & ~near_edge],
        rtol=1e-6,
        atol=2 * tolerance(dtype)
        + (
            4e-5 * float(np.ptp(np.nan_to_num(voxels).astype(np.float64)))
            if interpolation == "lanczos"
            else 0
        ),
    )
    marked = everywhere(voxels, (2, 5, 70), grid, numba=True, absent_fill=9.0, **options)
    is_gone = inside & (weight < 0.5)
    assert (marked[is_gone & clear & ~near_edge] == 9).all()
    others = ~is_gone & clear & ~near_edge
    np.testing.assert_array_equal(marked[others], result[others])


@pytest.mark.parametrize("dtype", KERNEL_DTYPES, ids=str)
@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 2, 3), (2, 5, 40), (33, 34, 35)])
def test_coefficients_are_those_of_scipy(dtype: Any, shape: tuple[int, int, int]) -> None:
    voxels = noise(shape, dtype, 4)
    expected = voxels.astype(np.float64)
    for axis in range(3):
        if shape[axis] > 1:
            expected = scipy.ndimage.spline_filter1d(expected, order=3, axis=axis, mode="mirror")
    single = coefficients(voxels).dtype == np.float32
    assert np.abs(coefficients(voxels) - expected).max() <= np.abs(expected).max() * (
        1e-6 if single else 1e-14
    )


def test_constants_stay_constant_and_the_grid_itself_gives_the_voxels() -> None:
    grid = Grid((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    voxels = noise((5, 6, 70), np.dtype(np.int16), 1)
    assert (everywhere(voxels, voxels.shape, grid, numba=True, interpolation="cubic") == voxels).all()
    tilted = Grid((0.1, 0.2, 0.3), (0.7, 0.1, 0.0), (0.0, 0.8, 0.2), (0.01, 0.0, 0.9))
    flat = np.full((5, 6, 70), 32767, np.int16)
    for source, name in ((flat, "cubic"), (coefficients(flat), "spline")):
        result = everywhere(source, (4, 5, 60), tilted, np.int16, numba=True, interpolation=name)
        assert (result == 32767).all()


def test_displacements_that_are_no_numbers_lead_outside() -> None:
    voxels = np.ones((3, 3, 3), np.int16)
    field = np.zeros((3, 3, 3, 3))
    field[0, 0, 0, 1], field[1, 1, 1, 0], field[2, 2, 2, 2] = np.nan, np.inf, -1e300
    grid = Grid((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    for name in ("nearest", "linear", "cubic", "label"):
        out = everywhere(
            voxels, (3, 3, 3), grid, numba=True, interpolation=name, displacement=field, to_index=MATRIX
        )
        assert np.argwhere(out == 7).tolist() == [[0, 0, 0], [1, 1, 1], [2, 2, 2]]


GRID = Grid((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


WIDE_FROM_NARROW = {
    "voxels": np.zeros((2, 2, 2), np.float32),
    "out": np.zeros((2, 2, 2), np.int32),
    "interpolation": "spline",
}


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"interpolation": "sinc"}, ValueError),
        ({"out": np.empty((2, 2), np.int16)}, ValueError),
        ({"out": np.empty((0, 2, 2), np.int16)}, ValueError),
        ({"voxels": np.empty((0, 2, 2), np.int16)}, ValueError),
        ({"out": np.empty((2, 2, 2), np.float64)}, TypeError),
        ({"voxels": np.zeros((2, 2, 2), np.int64), "out": np.zeros((2, 2, 2), np.int64)}, TypeError),
        ({"voxels": np.zeros((2, 2, 2)), "out": np.zeros((2, 2, 2)), "interpolation": "label"}, TypeError),
        ({"voxels": np.zeros((2, 2, 2), np.float32), "interpolation": "cubic"}, TypeError),
        (WIDE_FROM_NARROW, TypeError),
        ({"fill": np.nan}, ValueError),
        ({"grid": GRID._replace(origin=(np.nan, 0.0, 0.0))}, ValueError),
        ({"to_index": ((np.inf, 0.0, 0.0),) * 3}, ValueError),
        ({"displacement": np.zeros((2, 2, 3, 3))}, ValueError),
        ({"displacement": np.zeros((2, 2, 2, 2))}, ValueError),
        ({"displacement": np.zeros((2, 2, 2, 3), np.int16)}, TypeError),
    ],
)  # fmt: skip
def test_the_core_refuses_what_does_not_fit(change: dict[str, Any], error: type[Exception]) -> None:
    arguments: dict[str, Any] = {
        "voxels": np.zeros((2, 2, 2), np.int16), "out": np.zeros((2, 2, 2), np.int16), "grid": GRID,
        "interpolation": "linear", "fill": 0.0, "num_threads": 1,
    }  # fmt: skip
    with pytest.raises(error):
        _native.transform(**(arguments | change))


@pytest.mark.parametrize(
    ("shape", "dtype", "error"),
    [
        ((2, 2, 3), np.float32, ValueError),
        ((2, 2), np.float32, ValueError),
        ((2, 2, 2), np.float64, TypeError),
    ],
)
def test_coefficients_have_one_shape_and_type(shape: Any, dtype: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        _native.spline_coefficients(np.zeros((2, 2, 2), np.int16), np.zeros(shape, dtype), num_threads=1)
    out = np.zeros((2, 2, 4), np.float32)[..., ::2]
    with pytest.raises(ValueError, match="contiguous"):
        _native.spline_coefficients(np.zeros((2, 2, 2), np.int16), out, num_threads=1)
