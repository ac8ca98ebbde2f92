"""Eight of 384 experts from their logits; the logits are in the L2 cache, as behind the product that made them."""

from collections.abc import Iterator
from functools import partial

import torch

from benchmarks.timer import Ceilings, Check, Row, graph_us, relative_error
from kimicode_kernels import router as ours
from kimicode_kernels.reference import router as reference

EXPERTS = 384
SELECT = partial(ours.router, top_k=8, groups=1, groups_per_token=1, normalise=True, scaling=2.827)
EXPECTED = partial(reference.router, top_k=8, groups=1, groups_per_token=1, normalise=True, scaling=2.827)
CALLS = {1: 200, 64: 200, 4096: 50}
"""Tokens, and calls a graph."""


def data(tokens: int) -> tuple[torch.Tensor, torch.Tensor]:
    """logits [tokens, 384] and bias [384]."""
    return torch.randn(tokens, EXPERTS, device="cuda"), 0.1 * torch.randn(EXPERTS, device="cuda")


def checks() -> Iterator[Check]:
    """The same experts as in fp64, where no two are nearer than rounding; the same weights; ties to the lowest id."""
    for tokens in (1, 64, 4096):
        logits, bias = data(tokens)
        choice = logits.double().sigmoid() + bias.double()
        ranked, ids = choice.sort(dim=-1, descending=True, stable=True)
        clear = (ranked[:, :8] - ranked[:, 1:9] > 1e-6).all(dim=-1)
        for dependent in (False, True):
            weights, found = SELECT(logits, bias, dependent=dependent)
            wrong = (found != ids[:, :8]).any(dim=-1) & clear
            yield Check("router ids", f"{tokens} tokens", float(wrong.float().mean()), 0.0)
            expected = EXPECTED(logits, bias)[0]
            yield Check("router weights", f"{tokens} tokens", relative_error(weights[clear], expected[clear]), 1e-6)
    flat = torch.zeros(2, EXPERTS, device="cuda")
    flat[1] = float("nan")
    _, found = SELECT(flat, torch.zeros(EXPERTS, device="cuda"))
    lowest = torch.arange(8, device="cuda").expand(2, 8)
    yield Check("router ties", "all equal, all NaN", float((found != lowest).float().mean()), 0.0)


def rows(_: Ceilings) -> Iterator[Row]:
    """Ours, alone and started early, and torch's."""
    for tokens, calls in CALLS.items():
        sets = [data(tokens) for _ in range(calls)]
        shape, size = f"{tokens} tokens", 4.0 * tokens * EXPERTS
        for dependent in (False, True):
            own = [partial(SELECT, *one, dependent=dependent) for one in sets]
            yield Row("router", shape, graph_us(own), size, note="dependent" if dependent else "")
        torchs = [partial(EXPECTED, *one) for one in sets]
        yield Row("router", shape, graph_us(torchs), size, peer="torch")
