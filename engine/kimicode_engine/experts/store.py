"""Holds a layer's routed experts, in INT4 or floating point, and computes them. Tiers of memory belong here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch

from kimicode_kernels.select import Kernels, Routed


class ExpertStore(Protocol):
    """All routed experts of one layer."""

    def __call__(self, x: torch.Tensor, weights: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        """x [T, hidden], weights [T, k] fp32, ids [T, k] int64 → each token's weighted sum, [T, hidden]."""


@dataclass(frozen=True, slots=True, eq=False)
class FloatExperts:
    """gate_up [experts, 2m, hidden], down [experts, hidden, m]."""

    kernels: Kernels
    gate_up: torch.Tensor
    down: torch.Tensor

    def __call__(self, x: torch.Tensor, weights: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        """See ExpertStore."""
        return self.kernels.experts(x, self.gate_up, self.down, weights, ids)


@dataclass(frozen=True, slots=True, eq=False)
class Int4Experts:
    """Codes and the scales of their groups, in whatever order the kernels that compute with them want."""

    routed: Routed

    def __call__(self, x: torch.Tensor, weights: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        """See ExpertStore."""
        return self.routed(x, weights, ids)


def expert_store(kernels: Kernels, slots: Mapping[str, torch.Tensor]) -> ExpertStore:
    """The store for a layer's slots, named without the layer: gate_up [experts, 2m, hidden], down [experts, hidden, m]
    in floating point, or their codes [..., /8] int32 and scales. See Kernels.int4_experts for whose these are then."""
    if "experts_gate_up" in slots:
        return FloatExperts(kernels, slots["experts_gate_up"], slots["experts_down"])
    names = ("gate_up_packed", "gate_up_scale", "down_packed", "down_scale")
    return Int4Experts(kernels.int4_experts(*(slots[f"experts_{name}"] for name in names)))
