"""Between a layer's projections and its attention: turn queries and keys, normalise latents, fill the cache."""

import torch

from kimicode_kernels.reference.cache_write import cache_write
from kimicode_kernels.reference.rmsnorm import rmsnorm
from kimicode_kernels.reference.rope import rope


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
) -> torch.Tensor:
    """Turn the queries' parts with position, and write (normalised latent, turned key part) to the cache.

    query [T, heads, rope], both [T, rank + rope]: latent and key part as projected, turns [T, rope/2, 2] fp32, weight
    [rank] of the latents' norm, cache [pages, tokens per page, rank + rope] contiguous, or in fp8 (uint8, see
    `fp8_latents`), slots [T] int64, a negative one is skipped. → the turned queries [T, heads, rope]: `out` where
    given, a new tensor otherwise.
    """
    rank = weight.shape[0]
    turned = rope(both[:, None, rank:], turns, interleaved).squeeze(1)  # [T, rope]
    latents = torch.cat((rmsnorm(both[:, :rank], weight, eps), turned), dim=-1)  # [T, rank + rope]
    kept = slots >= 0  # [T]
    cache_write(latents[kept], cache, slots[kept])
    result = rope(query, turns, interleaved)  # [T, heads, rope]
    return result if out is None else out.copy_(result)
