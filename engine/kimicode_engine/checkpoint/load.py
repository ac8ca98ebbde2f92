"""Loads a checkpoint: everything is checked first, then several threads read it, file by file, into the slots."""

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

from kimicode_engine.checkpoint.blocks import BLOCK, Block, Staging, cut, fill
from kimicode_engine.checkpoint.inspection import Inspection, inspect
from kimicode_engine.checkpoint.safetensors import Header
from kimicode_engine.checkpoint.slots import allocate, weight_bytes
from kimicode_engine.config import ModelConfig
from kimicode_engine.errors import CheckpointError

__all__ = ["Inspection", "Progress", "inspect", "load_weights", "weight_bytes"]

THREADS = 8
"""Reads in flight: enough for an NVMe array, and few enough that staging stays far below 512 MB."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far loading is: bytes read of all, seconds since its start, and the file that is being read."""

    done: int
    total: int
    seconds: float
    file: str


def load_weights(
    folder: Path,
    config: ModelConfig,
    *,
    device: torch.device,
    dtype: torch.dtype,
    progress: Callable[[Progress], None] | None = None,
    block_bytes: int = BLOCK,
) -> dict[str, torch.Tensor]:
    """Load a checkpoint: slot name (checkpoint.names) to tensor on `device`; weights as `dtype`, INT4 as stored.

    `progress` is called from this thread, at the start and after each block. Beside the slots it takes a staging
    buffer of one block for each thread. Raises CheckpointError: for whatever the headers tell, before a weight is
    read; and for a disk that fails, a file that changes meanwhile, or too little memory."""
    inspection = inspect(folder, config)
    slots = allocate(config, device=device, dtype=dtype)
    started = time.monotonic()
    done, total = 0, inspection.total_bytes
    if progress:
        progress(Progress(0, total, 0.0, inspection.headers[0].path.name))
    with _open(inspection.headers) as descriptors:
        for block in _read(slots, list(cut(inspection.places, block_bytes)), descriptors, block_bytes):
            done += block.size
            if progress:
                progress(Progress(done, total, time.monotonic() - started, block.path.name))
    return slots


def _read(
    slots: Mapping[str, torch.Tensor], blocks: Sequence[Block], descriptors: Mapping[Path, int], block_bytes: int
) -> Iterator[Block]:
    """Read all blocks, yielding each in order once it is there. The first error ends it, and drops reads not begun."""
    own = threading.local()
    pinned = any(tensor.is_cuda for tensor in slots.values())

    def read(block: Block) -> Block:
        if not hasattr(own, "staging"):
            own.staging = Staging(block_bytes, pinned=pinned)
        fill(slots, block, descriptors[block.path], own.staging)
        return block

    with ThreadPoolExecutor(THREADS, "load") as pool:
        yield from pool.map(read, blocks)


@contextmanager
def _open(headers: Sequence[Header]) -> Iterator[dict[Path, int]]:
    """The files, open for reading, by path. Raises CheckpointError for one that is not what was checked."""
    with ExitStack() as stack:
        descriptors: dict[Path, int] = {}
        for header in headers:
            try:
                descriptors[header.path] = descriptor = os.open(header.path, os.O_RDONLY | os.O_CLOEXEC)
            except OSError as error:
                raise CheckpointError(f"{header.path} cannot be opened: {error.strerror}") from None
            stack.callback(os.close, descriptor)
            if os.fstat(descriptor).st_size != header.size:
                raise CheckpointError(f"{header.path} changed while the checkpoint was being checked")
            if hasattr(os, "posix_fadvise"):
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_SEQUENTIAL)
        yield descriptors
