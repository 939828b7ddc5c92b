"""Where the frames of a DICOM object lie, and their bytes: headers, native and encapsulated pixel data."""

from __future__ import annotations

from radpix._source.report import Reporter
from radpix._source.source import PixelSource, open_source

__all__ = ["PixelSource", "Reporter", "open_source"]
