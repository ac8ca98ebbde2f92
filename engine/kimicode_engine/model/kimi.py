"""Kimi K2 and its kin (DeepSeek-V3, Moonlight): one forward pass for prompts' chunks and decoding rows alike.

embedding → per layer: latent attention, then a dense MLP or a mixture of experts, each added to the residual stream
→ norm → output head."""

from collections.abc import Mapping

import torch
from torch.nn.functional import embedding

from kimicode_engine.cache.latent import LatentCache, Placement
from kimicode_engine.config import ModelConfig
from kimicode_engine.model.attention import Attention
from kimicode_engine.model.layers import Linear, RmsNorm
from kimicode_engine.model.moe import feed_forward
from kimicode_engine.model.rope import rope_table


class Block:
    """A layer: attention, then its MLP, each behind a norm and added to the residual stream."""

    def __init__(self, config: ModelConfig, layer: int, slots: Mapping[str, torch.Tensor]) -> None:
        self.input_norm = RmsNorm(slots["input_norm"], config.rms_eps)
        self.attention = Attention(config, layer, slots)
        self.post_norm = RmsNorm(slots["post_norm"], config.rms_eps)
        self.mlp = feed_forward(config, layer, slots)

    def __call__(
        self, residual: torch.Tensor, turns: torch.Tensor, placement: Placement, cache: LatentCache
    ) -> torch.Tensor:
        """residual [T, hidden], turns [T, rope/2, 2] → the new residual [T, hidden]."""
        attended = self.attention(self.input_norm(residual), turns, placement, cache)  # [T, hidden]
        x, residual = self.post_norm.add(attended, residual)
        return residual + self.mlp(x)


class Kimi:
    """The whole model over tensors that someone else loaded, by the names of `checkpoint.names`."""

    def __init__(self, config: ModelConfig, slots: Mapping[str, torch.Tensor]) -> None:
        """Takes views of `slots`, never copies. Raises KeyError where a slot is missing."""
        self.config = config
        self.embed = slots["embed"]  # [vocab, hidden]
        self.turns = rope_table(config, self.embed.device)  # [window, rope/2, 2]
        self.blocks = [Block(config, layer, _of_layer(slots, layer)) for layer in range(config.layers)]
        self.norm = RmsNorm(slots["norm"], config.rms_eps)
        self.head = Linear(self.embed if config.tied_embeddings else slots["head"])

    def forward(
        self,
        tokens: torch.Tensor,
        positions: torch.Tensor,
        placement: Placement,
        cache: LatentCache,
        logit_rows: torch.Tensor,
    ) -> torch.Tensor:
        """tokens, positions [T] int64, logit_rows [n] int64 → logits [n, vocab] fp32. The tokens' latents are then in
        the cache."""
        x = embedding(tokens, self.embed)  # [T, hidden]
        turns = self.turns[positions]  # [T, rope/2, 2]
        for block in self.blocks:
            x = block(x, turns, placement, cache)
        return self.head(self.norm(x[logit_rows])).float()  # [n, vocab]


def _of_layer(slots: Mapping[str, torch.Tensor], layer: int) -> dict[str, torch.Tensor]:
    """A layer's slots, named without the layer."""
    at = f"layers.{layer}."
    return {name.removeprefix(at): tensor for name, tensor in slots.items() if name.startswith(at)}
