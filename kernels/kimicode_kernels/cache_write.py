"""Put new tokens' latents into their places in the paged cache: one program a token.

Moves 4·d bytes a token in bf16 (2,304 at Kimi's 576): a launch at few tokens, the copy rate at many."""

from collections.abc import Iterator

import torch
import triton
import triton.language as tl

from kimicode_kernels.compiling import CompileCase

WARPS = 2


@triton.jit
def _write(latents, cache, slots, d, row_stride, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    at = tl.arange(0, BLOCK)
    slot = tl.load(slots + row)
    value = tl.load(latents + row * row_stride + at, mask=at < d)
    tl.store(cache + slot * d + at, value, mask=(at < d) & (slot >= 0))


def cache_write(latents: torch.Tensor, cache: torch.Tensor, slots: torch.Tensor) -> None:
    """Write in place; a slot is page · (tokens per page) + offset.

    latents [T, d], cache [pages, tokens per page, d] contiguous of the same type, slots [T] int64, all different; a
    negative slot is skipped: a CUDA graph's padding. ValueError if shapes or types do not fit.
    """
    check_cache(latents.shape[0], latents.shape[1], latents.dtype, cache, slots)
    if latents.stride(1) != 1:
        latents = latents.contiguous()
    count, d = latents.shape
    if count:
        block = triton.next_power_of_2(d)
        _write[(count,)](latents, cache, slots, d, latents.stride(0), BLOCK=block, num_warps=WARPS)


def check_cache(count: int, d: int, dtype: torch.dtype, cache: torch.Tensor, slots: torch.Tensor) -> None:
    """ValueError unless `count` latents of d values can be written to the cache at slots."""
    if cache.shape[-1] != d or cache.dtype != dtype or not cache.is_contiguous():
        raise ValueError(f"latents of {d} values of {dtype} for a cache {cache.dtype} {list(cache.shape)}")
    if slots.shape != (count,) or slots.dtype != torch.int64:
        raise ValueError(f"slots {slots.dtype} {list(slots.shape)} for {count} latents")


def compile_cases() -> Iterator[CompileCase]:
    """Kimi's 576 values."""
    signature = {"latents": "*bf16", "cache": "*bf16", "slots": "*i64", "d": "i32", "row_stride": "i32"}
    yield CompileCase("576 values", _write, signature, {"BLOCK": 1024}, num_warps=WARPS, divisible=("d", "row_stride"))
