"""RoPE, the latents' norm and the cache's writes in one kernel, interpreted or on a GPU, against the three."""

import pytest
import torch

from kimicode_kernels.reference.rope_and_write import rope_and_write as reference
from kimicode_kernels.rope_and_write import rope_and_write

pytestmark = pytest.mark.usefixtures("device")


class Step:
    def __init__(self, count=3, heads=18, rank=20, d=8):
        self.query, self.both = torch.randn(count, heads, 12 + d)[..., 12:], torch.randn(count, rank + d)
        angles = torch.rand(count, d // 2) * 6
        self.turns, self.weight = torch.stack((angles.cos(), angles.sin()), dim=-1), torch.randn(rank)
        self.slots = torch.randperm(12)[:count]
        self.caches = torch.zeros(2, 3, 4, rank + d)

    def run(self, function, cache, **options):
        rest = (self.both, self.turns, self.weight, 1e-6)
        return function(self.query, *rest, self.caches[cache], self.slots, **options)


@pytest.mark.parametrize("interleaved", [True, False])
@pytest.mark.parametrize("sizes", [{}, {"count": 1, "heads": 1, "rank": 16, "d": 2}, {"d": 6}])
def test_queries_and_cache_are_those_of_the_parts(sizes, interleaved):
    step = Step(**sizes)
    found, expected = (step.run(one, at, interleaved=interleaved) for at, one in enumerate((rope_and_write, reference)))
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(step.caches[0], step.caches[1])


def test_the_result_goes_where_it_is_wanted():
    step = Step()
    query = torch.full((3, 18, 30), 7.0)
    found = step.run(rope_and_write, 0, out=query[..., 20:28])
    assert found.data_ptr() == query[..., 20:].data_ptr()
    torch.testing.assert_close(query[..., 20:28], step.run(reference, 1))
    assert (query[..., :20] == 7.0).all()
    assert (query[..., 28:] == 7.0).all()


@pytest.mark.parametrize("interleaved", [True, False])
def test_queries_may_be_turned_in_place(interleaved):
    step = Step()
    expected = step.run(reference, 0, interleaved=interleaved)
    step.run(rope_and_write, 1, interleaved=interleaved, out=step.query)
    torch.testing.assert_close(step.query, expected)


def test_a_negative_slot_is_skipped():
    step = Step()
    step.slots = torch.tensor([-1, 7, -1])
    for at, one in enumerate((rope_and_write, reference)):
        step.run(one, at)
    torch.testing.assert_close(step.caches[0], step.caches[1])
    assert int(step.caches[0].view(-1, 28).any(dim=1).sum()) == 1


def test_what_does_not_fit_is_refused():
    step = Step()
    step.both = torch.randn(3, 27)
    with pytest.raises(ValueError, match="both"):
        step.run(rope_and_write, 0)
    step = Step()
    with pytest.raises(ValueError, match="strides"):
        step.run(rope_and_write, 0, out=torch.empty(3, 8, 18).transpose(1, 2))
