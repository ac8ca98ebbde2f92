"""The small parts that every layer is made of."""

from dataclasses import dataclass

import torch

from kimicode_kernels.select import Kernels


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """weight [out, in], bias [out] or none."""

    kernels: Kernels
    weight: torch.Tensor
    bias: torch.Tensor | None = None

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """x [T, in] → [T, out]."""
        return self.kernels.linear(x, self.weight, self.bias)


@dataclass(frozen=True, slots=True, eq=False)
class RmsNorm:
    """weight [n]."""

    kernels: Kernels
    weight: torch.Tensor
    eps: float

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """x [T, n] → [T, n]."""
        return self.kernels.rmsnorm(x, self.weight, self.eps)

    def add(self, x: torch.Tensor, residual: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """x and residual [T, n] → their sum normalised, and the sum."""
        return self.kernels.rmsnorm_residual(x, residual, self.weight, self.eps)


@dataclass(frozen=True, slots=True, eq=False)
class Mlp:
    """gate_up [2m, n] with the gate's rows first, down [n, m]."""

    kernels: Kernels
    gate_up: torch.Tensor
    down: torch.Tensor

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """x [T, n] → [T, n]."""
        return self.kernels.linear(self.kernels.gated(x, self.gate_up), self.down)
