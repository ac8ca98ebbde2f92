"""Put new tokens' latents into their places in the paged cache."""

import torch


def cache_write(latents: torch.Tensor, cache: torch.Tensor, slots: torch.Tensor) -> None:
    """Write in place; a slot is page · (tokens per page) + offset.

    latents [T, d], cache [pages, tokens per page, d] contiguous, slots [T] int64, all different.
    """
    cache.view(-1, cache.shape[-1]).index_copy_(0, slots, latents)
