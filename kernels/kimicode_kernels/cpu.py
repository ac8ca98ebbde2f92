"""What a CPU computes in fp32 otherwise than the reference: attention fused by PyTorch, few rows without batching them.

Same operations, same results but for rounding. Whatever these are not made for goes to the reference."""

from dataclasses import replace

import torch
from torch.nn.functional import embedding, pad, scaled_dot_product_attention

from kimicode_kernels.reference.experts import gated
from kimicode_kernels.reference.mla_prefill import VALUES_AT_ONCE, expand
from kimicode_kernels.select import REFERENCE

FEW = 4
"""Decoding rows up to here are computed one by one; more are faster together, as the reference takes them."""
QUERIES = 256
"""Of a prompt's chunk at a time: half of them on average look at keys behind their own, which is wasted."""

Held = slice | torch.Tensor
"""Where one sequence's latents lie: consecutive tokens of the cache, or its pages in order, int64 [n]."""


def plan(
    lengths: torch.Tensor, block_table: torch.Tensor, heads: int, page: int
) -> tuple[tuple[Held, int], ...] | None:
    """Where the latents of each row lie, and how many they are. None: too many rows to go one by one.

    lengths [D], block_table [D, n]."""
    if len(lengths) > FEW:
        return None
    rows = zip(block_table.tolist(), lengths.tolist(), strict=True)
    return tuple((_held(pages[: -(-length // page)], length, page), length) for pages, length in rows)


def _held(pages: list[int], length: int, page: int) -> Held:
    first = pages[0]
    if pages == list(range(first, first + len(pages))):
        return slice(first * page, first * page + length)
    return torch.tensor(pages)


def mla_decode(
    query: torch.Tensor,
    cache: torch.Tensor,
    block_table: torch.Tensor,
    lengths: torch.Tensor,
    *,
    scale: float,
    rank: int,
    plan: tuple[tuple[Held, int], ...] | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """As the reference's. A sequence whose pages lie side by side is read where it is, without a copy."""
    if plan is None or cache.dtype != torch.float32:
        return REFERENCE.mla_decode(query, cache, block_table, lengths, scale=scale, rank=rank)
    out = query.new_empty(*query.shape[:2], rank)  # [D, heads, rank]
    lse = query.new_empty(query.shape[:2])  # [D, heads]
    scaled = query * scale  # [D, heads, rank + rope]
    for row, (held, length) in enumerate(plan):
        latents = _latents(cache, held, length)  # [keys, rank + rope]
        scores = torch.mm(scaled[row], latents.t())  # [heads, keys]
        peak = scores.amax(-1, keepdim=True)  # [heads, 1]
        shares = scores.sub_(peak).exp_()  # [heads, keys]
        total = shares.sum(-1, keepdim=True)  # [heads, 1]
        torch.div(torch.mm(shares, latents[:, :rank]), total, out=out[row])
        torch.add(total.log_(), peak, out=lse[row].unsqueeze(-1))
    return out, lse


def _latents(cache: torch.Tensor, held: Held, length: int) -> torch.Tensor:
    """cache [pages, tokens per page, width] → one sequence's [length, width]."""
    if isinstance(held, slice):
        return cache.view(-1, cache.shape[2])[held]
    return embedding(held, cache.flatten(1)).view(-1, cache.shape[2])[:length]


def mla_prefill(
    query: torch.Tensor,
    cache: torch.Tensor,
    pages: torch.Tensor,
    context: int,
    kv_b: torch.Tensor,
    *,
    scale: float,
    at_once: int = VALUES_AT_ONCE,
) -> torch.Tensor:
    """As the reference's: keys and values of the whole context at once where these are few enough."""
    width, values_width = query.shape[2], kv_b.shape[1] - query.shape[2] + cache.shape[2] - kv_b.shape[2]
    values = context * (3 * query.shape[1] * width + QUERIES)
    if cache.dtype != torch.float32 or values_width > width or values > at_once:
        return REFERENCE.mla_prefill(query, cache, pages, context, kv_b, scale=scale, at_once=at_once)
    keys, expanded = expand(_latents(cache, pages, context), kv_b, width)  # [heads, keys, ·] each
    # The fused kernel wants values as wide as keys; without that it is none.
    wide = pad(expanded, (0, width - values_width))  # [heads, keys, width]
    return _causal(query.transpose(0, 1), keys, wide, scale)[..., :values_width].transpose(0, 1)


def _causal(query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, scale: float) -> torch.Tensor:
    """Attention of the last places: query [heads, n, width], keys, values [heads, keys, width] → [heads, n, width]."""
    outs, before = [], keys.shape[1] - query.shape[1]
    for first in range(0, query.shape[1], QUERIES):
        part = query[None, :, first : first + QUERIES]  # [1, heads, q, width], as the fused kernel wants it
        seen = before + first + part.shape[2]
        mask = part.new_full((part.shape[2], seen), -torch.inf).triu_(before + first + 1)  # [q, seen]
        those = keys[None, :, :seen], values[None, :, :seen]  # [1, heads, seen, width] each
        outs.append(scaled_dot_product_attention(part, *those, attn_mask=mask, scale=scale))
    return torch.cat(outs, dim=2).squeeze(0)


def experts(
    x: torch.Tensor, gate_up: torch.Tensor, down: torch.Tensor, weights: torch.Tensor, ids: torch.Tensor
) -> torch.Tensor:
    """As the reference's; a single token is not sorted by expert and back."""
    if len(x) > 1 or x.dtype != torch.float32:
        return REFERENCE.experts(x, gate_up, down, weights, ids)
    total = torch.zeros_like(x)  # [1, n]
    for weight, expert in zip(weights[0].tolist(), ids[0].tolist(), strict=True):
        total.add_(gated(x, gate_up[expert], down[expert]), alpha=weight)
    return total


KERNELS = replace(
    REFERENCE, name="PyTorch on a CPU", plan=plan, mla_decode=mla_decode, mla_prefill=mla_prefill, experts=experts
)
