"""The Image Pixel module (PS3.3 C.7.6.3), checked before anything is allocated by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from radpix import limits
from radpix._arguments import integer, text
from radpix._backend import FrameLayout
from radpix._frames import transfer_syntaxes as syntaxes
from radpix._source import attributes as names
from radpix.errors import PixelDataError

if TYPE_CHECKING:
    import numpy as np

    from radpix._source.header import Header
    from radpix._source.report import Reporter

__all__ = ["ImagePixel", "described_layout", "element_type", "frame_shape", "image_pixel", "native_bits"]

_FLOAT_BITS = {0x7FE00008: 32, 0x7FE00009: 64}

#: PS3.5 8.1.1 knows 1 and multiples of 8; NumPy has no 24-bit integers.
_BITS_ALLOCATED = frozenset({1, 8, 16, 32, 64})

#: Native frames of these hold two thirds of the samples (PS3.3 C.7.6.3.1.2).
_SUBSAMPLED = frozenset({"YBR_FULL_422", "YBR_PARTIAL_422"})


@dataclass(frozen=True)
class ImagePixel:
    """Layout of the frames, and how many the header promises."""

    layout: FrameLayout
    frames: int


def element_type(layout: FrameLayout) -> np.dtype[np.generic]:
    """Return the type of a decoded sample: bits allocated rounded up, signed by Pixel Representation."""
    import numpy as np

    signed = layout.is_signed and layout.bits_allocated > 1  # a bit has no sign (PS3.5 8.1.1)
    kind = "f" if layout.is_float else "i" if signed else "u"
    return np.dtype(f"{kind}{max(1, layout.bits_allocated // 8)}")


def frame_shape(layout: FrameLayout) -> tuple[int, ...]:
    """Return (rows, columns) or (rows, columns, samples)."""
    plane = (layout.rows, layout.columns)
    return plane if layout.samples_per_pixel == 1 else (*plane, layout.samples_per_pixel)


def native_bits(layout: FrameLayout) -> int:
    """Return the size of one uncompressed frame in bits; frames of one-bit samples need not end on a byte."""
    samples = 2 if layout.photometric_interpretation in _SUBSAMPLED else layout.samples_per_pixel
    return layout.rows * layout.columns * samples * layout.bits_allocated


def described_layout(
    rows: int,
    columns: int,
    samples_per_pixel: int,
    bits_allocated: int,
    bits_stored: int | None,
    pixel_representation: int,
    planar_configuration: int,
    photometric_interpretation: str,
) -> FrameLayout:
    """Return the layout that a caller describes instead of a header.

    Raises
    ------
    TypeError
        A number is no integer, or the Photometric Interpretation no string.
    ValueError
        No frame can have it.
    """
    allocated = _argument("bits_allocated", bits_allocated, tuple(sorted(_BITS_ALLOCATED)))
    stored = _argument(
        "bits_stored", allocated if bits_stored is None else bits_stored, range(1, allocated + 1)
    )
    return FrameLayout(
        rows=_argument("rows", rows, range(1, 1 << 31)),
        columns=_argument("columns", columns, range(1, 1 << 31)),
        samples_per_pixel=_argument("samples_per_pixel", samples_per_pixel, (1, 3, 4)),
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=stored - 1,
        is_signed=_argument("pixel_representation", pixel_representation, (0, 1)) == 1,
        planar_configuration=_argument("planar_configuration", planar_configuration, (0, 1)),
        photometric_interpretation=text(photometric_interpretation, "photometric_interpretation"),
    )


def _argument(name: str, value: int, allowed: range | tuple[int, ...]) -> int:
    number = integer(value, name)
    if number not in allowed:
        expected = f"{allowed[0]} to {allowed[-1]}" if isinstance(allowed, range) else f"one of {allowed}"
        raise ValueError(f"{name} is {number}, expected {expected}")
    return number


class _Values:
    """The attributes of one header, with the errors of those that are absent."""

    def __init__(self, header: Header, report: Reporter) -> None:
        self._values = header.values
        self.report = report
        self.where = report.where

    def required(self, tag: int) -> int:
        value = self._values.get(tag, "")
        if not isinstance(value, int):
            raise PixelDataError(f"{self.where}: {names.NAMES[tag]} is missing; correct the header")
        return value

    def optional(self, tag: int) -> int | None:
        value = self._values.get(tag, "")
        return value if isinstance(value, int) else None

    def assumed(self, tag: int, default: int, code: str) -> int:
        value = self.optional(tag)
        if value is None:
            self.report(code, f"{names.NAMES[tag]} is missing; {default} is assumed")
            return default
        return value

    def text(self, tag: int) -> str:
        return str(self._values.get(tag, "")).strip()

    def wrong(self, tag: int, value: object, expected: str) -> PixelDataError:
        return PixelDataError(
            f"{self.where}: {names.NAMES[tag]} is {value}, expected {expected}; correct the header"
        )


def image_pixel(header: Header, report: Reporter) -> ImagePixel:
    """Check the attributes of a header.

    Raises
    ------
    PixelDataError
        One is missing, or none that a frame can have.
    LimitError
        A frame has more pixels than `radpix.limits` allows.
    """
    values = _Values(header, report)
    rows, columns = values.required(names.ROWS), values.required(names.COLUMNS)
    for tag, value in ((names.ROWS, rows), (names.COLUMNS, columns)):
        if not 1 <= value <= 0xFFFF:
            raise values.wrong(tag, value, "1 to 65535")
    limits.check_frame(rows, columns, f"{report.where}: ")
    samples = values.required(names.SAMPLES_PER_PIXEL)
    if samples not in {1, 3, 4}:
        raise values.wrong(names.SAMPLES_PER_PIXEL, samples, "1, 3 or 4")
    planar = 0
    if samples > 1:
        planar = values.assumed(names.PLANAR_CONFIGURATION, 0, "planar-configuration-absent")
        if planar not in {0, 1}:
            raise values.wrong(names.PLANAR_CONFIGURATION, planar, "0 or 1")
    photometric = _photometric(values, samples)
    allocated, stored, high_bit, signed = _bits(header, values)
    layout = FrameLayout(
        rows=rows,
        columns=columns,
        samples_per_pixel=samples,
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=high_bit,
        is_signed=signed,
        is_float=header.pixel_tag in _FLOAT_BITS,
        planar_configuration=planar,
        photometric_interpretation=photometric,
    )
    return ImagePixel(layout, _frames(values))


def _photometric(values: _Values, samples: int) -> str:
    photometric = values.text(names.PHOTOMETRIC_INTERPRETATION)
    if not photometric and samples == 1:
        values.report(
            "photometric-interpretation-absent",
            f"{names.NAMES[names.PHOTOMETRIC_INTERPRETATION]} is missing; MONOCHROME2 is assumed",
        )
        return "MONOCHROME2"
    if not photometric:
        raise PixelDataError(
            f"{values.where}: {names.NAMES[names.PHOTOMETRIC_INTERPRETATION]} is missing, so the meaning of"
            f" the {samples} samples of a pixel is unknown; add it to the header"
        )
    if photometric in _SUBSAMPLED and samples != 3:
        raise values.wrong(names.SAMPLES_PER_PIXEL, samples, f"3 with {photometric}")
    return photometric


def _bits(header: Header, values: _Values) -> tuple[int, int, int, bool]:
    """Return Bits Allocated, Bits Stored, High Bit, and whether samples are signed."""
    allocated = values.required(names.BITS_ALLOCATED)
    if header.pixel_tag in _FLOAT_BITS:
        if allocated != _FLOAT_BITS[header.pixel_tag]:
            raise values.wrong(names.BITS_ALLOCATED, allocated, f"{_FLOAT_BITS[header.pixel_tag]} for floats")
        return allocated, allocated, allocated - 1, False
    if allocated not in _BITS_ALLOCATED:
        raise values.wrong(names.BITS_ALLOCATED, allocated, "1, 8, 16, 32 or 64")
    stored = values.assumed(names.BITS_STORED, allocated, "bits-stored-absent")
    if not 1 <= stored <= allocated:
        raise values.wrong(names.BITS_STORED, stored, f"1 to Bits Allocated = {allocated}")
    representation = values.assumed(names.PIXEL_REPRESENTATION, 0, "pixel-representation-absent")
    if representation not in {0, 1}:
        raise values.wrong(names.PIXEL_REPRESENTATION, representation, "0 or 1")
    return allocated, stored, _high_bit(header, values, allocated, stored), representation == 1


def _high_bit(header: Header, values: _Values, allocated: int, stored: int) -> int:
    high_bit = values.optional(names.HIGH_BIT)
    usual = stored - 1
    if high_bit is None or high_bit == usual:
        return usual
    # A codestream of its own precision has no use for it; elsewhere it says where the bits are.
    if header.transfer_syntax in syntaxes.END_MARKED:
        values.report(
            "high-bit-invalid",
            f"{names.NAMES[names.HIGH_BIT]} is {high_bit} where Bits Stored {stored} asks for {usual}; the"
            " codestream needs neither",
        )
        return usual
    if not usual <= high_bit < allocated:
        raise values.wrong(names.HIGH_BIT, high_bit, f"{usual} with Bits Stored = {stored}")
    return high_bit


def _frames(values: _Values) -> int:
    frames = values.optional(names.NUMBER_OF_FRAMES)
    if frames is None:
        return 1
    if frames == 0:
        values.report("number-of-frames-zero", f"{names.NAMES[names.NUMBER_OF_FRAMES]} is 0; 1 is assumed")
        return 1
    if not 1 <= frames < 1 << 31:
        raise values.wrong(names.NUMBER_OF_FRAMES, frames, "1 to 2147483647")
    return frames
