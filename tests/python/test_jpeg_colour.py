"""The colour rules of docs/conformance/jpeg-colour.md, line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.python.jpeg_cases import BASELINE, LOSSLESS_SV1, decode, layout_of, picture
from tests.python.oracle import jpeg

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIZE = (16, 16)
RGB_IDS, LOWER_RGB_IDS, COUNTED, ZERO_BASED = (82, 71, 66), (114, 103, 98), (1, 2, 3), (0, 1, 2)
FULL, HALF = [(1, 1)] * 3, [(2, 1), (1, 1), (1, 1)]


def to_rgb(components: NDArray[Any]) -> NDArray[Any]:
    """Convert as JFIF says, in the fixed point of the IJG software."""
    y, cb, cr = (components[..., c].astype(np.int64) - (0 if c == 0 else 128) for c in range(3))
    red = y + ((91881 * cr + 32768) >> 16)
    green = y + ((-22554 * cb - 46802 * cr + 32768) >> 16)
    blue = y + ((116130 * cb + 32768) >> 16)
    rgb: NDArray[Any] = np.clip(np.stack([red, green, blue], axis=-1), 0, 255).astype(np.uint8)
    return rgb


# segments, identifiers, sampling, Photometric Interpretation -> converted?, deviation
CASES = [
    (b"", RGB_IDS, FULL, "RGB", False, False),
    (b"", RGB_IDS, FULL, "YBR_FULL", False, True),
    (jpeg.jfif(), LOWER_RGB_IDS, FULL, "YBR_FULL_422", False, True),
    (jpeg.app14(0), COUNTED, FULL, "RGB", False, False),
    (jpeg.app14(0), COUNTED, FULL, "YBR_FULL", False, True),
    (jpeg.app14(1), COUNTED, FULL, "RGB", True, True),
    (jpeg.app14(1), COUNTED, HALF, "YBR_FULL_422", True, False),
    (jpeg.app14(219), ZERO_BASED, FULL, "RGB", False, False),
    (jpeg.jfif(), COUNTED, FULL, "RGB", True, True),
    (jpeg.jfif(), COUNTED, FULL, "YBR_FULL", True, False),
    (jpeg.jfif() + jpeg.app14(0), COUNTED, FULL, "RGB", False, False),
    (b"", COUNTED, HALF, "RGB", True, True),
    (b"", COUNTED, FULL, "RGB", False, False),
    (b"", COUNTED, FULL, "YBR_FULL", True, False),
    (b"", ZERO_BASED, FULL, "YBR_PARTIAL_420", True, False),
    (b"", COUNTED, HALF, "MONOCHROME2", False, False),
]


@pytest.mark.parametrize(("extra", "ids", "sampling", "photometric", "converted", "deviates"), CASES)
def test_rules(
    extra: bytes,
    ids: tuple[int, int, int],
    sampling: list[jpeg.Sampling],
    photometric: str,
    converted: bool,
    deviates: bool,
) -> None:
    frame = jpeg.random_coefficients(np.random.default_rng(2), SIZE, sampling, 60)
    stream = jpeg.encode_sequential(frame, [4] * 64, ids=ids, extra=extra)
    layout = layout_of((*SIZE, 3), 8, photometric=photometric)
    components = decode(BASELINE, stream, layout, keep_components=True)
    assert components.codes == []
    decoded = decode(BASELINE, stream, layout)
    np.testing.assert_array_equal(
        decoded.pixels, to_rgb(components.pixels) if converted else components.pixels
    )
    assert decoded.codes == (["jpeg-colour-model"] if deviates else [])


@pytest.mark.parametrize("interleaved", [True, False])
def test_lossless_frames_follow_the_photometric_interpretation(interleaved: bool) -> None:
    pixels = picture((9, 8, 3), 8)
    stream = jpeg.encode_lossless(pixels, 8, interleaved=interleaved)
    for photometric, expected in (("RGB", pixels), ("YBR_FULL", to_rgb(pixels))):
        layout = layout_of(pixels.shape, 8, photometric=photometric)
        decoded = decode(LOSSLESS_SV1, stream, layout)
        np.testing.assert_array_equal(decoded.pixels, expected)
        assert decoded.codes == []
        kept = decode(LOSSLESS_SV1, stream, layout, keep_components=True)
        np.testing.assert_array_equal(kept.pixels, pixels)


def test_lossless_identifiers_r_g_b_overrule_the_photometric_interpretation() -> None:
    pixels = picture((4, 4, 3), 8)
    stream = jpeg.encode_lossless(pixels, 8, ids=RGB_IDS)
    decoded = decode(LOSSLESS_SV1, stream, layout_of(pixels.shape, 8, photometric="YBR_FULL"))
    np.testing.assert_array_equal(decoded.pixels, pixels)
    assert decoded.codes == ["jpeg-colour-model"]
