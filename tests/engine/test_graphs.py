"""Captured steps need a GPU; which widths they are captured for does not."""

import pytest
import torch

from kimicode_engine.cache.latent import Placement
from kimicode_engine.graphs import DecodeGraphs, widths
from kimicode_engine.limits import PAGE
from kimicode_engine.request import Request, SamplingParams
from kimicode_engine.sequence import Part, Sequence


def test_every_table_has_a_width_and_the_last_is_all_that_a_row_may_have():
    assert widths(4096) == (39, 156, 624, 4096)
    assert widths(156) == (39, 156)
    assert widths(7) == (7,)


def parts(*counts):
    request = Request("r", (0,), SamplingParams(max_tokens=9))
    return [Part(Sequence(request, [0] * 9, pages=[0]), 0, count) for count in counts]


@pytest.mark.gpu
def test_a_step_reads_its_batch_whatever_its_size_and_width():
    device, seen = torch.device("cuda"), []

    def forward(tokens, positions, placement, rows):
        """Numbers that tell what a step was given."""
        seen.append(tuple(placement.block_table.shape))
        sums = placement.block_table.sum(1) + placement.lengths + placement.slots
        return (1000 * sums + 10 * tokens + positions)[rows].float().unsqueeze(1)

    graphs = DecodeGraphs(forward, pages=200, device=device)
    graphs.warm(2)
    for rows, pages in ((1, 1), (2, 40), (3, 170), (1, 200), (1, 1)):
        tokens, positions = torch.arange(rows) + 3, torch.arange(rows) + pages * PAGE - 1
        table = torch.arange(rows * pages, dtype=torch.int32).view(rows, pages)
        placement = Placement(positions * 2, rows, table, (positions + 1).int(), ())
        expected = 1000 * (table.sum(1) + positions + 1 + positions * 2) + 10 * tokens + positions
        assert graphs.run(tokens, positions, placement).flatten().tolist() == expected.float().tolist()
    assert set(seen) == {(2, 200), (1, 200), (1, 39), (2, 156), (4, 200)}


@pytest.mark.gpu
def test_only_steps_of_few_decoding_rows_are_taken():
    graphs = DecodeGraphs(lambda *_: torch.empty(0), pages=4, device=torch.device("cuda"))
    assert graphs.fits(parts(1, 1))
    assert not graphs.fits(parts(1, 2))
    assert not graphs.fits(parts(*[1] * 65))
    assert not graphs.fits([])
