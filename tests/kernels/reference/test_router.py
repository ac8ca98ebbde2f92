"""The router's rules, each on its own."""

import pytest
import torch

from kimicode_kernels.reference.router import router

PLAIN = {"top_k": 2, "groups": 1, "groups_per_token": 1, "normalise": True, "scaling": 1.0}


def logit(*scores):
    return torch.tensor([scores]).logit()


def test_the_best_experts_are_taken_and_their_weights_sum_to_the_scaling():
    weights, ids = router(logit(0.1, 0.6, 0.2, 0.4), torch.zeros(4), **PLAIN | {"scaling": 2.827})
    assert ids.tolist() == [[1, 3]]
    assert weights[0].tolist() == pytest.approx([0.6 * 2.827, 0.4 * 2.827])


def test_the_bias_changes_who_is_chosen_and_not_the_weights():
    weights, ids = router(logit(0.1, 0.6, 0.2, 0.4), torch.tensor([0.9, 0, 0, 0]), **PLAIN | {"normalise": False})
    assert ids.tolist() == [[0, 1]]
    assert weights[0].tolist() == pytest.approx([0.1, 0.6])


def test_a_group_is_worth_its_two_best_and_the_rest_is_out_of_reach():
    # Group 0 holds the best single expert, group 1 the better pair.
    logits = logit(0.9, 0.1, 0.6, 0.5)
    _, ids = router(logits, torch.zeros(4), **PLAIN | {"groups": 2})
    assert ids.tolist() == [[2, 3]]
    _, ids = router(logits, torch.zeros(4), **PLAIN | {"groups": 2, "groups_per_token": 2})
    assert ids.tolist() == [[0, 2]]


def test_experts_of_a_closed_group_are_not_chosen_even_where_all_scores_are_negative():
    bias = torch.full((4,), -5.0)
    _, ids = router(logit(0.9, 0.1, 0.6, 0.5), bias, **PLAIN | {"groups": 2})
    assert ids.tolist() == [[2, 3]]


def test_a_row_that_is_no_number_gets_some_experts_and_leaves_the_others_alone():
    logits = torch.cat((torch.full((1, 4), float("nan")), logit(0.1, 0.6, 0.2, 0.4)))
    weights, ids = router(logits, torch.zeros(4), **PLAIN)
    assert 0 <= int(ids.min()) <= int(ids.max()) < 4
    assert weights[1].tolist() == pytest.approx([0.6, 0.4])
