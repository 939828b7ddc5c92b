"""The README's example is run as it stands, on a series made for it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import RLELossless
from tests.python.phantom import Phantom, stack_positions

import radpix

if TYPE_CHECKING:
    from collections.abc import Iterator

README = Path(__file__).parents[2] / "README.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture
def _unregistered() -> Iterator[None]:
    yield
    radpix.pydicom_plugin.unregister()


@pytest.mark.usefixtures("_unregistered")
def test_the_example_runs_as_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (first, *_) = Phantom(positions=stack_positions(12)).write(tmp_path / "series")
    (tmp_path / "slice.dcm").write_bytes(first.read_bytes())
    monkeypatch.chdir(tmp_path)
    (code,) = BLOCKS
    names: dict[str, Any] = {}
    exec(compile(code, str(README), "exec"), names)

    np.testing.assert_array_equal(names["frame"] - 1024.0, names["volume"].voxels[0])
    assert names["iso"].spacing == pytest.approx((1, 1, 1))
    assert names["slab"].thickness == 20
    np.testing.assert_allclose(names["plane"].normal, np.array([0, 1, 1]) / np.sqrt(2), atol=1e-12)
    assert names["grey"].dtype == np.uint8
    assert names["grey"].shape == names["slab"].shape
    assert "regular" in capsys.readouterr().out
    assert "radpix" in get_decoder(RLELossless).available_plugins
