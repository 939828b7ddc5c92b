"""``radpix render``: one picture of a whole series, in true millimetres."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

import numpy as np

import radpix
from radpix._files import check_target, replacing
from radpix.cli.console import clean, progress, show
from radpix.cli.faults import UsageError
from radpix.cli.series import find, pick, pick_volume
from radpix.cli.sheet import Card, Layout, compose
from radpix.cli.views import extent, views
from radpix.errors import PixelDataError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray
    from PIL import Image

    from radpix import Volume, Window
    from radpix.cli.views import View

__all__ = ["Choices", "Look", "choose_window", "draw", "own_window", "render", "save_png"]

WIDTHS = (360, 8192)
_IRREGULAR = ("raise", "resample", "keep")
#: Most samples per pixel and direction where a pixel is much larger than a voxel.
_FINEST = 4


class Look(NamedTuple):
    """A window with its name, where it has one."""

    center: float
    width: float
    function: Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"] = "LINEAR"
    name: str = ""


@dataclass(frozen=True)
class Choices:
    """The options of the command, as typed."""

    window: str | None = None
    series: str | None = None
    volume: int | None = None
    center: str | None = None
    slab: float = 20.0
    on_irregular: str = "raise"
    size: int = 1800


def _look(window: Window) -> Look:
    return Look(window.center, window.width, window.function, clean(window.explanation))


def _numbers(text: str, count: int, what: str) -> list[float]:
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = []
    if len(values) != count or not np.isfinite(values).all():
        raise UsageError(f"{what}, not {clean(text)!r}")
    return values


def choose_window(wanted: str | None) -> Look | None:
    """Return the window of an option: a preset's name, or center,width; None for the series' own.

    Raises
    ------
    UsageError
        It is neither.
    """
    if wanted is None:
        return None
    presets = radpix.WINDOW_PRESETS
    preset = presets.get(wanted.strip().lower())
    if preset is not None:
        return _look(preset)
    expected = f"--window is center,width or one of {', '.join(sorted(presets))}"
    center, width = _numbers(wanted, 2, expected)
    if width < 1:
        raise UsageError(f"--window: a width is at least 1, not {width:g}")
    return Look(center, width)


def own_window(volume: Volume) -> Look:
    """Return the series' first window; else soft tissue for CT, and for others what holds 98 % of the values."""
    if volume.windows:
        return _look(volume.windows[0])
    if volume.unit == "HU":
        return _look(radpix.WINDOW_PRESETS["abdomen"])
    sample = volume.voxels.reshape(-1)[:: max(1, volume.voxels.size // 1_000_000)]
    sample = sample[np.isfinite(sample)]
    if sample.size == 0:
        return Look(0.0, 1.0)
    low, high = (float(v) for v in np.percentile(sample, (1, 99)))
    return Look((low + high) / 2, max(high - low, 1.0))


def render(path: Path, output: Path, choices: Choices) -> None:
    """Read a series and write its picture."""
    look = choose_window(choices.window)
    center = None
    if choices.center is not None:
        center = _numbers(choices.center, 3, "--center is x,y,z in mm")
    _check(output, choices)
    check_target(output)
    series = pick(find(path), choices.series, path)
    plan = pick_volume(series, choices.volume)
    policy = cast("Literal['raise', 'resample', 'keep']", choices.on_irregular)
    with progress("Reading pixels") as advance:
        volume = radpix.load(plan, on_irregular=policy, progress=advance)
    title = clean(series.description) or clean(series.modality) or "Series"
    picture = draw(volume, title, look, center=center, slab=choices.slab, width=choices.size)
    save_png(picture, output)
    show(f"{output}: {picture.width} x {picture.height} pixels")


def _check(output: Path, choices: Choices) -> None:
    """Raise `UsageError` for options that no data could make right."""
    if output.suffix.lower() != ".png":
        raise UsageError(f"--output is a .png file, not {clean(output.name)!r}")
    if not WIDTHS[0] <= choices.size <= WIDTHS[1]:
        raise UsageError(f"--size is from {WIDTHS[0]} to {WIDTHS[1]} pixels, not {choices.size}")
    if not 0 < choices.slab <= 1000:
        raise UsageError(f"--slab is a thickness up to 1000 mm, not {choices.slab:g}")
    if choices.on_irregular not in _IRREGULAR:
        raise UsageError(f"--on-irregular is raise, resample or keep, not {clean(choices.on_irregular)!r}")


def save_png(picture: Image.Image, path: Path) -> None:
    """Write the picture, completely or not at all."""
    with replacing(path) as stream:
        picture.save(stream, format="PNG")


def draw(
    volume: Volume,
    title: str,
    look: Look | None = None,
    *,
    center: ArrayLike | None = None,
    slab: float = 20.0,
    width: int = 1800,
) -> Image.Image:
    """Return the contact sheet of a volume.

    Parameters
    ----------
    volume
        (z, y, x), grey.
    title
        Heading of the card; no patient's name.
    look
        The window; the series' own by default.
    center
        Patient position all planes pass; the volume's middle by default.
    slab
        Thickness of the maximum intensity slab in mm.
    width
        Of the sheet, in pixels.

    Raises
    ------
    PixelDataError
        The volume has colour.
    """
    if volume.voxels.ndim != 3:
        raise PixelDataError("a contact sheet shows grey values; this series has colour")
    used = look or own_window(volume)
    middle = volume.index_to_patient((np.array(volume.shape) - 1) / 2)
    point = middle if center is None else np.asarray(center, dtype=np.float64)
    layout = Layout(width)
    fine = _fineness(volume, layout.field)
    made = views(volume, point, pixels=layout.field, slab=slab, fine=fine)
    pictures = [(view, _grey(volume, view, used, fine)) for view in made]
    card = _card(volume, title, used, point, made[0].plane.spacing[0] * fine * layout.field)
    return compose(pictures, card, layout, fine)


def _fineness(volume: Volume, field: int) -> int:
    """Return the samples per pixel and direction that keep a small picture from skipping voxels."""
    pixel = max(extent(volume, axis) for axis in np.eye(3)) / field
    return int(np.clip(np.ceil(pixel / min(volume.spacing) - 0.25), 1, _FINEST))


def _grey(volume: Volume, view: View, look: Look, fine: int) -> NDArray[np.uint8]:
    """Return a view's pixels (field, field) as shown on the screen."""
    values: NDArray[Any] = radpix.reslice(
        volume, view.plane, thickness=view.thickness, combine=view.combine
    ).pixels
    if fine > 1:
        size = values.shape[0] // fine
        values = values.reshape(size, fine, size, fine).mean(axis=(1, 3), dtype=np.float32)
    return radpix.window(values, look.center, look.width, function=look.function)


def _position(point: NDArray[np.float64]) -> str:
    """Return a patient position with the letters of the directions it lies in."""
    letters = zip(point, "LPH", "RAF", strict=True)
    parts = [f"{along if value >= 0 else against} {abs(value):.1f}" for value, along, against in letters]
    return "  ".join(parts) + " mm"


def _card(volume: Volume, title: str, look: Look, point: NDArray[np.float64], field: float) -> Card:
    unit = f" {volume.unit}" if volume.unit else ""
    low, high = look.center - look.width / 2, look.center + look.width / 2
    if look.function == "LINEAR":
        high -= 1.0  # PS3.3 C.11.2.1.2.1: white begins at center - 0.5 + (width - 1) / 2
    decimals = int(np.clip(3 - np.floor(np.log10(look.width)), 0, 12))

    def short(value: float) -> str:
        return f"{round(value, decimals):g}"

    named = f" ({look.name})" if look.name else ""
    report = volume.report
    if report is None:
        geometry = "not audited"
    else:
        codes = list(dict.fromkeys(f.code for f in report.findings if f.severity != "info"))
        geometry = ", ".join(codes) or "regular, nothing found"
    dz, dy, dx = volume.spacing
    return Card(
        title=title,
        subtitle=f"{clean(volume.modality) or 'Volume'}  ·  {volume.shape[0]} slice{'s' * (volume.shape[0] != 1)}",
        facts=(
            ("Window", f"C {short(look.center)}  W {short(look.width)}{unit}{named}"),
            ("Matrix", f"{volume.shape[2]} x {volume.shape[1]} x {volume.shape[0]}"),
            ("Spacing", f"{dx:.4g} x {dy:.4g} x {dz:.4g} mm"),
            ("Field", f"{field:.0f} x {field:.0f} mm each"),
            ("Planes at", _position(point)),
            ("Geometry", geometry),
        ),
        ramp=(short(low), f"{short((low + high) / 2)}{unit}", short(high)),
        note=f"radpix {radpix.__version__}  ·  research use, not a medical device",
    )
