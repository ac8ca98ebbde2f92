"""MLA decode against the definition, interpreted: any lengths, any split, NaN wherever nothing belongs to a row."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kimicode_kernels import mla_decode as kernel
from kimicode_kernels import mla_plan as planning
from kimicode_kernels.mla_plan import Tiles, mla_plan
from kimicode_kernels.reference.mla_decode import mla_decode as definition

PAGE, RANK, ROPE = 32, 32, 16
SCALE = 0.2
SHAPES = {
    "transposed": Tiles(16, 16, transposed=True, warps=4, stages=1),
    "plain": Tiles(16, 32, transposed=False, warps=4, stages=1),
}


def paged(lengths, seed=0, dtype=torch.float32):
    """Latents of each row [length, RANK + ROPE], a cache of shuffled pages that holds them and NaN, and the tables."""
    generator = torch.Generator().manual_seed(seed)
    counts = [-(-length // PAGE) for length in lengths]
    cache = torch.full((sum(counts) + 2, PAGE, RANK + ROPE), float("nan"), dtype=dtype)
    order = torch.randperm(len(cache), generator=generator)
    table = torch.full((len(lengths), max(counts) + 1), int(order[-1]), dtype=torch.int32)
    rows, at = [], 0
    for row, (length, count) in enumerate(zip(lengths, counts, strict=True)):
        table[row, :count] = order[at : at + count]
        rows.append(torch.randn(length, RANK + ROPE, generator=generator).to(dtype))
        for place, latent in enumerate(rows[-1].split(PAGE)):
            cache[order[at + place], : len(latent)] = latent
        at += count
    return rows, cache, table


def compare(lengths, heads, tiles=None, dtype=torch.float32, tolerance=1e-5):
    rows, cache, table = paged(lengths, dtype=dtype)
    query = torch.randn(len(lengths), heads, RANK + ROPE, generator=torch.Generator().manual_seed(1)).to(dtype)
    sizes = torch.tensor(lengths, dtype=torch.int32)
    plan = mla_plan(sizes, table, heads, page=PAGE, tiles=tiles)
    out, lse = kernel.mla_decode(query, cache, table, sizes, scale=SCALE, rank=RANK, plan=plan)
    assert (out.dtype, lse.dtype) == (dtype, torch.float32)
    for row, latents in enumerate(rows):
        scores = query[row].float() @ latents.float().T * SCALE
        expected = scores.softmax(-1) @ latents[:, :RANK].float()
        torch.testing.assert_close(out[row].float(), expected, rtol=tolerance, atol=tolerance)
        torch.testing.assert_close(lse[row], scores.logsumexp(-1), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("lengths", [[1], [200], [5, 0, 70, 32, 0], [0], [300, 1, 17]])
def test_rows_of_any_lengths_attend_to_their_own_latents_alone(shape, lengths):
    compare(lengths, 16, SHAPES[shape])


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("heads", [3, 8, 20])
def test_heads_that_do_not_fill_a_tile_or_need_several(shape, heads):
    compare([90, 33], heads, SHAPES[shape])


@pytest.mark.parametrize("heads", [8, 16, 32, 64])
def test_the_tiles_of_the_table(heads):
    compare([70], heads, planning.tiles_for(heads, PAGE))
    compare([70], heads)


def test_where_there_is_room_for_few_tokens_many_heads_go_by_parts():
    assert planning.tiles_for(64, 64, room=8 * 1024) == planning.TILES[16]
    assert planning.tiles_for(64, 64, room=32 * 1024) == planning.TILES[32]
    assert planning.tiles_for(64, 64, room=128 * 1024) == planning.TILES[64]
    assert planning.tiles_for(16, 64, room=1024) == planning.TILES[16]


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float16, 2e-3), (torch.bfloat16, 2e-2)])
def test_half_precision_goes_in_and_comes_out(dtype, tolerance):
    compare([40, 100], 16, SHAPES["transposed"], dtype, tolerance)


def test_a_nan_among_a_rows_own_latents_shows_and_leaves_the_others_alone():
    _, cache, table = paged([70, 90])
    cache[table[0, 0], 3] = float("nan")
    query = torch.randn(2, 16, RANK + ROPE)
    out, lse = kernel.mla_decode(query, cache, table, torch.tensor([70, 90], dtype=torch.int32), scale=1.0, rank=RANK)
    assert out[0].isnan().all()
    assert lse[0].isnan().all()
    assert out[1].isfinite().all()


@pytest.mark.gpu
@pytest.mark.parametrize("heads", [8, 16, 32, 64])
@pytest.mark.parametrize("ring", [True, False])
def test_on_a_gpu_both_kernels_agree_with_the_definition(heads, ring):
    lengths = torch.tensor([1, 0, 9000, 64, 65], dtype=torch.int32, device="cuda")
    cache = torch.randn(260, 64, 576, device="cuda").bfloat16()
    table = torch.randperm(260, device="cuda")[: 5 * 52].view(5, 52).repeat(1, 3).int()
    query = torch.randn(5, heads, 576, device="cuda").bfloat16()
    tiles = replace(planning.TILES[max(16, heads)], ring=ring)
    plan = mla_plan(lengths, table, heads, tiles=tiles)
    out, lse = kernel.mla_decode(query, cache, table, lengths, scale=SCALE, rank=512, plan=plan)
    assert (out[1] == 0).all()
    assert (lse[1] == float("-inf")).all()
    full = lengths > 0
    exact, exact_lse = definition(query[full].float(), cache.float(), table[full], lengths[full], scale=SCALE, rank=512)
    torch.testing.assert_close(out[full].float(), exact, rtol=2e-2, atol=2e-2)
    torch.testing.assert_close(lse[full], exact_lse, rtol=1e-3, atol=1e-3)


# --- the plan ---------------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 700), min_size=1, max_size=9), st.integers(1, 4))
def test_a_plan_gives_every_tile_to_one_program_and_equal_runs_to_all(lengths, least):
    tiles = Tiles(16, 16, transposed=True, warps=4, stages=1, least=least)
    table = torch.randint(100, (len(lengths), 700 // PAGE + 1), dtype=torch.int32)
    plan = mla_plan(torch.tensor(lengths, dtype=torch.int32), table, 16, page=PAGE, tiles=tiles)
    counts = [-(-length // 16) for length in lengths]
    seen, slots = [], {row: [] for row in range(len(lengths))}
    for program, (first, tile, left, last, length, page, following, _) in enumerate(plan.work.tolist()):
        if left:
            assert length == lengths[first]
            assert page == table[first, tile // 2]
            assert following == table[first, min(tile + 1, counts[first] - 1) // 2]
        for row in range(first, last + 1):
            count = min(left, counts[row] - tile)
            seen += [(row, tile + i) for i in range(count)]
            if count:
                slots[row].append(program + row)
            left, tile = left - count, 0
        assert left == 0
    assert sorted(seen) == [(row, tile) for row, count in enumerate(counts) for tile in range(count)]
    busy = [left for left in plan.work[:, 2].tolist() if left]
    assert all(left == max(busy) for left in busy[:-1])
    assert len(busy) < 2 or busy[0] == max(least, -(-sum(counts) // planning.PROGRAMS_INTERPRETED))
    for row, (first, count) in enumerate(plan.pieces.tolist()):
        assert slots[row] == [first + i for i in range(count)]
        assert first + count <= plan.slots


def test_a_plan_serves_every_layer_and_makes_the_same_result_again():
    lengths = torch.tensor([130, 40], dtype=torch.int32)
    _, cache, table = paged([130, 40])
    plan = mla_plan(lengths, table, 16, page=PAGE)
    query = torch.randn(2, 16, RANK + ROPE)
    first = kernel.mla_decode(query, cache, table, lengths, scale=SCALE, rank=RANK, plan=plan)
    again = kernel.mla_decode(query, cache, table, lengths, scale=SCALE, rank=RANK, plan=plan)
    assert torch.equal(first[0], again[0])
    assert torch.equal(first[1], again[1])


def test_pages_smaller_than_a_tile_make_the_tile_smaller():
    assert planning.tiles_for(16, 16).tokens == 16
    assert planning.tiles_for(16, 48).tokens == 16
    assert planning.tiles_for(128, 64) == planning.TILES[64]
    with pytest.raises(ValueError, match="multiple of 16"):
        planning.tiles_for(16, 8)


# --- merging parts of a context ---------------------------------------------------------------------------------


@pytest.mark.parametrize("parts", [1, 3, 20])
def test_parts_of_a_context_merge_to_the_whole(parts):
    generator = torch.Generator().manual_seed(2)
    outs = torch.randn(parts, 2, 3, RANK, generator=generator)
    lses = 5 * torch.randn(parts, 2, 3, generator=generator)
    out, lse = kernel.merge(outs, lses)
    torch.testing.assert_close(out, (lses.softmax(0).unsqueeze(-1) * outs).sum(0), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(lse, lses.logsumexp(0))


def test_parts_without_tokens_count_for_nothing():
    outs = torch.full((3, 2, 1, RANK), float("nan"))
    lses = torch.full((3, 2, 1), float("-inf"))
    outs[1, 0], lses[1, 0] = 2.0, 0.5
    out, lse = kernel.merge(outs, lses)
    assert torch.equal(out[:, 0, 0], torch.tensor([2.0, 0.0]))
    assert torch.equal(lse[:, 0], torch.tensor([0.5, float("-inf")]))


# --- what is refused --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rank": RANK + 8}, "powers of two"),
        ({"cache": torch.zeros(2, PAGE, RANK)}, "cache"),
        ({"cache": torch.zeros(2, PAGE, RANK + ROPE, dtype=torch.float16)}, "cache"),
        ({"lengths": torch.tensor([1])}, "int32"),
        ({"block_table": torch.zeros(2, 1, dtype=torch.int32)}, "rows of pages"),
        ({"query": torch.zeros(1, 16, 2 * (RANK + ROPE))[:, :, : RANK + ROPE]}, "contiguous"),
    ],
)
def test_shapes_without_a_kernel_are_refused(change, message):
    given = {
        "query": torch.zeros(1, 16, RANK + ROPE),
        "cache": torch.zeros(2, PAGE, RANK + ROPE),
        "block_table": torch.zeros(1, 1, dtype=torch.int32),
        "lengths": torch.tensor([1], dtype=torch.int32),
        "rank": RANK,
    }
    with pytest.raises(ValueError, match=message):
        kernel.mla_decode(**(given | change), scale=SCALE)
