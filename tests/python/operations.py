"""Every operation of a backend on one set of odd inputs: what tests of bits, threads and processes share."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from tests.python import objects

from radpix._backend import AxisMap, FrameLayout, Grid, Voi

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from radpix._backend import Kernels

    Operation = Callable[[Kernels, int], NDArray[Any]]

#: Nothing divides by a vector's length, nothing is aligned, no two axes agree.
ODD = (7, 37, 131)

_GRID = Grid((1.3, -2.0, 5.1), (0.9, 0.1, -0.2), (0.03, 0.83, 0.11), (-0.02, 0.2, 0.79), (0.31, 0.1, 0.07), 5)
_AXES = (AxisMap(1.7, 0.3), AxisMap(0.6, -0.4), AxisMap(1.3, -0.7))


def operations(shape: tuple[int, int, int] = ODD) -> dict[str, Operation]:
    """Return operations by name: each takes a backend and a number of threads, and returns its output."""
    depth, rows, columns = shape
    voxels = objects.noise((depth, rows, columns + 1), "int16", stored=13)[:, ::-1, 1:]
    floats = voxels.astype(np.float32) / np.float32(7)
    frames = voxels.astype("<u2")
    layout = FrameLayout(rows, columns, 1, 16, 12, 11, is_signed=True)
    return {
        "decode native": partial(_decode, objects.EXPLICIT, [frame.tobytes() for frame in frames], layout),
        "decode RLE": partial(_decode, objects.RLE, [objects.rle(frame) for frame in frames], layout),
        "window": partial(
            _window, voxels, "uint8", Voi("LINEAR", 40.0, 400.5, 1.1, -10.0, 0.0, 255.0, False)
        ),
        "sigmoid": partial(_window, floats, "uint16", Voi("SIGMOID", 40.0, 90.5, 1, 0, 0.0, 65535.0, True)),
        "look up": partial(_look_up, voxels),
        "rescale": partial(_rescale, voxels, "int16", 0.3, -1024.5),
        "rescale to float": partial(_rescale, voxels, "float32", 0.3, -1024.5),
        "blend": partial(_blend, floats[0]),
        "transform lanczos": partial(_transform, voxels[:, :9, :12], "lanczos"),
        "resample nearest": partial(_resample, voxels, "nearest", False),
        "resample linear": partial(_resample, voxels, "linear", False),
        "resample linear, antialiased": partial(_resample, voxels, "linear", True),
        "resample float": partial(_resample, floats, "linear", True),
        "resample linear, padded": partial(_resample, voxels, "linear", True, padding=float(voxels[3, 3, 3])),
        "reslice linear, padded": partial(_reslice, voxels // 100, "mean", "linear", padding=0.0),
        "reslice nearest": partial(_reslice, voxels, "max", "nearest"),
        "reslice mean": partial(_reslice, voxels, "mean", "linear"),
        "reslice max": partial(_reslice, voxels, "max", "linear"),
        "reslice float": partial(_reslice, floats, "mean", "linear"),
        **{f"project {axis}": partial(_project, voxels, axis, "max") for axis in range(3)},
        "project mean": partial(_project, voxels, 1, "mean"),
        "project float": partial(_project, floats, 0, "mean"),
    }


def _decode(
    syntax: str, codestreams: list[bytes], layout: FrameLayout, kernels: Kernels, threads: int
) -> NDArray[Any]:
    out = np.empty((len(codestreams), layout.rows, layout.columns), np.int16)
    kernels.decode_frames(syntax, codestreams, layout, out, keep_components=False, num_threads=threads)
    return out


def _window(pixels: NDArray[Any], dtype: str, voi: Voi, kernels: Kernels, threads: int) -> NDArray[Any]:
    out = np.empty(pixels.shape, dtype)
    kernels.window(pixels, out, voi, num_threads=threads)
    return out


def _look_up(pixels: NDArray[Any], kernels: Kernels, threads: int) -> NDArray[Any]:
    out = np.empty(pixels.shape, np.uint16)
    kernels.look_up(pixels, out, objects.noise((65536,), "uint16"), num_threads=threads)
    return out


def _blend(values: NDArray[Any], kernels: Kernels, threads: int) -> NDArray[Any]:
    out = np.empty((*values.shape, 3), np.uint8)
    table = objects.noise((999, 4), "uint16", stored=8)
    kernels.blend(
        (values % 256).astype(np.uint8), values, out, table, -900.0, 0.5, -500.0, num_threads=threads
    )
    return out


def _transform(voxels: NDArray[Any], interpolation: str, kernels: Kernels, threads: int) -> NDArray[Any]:
    out = np.empty(voxels.shape, voxels.dtype)
    kernels.transform(voxels, out, _GRID, interpolation=interpolation, fill=-3.0, num_threads=threads)
    return out


def _rescale(
    pixels: NDArray[Any], dtype: str, slope: float, intercept: float, kernels: Kernels, threads: int
) -> NDArray[Any]:
    out = np.empty(pixels.shape, dtype)
    kernels.rescale(pixels, out, slope, intercept, num_threads=threads)
    return out


def _resample(
    voxels: NDArray[Any],
    interpolation: str,
    antialias: bool,
    kernels: Kernels,
    threads: int,
    padding: float | None = None,
) -> NDArray[Any]:
    shape = [int(n / abs(axis.scale)) + 2 for n, axis in zip(voxels.shape, _AXES, strict=True)]
    out = np.empty(shape, voxels.dtype)
    options: dict[str, Any] = {"interpolation": interpolation, "antialias": antialias, "padding": padding}
    kernels.resample(voxels, out, _AXES, **options, fill=-3.0, num_threads=threads)
    return out


def _reslice(
    voxels: NDArray[Any],
    combine: Any,
    interpolation: str,
    kernels: Kernels,
    threads: int,
    padding: float | None = None,
) -> NDArray[Any]:
    out = np.empty((3, *voxels.shape[1:]), voxels.dtype)
    options: dict[str, Any] = {"combine": combine, "interpolation": interpolation, "padding": padding}
    kernels.reslice(voxels, out, _GRID, **options, fill=-3.0, num_threads=threads)
    return out


def _project(voxels: NDArray[Any], axis: int, combine: Any, kernels: Kernels, threads: int) -> NDArray[Any]:
    out = np.empty(np.delete(voxels.shape, axis), voxels.dtype)
    kernels.project(voxels, out, axis=axis, combine=combine, num_threads=threads)
    return out
