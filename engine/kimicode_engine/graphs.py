"""Whole decoding steps as CUDA graphs, one per number of rows and width of their page tables: a step of 61 layers
launches some thousand kernels, and launching them one by one costs more than most of them take."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from kimicode_engine.cache.latent import Placement
from kimicode_engine.inputs import DecodeInputs
from kimicode_engine.sequence import Part

SIZES = (1, 2, 4, 8, 16, 24, 32, 48, 64)
"""Rows that graphs are made for; a step runs in the next larger one, with idle rows."""
WIDTHS = (39, 156, 624)
"""Pages a row that graphs are made for, beside as many as there can be. Attention's kernels choose their tiles by the
room that a table has, at 12,000 and 40,000 tokens: one row, four and sixteen meet these borders from below."""
WARM = 2
"""Steps before a capture: what compiles or allocates for good must have done so."""

Forward = Callable[[torch.Tensor, torch.Tensor, Placement, torch.Tensor], torch.Tensor]
"""tokens [S], positions [S], placement of S decoding rows, logit rows [S] → logits [S, vocab]."""


@dataclass(frozen=True, slots=True, eq=False)
class _Graph:
    """A captured step, and the memory that it reads from."""

    graph: torch.cuda.CUDAGraph
    inputs: DecodeInputs
    rows: torch.Tensor


class DecodeGraphs:
    """Runs `forward` on decoding rows by replaying what was captured of it."""

    def __init__(self, forward: Forward, *, pages: int, device: torch.device) -> None:
        """`pages` is the most that one row may have."""
        self._forward = forward
        self._widths = widths(pages)
        self._device = device
        self._pool = torch.cuda.graph_pool_handle()
        self._graphs: dict[tuple[int, int], _Graph] = {}
        # One for all graphs: of K2's vocabulary it takes 42 MB.
        self._logits = torch.empty(0, device=device)  # [largest size, vocab]

    def fits(self, parts: Sequence[Part]) -> bool:
        """Whether a step has decoding rows alone, and not too many."""
        return 0 < len(parts) <= SIZES[-1] and all(part.count == 1 for part in parts)

    def warm(self, rows: int) -> None:
        """Capture steps of up to so many rows at the full width, the largest first: all others then share its memory,
        and are captured when they are met."""
        for size in reversed(SIZES[: bisect_left(SIZES, min(rows, SIZES[-1])) + 1]):
            self._graphs[size, self._widths[-1]] = self._capture(size, self._widths[-1])

    def run(self, tokens: torch.Tensor, positions: torch.Tensor, placement: Placement) -> torch.Tensor:
        """tokens, positions [n] int64 and placement, all on the CPU, of parts that fit → logits [n, vocab], which the
        next step overwrites."""
        rows, pages = placement.block_table.shape
        size, width = SIZES[bisect_left(SIZES, rows)], self._widths[bisect_left(self._widths, pages)]
        if (size, width) not in self._graphs:
            self._graphs[size, width] = self._capture(size, width)
        held = self._graphs[size, width]
        inputs = DecodeInputs.holding(tokens, positions, placement, size, width, pinned=True)
        held.inputs.memory.copy_(inputs.memory, non_blocking=True)
        held.graph.replay()
        return self._logits[:rows]

    def _capture(self, size: int, width: int) -> _Graph:
        """Capture a step of so many idle rows: no length, and nowhere to write to."""
        inputs = DecodeInputs.idle(size, width, self._device)
        rows = torch.arange(size, device=self._device)  # [S]
        for _ in range(WARM):
            logits = self._forward(inputs.tokens, inputs.positions, inputs.placement, rows)  # [S, vocab]
        if not len(self._logits):
            self._logits = logits.new_empty(SIZES[-1], logits.shape[1])
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self._pool):
            logits = self._forward(inputs.tokens, inputs.positions, inputs.placement, rows)
            self._logits[:size].copy_(logits)
        return _Graph(graph, inputs, rows)


def widths(pages: int) -> tuple[int, ...]:
    """The widths of tables, in pages, where a row has `pages` at most."""
    return (*(width for width in WIDTHS if width < pages), pages)
