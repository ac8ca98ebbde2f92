"""The cache's fp8 layout: what each byte means, how far rounding goes, and what happens to what is no number."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kimicode_kernels.reference import fp8_latents as fp8
from kimicode_kernels.reference.mla_decode import mla_decode

RANK, ROPE = 256, 6


def latents(*shape, size=1.0, seed=0):
    return size * torch.randn(*shape, RANK + ROPE, generator=torch.Generator().manual_seed(seed))


def test_a_token_of_kimi_takes_656_bytes():
    assert fp8.width(512, 64) == 656
    assert fp8.quantise(torch.randn(3, 576), 512).shape == (3, 656)


def test_bytes_are_codes_then_scales_then_the_turned_part():
    token = torch.zeros(RANK + ROPE)
    token[0], token[1], token[130], token[RANK:] = 448.0, -1.0, 3.0, torch.arange(1.0, ROPE + 1)
    held = fp8.quantise(token, RANK)
    assert held[[0, 1, 2, 130]].tolist() == [0x7E, 0xB8, 0, 0x7C]  # 448, -1 and, at a scale of 1/128, 384
    assert held[RANK : RANK + 8].view(torch.float32).tolist() == [1.0, 2.0**-7]
    assert held[RANK + 8 :].view(torch.bfloat16).tolist() == [1, 2, 3, 4, 5, 6]


@settings(max_examples=30, deadline=None)
@given(st.floats(-90, 100), st.integers(0, 1000))
def test_values_move_by_a_16th_at_most_and_the_least_by_a_step_of_their_group(power, seed):
    given_values = latents(4, size=2.0**power, seed=seed)
    held = fp8.quantise(given_values, RANK)
    found = fp8.dequantise(held, RANK, torch.float32)
    scales = held[:, RANK : RANK + 8].contiguous().view(torch.float32)
    assert (torch.frexp(scales).mantissa == 0.5).all(), "a scale is a power of two"
    step = scales.repeat_interleave(fp8.GROUP, 1) * 2.0**-10
    change = (found - given_values)[:, :RANK].abs()
    assert (change <= torch.maximum(given_values[:, :RANK].abs() / 16, step)).all()
    assert torch.equal(found[:, RANK:], given_values[:, RANK:].bfloat16().float())


@pytest.mark.parametrize("top", [448.0, 448.0 * 2**-20, 449.0, 0.875, 1.0, 7.0])
def test_the_greatest_value_uses_the_range_and_never_leaves_it(top):
    token = torch.zeros(RANK)
    token[5] = top
    held = fp8.quantise(token, RANK)
    assert 224.0 <= held[:RANK].view(torch.float8_e4m3fn).float().max() <= 448.0
    assert fp8.dequantise(held, RANK, torch.float32)[5] == pytest.approx(top, rel=1 / 16)


def test_in_bf16_reading_is_exact_and_what_was_read_is_kept_when_written_again():
    held = fp8.quantise(latents(50), RANK)
    exact = fp8.dequantise(held, RANK, torch.float32)
    assert torch.equal(fp8.dequantise(held, RANK, torch.bfloat16).float(), exact)
    assert torch.equal(fp8.dequantise(fp8.quantise(exact, RANK), RANK, torch.float32), exact)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_makes_its_group_nan_and_leaves_the_others(value):
    token = latents()
    token[130] = value
    found = fp8.dequantise(fp8.quantise(token, RANK), RANK, torch.float32)
    assert found[128:256].isnan().all()
    assert found[:128].isfinite().all()
    assert found[256:].isfinite().all()


def test_zeros_stay_zeros():
    assert not fp8.dequantise(fp8.quantise(torch.zeros(RANK), RANK), RANK, torch.float32).any()


@pytest.mark.parametrize(("rank", "rope"), [(128, 16), (512, 64), (384, 0)])
def test_the_rank_follows_from_the_two_widths(rank, rope):
    assert fp8.rank_of(rank + rope, fp8.width(rank, rope)) == rank
    assert fp8.rope_of(torch.zeros(1, 1, fp8.width(rank, rope), dtype=torch.uint8), rank) == rope
    with pytest.raises(ValueError, match="bytes"):
        fp8.rank_of(rank + rope + 1, fp8.width(rank, rope))


@pytest.mark.parametrize(("rank", "rope"), [(64, 16), (200, 64), (128, 5), (0, 64)])
def test_ranks_without_whole_groups_have_no_layout(rank, rope):
    with pytest.raises(ValueError, match="no fp8 layout"):
        fp8.width(rank, rope)


def test_attention_over_normalised_latents_moves_by_a_few_percent():
    generator = torch.Generator().manual_seed(0)
    cache = torch.randn(4, 64, 576, generator=generator)
    cache[..., :512] *= cache[..., :512].square().mean(-1, keepdim=True).rsqrt()
    query = torch.randn(1, 16, 576, generator=generator)
    rest = torch.arange(4, dtype=torch.int32).view(1, 4), torch.tensor([250], dtype=torch.int32)
    exact, lse = mla_decode(query, cache, *rest, scale=576**-0.5, rank=512)
    found, found_lse = mla_decode(query, fp8.quantise(cache, 512), *rest, scale=576**-0.5, rank=512)
    assert (found - exact).norm() / exact.norm() < 0.04
    assert (found_lse - lse).abs().max() < 0.02
