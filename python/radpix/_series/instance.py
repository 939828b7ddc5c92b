"""One image of a series, as its header describes it: a single-frame object, or one frame of a larger one."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

__all__ = ["Instance", "Vector"]

Vector = tuple[float, float, float]


class Instance(NamedTuple):
    """One image of a series; None or empty where an attribute is absent.

    Names are those of the attributes (PS3.6). ``image_position`` and ``image_orientation`` are in LPS (mm, cosines);
    ``pixel_spacing`` is (between rows, between columns) in mm (PS3.3 10.7.1.3), ``pixel_spacing_source`` the attribute
    it comes from. ``frame`` is the place in the pixel data, from 0, of an image that is one frame of an object with
    several or with functional groups; ``tile`` the first (row, column) of one that is part of a mosaic. An image
    that ``is_empty`` has no pixels in the file: a segmentation leaves out frames without segments (PS3.3 C.8.20.2).

    A tile ``is_order_assumed`` whose object does not say in which direction the tiles follow each other.
    ``rescale_slope`` and ``rescale_intercept`` are NaN where the attribute is no number.

    A named tuple: a frozen data class of as many fields takes 5 us to make, half of what parsing a header takes.
    """

    path: str
    transfer_syntax_uid: str = ""
    sop_class_uid: str = ""
    sop_instance_uid: str = ""
    study_instance_uid: str = ""
    series_instance_uid: str = ""
    series_number: int | None = None
    series_description: str = ""
    modality: str = ""
    manufacturer: str = ""
    image_type: tuple[str, ...] = ()
    instance_number: int | None = None
    frame_of_reference_uid: str = ""
    image_position: Vector | None = None
    image_orientation: tuple[float, ...] | None = None
    pixel_spacing: tuple[float, float] | None = None
    pixel_spacing_source: str = ""
    slice_thickness: float | None = None
    spacing_between_slices: float | None = None
    slice_location: float | None = None
    gantry_tilt: float | None = None
    rows: int = 0
    columns: int = 0
    samples_per_pixel: int = 1
    photometric_interpretation: str = ""
    number_of_frames: int = 1
    functional_groups: int = 0
    bits_allocated: int = 0
    bits_stored: int = 0
    high_bit: int | None = None
    pixel_representation: int = 0
    pixel_padding_value: float | None = None
    pixel_padding_limit: float | None = None
    file_size: int = 0
    pixel_offset: int = 0
    pixel_length: int = 0
    is_little_endian: bool = True
    rescale_slope: float | None = None
    rescale_intercept: float | None = None
    rescale_type: str = ""
    philips_scale: tuple[float, float] | None = None
    has_modality_lut: bool = False
    number_of_slices: int = 0
    units: str = ""
    window_center: tuple[float, ...] = ()
    window_width: tuple[float, ...] = ()
    window_explanation: tuple[str, ...] = ()
    voi_lut_function: str = ""
    frame: int | None = None
    tile: tuple[int, int] | None = None
    is_empty: bool = False
    is_order_assumed: bool = False
    stack_id: str = ""
    in_stack_position: int | None = None
    segment: int | None = None
    segment_label: str = ""
    component: str = ""
    temporal_position: int | None = None
    temporal_offset: float | None = None
    acquisition_number: int | None = None
    acquisition_date: str = ""
    acquisition_time: str = ""
    content_date: str = ""
    content_time: str = ""
    echo_time: float | None = None
    echo_number: int | None = None
    inversion_time: float | None = None
    trigger_time: float | None = None
    frame_reference_time: float | None = None
    rr_interval: int | None = None
    cardiac_phase: float | None = None
    respiratory_phase: float | None = None
    contrast_phase: str = ""
    kvp: float | None = None
    energy_window: int | None = None
    detector: int | None = None
    diffusion_b_value: float | None = None
    gradient_direction: tuple[float, ...] | None = None
    dimension_indices: tuple[float, ...] = ()
    diffusion_source: str = ""
    gradient_source: str = ""

    @property
    def name(self) -> str:
        """The file's name and the frame in it, for messages."""
        name = Path(self.path).name
        return name if self.frame is None else f"{name} frame {self.frame}"

    @property
    def is_localizer(self) -> bool:
        """Whether Image Type value 3 marks a localizer (PS3.3 C.8.2.1.1.1)."""
        return "LOCALIZER" in self.image_type[2:]

    @property
    def is_mosaic(self) -> bool:
        """Whether the image tiles many slices under the position of the tiled image (Siemens)."""
        return self.tile is None and "MOSAIC" in self.image_type

    @property
    def is_multi_frame(self) -> bool:
        """Whether the object has several frames whose places are not known."""
        return self.number_of_frames > 1 and self.frame is None
