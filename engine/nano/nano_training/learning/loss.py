"""How well targets were predicted, in pieces: the fp32 logits of a whole batch would fill the device."""

from collections.abc import Callable

import torch
from torch.nn.functional import cross_entropy, linear

PIECE = 32_768
"""Tokens at once."""

Predicted = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], tuple[torch.Tensor, torch.Tensor]]


def predicted(before: torch.Tensor, head: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """before [n, hidden], head [vocab, hidden], targets [n] → cross entropies [n] fp32, and whether each target was the
    likeliest token, [n] bool."""
    logits = linear(before, head)  # [n, vocab]
    losses = cross_entropy(logits.float(), targets, reduction="none")
    return losses, logits.detach().argmax(-1) == targets


def token_losses(
    before: torch.Tensor, head: torch.Tensor, targets: torch.Tensor, compute: Predicted = predicted
) -> tuple[torch.Tensor, torch.Tensor]:
    """`predicted` of any number of tokens."""
    pieces = [
        compute(part, head, wanted)
        for part, wanted in zip(torch.split(before, PIECE), torch.split(targets, PIECE), strict=True)
    ]
    losses, right = zip(*pieces, strict=True)
    return torch.cat(losses), torch.cat(right)
