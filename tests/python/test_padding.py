"""Pixel Padding takes no part in interpolation and statistics: every path against the oracle and each other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.python.oracle import padded as oracle
from tests.python.reslice_cases import COMBINES, DTYPES, LEVELS, grid_of, noise, restrided
from tests.python.test_resample_kernel import FILTERS, cases, centred, everywhere, strided, tolerance
from tests.python.testdata import real_data

from radpix import Plane, Volume, _backend, _core, _native, _numba, load, project, resample, reslice
from radpix._backend import Grid, kernels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

KERNEL_DTYPES = [dtype for dtype in DTYPES if dtype.kind == "f" or dtype.itemsize < 8]
PADDING = -2000.0


@pytest.fixture(autouse=True)
def _restore_level() -> Iterator[None]:
    yield
    _core.set_cpu_level("auto")


def with_padding(voxels: NDArray[Any], share: float, seed: int) -> tuple[NDArray[Any], float]:
    """Replace voxels by a padding value that the type holds; for floats at times NaN or an infinity."""
    rng = np.random.default_rng(seed)
    if voxels.dtype.kind == "f":
        padding = float(rng.choice([np.nan, -np.inf, -3.4028234663852886e38, PADDING]))
    else:
        padding = float(
            np.iinfo(voxels.dtype).min if voxels.dtype.itemsize < 8 else -(voxels.dtype.kind == "i")
        )
    result = voxels.copy()
    result[rng.random(voxels.shape) < share] = padding
    return result, padding


def is_worth_compiling(voxels: NDArray[Any]) -> bool:
    """Whether numba's twin is compared: it is compiled for each type and layout, of most types for any strides."""
    is_contiguous = voxels.flags.c_contiguous or voxels.flags.f_contiguous
    return not is_contiguous or voxels.dtype.name in {"int16", "float32"}


def all_paths(
    kernel: str, voxels: NDArray[Any], out: NDArray[Any], *args: Any, **options: Any
) -> NDArray[Any]:
    """Return the result, the same bits at every level, thread count and backend, with guards around it."""
    results = set()
    for level in LEVELS:
        _core.set_cpu_level(level)
        for threads in (1, 2, 3):
            framed = np.full([n + 2 for n in out.shape], 99, out.dtype)
            inner = framed[tuple(slice(1, -1) for _ in out.shape)]
            getattr(_native, kernel)(voxels, inner, *args, **options, num_threads=threads)
            out[...] = inner
            results.add(out.tobytes())
            inner[...] = 99
            assert (framed == 99).all(), "written outside the output"
    if is_worth_compiling(voxels):
        getattr(_numba, kernel)(voxels, out, *args, **options, num_threads=1)
        results.add(out.tobytes())
    assert len(results) == 1
    return out


def assert_near(got: NDArray[Any], want: NDArray[np.float64], padding: float, tolerance: float) -> None:
    """Compare numbers within the tolerance; what is padding, NaN too, exactly."""
    if got.dtype.kind != "f":
        limits = np.iinfo(got.dtype)
        want = np.clip(want, float(limits.min), float(limits.max))
        # What is computed may be rounded to the padding value.
        lacking = want == padding
        sure = lacking | (np.abs(want - padding) > tolerance)
    else:
        lacking = oracle.absent(want.astype(got.dtype), padding)
        sure = np.ones(want.shape, bool)
    np.testing.assert_array_equal(oracle.absent(got, padding)[sure], lacking[sure])
    number = np.isfinite(want) & (np.abs(want) < 1e30)
    assert (np.abs(got[number] - want[number]) <= tolerance).all()


@settings(max_examples=40, deadline=None)
@given(
    case=cases(),
    dtype=st.sampled_from(KERNEL_DTYPES),
    layout=st.sampled_from(["plain", "flipped", "transposed", "channel"]),
    interpolation=st.sampled_from(FILTERS),
    antialias=st.booleans(),
    share=st.sampled_from([0.02, 0.5, 0.9, 1.0]),
    seed=st.integers(0, 99),
)
def test_resampling_agrees_with_the_oracle_on_every_path(
    case: Any, dtype: np.dtype[Any], layout: str, interpolation: str, antialias: bool, share: float, seed: int
) -> None:
    shape, out_shape, maps = case
    voxels, padding = with_padding(noise(shape, dtype, seed), share, seed)
    options = {"interpolation": interpolation, "antialias": antialias, "fill": 7.0, "padding": padding}
    source = strided(voxels, layout)
    got = everywhere(source, out_shape, maps, numba=is_worth_compiling(source), **options)
    want, weight = oracle.resample(voxels, out_shape, maps, antialias, 7.0, padding, interpolation)
    clear = np.abs(weight - 0.5) > 1e-4  # weights are rounded to 2^-24
    # Dividing by a weight of 1/2 doubles what rounding the weights changed.
    assert_near(got[clear], want[clear], padding, 2 * tolerance(dtype.name, interpolation))


@pytest.mark.parametrize("dtype", KERNEL_DTYPES, ids=str)
@pytest.mark.parametrize("antialias", [False, True])
def test_flipping_commutes_with_resampling_to_the_last_bit(dtype: np.dtype[Any], antialias: bool) -> None:
    rng = np.random.default_rng(1)
    for seed in range(12):
        shape = tuple(rng.integers(1, 14, 3).tolist())
        out_shape = tuple(rng.integers(1, 20, 3).tolist())
        voxels, padding = with_padding(noise(shape, dtype, seed), 0.5, seed)
        maps = tuple(centred(n, m) for n, m in zip(shape, out_shape, strict=True))
        results = []
        for source in (voxels, voxels[::-1, ::-1, ::-1]):
            out = np.empty(out_shape, dtype)
            options = {"interpolation": "linear", "antialias": antialias, "fill": 0.0, "padding": padding}
            _native.resample(source, out, maps, num_threads=1, **options)  # type: ignore[arg-type]
            results.append(out)
        assert results[0][::-1, ::-1, ::-1].tobytes() == results[1].tobytes()


@settings(max_examples=40, deadline=None)
@given(
    shape=st.tuples(*[st.integers(1, 9)] * 3),
    out_shape=st.tuples(st.integers(1, 3), st.integers(1, 9), st.integers(1, 40)),
    dtype=st.sampled_from(DTYPES),
    layout=st.sampled_from(["", "flipped", "transposed", "every second", "cropped"]),
    combine=st.sampled_from(COMBINES),
    interpolation=st.sampled_from(["linear", "nearest"]),
    samples=st.sampled_from([1, 2, 5]),
    share=st.sampled_from([0.05, 0.5, 1.0]),
    seed=st.integers(0, 999),
)
def test_reslicing_agrees_with_the_oracle_on_every_path(
    shape: Any, out_shape: Any, dtype: Any, layout: str, combine: Any, interpolation: str, samples: int,
    share: float, seed: int,
) -> None:  # fmt: skip
    voxels, padding = with_padding(noise(shape, dtype, seed), share, seed)
    grid = grid_of(np.random.default_rng(seed), shape, samples)
    wide = np.dtype(np.float64)
    for out_dtype in {dtype, wide}:
        options = {"combine": combine, "interpolation": interpolation, "fill": 3.0, "padding": padding}
        got = all_paths("reslice", restrided(voxels, layout), np.empty(out_shape, out_dtype), grid, **options)
        if combine == "sum" and dtype.kind == "f" and padding != PADDING:
            continue  # sums of NaN, infinities and 1e38 are compared between the paths only
        want, unclear = oracle.reslice(voxels, out_shape, grid, combine, interpolation, 3.0, padding)
        size = 1e6 if dtype.itemsize > 2 else 65536
        assert_near(got[~unclear], want[~unclear], padding, 0.51 + size * samples * 2.0**-21)


@settings(max_examples=40, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 140)),
    dtype=st.sampled_from(KERNEL_DTYPES),
    layout=st.sampled_from(["", "flipped", "transposed", "every second", "cropped"]),
    combine=st.sampled_from(COMBINES),
    axis=st.integers(0, 2),
    share=st.sampled_from([0.0, 0.3, 0.8, 1.0]),
    seed=st.integers(0, 999),
)
def test_projections_agree_with_the_oracle_on_every_path(
    shape: Any, dtype: Any, layout: str, combine: Any, axis: int, share: float, seed: int
) -> None:
    voxels, padding = with_padding(noise(shape, dtype, seed), share, seed)
    plane = tuple(np.delete(shape, axis).tolist())
    for out_dtype in {dtype, np.dtype(np.float64)}:
        out = np.empty(plane, out_dtype)
        got = all_paths(
            "project", restrided(voxels, layout), out, axis=axis, combine=combine, padding=padding
        )
        want = oracle.project(voxels, axis, combine, padding)
        exact = 0.5 if out_dtype.kind != "f" else 1e-6 * (1 + shape[axis])
        assert_near(got, want, padding, exact if dtype != np.float32 else 1e-2)


def test_a_nan_that_is_not_the_padding_still_shows() -> None:
    voxels = np.full((1, 1, 6), 10, np.float32)
    voxels[0, 0, 2], voxels[0, 0, 5] = np.nan, PADDING
    for combine in COMBINES:
        out = all_paths(
            "project", voxels, np.empty((1, 1), np.float32), axis=2, combine=combine, padding=PADDING
        )
        assert np.isnan(out).all()


CALLS: list[Callable[..., NDArray[Any]]] = [
    lambda volume, **options: resample(volume, spacing=0.4, **options).voxels,
    lambda volume, **options: resample(volume, spacing=(3, 2.5, 2.2), **options).voxels,
    lambda volume, **options: reslice(volume, wide_plane(volume, 3), **options).pixels,
    lambda volume, **options: reslice(volume, wide_plane(volume, 4), thickness=4, **options).pixels,
    lambda volume, **options: project(volume, axis=1, combine="mean", **options).pixels,
    lambda volume, **options: project(volume, direction=(1, 2, 3), combine="min", **options).pixels,
    lambda volume, **options: resample(volume, like=turned(volume), **options).voxels,
]


def wide_plane(volume: Volume, seed: int) -> Plane:
    center = volume.index_to_patient((np.array(volume.shape) - 1) / 2)
    direction = np.random.default_rng(seed).normal(size=3)
    return Plane.through(volume, normal=(center, direction, None), spacing=0.7, shape=(50, 50))


def turned(volume: Volume) -> Volume:
    """Return a grid across the volume, turned about z."""
    turn = np.array([[1, 0, 0, 0], [0, 0.8, -0.6, 4], [0, 0.6, 0.8, -4], [0, 0, 0, 1.0]])
    return Volume(np.zeros((8, 20, 22), np.uint8), volume.affine @ turn)


def scan_of(dtype: Any, padding: float) -> Volume:
    """Return tissue of 0 to 80 in a cylinder, padding around it."""
    voxels = np.random.default_rng(0).integers(0, 80, (10, 24, 26), endpoint=True).astype(dtype)
    y, x = np.ogrid[:24, :26]
    voxels[:, (y - 11.5) ** 2 + (x - 12.5) ** 2 > 140] = padding
    return Volume(voxels, padding_value=padding)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("dtype", "padding"),
    [(np.int16, PADDING), (np.float32, PADDING), (np.float32, np.nan), (np.float64, PADDING)],
)
def test_no_value_lies_between_tissue_and_padding(
    call: Callable[..., NDArray[Any]], dtype: Any, padding: float
) -> None:
    volume = scan_of(dtype, padding)
    result = call(volume)
    present = result[~oracle.absent(result, padding)]
    assert present.size > 0
    assert present.min() >= (0 if dtype != np.float64 else -1e-12)
    assert present.max() <= (80 if dtype != np.float64 else 80 + 1e-12)
    if not np.isnan(padding):  # as it was before, and is if asked for
        mixed = call(volume, padding="include")
        assert ((mixed < 0) & (mixed != padding)).any()


@pytest.mark.parametrize("call", CALLS)
def test_constant_tissue_stays_constant_beside_padding(call: Callable[..., NDArray[Any]]) -> None:
    volume = scan_of(np.float32, PADDING)
    constant = replace(volume, voxels=np.where(volume.voxels == PADDING, volume.voxels, np.float32(37.1)))
    result = call(constant)
    assert set(np.unique(result).tolist()) <= {PADDING, float(np.float32(37.1))}


@pytest.mark.parametrize("call", CALLS)
def test_samples_without_padding_in_reach_keep_their_bits(call: Callable[..., NDArray[Any]]) -> None:
    volume = scan_of(np.int16, PADDING)
    flag = replace(volume, voxels=(volume.voxels == PADDING).astype(np.float64), padding_value=None)
    apart = call(flag) == 0  # outside is the minimum, 0, too, but the same for both
    excluded, included = call(volume), call(volume, padding="include")
    if call is CALLS[5]:  # a minimum of weights does not tell
        return
    assert apart.any()
    np.testing.assert_array_equal(excluded[apart], included[apart])


def test_a_sample_of_which_exactly_half_is_padding_has_a_value() -> None:
    volume = Volume(np.array([[[PADDING, 40, 60]]], np.float32), padding_value=PADDING)
    assert resample(volume, shape=(1, 1, 6)).voxels.ravel().tolist()[1:4] == [PADDING, 40, 45]
    half = Plane((0.5, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1), (1, 1))
    assert reslice(volume, half).pixels == 40
    assert (
        reslice(volume, half.__class__((0.49, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1), (1, 1))).pixels == PADDING
    )


def test_a_slab_with_nothing_but_padding_is_padding_and_outside_is_fill() -> None:
    volume = Volume(np.full((4, 4, 4), -2000, np.int16), padding_value=PADDING)
    for combine in COMBINES:
        plane = Plane.axial(volume, 1.5)
        assert (reslice(volume, plane, thickness=3, combine=combine, fill=5).pixels == -2000).all()
        assert (
            reslice(volume, Plane.axial(volume, 50.0), thickness=3, combine=combine, fill=5).pixels == 5
        ).all()
        assert (project(volume, axis=0, combine=combine).pixels == -2000).all()


@pytest.mark.parametrize("dtype", [np.dtype(name) for name in ("u1", "i2", "i4", "f4", "f8")], ids=str)
@pytest.mark.parametrize("interpolation", ["linear", "nearest"])
@pytest.mark.parametrize("samples", [1, 3])
def test_what_stands_for_absent_samples_is_told_apart_from_every_value(
    dtype: np.dtype[Any], interpolation: str, samples: int
) -> None:
    """Where padding is replaced the result was padding, and elsewhere it is the same to the last bit."""
    voxels = (noise((6, 9, 40), np.dtype(np.uint8)) % 4).astype(dtype)
    voxels[:, :, :20] = 2
    grid = Grid((1, -1, -2), (1, 0, 0), (0, 0.5, 0), (0, 0, 0.5), (0.5, 0, 0), samples)  # 2 between 1 and 3
    for combine in COMBINES if samples > 1 else ("mean",):
        for out_dtype in (dtype, np.dtype(np.float64)):
            options = {"combine": combine, "interpolation": interpolation, "fill": 9.0, "padding": 2.0}
            out = np.empty((2, 11, 61), out_dtype)
            plain = all_paths("reslice", voxels, out, grid, **options).copy()
            marked = all_paths("reslice", voxels, out, grid, **options, absent_fill=77.0)
            gone = marked == 77
            assert 0.1 < gone.mean() < 0.9
            assert (plain[gone] == 2).all()
            np.testing.assert_array_equal(marked[~gone], plain[~gone])
            if interpolation == "linear":
                assert (plain[~gone] == 2).any()


@pytest.mark.parametrize("backend", [_native, _numba])
def test_no_integer_stands_for_a_nan(backend: Any) -> None:
    options: dict[str, Any] = {"combine": "mean", "interpolation": "linear", "fill": 0.0, "num_threads": 1}
    here = (0.0, 0.0, 0.0)
    grid = Grid(here, here, here, here)
    out = np.zeros((1, 1, 1), np.int16)
    with pytest.raises(ValueError, match="NaN"):
        backend.reslice(np.zeros((2, 2, 2), np.int16), out, grid, **options, padding=0.0, absent_fill=np.nan)


def test_nearest_takes_what_it_finds() -> None:
    volume = scan_of(np.int16, PADDING)
    for mode in ("exclude", "include"):
        result = resample(volume, shape=volume.shape, interpolation="nearest", padding=mode)
        np.testing.assert_array_equal(result.voxels, volume.voxels)


def test_only_volumes_that_hold_their_padding_value_take_the_longer_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[float | None] = []

    def record(*_arrays: Any, **options: Any) -> None:
        seen.append(options["padding"])

    monkeypatch.setattr(kernels(), "resample", record)
    tissue = np.ones((2, 3, 4), np.int16)
    padded = np.array([[[PADDING, 1]]], np.int16)
    absent: list[tuple[NDArray[Any], float | None]] = [
        (tissue, PADDING), (padded, None), (padded, np.nan), (padded, 0.5), (padded, 1e9),
        (np.stack([padded, padded], axis=-1), PADDING),  # a colour's black is not absent
    ]  # fmt: skip
    for voxels, value in absent:
        resample(Volume(voxels, padding_value=value), shape=(1, 1, 1), fill=0)
    assert {*seen} == {None}
    resample(Volume(padded, padding_value=PADDING), shape=(1, 1, 1), padding="include")
    assert {*seen} == {None}
    resample(Volume(padded, padding_value=PADDING), shape=(1, 1, 1))
    assert seen[-1] == PADDING


def test_an_unknown_mode_is_refused() -> None:
    volume = scan_of(np.int16, PADDING)
    for call in CALLS:
        with pytest.raises(ValueError, match="padding is one of exclude, include, not 'skip'"):
            call(volume, padding="skip")


@pytest.mark.real_data
def test_a_head_scan_has_no_values_below_air_at_the_rim_of_its_padding() -> None:
    folder = real_data("neurolabusc+dcm_qa_ct", "In", "GE")
    volume = load(folder, on_irregular="keep")
    assert volume.padding_value == -1500
    air = volume.voxels[volume.voxels != -1500].min()
    assert air > -1100
    center = volume.index_to_patient((np.array(volume.shape) - 1) / 2)
    plane = Plane.through(volume, normal=(center, (0.1, 0.9, 0.3), None), spacing=1.0)
    calls: list[Callable[..., NDArray[Any]]] = [
        lambda **options: resample(volume, spacing=(6, 1.5, 1.3), **options).voxels,
        lambda **options: reslice(volume, plane, thickness=5, **options).pixels,
        lambda **options: project(volume, direction=(0, 1, 0), combine="mean", **options).pixels,
    ]
    for call in calls:
        excluded, included = call(), call(padding="include")
        assert excluded[excluded != -1500].min() >= air
        assert ((included != -1500) & (included < air)).any()


def padded_tube(dtype: np.dtype[Any], padding: float) -> NDArray[Any]:
    """Return noise within a tube along z, as a scanner's field of view is: long runs of padding and of tissue."""
    voxels = noise((9, 40, 44), dtype, 5)
    y, x = np.mgrid[:40, :44]
    voxels[:, (y - 19) ** 2 + (x - 22) ** 2 > 17**2] = padding
    voxels[3, 15:18, 20:30] = padding
    return voxels


@pytest.mark.parametrize("combine", COMBINES)
@pytest.mark.parametrize(
    ("dtype", "padding"),
    [("u1", 255.0), ("u2", 65535.0), ("i2", -2000.0), ("f4", -2000.0), ("f4", np.nan), ("f4", -np.inf)],
)
def test_runs_of_padding_and_of_tissue_have_the_same_bits_on_every_path(
    dtype: str, padding: float, combine: str
) -> None:
    voxels = padded_tube(np.dtype(dtype), padding)
    if dtype == "f4":
        voxels[5, 20, 20:24] = np.nan
    options = {"combine": combine, "interpolation": "linear", "fill": 1.0, "padding": padding}
    for samples in (1, 6):
        grid = _backend.Grid(
            (4.2, -2.3, -3.1), (0, 0, 0), (0.05, 1.0, 0.1), (0.02, -0.1, 0.9), (0.8, 0.1, 0.3), samples
        )
        out = all_paths("reslice", voxels, np.zeros((1, 45, 52), voxels.dtype), grid, **options)
        assert (out == 1).any()
        assert oracle.absent(out, padding).any()


@pytest.mark.parametrize("combine", ["max", "min"])
@pytest.mark.parametrize("padding", [-128, -40, 0, 40, 127])
@pytest.mark.parametrize("dtype", ["int8", "int16"])
def test_extremes_beside_padding_of_any_value(combine: str, padding: int, dtype: str) -> None:
    """Lines of padding alone, of voxels below it, above it, and both: a row of which comes first and last."""
    voxels = np.random.default_rng(5).integers(-60, 60, (19, 12, 40)).astype(dtype)
    voxels[:, 0], voxels[:, 5:8] = padding, padding
    voxels[4:9, :, :9] = padding
    voxels[:, 9:11] = np.clip(voxels[:, 9:11], -60, padding)
    for axis in range(3):
        out = np.empty([n for a, n in enumerate(voxels.shape) if a != axis], dtype)
        got = all_paths("project", voxels, out, axis=axis, combine=combine, padding=float(padding))
        present = np.ma.masked_equal(voxels, padding)
        want = getattr(present, combine)(axis=axis).filled(padding)
        np.testing.assert_array_equal(got, want)


def test_sums_of_long_lines_with_padding_do_not_overflow() -> None:
    voxels = np.full((1, 70_001, 3), 65535, np.uint16)
    voxels[0, ::5, 1] = 7
    voxels[0, :, 2] = 7
    for axes, axis in (((0, 1, 2), 1), ((1, 0, 2), 0), ((0, 2, 1), 2)):
        turned = np.ascontiguousarray(voxels.transpose(axes))
        rest = [n for k, n in enumerate(turned.shape) if k != axis]
        for combine, wants in (("sum", (70_001 * 65535.0, 56_000 * 65535.0)), ("mean", (65535.0, 65535.0))):
            out = all_paths(
                "project", turned, np.zeros(rest), axis=axis, combine=combine, padding=7.0
            ).ravel()
            assert out.tolist() == [*wants, 7.0]
