"""Between a layer's projections and its attention, in one launch: queries turned, latents normalised, cache filled.

A token's first program does its latent and key, the others 16 heads each: 4·64·64 + 4·576 bytes a token for Kimi's 64
heads in bf16, 1,808 instead of 4·576 for a cache in fp8. Three to five launches less a layer than its parts; itself no
more than a launch at few tokens."""

from collections.abc import Iterator

import torch
import triton
import triton.language as tl
from triton.language.extra.cuda import gdc_wait

from kimicode_kernels.cache_write import check_cache
from kimicode_kernels.compiling import CompileCase
from kimicode_kernels.fp8_latents import pack
from kimicode_kernels.reference.fp8_latents import rope_of
from kimicode_kernels.rope import angles, check_turns, turned

HEADS_PER_PROGRAM = 16
WARPS = 4


@triton.jit
def _rope_and_write(
    query, both, turns, weight, cache, slots, out, eps, heads, token_stride, head_stride, both_stride,
    out_token_stride, out_head_stride, RANK: tl.constexpr, D: tl.constexpr, INTERLEAVED: tl.constexpr,
    HEADS: tl.constexpr, RANK_BLOCK: tl.constexpr, BLOCK: tl.constexpr, DEPENDENT: tl.constexpr,
):  # fmt: skip
    row = tl.program_id(0).to(tl.int64)
    cosine, sine = angles(turns, row, D, BLOCK)
    at = tl.arange(0, BLOCK)
    if tl.program_id(1) == 0:
        place = tl.arange(0, RANK_BLOCK)
        gain = tl.load(weight + place, mask=place < RANK, other=0.0).to(tl.float32)
        slot = tl.load(slots + row)
        if DEPENDENT:
            gdc_wait()
        source = both + row * both_stride
        latent = tl.load(source + place, mask=place < RANK, other=0.0).to(tl.float32)
        shrink = tl.rsqrt(tl.sum(latent * latent) / RANK + eps)
        normed = (latent * shrink * gain).to(both.dtype.element_ty)
        if cache.dtype.element_ty == tl.uint8:
            turned_at = pack(cache, slot, normed.to(tl.float32), RANK, D, RANK_BLOCK)
        else:
            target = cache + slot * (RANK + D)
            tl.store(target + place, normed, mask=(place < RANK) & (slot >= 0))
            turned_at = target + RANK
        only = tl.arange(0, 1)
        key = turned(source + RANK, cosine, sine, only, D, 0, only == 0, INTERLEAVED, BLOCK)
        key_place = turned_at + at[None, :] + only[:, None]
        tl.store(key_place, key.to(turned_at.dtype.element_ty), mask=(at < D)[None, :] & (slot >= 0))
    else:
        head = (tl.program_id(1) - 1) * HEADS + tl.arange(0, HEADS)
        live = head < heads
        if DEPENDENT:
            gdc_wait()
        value = turned(query + row * token_stride, cosine, sine, head, D, head_stride, live, INTERLEAVED, BLOCK)
        # `out` may be the query itself: everything is read before anything is written
        tl.debug_barrier()
        where = out + row * out_token_stride + head[:, None] * out_head_stride + at[None, :]
        tl.store(where, value.to(out.dtype.element_ty), mask=live[:, None] & (at < D)[None, :])


def rope_and_write(
    query: torch.Tensor,
    both: torch.Tensor,
    turns: torch.Tensor,
    weight: torch.Tensor,
    eps: float,
    cache: torch.Tensor,
    slots: torch.Tensor,
    *,
    interleaved: bool = True,
    out: torch.Tensor | None = None,
    dependent: bool = False,
) -> torch.Tensor:
    """Turn the queries' parts with position, and write (normalised latent, turned key part) to the cache.

    query [T, heads, rope] with any strides but 1 inside a head, both [T, rank + rope]: latent and key part as
    projected, turns [T, rope/2, 2] fp32 contiguous, weight [rank] of the latents' norm, cache [pages, tokens per page,
    rank + rope] contiguous, or in fp8 (uint8, see `reference.fp8_latents`), slots [T] int64, a negative one is skipped.
    → the turned queries [T, heads, rope]: `out` where given (stride 1 inside a head; it may be the query), a new tensor
    otherwise. `dependent` lets the kernel start while its predecessor ends (Hopper): turns and slots must not be its
    result. ValueError if shapes do not fit.
    """
    check_turns(query, turns)
    count, heads, d = query.shape
    rank = weight.shape[0]
    if both.shape != (count, rank + d) or rope_of(cache, rank) != d:
        raise ValueError(
            f"both {list(both.shape)}, cache {list(cache.shape)} for {count} tokens of {rank} + {d} values"
        )
    check_cache(count, rank + d, both.dtype, cache, slots)
    if out is None:
        out = torch.empty(query.shape, dtype=query.dtype, device=query.device)
    if out.shape != query.shape or out.stride(2) != 1 or query.stride(2) != 1 or both.stride(1) != 1:
        raise ValueError(f"strides of query {query.stride()}, both {both.stride()}, out {out.stride()}")
    if count:
        some = min(HEADS_PER_PROGRAM, triton.next_power_of_2(heads))
        _rope_and_write[(count, 1 + triton.cdiv(heads, some))](
            query, both, turns, weight, cache, slots, out, eps, heads, query.stride(0), query.stride(1),
            both.stride(0), out.stride(0), out.stride(1), RANK=rank, D=d, INTERLEAVED=interleaved, HEADS=some,
            RANK_BLOCK=triton.next_power_of_2(rank), BLOCK=triton.next_power_of_2(d), DEPENDENT=dependent,
            num_warps=WARPS, launch_pdl=dependent,
        )  # fmt: skip
    return out


def compile_cases() -> Iterator[CompileCase]:
    """Kimi's 512 + 64 values and 64 heads, for either kind of cache."""
    pointers = dict.fromkeys(("query", "both", "weight", "cache", "out"), "*bf16") | {"turns": "*fp32", "slots": "*i64"}
    strides = ("token_stride", "head_stride", "both_stride", "out_token_stride", "out_head_stride")
    signature = pointers | {"eps": "fp32", "heads": "i32"} | dict.fromkeys(strides, "i32")
    constexprs = {
        "RANK": 512, "D": 64, "INTERLEAVED": True, "HEADS": HEADS_PER_PROGRAM, "RANK_BLOCK": 512, "BLOCK": 64,
        "DEPENDENT": True,
    }  # fmt: skip
    for name, cache in (("64 heads", "*bf16"), ("64 heads, fp8", "*u8")):
        yield CompileCase(
            name, _rope_and_write, signature | {"cache": cache}, constexprs,
            num_warps=WARPS, divisible=("heads", *strides), launch_pdl=True,
        )  # fmt: skip
