"""What a training needs to go on where it stopped, in one file of its folder."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from kimicode_engine.checkpoint.tiny_config import Tiny

FILE = "state.pt"
CURVE = "curve.jsonl"


@dataclass(frozen=True, slots=True)
class State:
    """A training between two steps."""

    sizes: Tiny
    parameters: dict[str, torch.Tensor]
    bias: torch.Tensor
    """Of the routers, [sparse layers, E]."""
    optimiser: dict[str, Any]
    step: int
    elapsed: float
    """Seconds trained so far."""
    tokens: int
    """Trained on so far, padding and prefixes included."""


def save(folder: Path, state: State) -> None:
    """Write the state, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{FILE}.partial"
    fields = {name: getattr(state, name) for name in State.__slots__}
    parameters = {name: values.detach() for name, values in state.parameters.items()}
    torch.save(fields | {"sizes": asdict(state.sizes), "parameters": parameters}, partial)
    partial.replace(folder / FILE)


def load(folder: Path, device: torch.device) -> State:
    """Read it back. Raises OSError where there is none."""
    fields = torch.load(folder / FILE, map_location=device, weights_only=True)
    parameters = {name: values.requires_grad_() for name, values in fields["parameters"].items()}
    return State(**fields | {"sizes": Tiny(**fields["sizes"]), "parameters": parameters})
