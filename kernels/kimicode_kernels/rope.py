"""Rotary position embedding in DeepSeek's layout; the same for `rope_and_write`.

Moves 4 bytes a value in bf16 and 4·d bytes of turns a token: a launch at few tokens, the copy rate at many."""

from collections.abc import Iterator

import torch
import triton
import triton.language as tl
from triton.language.extra.cuda import gdc_wait

from kimicode_kernels.compiling import CompileCase

HEADS_PER_PROGRAM = 16
WARPS = 4


@triton.jit
def turned(x, cosine, sine, head, d, head_stride, live, INTERLEAVED: tl.constexpr, BLOCK: tl.constexpr):
    """x's heads `head` [H] of one token, turned: [H, BLOCK] fp32 as neighbouring pairs. cosine, sine [BLOCK/2]."""
    if INTERLEAVED:
        at = tl.arange(0, BLOCK)
        pairs = tl.load(
            x + head[:, None] * head_stride + at[None, :], mask=live[:, None] & (at < d)[None, :], other=0.0
        )
        even, odd = tl.split(tl.reshape(pairs.to(tl.float32), (head.shape[0], BLOCK // 2, 2)))
    else:
        at = tl.arange(0, BLOCK // 2)
        place, inside = x + head[:, None] * head_stride + at[None, :], live[:, None] & (at < d // 2)[None, :]
        even = tl.load(place, mask=inside, other=0.0).to(tl.float32)
        odd = tl.load(place + d // 2, mask=inside, other=0.0).to(tl.float32)
    first = even * cosine[None, :] - odd * sine[None, :]
    second = even * sine[None, :] + odd * cosine[None, :]
    return tl.reshape(tl.join(first, second), (head.shape[0], BLOCK))


@triton.jit
def angles(turns, row, d, BLOCK: tl.constexpr):
    """Cosine and sine of token `row`, [BLOCK/2] fp32 each."""
    at = tl.arange(0, BLOCK)
    both = tl.load(turns + row * d + at, mask=at < d, other=0.0)
    return tl.split(tl.reshape(both, (BLOCK // 2, 2)))


@triton.jit
def _rope(
    x, turns, out, heads, d, token_stride, head_stride,
    INTERLEAVED: tl.constexpr, HEADS: tl.constexpr, BLOCK: tl.constexpr, DEPENDENT: tl.constexpr,
):  # fmt: skip
    row = tl.program_id(0).to(tl.int64)
    head = tl.program_id(1) * HEADS + tl.arange(0, HEADS)
    cosine, sine = angles(turns, row, d, BLOCK)
    if DEPENDENT:
        gdc_wait()
    value = turned(x + row * token_stride, cosine, sine, head, d, head_stride, head < heads, INTERLEAVED, BLOCK)
    at = tl.arange(0, BLOCK)
    place = out + (row * heads + head[:, None]) * d + at[None, :]
    tl.store(place, value.to(out.dtype.element_ty), mask=(head < heads)[:, None] & (at < d)[None, :])


def rope(x: torch.Tensor, turns: torch.Tensor, interleaved: bool = True, *, dependent: bool = False) -> torch.Tensor:
    """Turn each pair of values by its token's angle, in fp32.

    x [T, heads, d] with any strides but 1 inside a head; turns [T, d/2, 2] fp32 contiguous, cosine and sine of every
    pair's angle → [T, heads, d] contiguous in x's type, pairs (0, 1), (2, 3), …. Where not `interleaved`, x holds the
    pairs as (i, i + d/2). `dependent` lets the kernel start while its predecessor ends (Hopper): turns must not be its
    result. ValueError if the shapes do not fit.
    """
    check_turns(x, turns)
    count, heads, d = x.shape
    if x.stride(2) != 1:
        x = x.contiguous()
    out = torch.empty(x.shape, dtype=x.dtype, device=x.device)
    if count and heads:
        some = min(HEADS_PER_PROGRAM, triton.next_power_of_2(heads))
        _rope[(count, triton.cdiv(heads, some))](
            x, turns, out, heads, d, x.stride(0), x.stride(1), INTERLEAVED=interleaved, HEADS=some,
            BLOCK=triton.next_power_of_2(d), DEPENDENT=dependent, num_warps=WARPS, launch_pdl=dependent,
        )  # fmt: skip
    return out


def check_turns(x: torch.Tensor, turns: torch.Tensor) -> None:
    """ValueError unless turns [T, d/2, 2] are contiguous fp32 and fit x [T, heads, d]."""
    count, _, d = x.shape
    if d % 2 or turns.shape != (count, d // 2, 2) or turns.dtype != torch.float32 or not turns.is_contiguous():
        raise ValueError(f"turns {turns.dtype} {list(turns.shape)} for x {list(x.shape)}")


def compile_cases() -> Iterator[CompileCase]:
    """64 heads of 64 values in both layouts."""
    pointers = {"x": "*bf16", "turns": "*fp32", "out": "*bf16"}
    integers = dict.fromkeys(("heads", "d", "token_stride", "head_stride"), "i32")
    for interleaved in (True, False):
        constexprs = {"INTERLEAVED": interleaved, "HEADS": HEADS_PER_PROGRAM, "BLOCK": 64, "DEPENDENT": interleaved}
        yield CompileCase(
            "interleaved" if interleaved else "halves", _rope, pointers | integers, constexprs,
            num_warps=WARPS, divisible=tuple(integers), launch_pdl=interleaved,
        )  # fmt: skip
