"""MLA decode: one new token a sequence on the paged latents.

Bytes are the latents'; the floor of a row is their reading. A call finds its latents cold: the page tables of a graph's
calls rotate over a pool of 4.8 GB."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import torch

from benchmarks.timer import Ceilings, Check, Row, graph_us, relative_error
from kimicode_kernels import mla_decode as kernel
from kimicode_kernels.mla_plan import TILES, Tiles, mla_plan
from kimicode_kernels.reference.mla_decode import mla_decode as reference

PAGE, RANK, ROPE, SCALE = 64, 512, 64, 0.1
POOL = 1 << 16
"""Pages: 2.4e9 values, more than 32 bits can count."""
COLD = 160e6
"""Bytes that the calls of a graph read together, at least."""
K = 1024
TINY = (64, 16)
RAGGED = [1, 64, 65, 0, 5000, 127, 0, 33000]
TIMED = [
    (heads, batch, context)
    for heads in (16, 64)
    for batch, contexts in ((1, (K, 4 * K, 8 * K, 32 * K, 128 * K)), (16, (8 * K, 32 * K)), (64, (K, 8 * K)))
    for context in contexts
]


def checks() -> Iterator[Check]:
    """Every tile, ragged and empty rows, a long row, many rows, small models; NaN in whatever no row owns."""
    for heads in (8, 16, 32, 64, 128):
        yield compare(heads, RAGGED)
    for heads in (16, 32, 64):
        yield compare(heads, RAGGED, tiles=replace(TILES[heads], ring=False))
        yield compare(heads, [256 * K])
        yield compare(heads, [5000, 70, 1])
        yield compare(heads, [700, 0, 65])
        yield compare(heads, [(37 * i) % 700 for i in range(256)])
        yield compare(heads, RAGGED, *TINY)


def compare(
    heads: int, lengths: Sequence[int], rank: int = RANK, rope: int = ROPE, tiles: Tiles | None = None
) -> Check:
    """Relative error of out; that of lse must be as small, empty rows exact, a second run equal."""
    pages = sum(-(-length // PAGE) for length in lengths)
    cache = torch.full((pages + 3, PAGE, rank + rope), float("nan"), device="cuda", dtype=torch.bfloat16)
    order = torch.randperm(len(cache), device="cuda").int()
    table = order[-1].repeat(len(lengths), -(-max(lengths) // PAGE))
    at = 0
    for row, length in enumerate(lengths):
        for place in range(-(-length // PAGE)):
            table[row, place] = order[at]
            cache[order[at], : length - place * PAGE] = torch.randn(PAGE, rank + rope, device="cuda")[
                : length - place * PAGE
            ]
            at += 1
    sizes = torch.tensor(lengths, device="cuda", dtype=torch.int32)
    query = torch.randn(len(lengths), heads, rank + rope, device="cuda").bfloat16()
    results = []
    for _ in range(2):
        plan = mla_plan(sizes, table, heads, tiles=tiles)
        results.append(kernel.mla_decode(query, cache, table, sizes, scale=SCALE, rank=rank, plan=plan))
    out, lse = results[0]
    full = sizes > 0
    exact, exact_lse = reference(query[full].float(), cache.float(), table[full], sizes[full], scale=SCALE, rank=rank)
    error = max(relative_error(out[full], exact), relative_error(lse[full], exact_lse))
    clean = bool((out[~full] == 0).all() and (lse[~full] == float("-inf")).all())
    same = all(torch.equal(a, b) for a, b in zip(*results, strict=True))
    if not (clean and same):
        error = float("nan")
    name = f"{heads} heads, {len(lengths)} rows to {max(lengths)}, {rank}+{rope} {tiles or ''}"
    return Check("mla_decode", name, error, 4e-3)


def rows(ceilings: Ceilings) -> Iterator[Row]:
    """The plan alone, and every shape of TIMED."""
    del ceilings
    pool = torch.empty(POOL, PAGE, RANK + ROPE, device="cuda", dtype=torch.bfloat16).normal_()
    for batch in (1, 16, 256):
        lengths = torch.randint(1, 4 * K, (batch,), device="cuda", dtype=torch.int32)
        tables = torch.zeros(batch, 4 * K // PAGE, device="cuda", dtype=torch.int32)
        yield Row("mla_plan", f"batch {batch}", graph_us([partial(mla_plan, lengths, tables, 16)] * 20))
    for heads, batch, context in TIMED:
        yield timed(pool, heads, batch, context)


def timed(pool: torch.Tensor, heads: int, batch: int, context: int, tiles: Tiles | None = None) -> Row:
    """Rows of equal lengths; `tiles` instead of the table's."""
    pages = context // PAGE
    amount = batch * context * (RANK + ROPE) * 2
    count = max(4, int(-(-COLD // amount)))
    lengths = torch.full((batch,), context, device="cuda", dtype=torch.int32)
    query = torch.randn(batch, heads, RANK + ROPE, device="cuda").bfloat16()
    calls = []
    for _ in range(count):
        table = torch.randperm(POOL, device="cuda")[: batch * pages].int().view(batch, pages)
        plan = mla_plan(lengths, table, heads, tiles=tiles)
        calls.append(partial(kernel.mla_decode, query, pool, table, lengths, scale=SCALE, rank=RANK, plan=plan))
    flops = 2 * heads * (2 * RANK + ROPE) * batch * context
    return Row("mla_decode", f"{heads} heads, batch {batch}, {context // K}K", graph_us(calls), amount, flops)
