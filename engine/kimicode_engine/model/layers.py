"""The small parts that every layer is made of."""

from dataclasses import dataclass

import torch
from torch.nn.functional import linear

from kimicode_kernels.reference.rmsnorm import rmsnorm, rmsnorm_residual
from kimicode_kernels.reference.swiglu import swiglu


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """weight [out, in], bias [out] or none."""

    weight: torch.Tensor
    bias: torch.Tensor | None = None

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """x [T, in] → [T, out]."""
        return linear(x, self.weight, self.bias)


@dataclass(frozen=True, slots=True, eq=False)
class RmsNorm:
    """weight [n]."""

    weight: torch.Tensor
    eps: float

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """x [T, n] → [T, n]."""
        return rmsnorm(x, self.weight, self.eps)

    def add(self, x: torch.Tensor, residual: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """x and residual [T, n] → their sum normalised, and the sum."""
        return rmsnorm_residual(x, residual, self.weight, self.eps)


@dataclass(frozen=True, slots=True, eq=False)
class Mlp:
    """gate_up [2m, n] with the gate's rows first, down [n, m]."""

    gate_up: torch.Tensor
    down: torch.Tensor

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """x [T, n] → [T, n]."""
        return linear(swiglu(linear(x, self.gate_up)), self.down)
