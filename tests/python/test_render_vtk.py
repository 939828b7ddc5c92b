"""Pictures of an analytic phantom against those of VTK's ray caster for processors, with the same transfer functions.

VTK's picture is read from its ray caster, in 15 bits: its window draws it magnified by about 1.5 pixels. Its lights
have no ambient colour unless told, and shine along the camera's axis on all of a perspective picture, ours from the
eye. What is left, up to two levels, is that it rounds every product up, to multiples of 2^-15.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.python import vtk_peer

from radpix import Camera, Shading, TransferFunction, Volume, render

if TYPE_CHECKING:
    from numpy.typing import NDArray

vtk = pytest.importorskip("vtk")

SIZE = 160
TISSUE = TransferFunction(
    [
        (150, 0.9, 0.3, 0.2, 0),
        (400, 0.9, 0.6, 0.4, 0.08),
        (700, 0.9, 0.9, 0.8, 0.1),
        (1100, 1, 1, 1, 0.6),
    ]
)


def phantom(dtype: str) -> Volume:
    """A soft ball with a dense one in it, off its centre, in voxels of 1.5 x 1 x 1 mm."""
    shape, spacing = (60, 76, 72), (1.5, 1.0, 1.0)
    z, y, x = (
        ((np.arange(n) - (n - 1) / 2) * mm).reshape([-1 if a == k else 1 for a in range(3)])
        for k, (n, mm) in enumerate(zip(shape, spacing, strict=True))
    )
    ball = 1 / (1 + np.exp((np.sqrt(z**2 + y**2 + x**2) - 28) / 3.0))
    core = 1 / (1 + np.exp((np.sqrt((z - 5) ** 2 + (y + 6) ** 2 + (x - 8) ** 2) - 12) / 2.5))
    return Volume(np.rint(600 * (ball + core)).astype(dtype), np.diag([*spacing, 1.0])[[2, 1, 0, 3]])


def vtk_picture(volume: Volume, camera: Camera, step: float, shading: Shading | None) -> NDArray[np.float64]:
    """Levels (rows, columns, 3), not rounded, on black."""
    mapper, renderer = vtk_peer.mapper_of(volume, step), vtk_peer.renderer_of(camera)
    mapper.SetIntermixIntersectingGeometry(0)
    actor, window = vtk.vtkVolume(), vtk.vtkRenderWindow()
    actor.SetMapper(mapper)
    actor.SetProperty(vtk_peer.property_of(TISSUE, shading))
    renderer.AddVolume(actor)
    window.OffScreenRenderingOn()
    window.SetSize(SIZE, SIZE)
    window.AddRenderer(renderer)
    renderer.ResetCameraClippingRange()
    window.Render()
    cast = mapper.GetRayCastImage()
    width, height = cast.GetImageMemorySize()
    address = int(cast.GetImage().split("_")[1], 16)
    words = np.ctypeslib.as_array((ctypes.c_uint16 * (width * height * 4)).from_address(address))
    columns, rows = cast.GetImageInUseSize()
    left, bottom = cast.GetImageOrigin()
    picture = np.zeros((SIZE, SIZE, 3))
    seen = words.reshape(height, width, 4)[:rows, :columns, :3]
    picture[bottom : bottom + rows, left : left + columns] = seen / 32767 * 255
    return picture[::-1]


LIGHTS = {
    "unshaded": None,
    "ambient": Shading(1, 0, 0, 1),
    "diffuse": Shading(0, 1, 0, 1),
    "specular": Shading(0, 0, 0.6, 10),
    "all lights": Shading(0.2, 0.6, 0.2, 20),
}


@pytest.mark.parametrize("dtype", ["int16", "float32"])
@pytest.mark.parametrize(
    ("angle", "light"),
    [*((None, light) for light in LIGHTS), (30.0, "unshaded"), (30.0, "ambient"), (2.0, "all lights")],
)
def test_pictures_are_those_of_vtk(dtype: str, angle: float | None, light: str) -> None:
    shading = LIGHTS[light]
    volume, step = phantom(dtype), 0.5
    camera = Camera.around(volume, (0.3, 1, -0.2), angle=angle)
    ours = render(volume, camera, TISSUE, shape=(SIZE, SIZE), shading=shading or False, step=step)[..., :3]
    theirs = vtk_picture(volume, camera, step, shading)
    difference = np.abs(ours - theirs)[theirs.max(axis=-1) > 0]
    assert theirs.max() > 100
    assert (theirs.max(axis=-1) > 0).mean() > 0.1
    assert difference.mean() <= 1
    assert np.percentile(difference, 99) <= 2
    assert difference.max() <= 3
