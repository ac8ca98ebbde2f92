"""Put new tokens' latents into their places in the paged cache: one program a token.

Moves 4·d bytes a token in bf16 (2,304 at Kimi's 576; to fp8 1,808): a launch at few tokens, the copy rate at many."""

from collections.abc import Iterator

import torch
import triton
import triton.language as tl

from kimicode_kernels.compiling import CompileCase
from kimicode_kernels.fp8_latents import pack
from kimicode_kernels.reference import fp8_latents

WARPS = 2


@triton.jit
def _write(latents, cache, slots, d, row_stride, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    at = tl.arange(0, BLOCK)
    slot = tl.load(slots + row)
    value = tl.load(latents + row * row_stride + at, mask=at < d)
    tl.store(cache + slot * d + at, value, mask=(at < d) & (slot >= 0))


@triton.jit
def _write_fp8(
    latents, cache, slots, row_stride,
    RANK: tl.constexpr, ROPE: tl.constexpr, RANK_BLOCK: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    row = tl.program_id(0).to(tl.int64)
    place, at = tl.arange(0, RANK_BLOCK), tl.arange(0, BLOCK)
    slot = tl.load(slots + row)
    source = latents + row * row_stride
    values = tl.load(source + place, mask=place < RANK, other=0.0).to(tl.float32)
    turned = tl.load(source + RANK + at, mask=at < ROPE, other=0.0)
    target = pack(cache, slot, values, RANK, ROPE, RANK_BLOCK)
    tl.store(target + at, turned.to(tl.bfloat16), mask=(at < ROPE) & (slot >= 0))


def cache_write(latents: torch.Tensor, cache: torch.Tensor, slots: torch.Tensor) -> None:
    """Write in place; a slot is page · (tokens per page) + offset.

    latents [T, d], cache [pages, tokens per page, d] contiguous of the same type, or in fp8 (uint8, see
    `reference.fp8_latents`), slots [T] int64, all different; a negative slot is skipped: a CUDA graph's
    padding. ValueError if shapes or types do not fit.
    """
    check_cache(latents.shape[0], latents.shape[1], latents.dtype, cache, slots)
    if latents.stride(1) != 1:
        latents = latents.contiguous()
    count, d = latents.shape
    if count and cache.dtype == torch.uint8:
        rank = fp8_latents.rank_of(d, cache.shape[-1])
        blocks = triton.next_power_of_2(rank), triton.next_power_of_2(d - rank)
        _write_fp8[(count,)](latents, cache, slots, latents.stride(0), rank, d - rank, *blocks, num_warps=WARPS)
    elif count:
        block = triton.next_power_of_2(d)
        _write[(count,)](latents, cache, slots, d, latents.stride(0), BLOCK=block, num_warps=WARPS)


def check_cache(count: int, d: int, dtype: torch.dtype, cache: torch.Tensor, slots: torch.Tensor) -> None:
    """ValueError unless `count` latents of d values can be written to the cache at slots."""
    if cache.dtype == torch.uint8 and cache.is_contiguous():
        fp8_latents.rank_of(d, cache.shape[-1])
    elif cache.shape[-1] != d or cache.dtype != dtype or not cache.is_contiguous():
        raise ValueError(f"latents of {d} values of {dtype} for a cache {cache.dtype} {list(cache.shape)}")
    if slots.shape != (count,) or slots.dtype != torch.int64:
        raise ValueError(f"slots {slots.dtype} {list(slots.shape)} for {count} latents")


def compile_cases() -> Iterator[CompileCase]:
    """Kimi's 576 values, kept as they are and in fp8."""
    signature = {"latents": "*bf16", "cache": "*bf16", "slots": "*i64", "d": "i32", "row_stride": "i32"}
    yield CompileCase("576 values", _write, signature, {"BLOCK": 1024}, num_warps=WARPS, divisible=("d", "row_stride"))
    signature = {"latents": "*bf16", "cache": "*u8", "slots": "*i64", "row_stride": "i32"}
    sizes = {"RANK": 512, "ROPE": 64, "RANK_BLOCK": 512, "BLOCK": 64}
    yield CompileCase("512 + 64 to fp8", _write_fp8, signature, sizes, num_warps=WARPS, divisible=("row_stride",))
