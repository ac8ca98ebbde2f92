"""The store takes the form of its slots, and both forms compute the same."""

import torch

from kimicode_engine.experts.store import FloatExperts, Int4Experts, expert_store
from kimicode_kernels.select import REFERENCE
from tests.fakes.engine_int4 import pack, quantise, values


def test_int4_and_floating_point_experts_of_the_same_values_agree():
    torch.manual_seed(0)
    quantised = {"gate_up": quantise(torch.randn(6, 64, 32), 32), "down": quantise(torch.randn(6, 32, 32), 32)}
    packed, plain = {}, {}
    for name, (codes, scale) in quantised.items():
        packed |= {f"experts_{name}_packed": pack(codes), f"experts_{name}_scale": scale}
        plain[f"experts_{name}"] = values(codes, scale)
    x, weights, ids = torch.randn(5, 32), torch.rand(5, 2), torch.tensor([[0, 3], [3, 1], [5, 0], [1, 2], [3, 5]])
    int4, floating = expert_store(REFERENCE, packed), expert_store(REFERENCE, plain)
    assert (type(int4), type(floating)) == (Int4Experts, FloatExperts)
    assert torch.equal(int4(x, weights, ids), floating(x, weights, ids))
