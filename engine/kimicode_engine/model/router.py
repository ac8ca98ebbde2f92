"""Chooses each token's experts."""

from dataclasses import dataclass

import torch

from kimicode_engine.config import ModelConfig
from kimicode_kernels.select import Kernels


@dataclass(frozen=True, slots=True, eq=False)
class Router:
    """weight [experts, hidden], bias [experts] fp32: what the choice, and the choice alone, is corrected by."""

    kernels: Kernels
    config: ModelConfig
    weight: torch.Tensor
    bias: torch.Tensor

    def __call__(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """x [T, hidden] → (weights [T, k] fp32, ids [T, k] int64)."""
        # fp32 whatever the model computes in: near ties between experts must not be decided by rounding.
        logits = self.kernels.logits(x, self.weight)  # [T, experts]
        return self.kernels.router(
            logits,
            self.bias,
            top_k=self.config.experts_per_token,
            groups=self.config.groups,
            groups_per_token=self.config.groups_per_token,
            normalise=self.config.normalise_topk,
            scaling=self.config.routed_scaling,
        )
