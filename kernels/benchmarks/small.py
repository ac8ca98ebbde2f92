"""What a layer does between its products: RoPE, the cache's writes, both at once with the latents' norm, SwiGLU."""

from collections.abc import Iterator
from functools import partial

import torch

from benchmarks.timer import Ceilings, Check, Row, graph_us, relative_error
from kimicode_kernels import cache_write, rope, rope_and_write, swiglu
from kimicode_kernels.reference import cache_write as reference_cache_write
from kimicode_kernels.reference import rope as reference_rope
from kimicode_kernels.reference import rope_and_write as reference_rope_and_write
from kimicode_kernels.reference import swiglu as reference_swiglu

HEADS, NOPE, ROPE, RANK, PAGE, PAGES = 64, 128, 64, 512, 64, 2048
CALLS = {1: 200, 64: 100, 4096: 8}
"""Tokens, and calls a graph."""
GATED = {1: (2048, 18432), 64: (2048, 18432), 4096: (2048,)}


def random(*shape: int) -> torch.Tensor:
    """Of unit variance, in bf16."""
    return torch.randn(*shape, device="cuda", dtype=torch.bfloat16)


class Step:
    """The tensors of one layer's step of `tokens` tokens; the queries lie as the model's product leaves them."""

    def __init__(self, tokens: int) -> None:
        self.query = random(tokens, HEADS, NOPE + ROPE)[..., NOPE:]
        self.both = random(tokens, RANK + ROPE)
        angles = torch.rand(tokens, ROPE // 2, device="cuda") * 6
        self.turns = torch.stack((angles.cos(), angles.sin()), dim=-1)
        self.weight = random(RANK)
        self.slots = torch.randperm(PAGES * PAGE, device="cuda")[:tokens]
        self.gate_up = {n: random(tokens, 2 * n) for n in GATED[tokens]}


def cache() -> torch.Tensor:
    """An empty cache [PAGES, PAGE, RANK + ROPE]."""
    return torch.zeros(PAGES, PAGE, RANK + ROPE, device="cuda", dtype=torch.bfloat16)


def checks() -> Iterator[Check]:
    """Each against its reference in fp32; the caches as a whole, so that a stray write is seen."""
    for tokens in (1, 64, 4096):
        step, shape = Step(tokens), f"{tokens} tokens"
        for interleaved in (True, False):
            expected = reference_rope.rope(step.query.float(), step.turns, interleaved)
            found = rope.rope(step.query, step.turns, interleaved)
            yield Check("rope", shape, relative_error(found, expected), 3e-3)
            one, other = cache(), cache()
            rest = (step.both, step.turns, step.weight, 1e-6)
            found = rope_and_write.rope_and_write(step.query, *rest, one, step.slots, interleaved=interleaved)
            reference_rope_and_write.rope_and_write(step.query, *rest, other, step.slots, interleaved=interleaved)
            yield Check("rope_and_write", shape, relative_error(found, expected), 3e-3)
            yield Check("rope_and_write", f"{shape}, cache", relative_error(one, other), 3e-3)
        inside = step.query.clone()
        rope_and_write.rope_and_write(inside, *rest, one, step.slots, interleaved=False, out=inside, dependent=True)
        yield Check("rope_and_write", f"{shape}, in place", relative_error(inside, expected), 3e-3)
        one, other = cache(), cache()
        cache_write.cache_write(step.both, one, step.slots)
        reference_cache_write.cache_write(step.both, other, step.slots)
        yield Check("cache_write", shape, relative_error(one, other), 0.0)
        for width, gate_up in step.gate_up.items():
            expected = reference_swiglu.swiglu(gate_up.float())
            yield Check("swiglu", f"{shape} x {width}", relative_error(swiglu.swiglu(gate_up), expected), 3e-3)


def rows(_: Ceilings) -> Iterator[Row]:
    """Ours and torch's; few tokens find their data in the L2 cache."""
    pages = cache()
    for tokens, calls in CALLS.items():
        steps, shape = [Step(tokens) for _ in range(calls)], f"{tokens} tokens"
        turned, written = 4.0 * tokens * HEADS * ROPE, 4.0 * tokens * (RANK + ROPE)
        yield Row("rope", shape, graph_us([partial(rope.rope, s.query, s.turns) for s in steps]), turned)
        torchs = [partial(reference_rope.rope, s.query, s.turns) for s in steps]
        yield Row("rope", shape, graph_us(torchs), turned, peer="torch")
        writes = [partial(cache_write.cache_write, s.both, pages, s.slots) for s in steps]
        yield Row("cache_write", shape, graph_us(writes), written)
        for note, dependent in (("", False), ("dependent", True)):
            fuse = partial(rope_and_write.rope_and_write, dependent=dependent)
            fused = [partial(fuse, s.query, s.both, s.turns, s.weight, 1e-6, pages, s.slots) for s in steps]
            yield Row("rope_and_write", shape, graph_us(fused), turned + written, note=note)
            for width in GATED[tokens]:
                gated = [partial(swiglu.swiglu, s.gate_up[width], dependent=dependent) for s in steps]
                yield Row("swiglu", f"{shape} x {width}", graph_us(gated), 6.0 * tokens * width, note=note)
        for width in GATED[tokens]:
            gated = [partial(reference_swiglu.swiglu, s.gate_up[width]) for s in steps]
            yield Row("swiglu", f"{shape} x {width}", graph_us(gated), 6.0 * tokens * width, peer="torch")
