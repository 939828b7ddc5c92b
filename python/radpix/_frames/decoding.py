"""From codestreams to arrays, by the kernels or pydicom's plug-ins, errors and warnings with their place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from radpix._backend import Deviation, FrameLayout, FrameSelection, kernels
from radpix._frames import plugins as _plugins
from radpix._frames import transfer_syntaxes as syntaxes
from radpix._source.encapsulated import unwrap
from radpix.errors import DecodeError, PixelDataError, RadpixError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from radpix._backend import Buffer
    from radpix._source import PixelSource, Reporter

__all__ = ["backend_for", "check_decodable", "decode_codestream", "decode_into"]

#: Colours in a part of the range of samples, and those that lie in memory in the same way.
_PARTIAL = {"YBR_PARTIAL_422": "YBR_FULL_422", "YBR_PARTIAL_420": "YBR_FULL"}
_UNCODED = syntaxes.NATIVE | {syntaxes.RLE_LOSSLESS}

#: Bytes read from a file at once where frames are smaller: still in the cache when they are decoded.
_BATCH = 4 << 20


def backend_for(uid: str) -> str:
    """Return who decodes a transfer syntax: the kernels' name, that of `_plugins.backend`, or an empty string."""
    if syntaxes.KERNEL_SYNTAXES.get(uid, uid) in kernels().decodable():
        return kernels().name
    return _plugins.backend(uid)


def check_decodable(uid: str) -> None:
    """Raise `UnsupportedTransferSyntaxError` with the remedy where nobody decodes ``uid``."""
    if not backend_for(uid):
        raise _plugins.unsupported(uid)


def decode_into(
    pixels: PixelSource,
    indices: Sequence[int],
    out: NDArray[Any],
    threads: int,
    selection: FrameSelection | None = None,
) -> None:
    """Decode frames into ``out`` (frames, rows, columns[, samples]), some MiB of a file at a time."""
    if pixels.transfer_syntax in syntaxes.VIDEO:
        _decode_video(pixels, indices, out, threads)
        return
    done = 0
    while done < len(indices):
        batch = indices[done : done + _batch(pixels, indices, done)]
        codestreams = pixels.codestreams(batch)
        target = out[done : done + len(batch)]
        _decode(
            pixels.kernel_syntax,
            codestreams,
            pixels.layout,
            target,
            threads,
            pixels.report,
            batch,
            selection=selection,
        )
        done += len(batch)


def _decode_video(pixels: PixelSource, indices: Sequence[int], out: NDArray[Any], threads: int) -> None:
    """Decode pictures in the order of the video, whatever the order of ``indices``."""
    uid, where = pixels.transfer_syntax, pixels.report.where
    index: int | None = None
    before = 0
    try:
        decoder = pixels.video(threads)
        for place in sorted(range(len(indices)), key=indices.__getitem__):
            if indices[place] == index:
                out[place] = out[before]
                continue
            index, before = indices[place], place
            out[place] = decoder.frame(index)
        if index == pixels.frames - 1 and not decoder.is_at_end():
            pixels.report(
                "number-of-frames-short",
                f"the video goes on behind the {pixels.frames} frames that Number of Frames says",
                transfer_syntax=uid,
            )
    except DecodeError as error:
        if error.transfer_syntax:
            raise
        raise _placed(error, uid, where, [0 if index is None else index]) from error.__cause__


def decode_codestream(
    uid: str,
    data: Buffer,
    layout: FrameLayout,
    out: NDArray[Any],
    threads: int,
    report: Reporter,
    *,
    keep_components: bool = False,
    selection: FrameSelection | None = None,
) -> None:
    """Decode one frame that comes without a data set into ``out`` (rows, columns[, samples])."""
    check_decodable(uid)
    native = unwrap(uid, data, layout, report, 0)
    uid = syntaxes.KERNEL_SYNTAXES.get(uid, uid)
    _decode(
        uid,
        [native],
        layout,
        out[None],
        threads,
        report,
        (0,),
        keep_components=keep_components,
        selection=selection,
    )


def _batch(pixels: PixelSource, indices: Sequence[int], first: int) -> int:
    """Return how many frames from ``first`` on to read at once: all that cost no copy, else some MiB."""
    left = len(indices) - first
    if pixels.in_memory:
        return left
    size = count = 0
    while count < left and (size < _BATCH or count == 0):
        size += pixels.compressed_bytes(indices[first + count])
        count += 1
    return count


def _decode(
    uid: str,
    codestreams: Sequence[Buffer],
    layout: FrameLayout,
    out: NDArray[Any],
    threads: int,
    report: Reporter,
    frames: Sequence[int],
    *,
    keep_components: bool = False,
    selection: FrameSelection | None = None,
) -> None:
    """Decode codestreams, which are these ``frames`` of their object."""
    where = report.where
    deviations: list[Deviation] = []
    colours = layout.photometric_interpretation
    is_partial = colours in _PARTIAL and uid in _UNCODED
    if is_partial:  # retired, and rare: the kernels bring chroma to full resolution, and no more
        layout = layout._replace(photometric_interpretation=_PARTIAL[colours])
    try:
        if uid in kernels().decodable():
            deviations = kernels().decode_frames(
                uid,
                codestreams,
                layout,
                out,
                keep_components=keep_components or is_partial,
                num_threads=threads,
                selection=selection,
            )
        else:
            _decode_by_plugin(uid, codestreams, layout, out)
        if is_partial and not keep_components:
            _expand(out, colours, layout.bits_stored)
    except DecodeError as error:
        raise _placed(error, uid, where, frames) from error.__cause__
    except RadpixError as error:
        raise type(error)(f"{where}: {error}") from error
    except (ValueError, TypeError) as error:
        if selection is not None:  # only the codestream knows how many levels it has
            raise ValueError(f"{where}: {error}") from error
        # A layout that passed our checks and is none of the kernels': the header is at fault, not the caller.
        raise PixelDataError(f"{where}: the frames cannot be decoded as described: {error}") from error
    for deviation in deviations:
        report(
            deviation.code,
            deviation.message,
            frame=frames[deviation.frame],
            offset=deviation.offset,
            transfer_syntax=uid,
        )


def _expand(out: NDArray[Any], colours: str, bits_stored: int) -> None:
    """Turn samples in a part of their range into RGB, frame by frame."""
    from radpix.color import convert_color

    for frame in out:
        frame[...] = convert_color(frame, colours, "RGB", bits_stored=bits_stored)


def _placed(error: DecodeError, uid: str, where: str, frames: Sequence[int]) -> DecodeError:
    """Return the same error with its file, frame and transfer syntax."""
    frame = frames[error.frame or 0] if error.frame is not None or len(frames) == 1 else None
    place = where if frame is None else f"{where}: frame {frame}"
    return type(error)(
        f"{place}: {error}", code=error.code, frame=frame, offset=error.offset, transfer_syntax=uid
    )


def _decode_by_plugin(
    uid: str, codestreams: Sequence[Buffer], layout: FrameLayout, out: NDArray[Any]
) -> None:
    for number, codestream in enumerate(codestreams):
        try:
            frame = _plugins.decode_frame(uid, codestream, layout)
        except DecodeError as error:
            error.frame = number
            raise
        if frame.shape != out.shape[1:]:
            raise DecodeError(
                f"the plug-in decoded a frame of shape {frame.shape}, expected {out.shape[1:]}",
                code="frame-shape",
                frame=number,
                transfer_syntax=uid,
            )
        out[number] = frame
