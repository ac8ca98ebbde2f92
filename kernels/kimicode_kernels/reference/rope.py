"""Rotary position embedding (Su et al., arXiv 2104.09864) in DeepSeek's layout: neighbouring values make a pair."""

import torch


def rope(x: torch.Tensor, turns: torch.Tensor, interleaved: bool = True) -> torch.Tensor:
    """Turn each pair of values by its token's angle, in fp32.

    x [T, heads, d]; turns [T, d/2, 2] fp32, the cosine and sine of every pair's angle → [T, heads, d] in x's type,
    the pairs (0, 1), (2, 3), …. Where not `interleaved`, x holds the pairs as (i, i + d/2); the result does not, which
    no product of a turned query with a turned key can tell.
    """
    heads = x.shape[:-1]
    pairs = x.reshape(*heads, -1, 2) if interleaved else x.reshape(*heads, 2, -1).transpose(-1, -2)
    # A complex number times cos + i·sin is the pair, turned: one pass instead of six.
    planes = torch.view_as_complex(pairs.float().contiguous())  # [T, heads, d/2]
    turned = planes * torch.view_as_complex(turns).unsqueeze(1)  # [T, heads, d/2]
    return torch.view_as_real(turned).flatten(-2).to(x.dtype)
