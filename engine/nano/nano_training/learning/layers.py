"""What a layer computes on all tokens alike, before and after attention: the engine's function, in plain PyTorch.

Every function here takes tokens as one flat dimension and can be compiled once for any number of them."""

import torch
from torch.nn.functional import linear, rms_norm

from kimicode_engine.config import ModelConfig
from kimicode_engine.model.attention import LATENT_EPS
from nano_training.learning.experts import all_experts, gated, sorted_experts
from nano_training.learning.parameters import Tensors


def before_attention(
    x: torch.Tensor, turns: torch.Tensor, weights: Tensors, config: ModelConfig
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """x [N, hidden], turns [N, rope/2, 2] → query and key [N, heads, nope + rope], value [N, heads, v]."""
    heads, nope, rank = config.heads, config.qk_nope_head_dim, config.kv_lora_rank
    x = normed(x, weights["input_norm"], config.rms_eps)
    low = normed(linear(x, weights["q_a"]), weights["q_a_norm"], LATENT_EPS)  # [N, q rank]
    query = torch.unflatten(linear(low, weights["q_b"]), -1, (heads, -1))  # [N, heads, nope + rope]
    both = linear(x, weights["kv_a"])  # [N, rank + rope]
    latent = normed(both[:, :rank], weights["kv_a_norm"], LATENT_EPS)
    expanded = torch.unflatten(linear(latent, weights["kv_b"]), -1, (heads, -1))  # [N, heads, nope + v]
    shared = turned(both[:, None, rank:], turns).expand(-1, heads, -1)  # [N, heads, rope]
    query = torch.cat((query[..., :nope], turned(query[..., nope:], turns)), dim=-1)
    key = torch.cat((expanded[..., :nope], shared), dim=-1)
    return query, key, expanded[..., nope:].contiguous()


def dense_after(x: torch.Tensor, attended: torch.Tensor, weights: Tensors, config: ModelConfig) -> torch.Tensor:
    """x [N, hidden] and what attention found [N, heads·v] → the stream behind a layer with a dense MLP."""
    x = x + linear(attended, weights["o"])
    return x + mlp(normed(x, weights["post_norm"], config.rms_eps), weights["gate_up"], weights["down"])


def sparse_after(
    x: torch.Tensor, attended: torch.Tensor, weights: Tensors, bias: torch.Tensor, config: ModelConfig, *, sort: bool
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The same behind a layer with experts, `bias` [E] being the router's. Also each token's scores of all experts,
    summing to one, [N, E] fp32, and which were chosen, [N, E] bool."""
    x = x + linear(attended, weights["o"])
    y = normed(x, weights["post_norm"], config.rms_eps)
    # bf16 as it will be stored, multiplied in fp32 as the engine does.
    scores = linear(y.float(), weights["router"].to(torch.bfloat16).float()).sigmoid()  # [N, E]
    ids = (scores.detach() + bias).topk(config.experts_per_token, dim=-1).indices  # [N, k]
    picked = scores.gather(1, ids)  # [N, k]
    shares = picked / (picked.sum(-1, keepdim=True) + 1e-20) * config.routed_scaling
    gate_up, down = weights["experts_gate_up"].flatten(1, 2), weights["experts_down"]
    routed = (sorted_experts if sort else all_experts)(y, gate_up, down, shares, ids)
    x = x + (routed + mlp(y, weights["shared_gate_up"], weights["shared_down"]))
    each = torch.arange(config.experts, device=x.device)
    chosen = (ids.unsqueeze(-1) == each).any(1)  # [N, E]
    return x, scores / scores.sum(-1, keepdim=True), chosen


def mlp(x: torch.Tensor, gate_up: torch.Tensor, down: torch.Tensor) -> torch.Tensor:
    """x [N, hidden], gate_up [2, m, hidden], down [hidden, m] → [N, hidden]."""
    return linear(gated(linear(x, gate_up.flatten(0, 1))), down)


def normed(x: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
    """RMSNorm over the last dimension, in fp32 inside."""
    return rms_norm(x.float(), weight.shape, weight.float(), eps).to(x.dtype)


def turned(x: torch.Tensor, turns: torch.Tensor) -> torch.Tensor:
    """RoPE on neighbouring pairs: x [N, heads, rope], turns [N, rope/2, 2] fp32 cosines and sines → as x."""
    first, second = torch.unflatten(x.float(), -1, (-1, 2)).unbind(-1)  # [N, heads, rope/2]
    cosine, sine = turns.unsqueeze(1).unbind(-1)  # [N, 1, rope/2]
    pairs = torch.stack((first * cosine - second * sine, first * sine + second * cosine), dim=-1)
    return pairs.flatten(-2).to(x.dtype)
