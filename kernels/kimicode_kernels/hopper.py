"""The Triton kernels as a model calls them. What they are not made for (odd sizes, a bias) goes to the reference."""

from typing import Any

import torch
import triton

from kimicode_kernels import packing
from kimicode_kernels import sampling as ours
from kimicode_kernels._masses import MOST_TOKENS as MOST_DRAWN
from kimicode_kernels.gemv import MOST_TOKENS, gemv, gemv_swiglu
from kimicode_kernels.gemv_heads import gemv_heads
from kimicode_kernels.int4_experts import int4_experts
from kimicode_kernels.mla_decode import mla_decode
from kimicode_kernels.mla_plan import Plan, mla_plan
from kimicode_kernels.mla_prefill import mla_prefill
from kimicode_kernels.reference import sampling as reference
from kimicode_kernels.rmsnorm import rmsnorm, rmsnorm_residual
from kimicode_kernels.rope_and_write import rope_and_write
from kimicode_kernels.router import router
from kimicode_kernels.select import REFERENCE, Kernels, Routed, Sizes, warn_once
from kimicode_kernels.swiglu import swiglu


def _chained() -> bool:
    """Whether kernels may start before their predecessor has ended and wait for it themselves, which hides what a
    launch costs. All here wait before they read anything but weights, or write; the interpreter cannot."""
    return not triton.knobs.runtime.interpret


def norm(x: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
    """See Kernels."""
    return rmsnorm(x, weight, eps, dependent=_chained())


def norm_residual(
    x: torch.Tensor, residual: torch.Tensor, weight: torch.Tensor, eps: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """See Kernels."""
    return rmsnorm_residual(x, residual, weight, eps, dependent=_chained())


def route(logits: torch.Tensor, bias: torch.Tensor, **how: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """See Kernels."""
    return router(logits, bias, **how, dependent=_chained())


def turn_and_write(*tensors: Any, **how: Any) -> torch.Tensor:
    """See Kernels; angles and slots are made at a step's start."""
    return rope_and_write(*tensors, **how, dependent=_chained())


def by_heads(x: torch.Tensor, weight: torch.Tensor, *, out: torch.Tensor | None = None) -> torch.Tensor:
    """See Kernels."""
    return gemv_heads(x, weight, out=out, dependent=_chained())


def linear(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """See Kernels. A bias, more than 16 tokens, or tensors with gaps: cuBLAS."""
    if bias is None and len(x) <= MOST_TOKENS and x.is_contiguous() and weight.is_contiguous():
        return gemv(x, weight, dependent=_chained())
    return REFERENCE.linear(x, weight, bias)


def gated(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """See Kernels. More than 16 tokens go through cuBLAS, and a kernel for the activation."""
    if len(x) <= MOST_TOKENS and x.is_contiguous() and weight.is_contiguous():
        return gemv_swiglu(x, weight, dependent=_chained())
    return swiglu(REFERENCE.linear(x, weight), dependent=_chained())


def logits(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """See Kernels. Products of bf16 are exact in fp32, in which they are summed."""
    if x.is_contiguous() and weight.is_contiguous() and x.dtype == weight.dtype:
        return gemv(x, weight, dtype=torch.float32, dependent=_chained())
    return REFERENCE.logits(x, weight)


def plan(lengths: torch.Tensor, block_table: torch.Tensor, heads: int, page: int) -> Plan | None:
    """See Kernels."""
    return mla_plan(lengths, block_table, heads, page=page) if page % LEAST == 0 else None


LEAST = 16
"""Values or tokens that a side of a matrix product has at least."""


def decode(
    query: torch.Tensor,
    cache: torch.Tensor,
    block_table: torch.Tensor,
    lengths: torch.Tensor,
    *,
    scale: float,
    rank: int,
    plan: Plan | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """See Kernels. Sizes that are no powers of two, or below 16, go to the reference."""
    if cache.shape[1] % LEAST == 0 and _fit_decode(rank, query.shape[2] - rank):
        return mla_decode(query, cache, block_table, lengths, scale=scale, rank=rank, plan=plan)
    return REFERENCE.mla_decode(query, cache, block_table, lengths, scale=scale, rank=rank)


def _fit_decode(*sizes: int) -> bool:
    return all(size >= LEAST and size & (size - 1) == 0 for size in sizes)


def _fit_experts(hidden: int, width: int, group: int) -> bool:
    return hidden % packing.STEP == 0 and width % packing.STEP == 0 and group == packing.GROUP


def capturable(sizes: Sizes) -> bool:
    """See Kernels. The reference, which takes what does not fit, asks the device for counts."""
    return _fit_experts(sizes.hidden, sizes.width, sizes.group) and _fit_decode(sizes.rank, sizes.rope)


def packed_experts(
    gate_up: torch.Tensor, gate_up_scale: torch.Tensor, down: torch.Tensor, down_scale: torch.Tensor
) -> Routed:
    """See Kernels. The four tensors are packed anew and then emptied; sizes that no tile divides stay as they are, with
    a warning. Raises ValueError for tensors that were emptied before."""
    given = (gate_up, gate_up_scale, down, down_scale)
    if any(one.numel() and not one.untyped_storage().size() for one in given):
        raise ValueError("these experts' memory went to another model: load the checkpoint again")
    hidden, width = down.shape[1], down.shape[2] * 8
    group = width // down_scale.shape[2]
    if not _fit_experts(hidden, width, group):
        warn_once(f"INT4 experts of {hidden} x {width} in groups of {group} are computed in plain PyTorch: slow")
        return REFERENCE.int4_experts(*given)
    packed = packing.pack_experts(*given)
    for one in given:
        empty(one)

    def compute(x: torch.Tensor, weights: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        return int4_experts(x.contiguous(), packed, weights, ids)

    return compute


def empty(tensor: torch.Tensor) -> None:
    """Give a tensor's memory back while others still refer to it, if it is alone in there."""
    storage: Any = tensor.untyped_storage()
    if storage.size() == tensor.nbytes:
        storage.resize_(0)


def draw(logits: torch.Tensor, uniforms: torch.Tensor | None = None, **limits: Any) -> torch.Tensor:
    """See Kernels. A vocabulary of more than 262,144 goes to the reference."""
    fits = logits.shape[1] <= MOST_DRAWN
    if uniforms is None:
        return ours.greedy(logits) if fits else reference.greedy(logits)
    sample = ours.sample if fits else reference.sample
    return sample(logits, uniforms, **limits)


KERNELS = Kernels(
    name="Triton for Hopper",
    rmsnorm=norm,
    rmsnorm_residual=norm_residual,
    router=route,
    rope_and_write=turn_and_write,
    mla_prefill=mla_prefill,
    experts=REFERENCE.experts,
    gemv_heads=by_heads,
    linear=linear,
    gated=gated,
    logits=logits,
    plan=plan,
    mla_decode=decode,
    int4_experts=packed_experts,
    capturable=capturable,
    draw=draw,
)
"""For kernels_for; Triton is imported, and nothing is compiled, before the first call."""
