"""Experts are kept about equally busy."""

import pytest
import torch

from nano_training.learning.balance import rebalance, sequence_balance, unevenness


def one_hot(*experts, of=4):
    return torch.nn.functional.one_hot(torch.tensor(experts), of).bool()


def test_even_loads_cost_one_and_uneven_ones_more():
    even = torch.full((1, 4, 4), 0.25)
    counted = torch.ones(1, 4, dtype=torch.bool)
    spread = one_hot(0, 1, 2, 3).unsqueeze(0)
    assert sequence_balance(even, spread, counted, 1).item() == pytest.approx(1.0)
    crowded = one_hot(0, 0, 0, 0).unsqueeze(0)
    assert sequence_balance(crowded.float(), crowded, counted, 1).item() == pytest.approx(4.0)


def test_padding_does_not_count():
    scores = torch.rand(2, 4, 4, generator=torch.Generator().manual_seed(0))
    chosen = one_hot(0, 1, 2, 3).repeat(2, 1, 1)
    counted = torch.tensor([[True, True, False, False], [True] * 4])
    changed = scores.clone()
    changed[0, 2:] = 9.0
    found = [sequence_balance(values, chosen, counted, 1) for values in (scores, changed)]
    assert torch.equal(*found)


def test_biases_move_towards_an_even_load():
    bias = torch.zeros(2, 4)
    load = torch.tensor([[10.0, 0.0, 5.0, 5.0], [4.0, 4.0, 4.0, 4.0]])
    rebalance(bias, load, 0.01)
    assert bias[0].tolist() == pytest.approx([-0.01, 0.01, 0.0, 0.0])
    assert not bias[1].any()
    assert unevenness(load).item() == pytest.approx(2.0)
