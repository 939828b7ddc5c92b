"""A JPEG writer for tests, from ITU-T T.81 and as plain as it goes: no peer writes all that decoders meet.

Samples of lossless frames are given as pixels, those of DCT-based frames as quantised coefficients.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

SOI, EOI = b"\xff\xd8", b"\xff\xd9"
SOF0, SOF1, SOF2, SOF3 = 0xC0, 0xC1, 0xC2, 0xC3
Sampling = tuple[int, int]  # horizontal, vertical


class Bits:
    """Entropy-coded data, with byte stuffing (F.1.2.3)."""

    def __init__(self) -> None:
        self.text: list[str] = []

    def put(self, value: int, width: int) -> None:
        if width:
            self.text.append(format(value & ((1 << width) - 1), f"0{width}b"))

    def finish(self) -> bytes:
        """Return the bytes, padded with ones, and begin anew."""
        bits = "".join(self.text)
        self.text = []
        bits += "1" * (-len(bits) % 8)
        data = bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))
        return data.replace(b"\xff", b"\xff\x00")


@dataclass
class Huffman:
    """Canonical codes (Annex C) for symbols in order of the lengths of their codes."""

    symbols: list[int]
    lengths: list[int]
    codes: dict[int, tuple[int, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        code, previous = 0, self.lengths[0]
        for symbol, length in zip(self.symbols, self.lengths, strict=True):
            code <<= length - previous
            self.codes[symbol] = (code, length)
            code, previous = code + 1, length

    def segment(self, table_class: int, destination: int) -> bytes:
        """Return a DHT segment."""
        counts = bytes(self.lengths.count(n) for n in range(1, 17))
        return segment(0xC4, bytes([table_class << 4 | destination]) + counts + bytes(self.symbols))

    def put(self, bits: Bits, symbol: int) -> None:
        bits.put(*self.codes[symbol])


def fixed_length(symbols: Sequence[int], length: int) -> Huffman:
    """Return a table whose codes all have one length."""
    assert len(symbols) < 1 << length
    return Huffman(list(symbols), [length] * len(symbols))


#: Difference categories 0 to 16: short codes, middling ones, and some longer than a decoder looks up at once.
CATEGORIES = Huffman(
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
    [2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 13, 14, 15, 15],
)
#: Categories of DC differences, 0 to 15.
DC_CATEGORIES = Huffman(CATEGORIES.symbols[:16], CATEGORIES.lengths[:16])
#: Any run and category of AC coefficients.
RUNS = fixed_length([run << 4 | size for run in range(16) for size in range(15)], 8)


def segment(marker: int, payload: bytes) -> bytes:
    """Return a marker segment (B.1.1.4)."""
    return bytes([0xFF, marker]) + (len(payload) + 2).to_bytes(2, "big") + payload


def frame_header(
    marker: int,
    precision: int,
    shape: tuple[int, int],
    sampling: Sequence[Sampling],
    ids: Sequence[int] | None = None,
) -> bytes:
    """Return a SOFn segment (B.2.2); component i uses quantisation table 0."""
    ids = ids or range(1, len(sampling) + 1)
    payload = bytes([precision]) + shape[0].to_bytes(2, "big") + shape[1].to_bytes(2, "big")
    payload += bytes([len(sampling)])
    for i, (h, v) in zip(ids, sampling, strict=True):
        payload += bytes([i, h << 4 | v, 0])
    return segment(marker, payload)


def scan_header(ids: Sequence[int], start: int, end: int, high: int = 0, low: int = 0) -> bytes:
    """Return a SOS segment (B.2.3); every component uses tables 0."""
    payload = bytes([len(ids)]) + b"".join(bytes([i, 0]) for i in ids)
    return segment(0xDA, payload + bytes([start, end, high << 4 | low]))


def restart_interval(mcus: int) -> bytes:
    return segment(0xDD, mcus.to_bytes(2, "big")) if mcus else b""


def app14(transform: int) -> bytes:
    return segment(0xEE, b"Adobe" + bytes([0, 100, 0, 0, 0, 0, transform]))


def jfif() -> bytes:
    return segment(0xE0, b"JFIF\0\1\2\0\0\1\0\1\0\0")


def put_value(bits: Bits, value: int, category: int) -> None:
    """Append the extra bits of a difference or coefficient (F.1.2.1.1)."""
    bits.put(value if value >= 0 else value - 1, category)


def category_of(value: int) -> int:
    return abs(value).bit_length()


def predict(selection: int, a: int, b: int, c: int) -> int:
    """Return Px of table H.1 for Ra, Rb, Rc."""
    return [0, a, b, c, a + b - c, a + ((b - c) >> 1), b + ((a - c) >> 1), (a + b) >> 1][selection]


class LosslessScan:
    """The samples of one scan of full-resolution components, interleaved."""

    def __init__(
        self, planes: Sequence[NDArray[Any]], precision: int, predictor: int, transform: int
    ) -> None:
        self.planes = [plane.astype(np.int64) >> transform for plane in planes]
        self.initial = 1 << (precision - transform - 1)
        self.predictor = predictor

    def differences(self, interval: int) -> Iterator[list[int]]:
        """Yield the differences of all components, pixel by pixel (H.1.2)."""
        rows, columns = self.planes[0].shape
        interval = interval or rows * columns
        for pixel in range(rows * columns):
            y, x = divmod(pixel, columns)
            first = pixel % interval == 0
            first_line = pixel // columns == pixel // interval * interval // columns
            yield [self._difference(plane, y, x, first, first_line) for plane in self.planes]

    def _difference(self, plane: NDArray[Any], y: int, x: int, first: bool, first_line: bool) -> int:
        if first:
            predicted = self.initial
        elif first_line:
            predicted = int(plane[y, x - 1])
        elif x == 0:
            predicted = int(plane[y - 1, x])
        else:
            a, b, c = (int(plane[y, x - 1]), int(plane[y - 1, x]), int(plane[y - 1, x - 1]))
            predicted = predict(self.predictor, a, b, c)
        difference = (int(plane[y, x]) - predicted) & 0xFFFF
        return difference if difference <= 0x8000 else difference - 0x10000

    def encode(self, interval: int, table: Huffman, extra_bits_of_16: bool = False) -> bytes:
        bits, data, restarts = Bits(), b"", 0
        for pixel, differences in enumerate(self.differences(interval)):
            if interval and pixel and pixel % interval == 0:
                data += bits.finish() + bytes([0xFF, 0xD0 + restarts % 8])
                restarts += 1
            for difference in differences:
                category = category_of(difference)
                table.put(bits, category)
                if category < 16:
                    put_value(bits, difference, category)
                elif extra_bits_of_16:
                    bits.put(0x8000, 16)
        return data + bits.finish()


def encode_lossless(
    pixels: NDArray[Any],
    precision: int,
    predictor: int = 1,
    *,
    transform: int = 0,
    interval: int = 0,
    interleaved: bool = True,
    table: Huffman = CATEGORIES,
    ids: Sequence[int] | None = None,
    extra_bits_of_16: bool = False,
) -> bytes:
    """Return pixels (rows, columns[, components]) as process 14."""
    planes = [pixels] if pixels.ndim == 2 else [pixels[..., c] for c in range(pixels.shape[2])]
    ids = list(ids or range(1, len(planes) + 1))
    shape = (pixels.shape[0], pixels.shape[1])
    data = SOI + table.segment(0, 0) + frame_header(SOF3, precision, shape, [(1, 1)] * len(planes), ids)
    data += restart_interval(interval)
    groups = [list(range(len(planes)))] if interleaved else [[c] for c in range(len(planes))]
    for group in groups:
        scan = LosslessScan([planes[c] for c in group], precision, predictor, transform)
        data += scan_header([ids[c] for c in group], predictor, 0, 0, transform)
        data += scan.encode(interval, table, extra_bits_of_16)
    return data + EOI


#: Zig-zag order, figure A.6: index of a coefficient in its block, row by row.
ZIGZAG = sorted(range(64), key=lambda i: (i // 8 + i % 8, (i // 8 if (i // 8 + i % 8) % 2 else i % 8)))


@dataclass
class Coefficients:
    """Quantised coefficients of a frame: per component (block rows, block columns, 8, 8), MCUs complete."""

    shape: tuple[int, int]
    sampling: list[Sampling]
    blocks: list[NDArray[Any]]

    @property
    def most(self) -> Sampling:
        return max(h for h, _ in self.sampling), max(v for _, v in self.sampling)

    @property
    def mcus(self) -> tuple[int, int]:
        """MCU rows and columns of an interleaved scan."""
        h, v = self.most
        return -(-self.shape[0] // (8 * v)), -(-self.shape[1] // (8 * h))

    def extent(self, c: int) -> tuple[int, int]:
        """Rows and columns of component ``c`` in samples (A.1.1)."""
        (h, v), (most_h, most_v) = self.sampling[c], self.most
        return -(-self.shape[0] * v // most_v), -(-self.shape[1] * h // most_h)

    def order(self, group: Sequence[int]) -> Iterator[list[tuple[int, NDArray[Any]]]]:
        """Yield the blocks of one MCU after the other, with the component each belongs to (A.2)."""
        if len(group) == 1:
            rows, columns = (-(-n // 8) for n in self.extent(group[0]))
            for y, x in np.ndindex(rows, columns):
                yield [(group[0], self.blocks[group[0]][y, x])]
            return
        for row, column in np.ndindex(*self.mcus):
            yield [
                (c, self.blocks[c][row * self.sampling[c][1] + v, column * self.sampling[c][0] + h])
                for c in group
                for v in range(self.sampling[c][1])
                for h in range(self.sampling[c][0])
            ]


def random_coefficients(
    rng: np.random.Generator, shape: tuple[int, int], sampling: Sequence[Sampling], amplitude: int
) -> Coefficients:
    """Return sparse coefficients of the kind that images have."""
    frame = Coefficients(shape, list(sampling), [])
    rows, columns = frame.mcus
    for h, v in sampling:
        size = (rows * v, columns * h, 8, 8)
        fall = 1 + np.add.outer(np.arange(8), np.arange(8)) ** 2
        values = rng.normal(0, amplitude, size) / fall
        values[rng.random(size[:2]) < 0.3, 1:, :] = 0
        frame.blocks.append(np.rint(values).astype(np.int64))
    return frame


def _encode_block(bits: Bits, block: NDArray[Any], prediction: int, dc: Huffman, ac: Huffman) -> int:
    values = [int(v) for v in block.reshape(64)[ZIGZAG]]
    difference = values[0] - prediction
    dc.put(bits, category_of(difference))
    put_value(bits, difference, category_of(difference))
    run = 0
    last = max((k for k in range(1, 64) if values[k]), default=0)
    for value in values[1 : last + 1]:
        if value == 0:
            run += 1
            continue
        for _ in range(run // 16):
            ac.put(bits, 0xF0)
        category = category_of(value)
        ac.put(bits, (run % 16) << 4 | category)
        put_value(bits, value, category)
        run = 0
    if last < 63:
        ac.put(bits, 0)
    return values[0]


def _encode_scan(frame: Coefficients, group: Sequence[int], interval: int, dc: Huffman, ac: Huffman) -> bytes:
    bits, data = Bits(), b""
    predictions, restarts = [0] * len(frame.sampling), 0
    for n, mcu in enumerate(frame.order(group)):
        if interval and n and n % interval == 0:
            data += bits.finish() + bytes([0xFF, 0xD0 + restarts % 8])
            predictions, restarts = [0] * len(frame.sampling), restarts + 1
        for c, block in mcu:
            predictions[c] = _encode_block(bits, block, predictions[c], dc, ac)
    return data + bits.finish()


def encode_sequential(
    frame: Coefficients,
    quantization: Sequence[int],
    *,
    marker: int = SOF0,
    precision: int = 8,
    interval: int = 0,
    interleaved: bool = True,
    ids: Sequence[int] | None = None,
    extra: bytes = b"",
    tables: tuple[Huffman, Huffman] | None = (DC_CATEGORIES, RUNS),
    spectral: tuple[int, int, int, int] = (0, 63, 0, 0),
) -> bytes:
    """Return coefficients as a sequential frame; ``extra`` are segments after SOI, ``tables`` None leaves DHT out."""
    count = len(frame.sampling)
    ids = list(ids or range(1, count + 1))
    wide = max(quantization) > 255
    values = b"".join(quantization[i].to_bytes(2 if wide else 1, "big") for i in ZIGZAG)
    data = SOI + extra + segment(0xDB, bytes([0x10 if wide else 0]) + values)
    data += frame_header(marker, precision, frame.shape, frame.sampling, ids) + restart_interval(interval)
    dc, ac = tables or (DC_CATEGORIES, RUNS)
    data += dc.segment(0, 0) + ac.segment(1, 0) if tables else b""
    for group in [list(range(count))] if interleaved else [[c] for c in range(count)]:
        data += scan_header([ids[c] for c in group], *spectral) + _encode_scan(frame, group, interval, dc, ac)
    return data + EOI


def inverse_dct(frame: Coefficients, quantization: Sequence[int], precision: int) -> list[NDArray[Any]]:
    """Return the components' samples in float64 (A.3.3), level-shifted and clamped, not rounded."""
    k = np.arange(8)
    basis = np.cos((2 * k[:, None] + 1) * k[None, :] * np.pi / 16) / 2
    basis[:, 0] /= np.sqrt(2)
    planes = []
    for c, blocks in enumerate(frame.blocks):
        values = blocks * np.reshape(quantization, (8, 8))
        samples = np.einsum("yv,abvu,xu->aybx", basis, values, basis)
        plane = samples.reshape(blocks.shape[0] * 8, blocks.shape[1] * 8)
        rows, columns = frame.extent(c)
        shifted = np.clip(plane[:rows, :columns] + (1 << (precision - 1)), 0, (1 << precision) - 1)
        planes.append(shifted)
    return planes
