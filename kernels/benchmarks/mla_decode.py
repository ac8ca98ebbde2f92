"""MLA decode: one new token a sequence on the paged latents.

Bytes are the latents', 1,152 a token or 656 in fp8; the floor of a row is their reading. A call finds its latents cold:
the page tables of a graph's calls rotate over a pool of 4.8 GB, 2.8 in fp8."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import torch

from benchmarks.peers import Call, flash_rows
from benchmarks.timer import Ceilings, Check, Row, graph_us, relative_error
from kimicode_kernels import mla_decode as kernel
from kimicode_kernels.mla_plan import TILES, Plan, Tiles, mla_plan
from kimicode_kernels.reference.fp8_latents import quantise
from kimicode_kernels.reference.mla_decode import mla_decode as reference

PAGE, RANK, ROPE, SCALE = 64, 512, 64, 0.1
POOL = 1 << 16
"""Pages: 2.4e9 values, more than 32 bits can count."""
COLD = 160e6
"""Bytes that the calls of a graph read together, at least."""
K = 1024
TINY, TINY_FP8 = (64, 16), (128, 16)
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
        yield compare(heads, RAGGED, fp8=True)
    for heads in (16, 32, 64):
        yield compare(heads, RAGGED, tiles=replace(TILES[heads], ring=False))
        yield compare(heads, [256 * K])
        yield compare(heads, [256 * K], fp8=True)
        yield compare(heads, [(37 * i) % 700 for i in range(256)], fp8=True)
        yield compare(heads, RAGGED, *TINY_FP8, fp8=True)
        yield compare(heads, [5000, 70, 1])
        yield compare(heads, [700, 0, 65])
        yield compare(heads, [(37 * i) % 700 for i in range(256)])
        yield compare(heads, RAGGED, *TINY)


def compare(
    heads: int,
    lengths: Sequence[int],
    rank: int = RANK,
    rope: int = ROPE,
    tiles: Tiles | None = None,
    *,
    fp8: bool = False,
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
    cache = quantise(cache, rank) if fp8 else cache
    sizes = torch.tensor(lengths, device="cuda", dtype=torch.int32)
    query = torch.randn(len(lengths), heads, rank + rope, device="cuda").bfloat16()
    results = []
    for _ in range(2):
        plan = mla_plan(sizes, table, heads, tiles=tiles)
        results.append(kernel.mla_decode(query, cache, table, sizes, scale=SCALE, rank=rank, plan=plan))
    out, lse = results[0]
    full, wide = sizes > 0, cache if fp8 else cache.float()
    exact, exact_lse = reference(query[full].float(), wide, table[full], sizes[full], scale=SCALE, rank=rank)
    error = max(relative_error(out[full], exact), relative_error(lse[full], exact_lse))
    clean = bool((out[~full] == 0).all() and (lse[~full] == float("-inf")).all())
    same = all(torch.equal(a, b) for a, b in zip(*results, strict=True))
    if not (clean and same):
        error = float("nan")
    name = f"{heads} heads, {len(lengths)} rows to {max(lengths)}, {rank}+{rope}{' fp8' if fp8 else ''} {tiles or ''}"
    return Check("mla_decode", name, error, 4e-3)


def rows(ceilings: Ceilings) -> Iterator[Row]:
    """The plan alone; every shape of TIMED, without its plan and with it, and FlashMLA's where that is installed; the
    same shapes over a cache in fp8."""
    del ceilings
    pool = torch.empty(POOL, PAGE, RANK + ROPE, device="cuda", dtype=torch.bfloat16).normal_()
    for batch in (1, 16, 256):
        lengths = torch.randint(1, 4 * K, (batch,), device="cuda", dtype=torch.int32)
        tables = torch.zeros(batch, 4 * K // PAGE, device="cuda", dtype=torch.int32)
        yield Row("mla_plan", f"batch {batch}", graph_us([partial(mla_plan, lengths, tables, 16)] * 20))
    for heads, batch, context in TIMED:
        yield timed(pool, heads, batch, context)
        yield from beside(pool, heads, batch, context)
    packed = quantise(pool[:K], RANK).repeat(POOL // K, 1, 1)  # [POOL, PAGE, 656] uint8
    for heads, batch, context in TIMED:
        yield timed(packed, heads, batch, context)


def timed(pool: torch.Tensor, heads: int, batch: int, context: int, tiles: Tiles | None = None) -> Row:
    """Rows of equal lengths; `tiles` instead of the table's."""
    step = Step(heads, batch, context, pool.shape[2] * pool.element_size())
    calls = [
        partial(step.attend, pool, table, plan=mla_plan(step.lengths, table, heads, tiles=tiles))
        for table in step.tables
    ]
    shape = step.shape + (", fp8" if pool.dtype == torch.uint8 else "")
    return Row("mla_decode", shape, graph_us(calls), step.bytes, step.flops)


def beside(pool: torch.Tensor, heads: int, batch: int, context: int) -> Iterator[Row]:
    """Ours with the plan that an engine makes once a step, and FlashMLA without its own and with it."""
    step = Step(heads, batch, context)
    both = graph_us([partial(step.attend, pool, table) for table in step.tables])
    yield Row("mla_decode", step.shape, both, step.bytes, step.flops, peer="ours with its plan")
    ours, _ = step.attend(pool, step.tables[0])
    calls = [Call(step.query, pool, table, step.lengths, SCALE, ours) for table in step.tables]
    yield from flash_rows("mla_decode", step.shape, calls, step.bytes, step.flops)


class Step:
    """Rows of equal lengths; enough page tables over the pool that no call finds its latents in the L2 cache."""

    def __init__(self, heads: int, batch: int, context: int, each: int = 2 * (RANK + ROPE)) -> None:
        """`each`: bytes of a token."""
        pages = context // PAGE
        self.shape = f"{heads} heads, batch {batch}, {context // K}K"
        self.bytes = batch * context * each
        self.flops = 2 * heads * (2 * RANK + ROPE) * batch * context
        self.lengths = torch.full((batch,), context, device="cuda", dtype=torch.int32)
        self.query = torch.randn(batch, heads, RANK + ROPE, device="cuda").bfloat16()
        self.tables = [
            torch.randperm(POOL, device="cuda")[: batch * pages].int().view(batch, pages)
            for _ in range(max(4, int(-(-COLD // self.bytes))))
        ]

    def attend(
        self, pool: torch.Tensor, table: torch.Tensor, plan: Plan | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """One call; a plan is made if none is given."""
        return kernel.mla_decode(self.query, pool, table, self.lengths, scale=SCALE, rank=RANK, plan=plan)
