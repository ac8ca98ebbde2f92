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
class NormedLinears:
    """Linear layers of one input, which is the residual stream behind a norm."""

    norm: RmsNorm
    linears: tuple[Linear, ...]
    dtype: torch.dtype | None = None
    """Of the results; none: that of the input."""

    def __call__(
        self, x: torch.Tensor, residual: torch.Tensor | None
    ) -> tuple[tuple[torch.Tensor, ...], torch.Tensor, torch.Tensor]:
        """x, residual [T, n] → each layer's result [T, out], the normalised sum, the sum. No residual: x is the sum."""
        norm = self.norm
        weights = [linear.weight for linear in self.linears]
        dtypes = [self.dtype or x.dtype] * len(weights)
        outs, normed, total = norm.kernels.gemv_norm(x, residual, norm.weight, norm.eps, weights, dtypes)
        biased = (
            out if linear.bias is None else out + linear.bias for out, linear in zip(outs, self.linears, strict=True)
        )
        return tuple(biased), normed, total


@dataclass(frozen=True, slots=True, eq=False)
class Mlp:
    """gate_up [2m, n] with the gate's rows first, down [n, m]."""

    kernels: Kernels
    gate_up: torch.Tensor
    down: torch.Tensor

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """x [T, n] → [T, n]."""
        return self.kernels.linear(self.kernels.gated(x, self.gate_up), self.down)
