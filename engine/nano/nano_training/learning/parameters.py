"""The trained tensors, fp32. Those of all layers lie in one, layer first: the optimiser then updates them together.

Names are the slots' of `kimicode_engine.checkpoint.names` without the layer; gate and up are matrices of their own."""

from collections.abc import Mapping

import torch

from kimicode_engine.config import ModelConfig

Tensors = dict[str, torch.Tensor]

VECTORS = {"norm", "input_norm", "post_norm", "q_a_norm", "kv_a_norm"}
ROWS = {"embed", "head"}
"""Whose rows stand for a token each."""
EXPERTS = ("experts_gate_up", "experts_down")
OUTWARD = {"o", "down", "shared_down", "experts_down"}
"""What adds to the residual stream."""


def shapes(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """Every parameter's shape. Raises ValueError for a model that kimi-nano cannot be."""
    if config.q_lora_rank is None or config.attention_bias or config.tied_embeddings or config.groups != 1:
        raise ValueError("kimi-nano has q_lora_rank, an output head of its own, no attention bias and no groups")
    if not config.normalise_topk or not config.shared_experts or not config.experts or config.moe_layer_freq != 1:
        raise ValueError("kimi-nano has experts in each later layer, a shared one, and weights that sum to one")
    hidden, layers, heads = config.hidden_size, config.layers, config.heads
    dense, sparse = config.dense_layers, layers - config.dense_layers
    inner, routed = config.intermediate_size, config.moe_intermediate_size
    shared = config.shared_experts * routed
    return {
        "embed": (config.vocab_size, hidden),
        "input_norm": (layers, hidden),
        "q_a": (layers, config.q_lora_rank, hidden),
        "q_a_norm": (layers, config.q_lora_rank),
        "q_b": (layers, heads * config.qk_head_dim, config.q_lora_rank),
        "kv_a": (layers, config.latent_dim, hidden),
        "kv_a_norm": (layers, config.kv_lora_rank),
        "kv_b": (layers, heads * (config.qk_nope_head_dim + config.v_head_dim), config.kv_lora_rank),
        "o": (layers, hidden, heads * config.v_head_dim),
        "post_norm": (layers, hidden),
        "gate_up": (dense, 2, inner, hidden),
        "down": (dense, hidden, inner),
        "router": (sparse, config.experts, hidden),
        "shared_gate_up": (sparse, 2, shared, hidden),
        "shared_down": (sparse, hidden, shared),
        "experts_gate_up": (sparse, config.experts, 2, routed, hidden),
        "experts_down": (sparse, config.experts, hidden, routed),
        "norm": (hidden,),
        "head": (config.vocab_size, hidden),
    }


def initial(config: ModelConfig, seed: int, device: torch.device) -> Tensors:
    """Random parameters. Equal seeds give equal values on any device.

    Matrices keep a vector's length about halved; what adds to the residual stream is smaller by the square root of how
    often that happens (GPT-2's rule), so that the stream's size does not depend on depth."""
    generator = torch.Generator().manual_seed(seed)
    made: Tensors = {}
    for name, shape in shapes(config).items():
        if name in VECTORS:
            values = torch.ones(shape)
        else:
            deviation = 0.2 if name == "embed" else 0.5 * shape[-1] ** -0.5
            if name in OUTWARD:
                deviation *= (2 * config.layers) ** -0.5
            values = torch.randn(shape, generator=generator) * deviation
        made[name] = values.to(device).requires_grad_()
    return made


def slot(parameters: Mapping[str, torch.Tensor], config: ModelConfig, name: str) -> torch.Tensor:
    """What a slot of the engine holds, in its shape: a view of the parameters. Raises KeyError for unknown slots."""
    if not name.startswith("layers."):
        return parameters[name].detach()
    _, layer, part = name.split(".")
    values = parameters[part].detach()
    first = config.layers - len(values)
    values = values[0 if part in {"gate_up", "down"} else int(layer) - first]
    if part == "experts_gate_up":
        return values.flatten(1, 2)  # [experts, 2m, hidden]
    return values.flatten(0, 1) if part.endswith("gate_up") else values
