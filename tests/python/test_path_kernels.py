"""Kernels of curves and frames: the same bits in numba, and arrays that do not fit are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from radpix import _core, _numba

if TYPE_CHECKING:
    from numpy.typing import NDArray


def segments_of(seed: int, count: int = 7) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(size=(count, 4, 3)) * 10


def measured(kernels: Any, segments: NDArray[Any], counts: NDArray[Any]) -> list[NDArray[Any]]:
    size = int(counts.sum()) + 1
    out = [np.empty(size), np.empty((size, 3)), np.empty(size)]
    kernels.measure_path(segments, counts, *out)
    return out


def sampled(kernels: Any, segments: NDArray[Any], parameters: NDArray[Any]) -> list[NDArray[Any]]:
    out = [np.empty((len(parameters), 3)) for _ in range(2)]
    kernels.sample_path(segments, parameters, *out)
    return out


def carried(kernels: Any, places: list[NDArray[Any]], angle: float) -> tuple[bool, list[NDArray[Any]]]:
    out = [np.empty_like(places[0]) for _ in range(2)]
    first = np.cross(places[1][0], (0.1, -0.7, 0.4))
    return kernels.carry_frames(*places, first, np.cos(angle), np.sin(angle), *out), out


@pytest.mark.parametrize("seed", range(5))
def test_curves_and_frames_have_the_same_bits_in_numba(seed: int) -> None:
    rng = np.random.default_rng(seed)
    segments, counts = segments_of(seed), rng.integers(1, 40, 7)
    native, other = measured(_core, segments, counts), measured(_numba, segments, counts)
    for a, b in zip(native, other, strict=True):
        assert a.tobytes() == b.tobytes()
    places = sampled(_core, segments, native[0])
    for a, b in zip(places, sampled(_numba, segments, native[0]), strict=True):
        assert a.tobytes() == b.tobytes()
    (all_there, frames), (all_in_numba, numba_frames) = (
        carried(k, places, seed / 3) for k in (_core, _numba)
    )
    assert all_there
    assert all_in_numba
    for a, b in zip(frames, numba_frames, strict=True):
        assert a.tobytes() == b.tobytes()


def test_a_curve_is_measured_and_sampled_as_its_polynomial() -> None:
    segments, counts = segments_of(9), np.array([3, 16, 1, 40, 7, 2, 5])
    parameters, positions, lengths = measured(_core, segments, counts)
    want = np.concatenate([k + np.arange(n) / n for k, n in enumerate(counts)] + [np.array([7.0])])
    np.testing.assert_array_equal(parameters, want)
    k = np.minimum(want.astype(np.intp), 6)
    t, (p, w, a, b) = (want - k)[:, None], np.moveaxis(segments[k], 1, 0)
    np.testing.assert_allclose(positions, p + t * w + t * (1 - t) * ((1 - t) * a - t * b), atol=1e-12)
    chords = np.linalg.norm(np.diff(positions, axis=0), axis=1)
    np.testing.assert_allclose(lengths, np.append(0, np.cumsum(chords)), rtol=1e-13)
    places, tangents = sampled(_core, segments, parameters)
    np.testing.assert_array_equal(places, positions)
    slope = w + (1 - t) * (1 - 3 * t) * a + t * (3 * t - 2) * b
    np.testing.assert_allclose(tangents, slope / np.linalg.norm(slope, axis=1)[:, None], atol=1e-13)


@pytest.mark.parametrize("kernels", [_core, _numba], ids=["native", "numba"])
def test_parameters_beyond_the_curve_are_its_ends_and_rows_without_a_direction_are_told(kernels: Any) -> None:
    segments = segments_of(3)
    got, _ = sampled(kernels, segments, np.array([-1.0, np.nan, np.inf, 1e300, 0.0, 7.0]))
    np.testing.assert_array_equal(got, got[[4, 4, 5, 5, 4, 5]])
    places = sampled(kernels, segments, np.linspace(0, 7, 30))
    places[1][17] = 0
    assert not carried(kernels, places, 0.0)[0]


def test_arrays_that_do_not_fit_are_refused() -> None:
    segments, counts = segments_of(0), np.full(7, 2)
    parameters, positions, lengths = (np.full(s, 99.0) for s in (15, (15, 3), 15))
    for bad in (
        (segments[:0], counts, parameters, positions, lengths),
        (segments[:, :3], counts, parameters, positions, lengths),
        (segments[::-1], counts, parameters, positions, lengths),
        (segments, counts - 2, parameters, positions, lengths),
        (segments, np.full(7, 1 << 62), parameters, positions, lengths),
        (segments, counts[:6], parameters, positions, lengths),
        (segments, counts, parameters[:14], positions, lengths),
        (segments, counts, parameters, positions[:, :2], lengths),
        (segments, counts, parameters, positions, lengths[::-1]),
    ):
        with pytest.raises(ValueError, match=r"shape|chord"):
            _core.measure_path(*bad)
    with pytest.raises(TypeError):
        _core.measure_path(segments.astype(np.float32), counts, parameters, positions, lengths)
    with pytest.raises(ValueError, match=r"shape|chord"):
        _core.sample_path(segments, parameters, positions, positions[:14])
    with pytest.raises(ValueError, match=r"shape|chord"):
        _core.carry_frames(positions, positions, np.zeros(2), 1.0, 0.0, positions, positions)
    assert all((array == 99).all() for array in (parameters, positions, lengths))
