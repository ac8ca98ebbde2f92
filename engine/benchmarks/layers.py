"""Layers of the model on the Triton kernels: their logits against fp32 PyTorch, and what a layer takes of a step.

`PYTHONPATH=kernels:engine python engine/benchmarks/layers.py [--out FILE]`: K2.6's true geometry with fewer experts and
random weights, timed as kernels/benchmarks times kernels."""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median

import torch

from benchmarks.run import measure, report
from benchmarks.timer import Ceilings, Check, Row, ceilings, graph_us, relative_error
from benchmarks.whole import K26
from kimicode_engine.cache.latent import Chunk, LatentCache, Placement
from kimicode_engine.checkpoint import names
from kimicode_engine.config import ModelConfig, parse_config
from kimicode_engine.limits import PAGE
from kimicode_engine.model.kimi import Kimi
from kimicode_kernels.select import REFERENCE, kernels_for

DEVICE = torch.device("cuda")
GEOMETRY = {
    **K26, "num_hidden_layers": 2, "n_routed_experts": 32, "vocab_size": 4096, "max_position_embeddings": 8192,
}  # fmt: skip
TINY = {
    "hidden_size": 128,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "q_lora_rank": 48,
    "kv_lora_rank": 64,
    "qk_nope_head_dim": 32,
    "qk_rope_head_dim": 16,
    "v_head_dim": 32,
    "intermediate_size": 256,
    "moe_intermediate_size": 128,
    "n_routed_experts": 8,
    "num_experts_per_tok": 2,
}
ODD = TINY | {"kv_lora_rank": 40, "qk_rope_head_dim": 8, "moe_intermediate_size": 96, "hidden_size": 96}
LIMIT = 0.05
"""Of bf16 through a few random layers; a routed expert that is lost costs ten times as much."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Check and time; 1 if a check failed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    given = parser.parse_args(arguments)
    peak, found = ceilings(), list[Row]()
    failed = measure("layers", peak, found, timed=True)
    if given.out:
        given.out.write_text(json.dumps(report(peak, found), indent=1) + "\n")
    return 1 if failed else 0


def checks() -> Iterator[Check]:
    """Prompts in chunks, then decoding rows, on a poisoned cache; PyTorch in bf16 beside ours shows what bf16 costs."""
    for name, fields in (("tiny", TINY), ("odd sizes", ODD), ("K2.6, 2 layers", {})):
        config = parse_config({**GEOMETRY, **fields})
        slots = random_slots(config)
        exact = logits(
            config, {key: value.float() if value.is_floating_point() else value for key, value in slots.items()}
        )
        torch.cuda.empty_cache()
        plain = logits(config, slots, reference=True)
        fast = logits(config, slots)
        yield Check("layers", f"{name}, PyTorch bf16", row_error(plain, exact), LIMIT)
        yield Check("layers", name, row_error(fast, exact), LIMIT)
        agree = (fast.argmax(-1) == plain.argmax(-1)).float().mean()
        yield Check("layers", f"{name}, other greedy tokens", 1.0 - float(agree), 0.3)


def row_error(out: torch.Tensor, reference: torch.Tensor) -> float:
    """The median row's: where rounding exchanges one expert for another of the same score a row is far off, and right.
    NaN if anything is NaN."""
    errors = [relative_error(mine, exact) for mine, exact in zip(out, reference, strict=True)]
    return float("nan") if any(error != error for error in errors) else median(errors)


@torch.inference_mode()
def logits(config: ModelConfig, slots: Mapping[str, torch.Tensor], *, reference: bool = False) -> torch.Tensor:
    """[rows, vocab] of two prompts, one in two chunks, and of three steps in which both decode."""
    model = Kimi(config, slots, REFERENCE if reference else None)
    cache = LatentCache(config.layers, 8, config.latent_dim, model.embed.dtype, DEVICE)
    cache.latents.fill_(float("nan"))
    generator = torch.Generator().manual_seed(1)
    tokens = torch.randint(config.vocab_size, (2, 256), generator=generator).to(DEVICE)
    pages = torch.tensor([[3, 0, 6, 1], [2, 7, 5, 4]], device=DEVICE)
    found = []
    for row, first, last in ((0, 0, 64), (0, 64, 130), (1, 0, 5)):
        places = torch.arange(first, last, device=DEVICE)
        chunk = Chunk(0, last - first, last, pages[row, : -(-last // PAGE)].contiguous())
        slots_of = pages[row, places // PAGE] * PAGE + places % PAGE
        none = torch.empty(0, dtype=torch.int32, device=DEVICE)
        placement = Placement(slots_of, 0, none.view(0, 1), none, (chunk,))
        found.append(model.forward(tokens[row, first:last], places, placement, cache, places[-3:] - first))
    for step in range(3):
        places = torch.tensor([130 + step, 5 + step], device=DEVICE)
        slots_of = pages.gather(1, (places // PAGE).unsqueeze(1)).squeeze(1) * PAGE + places % PAGE
        placement = Placement(slots_of, 2, pages.int(), places.int() + 1, ())
        new = tokens.gather(1, places.unsqueeze(1)).squeeze(1)
        found.append(model.forward(new, places, placement, cache, torch.arange(2, device=DEVICE)))
    return torch.cat(found)


def rows(ceilings: Ceilings) -> Iterator[Row]:
    """A decode step at 4,096 tokens of context: the difference of two depths is a layer, without embedding and head."""
    for batch in (1, 16):
        took = {layers: step_us(layers, batch) for layers in (2, 6)}
        layer = (took[6] - took[2]) / 4
        # which experts more tokens choose is not known here, and so neither are their bytes
        size = layer_bytes() if batch == 1 else 0.0
        yield Row("layers", f"MoE layer, batch {batch}, 4K context", layer, bytes=size)
        if batch == 1:
            per_token = 61 * layer + 1e6 * 2 * 163840 * 7168 / ceilings.read
            yield Row(
                "layers", "61 layers and head, computed", per_token, note=f"{1e6 / per_token:.1f} tokens a second"
            )


@torch.inference_mode()
def step_us(layers: int, batch: int, context: int = 4096) -> float:
    """µs of one decode step of `batch` rows through `layers` MoE layers of 32 experts."""
    config = replace(parse_config({**GEOMETRY, "first_k_dense_replace": 0}), layers=layers)
    model = Kimi(config, random_slots(config), kernels_for(DEVICE, torch.bfloat16))
    each = context // PAGE
    cache = LatentCache(layers, batch * each, config.latent_dim, torch.bfloat16, DEVICE)
    cache.latents.normal_()
    table = torch.arange(batch * each, dtype=torch.int32, device=DEVICE).view(batch, each)
    lengths = torch.full((batch,), context, dtype=torch.int32, device=DEVICE)
    slots = table[:, -1].long() * PAGE + PAGE - 1
    placement = Placement(slots, batch, table, lengths, ())
    steps = [torch.randint(config.vocab_size, (batch,), device=DEVICE) for _ in range(4)]
    places, every = lengths.long() - 1, torch.arange(batch, device=DEVICE)
    return graph_us([partial(model.forward, tokens, places, placement, cache, every) for tokens in steps], replays=10)


def layer_bytes(context: int = 4096) -> float:
    """What a layer must read for one token: its bf16 weights, eight experts, the latents."""
    attention = 1536 * 7168 + 64 * 192 * 1536 + 576 * 7168 + 64 * 256 * 512 + 7168 * 64 * 128
    shared, router = 3 * 2048 * 7168, 32 * 7168
    return 2.0 * (attention + shared + router) + 8 * 3 * 2048 * 7168 * (0.5 + 2 / 32) + context * 1152


def random_slots(config: ModelConfig) -> dict[str, torch.Tensor]:
    """Weights whose outputs are of about unit size."""
    torch.manual_seed(0)
    return {slot.name: _random(slot) for slot in names.slots(config)}


def _random(slot: names.Slot) -> torch.Tensor:
    if slot.kind is names.Kind.PACKED:
        return torch.randint(-(2**31), 2**31 - 1, slot.shape, dtype=torch.int32, device=DEVICE)
    if slot.kind is names.Kind.FLOAT32:
        return torch.randn(slot.shape, device=DEVICE) * 0.1
    values = torch.empty(slot.shape, dtype=torch.bfloat16, device=DEVICE)
    if slot.kind is names.Kind.SCALE:
        columns = 32 * slot.shape[-1]
        return values.uniform_(0.8, 1.2).mul_(columns**-0.5 / 4.6)  # codes have a deviation of 4.6
    if slot.owner is names.Owner.NORM:
        return values.normal_(1.0, 0.1)
    return values.normal_(0.0, 1.0 if slot.name == "embed" else slot.shape[-1] ** -0.5)


if __name__ == "__main__":
    sys.exit(main())
