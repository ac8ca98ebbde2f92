"""Latents in fp8 as kernels write and read them; `reference.fp8_latents` says what the bytes mean.

Writing rounds in integers, for the same bits everywhere; reading multiplies by powers of two, exact in bf16."""

import triton
import triton.language as tl

from kimicode_kernels.reference import fp8_latents

GROUP: tl.constexpr = tl.constexpr(fp8_latents.GROUP)
LEAST: tl.constexpr = tl.constexpr(27 << 23)
"""2^-100, as fp32's bits."""
INFINITE: tl.constexpr = tl.constexpr(0x7F800000)
"""Its bits, and those of every power of two are among them; NaN's are greater ones."""


@triton.jit
def unpack(cache, page, token, dtype: tl.constexpr, PAGE: tl.constexpr, RANK: tl.constexpr, ROPE: tl.constexpr):
    """Tokens `token` [TILE] of a page → their values [TILE, RANK] and [TILE, ROPE] in `dtype`."""
    GROUPS: tl.constexpr = RANK // GROUP
    WIDTH: tl.constexpr = RANK + 4 * GROUPS + 2 * ROPE
    latents = cache + page.to(tl.int64) * (PAGE * WIDTH)
    d, g, r = tl.arange(0, RANK), tl.arange(0, GROUPS), tl.arange(0, ROPE)
    codes = tl.load(latents + (token * WIDTH)[:, None] + d[None, :])  # [TILE, RANK]
    scales = (latents + RANK).to(tl.pointer_type(tl.float32))
    scale = tl.load(scales + (token * (WIDTH // 4))[:, None] + g[None, :])  # [TILE, GROUPS]
    turns = (latents + RANK + 4 * GROUPS).to(tl.pointer_type(tl.bfloat16))
    turned = tl.load(turns + (token * (WIDTH // 2))[:, None] + r[None, :])  # [TILE, ROPE]
    # By way of fp32: from e4m3 straight to bf16 goes one by one through the slowest of conversions.
    values = codes.to(tl.float8e4nv, bitcast=True).to(tl.float32).to(dtype)
    grouped = tl.reshape(values, (token.shape[0], GROUPS, GROUP)) * scale.to(dtype)[:, :, None]
    return tl.reshape(grouped, (token.shape[0], RANK)), turned.to(dtype)


@triton.jit
def pack(cache, slot, values, RANK: tl.constexpr, ROPE: tl.constexpr, BLOCK: tl.constexpr):
    """Write values [BLOCK] fp32, 0 behind RANK, as a slot's codes and scales → where its turned part goes, as bf16.

    Nothing is written to a negative slot.
    """
    row = cache + slot * (RANK + 4 * (RANK // GROUP) + 2 * ROPE)
    bits = tl.reshape(values, (BLOCK // GROUP, GROUP)).to(tl.int32, bitcast=True)
    size = bits & 0x7FFFFFFF
    # As integers, sizes have the order that they have as numbers, and NaN is the greatest.
    top = tl.maximum(tl.max(size, 1), LEAST)  # [groups]
    power = ((top + 0x1FFFFF) & INFINITE) - (8 << 23)  # the next power of two for a share above 448 / 2^9
    inverse = ((254 << 23) - power).to(tl.float32, bitcast=True)
    scale = tl.where(top < INFINITE, power.to(tl.float32, bitcast=True), float("nan"))
    codes = _e4m3(size.to(tl.float32, bitcast=True) * inverse[:, None]) | ((bits >> 24) & 0x80)
    at, group = tl.arange(0, BLOCK), tl.arange(0, BLOCK // GROUP)
    tl.store(row + at, tl.reshape(codes, (BLOCK,)).to(tl.uint8), mask=(at < RANK) & (slot >= 0))
    scales = (row + RANK).to(tl.pointer_type(tl.float32))
    tl.store(scales + group, scale, mask=(group < RANK // GROUP) & (slot >= 0))
    return (row + RANK + 4 * (RANK // GROUP)).to(tl.pointer_type(tl.bfloat16))


@triton.jit
def _e4m3(size):
    """The codes of sizes 0 to 448, rounded to nearest, ties to even."""
    bits = size.to(tl.int32, bitcast=True)
    normal = ((bits + 0x7FFFF + ((bits >> 20) & 1)) >> 20) - (120 << 3)
    # Below 2^-6 steps are 2^-9 wide, and so are fp32's at 2^14.
    subnormal = (size + 16384.0).to(tl.int32, bitcast=True) & 0xF
    return tl.where(size < 0.015625, subnormal, normal)
