"""Stacks of parallel planes: the bits of single ones, at the place that the affine says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.python.reslice_cases import SHEARED, noise, oblique_plane, ramp

from radpix import LimitError, Plane, Volume, limits, reslice, reslice_stack

if TYPE_CHECKING:
    from radpix._backend import Combine


@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.uint8], ids=str)
@pytest.mark.parametrize(("thickness", "combine"), [(0.0, "mean"), (5.0, "max"), (5.0, "sum")])
def test_a_slice_of_a_stack_has_the_bits_of_the_plane(dtype: Any, thickness: float, combine: Combine) -> None:
    volume = Volume(noise((9, 10, 11, 3) if dtype == np.uint8 else (9, 10, 11), np.dtype(dtype)), SHEARED)
    plane = oblique_plane(volume, 4)
    stack = reslice_stack(volume, plane, count=5, step=-1.25, thickness=thickness, combine=combine)
    for k in range(5):
        one = reslice(volume, plane.shifted(k * -1.25), thickness=thickness, combine=combine)
        assert stack.voxels.dtype == one.pixels.dtype
        assert stack.voxels[k].tobytes() == one.pixels.tobytes()
        again = reslice(volume, plane.shifted(k * -1.25), thickness=thickness, combine=combine)
        assert again.pixels.tobytes() == one.pixels.tobytes()


@pytest.mark.parametrize("axis", range(3))
def test_the_affine_of_a_stack_is_the_place_of_its_voxels(axis: int) -> None:
    volume = ramp(np.eye(3)[axis], SHEARED, (20, 40, 40))
    plane = oblique_plane(volume, 2)
    stack = reslice_stack(volume, plane, count=4, step=0.8, fill=np.nan)
    index = np.moveaxis(np.indices(stack.shape), 0, -1)
    np.testing.assert_allclose(stack.voxels, stack.index_to_patient(index)[..., axis], rtol=0, atol=1e-9)
    assert stack.spacing == pytest.approx((0.8, 0.3, 0.2))
    np.testing.assert_allclose(stack.index_to_patient((2, 3, 5)), plane.shifted(1.6).pixel_to_patient((3, 5)))


@pytest.mark.parametrize(
    ("message", "arguments"),
    [
        ("count is a number of slices", {"count": 0}),
        ("step is a number of mm", {"step": 0.0}),
        ("step is a number of mm", {"step": np.nan}),
        ("combine is one of", {"combine": "mode"}),
    ],
)
def test_what_is_no_stack_is_refused(message: str, arguments: dict[str, Any]) -> None:
    volume = Volume(np.zeros((3, 4, 5)))
    with pytest.raises(ValueError, match=message):
        reslice_stack(volume, Plane.axial(volume), **{"count": 2, "step": 1.0, **arguments})


def test_a_stack_over_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "max_bytes_per_call", 100)
    volume = Volume(np.zeros((3, 4, 5)))
    with pytest.raises(LimitError):
        reslice_stack(volume, Plane.axial(volume), count=2, step=1.0)
