"""Whole decoding steps as CUDA graphs, one per number of rows: a step of 61 layers launches some 800 kernels, and
launching them one by one costs more than most of them take."""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass

import torch

from kimicode_engine.cache.latent import Placement

SIZES = (1, 2, 4, 8, 16, 24, 32, 48, 64)
"""Rows that graphs are made for; a step runs in the next larger one, with idle rows."""
WARM = 2
"""Steps before a capture: what compiles or allocates for good must have done so."""

Forward = Callable[[torch.Tensor, torch.Tensor, Placement, torch.Tensor], torch.Tensor]
"""tokens [S], positions [S], placement of S decoding rows, logit rows [S] → logits [S, vocab]."""


@dataclass(frozen=True, slots=True, eq=False)
class _Graph:
    """A captured step, and the memory that it reads from and writes to."""

    graph: torch.cuda.CUDAGraph
    tokens: torch.Tensor
    positions: torch.Tensor
    placement: Placement
    rows: torch.Tensor
    logits: torch.Tensor


class DecodeGraphs:
    """Runs `forward` on decoding rows by replaying what was captured of it."""

    def __init__(self, forward: Forward, *, pages: int, device: torch.device) -> None:
        """`pages` is the most that one row may have: it fixes the width of the captured block tables."""
        self._forward = forward
        self._pages = pages
        self._device = device
        self._pool = torch.cuda.graph_pool_handle()
        self._graphs: dict[int, _Graph] = {}

    def fits(self, placement: Placement) -> bool:
        """Whether a step has decoding rows alone, and not too many."""
        return not placement.chunks and 0 < placement.decode_rows <= SIZES[-1]

    def warm(self, rows: int) -> None:
        """Capture all graphs for up to so many rows, the largest first: the smaller ones then share its memory."""
        for size in reversed(SIZES[: bisect_left(SIZES, min(rows, SIZES[-1])) + 1]):
            self._graphs[size] = self._capture(size)

    def run(self, tokens: torch.Tensor, positions: torch.Tensor, placement: Placement) -> torch.Tensor:
        """tokens, positions [n] int64 → logits [n, vocab], overwritten by the next step. `placement` must fit."""
        rows = placement.decode_rows
        size = SIZES[bisect_left(SIZES, rows)]
        if size not in self._graphs:
            self._graphs[size] = self._capture(size)
        held = self._graphs[size]
        held.tokens[:rows].copy_(tokens)
        held.positions[:rows].copy_(positions)
        held.placement.slots[:rows].copy_(placement.slots)
        held.placement.lengths[:rows].copy_(placement.lengths)
        held.placement.block_table[:rows, : placement.block_table.shape[1]].copy_(placement.block_table)
        if rows < size:
            held.placement.slots[rows:].fill_(-1)
            held.placement.lengths[rows:].zero_()
        held.graph.replay()
        return held.logits[:rows]

    def _capture(self, size: int) -> _Graph:
        """Capture a step of so many idle rows: no length, and nowhere to write to."""
        device = self._device
        tokens, positions = torch.zeros(2, size, dtype=torch.int64, device=device)  # [S]
        placement = Placement(
            slots=torch.full((size,), -1, dtype=torch.int64, device=device),
            decode_rows=size,
            block_table=torch.zeros(size, self._pages, dtype=torch.int32, device=device),
            lengths=torch.zeros(size, dtype=torch.int32, device=device),
            chunks=(),
        )
        rows = torch.arange(size, device=device)  # [S]
        for _ in range(WARM):
            self._forward(tokens, positions, placement, rows)
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self._pool):
            logits = self._forward(tokens, positions, placement, rows)
        return _Graph(graph, tokens, positions, placement, rows, logits)
