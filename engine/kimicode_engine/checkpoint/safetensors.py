"""Headers of safetensors files, read and checked by hand: who lies where, with no byte unaccounted for.

The format: 8 bytes length (little-endian), so many bytes of JSON, then the tensors' bytes without gaps."""

import json
import math
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

from kimicode_engine.errors import CheckpointError

PREFIX = 8
HEADER_LIMIT = 100_000_000
DIMENSIONS_LIMIT = 16
SIZES: Mapping[str, int] = {
    "BOOL": 1,
    "U8": 1,
    "I8": 1,
    "F8_E4M3": 1,
    "F8_E5M2": 1,
    "U16": 2,
    "I16": 2,
    "F16": 2,
    "BF16": 2,
    "U32": 4,
    "I32": 4,
    "F32": 4,
    "U64": 8,
    "I64": 8,
    "F64": 8,
}
"""Bytes of one value, by the format's own names."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A tensor in a file; `start` and `stop` are bytes from the file's beginning."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Header:
    """A file's tensors by name, in the order of their bytes, and the file's size in bytes."""

    path: Path
    size: int
    entries: Mapping[str, Entry]


def read_header(path: Path) -> Header:
    """Read and check a file's header. Raises CheckpointError that names the file and, where it is one's, the tensor."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            length = _length(file.read(PREFIX), size)
            return Header(path, size, parse_header(file.read(length), PREFIX + length, size))
    except FileNotFoundError:
        raise CheckpointError(f"{path} is missing") from None
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror or error}") from None
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from None


def parse_header(raw: bytes, begin: int, size: int) -> dict[str, Entry]:
    """The tensors that a header's JSON lists; their bytes lie in begin..size of the file. Raises CheckpointError."""
    try:
        listed = json.loads(raw.decode("utf-8"), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"the header is no JSON: {error}") from None
    if len(raw) != begin - PREFIX or not isinstance(listed, dict):
        raise CheckpointError("the header is cut off" if isinstance(listed, dict) else "the header is no JSON object")
    listed.pop("__metadata__", None)
    entries = sorted((_entry(name, raw_entry, begin) for name, raw_entry in listed.items()), key=_place)
    _check_places(entries, begin, size)
    return {entry.name: entry for entry in entries}


def _length(prefix: bytes, size: int) -> int:
    """How long the header is, believed only as far as the file reaches."""
    if len(prefix) < PREFIX:
        raise CheckpointError(f"{size} bytes are no safetensors file; it was cut off, or never downloaded")
    length = int.from_bytes(prefix, "little")
    if length > HEADER_LIMIT:
        raise CheckpointError(f"a header of {length:,} bytes cannot be right; this is no safetensors file")
    if PREFIX + length > size:
        raise CheckpointError(f"the file is cut off within its header, after {size:,} bytes")
    return length


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object whose keys must differ; json itself would silently keep the last of two."""
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise CheckpointError(f"tensor {twice!r} is listed twice in the header")
    return found


def _entry(name: str, raw: object, begin: int) -> Entry:
    if not isinstance(raw, dict):
        raise CheckpointError(f"tensor {name!r} has no description in the header")
    dtype, shape, offsets = raw.get("dtype"), raw.get("shape"), raw.get("data_offsets")
    if not isinstance(dtype, str) or dtype not in SIZES:
        raise CheckpointError(f"tensor {name!r} has the unknown type {_short(dtype)}")
    if not _whole_numbers(shape) or len(shape) > DIMENSIONS_LIMIT:
        raise CheckpointError(f"tensor {name!r} has the impossible shape {_short(shape)}")
    if not _whole_numbers(offsets) or len(offsets) != 2:
        raise CheckpointError(f"tensor {name!r} has the impossible data_offsets {_short(offsets)}")
    start, stop = offsets
    needed = math.prod(shape) * SIZES[dtype]
    if stop - start != needed:
        raise CheckpointError(f"tensor {name!r} spans {stop - start:,} bytes; {dtype} {shape} takes {needed:,}")
    return Entry(name, dtype, tuple(shape), begin + start, begin + stop)


def _whole_numbers(value: object) -> TypeGuard[list[int]]:
    """Whether it is a list of counts; the bound keeps products of them small enough to compute and to print."""
    return isinstance(value, list) and all(type(one) is int and 0 <= one < 1 << 63 for one in value)


def _short(value: object) -> str:
    """A wrong value for a message. A number of thousands of digits cannot even be printed."""
    if isinstance(value, str) or _whole_numbers(value):
        return repr(value)[:80]
    return f"({type(value).__name__})"


def _place(entry: Entry) -> tuple[int, int]:
    return entry.start, entry.stop


def _check_places(entries: list[Entry], begin: int, size: int) -> None:
    """Every byte behind the header belongs to exactly one tensor."""
    at = begin
    for entry in entries:
        if entry.stop > size:
            missing = entry.stop - size
            raise CheckpointError(f"the file is cut off: tensor {entry.name!r} lacks its last {missing:,} bytes")
        if entry.start != at:
            what = "overlaps the tensor before it" if entry.start < at else "leaves a gap before it"
            raise CheckpointError(f"tensor {entry.name!r} {what}, at byte {entry.start:,}")
        at = entry.stop
    if at != size:
        raise CheckpointError(f"{size - at:,} bytes behind the last tensor belong to none")
