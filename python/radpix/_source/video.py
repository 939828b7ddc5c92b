"""Video (PS3.5 8.2.5 to 8.2.11): one bit stream over all fragments, whose frames have no bytes of their own."""

from __future__ import annotations

import io
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from radpix import limits
from radpix._source.fragments import Fragments, Items
from radpix._source.image_pixel import element_type
from radpix.errors import PixelDataError, TruncatedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from radpix._backend import Buffer
    from radpix._source.header import Header
    from radpix._source.image_pixel import ImagePixel
    from radpix._source.report import Reporter
    from radpix._source.stream import Stream

__all__ = ["FragmentFile", "VideoFrames"]


class FragmentFile(io.RawIOBase):
    """The fragments of an element as one file: only what is asked for is read."""

    def __init__(self, stream: Stream, fragments: Fragments) -> None:
        super().__init__()
        self._stream = stream
        self._fragments = fragments
        self._ends = list(accumulate(fragments.lengths))
        self._position = 0

    @property
    def size(self) -> int:
        """All bytes."""
        return self._ends[-1] if self._ends else 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def read(self, size: int = -1) -> bytes:
        """Return up to ``size`` bytes, fewer only at the end."""
        left = max(0, self.size - self._position)
        left = left if size < 0 else min(size, left)
        parts = []
        while left > 0:
            k = bisect_right(self._ends, self._position)
            length = min(left, self._ends[k] - self._position)
            offset = (
                self._fragments.offsets[k] + self._fragments.lengths[k] - (self._ends[k] - self._position)
            )
            part = self._stream.read(offset, length)
            if not part:
                break  # the file shrank meanwhile
            parts.append(bytes(part))
            self._position += len(part)
            left -= len(part)
        return b"".join(parts)


class VideoFrames:
    """The frames of a video. Offset tables are ignored: PS3.5 A.4.5 and following have them empty."""

    def __init__(self, header: Header, image: ImagePixel, report: Reporter) -> None:
        self._header = header
        self._image = image
        self._report = report
        self.file = FragmentFile(header.stream, Items(header, report).all())

    def check(self, indices: Sequence[int]) -> None:
        """Check that there is a bit stream, long enough for what it is to become.

        Raises
        ------
        TruncatedError
            There is none.
        LimitError
            It claims to grow beyond the allowed ratio.
        """
        if not self.file.size:
            raise TruncatedError(
                f"{self._report.where}: the pixel data holds no fragment of the video",
                code="frames-missing",
                transfer_syntax=self._header.transfer_syntax,
            )
        layout = self._image.layout
        size = layout.rows * layout.columns * layout.samples_per_pixel * element_type(layout).itemsize
        limits.check_ratio(size * len(indices), self.file.size, f"{self._report.where}: ")

    def compressed_bytes(self, index: int) -> int:
        """Return a frame's share of the bit stream."""
        del index
        return self.file.size // self._image.frames + 1

    def codestreams(self, indices: Sequence[int]) -> list[Buffer]:
        """Raise PixelDataError: pictures of a video are made of those before them."""
        raise PixelDataError(
            f"{self._report.where}: frames {indices} of a video have no codestreams; decode them"
        )
