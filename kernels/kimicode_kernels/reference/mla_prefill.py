"""Attention of a prompt's chunk to all that precedes it and to itself, with keys and values expanded from the
latents (DeepSeek-V2, arXiv 2405.04434, §2.1.2): cheaper than absorbed attention when many queries share the keys."""

import torch
from torch.nn.functional import embedding

from kimicode_kernels.reference.fp8_latents import opened
from kimicode_kernels.reference.softmax import BlockSoftmax

VALUES_AT_ONCE = 1 << 26
"""Bound on the expanded keys, values and scores of a block, in values: 256 MB in fp32, however long the context."""


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
    """Causal softmax(scale · query · keys) · values, in fp32; the chunk is the last rows of its context.

    query [n, heads, nope + rope], cache [pages, tokens per page, rank + rope], or in fp8 (uint8, see `fp8_latents`),
    with the chunk's own latents written, pages [m] int64: those of this sequence in order, context: its tokens in them,
    kv_b [heads, nope + v, rank] → [n, heads, v] in query's type. What lies in a page behind the context may be
    anything, NaN included. `at_once` bounds the values of a block of keys.
    """
    count, page = query.shape[0], cache.shape[1]
    flat = cache.flatten(1)  # [pages, all of a page]
    wide = query.float().transpose(0, 1)  # [heads, n, nope + rope]
    places = torch.arange(context - count, context, device=query.device).unsqueeze(1)  # [n, 1]
    softmax = BlockSoftmax()
    step = _keys_at_once(query, kv_b, page, at_once)
    for first in range(0, context, step):
        last = min(first + step, context)
        held = embedding(pages[first // page : -(-last // page)], flat)  # [m, all of a page]
        held = held.view(-1, cache.shape[2])[: last - first]  # [keys, ·]
        latents = opened(held, kv_b.shape[2], kv_b.dtype)  # [keys, rank + rope]
        keys, values = expand(latents, kv_b, query.shape[2])  # [heads, keys, nope + rope], [heads, keys, v]
        scores = torch.bmm(wide, keys.transpose(1, 2)).mul_(scale)  # [heads, n, keys]
        if last > context - count + 1:
            after = torch.arange(first, last, device=query.device) > places  # [n, keys]
            scores.masked_fill_(after, float("-inf"))
        softmax.add(scores, values)
    return softmax.result()[0].transpose(0, 1).to(query.dtype)


def _keys_at_once(query: torch.Tensor, kv_b: torch.Tensor, page: int, at_once: int) -> int:
    """Keys of a block, in whole pages: per key and head there is a score for each query, a key and a value twice."""
    per_key = query.shape[1] * (query.shape[0] + 2 * (query.shape[2] + kv_b.shape[1]))
    return max(1, at_once // per_key // page) * page


def expand(latents: torch.Tensor, kv_b: torch.Tensor, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    """latents [keys, rank + rope] → keys [heads, keys, nope + rope = width] and values [heads, keys, v], fp32."""
    heads, rank = kv_b.shape[0], kv_b.shape[2]
    turned = latents[:, rank:]  # [keys, rope]
    nope = width - turned.shape[1]
    both = torch.matmul(latents[:, :rank], kv_b.transpose(1, 2)).float()  # [heads, keys, nope + v]
    keys = torch.cat((both[..., :nope], turned.float().expand(heads, -1, -1)), dim=-1)
    return keys, both[..., nope:]
