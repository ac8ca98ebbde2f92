"""Attention of one new token per sequence, straight on the compressed latents (absorbed MLA, DeepSeek-V2, arXiv
2405.04434, §2.1.2): keys and values of all heads are the same 512 + 64 cached values."""

import torch
from torch.nn.functional import embedding

from kimicode_kernels.reference.fp8_latents import opened
from kimicode_kernels.reference.softmax import BlockSoftmax

LATENTS_AT_ONCE = 1 << 16
"""Latents that are gathered at a time, over all rows: 151 MB in fp32 for Kimi K2."""
SHORT = 256
"""Rows of at most so many tokens are computed together; longer ones with those of up to twice their length."""


def mla_decode(
    query: torch.Tensor,
    cache: torch.Tensor,
    block_table: torch.Tensor,
    lengths: torch.Tensor,
    *,
    scale: float,
    rank: int,
    at_once: int = LATENTS_AT_ONCE,
) -> tuple[torch.Tensor, torch.Tensor]:
    """softmax(scale · query · latents) · latents[:rank], in fp32.

    query [D, heads, rank + rope], cache [pages, tokens per page, rank + rope] or in fp8 (uint8, see `fp8_latents`),
    block_table [D, n] int32: the pages of each row, lengths [D] int32: its tokens in them, at least 1 → (out [D, heads,
    rank] in query's type, lse [D, heads] fp32: the log of the softmax's denominator). What lies in a page behind a
    row's length may be anything, NaN included; unused entries of block_table must be some page. `at_once` bounds the
    latents gathered at a time.
    """
    groups = _groups(lengths.tolist())
    if len(groups) == 1:
        return _attend(query, cache, block_table, lengths, max(groups[0][1]), scale, rank, at_once)
    out = query.new_empty(*query.shape[:2], rank)  # [D, heads, rank]
    lse = query.new_empty(query.shape[:2], dtype=torch.float32)  # [D, heads]
    for rows, sizes in groups:
        at = torch.tensor(rows, device=query.device)  # [d]
        out[at], lse[at] = _attend(query[at], cache, block_table[at], lengths[at], max(sizes), scale, rank, at_once)
    return out, lse


def _groups(lengths: list[int]) -> list[tuple[list[int], list[int]]]:
    """(rows, their lengths) of similar length, so that padding at most doubles the work."""
    groups: dict[int, tuple[list[int], list[int]]] = {}
    for row, length in enumerate(lengths):
        rows, sizes = groups.setdefault((max(SHORT, length) - 1).bit_length(), ([], []))
        rows.append(row)
        sizes.append(length)
    return list(groups.values())


def _attend(
    query: torch.Tensor,
    cache: torch.Tensor,
    table: torch.Tensor,
    lengths: torch.Tensor,
    longest: int,
    scale: float,
    rank: int,
    at_once: int,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The same for rows of similar length, `longest` the greatest."""
    page, flat = cache.shape[1], cache.view(-1, cache.shape[2])  # [pages · tokens per page, ·]
    wide = query.float()  # [d, heads, rank + rope]
    pages, pages_at_once = -(-longest // page), max(1, at_once // (len(query) * page))
    offsets = torch.arange(page, device=query.device)  # [tokens per page]
    softmax = BlockSoftmax()
    for first in range(0, pages, pages_at_once):
        taken = table[:, first : min(first + pages_at_once, pages)].long()  # [d, n]
        slots = (taken.unsqueeze(-1) * page + offsets).flatten(1)  # [d, keys]
        keys = torch.arange(first * page, first * page + slots.shape[1], device=query.device)  # [keys]
        beyond = keys >= lengths.unsqueeze(1)  # [d, keys]
        # A NaN behind the end would survive a weight of 0, so the row's first token stands in for what lies there.
        slots = torch.where(beyond, table[:, :1].long() * page, slots)
        latents = opened(embedding(slots, flat), rank, torch.float32)  # [d, keys, rank + rope]
        bias = wide.new_zeros(beyond.shape).masked_fill_(beyond, float("-inf")).unsqueeze(1)  # [d, 1, keys]
        scores = torch.baddbmm(bias, wide, latents.transpose(1, 2), alpha=scale)  # [d, heads, keys]
        softmax.add(scores, latents[..., :rank])
    out, lse = softmax.result()
    return out.to(query.dtype), lse
