"""Sorts routes (token, choice) by expert on the device and cuts each expert's into blocks for the matrix kernels.

Moves 8 B a route and a few KB of counts: launch time. Up to 4,096 routes it is one launch, above two.
Nothing is padded: a block is (expert, first place, length) and the order is dense, so one sort serves every N."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import triton
import triton.language as tl

from kimicode_kernels.compiling import CompileCase

COUNTED = 4096
"""Up to so many routes, every program of 64 routes counts them all and one launch does everything."""
CHUNK = 1024
"""Routes that a program sorts when there are more."""


@dataclass(frozen=True, slots=True)
class Routes:
    """Routes sorted by local expert, in the tokens' order within one; those to experts elsewhere come last.

    order [T·k] int32: the route (token · k + choice) at each place. counts [experts + 1] int32: routes of each local
    expert and, last, those skipped. blocks: for each N a table [b, 4] int32 of (expert, first place, length, 0), all
    used blocks first; b is the most there can be, and a length of 0 marks an unused one."""

    order: torch.Tensor
    counts: torch.Tensor
    blocks: dict[int, torch.Tensor]

    @property
    def skipped(self) -> torch.Tensor:
        """[1] int32: how many routes lead to experts that are not here."""
        return self.counts[-1:]


def sort_routes(
    ids: torch.Tensor,
    experts: int,
    tokens: tuple[int, ...],
    first: int = 0,
    *,
    counted: int = COUNTED,
    chunk: int = CHUNK,
) -> Routes:
    """Sort for the local experts first … first + experts - 1; any other id counts as elsewhere.

    ids [T, k] int32 or int64, tokens: one or two block sizes N. No host synchronisation; fit for CUDA graphs."""
    if len(tokens) not in (1, 2):
        raise ValueError(f"one or two block sizes, not {tokens}")
    routes, device = ids.numel(), ids.device
    seen = triton.next_power_of_2(routes) if routes <= counted else 0
    chunk = min(64, max(16, seen)) if seen else chunk
    chunks = max(1, triton.cdiv(routes, chunk))
    bins = max(16, triton.next_power_of_2(experts + 2))
    ids = ids.contiguous()
    order = torch.empty(routes, dtype=torch.int32, device=device)
    totals = torch.empty(experts + 1, dtype=torch.int32, device=device)
    tables = [torch.empty(most_blocks(routes, experts, n), 4, dtype=torch.int32, device=device) for n in tokens]
    counts = torch.empty(chunks, bins, dtype=torch.int32, device=device)
    common = {"CHUNK": chunk, "BINS": bins, "num_warps": _warps(chunk, bins)}
    if not seen:
        _count[(chunks,)](ids, counts, routes, first, experts, **common)
    _place[(chunks,)](
        ids, counts, order, totals, tables[0], tables[-1], tables[0].shape[0], tables[-1].shape[0],
        routes, first, experts, chunks, N0=tokens[0], N1=tokens[-1], SEEN=seen, **common,
    )  # fmt: skip
    return Routes(order, totals, dict(zip(tokens, tables, strict=True)))


def most_blocks(routes: int, experts: int, tokens: int) -> int:
    """How many blocks of at most `tokens` there can be, whoever gets the routes: known without looking at them."""
    return max(1, (routes + min(experts, routes) * (tokens - 1)) // tokens)


def _warps(chunk: int, bins: int) -> int:
    return 8 if chunk * bins > 2**14 else 4


@triton.jit
def _bins_of(ids, place, routes, first, experts):
    """A route's local expert; `experts` for one elsewhere, `experts` + 1 beyond the end."""
    given = tl.load(ids + place, mask=place < routes, other=0).to(tl.int32) - first
    local = tl.where((given >= 0) & (given < experts), given, experts)
    return tl.where(place < routes, local, experts + 1)


@triton.jit
def _count(ids, counts, routes, first, experts, CHUNK: tl.constexpr, BINS: tl.constexpr):
    """counts[chunk] = how many of a chunk's routes each expert gets."""
    chunk = tl.program_id(0)
    expert = _bins_of(ids, chunk * CHUNK + tl.arange(0, CHUNK), routes, first, experts)
    tl.store(counts + chunk * BINS + tl.arange(0, BINS), tl.histogram(expert, BINS))


@triton.jit
def _place(
    ids, counts, order, totals, table0, table1, blocks0, blocks1, routes, first, experts, chunks,
    N0: tl.constexpr, N1: tl.constexpr, SEEN: tl.constexpr, CHUNK: tl.constexpr, BINS: tl.constexpr,
):  # fmt: skip
    """Sort one chunk, put its routes into the whole order, and write this program's share of the block tables."""
    chunk = tl.program_id(0)
    place, bins = tl.arange(0, CHUNK), tl.arange(0, BINS)
    expert = _bins_of(ids, chunk * CHUNK + place, routes, first, experts)
    if SEEN > 0:
        # Every program counts all routes itself, which is faster than a second launch.
        everything = tl.arange(0, SEEN)
        seen = _bins_of(ids, everything, routes, first, experts)
        total = tl.histogram(seen, BINS)
        before = tl.histogram(tl.where(everything < chunk * CHUNK, seen, experts + 1), BINS)
    else:
        before, total = tl.zeros((BINS,), tl.int32), tl.zeros((BINS,), tl.int32)
        row = tl.arange(0, 8)
        for start in range(0, chunks, 8):
            some = start + row[:, None]
            seen = tl.load(counts + some * BINS + bins[None, :], mask=some < chunks, other=0)
            total += tl.sum(seen, 0)
            before += tl.sum(tl.where(some < chunk, seen, 0), 0)
    total = tl.where(bins <= experts, total, 0)
    begin = tl.cumsum(total, 0) - total
    if SEEN > 0:
        rank = tl.sum(((expert[:, None] == expert[None, :]) & (place[None, :] < place[:, None])).to(tl.int32), 1)
        target = tl.gather(begin + before, expert, 0) + rank
        tl.store(order + target, chunk * CHUNK + place, mask=expert <= experts)
    else:
        # Stable because the key carries the place; a route's rank in its expert is its place less the run's start.
        mine = tl.histogram(expert, BINS)
        key = tl.sort(expert * CHUNK + place)
        sorted_expert = key // CHUNK
        target = tl.gather(begin + before - (tl.cumsum(mine, 0) - mine), sorted_expert, 0) + place
        tl.store(order + target, chunk * CHUNK + key % CHUNK, mask=sorted_expert <= experts)
    if chunk == 0:
        tl.store(totals + bins, total, mask=bins <= experts)
    local = tl.where(bins < experts, total, 0)
    _table(table0, blocks0, chunk, chunks, local, begin, experts, N0, BINS)
    if N1 != N0:
        _table(table1, blocks1, chunk, chunks, local, begin, experts, N1, BINS)


@triton.jit
def _table(table, blocks, chunk, chunks, total, begin, experts, N: tl.constexpr, BINS: tl.constexpr):
    """Write a `chunks`-th of the block table, 16 blocks at a time."""
    count = (total + N - 1) // N
    end = tl.cumsum(count, 0)
    share = tl.cdiv(blocks, chunks)
    for start in range(chunk * share, tl.minimum(blocks, (chunk + 1) * share), 16):
        block = start + tl.arange(0, 16)
        owner = tl.sum((end[None, :] <= block[:, None]).to(tl.int32), 1)
        used = owner < experts
        owner = tl.minimum(owner, BINS - 1)
        skip = (block - tl.gather(end - count, owner, 0)) * N
        length = tl.where(used, tl.minimum(tl.gather(total, owner, 0) - skip, N), 0)
        row, here = table + block * 4, block < blocks
        tl.store(row, tl.where(used, owner, 0), mask=here)
        tl.store(row + 1, tl.where(used, tl.gather(begin, owner, 0) + skip, 0), mask=here)
        tl.store(row + 2, length, mask=here)
        tl.store(row + 3, tl.zeros((16,), tl.int32), mask=here)


def compile_cases() -> Iterator[CompileCase]:
    """Few, many and very many routes, for K2.6's experts on one GPU of eight and all of them on one."""
    pointers = {"ids": "*i64", "counts": "*i32", "order": "*i32", "totals": "*i32", "table0": "*i32", "table1": "*i32"}
    numbers = dict.fromkeys(("blocks0", "blocks1", "routes", "first", "experts", "chunks"), "i32")
    for experts, bins in ((48, 64), (384, 512)):
        for chunk, seen in ((16, 8), (64, COUNTED), (CHUNK, 0)):
            sizes = {"CHUNK": chunk, "BINS": bins}
            warps = _warps(chunk, bins)
            more = {"N0": 16, "N1": 8, "SEEN": seen}
            name = f"{experts} experts, chunks of {chunk}"
            yield CompileCase(f"place, {name}", _place, pointers | numbers, sizes | more, num_warps=warps)
            if not seen:
                signature = {name: (pointers | numbers)[name] for name in _count.arg_names if name not in sizes}
                yield CompileCase(f"count, {name}", _count, signature, sizes, num_warps=warps)
