"""Arrays of Zarr 2 and 3 as far as NGFF needs them: regular chunks, plain, zlib or gzip; others by numcodecs."""

from __future__ import annotations

import gzip
import itertools
import json
import math
import re
import zlib
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from radpix import limits
from radpix._arguments import INTEGERS
from radpix.errors import DecodeError, LimitError
from radpix.exchange._stream import native_order
from radpix.threads import get_num_threads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["Format", "ZarrArray", "read_json", "write_array", "write_json"]

Format = Literal[2, 3]
_MOST_METADATA_BYTES = 1 << 24
#: A whole-slide level has a million chunks; a file that claims more would keep a reader busy with nothing.
_MOST_CHUNKS = 1 << 22
_TYPES = ("bool", *INTEGERS, "float32", "float64")


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a metadata file."""
    if not path.is_file() or path.stat().st_size > _MOST_METADATA_BYTES:
        raise DecodeError(f"{path}: no metadata file of Zarr", code="zarr-metadata")
    try:
        found = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise DecodeError(f"{path}: no JSON: {error}", code="zarr-metadata") from error
    if not isinstance(found, dict):
        raise DecodeError(f"{path}: no JSON object", code="zarr-metadata")
    return found


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a metadata file."""
    path.write_text(json.dumps(content, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def _extents(values: Any, lowest: int) -> tuple[int, ...] | None:
    if not isinstance(values, list) or not 1 <= len(values) <= 8:
        return None
    good = all(isinstance(n, int) and not isinstance(n, bool) and lowest <= n < 1 << 40 for n in values)
    return tuple(values) if good else None


@dataclass(frozen=True)
class ZarrArray:
    """An array's folder, and how its chunks are stored."""

    folder: Path
    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    dtype: np.dtype[Any]
    fill: Any
    order: Literal["C", "F"]
    prefix: str
    separator: str
    codec: dict[str, Any] | None

    @classmethod
    def open(cls, folder: Path) -> ZarrArray:
        """Read and check the metadata of either version."""
        if (folder / "zarr.json").exists():
            return cls._open3(folder, read_json(folder / "zarr.json"))
        return cls._open2(folder, read_json(folder / ".zarray"))

    @classmethod
    def _open2(cls, folder: Path, meta: dict[str, Any]) -> ZarrArray:
        found = re.fullmatch(r"([<>|])([biuf])([1248])", str(meta.get("dtype")))
        if meta.get("zarr_format") != 2 or found is None:
            raise _refused(folder, f"dtype {meta.get('dtype')!r} of zarr_format {meta.get('zarr_format')!r}")
        if meta.get("filters"):
            raise _refused(folder, f"filters {meta['filters']!r}", "zarr-codec")
        codec = meta.get("compressor")
        return cls._checked(
            folder,
            meta.get("shape"),
            meta.get("chunks"),
            found[0],
            meta.get("fill_value"),
            meta.get("order"),
            "",
            meta.get("dimension_separator", "."),
            None if codec is None else codec if isinstance(codec, dict) else {},
        )

    @classmethod
    def _open3(cls, folder: Path, meta: dict[str, Any]) -> ZarrArray:
        try:
            chunks = meta["chunk_grid"]["configuration"]["chunk_shape"]
            keys = meta["chunk_key_encoding"]
            separator = keys.get("configuration", {}).get(
                "separator", "/" if keys["name"] == "default" else "."
            )
            names = [(codec["name"], codec.get("configuration", {})) for codec in meta["codecs"]]
            endian = "<" if names[0][1].get("endian", "little") == "little" else ">"
            kind, regular = meta["data_type"], meta["chunk_grid"]["name"] == "regular"
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise _refused(folder, f"no metadata of an array: {error!r}") from error
        if meta.get("node_type") != "array" or not regular or kind not in _TYPES:
            raise _refused(folder, f"data_type {kind!r}, chunk_grid {meta['chunk_grid']!r}")
        if names[0][0] != "bytes" or len(names) > 2:
            raise _refused(folder, f"codecs {[name for name, _ in names]}", "zarr-codec")
        codec = None if len(names) == 1 else {**names[1][1], "id": names[1][0]}
        prefix = "c" if keys["name"] == "default" else ""
        dtype = np.dtype(kind).newbyteorder(endian).str
        return cls._checked(
            folder, meta.get("shape"), chunks, dtype, meta.get("fill_value"), "C", prefix, separator, codec
        )

    @classmethod
    def _checked(
        cls,
        folder: Path,
        shape: Any,
        chunks: Any,
        dtype: str,
        fill: Any,
        order: Any,
        prefix: str,
        separator: Any,
        codec: dict[str, Any] | None,
    ) -> ZarrArray:
        extents, steps = _extents(shape, 1), _extents(chunks, 1)
        if extents is None or steps is None or len(extents) != len(steps):
            raise _refused(folder, f"shape {shape!r} in chunks {chunks!r}")
        if order not in {"C", "F"} or separator not in {".", "/"}:
            raise _refused(folder, f"order {order!r}, separator {separator!r}")
        words = {None: 0, "NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
        fill = words.get(fill, fill) if isinstance(fill, str | None) else fill
        kind = np.dtype(dtype)
        try:
            value = np.array(fill, dtype=kind).reshape(())[()]
        except (TypeError, ValueError, OverflowError) as error:
            raise _refused(folder, f"fill_value {fill!r} of {kind}") from error
        return cls(folder, extents, steps, kind, value, order, prefix, separator, codec)

    def read(self) -> NDArray[Any]:
        """Return all voxels in the machine's byte order; chunks that are absent hold the fill value."""
        where = f"{self.folder}: "
        size, chunk = (
            self.dtype.itemsize * math.prod(self.shape),
            self.dtype.itemsize * math.prod(self.chunks),
        )
        limits.check_bytes(size, where)
        limits.check_bytes(chunk, f"{where}one chunk: ")
        count = math.prod(-(-n // step) for n, step in zip(self.shape, self.chunks, strict=True))
        if count > _MOST_CHUNKS:
            raise LimitError(f"{where}{count} chunks are more than {_MOST_CHUNKS}")
        decode = _decoder(self.codec, self.folder)
        # Zeros are not touched until they are written: an array without chunks takes no memory.
        array = (
            np.zeros(self.shape, self.dtype) if self.fill == 0 else np.full(self.shape, self.fill, self.dtype)
        )

        def fetch(index: tuple[int, ...]) -> None:
            path = self.folder / self._key(index)
            if not path.is_file():
                return
            limits.check_bytes(path.stat().st_size, f"{path}: ")
            data = decode(path.read_bytes(), chunk, path)
            if len(data) != chunk:
                raise DecodeError(f"{path}: {len(data)} bytes, expected {chunk}", code="zarr-chunk")
            values = np.frombuffer(data, self.dtype).reshape(self.chunks, order=self.order)
            box = _box(index, self.chunks, self.shape)
            array[box] = values[tuple(slice(0, one.stop - one.start) for one in box)]

        _for_all(fetch, _grid(self.shape, self.chunks))
        return native_order(array)

    def _key(self, index: tuple[int, ...]) -> str:
        return self.separator.join([*([self.prefix] if self.prefix else []), *map(str, index)])


def _refused(folder: Path, found: str, code: str = "zarr-metadata") -> DecodeError:
    return DecodeError(f"{folder}: {found}: not an array that radpix reads", code=code)


def _grid(shape: tuple[int, ...], chunks: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    return itertools.product(*(range(-(-n // step)) for n, step in zip(shape, chunks, strict=True)))


def _box(index: tuple[int, ...], chunks: tuple[int, ...], shape: tuple[int, ...]) -> tuple[slice, ...]:
    return tuple(
        slice(k * step, min((k + 1) * step, n)) for k, step, n in zip(index, chunks, shape, strict=True)
    )


def _decoder(codec: dict[str, Any] | None, folder: Path) -> Any:
    """Return a function (data, expected size, path) to the bytes of a chunk, never many more than expected."""
    if codec is None:
        return lambda data, _size, _path: data
    name = str(codec.get("id"))
    if name in {"zlib", "gzip"}:
        return _inflate
    if name not in {"blosc", "zstd", "lz4", "bz2", "lzma"}:
        raise _refused(folder, f"codec {name!r}", "zarr-codec")
    try:
        numcodecs = import_module("numcodecs")
    except ImportError as error:
        raise ImportError(f"{folder}: the codec {name} needs numcodecs: pip install numcodecs") from error
    # Version 3 has the same parameters, but for the names of blosc's shuffles, which decoding does not need.
    decoder = numcodecs.get_codec({"id": name})

    def decode(data: bytes, size: int, path: Path) -> bytes:
        target = np.empty(size, np.uint8)
        try:
            decoder.decode(data, target)
        except (RuntimeError, ValueError, OSError) as error:
            raise DecodeError(f"{path}: {error}", code="zarr-chunk") from error
        return target.tobytes()

    return decode


def _inflate(data: bytes, size: int, path: Path) -> bytes:
    unpacker = zlib.decompressobj(wbits=32 + zlib.MAX_WBITS)  # zlib's header or gzip's
    try:
        return unpacker.decompress(data, size + 1)
    except zlib.error as error:
        raise DecodeError(f"{path}: {error}", code="zarr-chunk") from error


def write_array(
    folder: Path,
    array: NDArray[Any],
    chunks: tuple[int, ...],
    names: list[str],
    *,
    version: Format,
    compression: int,
) -> None:
    """Write an array, little-endian, in chunks of gzip (version 3) or zlib (version 2); 0 leaves them plain."""
    little = array.dtype.newbyteorder("<")
    folder.mkdir(parents=True)
    if version == 2:
        write_json(folder / ".zarray", _metadata2(array, chunks, compression))
    else:
        write_json(folder / "zarr.json", _metadata3(array, chunks, names, compression))

    def store(index: tuple[int, ...]) -> None:
        box = _box(index, chunks, array.shape)
        values = np.zeros(chunks, little)
        values[tuple(slice(0, one.stop - one.start) for one in box)] = array[box]
        path = folder.joinpath(*(["c"] if version == 3 else []), *map(str, index))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_deflated(values.tobytes(), version, compression))

    _for_all(store, _grid(array.shape, chunks))


def _metadata2(array: NDArray[Any], chunks: tuple[int, ...], compression: int) -> dict[str, Any]:
    return {
        "zarr_format": 2,
        "shape": list(array.shape),
        "chunks": list(chunks),
        "dtype": array.dtype.newbyteorder("<").str,
        "compressor": {"id": "zlib", "level": compression} if compression else None,
        "fill_value": 0,
        "order": "C",
        "filters": None,
        "dimension_separator": "/",
    }


def _metadata3(
    array: NDArray[Any], chunks: tuple[int, ...], names: list[str], compression: int
) -> dict[str, Any]:
    pack = [{"name": "gzip", "configuration": {"level": compression}}] if compression else []
    endian = {"configuration": {"endian": "little"}} if array.dtype.itemsize > 1 else {}
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": list(array.shape),
        "data_type": array.dtype.name,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(chunks)}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": 0,
        "codecs": [{"name": "bytes", **endian}, *pack],
        "attributes": {},
        "dimension_names": names,
    }


def _deflated(data: bytes, version: Format, compression: int) -> bytes:
    if not compression:
        return data
    return gzip.compress(data, compression, mtime=0) if version == 3 else zlib.compress(data, compression)


def _for_all(work: Callable[[tuple[int, ...]], None], chunks: Iterable[tuple[int, ...]]) -> None:
    """Work on chunks in as many threads as calls have; the first error in their order is raised."""
    from concurrent.futures import ThreadPoolExecutor  # late: it costs 4 ms of `import radpix`

    with ThreadPoolExecutor(get_num_threads()) as pool:
        for _ in pool.map(work, chunks):
            pass
