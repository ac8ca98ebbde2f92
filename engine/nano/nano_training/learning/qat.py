"""Quantisation-aware training: the routed experts' weights as INT4 will hold them, with gradients as if it did not."""

import torch

GROUP = 32
"""Neighbouring inputs that share a scale."""


def int4(weight: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """The nearest values that INT4 can store: codes in -7..7 times a bf16 scale of absmax / 7 for each group of inputs.

    weight [..., inputs] fp32 → the same shape in `dtype`. Exactly what `checkpoint.tiny_weights.quantise` stores and
    `reference.packing.unpack` gives back."""
    grouped = torch.unflatten(weight, -1, (-1, GROUP))  # [..., groups, 32]
    scale = (grouped.abs().amax(-1, keepdim=True) / 7).to(torch.bfloat16).float()  # [..., groups, 1]
    codes = (grouped / scale.clamp_min(torch.finfo(torch.float32).tiny)).round().clamp(-7, 7)
    values: torch.Tensor = codes * scale
    return values.flatten(-2).to(dtype)


def straight_through(weight: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """int4(weight), with the gradient of weight itself (Bengio et al., arXiv 1308.3432)."""
    plain = weight.to(dtype)
    return plain + (int4(weight.detach(), dtype) - plain).detach()
