"""JPEG-LS encoder, as slow and as near to the text of ITU-T T.87 Annexes A to C as can be.

It writes every option the standard has for samples of full resolution, and returns the samples a decoder must
find. CharLS (where it reads an option) and the vectors of the standard vouch for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: A.2.1, table of J.
J = [0] * 4 + [1] * 4 + [2] * 4 + [3] * 4 + [4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15]
NONE, BY_LINE, BY_SAMPLE = 0, 1, 2


@dataclass(frozen=True)
class Options:
    """What a stream is written with. ``preset`` is MAXVAL, T1, T2, T3, RESET as in an LSE segment, 0 for default."""

    precision: int = 8
    near: int = 0
    interleave: int = NONE
    preset: tuple[int, int, int, int, int] | None = None
    #: Preset parameters that the coding uses without saying so: the mistake of JAI-ImageIO.
    silent_preset: tuple[int, int, int, int, int] | None = None
    restart_lines: int = 0
    restart_bytes: int = 2
    point_transform: int = 0
    #: Bytes of an oversize image dimension (C.2.4.1.4), 0 for none.
    oversize_bytes: int = 0
    #: Mapping table of each component, and the bytes of an entry (C.2.4.1.2).
    tables: tuple[tuple[int, ...], ...] = ()
    table_bytes: int = 1
    #: HP colour transform, which this encoder names but does not apply.
    hp_transform: int = 0
    trailing: bytes = b""


def default_thresholds(maximum: int, near: int, clamp: int = 4095) -> tuple[int, int, int]:
    """T.87 C.2.4.1.1.1."""

    def clamped(i: int, j: int) -> int:
        return j if i > maximum or i < j else i

    if maximum >= 128:
        factor = (min(maximum, clamp) + 128) // 256
        t1 = clamped(factor * (3 - 2) + 2 + 3 * near, near + 1)
        t2 = clamped(factor * (7 - 3) + 3 + 5 * near, t1)
        t3 = clamped(factor * (21 - 4) + 4 + 7 * near, t2)
    else:
        factor = 256 // (maximum + 1)
        t1 = clamped(max(2, 3 // factor + 3 * near), near + 1)
        t2 = clamped(max(3, 7 // factor + 5 * near), t1)
        t3 = clamped(max(4, 21 // factor + 7 * near), t2)
    return t1, t2, t3


@dataclass
class Bits:
    """A.1: after a byte FF, one bit 0 is stuffed."""

    data: bytearray = field(default_factory=bytearray)
    pending: list[int] = field(default_factory=list)

    def append(self, value: int, count: int) -> None:
        for shift in range(count - 1, -1, -1):
            self.pending.append(value >> shift & 1)
            if len(self.pending) == 8:
                byte = int("".join(map(str, self.pending)), 2)
                self.data.append(byte)
                self.pending = [0] if byte == 0xFF else []

    def finish(self) -> bytes:
        while self.pending:
            self.append(0, 1)
        return bytes(self.data)


class Coder:
    """State of one restart interval, and the procedures of Annex A that read it."""

    def __init__(self, options: Options, components: int) -> None:
        preset = options.silent_preset or options.preset or (0, 0, 0, 0, 0)
        self.near = options.near
        self.maxval = preset[0] or (1 << options.precision) - 1
        defaults = default_thresholds(self.maxval, self.near)
        self.t = [given or default for given, default in zip(preset[1:4], defaults, strict=True)]
        self.reset = preset[4] or 64
        self.range = (self.maxval + 2 * self.near) // (2 * self.near + 1) + 1
        self.qbpp = (self.range - 1).bit_length()
        bpp = max(2, self.maxval.bit_length())
        self.limit = 2 * (bpp + max(8, bpp))
        start = max(2, (self.range + 32) // 64)
        self.a, self.b, self.c, self.n = [start] * 367, [0] * 365, [0] * 365, [1] * 367
        self.nn = [0, 0]
        self.run_index = [0] * components
        self.bits = Bits()

    def quantized_gradient(self, d: int) -> int:
        """Figure A.4 (code segment A.4)."""
        t1, t2, t3 = self.t
        size = abs(d)
        q = 0 if size <= self.near else 1 if size < t1 else 2 if size < t2 else 3 if size < t3 else 4
        return q if d > 0 else -q

    def quantized_error(self, error: int) -> int:
        """A.4.4."""
        step = 2 * self.near + 1
        return (error + self.near) // step if error > 0 else -((self.near - error) // step)

    def clamped(self, value: int) -> int:
        return max(0, min(self.maxval, value))

    def reduced(self, error: int) -> int:
        """A.4.5."""
        error += self.range if error < 0 else 0
        return error - self.range if error >= (self.range + 1) // 2 else error

    def golomb(self, value: int, k: int, limit: int) -> None:
        """A.5.3."""
        if value >> k < limit - self.qbpp - 1:
            self.bits.append(1, (value >> k) + 1)
            self.bits.append(value & ((1 << k) - 1), k)
        else:
            self.bits.append(1, limit - self.qbpp)
            self.bits.append(value - 1, self.qbpp)

    def regular(self, x: int, ra: int, rb: int, rc: int, gradients: list[int]) -> int:
        """A.3 to A.6. Return the reconstructed sample."""
        q = [self.quantized_gradient(d) for d in gradients]
        # All may be zero where other components' gradients keep a pixel out of run mode.
        sign = -1 if next((v for v in q if v), 0) < 0 else 1
        context = sign * (81 * q[0] + 9 * q[1] + q[2])
        if rc >= max(ra, rb):
            prediction = min(ra, rb)
        elif rc <= min(ra, rb):
            prediction = max(ra, rb)
        else:
            prediction = ra + rb - rc
        prediction = self.clamped(prediction + sign * self.c[context])
        error = self.quantized_error(sign * (x - prediction))
        reconstructed = self.clamped(prediction + sign * error * (2 * self.near + 1))
        error = self.reduced(error)
        k = 0
        while self.n[context] << k < self.a[context]:
            k += 1
        if self.near == 0 and k == 0 and 2 * self.b[context] <= -self.n[context]:
            mapped = 2 * error + 1 if error >= 0 else -2 * (error + 1)
        else:
            mapped = 2 * error if error >= 0 else -2 * error - 1
        self.golomb(mapped, k, self.limit)
        self.update(context, error)
        return reconstructed

    def update(self, q: int, error: int) -> None:
        """A.6.1 and A.6.2."""
        self.b[q] += error * (2 * self.near + 1)
        self.a[q] += abs(error)
        if self.n[q] == self.reset:
            self.a[q] >>= 1
            self.b[q] = self.b[q] >> 1 if self.b[q] >= 0 else -((1 - self.b[q]) >> 1)
            self.n[q] >>= 1
        self.n[q] += 1
        if self.b[q] <= -self.n[q]:
            self.b[q] += self.n[q]
            self.c[q] = max(-128, self.c[q] - 1)
            self.b[q] = max(self.b[q], -self.n[q] + 1)
        elif self.b[q] > 0:
            self.b[q] -= self.n[q]
            self.c[q] = min(127, self.c[q] + 1)
            self.b[q] = min(self.b[q], 0)

    def interruption(self, x: int, ra: int, rb: int, kind: int, run_index: int) -> int:
        """A.7.2; ``kind`` is RItype."""
        sign = -1 if kind == 0 and ra > rb else 1
        prediction = ra if kind == 1 else rb
        error = self.quantized_error(sign * (x - prediction))
        reconstructed = self.clamped(prediction + sign * error * (2 * self.near + 1))
        error = self.reduced(error)
        q = 365 + kind
        k, temp = 0, self.a[q] + (self.n[q] >> 1 if kind else 0)
        while self.n[q] << k < temp:
            k += 1
        mostly_negative = 2 * self.nn[kind] >= self.n[q]
        mapped = 2 * abs(error) - kind
        if (k == 0 and error > 0 and not mostly_negative) or (error < 0 and (mostly_negative or k != 0)):
            mapped -= 1
        self.golomb(mapped, k, self.limit - J[run_index] - 1)
        self.nn[kind] += error < 0
        self.a[q] += (mapped + 1 - kind) >> 1
        if self.n[q] == self.reset:
            self.a[q] >>= 1
            self.n[q] >>= 1
            self.nn[kind] >>= 1
        self.n[q] += 1
        return reconstructed

    def run(self, length: int, ends_line: bool, which: int) -> None:
        """A.7.1.2."""
        index = self.run_index[which]
        while length >= 1 << J[index]:
            self.bits.append(1, 1)
            length -= 1 << J[index]
            index = min(31, index + 1)
        if not ends_line:
            self.bits.append(0, 1)
            self.bits.append(length, J[index])
        elif length > 0:
            self.bits.append(1, 1)
        self.run_index[which] = index

    def line(self, above: list[list[int]], samples: list[list[int]], which: int) -> list[list[int]]:
        """Code a line of the components interleaved by sample. Lines have one sample more at each end."""
        count, width = len(samples), len(samples[0])
        rows = [[row[1]] + [0] * width for row in above]
        x = 0
        while x < width:
            around = [(rows[c][x], above[c][x + 1], above[c][x], above[c][x + 2]) for c in range(count)]
            gradients = [[rd - rb, rb - rc, rc - ra] for ra, rb, rc, rd in around]
            if any(abs(d) > self.near for component in gradients for d in component):
                for c, (ra, rb, rc, _) in enumerate(around):
                    rows[c][x + 1] = self.regular(samples[c][x], ra, rb, rc, gradients[c])
                x += 1
                continue
            begin, value = x, [rows[c][x] for c in range(count)]
            while x < width and all(abs(samples[c][x] - value[c]) <= self.near for c in range(count)):
                for c in range(count):
                    rows[c][x + 1] = value[c]
                x += 1
            self.run(x - begin, x == width, which)
            if x < width:
                for c in range(count):
                    rb = above[c][x + 1]
                    kind = 1 if count == 1 and abs(value[c] - rb) <= self.near else 0
                    rows[c][x + 1] = self.interruption(
                        samples[c][x], value[c], rb, kind, self.run_index[which]
                    )
                self.run_index[which] = max(0, self.run_index[which] - 1)
                x += 1
        return [[*row, row[-1]] for row in rows]


def _interval(lines: NDArray[Any], options: Options) -> tuple[bytes, NDArray[Any]]:
    """Code (rows, columns, components) from a fresh state on (A.2, C.2.5)."""
    rows, columns, components = lines.shape
    coder = Coder(options, components)
    above = [[0] * (columns + 2) for _ in range(components)]
    found = np.zeros_like(lines)
    for y in range(rows):
        samples = [[int(v) for v in lines[y, :, c]] for c in range(components)]
        if options.interleave == BY_SAMPLE:
            above = coder.line(above, samples, 0)
        else:
            above = [coder.line([above[c]], [samples[c]], c)[0] for c in range(components)]
        found[y] = np.array([row[1:-1] for row in above]).T
    return coder.bits.finish(), found


def _segment(marker: int, *fields: tuple[int, int]) -> bytes:
    """Return a marker segment of big-endian fields, given as (value, bytes)."""
    data = b"".join(value.to_bytes(size, "big") for value, size in fields)
    return bytes([0xFF, marker]) + (len(data) + 2).to_bytes(2, "big") + data


def _tables(options: Options) -> bytes:
    """Return LSE segments, Annex C.2.4.1, and DRI, C.2.5."""
    found = b""
    if options.preset is not None:
        found += _segment(0xF8, (1, 1), *((value, 2) for value in options.preset))
    most = 65530 // options.table_bytes
    for number, table in enumerate(options.tables, 1):
        for first in range(0, len(table), most):
            entries = ((value, options.table_bytes) for value in table[first : first + most])
            kind = 2 if first == 0 else 3
            found += _segment(0xF8, (kind, 1), (number, 1), (options.table_bytes, 1), *entries)
    if options.restart_lines:
        found += _segment(0xDD, (options.restart_lines, options.restart_bytes))
    return found


def _scan(channels: list[int], coded: NDArray[Any], options: Options) -> tuple[bytes, NDArray[Any]]:
    """Return SOS (C.2.3) with the entropy-coded data of some components, and their samples."""
    numbers = [(c + 1 if options.tables else 0) for c in channels]
    components = [
        pair for c, table in zip(channels, numbers, strict=True) for pair in ((c + 1, 1), (table, 1))
    ]
    stream = _segment(
        0xDA,
        (len(channels), 1),
        *components,
        (options.near, 1),
        (options.interleave if len(channels) > 1 else NONE, 1),
        (options.point_transform, 1),
    )
    lines = coded[:, :, channels]
    step = options.restart_lines or len(lines)
    found = []
    for number, first in enumerate(range(0, len(lines), step)):
        data, samples = _interval(lines[first : first + step], options)
        stream += (bytes([0xFF, 0xD0 + (number - 1) % 8]) if number else b"") + data
        found.append(samples)
    return stream, np.concatenate(found)


def encode(image: NDArray[Any], options: Options) -> tuple[bytes, NDArray[Any]]:
    """Return a codestream of ``image`` (rows, columns[, components]) and the samples it decodes to.

    With mapping tables, ``image`` holds indices into them. Samples are shifted by the point transform first.
    """
    planes = image.astype(np.int64).reshape(*image.shape[:2], -1) >> options.point_transform
    rows, columns, count = planes.shape
    size = (0, 0) if options.oversize_bytes else (rows, columns)
    stream = b"\xff\xd8"
    if options.hp_transform:
        stream += _segment(0xE8, *((byte, 1) for byte in b"mrfx"), (options.hp_transform, 1))
    components = [pair for c in range(count) for pair in ((c + 1, 1), (0x11, 1), (0, 1))]
    stream += _segment(0xF7, (options.precision, 1), (size[0], 2), (size[1], 2), (count, 1), *components)
    if options.oversize_bytes:
        wide = options.oversize_bytes
        stream += _segment(0xF8, (4, 1), (wide, 1), (rows, wide), (columns, wide))
    stream += _tables(options)
    found = np.zeros_like(planes)
    groups = [[c] for c in range(count)] if options.interleave == NONE else [list(range(count))]
    for channels in groups:
        scan, found[:, :, channels] = _scan(channels, planes, options)
        stream += scan
    for c, table in enumerate(options.tables):
        found[:, :, c] = np.array(table)[found[:, :, c]]
    return stream + b"\xff\xd9" + options.trailing, (found << options.point_transform).reshape(image.shape)
