"""Linear layers of few tokens in Kimi K2's shapes, beside cuBLAS."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial

import torch
import triton

from benchmarks.timer import Ceilings, Check, Row, Variants, graph_us, relative_error
from kimicode_kernels import gemv
from kimicode_kernels import gemv_heads as gemv_heads_module
from kimicode_kernels.gemv import Tile
from kimicode_kernels.gemv_heads import gemv_heads
from kimicode_kernels.reference import gemv as reference

COLD = 400_000_000
"""Bytes of weights that the calls of a graph go through."""
ONE = [  # stages 1: a loop; 0: unrolled
    Tile(4, 1024, 4, 1),
    Tile(2, 1024, 4, 1),
    Tile(4, 2048, 8, 1),
    Tile(2, 2048, 8, 1),
    Tile(2, 4096, 8, 1),
    Tile(2, 1024, 4, 0),
    Tile(4, 512, 2, 1),
]
WHOLE = [Tile(1, 8192, 4, 0), Tile(2, 8192, 8, 0), Tile(1, 8192, 8, 0), Tile(2, 8192, 4, 0), Tile(4, 8192, 8, 0)]
SOME = [
    Tile(32, 64, 4, 4, 4),
    Tile(16, 128, 4, 4, 4),
    Tile(32, 64, 4, 5, 4),
    Tile(32, 128, 4, 3, 4),
    Tile(32, 64, 8, 3, 8),
]

Product = Callable[..., object]


def checks() -> Iterator[Check]:
    """Odd sizes, every number of tokens, and the published shapes."""
    for tokens in (1, 2, 8, 9, 16):
        for rows, k in ((37, 200), (1536, 7168), (162, 2048)):
            yield from _check(tokens, rows, k)
        for n, k, turned in ((512, 128, True), (128, 512, False), (40, 24, False)):
            x, weight = _random(tokens, 64, k), _random(64, *((k, n) if turned else (n, k)))
            weight = weight.transpose(1, 2) if turned else weight
            out = torch.full((tokens, 64, n + 64), float("nan"), device="cuda", dtype=torch.bfloat16)[..., :n]
            error = relative_error(gemv_heads(x, weight, out=out), reference.gemv_heads(x.float(), weight.float()))
            yield Check("gemv heads", f"{tokens}, {k}→{n}", error, 4e-3)


def _check(tokens: int, rows: int, k: int) -> Iterator[Check]:
    shape = f"{tokens}, {k}→{rows}"
    x, residual, gain, *weights = [
        _random(*size) for size in ((tokens, k), (tokens, k), (k,), (rows, k), (2 * rows, k), (rows + 5, k))
    ]
    wide = [weight.float() for weight in weights]
    for tile in [None, *(ONE[:1] + ONE[4:6] + WHOLE[:2] if tokens == 1 else SOME[:2])]:
        named = f"{shape} {tile or ''}"
        out = gemv.gemv(x, weights[0], tile=tile)
        yield Check("gemv", named, relative_error(out, reference.gemv(x.float(), wide[0])), 4e-3)
        out = gemv.gemv_swiglu(x, weights[1], tile=tile)
        yield Check("gemv swiglu", named, relative_error(out, reference.gemv_swiglu(x.float(), wide[1])), 4e-3)
        kinds = [torch.bfloat16, torch.bfloat16, torch.float32]
        outs, normed, total = gemv.gemv_norm(x, residual, gain, 1e-5, weights, kinds, tile=tile)
        stream = (x + residual).float()
        exact, exact_normed, _ = reference.gemv_norm(stream, None, gain.float(), 1e-5, wide)
        for one, other in zip(outs, exact, strict=True):
            yield Check("gemv norm", named, relative_error(one, other), 6e-3)
        yield Check("gemv normed", named, relative_error(normed, exact_normed), 4e-3)
        yield Check("gemv stream", named, relative_error(total, stream), 0.0)


def rows(peak: Ceilings) -> Iterator[Row]:
    """Batch 1 in every tile that could win, then 4 and 16 tokens."""
    plain = (("q_b", 12288, 1536), ("o_proj", 7168, 8192), ("shared down", 7168, 2048))
    yield from _three(1, [*ONE, *WHOLE])
    yield from _best("shared gate+up", gemv.gemv_swiglu, reference.gemv_swiglu, 1, 4096, 7168, [*ONE, *WHOLE])
    for name, n, k in plain:
        yield from _best(name, gemv.gemv, reference.gemv, 1, n, k, [*ONE, *WHOLE])
    yield from _best("lm_head", gemv.gemv, reference.gemv, 1, 163840, 7168, [ONE[2], *WHOLE[:2]])
    for n, k, turned in ((512, 128, True), (128, 512, False)):
        yield from _per_head(1, n, k, turned)
    for tokens in (4, 16):
        yield from _three(tokens, SOME[:2])
        tiles = SOME[:2] if tokens == 4 else SOME
        yield from _best("shared gate+up", gemv.gemv_swiglu, reference.gemv_swiglu, tokens, 4096, 7168, SOME[:2])
        for name, n, k in plain:
            yield from _best(name, gemv.gemv, reference.gemv, tokens, n, k, tiles)
        yield from _per_head(tokens, 512, 128, True)


def _best(
    name: str, ours: Product, theirs: Product, tokens: int, n: int, k: int, tiles: Sequence[Tile]
) -> Iterator[Row]:
    """The fastest of `tiles`, all of them in the note, as usual and as a dependent launch; and cuBLAS."""
    x, sets = _random(tokens, k), _sets(n, k)
    variants, late, shape, size = Variants(), Variants(), f"{name} {k}→{n}, {tokens}", 2.0 * n * k
    fitting = _fitting(tiles, k)
    _compile([partial(ours, x, sets[0], tile=tile, dependent=d) for tile in fitting for d in (False, True)])
    for tile in fitting:
        _try(variants, tile, [partial(ours, x, w, tile=tile) for w in sets])
        if tokens == 1:
            _try(late, tile, [partial(ours, x, w, tile=tile, dependent=True) for w in sets])
    yield Row("gemv", shape, variants.best, size, note=_note(variants))
    if tokens == 1:
        yield Row("gemv", shape + ", dependent", late.best, size, note=_note(late))
    yield Row("gemv", shape, graph_us([partial(theirs, x, w) for w in sets]), size, peer="cuBLAS")


def _three(tokens: int, tiles: Sequence[Tile]) -> Iterator[Row]:
    """q_a, kv_a and the router's gate behind the norm."""
    k, widths = 7168, (1536, 576, 384)
    x, residual, gain = _random(tokens, k), _random(tokens, k), _random(k)
    sets = [tuple(_random(n, k) for n in widths) for _ in range(COLD // (2 * sum(widths) * k) + 1)]
    kinds = (torch.bfloat16, torch.bfloat16, torch.float32)
    size, shape = 2.0 * sum(widths) * k, f"norm + q_a kv_a gate, {tokens}"
    for dependent in (False, True):
        variants = Variants()
        ours = partial(gemv.gemv_norm, x, residual, gain, 1e-5, dtypes=kinds, dependent=dependent)
        _compile([partial(ours, sets[0], tile=tile) for tile in tiles])
        for tile in tiles:
            _try(variants, tile, [partial(ours, s, tile=tile) for s in sets])
        yield Row("gemv", shape + ", dependent" * dependent, variants.best, size, note=_note(variants))
    theirs = [partial(_each, x, s) for s in sets]
    yield Row("gemv", f"q_a kv_a gate, no norm, {tokens}", graph_us(theirs), size, peer="cuBLAS")


def _compile(calls: Sequence[Callable[[], object]]) -> None:
    """All at once; the compiler runs outside Python's lock."""

    def run(call: Callable[[], object]) -> None:
        with suppress(triton.runtime.errors.OutOfResources):
            call()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(run, calls))


def _each(x: torch.Tensor, weights: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    return [reference.gemv(x, weight) for weight in weights]


def _per_head(tokens: int, n: int, k: int, turned: bool) -> Iterator[Row]:
    """The absorbed halves of kv_b."""
    x = _random(tokens, 64, k)
    sets = [_random(64, *((k, n) if turned else (n, k))) for _ in range(COLD // (128 * n * k))]
    sets = [w.transpose(1, 2) for w in sets] if turned else sets
    variants, shape = Variants(), f"kv_b 64 x ({k}→{n}), {tokens}"
    for lines, warps in ((16, 4), (32, 2), (32, 4), (64, 2), (64, 4), (64, 8), (128, 8)):
        tile = gemv_heads_module.Tile(lines, warps)
        for dependent in (False, True):
            calls = [partial(gemv_heads, x, w, tile=tile, dependent=dependent) for w in sets]
            _try(variants, f"{lines} w{warps}{' dependent' * dependent}", calls)
    size = 128.0 * n * k
    yield Row("gemv", shape, variants.best, size, note=_note(variants))
    theirs = graph_us([partial(reference.gemv_heads, x, w) for w in sets])
    yield Row("gemv", shape, theirs, size, peer="cuBLAS")


def _fitting(tiles: Sequence[Tile], k: int) -> list[Tile]:
    """The tiles whose step is not far beyond k, the one-step ones cut to it."""
    whole = triton.next_power_of_2(k)
    return list(dict.fromkeys(replace(t, step=min(t.step, whole)) for t in tiles))


def _try(variants: Variants, tile: Tile | str, calls: Sequence[Callable[[], object]]) -> None:
    try:
        variants.add(tile if isinstance(tile, str) else _label(tile), graph_us(calls))
    except triton.runtime.errors.OutOfResources:
        variants.add(f"{tile} too large", float("inf"))


def _label(tile: Tile) -> str:
    return f"{tile.rows}x{tile.step}{f'x{tile.parts}' * (tile.parts > 1)} w{tile.warps} s{tile.stages}"


def _note(variants: Variants) -> str:
    return f"{variants.name}; " + ", ".join(f"{name}: {us:.2f}" for name, us in variants.tried)


def _sets(n: int, k: int) -> list[torch.Tensor]:
    """Enough weights that none is in the L2 cache when its turn comes."""
    return [_random(n, k) for _ in range(COLD // (2 * n * k) + 2)]


def _random(*size: int) -> torch.Tensor:
    return torch.randn(size, device="cuda", dtype=torch.bfloat16)
