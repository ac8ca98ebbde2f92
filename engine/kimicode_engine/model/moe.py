"""A layer's MLP behind its norm: dense, or a mixture of routed experts and one that is always on."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from kimicode_engine.config import ModelConfig
from kimicode_engine.experts.store import ExpertStore, expert_store
from kimicode_engine.model.layers import Linear, Mlp, NormedLinears, RmsNorm
from kimicode_engine.model.router import Router
from kimicode_kernels.select import Kernels


@dataclass(frozen=True, slots=True, eq=False)
class Dense:
    """Every token goes through the whole of it."""

    norm: RmsNorm
    mlp: Mlp

    def __call__(self, x: torch.Tensor, residual: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """x, residual [T, hidden] → what is to be added to their sum, and the sum."""
        x, residual = self.norm.add(x, residual)
        return self.mlp(x), residual


@dataclass(frozen=True, slots=True, eq=False)
class MixtureOfExperts:
    """The router's scaling touches the routed experts alone; the shared one is added as it is."""

    gate: NormedLinears
    router: Router
    experts: ExpertStore
    shared: Mlp | None

    def __call__(self, x: torch.Tensor, residual: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """x, residual [T, hidden] → what is to be added to their sum, and the sum."""
        (logits,), x, residual = self.gate(x, residual)  # [T, experts], [T, hidden]
        weights, ids = self.router(logits)  # [T, k] fp32, [T, k]
        shared = None if self.shared is None else self.shared(x)  # [T, hidden]
        return self.experts(x, weights, ids, shared), residual


def feed_forward(
    kernels: Kernels, config: ModelConfig, layer: int, slots: Mapping[str, torch.Tensor]
) -> Dense | MixtureOfExperts:
    """A layer's MLP from its slots, named without the layer."""
    norm = RmsNorm(kernels, slots["post_norm"], config.rms_eps)
    if not config.is_moe(layer):
        return Dense(norm, Mlp(kernels, slots["gate_up"], slots["down"]))
    shared = Mlp(kernels, slots["shared_gate_up"], slots["shared_down"]) if config.shared_experts else None
    # fp32 whatever the model computes in: near ties between experts must not be decided by rounding.
    gate = NormedLinears(norm, (Linear(kernels, slots["router"]),), torch.float32)
    return MixtureOfExperts(gate, Router(kernels, config, slots["router_bias"]), expert_store(kernels, slots), shared)
