"""Drawing of the contact sheet: dark, quiet, and nothing on it that hides the image."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from radpix.cli.views import View

__all__ = ["Card", "Layout", "compose"]

_GROUND, _CARD, _FRAME = (11, 13, 18), (18, 21, 29), (38, 44, 57)
_TEXT, _QUIET, _SHADOW = (236, 239, 244), (139, 149, 167), (0, 0, 0)
_BAR_LENGTHS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
_DOT = "\N{MIDDLE DOT}"
_SMOOTH = 4  # shapes with slanted or round edges are drawn this much larger and reduced


@dataclass(frozen=True)
class Card:
    """What the sixth field says.

    Attributes
    ----------
    title, subtitle
        Its heading.
    facts
        (name, value) lines.
    ramp
        Three values with their unit: black, middle and white of the grey scale.
    note
        The last line.
    """

    title: str
    subtitle: str
    facts: Sequence[tuple[str, str]]
    ramp: tuple[str, str, str]
    note: str


@dataclass(frozen=True)
class Layout:
    """Places on a sheet of a given width: three fields in each of two rows."""

    width: int

    @property
    def margin(self) -> int:
        """Pixels around the fields."""
        return max(6, self.width // 72)

    @property
    def gap(self) -> int:
        """Pixels between the fields."""
        return max(4, self.width // 110)

    @property
    def field(self) -> int:
        """Width and height of a field."""
        return (self.width - 2 * self.margin - 2 * self.gap) // 3

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the sheet."""
        return self.width, 2 * self.margin + self.gap + 2 * self.field

    def corner(self, index: int) -> tuple[int, int]:
        """Return the left and upper pixel of a field, 0 to 5 in reading order."""
        row, column = divmod(index, 3)
        step = self.field + self.gap
        return self.margin + column * step, self.margin + row * step


@cache
def _font(pixels: float) -> Any:
    return ImageFont.load_default(size=max(9.0, pixels))


def _writable(text: str) -> str:
    """Return the text in the characters that Pillow's own font has: accents go, the rest becomes a question mark."""
    plain = (c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return "".join(c if " " <= c <= "~" or c == _DOT else "?" for c in plain)


def _text(
    draw: ImageDraw.ImageDraw,
    at: tuple[float, float],
    text: str,
    *,
    size: float,
    fill: tuple[int, int, int] | str,
    anchor: str = "la",
    outline: bool = True,
) -> None:
    """Write text; its outline keeps it legible on any image."""
    stroke = max(1, round(size / 11)) if outline else 0
    draw.text(
        at,
        _writable(text),
        font=_font(size),
        fill=fill,
        anchor=anchor,
        stroke_width=stroke,
        stroke_fill=_SHADOW,
    )


def _rounded(size: int) -> Image.Image:
    """Return the mask of a field with round corners."""
    large = Image.new("L", (size * _SMOOTH, size * _SMOOTH))
    radius = size * _SMOOTH // 50
    ImageDraw.Draw(large).rounded_rectangle((0, 0, *(n - 1 for n in large.size)), radius, fill=255)
    return large.resize((size, size), Image.Resampling.LANCZOS)


def compose(
    pictures: Sequence[tuple[View, NDArray[np.uint8]]], card: Card, layout: Layout, fine: int = 1
) -> Image.Image:
    """Draw the sheet.

    Parameters
    ----------
    pictures
        Views with their grey values (field, field).
    card
        The sixth field.
    layout
        Places and sizes.
    fine
        The views' samples per pixel and direction.

    Returns
    -------
    PIL.Image.Image
        RGB, of ``layout.size``.
    """
    sheet = Image.new("RGB", layout.size, _GROUND)
    frame = Image.new("RGB", (layout.field, layout.field), _FRAME)
    outer, inner = _rounded(layout.field), _rounded(layout.field - 2)
    fields = [_picture(view, grey, [v for v, _ in pictures], fine) for view, grey in pictures]
    fields.append(_draw_card(card, layout.field))
    for index, field in enumerate(fields):
        x, y = layout.corner(index)
        sheet.paste(frame, (x, y), outer)
        sheet.paste(field.crop((1, 1, layout.field - 1, layout.field - 1)), (x + 1, y + 1), inner)
    return sheet


def _picture(view: View, grey: NDArray[np.uint8], every: Iterable[View], fine: int) -> Image.Image:
    """Draw one field: the image, traces of the other planes, letters, scale and title."""
    field = Image.fromarray(grey).convert("RGB")
    traces = [_trace(view, other, grey.shape[0], fine) for other in every if other is not view]
    for color, lines in traces:
        mask = Image.new("L", (field.width * _SMOOTH, field.height * _SMOOTH))
        pen = ImageDraw.Draw(mask)
        for line in lines:
            pen.line([(x * _SMOOTH, y * _SMOOTH) for x, y in line], fill=215, width=max(4, field.width // 90))
        field.paste(color, (0, 0), mask.resize(field.size, Image.Resampling.BOX))
    draw = ImageDraw.Draw(field)
    size, edge = field.width, field.width / 40
    small, large = size / 34, size / 27
    _text(draw, (edge, edge * 0.9), view.title, size=large, fill=view.color)
    letters, middle = view.plane.orientation_letters, size / 2
    for at, anchor, letter in (
        ((edge * 0.7, middle), "lm", letters.left),
        ((size - edge * 0.7, middle), "rm", letters.right),
        ((middle, edge * 0.6), "ma", letters.top),
        ((middle, size - edge * 0.6), "md", letters.bottom),
    ):
        _text(draw, at, letter, size=large, fill=_TEXT, anchor=anchor)
    _scale_bar(draw, size, view.plane.spacing[1] * fine, small)
    return field


def _trace(view: View, other: View, size: int, fine: int) -> tuple[str, list[list[tuple[float, float]]]]:
    """Return the colour and the short lines, inside the edges, that show where another plane cuts this one."""
    normal, cut = view.plane.normal, other.plane.normal
    along = np.cross(normal, cut)
    length = float(np.linalg.norm(along))
    if length < 1e-6 or (other.thickness and view.thickness):
        return other.color, []
    along = along / length
    lines = []
    for side in (-1.0, 1.0) if other.thickness else (0.0,):
        # The slab's faces are shown, not its middle plane.
        across = np.cross(along, normal)
        middle = view.plane.center
        away = float((other.plane.center - middle) @ cut) + side * other.thickness / 2
        base = middle + across * (away / float(across @ cut))
        reach = view.plane.spacing[0] * fine * size
        for end in (-1.0, 1.0):
            tick = base + np.outer([end * 0.38 * reach, end * 0.415 * reach], along)
            pixels = (view.plane.patient_to_pixel(tick) + 0.5) / fine
            lines.append([(float(column), float(row)) for row, column in pixels])
    return other.color, lines


def _scale_bar(draw: ImageDraw.ImageDraw, size: int, mm_per_pixel: float, font: float) -> None:
    """Draw a bar of a round number of millimetres at the lower left."""
    fitting = [mm for mm in _BAR_LENGTHS if mm / mm_per_pixel <= size * 0.28]
    length = fitting[-1] if fitting else _BAR_LENGTHS[0]
    pixels = round(length / mm_per_pixel)
    thick = max(2, round(size / 240))
    left, base = round(size / 40), round(size - size / 40)
    cap = 2 * thick
    for grow, color in ((1, _SHADOW), (0, _TEXT)):
        for x0, y0, x1, y1 in (
            (left, base - thick, left + pixels, base),
            (left, base - cap - thick, left + thick, base),
            (left + pixels - thick, base - cap - thick, left + pixels, base),
        ):
            draw.rectangle((x0 - grow, y0 - grow, x1 - 1 + grow, y1 - 1 + grow), fill=color)
    _text(draw, (left + pixels / 2, base - cap - thick), f"{length} mm", size=font, fill=_TEXT, anchor="md")


def _fit(text: str, font: Any, width: float) -> str:
    """Return the text, shortened with dots where it is wider than allowed."""
    text = _writable(text)
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "...") > width:
        text = text[:-1]
    return text.rstrip() + "..."


def _draw_card(card: Card, size: int) -> Image.Image:
    """Draw the field with the words and the grey scale."""
    field = Image.new("RGB", (size, size), _CARD)
    draw = ImageDraw.Draw(field)
    edge, title, normal, small = size / 14, size / 17, size / 29, size / 36
    width = size - 2 * edge
    _text(draw, (edge, edge), _fit(card.title, _font(title), width), size=title, fill=_TEXT, outline=False)
    line = edge + title * 1.35
    subtitle = _fit(card.subtitle, _font(normal), width)
    _text(draw, (edge, line), subtitle, size=normal, fill=_QUIET, outline=False)
    line += normal * 2.3
    ramp = size / 30
    bottom = size - edge - small * 2.4
    step = min(normal * 1.75, (bottom - ramp - small * 2.6 - line) / max(1, len(card.facts)))
    column = edge + width * 0.3
    for name, value in card.facts:
        shown = _fit(value, _font(normal), size - edge - column)
        _text(draw, (edge, line), name, size=normal, fill=_QUIET, outline=False)
        _text(draw, (column, line), shown, size=normal, fill=_TEXT, outline=False)
        line += step
    _draw_ramp(field, (edge, bottom - ramp - small * 1.7, width, ramp), card.ramp, small)
    _text(draw, (edge, size - edge), card.note, size=small, fill=_QUIET, anchor="ld", outline=False)
    return field


def _draw_ramp(
    field: Image.Image, place: tuple[float, float, float, float], values: tuple[str, str, str], font: float
) -> None:
    """Draw the grey scale with its values under it."""
    left, top, width, height = (round(v) for v in place)
    grey = np.tile(np.linspace(0, 255, width).round().astype(np.uint8), (height, 1))
    draw = ImageDraw.Draw(field)
    draw.rectangle((left - 1, top - 1, left + width, top + height), fill=_FRAME)
    field.paste(Image.fromarray(grey).convert("RGB"), (left, top))
    for share, anchor, value in zip((0.0, 0.5, 1.0), ("la", "ma", "ra"), values, strict=True):
        at = (left + share * width, top + height + font * 0.5)
        _text(draw, at, value, size=font, fill=_QUIET, anchor=anchor, outline=False)
