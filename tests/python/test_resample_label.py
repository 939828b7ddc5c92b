"""Interpolation of label maps: every path against the oracle and each other, and what it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import scipy.ndimage
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.python.oracle import resample as oracle
from tests.python.test_resample_kernel import cases, centred, everywhere, strided

from radpix import Volume, _core, resample

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

INTEGERS = ["int8", "uint8", "int16", "uint16", "int32", "uint32"]


@pytest.fixture(autouse=True)
def _restore_level() -> Iterator[None]:
    yield
    _core.set_cpu_level("auto")


def label_map(shape: tuple[int, ...], dtype: str, seed: int, labels: int) -> NDArray[Any]:
    info = np.iinfo(dtype)
    names = np.array([info.max, 0, 1, info.min, 7, 100, 3, 2])[:labels]
    return names[np.random.default_rng(seed).integers(0, labels, shape)].astype(dtype)


@settings(max_examples=80, deadline=None)
@given(
    case=cases(),
    dtype=st.sampled_from(INTEGERS),
    layout=st.sampled_from(["plain", "flipped", "transposed", "channel"]),
    labels=st.integers(1, 8),
    seed=st.integers(0, 99),
)
def test_every_path_takes_the_label_with_the_largest_share(
    case: Any, dtype: str, layout: str, labels: int, seed: int
) -> None:
    shape, out_shape, maps = case
    voxels = strided(label_map(shape, dtype, seed, labels), layout)
    options = {"interpolation": "label", "antialias": True, "fill": 5.0}
    result = everywhere(voxels, out_shape, maps, numba=layout == "plain", **options)
    names, shares = oracle.label_shares(voxels, out_shape, maps)
    inside = shares.sum(axis=0) > 0.5
    assert (result[~inside] == 5).all()
    assert np.isin(result[inside], names).all()
    chosen = np.take_along_axis(shares, np.searchsorted(names, result.clip(names[0], names[-1]))[None], 0)[0]
    # Weights are multiples of 2^-16: what differs by less may go either way.
    assert (chosen[inside] >= shares.max(axis=0)[inside] - 2.0**-14).all()


def test_of_equal_shares_the_smaller_label_wins() -> None:
    voxels = np.array([[[9, 4]], [[-3, 4]]], np.int16)
    maps = (centred(2, 1), centred(1, 1), centred(2, 1))
    options = {"interpolation": "label"}
    assert everywhere(voxels, (1, 1, 1), maps, numba=True, **options) == 4  # half of the weights
    voxels[0, 0, 1] = 9
    voxels[1, 0, 0] = 4
    assert everywhere(voxels, (1, 1, 1), maps, numba=True, **options) == 4  # as many as 9


def phantom(volume: Volume) -> NDArray[np.uint8]:
    """A bent vessel of 2.2 mm radius, 1, beside an ellipsoid, 2."""
    at = volume.index_to_patient(np.moveaxis(np.indices(volume.shape), 0, -1))
    x, y, z = np.moveaxis(at, -1, 0)
    vessel = (x - 14 - 5 * np.sin(z / 6)) ** 2 + (y - 14 - 5 * np.cos(z / 6)) ** 2 < 2.2**2
    organ = ((x - 36) / 9) ** 2 + ((y - 16) / 12) ** 2 + ((z - 24) / 15) ** 2 < 1
    return np.asarray(vessel + 2 * organ, np.uint8)


def dice(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    return float(2 * (a & b).sum() / (a.sum() + b.sum()))


def test_thick_slices_made_thin_are_nearer_to_the_truth_than_by_nearest() -> None:
    """Slices of 3 mm to 0.6 mm: a quarter fewer voxels are wrong, the pieces stay whole.

    The price is volume: a vote rounds what is convex off, 9 % of the vessel and 3 % of the ellipsoid.
    """
    affine = np.array([[0, 0, 1, 0], [0, 1, 0, 0], [3.0, 0, 0, 0], [0, 0, 0, 1]])
    coarse = Volume(np.zeros((17, 32, 50), np.uint8), affine)
    coarse = Volume(phantom(coarse), affine)
    truth = phantom(resample(coarse, spacing=0.6, interpolation="nearest"))
    by_vote = resample(coarse, spacing=0.6, interpolation="label").voxels
    by_copy = resample(coarse, spacing=0.6, interpolation="nearest").voxels
    assert (by_vote != truth).sum() < 0.75 * (by_copy != truth).sum()
    for label in (1, 2):
        assert dice(by_vote == label, truth == label) > dice(by_copy == label, truth == label) + 0.01
        assert scipy.ndimage.label(by_vote == label)[1] == 1
        assert 0.9 < (by_vote == label).sum() / (truth == label).sum() < 1.0
