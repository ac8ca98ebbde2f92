"""The latents of all tokens in the cache, in pages, and where a step's tokens stand in them."""

from dataclasses import dataclass
from typing import Any

import torch

from kimicode_engine.limits import PAGE


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


class LatentCache:
    """One tensor `latents` [layers, pages, PAGE, latent_dim]. Fresh pages hold whatever the memory held."""

    __slots__ = ("latents",)

    def __init__(self, layers: int, pages: int, latent_dim: int, dtype: torch.dtype, device: torch.device) -> None:
        self.latents = torch.empty(layers, pages, PAGE, latent_dim, dtype=dtype, device=device)

    @property
    def pages(self) -> int:
        """How many pages each layer has."""
        return self.latents.shape[1]

    def layer(self, layer: int) -> torch.Tensor:
        """A layer's pages, [pages, PAGE, latent_dim]."""
        return self.latents[layer]
