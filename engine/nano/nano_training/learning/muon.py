"""MuonClip, the optimiser of Kimi K2 (arXiv 2507.20534, §2.1): Muon with updates as large as AdamW's, and QK-Clip.

Muon takes the matrices, the routers' as well. AdamW takes vectors, and embedding and head, whose rows are a token's
own: one orthogonal update would move a rare token's as much as a frequent one's."""

from collections.abc import Mapping
from typing import Any

import torch

from kimicode_engine.config import ModelConfig
from nano_training.learning.parameters import ROWS, VECTORS

TAU = 100.0
"""The largest attention logit that QK-Clip lets be."""
LIKE_ADAM = 0.2
"""The root mean square of AdamW's updates (Liu et al., "Muon is Scalable", arXiv 2502.16982, §2.2)."""
COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of Newton-Schulz's quintic: singular values end near one, small ones fast (Jordan et al., Muon, 2024)."""


class MuonClip:
    """Both optimisers over one set of parameters, with one rate."""

    def __init__(self, parameters: Mapping[str, torch.Tensor], *, momentum: float = 0.95, decay: float = 0.1) -> None:
        self.momentum, self.decay = momentum, decay
        self.matrices = {name: values for name, values in parameters.items() if name not in VECTORS | ROWS}
        self.momenta = {name: torch.zeros_like(values) for name, values in self.matrices.items()}
        rows = [values for name, values in parameters.items() if name in ROWS]
        vectors = [values for name, values in parameters.items() if name in VECTORS]
        groups = [{"params": rows, "weight_decay": decay}, {"params": vectors, "weight_decay": 0.0}]
        self.adam = torch.optim.AdamW(groups, lr=0.0, betas=(0.9, 0.95), eps=1e-8, fused=True)

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """Update every parameter by its gradient, and forget the gradients."""
        for name, values in self.matrices.items():
            assert values.grad is not None, f"{name} has no gradient"
            momentum = self.momenta[name].mul_(self.momentum).add_(values.grad)
            ahead = values.grad.add_(momentum, alpha=self.momentum)
            update = orthogonal(ahead.flatten(0, -3)).view_as(values)
            size = LIKE_ADAM * max(values.shape[-2:]) ** 0.5
            values.mul_(1 - rate * self.decay).add_(update, alpha=-rate * size)
            values.grad = None
        for group in self.adam.param_groups:
            group["lr"] = rate
        self.adam.step()
        self.adam.zero_grad()

    def state(self) -> dict[str, Any]:
        """What `restore` takes."""
        return {"momenta": self.momenta, "adam": self.adam.state_dict()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on where another one was."""
        for name, momentum in self.momenta.items():
            momentum.copy_(state["momenta"][name])
        self.adam.load_state_dict(state["adam"])


def orthogonal(matrices: torch.Tensor, steps: int = 5) -> torch.Tensor:
    """The nearest matrices with singular values near one, [n, rows, columns] → the same in bf16, by Newton-Schulz."""
    first, second, third = COEFFICIENTS
    x = matrices.to(torch.bfloat16)
    tall = x.shape[1] > x.shape[2]
    x = x.mT if tall else x
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(steps):
        square = x @ x.mT  # [n, rows, rows]
        mixed = torch.baddbmm(square, square, square, beta=second, alpha=third)
        x = torch.baddbmm(x, mixed, x, beta=first)
    return x.mT if tall else x


@torch.no_grad()
def clip_logits(
    parameters: Mapping[str, torch.Tensor], config: ModelConfig, largest: torch.Tensor, tau: float = TAU
) -> None:
    """QK-Clip: shrink the queries and keys of each head whose largest logit, [layers, heads], exceeds tau, so that it
    would be tau. The part with position takes it all on the query, for all heads share its key."""
    keep = (tau / largest.clamp_min(tau)).view(config.layers, config.heads, 1, 1)  # [layers, heads, 1, 1]
    nope = config.qk_nope_head_dim
    query = torch.unflatten(parameters["q_b"], 1, (config.heads, -1))  # [layers, heads, nope + rope, q rank]
    query[:, :, :nope] *= keep.sqrt()
    query[:, :, nope:] *= keep
    key = torch.unflatten(parameters["kv_b"], 1, (config.heads, -1))  # [layers, heads, nope + v, rank]
    key[:, :, :nope] *= keep.sqrt()
