"""Attention of a batch whose rows all continue one prefix: its keys and values are computed once, and met by all."""

import torch
from torch.nn.attention.bias import causal_lower_right
from torch.nn.functional import scaled_dot_product_attention

SAMPLED = 4
"""Every so-manieth query of the first row is looked at for its logits."""


def attend(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, prefix: int, rows: int, scale: float
) -> torch.Tensor:
    """query, key [N, heads, d], value [N, heads, v] of `prefix` tokens and then `rows` equal rows → [N, heads·v].

    The prefix attends to itself; a row's token to the prefix and to its row up to itself."""
    first = [part[:prefix].transpose(0, 1).unsqueeze(0) for part in (query, key, value)]  # each [1, heads, P, ·]
    own = scaled_dot_product_attention(first[0], first[1], first[2], is_causal=True, scale=scale)  # [1, heads, P, v]
    asked = torch.unflatten(query[prefix:], 0, (rows, -1)).transpose(1, 2)  # [B, heads, T, d]
    keys, values = (_continued(part, prefix, rows) for part in (key, value))  # [B, heads, P + T, ·]
    mask = causal_lower_right(asked.shape[2], keys.shape[2])
    found = scaled_dot_product_attention(asked, keys, values, attn_mask=mask, scale=scale)  # [B, heads, T, v]
    return torch.cat((own.squeeze(0).transpose(0, 1).flatten(1), found.transpose(1, 2).flatten(0, 1).flatten(1)))


def _continued(part: torch.Tensor, prefix: int, rows: int) -> torch.Tensor:
    """[N, heads, d] → [B, heads, P + T, d]: the prefix before each row."""
    before = part[:prefix].expand(rows, -1, -1, -1)  # [B, P, heads, d]
    return torch.cat((before, torch.unflatten(part[prefix:], 0, (rows, -1))), dim=1).transpose(1, 2)


@torch.no_grad()
def largest_logits(query: torch.Tensor, key: torch.Tensor, prefix: int, rows: int, scale: float) -> torch.Tensor:
    """The largest attention logit of each head, [heads] fp32, in a sample: some queries of the first row, all its keys.

    query, key as `attend` takes them. All queries would cost as much as attention itself."""
    end = prefix + (len(query) - prefix) // rows
    asked = torch.arange(prefix, end, SAMPLED, device=query.device)  # [S]
    logits = torch.einsum("shd,khd->hsk", query[asked].float(), key[:end].float())  # [heads, S, P + T]
    later = torch.arange(end, device=query.device) > asked.unsqueeze(1)  # [S, P + T]
    return logits.masked_fill(later, float("-inf")).amax((1, 2)) * scale
