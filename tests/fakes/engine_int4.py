"""Floating-point weights as compressed-tensors INT4 and back, written independently of the engine."""

import torch


def quantise(weight, group):
    """(codes -7..7 [..., n], scales [..., n/group] bf16)"""
    grouped = weight.unflatten(-1, (-1, group))
    scale = (grouped.abs().amax(-1) / 7).bfloat16()
    codes = (grouped / scale.float().unsqueeze(-1)).round().clamp(-7, 7)
    return codes.flatten(-2).int(), scale


def values(codes, scale):
    """What codes and scales stand for, fp32; codes [..., n], scale [..., groups]."""
    return (codes.unflatten(-1, (scale.shape[-1], -1)) * scale.float().unsqueeze(-1)).flatten(-2)


def pack(codes):
    """Codes -8..7 [..., n] as eight nibbles of code + 8 in an int32, the first lowest: [..., n/8]."""
    nibbles = (codes.long() + 8).unflatten(-1, (-1, 8))
    whole = sum(nibbles[..., place] << (4 * place) for place in range(8))
    return torch.where(whole >= 1 << 31, whole - (1 << 32), whole).int()


def unpack(packed):
    """Codes -8..7 [..., n] of [..., n/8] int32."""
    return torch.stack([(packed.long() >> (4 * place)) % 16 - 8 for place in range(8)], dim=-1).flatten(-2)
