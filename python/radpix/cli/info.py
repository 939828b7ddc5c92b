"""``radpix info``: what is in a file or folder, without a word about the patient."""

from __future__ import annotations

import json
import math
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

import radpix
from radpix.cli.console import cell, clean, show, table
from radpix.cli.series import find

if TYPE_CHECKING:
    from pathlib import Path

    from rich.text import Text

    from radpix.geometry import GeometryReport
    from radpix.series import Instance, ScanResult, Series, VolumePlan

__all__ = ["SCHEMA", "describe_series", "geometry_cell", "info", "orientation_name", "print_json"]

#: Names the JSON's layout; a change that could break a reader gets a new number.
SCHEMA = "radpix-info/1"

#: A plane counts as axial, coronal or sagittal up to 3 degrees off.
_STRAIGHT = 0.9986


def info(path: Path, *, as_json: bool) -> None:
    """Print what is under a path."""
    found = find(path)
    one_file = not path.is_dir()
    kind = "file" if one_file else "folder"
    report: dict[str, Any] = {
        "schema": SCHEMA,
        "version": radpix.__version__,
        "path": str(path),
        "kind": kind,
    }
    if one_file:
        report["image"] = _describe_image(found[0].instances[0])
    else:
        report["series"] = [describe_series(series) for series in found]
        report["skipped"] = dict(sorted(Counter(file.reason for file in found.skipped).items()))
    if as_json:
        print_json(report)
    elif one_file:
        _show_image(path, report["image"])
    else:
        _show_series(path, report["series"], found)


def print_json(report: dict[str, Any]) -> None:
    """Print JSON in ASCII, so that no terminal or pipe can spoil it."""
    sys.stdout.write(json.dumps(report, indent=2, allow_nan=False) + "\n")


def orientation_name(cosines: tuple[float, ...] | None) -> str | None:
    """Return the name of a plane by its Image Orientation (Patient), such as ``"oblique, nearest axial"``."""
    if cosines is None:
        return None
    normal = np.cross(cosines[:3], cosines[3:])
    length = np.linalg.norm(normal)
    if not 0 < length < np.inf:
        return None
    normal = np.abs(normal / length)
    name = ("sagittal", "coronal", "axial")[int(np.argmax(normal))]
    return name if normal.max() >= _STRAIGHT else f"oblique, nearest {name}"


def _syntaxes(instances: tuple[Instance, ...]) -> list[dict[str, Any]]:
    known = {syntax.uid: syntax for syntax in radpix.transfer_syntaxes()}
    counted = Counter(instance.transfer_syntax_uid for instance in instances)
    return [
        {
            "uid": uid,
            "name": known[uid].name if uid in known else "",
            "instances": count,
            "can_decode": uid in known and known[uid].can_decode,
        }
        for uid, count in sorted(counted.items())
    ]


def _spacing(plan: VolumePlan) -> list[float] | None:
    if plan.affine is None:
        return None
    columns = np.linalg.norm(plan.affine[:3, :3], axis=0)
    return [round(float(step), 6) for step in columns]


def describe_series(series: Series) -> dict[str, Any]:
    """Return a series for the JSON and the table."""
    plans = series.volumes()
    first = series.instances[0]
    geometry = series.audit().to_dict()
    for finding in geometry["findings"]:
        finding["slices"] = len(finding.pop("sop_instance_uids"))
        del finding["files"]
    return {
        "uid": series.uid,
        "study_uid": series.study_uid,
        "number": series.number,
        "modality": clean(series.modality),
        "description": clean(series.description),
        "instances": len(series.instances),
        "volumes": len(plans),
        "shape": list(plans[0].shape) if plans else None,
        "spacing_mm": _spacing(plans[0]) if plans else None,
        "orientation": orientation_name(first.image_orientation),
        "transfer_syntaxes": _syntaxes(series.instances),
        "geometry": geometry,
    }


def _describe_image(image: Instance) -> dict[str, Any]:
    return {
        "sop_class_uid": image.sop_class_uid,
        "sop_instance_uid": image.sop_instance_uid,
        "series_uid": image.series_instance_uid,
        "modality": clean(image.modality),
        "description": clean(image.series_description),
        "image_type": [clean(value) for value in image.image_type],
        "rows": image.rows,
        "columns": image.columns,
        "frames": image.number_of_frames,
        "samples_per_pixel": image.samples_per_pixel,
        "photometric_interpretation": clean(image.photometric_interpretation),
        "bits_allocated": image.bits_allocated,
        "bits_stored": image.bits_stored,
        "signed": image.pixel_representation == 1,
        "pixel_spacing_mm": _numbers(image.pixel_spacing),
        "slice_thickness_mm": image.slice_thickness,
        "position_mm": _numbers(image.image_position),
        "orientation": orientation_name(image.image_orientation),
        "rescale": _numbers((image.rescale_slope, image.rescale_intercept)),
        "windows": [list(pair) for pair in zip(image.window_center, image.window_width, strict=False)],
        "transfer_syntax": {k: v for k, v in _syntaxes((image,))[0].items() if k != "instances"},
    }


def _numbers(values: tuple[float | None, ...] | None) -> list[float] | None:
    known = [v for v in values or () if v is not None and math.isfinite(v)]
    return known if values is not None and len(known) == len(values) else None


def _joined(values: list[Any] | None, between: str = " x ") -> str:
    if values is None:
        return "-"
    return between.join(f"{value:.6g}" if isinstance(value, float) else str(value) for value in values)


def geometry_cell(report: GeometryReport | dict[str, Any]) -> Text:
    """Return ``ok``, or the codes of the findings: errors in red with an exclamation mark."""
    found = report["findings"] if isinstance(report, dict) else report.to_dict()["findings"]
    errors = dict.fromkeys(finding["code"] for finding in found if finding["severity"] == "error")
    remarks = dict.fromkeys(finding["code"] for finding in found if finding["severity"] == "warning")
    if errors:
        return cell("! " + ", ".join(errors), "bold red")
    if remarks:
        return cell("ok; " + ", ".join(remarks), "yellow")
    return cell("ok", "green")


def _show_series(path: Path, rows: list[dict[str, Any]], found: ScanResult) -> None:
    made = table(
        f"{clean(path)}: {len(rows)} series",
        [
            ("No.", "right"),
            ("Modality", "left"),
            ("Description", "left"),
            ("Images", "right"),
            ("Size (z, y, x)", "left"),
            ("Spacing (z, y, x), mm", "left"),
            ("Orientation", "left"),
            ("Decodes", "left"),
            ("Geometry", "left"),
        ],
    )
    for row in rows:
        repeats = f" ({row['volumes']} volumes)" if row["volumes"] > 1 else ""
        blocked = [s["name"] or s["uid"] for s in row["transfer_syntaxes"] if not s["can_decode"]]
        made.add_row(
            cell("-" if row["number"] is None else row["number"]),
            cell(row["modality"]),
            cell(row["description"]),
            cell(row["instances"]),
            cell(_joined(row["shape"]) + repeats),
            cell(_joined(row["spacing_mm"])),
            cell(row["orientation"] or "-"),
            cell("! " + "; ".join(blocked), "bold red") if blocked else cell("yes", "green"),
            geometry_cell(row["geometry"]),
        )
    show(made)
    if found.skipped:
        reasons = Counter(file.reason for file in found.skipped)
        show("Left out: " + ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items())))


def _show_image(path: Path, image: dict[str, Any]) -> None:
    syntax = image["transfer_syntax"]
    bits = (
        f"{image['bits_stored']} of {image['bits_allocated']}, {'signed' if image['signed'] else 'unsigned'}"
    )
    made = table(clean(path.name), [("Attribute", "left"), ("Value", "left")])
    for name, value in (
        ("Modality", f"{image['modality']} {'/'.join(image['image_type'])}"),
        ("Description", image["description"] or "-"),
        ("Frames x rows x columns", _joined([image["frames"], image["rows"], image["columns"]])),
        ("Samples", f"{image['samples_per_pixel']}, {image['photometric_interpretation']}"),
        ("Bits stored", bits),
        ("Pixel spacing (mm)", _joined(image["pixel_spacing_mm"])),
        (
            "Slice thickness (mm)",
            _joined([image["slice_thickness_mm"] or "-"]),
        ),
        ("Position (mm, LPS)", _joined(image["position_mm"], ", ")),
        ("Orientation", image["orientation"] or "-"),
        ("Rescale slope, intercept", _joined(image["rescale"], ", ")),
        ("Windows (center, width)", "; ".join(_joined(pair, ", ") for pair in image["windows"]) or "-"),
        ("Transfer syntax", f"{syntax['name'] or 'unknown'} ({syntax['uid'] or 'not stated'})"),
    ):
        made.add_row(cell(name, "bold"), cell(value))
    decodes = cell("yes", "green") if syntax["can_decode"] else cell("no", "bold red")
    made.add_row(cell("radpix decodes it", "bold"), decodes)
    show(made)
