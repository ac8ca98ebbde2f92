"""Holds a layer's routed experts, in INT4 or floating point, and computes them. Tiers of memory belong here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch

from kimicode_kernels.reference.experts import experts
from kimicode_kernels.reference.int4_experts import int4_experts


class ExpertStore(Protocol):
    """All routed experts of one layer."""

    def __call__(self, x: torch.Tensor, weights: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        """x [T, hidden], weights [T, k] fp32, ids [T, k] int64 → each token's weighted sum, [T, hidden]."""


@dataclass(frozen=True, slots=True, eq=False)
class FloatExperts:
    """gate_up [experts, 2m, hidden], down [experts, hidden, m]."""

    gate_up: torch.Tensor
    down: torch.Tensor

    def __call__(self, x: torch.Tensor, weights: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        """See ExpertStore."""
        return experts(x, self.gate_up, self.down, weights, ids)


@dataclass(frozen=True, slots=True, eq=False)
class Int4Experts:
    """Codes gate_up [experts, 2m, hidden/8], down [experts, hidden, m/8] int32, and the scales of their groups."""

    gate_up: torch.Tensor
    gate_up_scale: torch.Tensor
    down: torch.Tensor
    down_scale: torch.Tensor

    def __call__(self, x: torch.Tensor, weights: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        """See ExpertStore."""
        return int4_experts(x, self.gate_up, self.gate_up_scale, self.down, self.down_scale, weights, ids)


def expert_store(slots: Mapping[str, torch.Tensor]) -> ExpertStore:
    """The store for a layer's slots, named without the layer."""
    if "experts_gate_up" in slots:
        return FloatExperts(slots["experts_gate_up"], slots["experts_down"])
    return Int4Experts(
        slots["experts_gate_up_packed"],
        slots["experts_gate_up_scale"],
        slots["experts_down_packed"],
        slots["experts_down_scale"],
    )
