"""Bring tokens that share an expert together, and their results back."""

import torch


def permute(x: torch.Tensor, ids: torch.Tensor, experts: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Repeat each token once per chosen expert, sorted by expert, within one expert in the tokens' order.

    x [T, n], ids [T, k] int64 → (rows [T·k, n], order [T·k] int64: the row's place in ids, counts [experts] int64).
    """
    flat = ids.flatten()  # [T·k]
    order = flat.argsort(stable=True)  # [T·k]
    return x.index_select(0, order // ids.shape[1]), order, torch.bincount(flat, minlength=experts)


def unpermute(rows: torch.Tensor, order: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Each token's weighted sum over its experts, accumulated in fp32 in the order of its choice.

    rows [T·k, n] and order [T·k] as `permute` gives them, weights [T, k] fp32 → [T, n] in rows' type.
    """
    chosen = torch.empty_like(rows).index_copy_(0, order, rows).view(*weights.shape, -1)  # [T, k, n]
    return torch.bmm(weights.unsqueeze(1), chosen.float()).squeeze(1).to(rows.dtype)
