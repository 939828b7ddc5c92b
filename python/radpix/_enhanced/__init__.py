"""Images within an object: frames of a multi-frame object, tiles of a mosaic, each with its own place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from radpix._enhanced.dose import dose_frames
from radpix._enhanced.functional_groups import grouped_frames
from radpix._enhanced.mosaic import mosaic_tiles
from radpix._enhanced.nuclear import nuclear_frames
from radpix._enhanced.segmentation import segment_frames

if TYPE_CHECKING:
    from radpix._series.instance import Instance

__all__ = ["images_of"]

#: Segmentation and Label Map Segmentation.
_SEGMENTATIONS = frozenset({"1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"})
_DOSE = "1.2.840.10008.5.1.4.1.1.481.2"


def images_of(instance: Instance) -> tuple[Instance, ...]:
    """Return the images in an object, itself where it is one, or where its attributes give its frames no place.

    Raises
    ------
    RadpixError, OSError
        The file cannot be read, or what places its images is damaged.
    """
    if instance.is_mosaic:
        return mosaic_tiles(instance)
    if instance.sop_class_uid == _DOSE:
        return dose_frames(instance)
    if instance.sop_class_uid in _SEGMENTATIONS:
        return segment_frames(instance, grouped_frames(instance))
    if instance.functional_groups:
        return grouped_frames(instance)
    if instance.number_of_frames > 1 and instance.modality in {"NM", "PT"}:
        return nuclear_frames(instance)
    return (instance,)
