"""Turns what the scheduler chose into the tensors of one forward pass."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

import numpy as np
import torch

from kimicode_engine.cache.latent import Chunk, Placement
from kimicode_engine.limits import PAGE
from kimicode_engine.sequence import Part


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """T tokens of a step, and the n rows of it whose logits are wanted."""

    tokens: torch.Tensor
    """[T] int64"""
    positions: torch.Tensor
    """[T] int64"""
    placement: Placement
    logit_rows: torch.Tensor
    """[n] int64"""


def build(parts: Sequence[Part], device: torch.device) -> Batch:
    """The step's tensors on `device`: rows in the order of `parts`, logit rows in the order of those that sample.

    The leading parts of one token each decode; whatever follows is a chunk. Each sequence must already have a page for
    every token that is computed (IndexError or garbage otherwise).
    """
    decoding = list(takewhile(lambda part: part.count == 1, parts))
    tokens = [part.sequence.tokens[part.start] for part in decoding]
    positions = [part.start for part in decoding]
    slots = [
        part.sequence.pages[start // PAGE] * PAGE + start % PAGE
        for part, start in zip(decoding, positions, strict=True)
    ]
    chunks = []
    for part in parts[len(decoding) :]:
        chunk, places, pages = _chunk(part, len(tokens), device)
        chunks.append(chunk)
        tokens += part.sequence.tokens[part.start : part.start + part.count]
        positions += places.tolist()
        slots += (pages[places // PAGE] * PAGE + places % PAGE).tolist()
    placement = Placement(
        slots=torch.tensor(slots, dtype=torch.int64, device=device),
        decode_rows=len(decoding),
        block_table=_block_table(decoding).to(device),
        lengths=torch.tensor([part.start + 1 for part in decoding], dtype=torch.int32, device=device),
        chunks=tuple(chunks),
    )
    return Batch(
        tokens=torch.tensor(tokens, dtype=torch.int64, device=device),
        positions=torch.tensor(positions, dtype=torch.int64, device=device),
        placement=placement,
        logit_rows=torch.tensor(_logit_rows(parts), dtype=torch.int64, device=device),
    )


def _chunk(part: Part, start: int, device: torch.device) -> tuple[Chunk, np.ndarray, np.ndarray]:
    """A part as a chunk whose first row is `start`; its positions [count] and the pages up to its end [n], int64."""
    context = part.start + part.count
    pages = np.array(part.sequence.pages[: -(-context // PAGE)], dtype=np.int64)  # [n]
    chunk = Chunk(start, start + part.count, context, torch.from_numpy(pages).to(device))
    return chunk, np.arange(part.start, context), pages


def _block_table(decoding: Sequence[Part]) -> torch.Tensor:
    """The pages that each decoding sequence uses so far, padded with page 0, [D, P] int32."""
    used = [part.start // PAGE + 1 for part in decoding]
    table = np.zeros((len(used), max(used, default=0)), dtype=np.int32)  # [D, P]
    for row, (part, count) in enumerate(zip(decoding, used, strict=True)):
        table[row, :count] = part.sequence.pages[:count]
    return torch.from_numpy(table)


def _logit_rows(parts: Sequence[Part]) -> list[int]:
    """The last row of each part that samples."""
    rows, end = [], 0
    for part in parts:
        end += part.count
        if part.samples:
            rows.append(end - 1)
    return rows
