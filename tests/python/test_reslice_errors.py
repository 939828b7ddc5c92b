"""What reformatting refuses, and that nothing is written then."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
from tests.python.reslice_cases import COMBINES, noise

from radpix import GeometryError, LimitError, Plane, Volume, _core, limits, reslice
from radpix._backend import Grid
from radpix._numba import reslice as numba_reslice

if TYPE_CHECKING:
    from numpy.typing import NDArray


def test_whatever_does_not_fit_is_refused_and_out_stays() -> None:
    volume = Volume(np.arange(60, dtype=np.int16).reshape(3, 4, 5))
    plane = Plane.axial(volume)
    out = np.full((4, 5), 99, np.int16)
    read_only = out.copy()
    read_only.setflags(write=False)
    for error, message, arguments in (
        (ValueError, "combine is one of", {"combine": "mode"}),
        (ValueError, "interpolation is one of", {"interpolation": "sinc"}),
        (ValueError, "thickness is 0 or more", {"thickness": -1.0}),
        (ValueError, "thickness is 0 or more", {"thickness": np.nan}),
        (ValueError, "slab_step is a positive", {"slab_step": 0.0}),
        (ValueError, "over 65536 samples", {"thickness": 1e9}),
        (ValueError, "num_threads is from 1", {"num_threads": 0}),
        (ValueError, "fill is a value of int16", {"fill": np.nan}),
        (ValueError, "fill is a value of int16", {"fill": 40000}),
        (ValueError, "out has the shape", {"out": out[:2]}),
        (TypeError, "out of a volume of int16", {"out": out.astype(np.int32)}),
        (ValueError, "read-only", {"out": read_only}),
        (ValueError, "shares memory", {"out": volume.voxels[0]}),
    ):
        with pytest.raises(error, match=message):
            reslice(volume, plane, **{"out": out, **cast("dict[str, Any]", arguments)})
    assert (out == 99).all()
    with pytest.raises(TypeError, match="not complex64"):
        reslice(Volume(np.zeros((2, 2, 2), np.complex64)), plane)
    with pytest.raises(LimitError, match=re.escape("limits.max_pixels_per_frame")):
        reslice(volume, Plane((0, 0, 0), (1, 0, 0), (0, 1, 0), 1.0, (1 << 20, 1 << 20)))
    assert limits.max_pixels_per_frame == 1 << 30
    with pytest.raises(GeometryError, match="float64"):
        reslice(
            Volume(volume.voxels, np.diag([0.01, 0.01, 0.01, 1])), plane, thickness=1e308, slab_step=1e307
        )


@pytest.mark.parametrize("numba", [False, True])
def test_hostile_grids_are_refused_or_filled(numba: bool) -> None:
    voxels = noise((3, 4, 5), np.dtype(np.int16))

    def call(
        grid: Grid, out: NDArray[Any], combine: Any = "mean", between: str = "linear", fill: float = 1
    ) -> None:
        if numba:
            numba_reslice(voxels, out, grid, combine=combine, interpolation=between, fill=fill, num_threads=1)
        else:
            _core.reslice(voxels, out, grid, combine, between, fill, 1)

    zero, out = (0.0, 0.0, 0.0), np.full((2, 3, 20), 9, np.int16)
    good = Grid(zero, zero, zero, zero)
    for field in good._fields[:5]:
        for number in (np.nan, np.inf, -np.inf):
            with pytest.raises(ValueError, match="finite"):
                call(good._replace(**cast("dict[str, Any]", {field: (0.0, number, 0.0)})), out)
    for samples in (0, -1, 65537, 2**62):
        with pytest.raises(ValueError, match="1 to 65536"):
            call(good._replace(slab_samples=samples), out)
    with pytest.raises(ValueError, match="combine is one of"):
        call(good, out, "mode")
    with pytest.raises(ValueError, match="interpolation is nearest or linear"):
        call(good, out, between="cubic")
    with pytest.raises(ValueError, match="NaN"):
        call(good, out, fill=np.nan)
    with pytest.raises(ValueError, match="dimensions"):
        call(good, out[0])
    with pytest.raises(TypeError, match="the output"):
        call(good, out.astype(np.int32))
    assert (out == 9).all()
    huge = (1e308, -1e308, 1e308)
    for grid in (Grid(huge, huge, huge, huge, huge, 5), Grid(zero, huge, huge, huge, huge, 4)):
        for between in ("linear", "nearest"):
            for combine in COMBINES:
                call(grid, out, combine, between)
                assert set(np.unique(out)) <= {1, *voxels[0, 0].tolist()}
    call(good, np.empty((0, 3, 3), np.int16))
