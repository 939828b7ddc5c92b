"""Windows against the standard's formula: every 16-bit value, every function, dtype, stride, level and backend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.python.oracle import voi as oracle

import radpix
from radpix import _core, _native, _numba
from radpix._backend import Kernels, Voi
from radpix._numba.window_ramp import proven_ramp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

FUNCTIONS = ["LINEAR", "LINEAR_EXACT", "SIGMOID"]
LEVELS = ["scalar"] + (["avx2"] if _core.detected_cpu_level() == "avx2" else [])
MAXIMUM = {"uint8": 255.0, "uint16": 65535.0, "float32": 1.0, "float64": 1.0}


@pytest.fixture(params=[*LEVELS, "numba"])
def kernels(request: pytest.FixtureRequest) -> Iterator[Kernels]:
    """Both backends, the core at every level of this machine."""
    if request.param == "numba":
        yield _numba
        return
    _core.set_cpu_level(request.param)
    yield _native
    _core.set_cpu_level("auto")


def random_voi(rng: np.random.Generator, dtype: str = "uint8") -> Voi:
    """Return a window as data sets have them, or an odd one: half centers, steps, ties, tiny and huge widths."""
    function = str(rng.choice(FUNCTIONS, p=[0.45, 0.4, 0.15]))
    centers = [float(rng.integers(-2000, 4000)), rng.integers(-2000, 4000) + 0.5, rng.normal() * 1e4]
    widths = [
        float(rng.integers(1, 5000)),
        255.0 * rng.integers(1, 20) + (function == "LINEAR"),  # a whole level a value: ties
        510.0 * rng.integers(1, 10) + (function == "LINEAR"),
        1 + rng.uniform(0, 0.1),
        10 ** rng.uniform(0, 6),
    ]
    slopes = [1.0, 1.0, 1.0, -1.0, 2.0, 0.5, rng.normal(), 0.0]
    intercepts = [0.0, -1024.0, 0.5, rng.normal() * 1000]
    center, width, slope, intercept = (
        float(rng.choice(values)) for values in (centers, widths, slopes, intercepts)
    )
    invert = bool(rng.integers(2))
    return Voi(cast("Any", function), center, width, slope, intercept, 0.0, MAXIMUM[dtype], invert)


def expected(pixels: NDArray[Any], voi: Voi, dtype: str) -> NDArray[Any]:
    return oracle.window(
        pixels,
        voi.center,
        voi.width,
        function=voi.function,
        slope=voi.slope,
        intercept=voi.intercept,
        invert=voi.invert,
        dtype=np.dtype(dtype).type,
    )


def assert_equal(found: NDArray[Any], wanted: NDArray[Any], voi: Voi) -> None:
    """Compare exactly; the last bits of a sigmoid in floats depend on the library's exponential."""
    if voi.function == "SIGMOID" and wanted.dtype.kind == "f":
        tolerance = 1e-7 if wanted.dtype == np.float32 else 4e-16
        np.testing.assert_allclose(found, wanted, rtol=0, atol=tolerance, err_msg=str(voi))
    else:
        np.testing.assert_array_equal(found, wanted, err_msg=str(voi))


def every_value(dtype: str) -> NDArray[Any]:
    limits = np.iinfo(dtype)
    return np.arange(limits.min, limits.max + 1).astype(dtype)


@pytest.mark.parametrize("dtype", ["int16", "uint16"])
def test_every_16_bit_value_becomes_what_the_formula_says(kernels: Kernels, dtype: str) -> None:
    rng = np.random.default_rng(2)
    pixels = every_value(dtype)
    out = np.empty(pixels.shape, np.uint8)
    for _ in range(40 if kernels is _numba else 250):
        voi = random_voi(rng)
        kernels.window(pixels, out, voi, num_threads=1)
        assert_equal(out, expected(pixels, voi, "uint8"), voi)


@pytest.mark.parametrize("width", [2, 3, 80, 150, 256, 400, 600, 1500, 1800, 4096, 65536])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_windows_full_of_ties_round_half_to_even(kernels: Kernels, function: Any, width: int) -> None:
    pixels = every_value("int16")
    out = np.empty(pixels.shape, np.uint8)
    for center in (-600, 40, 40.5, 127.5, 128):
        for slope in (1, -1, 0.5):
            voi = Voi(function, center, width, slope, 0.0, 0.0, 255.0, False)
            kernels.window(pixels, out, voi, num_threads=1)
            assert_equal(out, expected(pixels, voi, "uint8"), voi)


@pytest.mark.parametrize("dtype", ["uint16", "float32", "float64"])
@pytest.mark.parametrize("pixel_dtype", ["int8", "uint8", "int16", "uint16"])
@pytest.mark.parametrize("repeats", [1, 4])  # by the formula, and by a table
def test_other_outputs_follow_the_formula(
    kernels: Kernels, pixel_dtype: str, dtype: str, repeats: int
) -> None:
    rng = np.random.default_rng(3)
    pixels = np.tile(every_value(pixel_dtype), repeats)
    out = np.empty(pixels.shape, dtype)
    for _ in range(5):
        voi = random_voi(rng, dtype)
        kernels.window(pixels, out, voi, num_threads=1)
        assert_equal(out, expected(pixels, voi, dtype), voi)


@pytest.mark.parametrize("dtype", sorted(MAXIMUM))
@pytest.mark.parametrize("pixel_dtype", ["int32", "uint32", "int64", "uint64", "float32", "float64"])
def test_wide_pixels_follow_the_formula(kernels: Kernels, pixel_dtype: str, dtype: str) -> None:
    rng = np.random.default_rng(4)
    pixels = (rng.normal(size=5000) * 10 ** rng.uniform(0, 6, 5000)).astype(pixel_dtype)
    if pixels.dtype.kind == "f":
        pixels[:4] = [np.nan, np.inf, -np.inf, -0.0]
    out = np.empty(pixels.shape, dtype)
    for _ in range(20):
        voi = random_voi(rng, dtype)
        if voi.slope == 0 and pixels.dtype.kind == "f":
            continue  # 0 * infinity is NaN
        kernels.window(pixels, out, voi, num_threads=1)
        assert_equal(out, expected(pixels, voi, dtype), voi)


def test_the_examples_of_the_standard() -> None:
    """PS3.3 C.11.2.1.2.1, Note 3: c=2048 w=4096, c=2048 w=1, c=0 w=100, c=0 w=1."""
    x = np.array([0, 1, 2047, 2048, 4094, 4095, 4096], dtype=np.int16)
    assert radpix.window(x, 2048, 4096).tolist() == [0, 0, 127, 128, 255, 255, 255]
    assert radpix.window(x, 2048, 1).tolist() == [0, 0, 0, 255, 255, 255, 255]
    x = np.array([-51, -50, -49, -1, 0, 48, 49, 50], dtype=np.int16)
    y = [(v + 0.5) / 99 + 0.5 for v in x.tolist()]
    assert radpix.window(x, 0, 100, dtype=np.float64).tolist() == [0, 0, *y[2:7], 1]
    assert radpix.window(x, 0, 1).tolist() == [0, 0, 0, 0, 255, 255, 255, 255]


@pytest.mark.parametrize(
    ("center", "width", "slope", "intercept"),
    [(1e16, 3.0, 1.0, 0.0), (1e300, 1e300, 1e300, -1e300), (0.0, 1e-300, 1.0, 0.0), (0, 5e-324, 1e-320, 0)],
)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_absurd_numbers_follow_the_formula_too(
    kernels: Kernels, function: Any, center: float, width: float, slope: float, intercept: float
) -> None:
    width = max(width, 1.0) if function == "LINEAR" else width
    pixels = every_value("int16")
    out = np.empty(pixels.shape, np.uint8)
    voi = Voi(function, center, width, slope, intercept, 0.0, 255.0, False)
    kernels.window(pixels, out, voi, num_threads=1)
    with np.errstate(all="ignore"):
        assert_equal(out, expected(pixels, voi, "uint8"), voi)


def stepped(view: NDArray[Any], steps: list[int]) -> NDArray[Any]:
    """Return every steps[k]-th element along axis k, backwards where it is negative."""
    index: tuple[Any, ...] = (*(slice(None, None, step) for step in steps), ...)
    selected: NDArray[Any] = view[index]
    return selected


def strided(base: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    """Return a view of an array: axes permuted, some reversed, some with steps."""
    steps: list[int] = rng.choice([1, 1, -1, 2, -3], base.ndim).tolist()
    return stepped(base.transpose(rng.permutation(base.ndim)), steps)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 9), min_size=0, max_size=5))
def test_any_shape_and_strides_give_the_same(seed: int, shape: list[int]) -> None:
    rng = np.random.default_rng(seed)
    dtype = str(rng.choice(sorted(MAXIMUM)))
    pixel_dtype = str(rng.choice(["int8", "uint16", "int16", "int32", "float32"]))
    pixels = strided(rng.integers(-100, 100, shape).astype(pixel_dtype), rng)
    voi = random_voi(rng, dtype)
    wanted = expected(pixels, voi, dtype)
    for backend in (_native, _numba):
        store = np.full([n * 3 + 2 for n in pixels.shape], 77, dtype)
        inside: tuple[Any, ...] = (*(slice(1, 1 + n) for n in pixels.shape), ...)
        out = stepped(store, rng.choice([1, 2, 3, -1, -2], pixels.ndim).tolist())[inside]
        backend.window(pixels, out, voi, num_threads=1)
        assert_equal(out, wanted, voi)
        out[...] = 77
        assert (store == 77).all(), "written beside the output"


@pytest.mark.parametrize("dtype", sorted(MAXIMUM))
def test_threads_levels_and_backends_give_the_same_bits(dtype: str) -> None:
    rng = np.random.default_rng(6)
    pixels = rng.integers(-1024, 3071, (3, 512, 515)).astype(np.int16)[:, :, 1:]
    for function in FUNCTIONS:
        voi = Voi(function, 40.0, 400.5, 0.7, -100.0, 0.0, MAXIMUM[dtype], True)  # type: ignore[arg-type]
        results = []
        for level in LEVELS:
            _core.set_cpu_level(level)
            for threads in (1, 2, 3):
                out = np.empty(pixels.shape, dtype)
                _native.window(pixels, out, voi, num_threads=threads)
                results.append(out.tobytes())
        _core.set_cpu_level("auto")
        for threads in (1, 3):
            out = np.empty(pixels.shape, dtype)
            _numba.window(pixels, out, voi, num_threads=threads)
            results.append(out.tobytes())
        assert len(set(results)) == 1, function


def test_a_second_window_on_other_pixels_is_not_mistaken_for_the_first(kernels: Kernels) -> None:
    x = every_value("int16")
    for pixels in (x, x.view(np.uint16), x):
        for center in (40.0, 50.0, 40.0):
            voi = Voi("LINEAR", center, 400.0, 1.0, 0.0, 0.0, 255.0, False)
            out = np.empty(pixels.shape, np.uint8)
            kernels.window(pixels, out, voi, num_threads=1)
            assert_equal(out, expected(pixels, voi, "uint8"), voi)


def test_out_may_be_the_pixels_themselves() -> None:
    pixels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    wanted = radpix.window(pixels, 100, 50)
    assert radpix.window(pixels.T, 100, 50, out=pixels) is pixels
    np.testing.assert_array_equal(pixels, wanted.T)


def test_a_field_of_a_structured_array_is_windowed() -> None:
    records = np.zeros(5, dtype=[("flag", "u1"), ("value", "<i2"), ("level", "u1")])
    records["value"] = [-200, 0, 40, 100, 300]
    levels = radpix.window(records["value"], 40, 400, out=records["level"])
    assert levels.tolist() == radpix.window(records["value"].copy(), 40, 400).tolist()


def test_the_result_keeps_the_memory_order_and_takes_lists() -> None:
    assert radpix.window(np.zeros((4, 5), np.int16).T, 0, 10).flags.f_contiguous
    assert radpix.window([[1, 2], [3, 4]], 2.5, 4).shape == (2, 2)
    assert radpix.window(np.int16(7), 0, 1).shape == ()


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"width": 0.5}, ValueError, "at least 1"),
        ({"width": 0, "function": "SIGMOID"}, ValueError, "above 0"),
        ({"width": -1, "function": "LINEAR_EXACT"}, ValueError, "above 0"),
        ({"width": float("nan")}, ValueError, "finite"),
        ({"center": float("inf")}, ValueError, "finite"),
        ({"slope": float("nan")}, ValueError, "finite"),
        ({"function": "linear"}, ValueError, "LINEAR_EXACT"),
        ({"dtype": np.int16}, TypeError, "int16"),
        ({"out": np.zeros(4, np.int8)}, TypeError, "int8"),
        ({"out": np.zeros(4, np.uint8), "dtype": np.uint16}, ValueError, "uint16"),
        ({"out": np.zeros((4, 1), np.uint8)}, ValueError, "shape"),
        ({"out": np.broadcast_to(np.uint8(0), 4)}, ValueError, "read-only"),
        ({"pixels": np.zeros(4, np.float16)}, TypeError, "float16"),
        ({"pixels": np.zeros(4, complex)}, TypeError, "complex"),
        ({"pixels": np.zeros([1] * 9, np.int16)}, ValueError, "8 dimensions"),
        ({"num_threads": 0}, ValueError, "num_threads"),
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, Any], error: type[Exception], text: str) -> None:
    default: dict[str, Any] = {"pixels": np.zeros(4, np.int16), "center": 40, "width": 400}
    with pytest.raises(error, match=text):
        radpix.window(**(default | arguments))


def test_the_core_checks_for_itself() -> None:
    voi = Voi("LINEAR", 40.0, 0.5, 1.0, 0.0, 0.0, 255.0, False)
    out = np.full(4, 7, np.uint8)
    with pytest.raises(ValueError, match="width"):
        _core.window(np.zeros(4, np.int16), out, voi, 1)
    with pytest.raises(ValueError, match="shape"):
        _core.window(np.zeros(5, np.int16), out, voi._replace(width=2.0), 1)
    with pytest.raises(ValueError, match="8 fields"):
        _core.window(np.zeros(4, np.int16), out, (), 1)  # type: ignore[arg-type]
    assert (out == 7).all()


def test_the_numba_twin_has_a_ramp_for_every_preset() -> None:
    values = every_value("int16")
    for name, preset in radpix.WINDOW_PRESETS.items():
        for invert in (False, True):
            voi = Voi(preset.function, preset.center, preset.width, 1.0, -1024.0, 0.0, 255.0, invert)
            ramp = proven_ramp(voi, values, expected(values, voi, "uint8"))
            assert ramp is not None, f"{name} is looked up, six times slower"


@pytest.mark.parametrize("backend", [_native, _numba])
def test_a_table_has_an_entry_for_every_value(backend: Kernels) -> None:
    out = np.full(3, 7, np.uint8)
    with pytest.raises(ValueError, match="65536"):
        backend.look_up(np.zeros(3, np.uint16), out, np.zeros(4096, np.uint8), num_threads=1)
    assert (out == 7).all()


def test_presets_are_windows() -> None:
    for preset in radpix.WINDOW_PRESETS.values():
        assert preset.width > 1
        assert preset.explanation
    lung = radpix.WINDOW_PRESETS["lung"]
    assert (lung.center, lung.width, lung.function) == (-600, 1500, "LINEAR")
