"""Routed experts in compressed-tensors INT4. One expert at a time is unpacked, and only one that has tokens."""

import torch

from kimicode_kernels.reference.experts import by_expert, gated
from kimicode_kernels.reference.packing import unpack


def int4_experts(
    x: torch.Tensor,
    gate_up: torch.Tensor,
    gate_up_scale: torch.Tensor,
    down: torch.Tensor,
    down_scale: torch.Tensor,
    weights: torch.Tensor,
    ids: torch.Tensor,
) -> torch.Tensor:
    """Σ over a token's experts of weight · down(swiglu(gate_up(x))).

    x [T, n], gate_up [E, 2m, n/8] and down [E, n, m/8] int32 with gate_up_scale [E, 2m, n/group] and
    down_scale [E, n, m/group], weights [T, k] fp32, ids [T, k] int64 → [T, n] in x's type.
    """

    def compute(rows: torch.Tensor, expert: int) -> torch.Tensor:
        wide = unpack(gate_up[expert], gate_up_scale[expert], rows.dtype)  # [2m, n]
        return gated(rows, wide, unpack(down[expert], down_scale[expert], rows.dtype))

    return by_expert(x, weights, ids, gate_up.shape[0], compute)
