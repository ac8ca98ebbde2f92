"""The gated activation of every MLP (Shazeer, arXiv 2002.05202)."""

import torch
from torch.nn.functional import silu


def swiglu(gate_up: torch.Tensor) -> torch.Tensor:
    """silu(gate) · up. gate_up [T, 2n], the gate's n values first → [T, n]."""
    gate, up = gate_up.chunk(2, dim=-1)
    return silu(gate) * up
