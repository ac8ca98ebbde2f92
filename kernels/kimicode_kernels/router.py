"""Which experts compute a token, and with what weight: one warp a token, its scores in registers.

Reads 4·E bytes a token (1,536 at 384 experts); the time of one token is a launch, one load and `top_k` rounds of two
reductions over a warp, which Hopper does in one instruction each on integers."""

from collections.abc import Iterator

import torch
import triton
import triton.language as tl
from triton.language.extra.cuda import gdc_wait

from kimicode_kernels.compiling import CompileCase
from kimicode_kernels.reference import router as reference

LOWEST = tl.constexpr(-(2**31))
MOST_EXPERTS = 1024
"""32 values a thread; more experts go through the reference."""


@triton.jit
def ordered(value):
    """int32 in the order of fp32 `value`s; a NaN counts as -inf, -0 as 0."""
    bits = tl.where((value == value) & (value != 0.0), value, tl.where(value == 0.0, 0.0, float("-inf")))
    bits = bits.to(tl.int32, bitcast=True)
    return bits ^ ((bits >> 31) & 0x7FFFFFFF)


@triton.jit
def _select(
    logits, bias, weights, ids, experts, row_stride, scaling,
    TOP_K: tl.constexpr, SLOTS: tl.constexpr, BLOCK: tl.constexpr, NORMALISE: tl.constexpr, DEPENDENT: tl.constexpr,
):  # fmt: skip
    row = tl.program_id(0).to(tl.int64)
    expert = tl.arange(0, BLOCK)
    inside = expert < experts
    correction = tl.load(bias + expert, mask=inside, other=0.0)
    if DEPENDENT:
        gdc_wait()
    own = logits + row * row_stride
    choice = tl.sigmoid(tl.load(own + expert, mask=inside, other=0.0)) + correction
    keys = tl.where(inside, ordered(choice), LOWEST)  # no real key is LOWEST: it belongs to a NaN
    slot = tl.arange(0, SLOTS)
    chosen = tl.zeros((SLOTS,), tl.int32)
    for place in tl.static_range(TOP_K):
        best = tl.min(tl.where(keys == tl.max(keys), expert, BLOCK))
        chosen = tl.where(slot == place, best, chosen)
        keys = tl.where(expert == best, LOWEST, keys)
    # from the first-level cache: cheaper than to carry the scores through every round
    score = tl.sigmoid(tl.load(own + chosen))
    score = tl.where(slot < TOP_K, score, 0.0)
    if NORMALISE:
        score = score / (tl.sum(score) + 1e-20)
    at = row * TOP_K + slot
    tl.store(weights + at, score * scaling, mask=slot < TOP_K)
    tl.store(ids + at, chosen.to(tl.int64), mask=slot < TOP_K)


def router(
    logits: torch.Tensor,
    bias: torch.Tensor,
    *,
    top_k: int,
    groups: int,
    groups_per_token: int,
    normalise: bool,
    scaling: float,
    dependent: bool = False,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Choose `top_k` experts per token, of equals the lowest ids. The bias takes part in the choice alone.

    logits [T, E] fp32, bias [E] fp32 → (weights [T, top_k] fp32, ids [T, top_k] int64), best first; a row with NaN
    gets top_k different experts all the same. Fewer groups than all, or more than 1,024 experts, go through the
    reference. `dependent` lets the kernel start while its predecessor ends (Hopper). ValueError if types do not fit or
    top_k exceeds E.
    """
    count, experts = logits.shape
    if logits.dtype != torch.float32 or bias.dtype != torch.float32 or bias.shape != (experts,):
        raise ValueError(f"logits {logits.dtype} {list(logits.shape)}, bias {bias.dtype} {list(bias.shape)}")
    if not 0 < top_k <= experts:
        raise ValueError(f"{top_k} of {experts} experts")
    if groups_per_token < groups or experts > MOST_EXPERTS:
        return reference.router(
            logits, bias, top_k=top_k, groups=groups, groups_per_token=groups_per_token,
            normalise=normalise, scaling=scaling,
        )  # fmt: skip
    if logits.stride(1) != 1:
        logits = logits.contiguous()
    weights = torch.empty(count, top_k, dtype=torch.float32, device=logits.device)
    ids = torch.empty(count, top_k, dtype=torch.int64, device=logits.device)
    if count:
        _select[(count,)](
            logits, bias, weights, ids, experts, logits.stride(0), scaling, TOP_K=top_k,
            SLOTS=triton.next_power_of_2(top_k), BLOCK=triton.next_power_of_2(experts), NORMALISE=normalise,
            DEPENDENT=dependent, num_warps=1, launch_pdl=dependent,
        )  # fmt: skip
    return weights, ids


def compile_cases() -> Iterator[CompileCase]:
    """Eight of 384 experts."""
    pointers = dict.fromkeys(("logits", "bias", "weights"), "*fp32") | {"ids": "*i64"}
    signature = pointers | {"experts": "i32", "row_stride": "i32", "scaling": "fp32"}
    constexprs = {"TOP_K": 8, "SLOTS": 8, "BLOCK": 512, "NORMALISE": True, "DEPENDENT": True}
    yield CompileCase(
        "8 of 384", _select, signature, constexprs,
        num_warps=1, divisible=("experts", "row_stride"), launch_pdl=True,
    )  # fmt: skip
