"""Computes the logits of a step. What runs it knows no model, and the model knows no requests: here they meet."""

from collections.abc import Sequence
from typing import Protocol

import torch

from kimicode_engine.batch import build
from kimicode_engine.cache.latent import LatentCache
from kimicode_engine.model.kimi import Kimi
from kimicode_engine.sequence import Part


class Runner(Protocol):
    """Whatever gives logits for the parts of a step: a model, or a script."""

    @property
    def vocab_size(self) -> int:
        """How many logits a row has."""

    def run(self, parts: Sequence[Part]) -> torch.Tensor:
        """Compute `parts`; logits [n, vocab] fp32, a row for each part that samples, in their order."""


class ModelRunner:
    """Runs a model over its cache."""

    def __init__(self, model: Kimi, cache: LatentCache, device: torch.device) -> None:
        self._model = model
        self._cache = cache
        self._device = device

    @property
    def vocab_size(self) -> int:
        """How many logits a row has."""
        return self._model.config.vocab_size

    @torch.inference_mode()
    def run(self, parts: Sequence[Part]) -> torch.Tensor:
        """See Runner. The parts' latents are in the cache afterwards."""
        batch = build(parts, self._device)
        return self._model.forward(batch.tokens, batch.positions, batch.placement, self._cache, batch.logit_rows)
