"""The gated activation between an MLP's two products, elementwise.

Reads 4·n and writes 2·n bytes a token in bf16: the copy rate at many tokens, one launch at few."""

from collections.abc import Iterator

import torch
import triton
import triton.language as tl
from triton.language.extra.cuda import gdc_wait

from kimicode_kernels.compiling import CompileCase

FEW_VALUES = 1 << 18
"""Below so many results small blocks spread them over more SMs."""
SMALL, LARGE = (256, 1), (2048, 8)
"""Values and warps of a program."""


@triton.jit
def _gated(gate_up, out, n, row_stride, BLOCK: tl.constexpr, DEPENDENT: tl.constexpr):
    row = tl.program_id(1).to(tl.int64)
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = at < n
    if DEPENDENT:
        gdc_wait()
    gate = tl.load(gate_up + row * row_stride + at, mask=inside, other=0.0).to(tl.float32)
    up = tl.load(gate_up + row * row_stride + n + at, mask=inside, other=0.0).to(tl.float32)
    tl.store(out + row * n + at, (gate * tl.sigmoid(gate) * up).to(out.dtype.element_ty), mask=inside)


def swiglu(gate_up: torch.Tensor, *, dependent: bool = False) -> torch.Tensor:
    """silu(gate) · up in fp32, rounded once. gate_up [T, 2n], the gate's n values first → [T, n] in its type.

    T is at most 65,535. `dependent` lets the kernel start while its predecessor ends (Hopper).
    """
    count, width = gate_up.shape[0], gate_up.shape[1] // 2
    out = torch.empty(count, width, dtype=gate_up.dtype, device=gate_up.device)
    if gate_up.stride(1) != 1:
        gate_up = gate_up.contiguous()
    if count:
        block, warps = _tile(count * width)
        _gated[(triton.cdiv(width, block), count)](
            gate_up, out, width, gate_up.stride(0), BLOCK=block, DEPENDENT=dependent,
            num_warps=warps, launch_pdl=dependent,
        )  # fmt: skip
    return out


def _tile(values: int) -> tuple[int, int]:
    return SMALL if values <= FEW_VALUES else LARGE


def compile_cases() -> Iterator[CompileCase]:
    """Both tiles."""
    signature = {"gate_up": "*bf16", "out": "*bf16", "n": "i32", "row_stride": "i32"}
    for block, warps in (SMALL, LARGE):
        yield CompileCase(
            f"{block} values", _gated, signature, {"BLOCK": block, "DEPENDENT": block == SMALL[0]},
            num_warps=warps, divisible=("n", "row_stride"), launch_pdl=block == SMALL[0],
        )  # fmt: skip
