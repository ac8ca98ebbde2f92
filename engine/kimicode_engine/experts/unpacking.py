"""Holds INT4 experts as floating point where memory permits: a CPU takes far longer to unpack than to multiply."""

import torch

from kimicode_kernels.reference.packing import unpack

PACKED, SCALE = "_packed", "_scale"


def unpack_experts(slots: dict[str, torch.Tensor], dtype: torch.dtype) -> None:
    """Put one slot [experts, rows, n] in `dtype` in the place of each pair of codes [experts, rows, n/8] and scales.

    One projection of a layer at a time, whose codes are let go at once. Slots that are no INT4 stay as they are."""
    for name in [name for name in slots if name.endswith(PACKED)]:
        values = name.removesuffix(PACKED)
        slots[values] = unpack(slots.pop(name), slots.pop(values + SCALE), dtype)
