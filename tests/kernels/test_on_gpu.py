"""Every kernel and layer on a real GPU against fp32: by the benchmarks' own checks, and in caches beyond 2³¹ values.

Those checks take published and odd sizes, NaN where nothing may be read, and, for what sums in parts, a second run."""

from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
import torch
import triton

from kimicode_kernels.cache_write import cache_write
from kimicode_kernels.gemv import gemv, gemv_swiglu
from kimicode_kernels.mla_decode import mla_decode
from kimicode_kernels.mla_plan import TILES, mla_plan
from kimicode_kernels.mla_prefill import mla_prefill
from kimicode_kernels.reference.rope_and_write import rope_and_write as rope_and_write_reference
from kimicode_kernels.rope_and_write import rope_and_write

pytestmark = [pytest.mark.gpu, pytest.mark.timeout(300), pytest.mark.usefixtures("_gpu")]

ROOT = Path(__file__).parents[2]
CHECKED = [
    path.stem
    for top in ("kernels", "engine")
    for path in sorted((ROOT / top / "benchmarks").glob("*.py"))
    if "\ndef checks()" in path.read_text("utf-8")
]
PAGE, RANK, ROPE, HEADS, SCALE = 64, 512, 64, 16, 0.1
POOL = 1 << 16
"""Pages of 64 x 576 values: 2.4e9, 4.8 GB."""
FAR, COUNT = POOL - 40, 40
"""The first and the number of pages whose values lie beyond what 32 bits count."""


@pytest.fixture
def _gpu():
    if not torch.cuda.is_available() or triton.knobs.runtime.interpret:
        pytest.skip("needs a GPU, and TRITON_INTERPRET=0")
    torch.manual_seed(0)
    yield
    torch.cuda.empty_cache()


@pytest.mark.parametrize("operation", CHECKED)
def test_all_that_is_timed_computes_what_fp32_does(operation):
    found = list(import_module(f"benchmarks.{operation}").checks())
    assert found
    wrong = [check for check in found if not check.passed]
    assert not wrong, "\n".join(f"{one.op} {one.shape}: {one.error:.2e} > {one.limit:.0e}" for one in wrong)


def test_the_same_prompt_s_chunk_gives_the_same_bits_twice():
    query, cache, kv_b = random(130, 4, 192), random(20, PAGE, RANK + ROPE), random(4, 256, RANK) / 20
    pages = torch.randperm(20, device="cuda")
    first, again = (mla_prefill(query, cache, pages, 1200, kv_b, scale=SCALE, workspace=1 << 20) for _ in range(2))
    assert torch.equal(first, again)


@pytest.mark.parametrize("tokens", [1, 5, 16])
def test_the_same_product_gives_the_same_bits_twice(tokens):
    x, weight = random(tokens, 1000), random(998, 1000)
    for product in (gemv, gemv_swiglu):
        assert torch.equal(product(x, weight), product(x, weight))


# --- beyond 2³¹ values ------------------------------------------------------------------------------------------


def test_latents_are_written_beyond_two_to_the_31():
    pool, latents = zeros(POOL, PAGE), random(COUNT, RANK + ROPE)
    slots = (far() * PAGE + near())[torch.randperm(COUNT)]
    cache_write(latents, pool, slots)
    assert torch.equal(pool.view(-1, RANK + ROPE)[slots], latents)
    assert written(pool) == COUNT


@pytest.mark.parametrize("interleaved", [True, False])
def test_normalised_latents_are_written_there_too(interleaved):
    pool, small = zeros(POOL, PAGE), zeros(COUNT, 1)
    angles = 6 * torch.rand(COUNT, ROPE // 2, device="cuda")
    turns, weight = torch.stack((angles.cos(), angles.sin()), dim=-1), random(RANK)
    rest = (random(COUNT, HEADS, ROPE), random(COUNT, RANK + ROPE), turns, weight, 1e-6)
    slots = far() * PAGE + PAGE - 1
    found = rope_and_write(*rest, pool, slots, interleaved=interleaved)
    expected = rope_and_write_reference(*rest, small, near(), interleaved=interleaved)
    torch.testing.assert_close(found, expected, rtol=1e-2, atol=1e-2)
    torch.testing.assert_close(pool.view(-1, RANK + ROPE)[slots], small[:, 0], rtol=1e-2, atol=1e-2)
    assert written(pool) == COUNT


@pytest.mark.parametrize("ring", [True, False])
def test_decoding_reads_the_same_from_there(ring):
    pool, small = far_and_near()
    lengths = torch.tensor([1200, 1, 65], dtype=torch.int32, device="cuda")
    query, results = random(3, HEADS, RANK + ROPE), []
    for cache, pages in ((pool, far()), (small, near())):
        table = pages.int().repeat(3, 1)
        plan = mla_plan(lengths, table, HEADS, tiles=replace(TILES[HEADS], ring=ring))
        results.append(mla_decode(query, cache, table, lengths, scale=SCALE, rank=RANK, plan=plan))
    (out_far, lse_far), (out_near, lse_near) = results
    assert out_near.isfinite().all()
    assert torch.equal(out_far, out_near)
    assert torch.equal(lse_far, lse_near)


def test_a_prompt_s_chunk_reads_the_same_from_there():
    pool, small = far_and_near()
    query, kv_b = random(100, 4, 128 + ROPE), random(4, 256, RANK) / 20
    out_far, out_near = (
        mla_prefill(query, cache, pages, 1200, kv_b, scale=SCALE) for cache, pages in ((pool, far()), (small, near()))
    )
    assert out_near.isfinite().all()
    assert torch.equal(out_far, out_near)


def far():
    return torch.arange(FAR, FAR + COUNT, device="cuda")


def near():
    return torch.arange(COUNT, device="cuda")


def far_and_near():
    """The pool, full of NaN but for its last pages, and a small one of the same pages."""
    pool = torch.full((POOL, PAGE, RANK + ROPE), float("nan"), dtype=torch.bfloat16, device="cuda")
    small = random(COUNT, PAGE, RANK + ROPE)
    pool[FAR:] = small
    return pool, small


def written(pool):
    """Lines of the pool that are no longer zero."""
    return sum(int(part.any(dim=-1).sum()) for part in pool.split(1 << 12))


def zeros(pages, page):
    return torch.zeros(pages, page, RANK + ROPE, dtype=torch.bfloat16, device="cuda")


def random(*shape):
    return torch.randn(shape, dtype=torch.bfloat16, device="cuda")
