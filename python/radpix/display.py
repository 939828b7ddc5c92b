"""Display: one frame of any object as a screen shows it, in the order of PS3.4 N.2."""

from __future__ import annotations

import operator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from radpix._display.attributes import integer, text, value
from radpix._display.grey import Grey, full_window, grey_levels, window_over
from radpix._display.lut import LookupTable
from radpix._display.over_values import over_values
from radpix._display.padding_values import padding_range
from radpix._display.plans import shown_by_plan
from radpix._display.source import header_of, rereadable
from radpix._display.thumbnail import resized, size_of
from radpix._warn import warn
from radpix.codec import decode
from radpix.color import icc_profile, to_srgb
from radpix.errors import PixelDataError
from radpix.modality import modality_transform
from radpix.overlays import groups_of, one_overlay
from radpix.palette import coloured, has_supplemental_palette, palette_of
from radpix.presentation import PresentationState, presentation_of
from radpix.shutters import closed_by_shutters, frame_shutter, has_shutters, shutter_level
from radpix.threads import thread_count
from radpix.voi import VoiTable, choose_voi, voi_views
from radpix.window import display_maximum

if TYPE_CHECKING:
    import os

    from numpy.typing import DTypeLike, NDArray
    from pydicom import Dataset

    from radpix._display.plans import Unplanned
    from radpix._source.source import Source
    from radpix.modality import Rescale
    from radpix.palette import Palette
    from radpix.voi import VoiChoice

__all__ = ["display"]

#: What `radpix.decode` makes RGB of.
_COLOURS = frozenset(
    {"RGB", "YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_422", "YBR_PARTIAL_420", "YBR_ICT", "YBR_RCT", "XYB"}
)


def display(
    source: Source,
    *,
    index: int = 0,
    window: VoiChoice | None = None,
    presentation_state: Dataset | str | os.PathLike[str] | bytes | None = None,
    overlays: bool = True,
    shutters: bool = True,
    icc: bool = True,
    size: int | tuple[int, int] | None = None,
    dtype: DTypeLike = np.uint8,
    num_threads: int | None = None,
) -> NDArray[Any]:
    """Return one frame as it is to be shown.

    In the standard's order (PS3.4 N.2): modality, VOI, Presentation LUT or MONOCHROME1's inversion; palette and ICC
    profile for colour; shutters, overlays, orientation and size; docs/display.md has the rules. Pixel padding takes
    no part in automatic windows, and is black.

    Parameters
    ----------
    source
        As in `radpix.decode`: a path, the bytes of a file, a binary file or a pydicom Dataset.
    index
        The frame, from 0; negative ones count from the end.
    window
        As in `radpix.apply_voi`; None stands for the presentation state's, else for the first view of the data
        set. For grayscale only.
    presentation_state
        A Grayscale, Color or Pseudo-Color Softcopy Presentation State, as a Dataset or what
        `pydicom.dcmread` takes. It must reference the frame.
    overlays, shutters, icc
        Whether to draw overlays, close shutters, and convert 8-bit colours to sRGB by the ICC profile.
    size
        For thumbnails: the length of the longer edge, which never grows, or (rows, columns). Means over areas.
    dtype
        uint8, uint16: from 0 to the type's highest; float32, float64: from 0.0 to 1.0.
    num_threads
        None for the default.

    Returns
    -------
    ndarray
        Display values of ``dtype``: (rows, columns) for grayscale, (rows, columns, 3) red, green, blue for colour.

    Raises
    ------
    ValueError
        There is no such view, or the presentation state is for another image.
    PixelDataError
        A table, palette, overlay or shutter that contradicts itself, or a presentation state for colours that is
        to be applied to grayscale, or the other way round.
    Exception
        As in `radpix.decode`, and TypeError for a ``dtype`` that has no display range.

    Examples
    --------
    >>> import radpix
    >>> from pydicom.data import get_testdata_file
    >>> image = radpix.display(get_testdata_file("CT_small.dcm"), window="soft-tissue", size=64)
    >>> image.shape, image.dtype
    ((64, 64), dtype('uint8'))
    """
    kind, threads, index = np.dtype(dtype), thread_count(num_threads), operator.index(index)
    display_maximum(kind)
    unplanned: Unplanned | None = None
    if presentation_state is None and size is None:
        known = shown_by_plan(source, index, window, kind, threads)
        if isinstance(known, np.ndarray):
            return known
        unplanned = known
    source = rereadable(source)
    pixels = decode(source, index=index, num_threads=num_threads)
    dataset = header_of(source)
    frame = index if index >= 0 else index + (integer(dataset, "NumberOfFrames") or 1)
    is_grey = pixels.ndim == 2 and text(dataset, "PhotometricInterpretation") != "PALETTE COLOR"
    state = None
    if presentation_state is not None:
        state = presentation_of(presentation_state, dataset, frame, is_grey=is_grey)
    size_of((pixels.shape[0], pixels.shape[1]), size)  # whatever is wrong with it is told before the work
    grey = None
    if is_grey:
        grey = _grey(pixels, dataset, frame, window, state)
        if unplanned is not None:
            unplanned.learn(source, grey, pixels, kind)
    image = _image(pixels, grey, dataset, state, kind, threads, icc=icc)
    if shutters:
        _close_shutters(image, dataset, frame, state)
    if overlays:
        _draw_overlays(image, dataset, frame, state)
    if state is not None:
        image = state.oriented(image)
    return resized(image, size_of((image.shape[0], image.shape[1]), size))


def _image(
    pixels: NDArray[Any],
    grey: Grey | None,
    dataset: Dataset,
    state: PresentationState | None,
    dtype: np.dtype[Any],
    threads: int,
    *,
    icc: bool,
) -> NDArray[Any]:
    """Return grey or colour levels of all pixels; ``grey`` is None for those that are colours."""
    if grey is None:
        rgb = _rgb(pixels, dataset, dtype, threads)
    elif state is None or state.palette is None:
        levels = grey_levels(pixels, grey, dtype, threads)
        if has_supplemental_palette(dataset) and state is None:
            return _supplemented(pixels, levels, dataset, dtype, threads)
        return levels
    else:
        rgb = _pseudo_coloured(pixels, grey, state.palette, dtype, threads)
    if not icc or dtype != np.uint8:
        return rgb
    # A state's profile is that of its colours, in place of the image's (PS3.4 N.2.2.1).
    profile = (state.profile if state is not None else None) or icc_profile(dataset)
    return rgb if profile is None else to_srgb(rgb, profile)


def _grey(
    pixels: NDArray[Any],
    dataset: Dataset,
    frame: int,
    window: VoiChoice | None,
    state: PresentationState | None,
) -> Grey:
    signed = pixels.dtype.kind == "i"
    padding = padding_range(dataset, pixels.dtype)
    if state is None:
        modality = modality_transform(dataset, frame, is_signed=signed)
    else:
        modality = state.modality(is_signed=signed)
    if isinstance(modality, LookupTable) and pixels.dtype.kind == "f":
        raise PixelDataError(f"a Modality LUT maps integers, but the pixels are {pixels.dtype}")
    if state is not None:
        views = state.views(is_signed=_can_be_negative(pixels, modality))
        grey = (
            Grey(modality, views[0].table if isinstance(views[0], VoiTable) else views[0]) if views else None
        )
        if grey is None or window is not None:
            chosen = choose_voi(views, window) if window is not None else None
            full = chosen or full_window(pixels.dtype, modality, integer(dataset, "BitsStored"))
            grey = Grey(modality, full.table if isinstance(full, VoiTable) else full)
        return replace(grey, presentation=state.presentation, invert=state.invert, padding=padding)
    views = voi_views(dataset, frame, is_signed=_can_be_negative(pixels, modality))
    invert = _is_inverted(dataset)
    chosen = choose_voi(views, 0 if window is None else window)
    if chosen is None:
        chosen = window_over(pixels, padding, modality, integer(dataset, "BitsStored"))
        return Grey(modality, chosen, invert=invert, padding=padding, is_automatic=True)
    voi = chosen.table if isinstance(chosen, VoiTable) else chosen
    return Grey(modality, voi, invert=invert, padding=padding)


def _can_be_negative(pixels: NDArray[Any], modality: Rescale | LookupTable | None) -> bool:
    """Return whether the first value that a VOI LUT maps is signed (PS3.3 C.11.2.1.1)."""
    if isinstance(modality, LookupTable):
        return False
    if modality is None:
        return pixels.dtype.kind != "u"
    return pixels.dtype.kind != "u" or modality.slope < 0 or modality.intercept < 0


def _is_inverted(dataset: Dataset) -> bool:
    """Return whether the least value is white: Presentation LUT Shape says so, else the photometric interpretation.

    The two agree in objects that are right (PS3.3 C.8.11.3.1.2); they are never applied both.
    """
    photometric = text(dataset, "PhotometricInterpretation")
    shape, is_white = text(dataset, "PresentationLUTShape"), photometric == "MONOCHROME1"
    if shape not in {"IDENTITY", "INVERSE"}:
        return is_white
    if is_white != (shape == "INVERSE"):
        warn(
            f"the image is {photometric} but has Presentation LUT Shape {shape}, which is taken",
            "polarity-contradiction",
        )
    return shape == "INVERSE"


def _rgb(pixels: NDArray[Any], dataset: Dataset, dtype: np.dtype[Any], threads: int) -> NDArray[Any]:
    """Return colour in the range of ``dtype``."""
    photometric = text(dataset, "PhotometricInterpretation")
    if photometric == "PALETTE COLOR" and pixels.ndim == 2:
        palette = palette_of(dataset, is_signed=pixels.dtype.kind == "i")
        if palette is None or pixels.dtype.kind == "f":
            raise PixelDataError(
                "the image is PALETTE COLOR without a palette, or with pixels that are no integers"
            )
        return coloured(pixels, palette, dtype, threads)
    if photometric not in _COLOURS or pixels.shape[-1] != 3 or pixels.dtype.kind != "u":
        raise PixelDataError(f"{photometric} of {pixels.shape[-1]} samples of {pixels.dtype} has no display")
    bits = integer(dataset, "BitsStored") or 8 * pixels.dtype.itemsize
    if dtype == pixels.dtype and bits == 8 * dtype.itemsize:
        return pixels

    def scaled(values: NDArray[Any]) -> NDArray[Any]:
        levels = np.minimum(values / float((1 << bits) - 1), 1.0) * display_maximum(dtype)
        return (np.rint(levels) if dtype.kind == "u" else levels).astype(dtype)

    return over_values(pixels, scaled, threads)


def _pseudo_coloured(
    pixels: NDArray[Any], grey: Grey, palette: Palette, dtype: np.dtype[Any], threads: int
) -> NDArray[Any]:
    """Return the colours of grey levels, whose full range is that of the palette."""

    def colours(values: NDArray[Any]) -> NDArray[Any]:
        parts = grey_levels(values, grey, np.dtype(np.float64), threads)
        index = np.rint(np.nan_to_num(parts) * (len(palette.red.entries) - 1)).astype(np.int64)
        return coloured(index + palette.first, palette, dtype, threads)

    return over_values(pixels, colours, threads)


def _supplemented(
    pixels: NDArray[Any], levels: NDArray[Any], dataset: Dataset, dtype: np.dtype[Any], threads: int
) -> NDArray[Any]:
    """Return grey below the first value that the palette maps, colour from there on (PS3.3 C.7.6.19)."""
    palette = palette_of(dataset, is_signed=pixels.dtype.kind == "i")
    if palette is None or pixels.dtype.kind == "f":
        raise PixelDataError("a supplemental palette is for integers, and needs its descriptors")
    result = coloured(pixels, palette, dtype, threads)
    grey = pixels < palette.first
    result[grey] = levels[grey][:, np.newaxis]
    return result


def _close_shutters(
    image: NDArray[Any], dataset: Dataset, frame: int, state: PresentationState | None
) -> None:
    item = state.dataset if state is not None else frame_shutter(dataset, frame)
    if not has_shutters(item):
        return
    shape = (image.shape[0], image.shape[1])
    bitmap = None
    group = integer(item, "ShutterOverlayGroup")
    if group is not None and 0x6000 <= group <= 0x601E and group % 2 == 0:
        carrier = item if value(item, group << 16 | 0x3000) is not None else dataset
        overlay = one_overlay(carrier, group, frame)
        bitmap = None if overlay is None else overlay.on(shape)
    level = shutter_level(item, is_colour=image.ndim == 3) * display_maximum(image.dtype)
    image[closed_by_shutters(item, shape, bitmap)] = np.rint(level) if image.dtype.kind == "u" else level


def _draw_overlays(
    image: NDArray[Any], dataset: Dataset, frame: int, state: PresentationState | None
) -> None:
    shutter = integer(frame_shutter(dataset, frame), "ShutterOverlayGroup")
    groups = [group for group in groups_of(dataset) if group != shutter]
    drawn = [(dataset, group) for group in groups] if state is None else state.overlay_sources(dataset)
    for carrier, group in drawn:
        overlay = one_overlay(carrier, group, frame)
        if overlay is not None:
            image[overlay.on((image.shape[0], image.shape[1]))] = display_maximum(image.dtype)
