"""Which kernels a model calls: Triton's on an H100 in bf16, PyTorch everywhere else, on a CPU in fp32 with shortcuts.

Importing this imports no Triton and asks no device."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any

import torch
from torch.nn.functional import linear

from kimicode_kernels.reference import gemv
from kimicode_kernels.reference.cache_write import cache_write
from kimicode_kernels.reference.experts import experts
from kimicode_kernels.reference.int4_experts import int4_experts
from kimicode_kernels.reference.mla_decode import mla_decode
from kimicode_kernels.reference.mla_prefill import mla_prefill
from kimicode_kernels.reference.rmsnorm import rmsnorm, rmsnorm_residual
from kimicode_kernels.reference.rope import rope
from kimicode_kernels.reference.router import router

HOPPER = (9, 0)

Tensors = Callable[..., torch.Tensor]
Pair = Callable[..., tuple[torch.Tensor, torch.Tensor]]
Routed = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
"""x [T, n], weights [T, k] fp32, ids [T, k] int64 → each token's weighted sum over its experts, [T, n]."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """What kernels ask of a model: hidden size, an expert's width, inputs that share a scale, rank and rope values."""

    hidden: int
    width: int
    group: int
    rank: int
    rope: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernels:
    """The operations of a forward pass. Those that are named as a module of `reference` have its signature."""

    name: str
    rmsnorm: Tensors
    rmsnorm_residual: Pair
    router: Pair
    rope_and_write: Tensors
    mla_prefill: Tensors
    experts: Tensors
    gemv_heads: Tensors
    """As the reference's, and `out` [T, heads, N], whose last dimension alone must be contiguous."""
    linear: Tensors
    """x [T, in], weight [out, in], bias [out] or None → [T, out]."""
    gated: Tensors
    """swiglu(linear(x, weight)): x [T, n], weight [2m, n] with the gate's rows first → [T, m]."""
    logits: Tensors
    """x [T, n], weight [E, n] → [T, E] fp32, as exact as fp32 whatever the two are held in."""
    plan: Callable[[torch.Tensor, torch.Tensor, int, int], Any]
    """lengths [D], block_table [D, n], heads, tokens per page → the `plan` of each `mla_decode` of a step, or None."""
    mla_decode: Pair
    """As the reference's, and `plan`."""
    int4_experts: Callable[[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor], Routed]
    """gate_up, gate_up_scale, down, down_scale as the reference takes them → what computes with them. It may take their
    memory: they are not to be used afterwards."""
    capturable: Callable[[Sizes], bool]
    """Whether a decoding step of INT4 experts never waits for the device, so that a CUDA graph can hold it."""
    draw: Tensors | None
    """logits [n, V] alone → their `greedy` tokens; or what the reference's `sample` takes → its tokens, without waiting
    for the device. None where nothing but that reference could do it."""


def kernels_for(device: torch.device, dtype: torch.dtype) -> Kernels:
    """The kernels for weights of `dtype` on `device`: Triton's, or PyTorch's with one warning of why on a GPU."""
    if device.type == "cpu" and dtype == torch.float32:
        from kimicode_kernels.cpu import KERNELS as CPU

        return CPU
    if device.type != "cuda":
        return REFERENCE
    capability = torch.cuda.get_device_capability(device)
    hindrance = why_not(capability, dtype, triton=find_spec("triton") is not None, hip=torch.version.hip is not None)
    if hindrance:
        warn_once(f"{hindrance}: the model computes in plain PyTorch, which is right but slow")
        return REFERENCE
    from kimicode_kernels.hopper import KERNELS

    return KERNELS


def why_not(capability: tuple[int, int], dtype: torch.dtype, *, triton: bool, hip: bool = False) -> str:
    """What keeps a GPU from running the Triton kernels; "" if nothing does."""
    if hip or capability != HOPPER:
        kind = "an AMD GPU" if hip else f"a GPU of compute capability {capability[0]}.{capability[1]}"
        return f"the Triton kernels are made for Hopper (compute capability 9.0), and this is {kind}"
    if not triton:
        return "Triton is not installed"
    return "" if dtype == torch.bfloat16 else f"the Triton kernels compute in bfloat16, and the weights are {dtype}"


@cache
def warn_once(text: str) -> None:
    """A RuntimeWarning, the first time that it is said."""
    warnings.warn(text, RuntimeWarning, stacklevel=2)


def _rope_and_write(
    query: torch.Tensor,
    both: torch.Tensor,
    turns: torch.Tensor,
    weight: torch.Tensor,
    eps: float,
    cache: torch.Tensor,
    slots: torch.Tensor,
    *,
    interleaved: bool,
    out: torch.Tensor,
) -> torch.Tensor:
    """The reference's where every slot is a real one: then nobody has to look at them."""
    rank = weight.shape[0]
    turned = rope(both[:, None, rank:], turns, interleaved).squeeze(1)  # [T, rope]
    latents = torch.cat((rmsnorm(both[:, :rank], weight, eps), turned), dim=-1)  # [T, rank + rope]
    cache_write(latents, cache, slots)
    return out.copy_(rope(query, turns, interleaved))


def _gemv_heads(x: torch.Tensor, weight: torch.Tensor, *, out: torch.Tensor | None = None) -> torch.Tensor:
    result = gemv.gemv_heads(x, weight)
    return result if out is None else out.copy_(result)


def _logits(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    return linear(x.float(), weight.float())


def _no_plan(lengths: torch.Tensor, block_table: torch.Tensor, heads: int, page: int) -> None:
    return None


def _mla_decode(*tensors: torch.Tensor, plan: None = None, **sizes: Any) -> tuple[torch.Tensor, torch.Tensor]:
    return mla_decode(*tensors, **sizes)


def _int4_experts(
    gate_up: torch.Tensor, gate_up_scale: torch.Tensor, down: torch.Tensor, down_scale: torch.Tensor
) -> Routed:
    def compute(x: torch.Tensor, weights: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        return int4_experts(x, gate_up, gate_up_scale, down, down_scale, weights, ids)

    return compute


REFERENCE = Kernels(
    name="PyTorch",
    rmsnorm=rmsnorm,
    rmsnorm_residual=rmsnorm_residual,
    router=router,
    rope_and_write=_rope_and_write,
    mla_prefill=mla_prefill,
    experts=experts,
    gemv_heads=_gemv_heads,
    linear=linear,
    gated=gemv.gemv_swiglu,
    logits=_logits,
    plan=_no_plan,
    mla_decode=_mla_decode,
    int4_experts=_int4_experts,
    capturable=lambda sizes: False,
    draw=None,
)
"""Runs everywhere."""
