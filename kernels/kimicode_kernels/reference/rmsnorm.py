"""Root-mean-square normalisation (Zhang & Sennrich, arXiv 1910.07467), alone and behind the residual addition."""

import torch
from torch.nn.functional import rms_norm


def rmsnorm(x: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
    """x / sqrt(mean(x²) + eps) · weight over the last dimension, computed in fp32.

    x [..., n], weight [n] → [..., n] in x's type.
    """
    return rms_norm(x, weight.shape, weight, eps)


def rmsnorm_residual(
    x: torch.Tensor, residual: torch.Tensor, weight: torch.Tensor, eps: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Add x to the residual stream and normalise the sum.

    x, residual [T, n], weight [n] → (normalised [T, n], new residual [T, n]), both in x's type.
    """
    residual = residual + x
    return rmsnorm(residual, weight, eps), residual
