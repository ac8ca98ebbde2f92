"""Keeps the experts about equally busy, as DeepSeek-V3 does (arXiv 2412.19437, §2.1.2)."""

import torch


def sequence_balance(scores: torch.Tensor, chosen: torch.Tensor, counted: torch.Tensor, per_token: int) -> torch.Tensor:
    """Equations 17 to 20: Σ f·P of a sequence's experts, 1 where all are alike; the mean over sequences.

    scores [B, T, E] summing to one, chosen [B, T, E] bool, counted [B, T] bool: what is no padding."""
    seen = counted.unsqueeze(-1)  # [B, T, 1]
    lengths = counted.sum(1).clamp_min(1).unsqueeze(-1)  # [B, 1]
    frequency = (chosen & seen).sum(1) * (scores.shape[-1] / per_token) / lengths  # [B, E]
    share = (scores * seen).sum(1) / lengths  # [B, E]
    return (frequency * share).sum(-1).mean()


@torch.no_grad()
def rebalance(bias: torch.Tensor, load: torch.Tensor, speed: float) -> None:
    """Move the biases, [layers, E], of experts with less than their layer's mean load up by `speed`, others down."""
    bias.add_((load.mean(-1, keepdim=True) - load).sign(), alpha=speed)


def unevenness(load: torch.Tensor) -> torch.Tensor:
    """The busiest expert's load over the mean, in the worst layer: 1 is ideal. load [layers, E]."""
    return (load.amax(-1) / load.mean(-1).clamp_min(1)).amax()
