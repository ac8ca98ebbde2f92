"""RoPE, interpreted or on a GPU, against its reference."""

import pytest
import torch

from kimicode_kernels.reference.rope import rope as reference
from kimicode_kernels.rope import rope

pytestmark = pytest.mark.usefixtures("device")


def turns_of(count, d):
    angles = torch.rand(count, d // 2) * 6
    return torch.stack((angles.cos(), angles.sin()), dim=-1)


@pytest.mark.parametrize("interleaved", [True, False])
@pytest.mark.parametrize(("count", "heads", "d"), [(1, 1, 64), (3, 20, 8), (2, 3, 6), (1, 16, 2)])
def test_every_pair_is_turned(count, heads, d, interleaved):
    x, turns = torch.randn(count, heads, d), turns_of(count, d)
    torch.testing.assert_close(rope(x, turns, interleaved), reference(x, turns, interleaved))


@pytest.mark.parametrize("interleaved", [True, False])
def test_a_part_of_each_head_is_read_in_its_place(interleaved):
    query, turns = torch.randn(3, 5, 24).half(), turns_of(3, 8)
    found = rope(query[..., 16:], turns, interleaved)
    assert found.is_contiguous()
    torch.testing.assert_close(found, reference(query[..., 16:], turns, interleaved), rtol=2e-3, atol=1e-3)


def test_strides_inside_a_head_are_no_obstacle():
    x, turns = torch.randn(2, 8, 4).transpose(1, 2), turns_of(2, 8)
    torch.testing.assert_close(rope(x, turns), reference(x, turns))


def test_turns_that_do_not_fit_are_refused():
    x = torch.randn(2, 3, 8)
    for turns in (turns_of(3, 8), turns_of(2, 6), turns_of(2, 8).double(), turns_of(2, 8).transpose(1, 2)):
        with pytest.raises(ValueError, match="turns"):
            rope(x, turns)
