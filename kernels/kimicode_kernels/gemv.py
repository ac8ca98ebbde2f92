"""Linear layers of one to sixteen tokens: alone, several of one input behind its norm, or before SwiGLU.
Each weight is read once, 2·N·K bytes in bf16, and that is the roofline: 16 tokens need 16 FLOP a byte. One token is
multiplied in fp32 without tensor cores; more go through mma, the warps of a program sharing out K."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
import triton
import triton.language as tl
from triton.language.extra.cuda import gdc_launch_dependents, gdc_wait

from kimicode_kernels.compiling import CompileCase
from kimicode_kernels.reference import gemv as reference
from kimicode_kernels.rmsnorm import rmsnorm, rmsnorm_residual

MOST_TOKENS = 16
"""More go to cuBLAS, whose tiles are full from there on."""
WIDE, WIDE_TOKENS = 7168, 8
"""So many outputs fill the card in cuBLAS too: it takes over earlier, after so many tokens (2 to 7 % faster at 16)."""
MOST_WEIGHTS = 3


@dataclass(frozen=True, slots=True)
class Tile:
    """`rows` of the weight a program, `step` of K at a time. One token: a loop if `stages` is 1, else unrolled.
    Several tokens: `parts` of K side by side, one a warp, and loads `stages` - 1 iterations ahead."""

    rows: int
    step: int
    warps: int
    stages: int = 1
    parts: int = 1


WHOLE = 8192
"""Longer rows are taken in a loop; shorter ones at once, or unrolled, with all loads under way early."""
LOOP = Tile(rows=4, step=1024, warps=4)
SEVERAL_TOKENS = Tile(rows=16, step=128, warps=4, stages=4, parts=4)
SEVERAL_TOKENS_WIDE = Tile(rows=32, step=64, warps=4, stages=4, parts=4)


@triton.jit
def _part(p, w0, w1, w2, n0, n1, n2, ROWS: tl.constexpr, COUNT: tl.constexpr):
    """Which of the weights program p works on: it, its rows, its number, and p's first row in it."""
    w, n, which, first = w0, n0, 0, p
    if COUNT > 1:
        second = tl.cdiv(n0, ROWS)
        third = second + tl.cdiv(n1, ROWS)
        if p >= third:
            w, n, which, first = w2, n2, 2, p - third
        elif p >= second:
            w, n, which, first = w1, n1, 1, p - second
    return w, n, which, first * ROWS


@triton.jit
def _lines(w, start, column, K: tl.constexpr, STEP: tl.constexpr, INSIDE: tl.constexpr):
    """Columns `start` + `column` of some rows, which nothing else will read."""
    if INSIDE:
        return tl.load(w + start, eviction_policy="evict_first")
    else:
        return tl.load(w + start, mask=start + column < K, other=0.0, eviction_policy="evict_first")


@triton.jit
def _stream(x, residual, gain, total, k, live, owner, NORM: tl.constexpr, RESIDUAL: tl.constexpr):
    """Columns k of the residual stream in fp32: times the norm's gain, and squared."""
    value = tl.load(x + k, mask=live, other=0.0)
    if RESIDUAL:
        before = tl.load(residual + k, mask=live, other=0.0)
        value = (value.to(tl.float32) + before.to(tl.float32)).to(x.dtype.element_ty)
        tl.store(total + k, value, mask=live & owner)
    value = value.to(tl.float32)
    square = value * value
    if NORM:
        # The division by the root follows the product: it would need a pass over the row before it.
        value *= tl.load(gain + k, mask=live, other=0.0).to(tl.float32)
    return value, square


@triton.jit
def _write_normed(x, residual, gain, normed, scale, K: tl.constexpr, RESIDUAL: tl.constexpr):
    """The normalised stream; each program writes some columns."""
    for first in range(tl.program_id(0) * 64, K, tl.num_programs(0) * 64):
        k = first + tl.arange(0, 64)
        live = k < K
        value = tl.load(x + k, mask=live, other=0.0).to(tl.float32)
        if RESIDUAL:
            value += tl.load(residual + k, mask=live, other=0.0).to(tl.float32)
            value = value.to(x.dtype.element_ty).to(tl.float32)
        value = value * scale * tl.load(gain + k, mask=live, other=0.0).to(tl.float32)
        tl.store(normed + k, value.to(normed.dtype.element_ty), mask=live)


@triton.jit
def _one_token(
    x, residual, gain, normed, total, w0, w1, w2, y0, y1, y2, n0, n1, n2, eps,
    K: tl.constexpr, COUNT: tl.constexpr, NORM: tl.constexpr, RESIDUAL: tl.constexpr, GLU: tl.constexpr,
    ROWS: tl.constexpr, STEP: tl.constexpr, ROLLED: tl.constexpr, PDL: tl.constexpr,
):  # fmt: skip
    """y = w · x for ROWS rows of one of the weights; GLU: of gate and up."""
    p = tl.program_id(0)
    w, n, which, first = _part(p, w0, w1, w2, n0, n1, n2, ROWS, COUNT)
    row = first + tl.arange(0, ROWS)
    column = tl.arange(0, STEP)[None, :]
    # Rows behind the last are read as the last: no mask on the weights.
    place = tl.minimum(row, n - 1).to(tl.int64)[:, None] * K + column
    above = w + n.to(tl.int64) * K
    acc = tl.zeros((ROWS, STEP), tl.float32)
    other = tl.zeros((ROWS, STEP), tl.float32)
    squares = tl.zeros((1, STEP), tl.float32)
    if ROLLED:
        if PDL:
            gdc_launch_dependents()
            gdc_wait()
        for i in tl.range(0, tl.cdiv(K, STEP), num_stages=1):
            weight = _lines(w + place, i * STEP, column, K, STEP, K % STEP == 0)
            k = i * STEP + column
            value, square = _stream(x, residual, gain, total, k, k < K, p == 0, NORM, RESIDUAL)
            acc += weight.to(tl.float32) * value
            squares += square
            if GLU:
                up = _lines(above + place, i * STEP, column, K, STEP, K % STEP == 0)
                other += up.to(tl.float32) * value
    else:
        # Weights are always there: their first part is under way before the kernel in front has ended.
        weight = _lines(w + place, 0, column, K, STEP, STEP <= K)
        up = _lines(above + place, 0, column, K, STEP, STEP <= K) if GLU else weight
        if PDL:
            gdc_launch_dependents()
            gdc_wait()
        for i in tl.static_range(0, (K + STEP - 1) // STEP):
            next_weight = weight
            next_up = up
            if (i + 1) * STEP < K:
                next_weight = _lines(w + place, (i + 1) * STEP, column, K, STEP, (i + 2) * STEP <= K)
                if GLU:
                    next_up = _lines(above + place, (i + 1) * STEP, column, K, STEP, (i + 2) * STEP <= K)
            k = i * STEP + column
            value, square = _stream(x, residual, gain, total, k, k < K, p == 0, NORM, RESIDUAL)
            acc += weight.to(tl.float32) * value
            squares += square
            if GLU:
                other += up.to(tl.float32) * value
            weight = next_weight
            up = next_up
    y = tl.sum(acc, 1)
    if NORM:
        scale = tl.rsqrt(tl.sum(squares) / K + eps)
        y *= scale
        _write_normed(x, residual, gain, normed, scale, K, RESIDUAL)
    if GLU:
        y = y * tl.sigmoid(y) * tl.sum(other, 1)
    _store(y0, y1, y2, row, which, y, row < n, COUNT)


@triton.jit
def _store(y0, y1, y2, at, which, y, live, COUNT: tl.constexpr):
    """Into the result of the weight that was multiplied."""
    tl.store(y0 + at, y.to(y0.dtype.element_ty), mask=live & (which == 0))
    if COUNT > 1:
        tl.store(y1 + at, y.to(y1.dtype.element_ty), mask=live & (which == 1))
    if COUNT > 2:
        tl.store(y2 + at, y.to(y2.dtype.element_ty), mask=live & (which == 2))


@triton.jit
def _tokens(
    x, w0, w1, w2, y0, y1, y2, n0, n1, n2, tokens,
    K: tl.constexpr, COUNT: tl.constexpr, GLU: tl.constexpr, ROWS: tl.constexpr, STEP: tl.constexpr,
    PARTS: tl.constexpr, TOKENS: tl.constexpr, STAGES: tl.constexpr, PDL: tl.constexpr, UPCAST: tl.constexpr,
):  # fmt: skip
    """y = w · x for up to TOKENS tokens. An iteration takes PARTS x STEP columns, each warp its part of them."""
    w, n, which, first = _part(tl.program_id(0), w0, w1, w2, n0, n1, n2, ROWS, COUNT)
    row = first + tl.arange(0, ROWS)
    part = tl.arange(0, PARTS)[:, None, None] * STEP
    inner = tl.arange(0, STEP)
    token = tl.arange(0, TOKENS)
    column = part + inner[None, None, :]
    place = tl.minimum(row, n - 1).to(tl.int64)[None, :, None] * K + column
    above = w + n.to(tl.int64) * K
    acc = tl.zeros((PARTS, ROWS, TOKENS), tl.float32)
    other = tl.zeros((PARTS, ROWS, TOKENS), tl.float32)
    if PDL:
        gdc_launch_dependents()
        gdc_wait()
    for i in tl.range(0, tl.cdiv(K, PARTS * STEP), num_stages=STAGES):
        start = i * (PARTS * STEP)
        k = start + part + inner[None, :, None]
        live = (token < tokens)[None, None, :]
        inside = start + column < K
        value = tl.load(x + token[None, None, :] * K + k, mask=live & (k < K), other=0.0)
        if K % (PARTS * STEP) == 0:
            weight = tl.load(w + place + start, eviction_policy="evict_first")
        else:
            weight = tl.load(w + place + start, mask=inside, other=0.0, eviction_policy="evict_first")
        if UPCAST:
            value, weight = value.to(tl.float32), weight.to(tl.float32)
        acc = tl.dot(weight, value, acc, input_precision="ieee")
        if GLU:
            if K % (PARTS * STEP) == 0:
                weight = tl.load(above + place + start, eviction_policy="evict_first")
            else:
                weight = tl.load(above + place + start, mask=inside, other=0.0, eviction_policy="evict_first")
            if UPCAST:
                weight = weight.to(tl.float32)
            other = tl.dot(weight, value, other, input_precision="ieee")
    y = tl.sum(acc, 0)  # [ROWS, TOKENS]
    if GLU:
        y = y * tl.sigmoid(y) * tl.sum(other, 0)
    at = token[None, :] * n + row[:, None]
    _store(y0, y1, y2, at, which, y, (row < n)[:, None] & (token < tokens)[None, :], COUNT)


# --- launching --------------------------------------------------------------------------------------------------------


def tile_for(tokens: int, rows: int, k: int, *, gated: bool = False, normed: bool = False) -> Tile:
    """The fastest measured for `rows` outputs of k inputs; kernels/README.md has the comparison."""
    if tokens > 1:
        return SEVERAL_TOKENS_WIDE if rows >= WIDE and not gated else SEVERAL_TOKENS
    whole = triton.next_power_of_2(k)
    if k > WHOLE:
        return LOOP
    if gated or whole <= 2048:
        return Tile(rows=2, step=min(1024, whole), warps=4, stages=0)
    return Tile(rows=2, step=whole, warps=4 if normed else 8, stages=0)


def gemv(
    x: torch.Tensor,
    weight: torch.Tensor,
    *,
    dtype: torch.dtype | None = None,
    tile: Tile | None = None,
    dependent: bool = False,
) -> torch.Tensor:
    """x [T, K], weight [N, K], both contiguous and of one type → [T, N] in `dtype`, or in that type, summed in fp32.

    `tile` overrides the table. `dependent` lets the kernel start before the one in front of it has ended (Hopper).
    More than 16 tokens go to torch, more than 8 of wide layers. ValueError: shapes that do not fit."""
    wide = len(weight) >= WIDE and dtype is None and tile is None
    if len(x) <= (WIDE_TOKENS if wide else MOST_TOKENS):
        return _launch(x, [weight], [dtype or x.dtype], False, tile, dependent)[0]
    if dtype == torch.float32 != x.dtype and x.is_cuda:
        return torch.mm(x, weight.t(), out_dtype=dtype)
    return reference.gemv(x, weight, dtype=dtype)


def gemv_several(
    x: torch.Tensor,
    weights: Sequence[torch.Tensor],
    dtypes: Sequence[torch.dtype] | None = None,
    *,
    tile: Tile | None = None,
    dependent: bool = False,
) -> tuple[torch.Tensor, ...]:
    """x times each of at most three weights, in one launch: as gemv, with `dtypes` of the results, x's without."""
    kinds = dtypes or [x.dtype] * len(weights)
    if len(x) <= MOST_TOKENS:
        return _launch(x, weights, kinds, False, tile, dependent)
    return tuple(gemv(x, weight, dtype=kind) for weight, kind in zip(weights, kinds, strict=True))


def gemv_swiglu(
    x: torch.Tensor, weight: torch.Tensor, *, tile: Tile | None = None, dependent: bool = False
) -> torch.Tensor:
    """silu(gate) · up. x [T, K], weight [2m, K] with the gate's rows first → [T, m]; otherwise as gemv."""
    if len(x) > MOST_TOKENS:
        return reference.gemv_swiglu(x, weight)
    return _launch(x, [weight], [x.dtype], True, tile, dependent)[0]


def gemv_norm(
    x: torch.Tensor,
    residual: torch.Tensor | None,
    gain: torch.Tensor,
    eps: float,
    weights: Sequence[torch.Tensor],
    dtypes: Sequence[torch.dtype] | None = None,
    *,
    tile: Tile | None = None,
    dependent: bool = False,
) -> tuple[tuple[torch.Tensor, ...], torch.Tensor, torch.Tensor]:
    """Several matrices times the normalised residual stream, to which x is added first; one token takes one launch.

    x, residual [T, K] or None, gain [K], weights [N_i, K], at most three, all contiguous and of one type; `dtypes`
    of the results, x's without → (results [T, N_i], the normalised stream [T, K], the stream [T, K], x itself
    without a residual). The stream is rounded to x's type before the norm; with one token nothing is after it.
    """
    kinds = dtypes or [x.dtype] * len(weights)
    if len(x) == 1:
        normed, total = torch.empty_like(x), x if residual is None else torch.empty_like(x)
        norm = x if residual is None else residual, gain, normed, total, eps
        return _launch(x, weights, kinds, False, tile, dependent, norm), normed, total
    # With x for several tokens in every program, the norm's arithmetic there would take longer than its own launch.
    if residual is None:
        normed, total = rmsnorm(x, gain, eps, dependent=dependent), x
    else:
        normed, total = rmsnorm_residual(x, residual, gain, eps, dependent=dependent)
    return gemv_several(normed, weights, kinds, tile=tile, dependent=dependent), normed, total


Norm = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor, float]
"""The stream before (x where nothing is added), the gain, the normalised stream, the stream, eps."""


def _launch(
    x: torch.Tensor,
    weights: Sequence[torch.Tensor],
    dtypes: Sequence[torch.dtype],
    glu: bool,
    tile: Tile | None,
    dependent: bool,
    norm: Norm | None = None,
) -> tuple[torch.Tensor, ...]:
    tokens, k = x.shape
    _check(x, norm, weights, dtypes, glu)
    sizes = [len(weight) // (2 if glu else 1) for weight in weights]
    outs = tuple(x.new_empty(tokens, n, dtype=kind) for n, kind in zip(sizes, dtypes, strict=True))
    if not tokens:
        return outs
    tile = tile or tile_for(tokens, sum(sizes), k, gated=glu, normed=norm is not None)
    spare = MOST_WEIGHTS - len(weights)
    interpreted = triton.knobs.runtime.interpret
    arguments = [*weights, *[weights[0]] * spare, *outs, *[outs[0]] * spare, *sizes, *[0] * spare]
    options = {
        "K": k, "COUNT": len(weights), "GLU": glu, "ROWS": tile.rows, "STEP": tile.step,
        "PDL": dependent and not interpreted, "num_warps": tile.warps, "launch_pdl": dependent,
    }  # fmt: skip
    grid = (sum(triton.cdiv(n, tile.rows) for n in sizes),)
    if tokens > 1:
        wide = 8 if tokens <= 8 else 16
        _tokens[grid](
            x, *arguments, tokens, **options, PARTS=tile.parts, TOKENS=wide, STAGES=tile.stages, UPCAST=interpreted
        )
    else:
        residual, gain, normed, total, eps = norm or (x, x, x, x, 0.0)
        _one_token[grid](
            x, residual, gain, normed, total, *arguments, eps, **options, NORM=norm is not None,
            RESIDUAL=residual is not x, ROLLED=tile.stages == 1,
        )  # fmt: skip
    return outs


def _check(
    x: torch.Tensor, norm: Norm | None, weights: Sequence[torch.Tensor], dtypes: Sequence[torch.dtype], glu: bool
) -> None:
    k = x.shape[1]
    if not 1 <= len(weights) == len(dtypes) <= MOST_WEIGHTS:
        raise ValueError(f"{len(weights)} weights with {len(dtypes)} types: 1 to {MOST_WEIGHTS} of both are possible")
    fitting = all(weight.shape[1:] == (k,) and len(weight) > 0 for weight in weights)
    fitting = fitting and (norm is None or (norm[0].shape == x.shape and norm[1].shape == (k,)))
    if not fitting or (glu and len(weights[0]) % 2):
        raise ValueError(f"x {tuple(x.shape)} does not fit weights {[tuple(weight.shape) for weight in weights]}")
    given = [x, *weights, *(norm[:2] if norm else ())]
    if not all(one.is_contiguous() and one.dtype == x.dtype for one in given):
        raise ValueError("x, residual, gain and weights must be contiguous and of one type")


def compile_cases() -> Iterator[CompileCase]:
    """Kimi K2's shapes."""
    shapes = [
        (7168, 1, False),
        (7168, 1, True),
        (7168, 3, False),
        (1536, 1, False),
        (8192, 1, False),
        (18432, 1, False),
    ]
    for (k, count, glu), tokens in [(shape, tokens) for shape in shapes for tokens in (1, 8, 16)]:
        yield _case(
            k, count, glu, tokens, tile_for(tokens, 2496 if count > 1 else 7168, k, gated=glu, normed=count > 1)
        )


def _case(k: int, count: int, glu: bool, tokens: int, tile: Tile) -> CompileCase:
    pointers = ["x", "w0", "w1", "w2", "y0", "y1"]
    signature = dict.fromkeys(pointers, "*bf16") | {"y2": "*fp32" if count > 1 else "*bf16"}
    signature |= dict.fromkeys(["n0", "n1", "n2"], "i32")
    constexprs: dict[str, object] = {"K": k, "COUNT": count, "GLU": glu, "ROWS": tile.rows, "STEP": tile.step}
    constexprs["PDL"] = False
    if tokens > 1:
        signature["tokens"] = "i32"
        constexprs |= {"PARTS": tile.parts, "TOKENS": tokens, "STAGES": tile.stages, "UPCAST": False}
    else:
        signature |= dict.fromkeys(["residual", "gain", "normed", "total"], "*bf16") | {"eps": "fp32"}
        constexprs |= {"NORM": count > 1, "RESIDUAL": count > 1, "ROLLED": tile.stages == 1}
    return CompileCase(
        f"{tokens} of {k}, {count} weights{' gated' if glu else ''}",
        _one_token if tokens == 1 else _tokens,
        signature,
        constexprs,
        num_warps=tile.warps,
        expected="none" if tokens == 1 else "mma",
        divisible=("n0", "n1", "n2"),
    )
