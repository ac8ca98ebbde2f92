"""Matrix products of few tokens: linear layers as decoding meets them, alone, behind the norm, before the gated
activation, and one small matrix per head."""

from collections.abc import Sequence

import torch
from torch.nn.functional import linear

from kimicode_kernels.reference.rmsnorm import rmsnorm
from kimicode_kernels.reference.swiglu import swiglu


def gemv(x: torch.Tensor, weight: torch.Tensor, *, dtype: torch.dtype | None = None) -> torch.Tensor:
    """x [T, K], weight [N, K] → [T, N] in `dtype`, computed in it, or in x's."""
    return linear(x, weight) if dtype is None else linear(x.to(dtype), weight.to(dtype))


def gemv_several(
    x: torch.Tensor, weights: Sequence[torch.Tensor], dtypes: Sequence[torch.dtype] | None = None
) -> tuple[torch.Tensor, ...]:
    """x [T, K] times each of the weights [N_i, K], at most three → [T, N_i] in `dtypes`, or in x's type."""
    kinds = dtypes or [x.dtype] * len(weights)
    return tuple(gemv(x, weight, dtype=kind) for weight, kind in zip(weights, kinds, strict=True))


def gemv_swiglu(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """silu(gate) · up. x [T, K], weight [2m, K] with the gate's rows first → [T, m] in x's type."""
    return swiglu(linear(x, weight))


def gemv_norm(
    x: torch.Tensor,
    residual: torch.Tensor | None,
    gain: torch.Tensor,
    eps: float,
    weights: Sequence[torch.Tensor],
    dtypes: Sequence[torch.dtype] | None = None,
) -> tuple[tuple[torch.Tensor, ...], torch.Tensor, torch.Tensor]:
    """Several matrices times the normalised residual stream, to which x is added first.

    x, residual [T, K], gain [K], weights [N_i, K], at most three; `dtypes` of their results, x's without
    → (results [T, N_i], the normalised stream [T, K], the stream [T, K]). Without a residual x is the stream.
    """
    total = x if residual is None else residual + x  # [T, K]
    normed = rmsnorm(total, gain, eps)  # [T, K]
    return gemv_several(normed, weights, dtypes), normed, total


def gemv_heads(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Each head's own matrix. x [T, heads, K], weight [heads, N, K], any strides → [T, heads, N]."""
    return torch.bmm(x.transpose(0, 1), weight.transpose(1, 2)).transpose(0, 1)
