"""The latents of all tokens in the cache, in pages, how a token's are held, and where a step's tokens stand in them."""

from dataclasses import dataclass
from typing import Any

import torch

from kimicode_engine.config import ModelConfig
from kimicode_engine.errors import EngineError
from kimicode_engine.limits import PAGE
from kimicode_kernels.reference import fp8_latents


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Rows `start`..`stop` of a step are consecutive tokens of one prompt."""

    start: int
    stop: int
    context: int
    """Tokens of that sequence up to and including the chunk."""
    pages: torch.Tensor
    """[n] int64, the sequence's pages in order; enough for `context`."""


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """Where the T tokens of a step go, and what each attends to: D rows that decode, then the chunks' rows."""

    slots: torch.Tensor
    """[T] int64: page · PAGE + offset of each new token."""
    decode_rows: int
    """D: each of the first so many rows is the newest token of a sequence of its own."""
    block_table: torch.Tensor
    """[D, P] int32: pages of each decoding sequence in order, padded with any page."""
    lengths: torch.Tensor
    """[D] int32: tokens of the sequence, the new one included."""
    chunks: tuple[Chunk, ...]
    plan: Any = None
    """How the decoding rows are spread over the device, from the model's kernels, for all layers of the step."""


def held_as(config: ModelConfig, dtype: torch.dtype, *, fp8: bool) -> tuple[int, torch.dtype]:
    """A token's latents in a layer: how many elements, of what type. In fp8 they are bytes, `fp8_latents` says of what;
    else values of `dtype`. Raises EngineError where the model's rank has no fp8 layout."""
    if not fp8:
        return config.latent_dim, dtype
    try:
        return fp8_latents.width(config.kv_lora_rank, config.qk_rope_head_dim), torch.uint8
    except ValueError as error:
        raise EngineError(f"--cache-dtype fp8 does not fit this model: {error}") from None


class LatentCache:
    """One tensor `latents` [layers, pages, PAGE, width]: a token's elements are latents, or bytes of them (`held_as`).

    Fresh pages hold whatever the memory held."""

    __slots__ = ("latents",)

    def __init__(self, layers: int, pages: int, width: int, dtype: torch.dtype, device: torch.device) -> None:
        self.latents = torch.empty(layers, pages, PAGE, width, dtype=dtype, device=device)

    @property
    def pages(self) -> int:
        """How many pages each layer has."""
        return self.latents.shape[1]

    def layer(self, layer: int) -> torch.Tensor:
        """A layer's pages, [pages, PAGE, width]."""
        return self.latents[layer]
