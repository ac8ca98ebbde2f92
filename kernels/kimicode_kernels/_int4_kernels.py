"""The expert kernels' bodies: gate, up and SwiGLU; down and the router's weight; the sum over a token's experts.

Launched behind one another with PDL, each waits for the one before it and only then lets the next one start: whatever a
kernel reads before its wait was written two launches ago."""

import triton
import triton.language as tl
from triton.language.extra.cuda import gdc_launch_dependents, gdc_wait

from kimicode_kernels._int4_tiles import gated, place_of, product


@triton.jit
def _block(table, block, first, experts, SINGLE: tl.constexpr):
    """(local expert, first place in the order, length) of a block; a single token's route is a block of one."""
    if SINGLE:
        expert = tl.load(table + block).to(tl.int32) - first
        start, length = block, ((expert >= 0) & (expert < experts)).to(tl.int32)
    else:
        expert, start, length = (
            tl.load(table + 4 * block),
            tl.load(table + 4 * block + 1),
            tl.load(table + 4 * block + 2),
        )
    return expert.to(tl.int64), start, length


@triton.jit
def up(
    x, words, scales, h, order, table, first, experts,
    H: tl.constexpr, WIDTH: tl.constexpr, TOPK: tl.constexpr, N: tl.constexpr, ROWS: tl.constexpr, PAIR: tl.constexpr,
    STAGES: tl.constexpr, SHORT: tl.constexpr, SINGLE: tl.constexpr, ORDERED: tl.constexpr, NATIVE: tl.constexpr,
    PDL: tl.constexpr,
):  # fmt: skip
    """A program's share of gate and up, and SwiGLU. Grid: blocks times row tiles, row tiles fastest."""
    TILES: tl.constexpr = 2 * WIDTH // (2 * ROWS if PAIR else ROWS)
    if PDL:
        gdc_wait()
        gdc_launch_dependents()
    expert, start, length = _block(table, tl.program_id(0) // TILES, first, experts, SINGLE)
    p = tl.program_id(0) % TILES
    if length == 0:
        return
    if SHORT:  # noqa: SIM102 - must be decided before there is a length
        if length <= N // 2:
            _up_tile(
                x, words, scales, h, order, expert, start, length, p,
                H, WIDTH, TOPK, N // 2, ROWS, PAIR, STAGES, SINGLE, ORDERED, NATIVE,
            )  # fmt: skip
            return
    _up_tile(
        x, words, scales, h, order, expert, start, length, p,
        H, WIDTH, TOPK, N, ROWS, PAIR, STAGES, SINGLE, ORDERED, NATIVE,
    )  # fmt: skip


@triton.jit
def _up_tile(
    x, words, scales, h, order, expert, start, length, p,
    H: tl.constexpr, WIDTH: tl.constexpr, TOPK: tl.constexpr, N: tl.constexpr, ROWS: tl.constexpr, PAIR: tl.constexpr,
    STAGES: tl.constexpr, SINGLE: tl.constexpr, ORDERED: tl.constexpr, NATIVE: tl.constexpr,
):  # fmt: skip
    n = tl.arange(0, N)
    live = n < length
    if SINGLE:
        token = tl.zeros((N,), tl.int64)
    else:
        token = (tl.load(order + start + n, mask=live, other=0) // TOPK).to(tl.int64)
    height: tl.constexpr = 2 * ROWS if PAIR else ROWS
    tile = expert * (2 * WIDTH // 64) + p * (height // 64)
    one, two = product(
        x + token * H, live, words, scales, tile, tile + ROWS // 64,
        H, N, ROWS, PAIR, STAGES, False, NATIVE, False,
    )  # fmt: skip
    at = h + (start + n).to(tl.int64)[None, :] * WIDTH
    column = p * (height // 2) + tl.arange(0, ROWS // 2)
    _store_gated(at, one, column, live, ROWS, N, ORDERED)
    if PAIR:
        _store_gated(at, two, column + ROWS // 2, live, ROWS, N, ORDERED)


@triton.jit
def _store_gated(at, rows, column, live, ROWS: tl.constexpr, N: tl.constexpr, ORDERED: tl.constexpr):
    if ORDERED:
        column = place_of(column)
    tl.store(at + column[:, None], gated(rows, ROWS, N).to(at.dtype.element_ty), mask=live[None, :])


@triton.jit
def down(
    h, words, scales, out, order, table, weights, first, experts,
    H: tl.constexpr, WIDTH: tl.constexpr, N: tl.constexpr, ROWS: tl.constexpr, PAIR: tl.constexpr,
    STAGES: tl.constexpr, SHORT: tl.constexpr, SINGLE: tl.constexpr, ORDERED: tl.constexpr, NATIVE: tl.constexpr,
    PDL: tl.constexpr,
):  # fmt: skip
    """A program's share of down, times the router's weight, one row a route. Grid as up's."""
    TILES: tl.constexpr = H // (2 * ROWS if PAIR else ROWS)
    AHEAD: tl.constexpr = PDL and N == 8 and not PAIR
    expert, start, length = _block(table, tl.program_id(0) // TILES, first, experts, SINGLE)
    p = tl.program_id(0) % TILES
    if PDL:
        if not AHEAD:
            gdc_wait()
        gdc_launch_dependents()
    if length == 0:
        if AHEAD:
            gdc_wait()
        return
    if SHORT:  # noqa: SIM102 - must be decided before there is a length
        if length <= N // 2:
            _down_tile(
                h, words, scales, out, order, weights, expert, start, length, p,
                H, WIDTH, N // 2, ROWS, PAIR, STAGES, SINGLE, ORDERED, NATIVE, AHEAD,
            )  # fmt: skip
            return
    _down_tile(
        h, words, scales, out, order, weights, expert, start, length, p,
        H, WIDTH, N, ROWS, PAIR, STAGES, SINGLE, ORDERED, NATIVE, AHEAD,
    )  # fmt: skip


@triton.jit
def _down_tile(
    h, words, scales, out, order, weights, expert, start, length, p,
    H: tl.constexpr, WIDTH: tl.constexpr, N: tl.constexpr, ROWS: tl.constexpr, PAIR: tl.constexpr,
    STAGES: tl.constexpr, SINGLE: tl.constexpr, ORDERED: tl.constexpr, NATIVE: tl.constexpr, AHEAD: tl.constexpr,
):  # fmt: skip
    n = tl.arange(0, N)
    live = n < length
    place = (start + n).to(tl.int64)
    # Asked for before the loop: behind it, their latency shows where a program has an SM to itself.
    if SINGLE:
        route = place
    else:
        route = tl.load(order + place, mask=live, other=0).to(tl.int64)
    weight = tl.load(weights + route, mask=live, other=0.0)
    height: tl.constexpr = 2 * ROWS if PAIR else ROWS
    tile = expert * (H // 64) + p * (height // 64)
    one, two = product(
        h + place * WIDTH, live, words, scales, tile, tile + ROWS // 64,
        WIDTH, N, ROWS, PAIR, STAGES, ORDERED, NATIVE, AHEAD,
    )  # fmt: skip
    at = out + route[None, :] * H + (p * height + tl.arange(0, ROWS))[:, None]
    tl.store(at, (one * weight[None, :]).to(out.dtype.element_ty), mask=live[None, :])
    if PAIR:
        tl.store(at + ROWS, (two * weight[None, :]).to(out.dtype.element_ty), mask=live[None, :])


@triton.jit
def sum_rows(
    rows, ids, out, first, experts,
    H: tl.constexpr, TOPK: tl.constexpr, BLOCK: tl.constexpr, PDL: tl.constexpr,
):  # fmt: skip
    """out[token] = the sum of its local routes' rows, always in the same order."""
    token = tl.program_id(0).to(tl.int64)
    column = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    inside = column < H
    if PDL:
        gdc_wait()
        gdc_launch_dependents()
    total = tl.zeros((BLOCK,), tl.float32)
    for choice in tl.static_range(TOPK):
        route = token * TOPK + choice
        expert = tl.load(ids + route).to(tl.int32) - first
        here = (expert >= 0) & (expert < experts)
        total += tl.load(rows + route * H + column, mask=inside & here, other=0.0).to(tl.float32)
    tl.store(out + token * H + column, total.to(out.dtype.element_ty), mask=inside)
