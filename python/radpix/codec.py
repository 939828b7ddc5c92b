"""Frames: from DICOM objects and codestreams to stored values.

Stored values are what the pixel data holds, sign-corrected to Pixel Representation; nothing is rescaled. See
`decode` for one array, `iter_frames` for one frame after the other, `decode_frame` for a codestream alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from radpix import limits
from radpix._frames import transfer_syntaxes as syntaxes
from radpix._frames.decoding import backend_for, check_decodable, decode_codestream, decode_into
from radpix._frames.selection import frame_indices, selected_layout, selection_of
from radpix._source import Reporter, open_source
from radpix._source.image_pixel import described_layout, element_type, frame_shape
from radpix.encode import encodable
from radpix.threads import thread_count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from radpix._backend import Buffer, FrameLayout, FrameSelection
    from radpix._source.source import Source

__all__ = ["TransferSyntax", "decode", "decode_frame", "iter_frames", "transfer_syntaxes"]


@dataclass(frozen=True)
class TransferSyntax:
    """What radpix does with a transfer syntax.

    Attributes
    ----------
    uid, name
        As in PS3.6 table A-1.
    can_decode, can_encode
        Whether it does, here and now.
    lossy
        Whether the syntax allows loss.
    backend
        Who decodes: ``"native"`` or ``"numba"``, ``"imagecodecs"`` for JPEG XL and ``"av"`` for video
        where these are installed, ``"pydicom"`` for a plug-in of pydicom's, ``""`` for nobody.
    """

    uid: str
    name: str
    can_decode: bool
    can_encode: bool
    lossy: bool
    backend: str


def transfer_syntaxes() -> list[TransferSyntax]:
    """Return the transfer syntaxes of DICOM that carry or refer to pixel data (PS3.6 table A-1).

    Returns
    -------
    list of TransferSyntax
        All of them, in the order of the table; ``backend`` says who decodes each here and now.

    Examples
    --------
    >>> import radpix
    >>> [syntax.name for syntax in radpix.transfer_syntaxes() if syntax.uid == "1.2.840.10008.1.2.5"]
    ['RLE Lossless']
    """
    encoders = encodable()
    return [
        TransferSyntax(uid, name, bool(backend), uid in encoders, lossy, backend)
        for uid, name, lossy in syntaxes.TABLE
        for backend in (backend_for(uid),)
    ]


def decode(
    source: Source,
    *,
    index: int | Sequence[int] | None = None,
    reduce: int = 0,
    region: Sequence[int] | None = None,
    layers: int | None = None,
    out: NDArray[Any] | None = None,
    num_threads: int | None = None,
    strict: bool = False,
) -> NDArray[Any]:
    """Decode frames of a DICOM object into stored values.

    Parameters
    ----------
    source
        A path, a URL (through fsspec, where that is installed), the bytes of a file, a binary file (read from
        its position, which is restored), an object whose ``open`` returns one (`zipfile.Path`, an fsspec
        OpenFile), or a pydicom Dataset. Only what the frames take is read, all of what cannot seek.
    index
        Which frame or frames, from 0; negative ones count from the end. None stands for all.
    reduce
        Of JPEG 2000: resolution levels to leave out. Rows and columns are divided by ``2**reduce`` and rounded
        up; pixel (i, j) lies where pixel (i, j) * 2**reduce of the whole frame does (ISO/IEC 15444-1 B-15).
    region
        Of JPEG 2000: (row, column, height, width) of the whole frame, of which only the code-blocks needed are
        decoded. The result is that of cropping the whole.
    layers
        Of JPEG 2000: how many quality layers to use, None for all.
    out
        Where to put the result: of its exact shape and type, writable, any strides. It stays as it was when
        the call fails, unless reading the file itself fails halfway, or a signal ends the call. Compressed
        frames are therefore decoded into fresh memory and copied (so that signals leave it as it was, too),
        native ones go straight into it once their length is known to be right.
    num_threads
        Threads to use, None for `radpix.get_num_threads`. The result is the same with any number.
    strict
        Raise `DecodeError` for every deviation from the standard that is a `RadpixWarning` otherwise.

    Returns
    -------
    ndarray
        (rows, columns[, samples]) for one frame or an integer ``index``, (frames, rows, columns[, samples])
        otherwise. Bits Allocated and Pixel Representation give the type, bits beyond Bits Stored are not part
        of a value; one-bit pixels are uint8. Colour is sample-interleaved, and RGB where the object has YBR;
        palette indices stay indices (PS3.3 C.7.6.3.1.2).

    Raises
    ------
    IndexError
        There is no such frame.
    TypeError, ValueError
        ``source`` is none of those, ``out`` or ``num_threads`` is wrong.
    OSError
        The file cannot be opened or read.
    PixelDataError
        It is no DICOM object, has no pixel data, or its attributes contradict each other.
    DecodeError, TruncatedError
        A frame is damaged or missing; ``.frame`` and ``.code`` say more.
    UnsupportedTransferSyntaxError
        Nothing installed decodes this transfer syntax.
    LimitError
        It asks for more than `radpix.limits` allows.

    Examples
    --------
    >>> import radpix
    >>> from pydicom.data import get_testdata_file
    >>> pixels = radpix.decode(get_testdata_file("MR_small_RLE.dcm"))
    >>> pixels.shape, pixels.dtype
    ((64, 64), dtype('int16'))
    """
    selection = selection_of(reduce, region, layers)
    return _decode_object(source, index, selection, out, thread_count(num_threads), strict=strict)


def _decode_object(
    source: Source,
    index: int | Sequence[int] | None,
    selection: FrameSelection | None,
    out: NDArray[Any] | None,
    threads: int,
    *,
    strict: bool,
) -> NDArray[Any]:
    import numpy as np

    with open_source(source, strict=strict) as pixels:
        indices = frame_indices(index, pixels.frames)
        single = isinstance(indices, int) or (index is None and pixels.frames == 1)
        wanted: Sequence[int] = (indices,) if isinstance(indices, int) else indices
        check_decodable(pixels.kernel_syntax)
        one = frame_shape(selected_layout(pixels.layout, selection, pixels.kernel_syntax))
        shape = one if single else (len(wanted), *one)
        if out is not None:
            _check_out(out, shape, pixels.dtype, source)
        limits.check_bytes(math.prod(one) * pixels.dtype.itemsize * len(wanted), f"{pixels.report.where}: ")
        pixels.check(wanted)
        direct = out is not None and not strict and pixels.transfer_syntax in syntaxes.NATIVE
        result = out if direct and out is not None else np.empty(shape, pixels.dtype)
        decode_into(pixels, wanted, result[np.newaxis] if single else result, threads, selection)
    if out is not None and result is not out:
        out[...] = result
        return out
    return result


def iter_frames(
    source: Source,
    *,
    indices: Sequence[int] | None = None,
    reduce: int = 0,
    region: Sequence[int] | None = None,
    layers: int | None = None,
    num_threads: int | None = None,
    strict: bool = False,
) -> Iterator[NDArray[Any]]:
    """Yield the frames of a DICOM object one after the other, each decoded when it is asked for.

    Only one frame and its codestream are in memory, however large the object is.

    Parameters
    ----------
    source, reduce, region, layers, num_threads, strict
        As in `decode`. A file stays open until the iterator is exhausted or closed.
    indices
        Which frames, and in which order; None stands for all.

    Yields
    ------
    ndarray
        Stored values, (rows, columns[, samples]) of the type that `decode` gives, a fresh array for each frame.

    Raises
    ------
    Exception
        As in `decode`, where iteration meets the reason.

    Examples
    --------
    >>> import radpix
    >>> from pydicom.data import get_testdata_file
    >>> [frame.shape for frame in radpix.iter_frames(get_testdata_file("rtdose_1frame.dcm"))]
    [(10, 10)]
    """
    selection = selection_of(reduce, region, layers)
    threads = thread_count(num_threads)
    return _iterate(source, indices, selection, threads, strict=strict)


def _iterate(
    source: Source,
    indices: Sequence[int] | None,
    selection: FrameSelection | None,
    threads: int,
    *,
    strict: bool,
) -> Iterator[NDArray[Any]]:
    import numpy as np

    with open_source(source, strict=strict) as pixels:
        chosen = frame_indices(indices, pixels.frames)
        wanted = (chosen,) if isinstance(chosen, int) else chosen
        check_decodable(pixels.kernel_syntax)
        shape = frame_shape(selected_layout(pixels.layout, selection, pixels.kernel_syntax))
        limits.check_bytes(math.prod(shape) * pixels.dtype.itemsize, f"{pixels.report.where}: ")
        for index in wanted:
            pixels.check((index,))
            frame = np.empty(shape, pixels.dtype)
            decode_into(pixels, (index,), frame[np.newaxis], threads, selection)
            yield frame


def decode_frame(
    codestream: Buffer,
    *,
    transfer_syntax: str,
    rows: int,
    columns: int,
    samples_per_pixel: int = 1,
    bits_allocated: int,
    bits_stored: int | None = None,
    pixel_representation: int = 0,
    photometric_interpretation: str = "MONOCHROME2",
    planar_configuration: int = 0,
    reduce: int = 0,
    region: Sequence[int] | None = None,
    layers: int | None = None,
    out: NDArray[Any] | None = None,
    num_threads: int | None = None,
    strict: bool = False,
) -> NDArray[Any]:
    """Decode the bytes of one frame, without a data set around them.

    Parameters
    ----------
    codestream
        The frame: its fragments joined, or its native bytes.
    transfer_syntax
        The Transfer Syntax UID.
    rows, columns, samples_per_pixel, bits_allocated, pixel_representation, photometric_interpretation, \
planar_configuration
        As in the Image Pixel module (PS3.3 C.7.6.3).
    bits_stored
        None stands for ``bits_allocated``. The high bit is the one below it.
    reduce, region, layers, out, num_threads, strict
        As in `decode`.

    Returns
    -------
    ndarray
        Stored values, (rows, columns[, samples]) of the type that `decode` gives.

    Raises
    ------
    TypeError, ValueError
        An argument is none that a frame can have, or ``out`` does not fit.
    Exception
        As in `decode`.

    Examples
    --------
    >>> import radpix
    >>> radpix.decode_frame(
    ...     bytes([1, 2, 3, 4]),
    ...     transfer_syntax="1.2.840.10008.1.2.1",
    ...     rows=1,
    ...     columns=2,
    ...     bits_allocated=16,
    ... )
    array([[ 513, 1027]], dtype=uint16)
    """
    layout = described_layout(
        rows,
        columns,
        samples_per_pixel,
        bits_allocated,
        bits_stored,
        pixel_representation,
        planar_configuration,
        photometric_interpretation,
    )
    selection = selection_of(reduce, region, layers)
    threads = thread_count(num_threads)
    result = _decode_alone(codestream, transfer_syntax, layout, selection, out, threads, strict=strict)
    if out is None:
        return result
    out[...] = result
    return out


def _decode_alone(
    codestream: Buffer,
    uid: str,
    layout: FrameLayout,
    selection: FrameSelection | None,
    out: NDArray[Any] | None,
    threads: int,
    *,
    strict: bool,
) -> NDArray[Any]:
    """Decode a codestream into fresh memory, once it is known that it would fit ``out``."""
    import numpy as np

    shape, dtype = frame_shape(selected_layout(layout, selection, uid)), element_type(layout)
    try:
        data = memoryview(codestream).cast("B")
    except TypeError:
        raise TypeError(f"codestream is a contiguous bytes-like object, not {type(codestream)}") from None
    if out is not None:
        _check_out(out, shape, dtype, codestream)
    size = math.prod(shape) * dtype.itemsize
    limits.check_frame(layout.rows, layout.columns)
    limits.check_bytes(size)
    limits.check_ratio(size, len(data))
    result = np.empty(shape, dtype)
    report = Reporter("codestream", strict=strict)
    decode_codestream(uid, data, layout, result, threads, report, selection=selection)
    return result


def _check_out(out: NDArray[Any], shape: tuple[int, ...], dtype: np.dtype[Any], source: object) -> None:
    """Raise TypeError or ValueError unless ``out`` can take the result."""
    import numpy as np

    if not isinstance(out, np.ndarray):
        raise TypeError(f"out is a NumPy array, not {type(out)}")
    if out.dtype != dtype:
        raise TypeError(f"out has the type {out.dtype}, the frames have {dtype}")
    if out.shape != shape:
        raise ValueError(f"out has the shape {out.shape}, the frames have {shape}")
    if not out.flags.writeable:
        raise ValueError("out is read-only")
    if isinstance(source, bytearray | memoryview) and np.may_share_memory(
        out, np.frombuffer(source, np.uint8)
    ):
        raise ValueError("out shares memory with the source")
