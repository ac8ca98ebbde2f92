"""PageRank on graphs small enough to know the answer, and what holds for all of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.index.rank import DAMPING, near, page_rank


def packed(links):
    """Starts, links and equal weights of {node: [targets]}."""
    starts, targets, weights = [0], [], []
    for node in sorted(links):
        targets += links[node]
        weights += [1 / len(links[node]) for _ in links[node]]
        starts.append(len(targets))
    return starts, targets, weights


GRAPHS = st.integers(1, 12).flatmap(
    lambda n: st.fixed_dictionaries({i: st.lists(st.integers(0, n - 1), max_size=4) for i in range(n)})
)


def test_no_files_have_no_ranks():
    assert list(page_rank(*packed({}))) == []


def test_files_that_know_nothing_of_each_other_are_equal():
    assert list(page_rank(*packed({0: [], 1: [], 2: []}))) == pytest.approx([1, 1, 1])


def test_what_all_refer_to_comes_first_and_what_that_refers_to_second():
    ranks = page_rank(*packed({0: [2], 1: [2], 2: [3, 0], 3: [], 4: [2]}))
    assert ranks[2] > ranks[3] > ranks[1] == ranks[4]


@given(GRAPHS)
def test_ranks_are_one_on_average(links):
    ranks = page_rank(*packed(links))
    assert sum(ranks) == pytest.approx(len(links), rel=1e-4)
    assert min(ranks) > 0


def test_a_seed_and_what_it_leads_to_are_near_and_nothing_else_is():
    ranks = near(*packed({0: [1], 1: [2], 2: [], 3: [0]}), [0])
    assert ranks[0] > ranks[1] > ranks[2] > 0
    assert 3 not in ranks


def test_no_seeds_are_near_nothing():
    assert near(*packed({0: [0]}), []) == {}


@given(GRAPHS, st.data())
def test_nearness_shares_a_mass_of_one_at_most(links, data):
    seeds = data.draw(st.lists(st.sampled_from(sorted(links)), min_size=1))
    ranks = near(*packed(links), seeds)
    assert 0 < sum(ranks.values()) <= 1 + 1e-9
    assert all(ranks[seed] >= (1 - DAMPING) / len(set(seeds)) - 1e-9 for seed in seeds)
