"""The next token of each row of logits, greedy or by inverse CDF over what min-p, top-k and top-p leave."""

import torch

GREEDY_BELOW = 1e-5
"""Lower temperatures than this are taken as 0: dividing by them overflows."""
ABSURD = 1e30
"""No logit is as large; divided by any temperature it still is a number."""


def greedy(logits: torch.Tensor) -> torch.Tensor:
    """The lowest id of the highest of logits [n, V] → [n] int64; -1 where a row holds NaN or +Inf, or no number."""
    best = logits.argmax(dim=-1)  # [n]
    peak = logits.gather(1, best.unsqueeze(1)).squeeze(1).float()  # [n]
    first = (logits == peak.unsqueeze(1)).to(torch.uint8).argmax(dim=-1)  # [n]: the first True
    return torch.where(peak.abs() < ABSURD, first, -1)


def sample(
    logits: torch.Tensor,
    uniforms: torch.Tensor,
    *,
    temperature: torch.Tensor,
    top_k: torch.Tensor | None = None,
    top_p: torch.Tensor | None = None,
    min_p: torch.Tensor | None = None,
) -> torch.Tensor:
    """Draw a token of each row by its uniform number in [0, 1), in order of ids over the tokens that the cuts leave.

    logits [n, V]; uniforms [n] fp64; temperature, top_p, min_p [n] floating-point, top_k [n] int32, 0 where it cuts
    nothing → [n] int64. min-p comes first (against the likeliest), then top-k, then top-p of what these leave: the
    smallest set of the likeliest that holds as much; of equals the lowest ids stay. Rows of a temperature below 1e-5,
    top-k 1 or top-p 0 are greedy; rows with NaN, +Inf or no number at all get -1.
    """
    tokens = greedy(logits)  # [n]
    for row, (token, heat) in enumerate(zip(tokens.tolist(), temperature.tolist(), strict=True)):
        count = int(top_k[row]) if top_k is not None else 0
        share = float(top_p[row]) if top_p is not None else 1.0
        least = float(min_p[row]) if min_p is not None else 0.0
        if token >= 0 and heat >= GREEDY_BELOW and count != 1 and share > 0.0:
            tokens[row] = _drawn(logits[row].float(), float(uniforms[row]), heat, count, share, min(least, 1.0))
    return tokens


def _drawn(logits: torch.Tensor, uniform: float, heat: float, top_k: int, top_p: float, min_p: float) -> int:
    """One row [V]; 0 < top_p."""
    distances = (logits.max() - logits).double() / heat  # [V]
    order = distances.argsort(stable=True)  # [V], likeliest first, of equals the lowest id
    ranked = (-distances[order]).exp()  # [V]
    ranked[ranked < min_p] = 0.0
    if top_k:
        ranked[top_k:] = 0.0
    before = ranked.cumsum(0) - ranked  # [V]
    ranked[before >= top_p * ranked.sum()] = 0.0
    weights = torch.zeros_like(ranked).index_copy_(0, order, ranked)  # [V], by id
    cdf = weights.cumsum(0)  # [V]
    return int((cdf <= uniform * cdf[-1]).sum())
