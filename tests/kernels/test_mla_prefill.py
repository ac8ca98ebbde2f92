"""Flash attention over expanded blocks equals the plain definition, however a chunk, its prefix and its pages lie."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kimicode_kernels import mla_prefill as kernels
from kimicode_kernels.mla_prefill import Tile
from kimicode_kernels.reference import mla_prefill as reference

PAGE = 16
SIZES = (3, 10, 6, 5, 7)
"""heads, rank, rope, nope, v"""
SMALL = Tile(rows=16, keys=16, warps=4, stages=2, tma=False)


def attended(count, context, *, sizes=SIZES, dtype=torch.float32, tolerance=2e-6, **options):
    """Compare with fp32; pages are shuffled, and everything behind the context is NaN."""
    heads, rank, rope, nope, v = sizes
    generator = torch.Generator().manual_seed(count * 1000 + context)
    need = -(-context // PAGE)
    cache = torch.randn(need + 2, PAGE, rank + rope, generator=generator).to(dtype)
    order = torch.randperm(need + 2, generator=generator)
    pages = order[:need]
    cache[order[need:]] = float("nan")
    cache[pages[-1], (context - 1) % PAGE + 1 :] = float("nan")
    query = torch.randn(count, heads, nope + rope, generator=generator).to(dtype)
    kv_b = torch.randn(heads, nope + v, rank, generator=generator).to(dtype)
    out = kernels.mla_prefill(query, cache, pages, context, kv_b, scale=0.3, **options)
    exact = reference.mla_prefill(query.float(), cache.float(), pages, context, kv_b.float(), scale=0.3)
    assert (out.dtype, out.shape) == (dtype, exact.shape)
    assert out.isfinite().all()
    assert (out.double() - exact.double()).norm() / exact.double().norm() <= tolerance


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 40), st.integers(0, 60))
def test_a_chunk_attends_to_all_before_it_and_causally_to_itself(count, before):
    attended(count, before + count, tile=SMALL)


@settings(max_examples=8, deadline=None)
@given(st.integers(1, 40), st.integers(0, 60))
def test_blocks_of_one_page_are_merged_exactly(count, before):
    attended(count, before + count, tile=SMALL, workspace=1)


def test_the_table_s_own_tile_works_for_small_heads_too():
    attended(70, 150)
    attended(70, 150, workspace=64 * 3 * 12 * 4)


@pytest.mark.parametrize("tile", [Tile(16, 32, 4, 2, tma=False), Tile(32, 16, 4, 2, tma=False)])
def test_tiles_need_not_be_square(tile):
    attended(37, 90, tile=tile, workspace=48 * 3 * 12 * 4)


@pytest.mark.parametrize("workspace", [1, 1 << 20])
def test_descriptors_read_the_same(workspace):
    sizes = (2, 32, 16, 16, 16)
    attended(20, 50, sizes=sizes, dtype=torch.float16, tolerance=3e-3, tile=Tile(16, 16, 4, 2), workspace=workspace)


def test_bf16_is_summed_in_fp32():
    attended(20, 50, dtype=torch.bfloat16, tolerance=0.02, tile=SMALL, workspace=1)


def test_the_same_chunk_gives_the_same_bits_twice():
    query, cache, pages, kv_b = torch.randn(9, 2, 8), torch.randn(3, PAGE, 14), torch.arange(3), torch.randn(2, 7, 10)
    first, second = (
        kernels.mla_prefill(query, cache, pages, 40, kv_b, scale=0.3, tile=SMALL, workspace=1) for _ in range(2)
    )
    assert torch.equal(first, second)


def test_published_sizes_take_descriptors_on_a_gpu_and_odd_ones_do_not():
    assert kernels.fits_descriptors(128, 64, 128, 512)
    assert not kernels.fits_descriptors(24, 64, 128, 512)
    assert not kernels.fits_descriptors(128, 8, 128, 512)
    assert not kernels.fits_descriptors(128, 64, 128, 500)


@pytest.mark.parametrize(
    ("count", "context", "scale", "heads"), [(5, 4, 0.3, 2), (0, 4, 0.3, 2), (4, 4, -0.3, 2), (4, 4, 0.3, 3)]
)
def test_what_does_not_fit_is_refused(count, context, scale, heads):
    query, cache, pages = torch.randn(count, 2, 8), torch.randn(1, PAGE, 14), torch.zeros(1, dtype=torch.int64)
    with pytest.raises(ValueError, match="context"):
        kernels.mla_prefill(query, cache, pages, context, torch.randn(heads, 7, 10), scale=scale)


def test_strided_queries_are_refused():
    query, cache, pages = torch.randn(4, 2, 16)[..., ::2], torch.randn(1, PAGE, 14), torch.zeros(1, dtype=torch.int64)
    with pytest.raises(ValueError, match="contiguous"):
        kernels.mla_prefill(query, cache, pages, 4, torch.randn(2, 7, 10), scale=0.3)
