"""Chunks of a prompt over their prefix at Kimi K2's sizes, and one block of it alone beside cuDNN's attention."""

from collections.abc import Iterator
from functools import partial

import torch
import triton
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import pad, scaled_dot_product_attention

from benchmarks.timer import Ceilings, Check, Row, Variants, graph_us, relative_error
from kimicode_kernels import mla_prefill
from kimicode_kernels.mla_prefill import NARROW, WIDE, Tile
from kimicode_kernels.reference import mla_prefill as reference

HEADS, NOPE, ROPE, V, RANK, PAGE = 64, 128, 64, 128, 512, 64
SCALE = 192**-0.5
TILES = [
    WIDE,
    Tile(128, 64, 8, 4),
    Tile(128, 32, 8, 4),
    Tile(128, 32, 8, 6),
    Tile(64, 64, 4, 3),
    Tile(128, 64, 8, 3, tma=False),
    NARROW,
]


def checks() -> Iterator[Check]:
    """Against fp32, several heads; behind the context there is NaN."""
    shapes = ((1, 1, 4), (5, 77, 4), (64, 64, 64), (65, 300, 3), (300, 300, 5), (700, 3000, 8), (130, 9000, 2))
    for count, context, heads in shapes:
        yield from _check(count, context, (heads, NOPE, ROPE, V, RANK))
    for sizes in ((3, 5, 6, 7, 10), (4, 16, 16, 16, 32), (2, 24, 8, 24, 48)):
        yield from _check(70, 200, sizes)


def _check(count: int, context: int, sizes: tuple[int, int, int, int, int]) -> Iterator[Check]:
    query, cache, pages, kv_b = _inputs(count, context, sizes)
    exact = reference.mla_prefill(query.float(), cache.float(), pages, context, kv_b.float(), scale=SCALE)
    tiles = [None, NARROW, *([WIDE] if sizes[1] == NOPE else [])]
    for tile in tiles:
        for workspace in (1 << 28, 1 << 21):
            out = mla_prefill.mla_prefill(
                query, cache, pages, context, kv_b, scale=SCALE, tile=tile, workspace=workspace
            )
            shape = f"{count} of {context}, {sizes}, {tile}, {workspace}"
            yield Check("mla_prefill", shape, relative_error(out, exact), 6e-3)


def rows(peak: Ceilings) -> Iterator[Row]:
    """A block in the middle of a context in every tile; whole chunks."""
    sizes = (HEADS, NOPE, ROPE, V, RANK)
    yield from _middle(8192, 8192)
    yield from _middle(512, 8192)
    for count, before in ((8192, 65536), (8192, 0), (2048, 0), (2048, 32768), (512, 8192), (64, 32768)):
        query, cache, pages, kv_b = _inputs(count, before + count, sizes)
        call = partial(mla_prefill.mla_prefill, query, cache, pages, before + count, kv_b, scale=SCALE)
        pairs = count * before + count * (count + 1) / 2
        flops = 2.0 * HEADS * (NOPE + ROPE + V) * pairs
        yield Row("mla_prefill", f"{count} over {before}", graph_us([call], replays=5), flops=flops)


def _middle(count: int, keys: int) -> Iterator[Row]:
    """Every key seen by every query, sums kept: what a block before the chunk costs."""
    query, latents = _random(count, HEADS, NOPE + ROPE), _random(keys, RANK + ROPE)
    expanded, out = _random(keys, HEADS * (NOPE + V)), _random(count, HEADS, V)
    sums = (torch.zeros(count, HEADS, V, device="cuda"), *torch.ones(2, count, HEADS, device="cuda"))
    variants = Variants()
    flops, shape = 2.0 * HEADS * (NOPE + ROPE + V) * count * keys, f"block {count} x {keys}"
    for tile in TILES:
        call = partial(mla_prefill._block, query, expanded, latents, out, sums, keys, NOPE, SCALE, tile, (False, False))
        try:
            variants.add(str(tile), graph_us([call], replays=8))
        except triton.runtime.errors.OutOfResources:
            variants.add(f"{tile} too large", float("inf"))
    note = "; ".join(f"{name}: {flops / us / 1e6:.0f}" for name, us in variants.tried)
    yield Row("mla_prefill", shape, variants.best, flops=flops, note=f"{variants.name}; TFLOP/s {note}")
    both = expanded.view(keys, HEADS, NOPE + V)
    key = torch.cat((both[..., :NOPE], latents[:, None, RANK:].expand(-1, HEADS, -1)), -1)
    arguments = [one.transpose(0, 1).unsqueeze(0).contiguous() for one in (query, key, both[..., NOPE:])]
    padded = [*arguments[:2], pad(arguments[2], (0, ROPE))]
    for backend, name, qkv in (
        (SDPBackend.CUDNN_ATTENTION, "cuDNN", arguments),
        (SDPBackend.CUDNN_ATTENTION, "cuDNN, v padded", padded),
        (SDPBackend.FLASH_ATTENTION, "FA2, v padded", padded),
    ):
        try:
            with sdpa_kernel(backend):
                us = graph_us([partial(scaled_dot_product_attention, qkv[0], qkv[1], qkv[2], scale=SCALE)], replays=8)
        except RuntimeError:
            continue  # this build of torch has no such kernel
        yield Row("mla_prefill", shape, us, flops=flops, peer=name)


def _inputs(
    count: int, context: int, sizes: tuple[int, int, int, int, int]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    heads, nope, rope, v, rank = sizes
    need = -(-context // PAGE)
    cache = _random(need + 3, PAGE, rank + rope)
    pages = torch.randperm(need + 3, device="cuda")[:need]
    cache[pages[-1], (context - 1) % PAGE + 1 :] = float("nan")
    return _random(count, heads, nope + rope), cache, pages, _random(heads, nope + v, rank) * rank**-0.5


def _random(*size: int) -> torch.Tensor:
    return torch.randn(size, device="cuda", dtype=torch.bfloat16)
