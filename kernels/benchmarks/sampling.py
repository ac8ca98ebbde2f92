"""The next token over Kimi's 163,840 logits: greedy, and by top-p of a flat row (random weights) and a peaked one."""

from collections.abc import Iterator, Mapping
from functools import partial

import torch

from benchmarks.timer import Ceilings, Check, Row, graph_us
from kimicode_kernels import nucleus, sampling
from kimicode_kernels.reference import sampling as reference

VOCAB = 163_840
SPREADS = {"flat": 1.0, "peaked": 3.0}
"""Standard deviations of the logits."""
CALLS = {1: 100, 8: 16, 64: 2}
"""Rows, and calls a graph."""
NEAR = 1e-5
"""Uniform numbers so close may give neighbouring tokens: sums of 163,840 fp32 exponentials differ by as much."""
VARIANTS: dict[str, dict[str, int]] = {
    "unchained": {"chain": 0},
    "block 2048": {"block": 2048, "warps": 8},
    "block 512": {"block": 512},
    "tile 128, 8 warps": {"tile": 128},
    "tile 256, 4 warps": {"tile": 256, "bin_warps": 4},
    "tile 64, 4 warps": {"tile": 64, "bin_warps": 4},
    "chunk 256, 16 warps": {"draw_warps": 16},
    "chunk 128, 16 warps": {"chunk": 128, "draw_warps": 16},
    "chunk 128, 8 warps": {"chunk": 128},
}

MEASURED: list[dict[str, float]] = [{}, {"top_p": 0.95}, {"top_k": 50, "top_p": 0.95}]
CHECKED: list[dict[str, float]] = [*MEASURED, {"min_p": 0.02}, {"top_k": 20}]

Cuts = dict[str, torch.Tensor]


def data(rows: int, spread: float) -> tuple[torch.Tensor, torch.Tensor]:
    """logits [rows, VOCAB] and uniform numbers [rows]."""
    return spread * torch.randn(rows, VOCAB, device="cuda"), torch.rand(rows, device="cuda", dtype=torch.float64)


def cuts(rows: int, chosen: Mapping[str, float]) -> Cuts:
    """A tensor [rows] of each, and of temperature 1."""
    found = {"temperature": torch.ones(rows, device="cuda")}
    for name, value in chosen.items():
        found[name] = torch.full((rows,), value, dtype=torch.int32 if name == "top_k" else torch.float64, device="cuda")
    return found


def checks() -> Iterator[Check]:
    """The reference's tokens, or such as it draws by a number next to the row's."""
    for name, spread in SPREADS.items():
        for chosen in CHECKED:
            logits, uniforms = data(6, spread)
            given = cuts(6, chosen)
            host = {key: one.cpu() for key, one in given.items()}
            found = sampling.sample(logits, uniforms, **given).cpu()
            low, high = (
                reference.sample(logits.cpu(), (uniforms.cpu() + shift).clamp(0.0, 1.0 - 1e-9), **host)
                for shift in (-NEAR, NEAR)
            )
            wrong = ((found < low) | (found > high)).float().mean()
            yield Check("sampling", f"{name} {chosen}", float(wrong), 0.0)
            again = sampling.sample(logits, uniforms, **given).cpu()
            yield Check("sampling", f"{name} {chosen}, again", float((again != found).float().mean()), 0.0)
    logits, _ = data(64, 1.0)
    logits[0, 7], logits[1, 9], logits[2, 11:90_000] = float("nan"), float("inf"), 9.0
    wrong = (sampling.greedy(logits) != reference.greedy(logits)).float().mean()
    yield Check("greedy", "64 rows", float(wrong), 0.0)
    wrong = (sampling.greedy(logits)[:3].cpu() != torch.tensor([-1, -1, 11])).float().mean()
    yield Check("greedy", "NaN, Inf, ties", float(wrong), 0.0)


def rows(_: Ceilings) -> Iterator[Row]:
    """Ours, its other tiles at one row, and torch's argmax and sort."""
    for count, calls in CALLS.items():
        size, shape = 4.0 * count * VOCAB, f"{count} rows"
        for name, spread in SPREADS.items():
            sets = [data(count, spread) for _ in range(calls)]
            if name == "flat":
                yield Row("greedy", shape, graph_us([partial(sampling.greedy, s[0]) for s in sets]), size)
                torchs = [partial(torch.argmax, s[0], -1) for s in sets]
                yield Row("greedy", shape, graph_us(torchs), size, peer="torch")
            for chosen in MEASURED:
                given, label = cuts(count, chosen), f"{shape}, {name} {' '.join(chosen) or 'all'}"
                ours = [partial(sampling.sample, *s, **given) for s in sets]
                yield Row("sampling", label, graph_us(ours), size)
            given = cuts(count, {"top_p": 0.95})
            for variant, options in VARIANTS.items() if count == 1 else ():
                other = [partial(draw, s, given, options) for s in sets]
                yield Row("sampling", f"{shape}, {name} top_p", graph_us(other), size, note=variant)
        sorts = [partial(by_sort, *s, 0.95) for s in sets]
        yield Row("sampling", f"{shape}, {name} top_p", graph_us(sorts), size, peer="torch sort")


def draw(given: tuple[torch.Tensor, torch.Tensor], limits: Cuts, options: Mapping[str, int]) -> None:
    """The kernels of `sample` with tiles of one's own."""
    tokens = torch.empty(len(given[0]), dtype=torch.int64, device="cuda")
    top_k, top_p, min_p = (limits.get(name) for name in ("top_k", "top_p", "min_p"))
    tiles = {name: size for name, size in options.items() if name != "chain"}
    chain = bool(options.get("chain", True))
    nucleus.draw(given[0], given[1], limits["temperature"], top_k, top_p, min_p, tokens, chain=chain, **tiles)


def by_sort(logits: torch.Tensor, uniforms: torch.Tensor, top_p: float) -> torch.Tensor:
    """Top-p as it is usually written: sort everything, cut, draw."""
    ranked, ids = logits.softmax(-1).sort(-1, descending=True)
    cdf = ranked.cumsum(-1)
    cdf = torch.where(cdf - ranked < top_p, cdf, 0.0)
    place = (cdf < uniforms[:, None] * cdf.amax(-1, keepdim=True)).to(torch.int8).argmin(-1)
    return ids.gather(-1, place[:, None])
