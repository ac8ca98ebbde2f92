"""What a CPU computes in fp32 otherwise than the reference: products of many rows by oneDNN, attention head by head,
few rows without batching them.

Same operations, same results but for rounding. Whatever these are not made for goes to the reference."""

from dataclasses import replace

import torch
from torch.nn.functional import embedding, embedding_bag
from torch.nn.functional import linear as mkl_linear

from kimicode_kernels.reference.experts import gated as gated_mlp
from kimicode_kernels.reference.mla_prefill import VALUES_AT_ONCE
from kimicode_kernels.reference.permute import permute
from kimicode_kernels.reference.swiglu import swiglu
from kimicode_kernels.select import REFERENCE

FEW = 4
"""Decoding rows up to here are computed one by one; more are faster together, as the reference takes them."""
QUERIES = 256
"""Of a prompt's chunk at a time: half of them on average look at keys behind their own, which is wasted."""
MANY = 16
"""Rows from here on go to oneDNN: its AVX-512 kernels run on every processor that has them, MKL's on Intel's alone, so
that on an AMD EPYC it took 0.45 of the time. It is slower for single rows."""
ROUND = 32
"""An expert computes a multiple of so many rows: oneDNN makes a kernel for each number of rows that it meets."""

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
    heads, width, rank = kv_b.shape[0], query.shape[2], kv_b.shape[2]
    nope = width - (cache.shape[2] - rank)
    values_width = kv_b.shape[1] - nope
    values = context * (heads * (kv_b.shape[1] + width + values_width) + 2 * QUERIES)
    if cache.dtype != torch.float32 or values > at_once:
        return REFERENCE.mla_prefill(query, cache, pages, context, kv_b, scale=scale, at_once=at_once)
    latents = _latents(cache, pages, context)  # [keys, rank + rope]
    both = linear(latents[:, :rank], kv_b.flatten(0, 1)).view(context, heads, -1)  # [keys, heads, nope + v]
    out = query.new_empty(*query.shape[:2], values_width)  # [n, heads, v]
    for head in range(heads):
        keys = torch.cat((both[:, head, :nope], latents[:, rank:]), dim=-1)  # [keys, width]
        _causal(query[:, head] * scale, keys, both[:, head, nope:].contiguous(), out[:, head])
    return out


def _causal(query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, out: torch.Tensor) -> None:
    """Attention of the last places of one head: query [n, width], keys [keys, width], values [keys, v] → out [n, v]."""
    before = len(keys) - len(query)
    for first in range(0, len(query), QUERIES):
        part = query[first : first + QUERIES]  # [q, width]
        seen = before + first + len(part)
        scores = linear(part, keys[:seen])  # [q, seen]
        own = scores[:, -len(part) :]  # [q, q]
        own += torch.full_like(own, -torch.inf).triu_(1)
        out[first : first + QUERIES] = linear(scores.softmax(-1), values[:seen].t())


def linear(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """As the reference's. x [T, in], weight [out, in], as it is or as the transpose of what lies in memory, bias [out]
    or None → [T, out]."""
    if len(x) < MANY or not torch.backends.mkldnn.is_available():
        return mkl_linear(x, weight, bias)
    result: torch.Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")
    return result


def gated(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """As the reference's gemv_swiglu."""
    return swiglu(linear(x, weight))


def experts(
    x: torch.Tensor, gate_up: torch.Tensor, down: torch.Tensor, weights: torch.Tensor, ids: torch.Tensor
) -> torch.Tensor:
    """As the reference's; a single token is not sorted by expert and back."""
    return _one(x, gate_up, down, weights, ids) if len(x) == 1 else _many(x, gate_up, down, weights, ids)


def _one(
    x: torch.Tensor, gate_up: torch.Tensor, down: torch.Tensor, weights: torch.Tensor, ids: torch.Tensor
) -> torch.Tensor:
    total = torch.zeros_like(x)  # [1, n]
    for weight, expert in zip(weights[0].tolist(), ids[0].tolist(), strict=True):
        total.add_(gated_mlp(x, gate_up[expert], down[expert]), alpha=weight)
    return total


def _many(
    x: torch.Tensor, gate_up: torch.Tensor, down: torch.Tensor, weights: torch.Tensor, ids: torch.Tensor
) -> torch.Tensor:
    rows, order, counts = permute(x, ids, len(gate_up))  # [T·k, n], [T·k], [E]
    done, start = torch.empty_like(rows), 0  # [T·k, n]
    for expert, size in enumerate(counts.tolist()):
        if size:
            # The rows that make it a multiple are the next expert's, and computed for nothing.
            those = rows[start : start + -(-size // ROUND) * ROUND]  # [>= size, n]
            done[start : start + size] = linear(gated(those, gate_up[expert]), down[expert])[:size]
            start += size
    places = torch.empty_like(order)  # [T·k]: where each token's choices were computed
    places[order] = torch.arange(len(order))
    return embedding_bag(places.view_as(ids), done, mode="sum", per_sample_weights=weights)


KERNELS = replace(
    REFERENCE,
    name="PyTorch on a CPU",
    plan=plan,
    mla_decode=mla_decode,
    mla_prefill=mla_prefill,
    linear=linear,
    gated=gated,
    experts=experts,
)
