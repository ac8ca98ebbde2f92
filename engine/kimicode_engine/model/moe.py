"""A layer's MLP: dense, or a mixture of routed experts and one that is always on."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from kimicode_engine.config import ModelConfig
from kimicode_engine.experts.store import ExpertStore, expert_store
from kimicode_engine.model.layers import Mlp
from kimicode_engine.model.router import Router
from kimicode_kernels.select import Kernels


@dataclass(frozen=True, slots=True, eq=False)
class MixtureOfExperts:
    """The router's scaling touches the routed experts alone; the shared one is added as it is."""

    router: Router
    experts: ExpertStore
    shared: Mlp | None

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """x [T, hidden] → [T, hidden]."""
        weights, ids = self.router(x)  # [T, k] fp32, [T, k]
        routed = self.experts(x, weights, ids)  # [T, hidden]
        return routed if self.shared is None else routed + self.shared(x)


def feed_forward(
    kernels: Kernels, config: ModelConfig, layer: int, slots: Mapping[str, torch.Tensor]
) -> Mlp | MixtureOfExperts:
    """A layer's MLP from its slots, named without the layer."""
    if not config.is_moe(layer):
        return Mlp(kernels, slots["gate_up"], slots["down"])
    shared = Mlp(kernels, slots["shared_gate_up"], slots["shared_down"]) if config.shared_experts else None
    router = Router(kernels, config, slots["router"], slots["router_bias"])
    return MixtureOfExperts(router, expert_store(kernels, slots), shared)
