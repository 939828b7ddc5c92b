"""Colour ultrasound in YBR becomes the RGB of the standard's inverse matrix, whole and frame by frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.python import ultrasound

import radpix

if TYPE_CHECKING:
    from pathlib import Path

FRAMES = 7


@pytest.mark.parametrize("kind", sorted(ultrasound.KINDS))
@pytest.mark.parametrize("shape", [(5, 6), (33, 70), (96, 130)])
def test_frames_of_colour_are_rgb_by_the_standards_matrix(
    tmp_path: Path, kind: str, shape: tuple[int, int]
) -> None:
    if kind.startswith("JPEG") and radpix.backend().name != "native":
        pytest.skip("another decoder, which rounds otherwise")
    pictures = np.random.default_rng(1).integers(0, 256, (3, *shape, 3), np.uint8)
    pictures[1, 2:] = 90  # runs
    path = tmp_path / "clip.dcm"
    ultrasound.write(path, kind, pictures, FRAMES)
    expected = np.stack([ultrasound.expected(kind, pictures[k % 3]) for k in range(FRAMES)])
    for threads in (1, 2, 3):
        np.testing.assert_array_equal(radpix.decode(path, num_threads=threads), expected)
        np.testing.assert_array_equal(np.stack(list(radpix.iter_frames(path, num_threads=threads))), expected)
    np.testing.assert_array_equal(radpix.decode(path, index=-2), expected[-2])
