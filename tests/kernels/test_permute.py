"""Sorting routes by expert on the device."""

import pytest
import torch

from kimicode_kernels.permute import most_blocks, sort_routes

pytestmark = pytest.mark.usefixtures("device")


def check(ids, experts, tokens, first=0, **sizes):
    """Everything `sort_routes` promises, against torch's stable sort."""
    got = sort_routes(ids, experts, tokens, first, **sizes)
    flat = ids.flatten().long() - first
    local = torch.where((flat >= 0) & (flat < experts), flat, experts)
    assert torch.equal(got.order.long(), local.argsort(stable=True))
    assert torch.equal(got.counts.long(), torch.bincount(local, minlength=experts + 1))
    assert got.skipped.item() == (local == experts).sum()
    for n in tokens:
        table, covered = got.blocks[n], []
        assert table.shape == (most_blocks(ids.numel(), experts, n), 4)
        used = table[:, 2] > 0
        assert not used[int(used.sum()) :].any(), "used blocks come first"
        for expert, start, length, _ in table[used].tolist():
            assert 0 < length <= n
            covered += range(start, start + length)
            assert (local[got.order[start : start + length].long()] == expert).all()
        assert covered == list(range(int((local < experts).sum())))
        assert used.sum() == sum(-(-int(count) // n) for count in got.counts[:-1])


def routing(tokens, chosen, experts, seed=0):
    torch.manual_seed(seed)
    return torch.stack([torch.randperm(experts)[:chosen] for _ in range(tokens)])


@pytest.mark.parametrize(("tokens", "chosen", "experts"), [(1, 8, 48), (3, 2, 5), (7, 4, 14), (40, 8, 48), (9, 1, 1)])
def test_routes_are_sorted_and_cut(tokens, chosen, experts):
    check(routing(tokens, chosen, experts), experts, (16, 8))


def test_more_routes_than_a_program_counts_keep_their_order():
    check(routing(41, 8, 20), 20, (16,), counted=0, chunk=32)
    check(routing(20, 5, 24), 8, (8, 16), first=8, counted=64, chunk=16)


def test_all_tokens_on_one_expert():
    check(torch.full((150, 8), 3), 10, (32, 8))


def test_routes_to_other_gpus_are_skipped_and_counted():
    check(routing(30, 6, 24), 8, (8,), first=8)
    check(routing(200, 6, 24), 8, (8, 16), first=16)


def test_no_route_is_local():
    check(routing(5, 3, 8), 4, (8,), first=100)


def test_negative_ids_and_int32_count_as_elsewhere():
    check(torch.tensor([[0, -1], [2, 1]], dtype=torch.int32), 3, (8,))


def test_384_experts():
    check(routing(20, 8, 384), 384, (8,))


def test_more_than_two_block_sizes_are_refused():
    with pytest.raises(ValueError, match="block sizes"):
        sort_routes(torch.zeros(1, 1, dtype=torch.int64), 1, (8, 16, 32))
