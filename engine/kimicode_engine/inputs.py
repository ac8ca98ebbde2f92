"""What a captured decoding step reads, in one piece of memory."""

from dataclasses import dataclass

import torch

from kimicode_engine.cache.latent import Placement


@dataclass(frozen=True, slots=True, eq=False)
class DecodeInputs:
    """What a step of S decoding rows with tables of P pages reads: parts of one tensor, which one copy brings over."""

    memory: torch.Tensor
    """[words] int64"""
    tokens: torch.Tensor
    """[S] int64"""
    positions: torch.Tensor
    """[S] int64"""
    placement: Placement

    @classmethod
    def over(cls, memory: torch.Tensor, rows: int, pages: int) -> "DecodeInputs":
        """The parts of `memory`, which has `words(rows, pages)` of them."""
        tokens, positions, slots, lengths = memory[: 4 * _padded(rows)].view(4, -1)[:, :rows]
        table = memory[4 * _padded(rows) :].view(torch.int32)[: rows * pages].view(rows, pages)
        return cls(memory, tokens, positions, Placement(slots, rows, table, lengths.view(torch.int32)[:rows], ()))

    @classmethod
    def idle(cls, rows: int, pages: int, device: torch.device) -> "DecodeInputs":
        """Rows of no length, which write nowhere."""
        inputs = cls.over(torch.zeros(words(rows, pages), dtype=torch.int64, device=device), rows, pages)
        inputs.placement.slots.fill_(-1)
        return inputs

    @classmethod
    def holding(
        cls,
        tokens: torch.Tensor,
        positions: torch.Tensor,
        placement: Placement,
        rows: int,
        pages: int,
        *,
        pinned: bool = False,
    ) -> "DecodeInputs":
        """Those of some decoding rows, which are on the CPU, and idle ones behind them. `pinned`: a copy to a GPU need
        not be waited for."""
        memory = torch.zeros(words(rows, pages), dtype=torch.int64, pin_memory=pinned)
        inputs = cls.over(memory, rows, pages)
        count, width = placement.block_table.shape
        inputs.tokens[:count] = tokens
        inputs.positions[:count] = positions
        inputs.placement.slots[:count] = placement.slots
        inputs.placement.slots[count:] = -1
        inputs.placement.lengths[:count] = placement.lengths
        inputs.placement.block_table[:count, :width] = placement.block_table
        return inputs


def words(rows: int, pages: int) -> int:
    """How many int64 the inputs of a decoding step take."""
    return 4 * _padded(rows) + -(-rows * pages // 2)


def _padded(rows: int) -> int:
    """Each part begins at a multiple of 256 bytes, like a tensor of its own: kernels load more at once then."""
    return -(-rows // 32) * 32
