"""The tensors that the model holds: their types, their bytes for the memory table, and their allocation."""

import math
from collections import Counter
from dataclasses import replace

import torch

from kimicode_engine.checkpoint.names import Kind, Owner, Slot, slots
from kimicode_engine.config import ModelConfig
from kimicode_engine.errors import CheckpointError

STORED_TYPES = {
    "BF16": torch.bfloat16,
    "F16": torch.float16,
    "F32": torch.float32,
    "I32": torch.int32,
    "I64": torch.int64,
}
"""Torch's types by safetensors' names, of all that the model reads."""


def slot_type(kind: Kind, dtype: torch.dtype) -> torch.dtype:
    """The type of a slot in a model that computes in `dtype`."""
    if kind is Kind.WEIGHT:
        return dtype
    return {Kind.FLOAT32: torch.float32, Kind.SCALE: torch.bfloat16, Kind.PACKED: torch.int32}[kind]


def weight_bytes(config: ModelConfig, dtype: torch.dtype, *, unpacked: bool = False) -> dict[str, int]:
    """Bytes of the loaded weights by owner and type, such as "routed experts, int4": what memory.plan takes.

    `unpacked`: once INT4 experts are held in `dtype`, as experts.unpacking does it."""
    sums: Counter[str] = Counter()
    for slot in slots(replace(config, int4=None) if unpacked else config):
        kind = _type_name(slot.kind, dtype)
        if unpacked and slot.owner is Owner.EXPERTS:
            kind = f"int4 as {kind}"
        sums[f"{slot.owner.value}, {kind}"] += _bytes(slot, dtype)
    return dict(sums)


def allocate(config: ModelConfig, *, device: torch.device, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """Every slot, uninitialised. Raises CheckpointError where memory does not suffice."""
    taken = 0
    made: dict[str, torch.Tensor] = {}
    for slot in slots(config):
        try:
            made[slot.name] = torch.empty(slot.shape, dtype=slot_type(slot.kind, dtype), device=device)
        except RuntimeError as error:
            needed = sum(weight_bytes(config, dtype).values())
            raise CheckpointError(
                f"the weights need {needed / 1e9:.1f} GB on {device}; after {taken / 1e9:.1f} GB there was no memory "
                f"left for {slot.name}: {str(error).splitlines()[0]}"
            ) from None
        taken += _bytes(slot, dtype)
    return made


def _bytes(slot: Slot, dtype: torch.dtype) -> int:
    return math.prod(slot.shape) * slot_type(slot.kind, dtype).itemsize


def _type_name(kind: Kind, dtype: torch.dtype) -> str:
    if kind is Kind.PACKED:
        return "int4"
    return "int4 scales" if kind is Kind.SCALE else str(slot_type(kind, dtype)).removeprefix("torch.")
