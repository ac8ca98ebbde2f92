"""MLA decode's split, scheduled by hand for 512 + 64 latents in bf16 and pages of 64: a tile's loads start when the
one two before it is done, so that memory never waits for a product. Triton's own pipeline needs a third buffer (72 KB)
for that, which an SM does not have. Gluon has no interpreter: mla_decode's kernels mean the same."""

from collections.abc import Iterator
from typing import Any

import torch
from triton.experimental import gluon
from triton.experimental.gluon import language as gl
from triton.experimental.gluon.language.nvidia.hopper import (
    async_copy,
    fence_async_shared,
    warpgroup_mma,
    warpgroup_mma_wait,
)
from triton.language.extra.cuda import gdc_launch_dependents, gdc_wait

from kimicode_kernels.compiling import CompileCase

RANK: gl.constexpr = gl.constexpr(512)
ROPE: gl.constexpr = gl.constexpr(64)
TILE: gl.constexpr = gl.constexpr(64)
"""Tokens a tile: a page."""
LN2: gl.constexpr = gl.constexpr(0.6931471805599453)


def fits(query: torch.Tensor, cache: torch.Tensor, rank: int) -> bool:
    """Whether the sizes are those that this kernel is written for."""
    sizes = (rank, query.shape[2] - rank, cache.shape[1])
    return sizes == (RANK.value, ROPE.value, TILE.value) and query.dtype == cache.dtype == torch.bfloat16


def compile_cases() -> Iterator[CompileCase]:
    """Each number of heads a program."""
    signature = {
        "query": "*bf16", "cache": "*bf16", "table": "*i32", "lengths": "*i32", "work": "*i32", "out": "*bf16",
        "lse": "*fp32", "parts": "*fp32", "part_lse": "*fp32", "scale": "fp32", "heads": "i32", "stride": "i32",
    }  # fmt: skip
    # Eight bytes that are kept across the main loop, touched once a row.
    for heads, warps in ((16, 4), (32, 8), (64, 8)):
        yield CompileCase(
            f"ring {heads} heads", attend, signature, {"HEADS": heads, "WARPS": warps, "PDL": True}, num_warps=warps,
            expected="wgmma", divisible=("heads",), launch_pdl=True, spill_bytes=8,
        )  # fmt: skip


@gluon.jit(do_not_specialize=["stride"])
def attend(
    query, cache, table, lengths, work, out, lse, parts, part_lse, scale, heads, stride,
    HEADS: gl.constexpr, WARPS: gl.constexpr, PDL: gl.constexpr,
):  # fmt: skip
    """One program's run of tiles: what it has of each row goes to `out` if that is all of it, else to a slot."""
    scores_in: gl.constexpr = gl.NVMMADistributedLayout([3, 0], [4, WARPS // 4], [16, 4 * HEADS // WARPS, 16])
    sums_in: gl.constexpr = gl.NVMMADistributedLayout([3, 0], [WARPS, 1], [16, HEADS, 16])
    wide: gl.constexpr = gl.NVMMASharedLayout(128, 16, 2)
    keys = gl.allocate_shared_memory(gl.bfloat16, [2, TILE, RANK], wide)
    turns = gl.allocate_shared_memory(gl.bfloat16, [2, TILE, ROPE], wide)
    q = gl.allocate_shared_memory(gl.bfloat16, [HEADS, RANK], wide)
    qr = gl.allocate_shared_memory(gl.bfloat16, [HEADS, ROPE], wide)
    if PDL:
        gdc_wait()
        gdc_launch_dependents()
    program = gl.program_id(0)
    first_row = gl.load(work + program * 8)
    tile = gl.load(work + program * 8 + 1)
    left = gl.load(work + program * 8 + 2)
    last_row = gl.load(work + program * 8 + 3)
    length = gl.load(work + program * 8 + 4)
    page = gl.load(work + program * 8 + 5)
    following = gl.load(work + program * 8 + 6)
    head0 = gl.program_id(1) * HEADS
    head = head0 + gl.arange(0, HEADS, gl.SliceLayout(0, sums_in))
    live = head < heads
    d = gl.arange(0, RANK, gl.SliceLayout(1, sums_in))
    for row in range(first_row, last_row + 1):
        wide_row = gl.cast(row, gl.int64)
        pages = table + wide_row * stride
        tiles = gl.cdiv(length, TILE)
        count = gl.minimum(left, tiles - tile)
        weighted, total, top = _scan(
            query + wide_row * heads * (RANK + ROPE), cache, pages, page, following,
            tile, count, length, scale, head0, heads,
            keys, turns, q, qr, scores_in, sums_in, HEADS, WARPS,
        )  # fmt: skip
        mean = weighted / gl.where(total == 0, 1.0, total)[None, :]  # [RANK, HEADS]
        log = LN2 * (top + gl.log2(total))
        place = (head * RANK)[None, :] + d[:, None]
        mask = live[None, :] & (d < RANK)[:, None]
        if count == tiles:
            start = wide_row * heads
            gl.store(out + start * RANK + place, mean.to(gl.bfloat16), mask=mask)
            gl.store(lse + start + head, log, mask=live)
        else:
            start = (program + row).to(gl.int64) * heads
            gl.store(parts + start * RANK + place, mean, mask=mask)
            gl.store(part_lse + start + head, log, mask=live)
        left -= count
        tile = 0
        if row < last_row:
            length = gl.load(lengths + row + 1)
            page = gl.load(pages + stride)
            following = gl.load(pages + stride + (length > TILE).to(gl.int32))


@gluon.jit
def _scan(
    query, cache, pages, page, following, tile, count, length, scale, head0, heads, keys, turns, q, qr,
    scores_in: gl.constexpr, sums_in: gl.constexpr, HEADS: gl.constexpr, WARPS: gl.constexpr,
):  # fmt: skip
    """Tiles [tile, tile + count) of a row → Σ share · latent [RANK, HEADS], Σ share and the greatest score [HEADS]."""
    end = tile + count
    top = gl.full((HEADS,), float("-inf"), gl.float32, gl.SliceLayout(0, scores_in))
    total = gl.zeros((HEADS,), gl.float32, gl.SliceLayout(0, scores_in))
    weighted = gl.zeros((RANK, HEADS), gl.float32, sums_in)
    token = gl.arange(0, TILE, gl.SliceLayout(1, scores_in))
    by_row: gl.constexpr = gl.BlockedLayout([1, 8], [1, 32], [WARPS, 1], [1, 0])
    by_piece: gl.constexpr = gl.BlockedLayout([1, 8], [4, 8], [WARPS, 1], [1, 0])
    # Asked for before the latents, or it would arrive behind 147 KB of them.
    query_held = _query(query, head0, heads, 0, HEADS, RANK, by_row)
    query_turned = _query(query, head0, heads, RANK, HEADS, ROPE, by_piece)
    gl.thread_barrier()  # all warps are done with the row before
    for i in range(2):
        if i < count:
            _fetch(keys.index(i), turns.index(i), cache, page, tile + i, length, WARPS)
        async_copy.commit_group()
        page = following
    q.store(query_held)
    qr.store(query_turned)
    for i in range(tile, end):
        page = gl.load(pages + gl.minimum(i + 2, end - 1))
        at = (i - tile) & 1
        key, turn = keys.index(at), turns.index(at)
        async_copy.wait_group(1)
        fence_async_shared()
        zero = gl.zeros((TILE, HEADS), gl.float32, scores_in)
        scores = warpgroup_mma(key, q.permute((1, 0)), zero, use_acc=False, is_async=True)
        scores = warpgroup_mma(turn, qr.permute((1, 0)), scores, is_async=True)
        scores = warpgroup_mma_wait(0, deps=(scores,)) * scale  # [TILE, HEADS]
        scores = gl.where((i * TILE + token < length)[:, None], scores, float("-inf"))
        peak = gl.maximum(top, gl.max(scores, 0))
        share = gl.exp2(scores - peak[None, :])
        fade = gl.exp2(top - peak)
        total = total * fade + gl.sum(share, 0)
        top = peak
        shares = gl.allocate_shared_memory(
            gl.bfloat16, [TILE, HEADS], gl.NVMMASharedLayout.get_default_for([TILE, HEADS], gl.bfloat16)
        )
        shares.store(share.to(gl.bfloat16))
        fence_async_shared()
        weighted = weighted * gl.convert_layout(fade, gl.SliceLayout(0, sums_in))[None, :]
        gl.thread_barrier()
        weighted = warpgroup_mma(key.permute((1, 0)), shares, weighted, is_async=True)
        weighted = warpgroup_mma_wait(0, deps=(weighted,))
        gl.thread_barrier()  # before its buffer is filled anew
        if i + 2 < end:
            _fetch(key, turn, cache, page, i + 2, length, WARPS)
        async_copy.commit_group()
    async_copy.wait_group(0)
    total = gl.convert_layout(total, gl.SliceLayout(0, sums_in))
    return weighted, total, gl.convert_layout(top, gl.SliceLayout(0, sums_in))


@gluon.jit
def _fetch(key, turn, cache, page, tile, length, WARPS: gl.constexpr):
    """Begin to load a page. Behind the row's end lies anything: its last token stands in, to get a weight of 0."""
    by_row: gl.constexpr = gl.BlockedLayout([1, 8], [1, 32], [WARPS, 1], [1, 0])
    by_piece: gl.constexpr = gl.BlockedLayout([1, 8], [4, 8], [WARPS, 1], [1, 0])
    latents = cache + page.to(gl.int64) * (TILE * (RANK + ROPE))
    last = gl.minimum(length - 1 - tile * TILE, TILE - 1)
    token = gl.minimum(gl.arange(0, TILE, gl.SliceLayout(1, by_row)), last) * (RANK + ROPE)
    column = gl.arange(0, RANK, gl.SliceLayout(0, by_row))
    async_copy.async_copy_global_to_shared(key, latents + (token[:, None] + column[None, :]))
    token = gl.minimum(gl.arange(0, TILE, gl.SliceLayout(1, by_piece)), last) * (RANK + ROPE) + RANK
    column = gl.arange(0, ROPE, gl.SliceLayout(0, by_piece))
    async_copy.async_copy_global_to_shared(turn, latents + (token[:, None] + column[None, :]))


@gluon.jit
def _query(query, head0, heads, first, HEADS: gl.constexpr, WIDTH: gl.constexpr, layout: gl.constexpr):
    """Columns [first, first + WIDTH) of the row's query; heads behind the last are 0."""
    head = head0 + gl.arange(0, HEADS, gl.SliceLayout(1, layout))
    at = (head * (RANK + ROPE) + first)[:, None] + gl.arange(0, WIDTH, gl.SliceLayout(0, layout))[None, :]
    return gl.load(query + at, mask=(head < heads)[:, None], other=0.0)


def launch(grid: tuple[int, int], arguments: tuple[Any, ...], heads: int, warps: int) -> None:
    """Run it; `arguments` as mla_decode's kernel takes them."""
    attend[grid](*arguments, heads, warps, True, num_warps=warps, launch_pdl=True)
