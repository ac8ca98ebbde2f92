"""Latents in fp8: per token RANK values in e4m3, a scale for every 128 of them in fp32, ROPE values in bf16.

656 bytes at Kimi's 512 + 64 instead of 1,152: the layout that FlashMLA documents (github.com/deepseek-ai/FlashMLA,
"FP8 with scale"), for any rank of whole groups. Scales are powers of two, so that in bf16 reading loses nothing."""

import torch

GROUP = 128
"""Values that share a scale."""
LEAST = 2.0**-100
"""Groups of smaller values than that get its scale: its inverse must be a number, too."""


def width(rank: int, rope: int) -> int:
    """Bytes of a token. Raises ValueError for a rank that is no multiple of 128, or an odd rope."""
    if rank < GROUP or rank % GROUP or rope % 2:
        raise ValueError(f"latents of {rank} + {rope} values have no fp8 layout: it takes {GROUP}s and an even rest")
    return rank + 4 * (rank // GROUP) + 2 * rope


def rank_of(values: int, width: int) -> int:
    """The rank of latents of so many values that take `width` bytes. Raises ValueError where there is none."""
    # values = rank + rope and width = rank + rank / 32 + 2 · rope have one solution.
    rank, rest = divmod((2 * values - width) * 32, 31)
    if rest or rank < GROUP or rank % GROUP or values < rank:
        raise ValueError(f"{values} values are not what {width} bytes hold in fp8")
    return rank


def rope_of(cache: torch.Tensor, rank: int) -> int:
    """Values of the part with position in a cache [pages, tokens per page, ·] of either kind; below 0: none fits."""
    given = cache.shape[2] - rank
    return (given - 4 * (rank // GROUP)) // 2 if cache.dtype == torch.uint8 else given


def quantise(latents: torch.Tensor, rank: int) -> torch.Tensor:
    """latents [..., rank + rope] → [..., width] uint8, rounded to nearest, ties to even.

    A group's scale is the least power of two that brings its values to at most 448, e4m3's greatest. A group with an
    infinity or a NaN becomes NaN as a whole.
    """
    grouped = latents[..., :rank].float().unflatten(-1, (-1, GROUP))  # [..., groups, GROUP]
    top = grouped.abs().amax(-1).clamp(min=LEAST)  # [..., groups]
    share, power = torch.frexp(top)  # top = share · 2^power, 1/2 <= share < 1, and 448 = 7/8 · 2^9
    # By its bits: not every device's power of two is exact.
    scale = ((power - 9 + (share > 0.875) + 127) << 23).view(torch.float32)
    scale = torch.where(top.isfinite(), scale, float("nan"))
    held = latents.new_empty(*latents.shape[:-1], width(rank, latents.shape[-1] - rank), dtype=torch.uint8)
    codes, scales, turned = _parts(held, rank)
    codes.copy_((grouped / scale.unsqueeze(-1)).flatten(-2))
    scales.copy_(scale)
    turned.copy_(latents[..., rank:])
    return held


def dequantise(held: torch.Tensor, rank: int, dtype: torch.dtype) -> torch.Tensor:
    """held [..., width] uint8 → [..., rank + rope] in dtype, exact in bf16 and fp32 for what `quantise` made."""
    codes, scales, turned = _parts(held, rank)
    values = codes.to(dtype).unflatten(-1, (-1, GROUP)) * scales.to(dtype).unsqueeze(-1)  # [..., groups, GROUP]
    return torch.cat((values.flatten(-2), turned.to(dtype)), dim=-1)


def opened(held: torch.Tensor, rank: int, dtype: torch.dtype) -> torch.Tensor:
    """Latents as a cache of either kind holds them [..., ·] → [..., rank + rope] in dtype."""
    return dequantise(held, rank, dtype) if held.dtype == torch.uint8 else held.to(dtype)


def _parts(held: torch.Tensor, rank: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Views of held [..., width]: codes [..., rank] e4m3, scales [..., groups] fp32, turned part [..., rope] bf16."""
    behind = rank + 4 * (rank // GROUP)
    codes, scales, turned = held[..., :rank], held[..., rank:behind], held[..., behind:]
    return codes.view(torch.float8_e4m3fn), scales.view(torch.float32), turned.view(torch.bfloat16)
