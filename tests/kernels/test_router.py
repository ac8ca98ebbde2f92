"""The choice of experts, interpreted or on a GPU, against its reference; of equals the lowest ids."""

import pytest
import torch

from kimicode_kernels.reference.router import router as reference
from kimicode_kernels.router import router

pytestmark = pytest.mark.usefixtures("device")

PLAIN = {"top_k": 8, "groups": 1, "groups_per_token": 1, "normalise": True, "scaling": 2.827}


@pytest.mark.parametrize(
    ("tokens", "experts", "rules"),
    [
        (3, 384, {}),
        (2, 20, {}),
        (4, 8, {}),
        (2, 33, {"top_k": 3, "normalise": False}),
        (2, 16, {"top_k": 1}),
        (2, 32, {"top_k": 4, "groups": 4, "groups_per_token": 2}),
    ],
)
def test_experts_and_weights_are_the_references(tokens, experts, rules):
    logits, bias = torch.randn(tokens, experts), torch.randn(experts) * 0.1
    weights, ids = router(logits, bias, **PLAIN | rules)
    expected, chosen = reference(logits, bias, **PLAIN | rules)
    assert torch.equal(ids, chosen)
    assert (weights.dtype, ids.dtype) == (torch.float32, torch.int64)
    torch.testing.assert_close(weights, expected)


def test_of_equals_the_lowest_ids_are_chosen():
    logits = torch.zeros(2, 40)
    logits[0, [30, 5, 17]] = 1.0
    _, ids = router(logits, torch.zeros(40), **PLAIN | {"top_k": 5})
    assert ids.tolist() == [[5, 17, 30, 0, 1], [0, 1, 2, 3, 4]]


@pytest.mark.filterwarnings("ignore:overflow")
def test_signs_and_zeros_are_in_order():
    bias = torch.tensor([-2.0, -0.5, -0.0, 0.5, -1.0, 0.0, 3.0, -0.5])
    logits = torch.full((1, 8), -1e9)  # every score is 0: the bias decides
    _, ids = router(logits, bias, **PLAIN | {"normalise": False})
    assert ids.tolist() == [[6, 3, 2, 5, 1, 7, 4, 0]]


@pytest.mark.parametrize("value", [float("nan"), -float("nan"), float("inf"), -float("inf")])
def test_a_row_that_is_no_number_gets_different_experts_and_leaves_others_alone(value):
    logits = torch.randn(2, 24)
    expected, chosen = reference(logits[1:], torch.zeros(24), **PLAIN)
    logits[0] = value
    weights, ids = router(logits, torch.zeros(24), **PLAIN)
    assert sorted(ids[0].tolist()) == list(range(8))
    assert ids[1:].equal(chosen)
    torch.testing.assert_close(weights[1:], expected)


def test_a_single_nan_is_chosen_last():
    logits = torch.zeros(1, 9)
    logits[0, 2] = float("nan")
    _, ids = router(logits, torch.zeros(9), **PLAIN)
    assert 2 not in ids[0].tolist()


def test_rows_of_a_wider_tensor_are_read_in_their_place():
    wide, bias = torch.randn(3, 50), torch.zeros(24)
    assert router(wide[:, 9:33], bias, **PLAIN)[1].equal(reference(wide[:, 9:33], bias, **PLAIN)[1])


def test_more_experts_than_a_warp_holds_go_through_the_reference():
    logits = torch.randn(1, 1100)
    assert router(logits, torch.zeros(1100), **PLAIN)[1].equal(reference(logits, torch.zeros(1100), **PLAIN)[1])


def test_what_does_not_fit_is_refused():
    for logits, bias, top_k in (
        (torch.zeros(1, 8).half(), torch.zeros(8), 2),
        (torch.zeros(1, 8), torch.zeros(7), 2),
        (torch.zeros(1, 8), torch.zeros(8), 9),
    ):
        with pytest.raises(ValueError, match=r"logits|experts"):
            router(logits, bias, **PLAIN | {"top_k": top_k})
