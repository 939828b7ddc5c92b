"""Stacks of planes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radpix import Plane, Volume, reslice, reslice_stack


def volume(dtype: Any = np.int16) -> Volume:
    rng = np.random.default_rng(4)
    affine = np.array([[0, 0.1, 0.8, -5], [0.1, 0.7, 0, 3], [1.2, 0, 0.1, -9], [0, 0, 0, 1]], float)
    return Volume(rng.integers(-500, 500, (12, 14, 16)).astype(dtype), affine)


@given(
    count=st.integers(1, 5),
    step=st.sampled_from([-1.3, 0.4, 2.0]),
    thickness=st.sampled_from([0.0, 3.0]),
    combine=st.sampled_from(["mean", "max", "sum"]),
    dtype=st.sampled_from([np.int16, np.float32]),
)
@settings(max_examples=25, deadline=None)
def test_every_plane_is_that_of_reslice(
    count: int, step: float, thickness: float, combine: Any, dtype: Any
) -> None:
    source = volume(dtype)
    plane = Plane.through(source, normal=(source.center, (0.2, 0.5, 1.0), None), shape=(9, 11))
    stack = reslice_stack(source, plane, count=count, step=step, thickness=thickness, combine=combine)
    for k in range(count):
        moved = plane.shifted((k - (count - 1) / 2) * step)
        one = reslice(source, moved, thickness=thickness, combine=combine)
        assert stack.voxels[k].tobytes() == one.pixels.tobytes()
        pixels = np.array([(0, 0), (3, 7), (8, 10)])
        indices = np.column_stack([[k] * 3, pixels])
        np.testing.assert_allclose(
            stack.index_to_patient(indices), moved.pixel_to_patient(pixels), atol=1e-12
        )
    assert stack.report is None


@pytest.mark.parametrize("change", [{"count": 0}, {"step": 0.0}, {"step": float("nan")}, {"thickness": -1.0}])
def test_stacks_that_are_none_are_refused(change: dict[str, Any]) -> None:
    source = volume()
    with pytest.raises(ValueError, match=next(iter(change))):
        reslice_stack(source, Plane.axial(source), **({"count": 2, "step": 1.0} | change))
