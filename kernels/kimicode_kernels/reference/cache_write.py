"""Put new tokens' latents into their places in the paged cache."""

import torch

from kimicode_kernels.reference.fp8_latents import quantise, rank_of


def cache_write(latents: torch.Tensor, cache: torch.Tensor, slots: torch.Tensor) -> None:
    """Write in place; a slot is page · (tokens per page) + offset.

    latents [T, d], cache [pages, tokens per page, d] contiguous of the same type, or in fp8 (uint8, see `fp8_latents`),
    slots [T] int64, all different.
    """
    if cache.dtype == torch.uint8:
        latents = quantise(latents, rank_of(latents.shape[-1], cache.shape[-1]))  # [T, width]
    cache.view(-1, cache.shape[-1]).index_copy_(0, slots, latents)
