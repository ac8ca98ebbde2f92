"""Attention of a prompt's chunk to its paged prefix and itself: keys and values of a block of the context are expanded
by one matrix product, then attended to by flash attention (Dao, arXiv 2307.08691) with fp32 sums kept between blocks.
2·heads·(nope + rope + v) FLOP per query and visible key, and the tensor cores' rate is the roofline; the expansion
adds 2·rank·(nope + v)·heads per key: 3 % of the work of an 8K chunk."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import triton
import triton.language as tl
from torch.nn.functional import embedding
from triton.tools.tensor_descriptor import TensorDescriptor

from kimicode_kernels.compiling import CompileCase
from kimicode_kernels.reference.fp8_latents import opened, rope_of

WORKSPACE = 1 << 28
"""Bytes of expanded keys and values at a time: 8,192 keys of Kimi K2's 64 heads."""
LOG2E = 1.4426950408889634


@dataclass(frozen=True, slots=True)
class Tile:
    """`rows` queries x `keys` a program and step. `tma`: keys and values come through tensor descriptors."""

    rows: int
    keys: int
    warps: int
    stages: int
    tma: bool = True


WIDE = Tile(rows=128, keys=64, warps=8, stages=3)
"""Whole chunks of the published head sizes."""
NARROW = Tile(rows=64, keys=64, warps=4, stages=2, tma=False)
"""Short chunks, and head sizes that no descriptor can address."""


@triton.jit
def _load(
    source, first, column, keys, line, WIDTH: tl.constexpr, PAD: tl.constexpr, BK: tl.constexpr, TMA: tl.constexpr
):
    """[BK, PAD] from line `first` and `column` on; zeros behind the last key, and behind WIDTH unless TMA."""
    if TMA:
        return source.load([first, column])
    else:
        k = first + tl.arange(0, BK)
        c = tl.arange(0, PAD)
        at = k.to(tl.int64)[:, None] * line + (column + c)[None, :]
        return tl.load(source + at, mask=(k < keys)[:, None] & (c < WIDTH)[None, :], other=0.0)


@triton.jit
def _steps(
    acc, top, total, nope, rope, expanded, values, latents, column, rank, row, begin, end, keys, offset, line,
    latent_line, scale,
    NOPE: tl.constexpr, NOPE_PAD: tl.constexpr, ROPE: tl.constexpr, ROPE_PAD: tl.constexpr, V: tl.constexpr,
    V_PAD: tl.constexpr, BK: tl.constexpr, MASKED: tl.constexpr, TMA: tl.constexpr, STAGES: tl.constexpr,
    UPCAST: tl.constexpr,
):  # fmt: skip
    """Take keys begin..end into the sums. `scale` is for base 2; `row` is seen from the block's key `offset`."""
    for first in tl.range(begin, end, BK, num_stages=STAGES):
        k = _load(expanded, first, column, keys, line, NOPE, NOPE_PAD, BK, TMA)
        turned = _load(latents, first, rank, keys, latent_line, ROPE, ROPE_PAD, BK, TMA)
        v = _load(values, first, column + NOPE, keys, line, V, V_PAD, BK, TMA)
        if UPCAST:
            k, turned, v = k.to(tl.float32), turned.to(tl.float32), v.to(tl.float32)
        scores = tl.dot(nope, k.T, input_precision="ieee")
        scores = tl.dot(rope, turned.T, scores, input_precision="ieee")
        if MASKED:
            key = first + tl.arange(0, BK)
            seen = (key[None, :] <= offset + row[:, None]) & (key < keys)[None, :]
            scores = tl.where(seen, scores, float("-inf"))
        peak = tl.maximum(top, tl.max(scores, 1) * scale)
        shares = tl.exp2(scores * scale - peak[:, None])
        fade = tl.exp2(top - peak)
        total = total * fade + tl.sum(shares, 1)
        acc = tl.dot(shares.to(v.dtype), v, acc * fade[:, None], input_precision="ieee")
        top = peak
    return acc, top, total


@triton.jit
def _attend(
    query, expanded, values, latents, out, sums, tops, totals, count, keys, offset, line, latent_line, rank, scale,
    HEADS: tl.constexpr, NOPE: tl.constexpr, NOPE_PAD: tl.constexpr, ROPE: tl.constexpr, ROPE_PAD: tl.constexpr,
    V: tl.constexpr, V_PAD: tl.constexpr, BM: tl.constexpr, BK: tl.constexpr, FIRST: tl.constexpr, LAST: tl.constexpr,
    TMA: tl.constexpr, STAGES: tl.constexpr, UPCAST: tl.constexpr,
):  # fmt: skip
    """BM queries of a head over a block of `keys` keys; query 0 is at key `offset` of the block."""
    tile = tl.num_programs(0) - 1 - tl.program_id(0)  # the longest rows first
    head = tl.program_id(1)
    row = tile * BM + tl.arange(0, BM)
    live = row < count
    place = row.to(tl.int64) * HEADS + head
    c, r, d = tl.arange(0, NOPE_PAD), tl.arange(0, ROPE_PAD), tl.arange(0, V_PAD)
    start = query + place[:, None] * (NOPE + ROPE)
    nope = tl.load(start + c[None, :], mask=live[:, None] & (c < NOPE)[None, :], other=0.0)
    rope = tl.load(start + NOPE + r[None, :], mask=live[:, None] & (r < ROPE)[None, :], other=0.0)
    if UPCAST:
        nope, rope = nope.to(tl.float32), rope.to(tl.float32)
    at = place[:, None] * V + d[None, :]
    inside = live[:, None] & (d < V)[None, :]
    if FIRST:
        acc = tl.zeros((BM, V_PAD), tl.float32)
        top = tl.full((BM,), float("-inf"), tl.float32)
        total = tl.zeros((BM,), tl.float32)
    else:
        acc = tl.load(sums + at, mask=inside, other=0.0)
        top = tl.load(tops + place, mask=live, other=0.0)
        total = tl.load(totals + place, mask=live, other=1.0)
    column = head * (NOPE + V)
    scale *= 1.4426950408889634
    end = tl.maximum(tl.minimum(keys, offset + tile * BM + BM), 0)
    whole = tl.maximum(tl.minimum(keys, offset + tile * BM + 1), 0) // BK * BK  # every row sees all of these
    acc, top, total = _steps(
        acc, top, total, nope, rope, expanded, values, latents, column, rank, row, 0, whole, keys, offset, line,
        latent_line, scale, NOPE, NOPE_PAD, ROPE, ROPE_PAD, V, V_PAD, BK, False, TMA, STAGES, UPCAST,
    )  # fmt: skip
    acc, top, total = _steps(
        acc, top, total, nope, rope, expanded, values, latents, column, rank, row, whole, end, keys, offset, line,
        latent_line, scale, NOPE, NOPE_PAD, ROPE, ROPE_PAD, V, V_PAD, BK, True, TMA, STAGES, UPCAST,
    )  # fmt: skip
    if LAST:
        tl.store(out + at, (acc / total[:, None]).to(out.dtype.element_ty), mask=inside)
    else:
        tl.store(sums + at, acc, mask=inside)
        tl.store(tops + place, top, mask=live)
        tl.store(totals + place, total, mask=live)


def mla_prefill(
    query: torch.Tensor,
    cache: torch.Tensor,
    pages: torch.Tensor,
    context: int,
    kv_b: torch.Tensor,
    *,
    scale: float,
    workspace: int = WORKSPACE,
    tile: Tile | None = None,
) -> torch.Tensor:
    """Causal softmax(scale · query · keys) · values; the chunk is the last rows of its context.

    query [n, heads, nope + rope], cache [pages, tokens per page, rank + rope] with the chunk's own latents written,
    pages [m] int64: those of this sequence in order, context: its tokens in them, kv_b [heads, nope + v, rank], all
    contiguous and of one type, but for a cache in fp8 (uint8, see `reference.fp8_latents`) → [n, heads, v] in it. What
    lies in a page behind the context may be anything, NaN included. `workspace` bounds the bytes of expanded keys and
    values; besides them there are 4·n·heads·(v + 2) bytes of sums where the context is longer than one block. `tile`
    overrides the table. ValueError: a scale below zero, shapes that do not fit.
    """
    count, heads, width = query.shape
    rank = kv_b.shape[2]
    if kv_b.shape[0] != heads or rope_of(cache, rank) <= 0 or scale <= 0 or not 1 <= count <= context:
        raise ValueError(f"query {tuple(query.shape)}, kv_b {tuple(kv_b.shape)}, context {context}, scale {scale}")
    if not (query.is_contiguous() and kv_b.is_contiguous() and cache.is_contiguous()):
        raise ValueError("query, cache and kv_b must be contiguous")
    rope = rope_of(cache, rank)
    nope, page = width - rope, cache.shape[1]
    out = query.new_empty(count, heads, kv_b.shape[1] - nope)
    step = max(1, workspace // (kv_b.shape[0] * kv_b.shape[1] * query.element_size() * page)) * page
    blocks = range(0, context, step)
    tile = tile or _tile_for(query, nope, out.shape[2], rank)
    sums = _sums(out, len(blocks))
    flat, matrix = cache.flatten(1), kv_b.flatten(0, 1).t()
    room = query.new_empty(min(step, context), matrix.shape[1])  # [keys, heads · (nope + v)]
    for first in blocks:
        last = min(first + step, context)
        held = embedding(pages[first // page : -(-last // page)], flat)  # [m, all of a page]
        held = held.view(-1, cache.shape[2])[: last - first]  # [keys, ·]
        latents = opened(held, rank, query.dtype)  # [keys, rank + rope]
        expanded = torch.mm(latents[:, :rank], matrix, out=room[: last - first])
        edges = first == 0, last == context
        _block(query, expanded, latents, out, sums, context - count - first, nope, scale, tile, edges)
    return out


def _sums(out: torch.Tensor, blocks: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """What is kept between blocks, in fp32: values [n, heads, v], maxima and denominators [n, heads]."""
    size = out.shape if blocks > 1 else (0, 0, 0)
    empty = out.new_empty(size, dtype=torch.float32)
    return empty, out.new_empty(size[:2], dtype=torch.float32), out.new_empty(size[:2], dtype=torch.float32)


def _tile_for(query: torch.Tensor, nope: int, v: int, rank: int) -> Tile:
    """fp32 would need twice the shared memory of the wide tile."""
    wide = len(query) > NARROW.rows and query.element_size() == 2 and not triton.knobs.runtime.interpret
    return WIDE if wide and fits_descriptors(nope, query.shape[2] - nope, v, rank) else NARROW


def fits_descriptors(nope: int, rope: int, v: int, rank: int) -> bool:
    """A descriptor's box is as wide as a power of two, and starts and lies at multiples of 16 bytes."""
    return all(size >= 16 and size & (size - 1) == 0 for size in (nope, rope, v)) and rank % 8 == 0


def _block(
    query: torch.Tensor,
    expanded: torch.Tensor,
    latents: torch.Tensor,
    out: torch.Tensor,
    sums: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
    offset: int,
    nope: int,
    scale: float,
    tile: Tile,
    edges: tuple[bool, bool],
) -> None:
    """Attend to one block; `edges`: whether it is the first, whether the last."""
    count, heads, v = out.shape
    keys, rope = len(latents), query.shape[2] - nope
    pads = [max(16, triton.next_power_of_2(size)) for size in (nope, rope, v)]
    sources: list[object] = [expanded, expanded, latents]
    if tile.tma:
        pairs = zip((expanded, expanded, latents), (pads[0], pads[2], pads[1]), strict=True)
        sources = [TensorDescriptor.from_tensor(source, [tile.keys, pad]) for source, pad in pairs]
    _attend[triton.cdiv(count, tile.rows), heads](
        query, *sources, out, *sums, count, keys, offset, expanded.stride(0), latents.stride(0),
        latents.shape[1] - rope, scale, HEADS=heads, NOPE=nope, NOPE_PAD=pads[0], ROPE=rope, ROPE_PAD=pads[1], V=v,
        V_PAD=pads[2], BM=tile.rows, BK=tile.keys, FIRST=edges[0], LAST=edges[1], TMA=tile.tma, STAGES=tile.stages,
        UPCAST=triton.knobs.runtime.interpret, num_warps=tile.warps,
    )  # fmt: skip


def compile_cases() -> Iterator[CompileCase]:
    """Both tiles at Kimi K2's head sizes, first, middle and last blocks."""
    for tile in (WIDE, NARROW):
        for first, last in ((True, True), (False, False)):
            yield _case(tile, first, last)


def _case(tile: Tile, first: bool, last: bool) -> CompileCase:
    boxes = {"expanded": 128, "values": 128, "latents": 64}
    sources = {name: f"tensordesc<bf16[{tile.keys}, {box}]>" if tile.tma else "*bf16" for name, box in boxes.items()}
    integers = dict.fromkeys(["count", "keys", "offset", "line", "latent_line", "rank"], "i32")
    sums = dict.fromkeys(["sums", "tops", "totals"], "*fp32")
    return CompileCase(
        f"{tile.rows} x {tile.keys}{' whole' if first and last else ' middle'}",
        _attend,
        {"query": "*bf16", "out": "*bf16", "scale": "fp32"} | sources | sums | integers,
        {"HEADS": 64, "NOPE": 128, "NOPE_PAD": 128, "ROPE": 64, "ROPE_PAD": 64, "V": 128, "V_PAD": 128}
        | {"BM": tile.rows, "BK": tile.keys, "FIRST": first, "LAST": last, "TMA": tile.tma, "STAGES": tile.stages}
        | {"UPCAST": False},
        num_warps=tile.warps,
        expected="wgmma",
        divisible=("line", "latent_line", "rank"),
    )
