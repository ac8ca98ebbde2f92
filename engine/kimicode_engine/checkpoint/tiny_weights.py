"""Random weights in a checkpoint's own tensors, scaled so that activations stay near 1 and logits spread."""

from collections.abc import Iterator

import torch

from kimicode_engine.checkpoint.names import Kind, Stored, stored
from kimicode_engine.config import ModelConfig

CODES = 8
"""INT4 codes in an int32."""


def draw(config: ModelConfig, dtype: torch.dtype, seed: int, *, vision: bool) -> Iterator[tuple[str, torch.Tensor]]:
    """Every tensor of the checkpoint with its name, those that the engine ignores last. Same seed, same values."""
    generator = torch.Generator().manual_seed(seed)
    group_size = config.int4.group_size if config.int4 else 0
    for item in stored(config):
        if item.name.endswith(".weight_packed"):
            rows, columns = item.shape[0], item.shape[1] * CODES
            packed, scale = quantise(_normal((rows, columns), columns**-0.5, generator), group_size)
            yield item.name, packed
            yield item.name.replace("weight_packed", "weight_scale"), scale
            yield item.name.replace("weight_packed", "weight_shape"), torch.tensor([rows, columns], dtype=torch.int32)
        elif not item.name.endswith((".weight_scale", ".weight_shape")):
            yield item.name, _draw_one(item, generator, dtype, tied=config.tied_embeddings)
    yield from _ignored(config, dtype, generator, vision=vision)


def quantise(weight: torch.Tensor, group_size: int = 32) -> tuple[torch.Tensor, torch.Tensor]:
    """Pack fp32 [rows, columns] as INT4: int32 [rows, columns / 8] and bf16 scales [rows, columns / group_size].

    Symmetric on -7..7, with scale = absmax / 7; a stored nibble is the code + 8, lowest nibble first, as in
    compressed-tensors' pack-quantized."""
    rows, columns = weight.shape
    grouped = weight.reshape(rows, columns // group_size, group_size)
    scale = (grouped.abs().amax(-1) / 7).to(torch.bfloat16)  # [rows, groups]
    step = scale.float().unsqueeze(-1).clamp_min(torch.finfo(torch.float32).tiny)
    codes = (grouped / step).round_().clamp_(-7, 7).to(torch.int32).reshape(rows, columns // CODES, CODES) + 8
    shifts = torch.arange(0, 4 * CODES, 4, dtype=torch.int32)
    packed = (codes << shifts).sum(-1, dtype=torch.int32)  # [rows, columns / 8]; nibbles do not overlap
    return packed, scale


def _draw_one(item: Stored, generator: torch.Generator, dtype: torch.dtype, *, tied: bool) -> torch.Tensor:
    if item.kind is Kind.FLOAT32:
        return _normal(item.shape, 0.1, generator)
    if len(item.shape) == 1:
        centre = 0.0 if item.name.endswith(".bias") else 1.0
        return (_normal(item.shape, 0.1, generator) + centre).to(dtype)
    gain = 1.0
    if item.slot == "embed" and not tied:
        gain = item.shape[1] ** 0.5
    elif item.slot in {"embed", "head"} or item.slot.endswith(".router"):
        gain = 2.0
    return _normal(item.shape, gain * item.shape[1] ** -0.5, generator).to(dtype)


def _ignored(
    config: ModelConfig, dtype: torch.dtype, generator: torch.Generator, *, vision: bool
) -> Iterator[tuple[str, torch.Tensor]]:
    """A few tensors that a true checkpoint has beside the text model's."""
    shapes: dict[str, tuple[int, ...]] = {}
    for extra in range(config.mtp_layers):
        layer = f"{config.prefix}model.layers.{config.layers + extra}."
        shapes[f"{layer}eh_proj.weight"] = (config.hidden_size, 2 * config.hidden_size)
        shapes[f"{layer}enorm.weight"] = (config.hidden_size,)
    if vision:
        shapes["vision_tower.patch_embed.proj.weight"] = (16, 3, 14, 14)
        shapes["vision_tower.encoder.blocks.0.wqkv.weight"] = (48, 16)
        shapes["mm_projector.proj.2.weight"] = (config.hidden_size, 64)
        shapes["mm_projector.pre_norm.weight"] = (16,)
    for name, shape in shapes.items():
        yield name, _normal(shape, 0.1, generator).to(dtype)


def _normal(shape: tuple[int, ...], deviation: float, generator: torch.Generator) -> torch.Tensor:
    return torch.randn(shape, generator=generator).mul_(deviation)
