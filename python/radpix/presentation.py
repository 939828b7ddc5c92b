"""Softcopy Presentation States (PS3.3 A.33, PS3.4 N.2): how somebody wants an image to be shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from radpix._display.attributes import integer, integers, items, text, value
from radpix._display.lut import LookupTable, lookup_table, present_luts
from radpix._display.source import read_dataset
from radpix.color import icc_profile
from radpix.errors import PixelDataError
from radpix.modality import Rescale, rescale_of
from radpix.overlays import activated_groups
from radpix.palette import Palette, palette_of
from radpix.voi import views_of

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray
    from pydicom import Dataset

    from radpix.voi import VoiTable
    from radpix.window import Window

__all__ = ["PresentationState", "presentation_of"]

_GRAYSCALE, _COLOR, _PSEUDO_COLOR = (f"1.2.840.10008.5.1.4.1.1.11.{last}" for last in (1, 2, 3))
_NAMES = {_GRAYSCALE: "Grayscale", _COLOR: "Color", _PSEUDO_COLOR: "Pseudo-Color"}


@dataclass(frozen=True, eq=False)
class PresentationState:
    """What a presentation state says about one frame of an image.

    Graphic annotations and the displayed area are not drawn: the result is the whole image.

    Attributes
    ----------
    dataset, image
        The presentation state, and the image that it references.
    frame
        Index from 0 of the image's frame.
    presentation
        The Presentation LUT (C.11.6), None for a Presentation LUT Shape.
    palette
        The colours of a Pseudo-Color state (C.11.15), else None.
    profile
        ICC Profile (0028,2000), None where there is none.
    """

    dataset: Dataset
    image: Dataset
    frame: int
    presentation: LookupTable | None
    palette: Palette | None
    profile: bytes | None

    @property
    def invert(self) -> bool:
        """Whether Presentation LUT Shape is INVERSE; the image's photometric interpretation has no say here."""
        return self.presentation is None and text(self.dataset, "PresentationLUTShape") == "INVERSE"

    def modality(self, *, is_signed: bool) -> Rescale | LookupTable | None:
        """Return the modality transformation; without one the image's own is not applied either (PS3.4 N.2.1.2).

        Parameters
        ----------
        is_signed
            Whether the image's stored values are: the first value that a Modality LUT maps is signed then.

        Returns
        -------
        Rescale, LookupTable or None
            The first item of the Modality LUT Sequence, else slope and intercept, else None.

        Raises
        ------
        PixelDataError
            A table or a number is not what the standard says.
        """
        luts = present_luts(self.dataset, "ModalityLUTSequence")
        if luts:
            return lookup_table(luts[0], is_signed=is_signed, name="Modality LUT")
        return rescale_of(self.dataset)

    def views(self, *, is_signed: bool) -> list[VoiTable | Window]:
        """Return the VOI LUTs and windows of the first Softcopy VOI LUT item that is for this frame (C.11.8).

        Parameters
        ----------
        is_signed
            Whether modality values can be negative: the first value that a VOI LUT maps is signed then.

        Returns
        -------
        list of VoiTable and Window
            Tables first; empty where no item is for the frame. Window centers and widths are in modality values.

        Raises
        ------
        PixelDataError
            A table or a number is not what the standard says.
        """
        for item in items(self.dataset, "SoftcopyVOILUTSequence"):
            references = items(item, "ReferencedImageSequence")
            if not references or any(_is_for(one, self.image, self.frame) for one in references):
                return views_of(item, is_signed=is_signed)
        return []

    def overlay_sources(self, image: Dataset) -> list[tuple[Dataset, int]]:
        """Return where the overlays to be drawn are: those on a layer (C.11.7), but for the shutter's.

        Parameters
        ----------
        image
            Whose overlay is meant where the state has none in the group.

        Returns
        -------
        list of (Dataset, int)
            The data set with the overlay, and its group, 0x6000 to 0x601E.

        Raises
        ------
        PixelDataError
            An attribute is not what the standard says.
        """
        groups = activated_groups(self.dataset)
        shutter = integer(self.dataset, "ShutterOverlayGroup")
        found = []
        for group in sorted(groups - {shutter}):
            rows = group << 16 | 0x0010
            carrier = self.dataset if value(self.dataset, rows) is not None else image
            if value(carrier, rows) is not None:
                found.append((carrier, group))
        return found

    def oriented(self, image: NDArray[Any]) -> NDArray[Any]:
        """Return the image rotated clockwise and then flipped (Spatial Transformation, C.10.6).

        Parameters
        ----------
        image
            (rows, columns[, channel]) of any type.

        Returns
        -------
        ndarray
            Of the same type and C-contiguous; shape (columns, rows[, channel]) for a quarter turn.

        Raises
        ------
        PixelDataError
            Image Rotation (0070,0042) is no multiple of 90 degrees.
        """
        rotation = integer(self.dataset, "ImageRotation") or 0
        if rotation % 90:
            raise PixelDataError(f"Image Rotation is {rotation}, not 0, 90, 180 or 270")
        image = np.rot90(image, -(rotation // 90) % 4)
        if text(self.dataset, "ImageHorizontalFlip") == "Y":
            image = image[:, ::-1]
        return np.ascontiguousarray(image)


def presentation_of(
    source: Dataset | str | os.PathLike[str] | bytes, image: Dataset, frame: int, *, is_grey: bool
) -> PresentationState:
    """Return a presentation state, checked to be for a frame of ``image``, and for its kind.

    Raises
    ------
    ValueError
        It references other images or frames only.
    PixelDataError
        It is no grayscale, color or pseudo-color softcopy presentation state, is for images of the other kind,
        asks for mask subtraction, or one of its tables is wrong.
    """
    from pydicom import Dataset as PydicomDataset

    state = source if isinstance(source, PydicomDataset) else read_dataset(source)
    uid = text(state, "SOPClassUID")
    if uid not in _NAMES:
        raise PixelDataError(
            f"the presentation state has the SOP Class {uid or 'of nothing'}; Grayscale, Color and Pseudo-Color"
            " Softcopy Presentation States can be applied"
        )
    references = [
        reference
        for series in items(state, "ReferencedSeriesSequence")
        for reference in items(series, "ReferencedImageSequence")
    ]
    if not any(_is_for(reference, image, frame) for reference in references):
        raise ValueError(
            f"the presentation state does not reference frame {frame} of {text(image, 'SOPInstanceUID')}"
        )
    if is_grey == (uid == _COLOR):
        # PS3.3 A.33.1 to A.33.3: a colour has no modality or VOI transformation, and a grey no ICC profile.
        kind = "grayscale" if is_grey else "color"
        raise PixelDataError(
            f"the image is {kind} ({text(image, 'PhotometricInterpretation')}), but the presentation state is a"
            f" {_NAMES[uid]} Softcopy Presentation State, which says nothing about such images (PS3.3 A.33); take"
            " one that is for them, or none"
        )
    masks = items(state, "MaskSubtractionSequence")
    if any(text(mask, "MaskOperation") not in {"", "NONE"} for mask in masks):
        raise PixelDataError(
            "the presentation state asks for mask subtraction (PS3.3 C.11.13), which is not done; subtract the"
            " frames first, or show them without the state"
        )
    luts = present_luts(state, "PresentationLUTSequence")
    return PresentationState(
        dataset=state,
        image=image,
        frame=frame,
        presentation=lookup_table(luts[0], is_signed=False, name="Presentation LUT") if luts else None,
        palette=palette_of(state, is_signed=False) if uid == _PSEUDO_COLOR else None,
        profile=icc_profile(state),
    )


def _is_for(reference: Dataset, image: Dataset, frame: int) -> bool:
    if text(reference, "ReferencedSOPInstanceUID") != text(image, "SOPInstanceUID"):
        return False
    frames = integers(reference, "ReferencedFrameNumber")
    return not frames or frame + 1 in frames
