"""The inputs of a captured step lie in one piece of memory, and a batch is found in them again."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from kimicode_engine.batch import build
from kimicode_engine.inputs import DecodeInputs, words
from kimicode_engine.limits import PAGE
from kimicode_engine.request import Request, SamplingParams
from kimicode_engine.sequence import Part, Sequence

CPU = torch.device("cpu")


def decoding(length, pages):
    tokens = list(range(length))
    return Part(Sequence(Request("r", (0,), SamplingParams(max_tokens=9)), tokens, pages=pages), length - 1, 1)


@given(st.lists(st.integers(1, 9 * PAGE), min_size=1, max_size=5), st.integers(0, 40), st.integers(0, 7))
def test_one_copy_brings_a_batch_and_rows_that_are_idle(lengths, spare_rows, spare_pages):
    parts = [decoding(length, [10 * row + page for page in range(9)]) for row, length in enumerate(lengths)]
    batch = build(parts, CPU)
    count, width = batch.placement.block_table.shape
    rows, pages = count + spare_rows, width + spare_pages
    held = DecodeInputs.idle(rows, pages, CPU)
    held.memory.copy_(DecodeInputs.holding(batch.tokens, batch.positions, batch.placement, rows, pages).memory)
    assert held.tokens.tolist() == batch.tokens.tolist() + [0] * spare_rows
    assert held.positions.tolist() == batch.positions.tolist() + [0] * spare_rows
    place = held.placement
    assert place.decode_rows == rows
    assert place.slots.tolist() == batch.placement.slots.tolist() + [-1] * spare_rows
    assert place.lengths.tolist() == batch.placement.lengths.tolist() + [0] * spare_rows
    assert torch.equal(place.block_table[:count, :width], batch.placement.block_table)
    assert (place.lengths.dtype, place.block_table.dtype) == (torch.int32, torch.int32)


def test_each_part_is_whole_and_begins_where_a_kernel_likes_it():
    for rows, pages in ((1, 1), (1, 39), (3, 5), (32, 2), (33, 7), (64, 4096)):
        held = DecodeInputs.idle(rows, pages, CPU)
        assert held.memory.shape == (words(rows, pages),)
        place = held.placement
        starts = [part.data_ptr() - held.memory.data_ptr() for part in (held.positions, place.slots, place.lengths)]
        assert all(start % 256 == 0 for start in (*starts, place.block_table.data_ptr() - held.memory.data_ptr()))
        place.block_table.fill_(-1)
        assert (place.slots.unique().tolist(), place.lengths.unique().tolist()) == ([-1], [0])


def test_what_was_in_the_memory_before_is_gone():
    long, short = build([decoding(300, list(range(9)))], CPU), build([decoding(3, [4])], CPU)
    held = DecodeInputs.idle(2, 5, CPU)
    for batch in (long, short):
        held.memory.copy_(DecodeInputs.holding(batch.tokens, batch.positions, batch.placement, 2, 5).memory)
    assert held.placement.block_table.tolist() == [[4, 0, 0, 0, 0], [0] * 5]
