"""Do these slices form a volume? What was found, with the slices and the millimetres.

The positions decide, never a nominal tag: spacing is the difference of Image Position (Patient) along the normal of
the slices, tilt the angle between that normal and the line through the positions (PS3.3 C.7.6.2.1.1).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "COARSEST_DECIMAL_MM",
    "COSINE_TOLERANCE",
    "DUPLICATE_TOLERANCE_MM",
    "GAP_TOLERANCE_RELATIVE",
    "POSITION_TOLERANCE_MM",
    "POSITION_TOLERANCE_RELATIVE",
    "SPACING_TOLERANCE_RELATIVE",
    "TILT_TOLERANCE_DEGREES",
    "Finding",
    "GeometryReport",
    "Severity",
]

#: Slices closer than this along the normal are at the same position: no scanner steps by a micrometre.
DUPLICATE_TOLERANCE_MM = 1e-3
#: A slice may lie this fraction of the spacing off the regular grid, at least `POSITION_TOLERANCE_MM` ...
POSITION_TOLERANCE_RELATIVE = 0.01
#: ... which is itself at most a tenth of the spacing, so that micro-CT is judged as strictly.
POSITION_TOLERANCE_MM = 0.01
#: Positions written with few decimals are off the grid by their rounding; down to a tenth of a millimetre that is
#: a warning and no error.
COARSEST_DECIMAL_MM = 0.1
#: A step of k times the spacing, k >= 2, within this fraction of the spacing, is k - 1 missing slices.
GAP_TOLERANCE_RELATIVE = 0.1
#: Smaller angles are kept in the affine without a word: 0.1 degrees shift by 0.2 mm over 100 mm.
TILT_TOLERANCE_DEGREES = 0.1
#: Allowed departure of the cosines' lengths from 1 and of their product from 0: three written decimals.
COSINE_TOLERANCE = 1e-3
#: Nominal spacings may differ from the measured one by this fraction before it is mentioned.
SPACING_TOLERANCE_RELATIVE = 0.01

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True)
class Finding:
    """One thing found about a series' geometry.

    Attributes
    ----------
    code
        A stable, hyphenated name: ``"gap"``, ``"duplicate-position"``, ``"uneven-spacing"``, ``"in-plane-shift"``,
        ``"tilt"``, ``"non-orthogonal-orientation"``, ``"mixed-orientation"``, ``"mixed-frame-of-reference"``,
        ``"mixed-matrix"``, ``"mixed-values"``, ``"mixed-image-type"``, ``"missing-attribute"``,
        ``"truncated-pixels"``, ``"multi-frame"``, ``"mosaic"``, ``"unexplained-repetition"``,
        ``"incomplete-repetition"``, ``"spacing-conflict"``, ``"location-conflict"``, ``"order-conflict"``,
        ``"nominal-tilt-conflict"``, ``"slice-count-conflict"``, ``"assumed-spacing"``, ``"assumed-order"``,
        ``"single-slice"``.
        docs/volumes.md says of each what it means.
    severity
        ``"error"``: stacked as they are, the slices do not form the volume; ``"warning"``: they do, within the stated
        millimetres; ``"info"``: attributes disagree that radpix does not use.
    message
        For a reader, with the slices' names.
    sop_instance_uids, files
        The slices concerned, in the order of their position.
    millimetres
        The size of the deviation; 0 where it has none.
    details
        Further numbers by name, e.g. ``{"degrees": 18.5}``.
    """

    code: str
    severity: Severity
    message: str
    sop_instance_uids: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    millimetres: float = 0.0
    details: Mapping[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.severity}: {self.code}: {self.message}"


@dataclass(frozen=True)
class GeometryReport:
    """What was found when slices were, or were to be, put together.

    Attributes
    ----------
    findings
        In the order error, warning, info.
    slices
        Number of images.
    spacing
        Smallest, median and largest distance in mm between neighbouring distinct positions, along the normal; None
        where there are fewer than two, or several volumes.
    tilt_degrees
        Angle between the normal and the line through the positions.
    slice_spacing_source
        What the step between slices comes from: ``"positions"``; of one slice, a mosaic or nuclear medicine ``"Slice
        Thickness"`` or ``"Spacing Between Slices"``; of one slice ``"assumed"`` (1 mm); empty where there is none.
    pixel_spacing_source
        The attribute that gives the spacing of pixels: ``"Pixel Spacing"``, ``"Imager Pixel Spacing"`` (at the
        detector, not in the patient), the same divided by the magnification, ``"Sequence of Ultrasound Regions"``,
        ``"Nominal Scanned Pixel Spacing"``; empty where there is none.
    """

    findings: tuple[Finding, ...] = ()
    slices: int = 0
    spacing: tuple[float, float, float] | None = None
    tilt_degrees: float = 0.0
    slice_spacing_source: str = ""
    pixel_spacing_source: str = ""

    @property
    def ok(self) -> bool:
        """Whether the slices form a regular volume: no finding is an error."""
        return not self.errors

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that are errors."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    def __contains__(self, code: object) -> bool:
        """Whether there is a finding with this code."""
        return any(finding.code == code for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain dicts, lists, strings and numbers."""
        return {
            "ok": self.ok,
            "slices": self.slices,
            "spacing_mm": None
            if self.spacing is None
            else dict(zip(("min", "median", "max"), self.spacing, strict=True)),
            "tilt_degrees": self.tilt_degrees,
            "slice_spacing_source": self.slice_spacing_source,
            "pixel_spacing_source": self.pixel_spacing_source,
            "findings": [
                {
                    "code": finding.code,
                    "severity": finding.severity,
                    "message": finding.message,
                    "millimetres": finding.millimetres,
                    "details": dict(finding.details),
                    "sop_instance_uids": list(finding.sop_instance_uids),
                    "files": list(finding.files),
                }
                for finding in self.findings
            ],
        }

    def to_json(self, *, indent: int | None = 2) -> str:
        """Return `to_dict` as JSON (RFC 8259), without NaN and infinities.

        Parameters
        ----------
        indent
            Spaces for each level; None for a single line.

        Raises
        ------
        ValueError
            A number of the report is not finite, which none is that radpix makes.
        """
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False)

    def __str__(self) -> str:
        lines = [f"{self.slices} slice{'s' * (self.slices != 1)}"]
        if self.spacing is not None:
            low, median, high = self.spacing
            between = f"{median:.6g}" if high - low < POSITION_TOLERANCE_MM else f"{low:.6g} to {high:.6g}"
            lines[0] += f", {between} mm apart"
        lines[0] += ": " + ("regular" if self.ok else "not a regular volume")
        return "\n".join([*lines, *(f"  {finding}" for finding in self.findings)])
