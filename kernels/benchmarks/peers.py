"""FlashMLA beside our MLA decode, where the wheel `sgl-flash-mla` is installed; it is no dependency of ours.

Its dense bf16 kernel for Hopper lies in a library of its own, which is loaded without the package around it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from benchmarks.timer import Row, graph_us, relative_error

LIBRARY = "_C_legacy.*.so"


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One step's attention, as our kernel takes it, with our result for comparison."""

    query: torch.Tensor
    """[D, heads, rank + rope] bf16"""
    cache: torch.Tensor
    """[pages, tokens per page, rank + rope] bf16"""
    table: torch.Tensor
    """[D, n] int32"""
    lengths: torch.Tensor
    """[D] int32"""
    scale: float
    ours: torch.Tensor
    """[D, heads, rank]"""


def flash_mla() -> Any | None:
    """FlashMLA's operations for Hopper; None where they are not installed or do not load."""
    spec = find_spec("flash_mla")
    folders = spec.submodule_search_locations if spec else None
    for library in (path for folder in folders or () for path in sorted(Path(folder).glob(LIBRARY))):
        try:
            torch.ops.load_library(library)  # type: ignore[no-untyped-call]
        except OSError:
            continue  # made for another PyTorch or CUDA
        return torch.ops.flash_mla_legacy
    return None


def flash_rows(op: str, shape: str, calls: Sequence[Call], size: float, flops: float) -> Iterator[Row]:
    """Its attention alone, and with the plan that an engine makes once a step; the note says how far it is from our
    result. Nothing where it is missing or refuses the shape."""
    operations = flash_mla()
    if operations is None:
        return
    try:
        out, _, *plan = attend(operations, calls[0])  # lengths are equal in all calls, and so is the plan
        note = f"{relative_error(out.view_as(calls[0].ours), calls[0].ours):.1e} from ours"
        alone = graph_us([partial(attend, operations, call, plan) for call in calls])
        yield Row(op, shape, alone, size, flops, peer="FlashMLA", note=note)
        both = graph_us([partial(attend, operations, call) for call in calls])
        yield Row(op, shape, both, size, flops, peer="FlashMLA with its plan", note=note)
    except RuntimeError:
        return  # this build has no kernel for the shape, or the GPU


def attend(
    operations: Any, call: Call, plan: Sequence[torch.Tensor | None] = (None, None)
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """(out [D, 1, heads, rank], lse, and the two tensors of the plan, which is made if none is given)."""
    rank = call.ours.shape[2]
    result: tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor] = operations.dense_decode_fwd(
        call.query.unsqueeze(1), call.cache.unsqueeze(2), rank, call.lengths, call.table, call.scale, False, *plan
    )
    return result
