"""Writes to the paged cache, interpreted or on a GPU, against their reference."""

import pytest
import torch

from kimicode_kernels.cache_write import cache_write
from kimicode_kernels.reference.cache_write import cache_write as reference

pytestmark = pytest.mark.usefixtures("device")


@pytest.mark.parametrize(("count", "d"), [(1, 24), (5, 20), (3, 1)])
def test_latents_land_in_their_slots_and_nowhere_else(count, d):
    latents, slots = torch.randn(count, d), torch.randperm(12)[:count]
    found, expected = torch.zeros(3, 4, d), torch.zeros(3, 4, d)
    cache_write(latents, found, slots)
    reference(latents, expected, slots)
    assert torch.equal(found, expected)


def test_rows_of_a_wider_tensor_are_copied_bit_by_bit():
    wide = torch.randn(4, 30).bfloat16()
    wide[0, 8] = float("nan")
    cache = torch.zeros(2, 3, 16).bfloat16()
    cache_write(wide[:, 7:23], cache, torch.tensor([5, 0, 3, 2]))
    assert cache.view(-1, 16)[[5, 0, 3, 2]].view(torch.int16).equal(wide[:, 7:23].contiguous().view(torch.int16))


def test_a_negative_slot_is_skipped():
    cache = torch.zeros(2, 3, 4)
    cache_write(torch.ones(3, 4), cache, torch.tensor([-1, 4, -1]))
    assert cache.view(-1, 4).sum(1).tolist() == [0, 0, 0, 0, 4, 0]


def test_what_does_not_fit_is_refused():
    cache = torch.zeros(2, 3, 4)
    for latents, slots in (
        (torch.ones(1, 5), torch.tensor([0])),
        (torch.ones(1, 4).half(), torch.tensor([0])),
        (torch.ones(1, 4), torch.tensor([0, 1])),
        (torch.ones(1, 4), torch.tensor([0], dtype=torch.int32)),
    ):
        with pytest.raises(ValueError, match=r"latents|slots"):
            cache_write(latents, cache, slots)
