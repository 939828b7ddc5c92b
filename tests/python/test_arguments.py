"""Wrong arguments of public functions: each is refused by radpix itself, in words that name it, and none is taken."""

from __future__ import annotations

import linecache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydicom import Dataset

import radpix
from radpix import Camera, Plane, TransferFunction, Volume

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

PACKAGE = Path(radpix.__file__).parent

VOLUME = Volume(np.arange(60, dtype=np.int16).reshape(3, 4, 5))
PLANE = Plane.axial(VOLUME)
CAMERA = Camera.around(VOLUME, (0, 1, 0))
BONE = TransferFunction([(10, 1, 0.9, 0.8, 0), (50, 1, 1, 1, 0.7)])
PIXELS = np.arange(12, dtype=np.int16).reshape(3, 4)
SLICE = radpix.reslice(VOLUME, PLANE)


class Unprintable:
    def __repr__(self) -> str:
        raise RuntimeError


#: What is neither a number, an array of numbers, nor an object of radpix.
NOTHING_NUMERIC: dict[str, Any] = {
    "text": "axial",
    "bytes": b"40",
    "dict": {},
    "set": {1, 2},
    "complex": 1j,
    "type": int,
    "path": Path("x.dcm"),
    "unprintable": Unprintable(),
    "texts": ["1", "2", "3"],
    "nothing": [None, None, None],
    "objects": np.array([object(), None]),
    "ragged": [[1, 2], [3]],
    "dates": np.array(["2020-01-01"], "M8[D]"),
}
NUMBERS = {"integer": 7, "float": 2.5, "array": np.zeros((2, 2)), "empty": np.zeros(0), "0-d": np.array(3.0)}
NOT_FINITE = {"nan": np.nan, "inf": np.inf, "nans": [np.nan] * 3, "infs": (np.inf,) * 3}
NO_SCALAR = (
    NOTHING_NUMERIC | {key: NUMBERS[key] for key in ("array", "empty")} | {"list": [1.0, 2.0], "bool": True}
)
NO_OBJECT = NOTHING_NUMERIC | NUMBERS | NOT_FINITE
NO_VECTOR = NOTHING_NUMERIC | NUMBERS | NOT_FINITE

_PET = Volume(VOLUME.voxels.astype(np.float32))


def header() -> Dataset:
    dataset = Dataset()
    dataset.RescaleSlope, dataset.RescaleIntercept = 1, -1024
    dataset.WindowCenter, dataset.WindowWidth = 40, 400
    return dataset


HEADER = header()

#: By function: how it is called, the arguments to replace, and by what.
CALLS: dict[str, tuple[Callable[..., Any], dict[str, Any], dict[str, dict[str, Any]]]] = {
    "window": (
        radpix.window,
        {"pixels": PIXELS, "center": 40, "width": 400},
        {
            "pixels": {k: v for k, v in NOTHING_NUMERIC.items() if k != "nothing"}
            | {"masked": np.ma.masked_equal(PIXELS, 3)},
            "center": NO_SCALAR | {"nan": np.nan, "inf": np.inf, "huge": 10**400},
            "width": NO_SCALAR | {"nan": np.nan, "zero": 0, "negative": -1},
            "slope": NO_SCALAR | {"nan": np.nan},
            "intercept": NO_SCALAR | {"inf": -np.inf},
            "function": NO_OBJECT,
            "out": NO_OBJECT | {"list": PIXELS.tolist()},
            "num_threads": NO_SCALAR | {"many": 1025},
        },
    ),
    "apply_modality": (
        radpix.apply_modality,
        {"pixels": PIXELS, "dataset": HEADER},
        {"pixels": NOTHING_NUMERIC, "dataset": NO_OBJECT, "frame": NO_SCALAR},
    ),
    "apply_voi": (
        radpix.apply_voi,
        {"pixels": PIXELS, "dataset": HEADER},
        {
            "pixels": NOTHING_NUMERIC,
            "dataset": NO_OBJECT,
            "frame": NO_SCALAR,
            "window": NO_OBJECT | {"texts": ("40", "400"), "nans": (np.nan, 1), "one": (40,), "negative": -1},
        },
    ),
    "apply_palette": (
        radpix.apply_palette,
        {"pixels": PIXELS, "dataset": HEADER},
        {"pixels": NOTHING_NUMERIC | {"floats": np.zeros(3)}, "dataset": NO_OBJECT},
    ),
    "apply_real_world": (
        radpix.apply_real_world,
        {"pixels": PIXELS, "dataset": HEADER},
        {"pixels": NOTHING_NUMERIC, "dataset": NO_OBJECT, "frame": NO_SCALAR},
    ),
    "overlays": (radpix.overlays, {"dataset": HEADER}, {"dataset": NO_OBJECT, "frame": NO_SCALAR}),
    "Volume": (
        Volume,
        {"voxels": VOLUME.voxels},
        {
            "voxels": NO_OBJECT
            | {
                "None": None,
                "halves": np.zeros((2, 2, 2), np.float16),
                "longs": np.zeros((2, 2, 2), np.longdouble),
                "masked": np.ma.masked_equal(VOLUME.voxels, 3),
                "records": np.zeros((2, 2, 2), [("a", "i2")]),
                "five axes": np.zeros((1, 1, 1, 1, 1)),
            },
            "affine": NO_OBJECT | {"singular": np.zeros((4, 4)), "nan": np.full((4, 4), np.nan)},
            "padding_value": NO_SCALAR,
        },
    ),
    "Volume.crop": (
        VOLUME.crop,
        {"start": (0, 0, 0), "stop": (2, 2, 2)},
        {"start": NO_OBJECT, "stop": NO_OBJECT | {"floats": (1.0, 2.0, 2.0)}},
    ),
    "Volume.index_to_patient": (
        VOLUME.index_to_patient,
        {"index": (0, 0, 0)},
        {"index": NOTHING_NUMERIC | NUMBERS},
    ),
    "Volume.patient_to_index": (
        VOLUME.patient_to_index,
        {"position": (0, 0, 0)},
        {"position": NOTHING_NUMERIC | NUMBERS},
    ),
    "Plane": (
        Plane,
        {
            "center": (0, 0, 0),
            "row_direction": (1, 0, 0),
            "column_direction": (0, 1, 0),
            "spacing": 1.0,
            "shape": (2, 2),
        },
        {
            "center": NO_VECTOR,
            "row_direction": NO_VECTOR | {"zero": (0, 0, 0)},
            "column_direction": NO_VECTOR,
            "spacing": NOTHING_NUMERIC | NOT_FINITE | {"negative": -1, "three": (1, 1, 1)},
            "shape": NO_OBJECT | {"halves": (2.5, 2), "zero": (0, 2), "huge": (1e300, 1)},
        },
    ),
    "Plane.axial": (
        Plane.axial,
        {"volume": VOLUME},
        {
            "volume": NO_OBJECT,
            "position": NO_SCALAR | {"nan": np.nan},
            "spacing": NOTHING_NUMERIC | NOT_FINITE,
            "shape": NOTHING_NUMERIC,
        },
    ),
    "Plane.through": (
        Plane.through,
        {"volume": VOLUME, "normal": ((0, 0, 0), (0, 0, 1), None)},
        {"volume": NO_OBJECT, "normal": NO_OBJECT},
    ),
    "Plane.through, points": (
        Plane.through,
        {"volume": VOLUME, "points": np.eye(3)},
        {"points": NO_OBJECT | {"line": [(0, 0, 0), (1, 0, 0), (2, 0, 0)]}},
    ),
    "Plane.of_slice": (
        Plane.of_slice,
        {"volume": VOLUME, "index": 0},
        {
            "volume": NO_OBJECT,
            "index": NO_SCALAR | {"nan": np.nan},
            "axis": NO_SCALAR | {"three": 3, "float": 1.0},
        },
    ),
    "Plane.of_image": (Plane.of_image, {"dataset": HEADER}, {"dataset": NO_OBJECT, "frame": NO_SCALAR}),
    "Plane.rotated": (
        PLANE.rotated,
        {"degrees": 5},
        {"degrees": NO_SCALAR | {"nan": np.nan}, "about": NO_OBJECT, "pivot": NO_VECTOR},
    ),
    "Plane.shifted": (PLANE.shifted, {"mm": 1}, {"mm": NO_SCALAR | {"nan": np.nan, "far": 1e300}}),
    "Plane.pixel_to_patient": (
        PLANE.pixel_to_patient,
        {"pixel": (0, 0)},
        {"pixel": NOTHING_NUMERIC | {"one": [1.0]}},
    ),
    "Plane.distance": (PLANE.distance, {"position": (0, 0, 0)}, {"position": NOTHING_NUMERIC | NUMBERS}),
    "Slice.pixel_in": (
        SLICE.pixel_in,
        {"other": SLICE, "pixel": (0, 0)},
        {"other": NO_OBJECT | {"plane": PLANE}, "pixel": NOTHING_NUMERIC},
    ),
    "Camera.parallel": (
        Camera.parallel,
        {"target": (0, 0, 0), "direction": (0, 1, 0), "field_of_view": 10},
        {
            "target": NO_VECTOR,
            "direction": NO_VECTOR,
            "up": NO_VECTOR,
            "field_of_view": NO_SCALAR | {"nan": np.nan},
        },
    ),
    "Camera.perspective": (
        Camera.perspective,
        {"eye": (0, -9, 0), "target": (0, 0, 0), "angle": 30},
        {"eye": NO_VECTOR, "target": NO_VECTOR, "angle": NO_SCALAR | {"nan": np.nan, "flat": 180}},
    ),
    "Camera.around": (
        Camera.around,
        {"volume": VOLUME, "direction": (0, 1, 0)},
        {"volume": NO_OBJECT, "direction": NO_VECTOR, "angle": NO_SCALAR | {"nan": np.nan}},
    ),
    "Camera.plane": (CAMERA.plane, {"shape": (2, 2)}, {"shape": NO_OBJECT}),
    "Camera.rays": (
        CAMERA.rays,
        {"volume": VOLUME, "shape": (2, 2), "step": 1.0},
        {"volume": NO_OBJECT, "shape": NO_OBJECT, "slab": NO_OBJECT, "step": NO_SCALAR},
    ),
    "reslice": (
        radpix.reslice,
        {"volume": VOLUME, "plane": PLANE},
        {
            "volume": NO_OBJECT,
            "plane": NO_OBJECT,
            "thickness": NO_SCALAR | {"nan": np.nan, "negative": -1},
            "combine": NO_OBJECT,
            "interpolation": NO_OBJECT,
            "fill": NO_SCALAR | {"nan": np.nan},
            "padding": NO_OBJECT,
            "slab_step": NO_SCALAR | {"nan": np.nan, "zero": 0},
            "out": NO_OBJECT,
            "num_threads": NO_SCALAR,
        },
    ),
    "curved": (
        radpix.curved,
        {"volume": VOLUME, "path": [(1, 0, 1), (1, 3, 1)], "width": 3.0},
        {
            "volume": NO_OBJECT,
            "path": NO_OBJECT,
            "width": NO_SCALAR | {"nan": np.nan, "zero": 0},
            "spacing": {key: NO_OBJECT[key] for key in ("text", "dict", "nan", "texts", "ragged", "objects")},
            "mode": NO_OBJECT,
            "across": NO_VECTOR,
            "rotation": NO_SCALAR | {"nan": np.nan},
            "thickness": NO_SCALAR | {"nan": np.nan, "negative": -1},
            "combine": NO_OBJECT,
            "interpolation": NO_OBJECT,
            "fill": NO_SCALAR | {"nan": np.nan},
            "padding": NO_OBJECT,
            "slab_step": NO_SCALAR | {"nan": np.nan, "zero": 0},
            "progress": {"number": 7, "text": "bar"},
            "num_threads": NO_SCALAR,
        },
    ),
    "curved along": (
        radpix.curved,
        {"volume": VOLUME, "path": [(1, 0, 1), (1, 3, 1)], "mode": "projected", "along": (0, 1, 0)},
        {"along": NO_VECTOR},
    ),
    "curved step": (
        radpix.curved,
        {"volume": VOLUME, "path": [(1, 0, 1), (1, 3, 1)], "mode": "cross-sections", "width": 2.0},
        {"step": {key: NO_OBJECT[key] for key in ("text", "dict", "nan", "texts", "ragged", "objects")}},
    ),
    "reslice_stack": (
        radpix.reslice_stack,
        {"volume": VOLUME, "plane": PLANE, "count": 2, "step": 1.0},
        {
            "volume": NO_OBJECT,
            "plane": NO_OBJECT,
            "count": NO_SCALAR | {"half": 1.5, "zero": 0},
            "step": NO_SCALAR | {"nan": np.nan, "zero": 0},
            "progress": {"number": 7, "text": "bar"},
        },
    ),
    "project": (
        radpix.project,
        {"volume": VOLUME, "axis": 0},
        {
            "volume": NO_OBJECT,
            "axis": NO_SCALAR | {"three": 3, "float": 1.0},
            "combine": NO_OBJECT,
            "slab": NO_OBJECT,
        },
    ),
    "project, direction": (
        radpix.project,
        {"volume": VOLUME, "direction": (0, 1, 1)},
        {"direction": NO_VECTOR},
    ),
    "project, camera": (
        radpix.project,
        {"volume": VOLUME, "camera": CAMERA},
        {"camera": NO_OBJECT, "shape": NO_OBJECT, "slab": NO_OBJECT},
    ),
    "project, local maximum": (
        radpix.project,
        {"volume": VOLUME, "axis": 0, "combine": "local-max", "threshold": 4},
        {"threshold": NO_SCALAR | {"nan": np.nan}},
    ),
    "resample": (
        radpix.resample,
        {"volume": VOLUME, "spacing": 2.0},
        {
            "volume": NO_OBJECT,
            "spacing": NOTHING_NUMERIC
            | NOT_FINITE
            | {"array": np.zeros((2, 2)), "empty": np.zeros(0), "negative": -1},
            "interpolation": NO_OBJECT,
            "fill": NO_SCALAR | {"nan": np.nan},
            "padding": NO_OBJECT,
            "progress": {"number": 7, "text": "bar"},
        },
    ),
    "resample, shape": (
        radpix.resample,
        {"volume": VOLUME, "shape": (2, 2, 2)},
        {"shape": NO_OBJECT | {"halves": (1.5, 1, 1), "zero": (0, 1, 1)}},
    ),
    "resample, like": (radpix.resample, {"volume": VOLUME, "like": VOLUME}, {"like": NO_OBJECT}),
    "transform": (
        radpix.transform,
        {"volume": VOLUME, "matrix": np.eye(4)},
        {
            "volume": NO_OBJECT,
            "matrix": NO_OBJECT,
            "like": NO_OBJECT,
            "interpolation": NO_OBJECT,
            "fill": NO_SCALAR,
        },
    ),
    "warp": (
        radpix.warp,
        {"volume": VOLUME, "displacement": np.zeros((3, 4, 5, 3))},
        {"volume": NO_OBJECT, "displacement": NO_OBJECT, "like": NO_OBJECT, "interpolation": NO_OBJECT},
    ),
    "fuse": (
        radpix.fuse,
        {"base": VOLUME, "overlay": _PET, "plane": PLANE},
        {
            "base": NO_OBJECT,
            "overlay": NO_OBJECT,
            "plane": NO_OBJECT,
            "window": NO_OBJECT | {"texts": ("40", "400")},
            "overlay_window": NO_OBJECT,
            "color_map": NO_OBJECT,
            "opacity": NOTHING_NUMERIC | {"nan": np.nan, "two": 2.0, "empty": np.zeros(0)},
            "threshold": NO_SCALAR | {"nan": np.nan},
            "registration": NO_OBJECT,
        },
    ),
    "render": (
        radpix.render,
        {"volume": VOLUME, "camera": CAMERA, "transfer_function": BONE, "shape": (2, 2)},
        {
            "volume": NO_OBJECT,
            "camera": NO_OBJECT,
            "transfer_function": NO_OBJECT | {"name": "bone"},
            "shape": NO_OBJECT,
            "overlays": {
                "number": 7,
                "volume": VOLUME,
                "volumes": [VOLUME],
                "texts": [("a", "b")],
                "text": "ab",
            },
            "shading": NO_OBJECT,
            "step": NO_SCALAR | {"nan": np.nan},
            "background": NO_OBJECT,
        },
    ),
    "drr": (
        radpix.drr,
        {"volume": VOLUME, "camera": CAMERA, "shape": (2, 2)},
        {
            "volume": NO_OBJECT,
            "camera": NO_OBJECT,
            "mu_water": NO_SCALAR | {"nan": np.nan},
            "step": NO_SCALAR,
        },
    ),
    "TransferFunction": (TransferFunction, {"points": [(0, 1, 1, 1, 0)]}, {"points": NO_OBJECT}),
    "TransferFunction of values": (BONE, {"values": 1.0}, {"values": NOTHING_NUMERIC}),
    "convert_color": (
        radpix.convert_color,
        {"pixels": np.zeros((2, 2, 3), np.uint8), "source": "RGB", "target": "YBR_FULL"},
        {"pixels": NO_OBJECT, "source": NO_OBJECT, "target": NO_OBJECT},
    ),
    "Series.of": (radpix.Series.of, {"instances": ()}, {"instances": {"none": (), "list": []}}),
}
CASES = [
    pytest.param(name, argument, kind, id=f"{name}({argument}={kind})")
    for name, (_, _, wrong) in CALLS.items()
    for argument, kinds in wrong.items()
    for kind in kinds
]


def innermost(traceback: TracebackType | None) -> tuple[str, str]:
    """Return the file, and the line of code, that an exception comes from."""
    assert traceback is not None
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    file = traceback.tb_frame.f_code.co_filename
    return file, linecache.getline(file, traceback.tb_lineno).strip()


@pytest.mark.parametrize(("name", "argument", "kind"), CASES)
def test_a_wrong_argument_is_refused_by_radpix_itself(name: str, argument: str, kind: str) -> None:
    function, arguments, wrong = CALLS[name]
    with pytest.raises((TypeError, ValueError, IndexError)) as caught:
        function(**{**arguments, argument: wrong[argument][kind]})
    file, line = innermost(caught.value.__traceback__)
    assert Path(file).is_relative_to(PACKAGE)
    assert line.startswith("raise "), line
    assert len(str(caught.value)) < 400


def test_what_says_the_same_in_another_way_is_taken() -> None:
    expected = radpix.window(PIXELS, 5, 8)
    center: Any = np.float32(5)
    width: Any = np.array(8)
    for same in (PIXELS.tolist(), PIXELS.astype(">i2"), PIXELS.astype("f4"), np.asfortranarray(PIXELS)):
        np.testing.assert_array_equal(radpix.window(same, center, width), expected)
    mask = PIXELS > 3
    np.testing.assert_array_equal(radpix.window(mask, 1, 2), radpix.window(mask.astype(np.uint8), 1, 2))
    np.testing.assert_array_equal(radpix.apply_modality(PIXELS.astype(">i2"), HEADER), PIXELS - 1024)
    pair: Any = [5, 8]
    np.testing.assert_array_equal(radpix.apply_voi(PIXELS, HEADER, window=pair), expected)


def test_a_volume_takes_lists_and_the_other_byte_order() -> None:
    big = Volume(VOLUME.voxels.astype(">i2"))
    assert big.voxels.dtype == np.int16
    assert big.voxels.dtype.isnative
    listed = Volume(VOLUME.voxels.tolist())
    for volume in (big, listed, Volume(VOLUME.voxels[::-1][::-1])):
        np.testing.assert_array_equal(radpix.reslice(volume, PLANE).pixels, SLICE.pixels)
    assert Volume(VOLUME.voxels).voxels is VOLUME.voxels
    field = np.zeros((3, 4, 5, 3), ">f4")
    np.testing.assert_array_equal(radpix.warp(VOLUME, field).voxels, VOLUME.voxels)
    np.testing.assert_array_equal(radpix.transform(VOLUME, np.eye(4, dtype=">f8")).voxels, VOLUME.voxels)


def test_empty_and_0d_pixels_come_back_in_their_shape() -> None:
    for shape in ((), (0,), (0, 4)):
        assert radpix.window(np.zeros(shape, np.int16), 40, 400).shape == shape
        assert radpix.apply_modality(np.zeros(shape, np.int16), HEADER).shape == shape


def test_messages_name_the_remedy() -> None:
    for call, remedy in (
        (lambda: radpix.reslice(VOLUME, "axial"), r"Plane\.axial\(volume\).* not 'axial'"),  # type: ignore[arg-type]
        (lambda: radpix.reslice(VOLUME.voxels, PLANE), r"not an array of shape \(3, 4, 5\).*radpix\.load"),  # type: ignore[arg-type]
        (lambda: radpix.window(PIXELS, "40", 400), "center is a number, not '40'"),  # type: ignore[arg-type]
        (lambda: radpix.apply_modality(PIXELS, "ct.dcm"), r"pydicom\.dcmread\(path\).*not 'ct\.dcm'"),  # type: ignore[arg-type]
        (lambda: Volume(np.zeros((2, 2, 2), np.float16)), r"not float16; .*astype\(numpy\.float32\)"),
        (lambda: radpix.render(VOLUME, CAMERA, "bone", shape=(2, 2)), "TRANSFER_FUNCTIONS"),  # type: ignore[arg-type]
    ):
        with pytest.raises(TypeError, match=remedy):
            call()
