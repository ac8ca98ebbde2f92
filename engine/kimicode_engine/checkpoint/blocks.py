"""The bytes of a checkpoint on their way from disk: cut into blocks, read straight into the slots where types agree.

Where they do not, or the slots lie on a device, a block goes through a small staging buffer."""

import math
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from kimicode_engine.checkpoint.inspection import Place
from kimicode_engine.checkpoint.names import Index
from kimicode_engine.checkpoint.slots import STORED_TYPES
from kimicode_engine.errors import CheckpointError

BLOCK = 8 << 20
ALIGNMENT = 16
"""Tensors are cut, and staged, at multiples of this; no value crosses one."""
SEGMENTS = 512
"""Per block; the kernel takes up to 1024 buffers in one read."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Bytes start..stop of a file, which belong to one tensor."""

    place: Place
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Block:
    """Neighbouring segments of one file: one read."""

    path: Path
    segments: tuple[Segment, ...]

    @property
    def start(self) -> int:
        return self.segments[0].start

    @property
    def size(self) -> int:
        """Bytes."""
        return self.segments[-1].stop - self.start


def cut(places: Iterable[Place], size: int = BLOCK) -> Iterator[Block]:
    """Cut the places' bytes, in their order, into blocks of at most `size` bytes; gaps in a file are never read."""
    held: list[Segment] = []
    room = size
    for place in places:
        at = place.entry.start
        if held and (held[-1].place.path != place.path or held[-1].stop != at):
            yield _block(held)
            held, room = [], size
        while at < place.entry.stop:
            stop = min(place.entry.stop, at + room // ALIGNMENT * ALIGNMENT)
            held.append(Segment(place, at, stop))
            room -= stop - at
            at = stop
            if room < ALIGNMENT or len(held) == SEGMENTS:
                yield _block(held)
                held, room = [], size
    if held:
        yield _block(held)


def _block(segments: list[Segment]) -> Block:
    return Block(segments[0].place.path, tuple(segments))


class Staging:
    """A buffer for one block, pinned where the slots lie on a GPU. Segments begin at aligned bytes of it."""

    def __init__(self, size: int, *, pinned: bool) -> None:
        room = size + SEGMENTS * ALIGNMENT
        self.bytes = torch.empty(room, dtype=torch.uint8, pin_memory=pinned)  # [room]

    def spread(self, segments: Iterable[Segment]) -> Iterator[torch.Tensor]:
        """A part of the buffer for each segment, uint8 [its bytes]."""
        at = 0
        for segment in segments:
            size = segment.stop - segment.start
            yield self.bytes[at : at + size]
            at += math.ceil(size / ALIGNMENT) * ALIGNMENT


def fill(slots: Mapping[str, torch.Tensor], block: Block, descriptor: int, staging: Staging) -> None:
    """Read one block from an open file into the slots; threads may do so at once, each with its own staging.

    Raises CheckpointError for a failing disk, a file that became shorter, and a `weight_shape` that is wrong."""
    buffers: list[memoryview] = []
    moves: list[tuple[Segment, torch.Tensor | None, torch.Tensor]] = []
    for segment, staged in zip(block.segments, staging.spread(block.segments), strict=True):
        target = _target(slots, segment)
        stored_type = STORED_TYPES[segment.place.entry.dtype]
        if target is not None and target.dtype == stored_type and target.device.type == "cpu":
            buffers.append(_memory(target.view(torch.uint8)))
        else:
            buffers.append(_memory(staged))
            moves.append((segment, target, staged.view(stored_type)))
    _read(descriptor, block, buffers)
    for segment, target, values in moves:
        if target is None:
            _check_values(segment.place, values)
        else:
            target.copy_(values)


def _memory(values: torch.Tensor) -> memoryview:
    """The memory of uint8 values [n] on the CPU, to be written to."""
    return values.numpy().data


def _target(slots: Mapping[str, torch.Tensor], segment: Segment) -> torch.Tensor | None:
    """The values [n] of the slot that a segment holds; None for one that is only checked."""
    item, entry = segment.place.stored, segment.place.entry
    if not item.slot:
        return None
    slot = slots[item.slot]
    size = STORED_TYPES[entry.dtype].itemsize
    first = _offset(slot, item.index)
    return slot.view(-1)[first + (segment.start - entry.start) // size : first + (segment.stop - entry.start) // size]


def _offset(slot: torch.Tensor, index: Index) -> int:
    """At which of the slot's values, counted flat, an index begins. Rows that it selects lie side by side."""
    starts = (one.start if isinstance(one, slice) else one for one in index)
    return sum(start * stride for start, stride in zip(starts, slot.stride(), strict=False))


def _read(descriptor: int, block: Block, buffers: list[memoryview]) -> None:
    at = block.start
    while buffers:
        try:
            count = os.preadv(descriptor, buffers, at)
        except OSError as error:
            name = _tensor_at(block, at)
            raise CheckpointError(f"tensor {name} cannot be read from {block.path}: {error.strerror}") from None
        if not count:
            raise CheckpointError(f"{block.path} became shorter while it was read: {_tensor_at(block, at)} is cut off")
        at += count
        buffers = _behind(buffers, count)


def _behind(buffers: list[memoryview], count: int) -> list[memoryview]:
    """What is left to fill after `count` bytes."""
    for number, buffer in enumerate(buffers):
        if count < len(buffer):
            return [buffer[count:], *buffers[number + 1 :]]
        count -= len(buffer)
    return []


def _tensor_at(block: Block, at: int) -> str:
    return next(segment.place.entry.name for segment in block.segments if at < segment.stop)


def _check_values(place: Place, values: torch.Tensor) -> None:
    if tuple(values.tolist()) != place.values:
        said, meant = values.tolist(), list(place.values)
        raise CheckpointError(f"tensor {place.entry.name} in {place.path} says {said}; the packed codes are of {meant}")
