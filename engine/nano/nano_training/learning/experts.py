"""The routed experts in two ways that compute the same: tokens sorted by expert, or every expert on every token."""

from typing import Any

import torch
from torch.nn.functional import grouped_mm, linear, silu


class Permuted(torch.autograd.Function):
    """Rows in another order. Its gradient is a permutation too; autograd's own would add up rows one by one."""

    @staticmethod
    def forward(ctx: Any, values: torch.Tensor, order: torch.Tensor, inverse: torch.Tensor) -> torch.Tensor:
        """values [R, ...], order and inverse [R] int64 → values[order]."""
        ctx.save_for_backward(inverse)
        return values[order]

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        """The gradient, back in the first order."""
        (inverse,) = ctx.saved_tensors
        return gradients[0][inverse], None, None


def sorted_experts(
    x: torch.Tensor, gate_up: torch.Tensor, down: torch.Tensor, weights: torch.Tensor, ids: torch.Tensor
) -> torch.Tensor:
    """x [N, hidden], gate_up [E, 2m, hidden], down [E, hidden, m], weights and ids [N, k] → [N, hidden].

    No token is dropped, however many choose an expert. Sizes must be multiples of 16 bytes (grouped_mm)."""
    count, chosen = ids.shape
    flat = ids.flatten().to(torch.int32)  # [N·k]
    order = flat.argsort(stable=True)  # [N·k]
    inverse = torch.empty_like(order).scatter_(0, order, torch.arange(len(order), device=x.device))
    each = torch.arange(len(gate_up), device=x.device, dtype=torch.int32)
    ends = (flat.unsqueeze(1) == each).sum(0).cumsum(0).to(torch.int32)  # [E]
    repeated = x.unsqueeze(1).expand(-1, chosen, -1).reshape(count * chosen, -1)  # [N·k, hidden]
    arrived = permuted(repeated, order, inverse)
    inner = gated(grouped_mm(arrived, gate_up.transpose(-2, -1), offs=ends))  # [N·k, m]
    inner = inner * permuted(weights.reshape(-1, 1), order, inverse).to(inner.dtype)
    out = grouped_mm(inner, down.transpose(-2, -1), offs=ends)  # [N·k, hidden]
    return permuted(out, inverse, order).view(count, chosen, -1).sum(1)


def all_experts(
    x: torch.Tensor, gate_up: torch.Tensor, down: torch.Tensor, weights: torch.Tensor, ids: torch.Tensor
) -> torch.Tensor:
    """The same, by E/k times the arithmetic and without sorting; of any sizes."""
    per_expert = torch.zeros(len(x), len(gate_up), device=x.device).scatter(1, ids, weights)  # [N, E]
    both = torch.unflatten(linear(x, gate_up.flatten(0, 1)), -1, (len(gate_up), -1))  # [N, E, 2m]
    inner = gated(both) * per_expert.unsqueeze(-1).to(x.dtype)  # [N, E, m]
    return linear(inner.flatten(1), down.transpose(0, 1).flatten(1))


def gated(both: torch.Tensor) -> torch.Tensor:
    """silu(gate) · up: both [..., 2m] with the gate first → [..., m]."""
    gate, up = both.chunk(2, dim=-1)
    return silu(gate) * up


def permuted(values: torch.Tensor, order: torch.Tensor, inverse: torch.Tensor) -> torch.Tensor:
    """See Permuted."""
    result: torch.Tensor = Permuted.apply(values, order, inverse)  # type: ignore[no-untyped-call]
    return result
