"""Chooses each token's experts."""

from dataclasses import dataclass

import torch

from kimicode_engine.config import ModelConfig
from kimicode_kernels.select import Kernels


@dataclass(frozen=True, slots=True, eq=False)
class Router:
    """bias [experts] fp32: what the choice, and the choice alone, is corrected by."""

    kernels: Kernels
    config: ModelConfig
    bias: torch.Tensor

    def __call__(self, logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """logits [T, experts] fp32 → (weights [T, k] fp32, ids [T, k] int64)."""
        return self.kernels.router(
            logits,
            self.bias,
            top_k=self.config.experts_per_token,
            groups=self.config.groups,
            groups_per_token=self.config.groups_per_token,
            normalise=self.config.normalise_topk,
            scaling=self.config.routed_scaling,
        )
