"""Root-mean-square normalisation of rows, alone and behind the residual addition: one program a row, held in registers.

Moves 4·n bytes a token in bf16 (8·n with the residual); many tokens reach the card's copy rate, one token costs a
launch, the latency of one load and of one sum."""

from collections.abc import Iterator

import torch
import triton
import triton.language as tl
from triton.language.extra.cuda import gdc_wait

from kimicode_kernels.compiling import CompileCase

NARROW, NARROW_WARPS, WARPS = 2048, 4, 16
"""Rows of up to NARROW values take fewer warps: 4, 8, 16 and 32 differ by 4 % at 1 and at 4,096 rows of 7,168."""


@triton.jit
def _norm(
    x, residual, weight, out, total, x_row, residual_row, eps,
    N: tl.constexpr, BLOCK: tl.constexpr, RESIDUAL: tl.constexpr, DEPENDENT: tl.constexpr,
):  # fmt: skip
    row = tl.program_id(0).to(tl.int64)
    at = tl.arange(0, BLOCK)
    inside = at < N
    # the weight is nobody's result: it may come while the kernel before still runs
    gain = tl.load(weight + at, mask=inside, other=0.0).to(tl.float32)
    if DEPENDENT:
        gdc_wait()
    value = tl.load(x + row * x_row + at, mask=inside, other=0.0)
    if RESIDUAL:
        before = tl.load(residual + row * residual_row + at, mask=inside, other=0.0)
        value = (value.to(tl.float32) + before.to(tl.float32)).to(total.dtype.element_ty)
        tl.store(total + row * N + at, value, mask=inside)
    value = value.to(tl.float32)
    shrink = tl.rsqrt(tl.sum(value * value) / N + eps)
    tl.store(out + row * N + at, (value * shrink * gain).to(out.dtype.element_ty), mask=inside)


def rmsnorm(x: torch.Tensor, weight: torch.Tensor, eps: float, *, dependent: bool = False) -> torch.Tensor:
    """x / sqrt(mean(x²) + eps) · weight over the last dimension, computed in fp32.

    x [..., n] with any stride between rows, weight [n] contiguous → [..., n] contiguous in x's type. `dependent` lets
    the kernel start while its predecessor ends (Hopper). ValueError if the widths differ.
    """
    rows = x.reshape(-1, x.shape[-1])  # [T, n]
    out = torch.empty(x.shape, dtype=x.dtype, device=x.device)
    launch(rows, None, weight, out, out, eps, dependent=dependent)
    return out


def rmsnorm_residual(
    x: torch.Tensor, residual: torch.Tensor, weight: torch.Tensor, eps: float, *, dependent: bool = False
) -> tuple[torch.Tensor, torch.Tensor]:
    """Add x to the residual stream and normalise the sum, which is rounded to x's type first.

    x, residual [T, n] of one type, weight [n] contiguous → (normalised [T, n], new residual [T, n]), both new and in
    x's type. `dependent` as in `rmsnorm`. ValueError if shapes or types differ.
    """
    if x.shape != residual.shape or x.dtype != residual.dtype:
        raise ValueError(f"x {x.dtype} {list(x.shape)} and residual {residual.dtype} {list(residual.shape)} differ")
    out = torch.empty(x.shape, dtype=x.dtype, device=x.device)
    total = torch.empty_like(out)
    launch(x, residual, weight, out, total, eps, dependent=dependent)
    return out, total


def launch(
    x: torch.Tensor,
    residual: torch.Tensor | None,
    weight: torch.Tensor,
    out: torch.Tensor,
    total: torch.Tensor,
    eps: float,
    *,
    dependent: bool = False,
    warps: int | None = None,
) -> None:
    """Start the kernel on rows x [T, n]; `warps` other than the table's for measuring."""
    count, width = x.shape
    if weight.shape != (width,) or not weight.is_contiguous():
        raise ValueError(f"a weight {list(weight.shape)} for rows of {width} values")
    if not count:
        return
    if x.stride(1) != 1:
        x = x.contiguous()
    if residual is not None and residual.stride(1) != 1:
        residual = residual.contiguous()
    before = x if residual is None else residual
    _norm[(count,)](
        x, before, weight, out, total, x.stride(0), before.stride(0), eps,
        N=width, BLOCK=triton.next_power_of_2(width), RESIDUAL=residual is not None, DEPENDENT=dependent,
        num_warps=warps or (NARROW_WARPS if width <= NARROW else WARPS), launch_pdl=dependent,
    )  # fmt: skip


def compile_cases() -> Iterator[CompileCase]:
    """The widths of Kimi K2 at one and at many tokens, with and without the residual."""
    pointers = dict.fromkeys(("x", "residual", "weight", "out", "total"), "*bf16")
    signature = pointers | {"x_row": "i32", "residual_row": "i32", "eps": "fp32"}
    for width, count, adds in ((7168, 1, False), (7168, 1, True), (7168, 4096, True), (1536, 1, False)):
        constexprs = {"N": width, "BLOCK": triton.next_power_of_2(width), "RESIDUAL": adds, "DEPENDENT": count == 1}
        warps = NARROW_WARPS if width <= NARROW else WARPS
        yield CompileCase(
            f"{width} wide, {count} tokens{', residual' if adds else ''}", _norm, signature, constexprs,
            num_warps=warps, divisible=("x_row", "residual_row"), launch_pdl=count == 1,
        )  # fmt: skip
