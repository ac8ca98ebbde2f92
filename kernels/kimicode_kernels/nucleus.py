"""A token of each row of logits by one uniform number, over what min-p, top-k and top-p leave; exact, without a sort.

Five launches, four scans of 4·V bytes a row (655 KB at 163,840), from the L2 cache but for the first: the peak; mass by
whole nats below it; by 1/32 nat where a cut falls; a list of the few tokens left there; one program a row ends it.
At one row the launches are the time, at many the sorting of masses into 32 bins: 32 compares and adds a token."""

from collections.abc import Iterator
from typing import Any

import torch
import triton
import triton.language as tl
from triton.language.extra.cuda import gdc_launch_dependents, gdc_wait

from kimicode_kernels._masses import (
    ALL,
    BINS,
    FINE,
    HEAD,
    ID,
    IDS,
    LENGTH,
    MASSES,
    NAT,
    PART,
    distance_of,
    limit,
    mass_of,
    parameters,
    reach,
    undecided,
    unit_bits,
    units_of,
)  # fmt: skip
from kimicode_kernels.compiling import CompileCase
from kimicode_kernels.router import ordered

BLOCK, WARPS = 1024, 4
"""Tokens and warps of a program that scans."""
TILE, BIN_WARPS = 256, 8
"""Tokens whose masses a scan sorts into bins at once, and its warps."""
CHUNK, DRAW_WARPS = 256, 8
"""The same of the last kernel."""
SPAN = tl.constexpr(256)
"""Chunks whose masses, of 22 bits, are summed in an int32."""
CAPACITY = 1 << 14
"""Undecided tokens of a row that are listed; with more (extremely flat rows) the last kernel reads the logits again."""


@triton.jit
def peaks(logits, part, scratch, vocab, row_stride, BLOCK: tl.constexpr, SCRATCH: tl.constexpr, CHAINED: tl.constexpr):
    """The highest logit of each block and its lowest id, as one number; NaN counts as infinite."""
    if CHAINED:
        gdc_launch_dependents()
    block, row = tl.program_id(0), tl.program_id(1).to(tl.int64)
    at = block * BLOCK + tl.arange(0, BLOCK)
    value = tl.load(logits + row * row_stride + at, mask=at < vocab, other=float("-inf")).to(tl.float32)
    keys = ordered(tl.where(value == value, value, float("inf")))
    best = tl.max(keys)
    token = tl.min(tl.where(keys == best, at, 0x7FFFFFFF))
    tl.store(part + row * tl.num_programs(0) + block, (best.to(tl.int64) << 32) | (0x7FFFFFFF - token))
    if SCRATCH and block == 0:
        place = tl.arange(0, SCRATCH)
        tl.store(scratch + row * SCRATCH + place, tl.zeros((SCRATCH,), tl.int64))


# --- scans: one program a block of a row ----------------------------------------------------------------------


@triton.jit
def _bins(
    logits, part, scratch, temperature, top_k, top_p, min_p, vocab, row_stride, blocks,
    FINER: tl.constexpr, TOP_K: tl.constexpr, TOP_P: tl.constexpr, MIN_P: tl.constexpr, BLOCK: tl.constexpr,
    TILE: tl.constexpr, PARTS: tl.constexpr, SCRATCH: tl.constexpr, CHAINED: tl.constexpr,
):  # fmt: skip
    """Add up masses (and counts) by whole nats below the peak, or, FINER, by 1/32 of the nat where top-p falls."""
    if CHAINED:
        gdc_launch_dependents()
        gdc_wait()
    block, row = tl.program_id(0), tl.program_id(1).to(tl.int64)
    peak, _, draws, scale, count, share, least = parameters(
        part, temperature, top_k, top_p, min_p, row, blocks, vocab, PARTS, TOP_K, TOP_P, MIN_P
    )
    scratch += row * SCRATCH
    bins = tl.arange(0, BINS)
    low, bits = 0, NAT
    if FINER:
        draws = draws & (count == 0)
        before = tl.load(scratch + bins)
        nat, _ = reach(before, limit(tl.sum(before), share))
        low, bits = nat << NAT, PART
    if draws:
        # summed per thread first, across threads once
        units = tl.zeros((TILE, BINS), tl.int32)
        tokens = tl.zeros((TILE, BINS), tl.int32)
        for first in range(block * BLOCK, (block + 1) * BLOCK, TILE):
            at = first + tl.arange(0, TILE)
            distance = distance_of(logits + row * row_stride, at, at < vocab, peak, scale)
            unit = units_of(distance, least)
            own = ((distance - low) >> bits)[:, None] == bins[None, :]
            units += tl.where(own, unit[:, None], 0)
            if TOP_K and not FINER:
                tokens += (own & (unit > 0)[:, None]).to(tl.int32)
        masses = tl.sum(units.to(tl.int64), 0)
        if FINER:
            masses = masses << unit_bits(low >> NAT)
            tl.atomic_add(scratch + FINE + bins, masses, mask=masses > 0, sem="relaxed")
        else:
            tl.atomic_add(scratch + bins, masses << unit_bits(bins), mask=masses > 0, sem="relaxed")
            if TOP_K:
                counts = tl.sum(tokens, 0).to(tl.int64)
                tl.atomic_add(scratch + BINS + bins, counts, mask=counts > 0, sem="relaxed")


@triton.jit
def _gather(
    logits, part, scratch, entries, temperature, top_k, top_p, min_p, vocab, row_stride, blocks, capacity,
    TOP_K: tl.constexpr, TOP_P: tl.constexpr, MIN_P: tl.constexpr, BLOCK: tl.constexpr,
    PARTS: tl.constexpr, SCRATCH: tl.constexpr, CHAINED: tl.constexpr,
):  # fmt: skip
    """List the undecided tokens, and add up the mass of those that stay for certain."""
    if CHAINED:
        gdc_launch_dependents()
        gdc_wait()
    block, row = tl.program_id(0), tl.program_id(1).to(tl.int64)
    peak, _, draws, scale, count, share, least = parameters(
        part, temperature, top_k, top_p, min_p, row, blocks, vocab, PARTS, TOP_K, TOP_P, MIN_P
    )
    scratch += row * SCRATCH
    if draws:
        at = block * BLOCK + tl.arange(0, BLOCK)
        distance = distance_of(logits + row * row_stride, at, at < vocab, peak, scale)
        mass = mass_of(distance, least)
        if TOP_K or TOP_P:
            low, high, _, _, _, _ = undecided(scratch, count, share, TOP_K)
            left = (distance >= low) & (distance <= high) & (mass > 0)
            found = tl.sum(left.to(tl.int32))
            if found > 0:
                start = tl.atomic_add(scratch + LENGTH, found.to(tl.int64), sem="relaxed")
                place = start + tl.cumsum(left.to(tl.int32), 0) - 1
                entry = (distance.to(tl.int64) << ID) | at
                tl.store(entries + row * capacity + place, entry, mask=left & (place < capacity))
            mass = tl.where(distance < low, mass, 0)
        tl.store(scratch + MASSES + block, tl.sum(mass))


# --- the end: one program a row -------------------------------------------------------------------------------


@triton.jit
def _entries(logits, entries, at, length, peak, scale, least, LISTED: tl.constexpr):
    """Tokens `at` of the list, or of the row itself: distance and id as one number, -1 beyond the end, and units."""
    if LISTED:
        entry = tl.load(entries + at, mask=at < length, other=-1)
    else:
        distance = distance_of(logits, at, at < length, peak, scale)
        entry = tl.where(at < length, (distance.to(tl.int64) << ID) | at, -1)
    return entry, tl.where(entry >= 0, units_of((entry >> ID).to(tl.int32), least), 0)


@triton.jit
def _end(
    logits, entries, length, peak, scale, least, start, span, before, goal,
    BY_COUNT: tl.constexpr, LISTED: tl.constexpr, CHUNK: tl.constexpr,
):  # fmt: skip
    """The number below which all tokens stay so that their mass, or count, just reaches `goal`; `before` of it lies
    before `start`. A round decides 5 bits, until one token is left. The first starts at a whole nat or ends inside."""
    bins = tl.arange(0, BINS)
    shift, going = span + ID - 5, 1
    while going > 0:
        sums = tl.zeros((BINS,), tl.int64)
        for head in range(0, length, CHUNK * SPAN):
            units = tl.zeros((CHUNK, BINS), tl.int32)
            for first in range(head, tl.minimum(head + CHUNK * SPAN, length), CHUNK):
                at = first + tl.arange(0, CHUNK)
                entry, unit = _entries(logits, entries, at, length, peak, scale, least, LISTED)
                if BY_COUNT:
                    unit = (unit > 0).to(tl.int32)
                place = (entry - start) >> shift
                place = tl.where((place >= 0) & (place < BINS), place, -1).to(tl.int32)
                units += tl.where(place[:, None] == bins[None, :], unit[:, None], 0)
            sums += tl.sum(units.to(tl.int64), 0)
        if not BY_COUNT:
            nats = ((start + (bins.to(tl.int64) << shift)) >> (ID + NAT)).to(tl.int32)
            sums = sums << unit_bits(nats)
        bin_at, passed = reach(sums, goal - before)
        before += passed
        start += bin_at.to(tl.int64) << shift
        rest = tl.zeros((CHUNK,), tl.int32)
        for first in range(0, length, CHUNK):
            at = first + tl.arange(0, CHUNK)
            entry, unit = _entries(logits, entries, at, length, peak, scale, least, LISTED)
            rest += ((entry >= start) & ((entry - start) >> shift == 0) & (unit > 0)).to(tl.int32)
        going = ((tl.sum(rest) > 1) & (shift > 0)).to(tl.int32)
        if going > 0:
            shift = tl.maximum(shift - 5, 0)
    return start + (before * 0 + 1 << shift)


@triton.jit
def _settled(
    logits, entries, scratch, length, peak, scale, count, share, least,
    TOP_K: tl.constexpr, LISTED: tl.constexpr, BLOCK: tl.constexpr, CHUNK: tl.constexpr,
):  # fmt: skip
    """Where the kept tokens end; the masses of those among the undecided are added to their blocks'."""
    low, _, span, below, fewer, goal = undecided(scratch, count, share, TOP_K)
    start = low.to(tl.int64) << ID
    end = start
    if TOP_K and count > 0:
        end = _end(logits, entries, length, peak, scale, least, start, span, fewer, goal, True, LISTED, CHUNK)
        kept = tl.zeros((CHUNK,), tl.int64)
        for first in range(0, length, CHUNK):
            at = first + tl.arange(0, CHUNK)
            entry, unit = _entries(logits, entries, at, length, peak, scale, least, LISTED)
            mass = unit.to(tl.int64) << unit_bits((entry >> (ID + NAT)).to(tl.int32))
            kept += tl.where((entry >= start) & (entry < end), mass, 0)
        goal = limit(below + tl.sum(kept), share)
    stop = _end(logits, entries, length, peak, scale, least, start, span, below, goal, False, LISTED, CHUNK)
    end = tl.where(count > 0, tl.minimum(end, stop), stop)
    for first in range(0, length, CHUNK):
        at = first + tl.arange(0, CHUNK)
        entry, unit = _entries(logits, entries, at, length, peak, scale, least, LISTED)
        mass = unit.to(tl.int64) << unit_bits((entry >> (ID + NAT)).to(tl.int32))
        kept_here = (entry >= start) & (entry < end) & (mass > 0)
        tl.atomic_add(scratch + MASSES + (entry & IDS) // BLOCK, mass, mask=kept_here)
    return end


@triton.jit
def _draw(
    logits, part, scratch, entries, uniforms, temperature, top_k, top_p, min_p, tokens, vocab, row_stride, blocks,
    capacity, TOP_K: tl.constexpr, TOP_P: tl.constexpr, MIN_P: tl.constexpr, BLOCK: tl.constexpr,
    CHUNK: tl.constexpr, PARTS: tl.constexpr, SCRATCH: tl.constexpr, CHAINED: tl.constexpr,
):  # fmt: skip
    """Settle where the kept tokens end, and draw one of them: first its block, then the token."""
    if CHAINED:
        gdc_wait()
    row = tl.program_id(0).to(tl.int64)
    peak, token, draws, scale, count, share, least = parameters(
        part, temperature, top_k, top_p, min_p, row, blocks, vocab, PARTS, TOP_K, TOP_P, MIN_P
    )
    scratch += row * SCRATCH
    logits += row * row_stride
    entries += row * capacity
    if draws:
        end = ALL
        if TOP_K or TOP_P:
            length = tl.load(scratch + LENGTH).to(tl.int32)
            if length <= capacity:
                end = _settled(
                    logits, entries, scratch, length, peak, scale, count, share, least, TOP_K, True, BLOCK, CHUNK
                )
            else:
                end = _settled(
                    logits, entries, scratch, vocab, peak, scale, count, share, least, TOP_K, False, BLOCK, CHUNK
                )
            tl.debug_barrier()
        place = tl.arange(0, PARTS)
        # past the first-level cache: the atomics went by it
        cdf = tl.cumsum(tl.load(scratch + MASSES + place, mask=place < blocks, other=0, cache_modifier=".cg"), 0)
        total = tl.max(cdf)
        target = tl.minimum((tl.load(uniforms + row).to(tl.float64) * total.to(tl.float64)).to(tl.int64), total - 1)
        block = tl.sum((cdf <= target).to(tl.int32))
        target -= tl.max(tl.where(place < block, cdf, 0))
        at = block * BLOCK + tl.arange(0, BLOCK)
        distance = distance_of(logits, at, at < vocab, peak, scale)
        kept = ((distance.to(tl.int64) << ID) | at) < end
        inside = tl.cumsum(tl.where(kept, mass_of(distance, least), 0), 0)
        token = (block * BLOCK + tl.sum((inside <= target).to(tl.int32))).to(tl.int64)
    tl.store(tokens + row, token)


# --- the launcher ---------------------------------------------------------------------------------------------


def draw(
    logits: torch.Tensor,
    uniforms: torch.Tensor,
    temperature: torch.Tensor,
    top_k: torch.Tensor | None,
    top_p: torch.Tensor | None,
    min_p: torch.Tensor | None,
    tokens: torch.Tensor,
    *,
    chain: bool,
    block: int = BLOCK,
    warps: int = WARPS,
    tile: int = TILE,
    bin_warps: int = BIN_WARPS,
    chunk: int = CHUNK,
    draw_warps: int = DRAW_WARPS,
    capacity: int = CAPACITY,
) -> None:
    """Fill tokens [n], as `sampling.sample` says; other tiles than the table's are for measuring and for tests."""
    count, vocab = logits.shape
    blocks = triton.cdiv(vocab, block)
    parts = triton.next_power_of_2(blocks)
    size = triton.next_power_of_2(HEAD + blocks)
    part = torch.empty(count, blocks, dtype=torch.int64, device=logits.device)
    scratch = torch.empty(count, size, dtype=torch.int64, device=logits.device)
    entries = torch.empty(count, capacity, dtype=torch.int64, device=logits.device)
    limits = (temperature, *(temperature if one is None else one for one in (top_k, top_p, min_p)))
    cuts = {"TOP_K": top_k is not None, "TOP_P": top_p is not None, "MIN_P": min_p is not None}
    shared = cuts | {"PARTS": parts, "SCRATCH": size, "CHAINED": chain, "launch_pdl": chain, "BLOCK": block}
    sizes = (vocab, logits.stride(0), blocks)
    grid = (blocks, count)
    peaks[grid](logits, part, scratch, *sizes[:2], BLOCK=block, SCRATCH=size, CHAINED=chain, num_warps=warps)
    if top_k is not None or top_p is not None:
        for finer in (False, True):
            _bins[grid](logits, part, scratch, *limits, *sizes, FINER=finer, TILE=tile, num_warps=bin_warps, **shared)
    _gather[grid](logits, part, scratch, entries, *limits, *sizes, capacity, num_warps=warps, **shared)
    _draw[(count,)](
        logits, part, scratch, entries, uniforms, *limits, tokens, *sizes, capacity, CHUNK=chunk,
        num_warps=draw_warps, **shared,
    )  # fmt: skip


def compile_cases() -> Iterator[CompileCase]:
    """Kimi's 163,840 tokens with top-p alone, with every cut and with none."""
    limits = {"temperature": "*fp32", "top_k": "*i32", "top_p": "*fp32", "min_p": "*fp32"}
    row = {"logits": "*fp32", "part": "*i64", "scratch": "*i64"}
    sizes: dict[str, str] = dict.fromkeys(("vocab", "row_stride", "blocks"), "i32")
    lists = {"entries": "*i64", "capacity": "i32"}
    last = {"uniforms": "*fp64", "tokens": "*i64"}
    shared: dict[str, Any] = {"BLOCK": BLOCK, "PARTS": 256, "SCRATCH": 512, "CHAINED": True}
    even = ("vocab", "row_stride", "blocks", "capacity")
    for size in (512, 0):
        yield CompileCase(
            "peaks" if size else "peaks, greedy", peaks, row | {"vocab": "i32", "row_stride": "i32"},
            {"BLOCK": BLOCK, "SCRATCH": size, "CHAINED": True}, num_warps=WARPS, divisible=even[:2],
        )  # fmt: skip
    for name, top_k, top_p, min_p in (("top-p", False, True, False), ("all", True, True, True), ("none", *[False] * 3)):
        some = shared | {"TOP_K": top_k, "TOP_P": top_p, "MIN_P": min_p}
        for finer in (False, True) if top_p else ():
            constexprs = some | {"FINER": finer, "TILE": TILE}
            yield CompileCase(
                f"{'finer ' if finer else ''}bins, {name}", _bins, row | limits | sizes, constexprs,
                num_warps=BIN_WARPS, divisible=even[:3], launch_pdl=True,
            )  # fmt: skip
        yield CompileCase(
            f"gather, {name}", _gather, row | limits | sizes | lists, some,
            num_warps=WARPS, divisible=even, launch_pdl=True,
        )  # fmt: skip
        yield CompileCase(
            f"draw, {name}", _draw, row | limits | sizes | lists | last, some | {"CHUNK": CHUNK},
            num_warps=DRAW_WARPS, divisible=even, launch_pdl=True,
        )  # fmt: skip
