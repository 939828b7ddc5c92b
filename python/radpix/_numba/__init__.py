"""The numba backend: the same functions and the same bits as the compiled core.

Windows, separable resampling and oblique planes take two to three times as long; the rest takes longer.
"""

from __future__ import annotations

from radpix._numba.frames import decodable, decode_frames
from radpix._numba.fuse import blend
from radpix._numba.path import carry_frames, measure_path, sample_path
from radpix._numba.project import project
from radpix._numba.render import composite
from radpix._numba.render_blocks import block_ranges
from radpix._numba.render_cast import cast_rays
from radpix._numba.render_layers import composite_layers
from radpix._numba.resample import resample
from radpix._numba.reslice import reslice, reslice_lines
from radpix._numba.spline import spline_coefficients
from radpix._numba.threads import cpu_level, num_threads, report_to, set_num_threads
from radpix._numba.transform import transform
from radpix._numba.window import look_up, rescale, window

__all__ = [
    "blend",
    "block_ranges",
    "carry_frames",
    "cast_rays",
    "composite",
    "composite_layers",
    "cpu_level",
    "decodable",
    "decode_frames",
    "look_up",
    "measure_path",
    "name",
    "num_threads",
    "project",
    "report_to",
    "resample",
    "rescale",
    "reslice",
    "reslice_lines",
    "sample_path",
    "set_num_threads",
    "spline_coefficients",
    "transform",
    "window",
]

name = "numba"
