"""Kimi K2 and its kin (DeepSeek-V3, Moonlight): one forward pass for prompts' chunks and decoding rows alike.

embedding → per layer: latent attention, then a dense MLP or a mixture of experts, each added to the residual stream
→ norm → output head."""

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch.nn.functional import embedding

from kimicode_engine.cache.latent import LatentCache, Placement
from kimicode_engine.config import ModelConfig
from kimicode_engine.limits import PAGE
from kimicode_engine.model.attention import Attention
from kimicode_engine.model.layers import Linear, RmsNorm
from kimicode_engine.model.moe import feed_forward
from kimicode_engine.model.rope import rope_table
from kimicode_engine.sampling import Draw
from kimicode_kernels.select import Kernels, Sizes, kernels_for


class Block:
    """A layer: attention, then its MLP, each behind a norm and added to the residual stream."""

    def __init__(self, kernels: Kernels, config: ModelConfig, layer: int, slots: Mapping[str, torch.Tensor]) -> None:
        self.input_norm = RmsNorm(kernels, slots["input_norm"], config.rms_eps)
        self.attention = Attention(kernels, config, layer, slots)
        self.post_norm = RmsNorm(kernels, slots["post_norm"], config.rms_eps)
        self.mlp = feed_forward(kernels, config, layer, slots)

    def __call__(
        self,
        x: torch.Tensor,
        residual: torch.Tensor | None,
        turns: torch.Tensor,
        placement: Placement,
        cache: LatentCache,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """x, residual [T, hidden], none for the first layer, turns [T, rope/2, 2] → the same for the next one. What a
        part computed is added to the stream by the norm behind it, in one pass."""
        x, residual = (self.input_norm(x), x) if residual is None else self.input_norm.add(x, residual)
        x, residual = self.post_norm.add(self.attention(x, turns, placement, cache), residual)
        return self.mlp(x), residual


class Kimi:
    """The whole model over tensors that someone else loaded, by the names of `checkpoint.names`."""

    def __init__(self, config: ModelConfig, slots: Mapping[str, torch.Tensor], kernels: Kernels | None = None) -> None:
        """Takes views of `slots`, never copies; only INT4 experts may be moved into another order, layer by layer,
        which empties their slots. `kernels` replaces those of the slots' device. Raises KeyError where a slot is
        missing, ValueError where it was emptied by another model."""
        self.config = config
        self.embed = slots["embed"]  # [vocab, hidden]
        self.kernels = kernels or kernels_for(self.embed.device, self.embed.dtype)
        self.turns = rope_table(config, self.embed.device)  # [window, rope/2, 2]
        self.blocks = [Block(self.kernels, config, layer, _of_layer(slots, layer)) for layer in range(config.layers)]
        self.norm = RmsNorm(self.kernels, slots["norm"], config.rms_eps)
        self.head = Linear(self.kernels, self.embed if config.tied_embeddings else slots["head"])

    @property
    def capturable(self) -> bool:
        """Whether a CUDA graph can hold a decoding step: nothing in it waits for the device."""
        config = self.config
        if config.int4 is None or not config.experts:
            return False
        sizes = (config.hidden_size, config.moe_intermediate_size, config.int4.group_size)
        return self.kernels.capturable(Sizes(*sizes, config.kv_lora_rank, config.qk_rope_head_dim))

    @property
    def draw(self) -> Draw | None:
        """What draws tokens of the logits where the model computes, if its kernels can."""
        return self.kernels.draw

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
        if placement.decode_rows:
            plan = self.kernels.plan(placement.lengths, placement.block_table, self.config.heads, PAGE)
            placement = replace(placement, plan=plan)
        residual = None
        for block in self.blocks:
            x, residual = block(x, residual, turns, placement, cache)
        assert residual is not None, "a model has layers"
        last, _ = self.norm.add(x[logit_rows], residual[logit_rows])  # [n, hidden]
        return self.head(last).float()  # [n, vocab]


def _of_layer(slots: Mapping[str, torch.Tensor], layer: int) -> dict[str, torch.Tensor]:
    """A layer's slots, named without the layer."""
    at = f"layers.{layer}."
    return {name.removeprefix(at): tensor for name, tensor in slots.items() if name.startswith(at)}
