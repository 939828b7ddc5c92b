"""What a caller selects: frames by their index; of a frame fewer resolutions, a region, fewer quality layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from radpix._arguments import integer
from radpix._backend import FrameLayout, FrameSelection, kernels
from radpix._frames import transfer_syntaxes as syntaxes
from radpix.errors import UnsupportedTransferSyntaxError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["frame_indices", "selected_layout", "selection_of"]

#: Decomposition levels of JPEG 2000, ISO/IEC 15444-1 table A.15.
_MOST_LEVELS: Final = 32


def frame_indices(index: int | Sequence[int] | None, frames: int) -> int | Sequence[int]:
    """Return non-negative indices, an integer for an integer, all frames for None.

    Raises
    ------
    IndexError
        One is outside the object's frames.
    TypeError
        It is neither an integer nor a sequence of them.
    """
    if index is None:
        return range(frames)
    if hasattr(index, "__index__") and not getattr(index, "shape", ()):
        return _frame_index(index, frames)
    if isinstance(index, str | bytes) or not hasattr(index, "__iter__"):
        raise TypeError(f"index is an integer, a sequence of integers or None, not {index!r}")
    return [_frame_index(one, frames) for one in index]  # type: ignore[union-attr]


def _frame_index(index: Any, frames: int) -> int:
    number = integer(index, "a frame's index")
    if not -frames <= number < frames:
        raise IndexError(
            f"there is no frame {number}: the object has {frames} frame{'s' * (frames != 1)}, counted from 0"
        )
    return number % frames


def selection_of(reduce: int, region: Sequence[int] | None, layers: int | None) -> FrameSelection | None:
    """Return what the caller asks for, None for the whole frame.

    Raises
    ------
    TypeError, ValueError
        An argument is none that any frame could have.
    """
    levels = integer(reduce, "reduce")
    if not 0 <= levels <= _MOST_LEVELS:
        raise ValueError(f"reduce is from 0 to {_MOST_LEVELS}, not {levels}")
    kept = 0 if layers is None else integer(layers, "layers")
    if layers is not None and not 1 <= kept <= 65535:
        raise ValueError(f"layers is from 1 to 65535, or None for all, not {kept}")
    if region is not None and not hasattr(region, "__iter__"):
        raise TypeError(f"region is (row, column, height, width), not {region!r}")
    part = () if region is None else tuple(integer(value, "region") for value in region)
    if region is not None and len(part) != 4:
        raise ValueError(f"region is (row, column, height, width), not {len(part)} numbers")
    selection = FrameSelection(levels, kept, *part)
    if region is not None and min(selection.height, selection.width) < 1:
        raise ValueError(f"a region has a row and a column at least, not {part}")
    return None if selection == FrameSelection() else selection


def selected_layout(layout: FrameLayout, selection: FrameSelection | None, uid: str) -> FrameLayout:
    """Return the layout with the rows and columns of what is selected.

    Raises
    ------
    UnsupportedTransferSyntaxError
        Frames in this transfer syntax cannot be decoded in part.
    ValueError
        The region does not lie inside the frame, or has no sample at this resolution.
    """
    if selection is None:
        return layout
    if uid not in syntaxes.SELECTABLE or uid not in kernels().decodable():
        raise UnsupportedTransferSyntaxError(
            f"reduce, region and layers are for JPEG 2000 frames and the native backend, not for"
            f" {syntaxes.name_of(uid)} with {kernels().name}: decode the whole frame and index the array"
        )
    _, _, row, column, height, width = selection
    if height == 0:
        row, column, height, width = 0, 0, layout.rows, layout.columns
    inside = 0 <= row <= layout.rows - height and 0 <= column <= layout.columns - width
    if not inside:
        raise ValueError(
            f"region {(row, column, height, width)} does not lie inside the frame of {layout.rows} x"
            f" {layout.columns} pixels"
        )
    step = 1 << selection.reduce
    rows = -(-(row + height) // step) - -(-row // step)
    columns = -(-(column + width) // step) - -(-column // step)
    if min(rows, columns) < 1:
        raise ValueError(
            f"region {(row, column, height, width)} holds no sample of the frame reduced by {step}"
        )
    return layout._replace(rows=rows, columns=columns)
