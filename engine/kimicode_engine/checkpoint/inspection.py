"""Whether a folder holds the checkpoint that its config.json promises, by the files' headers alone."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kimicode_engine.checkpoint.names import Kind, Stored, ignored, stored
from kimicode_engine.checkpoint.safetensors import Entry, Header, read_header
from kimicode_engine.config import ModelConfig
from kimicode_engine.errors import CheckpointError

INDEX = "model.safetensors.index.json"
FLOATING = frozenset({"BF16", "F16", "F32"})
ACCEPTED: Mapping[Kind, frozenset[str]] = {
    Kind.WEIGHT: FLOATING,
    Kind.FLOAT32: FLOATING,
    Kind.SCALE: frozenset({"BF16"}),
    Kind.PACKED: frozenset({"I32"}),
}
SHAPE_TYPES = frozenset({"I32", "I64"})
"""compressed-tensors has written `weight_shape` as either."""


@dataclass(frozen=True, slots=True)
class Place:
    """A tensor that the model needs, and where it lies. `values`, if any, are what it must hold (`weight_shape`)."""

    stored: Stored
    path: Path
    entry: Entry
    values: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Inspection:
    """A checkpoint that was found complete. `places` are in the order of files and bytes."""

    headers: tuple[Header, ...]
    places: tuple[Place, ...]

    @property
    def total_bytes(self) -> int:
        """Bytes that loading reads."""
        return sum(place.entry.stop - place.entry.start for place in self.places)

    @property
    def ignored(self) -> int:
        """Tensors that are there and not used, such as the vision tower's."""
        return sum(len(header.entries) for header in self.headers) - len(self.places)


def inspect(folder: Path, config: ModelConfig) -> Inspection:
    """Check every header of a checkpoint against its config; no weight is read.

    Raises one CheckpointError that names the first wrong tensor and its file, and says how many more are wrong."""
    index = _read_index(folder)
    paths = [folder / file for file in sorted(set(index.values()))] if index else sorted(folder.glob("*.safetensors"))
    if not paths:
        raise CheckpointError(f"{folder} holds neither {INDEX} nor any *.safetensors file")
    headers = _read_headers(paths)
    needed = {item.name: item for item in stored(config)}
    found, problems = _find(headers, index)
    problems += _unknown(found, needed, config)
    problems += _missing(found, needed, index, folder)
    places: list[Place] = []
    for path, entry in found.values():
        item = needed.get(entry.name)
        if item is not None:
            problems += _mismatch(item, path, entry)
            places.append(Place(item, path, entry, _values(item, needed)))
    _complain(problems)
    return Inspection(tuple(headers), tuple(places))


def _read_index(folder: Path) -> dict[str, str]:
    """Tensor name to file name, empty where there is no index."""
    path = folder / INDEX
    try:
        raw = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} is no JSON: {error}") from None
    index = raw.get("weight_map") if isinstance(raw, dict) else None
    if not isinstance(index, dict) or not index:
        raise CheckpointError(f"{path} has no weight_map")
    for tensor, file in index.items():
        if not isinstance(file, str) or file in {"", ".", ".."} or "/" in file or "\0" in file:
            raise CheckpointError(f"{path}: tensor {tensor!r} lies in {file!r}, which is no file of this folder")
    return index


def _read_headers(paths: Sequence[Path]) -> list[Header]:
    """All files' headers. A file that is gone would make a thousand tensors seem missing, so it is told first."""
    headers: list[Header] = []
    problems: list[str] = []
    for path in paths:
        try:
            headers.append(read_header(path))
        except CheckpointError as error:
            problems.append(str(error))
    _complain(problems)
    return headers


def _find(headers: Sequence[Header], index: Mapping[str, str]) -> tuple[dict[str, tuple[Path, Entry]], list[str]]:
    """Where each tensor lies, and what speaks against it."""
    found: dict[str, tuple[Path, Entry]] = {}
    problems: list[str] = []
    for header in headers:
        for name, entry in header.entries.items():
            if name in found:
                problems.append(f"tensor {name} lies in {header.path} and in {found[name][0]}")
            elif index and index.get(name) != header.path.name:
                said = index.get(name, "nowhere")
                problems.append(f"tensor {name} lies in {header.path}, but {INDEX} says {said}")
            found.setdefault(name, (header.path, entry))
    return found, problems


def _unknown(
    found: Mapping[str, tuple[Path, Entry]], needed: Mapping[str, Stored], config: ModelConfig
) -> Iterator[str]:
    for name, (path, _) in found.items():
        if name not in needed and not ignored(config, name):
            yield f"tensor {name} in {path} is none that config.json's model has"


def _missing(
    found: Mapping[str, tuple[Path, Entry]], needed: Mapping[str, Stored], index: Mapping[str, str], folder: Path
) -> Iterator[str]:
    for name in needed:
        if name not in found:
            where = f"{folder / index[name]}, where {INDEX} has it" if name in index else f"all files of {folder}"
            yield f"tensor {name} is missing from {where}"
    for name in index:
        if name not in found and name not in needed:
            yield f"tensor {name} is missing from {folder / index[name]}, where {INDEX} has it"


def _mismatch(item: Stored, path: Path, entry: Entry) -> Iterator[str]:
    """What is wrong with a tensor's shape and type."""
    if entry.shape != item.shape:
        yield f"tensor {item.name} in {path} has the shape {list(entry.shape)}, not {list(item.shape)}"
    accepted = ACCEPTED[item.kind] if item.slot else SHAPE_TYPES
    if entry.dtype not in accepted:
        yield f"tensor {item.name} in {path} is {entry.dtype}, not {' or '.join(sorted(accepted))}"


def _values(item: Stored, needed: Mapping[str, Stored]) -> tuple[int, ...]:
    """What a `weight_shape` must say: its packed neighbour's shape, eight codes to an int32."""
    if item.slot:
        return ()
    rows, columns = needed[item.name.removesuffix("shape") + "packed"].shape
    return rows, columns * 8


def _complain(problems: Sequence[str]) -> None:
    if not problems:
        return
    more = len(problems) - 1
    raise CheckpointError(problems[0] + (f" (and {more:,} more like this)" if more else ""))
