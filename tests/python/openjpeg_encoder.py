"""An encoder for the tests: OpenJPEG's library, which Pillow carries, with options that Pillow does not pass on.

The layouts are those of the public header openjpeg.h 2.5. They are checked against the defaults that the library
fills in, so that another version is skipped and not misread.
"""

from __future__ import annotations

import ctypes
from ctypes import POINTER, byref, c_char, c_char_p, c_float, c_int, c_size_t, c_uint16, c_uint32, c_void_p
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: Code-block styles (ISO/IEC 15444-1 table A.19).
BYPASS, RESET, TERMINATE, CAUSAL, PREDICTABLE, SYMBOLS = 1, 2, 4, 8, 16, 32
ORDERS = ("LRCP", "RLCP", "RPCL", "PCRL", "CPRL")


class _Change(ctypes.Structure):
    """A progression order change."""

    _fields_ = [
        *[(name, c_uint32) for name in ("resno0", "compno0", "layno1", "resno1", "compno1")],
        *[(name, c_uint32) for name in ("layno0", "precno0", "precno1")],
        ("prg1", c_int),
        ("prg", c_int),
        ("progorder", c_char * 5),
        ("tile", c_uint32),
        ("internal", c_uint32 * 24),
    ]


class _Parameters(ctypes.Structure):
    _fields_ = [
        *[(name, c_int) for name in ("tile_size_on", "tx0", "ty0", "tdx", "tdy")],
        *[(name, c_int) for name in ("disto_alloc", "fixed_alloc", "fixed_quality")],
        ("matrice", c_void_p),
        ("comment", c_char_p),
        ("csty", c_int),
        ("order", c_int),
        ("changes", _Change * 32),
        ("change_count", c_uint32),
        ("layers", c_int),
        ("rates", c_float * 100),
        ("qualities", c_float * 100),
        *[(name, c_int) for name in ("resolutions", "block_width", "block_height", "style", "irreversible")],
        *[(name, c_int) for name in ("roi_component", "roi_shift", "precincts")],
        ("precinct_widths", c_int * 33),
        ("precinct_heights", c_int * 33),
        ("infile", c_char * 4096),
        ("outfile", c_char * 4096),
        ("index_on", c_int),
        ("index", c_char * 4096),
        *[(name, c_int) for name in ("x0", "y0", "dx", "dy", "decode_format", "encode_format")],
        ("rest", c_char * 4096),
    ]


class _ComponentParameters(ctypes.Structure):
    _fields_ = [
        (name, c_uint32) for name in ("dx", "dy", "w", "h", "x0", "y0", "precision", "bpp", "is_signed")
    ]


class _Component(ctypes.Structure):
    _fields_ = [
        *_ComponentParameters._fields_,
        ("resolution", c_uint32),
        ("factor", c_uint32),
        ("data", POINTER(c_int)),
        ("alpha", c_uint16),
    ]


class _Image(ctypes.Structure):
    _fields_ = [
        *[(name, c_uint32) for name in ("x0", "y0", "x1", "y1", "component_count")],
        ("colour", c_int),
        ("components", POINTER(_Component)),
    ]


_Write = ctypes.CFUNCTYPE(c_size_t, c_void_p, c_size_t, c_void_p)
_Skip = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, c_void_p)
_Seek = ctypes.CFUNCTYPE(c_int, ctypes.c_int64, c_void_p)


@cache
def _library() -> ctypes.CDLL:
    pil = pytest.importorskip("PIL")
    found = sorted(Path(pil.__file__).parent.parent.glob("pillow.libs/libopenjp2*"))
    if not found:
        pytest.skip("Pillow carries no OpenJPEG library")
    library = ctypes.CDLL(str(found[0]))
    for name in ("opj_create_compress", "opj_stream_create", "opj_image_create"):
        getattr(library, name).restype = c_void_p
    parameters = _Parameters()
    library.opj_set_default_encoder_parameters(byref(parameters))
    known = (parameters.resolutions, parameters.block_width, parameters.roi_component, parameters.dx)
    if known != (6, 64, -1, 1) or parameters.encode_format != -1:
        pytest.skip("an OpenJPEG library of another layout")
    return library


def _parameters(options: dict[str, Any]) -> _Parameters:
    parameters = _Parameters()
    _library().opj_set_default_encoder_parameters(byref(parameters))
    tile, precinct, block = options["tile"], options["precinct"], options["block"]
    if tile is not None:
        parameters.tile_size_on = 1
        parameters.tdy, parameters.tdx = tile
    if precinct is not None:
        parameters.csty, parameters.precincts = 1, 1
        parameters.precinct_heights[0], parameters.precinct_widths[0] = precinct
    parameters.csty |= 6 if options["marked"] else 0
    parameters.block_height, parameters.block_width = block
    parameters.order = ORDERS.index(options["order"])
    rates: Sequence[float] = options["rates"]
    parameters.layers, parameters.disto_alloc = len(rates), 1
    for i, rate in enumerate(rates):
        parameters.rates[i] = rate
    parameters.resolutions, parameters.style = options["resolutions"], options["style"]
    parameters.irreversible = int(options["irreversible"])
    parameters.roi_component, parameters.roi_shift = options["roi"]
    changes = options["changes"]
    parameters.change_count = len(changes)
    for at, (order, first, resolution_end, component_end, layer_end) in enumerate(changes):
        change = parameters.changes[at]
        change.tile, change.prg1, change.prg = 1, ORDERS.index(order), ORDERS.index(order)
        change.progorder = order.encode()
        change.resno0 = first
        change.resno1, change.compno1, change.layno1 = resolution_end, component_end, layer_end
    return parameters


def _image(planes: Sequence[NDArray[Any]], precision: int, options: dict[str, Any]) -> Any:
    y0, x0 = options["origin"]
    steps = options["steps"]
    signed = int(planes[0].dtype.kind == "i")
    components = (_ComponentParameters * len(planes))()
    for component, plane, (dy, dx) in zip(components, planes, steps, strict=True):
        component.dx, component.dy = dx, dy
        component.h, component.w = plane.shape
        component.x0, component.y0 = x0, y0
        component.precision, component.bpp, component.is_signed = precision, precision, signed
    image = ctypes.cast(_library().opj_image_create(len(planes), components, 2), POINTER(_Image))
    image[0].x0, image[0].y0 = x0, y0
    height, width = options["size"]
    image[0].x1, image[0].y1 = x0 + width, y0 + height
    for i, plane in enumerate(planes):
        values = np.ascontiguousarray(plane, np.int32)
        ctypes.memmove(image[0].components[i].data, values.ctypes.data, values.nbytes)
    return image


def encode(planes: Sequence[NDArray[Any]], precision: int, **chosen: Any) -> bytes:
    """Return a codestream of the components ``planes``.

    Options: ``style`` of code-blocks, ``tile``, ``precinct``, ``block`` (rows, columns), ``order``, ``rates`` (one
    a layer, 0 lossless), ``resolutions``, ``irreversible``, ``transform`` of components, ``roi`` (component, shift),
    ``changes`` of the progression (order, first resolution, end of resolutions, components, layers; no packet may be
    in two), ``origin`` on the reference grid, ``steps`` between the samples of each component, ``size`` on the
    reference grid, ``extra`` ("PLT=YES"), ``marked`` (packets by SOP and EPH).
    """
    defaults: dict[str, Any] = {
        "style": 0,
        "tile": None,
        "precinct": None,
        "block": (64, 64),
        "order": "LRCP",
        "rates": (0.0,),
        "resolutions": 6,
        "irreversible": False,
        "transform": False,
        "roi": (-1, 0),
        "marked": False,
        "changes": (),
        "origin": (0, 0),
        "steps": [(1, 1)] * len(planes),
        "size": planes[0].shape,
        "extra": (),
    }
    options = defaults | chosen
    library = _library()
    parameters = _parameters(options)
    # Behind encode_format: 122 words of JPWL, cinema, component size and capabilities; then tp_on, tp_flag, tcp_mct.
    transform_at = _Parameters.rest.offset + 4 * (2 + 2 * 16 + 3 * 16 + 4 + 2 * 16 + 3) + 2
    ctypes.memset(ctypes.addressof(parameters) + transform_at, int(options["transform"]), 1)
    image = _image(planes, precision, options)
    written = bytearray()
    position = 0

    def write(data: int, size: int, _user: int) -> int:
        nonlocal position
        written[position : position + size] = ctypes.string_at(data, size)
        position += size
        return size

    def skip(size: int, _user: int) -> int:
        nonlocal position
        written.extend(bytes(max(0, position + size - len(written))))
        position += size
        return size

    def seek(to: int, _user: int) -> int:
        nonlocal position
        position = to
        return 1

    callbacks = _Write(write), _Skip(skip), _Seek(seek)
    codec, stream = c_void_p(library.opj_create_compress(0)), c_void_p(library.opj_stream_create(1 << 16, 0))
    try:
        library.opj_stream_set_write_function(stream, callbacks[0])
        library.opj_stream_set_skip_function(stream, callbacks[1])
        library.opj_stream_set_seek_function(stream, callbacks[2])
        extra = (c_char_p * (len(options["extra"]) + 1))(*[text.encode() for text in options["extra"]], None)
        done = (
            library.opj_setup_encoder(codec, byref(parameters), image)
            and (not options["extra"] or library.opj_encoder_set_extra_options(codec, extra))
            and library.opj_start_compress(codec, image, stream)
            and library.opj_encode(codec, stream)
            and library.opj_end_compress(codec, stream)
        )
    finally:
        library.opj_stream_destroy(stream)
        library.opj_destroy_codec(codec)
        library.opj_image_destroy(image)
    if not done:
        raise ValueError(f"OpenJPEG does not encode {options}")
    return bytes(written)
