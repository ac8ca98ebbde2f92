"""Routed experts with floating-point weights. Only experts that have tokens are touched."""

from collections.abc import Callable

import torch
from torch.nn.functional import linear

from kimicode_kernels.reference.permute import permute, unpermute
from kimicode_kernels.reference.swiglu import swiglu


def experts(
    x: torch.Tensor, gate_up: torch.Tensor, down: torch.Tensor, weights: torch.Tensor, ids: torch.Tensor
) -> torch.Tensor:
    """Σ over a token's experts of weight · down(swiglu(gate_up(x))).

    x [T, n], gate_up [E, 2m, n], down [E, n, m], weights [T, k] fp32, ids [T, k] int64 → [T, n] in x's type.
    """
    return by_expert(x, weights, ids, gate_up.shape[0], lambda rows, e: gated(rows, gate_up[e], down[e]))


def gated(rows: torch.Tensor, gate_up: torch.Tensor, down: torch.Tensor) -> torch.Tensor:
    """One expert: rows [r, n], gate_up [2m, n], down [n, m] → [r, n]."""
    return linear(swiglu(linear(rows, gate_up)), down)


def by_expert(
    x: torch.Tensor,
    weights: torch.Tensor,
    ids: torch.Tensor,
    count: int,
    compute: Callable[[torch.Tensor, int], torch.Tensor],
) -> torch.Tensor:
    """Run `compute(rows [r, n], expert) → [r, n]` for each of `count` experts that has rows, and sum per token.

    x [T, n], weights [T, k] fp32, ids [T, k] int64 → [T, n] in x's type.
    """
    rows, order, counts = permute(x, ids, count)  # [T·k, n], [T·k], [E]
    done, start = torch.empty_like(rows), 0  # [T·k, n]
    for expert, size in enumerate(counts.tolist()):
        if size:
            done[start : start + size] = compute(rows[start : start + size], expert)
            start += size
    return unpermute(done, order, weights)
