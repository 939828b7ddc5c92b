"""Padding in volumes of more columns, rows and slices than are gone through at a time."""

from __future__ import annotations

import numpy as np
import pytest
from tests.python.oracle import padded as oracle
from tests.python.reslice_cases import noise
from tests.python.test_padding import PADDING, assert_near
from tests.python.test_resample_kernel import FILTERS, centred, everywhere, strided, tolerance


@pytest.mark.parametrize("interpolation", FILTERS)
@pytest.mark.parametrize("dtype", ["u1", "i2", "f4", "f8"])
def test_wide_and_long_volumes_are_resampled_alike_on_every_path(dtype: str, interpolation: str) -> None:
    """Rows of more than 512 columns, and more slices and rows than are gone through at a time."""
    voxels = noise((70, 12, 40), np.dtype(dtype), 8)
    padding = 200.0 if dtype == "u1" else PADDING
    voxels[:20, :, 25:] = padding
    voxels[40:, 3:, :9] = padding
    voxels[50:52] = padding
    wide = noise((2, 3, 1300), np.dtype(dtype), 9)
    wide[:, :, 505:530] = padding
    wide[0, 1, 1023:1025] = padding
    wide[:, :, 1100:] = padding
    for source, shape in ((voxels, (90, 20, 45)), (wide, (2, 4, 1500))):
        z, y, x = (centred(n, m) for n, m in zip(source.shape, shape, strict=True))
        for layout in ("plain", "flipped", "transposed"):
            options = {"interpolation": interpolation, "antialias": True, "fill": 7.0, "padding": padding}
            got = everywhere(strided(source, layout), shape, (z, y, x), numba=layout == "plain", **options)
        want, weight = oracle.resample(source, shape, (z, y, x), True, 7.0, padding, interpolation)
        clear = np.abs(weight - 0.5) > 1e-4
        assert_near(got[clear], want[clear], padding, 2 * tolerance(np.dtype(dtype).name, interpolation))
