"""Norms, RoPE, the gated activation and the cache's writes by their definitions, in fp32 and bf16."""

import pytest
import torch

from kimicode_kernels.reference.cache_write import cache_write
from kimicode_kernels.reference.rmsnorm import rmsnorm, rmsnorm_residual
from kimicode_kernels.reference.rope import rope
from kimicode_kernels.reference.swiglu import swiglu


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_rmsnorm_divides_by_the_root_of_the_mean_square_in_fp32(dtype):
    x, weight = torch.randn(5, 7, dtype=dtype) * 50, torch.randn(7, dtype=dtype)
    wide = x.double()
    expected = wide / (wide.square().mean(-1, keepdim=True) + 1e-5).sqrt() * weight.double()
    found = rmsnorm(x, weight, 1e-5)
    assert found.dtype == dtype
    torch.testing.assert_close(found.double(), expected, rtol=1e-2 if dtype == torch.bfloat16 else 1e-5, atol=1e-6)


def test_rmsnorm_behind_a_residual_returns_the_norm_and_the_sum():
    x, residual, weight = torch.randn(3, 8), torch.randn(3, 8), torch.randn(8)
    before = residual.clone()
    normed, total = rmsnorm_residual(x, residual, weight, 1e-6)
    assert torch.equal(total, before + x)
    assert torch.equal(residual, before)
    assert torch.equal(normed, rmsnorm(total, weight, 1e-6))


def turns(angles):
    return torch.stack((angles.cos(), angles.sin()), dim=-1)


def test_rope_turns_neighbours_by_their_angle():
    x = torch.tensor([[[1.0, 0.0, 0.0, 2.0]]])
    angles = torch.tensor([[torch.pi / 2, torch.pi]])
    torch.testing.assert_close(rope(x, turns(angles)), torch.tensor([[[0.0, 1.0, 0.0, -2.0]]]), atol=1e-6, rtol=0)


def test_rope_over_halves_is_rope_over_neighbours_of_the_interleaved_values():
    x, angles = torch.randn(4, 3, 6), torch.rand(4, 3) * 6
    halves = torch.stack((x[..., 0::2], x[..., 1::2]), dim=-2).flatten(-2)
    assert torch.equal(rope(halves, turns(angles), interleaved=False), rope(x, turns(angles)))


@pytest.mark.parametrize("interleaved", [True, False])
def test_a_turned_product_depends_on_the_distance_alone(interleaved):
    q, k, step = torch.randn(1, 1, 6), torch.randn(1, 1, 6), torch.rand(1, 3)

    def product(at, other):
        return float((rope(q, turns(at * step), interleaved) * rope(k, turns(other * step), interleaved)).sum())

    assert product(9, 4) == pytest.approx(product(25, 20), abs=1e-4)


def test_rope_takes_slices_of_odd_strides_and_keeps_bf16():
    x = torch.randn(2, 3, 11).bfloat16()[..., 5:]
    assert rope(x, turns(torch.zeros(2, 3))).equal(x)


def test_the_gate_comes_first():
    torch.testing.assert_close(swiglu(torch.tensor([[0.0, 2.0, 5.0, 3.0]])), torch.tensor([[0.0, 2 * 3 * 0.880797]]))


def test_latents_land_in_their_slots_and_nowhere_else():
    cache = torch.zeros(3, 4, 2)
    cache_write(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), cache, torch.tensor([9, 2]))
    assert cache[2, 1].tolist() == [1.0, 2.0]
    assert cache[0, 2].tolist() == [3.0, 4.0]
    assert int(cache.count_nonzero()) == 4
