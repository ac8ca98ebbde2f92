"""Attention of one new token per sequence on paged latents (absorbed MLA, arXiv 2405.04434), split over context.

Reads each latent once as key and value: 2 · 576 bytes a token, 656 in fp8, and that is the roofline up to 32 heads; 64
heads also need 121 FLOP a byte of bf16. Programs take equal runs of tokens (mla_plan); a second kernel merges rows that
were cut."""

from collections.abc import Iterator

import torch
import triton
import triton.language as tl
from triton.language.extra.cuda import gdc_launch_dependents, gdc_wait

from kimicode_kernels import mla_ring
from kimicode_kernels.compiling import CompileCase
from kimicode_kernels.fp8_latents import unpack
from kimicode_kernels.mla_plan import TILES, Plan, Tiles, mla_plan, tiles_for_fp8
from kimicode_kernels.reference import fp8_latents

FEW: tl.constexpr = tl.constexpr(16)
MANY: tl.constexpr = tl.constexpr(8192)
"""Pieces of a row that are merged at a time, and values of them where a row has more."""
FULL, LEAST = 512, 32
"""Programs of the merge that fill the device: fewer rows and heads than that are cut by columns as well, to LEAST."""
JOIN_WARPS = 4
LN2: tl.constexpr = tl.constexpr(0.6931471805599453)
LOG2E = 1.4426950408889634


def mla_decode(
    query: torch.Tensor,
    cache: torch.Tensor,
    block_table: torch.Tensor,
    lengths: torch.Tensor,
    *,
    scale: float,
    rank: int,
    plan: Plan | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """softmax(scale · query · latents) · latents[:rank].

    query [D, heads, rank + rope], cache [pages, tokens per page, rank + rope] of the same type, or in fp8 (uint8, see
    `reference.fp8_latents`), block_table [D, n] int32, lengths [D] int32: tokens of each row, 0 allowed → (out [D,
    heads, rank] in query's type, lse [D, heads] fp32: the log of the softmax's denominator; 0 and -inf for a row of no
    tokens). `plan`: mla_plan's of these. Raises ValueError for shapes without a kernel: rank and rope must be powers of
    two of at least 16, and the rank at least 128 in fp8.
    """
    batch, heads, _ = query.shape
    _check(query, cache, block_table, lengths, rank)
    plan = plan or mla_plan(lengths, block_table, heads, page=cache.shape[1])
    out = query.new_empty(batch, heads, rank)
    lse = query.new_empty(batch, heads, dtype=torch.float32)
    parts = _split(query, cache, block_table, lengths, scale, rank, plan, out, lse)
    chained = not triton.knobs.runtime.interpret
    columns = _columns(batch * heads, rank)
    _join[(rank // columns, heads, batch)](
        *parts, plan.pieces, out, lse, heads, rank, columns, chained, num_warps=JOIN_WARPS, launch_pdl=chained
    )
    return out, lse


def _split(
    query: torch.Tensor,
    cache: torch.Tensor,
    block_table: torch.Tensor,
    lengths: torch.Tensor,
    scale: float,
    rank: int,
    plan: Plan,
    out: torch.Tensor,
    lse: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Fill out and lse of rows that one program has alone → slots [slots, heads, rank] of others, and their lse."""
    (_, heads, width), tiles = query.shape, plan.tiles
    parts = query.new_empty(plan.slots, heads, rank, dtype=torch.float32)
    part_lse = query.new_empty(plan.slots, heads, dtype=torch.float32)
    interpreted = bool(triton.knobs.runtime.interpret)
    grid = (len(plan.work), triton.cdiv(heads, tiles.heads))
    arguments = (
        query, cache, block_table, lengths, plan.work, out, lse, parts, part_lse,
        scale * LOG2E, heads, block_table.stride(0),
    )  # fmt: skip
    if tiles.ring and not interpreted and mla_ring.fits(query, cache, rank):
        mla_ring.launch(grid, arguments, tiles.heads, tiles.warps)
        return parts, part_lse
    own, tiles = tiles.heads, tiles_for_fp8(tiles) if cache.dtype == torch.uint8 else tiles
    _attend[grid](
        *arguments,
        cache.shape[1], tiles.tokens, tiles.heads, own, rank, width - rank, tiles.stages, tiles.transposed, interpreted,
        not interpreted, num_warps=tiles.warps, launch_pdl=not interpreted,
    )  # fmt: skip
    return parts, part_lse


def merge(outs: torch.Tensor, lses: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Parts of the same rows over different tokens → (out [D, heads, rank], lse [D, heads]), as if computed at once.

    outs [n, D, heads, rank], lses [n, D, heads] fp32, contiguous, as mla_decode returns them; a part with lse -inf
    counts for nothing, whatever its values. Raises ValueError for other shapes.
    """
    if outs.dim() != 4 or outs.shape[:3] != lses.shape or not (outs.is_contiguous() and lses.is_contiguous()):
        raise ValueError(f"cannot merge {list(outs.shape)} with {list(lses.shape)}")
    count, batch, heads, rank = outs.shape
    if rank & (rank - 1):
        raise ValueError(f"the rank must be a power of two, not {rank}")
    out, lse = outs.new_empty(batch, heads, rank), lses.new_empty(batch, heads)
    columns = _columns(batch * heads, rank)
    _merge[(rank // columns, heads, batch)](outs, lses, out, lse, count, heads, rank, columns)
    return out, lse


def _columns(rows: int, rank: int) -> int:
    """Columns a program of the merge takes: few where rows alone do not fill the device."""
    columns = rank
    while columns > LEAST and rows * (rank // columns) < FULL:
        columns //= 2
    return columns


def _check(
    query: torch.Tensor, cache: torch.Tensor, block_table: torch.Tensor, lengths: torch.Tensor, rank: int
) -> None:
    rope = query.shape[-1] - rank
    if any(size < 16 or size & (size - 1) for size in (rank, rope)):
        raise ValueError(f"rank and rope must be powers of two of at least 16, not {rank} and {rope}")
    fp8 = cache.dtype == torch.uint8
    width = fp8_latents.width(rank, rope) if fp8 else rank + rope
    if cache.dim() != 3 or cache.shape[2] != width or not (fp8 or cache.dtype == query.dtype):
        raise ValueError(f"query {list(query.shape)} {query.dtype}, cache {list(cache.shape)} {cache.dtype}")
    if not (query.is_contiguous() and cache.is_contiguous() and lengths.is_contiguous()):
        raise ValueError("query, cache and lengths must be contiguous")
    if block_table.dtype != torch.int32 or lengths.dtype != torch.int32 or block_table.stride(1) != 1:
        raise ValueError(f"block_table {block_table.dtype} and lengths {lengths.dtype} must be int32 rows")
    if not len(query) == len(block_table) == len(lengths):
        raise ValueError(f"{len(query)} queries, {len(block_table)} rows of pages, {len(lengths)} lengths")


def compile_cases() -> Iterator[CompileCase]:
    """Every tile at Kimi K2's sizes and at a tiny model's, in bf16 and fp8, and both merges."""
    for tiles in TILES.values():
        for sizes in ((512, 64), (64, 16)):
            yield attend_case(tiles, *sizes)
        for sizes in ((512, 64), (128, 16)):
            yield attend_case(tiles, *sizes, fp8=True)
    pointers = {"parts": "*fp32", "part_lse": "*fp32", "pieces": "*i32", "out": "*bf16", "lse": "*fp32"}
    for columns in (32, 512):
        constants = {"RANK": 512, "COLUMNS": columns, "PDL": True}
        yield CompileCase(f"join {columns}", _join, pointers | {"heads": "i32"}, constants, launch_pdl=True)
    pointers = {"outs": "*bf16", "lses": "*fp32", "out": "*bf16", "lse": "*fp32", "count": "i32", "heads": "i32"}
    yield CompileCase("merge", _merge, pointers, {"RANK": 512, "COLUMNS": 32})


def attend_case(tiles: Tiles, rank: int, rope: int, *, fp8: bool = False) -> CompileCase:
    """How the attention is compiled with these tiles in bf16, over pages of 64 tokens in bf16 or fp8."""
    own, tiles = tiles.heads, tiles_for_fp8(tiles) if fp8 else tiles
    signature = {
        "query": "*bf16", "cache": "*u8" if fp8 else "*bf16", "table": "*i32", "lengths": "*i32", "work": "*i32",
        "out": "*bf16", "lse": "*fp32", "parts": "*fp32", "part_lse": "*fp32", "scale": "fp32", "heads": "i32",
        "stride": "i32",
    }  # fmt: skip
    constants = {
        "PAGE": 64, "TILE": tiles.tokens, "HEADS": tiles.heads, "OWN": own, "RANK": rank, "ROPE": rope,
        "STAGES": tiles.stages, "TRANSPOSED": tiles.transposed, "UPCAST": False, "PDL": True,
    }  # fmt: skip
    name = f"attend {own} heads x {tiles.tokens}, {rank} + {rope}{' in fp8' if fp8 else ''}"
    wide = rank >= 64 if tiles.transposed else tiles.heads >= 64
    return CompileCase(
        name, _attend, signature, constants, num_warps=tiles.warps, expected="wgmma" if wide else "mma",
        launch_pdl=True, divisible=("heads",),
        spill_bytes=16,  # kept across the main loop, touched once a row
    )  # fmt: skip


@triton.jit(do_not_specialize=["stride"])
def _attend(
    query, cache, table, lengths, work, out, lse, parts, part_lse, scale, heads, stride,
    PAGE: tl.constexpr, TILE: tl.constexpr, HEADS: tl.constexpr, OWN: tl.constexpr, RANK: tl.constexpr,
    ROPE: tl.constexpr, STAGES: tl.constexpr, TRANSPOSED: tl.constexpr, UPCAST: tl.constexpr, PDL: tl.constexpr,
):  # fmt: skip
    """One program's run of tiles: what it has of each row goes to `out` if that is all of it, else to a slot."""
    if PDL:
        gdc_wait()
        gdc_launch_dependents()
    program = tl.program_id(0)
    first_row = tl.load(work + program * 8)
    tile = tl.load(work + program * 8 + 1)
    left = tl.load(work + program * 8 + 2)
    last_row = tl.load(work + program * 8 + 3)
    head = tl.program_id(1) * OWN + tl.arange(0, HEADS)
    live = (head < heads) & (tl.arange(0, HEADS) < OWN)
    d, r = tl.arange(0, RANK), tl.arange(0, ROPE)
    for row in range(first_row, last_row + 1):
        pages = table + tl.cast(row, tl.int64) * stride
        length = tl.load(lengths + row)
        tiles = tl.cdiv(length, TILE)
        count = tl.minimum(left, tiles - tile)
        at = query + (tl.cast(row, tl.int64) * heads + head) * (RANK + ROPE)  # [HEADS]
        if TRANSPOSED:
            q = tl.load(at[None, :] + d[:, None], mask=live[None, :], other=0.0)  # [RANK, HEADS]
            turned = tl.load(at[None, :] + RANK + r[:, None], mask=live[None, :], other=0.0)  # [ROPE, HEADS]
            weighted, total, top = _transposed(
                q, turned, cache, pages, tile, count, length, scale, PAGE, TILE, HEADS, RANK, ROPE, STAGES, UPCAST
            )  # [RANK, HEADS], [HEADS], [HEADS]
            mean = weighted / tl.where(total == 0, 1.0, total)[None, :]
            place = head[None, :] * RANK + d[:, None]
            mask = live[None, :] & (d < RANK)[:, None]
        else:
            q = tl.load(at[:, None] + d[None, :], mask=live[:, None], other=0.0)  # [HEADS, RANK]
            turned = tl.load(at[:, None] + RANK + r[None, :], mask=live[:, None], other=0.0)
            weighted, total, top = _plain(
                q, turned, cache, pages, tile, count, length, scale, PAGE, TILE, HEADS, RANK, ROPE, STAGES, UPCAST
            )
            mean = weighted / tl.where(total == 0, 1.0, total)[:, None]
            place = head[:, None] * RANK + d[None, :]
            mask = live[:, None] & (d < RANK)[None, :]
        log = LN2 * (top + tl.log2(total))
        if count == tiles:
            start = tl.cast(row, tl.int64) * heads
            tl.store(out + start * RANK + place, mean.to(out.dtype.element_ty), mask=mask)
            tl.store(lse + start + head, log, mask=live)
        else:
            start = tl.cast(program + row, tl.int64) * heads
            tl.store(parts + start * RANK + place, mean, mask=mask)
            tl.store(part_lse + start + head, log, mask=live)
        left -= count
        tile = 0


@triton.jit
def _transposed(
    q, turned, cache, pages, tile, count, length, scale,
    PAGE: tl.constexpr, TILE: tl.constexpr, HEADS: tl.constexpr, RANK: tl.constexpr, ROPE: tl.constexpr,
    STAGES: tl.constexpr, UPCAST: tl.constexpr,
):  # fmt: skip
    """Tiles [tile, tile + count) of a row with tokens on M: few heads fill the N side, where 16 is a full step."""
    token = tl.arange(0, TILE)
    top = tl.full((HEADS,), float("-inf"), tl.float32)
    total = tl.zeros((HEADS,), tl.float32)
    weighted = tl.zeros((RANK, HEADS), tl.float32)
    end = tile + count
    page = tl.load(pages + tile * TILE // PAGE, mask=count > 0, other=0)
    for i in tl.range(tile, end, num_stages=STAGES):
        held = page
        # The next page's number is fetched a step ahead: a load that waits for a load would cost a stage of latents.
        page = tl.load(pages + tl.minimum(i + 1, end - 1) * TILE // PAGE)
        # What lies behind the end may be NaN: the last token stands in for it, with a weight of 0.
        real = tl.minimum(i * TILE + token, length - 1) % PAGE  # [TILE]
        k, kr = _latents(cache, held, real, q.dtype, PAGE, RANK, ROPE, UPCAST)  # [TILE, RANK], [TILE, ROPE]
        scores = _dot(kr, turned, _dot(k, q, None, UPCAST), UPCAST) * scale  # [TILE, HEADS]
        scores = tl.where((i * TILE + token < length)[:, None], scores, float("-inf"))
        peak = tl.maximum(top, tl.max(scores, 0))
        share = tl.exp2(scores - peak[None, :])
        fade = tl.exp2(top - peak)
        total = total * fade + tl.sum(share, 0)
        weighted = _dot(k.T, share.to(k.dtype), weighted * fade[None, :], UPCAST)
        top = peak
    return weighted, total, top


@triton.jit
def _plain(
    q, turned, cache, pages, tile, count, length, scale,
    PAGE: tl.constexpr, TILE: tl.constexpr, HEADS: tl.constexpr, RANK: tl.constexpr, ROPE: tl.constexpr,
    STAGES: tl.constexpr, UPCAST: tl.constexpr,
):  # fmt: skip
    """The same with heads on M, for 64 of them."""
    token = tl.arange(0, TILE)
    top = tl.full((HEADS,), float("-inf"), tl.float32)
    total = tl.zeros((HEADS,), tl.float32)
    weighted = tl.zeros((HEADS, RANK), tl.float32)
    end = tile + count
    page = tl.load(pages + tile * TILE // PAGE, mask=count > 0, other=0)
    for i in tl.range(tile, end, num_stages=STAGES):
        held = page
        page = tl.load(pages + tl.minimum(i + 1, end - 1) * TILE // PAGE)
        real = tl.minimum(i * TILE + token, length - 1) % PAGE  # [TILE]
        k, kr = _latents(cache, held, real, q.dtype, PAGE, RANK, ROPE, UPCAST)  # [TILE, RANK], [TILE, ROPE]
        scores = _dot(turned, kr.T, _dot(q, k.T, None, UPCAST), UPCAST) * scale  # [HEADS, TILE]
        scores = tl.where((i * TILE + token < length)[None, :], scores, float("-inf"))
        peak = tl.maximum(top, tl.max(scores, 1))
        share = tl.exp2(scores - peak[:, None])
        fade = tl.exp2(top - peak)
        total = total * fade + tl.sum(share, 1)
        weighted = _dot(share.to(k.dtype), k, weighted * fade[:, None], UPCAST)
        top = peak
    return weighted, total, top


@triton.jit
def _latents(
    cache, page, token, dtype: tl.constexpr, PAGE: tl.constexpr, RANK: tl.constexpr, ROPE: tl.constexpr,
    UPCAST: tl.constexpr,
):  # fmt: skip
    """Tokens `token` [TILE] of a page: [TILE, RANK] and [TILE, ROPE], in the query's type."""
    if cache.dtype.element_ty == tl.uint8:
        return unpack(cache, page, token, tl.float32 if UPCAST else dtype, PAGE, RANK, ROPE)
    else:
        latents = cache + page.to(tl.int64) * (PAGE * (RANK + ROPE)) + (token * (RANK + ROPE))[:, None]  # [TILE, 1]
        d, r = tl.arange(0, RANK)[None, :], tl.arange(0, ROPE)[None, :]
        return tl.load(latents + d), tl.load(latents + RANK + r)


@triton.jit
def _dot(a, b, acc, UPCAST: tl.constexpr):
    """acc + a · b. Triton's interpreter multiplies bf16 by its bits, so there all is widened."""
    if UPCAST:
        return tl.dot(a.to(tl.float32), b.to(tl.float32), acc)
    return tl.dot(a, b, acc, input_precision="ieee")


@triton.jit
def _join(parts, part_lse, pieces, out, lse, heads, RANK: tl.constexpr, COLUMNS: tl.constexpr, PDL: tl.constexpr):
    """Merges the slots of rows that several programs share; writes 0 and -inf for rows of no tokens."""
    column = tl.program_id(0) * COLUMNS + tl.arange(0, COLUMNS)
    row = tl.program_id(2)
    # The plan is older than the kernel before this one, which waited for it; what that kernel writes comes behind.
    first = tl.load(pieces + row * 2)
    count = tl.load(pieces + row * 2 + 1)
    if PDL:
        gdc_wait()
        gdc_launch_dependents()
    if count != 1:
        head = tl.program_id(1)
        start = first.to(tl.int64) * heads + head
        at = tl.cast(row, tl.int64) * heads + head
        if count <= FEW:
            _mean(parts, part_lse, start, heads, count, out, lse, at, column, RANK, FEW)
        else:
            _mean(parts, part_lse, start, heads, count, out, lse, at, column, RANK, MANY // COLUMNS)


@triton.jit
def _merge(outs, lses, out, lse, count, heads, RANK: tl.constexpr, COLUMNS: tl.constexpr):
    column = tl.program_id(0) * COLUMNS + tl.arange(0, COLUMNS)
    at = tl.program_id(2).to(tl.int64) * heads + tl.program_id(1)
    step = tl.num_programs(2).to(tl.int64) * heads
    _mean(outs, lses, at, step, count, out, lse, at, column, RANK, FEW)


@triton.jit
def _mean(parts, part_lse, start, step, count, out, lse, at, column, RANK: tl.constexpr, AT_ONCE: tl.constexpr):
    """Columns of Σ exp(lse) · part / Σ exp(lse) over parts start + j · step, j < count, written to row `at`."""
    j = tl.arange(0, AT_ONCE)
    top = tl.full((), float("-inf"), tl.float32)
    total = tl.zeros((), tl.float32)
    weighted = tl.zeros(column.shape, tl.float32)
    for block in range(0, count, AT_ONCE):
        live = block + j < count
        slot = start + (block + j) * step
        log = tl.load(part_lse + slot, mask=live, other=float("-inf"))  # [AT_ONCE]
        part = tl.load(parts + slot[:, None] * RANK + column[None, :], mask=live[:, None], other=0.0).to(tl.float32)
        peak = tl.maximum(top, tl.max(log, 0))
        finite = tl.where(peak == float("-inf"), 0.0, peak)
        share = tl.exp(log - finite)
        fade = tl.exp(top - finite)
        total = total * fade + tl.sum(share, 0)
        weighted = weighted * fade + tl.sum(tl.where(share[:, None] != 0, part * share[:, None], 0.0), 0)
        top = peak
    tl.store(out + at * RANK + column, (weighted / tl.where(total == 0, 1.0, total)).to(out.dtype.element_ty))
    tl.store(lse + at, tl.where(total == 0, float("-inf"), top + tl.log(total)), mask=tl.program_id(0) == 0)
