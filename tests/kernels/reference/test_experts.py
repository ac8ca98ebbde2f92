"""Experts in any form give each token the weighted sum of its own experts, and untouched experts are not read."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kimicode_kernels.reference.experts import experts
from kimicode_kernels.reference.int4_experts import int4_experts
from kimicode_kernels.reference.packing import unpack
from kimicode_kernels.reference.permute import permute, unpermute
from kimicode_kernels.reference.swiglu import swiglu
from tests.fakes.engine_int4 import pack, quantise, values


def drawn(tokens, count, top, seed=0):
    torch.manual_seed(seed)
    x = torch.randn(tokens, 32)
    ids = torch.stack([torch.randperm(count)[:top] for _ in range(tokens)])
    return x, torch.rand(tokens, top), ids, torch.randn(count, 2 * 64, 32), torch.randn(count, 32, 64)


def one_by_one(x, weights, ids, gate_up, down):
    out = torch.zeros_like(x)
    for token, (row, chosen) in enumerate(zip(weights, ids, strict=True)):
        for weight, expert in zip(row, chosen, strict=True):
            out[token] += weight * (down[expert] @ swiglu((gate_up[expert] @ x[token])[None])[0])
    return out


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 20), st.integers(1, 9), st.data())
def test_each_token_gets_the_weighted_sum_of_its_experts(tokens, count, data):
    x, weights, ids, gate_up, down = drawn(tokens, count, data.draw(st.integers(1, count)))
    expected = one_by_one(x, weights, ids, gate_up, down)
    torch.testing.assert_close(experts(x, gate_up, down, weights, ids), expected, rtol=1e-4, atol=1e-3)


def test_int4_experts_equal_the_dequantised_ones():
    x, weights, ids, gate_up, down = drawn(tokens=9, count=6, top=3)
    up_codes, up_scale = quantise(gate_up, 32)
    down_codes, down_scale = quantise(down, 32)
    out = int4_experts(x, pack(up_codes), up_scale, pack(down_codes), down_scale, weights, ids)
    assert torch.equal(out, experts(x, values(up_codes, up_scale), values(down_codes, down_scale), weights, ids))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_experts_without_tokens_may_hold_anything(dtype):
    x, weights, ids, gate_up, down = (t.to(dtype) if t.is_floating_point() else t for t in drawn(4, 6, 2))
    ids = ids.clamp(max=3)
    gate_up[4:] = float("nan")
    out = experts(x, gate_up, down, weights.float(), ids)
    assert out.dtype == dtype
    assert out.isfinite().all()


@given(st.lists(st.lists(st.integers(-8, 7), min_size=16, max_size=16), min_size=1, max_size=4))
def test_every_nibble_in_every_place_unpacks_to_its_value(rows):
    codes = torch.tensor(rows)
    scale = (torch.arange(1, 2 * len(rows) + 1).view(-1, 2) / 8).bfloat16()
    assert torch.equal(unpack(pack(codes), scale, torch.float32), values(codes, scale))


def test_the_lowest_nibble_is_the_first_column_and_nibble_eight_is_zero():
    word = torch.tensor([[0x0FEDCBA8]], dtype=torch.int32)
    assert unpack(word, torch.ones(1, 1), torch.float32).tolist() == [[0, 2, 3, 4, 5, 6, 7, -8]]


def test_permuting_sorts_by_expert_and_back():
    x = torch.arange(6.0).view(3, 2)
    ids = torch.tensor([[2, 0], [0, 1], [2, 1]])
    rows, order, counts = permute(x, ids, 4)
    assert counts.tolist() == [2, 2, 2, 0]
    assert rows[:, 0].tolist() == [0, 2, 2, 4, 0, 4]
    assert torch.equal(unpermute(rows, order, torch.full((3, 2), 0.5)), x)
