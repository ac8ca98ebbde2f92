"""One small matrix per head for up to sixteen tokens: the absorbed halves of kv_b around decoding's attention. They are
read once, 2·heads·N·K bytes in bf16, and that is the roofline: 8.4 MB for Kimi K2, 2.7 µs."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import triton
import triton.language as tl
from triton.language.extra.cuda import gdc_launch_dependents, gdc_wait

from kimicode_kernels.compiling import CompileCase
from kimicode_kernels.reference import gemv as reference

MOST_TOKENS = 16
"""More go to cuBLAS."""
MOST_INPUTS = 1024
"""Values of K that a program holds at once."""


@dataclass(frozen=True, slots=True)
class Tile:
    """`rows` of a head's matrix a program."""

    rows: int
    warps: int


@triton.jit
def _heads(
    x, w, y, tokens, n, x_token, x_head, w_head, w_line, y_token, y_head,
    K: tl.constexpr, KP: tl.constexpr, TURNED: tl.constexpr, ROWS: tl.constexpr, TOKENS: tl.constexpr,
    PDL: tl.constexpr, UPCAST: tl.constexpr,
):  # fmt: skip
    """ROWS outputs of one head; TURNED: lines of the weight in memory are its columns."""
    head = tl.program_id(0)
    row = tl.program_id(1) * ROWS + tl.arange(0, ROWS)
    k = tl.arange(0, KP)
    live = (row < n)[:, None] & (k < K)[None, :]
    if TURNED:
        at = k[None, :] * w_line + row[:, None]
    else:
        at = row[:, None] * w_line + k[None, :]
    # Weights are always there: they are under way before the kernel in front has ended.
    weight = tl.load(w + head.to(tl.int64) * w_head + at, mask=live, other=0.0)
    if PDL:
        gdc_launch_dependents()
        gdc_wait()
    if TOKENS == 1:
        value = tl.load(x + head * x_head + k, mask=k < K, other=0.0).to(tl.float32)
        out = tl.sum(weight.to(tl.float32) * value[None, :], 1)
        tl.store(y + head * y_head + row, out.to(y.dtype.element_ty), mask=row < n)
    else:
        t = tl.arange(0, TOKENS)
        there = (k < K)[:, None] & (t < tokens)[None, :]
        value = tl.load(x + t[None, :] * x_token + head * x_head + k[:, None], mask=there, other=0.0)
        if UPCAST:
            value, weight = value.to(tl.float32), weight.to(tl.float32)
        out = tl.dot(weight, value, input_precision="ieee")
        mask = (row < n)[:, None] & (t < tokens)[None, :]
        tl.store(y + t[None, :] * y_token + head * y_head + row[:, None], out.to(y.dtype.element_ty), mask=mask)


def gemv_heads(
    x: torch.Tensor,
    weight: torch.Tensor,
    *,
    out: torch.Tensor | None = None,
    tile: Tile | None = None,
    dependent: bool = False,
) -> torch.Tensor:
    """Each head's own small matrix. x [T, heads, K] with neighbouring values of K, weight [heads, N, K] with
    neighbouring values of K or N → `out` [T, heads, N] with neighbouring values of N, or a new tensor.

    More than 16 tokens go to torch, and so does K above 1,024. ValueError: shapes or strides that do not fit."""
    (tokens, heads, k), n = x.shape, weight.shape[1]
    if out is None:
        out = x.new_empty(tokens, heads, n)
    if weight.shape != (heads, n, k) or out.shape != (tokens, heads, n):
        raise ValueError(f"{tuple(x.shape)} x {tuple(weight.shape)} → {tuple(out.shape)} is no product by heads")
    if tokens > MOST_TOKENS or k > MOST_INPUTS:
        return out.copy_(reference.gemv_heads(x, weight))
    turned = weight.stride(2) != 1
    if 1 not in (weight.stride(2), weight.stride(1)) or x.stride(2) != 1 or out.stride(2) != 1:
        raise ValueError("the last dimension must be contiguous, of the weight one of the last two")
    if not tokens:
        return out
    padded = max(16, triton.next_power_of_2(k))
    tile = tile or tile_for(tokens, padded)
    interpreted = triton.knobs.runtime.interpret
    _heads[heads, triton.cdiv(n, tile.rows)](
        x, weight, out, tokens, n, x.stride(0), x.stride(1), weight.stride(0), weight.stride(2 if turned else 1),
        out.stride(0), out.stride(1), K=k, KP=padded, TURNED=turned, ROWS=tile.rows,
        TOKENS=1 if tokens == 1 else 16, PDL=dependent and not interpreted, UPCAST=interpreted, num_warps=tile.warps,
        launch_pdl=dependent,
    )  # fmt: skip
    return out


def tile_for(tokens: int, k: int) -> Tile:
    """16 KB of weights a program."""
    return Tile(rows=max(16, min(64, 8192 // k)), warps=2 if tokens == 1 and k <= 128 else 4)


def compile_cases() -> Iterator[CompileCase]:
    """Kimi K2's two halves of kv_b."""
    names = ("tokens", "n", "x_token", "x_head", "w_head", "w_line", "y_token", "y_head")
    for tokens, k, turned in [(t, *shape) for t in (1, 16) for shape in ((128, True), (512, False))]:
        tile = tile_for(tokens, k)
        yield CompileCase(
            f"heads {tokens} {k}",
            _heads,
            dict.fromkeys("xwy", "*bf16") | dict.fromkeys(names, "i32"),
            {"K": k, "KP": k, "TURNED": turned, "ROWS": tile.rows, "TOKENS": tokens, "PDL": False} | {"UPCAST": False},
            expected="none" if tokens == 1 else "mma" if tile.rows < 64 else "wgmma",
            num_warps=tile.warps,
            divisible=names[1:],
        )
