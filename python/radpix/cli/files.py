"""Writing of results: complete or not at all."""

from __future__ import annotations

from radpix._files import check_target, replacing

__all__ = ["check_target", "replacing"]
