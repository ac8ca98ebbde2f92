"""The INT4 expert kernels under the interpreter, in fp32, against the plain reference."""

import pytest
import torch

from kimicode_kernels.int4_experts import PLANS, Plan, Tile, int4_experts, plan_for
from kimicode_kernels.packing import PackedExperts, pack_experts
from kimicode_kernels.reference.int4_experts import int4_experts as reference

HIDDEN, WIDTH = 256, 128
N8, N16 = Tile(8, 64, False, 4, 3), Tile(16, 64, True, 4, 3)


def make(experts, hidden=HIDDEN, width=WIDTH, seed=0):
    """(what a checkpoint holds, the same packed)"""
    generator = torch.Generator().manual_seed(seed)

    def words(rows, columns):
        return torch.randint(-(2**31), 2**31, (experts, rows, columns // 8), generator=generator).int()

    def scale(rows, columns):
        return (torch.rand(experts, rows, columns // 32, generator=generator) * 0.03).bfloat16()

    given = (words(2 * width, hidden), scale(2 * width, hidden), words(hidden, width), scale(hidden, width))
    return given, pack_experts(*given)


def tokens_for(count, chosen, experts, hidden=HIDDEN, seed=1):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(count, hidden, generator=generator)
    ids = torch.stack([torch.randperm(experts, generator=generator)[:chosen] for _ in range(count)])
    return x, torch.rand(count, chosen, generator=generator), ids


def error(out, want):
    return float((out - want).norm() / want.norm())


@pytest.mark.parametrize(
    "plan",
    [
        Plan(0, N8, N8),
        Plan(0, N16, N16),
        Plan(0, N16, N8),
        Plan(0, Tile(32, 128, True, 8, 3), Tile(16, 128, True, 8, 3)),
        Plan(0, Tile(32, 64, True, 4, 3, short=True), Tile(16, 64, True, 4, 3, short=True)),
    ],
)
@pytest.mark.parametrize("count", [1, 5])
def test_every_kind_of_tile_gives_the_reference(plan, count):
    given, packed = make(4)
    x, weights, ids = tokens_for(count, 2, 4)
    out = int4_experts(x, packed, weights, ids, plan=plan)
    assert error(out, reference(x, *given, weights, ids)) < 1e-5


def test_an_expert_with_more_tokens_than_a_block_and_one_with_none():
    given, packed = make(3)
    x, weights, _ = tokens_for(11, 1, 3)
    ids = torch.ones(11, 1, dtype=torch.int64)
    out = int4_experts(x, packed, weights, ids, plan=Plan(0, N8, N8))
    assert error(out, reference(x, *given, weights, ids)) < 1e-5


def test_a_part_of_the_experts_gives_a_part_of_the_sum():
    given, packed = make(6, hidden=128)
    x, weights, ids = tokens_for(4, 3, 6, hidden=128)
    whole = reference(x, *given, weights, ids)
    parts = [
        int4_experts(x, share(packed, first, 2), weights, ids.int(), first=first, everywhere=6) for first in (0, 2, 4)
    ]
    assert error(sum(parts), whole) < 1e-5
    lonely = int4_experts(x, share(packed, 0, 2), weights, torch.full_like(ids, 5), everywhere=6)
    assert torch.equal(lonely, torch.zeros_like(x))


def test_a_single_token_skips_experts_that_are_elsewhere():
    given, packed = make(4, hidden=128)
    x, weights, ids = tokens_for(1, 4, 4, hidden=128)
    parts = [int4_experts(x, share(packed, first, 2), weights, ids, first=first) for first in (0, 2)]
    assert error(sum(parts), reference(x, *given, weights, ids)) < 1e-5


def share(packed, first, count):
    names = ("gate_up", "gate_up_scale", "down", "down_scale")
    return PackedExperts(*(getattr(packed, name)[first : first + count] for name in names))


def test_slices_of_tensor_parallelism_add_up():
    (gate_up, gate_up_scale, down, down_scale), packed = make(2, hidden=128, width=256)
    x, weights, ids = tokens_for(3, 2, 2, hidden=128)
    whole = int4_experts(x, packed, weights, ids)

    def half(rows, at):
        return rows.unflatten(1, (2, -1))[:, :, 128 * at : 128 * at + 128].flatten(1, 2)

    parts = [
        pack_experts(
            half(gate_up, at),
            half(gate_up_scale, at),
            down[..., 16 * at :][..., :16],
            down_scale[..., 4 * at :][..., :4],
        )
        for at in range(2)
    ]
    assert error(sum(int4_experts(x, part, weights, ids) for part in parts), whole) < 1e-5


def test_a_height_that_does_not_divide_falls_back():
    given, packed = make(2, hidden=128)
    x, weights, ids = tokens_for(2, 1, 2, hidden=128)
    out = int4_experts(x, packed, weights, ids, plan=Plan(0, Tile(16, 128, True, 8, 3), Tile(16, 128, True, 8, 3)))
    assert error(out, reference(x, *given, weights, ids)) < 1e-5


def test_unused_memory_is_never_read_and_a_run_repeats():
    _, packed = make(3, hidden=128)
    x, weights, ids = tokens_for(3, 2, 3, hidden=128)
    first = int4_experts(x, packed, weights, ids)
    poison = [torch.full((6, size), torch.nan) for size in (WIDTH, 128)]
    del poison
    assert torch.equal(first, int4_experts(x, packed, weights, ids))


def test_no_tokens():
    _, packed = make(1)
    x, weights, ids = torch.empty(0, HIDDEN), torch.empty(0, 1), torch.empty(0, 1, dtype=torch.int64)
    assert int4_experts(x, packed, weights, ids).shape == (0, HIDDEN)


def test_what_does_not_fit_is_refused():
    _, packed = make(1)
    x, weights, ids = tokens_for(2, 1, 1)
    with pytest.raises(ValueError, match="x must be"):
        int4_experts(x[:, :128], packed, weights, ids)
    with pytest.raises(ValueError, match="weights and ids"):
        int4_experts(x, packed, weights[:1], ids)
    with pytest.raises(ValueError, match="fp32"):
        int4_experts(x, packed, weights.double(), ids)


def test_the_table_is_sound():
    """From sixteen tokens on there are two accumulators, on which the absence of a race rests."""
    assert [plan.routes for plan in PLANS] == sorted(plan.routes for plan in PLANS)
    for plan in PLANS:
        for tile in (plan.up, plan.down):
            assert tile.tokens == 8 or (tile.pair and not (tile.short and tile.tokens < 32))
    assert plan_for(0) is PLANS[0]
    assert plan_for(1e9) is PLANS[-1]
