"""What the scheduler chose, as tensors."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from kimicode_engine.batch import build
from kimicode_engine.limits import PAGE
from kimicode_engine.request import Request, SamplingParams
from kimicode_engine.sequence import Part, Sequence

CPU = torch.device("cpu")


def sequence(length, pages, first=0):
    tokens = list(range(first, first + length))
    return Sequence(Request("r", tuple(tokens), SamplingParams(max_tokens=9)), tokens, pages=pages)


def test_decoding_rows_come_first_and_a_chunk_follows_with_its_pages():
    short, long = sequence(3, [7]), sequence(PAGE + 1, [4, 2, 9], first=100)
    chunked = sequence(200, [5, 6, 1, 8], first=1000)
    batch = build([Part(short, 2, 1), Part(long, PAGE, 1), Part(chunked, 62, 4)], CPU)
    assert batch.tokens.tolist() == [2, 100 + PAGE, 1062, 1063, 1064, 1065]
    assert batch.positions.tolist() == [2, PAGE, 62, 63, 64, 65]
    place = batch.placement
    assert place.slots.tolist() == [7 * PAGE + 2, 2 * PAGE, 5 * PAGE + 62, 5 * PAGE + 63, 6 * PAGE, 6 * PAGE + 1]
    assert place.decode_rows == 2
    assert place.block_table.tolist() == [[7, 0], [4, 2]]
    assert place.lengths.tolist() == [3, PAGE + 1]
    (chunk,) = place.chunks
    assert (chunk.start, chunk.stop, chunk.context, chunk.pages.tolist()) == (2, 6, 66, [5, 6])
    assert batch.logit_rows.tolist() == [0, 1]
    assert (place.block_table.dtype, place.lengths.dtype, chunk.pages.dtype) == (torch.int32, torch.int32, torch.int64)


def test_a_chunk_that_reaches_the_end_samples_from_its_last_row():
    first, second = sequence(10, [0]), sequence(20, [1])
    batch = build([Part(first, 0, 10), Part(second, 0, 19)], CPU)
    assert batch.logit_rows.tolist() == [9]
    assert batch.placement.decode_rows == 0
    assert batch.placement.block_table.shape[0] == 0


def test_one_token_behind_a_chunk_is_a_chunk():
    batch = build([Part(sequence(10, [0]), 0, 10), Part(sequence(20, [1]), 19, 1)], CPU)
    assert batch.placement.decode_rows == 0
    assert [(chunk.start, chunk.stop) for chunk in batch.placement.chunks] == [(0, 10), (10, 11)]
    assert batch.logit_rows.tolist() == [9, 10]


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(1, 150)), min_size=1, max_size=8), st.randoms())
def test_every_token_has_a_slot_of_its_own_that_its_sequence_reads_back(takes, chance):
    pages = list(range(100))
    chance.shuffle(pages)
    parts = []
    for start, count in sorted(takes, key=lambda take: take[1] != 1):
        needed = -(-(start + count) // PAGE)
        parts.append(Part(sequence(start + count, [pages.pop() for _ in range(needed)]), start, count))
    batch = build(parts, CPU)
    slots = batch.placement.slots.tolist()
    assert len(set(slots)) == len(slots) == len(batch.tokens) == len(batch.positions)
    expected = [
        part.sequence.pages[place // PAGE] * PAGE + place % PAGE
        for part in parts
        for place in range(part.start, part.start + part.count)
    ]
    assert slots == expected
    assert len(batch.logit_rows) == len(parts)
