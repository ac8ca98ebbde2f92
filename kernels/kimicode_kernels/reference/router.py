"""Which experts compute a token, and with what weight: DeepSeek-V3's sigmoid router (arXiv 2412.19437, §2.1.2)."""

import torch


def router(
    logits: torch.Tensor,
    bias: torch.Tensor,
    *,
    top_k: int,
    groups: int,
    groups_per_token: int,
    normalise: bool,
    scaling: float,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Choose `top_k` experts per token. The bias takes part in the choice alone, never in the weights.

    logits [T, E] fp32, bias [E] fp32 → (weights [T, top_k] fp32, ids [T, top_k] int64).
    With more than one group only experts of a token's best `groups_per_token` groups are in reach.
    """
    scores = logits.sigmoid()  # [T, E]
    choice = scores + bias  # [T, E]
    if groups_per_token < groups:
        choice = _best_groups(choice, groups, groups_per_token)
    ids = choice.topk(top_k, dim=-1).indices  # [T, top_k]
    weights = scores.gather(1, ids)  # [T, top_k]
    if normalise:
        weights = weights / (weights.sum(dim=-1, keepdim=True) + 1e-20)
    return weights * scaling, ids


def _best_groups(choice: torch.Tensor, groups: int, keep: int) -> torch.Tensor:
    """Put the experts outside a token's `keep` best groups out of reach; a group is worth its two best experts."""
    grouped = choice.view(len(choice), groups, -1)  # [T, groups, E/groups]
    worth = grouped.topk(2, dim=-1).values.sum(dim=-1)  # [T, groups]
    closed = torch.ones_like(worth, dtype=torch.bool)  # [T, groups]
    closed.scatter_(1, worth.topk(keep, dim=-1).indices, False)
    return grouped.masked_fill(closed.unsqueeze(-1), float("-inf")).flatten(1)
