"""Both ways of attending equal the plain definition, whatever is padded, cut into blocks or left in unused memory."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kimicode_kernels.reference import mla_decode as decode
from kimicode_kernels.reference import mla_prefill as prefill

PAGE, HEADS, RANK, ROPE, NOPE, VALUE = 64, 3, 10, 6, 5, 7
SCALE = 0.3


def paged(lengths, seed=0):
    """Latents of each sequence [length, RANK + ROPE], and a cache of shuffled pages that holds them; NaN elsewhere."""
    generator = torch.Generator().manual_seed(seed)
    counts = [-(-length // PAGE) for length in lengths]
    cache = torch.full((sum(counts) + 2, PAGE, RANK + ROPE), float("nan"))
    order = torch.randperm(len(cache), generator=generator)
    table = torch.full((len(lengths), max(counts)), int(order[-1]), dtype=torch.int32)
    rows, at = [], 0
    for row, (length, count) in enumerate(zip(lengths, counts, strict=True)):
        table[row, :count] = order[at : at + count]
        rows.append(torch.randn(length, RANK + ROPE, generator=generator))
        for place, latent in enumerate(rows[-1].split(PAGE)):
            cache[order[at + place], : len(latent)] = latent
        at += count
    return rows, cache, table


def decoded(lengths, seed=0, **bounds):
    rows, cache, table = paged(lengths, seed)
    query = torch.randn(len(lengths), HEADS, RANK + ROPE, generator=torch.Generator().manual_seed(seed))
    sizes = torch.tensor(lengths, dtype=torch.int32)
    out, lse = decode.mla_decode(query, cache, table, sizes, scale=SCALE, rank=RANK, **bounds)
    for row, latents in enumerate(rows):
        scores = query[row] @ latents.T * SCALE
        torch.testing.assert_close(out[row], scores.softmax(-1) @ latents[:, :RANK], rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(lse[row], scores.logsumexp(-1), rtol=1e-4, atol=1e-5)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 1200), min_size=1, max_size=6))
def test_decoding_rows_of_any_lengths_attend_to_their_own_latents_alone(lengths):
    decoded(lengths)


def test_a_context_longer_than_one_gathering_is_merged_exactly():
    decoded([1000, 5, 320, 130], at_once=256)


def test_the_rows_of_a_ragged_batch_are_padded_to_twice_their_length_at_most():
    lengths = [1, 64, 256, 257, 512, 513, 100_000, 131_072, 131_073]
    groups = decode._groups(lengths)
    assert sorted(row for rows, _ in groups for row in rows) == list(range(len(lengths)))
    for _, sizes in groups:
        assert max(sizes) <= max(decode.SHORT, 2 * min(sizes))


def test_a_row_that_is_no_number_leaves_its_neighbours_alone():
    _, cache, table = paged([70, 90])
    sizes = torch.tensor([70, 90], dtype=torch.int32)
    query = torch.randn(2, HEADS, RANK + ROPE)
    clean, _ = decode.mla_decode(query, cache, table, sizes, scale=SCALE, rank=RANK)
    cache[table[0, 0], 3] = float("nan")
    out, _ = decode.mla_decode(query, cache, table, sizes, scale=SCALE, rank=RANK)
    assert out[0].isnan().all()
    assert torch.equal(out[1], clean[1])


def plain_prefill(query, latents, kv_b):
    """[n, heads, v] by the definition, in one piece."""
    both = torch.einsum("kr,her->khe", latents[:, :RANK], kv_b)
    keys = torch.cat((both[..., :NOPE], latents[:, None, RANK:].expand(-1, HEADS, -1)), dim=-1)
    scores = torch.einsum("nhd,khd->hnk", query, keys) * SCALE
    seen = torch.ones(scores.shape[1:]).tril(len(latents) - len(query)).bool()
    shares = scores.masked_fill(~seen, float("-inf")).softmax(-1)
    return torch.einsum("hnk,khv->nhv", shares, both[..., NOPE:])


def prefilled(count, context, **bounds):
    rows, cache, table = paged([context])
    query, kv_b = torch.randn(count, HEADS, NOPE + ROPE), torch.randn(HEADS, NOPE + VALUE, RANK)
    out = prefill.mla_prefill(query, cache, table[0].long(), context, kv_b, scale=SCALE, **bounds)
    torch.testing.assert_close(out, plain_prefill(query, rows[0], kv_b), rtol=1e-4, atol=1e-5)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 200), st.integers(0, 400))
def test_a_chunk_attends_to_all_before_it_and_causally_to_itself(count, before):
    prefilled(count, before + count)


def test_a_chunk_that_needs_many_blocks_of_keys_is_merged_exactly():
    prefilled(300, 700, at_once=1)
    prefilled(300, 700, at_once=2 * PAGE * HEADS * 400)


@pytest.mark.parametrize("count", [1, 2048, 10**7])
def test_a_block_of_keys_is_whole_pages_and_bounded(count):
    query = torch.empty(count, 64, 192, device="meta")
    kv_b = torch.empty(64, 256, 512, device="meta")
    keys = prefill._keys_at_once(query, kv_b, PAGE, prefill.VALUES_AT_ONCE)
    assert keys % PAGE == 0
    assert keys == PAGE or keys * 64 * count <= prefill.VALUES_AT_ONCE


def test_bf16_goes_in_and_comes_out_and_is_computed_in_fp32():
    _, cache, table = paged([100])
    query = torch.randn(1, HEADS, RANK + ROPE)
    sizes = torch.tensor([100], dtype=torch.int32)
    exact, _ = decode.mla_decode(query, cache, table, sizes, scale=SCALE, rank=RANK)
    out, lse = decode.mla_decode(query.bfloat16(), cache.bfloat16(), table, sizes, scale=SCALE, rank=RANK)
    assert (out.dtype, lse.dtype) == (torch.bfloat16, torch.float32)
    torch.testing.assert_close(out.float(), exact, rtol=0.05, atol=0.02)
