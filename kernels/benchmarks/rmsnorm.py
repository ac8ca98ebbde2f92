"""RMSNorm of Kimi K2's residual stream; few tokens find their data in the L2 cache, as in an engine."""

from collections.abc import Iterator
from functools import partial

import torch

from benchmarks.timer import Ceilings, Check, Row, graph_us, relative_error
from kimicode_kernels import rmsnorm as ours
from kimicode_kernels.reference import rmsnorm as reference

WIDTH, EPS = 7168, 1e-5
CALLS = {1: 200, 64: 100, 4096: 4}
"""Tokens, and calls a graph."""
OTHER_WARPS = {1: (4, 8, 32), 64: (4, 8, 32), 4096: (4, 16)}


def data(tokens: int, width: int = WIDTH) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """x and residual [tokens, width], weight [width], bf16."""
    x, residual = torch.randn(2, tokens, width, device="cuda", dtype=torch.bfloat16)
    return x, residual, torch.randn(width, device="cuda", dtype=torch.bfloat16)


def checks() -> Iterator[Check]:
    """Both forms against fp32 at even and odd widths."""
    for tokens, width in ((1, WIDTH), (64, WIDTH), (4096, WIDTH), (3, 1536), (5, 577), (2, 24000)):
        x, residual, weight = data(tokens, width)
        expected = reference.rmsnorm(x.float(), weight.float(), EPS)
        for dependent in (False, True):
            out = ours.rmsnorm(x, weight, EPS, dependent=dependent)
            yield Check("rmsnorm", f"{tokens} x {width}", relative_error(out, expected), 3e-3)
        out, total = ours.rmsnorm_residual(x, residual, weight, EPS)
        expected, sums = reference.rmsnorm_residual(x, residual, weight, EPS)
        yield Check("rmsnorm +residual", f"{tokens} x {width}", relative_error(out, expected), 3e-3)
        yield Check("residual", f"{tokens} x {width}", relative_error(total, sums), 0.0)


def rows(_: Ceilings) -> Iterator[Row]:
    """Ours, started early and with other warps, and torch's."""
    for tokens, calls in CALLS.items():
        sets = [data(tokens) for _ in range(calls)]
        shape, size = f"{tokens} tokens", 4.0 * tokens * WIDTH
        for note, dependent in (("", False), ("dependent", True)):
            plain = [partial(ours.rmsnorm, x, w, EPS, dependent=dependent) for x, _, w in sets]
            yield Row("rmsnorm", shape, graph_us(plain), size, note=note)
            both = [partial(ours.rmsnorm_residual, x, r, w, EPS, dependent=dependent) for x, r, w in sets]
            yield Row("rmsnorm +res", shape, graph_us(both), 2 * size, note=note)
        out = torch.empty_like(sets[0][0])
        for warps in OTHER_WARPS[tokens]:
            others = [partial(ours.launch, x, None, w, out, out, EPS, warps=warps) for x, _, w in sets]
            yield Row("rmsnorm", shape, graph_us(others), size, note=f"{warps} warps")
        torchs = [partial(reference.rmsnorm, x, w, EPS) for x, _, w in sets]
        yield Row("rmsnorm", shape, graph_us(torchs), size, peer="torch")
