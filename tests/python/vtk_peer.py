"""VTK's ray caster for processors, given volumes, transfer functions, lights and cameras of radpix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from radpix import Camera, Shading, TransferFunction, Volume

__all__ = ["image_of", "mapper_of", "property_of", "renderer_of"]


def image_of(volume: Volume) -> Any:
    """Volumes whose axes are those of the patient; their voxels are not copied."""
    from vtk import vtkImageData
    from vtk.util.numpy_support import numpy_to_vtk

    image = vtkImageData()
    image.SetDimensions(*volume.shape[::-1])
    image.SetSpacing(*volume.spacing[::-1])
    image.SetOrigin(*volume.origin)
    image.GetPointData().SetScalars(numpy_to_vtk(volume.voxels.ravel()))
    return image


def mapper_of(volume: Volume, step: float, threads: int = 1) -> Any:
    from vtk import vtkFixedPointVolumeRayCastMapper

    mapper = vtkFixedPointVolumeRayCastMapper()
    mapper.SetInputData(image_of(volume))
    mapper.SetAutoAdjustSampleDistances(0)
    mapper.SetImageSampleDistance(1)
    mapper.SetSampleDistance(step)
    mapper.SetNumberOfThreads(threads)
    return mapper


def property_of(function: TransferFunction, shading: Shading | None) -> Any:
    from vtk import vtkColorTransferFunction, vtkPiecewiseFunction, vtkVolumeProperty

    color, opacity = vtkColorTransferFunction(), vtkPiecewiseFunction()
    for value, red, green, blue, _ in function.points:
        color.AddRGBPoint(value, red, green, blue)
    for value in np.linspace(function.points[0][0], function.points[-1][0], 2000).tolist():
        opacity.AddPoint(value, 1 - np.exp(-function(value)[3]))
    used = vtkVolumeProperty()
    used.SetColor(color)
    used.SetScalarOpacity(opacity)
    used.SetScalarOpacityUnitDistance(1.0)
    used.SetInterpolationTypeToLinear()
    used.SetShade(shading is not None)
    if shading is not None:
        used.SetAmbient(shading.ambient)
        used.SetDiffuse(shading.diffuse)
        used.SetSpecular(shading.specular)
        used.SetSpecularPower(shading.power)
    return used


def renderer_of(camera: Camera) -> Any:
    """A headlight as VTK makes one by itself, but with an ambient colour."""
    from vtk import vtkLight, vtkRenderer

    renderer, light = vtkRenderer(), vtkLight()
    renderer.AutomaticLightCreationOff()
    light.SetLightTypeToHeadlight()
    light.SetAmbientColor(1, 1, 1)
    renderer.AddLight(light)
    eye = renderer.GetActiveCamera()
    eye.SetFocalPoint(*camera.target)
    eye.SetViewUp(*camera.up)
    if camera.eye is None:
        eye.ParallelProjectionOn()
        eye.SetParallelScale(camera.field_of_view / 2)
        eye.SetPosition(*(np.array(camera.target) - 1500 * np.array(camera.direction)))
    else:
        eye.SetPosition(*camera.eye)
        eye.SetViewAngle(np.degrees(2 * np.arctan(camera.field_of_view / 2 / camera.eye_distance)))
    return renderer
