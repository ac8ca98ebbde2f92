"""Products of few tokens equal torch's, whatever the sizes, for one token and for several."""

import pytest
import torch

from kimicode_kernels import gemv as kernels
from kimicode_kernels.gemv import Tile
from kimicode_kernels.gemv_heads import gemv_heads
from kimicode_kernels.reference import gemv as reference

TILES = {1: Tile(rows=4, step=64, warps=4)} | dict.fromkeys(
    range(2, 17), Tile(rows=16, step=16, warps=2, stages=2, parts=2)
)
TOKENS = [1, 2, 8, 9, 16]
EPS = 1e-5


def random(*size, dtype=torch.float32):
    return torch.randn(size, generator=torch.Generator().manual_seed(sum(size))).to(dtype)


def same(out, expected, tolerance=2e-6):
    assert out.dtype == expected.dtype
    error = (out.double() - expected.double()).norm() / expected.double().norm()
    assert error <= tolerance, float(error)


@pytest.mark.parametrize("tokens", TOKENS)
@pytest.mark.parametrize(("rows", "k"), [(16, 64), (37, 100), (1, 7)])
def test_a_product_of_any_size_equals_torch(tokens, rows, k):
    x, weight = random(tokens, k), random(rows, k)
    same(kernels.gemv(x, weight, tile=TILES[tokens]), reference.gemv(x, weight))


@pytest.mark.parametrize(("rows", "k", "step"), [(37, 100, 128), (20, 100, 32), (9, 64, 64)])
def test_one_token_s_loop_may_be_unrolled_or_one_step(rows, k, step):
    x, residual, gain, weight = random(1, k), random(1, k), random(k), random(rows, k)
    tile = Tile(rows=4, step=step, warps=4, stages=0)
    same(kernels.gemv(x, weight, tile=tile), reference.gemv(x, weight))
    outs, normed, total = kernels.gemv_norm(x, residual, gain, EPS, [weight], tile=tile)
    expected, expected_normed, expected_total = reference.gemv_norm(x, residual, gain, EPS, [weight])
    same(outs[0], expected[0])
    same(normed, expected_normed)
    assert torch.equal(total, expected_total)
    weight = random(2 * rows, k)
    same(kernels.gemv_swiglu(x, weight, tile=tile), reference.gemv_swiglu(x, weight))


@pytest.mark.parametrize("tokens", TOKENS)
def test_gate_and_up_are_multiplied_and_activated_together(tokens):
    x, weight = random(tokens, 90), random(42, 90) / 9
    same(kernels.gemv_swiglu(x, weight, tile=TILES[tokens]), reference.gemv_swiglu(x, weight))


@pytest.mark.parametrize("tokens", TOKENS)
@pytest.mark.parametrize("widths", [(37,), (20, 6), (16, 33, 5)])
@pytest.mark.parametrize("added", [True, False])
def test_several_matrices_take_the_normalised_stream(tokens, widths, added):
    x, residual, gain = random(tokens, 100), random(tokens, 100) if added else None, random(100)
    weights = [random(n, 100) for n in widths]
    outs, normed, total = kernels.gemv_norm(x, residual, gain, EPS, weights, tile=TILES[tokens])
    expected, expected_normed, expected_total = reference.gemv_norm(x, residual, gain, EPS, weights)
    for out, other in zip(outs, expected, strict=True):
        same(out, other)
    same(normed, expected_normed)
    assert torch.equal(total, expected_total)


@pytest.mark.parametrize("tokens", [1, 5])
def test_bf16_is_summed_in_fp32_and_one_result_may_be_wider(tokens):
    x, residual, gain = (random(*size, dtype=torch.bfloat16) for size in ((tokens, 96), (tokens, 96), (96,)))
    weights = [random(n, 96, dtype=torch.bfloat16) for n in (20, 6)]
    kinds = [torch.bfloat16, torch.float32]
    outs, normed, total = kernels.gemv_norm(x, residual, gain, EPS, weights, kinds, tile=TILES[tokens])
    stream = x.float() + residual.float()
    exact, exact_normed, _ = reference.gemv_norm(stream, None, gain.float(), EPS, [w.float() for w in weights])
    assert [out.dtype for out in outs] == kinds
    for out, other in zip(outs, exact, strict=True):
        same(out.float(), other, 0.01)
    same(normed.float(), exact_normed, 0.01)
    same(total.float(), stream, 0.01)


@pytest.mark.parametrize("tokens", [1, 4, 20])
def test_logits_of_bf16_are_not_rounded_to_it(tokens):
    x, weight = random(tokens, 96, dtype=torch.bfloat16), random(20, 96, dtype=torch.bfloat16)
    same(kernels.gemv(x, weight, dtype=torch.float32), x.float() @ weight.float().t(), 1e-5)


@pytest.mark.parametrize("tokens", [1, 3, 16])
@pytest.mark.parametrize(("n", "k"), [(40, 24), (16, 16), (3, 100)])
@pytest.mark.parametrize("turned", [True, False])
def test_each_head_has_its_own_matrix_in_either_order_of_memory(tokens, n, k, turned):
    x, weight = random(tokens, 3, k), random(3, k, n).transpose(1, 2) if turned else random(3, n, k)
    wide = torch.full((tokens, 3, n + 6), float("nan"))
    out = gemv_heads(x, weight, out=wide[..., :n])
    same(out, reference.gemv_heads(x, weight))
    assert wide[..., n:].isnan().all(), "something was written beside the result"


def test_a_part_of_kv_b_and_of_the_query_needs_no_copy():
    kv_b, query = random(2, 40, 32), random(4, 2, 24 + 8)
    to_rank, from_rank = kv_b[:, :24].transpose(1, 2), kv_b[:, 24:]
    same(gemv_heads(query[..., :24], to_rank), reference.gemv_heads(query[..., :24], to_rank))
    latent = random(4, 2, 32)
    same(gemv_heads(latent, from_rank), reference.gemv_heads(latent, from_rank))


def test_many_tokens_go_to_torch_and_none_give_nothing():
    x, weight, gain = random(17, 20), random(6, 20), random(20)
    assert torch.equal(kernels.gemv(x, weight), reference.gemv(x, weight))
    assert torch.equal(kernels.gemv_swiglu(x, weight), reference.gemv_swiglu(x, weight))
    outs, normed, total = kernels.gemv_norm(x, None, gain, EPS, [weight])
    same(outs[0], reference.gemv_norm(x, None, gain, EPS, [weight])[0][0])
    assert normed.shape == total.shape == x.shape
    wide = random(kernels.WIDE, 8)
    assert torch.equal(kernels.gemv(x[:9, :8], wide), reference.gemv(x[:9, :8], wide))
    outs = kernels.gemv_several(x, [weight, weight[:3]])
    assert torch.equal(outs[1], reference.gemv_several(x, [weight, weight[:3]])[1])
    heads, matrices = random(17, 2, 8), random(2, 5, 8)
    assert torch.equal(gemv_heads(heads, matrices), reference.gemv_heads(heads, matrices))
    assert kernels.gemv(x[:0], weight).shape == (0, 6)
    assert gemv_heads(heads[:0], matrices).shape == (0, 2, 5)


@pytest.mark.parametrize("tokens", [1, 3])
def test_several_matrices_take_one_input_as_it_is(tokens):
    x, weights = random(tokens, 50), [random(n, 50) for n in (20, 5, 9)]
    outs = kernels.gemv_several(x, weights, tile=TILES[tokens])
    for out, other in zip(outs, reference.gemv_several(x, weights), strict=True):
        same(out, other)


def test_a_row_that_is_no_number_leaves_its_neighbours_alone():
    x, weight = random(3, 40), random(20, 40)
    x[1, 7] = float("nan")
    out = kernels.gemv(x, weight, tile=TILES[3])
    assert out[1].isnan().all()
    same(out[::2], reference.gemv(x, weight)[::2])


@pytest.mark.parametrize(
    ("x", "weight"),
    [
        (random(1, 8), random(4, 9)),
        (random(1, 8), random(4, 8, dtype=torch.bfloat16)),
        (random(1, 8), random(8, 4).t()),
        (random(1, 16)[:, ::2], random(4, 8)),
        (random(1, 8), random(0, 8)),
    ],
)
def test_what_does_not_fit_is_refused(x, weight):
    with pytest.raises(ValueError, match=r"fit|contiguous"):
        kernels.gemv(x, weight)


def test_other_misuse_is_refused():
    with pytest.raises(ValueError, match="fit"):
        kernels.gemv_swiglu(random(1, 8), random(5, 8))
    with pytest.raises(ValueError, match="1 to 3"):
        kernels.gemv_norm(random(1, 8), None, random(8), EPS, [random(2, 8)] * 4)
    with pytest.raises(ValueError, match="by heads"):
        gemv_heads(random(1, 2, 8), random(3, 4, 8))
    with pytest.raises(ValueError, match="contiguous"):
        gemv_heads(random(1, 2, 16)[..., ::2], random(2, 4, 8))


@pytest.mark.parametrize("k", [7, 64, 1536, 2048, 7168, 8192])
@pytest.mark.parametrize("tokens", [1, 2, 16])
def test_the_table_has_a_tile_for_every_size(tokens, k):
    for gated, normed in ((True, False), (False, True), (False, False)):
        tile = kernels.tile_for(tokens, 576, k, gated=gated, normed=normed)
        assert tile.step & (tile.step - 1) == 0
        assert tile.parts == 1 or tokens > 1
