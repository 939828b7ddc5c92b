"""The kernel behind radpix.resample: every backend and CPU level against the oracle and against each other."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.python.oracle import resample as oracle

from radpix import _core, _native, _numba
from radpix._backend import AxisMap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

Maps = tuple[AxisMap, AxisMap, AxisMap]
FILTERS = ["linear", "cubic", "lanczos", "bspline"]
DTYPES = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "float32", "float64"]


@pytest.fixture(autouse=True)
def _restore_level() -> Iterator[None]:
    yield
    _core.set_cpu_level("auto")


def centred(n: int, m: int, scale: float | None = None) -> AxisMap:
    scale = n / m if scale is None else scale
    return AxisMap(scale, (n - 1) / 2 - scale * (m - 1) / 2)


def random_voxels(shape: tuple[int, ...], dtype: str, seed: int) -> NDArray[Any]:
    rng = np.random.default_rng(seed)
    if np.dtype(dtype).kind == "f":
        return rng.normal(0, 1000, shape).astype(dtype)
    info = np.iinfo(dtype)
    return rng.integers(info.min, info.max, shape, dtype=dtype, endpoint=True)


def strided(voxels: NDArray[Any], kind: str) -> NDArray[Any]:
    """Return the same voxels behind other strides."""
    if kind == "flipped":
        return np.ascontiguousarray(voxels[::-1, ::-1, ::-1])[::-1, ::-1, ::-1]
    if kind == "transposed":
        return np.ascontiguousarray(voxels.transpose(2, 1, 0)).transpose(2, 1, 0)
    if kind == "channel":
        return np.stack([voxels, voxels], axis=-1)[..., 1]
    return voxels


def run(
    kernel: Callable[..., None], voxels: NDArray[Any], out: NDArray[Any], maps: Maps, **options: Any
) -> bytes:
    """Run into ``out``, whose surroundings must stay as they are, and return its bytes."""
    defaults = {"interpolation": "linear", "antialias": False, "fill": 0.0, "num_threads": 1}
    kernel(voxels, out, maps, **(defaults | options))
    return out.tobytes()


def everywhere(
    voxels: NDArray[Any], shape: tuple[int, ...], maps: Maps, *, numba: bool, **options: Any
) -> Any:
    """Return the result of the scalar core, after comparing all other paths with it bit by bit."""
    reference = np.empty(shape, voxels.dtype)
    _core.set_cpu_level("scalar")
    expected = run(_native.resample, voxels, reference, maps, **options)
    for level in ("scalar", _core.detected_cpu_level()):
        _core.set_cpu_level(level)
        for threads in (1, 2, 3):
            out = np.full(shape, 7, voxels.dtype)
            assert run(_native.resample, voxels, out, maps, **options, num_threads=threads) == expected
    if numba:
        assert run(_numba.resample, voxels, np.empty_like(reference), maps, **options) == expected
    return reference


def tolerance(dtype: str, interpolation: str = "linear") -> float:
    """Half a grey level for rounding, and the arithmetic's own error; of splines, what is beyond their cut."""
    if interpolation in {"nearest", "linear"}:
        return {"float32": 1e-3, "float64": 1e-5, "int32": 5.0, "uint32": 5.0}.get(dtype, 0.505)
    if interpolation == "bspline":
        narrow = {"int16": 0.6, "uint16": 0.6}
        return ({"float32": 5e-3, "float64": 2e-5, "int32": 30.0, "uint32": 30.0} | narrow).get(dtype, 0.505)
    return {"float32": 3e-3, "float64": 1e-5, "int32": 10.0, "uint32": 10.0}.get(dtype, 0.55)


def saturated(values: NDArray[np.float64], dtype: str) -> NDArray[np.float64]:
    if np.dtype(dtype).kind == "f":
        return values
    return np.clip(values, np.iinfo(dtype).min, np.iinfo(dtype).max)


axis_maps = st.tuples(
    st.sampled_from([1.0, 0.5, 2.0, 1 / 3, 0.8, 1 / 0.7, 3.7, 9.0]) | st.floats(0.05, 20),
    st.sampled_from([-0.5, 0.0, 0.5, 1.0]) | st.floats(-3, 3),
).map(lambda pair: AxisMap(*pair))


@st.composite
def cases(draw: st.DrawFn) -> tuple[tuple[int, int, int], tuple[int, int, int], Maps]:
    sizes = st.integers(1, 9) | st.integers(1, 40)
    shape, out_shape, maps = [], [], []
    for _ in range(3):
        n, m = draw(sizes), draw(sizes)
        shape.append(n)
        out_shape.append(m)
        maps.append(draw(st.just(centred(n, m)) | axis_maps))
    return (
        (shape[0], shape[1], shape[2]),
        (out_shape[0], out_shape[1], out_shape[2]),
        (maps[0], maps[1], maps[2]),
    )


@settings(max_examples=150, deadline=None)
@given(
    case=cases(),
    dtype=st.sampled_from(DTYPES),
    layout=st.sampled_from(["plain", "flipped", "transposed", "channel"]),
    interpolation=st.sampled_from(["nearest", *FILTERS]),
    antialias=st.booleans(),
    seed=st.integers(0, 99),
)
def test_every_path_gives_the_same_bits_and_agrees_with_the_oracle(
    case: Any, dtype: str, layout: str, interpolation: str, antialias: bool, seed: int
) -> None:
    shape, out_shape, maps = case
    voxels = strided(random_voxels(shape, dtype, seed), layout)
    options = {"interpolation": interpolation, "antialias": antialias, "fill": 11.0}
    # Strided layouts would each be compiled anew for the twin; they are covered below.
    result = everywhere(voxels, out_shape, maps, numba=layout == "plain", **options)
    expected = oracle.resample(
        voxels, out_shape, maps, interpolation, antialias and interpolation != "nearest", 11.0
    )
    difference = np.abs(result.astype(np.float64) - saturated(expected, dtype)).max()
    assert difference <= tolerance(dtype, interpolation)


@pytest.mark.parametrize("interpolation", ["nearest", "linear", "cubic", "label"])
def test_the_numba_twin_takes_any_strides(interpolation: str) -> None:
    voxels = strided(random_voxels((7, 8, 9), "int16", 3), "transposed")
    maps = (centred(7, 9), centred(8, 5), centred(9, 20))
    everywhere(voxels, (9, 5, 20), maps, numba=True, interpolation=interpolation)


@pytest.mark.parametrize("dtype", ["int16", "float32"])
@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("interpolation", FILTERS)
def test_wide_rows_and_many_tiles(dtype: str, antialias: bool, interpolation: str) -> None:
    voxels = random_voxels((21, 90, 300), dtype, 5)
    for scales in [(1.3, 0.7, 1 / 0.7), (0.5, 1.9, 3.1), (1.0, 1.0, 0.3)]:
        shape = tuple(max(1, round(n / s)) for n, s in zip(voxels.shape, scales, strict=True))
        maps = tuple(centred(n, m, s) for n, m, s in zip(voxels.shape, shape, scales, strict=True))
        options = {"interpolation": interpolation, "antialias": antialias}
        result = everywhere(voxels, shape, maps, numba=True, **options)  # type: ignore[arg-type]
        expected = saturated(oracle.resample(voxels, shape, maps, interpolation, antialias, 0.0), dtype)
        assert np.abs(result.astype(np.float64) - expected).max() <= tolerance(dtype, interpolation)


def test_rows_longer_than_a_tile_and_filters_of_more_than_32_taps() -> None:
    voxels = random_voxels((3, 40, 5000), "uint16", 6)
    for shape in [(3, 40, 4500), (1, 2, 100), (5, 1, 1)]:
        maps = tuple(centred(n, m) for n, m in zip(voxels.shape, shape, strict=True))
        result = everywhere(voxels, shape, maps, numba=True, antialias=True)  # type: ignore[arg-type]
        expected = oracle.resample(voxels, shape, maps, "linear", True, 0.0)
        assert np.abs(result - expected).max() <= tolerance("uint16")


@settings(max_examples=80, deadline=None)
@given(
    case=cases(),
    dtype=st.sampled_from(DTYPES),
    interpolation=st.sampled_from(["nearest", *FILTERS, "label"]),
    antialias=st.booleans(),
    scales=st.tuples(*[st.floats(0.05, 12)] * 3),
)
def test_flipping_commutes_with_resampling_to_the_last_bit(
    case: Any, dtype: str, interpolation: str, antialias: bool, scales: tuple[float, float, float]
) -> None:
    shape, out_shape, _ = case
    if (
        interpolation == "nearest"
    ):  # the middle of an even axis lies between two voxels, of which one is taken
        out_shape = tuple(m + (m + n) % 2 for n, m in zip(shape, out_shape, strict=True))
    maps = tuple(centred(n, m, s) for n, m, s in zip(shape, out_shape, scales, strict=True))
    if interpolation == "label":
        dtype = dtype.replace("float", "int").replace("int64", "int32")
    voxels = random_voxels(shape, dtype, 1)
    options = {"interpolation": interpolation, "antialias": antialias}
    straight, flipped = np.empty(out_shape, dtype), np.empty(out_shape, dtype)
    run(_native.resample, voxels, straight, maps, **options)  # type: ignore[arg-type]
    for axis in range(3):
        run(_native.resample, np.flip(voxels, axis), flipped, maps, **options)  # type: ignore[arg-type]
        assert np.flip(flipped, axis).tobytes() == straight.tobytes()


@settings(max_examples=60, deadline=None)
@given(
    case=cases(),
    dtype=st.sampled_from(DTYPES),
    interpolation=st.sampled_from(FILTERS),
    antialias=st.booleans(),
    seed=st.integers(0, 999),
)
def test_a_constant_volume_stays_constant(
    case: Any, dtype: str, interpolation: str, antialias: bool, seed: int
) -> None:
    shape, out_shape, _ = case
    maps = tuple(centred(n, m) for n, m in zip(shape, out_shape, strict=True))
    value = random_voxels((1,), dtype, seed)[0]
    if dtype == "float64":  # of 53 bits only 21 are free once the weights' 32 are taken
        value = np.float64(np.rint(value))
    out = np.empty(out_shape, dtype)
    options = {"interpolation": interpolation, "antialias": antialias}
    run(_native.resample, np.full(shape, value), out, maps, **options)  # type: ignore[arg-type]
    if interpolation == "linear" or np.dtype(dtype).kind != "f":
        assert (out == value).all()
    else:  # sums of a value's multiples with both signs are rounded
        assert np.abs(out - value).max() <= 4 * np.spacing(np.abs(value))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("interpolation", ["nearest", *FILTERS])
def test_the_same_grid_gives_the_same_voxels(dtype: str, interpolation: str) -> None:
    voxels = random_voxels((5, 6, 7), dtype, 2)
    if dtype.startswith("float"):
        voxels[1, 2, 3], voxels[4, 5, 6], voxels[0, 0, 0] = np.nan, np.inf, -0.0
    out = everywhere(voxels, (5, 6, 7), (AxisMap(1.0, 0.0),) * 3, numba=True, interpolation=interpolation)
    assert out.tobytes() == voxels.tobytes()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("interpolation", ["nearest", "linear", "cubic"])
def test_nan_and_infinity_spread_alike_on_every_path(dtype: str, interpolation: str) -> None:
    voxels = random_voxels((9, 20, 40), dtype, 3)
    voxels[2, 3, 4:9], voxels[5, :, 11], voxels[:, 7, 30] = np.nan, np.inf, -np.inf
    voxels[0] = -np.float64(np.nan)
    maps = (centred(9, 14), centred(20, 13), centred(40, 31))
    for antialias in (False, True):
        options = {"interpolation": interpolation, "antialias": antialias}
        out = everywhere(voxels, (14, 13, 31), maps, numba=True, **options)
        assert 0 < np.isfinite(out).sum() < out.size


def test_linear_ramps_are_reproduced() -> None:
    z, y, x = np.meshgrid(np.arange(9.0), np.arange(8.0), np.arange(7.0), indexing="ij")
    ramp = 3 * z - 2 * y + 5 * x + 1
    maps = (AxisMap(0.37, 0.1), AxisMap(0.45, 0.3), AxisMap(0.31, 0.2))
    out = np.empty((20, 14, 18))
    run(_native.resample, ramp, out, maps)
    at = np.meshgrid(
        *[m.offset + m.scale * np.arange(n) for n, m in zip(out.shape, maps, strict=True)], indexing="ij"
    )
    assert np.abs(out - (3 * at[0] - 2 * at[1] + 5 * at[2] + 1)).max() < 1e-7


def test_half_a_voxel_beyond_the_centres_repeats_the_edge_and_more_is_filled() -> None:
    voxels = np.array([[[10, 20, 30]]], np.int16)
    for interpolation in ("nearest", *FILTERS, "label"):
        out = np.empty((1, 1, 6), np.int16)
        maps = (AxisMap(1, 0), AxisMap(1, 0), AxisMap(0.75, -0.625))
        run(_native.resample, voxels, out, maps, interpolation=interpolation, fill=-1.0)
        assert out[0, 0, 0] == -1
        assert out[0, 0, 1] in ((10,) if interpolation in {"nearest", "label"} else (10, 11))
        edge = np.empty((1, 1, 2), np.int16)
        run(
            _native.resample,
            voxels,
            edge,
            (maps[0], maps[1], AxisMap(3.0, -0.5)),
            interpolation=interpolation,
        )
        assert edge.tolist() == [[[10, 30]]]


def test_nearest_ties_go_towards_the_centre() -> None:
    voxels = np.arange(5, dtype=np.uint8).reshape(1, 1, 5)
    out = np.empty((1, 1, 4), np.uint8)
    run(
        _native.resample,
        voxels,
        out,
        (AxisMap(1, 0), AxisMap(1, 0), AxisMap(1, 0.5)),
        interpolation="nearest",
    )
    assert out.tolist() == [[[1, 2, 2, 3]]]


@pytest.mark.parametrize("dtype", DTYPES)
def test_nearest_between_the_two_middle_voxels_takes_the_smaller(dtype: str) -> None:
    voxels = random_voxels((4, 6, 2), dtype, 9)
    out = everywhere(
        voxels, (1, 3, 1), (centred(4, 1), centred(6, 3), centred(2, 1)), numba=True, interpolation="nearest"
    )
    assert out[0, :, 0].tolist() == [voxels[1:3, rows].min() for rows in (1, slice(2, 4), 4)]


@pytest.mark.parametrize(("fill", "expected"), [(0.5, 0), (1.5, 2), (-1e9, -128), (1e300, 127)])
def test_fill_is_rounded_half_to_even_and_saturated(fill: float, expected: int) -> None:
    maps = (AxisMap(1, 100), AxisMap(1, 0), AxisMap(1, 0))
    out = everywhere(np.ones((2, 2, 2), np.int8), (3, 2, 2), maps, numba=True, fill=fill)
    assert (out == expected).all()


def test_the_surroundings_of_the_output_stay() -> None:
    voxels = random_voxels((4, 5, 33), "int16", 1)
    frame = np.full((10, 12, 60), 77, np.int16)
    inner = frame[2:8, 3:9, 5:50]
    run(_native.resample, voxels, inner, (centred(4, 6), centred(5, 6), centred(33, 45)))
    outside = np.ones(frame.shape, bool)
    outside[2:8, 3:9, 5:50] = False
    assert (frame[outside] == 77).all()
    strided_out = np.zeros((6, 6, 45, 3), np.int16)
    run(_native.resample, voxels, strided_out[..., 1], (centred(4, 6), centred(5, 6), centred(33, 45)))
    assert (strided_out[..., 1] == inner).all()
    assert not strided_out[..., ::2].any()


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"maps": (AxisMap(0.0, 0),) * 3}, ValueError),
        ({"maps": (AxisMap(-1.0, 0),) * 3}, ValueError),
        ({"maps": (AxisMap(np.nan, 0),) * 3}, ValueError),
        ({"maps": (AxisMap(1.0, np.inf),) * 3}, ValueError),
        ({"out": np.empty((2, 2, 2), np.float32)}, TypeError),
        ({"out": np.empty((2, 2), np.int16)}, ValueError),
        ({"out": np.empty((0, 2, 2), np.int16)}, ValueError),
        ({"voxels": np.empty((0, 2, 2), np.int16)}, ValueError),
        ({"voxels": np.empty((2, 2, 2), np.int64), "out": np.empty((2, 2, 2), np.int64)}, TypeError),
        ({"interpolation": "sinc"}, ValueError),
        ({"interpolation": "label", "voxels": np.zeros((2, 2, 2)), "out": np.zeros((2, 2, 2))}, TypeError),
        ({"fill": np.nan}, ValueError),
        ({"num_threads": -1}, ValueError),
    ],
)
def test_the_core_refuses_what_does_not_fit(change: dict[str, Any], error: type[Exception]) -> None:
    arguments: dict[str, Any] = {
        "voxels": np.zeros((2, 2, 2), np.int16),
        "out": np.zeros((2, 2, 2), np.int16),
    }
    arguments |= {"maps": (AxisMap(1.0, 0.0),) * 3, "fill": 0.0} | change
    with pytest.raises(error):
        run(_native.resample, **arguments)


@pytest.mark.parametrize("scale", [1e-300, 1e300, sys.float_info.max, 5e-324])
@pytest.mark.parametrize("offset", [0.0, -1e300, sys.float_info.max])
def test_absurd_maps_are_survived(scale: float, offset: float) -> None:
    for interpolation in ("nearest", *FILTERS, "label"):
        maps = (AxisMap(scale, offset),) * 3
        options = {"interpolation": interpolation, "antialias": True, "fill": 5.0}
        with np.errstate(all="ignore"):
            everywhere(random_voxels((2, 3, 4), "int16", 1), (3, 2, 4), maps, numba=True, **options)
